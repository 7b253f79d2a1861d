/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Pins as a file that people review and keep in git: {"pins": [{"server", "tool", "hash", "definition"}]}. The hash is
 * computed anew when the file is read: whoever edits a definition must mean to.
 */
#include "pin.h"

#include <stdio.h>
#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "access.h"
#include "output.h"
#include "visible.h"

#define MAX_FILE (64 * 1024 * 1024)
#define MAX_PINS 65536

/* ------------------------------------------------------------------------------------------------ exporting */

static int is_asked(const uapi_cli *cli, const uapi_cli_pin *pin)
{
    for (size_t i = 0; i < cli->argument_count; i++) {
        if (strcmp(cli->arguments[i], pin->server) == 0) {
            return 1;
        }
    }
    return cli->argument_count == 0;
}

static int pin_print(uapi_cli *cli, const uapi_cli_pin *pin, const char *separator)
{
    uapi_result result = {0};
    uapi_json json;

    if (uapi_json_read(&json, pin->definition, strlen(pin->definition), NULL, cli->pool, &result) != APR_SUCCESS) {
        return uapi_output_refuse(cli, &result);
    }
    printf("%s\n    {\n      \"server\": %s,\n      \"tool\": %s,\n      \"hash\": \"%s\",\n      \"definition\": %s\n "
           "   }",
           separator, uapi_visible_string(pin->server, cli->pool), uapi_visible_string(pin->tool, cli->pool), pin->hash,
           uapi_visible_json(&json, 0, 3, cli->pool));
    return UAPI_EXIT_DONE;
}

int uapi_command_pin_export(uapi_cli *cli)
{
    const char *tenant = uapi_options_text(&cli->options, UAPI_OPTION_TENANT), *separator = "";
    apr_array_header_t *pins;
    uapi_store *store;
    int status;

    if ((status = uapi_cli_pin_open(cli, UAPI_STORE_READ, &store)) != UAPI_EXIT_DONE ||
        (status = uapi_cli_pins(cli, store, tenant, &pins)) != UAPI_EXIT_DONE) {
        return status;
    }
    printf("{\n  \"pins\": [");
    for (int i = 0; i < pins->nelts && status == UAPI_EXIT_DONE; i++) {
        const uapi_cli_pin *pin = &APR_ARRAY_IDX(pins, i, uapi_cli_pin);

        if (*pin->definition && is_asked(cli, pin)) {
            status = pin_print(cli, pin, separator);
            separator = ",";
        }
    }
    printf("\n  ]\n}\n");
    return status;
}

/* ------------------------------------------------------------------------------------------------ importing */

static int file_read(uapi_cli *cli, const char *path, const char **text, size_t *length)
{
    apr_file_t *file;
    apr_finfo_t info;
    apr_status_t status = apr_file_open(&file, path, APR_FOPEN_READ, APR_OS_DEFAULT, cli->pool);
    char *bytes;

    if (status == APR_SUCCESS) {
        status = apr_file_info_get(&info, APR_FINFO_SIZE | APR_FINFO_TYPE, file);
    }
    if (status == APR_SUCCESS && (info.filetype != APR_REG || info.size > MAX_FILE)) {
        return uapi_output_refuse_as(cli, UAPI_CLI_INPUT_INVALID, "%s is no file of at most 64 MiB", path);
    }
    if (status == APR_SUCCESS) {
        bytes = apr_palloc(cli->pool, (size_t)info.size + 1);
        status = apr_file_read_full(file, bytes, (size_t)info.size, length);
        *text = bytes;
    }
    if (status != APR_SUCCESS && !APR_STATUS_IS_EOF(status)) {
        char why[128];

        return uapi_output_refuse_as(cli, UAPI_CLI_SYSTEM, "%s: %s", path, apr_strerror(status, why, sizeof(why)));
    }
    return UAPI_EXIT_DONE;
}

static const char *text_of(const uapi_json *json, uint32_t object, const char *key, apr_pool_t *pool)
{
    uint32_t node = uapi_json_member(json, object, key);

    return node != UAPI_JSON_NONE && json->nodes[node].type == UAPI_JSON_STRING ? uapi_json_strdup(json, node, pool)
                                                                                : NULL;
}

/* What is wrong with it, or NULL. */
static const char *pin_read(const uapi_json *json, uint32_t node, uapi_store_pin *pin, apr_pool_t *pool)
{
    uint32_t definition = uapi_json_member(json, node, "definition");
    char *hash = apr_palloc(pool, UAPI_PIN_HASH_LENGTH + 1);
    const char *given = text_of(json, node, "hash", pool), *name;
    size_t length;

    pin->server = text_of(json, node, "server", pool);
    pin->tool = text_of(json, node, "tool", pool);
    if (!pin->server || !*pin->server || !pin->tool || !given || definition == UAPI_JSON_NONE ||
        json->nodes[definition].type != UAPI_JSON_OBJECT) {
        return "needs \"server\", \"tool\", \"hash\" and an object \"definition\"";
    }
    name = text_of(json, definition, "name", pool);
    if (!name || strcmp(name, pin->tool) != 0) {
        return "has a definition with another name than \"tool\"";
    }
    uapi_pin_define(json, definition, &pin->definition, &length, hash, pool);
    if (length > UAPI_STORE_MAX_DEFINITION) {
        return "has a definition that is too long";
    }
    pin->hash = hash;
    pin->rejected = "";
    return *hash && strcmp(hash, given) == 0 ? NULL : "has a hash that is not its definition's";
}

static int pins_read(uapi_cli *cli, const uapi_json *json, uapi_store_pin **pins, size_t *count)
{
    uint32_t array = uapi_json_member(json, 0, "pins"), end;

    *count = 0;
    if (array == UAPI_JSON_NONE || json->nodes[array].type != UAPI_JSON_ARRAY) {
        return uapi_output_refuse_as(cli, UAPI_CLI_INPUT_INVALID, "%s has no list \"pins\"", cli->arguments[0]);
    }
    *pins = apr_pcalloc(cli->pool, sizeof(**pins) * MAX_PINS);
    end = json->nodes[array].skip;
    for (uint32_t at = uapi_json_first(json, array); at != UAPI_JSON_NONE && at < end; at = json->nodes[at].skip) {
        const char *problem = *count < MAX_PINS ? pin_read(json, at, *pins + *count, cli->pool) : "is one too many";

        *count += 1;
        if (problem) {
            return uapi_output_refuse_as(cli, UAPI_CLI_INPUT_INVALID, "%s: pin %d %s", cli->arguments[0], (int)*count,
                                         problem);
        }
    }
    return UAPI_EXIT_DONE;
}

/* Whoever pins one definition turns down the other that waits; else the tool would stay held whatever the server says. */
static int reject_others(uapi_cli *cli, uapi_store *store, const char *tenant, uapi_store_pin *pins, size_t count)
{
    apr_hash_t *held = apr_hash_make(cli->pool);
    apr_array_header_t *known;
    int status = uapi_cli_pins(cli, store, tenant, &known);

    for (int i = 0; status == UAPI_EXIT_DONE && i < known->nelts; i++) {
        const uapi_cli_pin *pin = &APR_ARRAY_IDX(known, i, uapi_cli_pin);

        if (pin->held) {
            apr_hash_set(held, apr_pstrcat(cli->pool, pin->server, "\n", pin->tool, NULL), APR_HASH_KEY_STRING,
                         pin->held->hash);
        }
    }
    for (size_t i = 0; status == UAPI_EXIT_DONE && i < count; i++) {
        const char *hash = apr_hash_get(held, apr_pstrcat(cli->pool, pins[i].server, "\n", pins[i].tool, NULL),
                                        APR_HASH_KEY_STRING);

        pins[i].rejected = hash && strcmp(hash, pins[i].hash) != 0 ? hash : "";
    }
    return status;
}

int uapi_command_pin_import(uapi_cli *cli)
{
    static const uapi_json_limits limits = {.max_nodes = 4 * 1024 * 1024};
    const char *tenant = uapi_options_text(&cli->options, UAPI_OPTION_TENANT), *text = "";
    uapi_result result = {0};
    uapi_store_pin *pins = NULL;
    uapi_store *store;
    uapi_json json;
    size_t length = 0, count = 0;
    int status = file_read(cli, cli->arguments[0], &text, &length);

    if (status != UAPI_EXIT_DONE) {
        return status;
    }
    if (uapi_json_read(&json, text, length, &limits, cli->pool, &result) != APR_SUCCESS) {
        return uapi_output_refuse(cli, &result);
    }
    if ((status = pins_read(cli, &json, &pins, &count)) != UAPI_EXIT_DONE ||
        (status = uapi_cli_pin_open(cli, UAPI_STORE_WRITE, &store)) != UAPI_EXIT_DONE ||
        (status = reject_others(cli, store, tenant, pins, count)) != UAPI_EXIT_DONE ||
        (status = uapi_cli_pin_decide(cli, store, "mcp.tool.import", pins, count)) != UAPI_EXIT_DONE) {
        return status;
    }
    if (cli->json) {
        uapi_output_json(json_pack("{s:s, s:I}", "tenant", tenant, "imported", (json_int_t)count));
    } else {
        printf("%zu pins of tenant %s imported\n", count, tenant);
    }
    return UAPI_EXIT_DONE;
}
