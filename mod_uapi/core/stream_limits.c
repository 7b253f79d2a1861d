/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "stream_limits.h"

#include <apr_errno.h>

#define BURST apr_time_from_sec(10)
#define FORGOTTEN_AFTER apr_time_from_sec(10)

/* Whether `units` more are still within the rate; if so they are counted. */
static int keeps_pace(apr_time_t *due, uint64_t units, uint64_t per_second, apr_time_t now)
{
    apr_time_t begun = *due > now ? *due : now;
    apr_time_t ends = begun + (apr_time_t)(units * APR_USEC_PER_SEC / per_second);

    if (ends - now > BURST) {
        return 0;
    }
    *due = ends;
    return 1;
}

int uapi_stream_may_refuse(apr_time_t *due, unsigned most, apr_time_t now)
{
    apr_time_t begun = *due > now ? *due : now;

    *due = begun + FORGOTTEN_AFTER;
    return *due - now <= (apr_time_t)most * FORGOTTEN_AFTER;
}

static apr_status_t refuse(uapi_result *result, uapi_reason reason, const char *detail)
{
    if (result) {
        result->status = APR_ENOSPC;
        result->reason = reason;
        result->detail = detail;
    }
    return APR_ENOSPC;
}

apr_status_t uapi_stream_take(const uapi_stream_limits *limits, uapi_stream_use *use, uint64_t bytes, apr_time_t now,
                              uapi_result *result)
{
    use->bytes += bytes;
    if (limits->bytes && use->bytes > limits->bytes) {
        return refuse(result, UAPI_REASON_RESPONSE_TOO_LARGE, "the stream carries more than UapiMaxStream");
    }
    if (limits->events_per_second && !keeps_pace(&use->events_due, 1, limits->events_per_second, now)) {
        return refuse(result, UAPI_REASON_RESPONSE_RATE, "more events than UapiMaxStreamRate");
    }
    if (limits->bytes_per_second && !keeps_pace(&use->bytes_due, bytes, limits->bytes_per_second, now)) {
        return refuse(result, UAPI_REASON_RESPONSE_RATE, "more bytes than UapiMaxStreamRate");
    }
    return APR_SUCCESS;
}
