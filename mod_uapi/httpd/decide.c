/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include <string.h>

#include "answers.h"
#include "batch.h"
#include "federate.h"
#include "log.h"
#include "stages.h"

/* The names by which policies know requests without a message, and the answers of clients. */
static int is_reserved(const char *method)
{
    return strncmp(method, "http/", 5) == 0 || strncmp(method, "response/", 9) == 0;
}

static uapi_policy_question about(const uapi_call *call, const char *method)
{
    uapi_policy_question question = {call->principal, call->server, method, NULL, call->protocol != UAPI_PROTOCOL_MCP};
    return question;
}

/* What travels in a message of the newest revision is judged as the message that it was before. */
static void ask_also(const uapi_call *call, const uapi_mcp_message *message, uapi_verdict *verdict)
{
    static const struct {
        unsigned flag;
        const char *method;
    } others[] = {
        {UAPI_MCP_ALSO_ANSWERS, "response/result"},
        {UAPI_MCP_ALSO_SUBSCRIBES, "resources/subscribe"},
        {UAPI_MCP_ALSO_GETS_TASKS, "tasks/get"},
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]) && verdict->effect == UAPI_EFFECT_ALLOW; i++) {
        if (message->also & others[i].flag) {
            uapi_policy_question question = about(call, others[i].method);
            uapi_verdict other;
            uapi_policy_decide(call->gateway->policy, &question, &other);
            if (other.effect == UAPI_EFFECT_DENY || (other.shadow && !verdict->shadow)) {
                *verdict = other;
            }
        }
    }
}

/* The request as such. On a route that carries several protocols no method is free here: whoever chooses the reading would have
 * the weaker check. */
static void ask_request(const uapi_call *call, uapi_verdict *verdict)
{
    uapi_policy_question question = about(call, call->http_method);
    if (call->operation_unknown) { /* a service may take it for one of its operations where we do not: no rule opens it */
        *verdict = (uapi_verdict){UAPI_EFFECT_DENY, UAPI_REASON_OPERATION_UNKNOWN, NULL, NULL, 0};
        return;
    }
    question.tool = call->operation != NULL ? call->operation->name : NULL;
    question.explicit_only |= call->automatic;
    uapi_policy_decide(call->gateway->policy, &question, verdict);
}

static void ask(const uapi_call *call, const uapi_mcp_message *message, uapi_verdict *verdict)
{
    uapi_policy_question question = about(call, uapi_call_method(call, message));
    if (message == NULL) {
        ask_request(call, verdict);
        return;
    }
    if (message->method != NULL && is_reserved(message->method)) {
        question.method = ""; /* it must not pass for what carries no message: only a rule for everything allows it */
    }
    if (strcmp(question.method, "tools/call") == 0) {
        question.tool = message->target;
    }
    uapi_policy_decide(call->gateway->policy, &question, verdict);
    if (message->also != 0) {
        ask_also(call, message, verdict);
    }
}

int uapi_decide_offers(const uapi_call *call, const char *method, const char *name)
{
    uapi_policy_question question = about(call, method);
    uapi_verdict verdict;
    question.tool = (strcmp(method, "tools/call") == 0) ? name : NULL;
    uapi_policy_decide(call->gateway->policy, &question, &verdict);
    return verdict.effect == UAPI_EFFECT_ALLOW;
}

void uapi_decide_server_request(const uapi_call *call, const char *method, uapi_verdict *verdict)
{
    uapi_policy_question question = about(call, is_reserved(method) ? "" : method);
    uapi_policy_decide(call->gateway->policy, &question, verdict);
}

void uapi_decide_method(const uapi_call *call, const char *server, const char *method, uapi_verdict *verdict)
{
    uapi_policy_question question = about(call, method);
    question.server = server;
    uapi_policy_decide(call->gateway->policy, &question, verdict);
}

static apr_status_t refuse(request_rec *r, uapi_call *call, uapi_result *result)
{
    call->refused_rule = call->verdict.rule;
    return uapi_fail(result, r->pool, APR_EACCES, call->verdict.reason, "policy %s, rule %s",
                     call->verdict.policy != NULL ? call->verdict.policy : "(default)",
                     call->verdict.rule != NULL ? call->verdict.rule : "(default)");
}

static apr_status_t decide_batch(request_rec *r, uapi_call *call, uapi_result *result)
{
    uapi_batch_begin(call, r->pool);
    for (uint32_t i = 0; i < call->mcp.count; i++) {
        uapi_verdict *verdict = &call->members[i].verdict;
        ask(call, &call->mcp.messages[i], verdict);
        if (i == 0 || (verdict->effect == UAPI_EFFECT_DENY && call->verdict.effect != UAPI_EFFECT_DENY)) {
            call->verdict = *verdict;
        }
        if (verdict->effect == UAPI_EFFECT_DENY && uapi_call_enforces(call)) {
            uapi_batch_refuse(r, call, i, verdict->reason, verdict->rule);
        }
    }
    return uapi_batch_require_one(call, r->pool, result) == APR_SUCCESS ? uapi_answers_unmark(r, call, result)
                                                                        : result->status;
}

apr_status_t uapi_stage_decide(request_rec *r, uapi_call *call, uapi_result *result)
{
    uapi_verdict request;
    if (call->federated != NULL && call->federated->route != UAPI_FEDERATION_FORWARD) {
        return call->mcp.batch ? uapi_federate_decide_batch(r, call, result) : uapi_federate_decide(r, call, result);
    }
    if (call->automatic && call->mcp.count > 0) {
        ask_request(call, &call->verdict);
        if (call->verdict.effect == UAPI_EFFECT_DENY && uapi_call_enforces(call)) {
            return refuse(r, call, result);
        }
    }
    if (call->mcp.batch) {
        return decide_batch(r, call, result);
    }
    request = call->verdict;
    ask(call, call->mcp.count > 0 ? &call->mcp.messages[0] : NULL, &call->verdict);
    if (request.reason != UAPI_REASON_NONE && call->verdict.effect == UAPI_EFFECT_ALLOW) {
        call->verdict = request; /* shadow: what would have refused it */
    }
    if (call->verdict.effect == UAPI_EFFECT_ALLOW || !uapi_call_enforces(call)) {
        return uapi_answers_unmark(r, call, result);
    }
    if (call->federated != NULL && !uapi_federate_is_visible(call, call->server)) {
        return uapi_fail(result, r->pool, APR_EACCES, UAPI_REASON_POLICY_DEFAULT,
                         "the caller may use nothing of server %s", call->server);
    }
    return refuse(r, call, result);
}
