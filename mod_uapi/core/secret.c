/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Long-lived keys get pages of their own, straight from the kernel: memory of a pool shares its pages with everything
 * else, so that locking it or keeping it out of core dumps would cover too much or too little. Locking is best effort
 * because the default limit of an unprivileged process is small; a key that may be swapped is better than no service.
 */
#include "secret.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include <openssl/crypto.h>

typedef struct secret_extent {
    void *memory;
    size_t size;
} secret_extent;

static size_t whole_pages(size_t size)
{
    long page = sysconf(_SC_PAGESIZE);
    size_t unit = page > 0 ? (size_t)page : 4096;

    if (size == 0) {
        size = 1;
    }
    return size > SIZE_MAX - unit ? 0 : (size + unit - 1) / unit * unit;
}

static apr_status_t release_pages(void *data)
{
    secret_extent *extent = data;

    uapi_secret_wipe(extent->memory, extent->size);
    munlock(extent->memory, extent->size);
    munmap(extent->memory, extent->size);
    return APR_SUCCESS;
}

static apr_status_t wipe_extent(void *data)
{
    secret_extent *extent = data;

    uapi_secret_wipe(extent->memory, extent->size);
    return APR_SUCCESS;
}

void *uapi_secret_alloc(size_t size, apr_pool_t *pool)
{
    secret_extent *extent = apr_palloc(pool, sizeof(*extent));

    extent->size = whole_pages(size);
    if (extent->size == 0) {
        return NULL;
    }
    extent->memory = mmap(NULL, extent->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (extent->memory == MAP_FAILED) {
        return NULL;
    }
    (void)mlock(extent->memory, extent->size);
    (void)madvise(extent->memory, extent->size, MADV_DONTDUMP);
    apr_pool_cleanup_register(pool, extent, release_pages, apr_pool_cleanup_null);
    return extent->memory;
}

void uapi_secret_wipe(void *memory, size_t size)
{
    if (memory && size) {
        OPENSSL_cleanse(memory, size);
    }
}

void uapi_secret_wipe_with(apr_pool_t *pool, void *memory, size_t size)
{
    secret_extent *extent = apr_palloc(pool, sizeof(*extent));

    extent->memory = memory;
    extent->size = size;
    apr_pool_pre_cleanup_register(pool, extent, wipe_extent);
}

int uapi_secret_equal(const void *a, const void *b, size_t size)
{
    return CRYPTO_memcmp(a, b, size) == 0;
}
