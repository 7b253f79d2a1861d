/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What each body means under each set of headers, as tables: accepted ones with what was recognised, refused ones
 * with the reason. Bodies are written with ' for " to be readable; no case needs the former.
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

#define META_2026 "'_meta':{'io.modelcontextprotocol/protocolVersion':'2026-07-28'}"
#define CALL(params) "{'jsonrpc':'2.0','id':1,'method':'tools/call','params':{" params "}}"
#define PING "{'jsonrpc':'2.0','id':1,'method':'ping'}"
#define PING_2 "{'jsonrpc':'2.0','id':2,'method':'ping'}"
#define V2025_06 "2025-06-18"
#define V2025_11 "2025-11-25"
#define V2026 "2026-07-28"

static apr_pool_t *pool;

static void read_json(uapi_json *json, const char *body)
{
    char *text = apr_pstrdup(pool, body);
    char *at;

    for (at = text; *at; at++) {
        *at = *at == '\'' ? '"' : *at;
    }
    assert_int_equal(uapi_json_read(json, text, strlen(text), NULL, pool, NULL), APR_SUCCESS);
}

typedef struct case_headers {
    const char *protocol_version, *method, *name;
} case_headers;

typedef struct mcp_case {
    const char *body;
    case_headers headers;
    uapi_reason reason;
} mcp_case;

static void check_cases(const mcp_case *cases, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        uapi_mcp_headers headers = {cases[i].headers.protocol_version, cases[i].headers.method, cases[i].headers.name,
                                    NULL, 0};
        uapi_result result = {0, UAPI_REASON_NONE, NULL};
        uapi_mcp_body body;
        uapi_json json;
        apr_status_t status;

        read_json(&json, cases[i].body);
        status = uapi_mcp_read(&body, &json, &headers, pool, &result);
        if (result.reason != cases[i].reason || (status == APR_SUCCESS) != (result.reason == UAPI_REASON_NONE)) {
            fail_msg("case %u, %s: %s, not %s", (unsigned)i, cases[i].body, uapi_reason_describe(result.reason)->code,
                     uapi_reason_describe(cases[i].reason)->code);
        }
        if (status != APR_SUCCESS) {
            assert_int_equal(body.count, 0);
            assert_null(body.messages);
            assert_non_null(result.detail);
        }
    }
}

#define CHECK(cases) check_cases(cases, sizeof(cases) / sizeof(cases[0]))
#define OK UAPI_REASON_NONE
#define INVALID UAPI_REASON_RPC_INVALID
#define KEY_CASE UAPI_REASON_RPC_KEY_CASE
#define BATCH UAPI_REASON_RPC_BATCH
#define VERSION UAPI_REASON_MCP_VERSION
#define MISMATCH UAPI_REASON_MCP_HEADER_MISMATCH

static void test_envelope(void **state)
{
    static const mcp_case cases[] = {
        {PING, {0}, OK},
        {"{'jsonrpc':'2.0','method':'notifications/initialized'}", {0}, OK},
        {"{'jsonrpc':'2.0','id':'a','method':'ping','params':{}}", {0}, OK},
        {"{'jsonrpc':'2.0','id':-7,'method':'ping','other':[1]}", {0}, OK},
        {"{'jsonrpc':'2.0','id':1,'result':{}}", {0}, OK},
        {"{'jsonrpc':'2.0','id':1,'error':{'code':-1,'message':'m','data':[]}}", {0}, OK},
        {"{'jsonrpc':'2.0','id':null,'error':{'code':-1,'message':'m'}}", {0}, OK},
        {"{'jsonrpc':'2.0','error':{'code':-1,'message':'m'}}", {0}, OK},
        {"1", {0}, INVALID},
        {"'ping'", {0}, INVALID},
        {"null", {0}, INVALID},
        {"{}", {0}, INVALID},
        {"[]", {0}, INVALID},
        {"[1]", {0}, INVALID},
        {"[[" PING "]]", {0}, INVALID},
        {"{'id':1,'method':'ping'}", {0}, INVALID},
        {"{'jsonrpc':'1.0','id':1,'method':'ping'}", {0}, INVALID},
        {"{'jsonrpc':2.0,'id':1,'method':'ping'}", {0}, INVALID},
        {"{'jsonrpc':'2.0 ','id':1,'method':'ping'}", {0}, INVALID},
        {"{'jsonrpc':'2.0','id':null,'method':'ping'}", {0}, INVALID},
        {"{'jsonrpc':'2.0','id':1.5,'method':'ping'}", {0}, INVALID},
        {"{'jsonrpc':'2.0','id':1e3,'method':'ping'}", {0}, INVALID},
        {"{'jsonrpc':'2.0','id':true,'method':'ping'}", {0}, INVALID},
        {"{'jsonrpc':'2.0','id':{},'method':'ping'}", {0}, INVALID},
        {"{'jsonrpc':'2.0','id':1,'method':7}", {0}, INVALID},
        {"{'jsonrpc':'2.0','id':1,'method':null}", {0}, INVALID},
        {"{'jsonrpc':'2.0','id':1,'method':'ping','params':[]}", {0}, INVALID},
        {"{'jsonrpc':'2.0','id':1,'method':'ping','params':null}", {0}, INVALID},
        {"{'jsonrpc':'2.0','id':1,'method':'ping','params':{'_meta':1}}", {0}, INVALID},
        {"{'jsonrpc':'2.0','id':1}", {0}, INVALID},
        {"{'jsonrpc':'2.0','id':1,'method':'ping','result':{}}", {0}, INVALID},
        {"{'jsonrpc':'2.0','id':1,'method':'ping','error':{'code':1,'message':''}}", {0}, INVALID},
        {"{'jsonrpc':'2.0','id':1,'result':{},'error':{'code':1,'message':''}}", {0}, INVALID},
        {"{'jsonrpc':'2.0','id':1,'result':{},'params':{}}", {0}, INVALID},
        {"{'jsonrpc':'2.0','id':1,'result':null}", {0}, INVALID},
        {"{'jsonrpc':'2.0','result':{}}", {0}, INVALID},
        {"{'jsonrpc':'2.0','id':null,'result':{}}", {0}, INVALID},
        {"{'jsonrpc':'2.0','id':1,'error':{'message':''}}", {0}, INVALID},
        {"{'jsonrpc':'2.0','id':1,'error':{'code':1}}", {0}, INVALID},
        {"{'jsonrpc':'2.0','id':1,'error':{'code':1.5,'message':''}}", {0}, INVALID},
        {"{'jsonrpc':'2.0','id':1,'error':'no'}", {0}, INVALID},
    };

    (void)state;
    CHECK(cases);
}

static void test_targets(void **state)
{
    static const mcp_case cases[] = {
        {CALL("'name':'t'"), {0}, OK},
        {CALL("'name':'t','arguments':{}"), {0}, OK},
        {CALL("'name':'t','arguments':null"), {0}, OK},
        {CALL("'name':'t','arguments':[]"), {0}, INVALID},
        {CALL("'name':'t','arguments':'x'"), {0}, INVALID},
        {CALL("'arguments':{}"), {0}, INVALID},
        {CALL("'name':7"), {0}, INVALID},
        {"{'jsonrpc':'2.0','id':1,'method':'tools/call'}", {0}, INVALID},
        {"{'jsonrpc':'2.0','method':'tools/call'}", {0}, INVALID},
        {"{'jsonrpc':'2.0','id':1,'method':'resources/read','params':{'name':'x'}}", {0}, INVALID},
        {"{'jsonrpc':'2.0','id':1,'method':'resources/subscribe','params':{'uri':'x:y'}}", {0}, OK},
        {"{'jsonrpc':'2.0','id':1,'method':'resources/unsubscribe','params':{}}", {0}, OK},
        {"{'jsonrpc':'2.0','id':1,'method':'tasks/get','params':{}}", {0}, OK},
        {"{'jsonrpc':'2.0','id':1,'method':'tasks/get','params':{'taskId':1}}", {0}, INVALID},
    };

    (void)state;
    CHECK(cases);
}

static void test_key_case(void **state)
{
    static const mcp_case cases[] = {
        {"{'jsonrpc':'2.0','id':1,'Method':'ping'}", {0}, KEY_CASE},
        {"{'jsonrpc':'2.0','id':1,'method':'ping','METHOD':'tools/call'}", {0}, KEY_CASE},
        {"{'JsonRpc':'2.0','jsonrpc':'2.0','id':1,'method':'ping'}", {0}, KEY_CASE},
        {"{'jsonrpc':'2.0','iD':1,'method':'notifications/x'}", {0}, KEY_CASE},
        {"{'jsonrpc':'2.0','id':1,'method':'ping','Params':{}}", {0}, KEY_CASE},
        {"{'jsonrpc':'2.0','id':1,'method':'ping','Result':{}}", {0}, KEY_CASE},
        {"{'jsonrpc':'2.0','id':1,'method':'ping','ERROR':{}}", {0}, KEY_CASE},
        {"{'jsonrpc':'2.0','id':1,'error':{'Code':1,'code':1,'message':''}}", {0}, KEY_CASE},
        {"{'jsonrpc':'2.0','id':1,'method':'ping','\\u004dethod':'x'}", {0}, KEY_CASE},
        /* long s, dotless i, I with dot, Kelvin sign */
        {"{'jsonrpc':'2.0','id':1,'method':'ping','param\xC5\xBF':{}}", {0}, KEY_CASE},
        {"{'jsonrpc':'2.0','id':1,'method':'ping','param\\u017f':{}}", {0}, KEY_CASE},
        {"{'jsonrpc':'2.0','method':'ping','\xC4\xB1"
         "d':1}",
         {0},
         KEY_CASE},
        {"{'jsonrpc':'2.0','method':'ping','\xC4\xB0"
         "D':1}",
         {0},
         KEY_CASE},
        {CALL("'name':'t','_meta':{'progressTo\xE2\x84\xAA"
              "en':1}"),
         {0},
         KEY_CASE},
        {CALL("'name':'t','Name':'u'"), {0}, KEY_CASE},
        {CALL("'name':'t','Arguments':{}"), {0}, KEY_CASE},
        {CALL("'name':'t','_Meta':{}"), {0}, KEY_CASE},
        {CALL("'name':'t','URI':''"), {0}, KEY_CASE},
        {CALL("'name':'t','_meta':{'IO.modelcontextprotocol/protocolVersion':'x'}"), {0}, KEY_CASE},
        {"{'jsonrpc':'2.0','id':1,'method':'tools/list','params':{'Cursor':'x'}}", {0}, KEY_CASE},
        {"{'jsonrpc':'2.0','id':1,'method':'initialize','params':{'ProtocolVersion':'x'}}", {0}, KEY_CASE},
        {"{'jsonrpc':'2.0','id':1,'method':'completion/complete','params':{'ref':{'Name':'x'}}}", {0}, KEY_CASE},
        {"{'jsonrpc':'2.0','id':1,'method':'completion/complete','params':{'argument':{'VALUE':'x'}}}", {0}, KEY_CASE},
        {"{'jsonrpc':'2.0','id':1,'method':'our/own','params':{'NAME':'x'}}", {0}, KEY_CASE},
        /* what is the tool's own, or only resembles a key, is not ours */
        {CALL("'name':'t','arguments':{'Name':1,'METHOD':2,'ID':3}"), {0}, OK},
        {CALL("'name':'t','Names':1,'nam':2,'naame':3,'n\xC3\xA5me':4,'':5"), {0}, OK},
        {"{'jsonrpc':'2.0','id':1,'result':{'Method':'x','ID':1}}", {0}, OK},
    };

    (void)state;
    CHECK(cases);
}

static void test_batches(void **state)
{
    static const mcp_case cases[] = {
        {"[" PING "," PING_2 "]", {0}, OK},
        {"[" PING "," PING "]", {0}, INVALID},
        {"[" PING "]", {"2025-03-26", NULL, NULL}, OK},
        {"[" PING "]", {"2024-11-05", NULL, NULL}, OK},
        {"[" PING "]", {V2025_06, NULL, NULL}, BATCH},
        {"[" PING "]", {V2025_11, NULL, NULL}, BATCH},
        {"[" PING "]", {V2026, "ping", NULL}, BATCH},
        {"[]", {V2025_11, NULL, NULL}, BATCH},
        {"[" PING "]", {"1999-01-01", NULL, NULL}, VERSION},
        {"[" CALL("'name':'t'," META_2026) "]", {0}, MISMATCH},
        {"[" PING ",{'jsonrpc':'2.0','id':2,'method':'initialize'}]", {0}, BATCH},
        {"[" PING ",{'jsonrpc':'2.0','id':1,'result':{}}]", {0}, INVALID},
        {"[{'jsonrpc':'2.0','id':2,'result':{}},{'jsonrpc':'2.0','id':1,'error':{'code':1,'message':''}}]", {0}, OK},
        {"[" PING ",1]", {0}, INVALID},
        {"[" PING ",{'jsonrpc':'2.0','id':1,'Method':'x'}]", {0}, KEY_CASE},
        {"[" PING "," PING_2 "]", {NULL, "ping", NULL}, OK},
        {"[" PING_2 "," CALL("'name':'t'") "]", {NULL, "ping", NULL}, MISMATCH},
    };

    (void)state;
    CHECK(cases);
}

static void test_versions(void **state)
{
    static const mcp_case cases[] = {
        {PING, {V2025_06, NULL, NULL}, OK},
        {PING, {V2025_11, NULL, NULL}, OK},
        {PING, {"2025-11-26", NULL, NULL}, VERSION},
        {PING, {"", NULL, NULL}, VERSION},
        {PING, {"2025-11-25 ", NULL, NULL}, VERSION},
        {PING, {"2025-11-25, 2025-11-25", NULL, NULL}, VERSION},
        /* initialize is negotiated by the server */
        {"{'jsonrpc':'2.0','id':1,'method':'initialize','params':{'protocolVersion':'2099-01-01'}}", {0}, OK},
        {"{'jsonrpc':'2.0','id':1,'method':'initialize','params':{'protocolVersion':'x'}}", {V2025_06, 0, 0}, OK},
        {"{'jsonrpc':'2.0','id':1,'method':'initialize','params':{'protocolVersion':1}}", {0}, INVALID},
        {"{'jsonrpc':'2.0','id':1,'method':'initialize'}", {"x", NULL, NULL}, VERSION},
        /* the version in the body */
        {CALL("'name':'t'," META_2026), {V2026, "tools/call", "t"}, OK},
        {CALL("'name':'t'," META_2026), {V2025_11, "tools/call", "t"}, MISMATCH},
        {CALL("'name':'t'," META_2026), {NULL, "tools/call", "t"}, MISMATCH},
        {CALL("'name':'t','_meta':{'io.modelcontextprotocol/protocolVersion':'2025-11-25'}"),
         {V2026, "tools/call", "t"},
         MISMATCH},
        {CALL("'name':'t','_meta':{'io.modelcontextprotocol/protocolVersion':'2025-11-25'}"),
         {V2025_11, NULL, NULL},
         OK},
        {CALL("'name':'t','_meta':{'io.modelcontextprotocol/protocolVersion':'2099-01-01'}"), {0}, VERSION},
        {CALL("'name':'t','_meta':{'io.modelcontextprotocol/protocolVersion':'2099-01-01'}"),
         {"2099-01-01", NULL, NULL},
         VERSION},
        {CALL("'name':'t','_meta':{'io.modelcontextprotocol/protocolVersion':7}"), {V2026, "tools/call", "t"}, INVALID},
        {CALL("'name':'t','_meta':{'io.modelcontextprotocol/\\u0070rotocolVersion':'2025-11-25'}"),
         {V2026, "tools/call", "t"},
         MISMATCH},
        /* the server's to refuse */
        {CALL("'name':'t'"), {V2026, "tools/call", "t"}, OK},
        {"{'jsonrpc':'2.0','id':1,'result':{}}", {V2026, NULL, NULL}, INVALID},
        {"{'jsonrpc':'2.0','id':1,'error':{'code':1,'message':''}}", {V2026, NULL, NULL}, INVALID},
    };

    (void)state;
    CHECK(cases);
}

#define READ(uri) "{'jsonrpc':'2.0','id':1,'method':'resources/read','params':{'uri':'" uri "'," META_2026 "}}"
#define LIST "{'jsonrpc':'2.0','id':1,'method':'tools/list','params':{" META_2026 "}}"
#define TASK "{'jsonrpc':'2.0','id':1,'method':'tasks/get','params':{'taskId':'k'," META_2026 "}}"
#define OWN "{'jsonrpc':'2.0','id':1,'method':'our/own','params':{'thing':'k','n':1," META_2026 "}}"

static void test_mirrored_headers(void **state)
{
    static const mcp_case cases[] = {
        {CALL("'name':'t'," META_2026), {V2026, NULL, "t"}, MISMATCH},
        {CALL("'name':'t'," META_2026), {V2026, "tools/call", NULL}, MISMATCH},
        {CALL("'name':'t'," META_2026), {V2026, "tools/Call", "t"}, MISMATCH},
        {CALL("'name':'t'," META_2026), {V2026, "tools/list", "t"}, MISMATCH},
        {CALL("'name':'t'," META_2026), {V2026, "tools/call", "T"}, MISMATCH},
        {CALL("'name':'t'," META_2026), {V2026, "tools/call", ""}, MISMATCH},
        {CALL("'name':'\\u0074'," META_2026), {V2026, "tools/call", "t"}, OK},
        {READ("file:///a"), {V2026, "resources/read", "file:///a"}, OK},
        {READ("file:///a"), {V2026, "resources/read", "file:///b"}, MISMATCH},
        {READ("file:///a"), {V2026, "resources/read", NULL}, MISMATCH},
        {"{'jsonrpc':'2.0','id':1,'method':'prompts/get','params':{'name':'p'," META_2026 "}}",
         {V2026, "prompts/get", NULL},
         MISMATCH},
        {LIST, {V2026, "tools/list", NULL}, OK},
        {LIST, {V2026, NULL, NULL}, MISMATCH},
        {LIST, {V2026, "tools/list", "t"}, MISMATCH},
        {TASK, {V2026, "tasks/get", "k"}, OK},
        {TASK, {V2026, "tasks/get", NULL}, OK},
        {TASK, {V2026, "tasks/get", "l"}, MISMATCH},
        {OWN, {V2026, "our/own", NULL}, OK},
        {OWN, {V2026, "our/own", "k"}, OK},
        {OWN, {V2026, "our/own", "1"}, MISMATCH},
        {OWN, {V2026, "our/own", "thing"}, MISMATCH},
        /* not demanded of a notification, but it must not lie */
        {"{'jsonrpc':'2.0','method':'notifications/x'}", {V2026, NULL, NULL}, OK},
        {"{'jsonrpc':'2.0','method':'notifications/x'}", {V2026, "notifications/y", NULL}, MISMATCH},
        {"{'jsonrpc':'2.0','method':'notifications/x'}", {V2026, "notifications/x", "n"}, MISMATCH},
        /* nor in older revisions */
        {CALL("'name':'t'"), {V2025_11, NULL, NULL}, OK},
        {CALL("'name':'t'"), {V2025_11, "tools/call", "t"}, OK},
        {CALL("'name':'t'"), {V2025_11, "tools/list", NULL}, MISMATCH},
        {CALL("'name':'t'"), {V2025_11, NULL, "u"}, MISMATCH},
        {CALL("'name':'t'"), {NULL, NULL, "u"}, MISMATCH},
        {"{'jsonrpc':'2.0','id':1,'result':{}}", {V2025_11, "ping", NULL}, MISMATCH},
        {"{'jsonrpc':'2.0','id':1,'result':{}}", {V2025_11, NULL, "x"}, MISMATCH},
    };

    (void)state;
    CHECK(cases);
}

static void test_encoded_name(void **state)
{
    static const mcp_case cases[] = {
        {CALL("'name':'t'," META_2026), {V2026, "tools/call", "=?base64?dA==?="}, OK},
        {CALL("'name':'Hello, \xE4\xB8\x96\xE7\x95\x8C'," META_2026),
         {V2026, "tools/call", "=?base64?SGVsbG8sIOS4lueVjA==?="},
         OK},
        {CALL("'name':'Hello, \\u4e16\\u754c'," META_2026),
         {V2026, "tools/call", "=?base64?SGVsbG8sIOS4lueVjA==?="},
         OK},
        {CALL("'name':' padded '," META_2026), {V2026, "tools/call", "=?base64?IHBhZGRlZCA=?="}, OK},
        {CALL("'name':'=?base64?literal?='," META_2026),
         {V2026, "tools/call", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="},
         OK},
        {CALL("'name':'=?base64?dA==?='," META_2026), {V2026, "tools/call", "=?base64?dA==?="}, MISMATCH},
        {CALL("'name':'u'," META_2026), {V2026, "tools/call", "=?base64?dA==?="}, MISMATCH},
        {CALL("'name':'t'," META_2026), {V2026, "tools/call", "=?base64?dA?="}, MISMATCH},
        {CALL("'name':'t'," META_2026), {V2026, "tools/call", "=?base64?dB==?="}, MISMATCH},
        {CALL("'name':'t'," META_2026),
         {V2026, "tools/call",
          "=?base64?"
          "?="},
         MISMATCH},
        {CALL("'name':'t'," META_2026), {V2026, "tools/call", "=?BASE64?dA==?="}, MISMATCH},
        {CALL("'name':'t'," META_2026), {V2026, "tools/call", "=?base64?="}, MISMATCH},
        {CALL("'name':'=?base64?='," META_2026), {V2026, "tools/call", "=?base64?="}, OK},
        {CALL("'name':''," META_2026),
         {V2026, "tools/call",
          "=?base64?"
          "?="},
         OK},
    };

    (void)state;
    CHECK(cases);
}

static void test_what_is_recognised(void **state)
{
    uapi_mcp_body body;
    uapi_json json;

    (void)state;
    read_json(&json, "{'params':{'arguments':{'x':1},'name':'a\\u0062\\n'},"
                     "'method':'tools\\/call','id':'i','jsonrpc':'2.0'}");
    assert_int_equal(uapi_mcp_read(&body, &json, NULL, pool, NULL), APR_SUCCESS);
    assert_int_equal(body.revision, UAPI_MCP_2025_03_26);
    assert_int_equal(body.batch, 0);
    assert_int_equal(body.count, 1);
    assert_int_equal(body.messages[0].kind, UAPI_MCP_REQUEST);
    assert_int_equal(body.messages[0].node, 0);
    assert_string_equal(body.messages[0].method, "tools/call");
    assert_string_equal(body.messages[0].target, "ab\n");
    assert_int_equal(body.messages[0].params, uapi_json_member(&json, 0, "params"));
    assert_int_equal(body.messages[0].arguments, uapi_json_member(&json, body.messages[0].params, "arguments"));
    assert_int_equal(uapi_json_equals(&json, body.messages[0].id, "i"), 1);
    read_json(&json, "[{'jsonrpc':'2.0','id':1,'result':{}},"
                     "{'jsonrpc':'2.0','id':null,'error':{'code':1,'message':''}}]");
    assert_int_equal(uapi_mcp_read(&body, &json, NULL, pool, NULL), APR_SUCCESS);
    assert_int_equal(body.batch, 1);
    assert_int_equal(body.count, 2);
    assert_int_equal(body.messages[0].kind, UAPI_MCP_RESULT);
    assert_null(body.messages[0].method);
    assert_int_equal(body.messages[1].kind, UAPI_MCP_ERROR);
    assert_int_equal(body.messages[1].id, UAPI_JSON_NONE);
    assert_int_equal(body.messages[1].params, UAPI_JSON_NONE);
    read_json(&json, "{'jsonrpc':'2.0','method':'notifications/cancelled','params':{'requestId':1}}");
    assert_int_equal(uapi_mcp_read(&body, &json, NULL, pool, NULL), APR_SUCCESS);
    assert_int_equal(body.messages[0].kind, UAPI_MCP_NOTIFICATION);
    assert_null(body.messages[0].target);
}

static void test_revisions(void **state)
{
    static const struct {
        const char *header, *named;
        uapi_mcp_revision revision;
    } cases[] = {
        {NULL, NULL, UAPI_MCP_2025_11_25},         {NULL, "2025-03-26", UAPI_MCP_2025_03_26},
        {NULL, "2024-11-05", UAPI_MCP_2025_03_26}, {NULL, V2025_06, UAPI_MCP_2025_06_18},
        {NULL, V2026, UAPI_MCP_2025_11_25},        {NULL, "2099-01-01", UAPI_MCP_2025_11_25},
        {V2025_06, V2025_11, UAPI_MCP_2025_06_18},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uapi_mcp_headers headers = {cases[i].header, NULL, NULL, NULL, 0};
        uapi_mcp_body body;
        uapi_json json;

        read_json(&json, apr_psprintf(pool, "{'jsonrpc':'2.0','id':1,'method':'initialize'%s%s%s}",
                                      cases[i].named ? ",'params':{'protocolVersion':'" : "",
                                      cases[i].named ? cases[i].named : "", cases[i].named ? "'}" : ""));
        assert_int_equal(uapi_mcp_read(&body, &json, &headers, pool, NULL), APR_SUCCESS);
        assert_int_equal(body.revision, cases[i].revision);
    }
    assert_string_equal(uapi_mcp_revision_name(UAPI_MCP_2025_03_26), "2025-03-26");
    assert_string_equal(uapi_mcp_revision_name(UAPI_MCP_2026_07_28), V2026);
    assert_string_equal(uapi_mcp_revision_name((uapi_mcp_revision)99), "unknown");
}

static void test_replies(void **state)
{
    static const struct {
        const char *text;
        uapi_reason reason;
        uint32_t count;
    } cases[] = {
        {"{'jsonrpc':'2.0','id':1,'result':{'content':[]}}", OK, 1},
        {"{'jsonrpc':'2.0','id':1,'error':{'code':-32602,'message':'m'}}", OK, 1},
        {"{'jsonrpc':'2.0','method':'notifications/message','params':{'Level':'x','data':1}}", OK, 1},
        {"{'jsonrpc':'2.0','id':1,'method':'sampling/createMessage','params':{}}", OK, 1},
        {"[{'jsonrpc':'2.0','method':'notifications/x'},{'jsonrpc':'2.0','id':1,'result':{}}]", OK, 2},
        {"{'jsonrpc':'2.0','id':1,'Result':{},'result':{}}", KEY_CASE, 0},
        {"{'jsonrpc':'2.0','id':1,'result':'x'}", INVALID, 0},
        {"[]", INVALID, 0},
        {"'x'", INVALID, 0},
        {"{'content':[]}", INVALID, 0},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uapi_result result = {0, UAPI_REASON_NONE, NULL};
        uapi_mcp_body body;
        uapi_json json;

        read_json(&json, cases[i].text);
        assert_int_equal(uapi_mcp_read_reply(&body, &json, pool, &result) == APR_SUCCESS, cases[i].reason == OK);
        assert_int_equal(result.reason, cases[i].reason);
        assert_int_equal(body.count, cases[i].count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_envelope),     cmocka_unit_test(test_targets),
        cmocka_unit_test(test_key_case),     cmocka_unit_test(test_batches),
        cmocka_unit_test(test_versions),     cmocka_unit_test(test_mirrored_headers),
        cmocka_unit_test(test_encoded_name), cmocka_unit_test(test_what_is_recognised),
        cmocka_unit_test(test_revisions),    cmocka_unit_test(test_replies),
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
