/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file stream.h
 * Judging texts that come in parts. Each channel (stream_shape.h) keeps the end of what it has carried, so that the next
 * fragment is scanned together with it: a match is found when its last part is there, before that leaves.
 *
 * Where the caller can hold events back, the parts before it need not have left by then. After each event the stream says
 * from which event on something is undecided; for how long and how much is held is the caller's to bound. What is found then is told as
 * parts: byte ranges of strings of the events that have not left.
 *
 * Bounds: UAPI_STREAM_CHANNELS channels (the longest unused is given up for a new one), UAPI_STREAM_CONTEXT bytes of each, of a
 * fragment the first UAPI_STREAM_WINDOW bytes (a fragment as a whole is judged with its event). A match that is longer, or spread over
 * more, is found only as far as its pattern finds the rest.
 *
 * Memory: the stream's pool, a channel at a time, never more than the bounds. One thread at a time.
 */
#ifndef UAPI_CORE_STREAM_H
#define UAPI_CORE_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include <apr_pools.h>
#include <apr_tables.h>

#include "firewall.h"
#include "firewall_channel.h"
#include "json.h"
#include "result.h"
#include "view.h"

#define UAPI_STREAM_CHANNELS 24
#define UAPI_STREAM_CONTEXT 1024
#define UAPI_STREAM_WINDOW 4096
#define UAPI_STREAM_OPEN 64     /* bytes before a fragment in which the beginning of a match is looked for, too */
#define UAPI_STREAM_SEGMENTS 64 /* fragments of a channel that can still be cut; held events are bounded by it */

typedef struct uapi_stream uapi_stream;

/** What a text is judged with. */
typedef struct uapi_stream_scanner {
    /** As uapi_firewall_scan_text; `flags` are those of a uapi_text. */
    apr_status_t (*scan)(void *baton, const char *text, size_t length, uint32_t flags, uapi_firewall_report *report,
                         apr_pool_t *pool, uapi_result *result);
    /** How many bytes at the end may be the beginning of something that goes on? `length` is at most UAPI_STREAM_CONTEXT. NULL: none ever. */
    size_t (*open)(void *baton, const char *text, size_t length);
    void *baton;
    /** A reader for a channel that begins, in the pool; `*reader` NULL: nobody reads it. NULL: nobody ever does. */
    apr_status_t (*begin)(void *baton, uapi_firewall_channel **reader, apr_pool_t *pool, uapi_result *result);
    /** As uapi_firewall_channel_feed, with more to come. */
    apr_status_t (*feed)(void *baton, uapi_firewall_channel *reader, const char *text, size_t length,
                         uapi_firewall_report *report, apr_pool_t *pool, uapi_result *result);
} uapi_stream_scanner;

typedef struct uapi_stream_event {
    uint64_t number;       /* grows from event to event */
    const uapi_json *json; /* count 0: no JSON */
    const char *data;
    size_t length;
    const char *type; /* the SSE event's; may be NULL */
    size_t type_length;
    const uapi_firewall_report *own; /* what was found in the event by itself, in bytes of `view` */
    const uapi_view *view;           /* of `json`; NULL: of the data */
} uapi_stream_event;

/** Bytes [from, to) of a string, unescaped, in an event that has not left: part of a finding. */
typedef struct uapi_stream_part {
    uint64_t event;
    uint32_t node; /* UAPI_JSON_NONE: offsets are of the data */
    size_t from, to;
    uint32_t finding; /* index in the report; UINT32_MAX: more of one that was told before */
    const char *rule; /* whose finding it is; static */
    int first;        /* the first part that has not left, so that the placeholder belongs here */
} uapi_stream_part;

typedef struct uapi_stream_verdict {
    uapi_firewall_report report; /* findings that only the joined texts show; offsets mean nothing */
    apr_array_header_t *parts;   /* of uapi_stream_part; NULL: none */
} uapi_stream_verdict;

uapi_stream *uapi_stream_create(apr_pool_t *pool);

/**
 * Judge what the event adds to its channels. Fails as the scanner does. The verdict lives in `pool`. The event counts as not left
 * until uapi_stream_left.
 */
apr_status_t uapi_stream_judge(uapi_stream *stream, const uapi_stream_event *event, const uapi_stream_scanner *scanner,
                               uapi_stream_verdict *verdict, apr_pool_t *pool, uapi_result *result);

/** The first event that has part of an undecided text; UINT64_MAX: none. */
uint64_t uapi_stream_undecided(const uapi_stream *stream);

/** Events up to this one have left: nothing in them can be cut any more. */
void uapi_stream_left(uapi_stream *stream, uint64_t event);

#endif
