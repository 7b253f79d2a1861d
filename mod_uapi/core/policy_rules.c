/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What a Policy says, judged: a rule that can never match is taken for a mistake of its author. A mistake in a deny
 * rule opens what it should have closed, so everything that other pattern languages would read differently is refused,
 * too.
 */
#include "policy_internal.h"

#include <string.h>

#include "glob.h"

static const char tool_call[] = "tools/call";

static const char *quote(const uapi_policy_source *source, const uapi_yaml_node *node)
{
    return uapi_yaml_quote(node->text, node->length, source->pool);
}

/* ---------------------------------------------------------------- patterns */

/* What is wrong with a pattern of tools or methods; NULL if nothing is. */
static const char *judge_pattern(const char *text, size_t length)
{
    if (length == 0) {
        return "is empty, so it can never match";
    }
    if (length > UAPI_POLICY_MAX_NAME) {
        return "is longer than 256 bytes, so it can never match";
    }
    if (text[0] == '!') {
        return "begins with \"!\", but patterns have no negation: write a deny rule";
    }
    if (text[0] == ' ' || text[length - 1] == ' ') {
        return "begins or ends with a space";
    }
    if (strpbrk(text, "[]{}\\") != NULL) {
        return "has a character that is special in other pattern languages; only * and ? are special here, and ? stands"
               " for a name's [ ] { } or \\";
    }
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
            return "has a control character";
        }
    }
    return NULL;
}

int uapi_policy_check_pattern(uapi_policy_source *source, const char *what, const uapi_yaml_node *pattern)
{
    const char *fault = judge_pattern(pattern->text, pattern->length);

    if (fault != NULL) {
        uapi_policy_error(source->diagnoses, pattern, "%s %s %s", what, quote(source, pattern), fault);
    }
    return fault == NULL;
}

void uapi_policy_check_server_pattern(uapi_policy_source *source, const uapi_yaml_node *pattern)
{
    size_t plain = strspn(pattern->text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._@-*?");

    if (!uapi_glob_is_pattern(pattern->text, pattern->length)) {
        uapi_policy_check_name(source, "server", pattern);
    } else if (plain != pattern->length || pattern->length > UAPI_POLICY_MAX_NAME) {
        uapi_policy_error(source->diagnoses, pattern,
                          "server %s matches no name: 1 to 64 of A-Z a-z 0-9 . _ @ -, with * and ?",
                          quote(source, pattern));
    }
}

static int matches(const uapi_yaml_node *pattern, const char *name)
{
    return uapi_glob_match(pattern->text, pattern->length, name, strlen(name));
}

/* Servers and plain JSON-RPC services have methods of their own: only what looks like a slip is spoken of. */
static void warn_of_unknown_method(uapi_policy_source *source, const uapi_yaml_node *pattern)
{
    static const char *const known[] = {
        tool_call,
        "tools/list",
        "prompts/get",
        "prompts/list",
        "resources/read",
        "resources/list",
        "resources/templates/list",
        "resources/subscribe",
        "resources/unsubscribe",
        "subscriptions/listen",
        "completion/complete",
        "logging/setLevel",
        "initialize",
        "ping",
        "server/discover",
        "tasks/get",
        "tasks/list",
        "tasks/result",
        "tasks/cancel",
        "tasks/update",
        "notifications/initialized",
        "notifications/cancelled",
        "notifications/progress",
        "notifications/roots/list_changed",
        "notifications/tasks/status",
        "notifications/tasks",
        "notifications/message",
        "notifications/resources/updated",
        "notifications/resources/list_changed",
        "notifications/tools/list_changed",
        "notifications/prompts/list_changed",
        "notifications/elicitation/complete",
        "notifications/subscriptions/acknowledged",
        "response/result",
        "response/error",
        "sampling/createMessage", /* a server's requests to the client */
        "elicitation/create",
        "roots/list",
        "http/GET",
        "http/DELETE",
        "http/POST",
        "http/HEAD",
        "http/OPTIONS",
        NULL,
    };
    const char *suggestion;

    for (int i = 0; known[i] != NULL; i++) {
        if (matches(pattern, known[i])) {
            return;
        }
    }
    suggestion = uapi_policy_suggest(pattern->text, known, source->pool);
    if (suggestion[0] != '\0') {
        uapi_policy_warn(source->diagnoses, pattern, "method %s matches no method that MCP has%s",
                         quote(source, pattern), suggestion);
    }
}

static void check_method(uapi_policy_source *source, const uapi_form_rule *rule, const uapi_yaml_node *method)
{
    if (!uapi_policy_check_pattern(source, "method", method)) {
        return;
    }
    if (rule->tools != NULL && !matches(method, tool_call)) {
        uapi_policy_error(source->diagnoses, method,
                          "method %s can never match: a rule with \"tools\" matches tools/call only",
                          quote(source, method));
        return;
    }
    warn_of_unknown_method(source, method);
}

/* ---------------------------------------------------------------- rules */

static size_t total_length(const apr_array_header_t *patterns)
{
    size_t total = 0;

    for (int i = 0; patterns != NULL && i < patterns->nelts; i++) {
        total += APR_ARRAY_IDX(patterns, i, const uapi_yaml_node *)->length + sizeof(void *);
    }
    return total;
}

/* Servers times tools: without a bound a small file could ask for an index larger than memory. */
static void check_index_size(uapi_policy_source *source, const uapi_form_rule *rule)
{
    size_t servers = rule->servers != NULL ? (size_t)rule->servers->nelts : 1;
    size_t cost = servers * (total_length(rule->tools) + total_length(rule->methods) + sizeof(void *));

    if (source->index_size <= UAPI_POLICY_MAX_INDEX && source->index_size + cost > UAPI_POLICY_MAX_INDEX) {
        uapi_policy_error(source->diagnoses, rule->node,
                          "too many servers times tools and methods in this and the rules before it; use patterns");
    }
    source->index_size += cost;
}

static void check_rule(uapi_policy_source *source, const uapi_form_rule *rule)
{
    for (int i = 0; rule->servers != NULL && i < rule->servers->nelts; i++) {
        uapi_policy_check_server_pattern(source, APR_ARRAY_IDX(rule->servers, i, const uapi_yaml_node *));
    }
    for (int i = 0; rule->tools != NULL && i < rule->tools->nelts; i++) {
        uapi_policy_check_pattern(source, "tool", APR_ARRAY_IDX(rule->tools, i, const uapi_yaml_node *));
    }
    for (int i = 0; rule->methods != NULL && i < rule->methods->nelts; i++) {
        check_method(source, rule, APR_ARRAY_IDX(rule->methods, i, const uapi_yaml_node *));
    }
    check_index_size(source, rule);
}

void uapi_policy_check_id(uapi_policy_source *source, apr_hash_t *ids, const char *document, const uapi_yaml_node *id)
{
    const uapi_yaml_node *first = apr_hash_get(ids, id->text, APR_HASH_KEY_STRING);

    if (first != NULL) {
        uapi_policy_error(source->diagnoses, id, "rule id %s is used twice in this %s, first at line %u",
                          quote(source, id), document, first->line);
    } else if (uapi_policy_check_name(source, "rule id", id)) {
        apr_hash_set(ids, id->text, APR_HASH_KEY_STRING, id);
    }
}

void uapi_policy_check_policy(uapi_policy_source *source, const uapi_form_policy *policy)
{
    apr_hash_t *ids = apr_hash_make(source->pool);

    uapi_policy_check_subjects(source, policy->subjects);
    for (int i = 0; policy->rules != NULL && i < policy->rules->nelts; i++) {
        const uapi_form_rule *rule = APR_ARRAY_IDX(policy->rules, i, uapi_form_rule *);
        check_rule(source, rule);
        if (rule->id != NULL) {
            uapi_policy_check_id(source, ids, "policy", rule->id);
        }
    }
}
