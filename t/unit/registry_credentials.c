/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* Credentials: sealed and unsealed for their tenant, and calls from many threads. */
#include "registry_fixture.h"

static void credentials(void **state)
{
    char *large = apr_pcalloc(pool, 6001);
    int i;

    (void)state;
    memset(large, 'x', 6000);
    set_credential("acme", "stripe", 1, "sk-acme-1");
    set_credential("other", "stripe", 1, "sk-other");
    set_credential("acme", "large", 1, large);
    for (i = 0; i < 3; i++) {
        assert_string_equal(unseal("acme", "stripe"), "sk-acme-1");
        assert_string_equal(unseal("other", "stripe"), "sk-other");
        assert_string_equal(unseal("acme", "large"), large);
        assert_string_equal(unseal("acme", "github"), "credential.missing");
        assert_string_equal(unseal("third", "stripe"), "credential.missing");
        assert_string_equal(unseal("", "stripe"), "credential.missing");
    }
    set_credential("acme", "stripe", 2, "sk-acme-2");
    assert_string_equal(unseal("acme", "stripe"), "sk-acme-2");
    uapi_store_bind_tenant(writer, "acme");
    assert_int_equal(uapi_store_credential_delete(writer, "stripe", pool, NULL), APR_SUCCESS);
    assert_string_equal(unseal("acme", "stripe"), "credential.missing");
    uapi_cache_clear(registry->deks);
    assert_string_equal(unseal("other", "stripe"), "sk-other");
}

static void moved_rows_do_not_decrypt(void **state)
{
    static const char *const moves[] = {
        "UPDATE t_credentials SET blob = (SELECT blob FROM t_credentials WHERE tenant = 'other') WHERE tenant = 'acme'",
        "UPDATE t_credentials SET version = 2 WHERE tenant = 'acme'",
        "UPDATE t_deks SET wrapped = (SELECT wrapped FROM t_deks WHERE tenant = 'other') WHERE tenant = 'acme'",
        "UPDATE t_credentials SET blob = 'AAAA' WHERE tenant = 'acme'",
        "UPDATE t_deks SET wrapped = '' WHERE tenant = 'acme'",
    };
    size_t i;

    (void)state;
    set_credential("acme", "stripe", 1, "sk-acme");
    set_credential("other", "stripe", 1, "sk-other");
    for (i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
        assert_string_equal(unseal("acme", "stripe"), "sk-acme");
        assert_string_equal(unseal("other", "stripe"), "sk-other");
        run_sql(apr_pstrcat(pool,
                            "CREATE TABLE k AS SELECT * FROM t_credentials; CREATE TABLE d AS SELECT * FROM t_deks;",
                            moves[i], NULL));
        uapi_registry_void(registry);
        assert_string_equal(unseal("acme", "stripe"), "credential.unreadable");
        assert_string_equal(unseal("other", "stripe"), "sk-other");
        run_sql("PRAGMA foreign_keys = OFF; DELETE FROM t_credentials; DELETE FROM t_deks; INSERT INTO t_deks SELECT * "
                "FROM d;"
                "INSERT INTO t_credentials SELECT * FROM k; DROP TABLE k; DROP TABLE d");
        uapi_registry_void(registry);
    }
}

static void another_key_file_opens_nothing(void **state)
{
    uapi_keyring *other;

    (void)state;
    set_credential("acme", "stripe", 1, "sk-acme");
    unlink(key_path);
    assert_int_equal(uapi_keyring_create(key_path, pool, NULL), APR_SUCCESS);
    assert_int_equal(uapi_keyring_load(&other, key_path, pool, NULL), APR_SUCCESS);
    assert_int_equal(uapi_registry_open(&registry, path, other, pool, NULL), APR_SUCCESS);
    assert_string_equal(unseal("acme", "stripe"), "credential.unreadable");
}

/* Threads call while another revokes, and the watcher runs as often as it can. */

static int stop;

static void *call_often(void *data)
{
    uintptr_t wrong = 0;
    apr_pool_t *own;
    int i;

    (void)data;
    apr_pool_create_unmanaged(&own);
    for (i = 0; !__atomic_load_n(&stop, __ATOMIC_ACQUIRE); i++) {
        uapi_sealed_credential *sealed;
        uapi_principal *principal;
        uapi_result result = {0};
        char room[16];
        size_t length;

        if (uapi_registry_authenticate(registry, token, UAPI_TOKEN_LENGTH, NOW, &principal, own, &result) !=
                APR_SUCCESS ||
            strcmp(principal->tenant, "acme") != 0 || strcmp(principal->roles[1], "night") != 0) {
            wrong++;
        }
        if (uapi_registry_find_credential(registry, "acme", "stripe", &sealed, own, &result) != APR_SUCCESS ||
            uapi_registry_unseal(registry, sealed, room, sizeof(room), &length, &result) != APR_SUCCESS ||
            memcmp(room, "sk-acme", length) != 0) {
            wrong++;
        }
        if (i % 16 == 0) {
            uapi_registry_watch_soon(registry);
        }
        apr_pool_clear(own);
    }
    apr_pool_destroy(own);
    return (void *)wrong;
}

static void threads(void **state)
{
    pthread_t callers[4];
    int i;

    (void)state;
    set_credential("acme", "stripe", 1, "sk-acme");
    stop = 0;
    for (i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&callers[i], NULL, call_often, NULL), 0);
    }
    for (i = 0; i < 60; i++) {
        char other[UAPI_TOKEN_LENGTH + 1];
        const char *id = add_token("other", "", 0, other);

        assert_int_equal(ask(other, NULL), UAPI_REASON_NONE);
        uapi_store_bind_tenant(writer, "other");
        assert_int_equal(uapi_store_token_revoke(writer, id, pool, NULL), APR_SUCCESS);
        assert_int_equal(ask(other, NULL), UAPI_REASON_TOKEN_REVOKED);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
    for (i = 0; i < 4; i++) {
        void *wrong;

        assert_int_equal(pthread_join(callers[i], &wrong), 0);
        assert_null(wrong);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(credentials),
        TEST(moved_rows_do_not_decrypt),
        TEST(another_key_file_opens_nothing),
        TEST(threads),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, teardown);
}
