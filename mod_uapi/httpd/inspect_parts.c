/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What core/stream.h needs of a call: its scanners, the credential that must not come back, and what is done about findings.
 */
#include <string.h>

#include "../core/firewall_open.h"
#include "../core/stream_document.h"
#include "inspect.h"

typedef struct scanning {
    uapi_call *call;
    uapi_direction direction;
} scanning;

static apr_status_t scan(void *baton, const char *text, size_t length, uint32_t flags, uapi_firewall_report *report,
                         apr_pool_t *pool, uapi_result *result)
{
    uapi_call *call = ((scanning *)baton)->call;
    uapi_direction direction = ((scanning *)baton)->direction;
    apr_status_t status = APR_SUCCESS;
    memset(report, 0, sizeof(*report));
    if (uapi_firewall_mode(call->gateway->firewall) != UAPI_MODE_DISABLED) {
        status = uapi_inspect_scan_part(call, direction, text, length, flags, report, pool, result);
    }
    if (status == APR_SUCCESS && direction == UAPI_DIRECTION_RESPONSE) {
        uapi_inspect_add_echoes(call, text, length, report, pool);
    }
    return status;
}

static apr_status_t begin_reader(void *baton, uapi_firewall_channel **reader, apr_pool_t *pool, uapi_result *result)
{
    uapi_call *call = ((scanning *)baton)->call;
    uapi_call_info info;
    *reader = NULL;
    if (uapi_firewall_mode(call->gateway->firewall) == UAPI_MODE_DISABLED) {
        return APR_SUCCESS;
    }
    uapi_inspect_call_info(&info, call, UAPI_DIRECTION_RESPONSE);
    return uapi_firewall_channel_open(reader, call->gateway->firewall, &info, pool, result);
}

static apr_status_t feed_reader(void *baton, uapi_firewall_channel *reader, const char *text, size_t length,
                                uapi_firewall_report *report, apr_pool_t *pool, uapi_result *result)
{
    uapi_call_info info;
    uapi_inspect_call_info(&info, ((scanning *)baton)->call, UAPI_DIRECTION_RESPONSE);
    return uapi_firewall_channel_feed(reader, &info, text, length, 0, report, pool, result);
}

/* How much of the text's end is the beginning of the credential? */
static size_t echo_begun(const uapi_call *call, const char *text, size_t length)
{
    size_t n = (call->secret != NULL && call->secret_length >= 8) ? call->secret_length - 1 : 0;
    for (n = n < length ? n : length; n >= 3; n--) {
        if (memcmp(text + length - n, call->secret, n) == 0) {
            return n;
        }
    }
    return 0;
}

static size_t find_open(void *baton, const char *text, size_t length)
{
    const uapi_call *call = ((scanning *)baton)->call;
    size_t echo = echo_begun(call, text, length);
    size_t match = uapi_inspect_enforces(call) ? uapi_firewall_open(call->gateway->firewall, text, length) : 0;
    return match > echo ? match : echo;
}

static void edit(apr_array_header_t *edits, const uapi_json *json, const uapi_stream_part *part,
                 const char *replacement)
{
    size_t from = part->from, to = part->to;
    if (part->node != UAPI_JSON_NONE) {
        uapi_json_locate(json, part->node, part->from, part->to, &from, &to);
    }
    uapi_edit_add(edits, from, to, replacement);
}

void uapi_inspect_cut_apply(apr_array_header_t *edits, const uapi_json *json, const uapi_inspect_cut *cut)
{
    edit(edits, json, &cut->part, cut->replacement);
}

/* A placeholder stands once, where the first part does that has not left. */
static const char *replacement_of(const uapi_stream_verdict *verdict, const uapi_stream_part *part, apr_pool_t *pool)
{
    const uapi_firewall_finding *finding;
    if (!part->first || part->finding >= verdict->report.count) {
        return "";
    }
    finding = &verdict->report.findings[part->finding];
    return finding->replacement != NULL ? finding->replacement : uapi_firewall_placeholder(finding, pool);
}

static int is_cut(const uapi_call *call, const uapi_stream_verdict *verdict, const uapi_stream_part *part)
{
    if (uapi_inspect_is_echo(part->rule)) {
        return 1;
    }
    return uapi_inspect_enforces(call) && (part->finding >= verdict->report.count ||
                                           verdict->report.findings[part->finding].action >= UAPI_ACTION_REDACT);
}

apr_status_t uapi_inspect_parts_judge(uapi_call *call, uapi_inspect_parts *parts, const uapi_view *view,
                                      const char *data, size_t length, uapi_inspected *out, apr_pool_t *pool,
                                      uapi_result *result)
{
    scanning baton = {call, UAPI_DIRECTION_RESPONSE};
    const uapi_stream_scanner scanner = {
        .scan = scan,
        .open = parts->holds ? find_open : NULL,
        .baton = &baton,
        .begin = uapi_firewall_reads_parts(call->gateway->firewall, UAPI_DIRECTION_RESPONSE) ? begin_reader : NULL,
        .feed = feed_reader,
    };
    const uapi_stream_event event = {
        .number = parts->number,
        .json = &out->json,
        .data = data,
        .length = length,
        .type = parts->type,
        .type_length = parts->type_length,
        .own = &out->report,
        .view = view,
    };
    uapi_stream_verdict verdict;
    apr_status_t status = uapi_stream_judge(parts->stream, &event, &scanner, &verdict, pool, result);
    parts->here = uapi_edit_list(pool);
    parts->before = apr_array_make(pool, 0, sizeof(uapi_inspect_cut));
    for (int i = 0; status == APR_SUCCESS && verdict.parts != NULL && i < verdict.parts->nelts; i++) {
        const uapi_stream_part *part = &APR_ARRAY_IDX(verdict.parts, i, uapi_stream_part);
        const char *replacement = replacement_of(&verdict, part, pool);
        if (!is_cut(call, &verdict, part)) {
            continue;
        }
        if (part->event == parts->number) {
            edit(parts->here, &out->json, part, replacement);
        } else {
            APR_ARRAY_PUSH(parts->before, uapi_inspect_cut) = (uapi_inspect_cut){*part, replacement};
        }
    }
    out->joined = verdict.report;
    return status;
}

apr_status_t uapi_inspect_document(uapi_call *call, uapi_direction direction, const uapi_view *view,
                                   uapi_firewall_report *report, apr_pool_t *pool, uapi_result *result)
{
    scanning baton = {call, direction};
    const uapi_stream_scanner scanner = {.scan = scan, .baton = &baton};
    return uapi_stream_document(view, &scanner, report, pool, result);
}
