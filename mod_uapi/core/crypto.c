/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * With OpenSSL 3 an implicit fetch and a new context cost more than hashing a token, so both are kept. The
 * thread-specific key is deleted when the module is unloaded: its destructor must not outlive the code it points to,
 * and a server that is restarted a thousand times must not run out of keys. The fetched algorithms are deliberately
 * not freed then, because at the end of the process OpenSSL has cleaned up before destructors run.
 */
#include "crypto.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct thread_contexts {
    EVP_MD_CTX *digest;
    EVP_CIPHER_CTX *cipher;
} thread_contexts;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static int key_made;
static EVP_MD *sha256;
static EVP_CIPHER *aes_256_gcm;

static void free_contexts(void *data)
{
    thread_contexts *contexts = data;

    EVP_MD_CTX_free(contexts->digest);
    EVP_CIPHER_CTX_free(contexts->cipher);
    free(contexts);
}

static void prepare(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    aes_256_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    key_made = pthread_key_create(&key, free_contexts) == 0;
}

__attribute__((destructor)) static void forget(void)
{
    if (key_made) {
        pthread_key_delete(key);
    }
}

static thread_contexts *make_contexts(void)
{
    thread_contexts *contexts = calloc(1, sizeof(*contexts));

    if (!contexts) {
        return NULL;
    }
    contexts->digest = EVP_MD_CTX_new();
    contexts->cipher = EVP_CIPHER_CTX_new();
    if (!contexts->digest || !contexts->cipher || pthread_setspecific(key, contexts) != 0) {
        free_contexts(contexts);
        return NULL;
    }
    return contexts;
}

static thread_contexts *get_contexts(void)
{
    thread_contexts *contexts;

    pthread_once(&once, prepare);
    if (!key_made) {
        return NULL;
    }
    contexts = pthread_getspecific(key);
    return contexts ? contexts : make_contexts();
}

int uapi_crypto_sha256(const void *data, size_t length, uint8_t digest[UAPI_SHA256_SIZE])
{
    thread_contexts *contexts = get_contexts();

    if (contexts && sha256 && EVP_DigestInit_ex2(contexts->digest, sha256, NULL) == 1 &&
        EVP_DigestUpdate(contexts->digest, data, length) == 1 &&
        EVP_DigestFinal_ex(contexts->digest, digest, NULL) == 1) {
        return 0;
    }
    memset(digest, 0, UAPI_SHA256_SIZE);
    return -1;
}

const EVP_CIPHER *uapi_crypto_aes_256_gcm(void)
{
    pthread_once(&once, prepare);
    return aes_256_gcm;
}

EVP_CIPHER_CTX *uapi_crypto_cipher_context(void)
{
    thread_contexts *contexts = get_contexts();

    return contexts ? contexts->cipher : NULL;
}
