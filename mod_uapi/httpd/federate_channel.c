/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "federate_channel.h"

#include <string.h>

#include <apr_strings.h>

#include "http_protocol.h"

#include "log.h"
#include "server_messages.h"
#include "server_refusal.h"

uapi_channel *uapi_channel_create(request_rec *r, uapi_call *call)
{
    uapi_channel *channel = apr_pcalloc(r->pool, sizeof(*channel));
    channel->r = r;
    channel->call = call;
    apr_pool_create(&channel->event_pool, r->pool);
    return channel;
}

/* ----------------------------------------------------------------------------- writing */

int uapi_channel_write(uapi_channel *channel, const char *text, size_t length)
{
    channel->last_sign = apr_time_now();
    channel->call->response_bytes += (apr_off_t)length;
    if (ap_rwrite(text, (int)length, channel->r) < 0 || ap_rflush(channel->r) < 0 || channel->r->connection->aborted) {
        channel->client_gone = 1;
    }
    return channel->client_gone;
}

int uapi_channel_begin(uapi_channel *channel)
{
    channel->begun = 1;
    channel->r->status = channel->call->status = HTTP_OK;
    ap_set_content_type(channel->r, "text/event-stream");
    apr_table_setn(channel->r->headers_out, "Cache-Control", "no-store");
    return (channel->first != NULL) ? uapi_channel_write_message(channel, channel->first, strlen(channel->first))
                                    : uapi_channel_write(channel, ": \n\n", 4);
}

/* A message of JSON has line ends between its values only. */
int uapi_channel_write_message(uapi_channel *channel, const char *data, size_t length)
{
    char *text;
    if (!channel->begun && uapi_channel_begin(channel) != 0) {
        return 1;
    }
    text = apr_pstrcat(channel->event_pool, "data: ", apr_pstrmemdup(channel->event_pool, data, length), "\n\n", NULL);
    for (size_t i = 6; i < 6 + length; i++) {
        if (text[i] == '\n' || text[i] == '\r') {
            text[i] = ' ';
        }
    }
    return uapi_channel_write(channel, text, length + 8);
}

/* ----------------------------------------------------------------------------- judging */

static void withhold(request_rec *r, const uapi_call *own, const uapi_inspected *said, uapi_reason reason,
                     apr_pool_t *pool)
{
    uapi_server_refusal_send(r, own, said, reason, pool);
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, UAPI_LOGNO(0123) "call %s: an event of server %s was withheld: %s",
                  own->id, own->server, uapi_reason_describe(reason)->code);
}

apr_status_t uapi_channel_judge(uapi_channel *channel, uapi_ask *ask, const uapi_sse_event *event,
                                uapi_inspected *judged, uapi_result *why)
{
    request_rec *r = channel->r;
    apr_pool_t *pool = channel->event_pool;
    apr_status_t status = uapi_inspect_text(ask->call, UAPI_TEXT_JSON, event->data, event->data_length, judged, pool,
                                            why);
    if (status == APR_SUCCESS) {
        status = uapi_server_messages_judge(r, ask->call, judged, pool, why);
    } else {
        uapi_server_messages_withheld(r, ask->call, judged, why);
    }
    if (status != APR_SUCCESS) {
        withhold(r, ask->call, judged, why->reason, pool);
    }
    return status;
}

/* -------------------------------------------------------------- before there is an answer */

static void read_message(uapi_inspected *said, const uapi_sse_event *event, apr_pool_t *pool)
{
    uapi_result ignored = {0};
    memset(said, 0, sizeof(*said));
    if (uapi_json_read(&said->json, event->data, event->data_length, NULL, pool, &ignored) != APR_SUCCESS ||
        uapi_mcp_read_reply(&said->reply, &said->json, pool, &ignored) != APR_SUCCESS) {
        memset(&said->reply, 0, sizeof(said->reply));
    }
}

static int has_request(const uapi_inspected *said)
{
    for (uint32_t i = 0; i < said->reply.count; i++) {
        if (said->reply.messages[i].kind == UAPI_MCP_REQUEST) {
            return 1;
        }
    }
    return 0;
}

static int said_to_nobody(request_rec *r, uapi_ask *ask, const uapi_sse_event *event, apr_pool_t *pool)
{
    uapi_inspected said;
    uapi_result why = {APR_ENOTIMPL, UAPI_REASON_GATEWAY_UNSUPPORTED, NULL};
    read_message(&said, event, pool);
    if (has_request(&said)) {
        uapi_server_messages_withheld(r, ask->call, &said, &why);
        withhold(r, ask->call, &said, why.reason, pool);
    }
    return why.reason == UAPI_REASON_RESPONSE_REFUSED ? UAPI_REASON_RESPONSE_REFUSED : UAPI_REASON_NONE;
}

int uapi_channel_said(uapi_channel *channel, request_rec *r, uapi_ask *ask, const uapi_sse_event *event,
                      apr_pool_t *pool)
{
    uapi_inspected judged;
    uapi_result why = {0};
    int over = 0;
    if (channel == NULL) {
        ask->trouble = said_to_nobody(r, ask, event, pool);
        return ask->trouble != UAPI_REASON_NONE;
    }
    if (uapi_channel_judge(channel, ask, event, &judged, &why) != APR_SUCCESS) {
        ask->trouble = (why.reason == UAPI_REASON_RESPONSE_REFUSED) ? why.reason : UAPI_REASON_NONE;
        over = ask->trouble != UAPI_REASON_NONE;
    } else if (judged.reply.count == 1 && judged.reply.messages[0].method != NULL) {
        over = uapi_channel_write_message(channel, judged.text, judged.length);
    }
    apr_pool_clear(channel->event_pool);
    return over;
}
