/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Futexes in the mapped file, since condition variables between processes do not survive a killed one. A commit wakes
 * all callers of its batch with one system call on the batch's cell, and nobody else: a caller reads the number of
 * the batch being gathered before its record can be seen, so the batch that takes it has that number or, rarely, the
 * next. Each wait ends after a slice of time at the latest, because the one who should wake may have been killed.
 */
#include "audit_ring.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SLICE 50 /* ms after which a waiting caller suspects that the writer is dead */

static int futex_wait(_Atomic uint32_t *word, uint32_t value, unsigned milliseconds)
{
    struct timespec limit = {.tv_sec = milliseconds / 1000, .tv_nsec = (long)(milliseconds % 1000) * 1000000};

    return (int)syscall(SYS_futex, word, FUTEX_WAIT, value, &limit, NULL, 0);
}

static void futex_wake(_Atomic uint32_t *word, int count)
{
    syscall(SYS_futex, word, FUTEX_WAKE, count, NULL, NULL, 0);
}

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void wake_candidates(uapi_audit_ring *ring)
{
    atomic_fetch_add(&ring->header->election, 1);
    futex_wake(&ring->header->election, INT_MAX);
}

apr_status_t uapi_audit_ring_await(uapi_audit_ring *ring, uint64_t end, uint64_t batch, unsigned milliseconds)
{
    uapi_audit_ring_header *header = ring->header;
    int64_t limit = now() + milliseconds, left;

    for (;;) {
        uint64_t done = atomic_load_explicit(&header->done, memory_order_acquire);
        _Atomic uint32_t *cell;
        uint32_t seen;
        int32_t failing;

        if (batch <= done) {
            batch = done + 1;
        }
        cell = &header->cells[batch % UAPI_AUDIT_RING_CELLS].batch;
        seen = atomic_load_explicit(cell, memory_order_acquire);
        if (atomic_load_explicit(&header->durable, memory_order_acquire) >= end) {
            return APR_SUCCESS;
        }
        if ((failing = atomic_load_explicit(&header->failing, memory_order_acquire)) != 0) {
            return failing;
        }
        if (atomic_load_explicit(&header->done, memory_order_acquire) >= batch) {
            continue; /* it was completed before `seen` was read: nobody will wake its cell again */
        }
        if ((left = limit - now()) <= 0) {
            return APR_TIMEUP;
        }
        if (futex_wait(cell, seen, left < SLICE ? (unsigned)left : SLICE) == -1 && left > SLICE &&
            atomic_load_explicit(cell, memory_order_relaxed) == seen) {
            wake_candidates(ring);
        }
    }
}

static void wake_writer(uapi_audit_ring *ring, uint32_t from)
{
    if (atomic_compare_exchange_strong(&ring->header->writer, &from, UAPI_AUDIT_RING_AWAKE)) {
        futex_wake(&ring->header->writer, 1);
    }
}

void uapi_audit_ring_notify(uapi_audit_ring *ring, int power)
{
    uint32_t writer;

    atomic_thread_fence(memory_order_seq_cst); /* the record first, then the look whether the writer rests */
    writer = atomic_load_explicit(&ring->header->writer, memory_order_relaxed);
    if (writer == UAPI_AUDIT_RING_ASLEEP ||
        (writer == UAPI_AUDIT_RING_NAPPING && (power || uapi_audit_ring_used(ring) > ring->size / 4))) {
        wake_writer(ring, writer);
    }
}

void uapi_audit_ring_rouse(uapi_audit_ring *ring)
{
    atomic_store(&ring->header->writer, UAPI_AUDIT_RING_AWAKE);
    futex_wake(&ring->header->writer, INT_MAX);
    wake_candidates(ring);
}

static void wake_cells(uapi_audit_ring *ring)
{
    for (unsigned i = 0; i < UAPI_AUDIT_RING_CELLS; i++) {
        /* Any other value will do: what counts is that it differs from what a caller saw. */
        atomic_fetch_add(&ring->header->cells[i].batch, 0x10000000);
        futex_wake(&ring->header->cells[i].batch, INT_MAX);
    }
}

void uapi_audit_ring_begin(uapi_audit_ring *ring, uint64_t durable)
{
    uapi_audit_ring_header *header = ring->header;
    uint64_t batch = atomic_load(&header->collecting) + 1;

    atomic_store(&header->durable, durable);
    atomic_store(&header->done, batch - 1);
    atomic_store(&header->collecting, batch);
    atomic_store(&header->writer, UAPI_AUDIT_RING_AWAKE);
    wake_cells(ring);
}

uint64_t uapi_audit_ring_collected(uapi_audit_ring *ring)
{
    return atomic_fetch_add(&ring->header->collecting, 1);
}

void uapi_audit_ring_complete(uapi_audit_ring *ring, uint64_t batch, uint64_t durable, int waiters)
{
    uapi_audit_ring_header *header = ring->header;
    _Atomic uint32_t *cell = &header->cells[batch % UAPI_AUDIT_RING_CELLS].batch;

    atomic_store(&header->durable, durable);
    atomic_store(&header->done, batch);
    atomic_fetch_add(cell, 1);
    if (waiters) {
        futex_wake(cell, INT_MAX);
        /* Who read the number before, but came too late for it, waits there if that batch woke nobody. */
        futex_wake(&header->cells[(batch - 1) % UAPI_AUDIT_RING_CELLS].batch, INT_MAX);
    }
}

void uapi_audit_ring_fail(uapi_audit_ring *ring, apr_status_t why)
{
    atomic_store(&ring->header->failing, why);
    wake_cells(ring);
}

static int has_work(const uapi_audit_ring *ring, uint32_t how, uint64_t position)
{
    uapi_audit_slot slot;
    uapi_audit_slot_state state;

    while ((state = uapi_audit_ring_look(ring, position, &slot)) == UAPI_AUDIT_SLOT_READY) {
        if (how == UAPI_AUDIT_RING_ASLEEP || slot.power) {
            return 1;
        }
        position = slot.end;
    }
    return state == UAPI_AUDIT_SLOT_DAMAGED;
}

void uapi_audit_ring_rest(uapi_audit_ring *ring, uint32_t how, uint64_t position, unsigned milliseconds)
{
    atomic_store(&ring->header->writer, how);
    if (!has_work(ring, how, position)) {
        futex_wait(&ring->header->writer, how, milliseconds);
    }
    atomic_store(&ring->header->writer, UAPI_AUDIT_RING_AWAKE);
}

void uapi_audit_ring_rest_candidate(uapi_audit_ring *ring, uint32_t seen, unsigned milliseconds)
{
    futex_wait(&ring->header->election, seen, milliseconds);
}
