/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "settle.h"

#include "../core/secret.h"
#include "endpoint.h"
#include "federate.h"
#include "log.h"
#include "record.h"

static void forget_secret(uapi_call *call)
{
    if (call->secret != NULL) {
        uapi_secret_wipe(call->secret, call->secret_length);
        call->secret = NULL;
    }
}

apr_status_t uapi_settle(request_rec *r, uapi_call *call, const char *what)
{
    uapi_result result = {0};
    if (!call->recorded || call->settled) {
        return APR_SUCCESS;
    }
    call->settled = 1;
    forget_secret(call);
    if (uapi_record_outcome(r, call, what, &result) != APR_SUCCESS) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, result.status, r,
                      UAPI_LOGNO(0103) "call %s: the outcome could not be recorded: %s", call->id,
                      result.detail != NULL ? result.detail : "");
        return result.status != APR_SUCCESS ? result.status : APR_EGENERAL;
    }
    return APR_SUCCESS;
}

/* An error that was answered with a page of the administrator's passes no filter of ours. */
static const char *late_outcome(const request_rec *r, const uapi_call *call)
{
    if (r->connection->aborted) {
        return UAPI_OUTCOME_CLIENT_GONE;
    }
    return ap_is_HTTP_ERROR(r->status) ? uapi_reason_describe(uapi_call_failure(call))->code : UAPI_OUTCOME_OK;
}

/* httpd runs the hook for the first of several requests that were redirected internally. */
int uapi_settle_log_transaction(request_rec *r)
{
    for (; r != NULL; r = r->next) {
        uapi_call *call = uapi_call_find(r);
        if (call != NULL) {
            uapi_endpoint_restore(r, call);
            uapi_settle(r, call, late_outcome(r, call));
            uapi_federate_tell_cancelled(r, call);
        }
    }
    return DECLINED;
}
