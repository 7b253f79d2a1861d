/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Why a file beside the database and not a row in it: readers must see a change without a system call, and SQLite's
 * own shared memory has no promised layout. Why flock and not SQLite's lock: the number has to change before SQLite
 * lets the first writer in. The first number is the time, so that a file that was deleted and made anew does not
 * repeat numbers that a reader may still hold.
 */
#include "sqlite_generation.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>
#include <apr_time.h>

#include "sqlite_connection.h"

struct uapi_generation {
    const char *registry, *path;
    int file;
    uint64_t *value;
};

static const char *path_of(const char *registry, apr_pool_t *pool)
{
    return apr_pstrcat(pool, registry, "-generation", NULL);
}

static apr_status_t fail(uapi_result *result, apr_pool_t *pool, const char *path, const char *what, int error)
{
    return uapi_fail(result, pool, error ? APR_FROM_OS_ERROR(error) : APR_EGENERAL, UAPI_REASON_REGISTRY_UNAVAILABLE,
                     "generation file %s: %s%s%s", path, what, error ? ": " : "", error ? strerror(error) : "");
}

static void release(uapi_generation *generation)
{
    if (generation->value) {
        munmap(generation->value, sizeof(uint64_t));
        generation->value = NULL;
    }
    if (generation->file >= 0) {
        close(generation->file);
        generation->file = -1;
    }
}

static apr_status_t release_with_pool(void *data)
{
    release(data);
    return APR_SUCCESS;
}

/* Under the lock: give a new file its first number. */
static int fill(const uapi_generation *generation)
{
    uint64_t first = (uint64_t)apr_time_now() & ~(uint64_t)1;
    struct stat info;

    if (fstat(generation->file, &info) != 0) {
        return 0;
    }
    if (info.st_size == (off_t)sizeof(first)) {
        return 1;
    }
    return info.st_size == 0 && pwrite(generation->file, &first, sizeof(first), 0) == (ssize_t)sizeof(first);
}

static int lock_patiently(int file)
{
    apr_time_t until = apr_time_now() + UAPI_STORE_PATIENCE;

    while (flock(file, LOCK_EX | LOCK_NB) != 0) {
        if ((errno != EWOULDBLOCK && errno != EINTR) || apr_time_now() > until) {
            return 0;
        }
        apr_sleep(apr_time_from_msec(5));
    }
    return 1;
}

/* Whether the open file is still the one that its name leads to. */
static int is_current(const uapi_generation *generation)
{
    struct stat mine, named;

    return fstat(generation->file, &mine) == 0 && lstat(generation->path, &named) == 0 && mine.st_dev == named.st_dev &&
           mine.st_ino == named.st_ino;
}

/* Open, lock, fill and map; the lock stays held. */
static apr_status_t open_locked(uapi_generation *generation, apr_pool_t *pool, uapi_result *result)
{
    const char *path = generation->path;
    void *map;

    generation->file = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
    if (generation->file < 0) {
        return fail(result, pool, path, "cannot be opened for writing", errno);
    }
    if (!lock_patiently(generation->file)) {
        return fail(result, pool, path, "another writer holds it", errno == EWOULDBLOCK ? 0 : errno);
    }
    if (!fill(generation)) {
        return fail(result, pool, path, "is not ours or cannot be written", 0);
    }
    map = mmap(NULL, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, generation->file, 0);
    if (map == MAP_FAILED) {
        return fail(result, pool, path, "cannot be mapped", errno);
    }
    generation->value = map;
    return APR_SUCCESS;
}

apr_status_t uapi_generation_open(uapi_generation **generation, const char *registry, apr_pool_t *pool,
                                  uapi_result *result)
{
    uapi_generation *made = apr_pcalloc(pool, sizeof(*made));
    apr_status_t status;

    *generation = NULL;
    made->registry = apr_pstrdup(pool, registry);
    made->path = path_of(registry, pool);
    made->file = -1;
    apr_pool_cleanup_register(pool, made, release_with_pool, apr_pool_cleanup_null);
    status = open_locked(made, pool, result);
    if (status != APR_SUCCESS) {
        release(made);
        return status;
    }
    flock(made->file, LOCK_UN);
    *generation = made;
    return APR_SUCCESS;
}

apr_status_t uapi_generation_begin(uapi_generation *generation, apr_pool_t *pool, uapi_result *result)
{
    uint64_t value;

    if (generation->file >= 0 && !lock_patiently(generation->file)) {
        return fail(result, pool, generation->path, "another writer holds it", 0);
    }
    if (generation->file < 0 || !is_current(generation)) {
        apr_status_t status;

        release(generation);
        status = open_locked(generation, pool, result);
        if (status != APR_SUCCESS) {
            release(generation);
            return status;
        }
    }
    value = __atomic_load_n(generation->value, __ATOMIC_SEQ_CST);
    __atomic_store_n(generation->value, value + (value & 1 ? 2 : 1), __ATOMIC_SEQ_CST);
    return APR_SUCCESS;
}

void uapi_generation_end(uapi_generation *generation)
{
    __atomic_fetch_add(generation->value, 1, __ATOMIC_SEQ_CST);
    flock(generation->file, LOCK_UN);
}

static apr_status_t unmap(void *data)
{
    munmap(data, sizeof(uint64_t));
    return APR_SUCCESS;
}

/* A writer that has just made the file has not filled it yet; a short wait tells it from a file that is not ours. */
static int has_size(int file)
{
    struct stat info;
    int tries;

    for (tries = 0; tries < 20; tries++) {
        if (fstat(file, &info) != 0 || !S_ISREG(info.st_mode)) {
            return 0;
        }
        if (info.st_size >= (off_t)sizeof(uint64_t)) {
            return 1;
        }
        apr_sleep(apr_time_from_msec(5));
    }
    return 0;
}

apr_status_t uapi_store_generation_map(const char *path, const volatile uint64_t **generation, apr_pool_t *pool,
                                       uapi_result *result)
{
    const char *name = path_of(path, pool);
    int file = open(name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    void *map;

    *generation = NULL;
    if (file < 0) {
        return fail(result, pool, name, errno == ENOENT ? "any change made with uapictl makes it" : "cannot be read",
                    errno);
    }
    if (!has_size(file)) {
        close(file);
        return fail(result, pool, name, "is not ours", 0);
    }
    map = mmap(NULL, sizeof(uint64_t), PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (map == MAP_FAILED) {
        return fail(result, pool, name, "cannot be mapped", errno);
    }
    apr_pool_cleanup_register(pool, map, unmap, apr_pool_cleanup_null);
    *generation = map;
    return APR_SUCCESS;
}

int uapi_store_generation_abandoned(const char *path, uint64_t value, apr_pool_t *pool)
{
    int file = open(path_of(path, pool), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK), abandoned = 0;
    uint64_t now;

    if (file < 0) {
        return 0;
    }
    if (flock(file, LOCK_SH | LOCK_NB) == 0) {
        abandoned = pread(file, &now, sizeof(now), 0) == (ssize_t)sizeof(now) && now == value;
    }
    close(file);
    return abandoned;
}
