/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A batch (2025-03-26) at a universal gateway: its members are calls of their own, each for the server that it names. Each goes through the
 * stages by itself, and what one of them is refused is its own affair. They are sent side by side, each to its server as the single
 * message that servers of every revision take, and the answers make one array.
 *
 * What a server says before it answers goes to the client at once, if that takes event streams: then the array is the stream's last event
 * (2025-03-26, "basic/transports", 5 and 6).
 */
#include "federate.h"

#include <string.h>

#include <apr_strings.h>

#include "http_protocol.h"

#include "batch.h"
#include "federate_channel.h"
#include "log.h"
#include "refuse.h"
#include "stages.h"
#include "understand.h"

/* ------------------------------------------------------------------------- judging */

/* Headers that mirror a body were compared with the batch as a whole; a member has none. */
static apr_status_t understand(request_rec *r, uapi_call *own, uapi_result *result)
{
    apr_status_t status = uapi_understand_json(r, own, result);
    if (status == APR_SUCCESS) {
        status = uapi_mcp_read(&own->mcp, &own->json, NULL, r->pool, result);
    }
    own->mcp.count = (status == APR_SUCCESS) ? own->mcp.count : 0;
    return status;
}

static uapi_call *make_call(request_rec *r, const uapi_call *call, uint32_t index)
{
    const uapi_json_node *node = &call->json.nodes[call->mcp.messages[index].node];
    uapi_call *own = apr_pcalloc(r->pool, sizeof(*own));
    uapi_federated *federated = apr_pmemdup(r->pool, call->federated, sizeof(*federated));
    uapi_call_begin(own, call->started);
    own->parent = call->id;
    own->gateway = call->gateway;
    own->route = call->route;
    own->protocol = call->protocol;
    own->principal = call->principal;
    own->http_method = call->http_method;
    own->body_length = node->length;
    own->body = apr_pstrmemdup(r->pool, call->body + node->start, node->length);
    federated->headers = apr_table_make(r->pool, 4);
    own->federated = federated;
    return own;
}

static apr_status_t route(request_rec *r, uapi_call *own, uapi_result *result)
{
    uapi_federated *federated = own->federated;
    apr_array_header_t *edits = uapi_edit_list(r->pool);
    const char *text;
    federated->route = uapi_federation_read(federated->federation, &own->json, &own->mcp.messages[0],
                                            &federated->server, edits, r->pool);
    if (federated->route == UAPI_FEDERATION_UNSUPPORTED) {
        return uapi_fail(result, r->pool, APR_ENOTIMPL, UAPI_REASON_GATEWAY_UNSUPPORTED, "the method %.64s",
                         uapi_call_method(own, &own->mcp.messages[0]));
    }
    if (federated->route != UAPI_FEDERATION_FORWARD) {
        return APR_SUCCESS;
    }
    own->server = federated->server->name;
    uapi_edit_apply(&text, &own->body_length, own->body, own->body_length, edits, r->pool);
    own->body = (char *)text;
    return understand(r, own, result);
}

typedef apr_status_t (*stage)(request_rec *r, uapi_call *call, uapi_result *result);

static const stage stages[] = {understand,
                               route,
                               uapi_stage_decide,
                               uapi_stage_pinning,
                               uapi_stage_inspect_request,
                               uapi_stage_split,
                               uapi_stage_find_credential};

apr_status_t uapi_federate_decide_batch(request_rec *r, uapi_call *call, uapi_result *result)
{
    uapi_federated *federated = call->federated;
    federated->members = apr_pcalloc(r->pool, sizeof(*federated->members) * call->mcp.count);
    uapi_batch_begin(call, r->pool);
    for (uint32_t i = 0; i < call->mcp.count; i++) {
        uapi_call *own = federated->members[i] = make_call(r, call, i);
        uapi_result why = {0};
        for (size_t j = 0; j < sizeof(stages) / sizeof(stages[0]) && why.reason == UAPI_REASON_NONE; j++) {
            stages[j](r, own, &why);
        }
        own->refusal = why;
        call->members[i].verdict = own->verdict;
        if (i == 0 || (own->verdict.effect == UAPI_EFFECT_DENY && call->verdict.effect != UAPI_EFFECT_DENY)) {
            call->verdict = own->verdict;
        }
        if (why.reason != UAPI_REASON_NONE) {
            uapi_batch_refuse(r, call, i, why.reason, own->refused_rule);
        }
    }
    return uapi_batch_require_one(call, r->pool, result);
}

/* ------------------------------------------------------------------------ answering */

static const char *error_for(request_rec *r, const uapi_call *call, uint32_t index, uapi_reason reason,
                             const char *rule)
{
    uapi_result why = {APR_EGENERAL, reason, NULL};
    return uapi_refuse_body(r, call, &why, rule, &call->json, call->mcp.messages[index].id, r->pool);
}

static const char *answer_own(request_rec *r, uapi_call *call, uint32_t index)
{
    uapi_call *own = call->federated->members[index];
    uapi_result why = {0};
    const char *text = NULL;
    int is_request = own->mcp.messages[0].kind == UAPI_MCP_REQUEST;
    apr_status_t status;
    memcpy(own->id, call->id, sizeof(own->id)); /* what is asked for it serves the call that is recorded */
    status = (is_request && uapi_federate_is_list(own->mcp.messages[0].method))
                 ? uapi_federate_list(r, own, &text, &why)
                 : uapi_federate_answer(r, own, &text, &why);
    call->hidden += own->hidden;
    if (status != APR_SUCCESS) {
        return error_for(r, call, index, why.reason, NULL);
    }
    return is_request ? apr_pstrcat(r->pool, "{\"jsonrpc\":\"2.0\",\"id\":", uapi_federate_raw_id(r, own),
                                    ",\"result\":", text, "}", NULL)
                      : NULL;
}

/* Those that go to servers, with their peers; `which` says whose they are. */
static apr_status_t make_asks(request_rec *r, uapi_call *call, uapi_ask *asks, uint32_t *which, size_t *count,
                              const char **answers, uapi_result *result)
{
    size_t room = call->mcp.count + 1;
    const uapi_policy_server **servers = apr_pcalloc(r->pool, sizeof(*servers) * room);
    const uapi_federation_peer **peers = apr_pcalloc(r->pool, sizeof(*peers) * room);
    uapi_reason *reasons = apr_pcalloc(r->pool, sizeof(*reasons) * room);
    uint32_t *wanted = apr_pcalloc(r->pool, sizeof(*wanted) * room);
    size_t going = 0;
    apr_status_t status = APR_SUCCESS;
    *count = 0;
    for (uint32_t i = 0; i < call->mcp.count; i++) {
        const uapi_federated *federated = call->federated->members[i]->federated;
        if (call->members[i].refused == UAPI_REASON_NONE && federated->route == UAPI_FEDERATION_FORWARD) {
            servers[going] = federated->server;
            wanted[going++] = i;
        }
    }
    for (size_t i = 0; i < going && status == APR_SUCCESS; i++) { /* one by one: the next may be of the same server */
        uapi_call *own = call->federated->members[wanted[i]];
        uapi_result why = {0};
        status = uapi_federate_peers(r, call, &servers[i], &peers[i], &reasons[i], 1, NULL, result);
        own->federated->peer = peers[i];
        if (reasons[i] == UAPI_REASON_UPSTREAM_FAILED) {
            reasons[i] = UAPI_REASON_UPSTREAM_UNREACHABLE; /* the call itself was not sent */
        }
        if (status == APR_SUCCESS && peers[i] == NULL) {
            answers[wanted[i]] = error_for(r, call, wanted[i], reasons[i], NULL);
        } else if (status == APR_SUCCESS && uapi_federate_translate(r, own, &why) != APR_SUCCESS) {
            answers[wanted[i]] = error_for(r, call, wanted[i], why.reason, NULL);
        } else if (status == APR_SUCCESS) {
            which[*count] = wanted[i];
            asks[(*count)++] = (uapi_ask){.server = servers[i],
                                          .peer = peers[i],
                                          .http_method = "POST",
                                          .method = uapi_call_method(own, &own->mcp.messages[0]),
                                          .body = apr_pstrmemdup(r->pool, own->forward, own->forward_length),
                                          .modern = peers[i]->revision == UAPI_MCP_2026_07_28,
                                          .channel = call->federated->channel,
                                          .is_call = 1,
                                          .call = own};
        }
    }
    return status;
}

static int takes_streams(const request_rec *r)
{
    const char *accept = apr_table_get(r->headers_in, "Accept");
    return accept != NULL && ap_strcasestr(accept, "text/event-stream") != NULL;
}

static const char *answer_of(request_rec *r, const uapi_call *call, const uapi_ask *ask, uint32_t index)
{
    if (call->mcp.messages[index].kind != UAPI_MCP_REQUEST) {
        return NULL;
    }
    if (ask->status == HTTP_NOT_FOUND) {
        uapi_federate_forget_peer(call, ask->server->name);
    }
    if (ask->trouble != UAPI_REASON_NONE || ask->raw == NULL) {
        return error_for(r, call, index, ask->trouble != UAPI_REASON_NONE ? ask->trouble : UAPI_REASON_RESPONSE_INVALID,
                         NULL);
    }
    return apr_pstrmemdup(r->pool, ask->json.text, ask->json.length);
}

apr_status_t uapi_federate_answer_batch(request_rec *r, uapi_call *call, const char **text, uapi_result *result)
{
    uapi_ask *asks = apr_pcalloc(r->pool, sizeof(*asks) * (call->mcp.count + 1));
    uint32_t *which = apr_pcalloc(r->pool, sizeof(*which) * (call->mcp.count + 1));
    const char **answers = apr_pcalloc(r->pool, sizeof(*answers) * (call->mcp.count + 1));
    apr_array_header_t *all = apr_array_make(r->pool, (int)call->mcp.count, sizeof(const char *));
    size_t count;
    apr_status_t status;
    call->federated->channel = takes_streams(r) ? uapi_channel_create(r, call) : NULL;
    status = make_asks(r, call, asks, which, &count, answers, result);
    if (status == APR_SUCCESS && count > 0) {
        status = uapi_federate_ask(r, call, asks, count, result);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    for (size_t i = 0; i < count; i++) {
        answers[which[i]] = answer_of(r, call, &asks[i], which[i]);
    }
    for (uint32_t i = 0; i < call->mcp.count; i++) {
        const uapi_call *own = call->federated->members[i];
        if (call->members[i].refused != UAPI_REASON_NONE) {
            answers[i] = error_for(r, call, i, call->members[i].refused, call->members[i].rule);
        } else if (own->federated->route == UAPI_FEDERATION_OWN) {
            answers[i] = answer_own(r, call, i);
        }
        if (answers[i] != NULL && call->mcp.messages[i].kind == UAPI_MCP_REQUEST) {
            APR_ARRAY_PUSH(all, const char *) = answers[i];
        }
    }
    *text = (all->nelts > 0) ? apr_pstrcat(r->pool, "[", apr_array_pstrcat(r->pool, all, ','), "]", NULL) : NULL;
    return APR_SUCCESS;
}
