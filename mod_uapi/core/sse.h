/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sse.h
 * Splits an event stream into events (WHATWG HTML, section 9.2.6, "Interpreting an event stream").
 *
 * Feed bytes as they arrive, in pieces of any size; take whole events out. The raw bytes of an event, its terminating
 * blank line included, come back exactly as they came in, so that an event without findings is forwarded
 * byte-identical. Lines end with CR, LF or CRLF, mixed at will; a leading byte order mark belongs to the first event.
 * A CR at the end of a piece ends its line at once: an LF that follows belongs to the next event's raw bytes and is
 * no line of its own.
 *
 * An id that a client is given is also what it may resume from (Last-Event-ID), so ids can be replaced.
 *
 * Ownership: events point into the splitter's buffer and live until the next call on it. One thread at a time.
 */
#ifndef UAPI_CORE_SSE_H
#define UAPI_CORE_SSE_H

#include <stddef.h>

#include <apr_pools.h>

#include "result.h"

typedef struct uapi_sse uapi_sse;

typedef struct uapi_sse_event {
    const char *raw; /* all bytes of the event */
    size_t raw_length;
    const char *data; /* the data lines joined with LF, none at the end; NULL if the event has no data field */
    size_t data_length;
    int single_line; /* data is one line: it stands at data_offset in raw, contiguous */
    size_t data_offset;
    const char *type; /* the value of the last event field; NULL if there is none */
    size_t type_length;
    int has_id;  /* it has an id field */
    size_t lead; /* bytes at the start of raw that belong to no line: a byte order mark, or such an LF */
} uapi_sse_event;

/** max_event: bytes that one event may take in the buffer. The buffer is heap memory, released with the pool. */
uapi_sse *uapi_sse_create(apr_pool_t *pool, size_t max_event);

/**
 * Copies the bytes. APR_ENOMEM with response.too_large when an event, finished or not, exceeds max_event; the
 * splitter is then dead: whole events not yet taken are lost, next() gives APR_EAGAIN, finish() APR_EOF and feed()
 * fails again.
 */
apr_status_t uapi_sse_feed(uapi_sse *sse, const char *bytes, size_t length, uapi_result *result);

/** APR_SUCCESS and the next whole event, or APR_EAGAIN when more bytes are needed. */
apr_status_t uapi_sse_next(uapi_sse *sse, uapi_sse_event *event);

/**
 * At the end of the stream: what is left without a terminating blank line. A conforming client discards it, but it
 * must be inspected or dropped, never forwarded unseen: it is returned as an event. APR_EOF when nothing is left.
 */
apr_status_t uapi_sse_finish(uapi_sse *sse, uapi_sse_event *event);

/**
 * Write an event that has the other fields of `event` (event, id, retry, comments; in their order) and the given data
 * (split into data lines at LF, or CR, since both end a line of the stream). They stand where the first data line
 * stood, or before the blank line if there was none; an unfinished event without data stays as it is. Line endings
 * are those of the event. Pool-allocated; used when the data was redacted or replaced.
 */
void uapi_sse_rewrite(const uapi_sse_event *event, const char *data, size_t length, apr_pool_t *pool, const char **raw,
                      size_t *raw_length);

/** What an id is to be instead; NULL: the field goes. Any result lives in the pool. */
typedef const char *(*uapi_sse_id_map)(void *baton, const char *id, apr_pool_t *pool);

/**
 * Write an event anew with each id that has a value replaced and everything else as it is. An id with a NUL in it, which clients
 * ignore, goes. `lead` is the event's. Pool-allocated.
 */
void uapi_sse_map_ids(const char **raw, size_t *raw_length, size_t lead, uapi_sse_id_map map, void *baton,
                      apr_pool_t *pool);

#endif
