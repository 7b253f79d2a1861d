/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A claim is one compare-and-swap of the 64-bit word at the head itself, from "free in this lap" to {claimed, length,
 * who}, and so describes itself: a producer killed at any instruction has claimed nothing or a slot whose length and
 * owner are known. The head is only a hint of how far claims reach; whoever finds it behind moves it on. The lap in a
 * free word makes the claim of a producer that slept through a lap fail: a word inside a record is text, which holds
 * no NUL, or free in the present lap. Owners are seats, each a file lock with a generation, because the kernel frees
 * a lock at death, while a process id may be used again or stay as a zombie. The writer passes over a slot whose
 * owner is dead.
 */
#include "audit_ring.h"

#include <string.h>

#include "audit.h"

enum { FREE = 0, CLAIMED = 1, READY = 2, READY_POWER = 3 };

/* word: state (8 bits), lines (12), seat (12), generation (32); a free one: 0 (8 bits), lap (56) */
#define WORD(state, lines, seat, generation) \
    ((uint64_t)(state) | (uint64_t)(lines) << 8 | (uint64_t)(seat) << 20 | (uint64_t)(generation) << 32)
#define WORD_STATE(word) ((unsigned)((word)&0xff))
#define WORD_LINES(word) ((unsigned)((word) >> 8 & 0xfff))
#define WORD_SEAT(word) ((uint32_t)((word) >> 20 & 0xfff))
#define WORD_GENERATION(word) ((uint32_t)((word) >> 32))

typedef struct slot_header {
    _Atomic uint64_t word;
    uint64_t check;
    uint32_t length;
    uint32_t tenant_length;
} slot_header; /* then the tenant, then the record */

#define MAX_LINES ((sizeof(slot_header) + UAPI_AUDIT_RING_TENANT + UAPI_AUDIT_MAX_RECORD) / UAPI_AUDIT_RING_LINE + 1)
_Static_assert(MAX_LINES <= 0xfff, "a slot's length must fit its word");
_Static_assert(UAPI_AUDIT_RING_SEATS <= 0x1000, "a seat must fit a slot's word");

static slot_header *slot_at(const uapi_audit_ring *ring, uint64_t position)
{
    return (slot_header *)(ring->data + (position & (ring->size - 1)));
}

static uint64_t free_word(const uapi_audit_ring *ring, uint64_t position)
{
    return position / ring->size << 8;
}

static uint64_t rotate(uint64_t value, int by)
{
    return value << by | value >> (64 - by);
}

#define MIX 0x9e3779b97f4a7c15u

/* Finds torn pages after a power failure and stray writes. Two lanes: one would wait for its own multiplications. */
static uint64_t sum_text(uint64_t seed, const char *text, size_t length)
{
    uint64_t a = seed ^ length, b = ~seed, word;

    for (; length >= 16; text += 16, length -= 16) {
        memcpy(&word, text, 8);
        a = rotate((a ^ word) * MIX, 29);
        memcpy(&word, text + 8, 8);
        b = rotate((b ^ word) * MIX, 29);
    }
    while (length > 0) {
        size_t part = length < 8 ? length : 8;

        word = 0;
        memcpy(&word, text, part);
        a = rotate((a ^ word) * MIX, 29);
        text += part;
        length -= part;
    }
    return (a ^ rotate(b, 32)) * MIX;
}

static uint64_t sum_record(const char *tenant, size_t tenant_length, const char *text, size_t length)
{
    return sum_text(sum_text(MIX, tenant, tenant_length), text, length);
}

/* The position binds a record to its lap: one left from an earlier lap is not taken for a new one. */
static uint64_t sum_at(uint64_t sum, uint64_t position)
{
    return (sum ^ rotate(position * MIX, 17)) * MIX;
}

static int is_claim(uint64_t word)
{
    return WORD_STATE(word) >= CLAIMED && WORD_STATE(word) <= READY_POWER && WORD_LINES(word) >= 1 &&
           WORD_LINES(word) <= MAX_LINES;
}

static void move_head(uapi_audit_ring *ring, uint64_t from, unsigned lines)
{
    atomic_compare_exchange_strong(&ring->header->head, &from, from + (uint64_t)lines * UAPI_AUDIT_RING_LINE);
}

/* APR_EBUSY: another was faster, and the head has been moved on for it. */
static apr_status_t try_claim(uapi_audit_ring *ring, uint64_t head, uint64_t tail, unsigned lines)
{
    slot_header *slot = slot_at(ring, head);
    uint64_t word;

    if (head - tail > ring->size) {
        return APR_EINVAL;
    }
    if (head - tail == ring->size) { /* the word at the head is the tail's */
        return APR_EAGAIN;
    }
    word = atomic_load_explicit(&slot->word, memory_order_acquire);
    if (word == free_word(ring, head)) {
        if (head + (uint64_t)lines * UAPI_AUDIT_RING_LINE - tail > ring->size) {
            return APR_EAGAIN;
        }
        if (atomic_compare_exchange_strong(&slot->word, &word, WORD(CLAIMED, lines, ring->seat, ring->generation))) {
            move_head(ring, head, lines);
            return APR_SUCCESS;
        }
    }
    if (!is_claim(word)) {
        return APR_EINVAL;
    }
    move_head(ring, head, WORD_LINES(word));
    return APR_EBUSY;
}

static apr_status_t claim(uapi_audit_ring *ring, unsigned lines, uint64_t *position)
{
    for (;;) {
        uint64_t head = atomic_load_explicit(&ring->header->head, memory_order_acquire);
        uint64_t tail = atomic_load_explicit(&ring->header->tail, memory_order_acquire);
        apr_status_t status = try_claim(ring, head, tail, lines);

        if (status == APR_SUCCESS) {
            *position = head;
            return APR_SUCCESS;
        }
        /* A refusal counts only if the head it was judged by was not stale. */
        if (status != APR_EBUSY && atomic_load_explicit(&ring->header->head, memory_order_acquire) == head) {
            return status;
        }
    }
}

apr_status_t uapi_audit_ring_put(uapi_audit_ring *ring, const char *tenant, size_t tenant_length, const char *text,
                                 size_t length, int power, uint64_t *end, uint64_t *batch)
{
    unsigned lines = (unsigned)((sizeof(slot_header) + tenant_length + length + UAPI_AUDIT_RING_LINE - 1) /
                                UAPI_AUDIT_RING_LINE);
    uint64_t sum = sum_record(tenant, tenant_length, text, length);
    uint64_t position;
    slot_header *slot;
    char *at;
    apr_status_t status = claim(ring, lines, &position);

    if (status) {
        return status;
    }
    slot = slot_at(ring, position);
    slot->check = sum_at(sum, position);
    slot->length = (uint32_t)length;
    slot->tenant_length = (uint32_t)tenant_length;
    at = (char *)(slot + 1);
    memcpy(at, tenant, tenant_length);
    memcpy(at + tenant_length, text, length);
    /* Read before the record can be seen, so the batch that takes it has this number or a later one. */
    *batch = atomic_load_explicit(&ring->header->collecting, memory_order_acquire);
    *end = position + (uint64_t)lines * UAPI_AUDIT_RING_LINE;
    atomic_store_explicit(&slot->word, WORD(power ? READY_POWER : READY, lines, ring->seat, ring->generation),
                          memory_order_release);
    atomic_fetch_add_explicit(&ring->header->recorded, 1, memory_order_relaxed);
    return APR_SUCCESS;
}

uapi_audit_slot_state uapi_audit_ring_look(const uapi_audit_ring *ring, uint64_t position, uapi_audit_slot *slot)
{
    uint64_t tail = atomic_load_explicit(&ring->header->tail, memory_order_relaxed);
    uint64_t word;
    const slot_header *header = slot_at(ring, position);

    if (position - tail > ring->size || position % UAPI_AUDIT_RING_LINE) {
        return UAPI_AUDIT_SLOT_DAMAGED;
    }
    if (position - tail == ring->size) {
        return UAPI_AUDIT_SLOT_NONE;
    }
    word = atomic_load_explicit(&header->word, memory_order_acquire);
    if (word == free_word(ring, position)) {
        return UAPI_AUDIT_SLOT_NONE;
    }
    slot->position = position;
    slot->end = position + (uint64_t)WORD_LINES(word) * UAPI_AUDIT_RING_LINE;
    slot->seat = WORD_SEAT(word);
    slot->generation = WORD_GENERATION(word);
    slot->power = WORD_STATE(word) == READY_POWER;
    if (!is_claim(word) || slot->end - tail > ring->size) {
        return UAPI_AUDIT_SLOT_DAMAGED;
    }
    if (WORD_STATE(word) == CLAIMED) {
        return UAPI_AUDIT_SLOT_CLAIMED;
    }
    slot->length = header->length;
    slot->tenant_length = header->tenant_length;
    if (slot->tenant_length == 0 || slot->tenant_length > UAPI_AUDIT_RING_TENANT || slot->length == 0 ||
        slot->length > UAPI_AUDIT_MAX_RECORD ||
        sizeof(*header) + slot->tenant_length + slot->length > slot->end - position) {
        return UAPI_AUDIT_SLOT_DAMAGED;
    }
    slot->tenant = (const char *)(header + 1);
    slot->text = slot->tenant + slot->tenant_length;
    if (header->check != sum_at(sum_record(slot->tenant, slot->tenant_length, slot->text, slot->length), position)) {
        return UAPI_AUDIT_SLOT_DAMAGED;
    }
    return UAPI_AUDIT_SLOT_READY;
}

void uapi_audit_ring_release(uapi_audit_ring *ring, uint64_t position)
{
    uapi_audit_ring_header *header = ring->header;
    uint64_t at = atomic_load_explicit(&header->tail, memory_order_relaxed);
    uint64_t head = atomic_load_explicit(&header->head, memory_order_acquire);

    for (; at < position; at += UAPI_AUDIT_RING_LINE) {
        atomic_store_explicit(&slot_at(ring, at)->word, free_word(ring, at + ring->size), memory_order_relaxed);
    }
    /* The last producer may have died before it moved the head on; the tail must never pass it. */
    while (head < position && !atomic_compare_exchange_weak(&header->head, &head, position)) {
        ;
    }
    atomic_store_explicit(&header->tail, position, memory_order_release);
}

uint64_t uapi_audit_ring_used(const uapi_audit_ring *ring)
{
    uint64_t tail = atomic_load_explicit(&ring->header->tail, memory_order_acquire);
    uint64_t head = atomic_load_explicit(&ring->header->head, memory_order_acquire);

    return head > tail ? head - tail : 0;
}
