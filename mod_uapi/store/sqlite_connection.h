/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sqlite_connection.h
 * What the files behind store.h share: one connection, its fixed statements, and how they are run. Not for callers of
 * the store.
 */
#ifndef UAPI_STORE_SQLITE_CONNECTION_H
#define UAPI_STORE_SQLITE_CONNECTION_H

#include <stddef.h>
#include <stdint.h>

#include <apr_pools.h>
#include <apr_time.h>
#include <sqlite3.h>

#include "sqlite_generation.h"
#include "store.h"

/** How long a writer waits for another, and how long the server waits for a locked file. */
#define UAPI_STORE_PATIENCE apr_time_from_sec(5)
#define UAPI_STORE_SERVER_PATIENCE apr_time_from_msec(200)

typedef enum uapi_statement {
    UAPI_STATEMENT_DATA_VERSION,
    UAPI_STATEMENT_TENANT_LIST,
    UAPI_STATEMENT_TENANT_FIND,
    UAPI_STATEMENT_TOKEN_FIND,
    UAPI_STATEMENT_TOKEN_LIST,
    UAPI_STATEMENT_DEK_FIND,
    UAPI_STATEMENT_DEK_NEWEST,
    UAPI_STATEMENT_CREDENTIAL_FIND,
    UAPI_STATEMENT_CREDENTIAL_LIST,
    UAPI_STATEMENT_PIN_FIND,
    UAPI_STATEMENT_PIN_LIST,
    UAPI_STATEMENT_OBSERVATION_FIND,
    UAPI_STATEMENT_OBSERVATION_LIST,
    UAPI_STATEMENT_FIRST_WRITING, /* from here on: not prepared in UAPI_STORE_READ */
    UAPI_STATEMENT_BEGIN = UAPI_STATEMENT_FIRST_WRITING,
    UAPI_STATEMENT_COMMIT,
    UAPI_STATEMENT_ROLLBACK,
    UAPI_STATEMENT_TENANT_INSERT,
    UAPI_STATEMENT_PRINCIPAL_FIND,
    UAPI_STATEMENT_PRINCIPAL_INSERT,
    UAPI_STATEMENT_TOKEN_INSERT,
    UAPI_STATEMENT_TOKEN_KNOWN,
    UAPI_STATEMENT_TOKEN_REVOKE,
    UAPI_STATEMENT_DEK_INSERT,
    UAPI_STATEMENT_CREDENTIAL_PUT,
    UAPI_STATEMENT_CREDENTIAL_DELETE,
    UAPI_STATEMENT_PIN_PUT,
    UAPI_STATEMENT_OBSERVATION_FULL,
    UAPI_STATEMENT_OBSERVATION_PUT,
    UAPI_STATEMENT_OBSERVATION_DELETE,
    UAPI_STATEMENT_COUNT
} uapi_statement;

/** What the authorizer allows: our own set-up, then preparing the fixed statements, then nothing. */
typedef enum uapi_store_phase { UAPI_PHASE_SETUP, UAPI_PHASE_PREPARING, UAPI_PHASE_SEALED } uapi_store_phase;

struct uapi_store {
    sqlite3 *db;
    sqlite3_stmt *statements[UAPI_STATEMENT_COUNT];
    uapi_store_mode mode;
    uapi_store_phase phase;
    int version; /* of the file's schema */
    const char *path;
    apr_pool_t *pool;
    uapi_generation *generation; /* NULL in UAPI_STORE_READ */
    char tenant[65];             /* "": none is bound */
    const uint8_t *presented;    /* the hash that a token is looked up by, during that call only */
};

/* sqlite_seal.c */

/** Register current_tenant() and presented_hash(). Returns an SQLite code. */
int uapi_sqlite_add_functions(uapi_store *store);
/** Set the authorizer, prepare every statement of the mode, seal. Returns an SQLite code. */
int uapi_sqlite_seal(uapi_store *store);

/* sqlite_share.c */

/**
 * Give the files beside the registry its owner (as root) and permissions. Best effort: a reader's error says what is
 * missing.
 */
void uapi_sqlite_share_side_files(const uapi_store *store, apr_pool_t *pool);

/* sqlite_run.c */

/** The statement, reset and without bindings; NULL if this mode has not prepared it. Finish it with sqlite3_reset(). */
sqlite3_stmt *uapi_sqlite_use(uapi_store *store, uapi_statement which);
/** Fill in registry.unavailable from the connection's last error; `doing` completes "registry <path>: cannot …". */
apr_status_t uapi_sqlite_fail(uapi_store *store, int code, const char *doing, apr_pool_t *pool, uapi_result *result);
/** Run a statement that gives no rows, and reset it. */
apr_status_t uapi_sqlite_run(uapi_store *store, sqlite3_stmt *statement, const char *doing, apr_pool_t *pool,
                             uapi_result *result);
/** Whether a statement gives a row; reset afterwards. APR_NOTFOUND (result untouched) if it gives none. */
apr_status_t uapi_sqlite_probe(uapi_store *store, sqlite3_stmt *statement, const char *doing, apr_pool_t *pool,
                               uapi_result *result);
/** A column's text, copied; "" for NULL. */
const char *uapi_sqlite_text(sqlite3_stmt *statement, int column, apr_pool_t *pool);

/** Refuse an argument of the operator's: config.invalid. */
apr_status_t uapi_sqlite_refuse(apr_status_t status, apr_pool_t *pool, uapi_result *result, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/** Refused unless the connection may write and a tenant is bound. */
apr_status_t uapi_sqlite_require_tenant(uapi_store *store, apr_pool_t *pool, uapi_result *result);
/** Start a change: generation odd, BEGIN IMMEDIATE. Nothing to finish if it fails. */
apr_status_t uapi_sqlite_begin(uapi_store *store, apr_pool_t *pool, uapi_result *result);
/**
 * End it: commit if `status` is APR_SUCCESS, else roll back; generation even. Returns `status`, or why the commit
 * failed.
 */
apr_status_t uapi_sqlite_finish(uapi_store *store, apr_status_t status, apr_pool_t *pool, uapi_result *result);

#endif
