/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * An event stream is judged event by event. An event leaves, flushed, before the next is looked at; nothing leaves unseen, not
 * even what an upstream that died left unfinished. A blocked event is replaced in the stream, and the stream goes on.
 */
#include <string.h>

#include <apr_strings.h>

#include "http_protocol.h"

#include "../core/session.h"
#include "batch.h"
#include "endpoint.h"
#include "federate.h"
#include "hold.h"
#include "inspect.h"
#include "log.h"
#include "record.h"
#include "refuse.h"
#include "server_messages.h"
#include "server_refusal.h"
#include "settle.h"
#include "stages.h"

/* The caller's form of an event's id. One that is too long to be sealed is left out: the stream cannot be resumed from there. */
static const char *seal_id(void *baton, const char *id, apr_pool_t *pool)
{
    const uapi_call *call = baton;
    const char *sealed;
    uapi_session_seal_part(&sealed, UAPI_SESSION_EVENT, id, uapi_federate_session_of(call), call->gateway->keyring,
                           call->principal, call->server, pool, NULL);
    return sealed;
}

static void seal_ids(const uapi_response *response, const uapi_sse_event *event, const char **text, size_t *length,
                     apr_pool_t *pool)
{
    if (event->has_id && response->call->protocol == UAPI_PROTOCOL_MCP) {
        uapi_sse_map_ids(text, length, event->lead, seal_id, response->call, pool);
    }
}

static apr_status_t send_event(ap_filter_t *f, uapi_response *response, const char *bytes, size_t length)
{
    apr_bucket_brigade *out = apr_brigade_create(response->event_pool, f->c->bucket_alloc);
    apr_status_t status;
    APR_BRIGADE_INSERT_TAIL(out, apr_bucket_transient_create(bytes, length, f->c->bucket_alloc));
    APR_BRIGADE_INSERT_TAIL(out, apr_bucket_flush_create(f->c->bucket_alloc));
    response->call->response_bytes += (apr_off_t)length;
    status = ap_pass_brigade(f->next, out);
    apr_brigade_destroy(out);
    return status;
}

/*
 * What stands in for a blocked event. An answer becomes the error that answers the same request; anything else that a
 * server says on its own account (a notification, a request to the client) just does not come, and a comment tells a human
 * reader why.
 */
static const char *substitute(ap_filter_t *f, const uapi_response *response, const uapi_sse_event *event,
                              const uapi_inspected *judged, const uapi_result *why, size_t *length)
{
    const uapi_mcp_body *reply = &judged->reply;
    const uapi_call *call = response->call;
    const char *rule = (judged->report.decisive != NULL) ? judged->report.decisive->rule : NULL;
    const char *text;
    int is_answer = reply->count > 0 && !reply->batch &&
                    (reply->messages[0].kind == UAPI_MCP_RESULT || reply->messages[0].kind == UAPI_MCP_ERROR);
    if (!is_answer || (call->mcp.count > 0 &&
                       !uapi_batch_was_asked(call, &judged->json, reply->messages[0].id, response->event_pool))) {
        text = apr_psprintf(response->event_pool, ": an event was withheld, %s, call %s\n\n",
                            uapi_reason_describe(why->reason)->code, call->id);
        *length = strlen(text);
        return text;
    }
    text = uapi_refuse_body(f->r, call, why, rule, &judged->json, reply->messages[0].id, response->event_pool);
    uapi_sse_rewrite(event, text, strlen(text), response->event_pool, &text, length);
    return text;
}

/* Data that looks like JSON must be JSON; other data (the endpoint event of old revisions) is plain text. */
static uapi_text_kind kind_of(const uapi_sse_event *event)
{
    size_t i = 0;
    while (i < event->data_length && memchr(" \t\r\n", event->data[i], 4) != NULL) {
        i++;
    }
    if (event->data_length == 6 && memcmp(event->data, "[DONE]", 6) == 0) {
        return UAPI_TEXT_PLAIN; /* the end of a stream of completions */
    }
    return (i < event->data_length && (event->data[i] == '{' || event->data[i] == '[')) ? UAPI_TEXT_JSON
                                                                                        : UAPI_TEXT_PLAIN;
}

/* The errors of refused members of a batch come first. A byte order mark would mean something only at the very beginning. */
static apr_status_t preface(ap_filter_t *f, uapi_response *response, const char **text, size_t *length)
{
    const char *events = response->begun ? NULL : uapi_batch_events(f->r, response->call);
    response->begun = 1;
    if (events == NULL) {
        return APR_SUCCESS;
    }
    if (*length >= 3 && memcmp(*text, "\xEF\xBB\xBF", 3) == 0) {
        *text += 3;
        *length -= 3;
    }
    return send_event(f, response, events, strlen(events));
}

apr_status_t uapi_inspect_send(ap_filter_t *f, uapi_response *response, const uapi_sse_event *event, const char *text,
                               size_t length, apr_pool_t *pool)
{
    apr_status_t status;
    seal_ids(response, event, &text, &length, pool);
    status = preface(f, response, &text, &length);
    return status == APR_SUCCESS ? send_event(f, response, text, length) : status;
}

/* What the server answers to messages posted to another address (HTTP+SSE) is an outcome of its own. */
static apr_status_t record_answers(request_rec *r, uapi_call *call, const uapi_inspected *judged, uapi_reason refused,
                                   uapi_result *why)
{
    apr_status_t status = APR_SUCCESS;
    for (uint32_t i = 0; i < judged->reply.count && call->offered && status == APR_SUCCESS; i++) {
        const uapi_mcp_message *message = &judged->reply.messages[i];
        if (message->kind == UAPI_MCP_RESULT || message->kind == UAPI_MCP_ERROR) {
            status = uapi_record_answer(r, call, &judged->json, message->id, &judged->report, refused, why);
        }
    }
    return status;
}

static int is_endpoint(const request_rec *r, const uapi_call *call, const uapi_sse_event *event)
{
    return event->type_length == 8 && memcmp(event->type, "endpoint", 8) == 0 && call->protocol == UAPI_PROTOCOL_MCP &&
           r->method_number == M_GET;
}

/* Where the client is to post is never passed on but replaced: a client that is led elsewhere is lost to the gateway. */
static apr_status_t offer_endpoint(ap_filter_t *f, uapi_response *response, const uapi_sse_event *event)
{
    uapi_call *call = response->call;
    const char *offered, *raw;
    size_t length;
    uapi_result why = {0};
    apr_status_t status = uapi_hold_release(f, response);
    if (status != APR_SUCCESS) {
        return status;
    }
    if (uapi_endpoint_offer(f->r, call, event->data != NULL ? event->data : "", event->data_length, &offered,
                            response->event_pool, &why) != APR_SUCCESS) {
        return uapi_response_refuse(f, response, &why, NULL);
    }
    call->offered = 1;
    uapi_sse_rewrite(event, offered, strlen(offered), response->event_pool, &raw, &length);
    seal_ids(response, event, &raw, &length, response->event_pool);
    return send_event(f, response, raw, length);
}

static const char *withheld_comment(const uapi_response *response, const uapi_result *why)
{
    return apr_psprintf(response->event_pool, ": an event was withheld, %s, call %s\n\n",
                        uapi_reason_describe(why->reason)->code, response->call->id);
}

/* Judged with what went before it in its texts. A comment is part of none. */
static apr_status_t judge_data(ap_filter_t *f, uapi_response *response, const uapi_sse_event *event,
                               uapi_inspect_parts *parts, uapi_inspected *judged, uapi_result *why)
{
    apr_status_t status;
    if (event->data == NULL) {
        status = uapi_inspect_text(response->call, UAPI_TEXT_PLAIN, event->raw, event->raw_length, judged,
                                   response->event_pool, why);
    } else {
        status = uapi_inspect_event(response->call, kind_of(event), event->data, event->data_length, parts, judged,
                                    response->event_pool, why);
    }
    if (status == APR_SUCCESS) {
        status = uapi_server_messages_judge(f->r, response->call, judged, response->event_pool, why);
    } else {
        uapi_server_messages_withheld(f->r, response->call, judged, why);
    }
    if (status == APR_SUCCESS) {
        status = record_answers(f->r, response->call, judged, UAPI_REASON_NONE, why);
    }
    return status;
}

static apr_status_t withhold(ap_filter_t *f, uapi_response *response, const uapi_inspected *judged,
                             uapi_outgoing *outgoing, uapi_result *why)
{
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, f->r, UAPI_LOGNO(0105) "call %s: an event was withheld: %s: %s",
                  response->call->id, uapi_reason_describe(why->reason)->code, why->detail != NULL ? why->detail : "");
    uapi_server_refusal_send(f->r, response->call, judged, why->reason, response->event_pool);
    record_answers(f->r, response->call, judged, why->reason, why);
    outgoing->edits = NULL;
    outgoing->text = substitute(f, response, outgoing->event, judged, why, &outgoing->length);
    return APR_SUCCESS;
}

static apr_status_t judge_event(ap_filter_t *f, uapi_response *response, const uapi_sse_event *event)
{
    uapi_outgoing outgoing = {response->events++, event, NULL, NULL, event->raw, event->raw_length};
    uapi_inspect_parts parts = {.stream = response->texts,
                                .number = outgoing.number,
                                .type = event->type,
                                .type_length = event->type_length,
                                .holds = response->holds};
    uapi_inspected judged;
    uapi_result why = {0};
    apr_status_t status;
    if (is_endpoint(f->r, response->call, event)) {
        status = offer_endpoint(f, response, event);
        apr_pool_clear(response->event_pool);
        return status;
    }
    status = judge_data(f, response, event, &parts, &judged, &why);
    if (parts.before != NULL) {
        uapi_hold_cut(response, parts.before, status != APR_SUCCESS ? withheld_comment(response, &why) : NULL);
    }
    outgoing.json = &judged.json;
    outgoing.edits = judged.edits;
    if (status != APR_SUCCESS) {
        withhold(f, response, &judged, &outgoing, &why);
        if (why.reason == UAPI_REASON_RESPONSE_REFUSED) {
            uapi_hold_release(f, response);
            return uapi_response_refuse(f, response, &why, NULL);
        }
    } else if (event->data == NULL) {
        outgoing.text = judged.text;
        outgoing.length = judged.length;
    } else if (judged.text != event->data) {
        uapi_sse_rewrite(event, judged.text, judged.length, response->event_pool, &outgoing.text, &outgoing.length);
    }
    status = uapi_hold_pass(f, response, &outgoing);
    apr_pool_clear(response->event_pool);
    return status;
}

/* What is too much ends the stream before anything of it is looked at. */
static apr_status_t take_event(ap_filter_t *f, uapi_response *response, const uapi_sse_event *event)
{
    uapi_result why = {0};
    if (uapi_stream_is_limited(&response->limits) &&
        uapi_stream_take(&response->limits, &response->use, event->raw_length, apr_time_now(), &why) != APR_SUCCESS) {
        uapi_hold_release(f, response);
        return uapi_response_refuse(f, response, &why, NULL);
    }
    return judge_event(f, response, event);
}

static apr_status_t take_data(ap_filter_t *f, uapi_response *response, apr_bucket *bucket)
{
    const char *data;
    apr_size_t length;
    uapi_sse_event event;
    uapi_result result = {0};
    apr_status_t status = apr_bucket_read(bucket, &data, &length, APR_BLOCK_READ);
    if (status != APR_SUCCESS) {
        return status;
    }
    if (uapi_sse_feed(response->sse, data, length, &result) != APR_SUCCESS) {
        uapi_hold_release(f, response);
        return uapi_response_refuse(f, response, &result, NULL);
    }
    while (status == APR_SUCCESS && uapi_sse_next(response->sse, &event) == APR_SUCCESS) {
        status = take_event(f, response, &event);
    }
    return status;
}

/* What came without its blank line is judged as if it had it, but only a stream that ended well passes it on. */
static apr_status_t end(ap_filter_t *f, uapi_response *response)
{
    uapi_sse_event event;
    apr_status_t status = APR_SUCCESS;
    if (uapi_sse_finish(response->sse, &event) == APR_SUCCESS) {
        status = take_event(f, response, &event);
    } else if (!response->begun) {
        const char *nothing = "";
        size_t length = 0;
        status = preface(f, response, &nothing, &length);
    }
    return status == APR_SUCCESS ? uapi_hold_release(f, response) : status;
}

static apr_status_t pass_on(ap_filter_t *f, apr_bucket *bucket, apr_pool_t *pool)
{
    apr_bucket_brigade *out = apr_brigade_create(pool, f->c->bucket_alloc);
    apr_status_t status;
    APR_BUCKET_REMOVE(bucket);
    APR_BRIGADE_INSERT_TAIL(out, bucket);
    status = ap_pass_brigade(f->next, out);
    apr_brigade_destroy(out);
    return status;
}

/* An outcome that cannot be recorded must not look like success: the stream breaks off instead of ending. */
static apr_status_t settle_at_end(ap_filter_t *f, uapi_response *response, const char *what)
{
    apr_status_t status = uapi_settle(f->r, response->call, what);
    if (status != APR_SUCCESS) {
        f->r->connection->keepalive = AP_CONN_CLOSE;
        f->c->aborted = 1;
    }
    return status;
}

static apr_status_t take_metadata(ap_filter_t *f, uapi_response *response, apr_bucket *bucket)
{
    apr_status_t status = APR_SUCCESS;
    if (APR_BUCKET_IS_EOS(bucket)) {
        status = end(f, response);
        if (status == APR_SUCCESS) {
            status = settle_at_end(f, response, f->c->aborted ? UAPI_OUTCOME_CLIENT_GONE : UAPI_OUTCOME_OK);
        }
        if (status == APR_SUCCESS) {
            ap_remove_output_filter(f);
        }
    } else if (AP_BUCKET_IS_ERROR(bucket)) {
        status = uapi_hold_release(f, response);
        settle_at_end(f, response,
                      f->c->aborted ? UAPI_OUTCOME_CLIENT_GONE
                                    : uapi_reason_describe(UAPI_REASON_UPSTREAM_FAILED)->code);
    }
    return (status == APR_SUCCESS) ? pass_on(f, bucket, response->event_pool) : status;
}

apr_status_t uapi_inspect_stream(ap_filter_t *f, uapi_response *response, apr_bucket_brigade *brigade)
{
    apr_status_t status = APR_SUCCESS;
    while (status == APR_SUCCESS && !APR_BRIGADE_EMPTY(brigade)) {
        apr_bucket *bucket = APR_BRIGADE_FIRST(brigade);
        if (APR_BUCKET_IS_METADATA(bucket)) {
            status = take_metadata(f, response, bucket);
        } else {
            status = take_data(f, response, bucket);
            apr_bucket_delete(bucket);
        }
    }
    apr_brigade_cleanup(brigade);
    return status;
}
