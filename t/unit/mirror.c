/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Which arguments a schema says stand in headers too, and whether headers say what the arguments do. JSON is written with ' for ".
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

#include "mirror.h"

static apr_pool_t *pool;

static void read_json(uapi_json *json, const char *body)
{
    char *text = apr_pstrdup(pool, body), *at;

    for (at = text; *at; at++) {
        *at = *at == '\'' ? '"' : *at;
    }
    assert_int_equal(uapi_json_read(json, text, strlen(text), NULL, pool, NULL), APR_SUCCESS);
}

/* "Mcp-Param-A=/a Mcp-Param-B=/b/c". */
static const char *describe(const char *schema)
{
    const apr_array_header_t *mirrors;
    const char *text = "";
    uapi_json json;

    read_json(&json, schema);
    mirrors = uapi_mirror_read(&json, 0, pool);
    for (int i = 0; mirrors && i < mirrors->nelts; i++) {
        const uapi_mirror *mirror = &APR_ARRAY_IDX(mirrors, i, uapi_mirror);

        text = apr_pstrcat(pool, text, *text ? " " : "", mirror->header, "=/",
                           apr_array_pstrcat(pool, mirror->path, '/'), NULL);
    }
    return text;
}

#define STRING(name) "{'type':'string','x-mcp-header':'" name "'}"
#define IN(keyword) "{'properties':{'a':" STRING("A") "}," keyword "}"

static void test_reads_schemas(void **state)
{
    static const struct {
        const char *schema, *mirrors;
    } cases[] = {
        {"{'properties':{'a':" STRING("A") "}}", "Mcp-Param-A=/a"},
        {"{'properties':{'a':" STRING("A") ",'b':{'type':'integer','x-mcp-header':'B-2'},'c':{'type':'boolean'}}}",
         "Mcp-Param-A=/a Mcp-Param-B-2=/b"},
        {"{'properties':{'o':{'type':'object','properties':{'a':" STRING("A") "}}}}", "Mcp-Param-A=/o/a"},
        {"{'properties':{'properties':{'properties':{'a':" STRING("A") "}}}}", "Mcp-Param-A=/properties/a"},
        {"{'properties':{'x-mcp-header':" STRING("A") "}}", "Mcp-Param-A=/x-mcp-header"},
        {"{'properties':{'x-mcp-header':{'type':'string'}}}", ""},
        {"{'properties':{'a':{'type':'string','x\\u002dmcp-header':'A'}}}", "Mcp-Param-A=/a"},
        {"{'properties':{'a':{'type':'number','x-mcp-header':'A'}}}", "Mcp-Param-A=/a"},
        {"{'properties':{'a':{'type':'string','default':{'x-mcp-header':'B'},'x-mcp-header':'A'}}}", "Mcp-Param-A=/a"},
        {"{'properties':{'a':{'type':'string'}}}", ""},
        {"{'properties':{'a':true,'b':" STRING("B") "}}", "Mcp-Param-B=/b"},
        {"{'properties':[" STRING("A") "]}", ""},
        {"{}", ""},
        {"true", ""},
        {"[1]", ""},
        {"'x-mcp-header'", ""},
        /* against the rules: nothing counts */
        {"{'properties':{'a':" STRING("") "}}", ""},
        {"{'properties':{'a':" STRING("A B") "}}", ""},
        {"{'properties':{'a':" STRING("A:") "}}", ""},
        {"{'properties':{'a':" STRING("A\\r\\nB") "}}", ""},
        {"{'properties':{'a':" STRING("\\u00e9") "}}", ""},
        {"{'properties':{'a':{'type':'string','x-mcp-header':1}}}", ""},
        {"{'properties':{'a':{'type':'object','x-mcp-header':'A'}}}", ""},
        {"{'properties':{'a':{'type':['string','null'],'x-mcp-header':'A'}}}", ""},
        {"{'properties':{'a':{'x-mcp-header':'A'}}}", ""},
        {"{'properties':{'a':" STRING("A") ",'b':" STRING("a") "}}", ""},
        {"{'x-mcp-header':'A','type':'string'}", ""},
        {"{'x-mcp-header':'R','type':'string','properties':{'a':" STRING("A") "}}", ""},
        {IN("'items':" STRING("B")), ""},
        {IN("'items':{'properties':{'b':" STRING("B") "}}"), ""},
        {IN("'anyOf':[{'properties':{'b':" STRING("B") "}}]"), ""},
        {IN("'oneOf':[{'x-mcp-header':'B'}]"), ""},
        {IN("'allOf':[{'properties':{'b':" STRING("B") "}}]"), ""},
        {IN("'not':{'properties':{'b':" STRING("B") "}}"), ""},
        {IN("'if':{'properties':{'b':" STRING("B") "}}"), ""},
        {IN("'then':{'properties':{'b':" STRING("B") "}}"), ""},
        {IN("'else':{'properties':{'b':" STRING("B") "}}"), ""},
        {IN("'$defs':{'b':" STRING("B") "}"), ""},
        {IN("'definitions':{'b':" STRING("B") "}"), ""},
        {IN("'patternProperties':{'^b':" STRING("B") "}"), ""},
        {IN("'additionalProperties':" STRING("B")), ""},
        {IN("'dependentSchemas':{'a':{'properties':{'b':" STRING("B") "}}}"), ""},
        {IN("'prefixItems':[" STRING("B") "]"), ""},
        {IN("'enum':[{'x-mcp-header':'B'}]"), "Mcp-Param-A=/a"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(describe(cases[i].schema), cases[i].mirrors);
    }
}

#define SCHEMA                                                                                       \
    "{'properties':{'s':" STRING(                                                                    \
        "S") ",'n':{'type':'integer','x-mcp-header':'N'},'b':{'type':'boolean','x-mcp-header':'B'}," \
             "'o':{'properties':{'s':" STRING("Deep") "}},'other':{'type':'string'}}}"

static void test_checks_arguments(void **state)
{
    /* Headers as "name=value;name=value". */
    static const struct {
        const char *arguments, *headers;
        int agrees, agrees_if_not_required;
    } cases[] = {
        {"{}", "", 1, 1},
        {"{'other':'x'}", "", 1, 1},
        {"{'s':'x'}", "Mcp-Param-S=x", 1, 1},
        {"{'s':'x'}", "mcp-param-s=x", 1, 1},
        {"{'s':'x'}", "Mcp-Param-S==?base64?eA==?=", 1, 1},
        {"{'s':''}", "Mcp-Param-S=", 1, 1},
        {"{'s':''}",
         "Mcp-Param-S==?base64?"
         "?=",
         1, 1},
        {"{'s':''}", "", 0, 1},
        {"{'s':'x'}", "", 0, 1},
        {"{'s':null}", "", 1, 1},
        {"{'s':null}", "Mcp-Param-S=null", 0, 0},
        {"{'s':null,'other':'x'}", "Mcp-Param-S=x", 0, 0},
        {"{'other':'x'}", "Mcp-Param-S=x", 0, 0},
        {"{'s':'x','other':'y'}", "Mcp-Param-S=y", 0, 0},
        {"{'s':'x','n':1}", "Mcp-Param-S=x", 0, 1},
        {"{'s':'x','n':1}", "Mcp-Param-S=1;Mcp-Param-N=x", 0, 0},
        {"{'s':'x','n':1}", "Mcp-Param-S=x;Mcp-Param-N=1", 1, 1},
        {"{'n':1}", "Mcp-Param-N=1.0", 1, 1},
        {"{'n':1}", "Mcp-Param-N=2", 0, 0},
        {"{'n':1}", "Mcp-Param-N=true", 0, 0},
        {"{'n':9007199254740993}", "", 1, 1},
        {"{'n':9007199254740993}", "Mcp-Param-N=9007199254740992", 0, 0},
        {"{'n':-9007199254740991}", "", 0, 1},
        {"{'n':1e400}", "", 1, 1},
        {"{'b':true}", "Mcp-Param-B=true", 1, 1},
        {"{'b':true}", "Mcp-Param-B=True", 0, 0},
        {"{'b':true}", "Mcp-Param-B=1", 0, 0},
        {"{'b':false}", "", 0, 1},
        {"{'s':{'s':'x'}}", "", 1, 1}, /* the server refuses it for what it is */
        {"{'s':['x']}", "Mcp-Param-S=x", 0, 0},
        {"{'o':{'s':'x'}}", "Mcp-Param-Deep=x", 1, 1},
        {"{'o':{'s':'x'}}", "", 0, 1},
        {"{'o':{'s':'x'}}", "Mcp-Param-S=x", 0, 0},
        {"{'o':'x'}", "", 1, 1},
        {"{'o':null}", "", 1, 1},
        {"{'S':'x'}", "", 1, 1},
        {"{'s':'x'}", "Mcp-Param-S=x;Mcp-Param-Unknown=z", 1, 1}, /* is for whoever understood the message */
    };
    const apr_array_header_t *mirrors;
    uapi_json schema;

    (void)state;
    read_json(&schema, SCHEMA);
    mirrors = uapi_mirror_read(&schema, 0, pool);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        apr_table_t *headers = apr_table_make(pool, 4);
        char *rest = apr_pstrdup(pool, cases[i].headers), *next;
        uapi_json json;

        read_json(&json, cases[i].arguments);
        for (; rest && *rest; rest = next) {
            char *value = strchr(rest, '=');

            next = strchr(rest, ';');
            if (next) {
                *next++ = '\0';
            }
            *value++ = '\0';
            apr_table_set(headers, rest, value);
        }
        for (int required = 0; required < 2; required++) {
            uapi_result result = {0};
            int agrees = uapi_mirror_check(mirrors, &json, 0, headers, required, pool, &result) == APR_SUCCESS;

            if (agrees != (required ? cases[i].agrees : cases[i].agrees_if_not_required)) {
                fail_msg("%s with %s, %s", cases[i].arguments, cases[i].headers,
                         required ? "required" : "not required");
            }
            assert_int_equal(result.reason, agrees ? UAPI_REASON_NONE : UAPI_REASON_MCP_HEADER_MISMATCH);
        }
    }
    assert_int_equal(uapi_mirror_check(mirrors, &schema, UAPI_JSON_NONE, apr_table_make(pool, 1), 1, pool, NULL), 0);
    assert_int_equal(uapi_mirror_check(NULL, &schema, 0, apr_table_make(pool, 1), 1, pool, NULL), 0);
}

/* What is written for arguments agrees with them. */
static void test_writes_what_it_would_accept(void **state)
{
    static const struct {
        const char *text, *encoded;
    } texts[] = {
        {"us-west1", "us-west1"},
        {"Hello, \xe4\xb8\x96\xe7\x95\x8c", "=?base64?SGVsbG8sIOS4lueVjA==?="},
        {" padded ", "=?base64?IHBhZGRlZCA=?="},
        {"line1\nline2", "=?base64?bGluZTEKbGluZTI=?="},
        {"=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="},
        {"", "=?base64?"
             "?="},
        {"a b", "a b"},
        {"a\tb", "a\tb"},
        {"\x7f", "=?base64?fw==?="},
        {"=?", "=?base64?PT8=?="},
    };
    static const char *const arguments[] = {
        "{'s':'plain','n':-7,'b':false,'o':{'s':'deep'}}",
        "{'s':' \\u00e9\\n','n':42.0,'b':true,'o':{'s':''}}",
        "{'s':'=?base64?YQ==?=','n':1e3}",
        "{'s':null,'n':null,'o':null}",
        "{'s':[1],'n':{},'o':[{'s':'x'}]}",
        "{'n':12345678901234567890}",
        "{}",
    };
    const apr_array_header_t *mirrors;
    uapi_json schema;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const char *encoded = uapi_mirror_encode(texts[i].text, strlen(texts[i].text), pool);

        assert_string_equal(encoded, texts[i].encoded);
        assert_true(uapi_mirror_equals_text(encoded, texts[i].text, strlen(texts[i].text), pool));
    }
    read_json(&schema, SCHEMA);
    mirrors = uapi_mirror_read(&schema, 0, pool);
    for (size_t i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++) {
        apr_table_t *headers = apr_table_make(pool, 4);
        uapi_result result = {0};
        uapi_json json;

        read_json(&json, arguments[i]);
        uapi_mirror_write(mirrors, &json, 0, headers, pool);
        assert_int_equal(uapi_mirror_check(mirrors, &json, 0, headers, 1, pool, &result), APR_SUCCESS);
        assert_int_equal(apr_table_elts(headers)->nelts, i < 2 ? 4 : i == 2 ? 2 : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_schemas),
        cmocka_unit_test(test_checks_arguments),
        cmocka_unit_test(test_writes_what_it_would_accept),
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
