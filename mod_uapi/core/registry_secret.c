/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A credential is cached as it stands in the registry, together with its wrapped data key, so that unsealing needs
 * neither file nor connection and can fail only over the cryptography. Unwrapped data keys are found by a digest over
 * their place and their wrapped form: such an entry can never be wrong, whatever happens to the registry, so it bears
 * no stamp.
 */
#include "registry_private.h"

#include <string.h>

#include <apr_strings.h>

#include "crypto.h"
#include "secret.h"
#include "vault.h"

#define TEXT_SIZE 3840

struct uapi_sealed_credential {
    const char *aad; /* the credential, under the data key */
    const uint8_t *blob;
    size_t blob_size;
    const char *dek_aad, *wrapped; /* the data key, under the KEK */
    uint8_t dek_name[UAPI_SHA256_SIZE];
};

/* As it is cached: in `text` stand what the data key is bound to, the wrapped key and what the credential is bound to,
 * each with its NUL, and then the blob's bytes. */
typedef struct credential_record {
    uint8_t dek_name[UAPI_SHA256_SIZE];
    uint32_t wrapped_at, aad_at, blob_at;
    char text[TEXT_SIZE];
} credential_record;

#define RECORD_SIZE ((sizeof(credential_record) + 7) / 8 * 8)

size_t uapi_registry_credential_size(void)
{
    return RECORD_SIZE;
}

/*
 * What the cache finds (tenant, name) by: the two themselves if they fit, else their digest. Names hold neither a colon
 * nor a NUL, so that no two pairs are alike.
 */
static int cache_key(uint8_t key[UAPI_CACHE_KEY_SIZE], const char *tenant, const char *name)
{
    size_t before = strlen(tenant), after = strlen(name);
    char text[160];

    if (before + 1 + after > sizeof(text)) {
        return 0;
    }
    memcpy(text, tenant, before);
    text[before] = ':';
    memcpy(text + before + 1, name, after);
    if (before + 1 + after > UAPI_CACHE_KEY_SIZE) {
        return uapi_crypto_sha256(text, before + 1 + after, key) == 0;
    }
    memset(key, 0, UAPI_CACHE_KEY_SIZE);
    memcpy(key, text, before + 1 + after);
    return 1;
}

/* A digest over the data key's place and its wrapped form. */
static int name_dek(uapi_sealed_credential *credential, apr_pool_t *pool)
{
    const char *text = apr_pstrcat(pool, credential->dek_aad, "\n", credential->wrapped, NULL);

    return uapi_crypto_sha256(text, strlen(text), credential->dek_name) == 0;
}

static apr_status_t build(const char *tenant, const char *name, const uapi_store_credential *credential,
                          const char *wrapped, uapi_sealed_credential **sealed, apr_pool_t *pool, uapi_result *result)
{
    uapi_sealed_credential *made = apr_palloc(pool, sizeof(*made));

    made->wrapped = wrapped;
    made->aad = uapi_vault_credential_aad(tenant, name, credential->version, pool);
    made->dek_aad = uapi_vault_dek_aad(tenant, credential->dek_version, pool);
    made->blob = uapi_vault_bytes(credential->blob, &made->blob_size, pool);
    if (!name_dek(made, pool)) {
        return uapi_fail(result, pool, APR_EGENERAL, UAPI_REASON_INTERNAL, "no digest");
    }
    *sealed = made;
    return APR_SUCCESS;
}

static uapi_sealed_credential *from_record(const credential_record *record, size_t size, apr_pool_t *pool)
{
    uapi_sealed_credential *made = apr_palloc(pool, sizeof(*made));
    size_t length = size - offsetof(credential_record, text);
    const char *text = apr_pmemdup(pool, record->text, length);

    memcpy(made->dek_name, record->dek_name, sizeof(made->dek_name));
    made->dek_aad = text;
    made->wrapped = text + record->wrapped_at;
    made->aad = text + record->aad_at;
    made->blob = (const uint8_t *)text + record->blob_at;
    made->blob_size = length - record->blob_at;
    return made;
}

static void remember(uapi_registry *registry, const uint8_t *key, const uapi_cache_stamp *stamp,
                     const uapi_sealed_credential *sealed)
{
    size_t dek_aad = strlen(sealed->dek_aad) + 1, wrapped = strlen(sealed->wrapped) + 1, aad = strlen(sealed->aad) + 1;
    credential_record record;

    if (dek_aad + wrapped + aad > TEXT_SIZE || sealed->blob_size > TEXT_SIZE - dek_aad - wrapped - aad) {
        return;
    }
    memset(&record, 0, offsetof(credential_record, text));
    memcpy(record.dek_name, sealed->dek_name, sizeof(record.dek_name));
    record.wrapped_at = (uint32_t)dek_aad;
    record.aad_at = (uint32_t)(dek_aad + wrapped);
    record.blob_at = (uint32_t)(dek_aad + wrapped + aad);
    memcpy(record.text, sealed->dek_aad, dek_aad);
    memcpy(record.text + record.wrapped_at, sealed->wrapped, wrapped);
    memcpy(record.text + record.aad_at, sealed->aad, aad);
    memcpy(record.text + record.blob_at, sealed->blob, sealed->blob_size);
    uapi_cache_put(registry->credentials, key, stamp, &record,
                   offsetof(credential_record, text) + record.blob_at + sealed->blob_size);
}

typedef struct credential_question {
    const char *tenant, *name;
    uapi_store_credential *credential;
    uapi_store_dek *dek;
} credential_question;

static apr_status_t find(uapi_store *store, void *baton, apr_pool_t *pool, uapi_result *result)
{
    credential_question *question = baton;
    apr_status_t status;

    uapi_store_bind_tenant(store, question->tenant);
    status = uapi_store_credential_find(store, question->name, &question->credential, pool, result);
    if (status == APR_SUCCESS) {
        status = uapi_store_dek_find(store, question->credential->dek_version, &question->dek, pool, result);
    }
    return status;
}

static apr_status_t look_up(uapi_registry *registry, const char *tenant, const char *name, const uint8_t *key,
                            const uapi_cache_stamp *stamp, uapi_sealed_credential **sealed, apr_pool_t *pool,
                            uapi_result *result)
{
    credential_question question = {.tenant = tenant, .name = name};
    apr_status_t status = uapi_registry_ask(registry, find, &question, pool, result);

    if (status != APR_SUCCESS) {
        return status;
    }
    status = build(tenant, name, question.credential, question.dek->wrapped, sealed, pool, result);
    if (status == APR_SUCCESS && stamp && (*sealed)->blob) {
        remember(registry, key, stamp, *sealed);
    }
    return status;
}

apr_status_t uapi_registry_find_credential(uapi_registry *registry, const char *tenant, const char *name,
                                           uapi_sealed_credential **credential, apr_pool_t *pool, uapi_result *result)
{
    uint64_t room[RECORD_SIZE / sizeof(uint64_t)];
    uint8_t key[UAPI_CACHE_KEY_SIZE];
    uapi_cache_stamp stamp;
    ptrdiff_t size = -1;
    int may_cache;

    *credential = NULL;
    uapi_registry_watch(registry);
    may_cache = uapi_registry_stamp(registry, &stamp) && cache_key(key, tenant, name);
    if (may_cache) {
        size = uapi_cache_get(registry->credentials, key, &stamp, room);
    }
    if (size > (ptrdiff_t)offsetof(credential_record, text)) {
        *credential = from_record((const credential_record *)(const void *)room, (size_t)size, pool);
        return APR_SUCCESS;
    }
    return look_up(registry, tenant, name, key, may_cache ? &stamp : NULL, credential, pool, result);
}

size_t uapi_sealed_credential_length(const uapi_sealed_credential *credential)
{
    return uapi_vault_length_of(credential->blob_size);
}

static apr_status_t unwrap(uapi_registry *registry, const uapi_sealed_credential *credential,
                           uint8_t dek[UAPI_KEY_SIZE], uapi_result *result)
{
    static const uapi_cache_stamp always = {0, 0};
    size_t length;
    apr_status_t status;

    if (uapi_cache_get(registry->deks, credential->dek_name, &always, dek) == UAPI_KEY_SIZE) {
        return APR_SUCCESS;
    }
    status = uapi_vault_open(dek, UAPI_KEY_SIZE, &length, registry->keyring->kek, credential->dek_aad,
                             credential->wrapped, result);
    if (status == APR_SUCCESS && length != UAPI_KEY_SIZE) {
        status = uapi_fail(result, NULL, APR_EGENERAL, UAPI_REASON_CREDENTIAL_UNREADABLE, NULL);
    }
    if (status == APR_SUCCESS) {
        uapi_cache_put(registry->deks, credential->dek_name, &always, dek, UAPI_KEY_SIZE);
    } else if (result) {
        result->detail = "the tenant's data key does not open: it was made under another key file, or changed";
    }
    return status;
}

apr_status_t uapi_registry_unseal(uapi_registry *registry, const uapi_sealed_credential *credential, char *plaintext,
                                  size_t size, size_t *length, uapi_result *result)
{
    uint8_t dek[UAPI_KEY_SIZE];
    apr_status_t status = unwrap(registry, credential, dek, result);

    *length = 0;
    if (status == APR_SUCCESS) {
        status = uapi_vault_open_bytes(plaintext, size, length, dek, credential->aad, credential->blob,
                                       credential->blob_size, result);
    }
    uapi_secret_wipe(dek, sizeof(dek));
    return status;
}
