/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file pin.h
 * What the commands of `uapictl pin` share: what both files (core/pins.h) know of each tool, and writing decisions. Functions
 * that return int give UAPI_EXIT_DONE, or have told the user what is wrong and give the exit status.
 */
#ifndef UAPI_CLI_PIN_H
#define UAPI_CLI_PIN_H

#include "../core/audit.h"
#include "../core/pins.h"
#include "command.h"

/** One tool. What is not there is NULL. */
typedef struct uapi_cli_pin {
    const char *tenant, *server, *tool;
    const uapi_store_pin *pin; /* the operator's decisions */
    const uapi_store_observation *first, *held;
    const char *state;             /* "approved", "first_use", "changed", "rejected", "unreviewed" */
    const char *hash, *definition; /* what is pinned; "" if nothing is */
    apr_time_t at;                 /* since when */
    int differs;                   /* `held` is another definition than the pinned one */
} uapi_cli_pin;

/** All tools of the tenant that is bound to `store`, sorted by server and tool; array of uapi_cli_pin. */
int uapi_cli_pins(uapi_cli *cli, uapi_store *store, const char *tenant, apr_array_header_t **pins);

/** The registry and the tenant of the command, bound. `mode` as for uapi_access_registry. */
int uapi_cli_pin_open(uapi_cli *cli, uapi_store_mode mode, uapi_store **store);

/** The tool of that server; refuses if nothing is known of it. */
int uapi_cli_pin_find(uapi_cli *cli, const apr_array_header_t *pins, const char *server, const char *tool,
                      const uapi_cli_pin **pin);

/**
 * Record the decisions in the audit chain of the tenant that is bound, then write them. `action` is the record's:
 * "mcp.tool.approve", "mcp.tool.reject" or "mcp.tool.import".
 */
int uapi_cli_pin_decide(uapi_cli *cli, uapi_store *store, const char *action, const uapi_store_pin *pins, size_t count);

#endif
