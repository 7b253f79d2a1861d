/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Between the eras of MCP: 2026-07-28, in which every request says what it speaks, and the older revisions with their handshake. What
 * one of them has and the other has not (a server that asks the client, in either form) is refused. 2026-07-28, "basic/versioning".
 */
#include "federate.h"

#include <string.h>

#include <apr_strings.h>

#include "affinity.h"
#include "log.h"
#include "mirror.h"

/* ------------------------------------------------------------------- to the server */

static int drop_param_header(void *baton, const char *name, const char *value)
{
    (void)value;
    if (strncasecmp(name, "Mcp-Param-", 10) == 0) {
        apr_table_setn(baton, name, "");
    }
    return 1;
}

/* Tasks of the two eras have little in common but their name. */
static int is_about_task(const uapi_call *call, const uapi_mcp_message *message)
{
    return strncmp(uapi_call_method(call, message), "tasks/", 6) == 0 ||
           (message->params != UAPI_JSON_NONE &&
            uapi_json_member(&call->json, message->params, "task") != UAPI_JSON_NONE);
}

static apr_status_t to_legacy(request_rec *r, uapi_call *call, uapi_result *result)
{
    const uapi_mcp_message *message = &call->mcp.messages[0];
    apr_table_t *headers = call->federated->headers;
    if (message->params != UAPI_JSON_NONE &&
        (uapi_json_member(&call->json, message->params, "inputResponses") != UAPI_JSON_NONE ||
         uapi_json_member(&call->json, message->params, "requestState") != UAPI_JSON_NONE)) {
        return uapi_fail(result, r->pool, APR_ENOTIMPL, UAPI_REASON_GATEWAY_ERA,
                         "a retry with input, to a server that knows none");
    }
    if (is_about_task(call, message)) {
        return uapi_fail(result, r->pool, APR_ENOTIMPL, UAPI_REASON_GATEWAY_ERA, "a task, to a server of another era");
    }
    apr_table_setn(headers, "Mcp-Method", "");
    apr_table_setn(headers, "Mcp-Name", "");
    apr_table_do(drop_param_header, headers, r->headers_in, NULL);
    return APR_SUCCESS;
}

static const struct {
    const char *key, *value;
} meta[] = {
    {"io.modelcontextprotocol/protocolVersion", "\"2026-07-28\""},
    {"io.modelcontextprotocol/clientInfo", "{\"name\":\"mod_uapi\",\"version\":\"1\"}"},
    {"io.modelcontextprotocol/clientCapabilities", "{}"},
};

/* What each request of the newer revision says of itself is put in front of what is in _meta, into what is forwarded. */
static apr_status_t add_meta(request_rec *r, uapi_call *call, uapi_result *result)
{
    apr_array_header_t *edits = uapi_edit_list(r->pool);
    uapi_json json;
    const char *members = "", *separator = "";
    uint32_t params, present, into;
    apr_status_t status = uapi_json_read(&json, call->forward, call->forward_length, NULL, r->pool, result);
    if (status != APR_SUCCESS) {
        return status;
    }
    params = uapi_json_member(&json, 0, "params");
    present = (params != UAPI_JSON_NONE) ? uapi_json_member(&json, params, "_meta") : UAPI_JSON_NONE;
    if (params == UAPI_JSON_NONE) {
        return uapi_fail(result, r->pool, APR_EINVAL, UAPI_REASON_GATEWAY_ERA, "a message without params");
    }
    for (size_t i = 0; i < sizeof(meta) / sizeof(meta[0]); i++) {
        if (present != UAPI_JSON_NONE && uapi_json_member(&json, present, meta[i].key) != UAPI_JSON_NONE) {
            return uapi_fail(result, r->pool, APR_EINVAL, UAPI_REASON_GATEWAY_ERA, "_meta has %s", meta[i].key);
        }
        members = apr_pstrcat(r->pool, members, separator, "\"", meta[i].key, "\":", meta[i].value, NULL);
        separator = ",";
    }
    into = (present != UAPI_JSON_NONE) ? present : params;
    if (present == UAPI_JSON_NONE) {
        members = apr_pstrcat(r->pool, "\"_meta\":{", members, "}", NULL);
    }
    if (json.nodes[into].skip > into + 1) {
        members = apr_pstrcat(r->pool, members, ",", NULL);
    }
    uapi_edit_add(edits, json.nodes[into].start + 1, json.nodes[into].start + 1, members);
    uapi_edit_apply(&call->forward, &call->forward_length, call->forward, call->forward_length, edits, r->pool);
    return APR_SUCCESS;
}

/* The client does not know that a server may ask for arguments in headers; where we know which, we say them. */
static apr_status_t mirror_arguments(request_rec *r, uapi_call *call, uapi_result *result)
{
    const uapi_mcp_message *message = &call->mcp.messages[0];
    const apr_array_header_t *mirrors = NULL;
    uapi_json json;
    uint32_t params;
    apr_status_t status = (strcmp(message->method, "tools/call") == 0)
                              ? uapi_mirror_find(r, call, message->target, &mirrors, result)
                              : APR_SUCCESS;
    if (status != APR_SUCCESS || mirrors == NULL) {
        return status;
    }
    status = uapi_json_read(&json, call->forward, call->forward_length, NULL, r->pool,
                            result); /* as it leaves: redacted */
    if (status == APR_SUCCESS) {
        params = uapi_json_member(&json, 0, "params");
        uapi_mirror_write(mirrors, &json, uapi_json_member(&json, params, "arguments"), call->federated->headers,
                          r->pool);
    }
    return status;
}

static apr_status_t to_modern(request_rec *r, uapi_call *call, uapi_result *result)
{
    const uapi_mcp_message *message = &call->mcp.messages[0];
    apr_table_t *headers = call->federated->headers;
    if (strcmp(uapi_call_method(call, message), "resources/subscribe") == 0 ||
        strcmp(uapi_call_method(call, message), "resources/unsubscribe") == 0) {
        return uapi_fail(result, r->pool, APR_ENOTIMPL, UAPI_REASON_GATEWAY_ERA,
                         "a subscription of the older form, to a server that has another");
    }
    if (is_about_task(call, message)) {
        return uapi_fail(result, r->pool, APR_ENOTIMPL, UAPI_REASON_GATEWAY_ERA, "a task, to a server of another era");
    }
    if (message->kind != UAPI_MCP_REQUEST) {
        return uapi_fail(result, r->pool, APR_ENOTIMPL, UAPI_REASON_GATEWAY_ERA,
                         "an answer, to a server that asks nothing");
    }
    apr_table_setn(headers, "Mcp-Method", message->method);
    if (message->target != NULL) {
        apr_table_setn(headers, "Mcp-Name", uapi_federate_name_header(message->target, r->pool));
    }
    return mirror_arguments(r, call, result) == APR_SUCCESS ? add_meta(r, call, result) : result->status;
}

apr_status_t uapi_federate_translate(request_rec *r, uapi_call *call, uapi_result *result)
{
    uapi_federated *federated = call->federated;
    const uapi_federation_peer *peer = federated->peer;
    int modern = peer->revision == UAPI_MCP_2026_07_28;
    apr_table_setn(federated->headers, "MCP-Protocol-Version", uapi_mcp_revision_name(peer->revision));
    apr_table_setn(federated->headers, "Mcp-Session-Id", uapi_affinity_split(call, peer->id, r->pool));
    if (modern == federated->modern) {
        return APR_SUCCESS;
    }
    federated->translation = modern ? UAPI_TRANSLATE_TO_MODERN : UAPI_TRANSLATE_TO_LEGACY;
    return modern ? to_modern(r, call, result) : to_legacy(r, call, result);
}

/* ------------------------------------------------------------------- to the client */

static apr_status_t answer_of_legacy(apr_array_header_t *edits, const uapi_call *call, const uapi_json *json,
                                     apr_pool_t *pool, uapi_result *result)
{
    uint32_t answer = uapi_json_member(json, 0, "result");
    int read = call->mcp.count > 0 && strcmp(uapi_call_method(call, &call->mcp.messages[0]), "resources/read") == 0;
    const char *members = "\"resultType\":\"complete\"";
    if (uapi_json_member(json, 0, "method") != UAPI_JSON_NONE && uapi_json_member(json, 0, "id") != UAPI_JSON_NONE) {
        return uapi_fail(result, pool, APR_ENOTIMPL, UAPI_REASON_GATEWAY_ERA,
                         "the server asks, and the client answers nothing");
    }
    if (answer == UAPI_JSON_NONE || json->nodes[answer].type != UAPI_JSON_OBJECT ||
        uapi_json_member(json, answer, "resultType") != UAPI_JSON_NONE) {
        return APR_SUCCESS;
    }
    if (read && uapi_json_member(json, answer, "ttlMs") == UAPI_JSON_NONE &&
        uapi_json_member(json, answer, "cacheScope") == UAPI_JSON_NONE) {
        members = "\"resultType\":\"complete\",\"ttlMs\":0,\"cacheScope\":\"private\"";
    }
    if (json->nodes[answer].skip > answer + 1) {
        members = apr_pstrcat(pool, members, ",", NULL);
    }
    uapi_edit_add(edits, json->nodes[answer].start + 1, json->nodes[answer].start + 1, members);
    return APR_SUCCESS;
}

/* A client of an older revision takes any result for the last word. */
static apr_status_t answer_of_modern(const uapi_json *json, apr_pool_t *pool, uapi_result *result)
{
    uint32_t answer = uapi_json_member(json, 0, "result");
    uint32_t type = (answer != UAPI_JSON_NONE) ? uapi_json_member(json, answer, "resultType") : UAPI_JSON_NONE;
    if (type != UAPI_JSON_NONE &&
        !(json->nodes[type].type == UAPI_JSON_STRING && uapi_json_equals(json, type, "complete"))) {
        return uapi_fail(result, pool, APR_ENOTIMPL, UAPI_REASON_GATEWAY_ERA,
                         "the server wants input in a way that the client does not know");
    }
    return APR_SUCCESS;
}

apr_status_t uapi_federate_translate_answer(apr_array_header_t *edits, const uapi_call *call, const uapi_json *json,
                                            apr_pool_t *pool, uapi_result *result)
{
    switch (call->federated->translation) {
    case UAPI_TRANSLATE_TO_LEGACY:
        return answer_of_legacy(edits, call, json, pool, result);
    case UAPI_TRANSLATE_TO_MODERN:
        return answer_of_modern(json, pool, result);
    default:
        return APR_SUCCESS;
    }
}
