/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "command.h"
#include "output.h"

#include <stdio.h>

#include "../core/policy.h"

typedef struct lint_run {
    apr_array_header_t *diagnostics;
    unsigned errors, warnings;
} lint_run;

static const char *level_name(uapi_diagnostic_level level)
{
    return level == UAPI_DIAGNOSTIC_ERROR ? "error" : "warning";
}

static json_t *lint_json(const lint_run *lint, apr_pool_t *pool)
{
    json_t *list = json_array();

    for (int i = 0; i < lint->diagnostics->nelts; i++) {
        const uapi_diagnostic *found = &APR_ARRAY_IDX(lint->diagnostics, i, uapi_diagnostic);

        json_array_append_new(list, json_pack("{s:s, s:i, s:i, s:s, s:s}", "file",
                                              uapi_output_printable(found->file, pool), "line", (int)found->line,
                                              "column", (int)found->column, "level", level_name(found->level),
                                              "message", uapi_output_printable(found->message, pool)));
    }
    return list;
}

/* As compilers write it, so that editors can jump there. */
static void lint_print(const lint_run *lint, apr_pool_t *pool)
{
    for (int i = 0; i < lint->diagnostics->nelts; i++) {
        const uapi_diagnostic *found = &APR_ARRAY_IDX(lint->diagnostics, i, uapi_diagnostic);

        printf("%s:", uapi_output_printable(found->file, pool));
        if (found->line) {
            printf("%u:%u:", found->line, found->column);
        }
        printf(" %s: %s\n", level_name(found->level), uapi_output_printable(found->message, pool));
    }
}

static void count_print(unsigned count, const char *one, const char *many, const char *end)
{
    printf("%u %s%s", count, count == 1 ? one : many, end);
}

static void summary_print(const lint_run *lint, const uapi_policy *policy)
{
    unsigned policies, rules, servers, firewalls;

    if (policy) {
        unsigned packs = (unsigned)uapi_policy_packs(policy)->nelts;

        uapi_policy_counts(policy, &policies, &rules, &servers, &firewalls);
        count_print(policies, "policy", "policies", ", ");
        count_print(rules, "rule", "rules", ", ");
        count_print(servers, "server", "servers", ", ");
        count_print(firewalls, "firewall", "firewalls", packs > 0 ? ", " : "; ");
        if (packs > 0) {
            count_print(packs, "pack", "packs", "; ");
        }
    }
    count_print(lint->errors, "error", "errors", ", ");
    count_print(lint->warnings, "warning", "warnings", "\n");
}

int uapi_command_policy_lint(uapi_cli *cli)
{
    uapi_result result = {0};
    uapi_policy *policy;
    lint_run lint = {0};
    apr_status_t status = uapi_policy_load(&policy, cli->arguments, cli->argument_count, &lint.diagnostics, cli->pool,
                                           &result);

    for (int i = 0; i < lint.diagnostics->nelts; i++) {
        int error = APR_ARRAY_IDX(lint.diagnostics, i, uapi_diagnostic).level == UAPI_DIAGNOSTIC_ERROR;

        lint.errors += error;
        lint.warnings += !error;
    }
    if (status != APR_SUCCESS && lint.errors == 0) {
        return uapi_output_refuse(cli, &result);
    }
    if (cli->json) {
        uapi_output_json(lint_json(&lint, cli->pool));
    } else {
        lint_print(&lint, cli->pool);
        summary_print(&lint, policy);
    }
    return status == APR_SUCCESS ? UAPI_EXIT_DONE : UAPI_EXIT_REFUSED;
}
