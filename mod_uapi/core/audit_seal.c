/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * HMAC (RFC 2104) over two digest states that have taken in the padded key already: copying a state costs less than
 * setting up a MAC context for each record.
 */
#include "audit_seal.h"

#include <string.h>

#include <openssl/evp.h>

#include "secret.h"

#define BLOCK 64

struct uapi_audit_seal {
    EVP_MD *digest;
    EVP_MD_CTX *work, *inner, *outer; /* inner and outer NULL without a key */
};

static apr_status_t release(void *data)
{
    uapi_audit_seal *seal = data;

    EVP_MD_CTX_free(seal->work);
    EVP_MD_CTX_free(seal->inner);
    EVP_MD_CTX_free(seal->outer);
    EVP_MD_free(seal->digest);
    return APR_SUCCESS;
}

static EVP_MD_CTX *padded(const uapi_audit_seal *seal, const uint8_t key[static UAPI_AUDIT_HASH_SIZE], uint8_t pad)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t block[BLOCK];
    int good;

    memset(block, pad, sizeof(block));
    for (size_t i = 0; i < UAPI_AUDIT_HASH_SIZE; i++) {
        block[i] ^= key[i];
    }
    good = context && EVP_DigestInit_ex2(context, seal->digest, NULL) &&
           EVP_DigestUpdate(context, block, sizeof(block));
    uapi_secret_wipe(block, sizeof(block));
    if (!good) {
        EVP_MD_CTX_free(context);
        return NULL;
    }
    return context;
}

uapi_audit_seal *uapi_audit_seal_create(const uint8_t *key, apr_pool_t *pool)
{
    uapi_audit_seal *seal = apr_pcalloc(pool, sizeof(*seal));

    apr_pool_cleanup_register(pool, seal, release, apr_pool_cleanup_null);
    seal->digest = EVP_MD_fetch(NULL, "SHA256", NULL);
    seal->work = EVP_MD_CTX_new();
    if (!seal->digest || !seal->work) {
        return NULL;
    }
    if (key) {
        seal->inner = padded(seal, key, 0x36);
        seal->outer = padded(seal, key, 0x5c);
        if (!seal->inner || !seal->outer) {
            return NULL;
        }
    }
    return seal;
}

int uapi_audit_seal_hash(uapi_audit_seal *seal, const uint8_t previous[UAPI_AUDIT_HASH_SIZE], const char *text,
                         size_t length, uint8_t hash[UAPI_AUDIT_HASH_SIZE])
{
    return EVP_DigestInit_ex2(seal->work, seal->digest, NULL) &&
           EVP_DigestUpdate(seal->work, previous, UAPI_AUDIT_HASH_SIZE) && EVP_DigestUpdate(seal->work, text, length) &&
           EVP_DigestFinal_ex(seal->work, hash, NULL);
}

static int finish_from(uapi_audit_seal *seal, const EVP_MD_CTX *state, const uint8_t *input, uint8_t *output)
{
    return EVP_MD_CTX_copy_ex(seal->work, state) && EVP_DigestUpdate(seal->work, input, UAPI_AUDIT_HASH_SIZE) &&
           EVP_DigestFinal_ex(seal->work, output, NULL);
}

int uapi_audit_seal_mac(uapi_audit_seal *seal, const uint8_t hash[UAPI_AUDIT_HASH_SIZE],
                        uint8_t mac[UAPI_AUDIT_HASH_SIZE])
{
    return seal->inner && finish_from(seal, seal->inner, hash, mac) && finish_from(seal, seal->outer, mac, mac);
}
