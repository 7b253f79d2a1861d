/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "sqlite_connection.h"

#include <stdarg.h>

#include <apr_strings.h>

sqlite3_stmt *uapi_sqlite_use(uapi_store *store, uapi_statement which)
{
    sqlite3_stmt *statement = store->statements[which];

    if (statement) {
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
    }
    return statement;
}

static apr_status_t status_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return APR_EBUSY;
    case SQLITE_FULL:
        return APR_ENOSPC;
    case SQLITE_NOMEM:
        return APR_ENOMEM;
    case SQLITE_PERM:
    case SQLITE_READONLY:
        return APR_EACCES;
    default:
        return APR_EGENERAL;
    }
}

/* What an operator can do about it, or "". */
static const char *advice(int code)
{
    switch (code & 0xff) {
    case SQLITE_AUTH:
    case SQLITE_SCHEMA:
    case SQLITE_TOOBIG:
        return "; its schema changed while it was open"; /* the seal forbids compiling anew */
    case SQLITE_CANTOPEN:
        return "; this user needs to read it and its -wal and -shm files, or to write its folder";
    case SQLITE_BUSY:
        return "; another program holds it";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return "; restore it from a backup";
    default:
        return "";
    }
}

apr_status_t uapi_sqlite_fail(uapi_store *store, int code, const char *doing, apr_pool_t *pool, uapi_result *result)
{
    return uapi_fail(result, pool, status_of(code), UAPI_REASON_REGISTRY_UNAVAILABLE, "registry %s: cannot %s: %s%s",
                     store->path, doing,
                     code == SQLITE_MISUSE ? "not prepared in this mode" : sqlite3_errmsg(store->db), advice(code));
}

apr_status_t uapi_sqlite_run(uapi_store *store, sqlite3_stmt *statement, const char *doing, apr_pool_t *pool,
                             uapi_result *result)
{
    apr_status_t status = APR_SUCCESS;
    int code = statement ? sqlite3_step(statement) : SQLITE_MISUSE;

    if (code != SQLITE_DONE) {
        status = uapi_sqlite_fail(store, code, doing, pool, result);
    }
    sqlite3_reset(statement);
    return status;
}

apr_status_t uapi_sqlite_probe(uapi_store *store, sqlite3_stmt *statement, const char *doing, apr_pool_t *pool,
                               uapi_result *result)
{
    apr_status_t status = APR_SUCCESS;
    int code = statement ? sqlite3_step(statement) : SQLITE_MISUSE;

    if (code == SQLITE_DONE) {
        status = APR_NOTFOUND;
    } else if (code != SQLITE_ROW) {
        status = uapi_sqlite_fail(store, code, doing, pool, result);
    }
    sqlite3_reset(statement);
    return status;
}

const char *uapi_sqlite_text(sqlite3_stmt *statement, int column, apr_pool_t *pool)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);

    return text ? apr_pstrdup(pool, text) : "";
}

apr_status_t uapi_sqlite_refuse(apr_status_t status, apr_pool_t *pool, uapi_result *result, const char *format, ...)
{
    va_list arguments;
    const char *detail;

    va_start(arguments, format);
    detail = apr_pvsprintf(pool, format, arguments);
    va_end(arguments);
    return uapi_fail(result, pool, status, UAPI_REASON_CONFIG_INVALID, "%s", detail);
}

apr_status_t uapi_sqlite_require_tenant(uapi_store *store, apr_pool_t *pool, uapi_result *result)
{
    if (store->mode == UAPI_STORE_READ) {
        return uapi_sqlite_fail(store, SQLITE_MISUSE, "write", pool, result);
    }
    if (!store->tenant[0]) {
        return uapi_sqlite_refuse(APR_EINVAL, pool, result, "no tenant is bound");
    }
    return APR_SUCCESS;
}

apr_status_t uapi_sqlite_begin(uapi_store *store, apr_pool_t *pool, uapi_result *result)
{
    apr_status_t status;

    if (!store->generation) {
        return uapi_sqlite_fail(store, SQLITE_MISUSE, "write", pool, result);
    }
    status = uapi_generation_begin(store->generation, pool, result);
    if (status != APR_SUCCESS) {
        return status;
    }
    status = uapi_sqlite_run(store, uapi_sqlite_use(store, UAPI_STATEMENT_BEGIN), "begin to write", pool, result);
    if (status != APR_SUCCESS) {
        uapi_generation_end(store->generation);
    }
    return status;
}

apr_status_t uapi_sqlite_finish(uapi_store *store, apr_status_t status, apr_pool_t *pool, uapi_result *result)
{
    if (status == APR_SUCCESS) {
        status = uapi_sqlite_run(store, uapi_sqlite_use(store, UAPI_STATEMENT_COMMIT), "commit", pool, result);
    }
    if (!sqlite3_get_autocommit(store->db)) { /* some failures have rolled back already */
        uapi_sqlite_run(store, uapi_sqlite_use(store, UAPI_STATEMENT_ROLLBACK), "roll back", pool, NULL);
    }
    uapi_generation_end(store->generation);
    return status;
}
