/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Opening is done for every call that injects a credential, so the base64 is decoded piece by piece on the stack,
 * straight into the cipher. GCM gives out plaintext before the tag is verified; it goes into the caller's buffer,
 * which is wiped when the tag is wrong. An empty plaintext is refused, so that a length of 0 can mean "no blob".
 */
#include "vault.h"

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

/* The shortest run of characters that ends on a byte boundary and holds IV and tag, and the bytes it holds. */
#define HEAD_CHARACTERS 40
#define HEAD_SIZE 30
#define PIECE_CHARACTERS 1024
#define PIECE_SIZE (PIECE_CHARACTERS / 4 * 3)

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

size_t uapi_vault_plaintext_length(const char *blob)
{
    ptrdiff_t decoded = blob ? uapi_base64_decoded_length(blob, strlen(blob)) : -1;

    return decoded <= OVERHEAD || decoded > OVERHEAD + MAX_PLAINTEXT ? 0 : (size_t)(decoded - OVERHEAD);
}

/* Decode and decrypt what follows the head. Returns the bytes written, -1 on failure. */
static ptrdiff_t decrypt_rest(EVP_CIPHER_CTX *context, uint8_t *plaintext, const char *text)
{
    size_t left = strlen(text), written = 0;

    while (left > 0) {
        uint8_t piece[PIECE_SIZE];
        size_t take = left < PIECE_CHARACTERS ? left : PIECE_CHARACTERS;
        ptrdiff_t size = uapi_base64_decode(piece, text, take);
        int done = 0;

        if (size < 0 || EVP_DecryptUpdate(context, plaintext + written, &done, piece, (int)size) != 1) {
            return -1;
        }
        written += (size_t)done;
        text += take;
        left -= take;
    }
    return (ptrdiff_t)written;
}

static int decrypt(uint8_t *plaintext, size_t length, const uint8_t *key, const char *aad, const char *blob)
{
    EVP_CIPHER_CTX *context = uapi_crypto_cipher_context();
    const EVP_CIPHER *cipher = uapi_crypto_aes_256_gcm();
    uint8_t head[HEAD_SIZE];
    ptrdiff_t head_size = uapi_base64_decode(head, blob, HEAD_CHARACTERS), rest = -1;
    int done = 0, ok;

    if (!context || !cipher || head_size <= OVERHEAD) {
        return 0;
    }
    ok = EVP_DecryptInit_ex2(context, cipher, key, head, NULL) == 1 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, head + IV_SIZE) == 1 &&
         EVP_DecryptUpdate(context, NULL, &done, (const uint8_t *)aad, (int)strlen(aad)) == 1 &&
         EVP_DecryptUpdate(context, plaintext, &done, head + OVERHEAD, (int)(head_size - OVERHEAD)) == 1;
    if (ok) {
        rest = decrypt_rest(context, plaintext + done, blob + HEAD_CHARACTERS);
    }
    ok = ok && rest >= 0 && (size_t)done + (size_t)rest == length &&
         EVP_DecryptFinal_ex(context, plaintext + length, &done) == 1 && done == 0;
    EVP_CIPHER_CTX_reset(context);
    return ok;
}

apr_status_t uapi_vault_open(void *plaintext, size_t size, size_t *length, const uint8_t key[UAPI_KEY_SIZE],
                             const char *aad, const char *blob, uapi_result *result)
{
    size_t needed = uapi_vault_plaintext_length(blob);

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

const char *uapi_vault_dek_aad(const char *tenant, int version, apr_pool_t *pool)
{
    return apr_psprintf(pool, "uapi:dek:1:%s:%d", tenant, version);
}

const char *uapi_vault_credential_aad(const char *tenant, const char *name, int version, apr_pool_t *pool)
{
    return apr_psprintf(pool, "uapi:credential:1:%s:%s:%d", tenant, name, version);
}
