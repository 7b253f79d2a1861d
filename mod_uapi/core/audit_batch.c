/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The end of each chain is kept in memory from one batch to the next, and moved only after the commit: the file is
 * read once a tenant, not once a batch. Records are copied out of the ring before they are hashed, so what is hashed
 * is what is stored, whatever happens to the mapped file meanwhile.
 */
#include "audit_batch.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "audit.h"

#define MAX_CHAINS 4096 /* kept in memory; more are read again */
#define NOBODY UINT32_MAX

typedef struct chain {
    char tenant[UAPI_AUDIT_RING_TENANT + 1];
    int known; /* sequence and hash are those of the file */
    uint64_t sequence, next_sequence;
    uint8_t hash[UAPI_AUDIT_HASH_SIZE], next_hash[UAPI_AUDIT_HASH_SIZE];
    uint32_t first, last; /* its entries in this batch */
    struct chain *next;   /* another chain of this batch */
} chain;

typedef struct entry {
    const char *text;
    uint32_t length;
    uint32_t next; /* the same chain's next entry */
} entry;

struct uapi_audit_batch {
    uapi_audit_seal *seal;
    apr_pool_t *chain_pool;
    apr_hash_t *chains;
    chain *recent; /* most batches are of one tenant */
    chain *touched;
    uint32_t count;
    size_t bytes;
    entry entries[UAPI_AUDIT_BATCH_RECORDS];
    uint8_t seals[UAPI_AUDIT_BATCH_RECORDS * UAPI_AUDIT_SEAL_SIZE];
    char text[UAPI_AUDIT_BATCH_BYTES + UAPI_AUDIT_MAX_RECORD + UAPI_AUDIT_BATCH_RECORDS + 2];
};

static void drop_chains(uapi_audit_batch *batch)
{
    apr_pool_clear(batch->chain_pool);
    batch->chains = apr_hash_make(batch->chain_pool);
    batch->recent = NULL;
}

uapi_audit_batch *uapi_audit_batch_create(uapi_audit_seal *seal, apr_pool_t *pool)
{
    uapi_audit_batch *batch = apr_palloc(pool, sizeof(*batch));

    batch->seal = seal;
    batch->touched = NULL;
    batch->count = 0;
    batch->bytes = 0;
    apr_pool_create(&batch->chain_pool, pool);
    drop_chains(batch);
    return batch;
}

static chain *find_chain(uapi_audit_batch *batch, const char *tenant, size_t length)
{
    chain *found = batch->recent;

    if (found && strncmp(found->tenant, tenant, length) == 0 && found->tenant[length] == '\0') {
        return found;
    }
    found = apr_hash_get(batch->chains, tenant, (apr_ssize_t)length);
    if (!found) {
        found = apr_pcalloc(batch->chain_pool, sizeof(*found));
        memcpy(found->tenant, tenant, length);
        found->first = NOBODY;
        apr_hash_set(batch->chains, found->tenant, (apr_ssize_t)length, found);
    }
    batch->recent = found;
    return found;
}

int uapi_audit_batch_add(uapi_audit_batch *batch, const uapi_audit_slot *slot)
{
    entry *added = &batch->entries[batch->count];
    chain *of;

    if (batch->count == UAPI_AUDIT_BATCH_RECORDS || batch->bytes >= UAPI_AUDIT_BATCH_BYTES) {
        return 0;
    }
    of = find_chain(batch, slot->tenant, slot->tenant_length);
    *added = (entry){.text = slot->text, .length = slot->length, .next = NOBODY};
    if (of->first == NOBODY) {
        of->first = batch->count;
        of->next = batch->touched;
        batch->touched = of;
    } else {
        batch->entries[of->last].next = batch->count;
    }
    of->last = batch->count++;
    batch->bytes += slot->length;
    return 1;
}

size_t uapi_audit_batch_count(const uapi_audit_batch *batch)
{
    return batch->count;
}

static void empty(uapi_audit_batch *batch)
{
    batch->touched = NULL;
    batch->count = 0;
    batch->bytes = 0;
}

void uapi_audit_batch_forget(uapi_audit_batch *batch)
{
    empty(batch);
    drop_chains(batch);
}

/* Writes the chain's new records and their seals into the batch's buffers. */
static int extend(uapi_audit_batch *batch, chain *extended, uapi_audit_row *row)
{
    char *at = batch->text;
    uint8_t *seal = batch->seals;
    const uint8_t *previous = extended->hash;

    for (uint32_t i = extended->first; i != NOBODY; i = batch->entries[i].next) {
        const entry *added = &batch->entries[i];

        *at++ = i == extended->first ? '[' : ',';
        memcpy(at, added->text, added->length);
        if (!uapi_audit_seal_hash(batch->seal, previous, at, added->length, seal) ||
            !uapi_audit_seal_mac(batch->seal, seal, seal + UAPI_AUDIT_HASH_SIZE)) {
            return 0;
        }
        at += added->length;
        previous = seal;
        seal += UAPI_AUDIT_SEAL_SIZE;
    }
    *at++ = ']';
    row->tenant = extended->tenant;
    row->first = (int64_t)extended->sequence + 1;
    row->count = (seal - batch->seals) / UAPI_AUDIT_SEAL_SIZE;
    row->records = batch->text;
    row->records_length = (size_t)(at - batch->text);
    row->seals = batch->seals;
    row->seals_length = (size_t)(seal - batch->seals);
    extended->next_sequence = extended->sequence + (uint64_t)row->count;
    memcpy(extended->next_hash, previous, UAPI_AUDIT_HASH_SIZE);
    return 1;
}

static apr_status_t write_chain(uapi_audit_batch *batch, chain *written, uapi_audit_store *store)
{
    uapi_audit_row row;
    apr_status_t status;

    if (!written->known) {
        if ((status = uapi_audit_store_head(store, written->tenant, &written->sequence, written->hash)) !=
            APR_SUCCESS) {
            return status;
        }
        written->known = 1;
    }
    memset(&row, 0, sizeof(row));
    return extend(batch, written, &row) ? uapi_audit_store_insert(store, &row) : APR_EGENERAL;
}

static void move_ends(uapi_audit_batch *batch)
{
    for (chain *moved = batch->touched; moved; moved = moved->next) {
        moved->sequence = moved->next_sequence;
        memcpy(moved->hash, moved->next_hash, sizeof(moved->hash));
        moved->first = NOBODY;
    }
}

apr_status_t uapi_audit_batch_write(uapi_audit_batch *batch, uapi_audit_store *store, uint64_t ring, uint64_t from,
                                    uint64_t to)
{
    apr_status_t status = uapi_audit_store_begin(store);

    for (chain *written = batch->touched; written && status == APR_SUCCESS; written = written->next) {
        status = write_chain(batch, written, store);
    }
    if (status == APR_SUCCESS) {
        status = uapi_audit_store_commit(store, ring, from, to);
    }
    if (status != APR_SUCCESS) {
        uapi_audit_store_rollback(store);
        uapi_audit_batch_forget(batch);
        return status;
    }
    move_ends(batch);
    empty(batch);
    if (apr_hash_count(batch->chains) > MAX_CHAINS) {
        drop_chains(batch);
    }
    return APR_SUCCESS;
}
