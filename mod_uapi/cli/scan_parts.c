/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "scan_parts.h"

#include <string.h>

#include <apr_strings.h>

#include "../core/firewall_channel.h"
#include "../core/json.h"
#include "../core/sse.h"
#include "../core/stream.h"
#include "../core/view.h"

enum { LARGEST_EVENT = 64 * 1024 * 1024 };

typedef struct reader {
    const uapi_scan_parts *parts;
    uapi_stream *stream;
    uint64_t number;
    int read_json; /* a part may be a document */
} reader;

/* ------------------------------------------------------------- what the stream is judged with */

static apr_status_t scan(void *baton, const char *text, size_t length, uint32_t flags, uapi_firewall_report *report,
                         apr_pool_t *pool, uapi_result *result)
{
    const uapi_scan_parts *parts = baton;
    uapi_call_info call;
    const uapi_text part = {
        .size = sizeof(part), .view = UAPI_VIEW_PLAIN, .flags = flags, .bytes = {text, length}, .call = &call};

    uapi_firewall_no_call(&call, parts->direction);
    return uapi_firewall_scan_text(parts->firewall, &part, report, pool, result);
}

static apr_status_t begin(void *baton, uapi_firewall_channel **channel, apr_pool_t *pool, uapi_result *result)
{
    const uapi_scan_parts *parts = baton;
    uapi_call_info call;

    uapi_firewall_no_call(&call, parts->direction);
    return uapi_firewall_channel_open(channel, parts->firewall, &call, pool, result);
}

static apr_status_t feed(void *baton, uapi_firewall_channel *channel, const char *text, size_t length,
                         uapi_firewall_report *report, apr_pool_t *pool, uapi_result *result)
{
    const uapi_scan_parts *parts = baton;
    uapi_call_info call;

    uapi_firewall_no_call(&call, parts->direction);
    return uapi_firewall_channel_feed(channel, &call, text, length, 0, report, pool, result);
}

static void add(const uapi_scan_parts *parts, const uapi_firewall_report *report)
{
    for (uint32_t i = 0; i < report->count; i++) {
        APR_ARRAY_PUSH(parts->found, const uapi_firewall_finding *) = &report->findings[i];
    }
}

/* ------------------------------------------------------------- one part */

static apr_status_t judge(reader *r, const char *data, size_t length, const char *type, size_t type_length,
                          uapi_result *result)
{
    const uapi_scan_parts *parts = r->parts;
    const uapi_stream_scanner scanner = {.scan = scan, .baton = (void *)parts, .begin = begin, .feed = feed};
    uapi_json json = {0};
    uapi_view view = {.text = data, .length = length};
    uapi_firewall_report own = {0};
    uapi_stream_verdict verdict;
    uapi_result why = {0};
    uapi_stream_event event = {.number = r->number++, .data = data, .length = length, .own = &own};
    apr_status_t status;

    event.type = type;
    event.type_length = type_length;
    if (r->read_json && uapi_json_read(&json, data, length, NULL, parts->pool, &why) == APR_SUCCESS) {
        event.json = &json;
        event.view = &view;
        uapi_view_make(&view, &json, parts->pool);
    }
    status = uapi_firewall_scan(parts->firewall, parts->direction, view.text, view.length, &own, parts->pool, result);
    if (status == APR_SUCCESS) {
        status = uapi_stream_judge(r->stream, &event, &scanner, &verdict, parts->pool, result);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    add(parts, &own);
    add(parts, &verdict.report);
    if (own.overload || verdict.report.overload) {
        const char *detail;
        uapi_reason reason = uapi_firewall_overload_reason(own.overload | verdict.report.overload, &detail);

        return uapi_fail(result, parts->pool, APR_ENOSPC, reason, "%s", detail);
    }
    return APR_SUCCESS;
}

/* ------------------------------------------------------------- texts */

static int begins(const char *text, size_t length, const char *field)
{
    size_t n = strlen(field);

    return length > n && memcmp(text, field, n) == 0;
}

int uapi_scan_is_stream(const char *text, size_t length)
{
    const char *blank = (begins(text, length, "data:") || begins(text, length, "event:"))
                            ? memmem(text, length, "\n\n", 2)
                            : NULL;

    return blank && memmem(blank, length - (size_t)(blank - text), "\ndata:", 6) != NULL;
}

apr_status_t uapi_scan_stream(const uapi_scan_parts *parts, const char *text, size_t length, uapi_result *result)
{
    reader r = {parts, uapi_stream_create(parts->pool), 0, 1};
    uapi_sse *sse = uapi_sse_create(parts->pool, LARGEST_EVENT);
    uapi_sse_event event;
    apr_status_t status = uapi_sse_feed(sse, text, length, result);

    while (status == APR_SUCCESS &&
           (uapi_sse_next(sse, &event) == APR_SUCCESS || uapi_sse_finish(sse, &event) == APR_SUCCESS)) {
        const char *data = event.data ? event.data : event.raw;
        size_t size = event.data ? event.data_length : event.raw_length;

        /* Findings outlive the splitter's buffer, but do not point into it. */
        status = judge(&r, apr_pmemdup(parts->pool, data, size), size, event.type, event.type_length, result);
    }
    return status;
}

apr_status_t uapi_scan_chunks(const uapi_scan_parts *parts, const json_t *chunks, uapi_result *result)
{
    reader r = {parts, uapi_stream_create(parts->pool), 0, 0};
    const json_t *chunk;
    apr_status_t status = APR_SUCCESS;
    size_t i;

    json_array_foreach(chunks, i, chunk)
    {
        if (status == APR_SUCCESS) {
            status = judge(&r, json_string_value(chunk), json_string_length(chunk), NULL, 0, result);
        }
    }
    return status;
}
