/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What the audit's tests share: a folder of their own, an audit opened and started in it, records to put in.
 */
#ifndef UAPI_T_UNIT_AUDIT_FIXTURE_H
#define UAPI_T_UNIT_AUDIT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <sqlite3.h>

#include "../../mod_uapi/core/audit.h"
#include "../../mod_uapi/core/audit_ring.h"

static const uint8_t audit_key[UAPI_AUDIT_KEY_SIZE] = "an audit key of thirty-two bytes";

typedef struct fixture {
    apr_pool_t *pool;
    char folder[64];
    const char *path; /* of the audit file */
    const char *ring_path;
    uapi_audit *audit;
    apr_pool_t *parent; /* destroying it closes the audit and gives up this process's seat */
    apr_pool_t *child;  /* destroying it stops the writer */
} fixture;

static inline int fixture_make(void **state)
{
    fixture *f = calloc(1, sizeof(*f));

    apr_pool_create(&f->pool, NULL);
    snprintf(f->folder, sizeof(f->folder), "/tmp/uapi-audit-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->path = apr_pstrcat(f->pool, f->folder, "/audit.db", NULL);
    f->ring_path = apr_pstrcat(f->pool, f->path, "-ring", NULL);
    *state = f;
    return 0;
}

static inline int fixture_remove(void **state)
{
    static const char *const names[] = {"", "-ring", "-wal", "-shm", "-old", "-journal"};
    fixture *f = *state;

    if (f->child) {
        apr_pool_destroy(f->child);
    }
    if (f->parent) {
        apr_pool_destroy(f->parent);
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        unlink(apr_pstrcat(f->pool, f->path, names[i], NULL));
    }
    rmdir(f->folder);
    apr_pool_destroy(f->pool);
    free(f);
    return 0;
}

/* A small ring, so that laps are many and tests fast; uapi_audit_open takes the one it finds. */
static inline void fixture_make_ring(fixture *f, uint64_t size)
{
    uapi_audit_ring ring;
    uapi_result result;

    assert_int_equal(uapi_audit_ring_open(&ring, f->ring_path, f->pool, &result), APR_SUCCESS);
    assert_true(uapi_audit_ring_lock(&ring));
    assert_int_equal(uapi_audit_ring_make(&ring, size, f->pool, &result), APR_SUCCESS);
    uapi_audit_ring_close(&ring);
}

/* Closes what was open before, as the start of another server does. */
static inline apr_status_t fixture_try_open(fixture *f, int power, uapi_result *result)
{
    if (f->parent) {
        apr_pool_destroy(f->parent);
    }
    apr_pool_create(&f->parent, f->pool);
    memset(result, 0, sizeof(*result));
    return uapi_audit_open(&f->audit, f->path, audit_key, power, -1, -1, f->parent, result);
}

static inline void fixture_open(fixture *f, int power)
{
    uapi_result result;

    if (fixture_try_open(f, power, &result) != APR_SUCCESS) {
        fail_msg("open: %s", result.detail);
    }
}

static inline void fixture_start(fixture *f)
{
    uapi_result result = {0};

    apr_pool_create(&f->child, f->parent);
    if (uapi_audit_start(f->audit, f->child, &result) != APR_SUCCESS) {
        fail_msg("start: %s", result.detail);
    }
}

static inline void fixture_stop(fixture *f)
{
    apr_pool_destroy(f->child);
    f->child = NULL;
}

static inline apr_status_t fixture_append(fixture *f, const char *tenant, const char *record,
                                          uapi_durability durability, uapi_result *result)
{
    return uapi_audit_append(f->audit, tenant, record, strlen(record), durability, result);
}

static inline void fixture_append_numbers(fixture *f, const char *tenant, int from, int to, uapi_durability durability)
{
    for (int i = from; i <= to; i++) {
        char record[64];
        uapi_result result = {0};

        snprintf(record, sizeof(record), "{\"n\":%d}", i);
        if (fixture_append(f, tenant, record, durability, &result) != APR_SUCCESS) {
            fail_msg("append %d: %s", i, result.detail);
        }
    }
}

/* Asserts that the tenant's chain holds and returns how many records it has. */
static inline uint64_t fixture_verify(fixture *f, const char *tenant)
{
    apr_array_header_t *verdicts;
    uapi_result result = {0};
    uint64_t records = 0;

    if (uapi_audit_verify(f->path, audit_key, &verdicts, f->pool, &result) != APR_SUCCESS) {
        fail_msg("verify: %s", result.detail);
    }
    for (int i = 0; i < verdicts->nelts; i++) {
        const uapi_audit_verdict *verdict = &APR_ARRAY_IDX(verdicts, i, uapi_audit_verdict);

        if (verdict->bad) {
            fail_msg("%s: record %lu: %s", verdict->tenant, (unsigned long)verdict->bad, verdict->fault);
        }
        if (strcmp(verdict->tenant, tenant) == 0) {
            records = verdict->records;
        }
    }
    return records;
}

static inline sqlite3 *fixture_sqlite(fixture *f)
{
    sqlite3 *database;

    assert_int_equal(sqlite3_open(f->path, &database), SQLITE_OK);
    sqlite3_busy_timeout(database, 2000);
    return database;
}

static inline void fixture_execute(fixture *f, const char *sql)
{
    sqlite3 *database = fixture_sqlite(f);
    char *message = NULL;

    if (sqlite3_exec(database, sql, NULL, NULL, &message) != SQLITE_OK) {
        fail_msg("%s: %s", sql, message);
    }
    sqlite3_close(database);
}

#endif
