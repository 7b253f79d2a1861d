/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include <string.h>

#include <apr_strings.h>

#include "../core/form.h"
#include "../core/redact.h"
#include "../core/redaction.h"
#include "batch.h"
#include "inspect.h"
#include "log.h"
#include "stages.h"

static apr_status_t block(request_rec *r, uapi_call *call, const uapi_firewall_report *report, uapi_result *result)
{
    const uapi_firewall_finding *decisive = report->decisive;
    call->refused_rule = (decisive != NULL) ? decisive->rule : NULL;
    return uapi_fail(result, r->pool, APR_EACCES,
                     decisive != NULL ? uapi_firewall_reason(decisive->action) : UAPI_REASON_FIREWALL_BLOCKED,
                     "%s in the request", decisive != NULL ? decisive->rule : "a finding");
}

static apr_status_t redact(request_rec *r, uapi_call *call)
{
    if (call->edits == NULL) {
        call->edits = uapi_edit_list(r->pool);
    }
    return uapi_redact_edits(call->edits, call->view.json != NULL ? &call->view : NULL, &call->request_report, r->pool);
}

/* Of a batch, what must be blocked refuses the members that it is in. */
static apr_status_t enforce_batch(request_rec *r, uapi_call *call, uapi_result *result)
{
    const uapi_firewall_report *report = &call->request_report;
    for (uint32_t i = 0; i < report->count; i++) {
        uapi_firewall_report one = *report;
        one.findings = &report->findings[i];
        one.count = 1;
        if (one.findings->action > UAPI_ACTION_REDACT ||
            uapi_redact_edits(call->edits, &call->view, &one, r->pool) != APR_SUCCESS) {
            uapi_batch_block(r, call, one.findings);
        }
    }
    return uapi_batch_require_one(call, r->pool, result);
}

/* What cannot be redacted (a finding in a number or in the query, say) is blocked instead: the stricter action is always safe. */
static apr_status_t enforce(request_rec *r, uapi_call *call, uapi_result *result)
{
    int overload = call->request_report.overload | call->query_report.overload;
    if (overload) {
        const char *detail;
        uapi_reason reason = uapi_firewall_overload_reason(overload, &detail);
        return uapi_fail(result, r->pool, APR_ENOSPC, reason, "in the request: %s", detail);
    }
    if (call->query_report.action >= UAPI_ACTION_REDACT) {
        return block(r, call, &call->query_report, result);
    }
    if (call->members != NULL) {
        return enforce_batch(r, call, result);
    }
    if (call->request_report.action > UAPI_ACTION_REDACT ||
        (call->request_report.action == UAPI_ACTION_REDACT && redact(r, call) != APR_SUCCESS)) {
        return block(r, call, &call->request_report, result);
    }
    return APR_SUCCESS;
}

static apr_status_t scan_body(request_rec *r, uapi_call *call, uapi_result *result)
{
    apr_status_t status;
    if (call->body == NULL) {
        return APR_SUCCESS;
    }
    status = uapi_inspect_scan(call, UAPI_DIRECTION_REQUEST, &call->view, &call->request_report, r->pool, result);
    return status != APR_SUCCESS ? status
                                 : uapi_inspect_document(call, UAPI_DIRECTION_REQUEST, &call->view,
                                                         &call->request_report, r->pool, result);
}

/* What travels upstream beside the body, and a form without its escapes: what is found here cannot be redacted. On a REST
 * route the path says as much as the query. Escapes that mean nothing stay as they are. */
static apr_status_t scan_query(request_rec *r, uapi_call *call, uapi_result *result)
{
    size_t query = (r->args != NULL && call->endpoint == NULL) ? strlen(r->args) : 0; /* else our own seal */
    size_t path = (call->protocol == UAPI_PROTOCOL_REST) ? strlen(r->uri) : 0, length = 0;
    char *text;
    if (path + query + call->decoded_length == 0) {
        return APR_SUCCESS;
    }
    text = apr_palloc(r->pool, path + query + call->decoded_length + 2);
    memcpy(text, r->uri, path);
    length = path;
    if (query > 0) {
        text[length++] = '?';
        length += uapi_form_decode(text + length, r->args, query);
    }
    if (call->decoded_length > 0) {
        text[length++] = '\n';
        memcpy(text + length, call->decoded, call->decoded_length);
        length += call->decoded_length;
    }
    return uapi_inspect_scan(call, UAPI_DIRECTION_REQUEST, &(uapi_view){.text = text, .length = length},
                             &call->query_report, r->pool, result);
}

apr_status_t uapi_stage_inspect_request(request_rec *r, uapi_call *call, uapi_result *result)
{
    uapi_mode mode = uapi_firewall_mode(call->gateway->firewall);
    apr_status_t status;
    if (mode == UAPI_MODE_DISABLED) {
        return APR_SUCCESS;
    }
    call->redaction = uapi_redaction_begin(uapi_policy_redaction_of(call->gateway->policy), call->gateway->keyring,
                                           call->principal->tenant, r->pool);
    status = scan_body(r, call, result);
    if (status == APR_SUCCESS) {
        status = scan_query(r, call, result);
    }
    if (status != APR_SUCCESS || !uapi_call_enforces(call) || mode != UAPI_MODE_ENFORCE) {
        return status;
    }
    return enforce(r, call, result);
}
