/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Each connection has a pool of its own with its own allocator, so that threads that open and close connections do
 * not meet in the child's pool, which no lock guards.
 */
#include "registry_private.h"

#include <sys/stat.h>

/* The detail must outlive the connection's pool. */
static apr_status_t keep_detail(apr_status_t status, const uapi_result *failure, apr_pool_t *pool, uapi_result *result)
{
    return uapi_fail(result, pool, status, failure->reason, "%s", failure->detail ? failure->detail : "unavailable");
}

apr_status_t uapi_registry_connect(const char *path, uapi_registry_connection **connection, apr_pool_t *pool,
                                   uapi_result *result)
{
    uapi_result failure = {0};
    uapi_registry_connection *made;
    apr_pool_t *own = NULL;
    apr_status_t status;
    struct stat info;

    *connection = NULL;
    if (apr_pool_create_unmanaged(&own) != APR_SUCCESS) {
        return uapi_fail(result, pool, APR_ENOMEM, UAPI_REASON_REGISTRY_UNAVAILABLE, "no memory");
    }
    made = apr_pcalloc(own, sizeof(*made));
    made->pool = own;
    if (stat(path, &info) == 0) { /* before it is opened: if it is replaced between, it is seen as not current */
        made->device = info.st_dev;
        made->inode = info.st_ino;
    }
    status = uapi_store_open(&made->store, path, UAPI_STORE_READ, own, &failure);
    if (status != APR_SUCCESS) {
        status = keep_detail(status, &failure, pool, result);
        apr_pool_destroy(own);
        return status;
    }
    *connection = made;
    return APR_SUCCESS;
}

void uapi_registry_disconnect(uapi_registry_connection *connection)
{
    uapi_store_close(connection->store);
    apr_pool_destroy(connection->pool);
}

int uapi_registry_is_current(const char *path, const uapi_registry_connection *connection)
{
    struct stat info;

    return stat(path, &info) == 0 && info.st_dev == connection->device && info.st_ino == connection->inode;
}

static uapi_registry_connection *pop(uapi_registry *registry)
{
    uapi_registry_connection *connection = NULL;

    pthread_mutex_lock(&registry->idle_lock);
    if (registry->idle_count > 0) {
        connection = registry->idle[--registry->idle_count];
    }
    pthread_mutex_unlock(&registry->idle_lock);
    return connection;
}

static int push(uapi_registry *registry, uapi_registry_connection *connection)
{
    int kept = 0;

    pthread_mutex_lock(&registry->idle_lock);
    if (registry->idle_count < UAPI_REGISTRY_MAX_IDLE) {
        registry->idle[registry->idle_count++] = connection;
        kept = 1;
    }
    pthread_mutex_unlock(&registry->idle_lock);
    return kept;
}

/* An idle connection to the file that has the name now, or NULL. */
static uapi_registry_connection *pop_current(uapi_registry *registry)
{
    uapi_registry_connection *connection;

    while ((connection = pop(registry)) != NULL && !uapi_registry_is_current(registry->path, connection)) {
        uapi_registry_void(registry);
        uapi_registry_watch_soon(registry); /* the new file has another generation */
        uapi_registry_disconnect(connection);
    }
    return connection;
}

/* Ask, and keep the connection if it is sound. */
static apr_status_t ask_on(uapi_registry *registry, uapi_registry_connection *connection,
                           uapi_registry_question question, void *baton, apr_pool_t *pool, uapi_result *result)
{
    apr_status_t status = question(connection->store, baton, pool, result);
    int sound = status == APR_SUCCESS || APR_STATUS_IS_NOTFOUND(status);

    uapi_store_bind_tenant(connection->store, NULL);
    if (!sound || !push(registry, connection)) {
        uapi_registry_disconnect(connection);
    }
    return status;
}

apr_status_t uapi_registry_ask(uapi_registry *registry, uapi_registry_question question, void *baton, apr_pool_t *pool,
                               uapi_result *result)
{
    uapi_registry_connection *connection = pop_current(registry);
    apr_status_t status;

    if (connection) {
        uapi_result failure = {0};

        status = ask_on(registry, connection, question, baton, pool, &failure);
        if (status == APR_SUCCESS || APR_STATUS_IS_NOTFOUND(status) || APR_STATUS_IS_EBUSY(status)) {
            if (status != APR_SUCCESS && result) {
                *result = failure;
            }
            return status;
        }
    }
    status = uapi_registry_connect(registry->path, &connection, pool, result);
    return status == APR_SUCCESS ? ask_on(registry, connection, question, baton, pool, result) : status;
}

void uapi_registry_close_idle(uapi_registry *registry)
{
    uapi_registry_connection *connection;

    while ((connection = pop(registry)) != NULL) {
        uapi_registry_disconnect(connection);
    }
}
