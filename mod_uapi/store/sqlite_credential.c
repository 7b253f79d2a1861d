/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "sqlite_connection.h"

#include <apr_strings.h>

static apr_status_t read_dek(uapi_store *store, sqlite3_stmt *statement, uapi_store_dek **dek, apr_pool_t *pool,
                             uapi_result *result)
{
    apr_status_t status = APR_SUCCESS;
    int code = sqlite3_step(statement);

    if (code == SQLITE_ROW) {
        *dek = apr_palloc(pool, sizeof(**dek));
        (*dek)->version = sqlite3_column_int(statement, 0);
        (*dek)->wrapped = uapi_sqlite_text(statement, 1, pool);
    } else if (code == SQLITE_DONE) {
        status = uapi_fail(result, pool, APR_NOTFOUND, UAPI_REASON_CREDENTIAL_UNREADABLE,
                           "tenant %s has no such data key", store->tenant);
    } else {
        status = uapi_sqlite_fail(store, code, "find a data key", pool, result);
    }
    sqlite3_reset(statement);
    return status;
}

apr_status_t uapi_store_dek_find(uapi_store *store, int version, uapi_store_dek **dek, apr_pool_t *pool,
                                 uapi_result *result)
{
    sqlite3_stmt *statement = uapi_sqlite_use(store, version ? UAPI_STATEMENT_DEK_FIND : UAPI_STATEMENT_DEK_NEWEST);

    *dek = NULL;
    if (version) {
        sqlite3_bind_int(statement, 1, version);
    }
    return read_dek(store, statement, dek, pool, result);
}

static apr_status_t insert_dek(uapi_store *store, const uapi_store_dek *dek, apr_pool_t *pool, uapi_result *result)
{
    apr_status_t status = uapi_store_tenant_exists(store, store->tenant, pool, result);
    uapi_store_dek *newest;
    sqlite3_stmt *statement;

    if (status != APR_SUCCESS) {
        return status;
    }
    status = uapi_store_dek_find(store, 0, &newest, pool, result);
    if (status != APR_SUCCESS && !APR_STATUS_IS_NOTFOUND(status)) {
        return status;
    }
    if (dek->version != (newest ? newest->version : 0) + 1) {
        return uapi_sqlite_refuse(APR_EEXIST, pool, result, "another program made data key %d of tenant %s meanwhile",
                                  dek->version, store->tenant);
    }
    statement = uapi_sqlite_use(store, UAPI_STATEMENT_DEK_INSERT);
    sqlite3_bind_int(statement, 1, dek->version);
    sqlite3_bind_text(statement, 2, dek->wrapped, -1, SQLITE_STATIC);
    return uapi_sqlite_run(store, statement, "add a data key", pool, result);
}

apr_status_t uapi_store_dek_create(uapi_store *store, const uapi_store_dek *dek, apr_pool_t *pool, uapi_result *result)
{
    apr_status_t status = uapi_sqlite_require_tenant(store, pool, result);

    if (status == APR_SUCCESS) {
        status = uapi_sqlite_begin(store, pool, result);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    return uapi_sqlite_finish(store, insert_dek(store, dek, pool, result), pool, result);
}

static void read_credential(uapi_store_credential *credential, sqlite3_stmt *statement, apr_pool_t *pool)
{
    credential->name = uapi_sqlite_text(statement, 0, pool);
    credential->version = sqlite3_column_int(statement, 1);
    credential->dek_version = sqlite3_column_int(statement, 2);
    credential->blob = uapi_sqlite_text(statement, 3, pool);
    credential->updated = sqlite3_column_int64(statement, 4);
}

apr_status_t uapi_store_credential_find(uapi_store *store, const char *name, uapi_store_credential **credential,
                                        apr_pool_t *pool, uapi_result *result)
{
    sqlite3_stmt *statement = uapi_sqlite_use(store, UAPI_STATEMENT_CREDENTIAL_FIND);
    apr_status_t status = APR_SUCCESS;
    int code;

    *credential = NULL;
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        *credential = apr_palloc(pool, sizeof(**credential));
        read_credential(*credential, statement, pool);
    } else if (code == SQLITE_DONE) {
        status = uapi_fail(result, pool, APR_NOTFOUND, UAPI_REASON_CREDENTIAL_MISSING, "tenant %s has no credential %s",
                           store->tenant, name);
    } else {
        status = uapi_sqlite_fail(store, code, "find a credential", pool, result);
    }
    sqlite3_reset(statement);
    return status;
}

apr_status_t uapi_store_credential_list(uapi_store *store, apr_array_header_t **credentials, apr_pool_t *pool,
                                        uapi_result *result)
{
    sqlite3_stmt *statement = uapi_sqlite_use(store, UAPI_STATEMENT_CREDENTIAL_LIST);
    apr_array_header_t *list = apr_array_make(pool, 8, sizeof(uapi_store_credential));
    apr_status_t status = APR_SUCCESS;
    int code;

    *credentials = NULL;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        read_credential(apr_array_push(list), statement, pool);
    }
    if (code == SQLITE_DONE) {
        *credentials = list;
    } else {
        status = uapi_sqlite_fail(store, code, "list credentials", pool, result);
    }
    sqlite3_reset(statement);
    return status;
}

static apr_status_t put(uapi_store *store, const uapi_store_credential *credential, apr_pool_t *pool,
                        uapi_result *result)
{
    uapi_store_credential *current;
    uapi_store_dek *dek;
    sqlite3_stmt *statement;
    apr_status_t status = uapi_store_dek_find(store, credential->dek_version, &dek, pool, result);

    if (status != APR_SUCCESS) {
        return status;
    }
    status = uapi_store_credential_find(store, credential->name, &current, pool, result);
    if (status != APR_SUCCESS && !APR_STATUS_IS_NOTFOUND(status)) {
        return status;
    }
    if (credential->version != (current ? current->version : 0) + 1) {
        return uapi_sqlite_refuse(APR_EEXIST, pool, result, "another program changed credential %s meanwhile",
                                  credential->name);
    }
    statement = uapi_sqlite_use(store, UAPI_STATEMENT_CREDENTIAL_PUT);
    sqlite3_bind_text(statement, 1, credential->name, -1, SQLITE_STATIC);
    sqlite3_bind_int(statement, 2, credential->version);
    sqlite3_bind_int(statement, 3, credential->dek_version);
    sqlite3_bind_text(statement, 4, credential->blob, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 5, credential->updated ? credential->updated : apr_time_now());
    return uapi_sqlite_run(store, statement, "set a credential", pool, result);
}

apr_status_t uapi_store_credential_put(uapi_store *store, const uapi_store_credential *credential, apr_pool_t *pool,
                                       uapi_result *result)
{
    apr_status_t status = uapi_sqlite_require_tenant(store, pool, result);

    if (status != APR_SUCCESS) {
        return status;
    }
    if (!uapi_store_name_valid(credential->name) || credential->dek_version < 1 || !credential->blob) {
        return uapi_sqlite_refuse(APR_EINVAL, pool, result, "not a credential, or not a name for one");
    }
    if ((status = uapi_sqlite_begin(store, pool, result)) != APR_SUCCESS) {
        return status;
    }
    return uapi_sqlite_finish(store, put(store, credential, pool, result), pool, result);
}

static apr_status_t remove_named(uapi_store *store, const char *name, apr_pool_t *pool, uapi_result *result)
{
    uapi_store_credential *current;
    apr_status_t status = uapi_store_credential_find(store, name, &current, pool, result);
    sqlite3_stmt *statement;

    if (status != APR_SUCCESS) {
        return status;
    }
    statement = uapi_sqlite_use(store, UAPI_STATEMENT_CREDENTIAL_DELETE);
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    return uapi_sqlite_run(store, statement, "delete a credential", pool, result);
}

apr_status_t uapi_store_credential_delete(uapi_store *store, const char *name, apr_pool_t *pool, uapi_result *result)
{
    apr_status_t status = uapi_sqlite_require_tenant(store, pool, result);

    if (status == APR_SUCCESS) {
        status = uapi_sqlite_begin(store, pool, result);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    return uapi_sqlite_finish(store, remove_named(store, name, pool, result), pool, result);
}
