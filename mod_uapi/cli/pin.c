/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "pin.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "../core/jcs.h"
#include "../core/timestamp.h"
#include "access.h"
#include "output.h"
#include "table.h"

/* ------------------------------------------------------------------------------------------------ gathering */

static uapi_cli_pin *entry(apr_array_header_t *all, apr_hash_t *index, const char *server, const char *tool,
                           apr_pool_t *pool)
{
    const char *key = apr_pstrcat(pool, server, "\n", tool, NULL);
    const int *at = apr_hash_get(index, key, APR_HASH_KEY_STRING);
    uapi_cli_pin *made;

    if (at) {
        return &APR_ARRAY_IDX(all, *at, uapi_cli_pin);
    }
    apr_hash_set(index, key, APR_HASH_KEY_STRING, apr_pmemdup(pool, &all->nelts, sizeof(all->nelts)));
    made = apr_array_push(all);
    *made = (uapi_cli_pin){.server = server, .tool = tool};
    return made;
}

static void judge(uapi_cli_pin *one)
{
    int approved = one->pin && *one->pin->hash;

    one->hash = approved ? one->pin->hash : one->first ? one->first->hash : "";
    one->definition = approved ? one->pin->definition : one->first ? one->first->definition : "";
    one->at = approved ? one->pin->updated : one->first ? one->first->seen : 0;
    one->differs = one->held && strcmp(one->held->hash, one->hash) != 0;
    if (!one->differs) {
        one->state = approved ? "approved" : "first_use";
    } else if (one->pin && strcmp(one->pin->rejected, one->held->hash) == 0) {
        one->state = "rejected";
    } else {
        one->state = *one->hash ? "changed" : "unreviewed";
    }
}

static int compare(const void *left, const void *right)
{
    const uapi_cli_pin *a = left, *b = right;
    int order = strcmp(a->server, b->server);

    return order ? order : strcmp(a->tool, b->tool);
}

/* A server that never ran with pins has no such file. */
static int observations_read(uapi_cli *cli, const char *tenant, apr_array_header_t **seen)
{
    const char *path = uapi_pins_path(uapi_options_text(&cli->options, UAPI_OPTION_REGISTRY), cli->pool);
    uapi_result result = {0};
    uapi_store *store;
    apr_status_t status;

    *seen = apr_array_make(cli->pool, 1, sizeof(uapi_store_observation));
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        return UAPI_EXIT_DONE;
    }
    status = uapi_store_open(&store, path, UAPI_STORE_READ, cli->pool, &result);
    if (status == APR_SUCCESS) {
        uapi_store_bind_tenant(store, tenant);
        status = uapi_store_observation_list(store, seen, cli->pool, &result);
        uapi_store_close(store);
    }
    return status == APR_SUCCESS ? UAPI_EXIT_DONE : uapi_output_refuse(cli, &result);
}

int uapi_cli_pins(uapi_cli *cli, uapi_store *store, const char *tenant, apr_array_header_t **pins)
{
    apr_array_header_t *all = apr_array_make(cli->pool, 16, sizeof(uapi_cli_pin)), *decided, *seen;
    apr_hash_t *index = apr_hash_make(cli->pool);
    uapi_result result = {0};
    int status;

    if (uapi_store_pin_list(store, &decided, cli->pool, &result) != APR_SUCCESS) {
        return uapi_output_refuse(cli, &result);
    }
    if ((status = observations_read(cli, tenant, &seen)) != UAPI_EXIT_DONE) {
        return status;
    }
    for (int i = 0; i < decided->nelts; i++) {
        const uapi_store_pin *pin = &APR_ARRAY_IDX(decided, i, uapi_store_pin);

        entry(all, index, pin->server, pin->tool, cli->pool)->pin = pin;
    }
    for (int i = 0; i < seen->nelts; i++) {
        const uapi_store_observation *one = &APR_ARRAY_IDX(seen, i, uapi_store_observation);
        uapi_cli_pin *of = entry(all, index, one->server, one->tool, cli->pool);

        *(one->role == UAPI_STORE_FIRST ? &of->first : &of->held) = one;
    }
    for (int i = 0; i < all->nelts; i++) {
        APR_ARRAY_IDX(all, i, uapi_cli_pin).tenant = tenant;
        judge(&APR_ARRAY_IDX(all, i, uapi_cli_pin));
    }
    qsort(all->elts, (size_t)all->nelts, sizeof(uapi_cli_pin), compare);
    *pins = all;
    return UAPI_EXIT_DONE;
}

int uapi_cli_pin_open(uapi_cli *cli, uapi_store_mode mode, uapi_store **store)
{
    const char *tenant = uapi_options_text(&cli->options, UAPI_OPTION_TENANT);
    int status = uapi_access_name(cli, "--tenant", tenant);

    if (status == UAPI_EXIT_DONE) {
        status = uapi_access_registry(cli, mode, store);
    }
    return status == UAPI_EXIT_DONE ? uapi_access_tenant(cli, *store, tenant) : status;
}

int uapi_cli_pin_find(uapi_cli *cli, const apr_array_header_t *pins, const char *server, const char *tool,
                      const uapi_cli_pin **pin)
{
    for (int i = 0; i < pins->nelts; i++) {
        *pin = &APR_ARRAY_IDX(pins, i, uapi_cli_pin);
        if (strcmp((*pin)->server, server) == 0 && strcmp((*pin)->tool, tool) == 0) {
            return UAPI_EXIT_DONE;
        }
    }
    return uapi_output_refuse_as(cli, uapi_reason_describe(UAPI_REASON_TOOL_UNPINNED)->code,
                                 "nothing is known of tool %s of server %s", tool, server);
}

/* ------------------------------------------------------------------------------------------------- deciding */

/* The audit file keeps its owner when root writes it while no server runs. */
static int audit_start(uapi_cli *cli, uapi_audit **audit)
{
    const char *path = uapi_options_text(&cli->options, UAPI_OPTION_AUDIT);
    uapi_result result = {0};
    uapi_keyring *keyring;
    struct stat info;
    int status = uapi_access_keyring(cli, &keyring), give;

    if (status != UAPI_EXIT_DONE) {
        return status;
    }
    give = geteuid() == 0 && stat(path, &info) == 0;
    if (uapi_audit_open(audit, path, keyring->audit_key, 1, give ? (int)info.st_uid : -1, give ? (int)info.st_gid : -1,
                        cli->pool, &result) != APR_SUCCESS ||
        uapi_audit_start(*audit, cli->pool, &result) != APR_SUCCESS) {
        return uapi_output_refuse(cli, &result);
    }
    return UAPI_EXIT_DONE;
}

static const char *operator_name(apr_pool_t *pool)
{
    const char *behind = geteuid() == 0 ? getenv("SUDO_USER") : NULL;
    const struct passwd *user = behind && *behind ? NULL : getpwuid(getuid());

    return behind && *behind ? behind : user ? user->pw_name : apr_psprintf(pool, "%ld", (long)getuid());
}

static void member(uapi_jcs *w, const char *key, const char *value)
{
    size_t length = strlen(value);

    uapi_jcs_key(w, key);
    uapi_jcs_string(w, value, length > 256 ? 256 : length);
}

static apr_status_t record(uapi_audit *audit, const char *tenant, const char *action, const uapi_store_pin *pin,
                           apr_pool_t *pool, uapi_result *result)
{
    char buffer[8192], at[UAPI_TIMESTAMP_LENGTH + 1];
    size_t length;
    uapi_jcs w;

    uapi_timestamp_write(at, apr_time_now());
    uapi_jcs_begin(&w, buffer, sizeof(buffer));
    uapi_jcs_object_open(&w);
    member(&w, "action", action);
    member(&w, "at", at);
    member(&w, "hash", *pin->rejected && strcmp(action, "mcp.tool.reject") == 0 ? pin->rejected : pin->hash);
    member(&w, "kind", "pin");
    member(&w, "operator", operator_name(pool));
    member(&w, "server", pin->server);
    member(&w, "target", pin->tool);
    member(&w, "tenant", tenant);
    uapi_jcs_object_close(&w);
    length = uapi_jcs_end(&w);
    return length > 0 ? uapi_audit_append(audit, tenant, buffer, length, UAPI_DURABILITY_POWER, result)
                      : uapi_fail(result, pool, APR_ENOSPC, UAPI_REASON_INTERNAL, "the record does not fit its buffer");
}

int uapi_cli_pin_decide(uapi_cli *cli, uapi_store *store, const char *action, const uapi_store_pin *pins, size_t count)
{
    const char *tenant = uapi_options_text(&cli->options, UAPI_OPTION_TENANT);
    uapi_result result = {0};
    uapi_audit *audit;
    int status = audit_start(cli, &audit);

    if (status != UAPI_EXIT_DONE) {
        return status;
    }
    for (size_t i = 0; i < count; i++) {
        if (record(audit, tenant, action, &pins[i], cli->pool, &result) != APR_SUCCESS) {
            return uapi_output_refuse(cli, &result);
        }
    }
    if (uapi_store_pin_put(store, pins, count, cli->pool, &result) != APR_SUCCESS) {
        return uapi_output_refuse(cli, &result);
    }
    return UAPI_EXIT_DONE;
}

/* What is approved: the definition that waits, or the first one that was seen. */
static int approve_one(uapi_cli *cli, const uapi_cli_pin *known, uapi_store_pin *pin)
{
    const uapi_store_observation *chosen = known->differs ? known->held : known->first;
    const char *hash = uapi_options_text(&cli->options, UAPI_OPTION_HASH);

    if (!chosen || strcmp(known->state, "approved") == 0) {
        return uapi_output_refuse_as(cli, UAPI_CLI_INPUT_INVALID, "tool %s of server %s has nothing to approve",
                                     known->tool, known->server);
    }
    if (hash && (cli->argument_count != 2 || strlen(hash) < 12 || strncmp(hash, chosen->hash, strlen(hash)) != 0)) {
        return uapi_output_refuse_as(cli, UAPI_CLI_INPUT_INVALID,
                                     "what would be approved of tool %s has the hash %s: look at it with pin diff",
                                     known->tool, chosen->hash);
    }
    if (!*chosen->definition) {
        return uapi_output_refuse_as(cli, UAPI_CLI_INPUT_INVALID,
                                     "the definition of tool %s is too long to be kept, so it cannot be approved",
                                     known->tool);
    }
    *pin = (uapi_store_pin){.server = known->server,
                            .tool = known->tool,
                            .hash = chosen->hash,
                            .definition = chosen->definition,
                            .rejected = ""};
    return UAPI_EXIT_DONE;
}

static int reject_one(uapi_cli *cli, const uapi_cli_pin *known, uapi_store_pin *pin)
{
    if (!known->differs) {
        return uapi_output_refuse_as(cli, UAPI_CLI_INPUT_INVALID, "tool %s of server %s has nothing to reject",
                                     known->tool, known->server);
    }
    *pin = (uapi_store_pin){.server = known->server,
                            .tool = known->tool,
                            .hash = known->pin ? known->pin->hash : "",
                            .definition = known->pin ? known->pin->definition : "",
                            .rejected = known->held->hash};
    return UAPI_EXIT_DONE;
}

static int decide(uapi_cli *cli, const char *action,
                  int (*one)(uapi_cli *cli, const uapi_cli_pin *known, uapi_store_pin *pin))
{
    const char *tenant = uapi_options_text(&cli->options, UAPI_OPTION_TENANT), *server = cli->arguments[0];
    const char *verb = strrchr(action, '.') + 1;
    size_t count = cli->argument_count - 1;
    uapi_store_pin *decisions = apr_pcalloc(cli->pool, sizeof(*decisions) * count);
    const uapi_cli_pin *known;
    apr_array_header_t *pins;
    uapi_store *store;
    int status;

    if ((status = uapi_cli_pin_open(cli, UAPI_STORE_WRITE, &store)) != UAPI_EXIT_DONE ||
        (status = uapi_cli_pins(cli, store, tenant, &pins)) != UAPI_EXIT_DONE) {
        return status;
    }
    for (size_t i = 0; i < count; i++) {
        if ((status = uapi_cli_pin_find(cli, pins, server, cli->arguments[i + 1], &known)) != UAPI_EXIT_DONE ||
            (status = one(cli, known, &decisions[i])) != UAPI_EXIT_DONE) {
            return status;
        }
    }
    status = uapi_cli_pin_decide(cli, store, action, decisions, count);
    if (status == UAPI_EXIT_DONE && cli->json) {
        uapi_output_json(
            json_pack("{s:s, s:s, s:s, s:i}", "action", verb, "tenant", tenant, "server", server, "tools", (int)count));
    } else if (status == UAPI_EXIT_DONE) {
        printf("%s: %zu %s of server %s, tenant %s\n", verb, count, count == 1 ? "tool" : "tools", server, tenant);
    }
    return status;
}

int uapi_command_pin_approve(uapi_cli *cli)
{
    return decide(cli, "mcp.tool.approve", approve_one);
}

int uapi_command_pin_reject(uapi_cli *cli)
{
    return decide(cli, "mcp.tool.reject", reject_one);
}

/* -------------------------------------------------------------------------------------------------- listing */

static void pin_add(json_t *list, uapi_table *table, const uapi_cli_pin *pin, apr_pool_t *pool)
{
    const char *held = pin->differs ? pin->held->hash : "";

    json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "tenant", pin->tenant, "server",
                                          pin->server, "tool", pin->tool, "state", pin->state, "pinned", pin->hash,
                                          "held", held, "since", uapi_output_json_time(pin->at)));
    uapi_table_add(table, (const char *const[]){pin->tenant, pin->server, pin->tool, pin->state,
                                                apr_pstrmemdup(pool, pin->hash, strnlen(pin->hash, 12)),
                                                apr_pstrmemdup(pool, held, strnlen(held, 12)),
                                                uapi_output_time(pin->at, pool)});
}

int uapi_command_pin_list(uapi_cli *cli)
{
    static const char *const headings[] = {"TENANT", "SERVER", "TOOL", "STATE", "PINNED", "HELD", "SINCE", NULL};
    uapi_table *table = uapi_table_create(headings, cli->pool);
    json_t *list = uapi_output_json_array(cli->pool);
    apr_array_header_t *pins;
    const char *const *tenants;
    uapi_store *store;
    int status;

    if ((status = uapi_access_registry(cli, UAPI_STORE_READ, &store)) != UAPI_EXIT_DONE ||
        (status = uapi_access_tenants(cli, store, &tenants)) != UAPI_EXIT_DONE) {
        return status;
    }
    for (; *tenants; tenants++) {
        uapi_store_bind_tenant(store, *tenants);
        if ((status = uapi_cli_pins(cli, store, *tenants, &pins)) != UAPI_EXIT_DONE) {
            return status;
        }
        for (int i = 0; i < pins->nelts; i++) {
            pin_add(list, table, &APR_ARRAY_IDX(pins, i, uapi_cli_pin), cli->pool);
        }
    }
    if (cli->json) {
        uapi_output_json(json_incref(list));
    } else {
        uapi_table_print(table, "no tools");
    }
    return UAPI_EXIT_DONE;
}
