/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "http_protocol.h"

#include "batch.h"
#include "hold.h"
#include "inspect.h"
#include "log.h"
#include "refuse.h"
#include "server_messages.h"
#include "server_refusal.h"
#include "settle.h"
#include "stages.h"

static ap_filter_rec_t *response_filter;

/* ------------------------------------------------------------- what kind of answer */

static int type_is(const char *type, const char *name)
{
    size_t length = strlen(name);
    return type != NULL && strncasecmp(type, name, length) == 0 &&
           (type[length] == '\0' || type[length] == ';' || apr_isspace(type[length]));
}

/* application/json and the types that end in +json. */
static int type_is_json(const char *type)
{
    const char *end = (type != NULL) ? type + strcspn(type, "; \t") : NULL;
    return type_is(type, "application/json") ||
           (end != NULL && end - type > 5 && strncasecmp(end - 5, "+json", 5) == 0);
}

/* Some clients look for a type anywhere in the field. What they may take for it is judged as it; on a REST route nobody looks for messages. */
static int may_pass_for(const uapi_call *call, const char *type, const char *name)
{
    return call->protocol != UAPI_PROTOCOL_REST && type != NULL && ap_strcasestr(type, name) != NULL;
}

static int has_no_body(const request_rec *r)
{
    return r->header_only || r->status == HTTP_NO_CONTENT || r->status == HTTP_NOT_MODIFIED;
}

static void drop_length(request_rec *r)
{
    apr_table_unset(r->headers_out, "Content-Length");
    r->clength = 0;
}

/* Validators and digests that describe the upstream's bytes do not describe ours. */
static void drop_validators(request_rec *r)
{
    static const char *const names[] = {"ETag",          "Last-Modified",  "Content-MD5",
                                        "Digest",        "Content-Digest", "Repr-Digest",
                                        "Accept-Ranges", "Content-Range",  "Content-Encoding"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        apr_table_unset(r->headers_out, names[i]);
    }
}

static void begin_stream(ap_filter_t *f, uapi_response *response)
{
    response->state = UAPI_RESPONSE_STREAM;
    apr_pool_create(&response->event_pool, f->r->pool);
    apr_pool_tag(response->event_pool, "uapi_event");
    response->limits = uapi_config_stream_limits(response->call->route);
    response->sse = uapi_sse_create(f->r->pool, uapi_config_max_response(response->call->route));
    response->texts = uapi_stream_create(f->r->pool);
    response->holds = uapi_hold_is_possible(response->call);
    drop_length(f->r);
    drop_validators(f->r);
}

static void begin_whole(ap_filter_t *f, uapi_response *response)
{
    const char *declared = apr_table_get(f->r->headers_out, "Content-Length");
    apr_off_t length = 0;
    response->state = UAPI_RESPONSE_WHOLE;
    response->kind = (type_is_json(f->r->content_type) || may_pass_for(response->call, f->r->content_type, "json"))
                         ? UAPI_TEXT_JSON
                         : UAPI_TEXT_PLAIN;
    response->room = 4096;
    if (declared != NULL && ap_parse_strict_length(&length, declared) && length > 0 && length < 65536) {
        response->room = (size_t)length + 1;
    }
    response->bytes = apr_palloc(f->r->pool, response->room);
}

static apr_status_t begin(ap_filter_t *f, uapi_response *response)
{
    request_rec *r = f->r;
    const char *encoding = apr_table_get(r->headers_out, "Content-Encoding");
    uapi_result result = {0};
    if (uapi_inspect_head(r, response->call, &result) != APR_SUCCESS) {
        return uapi_response_refuse(f, response, &result, NULL);
    }
    if (r->status == HTTP_NO_CONTENT && uapi_batch_events(r, response->call) != NULL) {
        r->status = HTTP_OK; /* there is something to say after all */
        r->status_line = NULL;
    }
    if (has_no_body(r)) {
        response->state = UAPI_RESPONSE_EMPTY;
        return APR_SUCCESS;
    }
    if (encoding != NULL && strcasecmp(encoding, "identity") != 0) {
        uapi_fail(&result, r->pool, APR_EINVAL, UAPI_REASON_RESPONSE_ENCODING, "Content-Encoding is %s", encoding);
        return uapi_response_refuse(f, response, &result, NULL);
    }
    if (type_is(r->content_type, "text/event-stream")) {
        begin_stream(f, response);
    } else if (may_pass_for(response->call, r->content_type, "event-stream")) {
        uapi_fail(&result, r->pool, APR_EINVAL, UAPI_REASON_RESPONSE_INVALID,
                  "a content type that is not text/event-stream but may pass for it");
        return uapi_response_refuse(f, response, &result, NULL);
    } else {
        begin_whole(f, response);
    }
    return APR_SUCCESS;
}

/* --------------------------------------------------------------------- answering */

static apr_status_t send_whole(ap_filter_t *f, uapi_response *response, const char *text, size_t length)
{
    apr_bucket_brigade *out = apr_brigade_create(f->r->pool, f->c->bucket_alloc);
    ap_set_content_length(f->r, (apr_off_t)length);
    if (length > 0) {
        APR_BRIGADE_INSERT_TAIL(out, apr_bucket_pool_create(text, length, f->r->pool, f->c->bucket_alloc));
    }
    APR_BRIGADE_INSERT_TAIL(out, apr_bucket_eos_create(f->c->bucket_alloc));
    response->state = UAPI_RESPONSE_OVER;
    ap_remove_output_filter(f);
    return ap_pass_brigade(f->next, out);
}

static apr_status_t end_stream(ap_filter_t *f, uapi_response *response, const uapi_result *result)
{
    apr_bucket_brigade *out = apr_brigade_create(f->r->pool, f->c->bucket_alloc);
    const uapi_call *call = response->call;
    const char *body = uapi_refuse_whole(f->r, call, result);
    response->state = UAPI_RESPONSE_OVER;
    body = apr_pstrcat(f->r->pool, "data: ", body, "\n\n", NULL);
    APR_BRIGADE_INSERT_TAIL(out, apr_bucket_pool_create(body, strlen(body), f->r->pool, f->c->bucket_alloc));
    APR_BRIGADE_INSERT_TAIL(out, apr_bucket_eos_create(f->c->bucket_alloc));
    ap_pass_brigade(f->next, out);
    return APR_ECONNABORTED; /* mod_proxy stops reading the upstream */
}

/* The status that the caller gets and the record says. A stream's head has gone: its status stays. */
static void set_status(request_rec *r, const uapi_response *response, int refused)
{
    if (response->state != UAPI_RESPONSE_STREAM) {
        r->status = (refused == OK) ? HTTP_OK : refused;
        r->status_line = NULL; /* the upstream's own phrase */
    }
}

apr_status_t uapi_response_refuse(ap_filter_t *f, uapi_response *response, const uapi_result *result, const char *rule)
{
    request_rec *r = f->r;
    uapi_call *call = response->call;
    uapi_result reason = *result;
    const char *body;
    call->refused_rule = rule;
    set_status(r, response, uapi_refuse(r, call, &reason));
    if (uapi_settle(r, call, uapi_reason_describe(reason.reason)->code) != APR_SUCCESS) {
        reason.reason = UAPI_REASON_AUDIT_UNAVAILABLE;
        set_status(r, response, uapi_refuse(r, call, &reason));
    }
    call->replied = 1;
    if (response->state == UAPI_RESPONSE_STREAM) {
        return end_stream(f, response, &reason);
    }
    body = uapi_refuse_whole(r, call, &reason);
    drop_validators(r);
    ap_set_content_type(r, uapi_refuse_type(call));
    return send_whole(f, response, body, strlen(body));
}

/* ----------------------------------------------------------------- a whole answer */

static apr_status_t finish_whole(ap_filter_t *f, uapi_response *response)
{
    uapi_call *call = response->call;
    uapi_inspected judged;
    uapi_result result = {0};
    if (response->used == 0) {
        judged = (uapi_inspected){.text = "", .length = 0};
    } else if (uapi_inspect_text(call, response->kind, response->bytes, response->used, &judged, f->r->pool, &result) !=
               APR_SUCCESS) {
        uapi_server_messages_withheld(f->r, call, &judged, &result);
        uapi_server_refusal_send(f->r, call, &judged, result.reason, f->r->pool);
        return uapi_response_refuse(f, response, &result,
                                    judged.report.decisive != NULL ? judged.report.decisive->rule : NULL);
    }
    if (response->used > 0 && uapi_server_messages_judge(f->r, call, &judged, f->r->pool, &result) != APR_SUCCESS) {
        uapi_server_refusal_send(f->r, call, &judged, result.reason, f->r->pool);
        return uapi_response_refuse(f, response, &result, NULL);
    }
    uapi_batch_join(f->r, call, &judged, &judged.text, &judged.length);
    if (judged.text != response->bytes && judged.length > 0) {
        drop_validators(f->r);
    }
    call->response_bytes = (apr_off_t)judged.length;
    if (uapi_settle(f->r, call, UAPI_OUTCOME_OK) != APR_SUCCESS) {
        uapi_fail(&result, f->r->pool, APR_EGENERAL, UAPI_REASON_AUDIT_UNAVAILABLE,
                  "the outcome could not be recorded");
        return uapi_response_refuse(f, response, &result, NULL);
    }
    return send_whole(f, response, judged.text, judged.length);
}

static apr_status_t take_whole_data(ap_filter_t *f, uapi_response *response, apr_bucket *bucket)
{
    const char *data;
    apr_size_t length;
    uapi_result result = {0};
    apr_status_t status = apr_bucket_read(bucket, &data, &length, APR_BLOCK_READ);
    if (status != APR_SUCCESS) {
        return status;
    }
    if (length > uapi_config_max_response(response->call->route) - response->used) {
        uapi_fail(&result, f->r->pool, APR_ENOSPC, UAPI_REASON_RESPONSE_TOO_LARGE,
                  "the answer is larger than UapiMaxResponse");
        status = uapi_response_refuse(f, response, &result, NULL);
        return (status == APR_SUCCESS) ? APR_ECONNABORTED : status; /* mod_proxy stops reading the upstream */
    }
    if (response->used + length > response->room) {
        size_t room = (response->used + length) * 2;
        char *larger = apr_palloc(f->r->pool, room);
        memcpy(larger, response->bytes, response->used);
        response->bytes = larger;
        response->room = room;
    }
    memcpy(response->bytes + response->used, data, length);
    response->used += length;
    return APR_SUCCESS;
}

/* The upstream broke off. Nothing has been sent yet, so the caller gets a proper error instead of half an answer. */
static apr_status_t fail_whole(ap_filter_t *f, uapi_response *response)
{
    uapi_result result = {0};
    if (f->c->aborted) {
        response->state = UAPI_RESPONSE_OVER;
        uapi_settle(f->r, response->call, UAPI_OUTCOME_CLIENT_GONE);
        return APR_ECONNABORTED;
    }
    uapi_fail(&result, f->r->pool, APR_ECONNRESET, UAPI_REASON_UPSTREAM_FAILED, "the upstream broke off its answer");
    return uapi_response_refuse(f, response, &result, NULL);
}

static apr_status_t inspect_whole(ap_filter_t *f, uapi_response *response, apr_bucket_brigade *brigade)
{
    apr_status_t status = APR_SUCCESS;
    for (apr_bucket *bucket = APR_BRIGADE_FIRST(brigade);
         status == APR_SUCCESS && bucket != APR_BRIGADE_SENTINEL(brigade) && response->state == UAPI_RESPONSE_WHOLE;
         bucket = APR_BUCKET_NEXT(bucket)) {
        if (APR_BUCKET_IS_EOS(bucket)) {
            status = finish_whole(f, response);
        } else if (AP_BUCKET_IS_ERROR(bucket)) {
            status = fail_whole(f, response);
        } else if (!APR_BUCKET_IS_METADATA(bucket)) {
            status = take_whole_data(f, response, bucket);
        }
    }
    apr_brigade_cleanup(brigade);
    return status;
}

/* An answer without a body passes; its outcome is recorded before its end does. */
static apr_status_t inspect_empty(ap_filter_t *f, uapi_response *response, apr_bucket_brigade *brigade)
{
    for (apr_bucket *bucket = APR_BRIGADE_FIRST(brigade); bucket != APR_BRIGADE_SENTINEL(brigade);
         bucket = APR_BUCKET_NEXT(bucket)) {
        if (APR_BUCKET_IS_EOS(bucket) && uapi_settle(f->r, response->call, UAPI_OUTCOME_OK) != APR_SUCCESS) {
            uapi_result result = {APR_EGENERAL, UAPI_REASON_AUDIT_UNAVAILABLE, "the outcome could not be recorded"};
            apr_brigade_cleanup(brigade);
            return uapi_response_refuse(f, response, &result, NULL);
        }
    }
    return ap_pass_brigade(f->next, brigade);
}

static apr_status_t inspect_response(ap_filter_t *f, apr_bucket_brigade *brigade)
{
    uapi_response *response = f->ctx;
    apr_table_clear(f->r->trailers_out); /* nobody judged them */
    if (response->state == UAPI_RESPONSE_START) {
        apr_status_t status = begin(f, response);
        if (status != APR_SUCCESS) {
            return status;
        }
    }
    switch (response->state) {
    case UAPI_RESPONSE_WHOLE:
        return inspect_whole(f, response, brigade);
    case UAPI_RESPONSE_STREAM:
        return uapi_inspect_stream(f, response, brigade);
    case UAPI_RESPONSE_EMPTY:
        return inspect_empty(f, response, brigade);
    default:
        apr_brigade_cleanup(brigade);
        return APR_ECONNABORTED;
    }
}

void uapi_inspect_response_register(void)
{
    response_filter = ap_register_output_filter("UAPI_RESPONSE", inspect_response, NULL, AP_FTYPE_RESOURCE);
}

void uapi_inspect_response_add(request_rec *r, uapi_call *call)
{
    uapi_response *response = apr_pcalloc(r->pool, sizeof(*response));
    response->call = call;
    ap_add_output_filter_handle(response_filter, response, r, r->connection);
}
