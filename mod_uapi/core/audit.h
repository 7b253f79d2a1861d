/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file audit.h
 * The tamper-evident record: one hash chain a tenant, in one SQLite file, written by one writer at a time.
 *
 * A caller in any thread of any child process puts a record into a *ring*, a file mapped by all of them
 * (`<audit path>-ring`). Whoever holds the ring's lock is the *writer*: a thread that drains the ring, extends the
 * chains and commits batches to SQLite. When its process dies, the kernel frees the lock and another takes over; what
 * was in the ring is still there, and the position up to which it was drained stands in the same SQLite transaction
 * as the records, so nothing is lost and nothing doubled. So no two processes ever meet in SQLite's busy handler.
 *
 * Chain (docs/audit.md): a record is canonical JSON (RFC 8785); hash = SHA-256(previous hash || record), 32 zero
 * bytes before the first; mac = HMAC-SHA-256(audit key, hash).
 */
#ifndef UAPI_CORE_AUDIT_H
#define UAPI_CORE_AUDIT_H

#include <stddef.h>
#include <stdint.h>

#include <apr_pools.h>
#include <apr_tables.h>

#include "result.h"

#define UAPI_AUDIT_KEY_SIZE 32
/** A record longer than this is refused (audit.unavailable); the builder keeps records far below it. */
#define UAPI_AUDIT_MAX_RECORD 32768

typedef struct uapi_audit uapi_audit;

typedef enum uapi_durability {
    UAPI_DURABILITY_PROCESS, /* in the ring: outlives any killed process; in SQLite milliseconds later */
    UAPI_DURABILITY_POWER    /* committed to SQLite and synced to the disk */
} uapi_durability;

/**
 * In the parent, before the fork (and in uapictl): create or open both files, replay what a dead server left in the
 * ring, prove that a record could be written. Neither file may be accessible to others (created with mode 0600; owned
 * by `uid`/`gid` when those are not -1, so that unprivileged children can open them). The key is copied into locked
 * memory. `power`: whether any caller may ask for UAPI_DURABILITY_POWER (what is recovered is then synced). SQLite syncs
 * each commit from the first such record on.
 *
 * A ring whose lock another holds (older children after a graceful restart, another server) is left to that writer.
 * Where ring and audit file do not fit together and records would be lost (audit_recovery.h), it fails with
 * audit.unavailable and a detail that says what to do. On success `result->detail` may hold a sentence that the
 * caller should log: records recovered or, after a power failure, lost. The SQLite file needs a directory in which
 * `uid` may write its companions (-wal, -shm).
 */
apr_status_t uapi_audit_open(uapi_audit **audit, const char *path, const uint8_t key[UAPI_AUDIT_KEY_SIZE], int power,
                             int uid, int gid, apr_pool_t *pool, uapi_result *result);

/**
 * In a child, after the fork: take a seat at the ring, start the candidate thread. Once a process; also for a program
 * that does not fork. A pool cleanup stops it: if it is the writer it drains what is there (2 s at most), commits and
 * gives up the lock. Appending after that is refused.
 */
apr_status_t uapi_audit_start(uapi_audit *audit, apr_pool_t *pool, uapi_result *result);

/**
 * Record. `record` is canonical JSON, `tenant` a tenant's name. Returns when the record has the durability asked for:
 * PROCESS never waits on a healthy ring, POWER waits for the commit that holds it. Fails with audit.unavailable at once
 * while the writer cannot write (disk full, locked, read-only), when the ring stays full for 100 ms, and when the
 * commit does not come within 5 s. A record so refused after it was put in the ring may still appear in the file
 * later; one that was acknowledged always does. A tenant's name is 1 to 64 bytes; a record begins with { and ends
 * with }, without a NUL. The detail of a failure is static. Any thread; records of one thread stand in the order of
 * its calls.
 */
apr_status_t uapi_audit_append(uapi_audit *audit, const char *tenant, const char *record, size_t length,
                               uapi_durability durability, uapi_result *result);

/** Figures for mod_status and doctor. */
typedef struct uapi_audit_status {
    uint64_t recorded;  /* records put in the ring since it was made */
    uint64_t committed; /* of these, in SQLite */
    uint64_t commits;   /* transactions */
    size_t ring_size, ring_used;
    int writer_pid; /* 0: nobody */
    int failing;    /* the writer cannot write now */
} uapi_audit_status;

void uapi_audit_get_status(uapi_audit *audit, uapi_audit_status *status);

/* Reading and verifying, offline or beside a running server; needs no ring. */

typedef struct uapi_audit_record {
    const char *tenant;
    uint64_t sequence; /* position in the tenant's chain, from 1 */
    const char *text;  /* the canonical JSON */
    size_t length;
    const uint8_t *hash; /* 32 bytes */
    const uint8_t *mac;  /* 32 bytes */
} uapi_audit_record;

/** Return 0 to go on. The record lives until return. */
typedef int (*uapi_audit_visitor)(void *baton, const uapi_audit_record *record);

/** Visit the records of a tenant (NULL: of all, tenant by tenant), from sequence number `from`, oldest first. */
apr_status_t uapi_audit_visit(const char *path, const char *tenant, uint64_t from, uapi_audit_visitor visitor,
                              void *baton, apr_pool_t *pool, uapi_result *result);

typedef struct uapi_audit_verdict {
    const char *tenant;
    uint64_t records;  /* records that hold, from the first on */
    const char *head;  /* hex of the last good hash */
    uint64_t bad;      /* sequence number of the first bad record; 0: the chain holds. Nothing after it was checked */
    const char *fault; /* what is wrong with it; NULL if nothing is */
} uapi_audit_verdict;

/**
 * Re-compute the chains from the file. `key` NULL: hashes only. `verdicts` receives an array of uapi_audit_verdict,
 * one a tenant. APR_SUCCESS also when a chain is broken; failure means the file could not be read.
 */
apr_status_t uapi_audit_verify(const char *path, const uint8_t *key, apr_array_header_t **verdicts, apr_pool_t *pool,
                               uapi_result *result);

#endif
