/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The SSE splitter: the same stream whole, byte by byte and in pieces that the first input byte chooses gives the
 * same data, and the raw bytes that come out are those that went in. An event rewritten with its own data has that
 * data again, and one whose ids are replaced by themselves is unchanged.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <apr_tables.h>

#include "sse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static apr_pool_t *root;

static void require(int holds)
{
    if (!holds) {
        abort();
    }
}

typedef struct sse_run {
    apr_pool_t *pool;
    char *raw;
    size_t raw_length;
    apr_array_header_t *data; /* of uapi_sse_event, their data copied */
    int check_rewrite;
} sse_run;

static void check_rewrite(const uapi_sse_event *event, apr_pool_t *pool)
{
    uapi_sse *sse = uapi_sse_create(pool, SIZE_MAX / 2);
    uapi_sse_event again;
    const char *raw, *data = NULL;
    size_t length, data_length = 0;

    uapi_sse_rewrite(event, event->data, event->data_length, pool, &raw, &length);
    /* behind a blank line, or a byte order mark inside the stream would become one at its start */
    require(uapi_sse_feed(sse, "\n", 1, NULL) == APR_SUCCESS);
    require(uapi_sse_feed(sse, raw + event->lead, length - event->lead, NULL) == APR_SUCCESS);
    while (uapi_sse_next(sse, &again) == APR_SUCCESS || uapi_sse_finish(sse, &again) == APR_SUCCESS) {
        if (again.data) {
            require(!data);
            data = apr_pmemdup(pool, again.data, again.data_length);
            data_length = again.data_length;
        }
    }
    require(data && data_length == event->data_length && memcmp(data, event->data, data_length) == 0);
}

static const char *same(void *baton, const char *id, apr_pool_t *pool)
{
    (void)baton;
    (void)pool;
    require(*id && !strpbrk(id, "\r\n"));
    return id;
}

/* With ids that become themselves an event stays as it is, but for those that have a NUL. */
static void check_ids(const uapi_sse_event *event, apr_pool_t *pool)
{
    const char *raw = event->raw;
    size_t length = event->raw_length;

    uapi_sse_map_ids(&raw, &length, event->lead, same, NULL, pool);
    require(length <= event->raw_length);
    if (!event->has_id || !memchr(event->raw, '\0', event->raw_length)) {
        require(length == event->raw_length && memcmp(raw, event->raw, length) == 0);
    }
}

static void note(sse_run *run, const uapi_sse_event *event)
{
    uapi_sse_event *copy;

    require(event->raw_length > 0 && event->lead <= event->raw_length);
    memcpy(run->raw + run->raw_length, event->raw, event->raw_length);
    run->raw_length += event->raw_length;
    if (!event->data) {
        return;
    }
    if (event->single_line) {
        require(event->data == event->raw + event->data_offset);
    }
    if (run->check_rewrite) {
        check_ids(event, run->pool);
        check_rewrite(event, run->pool);
    }
    copy = apr_array_push(run->data);
    *copy = *event;
    copy->data = apr_pmemdup(run->pool, event->data, event->data_length);
}

/* Pieces of `step` bytes, or of lengths that grow out of the seed. */
static void split(sse_run *run, const char *stream, size_t size, size_t step, unsigned seed)
{
    uapi_sse *sse = uapi_sse_create(run->pool, SIZE_MAX / 2);
    uapi_sse_event event;
    size_t at = 0;

    run->raw = apr_palloc(run->pool, size + 1);
    run->data = apr_array_make(run->pool, 4, sizeof(uapi_sse_event));
    while (at < size) {
        size_t piece;

        seed = seed * 1103515245u + 12345u;
        piece = step ? step : 1 + (seed >> 16) % 7;
        piece = piece > size - at ? size - at : piece;
        require(uapi_sse_feed(sse, stream + at, piece, NULL) == APR_SUCCESS);
        at += piece;
        while (((seed >> 8) & 3 || step) && uapi_sse_next(sse, &event) == APR_SUCCESS) {
            note(run, &event);
        }
    }
    while (uapi_sse_finish(sse, &event) == APR_SUCCESS) {
        note(run, &event);
    }
}

static void compare(const sse_run *one, const sse_run *other)
{
    int i;

    require(one->data->nelts == other->data->nelts);
    for (i = 0; i < one->data->nelts; i++) {
        const uapi_sse_event *a = &APR_ARRAY_IDX(one->data, i, uapi_sse_event);
        const uapi_sse_event *b = &APR_ARRAY_IDX(other->data, i, uapi_sse_event);

        require(a->data_length == b->data_length && memcmp(a->data, b->data, a->data_length) == 0);
        require(a->single_line == b->single_line);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sse_run whole = {.check_rewrite = 1}, bytes = {0}, pieces = {0};
    const char *stream = (const char *)data + 1;
    apr_pool_t *pool;

    if (size < 2) {
        return 0;
    }
    size--;
    if (!root) {
        apr_initialize();
        apr_pool_create(&root, NULL);
    }
    apr_pool_create(&pool, root);
    whole.pool = bytes.pool = pieces.pool = pool;
    split(&whole, stream, size, size, 0);
    split(&bytes, stream, size, 1, 0);
    split(&pieces, stream, size, 0, data[0]);
    require(whole.raw_length == size && memcmp(whole.raw, stream, size) == 0);
    require(bytes.raw_length == size && memcmp(bytes.raw, stream, size) == 0);
    require(pieces.raw_length == size && memcmp(pieces.raw, stream, size) == 0);
    compare(&whole, &bytes);
    compare(&whole, &pieces);
    apr_pool_destroy(pool);
    return 0;
}
