/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What 2026-07-28 adds to a message: arguments mirrored into headers, what a request does beside its method, and requests to
 * the client that travel in results. Bodies are written with ' for ".
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

static void read_json(uapi_json *json, const char *body)
{
    char *text = quoted(body);

    assert_int_equal(uapi_json_read(json, text, strlen(text), NULL, pool, NULL), APR_SUCCESS);
}

#define ARGUMENTS                                                                                                      \
    "{'jsonrpc':'2.0','id':1,'method':'tools/call','params':{'name':'t','other':'outside','arguments':{'region':"      \
    "'us-west1','n':42,'big':9007199254740993,'yes':true,'no':false,'none':null,'empty':'','deep':{'er':{'x':'down'}}" \
    ","                                                                                                                \
    "'list':['inside',{'y':'too'}],'pad':' a ','utf':'\\u00e9','lines':'a\\nb','coded':'=?base64?YQ==?=','f':1.5}}}"

static void test_param_headers(void **state)
{
    static const struct {
        const char *value;
        int agrees;
    } cases[] = {
        {"us-west1", 1},
        {"US-WEST1", 0},
        {"us-west", 0},
        {"us-west1, us-west1", 0},
        {"eu", 0},
        {"", 1}, /* an argument is the empty string */
        {"42", 1},
        {"42.0", 1},
        {"4.2e1", 1},
        {"0x2a", 0},
        {"43", 0},
        {"42 ", 0},
        {"nan", 0},
        {"9007199254740993", 1},
        {"9007199254740992", 0},
        {"true", 1},
        {"false", 1},
        {"TRUE", 0},
        {"null", 0},
        {"down", 1},
        {"inside", 0}, /* what is in an array cannot be mirrored */
        {"too", 0},
        {"outside", 0}, /* params are no arguments */
        {"t", 0},
        {"region", 0}, /* a key is no value */
        {"=?base64?IGEg?=", 1},
        {"\xc3\xa9", 0}, /* not visible ASCII */
        {"=?base64?w6k=?=", 1},
        {"=?base64?w6k?=", 0},
        {"=?base64?YQpi?=", 1},
        {"=?base64?dXMtd2VzdDE=?=", 1},
        {"=?BASE64?dXMtd2VzdDE=?=", 0},
        {"=?base64?dXMtd2VzdDI=?=", 0},
        {"=?base64?dXMt!2VzdDE=?=", 0},
        {"=?base64?YQ==?=", 0}, /* stands for "a" */
        {"=?base64?PT9iYXNlNjQ/WVE9PT89?=", 1},
        {"=?base64?"
         "?=",
         1},
        {"=?base64?NDI=?=", 0}, /* "42", but the argument is a number */
    };
    size_t i, version;
    static const char *const versions[] = {NULL, "2025-03-26", "2025-11-25", "2026-07-28"};

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (version = 0; version < sizeof(versions) / sizeof(versions[0]); version++) {
            uapi_mcp_param_header param = {"Mcp-Param-X", cases[i].value};
            uapi_mcp_headers headers = {versions[version], "tools/call", "t", &param, 1};
            uapi_result result = {0, UAPI_REASON_NONE, NULL};
            uapi_mcp_body body;
            uapi_json json;

            read_json(&json, ARGUMENTS);
            uapi_mcp_read(&body, &json, &headers, pool, &result);
            if (result.reason != (cases[i].agrees ? UAPI_REASON_NONE : UAPI_REASON_MCP_HEADER_MISMATCH)) {
                fail_msg("%s under %s: %s", cases[i].value, versions[version] ? versions[version] : "none",
                         uapi_reason_describe(result.reason)->code);
            }
        }
    }
}

static void test_param_without_a_name(void **state)
{
    uapi_mcp_param_header param = {"Mcp-Param-", "us-west1"};
    uapi_mcp_headers headers = {NULL, NULL, NULL, &param, 1};
    uapi_result result = {0, UAPI_REASON_NONE, NULL};
    uapi_mcp_body body;
    uapi_json json;

    (void)state;
    read_json(&json, ARGUMENTS);
    uapi_mcp_read(&body, &json, &headers, pool, &result);
    assert_int_equal(result.reason, UAPI_REASON_MCP_HEADER_MISMATCH);
}

static void test_param_without_arguments(void **state)
{
    static const char *const bodies[] = {
        "{'jsonrpc':'2.0','id':1,'method':'tools/call','params':{'name':'t'}}",
        "{'jsonrpc':'2.0','id':1,'method':'tools/call','params':{'name':'t','arguments':{}}}",
        "{'jsonrpc':'2.0','id':1,'method':'tools/list'}",
        "{'jsonrpc':'2.0','id':1,'result':{'x':'a'}}",
        ("[{'jsonrpc':'2.0','id':1,'method':'tools/call','params':{'name':'t','arguments':{'x':'a'}}},"
         "{'jsonrpc':'2.0','id':2,'method':'ping'}]"),
    };
    uapi_mcp_param_header param = {"Mcp-Param-X", "a"};
    uapi_mcp_headers headers = {NULL, NULL, NULL, &param, 1};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        uapi_result result = {0, UAPI_REASON_NONE, NULL};
        uapi_mcp_body body;
        uapi_json json;

        read_json(&json, bodies[i]);
        uapi_mcp_read(&body, &json, &headers, pool, &result);
        assert_int_equal(result.reason, UAPI_REASON_MCP_HEADER_MISMATCH);
    }
}

#define PARAMS(params) "{'jsonrpc':'2.0','id':1,'method':'x','params':{" params "}}"

static void test_also(void **state)
{
    static const struct {
        const char *body;
        unsigned also;
        uapi_reason reason;
    } cases[] = {
        {PARAMS(""), 0, UAPI_REASON_NONE},
        {PARAMS("'inputResponses':{}"), 0, UAPI_REASON_NONE},
        {PARAMS("'inputResponses':null"), 0, UAPI_REASON_NONE},
        {PARAMS("'requestState':'opaque'"), 0, UAPI_REASON_NONE},
        {PARAMS("'inputResponses':{'a':{}}"), UAPI_MCP_ALSO_ANSWERS, UAPI_REASON_NONE},
        {PARAMS("'inputResponses':1"), UAPI_MCP_ALSO_ANSWERS, UAPI_REASON_NONE},
        {PARAMS("'InputResponses':{'a':{}}"), 0, UAPI_REASON_RPC_KEY_CASE},
        {PARAMS("'notifications':{'toolsListChanged':true}"), 0, UAPI_REASON_NONE},
        {PARAMS("'notifications':{'resourceSubscriptions':[]}"), 0, UAPI_REASON_NONE},
        {PARAMS("'notifications':{'resourceSubscriptions':['a:b']}"), UAPI_MCP_ALSO_SUBSCRIBES, UAPI_REASON_NONE},
        {PARAMS("'notifications':{'ResourceSubscriptions':['a:b']}"), 0, UAPI_REASON_RPC_KEY_CASE},
        {PARAMS("'notifications':{'taskIds':['1']}"), UAPI_MCP_ALSO_GETS_TASKS, UAPI_REASON_NONE},
        {PARAMS("'notifications':{'ta\xc5\xbfkIds':['1']}"), 0, UAPI_REASON_RPC_KEY_CASE},
        {PARAMS("'notifications':{'taskIds':['1'],'resourceSubscriptions':['x']},'inputResponses':{'x':1}"), 7,
         UAPI_REASON_NONE},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uapi_result result = {0, UAPI_REASON_NONE, NULL};
        uapi_mcp_body body;
        uapi_json json;

        read_json(&json, cases[i].body);
        uapi_mcp_read(&body, &json, NULL, pool, &result);
        if (result.reason != cases[i].reason || (body.count && body.messages[0].also != cases[i].also)) {
            fail_msg("%s", cases[i].body);
        }
    }
}

static void test_input_requests(void **state)
{
    static const struct {
        const char *text;
        const char *methods; /* NULL: none */
        uapi_reason reason;
    } cases[] = {
        {"1", NULL, UAPI_REASON_NONE},
        {"[]", NULL, UAPI_REASON_NONE},
        {"{'result':[1]}", NULL, UAPI_REASON_NONE},
        {"{'result':{}}", NULL, UAPI_REASON_NONE},
        {"{'result':{'inputRequests':null}}", NULL, UAPI_REASON_NONE},
        {"{'result':{'inputRequests':{}}}", "", UAPI_REASON_NONE},
        {"{'result':{'inputRequests':{'a':{'method':'roots/list'}}}}", "roots/list ", UAPI_REASON_NONE},
        {"{'result':{'inputRequests':{'a':{'params':{},'method':'a\\u002fb'},'b':{'method':'c'}}}}", "a/b c ",
         UAPI_REASON_NONE},
        {"{'result':{'inputRequests':[{'method':'a'},{'method':'b'}]}}", "a b ", UAPI_REASON_NONE},
        {"{'params':{'inputRequests':{'a':{'method':'x'}}}}", "x ", UAPI_REASON_NONE},
        {"{'result':{'task':{'inputRequests':{'a':{'method':'x'}}}}}", "x ", UAPI_REASON_NONE},
        {"{'result':{'inputRequests':{'a':{'method':'x'}},'task':{'inputRequests':{'a':{'method':'y'}}}}}", "x y ",
         UAPI_REASON_NONE},
        {"{'result':{'content':{'inputRequests':{'a':1}}}}", NULL, UAPI_REASON_NONE},
        {"{'result':{'inputRequests':{'a':1}}}", "", UAPI_REASON_RPC_INVALID},
        {"{'result':{'inputRequests':{'a':{}}}}", "", UAPI_REASON_RPC_INVALID},
        {"{'result':{'inputRequests':{'a':{'method':1}}}}", "", UAPI_REASON_RPC_INVALID},
        {"{'result':{'inputRequests':['a']}}", "", UAPI_REASON_RPC_INVALID},
        {"{'result':{'InputRequests':{'a':{'method':'x'}}}}", NULL, UAPI_REASON_RPC_KEY_CASE},
        {"{'result':{'inputRequests':{'a':{'Method':'x'}}}}", "", UAPI_REASON_RPC_KEY_CASE},
        {"{'result':{'TASK':{}}}", NULL, UAPI_REASON_RPC_KEY_CASE},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uapi_result result = {0, UAPI_REASON_NONE, NULL};
        apr_array_header_t *methods;
        const char *all = "";
        uapi_json json;
        int j;

        read_json(&json, cases[i].text);
        uapi_mcp_input_requests(&methods, &json, 0, pool, &result);
        for (j = 0; methods && j < methods->nelts; j++) {
            all = apr_pstrcat(pool, all, APR_ARRAY_IDX(methods, j, const char *), " ", NULL);
        }
        if (result.reason != cases[i].reason || !methods != !cases[i].methods ||
            (methods && strcmp(all, cases[i].methods) != 0)) {
            fail_msg("%s: %s, %s", cases[i].text, uapi_reason_describe(result.reason)->code, all);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_param_headers),           cmocka_unit_test(test_param_without_a_name),
        cmocka_unit_test(test_param_without_arguments), cmocka_unit_test(test_also),
        cmocka_unit_test(test_input_requests),
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
