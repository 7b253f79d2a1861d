/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* The writer of canonical JSON: RFC 8785's rules for strings and numbers, hostile bytes, small buffers, misuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "jcs.h"

static char buffer[4096];

static void check(uapi_jcs *jcs, const char *expected)
{
    size_t length = uapi_jcs_end(jcs);

    assert_int_equal(length, strlen(expected));
    assert_memory_equal(buffer, expected, length);
}

static void write_record(uapi_jcs *jcs)
{
    uapi_jcs_object_open(jcs);
    uapi_jcs_key(jcs, "a");
    uapi_jcs_array_open(jcs);
    uapi_jcs_int(jcs, 1);
    uapi_jcs_string(jcs, "two", 3);
    uapi_jcs_array_open(jcs);
    uapi_jcs_array_close(jcs);
    uapi_jcs_object_open(jcs);
    uapi_jcs_object_close(jcs);
    uapi_jcs_array_close(jcs);
    uapi_jcs_key(jcs, "aa");
    uapi_jcs_bool(jcs, 1);
    uapi_jcs_key(jcs, "b");
    uapi_jcs_bool(jcs, 0);
    uapi_jcs_key(jcs, "c");
    uapi_jcs_null(jcs);
    uapi_jcs_key(jcs, "d");
    uapi_jcs_cstring(jcs, NULL);
    uapi_jcs_key(jcs, "e");
    uapi_jcs_cstring(jcs, "x\"y");
    uapi_jcs_object_close(jcs);
}

static const char record[] = "{\"a\":[1,\"two\",[],{}],\"aa\":true,\"b\":false,\"c\":null,\"d\":null,\"e\":\"x\\\"y\"}";

static void test_record(void **state)
{
    uapi_jcs jcs;

    (void)state;
    uapi_jcs_begin(&jcs, buffer, sizeof(buffer));
    write_record(&jcs);
    check(&jcs, record);
}

/* Every size that is too small gives 0, and nothing is written beyond it. */
static void test_overflow(void **state)
{
    size_t size;

    (void)state;
    for (size = 0; size < sizeof(record) + 4; size++) {
        char *room = malloc(size ? size : 1);
        uapi_jcs jcs;

        assert_non_null(room);
        uapi_jcs_begin(&jcs, room, size);
        write_record(&jcs);
        assert_int_equal(uapi_jcs_end(&jcs), size < sizeof(record) - 1 ? 0 : sizeof(record) - 1);
        free(room);
    }
}

#define CASE(text, expected)             \
    {                                    \
        text, sizeof(text) - 1, expected \
    }

static void test_strings(void **state)
{
    static const struct {
        const char *text;
        size_t length;
        const char *expected;
    } cases[] = {
        CASE("", "\"\""),
        CASE("abc", "\"abc\""),
        CASE("\"\\/", "\"\\\"\\\\/\""),
        CASE("\b\t\n\f\r", "\"\\b\\t\\n\\f\\r\""),
        CASE("\0\x01\x0B\x1F\x7F", "\"\\u0000\\u0001\\u000b\\u001f\x7F\""),
        CASE("\xE2\x82\xAC$\x0F\nA'B", "\"\xE2\x82\xAC$\\u000f\\nA'B\""),
        CASE("<\xE2\x80\xA8>", "\"<\xE2\x80\xA8>\""),
        CASE("\xF0\x9F\x98\x80", "\"\xF0\x9F\x98\x80\""),
        /* the examples of Unicode, tables 3-8 to 3-11 */
        CASE("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82"
             "A",
             "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
             "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
             "A\""),
        CASE("\xED\xA0\x80\xED\xBF\xBF\xED\xAF"
             "A",
             "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
             "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
             "A\""),
        CASE("\xF4\x91\x92\x93\xFF"
             "A\x80\xBF"
             "B",
             "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
             "A\xEF\xBF\xBD\xEF\xBF\xBD"
             "B\""),
        CASE("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF"
             "A",
             "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
             "A\""),
        CASE("a\xE2\x82", "\"a\xEF\xBF\xBD\""),
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uapi_jcs jcs;

        uapi_jcs_begin(&jcs, buffer, sizeof(buffer));
        uapi_jcs_string(&jcs, cases[i].text, cases[i].length);
        check(&jcs, cases[i].expected);
    }
}

static void test_integers(void **state)
{
    static const struct {
        int64_t value;
        const char *expected;
    } cases[] = {
        {0, "0"},
        {7, "7"},
        {-1, "-1"},
        {1234567890123, "1234567890123"},
        {UAPI_JCS_MAX_INTEGER, "9007199254740991"},
        {-UAPI_JCS_MAX_INTEGER, "-9007199254740991"},
        {UAPI_JCS_MAX_INTEGER + 1, ""},
        {-UAPI_JCS_MAX_INTEGER - 1, ""},
        {INT64_MAX, ""},
        {INT64_MIN, ""},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uapi_jcs jcs;

        uapi_jcs_begin(&jcs, buffer, sizeof(buffer));
        uapi_jcs_int(&jcs, cases[i].value);
        check(&jcs, cases[i].expected);
    }
}

/* Each letter is one call: { } [ ] open and close, a b c keys, 1 a value. Whatever is no document gives 0. */
static size_t run(const char *calls)
{
    static const char keys[3][2] = {"a", "b", "c"};
    uapi_jcs jcs;

    uapi_jcs_begin(&jcs, buffer, sizeof(buffer));
    for (; *calls; calls++) {
        switch (*calls) {
        case '{':
            uapi_jcs_object_open(&jcs);
            break;
        case '}':
            uapi_jcs_object_close(&jcs);
            break;
        case '[':
            uapi_jcs_array_open(&jcs);
            break;
        case ']':
            uapi_jcs_array_close(&jcs);
            break;
        case '1':
            uapi_jcs_int(&jcs, 1);
            break;
        case '"':
            uapi_jcs_key(&jcs, "\"");
            break;
        default:
            uapi_jcs_key(&jcs, keys[*calls - 'a']);
            break;
        }
    }
    return uapi_jcs_end(&jcs);
}

static void test_misuse(void **state)
{
    static const char *const wrong[] = {
        "",       "11",
        "{",      "[",
        "}",      "]",
        "{]",     "[}",
        "{1}",    "{a}",
        "{ab1}",  "{b1a1}",
        "{a1a1}", "a",
        "[a1]",   "1{}",
        "{}1",    "{}{}",
        "{a1",    "{a{}}}",
        "{\"1}",  "[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]",
    };
    static const char *const right[] = {"1",        "{}",           "[]",        "{a1}",
                                        "{a1b1c1}", "{a{b1}b{a1}}", "[[][]1{}]", "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(run(wrong[i]), 0);
    }
    for (i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
        assert_int_not_equal(run(right[i]), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record),   cmocka_unit_test(test_overflow), cmocka_unit_test(test_strings),
        cmocka_unit_test(test_integers), cmocka_unit_test(test_misuse),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
