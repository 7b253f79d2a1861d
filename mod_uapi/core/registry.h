/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file registry.h
 * The server's view of the registry: thread-safe, cached, read-only.
 *
 * A child process keeps token records (keyed by the whole SHA-256) and credentials as they stand in the registry:
 * encrypted. Cached entries are valid for one generation of the store (store.h) only, so a revocation holds on the
 * very next call in every process. Besides, a change made behind our back is noticed within a second (SQLite's
 * data_version). Unwrapped data keys are kept in secret memory. Connections are taken from a small stack; a hit takes
 * no connection and no exclusive lock.
 */
#ifndef UAPI_CORE_REGISTRY_H
#define UAPI_CORE_REGISTRY_H

#include <apr_pools.h>
#include <apr_time.h>

#include "keyring.h"
#include "principal.h"
#include "result.h"
#include "token.h"

typedef struct uapi_registry uapi_registry;

/**
 * In the parent: check that the file opens and has our schema (the connection is closed again; nothing of it crosses
 * a fork).
 */
apr_status_t uapi_registry_check(const char *path, apr_pool_t *pool, uapi_result *result);

/** In the parent: APR_NOTFOUND if the registry has no such tenant; otherwise as uapi_registry_check(). */
apr_status_t uapi_registry_check_tenant(const char *path, const char *tenant, apr_pool_t *pool, uapi_result *result);

/**
 * In a child (or uapictl). Pool cleanup closes all. Fails only for want of memory: a file that cannot be read now is
 * tried again by each call that needs it. The keyring must outlive it. NULL: a file of the registry's form without
 * tokens and credentials (pins.h), which the functions below must not be asked about.
 */
apr_status_t uapi_registry_open(uapi_registry **registry, const char *path, const uapi_keyring *keyring,
                                apr_pool_t *pool, uapi_result *result);

/**
 * Who presents this token? Checks form, looks up, judges expiry at `now` and revocation. On success the principal is
 * a copy in `pool`. Failures: token.malformed, token.unknown, token.expired, token.revoked, registry.unavailable. Any
 * thread.
 */
apr_status_t uapi_registry_authenticate(uapi_registry *registry, const char *token, size_t length, apr_time_t now,
                                        uapi_principal **principal, apr_pool_t *pool, uapi_result *result);

typedef struct uapi_sealed_credential uapi_sealed_credential;

/**
 * Find a tenant's credential without decrypting anything, so that a missing one can be refused before the decision is
 * recorded. credential.missing if there is none, registry.unavailable. The result lives in `pool`. Any thread.
 */
apr_status_t uapi_registry_find_credential(uapi_registry *registry, const char *tenant, const char *name,
                                           uapi_sealed_credential **credential, apr_pool_t *pool, uapi_result *result);

/** Room that the plaintext needs, in bytes. */
size_t uapi_sealed_credential_length(const uapi_sealed_credential *credential);

/** Decrypt into the caller's buffer, which the caller wipes. credential.unreadable. Any thread. */
apr_status_t uapi_registry_unseal(uapi_registry *registry, const uapi_sealed_credential *credential, char *plaintext,
                                  size_t size, size_t *length, uapi_result *result);

#endif
