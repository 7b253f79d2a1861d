/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file stream_limits.h
 * How much a stream may carry, and how fast. The rate is that of the generic cell rate algorithm (ITU-T I.371): a stream that
 * was slow for a while may be fast for as long as ten seconds' worth.
 */
#ifndef UAPI_CORE_STREAM_LIMITS_H
#define UAPI_CORE_STREAM_LIMITS_H

#include <stdint.h>

#include <apr_time.h>

#include "result.h"

/** 0: no limit. */
typedef struct uapi_stream_limits {
    uint64_t bytes;
    uint32_t events_per_second;
    uint64_t bytes_per_second;
} uapi_stream_limits;

/** Of one stream, by one thread at a time; zeroed at its beginning. */
typedef struct uapi_stream_use {
    uint64_t bytes;
    apr_time_t events_due, bytes_due; /* when what has come would have come at the rate */
} uapi_stream_use;

/** Does this ask for a look at all? A stream without limits needs no clock. */
static inline int uapi_stream_is_limited(const uapi_stream_limits *limits)
{
    return limits->bytes || limits->events_per_second || limits->bytes_per_second;
}

/**
 * Count an event of that many bytes at that moment. Fails with response.too_large or response.rate, and a static detail, once it
 * is too much; `result` may be NULL.
 */
apr_status_t uapi_stream_take(const uapi_stream_limits *limits, uapi_stream_use *use, uint64_t bytes, apr_time_t now,
                              uapi_result *result);

/**
 * Count something that was refused in a stream: 0 if that makes more than `most`, of which one in ten seconds is forgotten. `due` is the stream's,
 * zeroed at its beginning.
 */
int uapi_stream_may_refuse(apr_time_t *due, unsigned most, apr_time_t now);

#endif
