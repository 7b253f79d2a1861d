/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Reads the chains back. Verification takes the rows in the order they were added, from the table and not through an
 * index, so no index can hide or reorder one, and keeps a few words a tenant however long the file is. The array of a
 * row is cut at the commas of its outermost level without parsing it: each byte between belongs to a record and so to
 * its hash.
 */
#include "audit.h"

#include <errno.h>
#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "../store/audit_store.h"
#include "audit_records.h"
#include "audit_seal.h"
#include "secret.h"

typedef struct chain {
    const char *tenant;
    uint64_t sequence; /* of the last good record */
    uint8_t hash[UAPI_AUDIT_HASH_SIZE];
    uint64_t bad;
    const char *fault;
} chain;

typedef struct verification {
    uapi_audit_seal *seal;
    int keyed;
    apr_hash_t *chains;
    apr_array_header_t *order; /* chain *, as they were first seen */
    apr_pool_t *pool;
} verification;

static chain *find_chain(verification *v, const char *tenant)
{
    chain *found = apr_hash_get(v->chains, tenant, APR_HASH_KEY_STRING);

    if (!found) {
        found = apr_pcalloc(v->pool, sizeof(*found));
        found->tenant = apr_pstrdup(v->pool, tenant);
        apr_hash_set(v->chains, found->tenant, APR_HASH_KEY_STRING, found);
        APR_ARRAY_PUSH(v->order, chain *) = found;
    }
    return found;
}

static int mark(chain *of, uint64_t bad, const char *fault)
{
    of->bad = bad;
    of->fault = fault;
    return 0;
}

static int check_row(chain *of, const uapi_audit_row *row)
{
    uint64_t expected = of->sequence + 1;

    if (!row->sound) {
        return mark(of, expected, "the row is no row of records: a column has the wrong type");
    }
    if (row->first <= 0 || row->count <= 0 || row->count > INT64_MAX - row->first) {
        return mark(of, expected, "the row's sequence numbers are impossible");
    }
    if ((uint64_t)row->first > expected) {
        return mark(of, expected, "the record is missing: a later one follows");
    }
    if ((uint64_t)row->first < expected) {
        return mark(of, (uint64_t)row->first, "the record is there again, or out of order");
    }
    return 1;
}

static int check_record(verification *v, chain *of, const char *text, size_t length, const uint8_t *seal)
{
    uint8_t hash[UAPI_AUDIT_HASH_SIZE], mac[UAPI_AUDIT_HASH_SIZE];
    uint64_t number = of->sequence + 1;
    int authentic = 0;

    if (!uapi_audit_seal_hash(v->seal, of->hash, text, length, hash) ||
        (v->keyed && !uapi_audit_seal_mac(v->seal, seal, mac))) {
        return mark(of, number, "the crypto library failed");
    }
    authentic = v->keyed && uapi_secret_equal(mac, seal + UAPI_AUDIT_HASH_SIZE, sizeof(mac));
    if (memcmp(hash, seal, sizeof(hash)) != 0) {
        return mark(of, number,
                    !v->keyed   ? "the text or the hash was altered"
                    : authentic ? "the text was altered"
                                : "the hash was altered");
    }
    if (v->keyed && !authentic) {
        return mark(of, number,
                    "the MAC is not of this key: it was altered, or the chain was made anew without the key");
    }
    memcpy(of->hash, hash, sizeof(of->hash));
    of->sequence = number;
    return 1;
}

static int verify_row(void *baton, const uapi_audit_row *row)
{
    verification *v = baton;
    chain *of = find_chain(v, row->tenant ? row->tenant : "(no tenant)");
    uapi_audit_records records;
    const char *text;
    size_t length;
    int64_t count = 0;

    if (of->fault || !check_row(of, row)) {
        return 0; /* the chain is broken; other tenants' chains may not be */
    }
    uapi_audit_records_begin(&records, row->records, row->records_length);
    while (uapi_audit_records_next(&records, &text, &length)) {
        if (count == row->count || (uint64_t)count >= row->seals_length / UAPI_AUDIT_SEAL_SIZE) {
            return mark(of, of->sequence + 1, "the row holds more records than it says, or than it has seals");
        }
        if (!check_record(v, of, text, length, row->seals + (size_t)count * UAPI_AUDIT_SEAL_SIZE)) {
            return 0;
        }
        count++;
    }
    if (!records.whole) {
        return mark(of, of->sequence + 1, "the row is cut, or is no array of records");
    }
    if (count != row->count) {
        return mark(of, of->sequence + 1, "the row holds fewer records than it says");
    }
    if (row->seals_length != (size_t)count * UAPI_AUDIT_SEAL_SIZE) {
        return mark(of, of->sequence, "the row has more seals than records");
    }
    return 0;
}

static const char *to_hex(const uint8_t hash[UAPI_AUDIT_HASH_SIZE], apr_pool_t *pool)
{
    char *text = apr_palloc(pool, 2 * UAPI_AUDIT_HASH_SIZE + 1), *at = text;

    for (size_t i = 0; i < UAPI_AUDIT_HASH_SIZE; i++) {
        *at++ = "0123456789abcdef"[hash[i] >> 4];
        *at++ = "0123456789abcdef"[hash[i] & 15];
    }
    *at = '\0';
    return text;
}

static apr_array_header_t *judge(const verification *v, apr_pool_t *pool)
{
    apr_array_header_t *verdicts = apr_array_make(pool, v->order->nelts, sizeof(uapi_audit_verdict));

    for (int i = 0; i < v->order->nelts; i++) {
        const chain *of = APR_ARRAY_IDX(v->order, i, chain *);

        APR_ARRAY_PUSH(verdicts, uapi_audit_verdict) = (uapi_audit_verdict){.tenant = of->tenant,
                                                                            .records = of->sequence,
                                                                            .head = to_hex(of->hash, pool),
                                                                            .bad = of->bad,
                                                                            .fault = of->fault};
    }
    return verdicts;
}

static apr_status_t unreadable(uapi_audit_store *store, const char *path, apr_status_t status, apr_pool_t *pool,
                               uapi_result *result)
{
    return uapi_fail(result, pool, status, UAPI_REASON_AUDIT_UNAVAILABLE,
                     "audit file %s: cannot be read to its end: %s", path, uapi_audit_store_message(store));
}

apr_status_t uapi_audit_verify(const char *path, const uint8_t *key, apr_array_header_t **verdicts, apr_pool_t *pool,
                               uapi_result *result)
{
    verification v = {.keyed = key != NULL, .pool = pool};
    uapi_audit_store *store;
    apr_status_t status;

    *verdicts = NULL;
    v.chains = apr_hash_make(pool);
    v.order = apr_array_make(pool, 16, sizeof(chain *));
    if ((v.seal = uapi_audit_seal_create(key, pool)) == NULL) {
        return uapi_fail(result, pool, APR_ENOMEM, UAPI_REASON_INTERNAL, "SHA-256 is not available");
    }
    if ((status = uapi_audit_store_open(&store, path, UAPI_AUDIT_STORE_READ, pool, result)) != APR_SUCCESS) {
        return status;
    }
    if ((status = uapi_audit_store_scan(store, verify_row, &v)) == APR_SUCCESS) {
        *verdicts = judge(&v, pool);
    } else {
        unreadable(store, path, status, pool, result);
    }
    uapi_audit_store_close(store);
    return status;
}

typedef struct visit {
    uapi_audit_visitor visitor;
    void *baton;
    uint64_t from;
    int stopped;
    const char *fault;
} visit;

static int refuse_row(visit *of, const char *fault)
{
    of->fault = fault;
    return 1;
}

static int visit_row(void *baton, const uapi_audit_row *row)
{
    visit *of = baton;
    uapi_audit_records records;
    uapi_audit_record record = {.tenant = row->tenant, .sequence = (uint64_t)row->first};

    if (!row->sound || row->first <= 0 || row->count <= 0 ||
        row->seals_length / UAPI_AUDIT_SEAL_SIZE < (uint64_t)row->count) {
        return refuse_row(of, "a row is no row of records");
    }
    uapi_audit_records_begin(&records, row->records, row->records_length);
    for (int64_t i = 0; i < row->count; i++, record.sequence++) {
        if (!uapi_audit_records_next(&records, &record.text, &record.length)) {
            return refuse_row(of, "a row holds fewer records than it says");
        }
        record.hash = row->seals + (size_t)i * UAPI_AUDIT_SEAL_SIZE;
        record.mac = record.hash + UAPI_AUDIT_HASH_SIZE;
        if (record.sequence >= of->from && (of->stopped = of->visitor(of->baton, &record)) != 0) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t visit_tenants(uapi_audit_store *store, visit *of, apr_pool_t *pool)
{
    apr_pool_t *names[2]; /* the name before is needed to find the next */
    const char *tenant = "";
    apr_status_t status = APR_SUCCESS;

    apr_pool_create(&names[0], pool);
    apr_pool_create(&names[1], pool);
    for (int turn = 0; status == APR_SUCCESS && !of->stopped && !of->fault; turn = !turn) {
        apr_pool_clear(names[turn]);
        if ((status = uapi_audit_store_next_tenant(store, tenant, &tenant, names[turn])) == APR_SUCCESS) {
            status = uapi_audit_store_visit(store, tenant, (int64_t)of->from, visit_row, of);
        }
    }
    apr_pool_destroy(names[0]);
    apr_pool_destroy(names[1]);
    return status == APR_NOTFOUND ? APR_SUCCESS : status;
}

apr_status_t uapi_audit_visit(const char *path, const char *tenant, uint64_t from, uapi_audit_visitor visitor,
                              void *baton, apr_pool_t *pool, uapi_result *result)
{
    visit of = {.visitor = visitor, .baton = baton, .from = from > INT64_MAX ? INT64_MAX : from};
    uapi_audit_store *store;
    apr_status_t status = uapi_audit_store_open(&store, path, UAPI_AUDIT_STORE_READ, pool, result);

    if (status != APR_SUCCESS) {
        return status;
    }
    status = tenant ? uapi_audit_store_visit(store, tenant, (int64_t)of.from, visit_row, &of)
                    : visit_tenants(store, &of, pool);
    if (status != APR_SUCCESS) {
        unreadable(store, path, status, pool, result);
    } else if (of.fault) {
        status = uapi_fail(result, pool, EILSEQ, UAPI_REASON_AUDIT_UNAVAILABLE, "audit file %s: %s", path, of.fault);
    }
    uapi_audit_store_close(store);
    return status;
}
