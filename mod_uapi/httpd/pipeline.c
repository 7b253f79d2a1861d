/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "pipeline.h"

#include <string.h>

#include "http_core.h"

#include "body.h"
#include "endpoint.h"
#include "federate.h"
#include "log.h"
#include "next_call.h"
#include "record.h"
#include "refuse.h"
#include "settle.h"
#include "stages.h"
#include "watch.h"

typedef apr_status_t (*stage)(request_rec *r, uapi_call *call, uapi_result *result);

/* The order is part of the promise: cheap refusals first, nothing unsealed before every refusal had its chance. */
static const stage stages[] = {
    uapi_stage_admit,  uapi_stage_authenticate,    uapi_stage_understand, uapi_stage_federate,
    uapi_stage_decide, uapi_stage_pinning,         uapi_stage_mirror,     uapi_stage_inspect_request,
    uapi_stage_split,  uapi_stage_find_credential,
};

static apr_status_t judge(request_rec *r, uapi_call *call, uapi_result *result)
{
    for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
        apr_status_t status = stages[i](r, call, result);
        if (status != APR_SUCCESS) {
            return status;
        }
    }
    return APR_SUCCESS;
}

/* Allowed or not, the decision is in the chain before anything follows from it. A caller that is nobody's has no chain. */
static void record(request_rec *r, uapi_call *call, uapi_result *verdict)
{
    uapi_result trouble = {0};
    call->refusal = *verdict;
    if (call->principal == NULL) {
        return;
    }
    if (uapi_record_decision(r, call, &trouble) != APR_SUCCESS) {
        *verdict = trouble;
    } else if (verdict->reason == UAPI_REASON_NONE) {
        call->recorded = 1;
    }
}

/* A per-directory rewrite sends the request through all hooks again under its new URI. */
static int is_rewritten(const request_rec *r)
{
    return r->handler != NULL && strcmp(r->handler, "redirect-handler") == 0;
}

/* A lookup subrequest (mod_dir, mod_negotiation) runs hooks but no handler; one that runs its handler is stopped there. */
static int is_judged_elsewhere(const request_rec *r)
{
    return r->main != NULL || is_rewritten(r);
}

/* A rewrite must not lead a request from a guarded route to where nobody judges it. */
static int escaped(const request_rec *r)
{
    for (const request_rec *before = r->prev; before != NULL; before = before->prev) {
        if (is_rewritten(before) && uapi_call_find(before) != NULL) {
            return 1;
        }
    }
    return 0;
}

static int stop_unjudged(request_rec *r, const char *how)
{
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                  UAPI_LOGNO(0104) "a request that was never judged reached its handler: %s", how);
    return HTTP_FORBIDDEN;
}

static void allow(request_rec *r, uapi_call *call)
{
    apr_table_setn(r->err_headers_out, "Uapi-Call-Id", call->id);
    apr_table_setn(r->subprocess_env, "proxy-interim-response", "Suppress"); /* no filter sees these */
    apr_table_setn(r->subprocess_env, "no-cache",
                   "1"); /* mod_cache would answer the next caller before anybody judged it */
    uapi_inject_drop_forged(r);
    if (call->federated != NULL) {
        uapi_federate_direct(r, call); /* the body is armed when it is known what the server speaks */
        if (call->federated->route == UAPI_FEDERATION_OWN) {
            return; /* what we say ourselves has been inspected piece by piece */
        }
    } else {
        uapi_body_replay(r, call->forward, call->forward_length);
    }
    uapi_inspect_response_add(r, call);
}

int uapi_pipeline_fixups(request_rec *r)
{
    uapi_call *call = uapi_call_of(r);
    uapi_result verdict = {0};
    if (call == NULL || is_judged_elsewhere(r)) {
        return DECLINED;
    }
    uapi_next_call_expect(r, uapi_config_next_call_wait(call->route));
    if (call->gateway == NULL) {
        uapi_fail(&verdict, r->pool, APR_EGENERAL, UAPI_REASON_CONFIG_INVALID,
                  "no gateway could be started in this process");
    } else {
        if (judge(r, call, &verdict) == APR_SUCCESS) {
            uapi_endpoint_apply(r, call, &verdict);
        }
        record(r, call, &verdict);
    }
    if (verdict.reason != UAPI_REASON_NONE) {
        return uapi_refuse(r, call, &verdict);
    }
    allow(r, call);
    return OK;
}

int uapi_pipeline_handler(request_rec *r)
{
    uapi_call *call = uapi_call_of(r);
    uapi_result trouble = {0};
    uapi_watch_end();
    if (call == NULL) {
        if (uapi_federate_applies(r)) {
            return stop_unjudged(r, "its handler is " UAPI_GATEWAY_HANDLER ", but UapiEngine is off");
        }
        return escaped(r) ? stop_unjudged(r, "it was rewritten from a guarded route to an open one") : DECLINED;
    }
    if (call->refusal.reason != UAPI_REASON_NONE) {
        return uapi_refuse_handler(r, call);
    }
    if (!call->recorded) {
        if (r->main == NULL && is_rewritten(r)) {
            return DECLINED;
        }
        return stop_unjudged(r, r->main != NULL ? "a subrequest" : "its hooks did not run");
    }
    if (uapi_inject_unseal(r, call, &trouble) != APR_SUCCESS) {
        int status = uapi_refuse(r, call, &trouble);
        uapi_settle(r, call, uapi_reason_describe(trouble.reason)->code);
        return (status == OK) ? uapi_refuse_handler(r, call) : status;
    }
    return (call->federated != NULL) ? uapi_federate_handle(r, call) : DECLINED;
}
