/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* Who presents this token: the same answer from the file and from the cache. */
#include "registry_fixture.h"

static void a_token_names_its_principal(void **state)
{
    char plain[UAPI_TOKEN_LENGTH + 1];
    uapi_principal *principal;
    int i;

    (void)state;
    for (i = 0; i < 3; i++) { /* a miss, then hits: the same answer */
        assert_int_equal(ask(token, &principal), UAPI_REASON_NONE);
        assert_int_equal(principal->type, UAPI_PRINCIPAL_AGENT);
        assert_string_equal(principal->tenant, "acme");
        assert_string_equal(principal->id, "bot");
        assert_string_equal(principal->token_id, token_id);
        assert_string_equal(principal->roles[0], "support");
        assert_string_equal(principal->roles[1], "night");
        assert_null(principal->roles[2]);
        assert_true(is_cached(token));
    }
    add_token("other", "", 0, plain);
    for (i = 0; i < 2; i++) {
        assert_int_equal(ask(plain, &principal), UAPI_REASON_NONE);
        assert_string_equal(principal->tenant, "other");
        assert_null(principal->roles);
    }
}

static void many_roles_work_uncached(void **state)
{
    char wide[UAPI_TOKEN_LENGTH + 1], roles[1001];
    uapi_principal *principal;
    int i;

    (void)state;
    for (i = 0; i < 1000; i++) {
        roles[i] = i % 10 == 9 ? ' ' : 'r';
    }
    roles[999] = '\0';
    add_token("acme", roles, 0, wide);
    for (i = 0; i < 2; i++) {
        assert_int_equal(ask(wide, &principal), UAPI_REASON_NONE);
        assert_string_equal(principal->roles[99], "rrrrrrrrr");
        assert_null(principal->roles[100]);
        assert_false(is_cached(wide));
    }
}

static void wrong_tokens(void **state)
{
    char unknown[UAPI_TOKEN_LENGTH + 1], expired[UAPI_TOKEN_LENGTH + 1], expiring[UAPI_TOKEN_LENGTH + 1];
    int i;

    (void)state;
    assert_int_equal(uapi_token_generate(unknown, NULL), APR_SUCCESS);
    add_token("acme", "", NOW, expired);
    add_token("acme", "", NOW + 1, expiring);
    for (i = 0; i < 2; i++) {
        assert_int_equal(ask(unknown, NULL), UAPI_REASON_TOKEN_UNKNOWN);
        assert_false(is_cached(unknown));
        assert_int_equal(ask(expired, NULL), UAPI_REASON_TOKEN_EXPIRED);
        assert_int_equal(ask(expiring, NULL), UAPI_REASON_NONE);
    }
    unknown[20] = unknown[20] == 'x' ? 'y' : 'x';
    assert_int_equal(ask(unknown, NULL), UAPI_REASON_TOKEN_MALFORMED);
    assert_int_equal(ask("", NULL), UAPI_REASON_TOKEN_MALFORMED);
}

static void checks_in_the_parent(void **state)
{
    uapi_result result = {0};

    (void)state;
    assert_int_equal(uapi_registry_check(path, pool, &result), APR_SUCCESS);
    assert_int_equal(uapi_registry_check_tenant(path, "acme", pool, &result), APR_SUCCESS);
    assert_int_equal(uapi_registry_check_tenant(path, "third", pool, &result), APR_NOTFOUND);
    assert_non_null(strstr(result.detail, "third"));
    assert_int_not_equal(uapi_registry_check("/nonexistent/registry.db", pool, &result), APR_SUCCESS);
    assert_non_null(strstr(result.detail, "does not exist"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_token_names_its_principal),
        TEST(many_roles_work_uncached),
        TEST(wrong_tokens),
        TEST(checks_in_the_parent),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, teardown);
}
