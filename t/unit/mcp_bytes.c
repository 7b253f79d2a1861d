/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A message of each kind, cut at every byte, with a byte left out, and with something after it: none of it is a message. Bodies are
 * written with ' for ".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "mcp.h"

static apr_pool_t *pool;

/* With ' for ". */
static char *quoted(const char *text)
{
    char *copy = apr_pstrdup(pool, text), *at;

    for (at = copy; *at; at++) {
        *at = *at == '\'' ? '"' : *at;
    }
    return copy;
}

#define META \
    "'_meta':{'io.modelcontextprotocol/protocolVersion':'2026-07-28','io.modelcontextprotocol/clientCapabilities':{}}"
#define REQUEST(method, params) "{'jsonrpc':'2.0','id':12,'method':'" method "','params':{" params "}}"

static const struct {
    const char *text;
    const char *version; /* of the header; NULL: none */
} messages[] = {
    {REQUEST("initialize", "'protocolVersion':'2025-11-25','capabilities':{},'clientInfo':{'name':'a','version':'1'}"),
     NULL},
    {REQUEST("ping", ""), NULL},
    {REQUEST("server/discover", META), "2026-07-28"},
    {REQUEST("tools/list", "'cursor':'\\u00e9\xc3\xa9'"), "2025-06-18"},
    {REQUEST("tools/call", "'name':'t','arguments':{'a':[1,-2.5e3,null,true,{}]}"), "2025-11-25"},
    {REQUEST("tools/call", "'name':'t','inputResponses':{'a':{'action':'accept'}},'requestState':'s'," META),
     "2026-07-28"},
    {REQUEST("resources/read", "'uri':'file:///a'"), "2025-03-26"},
    {REQUEST("resources/subscribe", "'uri':'file:///a'"), "2025-11-25"},
    {REQUEST("subscriptions/listen", "'notifications':{'resourceSubscriptions':['file:///a']}," META), "2026-07-28"},
    {REQUEST("prompts/get", "'name':'p','arguments':{'a':'b'}"), NULL},
    {REQUEST("completion/complete", "'ref':{'type':'ref/prompt','name':'p'},'argument':{'name':'a','value':''}"), NULL},
    {REQUEST("logging/setLevel", "'level':'debug'"), NULL},
    {REQUEST("tasks/get", "'taskId':'k'"), "2025-11-25"},
    {REQUEST("tasks/update", "'taskId':'k','inputResponses':{'a':{}}"), "2025-11-25"},
    {REQUEST("tasks/cancel", "'taskId':'k'"), "2025-11-25"},
    {"{'jsonrpc':'2.0','method':'notifications/cancelled','params':{'requestId':1,'reason':'x'}}", NULL},
    {"{'jsonrpc':'2.0','method':'notifications/progress','params':{'progressToken':1,'progress':0.5}}", NULL},
    {"{'jsonrpc':'2.0','id':'s1','result':{'roots':[]}}", NULL},
    {"{'jsonrpc':'2.0','id':'s1','error':{'code':-1,'message':'no','data':{}}}", NULL},
    {"[{'jsonrpc':'2.0','id':1,'method':'ping'},{'jsonrpc':'2.0','method':'notifications/initialized'}]", NULL},
};
enum { MESSAGES = sizeof(messages) / sizeof(messages[0]) };

/* A copy of exactly that size, so that a sanitizer sees a read beyond it. */
static int is_message(const char *text, size_t length, const char *version, const char *method)
{
    uapi_mcp_headers headers = {version, method, NULL, NULL, 0};
    char *exact = malloc(length ? length : 1);
    uapi_result result = {0, UAPI_REASON_NONE, NULL};
    uapi_mcp_body body, reply;
    uapi_json json;
    int accepted;

    assert_non_null(exact);
    memcpy(exact, text, length);
    accepted = uapi_json_read(&json, exact, length, NULL, pool, &result) == APR_SUCCESS &&
               uapi_mcp_read(&body, &json, &headers, pool, &result) == APR_SUCCESS;
    if (json.count) {
        uapi_mcp_read_reply(&reply, &json, pool, NULL);
    }
    assert_true(accepted == (result.reason == UAPI_REASON_NONE));
    free(exact);
    return accepted;
}

/* The headers that the newest revision demands. */
static const char *method_of(const char *text)
{
    const char *at = strstr(text, "\"method\":\"");

    return at ? apr_pstrmemdup(pool, at + 10, strcspn(at + 10, "\"")) : NULL;
}

static void each(void (*check)(const char *text, size_t length, const char *version, const char *method))
{
    size_t i;

    for (i = 0; i < MESSAGES; i++) {
        const char *text = quoted(messages[i].text);
        int modern = messages[i].version && strcmp(messages[i].version, "2026-07-28") == 0;

        check(text, strlen(text), messages[i].version, modern ? method_of(text) : NULL);
    }
}

static int names_its_target(const char *method)
{
    return method && strcmp(method, "tools/call") == 0;
}

static void check_prefixes(const char *text, size_t length, const char *version, const char *method)
{
    size_t i;

    assert_int_equal(is_message(text, length, version, method),
                     !names_its_target(method)); /* that needs Mcp-Name too */
    for (i = 0; i < length; i++) {
        if (is_message(text, i, version, method)) {
            fail_msg("%.*s", (int)i, text);
        }
    }
}

static void test_every_prefix(void **state)
{
    (void)state;
    each(check_prefixes);
}

static void check_suffixes(const char *text, size_t length, const char *version, const char *method)
{
    size_t i;

    for (i = 1; i < length; i++) {
        const char *tail = text + i;

        /* a tail of a batch's is a message only if it is one */
        if (is_message(tail, length - i, version, method)) {
            fail_msg("%s", tail);
        }
    }
}

static void test_every_suffix(void **state)
{
    (void)state;
    each(check_suffixes);
}

/* Two bodies in one, whatever stands between them. */
static void check_two(const char *text, size_t length, const char *version, const char *method)
{
    static const char *const between[] = {"", " ", "\n", "\r\n", ",", "\x1e", ";", "\xef\xbb\xbf"};
    size_t i;

    (void)length;
    for (i = 0; i < sizeof(between) / sizeof(between[0]); i++) {
        const char *two = apr_pstrcat(pool, text, between[i], text, NULL);

        assert_false(is_message(two, strlen(two), version, method));
    }
    assert_false(is_message(apr_pstrcat(pool, "\xef\xbb\xbf", text, NULL), length + 3, version, method));
    assert_false(is_message(apr_pstrcat(pool, text, "\0", NULL), length + 1, version, method));
}

static void test_two_in_one(void **state)
{
    (void)state;
    each(check_two);
}

/* Ids of every JSON type and spelling: a string or an integer, or it is no request. */
static void test_ids(void **state)
{
    static const struct {
        const char *id;
        int accepted;
    } cases[] = {
        {"1", 1},
        {"0", 1},
        {"-1", 1},
        {"'a'", 1},
        {"''", 1},
        {"'1'", 1},
        {"1.0", 0},
        {"1e0", 0},
        {"1E2", 0},
        {"-0.0", 0},
        {"01", 0},
        {"+1", 0},
        {"0x1", 0},
        {"1.", 0},
        {".5", 0},
        {"NaN", 0},
        {"null", 0},
        {"true", 0},
        {"false", 0},
        {"[]", 0},
        {"[1]", 0},
        {"{}", 0},
        {"{'id':1}", 0},
        {"Infinity", 0},
        {"'\\ud800'", 0},
        {"'\\u0000'", 0},
        {"undefined", 0},
        {"-0", 1},
        {"123456789012345678901234567890123456789012345678901234567890", 1},
    };
    static const struct {
        const char *before, *after;
    } forms[] = {{"{'jsonrpc':'2.0','id':", ",'method':'ping'}"},
                 {"{'jsonrpc':'2.0','id':", ",'result':{}}"},
                 {"[{'jsonrpc':'2.0','id':", ",'method':'ping'}]"}};
    size_t i, j;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (j = 0; j < sizeof(forms) / sizeof(forms[0]); j++) {
            const char *text = quoted(apr_pstrcat(pool, forms[j].before, cases[i].id, forms[j].after, NULL));

            if (is_message(text, strlen(text), NULL, NULL) != cases[i].accepted) {
                fail_msg("%s", text);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_prefix),
        cmocka_unit_test(test_every_suffix),
        cmocka_unit_test(test_two_in_one),
        cmocka_unit_test(test_ids),
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
