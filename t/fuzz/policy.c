/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Policy files from any bytes. Beside not failing: a load either gives a policy or an error with a position inside the
 * text; the same text gives the same answer twice; and a policy that loaded answers questions, denying what it cannot know.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>

#include "policy.h"
#include "policy_ruling.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int truth)
{
    if (!truth) {
        abort();
    }
}

static unsigned count_lines(const char *text, size_t length)
{
    unsigned lines = 1;

    for (size_t i = 0; i < length; i++) {
        lines += text[i] == '\n';
    }
    return lines;
}

static void check_diagnostics(const apr_array_header_t *diagnostics, int loaded, unsigned lines)
{
    int errors = 0;

    for (int i = 0; i < diagnostics->nelts; i++) {
        const uapi_diagnostic *d = &APR_ARRAY_IDX(diagnostics, i, uapi_diagnostic);
        errors += d->level == UAPI_DIAGNOSTIC_ERROR;
        must(strcmp(d->file, "f") == 0 && d->message != NULL && *d->message != '\0');
        must(d->line <= lines + 1 && (d->line == 0) == (d->column == 0));
        for (const char *at = d->message; *at != '\0'; at++) {
            must(*at >= 0x20 && *at < 0x7f);
        }
    }
    must((errors == 0) == loaded);
}

static void ask(const uapi_policy *policy)
{
    static const char *const roles[] = {"support", "a", NULL};
    static const uapi_principal principal = {UAPI_PRINCIPAL_AGENT, "acme", "bot", roles, "token"};
    static const char *const names[] = {"stripe", "a", "get_user", "tools/call", "initialize", "", NULL};
    uapi_verdict verdict;

    for (size_t i = 0; i < 7; i++) {
        for (size_t j = 0; j < 7; j++) {
            const uapi_policy_question tool = {&principal, names[i], "tools/call", names[j], 0};
            const uapi_policy_question method = {&principal, names[i], names[j], NULL, 0};
            uapi_policy_decide(policy, &tool, &verdict);
            must(verdict.effect == UAPI_EFFECT_DENY || (verdict.rule != NULL && names[i] != NULL && names[j] != NULL));
            uapi_policy_decide(policy, &method, &verdict);
            must(verdict.effect == UAPI_EFFECT_DENY || (verdict.rule != NULL && names[i] != NULL));
        }
    }
}

/* What is found has the path, spelled as its template is. */
static void look_for_operations(const uapi_operations *operations)
{
    static const char *const paths[] = {"/", "/v1/a", "/v1/A/b", "/a/b/c/"};
    apr_pool_t *pool;

    if (operations == NULL) {
        return;
    }
    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        const uapi_operation *found;
        uapi_path path;
        must(uapi_path_read(&path, paths[i], strlen(paths[i]), pool) == NULL);
        must((uapi_operations_find(operations, "GET", &path, &found, NULL) == UAPI_OPERATION_FOUND) == (found != NULL));
        must(found == NULL || uapi_template_matches(&found->template, &path));
    }
    apr_pool_destroy(pool);
}

/* Rulings answer for any finding; an exception that has ended never speaks. */
static void hear(const uapi_rulings *rulings, int exceptions)
{
    static const char *const roles[] = {"support", NULL};
    uapi_call_info call = {sizeof(call), UAPI_DIRECTION_REQUEST, "",        "acme", "agent", "bot", roles, "mcp",
                           "stripe",     "tools/call",           "get_user"};

    for (uint32_t i = 0; i < rulings->count; i++) {
        const uapi_ruling *ruling = &rulings->items[i];
        must(ruling->line > 0 && ruling->directions != 0 && (ruling->expires != 0) == exceptions);
        uapi_ruling_names(ruling, "pii.email");
        uapi_ruling_applies(ruling, &call, UAPI_SEVERITY_HIGH);
        must(!exceptions || (ruling->action == UAPI_ACTION_ALLOW && ruling->names.count > 0));
        must(!exceptions || !uapi_ruling_excepts(ruling, "text", 4, ruling->expires));
        must(i == 0 || strcmp(rulings->items[i - 1].id, ruling->id) <= 0);
    }
}

static void use(const uapi_policy *policy)
{
    const apr_array_header_t *scanners = uapi_policy_firewall_scanners(policy);
    unsigned policies, rules, servers, firewalls;

    ask(policy);
    hear(uapi_policy_rulings(policy), 0);
    hear(uapi_policy_exceptions(policy), 1);
    uapi_policy_counts(policy, &policies, &rules, &servers, &firewalls);
    must(rules >= policies);
    for (int i = 0; i < scanners->nelts; i++) {
        const uapi_policy_scanner *entry = &APR_ARRAY_IDX(scanners, i, uapi_policy_scanner);
        must(entry->line > 0 && entry->request >= -1 && entry->request <= UAPI_ACTION_BLOCK);
    }
    if (uapi_policy_find_server(policy, "stripe") != NULL) {
        const uapi_policy_server *server = uapi_policy_find_server(policy, "stripe");
        must(uapi_policy_knows_server(policy, "stripe"));
        look_for_operations(server->operations);
        must((server->credential == NULL) == (server->inject_header == NULL));
        must(server->inject_header == NULL || strpbrk(server->inject_header, "\r\n: ") == NULL);
        must(server->inject_prefix == NULL || strpbrk(server->inject_prefix, "\r\n") == NULL);
        must(server->inject_suffix == NULL || strpbrk(server->inject_suffix, "\r\n") == NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *root;
    apr_array_header_t *first, *second;
    uapi_policy *policy, *again;
    uapi_result result = {0};
    apr_pool_t *pool;

    if (root == NULL) {
        apr_initialize();
        apr_pool_create(&root, NULL);
    }
    apr_pool_create(&pool, root);
    uapi_policy_parse(&policy, "f", (const char *)data, size, &first, pool, &result);
    uapi_policy_parse(&again, "f", (const char *)data, size, &second, pool, NULL);
    check_diagnostics(first, policy != NULL, count_lines((const char *)data, size));
    must((policy == NULL) == (again == NULL) && first->nelts == second->nelts);
    must((policy == NULL) == (result.reason == UAPI_REASON_CONFIG_INVALID));
    if (policy != NULL) {
        use(policy);
    }
    apr_pool_destroy(pool);
    return 0;
}
