/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What the endpoint says itself. It has the capabilities that it can carry for any server; which of them a server lacks shows in
 * its lists.
 */
#include "federate.h"

#include <string.h>

#include <apr_strings.h>

#include "log.h"

static const char capabilities[] =
    "{\"completions\":{},\"logging\":{},\"prompts\":{\"listChanged\":true},"
    "\"resources\":{\"listChanged\":true,\"subscribe\":true},\"tools\":{\"listChanged\":true}";
static const char tasks[] = ",\"tasks\":{\"list\":{},\"cancel\":{},\"requests\":{\"tools\":{\"call\":{}}}}";
static const char tasks_extension[] = ",\"extensions\":{\"io.modelcontextprotocol/tasks\":{}}";
static const char server_info[] = "{\"name\":\"mod_uapi\",\"title\":\"mod_uapi universal gateway\",\"version\":\"1\"}";

/* ------------------------------------------------------------------------- initialize */

static const char *params_of(request_rec *r, const uapi_call *call)
{
    uint32_t params = call->mcp.messages[0].params;
    const uapi_json_node *node = (params != UAPI_JSON_NONE) ? &call->json.nodes[params] : NULL;
    return (node != NULL) ? apr_pstrmemdup(r->pool, call->body + node->start, node->length) : "{}";
}

/* The session that the client gets is all of those that were opened for it. */
static apr_status_t initialize(request_rec *r, uapi_call *call, const char **text, uapi_result *result)
{
    const apr_array_header_t *allowed = call->federated->allowed;
    size_t count = (size_t)allowed->nelts;
    const uapi_federation_peer **peers = apr_pcalloc(r->pool, sizeof(*peers) * (count + 1));
    uapi_reason *reasons = apr_pcalloc(r->pool, sizeof(*reasons) * (count + 1));
    uapi_federation_session session = {call->mcp.revision,
                                       apr_array_make(r->pool, allowed->nelts, sizeof(uapi_federation_peer))};
    const char *sealed, *instructions = "";
    apr_status_t status = uapi_federate_peers(r, call, (const uapi_policy_server *const *)(void *)allowed->elts, peers,
                                              reasons, count, params_of(r, call), result);
    for (size_t i = 0; i < count && status == APR_SUCCESS; i++) {
        if (peers[i] != NULL) {
            uapi_federation_peer *peer = apr_array_push(session.peers);
            *peer = *peers[i];
            peer->server = APR_ARRAY_IDX(allowed, (int)i, const uapi_policy_server *)->name;
        }
    }
    if (status == APR_SUCCESS) {
        status = uapi_federation_session_seal(&sealed, &session, call->gateway->keyring, call->principal, r->pool,
                                              result);
    }
    if (status == APR_SUCCESS) {
        status = uapi_federate_instructions(r, call, (const uapi_policy_server *const *)(void *)allowed->elts, peers,
                                            count, &instructions, result);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    apr_table_setn(r->headers_out, "Mcp-Session-Id", sealed);
    *text = apr_pstrcat(r->pool, "{\"protocolVersion\":\"", uapi_mcp_revision_name(session.revision),
                        "\",\"capabilities\":", capabilities, session.revision == UAPI_MCP_2025_11_25 ? tasks : "",
                        "},\"serverInfo\":", server_info, instructions, "}", NULL);
    return APR_SUCCESS;
}

/* -------------------------------------------------------------------------- discovery */

static apr_status_t discover(request_rec *r, uapi_call *call, const char **text, uapi_result *result)
{
    const char *instructions = "";
    apr_status_t status = uapi_federate_gather_instructions(r, call, &instructions, result);
    if (status != APR_SUCCESS) {
        return status;
    }
    *text = apr_pstrcat(r->pool,
                        "{\"resultType\":\"complete\",\"supportedVersions\":[\"2026-07-28\",\"2025-11-25\","
                        "\"2025-06-18\",\"2025-03-26\"],\"capabilities\":",
                        capabilities, tasks_extension, "}", instructions,
                        ",\"ttlMs\":60000,\"cacheScope\":\"private\",\"_meta\":{"
                        "\"io.modelcontextprotocol/serverInfo\":",
                        server_info, "}}", NULL);
    return APR_SUCCESS;
}

static apr_status_t nothing(request_rec *r, uapi_call *call, const char **text, uapi_result *result)
{
    (void)r;
    (void)result;
    *text = call->federated->modern ? "{\"resultType\":\"complete\"}" : "{}";
    return APR_SUCCESS;
}

/* To each server with a session of this client's. What they answer is theirs to know. */
static apr_status_t tell_all(request_rec *r, uapi_call *call, const char *body, uapi_result *result)
{
    const apr_array_header_t *allowed = call->federated->allowed;
    uapi_ask *asks = apr_pcalloc(r->pool, sizeof(*asks) * ((size_t)allowed->nelts + 1));
    size_t count = 0;
    for (int i = 0; i < allowed->nelts && call->federated->session != NULL; i++) {
        const uapi_policy_server *server = APR_ARRAY_IDX(allowed, i, const uapi_policy_server *);
        const uapi_federation_peer *peer = uapi_federation_session_find(call->federated->session, server->name);
        if (peer != NULL && peer->revision != UAPI_MCP_2026_07_28) {
            asks[count++] = (uapi_ask){.server = server,
                                       .peer = peer,
                                       .http_method = "POST",
                                       .method = call->mcp.messages[0].method,
                                       .body = body};
        }
    }
    return (count > 0) ? uapi_federate_ask(r, call, asks, count, result) : APR_SUCCESS;
}

static apr_status_t set_level(request_rec *r, uapi_call *call, const char **text, uapi_result *result)
{
    const char *body = apr_pstrcat(r->pool, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"logging/setLevel\",\"params\":",
                                   params_of(r, call), "}", NULL);
    *text = "{}";
    return (call->forward == call->body) ? tell_all(r, call, body, result) : APR_SUCCESS;
}

/* Ids of requests are the client's, so only the server that has such a request minds that it is cancelled. Progress is counted by tokens
 * of the servers, which would mean something else to another one. */
static int concerns_all(const char *method)
{
    return strcmp(method, "notifications/cancelled") == 0 || strcmp(method, "notifications/roots/list_changed") == 0;
}

static const struct {
    const char *method;
    apr_status_t (*answer)(request_rec *r, uapi_call *call, const char **text, uapi_result *result);
} answers[] = {
    {"initialize", initialize},
    {"server/discover", discover},
    {"ping", nothing},
    {"logging/setLevel", set_level},
};

/* --------------------------------------------------------------- without a message */

/* The client's session ends: so do those at the servers. Whether a server minds is its affair. */
static apr_status_t close_session(request_rec *r, uapi_call *call, uapi_result *result)
{
    const apr_array_header_t *allowed = call->federated->allowed;
    uapi_ask *asks = apr_pcalloc(r->pool, sizeof(*asks) * ((size_t)allowed->nelts + 1));
    size_t count = 0;
    for (int i = 0; i < allowed->nelts && call->federated->session != NULL; i++) {
        const uapi_policy_server *server = APR_ARRAY_IDX(allowed, i, const uapi_policy_server *);
        const uapi_federation_peer *peer = uapi_federation_session_find(call->federated->session, server->name);
        if (peer != NULL && peer->id[0] != '\0') {
            asks[count++] = (uapi_ask){
                .server = server, .peer = peer, .http_method = "DELETE", .method = "http/DELETE"};
        }
    }
    return (count > 0) ? uapi_federate_ask(r, call, asks, count, result) : APR_SUCCESS;
}

apr_status_t uapi_federate_answer(request_rec *r, uapi_call *call, const char **result_text, uapi_result *result)
{
    const uapi_mcp_message *message = (call->mcp.count > 0) ? &call->mcp.messages[0] : NULL;
    *result_text = NULL;
    if (message == NULL) {
        if (r->method_number == M_DELETE && call->federated->session != NULL) {
            return close_session(r, call, result);
        }
        r->status = HTTP_METHOD_NOT_ALLOWED;
        return APR_SUCCESS;
    }
    if (message->kind == UAPI_MCP_NOTIFICATION) {
        uapi_federate_note_cancel(r, call);
        return (concerns_all(message->method) && !call->federated->modern)
                   ? tell_all(r, call, apr_pstrmemdup(r->pool, call->forward, call->forward_length), result)
                   : APR_SUCCESS;
    }
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        if (strcmp(answers[i].method, message->method) == 0) {
            return answers[i].answer(r, call, result_text, result);
        }
    }
    return uapi_fail(result, r->pool, APR_ENOTIMPL, UAPI_REASON_GATEWAY_UNSUPPORTED, "the method %.64s",
                     message->method);
}
