/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Where a message goes, and the way there. A server that the caller may not use and one that does not exist give the same refusal.
 */
#include "federate.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "http_protocol.h"
#include "httpd.h"
#include "mod_proxy.h"

#include "../core/mirror.h"
#include "body.h"
#include "federate_channel.h"
#include "log.h"
#include "refuse.h"
#include "settle.h"
#include "stages.h"

int uapi_federate_applies(const request_rec *r)
{
    return r->handler != NULL && strcmp(r->handler, UAPI_GATEWAY_HANDLER) == 0;
}

/* ------------------------------------------------------------------------ where to */

static apr_status_t begin(request_rec *r, uapi_call *call, uapi_result *result)
{
    const uapi_gateway_endpoint *endpoint = call->route->endpoint;
    const char *sealed = apr_table_get(r->headers_in, "Mcp-Session-Id");
    uapi_federated *federated = apr_pcalloc(r->pool, sizeof(*federated));
    if (endpoint == NULL || endpoint->policy == NULL || endpoint->policy != call->gateway->policy) {
        return uapi_fail(result, r->pool, APR_EINVAL, UAPI_REASON_CONFIG_INVALID,
                         "the handler is " UAPI_GATEWAY_HANDLER
                         ", but there is no UapiServers in this server's policy");
    }
    if (call->protocol != UAPI_PROTOCOL_MCP) {
        return uapi_fail(result, r->pool, APR_EINVAL, UAPI_REASON_CONFIG_INVALID,
                         "the handler is " UAPI_GATEWAY_HANDLER ", which speaks MCP and nothing else");
    }
    federated->federation = &endpoint->federation;
    federated->modern = call->mcp.count > 0 && call->mcp.revision == UAPI_MCP_2026_07_28;
    federated->headers = apr_table_make(r->pool, 8);
    federated->last_event = apr_table_get(r->headers_in, "Last-Event-ID");
    apr_table_unset(r->headers_in, "Last-Event-ID"); /* no server knows it in this form */
    call->federated = federated;
    call->server = NULL;
    call->session = NULL;
    return (sealed == NULL) ? APR_SUCCESS
                            : uapi_federation_session_open(&federated->session, sealed, call->gateway->keyring,
                                                           call->principal, r->pool, result);
}

const char *uapi_federate_name_header(const char *name, apr_pool_t *pool)
{
    return uapi_mirror_encode(name, strlen(name), pool);
}

static apr_status_t read_as_servers_own(request_rec *r, uapi_call *call, apr_array_header_t *edits, uapi_result *result)
{
    uapi_federated *federated = call->federated;
    const uapi_mcp_message *message = &call->mcp.messages[0];
    const char *name = message->target;
    const char *text;
    apr_status_t status;
    if (name != NULL) { /* what the edits cut is the prefix, and nothing else */
        const char *uri = apr_pstrcat(r->pool, "uapi:", federated->server->name, ":", NULL);
        name += strncmp(name, uri, strlen(uri)) == 0
                    ? strlen(uri)
                    : strlen(federated->server->name) + strlen(federated->federation->separator);
        name = uapi_federate_name_header(name, r->pool);
    }
    uapi_edit_apply(&text, &call->body_length, call->body, call->body_length, edits, r->pool);
    call->body = (char *)text;
    status = uapi_understand_again(r, call, federated->modern ? name : NULL, result);
    if (status == APR_SUCCESS && federated->modern && name != NULL &&
        apr_table_get(r->headers_in, "Mcp-Name") != NULL) {
        apr_table_setn(federated->headers, "Mcp-Name", name);
    }
    return status;
}

static apr_status_t unsupported(request_rec *r, const uapi_call *call, uapi_result *result)
{
    return uapi_fail(result, r->pool, APR_ENOTIMPL, UAPI_REASON_GATEWAY_UNSUPPORTED, "the method %.64s",
                     uapi_call_method(call, &call->mcp.messages[0]));
}

/* What 2026-07-28 has no more. */
static int is_past(const uapi_call *call)
{
    static const char *const past[] = {"resources/subscribe", "resources/unsubscribe", "tasks/list", "tasks/result"};
    for (size_t i = 0; i < sizeof(past) / sizeof(past[0]); i++) {
        if (strcmp(uapi_call_method(call, &call->mcp.messages[0]), past[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

apr_status_t uapi_stage_federate(request_rec *r, uapi_call *call, uapi_result *result)
{
    apr_array_header_t *edits;
    uapi_federated *federated;
    apr_status_t status;
    if (!uapi_federate_applies(r)) {
        return APR_SUCCESS;
    }
    status = begin(r, call, result);
    if (status != APR_SUCCESS) {
        return status;
    }
    federated = call->federated;
    if (call->mcp.count == 0) {
        federated->route = UAPI_FEDERATION_OWN;
        return APR_SUCCESS;
    }
    if (call->mcp.batch) { /* its members are calls of their own */
        federated->route = UAPI_FEDERATION_OWN;
        return APR_SUCCESS;
    }
    edits = uapi_edit_list(r->pool);
    federated->route = uapi_federation_read(federated->federation, &call->json, &call->mcp.messages[0],
                                            &federated->server, edits, r->pool);
    if (federated->modern && is_past(call)) {
        federated->route = UAPI_FEDERATION_UNSUPPORTED;
    }
    switch (federated->route) {
    case UAPI_FEDERATION_UNSUPPORTED:
        return unsupported(r, call, result);
    case UAPI_FEDERATION_FORWARD:
        call->server = federated->server->name;
        return read_as_servers_own(r, call, edits, result);
    default:
        return APR_SUCCESS;
    }
}

/* ------------------------------------------------------------------------ decisions */

int uapi_federate_is_visible(const uapi_call *call, const char *server)
{
    uapi_verdict verdict;
    uapi_decide_method(call, server, "initialize", &verdict);
    return verdict.effect == UAPI_EFFECT_ALLOW;
}

apr_status_t uapi_federate_decide(request_rec *r, uapi_call *call, uapi_result *result)
{
    uapi_federated *federated = call->federated;
    const apr_array_header_t *servers = federated->federation->servers;
    const char *method = uapi_call_method(call, call->mcp.count > 0 ? &call->mcp.messages[0] : NULL);
    apr_array_header_t *allowed = apr_array_make(r->pool, servers->nelts, sizeof(const uapi_policy_server *));
    federated->allowed = allowed;
    call->verdict = (uapi_verdict){.effect = UAPI_EFFECT_DENY, .reason = UAPI_REASON_POLICY_DEFAULT};
    for (int i = 0; i < servers->nelts && federated->route == UAPI_FEDERATION_OWN; i++) {
        const uapi_policy_server *server = APR_ARRAY_IDX(servers, i, const uapi_policy_server *);
        uapi_verdict verdict;
        uapi_decide_method(call, server->name, method, &verdict);
        if (verdict.effect == UAPI_EFFECT_ALLOW && call->verdict.effect != UAPI_EFFECT_ALLOW) {
            call->verdict = verdict;
        }
        if (verdict.effect == UAPI_EFFECT_ALLOW || !uapi_call_enforces(call)) {
            APR_ARRAY_PUSH(allowed, const uapi_policy_server *) = server;
        }
    }
    if (call->verdict.effect == UAPI_EFFECT_ALLOW ||
        (!uapi_call_enforces(call) && federated->route == UAPI_FEDERATION_OWN)) {
        return APR_SUCCESS;
    }
    return uapi_fail(result, r->pool, APR_EACCES, call->verdict.reason,
                     federated->route == UAPI_FEDERATION_OWN ? "no server here allows it to this caller"
                                                             : "it names no server of this endpoint");
}

/* ------------------------------------------------------------------------- handling */

void uapi_federate_direct(request_rec *r, const uapi_call *call)
{
    if (call->federated->route == UAPI_FEDERATION_FORWARD) {
        r->filename = apr_pstrcat(r->pool, "proxy:", call->federated->server->url, NULL);
        r->proxyreq = PROXYREQ_REVERSE;
        r->handler = "proxy-server";
        r->args = NULL; /* the server's URL is the policy's, whole */
    }
}

static apr_status_t connect_to(request_rec *r, uapi_call *call, uapi_result *result)
{
    uapi_federated *federated = call->federated;
    uapi_reason reason = UAPI_REASON_UPSTREAM_FAILED;
    apr_status_t status = uapi_federate_peers(r, call, &federated->server, &federated->peer, &reason, 1, NULL, result);
    if (status == APR_SUCCESS && federated->peer == NULL) {
        if (reason == UAPI_REASON_UPSTREAM_FAILED) {
            reason = UAPI_REASON_UPSTREAM_UNREACHABLE; /* the call itself was not sent */
        }
        return uapi_fail(result, r->pool, APR_EGENERAL, reason, "no session at server %s", federated->server->name);
    }
    if (status == APR_SUCCESS) {
        status = uapi_federate_translate(r, call, result);
    }
    if (status == APR_SUCCESS) {
        uapi_federate_expect_cancel(r, call);
    }
    return status;
}

int uapi_federate_refuse(request_rec *r, uapi_call *call, const uapi_result *why)
{
    int status = uapi_refuse(r, call, why);
    uapi_settle(r, call, uapi_reason_describe(why->reason)->code);
    return (status == OK) ? uapi_refuse_handler(r, call) : status;
}

/* As the last event of a stream that has begun. An outcome that cannot be recorded must not look like a good end. */
static int end_stream(request_rec *r, uapi_call *call, const char *text)
{
    size_t length = (text != NULL) ? strlen(text) : 0;
    call->response_bytes += (apr_off_t)length;
    if (uapi_settle(r, call, r->connection->aborted ? UAPI_OUTCOME_CLIENT_GONE : UAPI_OUTCOME_OK) != APR_SUCCESS) {
        r->connection->keepalive = AP_CONN_CLOSE;
        r->connection->aborted = 1;
    } else if (text != NULL) {
        uapi_channel_write_message(call->federated->channel, text, length);
    }
    return OK;
}

/* The outcome is in the chain before the first byte leaves. */
static int send_answer(request_rec *r, uapi_call *call, const char *text)
{
    uapi_result trouble = {0};
    size_t length = (text != NULL) ? strlen(text) : 0;
    if (call->federated->channel != NULL && call->federated->channel->begun) {
        return end_stream(r, call, text);
    }
    call->response_bytes = (apr_off_t)length;
    r->status = call->status = (text != NULL || call->mcp.count == 0) ? HTTP_OK : HTTP_ACCEPTED;
    if (uapi_settle(r, call, UAPI_OUTCOME_OK) != APR_SUCCESS) {
        uapi_fail(&trouble, r->pool, APR_EGENERAL, UAPI_REASON_AUDIT_UNAVAILABLE, "the outcome could not be recorded");
        return uapi_federate_refuse(r, call, &trouble);
    }
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    ap_set_content_length(r, (apr_off_t)length);
    if (text != NULL) {
        ap_set_content_type(r, "application/json");
        ap_rputs(text, r);
    }
    return OK;
}

/* The id stands in the answer as it stood in the request. */
const char *uapi_federate_raw_id(const request_rec *r, const uapi_call *call)
{
    const uapi_json_node *node = &call->json.nodes[call->mcp.messages[0].id];
    int quotes = node->type == UAPI_JSON_STRING;
    return apr_pstrmemdup(r->pool, call->body + node->start - quotes, node->length + 2 * (unsigned)quotes);
}

static int answer(request_rec *r, uapi_call *call)
{
    uapi_result trouble = {0};
    const char *text = NULL;
    int is_request = call->mcp.count > 0 && !call->mcp.batch && call->mcp.messages[0].kind == UAPI_MCP_REQUEST;
    apr_status_t status = call->mcp.batch ? uapi_federate_answer_batch(r, call, &text, &trouble)
                          : (is_request && uapi_federate_is_list(call->mcp.messages[0].method))
                              ? uapi_federate_list(r, call, &text, &trouble)
                              : uapi_federate_answer(r, call, &text, &trouble);
    if (status != APR_SUCCESS) {
        return uapi_federate_refuse(r, call, &trouble);
    }
    if (r->status == HTTP_METHOD_NOT_ALLOWED) {
        uapi_settle(r, call, UAPI_OUTCOME_OK);
        call->replied = 1;
        return HTTP_METHOD_NOT_ALLOWED;
    }
    if (is_request) {
        text = apr_pstrcat(r->pool, "{\"jsonrpc\":\"2.0\",\"id\":", uapi_federate_raw_id(r, call), ",\"result\":", text,
                           "}", NULL);
    }
    return send_answer(r, call, text);
}

static int is_listening(const uapi_call *call)
{
    const uapi_mcp_message *message = (call->mcp.count > 0) ? &call->mcp.messages[0] : NULL;
    return message != NULL && message->kind == UAPI_MCP_REQUEST && call->federated->modern &&
           strcmp(message->method, "subscriptions/listen") == 0;
}

int uapi_federate_handle(request_rec *r, uapi_call *call)
{
    uapi_result trouble = {0};
    if (call->federated->route == UAPI_FEDERATION_OWN) {
        return is_listening(call) ? uapi_federate_stream(r, call, uapi_federate_raw_id(r, call))
               : call->mcp.count == 0 && r->method_number == M_GET && !r->header_only
                   ? uapi_federate_stream(r, call, NULL)
                   : answer(r, call);
    }
    if (connect_to(r, call, &trouble) != APR_SUCCESS) {
        return uapi_federate_refuse(r, call, &trouble);
    }
    uapi_body_replay(r, call->forward, call->forward_length);
    return DECLINED;
}
