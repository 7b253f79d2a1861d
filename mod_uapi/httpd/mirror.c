/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * That each Mcp-Param-* header has a value of some argument has been seen where the message was understood. Which argument it is stands in the
 * tool's definition: in the pinned one, or in the list that the universal gateway keeps for this caller.
 */
#include "mirror.h"

#include <string.h>

#include "batch.h"
#include "federate.h"
#include "pinning.h"
#include "stages.h"

apr_status_t uapi_mirror_find(request_rec *r, const uapi_call *call, const char *tool,
                              const apr_array_header_t **mirrors, uapi_result *result)
{
    apr_status_t status = uapi_pinning_mirrors(call, tool, mirrors, r->pool, result);
    if (status == APR_SUCCESS && *mirrors == NULL && call->federated != NULL) {
        *mirrors = uapi_federate_mirrors(call, tool, r->pool);
    }
    return status;
}

static int is_tool_call(const uapi_mcp_message *message)
{
    return message->method != NULL && message->target != NULL && strcmp(message->method, "tools/call") == 0;
}

static apr_status_t check(request_rec *r, const uapi_call *call, const uapi_mcp_message *message, uapi_result *result)
{
    const apr_array_header_t *mirrors;
    apr_status_t status;
    if (!is_tool_call(message)) {
        return APR_SUCCESS;
    }
    status = uapi_mirror_find(r, call, message->target, &mirrors, result);
    return (status == APR_SUCCESS) ? uapi_mirror_check(mirrors, &call->json, message->arguments, r->headers_in,
                                                       call->mcp.revision == UAPI_MCP_2026_07_28, r->pool, result)
                                   : status;
}

/* Older revisions have no such headers, but something on the way may go by them all the same. */
static int has_any(request_rec *r)
{
    const apr_array_header_t *fields = apr_table_elts(r->headers_in);
    for (int i = 0; i < fields->nelts; i++) {
        if (strncasecmp(APR_ARRAY_IDX(fields, i, apr_table_entry_t).key, "Mcp-Param-", 10) == 0) {
            return 1;
        }
    }
    return 0;
}

/* One message refuses only itself, in a batch as alone. */
static apr_status_t refuse(request_rec *r, uapi_call *call, uint32_t index, const uapi_result *why, uapi_result *result)
{
    if (!uapi_call_enforces(call)) {
        call->pinning = why->reason;
        return APR_SUCCESS;
    }
    if (call->members != NULL) {
        uapi_batch_refuse(r, call, index, why->reason, NULL);
        return APR_SUCCESS;
    }
    call->refused_rule = NULL;
    *result = *why;
    return why->status;
}

apr_status_t uapi_stage_mirror(request_rec *r, uapi_call *call, uapi_result *result)
{
    apr_status_t status = APR_SUCCESS;
    if (call->mcp.count == 0 || call->protocol != UAPI_PROTOCOL_MCP ||
        (call->mcp.revision != UAPI_MCP_2026_07_28 && !has_any(r))) {
        return APR_SUCCESS;
    }
    for (uint32_t i = 0; i < call->mcp.count && status == APR_SUCCESS; i++) {
        uapi_result why = {0};
        if (check(r, call, &call->mcp.messages[i], &why) != APR_SUCCESS) {
            status = refuse(r, call, i, &why, result);
        }
    }
    return (status == APR_SUCCESS && call->members != NULL) ? uapi_batch_require_one(call, r->pool, result) : status;
}
