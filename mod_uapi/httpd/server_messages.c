/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "server_messages.h"

#include "log.h"
#include "record.h"
#include "stages.h"

typedef struct judging {
    request_rec *r;
    uapi_call *call;
    apr_pool_t *pool;
    uapi_result *why; /* of the first refusal */
    apr_status_t status;
    int over; /* it is enough */
} judging;

/* Each is recorded: a server that never stops would fill the chain. */
static int is_too_often(uapi_call *call, uapi_result *why)
{
    if (uapi_stream_may_refuse(&call->refused_due, uapi_config_max_refused(call->route), apr_time_now())) {
        return 0;
    }
    *why = (uapi_result){APR_ENOSPC, UAPI_REASON_RESPONSE_REFUSED, "more was refused than UapiMaxRefusedRequests"};
    return 1;
}

static void judge_one(judging *j, const char *method, int is_notification)
{
    uapi_result refused = {0};
    uapi_verdict verdict;
    uapi_decide_server_request(j->call, method, &verdict);
    if (verdict.effect == UAPI_EFFECT_DENY && uapi_call_enforces(j->call)) {
        uapi_fail(&refused, j->pool, APR_EACCES, verdict.reason, "the server's %.64s", method);
    } else if (is_notification && verdict.effect == UAPI_EFFECT_ALLOW && !verdict.shadow) {
        return; /* progress and logs by the thousand */
    }
    if (refused.reason != UAPI_REASON_NONE && is_too_often(j->call, j->why)) {
        j->status = j->why->status;
        j->over = 1;
        return;
    }
    if (j->status == APR_SUCCESS && refused.reason != UAPI_REASON_NONE) {
        *j->why = refused;
        j->status = refused.status;
    }
    if (uapi_record_server_request(j->r, j->call, method, &verdict, refused.reason, &refused) != APR_SUCCESS) {
        *j->why = refused;
        j->status = refused.status != APR_SUCCESS ? refused.status : APR_EGENERAL;
    }
}

/* What comes in a result is asked of the client all the same. */
static void judge_inner(judging *j, const uapi_json *json, uint32_t message)
{
    apr_array_header_t *methods;
    uapi_result trouble = {0};
    if (uapi_mcp_input_requests(&methods, json, message, j->pool, &trouble) != APR_SUCCESS &&
        uapi_call_enforces(j->call) && j->status == APR_SUCCESS) {
        j->status = uapi_fail(j->why, j->pool, APR_EINVAL, UAPI_REASON_RESPONSE_INVALID, "%s: %s",
                              uapi_reason_describe(trouble.reason)->code, trouble.detail);
    }
    for (int i = 0; methods != NULL && i < methods->nelts && !j->over; i++) {
        judge_one(j, APR_ARRAY_IDX(methods, i, const char *), 0);
    }
}

apr_status_t uapi_server_messages_judge(request_rec *r, uapi_call *call, const uapi_inspected *said, apr_pool_t *pool,
                                        uapi_result *why)
{
    judging j = {r, call, pool, why, APR_SUCCESS, 0};
    const uapi_json *json = &said->json;
    for (uint32_t i = 0; i < said->reply.count && !j.over; i++) {
        if (said->reply.messages[i].method != NULL) {
            judge_one(&j, said->reply.messages[i].method, said->reply.messages[i].kind == UAPI_MCP_NOTIFICATION);
        }
    }
    if (json->count > 0 && call->protocol == UAPI_PROTOCOL_MCP) {
        for (uint32_t i = json->nodes[0].type == UAPI_JSON_ARRAY; i < json->count && !j.over; i = json->nodes[i].skip) {
            judge_inner(&j, json, i);
        }
    }
    return j.status;
}

void uapi_server_messages_withheld(request_rec *r, uapi_call *call, const uapi_inspected *said, uapi_result *why)
{
    for (uint32_t i = 0; i < said->reply.count; i++) {
        const uapi_mcp_message *message = &said->reply.messages[i];
        uapi_verdict verdict;
        uapi_result ignored = {0};
        if (message->kind != UAPI_MCP_REQUEST) {
            continue;
        }
        if (is_too_often(call, why)) {
            return;
        }
        uapi_decide_server_request(call, message->method, &verdict);
        uapi_record_server_request(r, call, message->method, &verdict, why->reason, &ignored);
    }
}
