/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file audit_seal.h
 * The links of an audit chain: hash = SHA-256(previous hash || record), mac = HMAC-SHA-256(audit key, hash).
 */
#ifndef UAPI_CORE_AUDIT_SEAL_H
#define UAPI_CORE_AUDIT_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include <apr_pools.h>

#define UAPI_AUDIT_HASH_SIZE 32
#define UAPI_AUDIT_SEAL_SIZE 64 /* hash, then mac */

/** Digest contexts, set up once and used for every record. Lives in its pool; for one thread at a time. */
typedef struct uapi_audit_seal uapi_audit_seal;

/**
 * `key` (32 bytes) may be NULL: hashes only. NULL if the crypto library fails. The key is not kept, but digest states
 * made of it are.
 */
uapi_audit_seal *uapi_audit_seal_create(const uint8_t *key, apr_pool_t *pool);

/** 1 if it worked. `hash` may be the same memory as `previous`. */
int uapi_audit_seal_hash(uapi_audit_seal *seal, const uint8_t previous[UAPI_AUDIT_HASH_SIZE], const char *text,
                         size_t length, uint8_t hash[UAPI_AUDIT_HASH_SIZE]);

/** 1 if it worked; 0 also without a key. */
int uapi_audit_seal_mac(uapi_audit_seal *seal, const uint8_t hash[UAPI_AUDIT_HASH_SIZE],
                        uint8_t mac[UAPI_AUDIT_HASH_SIZE]);

#endif
