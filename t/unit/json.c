/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The rules of the JSON reader that JSONTestSuite does not state: the shape of the tape, what is refused at which
 * byte, the limits, and the places where a reader that takes many bytes at once goes wrong (each length and position
 * of a string is tried, and each UTF-8 sequence). json_portable.c runs the same tests over the loop without SSE2.
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

#include "json.h"

static apr_pool_t *pool;
static char *text_copy;

static int set_up(void **state)
{
    (void)state;
    return apr_pool_create(&pool, NULL) != APR_SUCCESS;
}

static int tear_down(void **state)
{
    (void)state;
    free(text_copy);
    text_copy = NULL;
    apr_pool_destroy(pool);
    return 0;
}

/* Reads a copy of exactly that size, so that a sanitizer sees a read beyond it. */
static uapi_reason read_limited(uapi_json *json, const char *text, size_t length, const uapi_json_limits *limits,
                                uapi_result *result)
{
    apr_status_t status;

    free(text_copy);
    text_copy = malloc(length ? length : 1);
    assert_non_null(text_copy);
    memcpy(text_copy, text, length);
    memset(result, 0, sizeof(*result));
    status = uapi_json_read(json, text_copy, length, limits, pool, result);
    assert_int_equal(status != APR_SUCCESS, result->reason != UAPI_REASON_NONE);
    if (status != APR_SUCCESS) {
        assert_null(json->nodes);
        assert_int_equal(json->count, 0);
        assert_non_null(result->detail);
    }
    return result->reason;
}

static uapi_reason read_bytes(uapi_json *json, const char *text, size_t length)
{
    uapi_result result;

    return read_limited(json, text, length, NULL, &result);
}

static uapi_reason read_text(uapi_json *json, const char *text)
{
    return read_bytes(json, text, strlen(text));
}

static void check_node(const uapi_json *json, uint32_t index, uapi_json_type type, const char *text, uint32_t skip)
{
    const uapi_json_node *node = &json->nodes[index];

    assert_int_equal(node->type, type);
    assert_int_equal(node->length, strlen(text));
    assert_memory_equal(json->text + node->start, text, node->length);
    assert_int_equal(node->skip, skip);
}

static void test_tape(void **state)
{
    uapi_json json;

    (void)state;
    assert_int_equal(sizeof(uapi_json_node), 16);
    assert_int_equal(read_text(&json, " {\"a\" : [1, -2.5e3,\"x\\n\" ],\"\":{ }, \"b\":[true,false,null]}"), 0);
    assert_int_equal(json.count, 13);
    check_node(&json, 0, UAPI_JSON_OBJECT, "{\"a\" : [1, -2.5e3,\"x\\n\" ],\"\":{ }, \"b\":[true,false,null]}", 13);
    check_node(&json, 1, UAPI_JSON_STRING, "a", 2);
    check_node(&json, 2, UAPI_JSON_ARRAY, "[1, -2.5e3,\"x\\n\" ]", 6);
    check_node(&json, 3, UAPI_JSON_NUMBER, "1", 4);
    check_node(&json, 4, UAPI_JSON_NUMBER, "-2.5e3", 5);
    check_node(&json, 5, UAPI_JSON_STRING, "x\\n", 6);
    check_node(&json, 6, UAPI_JSON_STRING, "", 7);
    check_node(&json, 7, UAPI_JSON_OBJECT, "{ }", 8);
    check_node(&json, 8, UAPI_JSON_STRING, "b", 9);
    check_node(&json, 9, UAPI_JSON_ARRAY, "[true,false,null]", 13);
    check_node(&json, 10, UAPI_JSON_TRUE, "true", 11);
    check_node(&json, 11, UAPI_JSON_FALSE, "false", 12);
    check_node(&json, 12, UAPI_JSON_NULL, "null", 13);
    assert_int_equal(json.nodes[1].is_key, 1);
    assert_int_equal(json.nodes[5].is_key, 0);
    assert_int_equal(json.nodes[6].is_key, 1);
    assert_int_equal(json.nodes[5].escaped, 1);
    assert_int_equal(json.nodes[1].escaped, 0);
}

static void test_members(void **state)
{
    uapi_json json;
    uint32_t list;

    (void)state;
    assert_int_equal(read_text(&json, "{\"x\":{\"a\":1},\"\\u0061\":[1,2],\"e\":[],\"o\":{}}"), 0);
    list = uapi_json_member(&json, 0, "a");
    check_node(&json, list, UAPI_JSON_ARRAY, "[1,2]", list + 3);
    check_node(&json, uapi_json_first(&json, list), UAPI_JSON_NUMBER, "1", list + 2);
    assert_int_equal(uapi_json_member(&json, 0, "A"), UAPI_JSON_NONE);
    assert_int_equal(uapi_json_member(&json, 0, ""), UAPI_JSON_NONE);
    assert_int_equal(uapi_json_member(&json, list, "a"), UAPI_JSON_NONE);
    assert_int_equal(uapi_json_member(&json, UAPI_JSON_NONE, "a"), UAPI_JSON_NONE);
    assert_int_equal(uapi_json_first(&json, uapi_json_member(&json, 0, "e")), UAPI_JSON_NONE);
    assert_int_equal(uapi_json_first(&json, uapi_json_member(&json, 0, "o")), UAPI_JSON_NONE);
    assert_int_equal(uapi_json_first(&json, 1), UAPI_JSON_NONE);
    assert_int_equal(uapi_json_first(&json, UAPI_JSON_NONE), UAPI_JSON_NONE);
}

static void test_plain(void **state)
{
    static const struct {
        const char *text;
        int plain;
    } cases[] = {
        {"{\"a\":[1,\"b c\",null]}", 1},
        {"\"\"", 1},
        {"1", 1},
        {"[]", 1},
        {"\"\xC3\xA9 x\"", 1},
        {" 1", 0},
        {"1 ", 0},
        {"[ ]", 0},
        {"{ }", 0},
        {"[1 ,2]", 0},
        {"[1, 2]", 0},
        {"{\"a\" :1}", 0},
        {"{\"a\": 1}", 0},
        {"{\"a\":1 }", 0},
        {"[1\n]", 0},
        {"[1]\r", 0},
        {"\t1", 0},
        {"\"\\/\"", 0},
        {"{\"\\u0041\":1}", 0},
    };
    uapi_json json;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(read_text(&json, cases[i].text), 0);
        assert_int_equal(json.plain, cases[i].plain);
    }
}

#define CASE(reason, at, text)                                \
    {                                                         \
        UAPI_REASON_JSON_##reason, at, text, sizeof(text) - 1 \
    }

static void test_refusals(void **state)
{
    static const struct {
        uapi_reason reason;
        unsigned at;
        const char *text;
        size_t length;
    } cases[] = {
        CASE(SYNTAX, 0, ""),
        CASE(SYNTAX, 2, "  "),
        CASE(SYNTAX, 1, "[,1]"),
        CASE(SYNTAX, 3, "[1,]"),
        CASE(SYNTAX, 7, "{\"a\":1,}"),
        CASE(SYNTAX, 1, "{1:2}"),
        CASE(SYNTAX, 4, "{\"a\"}"),
        CASE(SYNTAX, 4, "{\"a\",1}"),
        CASE(SYNTAX, 3, "[1 2]"),
        CASE(SYNTAX, 2, "[1}"),
        CASE(SYNTAX, 6, "{\"a\":1]"),
        CASE(SYNTAX, 0, "tru"),
        CASE(SYNTAX, 0, "True"),
        CASE(SYNTAX, 0, "nul"),
        CASE(SYNTAX, 0, "+1"),
        CASE(SYNTAX, 1, "-"),
        CASE(SYNTAX, 2, "1."),
        CASE(SYNTAX, 2, "1e"),
        CASE(SYNTAX, 3, "1e+"),
        CASE(SYNTAX, 0, ".5"),
        CASE(TRAILING, 1, "01"),
        CASE(SYNTAX, 0, "'a'"),
        CASE(SYNTAX, 2, "\"a"),
        CASE(SYNTAX, 1, "\"\\"),
        CASE(SYNTAX, 1, "\"\\x\""),
        CASE(SYNTAX, 1, "\"\\u12\""),
        CASE(SYNTAX, 1, "\"\\u12g4\""),
        CASE(SYNTAX, 1, "\"\\U0041\""),
        CASE(SYNTAX, 2, "\"a\nb\""),
        CASE(SYNTAX, 2, "\"a\x1F\""),
        CASE(SYNTAX, 0, "\xC3\xA9"),
        CASE(SYNTAX, 1, "[\f1]"),
        CASE(SYNTAX, 1, "[/**/1]"),
        CASE(SYNTAX, 1, "[NaN]"),
        CASE(NUL, 0, "\0"),
        CASE(NUL, 1, "1\0"),
        CASE(NUL, 1, "[\0]"),
        CASE(NUL, 2, "\"a\0b\""),
        CASE(NUL, 1, "\"\\u0000\""),
        CASE(NUL, 5, "{\"a\":\0}"),
        CASE(UTF8, 0, "\xEF\xBB\xBF{}"),
        CASE(UTF8, 1, "\"\xFF\""),
        CASE(UTF8, 2, "\"a\x80\""),
        CASE(UTF8, 1, "\"\xC3\""),
        CASE(UTF8, 1, "\"\xC3"),
        CASE(UTF8, 1, "\"\\ud800\""),
        CASE(UTF8, 1, "\"\\udc00\""),
        CASE(UTF8, 1, "\"\\ud800\\ud800\""),
        CASE(UTF8, 1, "\"\\ud800\\u0041\""),
        CASE(UTF8, 1, "\"\\uD800x\""),
        CASE(UTF8, 1, "\"\\ud800\\udc0\""),
        CASE(TRAILING, 2, "1 2"),
        CASE(TRAILING, 2, "{}}"),
        CASE(TRAILING, 2, "[],"),
        CASE(TRAILING, 4, "true1"),
        CASE(TRAILING, 3, "{} \xEF\xBB\xBF"),
        CASE(DUPLICATE_KEY, 8, "{\"a\":1,\"a\":2}"),
        CASE(DUPLICATE_KEY, 8, "{\"a\":1,\"\\u0061\":2}"),
        CASE(DUPLICATE_KEY, 7, "{\"\":1,\"\":2}"),
        CASE(DUPLICATE_KEY, 14, "[{\"k\":{\"x\":1,\"\\u0078\":2}}]"),
        CASE(DUPLICATE_KEY, 19, "{\"\\ud83d\\ude00\":1,\"\xF0\x9F\x98\x80\":2}"),
    };
    uapi_json json;
    uapi_result result;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uapi_reason reason = read_limited(&json, cases[i].text, cases[i].length, NULL, &result);
        const char *suffix = apr_psprintf(pool, " at byte %u", cases[i].at);

        if (reason != cases[i].reason || !strstr(result.detail, suffix) ||
            strlen(strstr(result.detail, suffix)) != strlen(suffix)) {
            fail_msg("%s: %s, %s; not %s%s", cases[i].text, uapi_reason_describe(reason)->code, result.detail,
                     uapi_reason_describe(cases[i].reason)->code, suffix);
        }
    }
    assert_int_not_equal(uapi_json_read(&json, "[", 1, NULL, pool, NULL), APR_SUCCESS);
    assert_int_not_equal(uapi_json_read(&json, NULL, 0, NULL, pool, NULL), APR_SUCCESS);
}

static void test_no_duplicates(void **state)
{
    uapi_json json;

    (void)state;
    assert_int_equal(read_text(&json, "[{\"a\":1},{\"a\":1}]"), 0);
    assert_int_equal(read_text(&json, "{\"a\":{\"a\":{\"a\":1}},\"b\":\"a\",\"A\":0}"), 0);
    assert_int_equal(read_text(&json, "{\"a\":[\"a\",\"a\"],\"aa\":1,\"\":1}"), 0);
}

static void test_limits(void **state)
{
    uapi_json_limits limits = {2, 4};
    uapi_json json;
    uapi_result result;
    char deep[2 * (UAPI_JSON_MAX_DEPTH + 1)];
    size_t i;

    (void)state;
    assert_int_equal(read_limited(&json, "[[1]]", 5, &limits, &result), 0);
    assert_int_equal(read_limited(&json, "[[[1]]]", 7, &limits, &result), UAPI_REASON_JSON_DEPTH);
    assert_int_equal(read_limited(&json, "[{},{}]", 7, &limits, &result), 0);
    assert_int_equal(read_limited(&json, "[1,2,3]", 7, &limits, &result), 0);
    assert_int_equal(read_limited(&json, "[1,2,3,4]", 9, &limits, &result), UAPI_REASON_JSON_TOO_LARGE);
    assert_int_equal(read_limited(&json, "{\"a\":1,\"b\":2}", 13, &limits, &result), UAPI_REASON_JSON_TOO_LARGE);
    for (i = 0; i <= UAPI_JSON_MAX_DEPTH; i++) {
        deep[i] = '[';
        deep[sizeof(deep) - 1 - i] = ']';
    }
    assert_int_equal(read_bytes(&json, deep, sizeof(deep)), UAPI_REASON_JSON_DEPTH);
    assert_int_equal(read_bytes(&json, deep + 1, sizeof(deep) - 2), 0);
    assert_int_equal(json.count, UAPI_JSON_MAX_DEPTH);
}

/* The array grows several times; every node survives. */
static void test_growth(void **state)
{
    enum { COUNT = 100000 };
    char *text = malloc(2 * COUNT + 1);
    uapi_json json;
    uint32_t i;

    (void)state;
    assert_non_null(text);
    for (i = 0; i < COUNT; i++) {
        text[2 * i] = i ? ',' : '[';
        text[2 * i + 1] = (char)('0' + i % 10);
    }
    text[2 * COUNT] = ']';
    assert_int_equal(read_bytes(&json, text, 2 * COUNT + 1), 0);
    assert_int_equal(json.count, COUNT + 1);
    for (i = 1; i <= COUNT; i++) {
        assert_int_equal(json.nodes[i].start, 2 * i - 1);
        assert_int_equal(json.nodes[i].skip, i + 1);
    }
    free(text);
}

/* An object of `count` keys; the last repeats key number `repeat`, with an escape, unless that is none of them. */
static char *many_keys(int count, int repeat, size_t *length)
{
    char *text = malloc((size_t)count * 32 + 64);
    char *at = text;
    int i;

    assert_non_null(text);
    for (i = 0; i < count; i++) {
        at += sprintf(at, "%s\"key%d\":0", i ? "," : "{", i);
    }
    if (repeat >= 0) {
        at += sprintf(at, ",\"\\u006bey%d\":0", repeat);
    }
    *at++ = '}';
    *length = (size_t)(at - text);
    return text;
}

static void check_many_keys(int count, int repeat)
{
    uapi_json json;
    size_t length;
    char *text = many_keys(count, repeat, &length);
    uapi_reason expected = repeat >= 0 ? UAPI_REASON_JSON_DUPLICATE_KEY : UAPI_REASON_NONE;

    assert_int_equal(read_bytes(&json, text, length), expected);
    free(text);
}

static void test_many_keys(void **state)
{
    int count;

    (void)state;
    for (count = 1; count < 60; count++) {
        check_many_keys(count, -1);
        check_many_keys(count, 0);
        check_many_keys(count, count / 2);
        check_many_keys(count, count - 1);
    }
    check_many_keys(100000, -1);
    check_many_keys(100000, 0);
    check_many_keys(100000, 99999);
}

/* One odd piece at each place of a string of each length. */
static void test_string_positions(void **state)
{
    static const struct {
        const char *piece;
        size_t length;
        uapi_reason reason;
    } pieces[] = {
        {"x", 1, UAPI_REASON_NONE},
        {"\x7F", 1, UAPI_REASON_NONE},
        {"\\n", 2, UAPI_REASON_NONE},
        {"\\u00e9", 6, UAPI_REASON_NONE},
        {"\xC3\xA9", 2, UAPI_REASON_NONE},
        {"\xE4\xB8\x96", 3, UAPI_REASON_NONE},
        {"\xF0\x9F\x98\x80", 4, UAPI_REASON_NONE},
        {"\x1F", 1, UAPI_REASON_JSON_SYNTAX},
        {"\x01", 1, UAPI_REASON_JSON_SYNTAX},
        {"\0", 1, UAPI_REASON_JSON_NUL},
        {"\x80", 1, UAPI_REASON_JSON_UTF8},
        {"\xFF", 1, UAPI_REASON_JSON_UTF8},
        {"\\q", 2, UAPI_REASON_JSON_SYNTAX},
        {"\"", 1, UAPI_REASON_JSON_TRAILING},
    };
    char text[64];
    size_t length, at, i;
    uapi_json json;

    (void)state;
    for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        for (length = 0; length < 40; length++) {
            for (at = 0; at <= length; at++) {
                memset(text, 'a', sizeof(text));
                text[0] = '"';
                memcpy(text + 1 + at, pieces[i].piece, pieces[i].length);
                text[1 + length + pieces[i].length] = '"';
                assert_int_equal(read_bytes(&json, text, length + pieces[i].length + 2), pieces[i].reason);
                if (pieces[i].reason == UAPI_REASON_NONE) {
                    assert_int_equal(json.nodes[0].length, length + pieces[i].length);
                }
                if (pieces[i].reason != UAPI_REASON_JSON_TRAILING) {
                    assert_int_not_equal(read_bytes(&json, text, length + pieces[i].length + 1), UAPI_REASON_NONE);
                }
            }
        }
    }
}

static size_t encode(uint32_t point, char out[4])
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (char)(0xC0 + point / 64);
        out[1] = (char)(0x80 + point % 64);
        return 2;
    }
    if (point < 0x10000) {
        out[0] = (char)(0xE0 + point / 4096);
        out[1] = (char)(0x80 + point / 64 % 64);
        out[2] = (char)(0x80 + point % 64);
        return 3;
    }
    out[0] = (char)(0xF0 + point / 262144);
    out[1] = (char)(0x80 + point / 4096 % 64);
    out[2] = (char)(0x80 + point / 64 % 64);
    out[3] = (char)(0x80 + point % 64);
    return 4;
}

static uapi_reason read_quoted(uapi_json *json, const char *contents, size_t length)
{
    char text[32];

    text[0] = '"';
    memcpy(text + 1, contents, length);
    text[length + 1] = '"';
    return (uapi_json_read(json, text, length + 2, NULL, pool, NULL) == APR_SUCCESS) ? UAPI_REASON_NONE
                                                                                     : UAPI_REASON_JSON_UTF8;
}

/* Each character is accepted, raw and as an escape, and the two are the same. */
static void test_every_character(void **state)
{
    uint32_t point;

    (void)state;
    for (point = 0x20; point < 0x110000; point += point < 0x3000 ? 1 : 37) {
        char raw[4], escape[16], quoted[20];
        size_t length = encode(point, raw);
        int is_surrogate = point >= 0xD800 && point < 0xE000;
        uapi_json json;

        if (point == '"' || point == '\\') {
            continue;
        }
        assert_int_equal(read_quoted(&json, raw, length), is_surrogate ? UAPI_REASON_JSON_UTF8 : UAPI_REASON_NONE);
        if (point < 0x10000) {
            sprintf(escape, "\\u%04x", point);
        } else {
            sprintf(escape, "\\u%04X\\u%04X", 0xD800 + ((point - 0x10000) >> 10), 0xDC00 + (point & 0x3FF));
        }
        sprintf(quoted, "\"%s\"", escape);
        assert_int_equal(uapi_json_read(&json, quoted, strlen(quoted), NULL, pool, NULL) != APR_SUCCESS, is_surrogate);
        if (!is_surrogate) {
            char out[16];

            assert_int_equal(uapi_json_unescape(&json, 0, out), length);
            assert_memory_equal(out, raw, length);
        }
        apr_pool_clear(pool);
    }
}

/*
 * Every sequence of two bytes, and of three that begins with a lead of three or four: valid just when it is in the
 * table.
 */
static void test_every_sequence(void **state)
{
    unsigned a, b, c;

    (void)state;
    for (a = 0x80; a < 0x100; a++) {
        for (b = 0; b < 0x100; b++) {
            char two[2] = {(char)a, (char)b};
            int valid = a >= 0xC2 && a <= 0xDF && b >= 0x80 && b <= 0xBF;
            uapi_json json;

            assert_int_equal(read_quoted(&json, two, 2) == UAPI_REASON_NONE, valid);
            for (c = 0x7F; c < 0xC1 && a >= 0xE0 && a <= 0xF4; c++) {
                char four[4] = {(char)a, (char)b, (char)c, '\x80'};
                unsigned low = a == 0xE0 ? 0xA0 : a == 0xF0 ? 0x90 : 0x80;
                unsigned high = a == 0xED ? 0x9F : a == 0xF4 ? 0x8F : 0xBF;

                valid = b >= low && b <= high && c >= 0x80 && c <= 0xBF;
                assert_int_equal(read_quoted(&json, four, a >= 0xF0 ? 4 : 3) == UAPI_REASON_NONE, valid);
            }
        }
        apr_pool_clear(pool);
    }
}

static void test_strings(void **state)
{
    static const char raw[] = "\"\\\"\\\\\\/\\b\\f\\n\\r\\tA\\u0042\xC3\xA9\\u00E9\\uD83d\\uDE00z\"";
    static const char decoded[] = "\"\\/\b\f\n\r\tAB\xC3\xA9\xC3\xA9\xF0\x9F\x98\x80z";
    const char *text;
    size_t length;
    uapi_json json;

    (void)state;
    assert_int_equal(read_text(&json, raw), 0);
    uapi_json_string(&json, 0, pool, &text, &length);
    assert_int_equal(length, sizeof(decoded) - 1);
    assert_memory_equal(text, decoded, length);
    assert_string_equal(uapi_json_strdup(&json, 0, pool), decoded);
    assert_int_equal(uapi_json_equals(&json, 0, decoded), 1);
    assert_int_equal(read_text(&json, "\"abc\""), 0);
    uapi_json_string(&json, 0, pool, &text, &length);
    assert_ptr_equal(text, json.text + 1);
    assert_int_equal(length, 3);
    assert_string_equal(uapi_json_strdup(&json, 0, pool), "abc");
}

static void test_equals(void **state)
{
    static const struct {
        const char *json, *text;
        int equal, nocase;
    } cases[] = {
        {"\"method\"", "method", 1, 1},
        {"\"Method\"", "method", 0, 1},
        {"\"method\"", "methods", 0, 0},
        {"\"methods\"", "method", 0, 0},
        {"\"\\u006dethod\"", "method", 1, 1},
        {"\"\\u004dETHOD\"", "method", 0, 1},
        {"\"metho\\u0064\"", "method", 1, 1},
        {"\"metho\\u0064\"", "metho", 0, 0},
        {"\"\"", "", 1, 1},
        {"\"\"", "a", 0, 0},
        {"\"\\n\"", "\n", 1, 1},
        {"\"\\n\"", "", 0, 0},
        {"\"@\"", "`", 0, 0},
        {"\"[\"", "{", 0, 0},
        {"\"\xC3\xA9\"", "\xC3\x89", 0, 0},
        {"\"\\u00e9\"", "\xC3\xA9", 1, 1},
        {"true", "true", 0, 0},
        {"12", "12", 0, 0},
    };
    uapi_json json;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(read_text(&json, cases[i].json), 0);
        assert_int_equal(uapi_json_equals(&json, 0, cases[i].text), cases[i].equal);
        assert_int_equal(uapi_json_equals_nocase(&json, 0, cases[i].text), cases[i].nocase);
    }
}

/* Against a map of each decoded byte to the raw range of its character, made piece by piece. */
static void test_locate(void **state)
{
    static const struct {
        const char *raw;
        size_t decoded;
    } pieces[] = {
        {"a", 1}, {"\\n", 1},     {"\xC3\xA9", 2},         {"\\u00e9", 2}, {"\\ud83d\\ude00", 4}, {"b", 1},
        {"c", 1}, {"\\u4e16", 3}, {"\xF0\x9F\x98\x80", 4}, {"\\\\", 1},    {"\\\"", 1},           {"z", 1},
    };
    size_t start[64], end[64], count = 0, raw = 2, i, j;
    char text[128] = "[\"";
    uapi_json json;

    (void)state;
    for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        size_t length = strlen(pieces[i].raw);

        memcpy(text + raw, pieces[i].raw, length + 1);
        for (j = 0; j < pieces[i].decoded; j++) {
            start[count] = raw;
            end[count++] = raw + length;
        }
        raw += length;
    }
    strcpy(text + raw, "\"]");
    assert_int_equal(read_text(&json, text), 0);
    for (i = 0; i < count; i++) {
        for (j = i + 1; j <= count; j++) {
            size_t from, to;

            uapi_json_locate(&json, 1, i, j, &from, &to);
            assert_int_equal(from, start[i]);
            assert_int_equal(to, end[j - 1]);
        }
    }
}

static void test_locate_edges(void **state)
{
    size_t from, to;
    uapi_json json;

    (void)state;
    assert_int_equal(read_text(&json, "[\"abc\",\"\\n\\n\",\"\"]"), 0);
    uapi_json_locate(&json, 1, 1, 2, &from, &to);
    assert_int_equal(from, 3);
    assert_int_equal(to, 4);
    uapi_json_locate(&json, 1, 0, 100, &from, &to);
    assert_int_equal(from, 2);
    assert_int_equal(to, 5);
    uapi_json_locate(&json, 1, 50, 100, &from, &to);
    assert_int_equal(from, 5);
    assert_int_equal(to, 5);
    uapi_json_locate(&json, 2, 1, 1, &from, &to);
    assert_int_equal(from, to);
    uapi_json_locate(&json, 2, 0, 100, &from, &to);
    assert_int_equal(from, 8);
    assert_int_equal(to, 12);
    uapi_json_locate(&json, 3, 0, 1, &from, &to);
    assert_int_equal(from, to);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_tape),
        TEST(test_members),
        TEST(test_plain),
        TEST(test_refusals),
        TEST(test_no_duplicates),
        TEST(test_limits),
        TEST(test_growth),
        TEST(test_many_keys),
        TEST(test_string_positions),
        TEST(test_every_character),
        TEST(test_every_sequence),
        TEST(test_strings),
        TEST(test_equals),
        TEST(test_locate),
        TEST(test_locate_edges),
    };
    int failed;

    apr_initialize();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_terminate();
    return failed;
}
