/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The table of subcommands is the program: it drives dispatch, the count of arguments, which options a command takes
 * and needs, and every page of help. A command that is not in it does not exist, and t/50-uapictl-man.t holds the
 * manual page to it.
 */
#include "command.h"
#include "output.h"
#include "scanners.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>

#define REGISTRY UAPI_TAKES(REGISTRY)
#define TENANT UAPI_TAKES(TENANT)
#define DECISION (REGISTRY | TENANT | UAPI_TAKES(AUDIT) | UAPI_TAKES(KEY_FILE)) /* it is recorded in the chain */

static const uapi_command commands[] = {
    {NULL, "init", "", 0, 0, REGISTRY | UAPI_TAKES(AUDIT) | UAPI_TAKES(KEY_FILE) | UAPI_TAKES(OWNER), 0,
     "make registry, audit file and key file", uapi_command_init},
    {"tenant", "create", "NAME", 1, 1, REGISTRY, 0, "add a tenant", uapi_command_tenant_create},
    {"tenant", "list", "", 0, 0, REGISTRY, 0, "show all tenants", uapi_command_tenant_list},
    {"token", "create", "", 0, 0,
     REGISTRY | TENANT | UAPI_TAKES(PRINCIPAL) | UAPI_TAKES(TYPE) | UAPI_TAKES(ROLE) | UAPI_TAKES(LABEL) |
         UAPI_TAKES(EXPIRES),
     TENANT | UAPI_TAKES(PRINCIPAL), "make a token and show it once", uapi_command_token_create},
    {"token", "list", "", 0, 0, REGISTRY | TENANT, 0, "show tokens, of one tenant or of all", uapi_command_token_list},
    {"token", "revoke", "ID", 1, 1, REGISTRY | TENANT, 0, "end a token now", uapi_command_token_revoke},
    {"credential", "set", "NAME", 1, 1, REGISTRY | TENANT | UAPI_TAKES(KEY_FILE), TENANT,
     "store a credential; its value comes from standard input", uapi_command_credential_set},
    {"credential", "list", "", 0, 0, REGISTRY | TENANT, 0, "show credentials without their values",
     uapi_command_credential_list},
    {"credential", "delete", "NAME", 1, 1, REGISTRY | TENANT, TENANT, "remove a credential",
     uapi_command_credential_delete},
    {"pin", "list", "", 0, 0, REGISTRY | TENANT, 0, "show the tools whose definitions are pinned or wait for approval",
     uapi_command_pin_list},
    {"pin", "diff", "SERVER TOOL", 2, 2, REGISTRY | TENANT, TENANT,
     "show what has changed in a tool; exit with 1 if anything has", uapi_command_pin_diff},
    {"pin", "approve", "SERVER TOOL...", 2, UAPI_MANY_ARGUMENTS, DECISION | UAPI_TAKES(HASH), TENANT,
     "pin the definitions that wait, or those pinned on first use", uapi_command_pin_approve},
    {"pin", "reject", "SERVER TOOL...", 2, UAPI_MANY_ARGUMENTS, DECISION, TENANT,
     "turn the definitions down that wait; what was pinned stays", uapi_command_pin_reject},
    {"pin", "export", "[SERVER...]", 0, UAPI_MANY_ARGUMENTS, REGISTRY | TENANT, TENANT,
     "print what is pinned, for review and for import", uapi_command_pin_export},
    {"pin", "import", "FILE", 1, 1, DECISION, TENANT, "pin what a reviewed file says", uapi_command_pin_import},
    {"policy", "lint", "PATH...", 1, UAPI_MANY_ARGUMENTS, 0, 0, "check policy files and directories as one set",
     uapi_command_policy_lint},
    {"policy", "operations", "PATH...", 1, UAPI_MANY_ARGUMENTS, 0, 0, "show the operations of REST servers",
     uapi_command_policy_operations},
    {"audit", "show", "", 0, 0,
     UAPI_TAKES(AUDIT) | TENANT | UAPI_TAKES(FROM) | UAPI_TAKES(LAST) | UAPI_TAKES(CALL) | UAPI_TAKES(FOLLOW), 0,
     "print records", uapi_command_audit_show},
    {"audit", "verify", "", 0, 0, UAPI_TAKES(AUDIT) | UAPI_TAKES(KEY_FILE) | UAPI_TAKES(NO_KEY), 0,
     "re-compute every chain and name the first bad record", uapi_command_audit_verify},
    {NULL, "scan", "[FILE...]", 0, UAPI_MANY_ARGUMENTS,
     UAPI_TAKES(JSONL) | UAPI_TAKES(DIRECTION) | UAPI_TAKES(PLUGIN) | UAPI_TAKES(ISOLATED) | UAPI_TAKES(POLICY) |
         UAPI_TAKES(FAIL_ON_FINDING) | UAPI_TAKES(CORPUS) | UAPI_TAKES(EXPLAIN),
     0, "run the scanners over files or standard input", uapi_command_scan},
    {NULL, "replay", "", 0, 0,
     UAPI_TAKES(AUDIT) | TENANT | UAPI_TAKES(FROM) | UAPI_TAKES(ROLE) | UAPI_TAKES(PLUGIN) | UAPI_TAKES(ISOLATED) |
         UAPI_TAKES(POLICY) | UAPI_TAKES(FAIL_ON_CHANGE),
     0, "what other policies would have done about recorded findings", uapi_command_replay},
    {NULL, "doctor", "", 0, 0,
     REGISTRY | UAPI_TAKES(AUDIT) | UAPI_TAKES(KEY_FILE) | UAPI_TAKES(PLUGIN) | UAPI_TAKES(ISOLATED) |
         UAPI_TAKES(POLICY),
     0, "check everything that the server will need", uapi_command_doctor},
};

enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

/* -------------------------------------------------------------------------------------------------------- help */

static int is_in(const uapi_command *command, const char *group)
{
    return !group || (command->group && strcmp(command->group, group) == 0);
}

static const char *usage_line(const uapi_command *command, apr_pool_t *pool)
{
    return apr_pstrcat(pool, command->group ? command->group : "", command->group ? " " : "", command->name,
                       *command->arguments ? " " : "", command->arguments, NULL);
}

static void commands_print(const char *group, apr_pool_t *pool)
{
    for (int i = 0; i < COMMAND_COUNT; i++) {
        if (is_in(&commands[i], group)) {
            printf("  %-24s  %s\n", usage_line(&commands[i], pool), commands[i].summary);
        }
    }
}

static void overview_print(const char *group, apr_pool_t *pool)
{
    if (!group) {
        printf("uapictl " UAPI_CLI_VERSION
               ": administers mod_uapi, the security gateway for AI agents in Apache httpd\n\n");
    }
    printf("usage: uapictl %s%sCOMMAND [--option...] [ARGUMENT...]\n\n", group ? group : "", group ? " " : "");
    commands_print(group, pool);
    printf("\n`uapictl COMMAND --help` explains one command. Every command takes --json.\n"
           "Exit status: 0 done, 1 refused or found, 2 wrong usage.\n");
}

static void option_print(const uapi_option *option, int needed, apr_pool_t *pool)
{
    const char *name = apr_pstrcat(pool, "--", option->name, option->value ? " " : "", option->value, NULL);

    printf("  %-24s  %s", name, option->summary);
    if (needed) {
        printf(" (needed)");
    } else if (option->environment) {
        printf(" ($%s, else %s)", option->environment, option->fallback);
    } else if (option->fallback) {
        printf(" (else %s)", option->fallback);
    }
    putchar('\n');
}

static void command_print(const uapi_command *command, apr_pool_t *pool)
{
    printf("usage: uapictl %s [--option...]\n\n%s\n\n", usage_line(command, pool), command->summary);
    for (int i = 0; i < UAPI_OPTION_COUNT; i++) {
        if ((command->takes | UAPI_TAKES_ALWAYS) & (UINT32_C(1) << i)) {
            option_print(uapi_option_describe(i), (command->needs >> i) & 1, pool);
        }
    }
}

/* ---------------------------------------------------------------------------------------------------- dispatch */

static int group_exists(const char *name)
{
    for (int i = 0; i < COMMAND_COUNT; i++) {
        if (commands[i].group && strcmp(commands[i].group, name) == 0) {
            return 1;
        }
    }
    return 0;
}

static const uapi_command *command_find(const char *group, const char *name)
{
    for (int i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, name) == 0 &&
            (group ? commands[i].group && strcmp(commands[i].group, group) == 0 : !commands[i].group)) {
            return &commands[i];
        }
    }
    return NULL;
}

/* Set cli->command and what stands behind its words. `group` is set when the line names one and no command of it. */
static int command_read(uapi_cli *cli, const char **group)
{
    const apr_array_header_t *words = cli->options.words;
    const char *first = words->nelts > 0 ? APR_ARRAY_IDX(words, 0, const char *) : NULL;
    const char *second = words->nelts > 1 ? APR_ARRAY_IDX(words, 1, const char *) : NULL;
    int used;

    *group = first && group_exists(first) ? first : NULL;
    if (*group && second) {
        cli->command = command_find(*group, second);
    } else if (first && !*group) {
        cli->command = command_find(NULL, first);
    }
    if (!cli->command) {
        return first && (!*group || second) ? uapi_output_usage(cli, "there is no command '%s%s%s'", first,
                                                                *group ? " " : "", *group ? second : "")
                                            : UAPI_EXIT_DONE;
    }
    used = *group ? 2 : 1;
    cli->argument_count = (size_t)(words->nelts - used);
    APR_ARRAY_PUSH(cli->options.words, const char *) = NULL;
    cli->arguments = (const char *const *)cli->options.words->elts + used;
    return UAPI_EXIT_DONE;
}

/* The first option of a set, to name it. */
static const char *option_name(uapi_option_set set)
{
    int id = 0;

    while (!(set & 1)) {
        set >>= 1;
        id++;
    }
    return uapi_option_describe(id)->name;
}

static int arguments_check(uapi_cli *cli)
{
    const uapi_command *command = cli->command;
    uapi_option_set given = uapi_options_given(&cli->options), wrong;

    wrong = given & ~(command->takes | UAPI_TAKES_ALWAYS | UAPI_TAKES_UNUSED);
    if (wrong) {
        return uapi_output_usage(cli, "takes no --%s", option_name(wrong));
    }
    if (cli->argument_count < command->least) {
        return uapi_output_usage(cli, "%s is missing", command->arguments);
    }
    if (cli->argument_count > command->most) {
        return uapi_output_usage(cli, "'%s' is one argument too many", cli->arguments[command->most]);
    }
    if (command->needs & ~given) {
        return uapi_output_usage(cli, "--%s is missing", option_name(command->needs & ~given));
    }
    return UAPI_EXIT_DONE;
}

static int dispatch(uapi_cli *cli)
{
    int help = uapi_options_has(&cli->options, UAPI_OPTION_HELP), status;
    const char *group;

    if (uapi_options_has(&cli->options, UAPI_OPTION_VERSION)) {
        printf("uapictl " UAPI_CLI_VERSION "\n");
        return UAPI_EXIT_DONE;
    }
    if ((status = command_read(cli, &group)) != UAPI_EXIT_DONE) {
        return status;
    }
    if (help && cli->command) {
        command_print(cli->command, cli->pool);
        return UAPI_EXIT_DONE;
    }
    if (help) {
        overview_print(group, cli->pool);
        return UAPI_EXIT_DONE;
    }
    if (!cli->command) {
        return group ? uapi_output_usage(cli, "%s: a command is missing", group)
                     : uapi_output_usage(cli, "a command is missing");
    }
    status = arguments_check(cli);
    return status == UAPI_EXIT_DONE ? cli->command->run(cli) : status;
}

/* Also when the line cannot be parsed, the error takes the form that was asked for. */
static int wants_json(int argc, const char *const *argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            return 1;
        }
    }
    return 0;
}

static int run(int argc, const char *const *argv)
{
    uapi_cli cli = {.json = wants_json(argc, argv)};
    const char *problem;
    int status;

    if (apr_pool_create(&cli.pool, NULL) != APR_SUCCESS) {
        return UAPI_EXIT_REFUSED;
    }
    problem = uapi_options_parse(&cli.options, argc, argv, cli.pool);
    cli.json = !problem ? uapi_options_has(&cli.options, UAPI_OPTION_JSON) : cli.json;
    status = problem ? uapi_output_usage(&cli, "%s", problem) : dispatch(&cli);
    apr_pool_destroy(cli.pool);
    return uapi_output_finish(status);
}

int main(int argc, const char *const *argv)
{
    int status;

    uapi_output_open();
    if (apr_initialize() != APR_SUCCESS) {
        uapi_output_note("APR cannot be initialised");
        return UAPI_EXIT_REFUSED;
    }
    uapi_scanners_cache(NULL, NULL);
    status = run(argc - 1, argv + 1);
    uapi_pattern_cache_use(NULL, NULL, NULL);
    apr_terminate();
    return status;
}
