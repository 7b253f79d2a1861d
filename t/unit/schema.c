/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * JSON Schema: which values match, where and by which keyword one does not, and which schemas are refused. In the tables ' stands
 * for ".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "schema.h"

static apr_pool_t *pool;

/* clang-format off */
static const struct {
    const char *schema, *value;
    const char *keyword, *pointer; /* NULL: it matches */
} cases[] = {
    {"true", "1", NULL, NULL},
    {"false", "1", "false", ""},
    {"{}", "{'a':[]}", NULL, NULL},
    {"{'unknown':'x','format':'email','description':7,'$comment':[]}", "'x'", NULL, NULL},
    /* type */
    {"{'type':'string'}", "'x'", NULL, NULL},
    {"{'type':'string'}", "1", "type", ""},
    {"{'type':'null'}", "null", NULL, NULL},
    {"{'type':'null'}", "false", "type", ""},
    {"{'type':'boolean'}", "true", NULL, NULL},
    {"{'type':'boolean'}", "false", NULL, NULL},
    {"{'type':'boolean'}", "0", "type", ""},
    {"{'type':'object'}", "{}", NULL, NULL},
    {"{'type':'object'}", "[]", "type", ""},
    {"{'type':'array'}", "[]", NULL, NULL},
    {"{'type':'number'}", "1.5", NULL, NULL},
    {"{'type':'number'}", "'1'", "type", ""},
    {"{'type':'integer'}", "1", NULL, NULL},
    {"{'type':'integer'}", "-0", NULL, NULL},
    {"{'type':'integer'}", "1.0", NULL, NULL},
    {"{'type':'integer'}", "1.50e1", NULL, NULL},
    {"{'type':'integer'}", "1.5", "type", ""},
    {"{'type':'integer'}", "10e-1", NULL, NULL},
    {"{'type':'integer'}", "1e-1", "type", ""},
    {"{'type':'integer'}", "0e-5", NULL, NULL},
    {"{'type':['integer','number']}", "1.5", NULL, NULL},
    {"{'type':['string','null']}", "null", NULL, NULL},
    {"{'type':['string','null']}", "1", "type", ""},
    /* pattern */
    {"{'pattern':'a'}", "'bab'", NULL, NULL},
    {"{'pattern':'a'}", "1", NULL, NULL},
    {"{'pattern':'^a+$'}", "'aaa'", NULL, NULL},
    {"{'pattern':'^a+$'}", "'aab'", "pattern", ""},
    {"{'pattern':'^a$'}", "'a\\n'", "pattern", ""},
    {"{'pattern':'^.$'}", "'\\u2028'", "pattern", ""},
    {"{'pattern':'^.$'}", "'\\ud83d\\ude00'", NULL, NULL},
    {"{'pattern':'^\\\\d{2,3}$'}", "'123'", NULL, NULL},
    {"{'pattern':'^\\\\d$'}", "'\\u0663'", "pattern", ""},
    {"{'pattern':'^\\\\w+$'}", "'\\u00e4'", "pattern", ""},
    {"{'pattern':'^\\\\p{L}+$'}", "'\\u00e4b'", NULL, NULL},
    {"{'pattern':'^\\\\u0061\\\\u{62}\\\\x63$'}", "'abc'", NULL, NULL},
    {"{'pattern':'^(?!x)(?:a|b)(?=c)'}", "'bc'", NULL, NULL},
    {"{'pattern':'(?<=a)b(?<!c)'}", "'ab'", NULL, NULL},
    {"{'pattern':'^(?<q>.)\\\\k<q>$'}", "'aa'", NULL, NULL},
    {"{'pattern':'^(.)\\\\1$'}", "'ab'", "pattern", ""},
    {"{'pattern':'[]'}", "'a'", "pattern", ""},
    {"{'pattern':'[^]'}", "'a'", NULL, NULL},
    {"{'pattern':'^[+*?}]+$'}", "'+?'", NULL, NULL},
    {"{'pattern':'^a+?b\\\\++$'}", "'aab+'", NULL, NULL},
    {"{'pattern':'^[\\\\w.-]+@[\\\\w-]+\\\\.[a-z]{2,}$'}", "'a.b@c.de'", NULL, NULL},
    {"{'pattern':'^$'}", "''", NULL, NULL},
    {"{'not':{'pattern':'a'}}", "'a'", "not", ""},
    {"{'pattern':'^(a+)+$'}", "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab'", "limit", ""},
    {"{'not':{'pattern':'^(a+)+$'}}", "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab'", "limit", ""},
    /* patternProperties */
    {"{'patternProperties':{'^x-':{'type':'string'}}}", "{'x-a':'1','b':1}", NULL, NULL},
    {"{'patternProperties':{'^x-':{'type':'string'}}}", "{'x-a':1}", "type", "/x-a"},
    {"{'patternProperties':{'^x-':true},'additionalProperties':false}", "{'x-a':1}", NULL, NULL},
    {"{'patternProperties':{'^x-':true},'additionalProperties':false}", "{'x-a':1,'b':1}", "additionalProperties", "/b"},
    {"{'properties':{'ab':{'minimum':1}},'patternProperties':{'a':{'maximum':3},'b':{'multipleOf':2}}}", "{'ab':2}", NULL, NULL},
    {"{'properties':{'ab':{'minimum':1}},'patternProperties':{'a':{'maximum':3},'b':{'multipleOf':2}}}", "{'ab':4}", "maximum", "/ab"},
    {"{'properties':{'ab':{'minimum':1}},'patternProperties':{'a':{'maximum':3},'b':{'multipleOf':2}}}", "{'ab':3}", "multipleOf", "/ab"},
    {"{'properties':{'ab':{'minimum':1}},'patternProperties':{'a':{'maximum':3},'b':{'multipleOf':2}}}", "{'ab':0}", "minimum", "/ab"},
    {"{'patternProperties':{'':false}}", "{'a':1}", "false", "/a"},
    {"{'propertyNames':{'pattern':'^[a-z]+$'}}", "{'aB':1}", "propertyNames", "/aB"},
    /* enum, const */
    {"{'enum':[1,'a',null,[1,{'b':2}]]}", "[1.0,{'b':2e0}]", NULL, NULL},
    {"{'enum':[1,'a',null]}", "'\\u0061'", NULL, NULL},
    {"{'enum':[1,'a',null]}", "'b'", "enum", ""},
    {"{'enum':[]}", "1", "enum", ""},
    {"{'enum':[false]}", "0", "enum", ""},
    {"{'const':{'a':1,'b':[true]}}", "{'b':[true],'a':1}", NULL, NULL},
    {"{'const':{'a':1}}", "{'a':1,'b':1}", "const", ""},
    {"{'const':{'a':1,'b':1}}", "{'a':1}", "const", ""},
    {"{'const':[1,2]}", "[1]", "const", ""},
    {"{'const':[1]}", "[1,2]", "const", ""},
    {"{'const':9007199254740993}", "9007199254740992", "const", ""},
    {"{'const':0}", "-0.0e7", NULL, NULL},
    /* numbers */
    {"{'minimum':3}", "3", NULL, NULL},
    {"{'minimum':3}", "2.999999999999999999999999", "minimum", ""},
    {"{'minimum':-3}", "-3.1", "minimum", ""},
    {"{'minimum':-3}", "-1e-400", NULL, NULL},
    {"{'minimum':3}", "'2'", NULL, NULL},
    {"{'maximum':3}", "3.0", NULL, NULL},
    {"{'maximum':3}", "3.000000000000000000001", "maximum", ""},
    {"{'maximum':1e400}", "1e401", "maximum", ""},
    {"{'maximum':1e400}", "-1e401", NULL, NULL},
    {"{'maximum':100}", "0.00001e8", "maximum", ""},
    {"{'maximum':1000}", "0.00001e8", NULL, NULL},
    {"{'exclusiveMinimum':0}", "0", "exclusiveMinimum", ""},
    {"{'exclusiveMinimum':0}", "1e-99", NULL, NULL},
    {"{'exclusiveMaximum':0}", "-0", "exclusiveMaximum", ""},
    {"{'exclusiveMaximum':0}", "-0.1", NULL, NULL},
    {"{'multipleOf':0.01}", "19.99", NULL, NULL},
    {"{'multipleOf':0.01}", "19.995", "multipleOf", ""},
    {"{'multipleOf':3}", "9.0", NULL, NULL},
    {"{'multipleOf':3}", "10", "multipleOf", ""},
    {"{'multipleOf':3}", "0", NULL, NULL},
    {"{'multipleOf':0.5}", "1e2", NULL, NULL},
    {"{'multipleOf':3}", "3e40", "multipleOf", ""}, /* beyond what is told: it does not match */
    /* strings */
    {"{'minLength':2}", "'\\ud83d\\ude00'", "minLength", ""},
    {"{'minLength':2}", "'\\ud83d\\ude00x'", NULL, NULL},
    {"{'maxLength':1}", "'\\ud83d\\ude00'", NULL, NULL},
    {"{'maxLength':1}", "'\\u00e9x'", "maxLength", ""},
    {"{'maxLength':0}", "''", NULL, NULL},
    {"{'maxLength':0}", "12", NULL, NULL},
    /* objects */
    {"{'properties':{'a':{'type':'string'}}}", "{'a':1}", "type", "/a"},
    {"{'properties':{'a':{'type':'string'}}}", "{'\\u0061':1}", "type", "/a"},
    {"{'properties':{'a':{'type':'string'}}}", "{'b':1}", NULL, NULL},
    {"{'properties':{'a':{'type':'string'}}}", "[]", NULL, NULL},
    {"{'required':['a','b']}", "{'a':1}", "required", ""},
    {"{'required':['a','b']}", "{'a':1,'b':null}", NULL, NULL},
    {"{'required':[]}", "{}", NULL, NULL},
    {"{'properties':{'a':{}},'additionalProperties':false}", "{'a':1}", NULL, NULL},
    {"{'properties':{'a':{}},'additionalProperties':false}", "{'a':1,'A':2}", "additionalProperties", "/A"},
    {"{'additionalProperties':{'type':'number'}}", "{'a':1,'b':'x'}", "type", "/b"},
    {"{'additionalProperties':true}", "{'a':1}", NULL, NULL},
    {"{'propertyNames':{'maxLength':2}}", "{'ab':1}", NULL, NULL},
    {"{'propertyNames':{'maxLength':2}}", "{'abc':1}", "propertyNames", "/abc"},
    {"{'minProperties':1}", "{}", "minProperties", ""},
    {"{'maxProperties':1}", "{'a':{'b':1,'c':2}}", NULL, NULL},
    {"{'maxProperties':1}", "{'a':1,'b':2}", "maxProperties", ""},
    {"{'dependentRequired':{'a':['b']}}", "{'a':1}", "dependentRequired", ""},
    {"{'dependentRequired':{'a':['b']}}", "{'c':1}", NULL, NULL},
    {"{'dependentSchemas':{'a':{'required':['b']}}}", "{'a':1}", "required", ""},
    {"{'properties':{'a':{'properties':{'b/~':{'type':'null'}}}}}", "{'a':{'b/~':1}}", "type", "/a/b~1~0"},
    /* arrays */
    {"{'items':{'type':'number'}}", "[1,2,'x']", "type", "/2"},
    {"{'items':false}", "[]", NULL, NULL},
    {"{'prefixItems':[{'type':'string'},{'type':'number'}],'items':false}", "['a',1]", NULL, NULL},
    {"{'prefixItems':[{'type':'string'},{'type':'number'}],'items':false}", "['a']", NULL, NULL},
    {"{'prefixItems':[{'type':'string'},{'type':'number'}],'items':false}", "['a',1,2]", "false", "/2"},
    {"{'prefixItems':[{'type':'string'}]}", "[1]", "type", "/0"},
    {"{'minItems':2}", "[[1,2]]", "minItems", ""},
    {"{'maxItems':1}", "[[1,2]]", NULL, NULL},
    {"{'maxItems':1}", "[1,2]", "maxItems", ""},
    {"{'uniqueItems':true}", "[1,'1',[1],{'a':1}]", NULL, NULL},
    {"{'uniqueItems':true}", "[{'a':1,'b':2},{'b':2.0,'a':1}]", "uniqueItems", ""},
    {"{'uniqueItems':false}", "[1,1]", NULL, NULL},
    {"{'contains':{'type':'string'}}", "[1,'a']", NULL, NULL},
    {"{'contains':{'type':'string'}}", "[1]", "contains", ""},
    {"{'contains':{'type':'string'},'minContains':0}", "[]", NULL, NULL},
    {"{'contains':{'type':'string'},'minContains':2}", "['a']", "minContains", ""},
    {"{'contains':{'type':'string'},'maxContains':1}", "['a','b']", "maxContains", ""},
    {"{'minContains':2}", "[]", NULL, NULL},
    /* combined */
    {"{'allOf':[{'minimum':1},{'maximum':2}]}", "3", "maximum", ""},
    {"{'anyOf':[{'type':'string'},{'type':'null'}]}", "null", NULL, NULL},
    {"{'properties':{'a':{'anyOf':[{'type':'string'},{'type':'null'}]}}}", "{'a':1}", "anyOf", "/a"},
    {"{'oneOf':[{'minimum':1},{'minimum':2}]}", "1", NULL, NULL},
    {"{'oneOf':[{'minimum':1},{'minimum':2}]}", "2", "oneOf", ""},
    {"{'oneOf':[{'minimum':1},{'minimum':2}]}", "0", "oneOf", ""},
    {"{'not':{'type':'string'}}", "'a'", "not", ""},
    {"{'not':{}}", "1", "not", ""},
    {"{'not':false}", "1", NULL, NULL},
    {"{'if':{'minimum':5},'then':{'maximum':9},'else':{'const':1}}", "10", "maximum", ""},
    {"{'if':{'minimum':5},'then':{'maximum':9},'else':{'const':1}}", "2", "const", ""},
    {"{'if':{'minimum':5},'then':{'maximum':9},'else':{'const':1}}", "1", NULL, NULL},
    {"{'then':false,'else':false}", "1", NULL, NULL},
    /* $ref */
    {"{'$defs':{'p':{'type':'string'}},'properties':{'a':{'$ref':'#/$defs/p'}}}", "{'a':1}", "type", "/a"},
    {"{'definitions':{'a/~':{'type':'string'}},'items':{'$ref':'#/definitions/a~1~0'}}", "[1]", "type", "/0"},
    {"{'prefixItems':[{'type':'string'},{'$ref':'#/prefixItems/0'}]}", "['',1]", "type", "/1"},
    {"{'$ref':'#/$defs/p','minimum':2,'$defs':{'p':{'type':'number'}}}", "1", "minimum", ""},
    {"{'type':'object','properties':{'next':{'$ref':'#'}},'additionalProperties':false}", "{'next':{'next':{}}}", NULL, NULL},
    {"{'type':'object','properties':{'next':{'$ref':'#'}},'additionalProperties':false}", "{'next':{'next':{'x':1}}}", "additionalProperties", "/next/next/x"},
    /* without an end */
    {"{'$ref':'#'}", "1", "limit", ""},
    {"{'not':{'$ref':'#/not'}}", "1", "limit", ""},
    {"{'anyOf':[{'$ref':'#'},true]}", "1", "limit", ""},
};

static const struct {
    const char *schema, *why;
} refused[] = {
    {"", "no JSON"}, {"{", "no JSON"}, {"1", "neither object nor boolean"}, {"[]", "neither object nor boolean"},
    {"{'properties':{'a':1}}", "neither object nor boolean"}, {"{'properties':[]}", "properties"},
    {"{'type':'strin'}", "type"}, {"{'type':[]}", "type"}, {"{'type':1}", "type"}, {"{'type':['string',1]}", "type"},
    {"{'enum':1}", "enum"}, {"{'required':'a'}", "required"}, {"{'required':[1]}", "required"},
    {"{'minimum':'1'}", "minimum"}, {"{'minLength':-1}", "minLength"}, {"{'minLength':1.5}", "minLength"},
    {"{'maxItems':1e3}", "maxItems"}, {"{'maxItems':12345678901}", "maxItems"}, {"{'uniqueItems':1}", "uniqueItems"},
    {"{'anyOf':[]}", "anyOf"}, {"{'allOf':{}}", "allOf"}, {"{'items':[{}]}", "neither object nor boolean"},
    {"{'dependentRequired':{'a':1}}", "dependentRequired"},
    {"{'pattern':1}", "pattern"}, {"{'patternProperties':[]}", "patternProperties"}, {"{'pattern':'('}", "pattern"},
    {"{'patternProperties':{'[':true}}", "patternProperties"}, {"{'patternProperties':{'a':1}}", "neither object nor boolean"},
    {"{'properties':{'a':{'anyOf':[{'pattern':'a++'}]}}}", "pattern"}, {"{'pattern':'a*+'}", "pattern"},
    {"{'pattern':'a{2}+'}", "pattern"}, {"{'pattern':'(?>a)'}", "pattern"}, {"{'pattern':'(?i)a'}", "pattern"},
    {"{'pattern':'(?R)'}", "pattern"}, {"{'pattern':'(a)(?1)'}", "pattern"}, {"{'pattern':'(?P<a>b)'}", "pattern"},
    {"{'pattern':'(*UCP)a'}", "pattern"}, {"{'pattern':'(?C1)a'}", "pattern"}, {"{'pattern':'(?#x)'}", "pattern"},
    {"{'pattern':'\\\\Aa'}", "pattern"}, {"{'pattern':'a\\\\z'}", "pattern"}, {"{'pattern':'\\\\Qa'}", "pattern"},
    {"{'pattern':'\\\\h'}", "pattern"}, {"{'pattern':'\\\\v'}", "pattern"}, {"{'pattern':'[[:alpha:]]'}", "pattern"},
    {"{'pattern':'a\\\\'}", "pattern"}, {"{'pattern':'(?<=a+)b'}", "pattern"}, {"{'pattern':'\\\\p{Nonsense}'}", "pattern"},
    {"{'unevaluatedProperties':false}", "unevaluatedProperties"}, {"{'unevaluatedItems':false}", "unevaluatedItems"},
    {"{'additionalItems':false}", "additionalItems"}, {"{'dependencies':{}}", "dependencies"},
    {"{'$dynamicRef':'#a'}", "$dynamicRef"}, {"{'$vocabulary':{}}", "$vocabulary"},
    {"{'$ref':'https://example.com/schema'}", "$ref"}, {"{'$ref':'#name'}", "$ref"}, {"{'$ref':'other.json#/a'}", "$ref"},
    {"{'$ref':'#/nowhere'}", "$ref"}, {"{'$ref':1}", "$ref"}, {"{'$ref':'#/%24defs'}", "$ref"}, {"{'$ref':'#/a/'}", "$ref"},
    {"{'prefixItems':[{}],'items':{'$ref':'#/prefixItems/1'}}", "$ref"},
    {"{'$schema':'http://json-schema.org/draft-04/schema#'}", "$schema"},
    {"{'properties':{'a':{'$id':'x'}}}", "$id"},
};
/* clang-format on */

static const char *quoted(const char *text)
{
    char *copy = apr_pstrdup(pool, text);

    for (char *at = copy; *at; at++) {
        *at = *at == '\'' ? '"' : *at;
    }
    return copy;
}

static void matches(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *text = quoted(cases[i].schema), *value = quoted(cases[i].value);
        uapi_schema_fault fault;
        uapi_result result = {0};
        uapi_schema *schema;
        uapi_json json;
        int good;

        if (uapi_schema_compile(&schema, text, strlen(text), pool, &result) != APR_SUCCESS) {
            fail_msg("%s: %s", text, result.detail);
        }
        assert_int_equal(uapi_json_read(&json, value, strlen(value), NULL, pool, NULL), APR_SUCCESS);
        good = uapi_schema_matches(schema, &json, 0, &fault, pool);
        if (good != !cases[i].keyword ||
            (!good && (strcmp(fault.keyword, cases[i].keyword) || strcmp(fault.pointer, cases[i].pointer)))) {
            fail_msg("%s with %s: %s at %s", text, value, good ? "matches" : fault.keyword, good ? "" : fault.pointer);
        }
    }
}

static void refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        const char *text = quoted(refused[i].schema);
        uapi_result result = {0};
        uapi_schema *schema;

        if (uapi_schema_compile(&schema, text, strlen(text), pool, &result) == APR_SUCCESS) {
            fail_msg("%s is not refused", text);
        }
        assert_int_equal(result.reason, UAPI_REASON_ARGUMENTS_SCHEMA);
        assert_null(schema);
        if (!strstr(result.detail, refused[i].why)) {
            fail_msg("%s: %s", text, result.detail);
        }
    }
}

/* Doubling at each level: 2^40 ways. */
static void is_bounded(void **state)
{
    const char *text = "true", *items = "1";
    uapi_schema_fault fault;
    uapi_schema *schema;
    uapi_json json;

    (void)state;
    for (int i = 0; i < 20; i++) {
        text = apr_psprintf(pool, "{\"allOf\":[{\"$ref\":\"#/$defs/d%d\"},{\"$ref\":\"#/$defs/d%d\"}]}", i, i);
        items = apr_psprintf(pool, "%s%s\"d%d\":%s", i ? items : "", i ? "," : "", i + 1, text);
    }
    text = apr_psprintf(pool, "{\"$ref\":\"#/$defs/d20\",\"$defs\":{\"d0\":true,%s}}", items);
    assert_int_equal(uapi_schema_compile(&schema, text, strlen(text), pool, NULL), APR_SUCCESS);
    assert_int_equal(uapi_json_read(&json, "1", 1, NULL, pool, NULL), APR_SUCCESS);
    assert_false(uapi_schema_matches(schema, &json, 0, &fault, pool));
    assert_string_equal(fault.keyword, "limit");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(matches), cmocka_unit_test(refuses),
                                       cmocka_unit_test(is_bounded)};
    int failed;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return failed;
}
