/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* The mark of a server's request: there and back in any spelling, and worth nothing to anybody else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "request_id.h"

static const uint8_t key[UAPI_KEY_SIZE] = {1}, other_key[UAPI_KEY_SIZE] = {2};
static const uapi_keyring keyring = {.session_key = key}, other_keyring = {.session_key = other_key};
static const uapi_principal agent = {UAPI_PRINCIPAL_AGENT, "acme", "bot", NULL, "token-1"};
static const uapi_request_scope scope = {&keyring, &agent, "s", "abc"};
static apr_pool_t *pool;

typedef apr_status_t change(apr_array_header_t *edits, const uapi_json *json, uint32_t id, const uapi_request_scope *to,
                            apr_pool_t *in, uapi_result *result);

/* The document, which is an id, after the change; NULL if it is refused. */
static const char *changed(change *how, const char *text, const uapi_request_scope *to)
{
    apr_array_header_t *edits = uapi_edit_list(pool);
    uapi_result result = {0, UAPI_REASON_NONE, NULL};
    char *exact = malloc(strlen(text)); /* without an end, for sanitizers */
    const char *out;
    size_t length;
    uapi_json json;

    assert_non_null(exact);
    memcpy(exact, text, strlen(text));
    assert_int_equal(uapi_json_read(&json, exact, strlen(text), NULL, pool, NULL), APR_SUCCESS);
    if (how(edits, &json, 0, to, pool, &result) != APR_SUCCESS) {
        assert_int_equal(result.reason, UAPI_REASON_RPC_UNASKED);
        free(exact);
        return NULL;
    }
    uapi_edit_apply(&out, &length, exact, strlen(text), edits, pool);
    free(exact);
    return out;
}

static const char *const ids[] = {"0",
                                  "-7",
                                  "9007199254740993",
                                  "\"\"",
                                  "\"a\"",
                                  "\"7\"",
                                  "\"7.n\"",
                                  "\"\\u00e9\"",
                                  "\"\\\\\"",
                                  "\"x.s0123456789\"",
                                  "\"\xc3\xa9\"",
                                  "\"\\ud83d\\ude00\""};
enum { IDS = sizeof(ids) / sizeof(ids[0]) };

static void comes_back(void **state)
{
    uapi_principal renewed = agent;
    uapi_request_scope later = scope;
    size_t i, j;

    (void)state;
    renewed.token_id = "token-2";
    later.principal = &renewed;
    for (i = 0; i < IDS; i++) {
        const char *marked = changed(uapi_request_id_mark, ids[i], &scope);

        assert_string_equal(changed(uapi_request_id_unmark, marked, &later), ids[i]);
        assert_string_equal(changed(uapi_request_id_mark, ids[i], &later), marked);
        assert_null(changed(uapi_request_id_unmark, ids[i], &scope));
        for (j = 0; j < i; j++) {
            assert_string_not_equal(marked, changed(uapi_request_id_mark, ids[j], &scope));
        }
    }
}

static void is_nobody_elses(void **state)
{
    const char *marked = changed(uapi_request_id_mark, "7", &scope);
    uapi_principal other = agent;
    uapi_request_scope to = scope;

    (void)state;
    to.session = NULL;
    assert_null(changed(uapi_request_id_unmark, marked, &to));
    to.session = "abd";
    assert_null(changed(uapi_request_id_unmark, marked, &to));
    to = scope;
    to.server = "t";
    assert_null(changed(uapi_request_id_unmark, marked, &to));
    to.server = NULL;
    assert_null(changed(uapi_request_id_unmark, marked, &to));
    to = scope;
    to.keyring = &other_keyring;
    assert_null(changed(uapi_request_id_unmark, marked, &to));
    to = scope;
    to.principal = &other;
    other.id = "bot2";
    assert_null(changed(uapi_request_id_unmark, marked, &to));
    other = agent;
    other.tenant = "rival";
    assert_null(changed(uapi_request_id_unmark, marked, &to));
    other = agent;
    other.type = UAPI_PRINCIPAL_HUMAN;
    assert_null(changed(uapi_request_id_unmark, marked, &to));
    /* what belongs to one field is no part of the next */
    to = scope;
    to.server = "s2";
    to.session = "x";
    marked = changed(uapi_request_id_mark, "7", &to);
    to.server = "s";
    to.session = "2x";
    assert_null(changed(uapi_request_id_unmark, marked, &to));
}

/* Every byte of a mark counts, and none may be missing. */
static void has_one_form(void **state)
{
    const char *marked = changed(uapi_request_id_mark, "\"ab\"", &scope);
    size_t length = strlen(marked), i;

    (void)state;
    for (i = 1; i < length - 1; i++) {
        char *other = apr_pstrdup(pool, marked);
        const char *shorter = apr_pstrcat(pool, apr_pstrmemdup(pool, marked, i), marked + i + 1, NULL);
        const char *escaped = apr_psprintf(pool, "%.*s\\u%04x%s", (int)i, marked, (unsigned)marked[i], marked + i + 1);

        other[i] = other[i] == 'A' ? 'B' : 'A';
        assert_null(changed(uapi_request_id_unmark, other, &scope));
        assert_null(changed(uapi_request_id_unmark, shorter, &scope));
        if (i > 2) { /* of the mark itself; the server's part may be spelled as the client likes */
            assert_null(changed(uapi_request_id_unmark, escaped, &scope));
        } else {
            assert_non_null(changed(uapi_request_id_unmark, escaped, &scope));
        }
    }
    assert_null(changed(uapi_request_id_unmark, "null", &scope));
    assert_null(changed(uapi_request_id_unmark, "{}", &scope));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back),
        cmocka_unit_test(is_nobody_elses),
        cmocka_unit_test(has_one_form),
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
