/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sqlite_generation.h
 * The writer's side of the generation file (see store.h).
 *
 * One writer at a time holds flock(LOCK_EX) on the file, from before its first change until after its commit. It
 * leaves the number odd meanwhile and raises it once more afterwards. A number never comes back: a writer that finds
 * it odd, because the one before was killed, goes on to the next odd one.
 */
#ifndef UAPI_STORE_SQLITE_GENERATION_H
#define UAPI_STORE_SQLITE_GENERATION_H

#include <apr_pools.h>

#include "../core/result.h"

typedef struct uapi_generation uapi_generation;

/**
 * Open for writing; makes the file, with the registry's owner and permissions, if it is not there. Closed with the
 * pool.
 */
apr_status_t uapi_generation_open(uapi_generation **generation, const char *registry, apr_pool_t *pool,
                                  uapi_result *result);

/** Wait for the lock, at most UAPI_STORE_PATIENCE, and make the number odd. */
apr_status_t uapi_generation_begin(uapi_generation *generation, apr_pool_t *pool, uapi_result *result);

/** Make the number even and give the lock up. */
void uapi_generation_end(uapi_generation *generation);

#endif
