/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file secret.h
 * Memory for plaintext: locked (mlock, best effort), kept out of core dumps (MADV_DONTDUMP), wiped when released.
 */
#ifndef UAPI_CORE_SECRET_H
#define UAPI_CORE_SECRET_H

#include <stddef.h>

#include <apr_pools.h>

/**
 * Zeroed memory that is wiped and released when the pool is cleared. For long-lived keys: takes whole pages. NULL if
 * the kernel gives none. A forked child inherits the content and the exclusion from dumps; the lock it does not
 * (mlock(2)).
 */
void *uapi_secret_alloc(size_t size, apr_pool_t *pool);

/** Wipe memory that the compiler must not think dead. */
void uapi_secret_wipe(void *memory, size_t size);

/**
 * Have `size` bytes at `memory` wiped before the pool's memory is given back (a pre-cleanup). For plaintext in pool
 * memory.
 */
void uapi_secret_wipe_with(apr_pool_t *pool, void *memory, size_t size);

/** Compare in constant time; 1 if equal. */
int uapi_secret_equal(const void *a, const void *b, size_t size);

#endif
