/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Two numbers stamp what is cached. The generation is shared with the writers (store.h) and read by every call: it
 * makes a revocation hold at once. The epoch is this process's own and counts what the generation cannot show: a
 * change made with another program, a file that was replaced or has gone. One caller a second pays for looking; the
 * others go on. A file that is merely locked for a moment voids nothing: while nobody can write it, what is cached
 * stays true.
 */
#include "registry_private.h"

#include <sys/stat.h>
#include <time.h>

#include <apr_strings.h>

#define WATCH_PERIOD 1000
#define WIPE_PERIOD 240000 /* with what the callers' own copies take, below the five minutes of the design */

static int64_t monotonic_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void uapi_registry_watch_soon(uapi_registry *registry)
{
    __atomic_store_n(&registry->next_watch, 0, __ATOMIC_RELEASE);
}

void uapi_registry_void(uapi_registry *registry)
{
    __atomic_fetch_add(&registry->epoch, 1, __ATOMIC_ACQ_REL);
}

int uapi_registry_stamp(const uapi_registry *registry, uapi_cache_stamp *stamp)
{
    const volatile uint64_t *generation;

    stamp->epoch = __atomic_load_n(&registry->epoch, __ATOMIC_ACQUIRE); /* first: it rises after a new file is mapped */
    generation = __atomic_load_n(&registry->generation, __ATOMIC_ACQUIRE);
    if (!generation) {
        return 0;
    }
    stamp->generation = __atomic_load_n(generation, __ATOMIC_ACQUIRE);
    return !(stamp->generation & 1) || stamp->generation == __atomic_load_n(&registry->abandoned, __ATOMIC_ACQUIRE);
}

static void drop_connection(uapi_registry *registry)
{
    if (registry->watch) {
        uapi_registry_disconnect(registry->watch);
        registry->watch = NULL;
    }
    uapi_registry_void(registry);
}

/* Nobody has watched until now. What is cached is void only after there is a version to compare with. */
static void watch_anew(uapi_registry *registry, apr_pool_t *pool)
{
    uapi_result result = {0};

    if (uapi_registry_connect(registry->path, &registry->watch, pool, &result) == APR_SUCCESS &&
        uapi_store_data_version(registry->watch->store, &registry->data_version, pool, &result) != APR_SUCCESS) {
        drop_connection(registry);
    }
    uapi_registry_void(registry);
}

static void watch_file(uapi_registry *registry, apr_pool_t *pool)
{
    uapi_result result = {0};
    uint32_t version;
    apr_status_t status;

    if (registry->watch && !uapi_registry_is_current(registry->path, registry->watch)) {
        drop_connection(registry);
    }
    if (!registry->watch) {
        watch_anew(registry, pool);
        return;
    }
    status = uapi_store_data_version(registry->watch->store, &version, pool, &result);
    if (status == APR_SUCCESS && version != registry->data_version) {
        registry->data_version = version;
        uapi_registry_void(registry);
    } else if (status != APR_SUCCESS && !APR_STATUS_IS_EBUSY(status)) {
        drop_connection(registry);
    }
}

/* Mappings of replaced files stay until the end: a thread may be reading one. Replacing them is rare. */
static void watch_generation(uapi_registry *registry, apr_pool_t *pool)
{
    const char *path = apr_pstrcat(pool, registry->path, "-generation", NULL);
    const volatile uint64_t *generation = NULL;
    struct stat info;
    int there = stat(path, &info) == 0;

    if (there && registry->generation && info.st_dev == registry->generation_device &&
        info.st_ino == registry->generation_inode) {
        return;
    }
    if (!there && !registry->generation) {
        return;
    }
    if (there && uapi_store_generation_map(registry->path, &generation, registry->watch_pool, NULL) == APR_SUCCESS) {
        registry->generation_device = info.st_dev;
        registry->generation_inode = info.st_ino;
    }
    __atomic_store_n(&registry->generation, generation, __ATOMIC_RELEASE);
    uapi_registry_void(registry);
}

static void watch_killed_writers(uapi_registry *registry, apr_pool_t *pool)
{
    uint64_t value = registry->generation ? __atomic_load_n(registry->generation, __ATOMIC_ACQUIRE) : 0;

    if (value & 1 && uapi_store_generation_abandoned(registry->path, value, pool)) {
        __atomic_store_n(&registry->abandoned, value, __ATOMIC_RELEASE);
    }
}

static void look(uapi_registry *registry, int64_t now)
{
    apr_pool_t *pool = NULL;

    if (apr_pool_create_unmanaged(&pool) != APR_SUCCESS) {
        uapi_registry_void(registry);
        return;
    }
    watch_generation(registry, pool);
    watch_file(registry, pool);
    watch_killed_writers(registry, pool);
    if (registry->deks && now >= registry->next_wipe) {
        registry->next_wipe = now + WIPE_PERIOD;
        uapi_cache_clear(registry->deks);
    }
    apr_pool_destroy(pool);
}

void uapi_registry_watch(uapi_registry *registry)
{
    int64_t now = monotonic_now(), next = __atomic_load_n(&registry->next_watch, __ATOMIC_RELAXED);

    if (now < next || !__atomic_compare_exchange_n(&registry->next_watch, &next, now + WATCH_PERIOD, 0,
                                                   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
        return;
    }
    if (pthread_mutex_trylock(&registry->watch_lock) == 0) {
        look(registry, now);
        pthread_mutex_unlock(&registry->watch_lock);
    }
}

void uapi_registry_stop_watching(uapi_registry *registry)
{
    if (registry->watch) {
        uapi_registry_disconnect(registry->watch);
        registry->watch = NULL;
    }
    __atomic_store_n(&registry->generation, NULL, __ATOMIC_RELEASE);
    apr_pool_destroy(registry->watch_pool);
}
