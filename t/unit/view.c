/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The view that scanners see, and the way back: for every range of a view, the raw ranges are compared with a map of
 * each byte of the view to the raw bytes it came from, which is made here by another route.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>

#include "view.h"

static apr_pool_t *pool;

static void make(uapi_json *json, uapi_view *view, const char *text)
{
    assert_int_equal(uapi_json_read(json, text, strlen(text), NULL, pool, NULL), APR_SUCCESS);
    uapi_view_make(view, json, pool);
}

static void test_text(void **state)
{
    static const struct {
        const char *text, *view;
    } cases[] = {
        {"{\"a\":[1,\"x y\",null]}", NULL},
        {"\"\"", NULL},
        {"17", NULL},
        {" { \"a b\" : [ 1 , \" x \" ,\tnull ]\r\n, \"c\":{ } } ", "{\"a b\":[1,\" x \",null],\"c\":{}}"},
        {"[\"a\\\"b\\\\\\n\\u00e9\\ud83d\\ude00\"]", "[\"a\"b\\\n\xC3\xA9\xF0\x9F\x98\x80\"]"},
        {"{\"\\u0061\":\"\\/\"}", "{\"a\":\"/\"}"},
        {" true ", "true"},
        {"[ ]", "[]"},
        {" \"\" ", "\"\""},
    };
    uapi_json json;
    uapi_view view;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *expected = cases[i].view ? cases[i].view : cases[i].text;

        make(&json, &view, cases[i].text);
        assert_int_equal(view.length, strlen(expected));
        assert_memory_equal(view.text, expected, view.length);
        assert_int_equal(view.text == cases[i].text, cases[i].view == NULL);
    }
}

/* For each byte of a view, the raw bytes it came from; an empty range for what is not the contents of a string. */
typedef struct view_map {
    uapi_view_range of[512];
    uint32_t node[512];
    size_t count;
} view_map;

static void map_byte(view_map *map, size_t start, size_t end, uint32_t node)
{
    map->of[map->count].start = start;
    map->of[map->count].end = end;
    map->node[map->count++] = node;
}

static size_t character_width(const char *at)
{
    unsigned char lead = (unsigned char)*at;

    if (lead == '\\') {
        return at[1] != 'u' ? 2 : strncmp(at, "\\ud8", 4) == 0 ? 12 : 6;
    }
    return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

static size_t decoded_width(const char *at)
{
    if (*at != '\\') {
        return character_width(at);
    }
    return at[1] != 'u' ? 1 : strncmp(at, "\\ud8", 4) == 0 ? 4 : strncmp(at, "\\u00e", 5) == 0 ? 2 : 3;
}

static void make_map(view_map *map, const char *text)
{
    size_t at = 0, i;
    uint32_t strings = 0;
    int inside = 0;

    map->count = 0;
    while (text[at]) {
        size_t width = inside ? character_width(text + at) : 1;

        if (text[at] == '"') {
            inside = !inside;
            strings += (uint32_t)inside;
            map_byte(map, 0, 0, 0);
        } else if (inside) {
            for (i = 0; i < decoded_width(text + at); i++) {
                map_byte(map, at, at + width, strings);
            }
        } else if (!strchr(" \t\r\n", text[at])) {
            map_byte(map, 0, 0, 0);
        }
        at += width;
    }
}

/* The union, string by string, of what the map has for the range. */
static size_t expect(const view_map *map, size_t from, size_t to, uapi_view_range *ranges)
{
    uint32_t last = 0;
    size_t count = 0, i;

    for (i = from; i < to && i < map->count; i++) {
        if (map->node[i] == 0) {
            continue;
        }
        if (map->node[i] != last) {
            last = map->node[i];
            ranges[count++] = map->of[i];
        }
        ranges[count - 1].end = map->of[i].end;
    }
    return count;
}

static void check_all_ranges(const char *text)
{
    static view_map map;
    uapi_view_range expected[64], found[64];
    uapi_json json;
    uapi_view view;
    size_t from, to, count;

    make(&json, &view, text);
    make_map(&map, text);
    assert_int_equal(map.count, view.length);
    for (from = 0; from <= view.length; from++) {
        for (to = 0; to <= view.length + 2; to++) {
            count = from < to ? expect(&map, from, to, expected) : 0;
            assert_int_equal(uapi_view_locate(&view, from, to, found, 64), count);
            assert_memory_equal(found, expected, count * sizeof(found[0]));
        }
    }
}

static void test_locate(void **state)
{
    static const char *const texts[] = {
        "{\"key\":\"value\",\"n\":[12,true,\"\",\"z\"]}",
        " { \"key\" : \"value\" , \"n\" : [ 12 , true , \"\" , \"z\" ] } ",
        "{\"k\\u00e9y\":\"v\\nal\\ud83d\\ude00ue\",\"\\u4e16\":[\"\\\"\",\"\",\"\\\\\\\\\"]}",
        "[\"\xC3\xA9\xE4\xB8\x96\xF0\x9F\x98\x80\",\"a\xC3\xA9\"]",
        "\"abc\"",
        "\"\\n\"",
        "[]",
        "7",
        " [[[\"a\"],[\"b\"]],\"c\"]",
        "[\"\",\"\",{\"\":\"\"}]",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        check_all_ranges(texts[i]);
    }
}

static void test_locate_max(void **state)
{
    uapi_view_range ranges[3] = {{0, 0}, {0, 0}, {9, 9}};
    uapi_json json;
    uapi_view view;

    (void)state;
    make(&json, &view, "[\"a\",\"b\",\"c\"]");
    assert_int_equal(uapi_view_locate(&view, 0, view.length, NULL, 0), 3);
    assert_int_equal(uapi_view_locate(&view, 0, view.length, ranges, 2), 3);
    assert_int_equal(ranges[1].start, 6);
    assert_int_equal(ranges[1].end, 7);
    assert_int_equal(ranges[2].start, 9);
}

/* Many findings in many strings: not their product. */
static void test_locate_cost(void **state)
{
    enum { COUNT = 60000 };
    char *text = malloc((size_t)COUNT * 5 + 2);
    uapi_json json;
    uapi_view view;
    size_t i;

    (void)state;
    assert_non_null(text);
    text[0] = '[';
    for (i = 0; i < COUNT; i++) {
        memcpy(text + 1 + i * 5, " \"a\",", 5);
    }
    memcpy(text + (size_t)COUNT * 5, "]", 2);
    make(&json, &view, text);
    for (i = 0; i < COUNT; i++) {
        uapi_view_range range;

        assert_int_equal(uapi_view_locate(&view, 2 + i * 4, 3 + i * 4, &range, 1), 1);
        assert_int_equal(range.start, 3 + i * 5);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_locate),
        cmocka_unit_test(test_locate_max),
        cmocka_unit_test(test_locate_cost),
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
