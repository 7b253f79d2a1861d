/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file inspect.h
 * What the response filter is made of: judging the head, judging one text (a whole body, or the data of one event), and the two
 * ways a body comes: whole, or as a stream of events.
 */
#ifndef UAPI_HTTPD_INSPECT_H
#define UAPI_HTTPD_INSPECT_H

#include "util_filter.h"

#include "call.h"

#include "../core/edit.h"
#include "../core/sse.h"
#include "../core/stream.h"

typedef enum uapi_text_kind { UAPI_TEXT_JSON, UAPI_TEXT_PLAIN } uapi_text_kind;

/** One text of the upstream's, judged. */
typedef struct uapi_inspected {
    const char *text; /* what may go to the caller: the original, or its redacted form */
    size_t length;
    uapi_json json;      /* count 0: it is no JSON */
    uapi_mcp_body reply; /* what the messages in it are; count 0: it is no JSON-RPC */
    uapi_firewall_report report;
    uapi_firewall_report joined; /* of an event: what only the texts that it is part of show */
    apr_array_header_t *edits;   /* of what was judged, which made `text` */
} uapi_inspected;

/** Part of a finding, in an event that has not left: it becomes the replacement. */
typedef struct uapi_inspect_cut {
    uapi_stream_part part;
    const char *replacement;
} uapi_inspect_cut;

/** An event's place in the texts of its stream (core/stream.h). */
typedef struct uapi_inspect_parts {
    uapi_stream *stream;
    uint64_t number;
    const char *type; /* the event's; may be NULL */
    size_t type_length;
    int holds;                  /* the event may wait while a match is open */
    apr_array_header_t *here;   /* out: uapi_edit, of the event's own data */
    apr_array_header_t *before; /* out: uapi_inspect_cut, of events before it that have not left */
} uapi_inspect_parts;

/**
 * Judge it. Succeeds when `out->text` may be sent. Fails with response.invalid (it says JSON and is none),
 * firewall.blocked (`out->report.decisive` says why), firewall.overload or internal.error. UapiEngine shadow makes content
 * no reason to fail. The injected credential, should the upstream have echoed it, is taken out in every mode.
 * All memory in `pool`. Findings are added to the call's sums.
 */
apr_status_t uapi_inspect_text(uapi_call *call, uapi_text_kind kind, const char *text, size_t length,
                               uapi_inspected *out, apr_pool_t *pool, uapi_result *result);

/** The same for an event of a stream. What it completes is judged with it; `parts->before` is set even if it fails, or is NULL. */
apr_status_t uapi_inspect_event(uapi_call *call, uapi_text_kind kind, const char *text, size_t length,
                                uapi_inspect_parts *parts, uapi_inspected *out, apr_pool_t *pool, uapi_result *result);

/** Its part of that: fills out->joined, parts->here and parts->before. */
apr_status_t uapi_inspect_parts_judge(uapi_call *call, uapi_inspect_parts *parts, const uapi_view *view,
                                      const char *data, size_t length, uapi_inspected *out, apr_pool_t *pool,
                                      uapi_result *result);

/** Of a document that came whole: add what only the texts show that it has in several strings (core/stream_document.h). */
apr_status_t uapi_inspect_document(uapi_call *call, uapi_direction direction, const uapi_view *view,
                                   uapi_firewall_report *report, apr_pool_t *pool, uapi_result *result);

/** Add the edit to those of the cut's event, whose data `json` is the tape of. */
void uapi_inspect_cut_apply(apr_array_header_t *edits, const uapi_json *json, const uapi_inspect_cut *cut);

/** The injected credential wherever it stands in the text, as findings. */
void uapi_inspect_add_echoes(uapi_call *call, const char *text, size_t length, uapi_firewall_report *report,
                             apr_pool_t *pool);
int uapi_inspect_is_echo(const char *rule);

/** Are findings acted upon? */
int uapi_inspect_enforces(const uapi_call *call);

/** What scanners are told of the call. The strings are the call's. */
void uapi_inspect_call_info(uapi_call_info *info, const uapi_call *call, uapi_direction direction);

/** Have the gateway's firewall scan a text of the call; as uapi_firewall_scan_text. */
apr_status_t uapi_inspect_scan(const uapi_call *call, uapi_direction direction, const uapi_view *view,
                               uapi_firewall_report *report, apr_pool_t *pool, uapi_result *result);
/** The same for a part of a text, with the flags of a uapi_text. */
apr_status_t uapi_inspect_scan_part(const uapi_call *call, uapi_direction direction, const char *text, size_t length,
                                    uint32_t flags, uapi_firewall_report *report, apr_pool_t *pool,
                                    uapi_result *result);

/** The value of a header field with the injected credential, should it be in it, replaced and the finding noted; else `value`. */
const char *uapi_inspect_without_echo(uapi_call *call, const char *value, apr_pool_t *pool);

/**
 * Judge the answer's head: fields in the gateway's name go, an echoed credential is cut out. Fails with response.invalid, and
 * with no header field left, if one is such as httpd would not send.
 */
apr_status_t uapi_inspect_head(request_rec *r, uapi_call *call, uapi_result *result);

typedef struct uapi_held uapi_held;

/** State of the filter, one a response. */
typedef struct uapi_response {
    uapi_call *call;
    enum {
        UAPI_RESPONSE_START,
        UAPI_RESPONSE_EMPTY,
        UAPI_RESPONSE_WHOLE,
        UAPI_RESPONSE_STREAM,
        UAPI_RESPONSE_OVER
    } state;
    uapi_text_kind kind;
    char *bytes; /* WHOLE: what came so far */
    size_t used, room;
    uapi_sse *sse;             /* STREAM */
    int begun;                 /* STREAM: something was sent */
    apr_pool_t *event_pool;    /* STREAM: cleared after each event, so that a long stream does not grow */
    uapi_stream_limits limits; /* STREAM */
    uapi_stream_use use;       /* STREAM */
    uapi_stream *texts;        /* STREAM: what went before, of each text that comes in parts */
    uint64_t events;           /* STREAM: how many came */
    int holds;                 /* STREAM: events may wait (hold.h) */
    uapi_held *held;           /* STREAM: those that do */
    unsigned held_count;
    size_t held_bytes;
} uapi_response;

/** STREAM: takes a brigade, passes each event on, flushed, before it looks at the next. */
apr_status_t uapi_inspect_stream(ap_filter_t *f, uapi_response *response, apr_bucket_brigade *brigade);

/** STREAM: send one event, as the text says, with its ids made the caller's. */
apr_status_t uapi_inspect_send(ap_filter_t *f, uapi_response *response, const uapi_sse_event *event, const char *text,
                               size_t length, apr_pool_t *pool);

/** End the response in a way of our own: settle with the refusal's code, and answer with it unless headers have gone. */
apr_status_t uapi_response_refuse(ap_filter_t *f, uapi_response *response, const uapi_result *result, const char *rule);

#endif
