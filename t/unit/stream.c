/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Texts that come in parts: every match of a table cut at every byte, in each shape that texts are streamed in; what is told once and
 * what twice; what is undecided; the bounds.
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

#include "stream.h"
#include "stream_shape.h"

static apr_pool_t *pool;

/* ------------------------------------------------------------- a scanner of words */

static const char *const words[] = {"TOKEN-0123456789", "kr\xc3\xb6te \xe2\x82\xac", "a \"quoted\" \\ word",
                                    "LONGER-0123456789abcdefghij"};
static const char rule_name[] = "test.word";
static uapi_action action;

#define WORDS (sizeof(words) / sizeof(words[0]))

static apr_status_t scan(void *baton, const char *text, size_t length, uint32_t flags, uapi_firewall_report *report,
                         apr_pool_t *scan_pool, uapi_result *result)
{
    (void)baton;
    (void)flags;
    (void)result;
    memset(report, 0, sizeof(*report));
    report->findings = apr_palloc(scan_pool, sizeof(*report->findings) * (length + 1));
    for (size_t i = 0; i < WORDS; i++) {
        const char *at = text;
        while ((at = memmem(at, (size_t)(text + length - at), words[i], strlen(words[i]))) != NULL) {
            report->findings[report->count++] = (uapi_firewall_finding){
                .scanner = "test",
                .rule = rule_name,
                .severity = UAPI_SEVERITY_HIGH,
                .action = action,
                .from = (size_t)(at - text),
                .to = (size_t)(at - text) + strlen(words[i]),
            };
            at++;
        }
    }
    return APR_SUCCESS;
}

static size_t find_open(void *baton, const char *text, size_t length)
{
    size_t longest = 0;
    (void)baton;
    for (size_t i = 0; i < WORDS; i++) {
        for (size_t n = 3; n < strlen(words[i]); n++) {
            if (n <= length && n > longest && memcmp(text + length - n, words[i], n) == 0) {
                longest = n;
            }
        }
    }
    return longest;
}

static const uapi_stream_scanner scanner = {.scan = scan, .open = find_open};

/* ------------------------------------------------------------- events */

typedef struct event {
    uapi_json json;
    uint32_t node; /* of the part */
    char *data;
    const char *part; /* unescaped */
    char cut[4096];   /* of each byte of the part: was it cut? */
} event;

static char *quoted(const char *text, size_t length)
{
    char *out = apr_palloc(pool, length * 2 + 1), *to = out;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"' || text[i] == '\\') {
            *to++ = '\\';
        }
        *to++ = text[i];
    }
    *to = '\0';
    return out;
}

/* `shape` has a %s where the part goes, or is NULL: the data is the part. */
static void make(event *made, const char *shape, const char *part, size_t length)
{
    const char *place;
    memset(made, 0, sizeof(*made));
    made->node = UAPI_JSON_NONE;
    made->part = apr_pstrmemdup(pool, part, length);
    made->data = apr_pstrdup(pool, made->part);
    if (shape == NULL) {
        return;
    }
    place = strstr(shape, "%s");
    assert_non_null(place);
    made->data = apr_pstrcat(pool, apr_pstrmemdup(pool, shape, (size_t)(place - shape)), quoted(part, length),
                             place + 2, NULL);
    assert_int_equal(uapi_json_read(&made->json, made->data, strlen(made->data), NULL, pool, NULL), APR_SUCCESS);
    for (uint32_t i = 0; i < made->json.count && length > 0; i++) {
        if (made->json.nodes[i].type == UAPI_JSON_STRING && uapi_json_equals(&made->json, i, made->part)) {
            made->node = i;
        }
    }
}

static uapi_stream_verdict judge(uapi_stream *stream, event *of, uint64_t number, const uapi_firewall_report *own)
{
    uapi_stream_event in = {.number = number,
                            .json = &of->json,
                            .data = of->data,
                            .length = strlen(of->data),
                            .type = "message",
                            .type_length = 7,
                            .own = own};
    uapi_view view;
    if (of->json.count > 0) {
        uapi_view_make(&view, &of->json, pool);
        in.view = &view;
    }
    uapi_stream_verdict verdict;
    assert_int_equal(uapi_stream_judge(stream, &in, &scanner, &verdict, pool, NULL), APR_SUCCESS);
    return verdict;
}

static void mark(const uapi_stream_verdict *verdict, event *events, size_t count)
{
    for (int i = 0; verdict->parts != NULL && i < verdict->parts->nelts; i++) {
        const uapi_stream_part *part = &APR_ARRAY_IDX(verdict->parts, i, uapi_stream_part);
        assert_true(part->event < count);
        assert_int_equal(part->node, events[part->event].node);
        assert_true(part->from < part->to && part->to <= strlen(events[part->event].part));
        memset(events[part->event].cut + part->from, 1, part->to - part->from);
    }
}

/* ------------------------------------------------------------- shapes */

static const char *const shapes[] = {
    NULL,
    "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/"
    "message\",\"params\":{\"level\":\"info\",\"logger\":\"l\",\"data\":\"%s\"}}",
    "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/"
    "message\",\"params\":{\"data\":{\"deep\":[\"%s\"]},\"level\":\"info\"}}",
    "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/"
    "progress\",\"params\":{\"progressToken\":7,\"progress\":1,\"message\":\"%s\"}}",
    "[{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"level\":\"info\",\"data\":\"%s\"}}]",
    "{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{"
    "\"content\":\"%s\"}}]}",
    "{\"id\":\"c\",\"choices\":[{\"index\":1,\"delta\":{\"tool_calls\":[{\"index\":2,\"function\":{\"arguments\":\"%"
    "s\"}}]}}]}",
    "{\"type\":\"response.output_text.delta\",\"item_id\":\"i\",\"output_index\":0,\"content_index\":0,\"delta\":\"%"
    "s\"}",
    "{\"type\":\"response.function_call_arguments.delta\",\"item_id\":\"i\",\"output_index\":0,\"delta\":\"%s\"}",
    "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"%s\"}}",
    "{\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"%s\"}}",
    "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"%s\"}],\"role\":\"model\"},\"index\":0}],\"model\":\"m\"}",
    "\"%s\"",
};

#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

static int inside_character(const char *text, size_t at)
{
    return ((unsigned char)text[at] & 0xc0) == 0x80;
}

/* before|match|after, cut in two at `at` */
static void check_cut(const char *shape, const char *text, size_t from, size_t to, size_t at)
{
    uapi_stream *stream = uapi_stream_create(pool);
    event events[2];
    uapi_stream_verdict verdict;
    make(&events[0], shape, text, at);
    make(&events[1], shape, text + at, strlen(text) - at);
    verdict = judge(stream, &events[0], 0, NULL);
    assert_int_equal(verdict.report.count, at >= to);
    mark(&verdict, events, 1);
    if (at >= from + 3 && at < to) {
        assert_int_equal(uapi_stream_undecided(stream), 0);
    }
    if (at <= from) {
        assert_true(uapi_stream_undecided(stream) == UINT64_MAX);
    }
    verdict = judge(stream, &events[1], 1, NULL);
    assert_int_equal(verdict.report.count, at < to);
    mark(&verdict, events, 2);
    assert_true(uapi_stream_undecided(stream) == UINT64_MAX);
    for (size_t i = 0; i < strlen(text); i++) {
        assert_int_equal(i < at ? events[0].cut[i] : events[1].cut[i - at], i >= from && i < to);
    }
}

static void found_wherever_it_is_cut(void **state)
{
    (void)state;
    for (size_t s = 0; s < SHAPES; s++) {
        for (size_t w = 0; w < WORDS; w++) {
            char *text = apr_pstrcat(pool, "the ", words[w], " is", NULL);
            for (size_t at = 1; at < strlen(text); at++) {
                if (!inside_character(text, at)) {
                    check_cut(shapes[s], text, 4, 4 + strlen(words[w]), at);
                }
            }
            apr_pool_clear(pool);
        }
    }
}

/* One character an event: nothing that leaves with its event undecided is part of the match. */
static void found_in_single_characters(void **state)
{
    static event events[64];
    const char *text = "some words, then TOKEN-0123456789 and more";
    (void)state;
    for (size_t s = 0; s < SHAPES; s++) {
        uapi_stream *stream = uapi_stream_create(pool);
        size_t length = strlen(text), found = 0;
        for (size_t i = 0; i < length; i++) {
            uapi_stream_verdict verdict;
            make(&events[i], shapes[s], text + i, 1);
            verdict = judge(stream, &events[i], i, NULL);
            found += verdict.report.count;
            mark(&verdict, events, i + 1);
            assert_int_equal(found, i >= 32);
        }
        for (size_t i = 0; i < length; i++) {
            assert_int_equal(events[i].cut[0], i >= 17 && i < 33);
        }
        apr_pool_clear(pool);
    }
}

/* ------------------------------------------------------------- what is told */

/* What the event's own scan finds of the first word, from `behind` on. */
static uapi_firewall_report own_report(const event *of, size_t behind)
{
    static uapi_firewall_finding finding = {.scanner = "test", .rule = rule_name, .action = UAPI_ACTION_REDACT};
    const char *at = strstr(of->data + behind, words[0]);
    assert_non_null(at);
    finding.from = (size_t)(at - of->data);
    finding.to = finding.from + strlen(words[0]);
    return (uapi_firewall_report){.findings = &finding, .count = 1, .action = UAPI_ACTION_REDACT, .decisive = &finding};
}

static void told_once(void **state)
{
    uapi_stream *stream = uapi_stream_create(pool);
    uapi_firewall_report own;
    event events[3];
    uapi_stream_verdict verdict;
    (void)state;
    make(&events[0], shapes[5], "the TOKEN-0123456789", 20);
    own = own_report(&events[0], 0);
    make(&events[1], shapes[5], " and", 4);
    make(&events[2], shapes[5], " more", 5);
    verdict = judge(stream, &events[0], 0, &own);
    assert_int_equal(verdict.report.count, 0);
    assert_null(verdict.parts);
    for (size_t i = 1; i < 3; i++) {
        verdict = judge(stream, &events[i], i, NULL);
        assert_int_equal(verdict.report.count, 0);
        assert_null(verdict.parts);
    }
}

/* One that is the event's own does not stand for another that is not. */
static void own_is_of_its_place(void **state)
{
    uapi_stream *stream = uapi_stream_create(pool);
    uapi_firewall_report own;
    event events[2];
    uapi_stream_verdict verdict;
    (void)state;
    make(&events[0], shapes[5], "the TOKEN-", 10);
    make(&events[1], shapes[5], "0123456789 TOKEN-0123456789", 27);
    own = own_report(&events[1], 0);
    judge(stream, &events[0], 0, NULL);
    uapi_stream_left(stream, 0);
    verdict = judge(stream, &events[1], 1, &own);
    assert_int_equal(verdict.report.count, 1);
    mark(&verdict, events, 2);
    for (size_t i = 0; i < 27; i++) {
        assert_int_equal(events[1].cut[i], i < 10);
    }
}

/* What has left cannot be cut: the rest is, and the placeholder stands where the rest begins. */
static void rest_is_cut(void **state)
{
    uapi_stream *stream = uapi_stream_create(pool);
    event events[3];
    uapi_stream_verdict verdict;
    const uapi_stream_part *parts;
    (void)state;
    make(&events[0], shapes[9], "the TOKEN-", 10);
    make(&events[1], shapes[9], "01234", 5);
    make(&events[2], shapes[9], "56789.", 6);
    judge(stream, &events[0], 0, NULL);
    uapi_stream_left(stream, 0);
    judge(stream, &events[1], 1, NULL);
    verdict = judge(stream, &events[2], 2, NULL);
    assert_int_equal(verdict.report.count, 1);
    assert_ptr_equal(verdict.report.decisive, &verdict.report.findings[0]);
    assert_int_equal(verdict.parts->nelts, 2);
    parts = (const uapi_stream_part *)(const void *)verdict.parts->elts;
    assert_int_equal(parts[0].event, 1);
    assert_true(parts[0].first && parts[0].from == 0 && parts[0].to == 5);
    assert_int_equal(parts[1].event, 2);
    assert_true(!parts[1].first && parts[1].from == 0 && parts[1].to == 5);
}

/* Texts of different channels are not joined. */
static void channels_are_apart(void **state)
{
    static const char *const pairs[][2] = {
        {"{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%s\"}}]}",
         "{\"choices\":[{\"index\":1,\"delta\":{\"content\":\"%s\"}}]}"},
        {"{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%s\"}}]}",
         "{\"choices\":[{\"index\":0,\"delta\":{\"refusal\":\"%s\"}}]}"},
        {"{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"text\":\"%s\"}}",
         "{\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"text\":\"%s\"}}"},
        {"{\"method\":\"m\",\"params\":{\"progressToken\":1,\"message\":\"%s\"}}",
         "{\"method\":\"m\",\"params\":{\"progressToken\":2,\"message\":\"%s\"}}"},
        {"{\"method\":\"m\",\"params\":{\"logger\":\"a\",\"data\":\"%s\"}}",
         "{\"method\":\"m\",\"params\":{\"logger\":\"b\",\"data\":\"%s\"}}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        uapi_stream *stream = uapi_stream_create(pool);
        event events[3];
        make(&events[0], pairs[i][0], "TOKEN-", 6);
        make(&events[1], pairs[i][1], "0123456789", 10);
        make(&events[2], pairs[i][0], "0123456789", 10);
        judge(stream, &events[0], 0, NULL);
        assert_int_equal(judge(stream, &events[1], 1, NULL).report.count, 0);
        assert_int_equal(judge(stream, &events[2], 2, NULL).report.count, 1);
    }
}

/* In one event: blocks of a result, members of a batch, elements of an array. */
static void joined_within_an_event(void **state)
{
    static const char *const events[] = {
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"a LONGER-0123\"},"
        "{\"type\":\"text\",\"text\":\"456789abcdefghij\"}]}}",
        "[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"LONGER-01\"}]}},"
        "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"23456789abcdefghij\"}]}}"
        "]",
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/"
        "message\",\"params\":{\"data\":[\"LONGER-0123\",\"456789abc\",\"defghij\"]}}",
        "{\"choices\":[{\"delta\":{\"content\":\"LONGER-0123\"}},{\"delta\":{\"content\":\"456789abcdefghij\"}}]}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        event made;
        uapi_stream_verdict verdict;
        memset(&made, 0, sizeof(made));
        made.data = apr_pstrdup(pool, events[i]);
        assert_int_equal(uapi_json_read(&made.json, made.data, strlen(made.data), NULL, pool, NULL), APR_SUCCESS);
        verdict = judge(uapi_stream_create(pool), &made, 0, NULL);
        assert_int_equal(verdict.report.count, 1);
        assert_true(verdict.parts->nelts >= 2);
    }
}

/* What repeats in events of unknown shape is a constant, and the protocols' words are no text. */
static void constants_are_no_text(void **state)
{
    uapi_stream *stream = uapi_stream_create(pool);
    uapi_stream_fragment fragments[UAPI_STREAM_FRAGMENTS];
    event made;
    (void)state;
    for (uint64_t i = 0; i < 3; i++) {
        make(&made, "{\"kind\":\"TOKEN-0123456789TOKEN-\",\"n\":\"%s\"}", "x", 1);
        assert_int_equal(judge(stream, &made, i, NULL).report.count, i == 0);
    }
    make(&made, "{\"id\":\"TOKEN\",\"model\":\"TOKEN\",\"role\":\"TOKEN\",\"text\":\"%s\"}", "x", 1);
    assert_int_equal(uapi_stream_fragments(&made.json, NULL, 0, fragments, UAPI_STREAM_FRAGMENTS), 1);
}

/* ------------------------------------------------------------- bounds */

static void bounded_channels(void **state)
{
    uapi_stream *stream = uapi_stream_create(pool);
    event made;
    uint64_t number = 0;
    (void)state;
    make(&made, shapes[5], "TOKEN-", 6);
    judge(stream, &made, number++, NULL);
    for (int i = 0; i < UAPI_STREAM_CHANNELS - 1; i++) {
        make(&made, apr_psprintf(pool, "{\"method\":\"m%d\",\"params\":{\"t\":\"%%s\"}}", i), "TOKEN-", 6);
        judge(stream, &made, number++, NULL);
    }
    make(&made, shapes[5], "0123456789", 10);
    assert_int_equal(judge(stream, &made, number++, NULL).report.count, 1);
    make(&made, "{\"method\":\"one more\",\"params\":{\"t\":\"%s\"}}", "x", 1); /* takes the place of m0 */
    judge(stream, &made, number++, NULL);
    make(&made, "{\"method\":\"m0\",\"params\":{\"t\":\"%s\"}}", "0123456789", 10);
    assert_int_equal(judge(stream, &made, number++, NULL).report.count, 0);
}

/* Long fragments: the context is their end, and it is not told again what the event's own scan found there. */
static void bounded_context(void **state)
{
    uapi_stream *stream = uapi_stream_create(pool);
    uapi_firewall_report own;
    char *text = apr_palloc(pool, 10001);
    event events[2];
    (void)state;
    memset(text, '.', 10000);
    memcpy(text + 9900, "TOKEN-0123456789", 16);
    memcpy(text + 9994, "TOKEN-", 7);
    make(&events[0], shapes[9], text, 10000);
    make(&events[1], shapes[9], "0123456789", 10);
    own = own_report(&events[0], 0);
    assert_int_equal(judge(stream, &events[0], 0, &own).report.count, 0);
    assert_int_equal(uapi_stream_undecided(stream), 0);
    assert_int_equal(judge(stream, &events[1], 1, NULL).report.count, 1);
}

/* A match that is spread over more than the context is not found. */
static void stated_limit(void **state)
{
    uapi_stream *stream = uapi_stream_create(pool);
    event made;
    uapi_stream_verdict verdict;
    char *spaces = apr_palloc(pool, UAPI_STREAM_CONTEXT + 1);
    (void)state;
    memset(spaces, ' ', UAPI_STREAM_CONTEXT);
    spaces[UAPI_STREAM_CONTEXT] = '\0';
    make(&made, shapes[9], "TOKEN-", 6);
    judge(stream, &made, 0, NULL);
    make(&made, shapes[9], spaces, UAPI_STREAM_CONTEXT);
    judge(stream, &made, 1, NULL);
    make(&made, shapes[9], "0123456789", 10);
    verdict = judge(stream, &made, 2, NULL);
    assert_int_equal(verdict.report.count, 0);
}

/* ------------------------------------------------------------- */

static int setup(void **state)
{
    (void)state;
    action = UAPI_ACTION_REDACT;
    return apr_pool_create(&pool, NULL);
}

static int teardown(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(found_wherever_it_is_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(found_in_single_characters, setup, teardown),
        cmocka_unit_test_setup_teardown(told_once, setup, teardown),
        cmocka_unit_test_setup_teardown(own_is_of_its_place, setup, teardown),
        cmocka_unit_test_setup_teardown(rest_is_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(channels_are_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(joined_within_an_event, setup, teardown),
        cmocka_unit_test_setup_teardown(constants_are_no_text, setup, teardown),
        cmocka_unit_test_setup_teardown(bounded_channels, setup, teardown),
        cmocka_unit_test_setup_teardown(bounded_context, setup, teardown),
        cmocka_unit_test_setup_teardown(stated_limit, setup, teardown),
    };

    apr_initialize();
    atexit(apr_terminate);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
