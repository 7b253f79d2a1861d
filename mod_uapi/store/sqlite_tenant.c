/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "sqlite_connection.h"

static apr_status_t find(uapi_store *store, const char *name, apr_pool_t *pool, uapi_result *result)
{
    sqlite3_stmt *statement = uapi_sqlite_use(store, UAPI_STATEMENT_TENANT_FIND);

    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    return uapi_sqlite_probe(store, statement, "find a tenant", pool, result);
}

static apr_status_t insert(uapi_store *store, const char *name, apr_pool_t *pool, uapi_result *result)
{
    sqlite3_stmt *statement;
    apr_status_t status = find(store, name, pool, result);

    if (status == APR_SUCCESS) {
        return uapi_sqlite_refuse(APR_EEXIST, pool, result, "tenant %s exists already", name);
    }
    if (!APR_STATUS_IS_NOTFOUND(status)) {
        return status;
    }
    statement = uapi_sqlite_use(store, UAPI_STATEMENT_TENANT_INSERT);
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, apr_time_now());
    return uapi_sqlite_run(store, statement, "add a tenant", pool, result);
}

apr_status_t uapi_store_tenant_create(uapi_store *store, const char *name, apr_pool_t *pool, uapi_result *result)
{
    apr_status_t status;

    if (!uapi_store_name_valid(name)) {
        return uapi_sqlite_refuse(APR_EINVAL, pool, result, "not a name for a tenant");
    }
    status = uapi_sqlite_begin(store, pool, result);
    if (status != APR_SUCCESS) {
        return status;
    }
    return uapi_sqlite_finish(store, insert(store, name, pool, result), pool, result);
}

apr_status_t uapi_store_tenant_list(uapi_store *store, apr_array_header_t **tenants, apr_pool_t *pool,
                                    uapi_result *result)
{
    sqlite3_stmt *statement = uapi_sqlite_use(store, UAPI_STATEMENT_TENANT_LIST);
    apr_array_header_t *list = apr_array_make(pool, 8, sizeof(uapi_store_tenant));
    apr_status_t status = APR_SUCCESS;
    int code;

    *tenants = NULL;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        uapi_store_tenant *tenant = apr_array_push(list);

        tenant->name = uapi_sqlite_text(statement, 0, pool);
        tenant->created = sqlite3_column_int64(statement, 1);
    }
    if (code == SQLITE_DONE) {
        *tenants = list;
    } else {
        status = uapi_sqlite_fail(store, code, "list tenants", pool, result);
    }
    sqlite3_reset(statement);
    return status;
}

apr_status_t uapi_store_tenant_exists(uapi_store *store, const char *name, apr_pool_t *pool, uapi_result *result)
{
    apr_status_t status = APR_NOTFOUND;

    if (uapi_store_name_valid(name)) {
        status = find(store, name, pool, result);
    }
    return APR_STATUS_IS_NOTFOUND(status)
               ? uapi_sqlite_refuse(APR_NOTFOUND, pool, result, "there is no tenant %s", name ? name : "(none)")
               : status;
}
