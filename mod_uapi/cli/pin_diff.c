/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What an operator approves must be what there is: values are shown as JSON in which nothing is invisible (visible.h), each
 * at its JSON Pointer (RFC 6901), down to the smallest part that changed.
 */
#include "pin.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "output.h"
#include "visible.h"

typedef struct comparison {
    uapi_cli *cli;
    uapi_json before, after;
    json_t *changes;
    int count;
} comparison;

static json_t *value_json(const uapi_json *json, uint32_t node, apr_pool_t *pool)
{
    const char *text = uapi_visible_json(json, node, -1, pool);
    json_t *value = json_loads(text, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, NULL);

    return value ? value : json_string(text);
}

static void value_print(const char *sign, const uapi_json *json, uint32_t node, apr_pool_t *pool)
{
    if (node != UAPI_JSON_NONE) {
        printf("    %s %s\n", sign, uapi_visible_json(json, node, -1, pool));
    }
}

static void report(comparison *c, const char *path, uint32_t before, uint32_t after)
{
    const char *op = before == UAPI_JSON_NONE ? "add" : after == UAPI_JSON_NONE ? "remove" : "replace";
    json_t *change = json_pack("{s:s, s:s}", "op", op, "path", path);

    c->count++;
    if (before != UAPI_JSON_NONE) {
        json_object_set_new(change, "from", value_json(&c->before, before, c->cli->pool));
    }
    if (after != UAPI_JSON_NONE) {
        json_object_set_new(change, "to", value_json(&c->after, after, c->cli->pool));
    }
    json_array_append_new(c->changes, change);
    if (!c->cli->json) {
        printf("  %s\n", uapi_output_printable(path, c->cli->pool));
        value_print("-", &c->before, before, c->cli->pool);
        value_print("+", &c->after, after, c->cli->pool);
    }
}

/* RFC 6901, section 3. */
static const char *step(const char *path, const char *key, apr_pool_t *pool)
{
    char *escaped = apr_palloc(pool, strlen(key) * 2 + 1), *out = escaped;

    for (; *key; key++) {
        if (*key == '~' || *key == '/') {
            *out++ = '~';
            *out++ = *key == '~' ? '0' : '1';
        } else {
            *out++ = *key;
        }
    }
    *out = '\0';
    return apr_pstrcat(pool, path, "/", escaped, NULL);
}

static int same(const comparison *c, uint32_t before, uint32_t after)
{
    const uapi_json_node *a = &c->before.nodes[before], *b = &c->after.nodes[after];

    return a->type == b->type && a->length == b->length &&
           memcmp(c->before.text + a->start, c->after.text + b->start, a->length) == 0;
}

static void compare(comparison *c, const char *path, uint32_t before, uint32_t after);

static void compare_objects(comparison *c, const char *path, uint32_t before, uint32_t after)
{
    uint32_t end = c->before.nodes[before].skip, at = uapi_json_first(&c->before, before);

    for (; at != UAPI_JSON_NONE && at < end; at = c->before.nodes[c->before.nodes[at].skip].skip) {
        const char *key = uapi_json_strdup(&c->before, at, c->cli->pool);

        compare(c, step(path, key, c->cli->pool), c->before.nodes[at].skip, uapi_json_member(&c->after, after, key));
    }
    end = c->after.nodes[after].skip;
    for (at = uapi_json_first(&c->after, after); at != UAPI_JSON_NONE && at < end;
         at = c->after.nodes[c->after.nodes[at].skip].skip) {
        const char *key = uapi_json_strdup(&c->after, at, c->cli->pool);

        if (uapi_json_member(&c->before, before, key) == UAPI_JSON_NONE) {
            report(c, step(path, key, c->cli->pool), UAPI_JSON_NONE, c->after.nodes[at].skip);
        }
    }
}

static void compare(comparison *c, const char *path, uint32_t before, uint32_t after)
{
    if (after == UAPI_JSON_NONE) {
        report(c, path, before, after);
    } else if (c->before.nodes[before].type == UAPI_JSON_OBJECT && c->after.nodes[after].type == UAPI_JSON_OBJECT) {
        compare_objects(c, path, before, after);
    } else if (!same(c, before, after)) {
        report(c, path, before, after);
    }
}

static int definition_read(uapi_cli *cli, uapi_json *json, const char *definition)
{
    uapi_result result = {0};

    return uapi_json_read(json, definition, strlen(definition), NULL, cli->pool, &result) == APR_SUCCESS
               ? UAPI_EXIT_DONE
               : uapi_output_refuse(cli, &result);
}

static int pin_compare(uapi_cli *cli, const uapi_cli_pin *pin, comparison *c)
{
    int status = definition_read(cli, &c->before, *pin->definition ? pin->definition : "{}");

    if (status == UAPI_EXIT_DONE) {
        status = definition_read(cli, &c->after, pin->held->definition);
    }
    if (status == UAPI_EXIT_DONE) {
        compare(c, "", 0, 0);
    }
    return status;
}

static void head_print(const uapi_cli_pin *pin, apr_pool_t *pool)
{
    printf("tool %s of server %s, tenant %s: %s\n", uapi_visible_string(pin->tool, pool), pin->server, pin->tenant,
           pin->state);
    printf("- pinned %s, since %s\n", *pin->hash ? pin->hash : "nothing", uapi_output_time(pin->at, pool));
    if (pin->differs) {
        printf("+ held   %s, seen %s\n", pin->held->hash, uapi_output_time(pin->held->seen, pool));
    }
}

int uapi_command_pin_diff(uapi_cli *cli)
{
    const char *tenant = uapi_options_text(&cli->options, UAPI_OPTION_TENANT);
    comparison c = {.cli = cli, .changes = uapi_output_json_array(cli->pool)};
    const uapi_cli_pin *pin;
    apr_array_header_t *pins;
    uapi_store *store;
    int status;

    if ((status = uapi_cli_pin_open(cli, UAPI_STORE_READ, &store)) != UAPI_EXIT_DONE ||
        (status = uapi_cli_pins(cli, store, tenant, &pins)) != UAPI_EXIT_DONE ||
        (status = uapi_cli_pin_find(cli, pins, cli->arguments[0], cli->arguments[1], &pin)) != UAPI_EXIT_DONE) {
        return status;
    }
    if (!cli->json) {
        head_print(pin, cli->pool);
    }
    if (pin->differs && *pin->held->definition && (status = pin_compare(cli, pin, &c)) != UAPI_EXIT_DONE) {
        return status;
    }
    if (pin->differs && !*pin->held->definition && !cli->json) {
        printf("  the new definition is too long to be kept\n");
    }
    if (cli->json) {
        uapi_output_json(json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:O}", "tenant", tenant, "server", pin->server,
                                   "tool", pin->tool, "state", pin->state, "pinned", pin->hash, "held",
                                   pin->differs ? pin->held->hash : "", "changes", c.changes));
    }
    return pin->differs ? UAPI_EXIT_REFUSED : UAPI_EXIT_DONE;
}
