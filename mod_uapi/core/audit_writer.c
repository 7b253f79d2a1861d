/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Records stay in the ring until they are committed, so a failed commit loses nothing: the store is closed, opened
 * again, and its own word taken for how far it came. That one path serves a full disk, a lock, a read-only file, and
 * the takeover from a killed writer. Without waiting callers the writer naps between batches so that they grow. With
 * a few, never: what arrives during one sync is the next batch. With more it pauses after each commit, as callers who
 * just woke come again soon: with 64 of them, half as many commits were six in a hundred calls more. A pause until
 * nearly all wait, or one with fewer callers, was slower: the processor then has nothing to do while the disk has.
 */
#include "audit_writer.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include <apr_strings.h>

#include "audit_batch.h"

#define ELECTION_PAUSE 250 /* ms between a candidate's tries */
#define RETRY_PAUSE 200    /* ms between tries of a writer that cannot write */
#define NAP 4              /* ms in which a batch grows when nobody waits */
#define PAUSE 200          /* µs in which a batch grows when … */
#define MANY 20            /* … so many callers wait or just did, … */
#define ENOUGH 32          /* … but the last commit served fewer than these */
#define HOLE_NAP 1
#define HOLE_PATIENCE 20 /* ms that a claimed slot may stay unfilled before its producer is looked at */
#define SLEEP 1000
#define LOG_PAGES 1000   /* of the write-ahead log, 4 MiB, after which it is moved into the file */
#define DRAIN_LIMIT 2000 /* ms that a stopping writer goes on */

struct uapi_audit_writer {
    uapi_audit_ring *ring;
    const char *path;
    int start_synced;
    _Atomic int stop;
    apr_pool_t *pool;
    apr_pool_t *store_pool; /* cleared whenever the store is closed */
    uapi_audit_batch *batch;
    uapi_audit_store *store; /* NULL: detached */
    int synced;
    uint64_t position;
    uint64_t hole;      /* position of a slot that was found claimed … */
    int64_t hole_since; /* … and when */
};

/* What a step found. */
typedef struct step {
    uint64_t end;
    size_t records;
    unsigned waiters;
    int full, hole;
} step;

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

uapi_audit_writer *uapi_audit_writer_create(uapi_audit_ring *ring, const char *path, const uint8_t *key, int synced)
{
    uapi_audit_writer *writer;
    uapi_audit_seal *seal;
    apr_pool_t *pool;

    if (apr_pool_create_unmanaged_ex(&pool, NULL, NULL) != APR_SUCCESS) {
        return NULL;
    }
    if ((seal = uapi_audit_seal_create(key, pool)) == NULL) {
        apr_pool_destroy(pool);
        return NULL;
    }
    writer = apr_pcalloc(pool, sizeof(*writer));
    writer->ring = ring;
    writer->path = path;
    writer->start_synced = synced;
    writer->pool = pool;
    writer->batch = uapi_audit_batch_create(seal, pool);
    writer->hole = UINT64_MAX;
    apr_pool_create(&writer->store_pool, pool);
    return writer;
}

static void detach(uapi_audit_writer *writer)
{
    uapi_audit_batch_forget(writer->batch);
    uapi_audit_store_close(writer->store);
    writer->store = NULL;
    apr_pool_clear(writer->store_pool);
}

void uapi_audit_writer_destroy(uapi_audit_writer *writer)
{
    detach(writer);
    apr_pool_destroy(writer->pool);
}

static apr_status_t attach(uapi_audit_writer *writer, uapi_result *result)
{
    uapi_audit_ring_header *header = writer->ring->header;
    uint64_t ring, position, tail = atomic_load(&header->tail);
    apr_status_t status = uapi_audit_store_open(&writer->store, writer->path, UAPI_AUDIT_STORE_WRITE,
                                                writer->store_pool, result);

    if (status == APR_SUCCESS) {
        status = uapi_audit_store_binding(writer->store, &ring, &position);
    }
    if (status == APR_SUCCESS && !writer->start_synced) {
        status = uapi_audit_store_sync(writer->store, 0);
    }
    if (status == APR_SUCCESS && (ring != header->id || position < tail || position - tail > writer->ring->size)) {
        status = ESTALE;
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    writer->synced = writer->start_synced;
    writer->position = position;
    uapi_audit_ring_begin(writer->ring, position);
    uapi_audit_ring_release(writer->ring, position);
    return APR_SUCCESS;
}

/* Only a slot that its dead owner left unfilled: it may have been filled just before the death was seen. */
static uapi_audit_slot_state look(uapi_audit_writer *writer, uint64_t position, uapi_audit_slot *slot, int *dead)
{
    uapi_audit_slot_state state = uapi_audit_ring_look(writer->ring, position, slot);

    *dead = 0;
    if (state != UAPI_AUDIT_SLOT_CLAIMED) {
        return state;
    }
    if (writer->hole != position) {
        writer->hole = position;
        writer->hole_since = now();
    } else if (now() - writer->hole_since >= HOLE_PATIENCE) {
        writer->hole_since = now();
        *dead = !uapi_audit_ring_is_seated(writer->ring, slot->seat, slot->generation);
        state = *dead ? uapi_audit_ring_look(writer->ring, position, slot) : state;
    }
    return state;
}

static apr_status_t gather(uapi_audit_writer *writer, step *found)
{
    uapi_audit_slot slot;
    uapi_audit_slot_state state;
    int dead;

    *found = (step){.end = writer->position};
    for (;;) {
        state = look(writer, found->end, &slot, &dead);
        if (state == UAPI_AUDIT_SLOT_READY) {
            if (!uapi_audit_batch_add(writer->batch, &slot)) {
                found->full = 1;
                break;
            }
            found->waiters += slot.power != 0;
        } else if (state != UAPI_AUDIT_SLOT_CLAIMED || !dead) {
            break;
        }
        found->end = slot.end;
    }
    found->hole = state == UAPI_AUDIT_SLOT_CLAIMED;
    found->records = uapi_audit_batch_count(writer->batch);
    return state == UAPI_AUDIT_SLOT_DAMAGED && found->end == writer->position ? EBADMSG : APR_SUCCESS;
}

static apr_status_t commit(uapi_audit_writer *writer, const step *found)
{
    apr_status_t status = uapi_audit_store_check(writer->store);

    if (status == APR_SUCCESS && found->waiters && !writer->synced) {
        status = uapi_audit_store_sync(writer->store, 1);
        writer->synced = status == APR_SUCCESS;
    }
    if (status == APR_SUCCESS) {
        status = uapi_audit_batch_write(writer->batch, writer->store, writer->ring->header->id, writer->position,
                                        found->end);
    }
    return status;
}

/*
 * After the callers are woken: SQLite itself would do it within the commit. A thread of its own was tried and was
 * slower: under load the log then never starts anew, and syncing a file that grows costs more than one that does not.
 */
static void shorten_log(uapi_audit_writer *writer)
{
    if (uapi_audit_store_log_pages(writer->store) >= LOG_PAGES) {
        uapi_audit_store_checkpoint(writer->store); /* if it fails, the log grows, and the disk is soon full */
    }
}

/* Gathers and commits a batch. found->end stays where the writer stood if there was nothing. */
static apr_status_t take_step(uapi_audit_writer *writer, step *found)
{
    uapi_audit_ring_header *header = writer->ring->header;
    uint64_t batch;
    apr_status_t status = gather(writer, found);

    if (status != APR_SUCCESS || found->end == writer->position) {
        return status;
    }
    batch = uapi_audit_ring_collected(writer->ring);
    if ((status = commit(writer, found)) != APR_SUCCESS) {
        return status;
    }
    writer->position = found->end;
    atomic_fetch_add_explicit(&header->committed, found->records, memory_order_relaxed);
    atomic_fetch_add_explicit(&header->commits, 1, memory_order_relaxed);
    uapi_audit_ring_complete(writer->ring, batch, found->end, found->waiters > 0);
    uapi_audit_ring_release(writer->ring, found->end);
    shorten_log(writer);
    return APR_SUCCESS;
}

/* A step that also proves, where there is nothing to commit, that a commit would work. */
static apr_status_t prove(uapi_audit_writer *writer, step *found)
{
    apr_status_t status = take_step(writer, found);

    return status == APR_SUCCESS && found->records == 0 ? commit(writer, found) : status;
}

static uint64_t count_pending(const uapi_audit_ring *ring)
{
    uint64_t committed = atomic_load_explicit(&ring->header->committed, memory_order_relaxed);
    uint64_t recorded = atomic_load_explicit(&ring->header->recorded, memory_order_relaxed);

    return recorded > committed ? recorded - committed : 0; /* a record may be committed before it is counted */
}

static void rest(uapi_audit_writer *writer, const step *found)
{
    if (found->hole) {
        uapi_audit_ring_rest(writer->ring, UAPI_AUDIT_RING_NAPPING, found->end, HOLE_NAP);
    } else if (found->records == 0) {
        uapi_audit_ring_rest(writer->ring, UAPI_AUDIT_RING_ASLEEP, found->end, SLEEP);
    } else if (!found->waiters && !found->full) {
        uapi_audit_ring_rest(writer->ring, UAPI_AUDIT_RING_NAPPING, found->end, NAP);
    } else if (found->waiters < ENOUGH && found->waiters + count_pending(writer->ring) >= MANY) {
        nanosleep(&(struct timespec){.tv_nsec = PAUSE * 1000}, NULL);
    }
}

/* Attaches if need be and makes one step. */
static apr_status_t work(uapi_audit_writer *writer, step *found)
{
    apr_status_t status;

    if (writer->store) {
        return take_step(writer, found);
    }
    if ((status = attach(writer, NULL)) == APR_SUCCESS) {
        status = prove(writer, found);
    }
    return status;
}

static void finish(uapi_audit_writer *writer)
{
    int64_t limit = now() + DRAIN_LIMIT;
    step found;

    while (now() < limit && work(writer, &found) == APR_SUCCESS && (found.records > 0 || found.hole)) {
        if (found.hole) {
            rest(writer, &found);
        }
    }
    detach(writer);
}

static void write_until_stopped(uapi_audit_writer *writer)
{
    uapi_audit_ring *ring = writer->ring;

    atomic_store(&ring->header->writer_pid, getpid());
    while (!atomic_load(&writer->stop)) {
        uint32_t election = atomic_load(&ring->header->election);
        step found;
        apr_status_t status = work(writer, &found);

        if (status != APR_SUCCESS) {
            detach(writer);
            uapi_audit_ring_fail(ring, status);
            if (!atomic_load(&writer->stop)) {
                uapi_audit_ring_rest_candidate(ring, election, RETRY_PAUSE);
            }
            continue;
        }
        if (atomic_load_explicit(&ring->header->failing, memory_order_relaxed)) {
            uapi_audit_ring_fail(ring, APR_SUCCESS);
        }
        if (!atomic_load(&writer->stop)) {
            rest(writer, &found);
        }
    }
    finish(writer);
    atomic_store(&ring->header->writer_pid, 0);
}

void uapi_audit_writer_run(uapi_audit_writer *writer)
{
    uapi_audit_ring *ring = writer->ring;

    do { /* also when told to stop at once: this process's records may have no other writer */
        uint32_t election = atomic_load(&ring->header->election);

        if (uapi_audit_ring_lock(ring)) {
            write_until_stopped(writer);
            uapi_audit_ring_unlock(ring);
            uapi_audit_ring_rouse(ring);
        } else if (!atomic_load(&writer->stop)) {
            uapi_audit_ring_rest_candidate(ring, election, ELECTION_PAUSE);
        }
    } while (!atomic_load(&writer->stop));
}

void uapi_audit_writer_stop(uapi_audit_writer *writer)
{
    atomic_store(&writer->stop, 1);
    uapi_audit_ring_rouse(writer->ring);
}

static apr_status_t drain(uapi_audit_writer *writer, uint64_t *records)
{
    step found;
    apr_status_t status;

    do {
        status = take_step(writer, &found);
        *records += found.records;
        if (status == APR_SUCCESS && found.hole) {
            uapi_audit_ring_rest(writer->ring, UAPI_AUDIT_RING_NAPPING, found.end, HOLE_NAP);
        }
    } while (status == APR_SUCCESS && (found.records > 0 || found.hole));
    return status == APR_SUCCESS ? commit(writer, &found) : status;
}

apr_status_t uapi_audit_writer_drain(uapi_audit_writer *writer, uint64_t *position, uint64_t *records, apr_pool_t *pool,
                                     uapi_result *result)
{
    apr_status_t status = attach(writer, result);

    *records = 0;
    if (status != APR_SUCCESS && result && result->detail) {
        result->detail = apr_pstrdup(pool, result->detail); /* it is in the pool that detach clears */
    }
    if (status == APR_SUCCESS && (status = drain(writer, records)) != APR_SUCCESS && status != EBADMSG) {
        uapi_fail(result, pool, status, UAPI_REASON_AUDIT_UNAVAILABLE, "audit file %s: a record cannot be written: %s",
                  writer->path, uapi_audit_store_message(writer->store));
    }
    *position = writer->position;
    detach(writer);
    return status;
}
