/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Event streams cut at every place. What must not depend on the cuts: the data of each event that has any, and the
 * bytes that come out. Only the LF of a CRLF that was cut may move from one event's raw bytes to the next one's.
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

#include "sse.h"

static apr_pool_t *pool;

typedef struct sse_run {
    char raw[8192];
    size_t raw_length;
    const char *data[64]; /* copies */
    unsigned count;       /* of events with data */
    unsigned finished;    /* of them, those that came before the end of the stream */
} sse_run;

static void note(sse_run *run, const uapi_sse_event *event)
{
    assert_true(event->raw_length > 0);
    memcpy(run->raw + run->raw_length, event->raw, event->raw_length);
    run->raw_length += event->raw_length;
    if (!event->data) {
        assert_int_equal(event->single_line, 0);
        return;
    }
    if (event->single_line) {
        assert_ptr_equal(event->data, event->raw + event->data_offset);
        assert_true(event->data_offset + event->data_length <= event->raw_length);
    }
    run->data[run->count++] = apr_pstrmemdup(pool, event->data, event->data_length);
}

static void feed(uapi_sse *sse, sse_run *run, const char *bytes, size_t length)
{
    char *copy = malloc(length ? length : 1);
    uapi_sse_event event;

    assert_non_null(copy);
    memcpy(copy, bytes, length);
    assert_int_equal(uapi_sse_feed(sse, copy, length, NULL), APR_SUCCESS);
    free(copy);
    while (uapi_sse_next(sse, &event) == APR_SUCCESS) {
        note(run, &event);
    }
}

static void finish(uapi_sse *sse, sse_run *run)
{
    uapi_sse_event event;

    run->finished = run->count;
    while (uapi_sse_finish(sse, &event) == APR_SUCCESS) {
        note(run, &event);
    }
}

static const struct {
    const char *stream;
    unsigned finished;
    const char *data[8];
} streams[] = {
    {"data: a\n\ndata: b\n\n", 2, {"a", "b"}},
    {"data: a\r\n\r\ndata: b\r\n\r\n", 2, {"a", "b"}},
    {"data: a\r\rdata: b\r\r", 2, {"a", "b"}},
    {"data: a\r\n\ndata: b\n\r\ndata:c\r\r\ndata:d\r\n\r", 4, {"a", "b", "c", "d"}},
    {"data: a\n\r\r\ndata: b\n\n", 2, {"a", "b"}},
    {"\xEF\xBB\xBF"
     "data: a\n\n\xEF\xBB\xBF"
     "data: b\n\n",
     1,
     {"a"}},
    {"\xEF\xBB\xBF\n\xEF\xBB\xBF", 0, {NULL}},
    {"\xEF\xBB", 0, {NULL}},
    {"\xEF\xBB\n\ndata:x\n\n", 1, {"x"}},
    {": comment\n\n:\n\ndata: a\n: more\n\n\n\n", 1, {"a"}},
    {"event: message\nid: 7\ndata: {\"a\":1}\nretry: 10\n\n", 1, {"{\"a\":1}"}},
    {"data: a\ndata:b\ndata\ndata:  c\n\n", 1, {"a\nb\n\n c"}},
    {"data: a\r\ndata: b\r\n\r\ndata\r\n\r\ndata:\ndata:\n\n", 3, {"a\nb", "", "\n"}},
    {"database: a\nDATA: b\n data: c\ndata : d\ndat\n\n", 0, {NULL}},
    {"data: a:b: c\ndata:\td\n\n", 1, {"a:b: c\n\td"}},
    {"data: a\n\ndata: unfinished\n", 1, {"a", "unfinished"}},
    {"data: a\n\ndata: unfin", 1, {"a", "unfin"}},
    {"data: a\r\n\r\ndata: unfin\r", 1, {"a", "unfin"}},
    {"data: one\ndata: two", 0, {"one\ntwo"}},
    {"data", 0, {""}},
    {"", 0, {NULL}},
    {"\n", 0, {NULL}},
    {"\r\n\r\n\r\r\n\n", 0, {NULL}},
    {"id: 1\nevent: x\n\nid: 2\n\ndata: \xF0\x9F\x98\x80\n\n", 1, {"\xF0\x9F\x98\x80"}},
};

static void check_run(const sse_run *run, size_t i)
{
    const char *stream = streams[i].stream;
    unsigned count = 0;

    assert_int_equal(run->raw_length, strlen(stream));
    assert_memory_equal(run->raw, stream, run->raw_length);
    assert_int_equal(run->finished, streams[i].finished);
    while (count < 8 && streams[i].data[count]) {
        assert_true(count < run->count);
        assert_string_equal(run->data[count], streams[i].data[count]);
        count++;
    }
    assert_int_equal(run->count, count);
}

static void test_whole(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
        uapi_sse *sse = uapi_sse_create(pool, 1000);
        sse_run run = {.count = 0};

        feed(sse, &run, streams[i].stream, strlen(streams[i].stream));
        finish(sse, &run);
        check_run(&run, i);
    }
}

static void test_single_bytes(void **state)
{
    size_t i, at;

    (void)state;
    for (i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
        uapi_sse *sse = uapi_sse_create(pool, 1000);
        sse_run run = {.count = 0};

        for (at = 0; at < strlen(streams[i].stream); at++) {
            feed(sse, &run, streams[i].stream + at, 1);
            feed(sse, &run, "", 0);
        }
        finish(sse, &run);
        check_run(&run, i);
    }
}

/* Two cuts at every two places; the second time, events are taken only when all is fed. */
static void test_cuts(void **state)
{
    size_t i, first, second;

    (void)state;
    for (i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
        const char *stream = streams[i].stream;
        size_t length = strlen(stream);

        for (first = 0; first <= length; first++) {
            for (second = first; second <= length; second++) {
                uapi_sse *sse = uapi_sse_create(pool, 1000);
                sse_run run = {.count = 0};

                feed(sse, &run, stream, first);
                feed(sse, &run, stream + first, second - first);
                feed(sse, &run, stream + second, length - second);
                finish(sse, &run);
                check_run(&run, i);

                sse = uapi_sse_create(pool, 1000);
                memset(&run, 0, sizeof(run));
                assert_int_equal(uapi_sse_feed(sse, stream, first, NULL), APR_SUCCESS);
                assert_int_equal(uapi_sse_feed(sse, stream + first, second - first, NULL), APR_SUCCESS);
                feed(sse, &run, stream + second, length - second);
                finish(sse, &run);
                check_run(&run, i);
            }
        }
        apr_pool_clear(pool);
    }
}

/* An event ends with the CR of its blank line: it is out before the LF has come. */
static void test_cr_is_enough(void **state)
{
    uapi_sse *sse = uapi_sse_create(pool, 1000);
    uapi_sse_event event;

    (void)state;
    assert_int_equal(uapi_sse_feed(sse, "data: a\r\n\r", 10, NULL), APR_SUCCESS);
    assert_int_equal(uapi_sse_next(sse, &event), APR_SUCCESS);
    assert_int_equal(event.raw_length, 10);
    assert_int_equal(event.lead, 0);
    assert_int_equal(uapi_sse_next(sse, &event), APR_EAGAIN);
    assert_int_equal(uapi_sse_feed(sse, "\n", 1, NULL), APR_SUCCESS);
    assert_int_equal(uapi_sse_next(sse, &event), APR_EAGAIN);
    assert_int_equal(uapi_sse_feed(sse, "data: b\n\n", 9, NULL), APR_SUCCESS);
    assert_int_equal(uapi_sse_next(sse, &event), APR_SUCCESS);
    assert_int_equal(event.raw_length, 10);
    assert_int_equal(event.lead, 1);
    assert_int_equal(event.data_offset, 7);
    assert_int_equal(uapi_sse_finish(sse, &event), APR_EOF);
}

/* The same limit whether an event comes whole or byte by byte. */
static void test_too_large(void **state)
{
    static const struct {
        const char *stream;
        int fits;
    } cases[] = {
        {"data: 3456\n\n", 1},
        {"data: 34567\n\n", 0},
        {"data: 3456\n\ndata: 3456\n\n", 1},
        {": 3456789012", 1},
        {": 34567890123", 0},
        {"data: 3\n\n: 34567890123", 0},
        {"\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n", 1},
        {"\xEF\xBB\xBF"
         "data: 3\n\n",
         1},
        {"\xEF\xBB\xBF"
         "data: 34\n\n",
         0},
    };
    size_t i, at;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uapi_result result = {0, UAPI_REASON_NONE, NULL};
        uapi_sse *sse = uapi_sse_create(pool, 12);
        uapi_sse_event event;
        int dead = 0;

        assert_int_equal(uapi_sse_feed(sse, cases[i].stream, strlen(cases[i].stream), &result) == APR_SUCCESS,
                         cases[i].fits);
        assert_int_equal(result.reason, cases[i].fits ? UAPI_REASON_NONE : UAPI_REASON_RESPONSE_TOO_LARGE);
        if (!cases[i].fits) {
            assert_int_equal(uapi_sse_next(sse, &event), APR_EAGAIN);
            assert_int_equal(uapi_sse_finish(sse, &event), APR_EOF);
            assert_int_not_equal(uapi_sse_feed(sse, "\n\n", 2, &result), APR_SUCCESS);
        }
        sse = uapi_sse_create(pool, 12);
        for (at = 0; at < strlen(cases[i].stream); at++) {
            dead |= uapi_sse_feed(sse, cases[i].stream + at, 1, &result) != APR_SUCCESS;
        }
        assert_int_equal(dead, !cases[i].fits);
    }
}

/* One piece with very many lines, and events that are taken one by one from a full buffer: linear. */
static void test_cost(void **state)
{
    enum { LENGTH = 1 << 20 };
    static const char kinds[] = "\r\n:";
    char *bytes = malloc(LENGTH);
    size_t i;

    (void)state;
    assert_non_null(bytes);
    for (i = 0; i < sizeof(kinds) - 1; i++) {
        uapi_sse *sse = uapi_sse_create(pool, LENGTH);
        size_t total = 0;
        uapi_sse_event event;

        memset(bytes, kinds[i], LENGTH);
        assert_int_equal(uapi_sse_feed(sse, bytes, LENGTH, NULL), APR_SUCCESS);
        while (uapi_sse_next(sse, &event) == APR_SUCCESS || uapi_sse_finish(sse, &event) == APR_SUCCESS) {
            total += event.raw_length;
        }
        assert_int_equal(total, LENGTH);
    }
    free(bytes);
}

static void test_rewrite(void **state)
{
    static const struct {
        const char *stream, *data, *expected;
    } cases[] = {
        {"data: a\n\n", "b", "data: b\n\n"},
        {"data:a\r\n\r\n", "b", "data: b\r\n\r\n"},
        {"data:a\r\r", "b", "data: b\r\r"},
        {"event: e\ndata: a\nid: 1\ndata: b\n: c\nretry: 5\n\n", "x\ny",
         "event: e\ndata: x\ndata: y\nid: 1\n: c\nretry: 5\n\n"},
        {"data: a\n\n", "", "data: \n\n"},
        {"data: a\n\n", "x\n", "data: x\ndata: \n\n"},
        {"data: a\n\n", "x\revent: y", "data: x\ndata: event: y\n\n"},
        {"id: 3\n\n", "x", "id: 3\ndata: x\n\n"},
        {"\xEF\xBB\xBF"
         "data: a\n\n",
         "b",
         "\xEF\xBB\xBF"
         "data: b\n\n"},
        {"data: a\nid: 1", "b", "data: b\nid: 1"},
        {"id: 1\ndata: a", "b", "id: 1\ndata: b\n"},
        {"id: 1", "b", "id: 1"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uapi_sse *sse = uapi_sse_create(pool, 1000);
        uapi_sse_event event;
        const char *raw;
        size_t length;

        assert_int_equal(uapi_sse_feed(sse, cases[i].stream, strlen(cases[i].stream), NULL), APR_SUCCESS);
        if (uapi_sse_next(sse, &event) != APR_SUCCESS) {
            assert_int_equal(uapi_sse_finish(sse, &event), APR_SUCCESS);
        }
        uapi_sse_rewrite(&event, cases[i].data, strlen(cases[i].data), pool, &raw, &length);
        assert_string_equal(apr_pstrmemdup(pool, raw, length), cases[i].expected);
    }
}

/* The LF that is left of a cut CRLF stays before the rewritten lines and ends none. */
static void test_rewrite_lead(void **state)
{
    uapi_sse *sse = uapi_sse_create(pool, 1000);
    uapi_sse_event event;
    const char *raw;
    size_t length;

    (void)state;
    assert_int_equal(uapi_sse_feed(sse, "data: a\r\n\r", 10, NULL), APR_SUCCESS);
    assert_int_equal(uapi_sse_next(sse, &event), APR_SUCCESS);
    assert_int_equal(uapi_sse_feed(sse, "\ndata: b\r\n\r\n", 12, NULL), APR_SUCCESS);
    assert_int_equal(uapi_sse_next(sse, &event), APR_SUCCESS);
    uapi_sse_rewrite(&event, "c", 1, pool, &raw, &length);
    assert_string_equal(apr_pstrmemdup(pool, raw, length), "\ndata: c\r\n\r\n");
}

static const char *bracket(void *baton, const char *id, apr_pool_t *p)
{
    (void)baton;
    return strcmp(id, "drop") == 0 ? NULL : apr_pstrcat(p, "<", id, ">", NULL);
}

/* A NUL ends none of these but where its length is given. */
static const struct {
    const char *stream;
    size_t length;
    const char *mapped, *type;
    int has_id;
} fields[] = {
    {"id: 1\ndata: a\n\n", 0, "id: <1>\ndata: a\n\n", NULL, 1},
    {"id:1\r\ndata: a\r\n\r\n", 0, "id:<1>\r\ndata: a\r\n\r\n", NULL, 1},
    {"id: 1\rid: 2\r\r", 0, "id: <1>\rid: <2>\r\r", NULL, 1},
    {"id: 1\n\n", 0, "id: <1>\n\n", NULL, 1},
    {"id\n\n", 0, "id\n\n", NULL, 1},
    {"id:\n\n", 0, "id:\n\n", NULL, 1},
    {"id:  \n\n", 0, "id: < >\n\n", NULL, 1},
    {"id: drop\ndata: a\n\n", 0, "data: a\n\n", NULL, 1},
    {"id: 1\0x\ndata: a\n\n", 17, "data: a\n\n", NULL, 1},
    {"idx: 1\n: id: 1\nID: 1\ndata: id: 1\n\n", 0, "idx: 1\n: id: 1\nID: 1\ndata: id: 1\n\n", NULL, 0},
    {"\xEF\xBB\xBFid: 1\n\n", 0, "\xEF\xBB\xBFid: <1>\n\n", NULL, 1},
    {"event: endpoint\ndata: /m\n\n", 0, "event: endpoint\ndata: /m\n\n", "endpoint", 0},
    {"event:a\nevent: endpoint\rdata: /m\n\n", 0, "event:a\nevent: endpoint\rdata: /m\n\n", "endpoint", 0},
    {"event: endpoint\nevent\n\n", 0, "event: endpoint\nevent\n\n", "", 0},
    {"retry: 10\n\n", 0, "retry: 10\n\n", NULL, 0},
};

static void ids_and_types(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        uapi_sse *sse = uapi_sse_create(pool, 1024);
        size_t length = fields[i].length ? fields[i].length : strlen(fields[i].stream);
        uapi_sse_event event;
        const char *raw;

        assert_int_equal(uapi_sse_feed(sse, fields[i].stream, length, NULL), APR_SUCCESS);
        assert_int_equal(uapi_sse_next(sse, &event), APR_SUCCESS);
        assert_int_equal(event.has_id, fields[i].has_id);
        if (fields[i].type) {
            assert_int_equal(event.type_length, strlen(fields[i].type));
            assert_memory_equal(event.type, fields[i].type, event.type_length);
        } else {
            assert_null(event.type);
        }
        raw = event.raw;
        length = event.raw_length;
        uapi_sse_map_ids(&raw, &length, event.lead, bracket, NULL, pool);
        assert_int_equal(length, strlen(fields[i].mapped));
        assert_memory_equal(raw, fields[i].mapped, length);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_and_types), cmocka_unit_test(test_whole),        cmocka_unit_test(test_single_bytes),
        cmocka_unit_test(test_cuts),     cmocka_unit_test(test_cr_is_enough), cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_cost),     cmocka_unit_test(test_rewrite),      cmocka_unit_test(test_rewrite_lead),
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
