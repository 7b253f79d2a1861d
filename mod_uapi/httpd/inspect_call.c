/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "inspect.h"

#include "../core/redaction.h"
#include "stages.h"

static const char *or_empty(const char *name)
{
    return name != NULL ? name : "";
}

static const char *protocol_name(uapi_protocol protocol)
{
    static const char *const names[] = {
        [UAPI_PROTOCOL_MCP] = "mcp", [UAPI_PROTOCOL_JSONRPC] = "jsonrpc", [UAPI_PROTOCOL_REST] = "rest"};

    return protocol >= 0 && (size_t)protocol < sizeof(names) / sizeof(names[0]) ? names[protocol] : "";
}

static void name_method(uapi_call_info *info, const uapi_call *call)
{
    const uapi_mcp_message *message = call->mcp.count > 0 ? call->mcp.messages : NULL;

    /* each member of a batch has its own; and a service may take for one of its operations what we read as a message */
    if (call->mcp.count > 1 || (message != NULL && call->operation != NULL)) {
        return;
    }
    info->method = or_empty(uapi_call_method(call, message));
    if (message != NULL) {
        info->target = or_empty(message->target);
    } else if (call->operation != NULL) {
        info->target = call->operation->name;
    }
}

void uapi_inspect_call_info(uapi_call_info *info, const uapi_call *call, uapi_direction direction)
{
    const uapi_principal *principal = call->principal;

    uapi_firewall_no_call(info, direction);
    info->call_id = call->id;
    info->protocol = protocol_name(call->protocol);
    info->server = or_empty(call->server);
    name_method(info, call);
    if (principal != NULL) {
        info->tenant = or_empty(principal->tenant);
        info->principal_type = uapi_principal_type_name(principal->type);
        info->principal = or_empty(principal->id);
        info->roles = principal->roles != NULL ? principal->roles : info->roles;
    }
}

static apr_status_t scan_text(const uapi_call *call, uapi_direction direction, uapi_string bytes, uint32_t flags,
                              uapi_firewall_report *report, apr_pool_t *pool, uapi_result *result)
{
    apr_status_t status;
    uapi_call_info info;
    const uapi_text text = {
        .size = sizeof(text), .view = UAPI_VIEW_PLAIN, .flags = flags, .bytes = bytes, .call = &info};

    uapi_inspect_call_info(&info, call, direction);
    status = uapi_firewall_scan_text(call->gateway->firewall, &text, report, pool, result);
    if (status == APR_SUCCESS) {
        uapi_redaction_apply(call->redaction, report, text.bytes, pool);
    }
    return status;
}

apr_status_t uapi_inspect_scan(const uapi_call *call, uapi_direction direction, const uapi_view *view,
                               uapi_firewall_report *report, apr_pool_t *pool, uapi_result *result)
{
    return scan_text(call, direction, (uapi_string){view->text, view->length},
                     view->json != NULL ? UAPI_TEXT_FROM_JSON : 0, report, pool, result);
}

apr_status_t uapi_inspect_scan_part(const uapi_call *call, uapi_direction direction, const char *text, size_t length,
                                    uint32_t flags, uapi_firewall_report *report, apr_pool_t *pool, uapi_result *result)
{
    return scan_text(call, direction, (uapi_string){text, length}, flags, report, pool, result);
}
