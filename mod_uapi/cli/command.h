/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file command.h
 * The subcommands of uapictl: what one is, and the function of each. main.c holds the table.
 */
#ifndef UAPI_CLI_COMMAND_H
#define UAPI_CLI_COMMAND_H

#include <apr_pools.h>

#include "../include/uapi_plugin.h"
#include "options.h"

#define UAPI_CLI_STRING_OF(x) #x
#define UAPI_CLI_STRING(x) UAPI_CLI_STRING_OF(x)
#define UAPI_CLI_VERSION UAPI_CLI_STRING(UAPI_ABI_MAJOR) "." UAPI_CLI_STRING(UAPI_ABI_MINOR) ".0"

/** Exit statuses; functions that return one have told the user why it is not DONE. */
enum { UAPI_EXIT_DONE = 0, UAPI_EXIT_REFUSED = 1, UAPI_EXIT_USAGE = 2 };

typedef struct uapi_command uapi_command;

/** One run of the program. */
typedef struct uapi_cli {
    apr_pool_t *pool;
    uapi_options options;
    int json;                     /* --json */
    const uapi_command *command;  /* NULL until it is known */
    const char *const *arguments; /* the words behind the command's own, NULL-terminated */
    size_t argument_count;
} uapi_cli;

struct uapi_command {
    const char *group;     /* "token"; NULL for a command of one word */
    const char *name;      /* "create" */
    const char *arguments; /* how help writes them: "NAME", "[FILE...]"; "" if there are none */
    size_t least, most;    /* how many */
    uapi_option_set takes; /* besides UAPI_TAKES_ALWAYS */
    uapi_option_set needs; /* of these, what must be given */
    const char *summary;
    int (*run)(uapi_cli *cli); /* gives the exit status */
};

#define UAPI_MANY_ARGUMENTS 4096

int uapi_command_init(uapi_cli *cli);
int uapi_command_tenant_create(uapi_cli *cli);
int uapi_command_tenant_list(uapi_cli *cli);
int uapi_command_token_create(uapi_cli *cli);
int uapi_command_token_list(uapi_cli *cli);
int uapi_command_token_revoke(uapi_cli *cli);
int uapi_command_credential_set(uapi_cli *cli);
int uapi_command_credential_list(uapi_cli *cli);
int uapi_command_credential_delete(uapi_cli *cli);
int uapi_command_pin_list(uapi_cli *cli);
int uapi_command_pin_diff(uapi_cli *cli);
int uapi_command_pin_approve(uapi_cli *cli);
int uapi_command_pin_reject(uapi_cli *cli);
int uapi_command_pin_export(uapi_cli *cli);
int uapi_command_pin_import(uapi_cli *cli);
int uapi_command_policy_lint(uapi_cli *cli);
int uapi_command_policy_operations(uapi_cli *cli);
int uapi_command_audit_show(uapi_cli *cli);
int uapi_command_audit_verify(uapi_cli *cli);
int uapi_command_scan(uapi_cli *cli);
int uapi_command_replay(uapi_cli *cli);
int uapi_command_doctor(uapi_cli *cli);

#endif
