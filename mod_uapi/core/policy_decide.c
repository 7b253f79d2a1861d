/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A decision visits the rules that the index holds for this tenant, server and tool, and keeps for each of the three
 * outcomes (denied, denied in shadow, allowed) the lowest rank: whichever way the index leads, the answer is the
 * same. Nothing is allocated; the search is a record on the stack.
 */
#include "policy_internal.h"

#include <string.h>

enum { NO_RULE = 0x7fffffff };

typedef struct search {
    const uapi_policy *policy;
    const uapi_principal *principal;
    const uapi_policy_realm *realm;
    const char *method, *tool;
    size_t method_length, tool_length;
    int calls_tool, keeps_session;
    uint32_t denied, shadow_denied, allowed; /* lowest ranks */
    unsigned visited;
} search;

/* ---------------------------------------------------------------- rules */

static int is_subject(const search *s, const uapi_policy_scope *scope)
{
    return uapi_policy_is_subject(scope->subjects, scope->subject_count, (int)s->principal->type, s->principal->id,
                                  s->principal->roles);
}

static void visit_rules(void *baton, const uint32_t *ranks, uint32_t count)
{
    search *s = baton;

    for (uint32_t i = 0; i < count; i++) {
        const uapi_policy_rule *rule = &s->policy->rules[ranks[i]];
        uint32_t *lowest = rule->effect == UAPI_EFFECT_ALLOW ? &s->allowed
                           : rule->scope->shadow             ? &s->shadow_denied
                                                             : &s->denied;
        s->visited++;
        if (rule->effect == UAPI_EFFECT_ALLOW && rule->scope->shadow) {
            continue; /* what is tried out in shadow must not open anything */
        }
        if (ranks[i] < *lowest && is_subject(s, rule->scope)) {
            *lowest = ranks[i];
        }
    }
}

static void visit_groups(void *baton, const uint32_t *indices, uint32_t count)
{
    search *s = baton;

    for (uint32_t i = 0; i < count; i++) {
        const uapi_policy_group *group = &APR_ARRAY_IDX(s->realm->groups, indices[i], uapi_policy_group);
        if (s->calls_tool && group->tools != NULL) {
            s->visited += uapi_policy_names_visit(group->tools, s->tool, s->tool_length, visit_rules, s);
        }
        if (group->methods != NULL) {
            s->visited += uapi_policy_names_visit(group->methods, s->method, s->method_length, visit_rules, s);
        }
        visit_rules(s, (const uint32_t *)group->anything->elts, (uint32_t)group->anything->nelts);
        if (s->keeps_session) {
            visit_rules(s, (const uint32_t *)group->openings->elts, (uint32_t)group->openings->nelts);
        }
    }
}

static void visit_realm(search *s, const uapi_policy_realm *realm, const char *server, size_t length)
{
    if (realm != NULL) {
        s->realm = realm;
        s->visited += uapi_policy_names_visit(realm->servers, server, length, visit_groups, s);
    }
}

/* ---------------------------------------------------------------- the question */

static int keeps_session(const char *method)
{
    static const char notifications[] = "notifications/";
    static const char *const methods[] = {
        "initialize", "ping",         "server/discover", "logging/setLevel",         "subscriptions/listen",
        "tools/list", "prompts/list", "resources/list",  "resources/templates/list", "tasks/list",
        "http/GET",   "http/DELETE",  "response/result", "response/error",
    };

    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strcmp(method, methods[i]) == 0) {
            return 1;
        }
    }
    return strncmp(method, notifications, sizeof(notifications) - 1) == 0;
}

/* Takes the name if it is one that rules can match. */
static int take(const char *name, size_t *length)
{
    *length = name != NULL ? strnlen(name, UAPI_POLICY_MAX_NAME + 1) : 0;
    return *length > 0 && *length <= UAPI_POLICY_MAX_NAME;
}

static int understand(search *s, const uapi_policy_question *question, size_t *server_length)
{
    s->principal = question->principal;
    s->method = question->method != NULL ? question->method : "response/result";
    s->tool = question->tool;
    if (s->principal == NULL || !take(question->server, server_length) || !take(s->method, &s->method_length)) {
        return 0;
    }
    s->calls_tool = s->tool != NULL || strcmp(s->method, "tools/call") == 0;
    s->keeps_session = !s->calls_tool && !question->explicit_only && keeps_session(s->method);
    return !s->calls_tool || take(s->tool, &s->tool_length);
}

static void name_rule(const uapi_policy *policy, uint32_t rank, uapi_verdict *verdict)
{
    verdict->policy = policy->rules[rank].scope->name;
    verdict->rule = policy->rules[rank].id;
}

static void judge(const search *s, uapi_verdict *verdict)
{
    if (s->denied != NO_RULE) {
        verdict->reason = UAPI_REASON_POLICY_DENIED;
        name_rule(s->policy, s->denied, verdict);
    } else if (s->allowed != NO_RULE) {
        verdict->effect = UAPI_EFFECT_ALLOW;
        verdict->reason = UAPI_REASON_NONE;
        verdict->shadow = s->shadow_denied != NO_RULE;
        name_rule(s->policy, verdict->shadow ? s->shadow_denied : s->allowed, verdict);
    }
}

unsigned uapi_policy_decide_counted(const uapi_policy *policy, const uapi_policy_question *question,
                                    uapi_verdict *verdict)
{
    search s = {.policy = policy, .denied = NO_RULE, .shadow_denied = NO_RULE, .allowed = NO_RULE};
    size_t server_length;

    *verdict = (uapi_verdict){UAPI_EFFECT_DENY, UAPI_REASON_POLICY_DEFAULT, NULL, NULL, 0};
    if (understand(&s, question, &server_length)) {
        visit_realm(&s, policy->everyone, question->server, server_length);
        if (s.principal->tenant != NULL) {
            visit_realm(&s, apr_hash_get(policy->tenants, s.principal->tenant, APR_HASH_KEY_STRING), question->server,
                        server_length);
        }
        judge(&s, verdict);
    }
    return s.visited;
}

void uapi_policy_decide(const uapi_policy *policy, const uapi_policy_question *question, uapi_verdict *verdict)
{
    uapi_policy_decide_counted(policy, question, verdict);
}
