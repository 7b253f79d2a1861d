/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * GCM gives out plaintext before the tag is verified; it goes into the caller's buffer,
 * which is wiped when the tag is wrong. An empty plaintext is refused, so that a length of 0 can mean "no blob".
 */
#include "vault.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base64.h"
#include "crypto.h"
#include "secret.h"

#define IV_SIZE 12
#define TAG_SIZE 16
#define OVERHEAD (IV_SIZE + TAG_SIZE)
#define MAX_PLAINTEXT 65536
#define SMALL_BLOB 1024 /* decoded on the stack: wrapped keys, session ids, nearly all credentials */

static apr_status_t unreadable(uapi_result *result, const char *detail)
{
    apr_status_t status = uapi_fail(result, NULL, APR_EGENERAL, UAPI_REASON_CREDENTIAL_UNREADABLE, NULL);

    if (result) {
        result->detail = detail;
    }
    return status;
}

static int encrypt(uint8_t *sealed, const uint8_t *key, const char *aad, const void *plaintext, size_t length)
{
    EVP_CIPHER_CTX *context = uapi_crypto_cipher_context();
    const EVP_CIPHER *cipher = uapi_crypto_aes_256_gcm();
    uint8_t *iv = sealed, *tag = sealed + IV_SIZE, *ciphertext = sealed + OVERHEAD;
    int done, ok;

    ok = context && cipher && RAND_bytes(iv, IV_SIZE) == 1 &&
         EVP_EncryptInit_ex2(context, cipher, key, iv, NULL) == 1 &&
         EVP_EncryptUpdate(context, NULL, &done, (const uint8_t *)aad, (int)strlen(aad)) == 1 &&
         EVP_EncryptUpdate(context, ciphertext, &done, plaintext, (int)length) == 1 && (size_t)done == length &&
         EVP_EncryptFinal_ex(context, ciphertext + length, &done) == 1 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, tag) == 1;
    if (context) {
        EVP_CIPHER_CTX_reset(context);
    }
    return ok;
}

apr_status_t uapi_vault_seal(const char **blob, const uint8_t key[UAPI_KEY_SIZE], const char *aad,
                             const void *plaintext, size_t length, apr_pool_t *pool, uapi_result *result)
{
    uint8_t *sealed;
    char *text;

    *blob = NULL;
    if (length == 0 || length > MAX_PLAINTEXT) {
        return uapi_fail(result, pool, APR_EINVAL, UAPI_REASON_CONFIG_INVALID,
                         "a secret has 1 to %d bytes, this one %" APR_SIZE_T_FMT, MAX_PLAINTEXT, length);
    }
    sealed = apr_palloc(pool, OVERHEAD + length);
    if (!encrypt(sealed, key, aad, plaintext, length)) {
        uapi_secret_wipe(sealed, OVERHEAD + length);
        return uapi_fail(result, pool, APR_EGENERAL, UAPI_REASON_INTERNAL, "encryption failed");
    }
    text = apr_palloc(pool, (OVERHEAD + length + 2) / 3 * 4 + 1);
    EVP_EncodeBlock((unsigned char *)text, sealed, (int)(OVERHEAD + length));
    *blob = text;
    return APR_SUCCESS;
}

size_t uapi_vault_length_of(size_t size)
{
    return size <= OVERHEAD || size > OVERHEAD + MAX_PLAINTEXT ? 0 : size - OVERHEAD;
}

size_t uapi_vault_plaintext_length(const char *blob)
{
    ptrdiff_t decoded = blob ? uapi_base64_decoded_length(blob, strlen(blob)) : -1;

    return decoded < 0 ? 0 : uapi_vault_length_of((size_t)decoded);
}

const uint8_t *uapi_vault_bytes(const char *blob, size_t *size, apr_pool_t *pool)
{
    size_t needed = uapi_vault_plaintext_length(blob);
    uint8_t *bytes = needed ? apr_palloc(pool, OVERHEAD + needed) : NULL;

    *size = bytes && uapi_base64_decode(bytes, blob, strlen(blob)) > 0 ? OVERHEAD + needed : 0;
    return *size ? bytes : NULL;
}

static int decrypt(uint8_t *plaintext, size_t length, const uint8_t *key, const char *aad, const uint8_t *sealed)
{
    EVP_CIPHER_CTX *context = uapi_crypto_cipher_context();
    const EVP_CIPHER *cipher = uapi_crypto_aes_256_gcm();
    uint8_t tag[TAG_SIZE];
    int done = 0, ok;

    memcpy(tag, sealed + IV_SIZE, TAG_SIZE);
    ok = context && cipher && EVP_DecryptInit_ex2(context, cipher, key, sealed, NULL) == 1 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) == 1 &&
         EVP_DecryptUpdate(context, NULL, &done, (const uint8_t *)aad, (int)strlen(aad)) == 1 &&
         EVP_DecryptUpdate(context, plaintext, &done, sealed + OVERHEAD, (int)length) == 1 && (size_t)done == length &&
         EVP_DecryptFinal_ex(context, plaintext + length, &done) == 1 && done == 0;
    if (context) {
        EVP_CIPHER_CTX_reset(context);
    }
    return ok;
}

apr_status_t uapi_vault_open_bytes(void *plaintext, size_t size, size_t *length, const uint8_t key[UAPI_KEY_SIZE],
                                   const char *aad, const uint8_t *blob, size_t blob_size, uapi_result *result)
{
    size_t needed = blob ? uapi_vault_length_of(blob_size) : 0;

    *length = 0;
    if (needed == 0) {
        return unreadable(result, "it is no vault blob");
    }
    if (needed > size) {
        return unreadable(result, "it is larger than the room for it");
    }
    if (!decrypt(plaintext, needed, key, aad, blob)) {
        uapi_secret_wipe(plaintext, size);
        return unreadable(result, "it was made with another key, for another place, or has been changed");
    }
    *length = needed;
    return APR_SUCCESS;
}

apr_status_t uapi_vault_open(void *plaintext, size_t size, size_t *length, const uint8_t key[UAPI_KEY_SIZE],
                             const char *aad, const char *blob, uapi_result *result)
{
    size_t needed = uapi_vault_plaintext_length(blob), decoded = needed ? OVERHEAD + needed : 0;
    uint8_t small[SMALL_BLOB], *bytes = decoded > sizeof(small) ? malloc(decoded) : small;
    apr_status_t status;

    if (!bytes || (decoded && uapi_base64_decode(bytes, blob, strlen(blob)) < 0)) {
        decoded = 0;
    }
    status = uapi_vault_open_bytes(plaintext, size, length, key, aad, bytes, decoded, result);
    if (bytes != small) {
        free(bytes);
    }
    return status;
}

const char *uapi_vault_dek_aad(const char *tenant, int version, apr_pool_t *pool)
{
    return apr_psprintf(pool, "uapi:dek:1:%s:%d", tenant, version);
}

const char *uapi_vault_credential_aad(const char *tenant, const char *name, int version, apr_pool_t *pool)
{
    return apr_psprintf(pool, "uapi:credential:1:%s:%s:%d", tenant, name, version);
}
