/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file cache.h
 * A table of fixed size that any number of threads read without a lock, a system call or an allocation.
 *
 * Entries are found by 32 bytes, a digest or a short name, compared whole and in constant time, and hold up to a fixed number of bytes.
 * Each bears a stamp; it is found only under the very stamp that it was put in with, so that whatever has changed
 * since makes the whole table void at once. An entry may vanish at any time: this is a cache.
 */
#ifndef UAPI_CORE_CACHE_H
#define UAPI_CORE_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include <apr_pools.h>

#define UAPI_CACHE_KEY_SIZE 32

typedef struct uapi_cache uapi_cache;

typedef struct uapi_cache_stamp {
    uint64_t generation, epoch;
} uapi_cache_stamp;

typedef enum uapi_cache_memory {
    UAPI_CACHE_PLAIN,
    UAPI_CACHE_SECRET /* secret.h: locked, wiped when the pool goes */
} uapi_cache_memory;

/**
 * `entries` is a power of two, at least 4; `size` the most bytes that an entry holds, a multiple of 8. Memory is
 * touched only as entries come. NULL if there is none. Lives with the pool.
 */
uapi_cache *uapi_cache_create(size_t entries, size_t size, uapi_cache_memory memory, apr_pool_t *pool);

/**
 * Copy the entry's bytes to `bytes`, which has room for `size`; returns how many, or -1 if there is none. Any thread.
 */
ptrdiff_t uapi_cache_get(const uapi_cache *cache, const uint8_t key[UAPI_CACHE_KEY_SIZE], const uapi_cache_stamp *stamp,
                         void *bytes);

/** Put an entry in, in place of another if there is no room. One longer than `size` is left out. Any thread. */
void uapi_cache_put(uapi_cache *cache, const uint8_t key[UAPI_CACHE_KEY_SIZE], const uapi_cache_stamp *stamp,
                    const void *bytes, size_t length);

/** Wipe every entry that nobody is writing just now. Any thread. */
void uapi_cache_clear(uapi_cache *cache);

#endif
