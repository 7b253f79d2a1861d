/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "sqlite_connection.h"

#include <string.h>

static const char *const roles[] = {[UAPI_STORE_FIRST] = "first", [UAPI_STORE_HELD] = "held"};

/* ---------------------------------------------------------------- what an operator decided */

static void read_pin(uapi_store_pin *pin, sqlite3_stmt *statement, apr_pool_t *pool)
{
    pin->server = uapi_sqlite_text(statement, 0, pool);
    pin->tool = uapi_sqlite_text(statement, 1, pool);
    pin->hash = uapi_sqlite_text(statement, 2, pool);
    pin->definition = uapi_sqlite_text(statement, 3, pool);
    pin->rejected = uapi_sqlite_text(statement, 4, pool);
    pin->updated = sqlite3_column_int64(statement, 5);
}

apr_status_t uapi_store_pin_find(uapi_store *store, const char *server, const char *tool, uapi_store_pin **pin,
                                 apr_pool_t *pool, uapi_result *result)
{
    sqlite3_stmt *statement = uapi_sqlite_use(store, UAPI_STATEMENT_PIN_FIND);
    apr_status_t status = APR_NOTFOUND;
    int code;

    *pin = NULL;
    sqlite3_bind_text(statement, 1, server, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, tool, -1, SQLITE_STATIC);
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        *pin = apr_palloc(pool, sizeof(**pin));
        read_pin(*pin, statement, pool);
        status = APR_SUCCESS;
    } else if (code != SQLITE_DONE) {
        status = uapi_sqlite_fail(store, code, "find a pin", pool, result);
    }
    sqlite3_reset(statement);
    return status;
}

apr_status_t uapi_store_pin_list(uapi_store *store, apr_array_header_t **pins, apr_pool_t *pool, uapi_result *result)
{
    sqlite3_stmt *statement = uapi_sqlite_use(store, UAPI_STATEMENT_PIN_LIST);
    apr_array_header_t *list = apr_array_make(pool, 16, sizeof(uapi_store_pin));
    apr_status_t status = APR_SUCCESS;
    int code;

    *pins = NULL;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        read_pin(apr_array_push(list), statement, pool);
    }
    if (code == SQLITE_DONE) {
        *pins = list;
    } else {
        status = uapi_sqlite_fail(store, code, "list pins", pool, result);
    }
    sqlite3_reset(statement);
    return status;
}

static apr_status_t put_pin(uapi_store *store, const uapi_store_pin *pin, apr_pool_t *pool, uapi_result *result)
{
    sqlite3_stmt *statement = uapi_sqlite_use(store, UAPI_STATEMENT_PIN_PUT);

    sqlite3_bind_text(statement, 1, pin->server, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, pin->tool, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 3, pin->hash, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 4, pin->definition, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 5, pin->rejected, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 6, pin->updated ? pin->updated : apr_time_now());
    return uapi_sqlite_run(store, statement, "set a pin", pool, result);
}

apr_status_t uapi_store_pin_put(uapi_store *store, const uapi_store_pin *pins, size_t count, apr_pool_t *pool,
                                uapi_result *result)
{
    apr_status_t status = uapi_sqlite_require_tenant(store, pool, result);

    if (status == APR_SUCCESS) {
        status = uapi_sqlite_begin(store, pool, result);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    for (size_t i = 0; i < count && status == APR_SUCCESS; i++) {
        status = put_pin(store, &pins[i], pool, result);
    }
    return uapi_sqlite_finish(store, status, pool, result);
}

/* ---------------------------------------------------------------- what the server saw */

static apr_status_t read_observations(uapi_store *store, sqlite3_stmt *statement, apr_array_header_t **observations,
                                      apr_pool_t *pool, uapi_result *result)
{
    apr_array_header_t *list = apr_array_make(pool, 2, sizeof(uapi_store_observation));
    apr_status_t status = APR_SUCCESS;
    int code;

    *observations = NULL;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        uapi_store_observation *made = apr_array_push(list);

        made->server = uapi_sqlite_text(statement, 0, pool);
        made->tool = uapi_sqlite_text(statement, 1, pool);
        made->role = strcmp(uapi_sqlite_text(statement, 2, pool), roles[UAPI_STORE_FIRST]) == 0 ? UAPI_STORE_FIRST
                                                                                                : UAPI_STORE_HELD;
        made->hash = uapi_sqlite_text(statement, 3, pool);
        made->definition = uapi_sqlite_text(statement, 4, pool);
        made->seen = sqlite3_column_int64(statement, 5);
    }
    if (code == SQLITE_DONE) {
        *observations = list;
    } else {
        status = uapi_sqlite_fail(store, code, "read what was observed", pool, result);
    }
    sqlite3_reset(statement);
    return status;
}

apr_status_t uapi_store_observation_find(uapi_store *store, const char *server, const char *tool,
                                         apr_array_header_t **observations, apr_pool_t *pool, uapi_result *result)
{
    sqlite3_stmt *statement = uapi_sqlite_use(store, UAPI_STATEMENT_OBSERVATION_FIND);

    sqlite3_bind_text(statement, 1, server, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, tool, -1, SQLITE_STATIC);
    return read_observations(store, statement, observations, pool, result);
}

apr_status_t uapi_store_observation_list(uapi_store *store, apr_array_header_t **observations, apr_pool_t *pool,
                                         uapi_result *result)
{
    return read_observations(store, uapi_sqlite_use(store, UAPI_STATEMENT_OBSERVATION_LIST), observations, pool,
                             result);
}

/* The one of that role that is there now, or NULL. */
static apr_status_t find_same(uapi_store *store, const uapi_store_observation *wanted,
                              const uapi_store_observation **found, apr_pool_t *pool, uapi_result *result)
{
    apr_array_header_t *there;
    apr_status_t status = uapi_store_observation_find(store, wanted->server, wanted->tool, &there, pool, result);

    *found = NULL;
    for (int i = 0; status == APR_SUCCESS && i < there->nelts; i++) {
        if (APR_ARRAY_IDX(there, i, uapi_store_observation).role == wanted->role) {
            *found = &APR_ARRAY_IDX(there, i, uapi_store_observation);
        }
    }
    return status;
}

/* APR_NOTFOUND: there is room. */
static apr_status_t is_full(uapi_store *store, const char *server, apr_pool_t *pool, uapi_result *result)
{
    sqlite3_stmt *statement = uapi_sqlite_use(store, UAPI_STATEMENT_OBSERVATION_FULL);

    sqlite3_bind_text(statement, 1, server, -1, SQLITE_STATIC);
    sqlite3_bind_int(statement, 2, UAPI_STORE_MAX_OBSERVATIONS - 1);
    return uapi_sqlite_probe(store, statement, "count what was observed", pool, result);
}

static apr_status_t write_observation(uapi_store *store, const uapi_store_observation *one, apr_pool_t *pool,
                                      uapi_result *result)
{
    sqlite3_stmt *statement = uapi_sqlite_use(store, one->clear ? UAPI_STATEMENT_OBSERVATION_DELETE
                                                                : UAPI_STATEMENT_OBSERVATION_PUT);

    sqlite3_bind_text(statement, 1, one->server, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, one->tool, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 3, roles[one->role], -1, SQLITE_STATIC);
    if (!one->clear) {
        sqlite3_bind_text(statement, 4, one->hash, -1, SQLITE_STATIC);
        sqlite3_bind_text(statement, 5, one->definition, -1, SQLITE_STATIC);
        sqlite3_bind_int64(statement, 6, one->seen ? one->seen : apr_time_now());
    }
    return uapi_sqlite_run(store, statement, "keep what was observed", pool, result);
}

/* Whether it changes anything, judged under the write lock: other children see the same list at the same moment. */
static apr_status_t is_due(uapi_store *store, const uapi_store_observation *one, int *due, apr_pool_t *pool,
                           uapi_result *result)
{
    const uapi_store_observation *there;
    apr_status_t status = find_same(store, one, &there, pool, result);

    *due = 0;
    if (status != APR_SUCCESS) {
        return status;
    }
    if (there) {
        int same = strcmp(there->hash, one->hash) == 0;
        *due = one->clear ? same : one->role == UAPI_STORE_HELD && !same;
        return APR_SUCCESS;
    }
    if (one->clear || one->needed) {
        *due = one->needed;
        return APR_SUCCESS;
    }
    status = is_full(store, one->server, pool, result);
    *due = APR_STATUS_IS_NOTFOUND(status);
    return *due ? APR_SUCCESS : status;
}

apr_status_t uapi_store_observation_put(uapi_store *store, const uapi_store_observation *observations, size_t count,
                                        uapi_store_witness witness, void *baton, apr_pool_t *pool, uapi_result *result)
{
    apr_status_t status = uapi_sqlite_require_tenant(store, pool, result);

    if (status == APR_SUCCESS) {
        status = uapi_sqlite_begin(store, pool, result);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    for (size_t i = 0; i < count && status == APR_SUCCESS; i++) {
        int due;

        status = is_due(store, &observations[i], &due, pool, result);
        if (status == APR_SUCCESS && due) {
            status = write_observation(store, &observations[i], pool, result);
            if (status == APR_SUCCESS && witness) {
                status = witness(baton, &observations[i], pool, result);
            }
        }
    }
    return uapi_sqlite_finish(store, status, pool, result);
}
