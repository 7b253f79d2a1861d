/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A route that carries MCP, plain JSON-RPC and REST. What the caller can choose must not choose the weaker check: every request is judged
 * as the REST request that it is on the wire, and one with a message in it as that message, too. What is neither surely a
 * message nor surely none is refused.
 */
#include <string.h>

#include "../core/rpc_kind.h"
#include "body.h"
#include "understand.h"

static apr_status_t ambiguous(request_rec *r, const char *why, uapi_result *result)
{
    return uapi_fail(result, r->pool, APR_EINVAL, UAPI_REASON_REQUEST_AMBIGUOUS, "%s", why);
}

/* A header by which some servers know MCP, in either spelling. */
static int has_mcp_header(const request_rec *r)
{
    const apr_array_header_t *fields = apr_table_elts(r->headers_in);
    for (int i = 0; i < fields->nelts; i++) {
        const char *name = APR_ARRAY_IDX(fields, i, apr_table_entry_t).key;
        if (strncasecmp(name, "Mcp", 3) == 0 && (name[3] == '-' || name[3] == '_')) {
            return 1;
        }
    }
    return 0;
}

static int asks_for_stream(const request_rec *r)
{
    const char *accept = apr_table_get(r->headers_in, "Accept");
    return r->method_number == M_GET && accept != NULL && ap_strcasestr(accept, "text/event-stream") != NULL;
}

static apr_status_t understand_message(request_rec *r, uapi_call *call, int is_mcp, uapi_result *result)
{
    if (r->method_number != M_POST) {
        return ambiguous(r, "a message in a request that is no POST", result);
    }
    call->protocol = is_mcp ? UAPI_PROTOCOL_MCP : UAPI_PROTOCOL_JSONRPC;
    return is_mcp ? uapi_understand_mcp(r, call, 1, result) : uapi_understand_jsonrpc(r, call, 1, result);
}

static apr_status_t understand_plain(request_rec *r, uapi_call *call, uapi_result *result)
{
    int is_mcp = has_mcp_header(r);
    if (call->body != NULL && call->json.count == 0 && uapi_understand_looks_like_json(call)) {
        return ambiguous(r, "a body that looks like JSON and is called something else", result);
    }
    if (is_mcp && (call->body != NULL || r->method_number == M_POST)) {
        return ambiguous(r, "headers of MCP beside what is no message", result);
    }
    if (!is_mcp && !asks_for_stream(r)) {
        return APR_SUCCESS;
    }
    call->protocol = UAPI_PROTOCOL_MCP; /* its sessions, and the stricter reading of the answer */
    return uapi_understand_mcp(r, call, 0, result);
}

apr_status_t uapi_understand_auto(request_rec *r, uapi_call *call, uapi_result *result)
{
    uapi_rpc_kind kind;
    apr_status_t status = uapi_understand_rest(r, call, result);
    if (status != APR_SUCCESS) {
        return status;
    }
    kind = (call->json.count > 0) ? uapi_rpc_kind_of(&call->json) : UAPI_RPC_NONE;
    switch (kind) {
    case UAPI_RPC_AMBIGUOUS:
        return ambiguous(r, "method and params without jsonrpc", result);
    case UAPI_RPC_NONE:
        return understand_plain(r, call, result);
    default:
        return understand_message(r, call, kind == UAPI_RPC_MCP || has_mcp_header(r), result);
    }
}
