/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "http_core.h"
#include "http_request.h"

#include "log.h"
#include "refuse.h"
#include "stages.h"

/* The token of `Authorization: Bearer TOKEN` (RFC 6750, section 2.1), or NULL. Two such headers arrive joined by a comma and are no
 * token's form, so they are refused as malformed and never resolved in favour of one. */
static const char *bearer_token(const request_rec *r, size_t *length)
{
    const char *value = apr_table_get(r->headers_in, "Authorization");
    if (value == NULL || strncasecmp(value, "Bearer", 6) != 0 || !apr_isspace(value[6])) {
        return NULL;
    }
    for (value += 6; apr_isspace(*value); value++) {
    }
    *length = strlen(value);
    while (*length > 0 && apr_isspace(value[*length - 1])) {
        --*length;
    }
    return value;
}

static const uapi_principal *anonymous(request_rec *r, const char *tenant)
{
    uapi_principal *principal = apr_pcalloc(r->pool, sizeof(*principal));
    principal->type = UAPI_PRINCIPAL_ANONYMOUS;
    principal->tenant = tenant;
    principal->id = "anonymous";
    return principal;
}

static int admits_anonymous(const uapi_route_config *route)
{
    return route->anonymous != NULL && route->anonymous[0] != '\0';
}

apr_status_t uapi_stage_authenticate(request_rec *r, uapi_call *call, uapi_result *result)
{
    uapi_principal *principal = NULL;
    size_t length = 0;
    const char *token;
    if (call->principal != NULL) {
        return APR_SUCCESS; /* by the check_authn hook */
    }
    token = bearer_token(r, &length);
    if (token != NULL) {
        apr_status_t status = uapi_registry_authenticate(call->gateway->registry, token, length, call->started,
                                                         &principal, r->pool, result);
        if (status != APR_SUCCESS) {
            return status;
        }
        call->principal = principal;
    } else if (apr_table_get(r->headers_in, "Authorization") != NULL) {
        return uapi_fail(result, r->pool, APR_EINVAL, UAPI_REASON_TOKEN_MALFORMED,
                         "the Authorization header is not of the Bearer scheme");
    } else if (admits_anonymous(call->route)) {
        call->principal = anonymous(r, call->route->anonymous);
    } else {
        return uapi_fail(result, r->pool, APR_EACCES, UAPI_REASON_TOKEN_MISSING, "no Authorization header");
    }
    r->user = apr_pstrdup(r->pool, call->principal->id);
    return APR_SUCCESS;
}

int uapi_authenticate_hook(request_rec *r)
{
    const char *type = ap_auth_type(r);
    uapi_result result = {0};
    uapi_call *call;
    if (type == NULL || strcasecmp(type, "uapi") != 0) {
        return DECLINED;
    }
    call = uapi_call_of(r);
    if (call == NULL) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      UAPI_LOGNO(0102) "AuthType uapi where UapiEngine is off: nobody can be authenticated");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (call->gateway == NULL) {
        uapi_fail(&result, r->pool, APR_EGENERAL, UAPI_REASON_CONFIG_INVALID,
                  "no gateway could be started in this process");
        return uapi_refuse(r, call, &result);
    }
    if (uapi_stage_authenticate(r, call, &result) != APR_SUCCESS) {
        return uapi_refuse(r, call, &result);
    }
    r->ap_auth_type = apr_pstrdup(r->pool, "uapi");
    return OK;
}

int uapi_authenticate_note_failure(request_rec *r, const char *type)
{
    if (strcasecmp(type, "uapi") != 0) {
        return DECLINED;
    }
    if (apr_table_get(r->err_headers_out, "WWW-Authenticate") == NULL) {
        uapi_refuse_challenge(r, r->user != NULL ? "insufficient_scope" : NULL,
                              "This route is not for the token's principal.");
    }
    return OK;
}
