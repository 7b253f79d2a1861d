/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "answers.h"

#include <string.h>

#include "../core/request_id.h"
#include "batch.h"

static int applies(const uapi_call *call)
{
    return call->protocol == UAPI_PROTOCOL_MCP && call->federated == NULL && uapi_call_enforces(call);
}

static uapi_request_scope scope_of(const uapi_call *call)
{
    uapi_request_scope scope = {call->gateway->keyring, call->principal, call->server, call->session};
    return scope;
}

/* Only its own requests can a server cancel. */
static uint32_t cancelled(const uapi_json *json, const uapi_mcp_message *message)
{
    uint32_t id = (message->params != UAPI_JSON_NONE && strcmp(message->method, "notifications/cancelled") == 0)
                      ? uapi_json_member(json, message->params, "requestId")
                      : UAPI_JSON_NONE;
    int type = (id != UAPI_JSON_NONE) ? json->nodes[id].type : -1;
    return (type == UAPI_JSON_STRING || type == UAPI_JSON_NUMBER) ? id : UAPI_JSON_NONE;
}

apr_status_t uapi_answers_mark(apr_array_header_t *edits, const uapi_call *call, const uapi_inspected *said,
                               apr_pool_t *pool, uapi_result *result)
{
    const uapi_request_scope scope = scope_of(call);
    apr_status_t status = APR_SUCCESS;
    for (uint32_t i = 0; applies(call) && i < said->reply.count && status == APR_SUCCESS; i++) {
        const uapi_mcp_message *message = &said->reply.messages[i];
        uint32_t id = UAPI_JSON_NONE;
        if (message->kind == UAPI_MCP_REQUEST) {
            id = message->id;
        } else if (message->kind == UAPI_MCP_NOTIFICATION) {
            id = cancelled(&said->json, message);
        }
        if (id != UAPI_JSON_NONE) {
            status = uapi_request_id_mark(edits, &said->json, id, &scope, pool, result);
        }
    }
    return status;
}

apr_status_t uapi_answers_unmark(request_rec *r, uapi_call *call, uapi_result *result)
{
    const uapi_request_scope scope = scope_of(call);
    for (uint32_t i = 0; applies(call) && i < call->mcp.count; i++) {
        const uapi_mcp_message *message = &call->mcp.messages[i];
        uapi_result why = {0};
        if (message->method != NULL || message->id == UAPI_JSON_NONE) {
            continue; /* an error without an id answers nothing in particular */
        }
        if (call->edits == NULL) {
            call->edits = uapi_edit_list(r->pool);
        }
        if (uapi_request_id_unmark(call->edits, &call->json, message->id, &scope, r->pool, &why) == APR_SUCCESS) {
            continue;
        }
        if (call->members == NULL) {
            *result = why;
            return why.status;
        }
        uapi_batch_refuse(r, call, i, why.reason, NULL);
    }
    return (call->members != NULL) ? uapi_batch_require_one(call, r->pool, result) : APR_SUCCESS;
}
