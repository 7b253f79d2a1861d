/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file audit_store.h
 * The audit file: an append-only SQLite database whose rows hold batches of records; audit_store.c stands behind it.
 *
 * A row is a run of records of one tenant's chain: `records` is a JSON array of their exact texts ("[" record ","
 * record … "]"), `seals` 64 bytes a record (hash, then mac). The view `audit` shows one record a row to whoever opens
 * the file with sqlite3. Beside them stands the binding: the id of the ring that feeds the file and the position up
 * to which the file holds its records; it changes in the transaction that adds them, so a record is never lost and
 * never there twice.
 *
 * This layer knows nothing of hashes. One store is one connection, for one thread at a time, and never crosses a fork.
 * Functions return APR_SUCCESS or a status that says what is wrong with the file: ENOSPC (full), EROFS (read-only),
 * EBUSY (locked by another), EIO, EILSEQ (damaged), ESTALE (replaced, moved, or bound to another ring), EACCES,
 * ENOENT, APR_EGENERAL.
 */
#ifndef UAPI_STORE_AUDIT_STORE_H
#define UAPI_STORE_AUDIT_STORE_H

#include <stddef.h>
#include <stdint.h>

#include <apr_pools.h>

#include "../core/result.h"

typedef struct uapi_audit_store uapi_audit_store;

typedef enum uapi_audit_store_mode {
    UAPI_AUDIT_STORE_READ,
    UAPI_AUDIT_STORE_WRITE,
    UAPI_AUDIT_STORE_CREATE /* write; make the file (mode 0600) if there is none */
} uapi_audit_store_mode;

/** Open and check the schema. On failure `result` names the file and the cause. Close with uapi_audit_store_close. */
apr_status_t uapi_audit_store_open(uapi_audit_store **store, const char *path, uapi_audit_store_mode mode,
                                   apr_pool_t *pool, uapi_result *result);
void uapi_audit_store_close(uapi_audit_store *store);
/** Give the file and its companions (-wal, -shm) to an owner; -1 leaves one as it is. */
apr_status_t uapi_audit_store_own(const char *path, int uid, int gid, apr_pool_t *pool, uapi_result *result);

/** What SQLite said about the last failure. Valid until the next call. */
const char *uapi_audit_store_message(const uapi_audit_store *store);

/** Whether commits from now on are synced to the disk. Not within a transaction. */
apr_status_t uapi_audit_store_sync(uapi_audit_store *store, int synced);
/** Is the open file still the one at its path? ESTALE if not. */
apr_status_t uapi_audit_store_check(const uapi_audit_store *store);

/** The ring that feeds this file (0: none yet) and how far it was drained. */
apr_status_t uapi_audit_store_binding(uapi_audit_store *store, uint64_t *ring, uint64_t *position);
/** Bind a ring, drained up to a position. A transaction of its own. */
apr_status_t uapi_audit_store_bind(uapi_audit_store *store, uint64_t ring, uint64_t position);

/** The end of a tenant's chain: its last sequence number (0: none) and the last record's hash. */
apr_status_t uapi_audit_store_head(uapi_audit_store *store, const char *tenant, uint64_t *sequence, uint8_t hash[32]);

typedef struct uapi_audit_row {
    int64_t id;         /* rows are added in this order */
    const char *tenant; /* NUL-terminated; NULL if the row has none that is text */
    int64_t first;      /* sequence number of the first record */
    int64_t count;
    const char *records; /* a JSON array of `count` records */
    size_t records_length;
    const uint8_t *seals;
    size_t seals_length;
    int sound; /* each column has the type it should have */
} uapi_audit_row;

/** One transaction: begin, insert for each tenant, commit. A failure of any of them has rolled it back. */
apr_status_t uapi_audit_store_begin(uapi_audit_store *store);
apr_status_t uapi_audit_store_insert(uapi_audit_store *store, const uapi_audit_row *row);
/** Moves the binding from `from` to `to`; ESTALE if the file is bound to another ring or position. */
apr_status_t uapi_audit_store_commit(uapi_audit_store *store, uint64_t ring, uint64_t from, uint64_t to);
void uapi_audit_store_rollback(uapi_audit_store *store);

/** Pages in the write-ahead log as of this connection's last commit; none is moved into the file by itself. */
unsigned uapi_audit_store_log_pages(const uapi_audit_store *store);
/** Move what can be moved from the log into the file, waiting for nobody. Never within a transaction. */
apr_status_t uapi_audit_store_checkpoint(uapi_audit_store *store);

/** Return 0 to go on; anything else ends the visit (which still returns APR_SUCCESS). The row lives until return. */
typedef int (*uapi_audit_store_visitor)(void *baton, const uapi_audit_row *row);

/**
 * All rows in the order they were added, read from the table itself and not through an index. Memory is that of one
 * row; the file is let go every few rows, so a long visit does not keep a running server from recycling its
 * write-ahead log.
 */
apr_status_t uapi_audit_store_scan(uapi_audit_store *store, uapi_audit_store_visitor visitor, void *baton);
/** The rows of a tenant that hold sequence number `from` and later ones, in the order of the chain. */
apr_status_t uapi_audit_store_visit(uapi_audit_store *store, const char *tenant, int64_t from,
                                    uapi_audit_store_visitor visitor, void *baton);
/** The first tenant that sorts after `after` ("" to begin), copied into the pool; APR_NOTFOUND after the last. */
apr_status_t uapi_audit_store_next_tenant(uapi_audit_store *store, const char *after, const char **tenant,
                                          apr_pool_t *pool);

#endif
