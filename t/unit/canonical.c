/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>

#include "canonical.h"

static apr_pool_t *pool;

static const struct {
    const char *text, *canonical;
} cases[] = {
    {" { } ", "{}"},
    {"[ 1 , true,null ,false, [ ] ]", "[1,true,null,false,[]]"},
    {"{\"b\":1,\"a\":{\"d\":1,\"c\":2}}", "{\"a\":{\"c\":2,\"d\":1},\"b\":1}"},
    {"{\"aa\":1,\"a\":2,\"\":3,\"B\":4}", "{\"\":3,\"B\":4,\"a\":2,\"aa\":1}"},
    {"\"\\u0041\\/\\n\\u001F\\u007f\\\"\\\\\"", "\"A/\\n\\u001f\x7f\\\"\\\\\""},
    {"\"\\u20ac\\uD83D\\uDE00\"", "\"\xe2\x82\xac\xf0\x9f\x98\x80\""},
    /* RFC 8785, section 3.2.3: the example's order */
    {"{\"\\u20ac\":1,\"\\r\":2,\"\\ufb33\":3,\"1\":4,\"\\ud83d\\ude00\":5,\"\\u0080\":6,\"\\u00f6\":7}",
     "{\"\\r\":2,\"1\":4,\"\xc2\x80\":6,\"\xc3\xb6\":7,\"\xe2\x82\xac\":1,\"\xf0\x9f\x98\x80\":5,\"\xef\xac\xb3\":3}"},
    /* numbers stay as they are spelled */
    {"[1.0,1,1e2,9007199254740993,-0]", "[1.0,1,1e2,9007199254740993,-0]"},
};

static const char *canonical(const char *input, const char *const *without)
{
    uapi_json json;
    const char *text;
    size_t length;

    assert_int_equal(uapi_json_read(&json, input, strlen(input), NULL, pool, NULL), APR_SUCCESS);
    uapi_canonical_write(&json, 0, without, &text, &length, pool);
    assert_int_equal(strlen(text), length);
    return text;
}

static void is_canonical(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *once = canonical(cases[i].text, NULL);

        assert_string_equal(once, cases[i].canonical);
        assert_string_equal(canonical(once, NULL), once);
    }
}

static void leaves_out(void **state)
{
    static const char *const without[] = {"_meta", "icons", NULL};

    (void)state;
    assert_string_equal(canonical("{\"icons\":[],\"a\":{\"_meta\":1},\"_meta\":{\"x\":1},\"_metal\":2}", without),
                        "{\"_metal\":2,\"a\":{\"_meta\":1}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(is_canonical), cmocka_unit_test(leaves_out)};
    int failed;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return failed;
}
