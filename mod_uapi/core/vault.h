/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file vault.h
 * Encryption of credentials and of the keys that encrypt them: AES-256-GCM, 12-byte random IV, 16-byte tag, base64(IV
 * || tag || ciphertext) (NIST SP 800-38D). The additional data binds a blob to its place, so that a row
 * moved elsewhere does not decrypt: "uapi:dek:1:<tenant>:<version>" for a tenant's data key under the KEK,
 * "uapi:credential:1:<tenant>:<name>:<version>" for a credential under the DEK (names are validated to hold no
 * colon).
 */
#ifndef UAPI_CORE_VAULT_H
#define UAPI_CORE_VAULT_H

#include <stddef.h>
#include <stdint.h>

#include <apr_pools.h>

#include "keyring.h"
#include "result.h"

/** Encrypt; the base64 text is pool-allocated and NUL-terminated. */
apr_status_t uapi_vault_seal(const char **blob, const uint8_t key[UAPI_KEY_SIZE], const char *aad,
                             const void *plaintext, size_t length, apr_pool_t *pool, uapi_result *result);

/** The bytes of a blob, decoded into the pool; NULL and 0 if it cannot be one. */
const uint8_t *uapi_vault_bytes(const char *blob, size_t *size, apr_pool_t *pool);

/** Bytes that the plaintext of a blob has; 0 if the blob cannot be one. */
size_t uapi_vault_plaintext_length(const char *blob);
/** The same for a blob of `size` decoded bytes. */
size_t uapi_vault_length_of(size_t size);

/**
 * Decrypt into `plaintext`, which has room for `size` bytes; `*length` receives the bytes written. Fails with
 * credential.unreadable (nothing written, the buffer wiped) unless the tag verifies.
 */
apr_status_t uapi_vault_open(void *plaintext, size_t size, size_t *length, const uint8_t key[UAPI_KEY_SIZE],
                             const char *aad, const char *blob, uapi_result *result);

/** The same for decoded bytes. Cheap enough for every call: no allocation, OpenSSL's context is kept per thread. */
apr_status_t uapi_vault_open_bytes(void *plaintext, size_t size, size_t *length, const uint8_t key[UAPI_KEY_SIZE],
                                   const char *aad, const uint8_t *blob, size_t blob_size, uapi_result *result);

const char *uapi_vault_dek_aad(const char *tenant, int version, apr_pool_t *pool);
const char *uapi_vault_credential_aad(const char *tenant, const char *name, int version, apr_pool_t *pool);

#endif
