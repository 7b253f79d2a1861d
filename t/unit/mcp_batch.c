/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* Which ids are the same, and what is left of a batch for every choice of members that are taken out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "mcp_batch.h"

static apr_pool_t *pool;

static uapi_json read_json(const char *text)
{
    uapi_json json;

    assert_int_equal(uapi_json_read(&json, text, strlen(text), NULL, pool, NULL), APR_SUCCESS);
    return json;
}

static void test_same_id(void **state)
{
    static const struct {
        const char *one, *other;
        int same;
    } cases[] = {
        {"1", "1", 1},
        {"1", "2", 0},
        {"1", "\"1\"", 0},
        {"0", "-0", 1},
        {"-1", "1", 0},
        {"\"a\"", "\"\\u0061\"", 1},
        {"\"a\"", "\"A\"", 0},
        {"\"\"", "\"\"", 1},
        {"\"ab\"", "\"a\"", 0},
        {"9007199254740993", "9007199254740992", 1},
        {"9007199254740993", "9007199254740995", 0},
        {"999999999999999", "999999999999998", 0},
        {"1000000000000000", "100000000000000", 0},
        {"null", "null", 0},
        {"true", "true", 0},
        {"{}", "{}", 0},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uapi_json one = read_json(cases[i].one), other = read_json(cases[i].other);

        if (uapi_mcp_same_id(&one, 0, &other, 0, pool) != cases[i].same ||
            uapi_mcp_same_id(&other, 0, &one, 0, pool) != cases[i].same) {
            fail_msg("%s and %s", cases[i].one, cases[i].other);
        }
        assert_int_equal(uapi_mcp_same_id(&one, UAPI_JSON_NONE, &other, 0, pool), 0);
    }
}

/* With every subset of four members taken out, what is left is an array of the others, each with its own bytes. */
static void test_cut_members(void **state)
{
    static const char *const members[] = {"{\"jsonrpc\": \"2.0\",\"id\":1,\"method\":\"a\"}",
                                          "{\"jsonrpc\":\"2.0\",\"method\":\"b\",\"params\":{\"x\":[]}}",
                                          "{ \"jsonrpc\":\"2.0\",\"id\":\"3\",\"method\":\"c\" }",
                                          "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"d\"}"};
    const char *text = apr_pstrcat(pool, " [", members[0], " ,\n", members[1], ", ", members[2], ",", members[3],
                                   "\t]\n", NULL);
    uapi_json json = read_json(text);
    uapi_mcp_body body;
    int subset;

    (void)state;
    assert_int_equal(uapi_mcp_read(&body, &json, NULL, pool, NULL), APR_SUCCESS);
    assert_int_equal(body.count, 4);
    for (subset = 0; subset < 16; subset++) {
        char cut[4];
        apr_array_header_t *edits = uapi_edit_list(pool);
        const char *out;
        size_t length, i;
        uint32_t node = 1, kept = 0;
        uapi_json left;

        for (i = 0; i < 4; i++) {
            cut[i] = (char)((subset >> i) & 1);
        }
        uapi_mcp_cut_members(edits, &json, &body, cut);
        uapi_edit_apply(&out, &length, text, strlen(text), edits, pool);
        left = read_json(out);
        for (i = 0; i < 4; i++) {
            if (cut[i]) {
                continue;
            }
            assert_true(node < left.count);
            assert_int_equal(left.nodes[node].length, strlen(members[i]));
            assert_memory_equal(left.text + left.nodes[node].start, members[i], strlen(members[i]));
            node = left.nodes[node].skip;
            kept++;
        }
        assert_int_equal(node, kept ? left.nodes[0].skip : 1);
    }
}

static void test_was_asked(void **state)
{
    static const char counts[] = {1, 0, 1};
    uapi_json asked = read_json("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\"},{\"jsonrpc\":\"2.0\",\"id\":2,"
                                "\"method\":\"b\"},{\"jsonrpc\":\"2.0\",\"method\":\"c\"}]");
    uapi_json one = read_json("1"), two = read_json("2");
    uapi_mcp_body body;

    (void)state;
    assert_int_equal(uapi_mcp_read(&body, &asked, NULL, pool, NULL), APR_SUCCESS);
    assert_int_equal(uapi_mcp_was_asked(&body, &asked, counts, &one, 0, pool), 1);
    assert_int_equal(uapi_mcp_was_asked(&body, &asked, counts, &two, 0, pool), 0);
    assert_int_equal(uapi_mcp_was_asked(&body, &asked, NULL, &two, 0, pool), 1);
    assert_int_equal(uapi_mcp_was_asked(&body, &asked, NULL, &two, UAPI_JSON_NONE, pool), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_id),
        cmocka_unit_test(test_cut_members),
        cmocka_unit_test(test_was_asked),
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
