/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Three things can differ: whether ring and file belong together (the id), how far the file holds the ring's records
 * (the position, in the same transaction as the records), and whether the machine was restarted since (the boot id).
 * After a power failure the ring's pages may be of different age and unsynced commits may be gone, so then as much as
 * checks out is kept, the rest is reported, and the ring is made new; without one, anything odd is a reason to stop
 * and ask.
 */
#include "audit_recovery.h"

#include <errno.h>

#include <apr_strings.h>

#include "../store/audit_store.h"
#include "audit_writer.h"

typedef struct recovery {
    uapi_audit_ring *ring;
    const char *path;
    const uint8_t *key;
    int synced;
    int rebooted;
    const char *note;
    apr_pool_t *pool;
    uapi_result *result;
} recovery;

static apr_status_t refuse(const recovery *r, const char *what)
{
    return uapi_fail(r->result, r->pool, ESTALE, UAPI_REASON_AUDIT_UNAVAILABLE, "audit file %s: %s", r->path, what);
}

static uint64_t count_waiting(const uapi_audit_ring *ring)
{
    uapi_audit_slot slot;
    uapi_audit_slot_state state;
    uint64_t position = atomic_load(&ring->header->tail), count = 0;

    while ((state = uapi_audit_ring_look(ring, position, &slot)) == UAPI_AUDIT_SLOT_READY ||
           state == UAPI_AUDIT_SLOT_CLAIMED) {
        count += state == UAPI_AUDIT_SLOT_READY;
        position = slot.end;
    }
    return count + (state == UAPI_AUDIT_SLOT_DAMAGED);
}

/* The ring first: if this is cut short, an empty ring with an unknown id is simply bound at the next start. */
static apr_status_t renew(recovery *r, uapi_audit_store *store)
{
    if (uapi_audit_ring_is_shared(r->ring)) {
        return refuse(r, "its ring must be made new, but processes of another server still use it");
    }
    uapi_audit_ring_renew(r->ring);
    return uapi_audit_store_bind(store, r->ring->header->id, 0);
}

static apr_status_t join_strangers(recovery *r, uapi_audit_store *store, uint64_t bound)
{
    uint64_t waiting = count_waiting(r->ring);

    if (waiting > 0) {
        return refuse(r, apr_psprintf(r->pool,
                                      "its ring %s holds %" APR_UINT64_T_FMT
                                      " records of another audit file; put that file "
                                      "back, or move the ring away to give them up",
                                      r->ring->path, waiting));
    }
    if (bound != 0) {
        r->note = "the ring that last fed the audit file is gone; records it held and the file does not are lost";
    }
    return renew(r, store);
}

/* The position that the file stands for, made to fit the ring if a restart of the machine explains why it does not. */
static apr_status_t fit_position(recovery *r, uapi_audit_store *store, uint64_t position)
{
    uint64_t tail = atomic_load(&r->ring->header->tail);

    if (position >= tail && position - tail <= r->ring->size) {
        return APR_SUCCESS;
    }
    if (!r->rebooted) {
        return refuse(r,
                      position < tail
                          ? "it holds less than its ring has seen committed: an older copy was put in its place; put "
                            "the newest one back, or move the ring away to go on from this one"
                          : "it holds more than its ring has seen: the ring was replaced; put the newest one back, or "
                            "move it away");
    }
    if (position > tail) {
        return renew(r, store); /* the file was synced, the ring was not: everything is in the file */
    }
    r->note = "the last commits before the machine went down were not synced and are lost (durability \"process\")";
    return uapi_audit_store_bind(store, r->ring->header->id, tail);
}

static apr_status_t reconcile(recovery *r, uapi_audit_store *store)
{
    uint64_t bound = 0, position = 0;
    apr_status_t status = uapi_audit_store_binding(store, &bound, &position);

    if (status == APR_SUCCESS) {
        status = bound == r->ring->header->id ? fit_position(r, store, position) : join_strangers(r, store, bound);
    }
    if (status != APR_SUCCESS && status != ESTALE) {
        uapi_fail(r->result, r->pool, status, UAPI_REASON_AUDIT_UNAVAILABLE, "audit file %s: %s", r->path,
                  uapi_audit_store_message(store));
    }
    return status;
}

static apr_status_t with_store(recovery *r, apr_status_t (*act)(recovery *r, uapi_audit_store *store))
{
    uapi_audit_store *store;
    apr_status_t status = uapi_audit_store_open(&store, r->path, UAPI_AUDIT_STORE_CREATE, r->pool, r->result);

    if (status == APR_SUCCESS) {
        status = act(r, store);
        uapi_audit_store_close(store);
    }
    return status;
}

static apr_status_t drain(recovery *r)
{
    uapi_audit_writer *writer = uapi_audit_writer_create(r->ring, r->path, r->key, r->synced);
    uint64_t position = 0, records = 0;
    apr_status_t status;

    if (!writer) {
        return uapi_fail(r->result, r->pool, APR_ENOMEM, UAPI_REASON_AUDIT_UNAVAILABLE,
                         "audit file %s: SHA-256 is not available", r->path);
    }
    status = uapi_audit_writer_drain(writer, &position, &records, r->pool, r->result);
    uapi_audit_writer_destroy(writer);
    if (status == EBADMSG) {
        if (!r->rebooted) {
            return refuse(r,
                          apr_psprintf(r->pool,
                                       "its ring %s is damaged at position %" APR_UINT64_T_FMT "; keep a copy of it, "
                                       "then move it away",
                                       r->ring->path, position));
        }
        r->note = apr_psprintf(r->pool,
                               "%" APR_UINT64_T_FMT " records were recovered from the ring after the machine went "
                               "down; what followed them there is damaged and lost",
                               records);
        status = APR_SUCCESS;
    } else if (status == APR_SUCCESS && records > 0 && !r->note) {
        r->note = apr_psprintf(r->pool,
                               "%" APR_UINT64_T_FMT " records that a server left in the ring were added to the "
                               "audit file",
                               records);
    }
    return status;
}

apr_status_t uapi_audit_recover(uapi_audit_ring *ring, const char *path, const uint8_t *key, int synced,
                                const char **note, apr_pool_t *pool, uapi_result *result)
{
    recovery r = {.ring = ring, .path = path, .key = key, .synced = synced, .pool = pool, .result = result};
    apr_status_t status = uapi_audit_ring_is_new(ring) ? uapi_audit_ring_make(ring, UAPI_AUDIT_RING_SIZE, pool, result)
                                                       : uapi_audit_ring_map(ring, pool, result);

    *note = NULL;
    if (status == APR_SUCCESS) {
        r.rebooted = uapi_audit_ring_is_of_other_boot(ring);
        status = with_store(&r, reconcile);
    }
    if (status == APR_SUCCESS) {
        status = drain(&r);
    }
    if (status == APR_SUCCESS && r.rebooted) {
        status = with_store(&r, renew);
    }
    if (status == APR_SUCCESS) {
        uapi_audit_ring_fail(ring, APR_SUCCESS);
        *note = r.note;
    }
    return status;
}
