/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "log.h"
#include "../core/redact.h"
#include "stages.h"

static apr_status_t block(request_rec *r, uapi_call *call, uapi_result *result)
{
    const uapi_firewall_finding *decisive = call->request_report.decisive;
    call->refused_rule = (decisive != NULL) ? decisive->rule : NULL;
    return uapi_fail(result, r->pool, APR_EACCES, UAPI_REASON_FIREWALL_BLOCKED, "%s in the request",
                     decisive != NULL ? decisive->rule : "a finding");
}

/* What cannot be redacted (a finding in a number, say) is blocked instead: the stricter action is always safe. */
static apr_status_t enforce(request_rec *r, uapi_call *call, uapi_result *result)
{
    if (call->request_report.action > UAPI_ACTION_REDACT) {
        return block(r, call, result);
    }
    if (call->request_report.action == UAPI_ACTION_REDACT &&
        uapi_redact(&call->forward, &call->forward_length, call->body, call->body_length, &call->view,
                    &call->request_report, r->pool) != APR_SUCCESS) {
        return block(r, call, result);
    }
    return APR_SUCCESS;
}

apr_status_t uapi_stage_inspect_request(request_rec *r, uapi_call *call, uapi_result *result)
{
    const uapi_firewall *firewall = call->gateway->firewall;
    apr_status_t status;
    if (call->body == NULL || uapi_firewall_mode(firewall) == UAPI_MODE_DISABLED) {
        return APR_SUCCESS;
    }
    status = uapi_firewall_scan(firewall, UAPI_DIRECTION_REQUEST, call->view.text, call->view.length,
                                &call->request_report, r->pool, result);
    if (status != APR_SUCCESS || !uapi_call_enforces(call) || uapi_firewall_mode(firewall) != UAPI_MODE_ENFORCE) {
        return status;
    }
    if (call->request_report.overload) {
        return uapi_fail(result, r->pool, APR_ENOSPC, UAPI_REASON_FIREWALL_OVERLOAD,
                         "too many candidates in the request");
    }
    return enforce(r, call, result);
}
