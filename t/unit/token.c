/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* Tokens: every one made is accepted, every single-character change and every other shape is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "token.h"

/* The token of 32 zero bytes, computed with another implementation of CRC-32, to hold the form still. */
static const char zeros[] = "uapi_ut_"
                            "0000000000000000000000000000000000000000000"
                            "4CflVk";

static void generated_are_accepted(void **state)
{
    char token[UAPI_TOKEN_LENGTH + 1], other[UAPI_TOKEN_LENGTH + 1];
    int i;

    (void)state;
    for (i = 0; i < 200; i++) {
        uapi_result result = {0};

        assert_int_equal(uapi_token_generate(token, &result), APR_SUCCESS);
        assert_int_equal(strlen(token), UAPI_TOKEN_LENGTH);
        assert_memory_equal(token, UAPI_TOKEN_USER_PREFIX, 8);
        assert_int_equal(uapi_token_check(token, UAPI_TOKEN_LENGTH, &result), APR_SUCCESS);
    }
    assert_int_equal(uapi_token_generate(other, NULL), APR_SUCCESS);
    assert_string_not_equal(token, other);
}

static void form_is_frozen(void **state)
{
    (void)state;
    assert_int_equal(uapi_token_check(zeros, strlen(zeros), NULL), APR_SUCCESS);
}

static void any_changed_character_is_refused(void **state)
{
    static const char others[] = "0Az9_ -\n";
    char token[UAPI_TOKEN_LENGTH + 1];
    size_t i, j;

    (void)state;
    assert_int_equal(uapi_token_generate(token, NULL), APR_SUCCESS);
    for (i = 0; i < UAPI_TOKEN_LENGTH; i++) {
        char kept = token[i];

        for (j = 0; j < sizeof(others); j++) {
            uapi_result result = {0};

            if (others[j] == kept) {
                continue;
            }
            token[i] = others[j];
            assert_int_not_equal(uapi_token_check(token, UAPI_TOKEN_LENGTH, &result), APR_SUCCESS);
            assert_int_equal(result.reason, UAPI_REASON_TOKEN_MALFORMED);
            assert_non_null(result.detail);
        }
        token[i] = kept;
    }
}

static void other_lengths_are_refused(void **state)
{
    char token[UAPI_TOKEN_LENGTH + 2] = {0};
    size_t length;

    (void)state;
    assert_int_equal(uapi_token_generate(token, NULL), APR_SUCCESS);
    for (length = 0; length <= UAPI_TOKEN_LENGTH + 1; length++) {
        assert_int_equal(uapi_token_check(token, length, NULL) == APR_SUCCESS, length == UAPI_TOKEN_LENGTH);
    }
}

static void swapped_neighbours_are_refused(void **state)
{
    char token[UAPI_TOKEN_LENGTH + 1];
    size_t i;

    (void)state;
    assert_int_equal(uapi_token_generate(token, NULL), APR_SUCCESS);
    for (i = 0; i + 1 < UAPI_TOKEN_LENGTH; i++) {
        char first = token[i], second = token[i + 1];

        token[i] = second;
        token[i + 1] = first;
        assert_int_equal(uapi_token_check(token, UAPI_TOKEN_LENGTH, NULL) == APR_SUCCESS, first == second);
        token[i] = first;
        token[i + 1] = second;
    }
}

static void hash_is_sha256(void **state)
{
    /* SHA-256 of "abc", FIPS 180-4. */
    static const uint8_t expected[UAPI_TOKEN_HASH_SIZE] = {
        0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
        0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
    uint8_t hash[UAPI_TOKEN_HASH_SIZE];

    (void)state;
    uapi_token_hash("abc", 3, hash);
    assert_memory_equal(hash, expected, sizeof(hash));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generated_are_accepted),           cmocka_unit_test(form_is_frozen),
        cmocka_unit_test(any_changed_character_is_refused), cmocka_unit_test(other_lengths_are_refused),
        cmocka_unit_test(swapped_neighbours_are_refused),   cmocka_unit_test(hash_is_sha256),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
