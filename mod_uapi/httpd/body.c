/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "body.h"

#include <string.h>

#include <apr_buckets.h>
#include <apr_strings.h>

#include "http_protocol.h"
#include "util_filter.h"

#include "log.h"

#define FIRST_GUESS 8192

static ap_filter_rec_t *replay_filter;

int uapi_body_announced(const request_rec *r)
{
    const char *length = apr_table_get(r->headers_in, "Content-Length");
    return apr_table_get(r->headers_in, "Transfer-Encoding") != NULL || (length != NULL && strcmp(length, "0") != 0) ||
           (r->proto_num >= HTTP_VERSION(2, 0) && length == NULL && r->method_number == M_POST);
}

/* -------------------------------------------------------------------- reading */

typedef struct reader {
    request_rec *r;
    size_t limit, used, room;
    char *bytes;
} reader;

static void reserve(reader *reading, size_t more)
{
    size_t room = reading->room;
    char *larger;
    if (reading->used + more < room) {
        return;
    }
    while (room <= reading->used + more) {
        room *= 2;
    }
    larger = apr_palloc(reading->r->pool, room);
    memcpy(larger, reading->bytes, reading->used);
    reading->bytes = larger;
    reading->room = room;
}

static apr_status_t too_large(const reader *reading, uapi_result *result)
{
    return uapi_fail(result, reading->r->pool, APR_ENOSPC, UAPI_REASON_REQUEST_TOO_LARGE,
                     "the body is larger than UapiMaxBody, %" APR_SIZE_T_FMT " bytes", reading->limit);
}

static apr_status_t take(reader *reading, apr_bucket *bucket, uapi_result *result)
{
    const char *data;
    apr_size_t length;
    apr_status_t status = apr_bucket_read(bucket, &data, &length, APR_BLOCK_READ);
    if (status != APR_SUCCESS) {
        return uapi_fail(result, reading->r->pool, status, UAPI_REASON_REQUEST_UNREADABLE,
                         "the connection failed in the body");
    }
    if (length > reading->limit - reading->used) {
        return too_large(reading, result);
    }
    reserve(reading, length);
    memcpy(reading->bytes + reading->used, data, length);
    reading->used += length;
    return APR_SUCCESS;
}

/* One brigade; *ended is set at the end of the body. */
static apr_status_t take_brigade(reader *reading, apr_bucket_brigade *brigade, int *ended, uapi_result *result)
{
    apr_status_t status = APR_SUCCESS;
    for (apr_bucket *bucket = APR_BRIGADE_FIRST(brigade);
         bucket != APR_BRIGADE_SENTINEL(brigade) && status == APR_SUCCESS; bucket = APR_BUCKET_NEXT(bucket)) {
        if (APR_BUCKET_IS_EOS(bucket)) {
            *ended = 1;
            break;
        }
        if (AP_BUCKET_IS_ERROR(bucket)) {
            status = uapi_fail(result, reading->r->pool, APR_EGENERAL, UAPI_REASON_REQUEST_UNREADABLE,
                               "the body ended in an error");
        } else if (!APR_BUCKET_IS_METADATA(bucket)) {
            status = take(reading, bucket, result);
        }
    }
    apr_brigade_cleanup(brigade);
    return status;
}

/* What Content-Length promises, as a first guess at the room; `declared` is set to it. A malformed one was refused by httpd. */
static size_t first_guess(const request_rec *r, apr_off_t *declared)
{
    const char *length = apr_table_get(r->headers_in, "Content-Length");
    *declared = -1;
    if (length != NULL && apr_table_get(r->headers_in, "Transfer-Encoding") == NULL &&
        ap_parse_strict_length(declared, length) && *declared < FIRST_GUESS * 16) {
        return (size_t)*declared + 1;
    }
    return FIRST_GUESS;
}

apr_status_t uapi_body_read(request_rec *r, size_t limit, char **body, size_t *length, uapi_result *result)
{
    reader reading = {r, limit, 0, 0, NULL};
    apr_bucket_brigade *brigade;
    apr_off_t declared;
    int headers = apr_table_elts(r->headers_in)->nelts, ended = 0;
    reading.room = first_guess(r, &declared);
    if (declared > 0 && (apr_uint64_t)declared > limit) {
        return too_large(&reading, result);
    }
    reading.bytes = apr_palloc(r->pool, reading.room);
    brigade = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    while (!ended) {
        apr_status_t status = ap_get_brigade(r->input_filters, brigade, AP_MODE_READBYTES, APR_BLOCK_READ,
                                             HUGE_STRING_LEN);
        if (status != APR_SUCCESS) {
            return uapi_fail(result, r->pool, status, UAPI_REASON_REQUEST_UNREADABLE,
                             "the body ended early or came too slowly");
        }
        status = take_brigade(&reading, brigade, &ended, result);
        if (status != APR_SUCCESS) {
            return status;
        }
    }
    if (apr_table_elts(r->headers_in)->nelts >
        headers) { /* MergeTrailers: what has been judged by then, would have two values */
        return uapi_fail(result, r->pool, APR_EINVAL, UAPI_REASON_REQUEST_AMBIGUOUS,
                         "a trailer became a header after the headers were read");
    }
    reading.bytes[reading.used] = '\0';
    *body = reading.bytes;
    *length = reading.used;
    return APR_SUCCESS;
}

void uapi_body_discard(request_rec *r, size_t limit)
{
    apr_bucket_brigade *brigade = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    apr_off_t length = 0;
    int ended = 0;
    for (size_t read = 0; !ended && length >= 0 && read <= limit; read += (size_t)length + 1) {
        if (ap_get_brigade(r->input_filters, brigade, AP_MODE_READBYTES, APR_BLOCK_READ, HUGE_STRING_LEN) !=
            APR_SUCCESS) {
            return;
        }
        ended = !APR_BRIGADE_EMPTY(brigade) && APR_BUCKET_IS_EOS(APR_BRIGADE_LAST(brigade));
        apr_brigade_length(brigade, 1, &length);
        apr_brigade_cleanup(brigade);
    }
}

/* ------------------------------------------------------------------- replaying */

typedef struct replay {
    const char *bytes;
    size_t left;
    int armed; /* something is to be replayed: also an empty body has its end */
} replay;

/*
 * Once the end has been delivered the filter must step aside: httpd reads whatever is left of a body at the end of the
 * request, and HTTP_IN, which has seen the real end, answers that as it should. A filter that stayed would have to
 * pretend, and ap_discard_request_body() would never see an end.
 */
static apr_status_t replay_body(ap_filter_t *f, apr_bucket_brigade *brigade, ap_input_mode_t mode,
                                apr_read_type_e block, apr_off_t readbytes)
{
    replay *state = f->ctx;
    size_t now = state->left;
    if (!state->armed) {
        ap_remove_input_filter(f);
        return ap_get_brigade(f->next, brigade, mode, block, readbytes);
    }
    if (mode != AP_MODE_READBYTES && mode != AP_MODE_SPECULATIVE && mode != AP_MODE_EXHAUSTIVE) {
        return (mode == AP_MODE_GETLINE) ? APR_ENOTIMPL : APR_SUCCESS;
    }
    if (mode != AP_MODE_EXHAUSTIVE && readbytes >= 0 && (apr_uint64_t)readbytes < now) {
        now = (size_t)readbytes;
    }
    if (now > 0) {
        APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_immortal_create(state->bytes, now, f->c->bucket_alloc));
    }
    if (mode == AP_MODE_SPECULATIVE) {
        return APR_SUCCESS;
    }
    state->bytes += now;
    state->left -= now;
    if (state->left == 0) {
        APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_eos_create(f->c->bucket_alloc));
        state->armed = 0;
        ap_remove_input_filter(f);
    }
    return APR_SUCCESS;
}

void uapi_body_replay(request_rec *r, const char *body, size_t length)
{
    replay *state = apr_palloc(r->pool, sizeof(*state));
    state->bytes = body;
    state->left = length;
    state->armed = 1;
    apr_table_unset(r->headers_in, "Transfer-Encoding");
    apr_table_unset(r->headers_in, "Trailer");
    if (body != NULL) {
        apr_table_setn(r->headers_in, "Content-Length", apr_psprintf(r->pool, "%" APR_SIZE_T_FMT, length));
    } else {
        apr_table_unset(r->headers_in, "Content-Length");
    }
    apr_table_clear(r->trailers_in); /* nobody judged them */
    r->remaining = 0;
    ap_add_input_filter_handle(replay_filter, state, r, r->connection);
}

void uapi_body_register(void)
{
    replay_filter = ap_register_input_filter("UAPI_REPLAY", replay_body, NULL, AP_FTYPE_RESOURCE);
}
