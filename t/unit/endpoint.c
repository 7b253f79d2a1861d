/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "endpoint.h"

static apr_pool_t *pool;

/* NULL: refused. */
static const struct {
    const char *origin, *path, *prefix, *text, *target;
} cases[] = {
    {"http://up:3001", "/sse", "/", "/message?sessionId=1", "/message?sessionId=1"},
    {"http://up:3001", "/sse", "", "/message", "/message"},
    {"http://up:3001", "/sse", "/", "http://up:3001/message?s=%20x", "/message?s=%20x"},
    {"http://up:3001", "/sse", "/", "HTTP://UP:3001/message", "/message"},
    {"http://up", "/sse", "/", "http://up:80/m", "/m"},
    {"https://up:443", "/sse", "/", "https://up/m", "/m"},
    {"http://[::1]:9", "/sse", "/", "http://[::1]:9/m", "/m"},
    {"http://up:3001", "/a/sse", "/a/", "message?x=a:b/c", "/a/message?x=a:b/c"},
    {"http://up:3001", "/a/sse", "/a", "?s=1", "/a/sse?s=1"},
    {"http://up:3001", "/a/sse", "/a", "//up:3001/a/m", "/a/m"},
    {"http://up:3001", "/a/sse", "/a", "/a", "/a"},
    {"http://up:3001", "/sse", "/", "http://up:3001", "/"},
    {"http://up:3001", "/sse", "/", "/m/?u=/../x%2e%2f", "/m/?u=/../x%2e%2f"},
    {"http://up:3001", "/a/sse", "/a", "/b/m", NULL},
    {"http://up:3001", "/a/sse", "/a", "/application/m", NULL},
    {"http://up:3001", "/a/sse", "/a", "/a/../b", NULL},
    {"http://up:3001", "/a/sse", "/a", "../b", NULL},
    {"http://up:3001", "/a/sse", "/a", "/a/%2e%2e/b", NULL},
    {"http://up:3001", "/a/sse", "/a", "/a/%2E./b", NULL},
    {"http://up:3001", "/a/sse", "/a", "/a/..%2fb", NULL},
    {"http://up:3001", "/a/sse", "/a", "/a/..%5cb", NULL},
    {"http://up:3001", "/a/sse", "/a", "/a/%252e%252e/b", NULL},
    {"http://up:3001", "/a/sse", "/a", "/a\\..\\b", NULL},
    {"http://up:3001", "/a/sse", "/a", "/a//b", NULL},
    {"http://up:3001", "/a/sse", "/a", "/a/./b", NULL},
    {"http://up:3001", "/a/sse", "/a", "/a/b#f", NULL},
    {"http://up:3001", "/a/sse", "/a", "/a/%00", NULL},
    {"http://up:3001", "/a/sse", "/a", "/a/b?x=%0d%0aX", NULL},
    {"http://up:3001", "/a/sse", "/a", "/a/b?x=%4", NULL},
    {"http://up:3001", "/a/sse", "/a", "/a/b%zz", NULL},
    {"http://up:3001", "/a/sse", "/a", "/a b", NULL},
    {"http://up:3001", "/a/sse", "/a", "/a\r\nb", NULL},
    {"http://up:3001", "/a/sse", "/a", "/a\xc3\xa9", NULL},
    {"http://up:3001", "/sse", "/", "http://evil/m", NULL},
    {"http://up:3001", "/sse", "/", "http://up/m", NULL},
    {"http://up:3001", "/sse", "/", "https://up:3001/m", NULL},
    {"http://up:3001", "/sse", "/", "http://up:3001@evil/m", NULL},
    {"http://up:3001", "/sse", "/", "http://evil@up:3001/m", NULL},
    {"http://up:3001", "/sse", "/", "http://up:3001.evil/m", NULL},
    {"http://up:3001", "/sse", "/", "http://up:3001:3001/m", NULL},
    {"http://up:3001", "/sse", "/", "http:///m", NULL},
    {"http://up:3001", "/sse", "/", "http:/m", NULL},
    {"http://up:3001", "/sse", "/", "//evil/m", NULL},
    {"http://up:3001", "/sse", "/", "///evil/m", NULL},
    {"http://up:3001", "/sse", "/", "/\\evil/m", NULL},
    {"http://up:3001", "/sse", "/", "javascript:alert(1)", NULL},
    {"http://[::1]:9", "/sse", "/", "http://[::1/m", NULL},
    {"http://up:3001", "/sse", "/", "", NULL},
    {"nonsense", "/sse", "/", "/m", NULL},
};

static void table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const uapi_endpoint_base base = {cases[i].origin, cases[i].path, cases[i].prefix};
        uapi_result result = {0};
        const char *target;
        apr_status_t status = uapi_endpoint_read(&target, cases[i].text, strlen(cases[i].text), &base, pool, &result);
        if (cases[i].target != NULL) {
            assert_int_equal(status, APR_SUCCESS);
            assert_string_equal(target, cases[i].target);
        } else {
            if (status == APR_SUCCESS) {
                fail_msg("%s was taken", cases[i].text);
            }
            assert_null(target);
            assert_int_equal(result.reason, UAPI_REASON_RESPONSE_INVALID);
        }
    }
}

static void bounds(void **state)
{
    const uapi_endpoint_base base = {"http://up", "/sse", "/"};
    char text[UAPI_ENDPOINT_MAX + 1];
    const char *target;
    (void)state;
    memset(text, 'x', sizeof(text));
    text[0] = '/';
    assert_int_equal(uapi_endpoint_read(&target, text, UAPI_ENDPOINT_MAX, &base, pool, NULL), APR_SUCCESS);
    assert_int_not_equal(uapi_endpoint_read(&target, text, sizeof(text), &base, pool, NULL), APR_SUCCESS);
    assert_int_not_equal(uapi_endpoint_read(&target, "/m\0x", 4, &base, pool, NULL), APR_SUCCESS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),
        cmocka_unit_test(bounds),
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
