/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>

#include "listing.h"

static apr_pool_t *pool;

/* Keeps what the baton, a space-separated list, has as "method:name". */
static int listed(void *baton, const char *method, const char *name)
{
    char wanted[128];
    const char *at;
    snprintf(wanted, sizeof(wanted), "%s:%s ", method, name);
    at = strstr(baton, wanted);
    return at != NULL;
}

static void check(const char *text, const char *keep, uint32_t removed, const char *expected)
{
    uapi_json json;
    char kept[256];
    const char *out;
    size_t length;
    apr_array_header_t *edits = uapi_edit_list(pool);
    snprintf(kept, sizeof(kept), "%s ", keep);
    assert_int_equal(uapi_json_read(&json, text, strlen(text), NULL, pool, NULL), APR_SUCCESS);
    assert_int_equal(uapi_listing_cut(edits, &json, 0, listed, kept, pool), removed);
    uapi_edit_apply(&out, &length, text, strlen(text), edits, pool);
    assert_string_equal(out, expected);
    assert_int_equal(uapi_json_read(&json, out, length, NULL, pool, NULL), APR_SUCCESS);
}

#define A "{\"name\":\"a\",\"x\":[1,{}]}"
#define B "{\"name\":\"b\"}"
#define C "{ \"name\" : \"\\u0063\" }"

static void removes_with_one_comma(void **state)
{
    (void)state;
    check("{\"result\":{\"tools\":[" A " , " B " ,\n" C "]}}", "tools/call:a tools/call:b tools/call:c", 0,
          "{\"result\":{\"tools\":[" A " , " B " ,\n" C "]}}");
    check("{\"result\":{\"tools\":[" A " , " B " ,\n" C "]}}", "tools/call:b tools/call:c", 1,
          "{\"result\":{\"tools\":[" B " ,\n" C "]}}");
    check("{\"result\":{\"tools\":[" A " , " B " ,\n" C "]}}", "tools/call:a tools/call:c", 1,
          "{\"result\":{\"tools\":[" A " ,\n" C "]}}");
    check("{\"result\":{\"tools\":[" A " , " B " ,\n" C "]}}", "tools/call:a tools/call:b", 1,
          "{\"result\":{\"tools\":[" A " , " B "]}}");
    check("{\"result\":{\"tools\":[" A " , " B " ,\n" C "]}}", "tools/call:c", 2, "{\"result\":{\"tools\":[" C "]}}");
    check("{\"result\":{\"tools\":[" A " , " B " ,\n" C "]}}", "tools/call:a", 2, "{\"result\":{\"tools\":[" A "]}}");
    check("{\"result\":{\"tools\":[" A " , " B " ,\n" C "]}}", "tools/call:b", 2, "{\"result\":{\"tools\":[" B "]}}");
    check("{\"result\":{\"tools\":[ " A " , " B " ,\n" C " ]}}", "", 3, "{\"result\":{\"tools\":[  ]}}");
    check("{\"result\":{\"tools\":[]}}", "", 0, "{\"result\":{\"tools\":[]}}");
}

static void removes_what_has_no_name(void **state)
{
    (void)state;
    check("{\"result\":{\"tools\":[\"a\",1,null,{},{\"name\":1},{\"Name\":\"a\"}," A "]}}", "tools/call:a", 6,
          "{\"result\":{\"tools\":[" A "]}}");
}

static void knows_every_list(void **state)
{
    (void)state;
    check("{\"result\":{\"prompts\":[" A "," B "],\"resources\":[{\"uri\":\"f:1\"},{\"uri\":\"f:2\"}],"
          "\"resourceTemplates\":[{\"uriTemplate\":\"f:{x}\"},{\"uriTemplate\":\"g:{x}\"}]}}",
          "prompts/get:b resources/read:f:1 resources/read:g:{x}", 3,
          "{\"result\":{\"prompts\":[" B
          "],\"resources\":[{\"uri\":\"f:1\"}],\"resourceTemplates\":[{\"uriTemplate\":\"g:{x}\"}]}}");
}

static void makes_the_cache_private(void **state)
{
    (void)state;
    check("{\"result\":{\"cacheScope\":\"public\",\"tools\":[" A "]}}", "tools/call:a", 0,
          "{\"result\":{\"cacheScope\":\"private\",\"tools\":[" A "]}}");
    check("{\"result\":{\"cacheScope\":[],\"tools\":[]}}", "", 0,
          "{\"result\":{\"cacheScope\":\"private\",\"tools\":[]}}");
    check("{\"result\":{\"cacheScope\":\"private\",\"tools\":[]}}", "", 0,
          "{\"result\":{\"cacheScope\":\"private\",\"tools\":[]}}");
    check("{\"result\":{\"cacheScope\":\"public\",\"contents\":[]}}", "", 0,
          "{\"result\":{\"cacheScope\":\"private\",\"contents\":[]}}");
    check("{\"params\":{\"cacheScope\":\"public\"}}", "", 0, "{\"params\":{\"cacheScope\":\"public\"}}");
}

static void leaves_other_messages(void **state)
{
    static const char *const others[] = {
        "[]",
        "7",
        "{\"tools\":[" A "]}",
        "{\"result\":[]}",
        "{\"result\":{\"tools\":{}}}",
        "{\"result\":{\"x\":{\"tools\":[" A "]}}}",
        "{\"params\":{\"tools\":[" A "]}}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        check(others[i], "", 0, others[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(removes_with_one_comma), cmocka_unit_test(removes_what_has_no_name),
        cmocka_unit_test(knows_every_list),       cmocka_unit_test(makes_the_cache_private),
        cmocka_unit_test(leaves_other_messages),
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
