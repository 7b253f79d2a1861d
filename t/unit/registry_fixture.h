/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What the tests of the registry share: a registry with the tenants acme and other and one token, a writer, and the
 * server's view of it, made anew for each test.
 */
#ifndef UAPI_UNIT_REGISTRY_FIXTURE_H
#define UAPI_UNIT_REGISTRY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <pthread.h>

#include <apr_strings.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "registry_private.h"
#include "sqlite_connection.h"
#include "vault.h"

#define NOW apr_time_from_sec(1800000000)

static apr_pool_t *pool; /* of the test that runs */
static char folder[] = "/tmp/uapi-registry-XXXXXX";
static const char *path, *key_path;
static uapi_keyring *keyring;
static uapi_store *writer;
static uapi_registry *registry;
static char token[UAPI_TOKEN_LENGTH + 1];
static const char *token_id;

static inline const char *beside(const char *ending)
{
    return apr_pstrcat(pool, path, ending, NULL);
}

static inline void remove_registry(void)
{
    unlink(path);
    unlink(beside("-wal"));
    unlink(beside("-shm"));
    unlink(beside("-generation"));
}

static inline const char *add_token(const char *tenant, const char *roles, apr_time_t expires, char *text)
{
    uapi_store_token made = {.principal = "bot", .principal_type = "agent", .roles = roles, .expires = expires};
    uint8_t hash[UAPI_TOKEN_HASH_SIZE];
    uapi_result result = {0};

    assert_int_equal(uapi_token_generate(text, NULL), APR_SUCCESS);
    uapi_token_hash(text, UAPI_TOKEN_LENGTH, hash);
    uapi_store_bind_tenant(writer, tenant);
    if (uapi_store_token_create(writer, &made, hash, pool, &result) != APR_SUCCESS) {
        fail_msg("%s", result.detail);
    }
    return made.id;
}

static inline void make_file(void)
{
    assert_int_equal(uapi_store_open(&writer, path, UAPI_STORE_CREATE, pool, NULL), APR_SUCCESS);
    assert_int_equal(uapi_store_tenant_create(writer, "acme", pool, NULL), APR_SUCCESS);
    assert_int_equal(uapi_store_tenant_create(writer, "other", pool, NULL), APR_SUCCESS);
    token_id = add_token("acme", "support night", 0, token);
}

static inline int setup(void **state)
{
    (void)state;
    apr_initialize();
    return mkdtemp(folder) ? 0 : -1;
}

static inline int teardown(void **state)
{
    (void)state;
    rmdir(folder);
    apr_terminate();
    return 0;
}

static inline int begin(void **state)
{
    (void)state;
    apr_pool_create(&pool, NULL);
    path = apr_psprintf(pool, "%s/registry.db", folder);
    key_path = apr_psprintf(pool, "%s/key", folder);
    assert_int_equal(uapi_keyring_create(key_path, pool, NULL), APR_SUCCESS);
    assert_int_equal(uapi_keyring_load(&keyring, key_path, pool, NULL), APR_SUCCESS);
    make_file();
    assert_int_equal(uapi_registry_open(&registry, path, keyring, pool, NULL), APR_SUCCESS);
    return 0;
}

static inline int end(void **state)
{
    (void)state;
    uapi_store_close(writer);
    remove_registry();
    unlink(key_path);
    apr_pool_destroy(pool);
    return 0;
}

/* The reason that a token is refused for, UAPI_REASON_NONE if it is accepted. */
static inline uapi_reason ask(const char *text, uapi_principal **principal)
{
    uapi_result result = {0};
    uapi_principal *found;
    apr_status_t status = uapi_registry_authenticate(registry, text, strlen(text), NOW, &found, pool, &result);

    assert_int_equal(status == APR_SUCCESS, result.reason == UAPI_REASON_NONE);
    assert_int_equal(status == APR_SUCCESS, found != NULL);
    if (principal) {
        *principal = found;
    }
    return result.reason;
}

/* Whether the cache alone answers, without the file. */
static inline int is_cached(const char *text)
{
    uint64_t room[128];
    uint8_t hash[UAPI_TOKEN_HASH_SIZE];
    uapi_cache_stamp stamp;

    uapi_token_hash(text, strlen(text), hash);
    return uapi_registry_stamp(registry, &stamp) && uapi_cache_get(registry->tokens, hash, &stamp, room) > 0;
}

static inline void watch_now(void)
{
    uapi_registry_watch_soon(registry);
    uapi_registry_watch(registry);
}

/* Run SQL on the file, behind the store's back. */
static inline void run_sql(const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 2000);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static inline const char *set_credential(const char *tenant, const char *name, int version, const char *value)
{
    static const uint8_t dek[UAPI_KEY_SIZE] = {9, 9, 9};
    uapi_store_credential credential = {.name = name, .version = version, .dek_version = 1};
    uapi_store_dek wrapped = {.version = 1}, *found;
    uapi_result result = {0};

    uapi_store_bind_tenant(writer, tenant);
    if (uapi_store_dek_find(writer, 0, &found, pool, NULL) != APR_SUCCESS) {
        uapi_vault_seal(&wrapped.wrapped, keyring->kek, uapi_vault_dek_aad(tenant, 1, pool), dek, sizeof(dek), pool,
                        NULL);
        assert_int_equal(uapi_store_dek_create(writer, &wrapped, pool, NULL), APR_SUCCESS);
    }
    uapi_vault_seal(&credential.blob, dek, uapi_vault_credential_aad(tenant, name, version, pool), value, strlen(value),
                    pool, NULL);
    if (uapi_store_credential_put(writer, &credential, pool, &result) != APR_SUCCESS) {
        fail_msg("%s", result.detail);
    }
    return credential.blob;
}

static inline const char *unseal(const char *tenant, const char *name)
{
    uapi_sealed_credential *sealed;
    uapi_result result = {0};
    size_t size, length;
    char *plaintext;

    if (uapi_registry_find_credential(registry, tenant, name, &sealed, pool, &result) != APR_SUCCESS) {
        assert_null(sealed);
        return uapi_reason_describe(result.reason)->code;
    }
    size = uapi_sealed_credential_length(sealed);
    plaintext = apr_pcalloc(pool, size + 1);
    if (uapi_registry_unseal(registry, sealed, plaintext, size, &length, &result) != APR_SUCCESS) {
        assert_non_null(result.detail);
        return uapi_reason_describe(result.reason)->code;
    }
    assert_int_equal(length, size);
    return plaintext;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

#endif
