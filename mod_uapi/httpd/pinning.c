/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "pinning.h"

#include <string.h>

#include "batch.h"
#include "record.h"
#include "stages.h"

/* The call's server; NULL if it does not pin its tools. */
static const uapi_policy_server *scope_of(const uapi_call *call, uapi_pin_scope *scope)
{
    const uapi_policy_server *server = (call->server != NULL && uapi_policy_pins(call->gateway->policy))
                                           ? uapi_policy_find_server(call->gateway->policy, call->server)
                                           : NULL;
    if (server == NULL || server->pinning == UAPI_PINNING_DISABLED || call->protocol != UAPI_PROTOCOL_MCP) {
        return NULL;
    }
    *scope = (uapi_pin_scope){call->principal->tenant, server->name, server->pinning};
    return server;
}

static apr_status_t check(const uapi_call *call, const uapi_policy_server *server, const uapi_pin_scope *scope,
                          const uapi_mcp_message *message, uapi_schema_fault *fault, apr_pool_t *pool,
                          uapi_result *result)
{
    apr_status_t status;
    if (message->method == NULL || strcmp(message->method, "tools/call") != 0 || message->target == NULL) {
        return APR_SUCCESS;
    }
    status = uapi_pins_check(call->gateway->pins, scope, message->target, pool, result);
    if (status == APR_SUCCESS && server->checks_arguments) {
        status = uapi_pins_check_arguments(call->gateway->pins, scope, message->target, &call->json, message->arguments,
                                           fault, pool, result);
    }
    return status;
}

static apr_status_t check_batch(request_rec *r, uapi_call *call, const uapi_policy_server *server,
                                const uapi_pin_scope *scope, uapi_result *result)
{
    for (uint32_t i = 0; i < call->mcp.count; i++) {
        uapi_schema_fault fault;
        uapi_result why = {0};
        if (check(call, server, scope, &call->mcp.messages[i], &fault, r->pool, &why) == APR_SUCCESS) {
            continue;
        }
        if (uapi_call_enforces(call)) {
            uapi_batch_refuse(r, call, i, why.reason, NULL);
        } else {
            call->pinning = why.reason;
        }
    }
    return uapi_batch_require_one(call, r->pool, result);
}

apr_status_t uapi_stage_pinning(request_rec *r, uapi_call *call, uapi_result *result)
{
    uapi_result why = {0};
    uapi_pin_scope scope;
    const uapi_policy_server *server = (call->mcp.count > 0) ? scope_of(call, &scope) : NULL;
    apr_status_t status;
    if (server == NULL) {
        return APR_SUCCESS;
    }
    if (call->members != NULL) {
        return check_batch(r, call, server, &scope, result);
    }
    status = check(call, server, &scope, &call->mcp.messages[0], &call->arguments, r->pool, &why);
    if (status == APR_SUCCESS) {
        return APR_SUCCESS;
    }
    if (!uapi_call_enforces(call)) {
        call->pinning = why.reason;
        return APR_SUCCESS;
    }
    call->refused_rule = NULL;
    *result = why;
    return status;
}

static apr_status_t witness(void *baton, const uapi_store_observation *observation, apr_pool_t *pool,
                            uapi_result *result)
{
    return uapi_record_pin(baton, observation, pool, result);
}

apr_status_t uapi_pinning_shown(uapi_call *call, const uapi_json *json, uint32_t message, apr_hash_t **shown,
                                apr_pool_t *pool, uapi_result *result)
{
    uapi_result why = {0};
    uapi_pin_scope scope;
    apr_status_t status;
    *shown = NULL;
    if (!scope_of(call, &scope)) {
        return APR_SUCCESS;
    }
    status = uapi_pins_observe(call->gateway->pins, &scope, json, message, witness, call, shown, pool, &why);
    if (!uapi_call_enforces(call)) {
        *shown = NULL;
        return APR_SUCCESS;
    }
    if (status != APR_SUCCESS) {
        *result = why;
    }
    return status;
}

int uapi_pinning_allows(const uapi_call *call, const uapi_policy_server *server, const char *tool, apr_pool_t *pool)
{
    const uapi_pin_scope scope = {call->principal->tenant, server->name, server->pinning};
    uapi_result ignored = {0};
    return server->pinning == UAPI_PINNING_DISABLED || !uapi_call_enforces(call) ||
           uapi_pins_check(call->gateway->pins, &scope, tool, pool, &ignored) == APR_SUCCESS;
}

apr_status_t uapi_pinning_mirrors(const uapi_call *call, const char *tool, const apr_array_header_t **mirrors,
                                  apr_pool_t *pool, uapi_result *result)
{
    uapi_pin_scope scope;
    *mirrors = NULL;
    return scope_of(call, &scope) ? uapi_pins_mirrors(call->gateway->pins, &scope, tool, mirrors, pool, result)
                                  : APR_SUCCESS;
}
