/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* The vault: what was sealed opens in its own place with its own key, and nowhere and never else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <pthread.h>

#include <apr_strings.h>
#include <cmocka.h>

#include "base64.h"
#include "vault.h"

static const uint8_t key[UAPI_KEY_SIZE] = {1, 2, 3, 4, 5, 6, 7, 8};
static const char secret[] = "a key that the caller must never see";

static apr_pool_t *pool;

static int setup(void **state)
{
    (void)state;
    apr_initialize();
    return apr_pool_create(&pool, NULL);
}

static int teardown(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}

static const char *seal(const char *aad, const void *plaintext, size_t length)
{
    const char *blob;

    assert_int_equal(uapi_vault_seal(&blob, key, aad, plaintext, length, pool, NULL), APR_SUCCESS);
    assert_non_null(blob);
    return blob;
}

/* The blob must be refused, with the right reason, and leave nothing of the plaintext behind. */
static void assert_unreadable(const uint8_t *with, const char *aad, const char *blob)
{
    uint8_t room[sizeof(secret) + 3];
    uapi_result result = {0};
    size_t length = 99, i;

    memset(room, 0, sizeof(room));
    assert_int_not_equal(uapi_vault_open(room, sizeof(room), &length, with, aad, blob, &result), APR_SUCCESS);
    assert_int_equal(result.reason, UAPI_REASON_CREDENTIAL_UNREADABLE);
    assert_non_null(result.detail);
    assert_int_equal(length, 0);
    for (i = 0; i < sizeof(room); i++) {
        assert_int_equal(room[i], 0);
    }
}

static void opens_at_every_length(void **state)
{
    static uint8_t plaintext[3000], room[3000];
    size_t length, got;

    (void)state;
    for (length = 0; length < sizeof(plaintext); length++) {
        plaintext[length] = (uint8_t)(length * 7);
    }
    for (length = 1; length < sizeof(plaintext); length += length < 100 ? 1 : 61) {
        const char *blob = seal("aad", plaintext, length);

        assert_int_equal(uapi_vault_plaintext_length(blob), length);
        assert_int_equal(uapi_vault_open(room, length, &got, key, "aad", blob, NULL), APR_SUCCESS);
        assert_int_equal(got, length);
        assert_memory_equal(room, plaintext, length);
    }
}

static void sealing_twice_differs(void **state)
{
    (void)state;
    assert_string_not_equal(seal("aad", secret, sizeof(secret)), seal("aad", secret, sizeof(secret)));
}

static void empty_and_huge_are_not_sealed(void **state)
{
    uapi_result result = {0};
    const char *blob = "";

    (void)state;
    assert_int_not_equal(uapi_vault_seal(&blob, key, "aad", "", 0, pool, &result), APR_SUCCESS);
    assert_null(blob);
    assert_int_equal(result.reason, UAPI_REASON_CONFIG_INVALID);
    assert_int_not_equal(uapi_vault_seal(&blob, key, "aad", secret, 65537, pool, &result), APR_SUCCESS);
}

static void every_flipped_bit_of_every_byte_is_noticed(void **state)
{
    char *blob = apr_pstrdup(pool, seal("aad", secret, sizeof(secret)));
    size_t i;
    int bit;

    (void)state;
    for (i = 0; blob[i]; i++) {
        for (bit = 0; bit < 8; bit++) {
            blob[i] = (char)(blob[i] ^ 1 << bit);
            assert_unreadable(key, "aad", blob);
            blob[i] = (char)(blob[i] ^ 1 << bit);
        }
    }
}

static void every_truncation_is_noticed(void **state)
{
    char *blob = apr_pstrdup(pool, seal("aad", secret, sizeof(secret)));
    size_t length;

    (void)state;
    for (length = strlen(blob); length-- > 0;) {
        blob[length] = '\0';
        assert_unreadable(key, "aad", blob);
    }
    assert_int_equal(uapi_vault_plaintext_length(NULL), 0);
    assert_int_equal(uapi_vault_plaintext_length("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="), 0);
}

static void a_longer_blob_is_noticed(void **state)
{
    const char *blob = seal("aad", secret, 35); /* ends without padding */
    uint8_t room[128];
    size_t length;

    (void)state;
    assert_int_equal(strlen(blob) % 4, 0);
    assert_int_not_equal(
        uapi_vault_open(room, sizeof(room), &length, key, "aad", apr_pstrcat(pool, blob, "AAAA", NULL), NULL),
        APR_SUCCESS);
}

static void moved_elsewhere_is_noticed(void **state)
{
    const char *home = uapi_vault_credential_aad("acme", "stripe", 3, pool);
    const char *blob = seal(home, secret, sizeof(secret));
    const char *const places[] = {uapi_vault_credential_aad("acme", "stripe", 4, pool),
                                  uapi_vault_credential_aad("acme", "stripe", 30, pool),
                                  uapi_vault_credential_aad("acme", "github", 3, pool),
                                  uapi_vault_credential_aad("other", "stripe", 3, pool),
                                  uapi_vault_dek_aad("acme", 3, pool),
                                  "",
                                  "uapi:credential:1:acme:stripe:"};
    char room[sizeof(secret)];
    size_t length, i;

    (void)state;
    assert_string_equal(home, "uapi:credential:1:acme:stripe:3");
    assert_string_equal(places[4], "uapi:dek:1:acme:3");
    assert_int_equal(uapi_vault_open(room, sizeof(room), &length, key, home, blob, NULL), APR_SUCCESS);
    assert_string_equal(room, secret);
    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        assert_unreadable(key, places[i], blob);
    }
}

static void another_key_is_noticed(void **state)
{
    const char *blob = seal("aad", secret, sizeof(secret));
    uint8_t other[UAPI_KEY_SIZE];
    size_t i;

    (void)state;
    for (i = 0; i < UAPI_KEY_SIZE; i++) {
        memcpy(other, key, sizeof(other));
        other[i] ^= 1;
        assert_unreadable(other, "aad", blob);
    }
}

static void a_small_room_is_refused(void **state)
{
    const char *blob = seal("aad", secret, sizeof(secret));
    char room[sizeof(secret) - 1];
    uapi_result result = {0};
    size_t length;

    (void)state;
    assert_int_not_equal(uapi_vault_open(room, sizeof(room), &length, key, "aad", blob, &result), APR_SUCCESS);
    assert_int_equal(result.reason, UAPI_REASON_CREDENTIAL_UNREADABLE);
}

static void *open_often(void *blob)
{
    char room[sizeof(secret)];
    size_t length, good = 0;
    int i;

    for (i = 0; i < 2000; i++) {
        good += uapi_vault_open(room, sizeof(room), &length, key, "aad", blob, NULL) == APR_SUCCESS &&
                memcmp(room, secret, sizeof(secret)) == 0;
    }
    return (void *)(uintptr_t)good;
}

static void threads_do_not_meet(void **state)
{
    char *blob = apr_pstrdup(pool, seal("aad", secret, sizeof(secret)));
    pthread_t threads[4];
    int i;

    (void)state;
    for (i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, open_often, blob), 0);
    }
    for (i = 0; i < 4; i++) {
        void *good;

        assert_int_equal(pthread_join(threads[i], &good), 0);
        assert_int_equal((uintptr_t)good, 2000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_at_every_length),         cmocka_unit_test(sealing_twice_differs),
        cmocka_unit_test(empty_and_huge_are_not_sealed), cmocka_unit_test(every_flipped_bit_of_every_byte_is_noticed),
        cmocka_unit_test(every_truncation_is_noticed),   cmocka_unit_test(a_longer_blob_is_noticed),
        cmocka_unit_test(moved_elsewhere_is_noticed),    cmocka_unit_test(another_key_is_noticed),
        cmocka_unit_test(a_small_room_is_refused),       cmocka_unit_test(threads_do_not_meet),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, teardown);
}
