/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file crypto.h
 * OpenSSL made ready for the hot path: algorithms fetched once a process, contexts kept once a thread and freed when it
 * ends. A context belongs to the calling thread until its next call of the same function.
 */
#ifndef UAPI_CORE_CRYPTO_H
#define UAPI_CORE_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

#define UAPI_SHA256_SIZE 32

/**
 * SHA-256. Returns 0; or -1 if OpenSSL fails, and then the digest is all zeros, which is the digest of nothing known.
 */
int uapi_crypto_sha256(const void *data, size_t length, uint8_t digest[UAPI_SHA256_SIZE]);

/** AES-256-GCM and the calling thread's context for it. NULL if OpenSSL fails. Do not free either. */
const EVP_CIPHER *uapi_crypto_aes_256_gcm(void);
EVP_CIPHER_CTX *uapi_crypto_cipher_context(void);

#endif
