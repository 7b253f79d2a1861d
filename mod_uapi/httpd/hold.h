/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file hold.h
 * Events of a stream that wait, because a match that begins in them may go on in the next. They wait for no longer than
 * UapiHoldBack says and take no more bytes; then they leave, judged by what was known. Order is kept: what comes behind an
 * event that waits, waits too. A stream without open matches never holds anything.
 *
 * Nothing waits but events: the thread reads on from the upstream, and where it would sleep there, it is woken in time (watch.h).
 */
#ifndef UAPI_HTTPD_HOLD_H
#define UAPI_HTTPD_HOLD_H

#include "inspect.h"

#define UAPI_HOLD_EVENTS UAPI_STREAM_SEGMENTS

/** An event on its way: what it would be sent as, and what is needed to change that. Lives in the event pool. */
typedef struct uapi_outgoing {
    uint64_t number;
    const uapi_sse_event *event;
    const uapi_json *json;
    apr_array_header_t *edits; /* of the data; NULL: the event was replaced and is not edited any more */
    const char *text;
    size_t length;
} uapi_outgoing;

/** Can this stream be held back? Only where something wakes it: mod_proxy is what reads the upstream. */
int uapi_hold_is_possible(const uapi_call *call);

/** Take cuts out of events that wait, or, `withheld` not NULL, put that text in the place of each event that has one. */
void uapi_hold_cut(uapi_response *response, const apr_array_header_t *cuts, const char *withheld);

/** Send the event, or let it wait; either way those that need not wait any longer are sent. May take over the event pool. */
apr_status_t uapi_hold_pass(ap_filter_t *f, uapi_response *response, const uapi_outgoing *outgoing);

/** Send all that waits. */
apr_status_t uapi_hold_release(ap_filter_t *f, uapi_response *response);

#endif
