/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "session.h"

static const uint8_t key[UAPI_KEY_SIZE] = {1}, other_key[UAPI_KEY_SIZE] = {2};
static const uapi_keyring keyring = {.session_key = key}, other_keyring = {.session_key = other_key};
static const uapi_principal agent = {UAPI_PRINCIPAL_AGENT, "acme", "bot", NULL, "token-1"};
static apr_pool_t *pool;

static void refuses(const char *sealed, const uapi_keyring *with, const uapi_principal *principal, const char *server)
{
    uapi_result result = {0};
    const char *id;
    assert_int_not_equal(uapi_session_open(&id, sealed, with, principal, server, pool, &result), APR_SUCCESS);
    assert_null(id);
    assert_int_equal(result.reason, UAPI_REASON_SESSION_UNKNOWN);
}

static const char *seal(const char *id, const char *server)
{
    const char *sealed;
    assert_int_equal(uapi_session_seal(&sealed, id, &keyring, &agent, server, pool, NULL), APR_SUCCESS);
    return sealed;
}

static void comes_back(void **state)
{
    static const char *const ids[] = {"x", "1868a90c-0000-4abc-9def-000000000000", "~!{}"};
    uapi_principal renewed = agent;
    const char *id;
    (void)state;
    renewed.token_id = "token-2";
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        assert_int_equal(uapi_session_open(&id, seal(ids[i], "s"), &keyring, &renewed, "s", pool, NULL), APR_SUCCESS);
        assert_string_equal(id, ids[i]);
        assert_int_equal(uapi_session_open(&id, seal(ids[i], NULL), &keyring, &renewed, NULL, pool, NULL), APR_SUCCESS);
        assert_string_equal(id, ids[i]);
    }
    assert_string_not_equal(seal("x", "s"), seal("x", "s"));
}

static void is_nobody_elses(void **state)
{
    const char *sealed = seal("id", "s");
    uapi_principal other = agent;
    (void)state;
    other.id = "bot2";
    refuses(sealed, &keyring, &other, "s");
    other = agent;
    other.tenant = "rival";
    refuses(sealed, &keyring, &other, "s");
    other = agent;
    other.type = UAPI_PRINCIPAL_HUMAN;
    refuses(sealed, &keyring, &other, "s");
    refuses(sealed, &keyring, &agent, "t");
    refuses(sealed, &keyring, &agent, NULL);
    refuses(sealed, &other_keyring, &agent, "s");
}

static void refuses_what_was_never_given(void **state)
{
    char *sealed = apr_pstrdup(pool, seal("id", "s"));
    (void)state;
    refuses("", &keyring, &agent, "s");
    refuses("1868a90c-0000-4abc-9def-000000000000", &keyring, &agent, "s");
    refuses("AAAA", &keyring, &agent, "s");
    for (size_t i = 0; i < strlen(sealed); i++) {
        char before = sealed[i];
        sealed[i] = (before == 'A') ? 'B' : 'A';
        refuses(sealed, &keyring, &agent, "s");
        sealed[i] = before;
    }
    sealed[strlen(sealed) - 4] = '\0';
    refuses(sealed, &keyring, &agent, "s");
}

static void has_a_bound(void **state)
{
    char id[UAPI_SESSION_MAX + 2];
    const char *sealed, *opened;
    (void)state;
    memset(id, 'x', sizeof(id));
    id[UAPI_SESSION_MAX] = '\0';
    sealed = seal(id, "s");
    assert_int_equal(uapi_session_open(&opened, sealed, &keyring, &agent, "s", pool, NULL), APR_SUCCESS);
    id[UAPI_SESSION_MAX] = 'x';
    id[UAPI_SESSION_MAX + 1] = '\0';
    assert_int_not_equal(uapi_session_seal(&sealed, id, &keyring, &agent, "s", pool, NULL), APR_SUCCESS);
    assert_int_not_equal(uapi_session_seal(&sealed, "", &keyring, &agent, "s", pool, NULL), APR_SUCCESS);
    assert_null(sealed);
}

static void parts(void **state)
{
    const char *sealed, *value;
    uapi_principal other = agent;
    uapi_result result = {0};
    (void)state;
    other.id = "bot2";
    assert_int_equal(
        uapi_session_seal_part(&sealed, UAPI_SESSION_EVENT, "e1", "one", &keyring, &agent, "s", pool, NULL),
        APR_SUCCESS);
    assert_int_equal(
        uapi_session_open_part(&value, UAPI_SESSION_EVENT, sealed, "one", &keyring, &agent, "s", pool, NULL),
        APR_SUCCESS);
    assert_string_equal(value, "e1");
    uapi_session_open_part(&value, UAPI_SESSION_EVENT, sealed, "two", &keyring, &agent, "s", pool, &result);
    assert_null(value);
    assert_int_equal(result.reason, UAPI_REASON_EVENT_UNKNOWN);
    uapi_session_open_part(&value, UAPI_SESSION_EVENT, sealed, "one", &keyring, &other, "s", pool, &result);
    assert_null(value);
    uapi_session_open_part(&value, UAPI_SESSION_ENDPOINT, sealed, "one", &keyring, &agent, "s", pool, &result);
    assert_null(value);
    assert_int_equal(result.reason, UAPI_REASON_SESSION_UNKNOWN);
    refuses(sealed, &keyring, &agent, "s");
    /* a session that looks like the end of the binding is none the less another one */
    uapi_session_open_part(&value, UAPI_SESSION_EVENT, sealed, "one", &keyring, &agent, "s:one", pool, &result);
    assert_null(value);
    uapi_session_open_part(&value, UAPI_SESSION_EVENT, seal("id", "s"), "", &keyring, &agent, "s", pool, &result);
    assert_null(value);
}

/* What an id holds is its server's affair, also a second space; what a route holds is not. */
static void members_are_joined(void **state)
{
    static const struct {
        const char *member, *id, *joined;
    } cases[] = {
        {NULL, "abc", "abc"},        {"a", "abc", "a abc"}, {"node-1.b", "~!{}", "node-1.b ~!{}"},
        {"a", "of two", "a of two"}, {"a", "", "a "},
    };
    const char *member;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *joined = uapi_session_join(cases[i].member, cases[i].id, pool);
        assert_string_equal(joined, cases[i].joined);
        assert_string_equal(uapi_session_split(joined, &member, pool), cases[i].id);
        if (cases[i].member == NULL) {
            assert_null(member);
        } else {
            assert_string_equal(member, cases[i].member);
        }
    }
    assert_true(uapi_session_names_member("a"));
    assert_true(uapi_session_names_member("a.b-c"));
    assert_false(uapi_session_names_member(""));
    assert_false(uapi_session_names_member("a b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back),
        cmocka_unit_test(is_nobody_elses),
        cmocka_unit_test(refuses_what_was_never_given),
        cmocka_unit_test(has_a_bound),
        cmocka_unit_test(parts),
        cmocka_unit_test(members_are_joined),
    };
    int failed;
    apr_initialize();
    apr_pool_create(&pool, NULL);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return failed;
}
