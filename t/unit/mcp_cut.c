/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Each message of t/messages, under each revision that has it, cut after every byte: the whole is a message, what is cut is none, and the
 * reason is the same under every revision and under none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "mcp.h"

#define META                                                                                                         \
    "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\",\"io.modelcontextprotocol/clientInfo\":{" \
    "\"name\":\"c\",\"version\":\"1\"},\"io.modelcontextprotocol/clientCapabilities\":{}}"

static const char *const revisions[] = {"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"};
enum { REVISIONS = sizeof(revisions) / sizeof(revisions[0]) };

typedef struct kind {
    int from_client;
    const char *first, *last, *text;
    const char *method, *name; /* for Mcp-Method and Mcp-Name */
} kind;

static apr_pool_t *pool;
static kind kinds[128];
static size_t kind_count;

static void read_line(char *line)
{
    kind *one = &kinds[kind_count++];
    char *state, *meta;
    uapi_mcp_body body;
    uapi_json json;

    assert_true(kind_count < sizeof(kinds) / sizeof(kinds[0]));
    one->from_client = strcmp(apr_strtok(line, " ", &state), "client") == 0;
    one->first = apr_pstrdup(pool, apr_strtok(NULL, " ", &state));
    one->last = apr_pstrdup(pool, apr_strtok(NULL, " ", &state));
    one->text = apr_pstrdup(pool, apr_strtok(NULL, "\n", &state));
    meta = strstr(one->text, "@META@");
    if (meta) {
        one->text = apr_pstrcat(pool, apr_pstrndup(pool, one->text, (size_t)(meta - one->text)), META, meta + 6, NULL);
    }
    assert_int_equal(uapi_json_read(&json, one->text, strlen(one->text), NULL, pool, NULL), APR_SUCCESS);
    if (one->from_client && strcmp(one->last, "2026-07-28") == 0) {
        uint32_t method = uapi_json_member(&json, 0, "method");
        const char *text = uapi_json_strdup(&json, method, pool);
        uint32_t params = uapi_json_member(&json, 0, "params");
        uint32_t name = uapi_json_member(&json, params, strcmp(text, "resources/read") == 0 ? "uri" : "name");

        one->method = text;
        one->name = name != UAPI_JSON_NONE ? uapi_json_strdup(&json, name, pool) : NULL;
    }
    assert_int_equal(uapi_mcp_read_reply(&body, &json, pool, NULL), APR_SUCCESS);
}

static int read_kinds(void **state)
{
    char line[2048];
    FILE *file = fopen("t/messages", "r");

    (void)state;
    assert_non_null(file);
    while (fgets(line, sizeof(line), file)) {
        if (*line != '#') {
            assert_non_null(strchr(line, '\n'));
            read_line(line);
        }
    }
    fclose(file);
    return 0;
}

/* A copy of exactly that size, so that a sanitizer sees a read beyond it. */
static uapi_reason judge(const kind *one, size_t length, const char *version)
{
    static apr_pool_t *scratch;
    int modern = version && strcmp(version, "2026-07-28") == 0;
    uapi_mcp_headers headers = {version, modern ? one->method : NULL, modern ? one->name : NULL, NULL, 0};
    char *exact = malloc(length ? length : 1);
    uapi_result result = {0, UAPI_REASON_NONE, NULL};
    uapi_mcp_body body;
    uapi_json json;

    if (!scratch) {
        apr_pool_create(&scratch, pool);
    }
    apr_pool_clear(scratch);
    assert_non_null(exact);
    memcpy(exact, one->text, length);
    if (uapi_json_read(&json, exact, length, NULL, scratch, &result) == APR_SUCCESS) {
        if (one->from_client) {
            uapi_mcp_read(&body, &json, &headers, scratch, &result);
        } else {
            uapi_mcp_read_reply(&body, &json, scratch, &result);
        }
        assert_true((body.count > 0) == (result.reason == UAPI_REASON_NONE));
    }
    free(exact);
    return result.reason;
}

static void test_whole(void **state)
{
    (void)state;
    assert_true(kind_count > 60);
    for (size_t i = 0; i < kind_count; i++) {
        for (size_t j = 0; j < REVISIONS; j++) {
            if (strcmp(revisions[j], kinds[i].first) >= 0 && strcmp(revisions[j], kinds[i].last) <= 0 &&
                judge(&kinds[i], strlen(kinds[i].text), revisions[j]) != UAPI_REASON_NONE) {
                fail_msg("under %s: %s", revisions[j], kinds[i].text);
            }
        }
    }
}

/* Is a character, or a pair of escapes that is one, cut in two? Then the text is no UTF-8 before it is no JSON. */
static int splits_character(const char *text, size_t length)
{
    const char *pair = length >= 6 ? strstr(text, "\\ud83d") : NULL;

    return ((unsigned char)text[length] & 0xc0) == 0x80 ||
           (pair && text + length >= pair + 6 && text + length < pair + 12);
}

static void test_every_prefix(void **state)
{
    (void)state;
    for (size_t i = 0; i < kind_count; i++) {
        for (size_t length = 0; length < strlen(kinds[i].text); length++) {
            uapi_reason expected = judge(&kinds[i], length, NULL);

            if (expected != UAPI_REASON_JSON_SYNTAX &&
                !(expected == UAPI_REASON_JSON_UTF8 && splits_character(kinds[i].text, length))) {
                fail_msg("%s: %.*s", uapi_reason_describe(expected)->code, (int)length, kinds[i].text);
            }
            for (size_t j = 0; j < REVISIONS; j++) {
                assert_int_equal(judge(&kinds[i], length, revisions[j]), expected);
            }
        }
    }
}

/* That a message is whole makes no revision known. */
static void test_unknown_revision(void **state)
{
    (void)state;
    for (size_t i = 0; i < kind_count; i++) {
        if (kinds[i].from_client) {
            assert_int_equal(judge(&kinds[i], strlen(kinds[i].text), "2025-11-26"), UAPI_REASON_MCP_VERSION);
            assert_int_equal(judge(&kinds[i], strlen(kinds[i].text), ""), UAPI_REASON_MCP_VERSION);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_every_prefix),
        cmocka_unit_test(test_unknown_revision),
    };
    int failed;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    failed = cmocka_run_group_tests(tests, read_kinds, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return failed;
}
