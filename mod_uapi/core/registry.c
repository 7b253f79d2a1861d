/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A registry that cannot be read when a child starts is no reason for the child to be useless for the rest of its
 * life: opening prepares memory only, and each call that needs the file tries it.
 */
#include "registry_private.h"

#include <apr_strings.h>

#define MAX_TOKENS 65536
#define MAX_CREDENTIALS 4096
#define MAX_DEKS 512

apr_status_t uapi_registry_check(const char *path, apr_pool_t *pool, uapi_result *result)
{
    const volatile uint64_t *generation;
    apr_pool_t *scratch = NULL;
    uapi_result failure = {0};
    uapi_store *store;
    apr_status_t status;

    apr_pool_create(&scratch, pool);
    status = uapi_store_open(&store, path, UAPI_STORE_READ, scratch, &failure);
    if (status == APR_SUCCESS) {
        uapi_store_close(store);
        status = uapi_store_generation_map(path, &generation, scratch, &failure);
    }
    if (status != APR_SUCCESS) {
        status = uapi_fail(result, pool, status, failure.reason, "%s", failure.detail);
    }
    apr_pool_destroy(scratch);
    return status;
}

apr_status_t uapi_registry_check_tenant(const char *path, const char *tenant, apr_pool_t *pool, uapi_result *result)
{
    uapi_store *store;
    apr_status_t status = uapi_store_open(&store, path, UAPI_STORE_READ, pool, result);

    if (status == APR_SUCCESS) {
        status = uapi_store_tenant_exists(store, tenant, pool, result);
        uapi_store_close(store);
    }
    return status;
}

static apr_status_t close_registry(void *data)
{
    uapi_registry *registry = data;

    uapi_registry_close_idle(registry);
    uapi_registry_stop_watching(registry);
    pthread_mutex_destroy(&registry->idle_lock);
    pthread_mutex_destroy(&registry->watch_lock);
    return APR_SUCCESS;
}

static int make_caches(uapi_registry *registry, apr_pool_t *pool)
{
    registry->tokens = uapi_cache_create(MAX_TOKENS, uapi_registry_token_size(), UAPI_CACHE_PLAIN, pool);
    registry->credentials = uapi_cache_create(MAX_CREDENTIALS, uapi_registry_credential_size(), UAPI_CACHE_PLAIN, pool);
    registry->deks = uapi_cache_create(MAX_DEKS, UAPI_KEY_SIZE, UAPI_CACHE_SECRET, pool);
    return registry->tokens && registry->credentials && registry->deks;
}

apr_status_t uapi_registry_open(uapi_registry **registry, const char *path, const uapi_keyring *keyring,
                                apr_pool_t *pool, uapi_result *result)
{
    uapi_registry *made = apr_pcalloc(pool, sizeof(*made));

    *registry = NULL;
    made->path = apr_pstrdup(pool, path);
    made->keyring = keyring;
    if ((keyring && !make_caches(made, pool)) || apr_pool_create_unmanaged(&made->watch_pool) != APR_SUCCESS) {
        return uapi_fail(result, pool, APR_ENOMEM, UAPI_REASON_REGISTRY_UNAVAILABLE, "no memory for the registry");
    }
    pthread_mutex_init(&made->idle_lock, NULL);
    pthread_mutex_init(&made->watch_lock, NULL);
    apr_pool_cleanup_register(pool, made, close_registry, apr_pool_cleanup_null);
    *registry = made;
    return APR_SUCCESS;
}
