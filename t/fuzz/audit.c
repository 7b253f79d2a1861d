/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What the audit reads back and believes nothing of: a ring (first byte even) and the array of records in a row of the
 * file (odd). A ring's image is laid over an empty one: 8 bytes of tail, 8 of head, then the records from the tail on.
 */
#include <stdlib.h>
#include <string.h>

#include "../../mod_uapi/core/audit.h"
#include "../../mod_uapi/core/audit_records.h"
#include "../../mod_uapi/core/audit_ring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition) {
        abort();
    }
}

/* The records and what stands between them are the whole text. */
static void read_records(const char *text, size_t length)
{
    uapi_audit_records records;
    const char *part, *expected = text + 1;
    size_t part_length;

    uapi_audit_records_begin(&records, text, length);
    while (uapi_audit_records_next(&records, &part, &part_length)) {
        require(part == expected && part_length > 0 && part + part_length < text + length);
        expected = part + part_length + 1;
    }
    require(!records.whole || expected == text + length);
}

static void read_slots(const uapi_audit_ring *ring, uint64_t position)
{
    uapi_audit_slot slot;
    uapi_audit_slot_state state;

    while ((state = uapi_audit_ring_look(ring, position, &slot)) == UAPI_AUDIT_SLOT_READY ||
           state == UAPI_AUDIT_SLOT_CLAIMED) {
        require(slot.end > position);
        if (state == UAPI_AUDIT_SLOT_READY) {
            require(slot.length <= UAPI_AUDIT_MAX_RECORD && slot.tenant_length <= UAPI_AUDIT_RING_TENANT);
            require(slot.text + slot.length <= ring->data + 2 * ring->size);
        }
        position = slot.end;
    }
}

static void copy_in(uapi_audit_ring *ring, uint64_t position, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) { /* both images, which a mapped file has by itself */
        uint64_t at = (position + i) & (ring->size - 1);

        ring->data[at] = ring->data[at + ring->size] = (char)data[i];
    }
}

static void read_ring(const uint8_t *data, size_t size)
{
    static uapi_audit_ring_header header;
    static char records[2 * UAPI_AUDIT_RING_MIN_SIZE];
    uapi_audit_ring ring = {.header = &header, .data = records, .size = UAPI_AUDIT_RING_MIN_SIZE, .fd = -1};
    uint64_t tail, head, end, batch;

    if (size < 16) {
        return;
    }
    memset(records, 0, sizeof(records));
    memcpy(&tail, data, 8);
    memcpy(&head, data + 8, 8);
    tail &= ~(uint64_t)(UAPI_AUDIT_RING_LINE - 1) & INT64_MAX; /* as uapi_audit_ring_map requires them */
    head &= ~(uint64_t)(UAPI_AUDIT_RING_LINE - 1) & INT64_MAX;
    atomic_store(&header.tail, tail);
    atomic_store(&header.head, head);
    copy_in(&ring, tail, data + 16, size - 16);
    read_slots(&ring, tail);
    uapi_audit_ring_used(&ring);
    uapi_audit_ring_put(&ring, "acme", 4, "{\"n\":1}", 7, 0, &end, &batch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] % 2) {
        read_records((const char *)data + 1, size - 1);
    } else if (size > 0) {
        read_ring(data + 1, size - 1);
    }
    return 0;
}
