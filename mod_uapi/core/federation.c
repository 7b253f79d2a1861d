/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "federation.h"

#include <string.h>

#include <apr_strings.h>

static const char scheme[] = "uapi:";
enum { SCHEME = sizeof(scheme) - 1, LONGEST_SEPARATOR = 8 };

int uapi_federation_is_separator(const char *text)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    size_t length = strlen(text);

    return length > 0 && length <= LONGEST_SEPARATOR && strspn(text, allowed) == length;
}

/* The first separator must stand right behind the name, also where the name's end and the separator together make an earlier one. */
int uapi_federation_is_ambiguous(const char *server, const char *separator)
{
    size_t length = strlen(server), width = strlen(separator);

    for (size_t at = 0; at < length; at++) {
        size_t i = 0;
        while (i < width && (at + i < length ? server[at + i] : separator[at + i - length]) == separator[i]) {
            i++;
        }
        if (i == width) {
            return 1;
        }
    }
    return 0;
}

const uapi_policy_server *uapi_federation_find(const uapi_federation *federation, const char *name, size_t length)
{
    int low = 0, high = federation->servers->nelts;

    while (low < high) {
        int middle = low + (high - low) / 2;
        const uapi_policy_server *server = APR_ARRAY_IDX(federation->servers, middle, const uapi_policy_server *);
        int order = strncmp(server->name, name, length);
        if (order == 0 && server->name[length] == '\0') {
            return server;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

const char *uapi_federation_name(const uapi_federation *federation, const char *server, const char *name,
                                 apr_pool_t *pool)
{
    return apr_pstrcat(pool, server, federation->separator, name, NULL);
}

/* ---------------------------------------------------------------- from the client */

/* Bytes of the prefix of a name or of `uapi:S:`, the server set; 0 if it has none, or that of a server that is not offered. */
static size_t name_prefix(const uapi_federation *federation, const char *text, const uapi_policy_server **server)
{
    const char *end = strstr(text, federation->separator);

    *server = end != NULL ? uapi_federation_find(federation, text, (size_t)(end - text)) : NULL;
    return *server != NULL ? (size_t)(end - text) + strlen(federation->separator) : 0;
}

static size_t uri_prefix(const uapi_federation *federation, const char *text, const uapi_policy_server **server)
{
    const char *end = strncmp(text, scheme, SCHEME) == 0 ? strchr(text + SCHEME, ':') : NULL;

    *server = end != NULL ? uapi_federation_find(federation, text + SCHEME, (size_t)(end - text) - SCHEME) : NULL;
    return *server != NULL ? (size_t)(end - text) + 1 : 0;
}

typedef size_t (*find_prefix)(const uapi_federation *federation, const char *text, const uapi_policy_server **server);

static uapi_federation_route cut_prefix(const uapi_federation *federation, const uapi_json *json, uint32_t node,
                                        find_prefix prefix_of, const uapi_policy_server **server,
                                        apr_array_header_t *edits, apr_pool_t *pool)
{
    size_t prefix, from, to;

    if (node == UAPI_JSON_NONE || json->nodes[node].type != UAPI_JSON_STRING) {
        return UAPI_FEDERATION_UNKNOWN;
    }
    prefix = prefix_of(federation, uapi_json_strdup(json, node, pool), server);
    if (prefix == 0) {
        return UAPI_FEDERATION_UNKNOWN;
    }
    uapi_json_locate(json, node, 0, prefix, &from, &to);
    uapi_edit_add(edits, from, to, "");
    return UAPI_FEDERATION_FORWARD;
}

static int is_integer(const char *text)
{
    size_t sign = text[0] == '-', digits = strspn(text + sign, "0123456789");

    return digits > 0 && text[sign + digits] == '\0' && (digits == 1 || text[sign] != '0');
}

/* Where a client's answer says which task of the server's it belongs to (2025-11-25, "basic/utilities/tasks"). */
static void cut_related_task(const uapi_federation *federation, const uapi_json *json, const uapi_policy_server *server,
                             apr_array_header_t *edits, apr_pool_t *pool)
{
    static const char *const path[] = {"result", "_meta", "io.modelcontextprotocol/related-task", "taskId"};
    const uapi_policy_server *of;
    uint32_t node = 0;
    size_t prefix, from, to;

    for (size_t i = 0; i < sizeof(path) / sizeof(path[0]) && node != UAPI_JSON_NONE; i++) {
        node = uapi_json_member(json, node, path[i]);
    }
    if (node == UAPI_JSON_NONE || json->nodes[node].type != UAPI_JSON_STRING) {
        return;
    }
    prefix = uri_prefix(federation, uapi_json_strdup(json, node, pool), &of);
    if (prefix > 0 && of == server) {
        uapi_json_locate(json, node, 0, prefix, &from, &to);
        uapi_edit_add(edits, from, to, "");
    }
}

/* The client's answer to what a server asked it: the id says which, and becomes the server's own again. */
static uapi_federation_route read_answer(const uapi_federation *federation, const uapi_json *json, uint32_t id,
                                         const uapi_policy_server **server, apr_array_header_t *edits, apr_pool_t *pool)
{
    const uapi_json_node *node = id != UAPI_JSON_NONE ? &json->nodes[id] : NULL;
    const char *text = node != NULL && node->type == UAPI_JSON_STRING ? uapi_json_strdup(json, id, pool) : "";
    size_t prefix = uri_prefix(federation, text, server), from, to;

    if (prefix == 0) {
        return UAPI_FEDERATION_UNKNOWN;
    }
    text += prefix;
    if (strncmp(text, "s:", 2) == 0) {
        uapi_json_locate(json, id, 0, prefix + 2, &from, &to);
        uapi_edit_add(edits, from, to, "");
    } else if (strncmp(text, "n:", 2) == 0 && is_integer(text + 2)) {
        uapi_edit_add(edits, node->start - 1, node->start + node->length + 1, text + 2);
    } else {
        return UAPI_FEDERATION_UNKNOWN;
    }
    cut_related_task(federation, json, *server, edits, pool);
    return UAPI_FEDERATION_FORWARD;
}

static uapi_federation_route read_name(const uapi_federation *federation, const uapi_json *json,
                                       const uapi_mcp_message *message, const uapi_policy_server **server,
                                       apr_array_header_t *edits, apr_pool_t *pool)
{
    uint32_t name = uapi_json_member(json, message->params, "name");

    return cut_prefix(federation, json, name, name_prefix, server, edits, pool);
}

static uapi_federation_route read_uri(const uapi_federation *federation, const uapi_json *json,
                                      const uapi_mcp_message *message, const uapi_policy_server **server,
                                      apr_array_header_t *edits, apr_pool_t *pool)
{
    uint32_t uri = uapi_json_member(json, message->params, "uri");

    return cut_prefix(federation, json, uri, uri_prefix, server, edits, pool);
}

static uapi_federation_route read_task(const uapi_federation *federation, const uapi_json *json,
                                       const uapi_mcp_message *message, const uapi_policy_server **server,
                                       apr_array_header_t *edits, apr_pool_t *pool)
{
    uint32_t id = message->params != UAPI_JSON_NONE ? uapi_json_member(json, message->params, "taskId")
                                                    : UAPI_JSON_NONE;

    return cut_prefix(federation, json, id, uri_prefix, server, edits, pool);
}

/* ref is a prompt by name or a resource template by uri. */
static uapi_federation_route read_reference(const uapi_federation *federation, const uapi_json *json,
                                            const uapi_mcp_message *message, const uapi_policy_server **server,
                                            apr_array_header_t *edits, apr_pool_t *pool)
{
    uint32_t ref = message->params != UAPI_JSON_NONE ? uapi_json_member(json, message->params, "ref") : UAPI_JSON_NONE;
    uint32_t name = ref != UAPI_JSON_NONE ? uapi_json_member(json, ref, "name") : UAPI_JSON_NONE;
    uint32_t uri = ref != UAPI_JSON_NONE ? uapi_json_member(json, ref, "uri") : UAPI_JSON_NONE;

    if (uri != UAPI_JSON_NONE && name != UAPI_JSON_NONE) {
        return UAPI_FEDERATION_UNKNOWN; /* it could be one thing to us and another to the server */
    }
    return uri != UAPI_JSON_NONE ? cut_prefix(federation, json, uri, uri_prefix, server, edits, pool)
                                 : cut_prefix(federation, json, name, name_prefix, server, edits, pool);
}

typedef uapi_federation_route (*read_method)(const uapi_federation *federation, const uapi_json *json,
                                             const uapi_mcp_message *message, const uapi_policy_server **server,
                                             apr_array_header_t *edits, apr_pool_t *pool);

/* What the endpoint does; `read` NULL: by itself. */
static const struct {
    const char *method;
    read_method read;
} methods[] = {
    {"tools/call", read_name},
    {"prompts/get", read_name},
    {"resources/read", read_uri},
    {"resources/subscribe", read_uri},
    {"resources/unsubscribe", read_uri},
    {"completion/complete", read_reference},
    {"tasks/get", read_task},
    {"tasks/result", read_task},
    {"tasks/update", read_task},
    {"tasks/cancel", read_task},
    {"tasks/list", NULL},
    {"initialize", NULL},
    {"server/discover", NULL},
    {"subscriptions/listen", NULL},
    {"ping", NULL},
    {"logging/setLevel", NULL},
    {"tools/list", NULL},
    {"prompts/list", NULL},
    {"resources/list", NULL},
    {"resources/templates/list", NULL},
    {"notifications/initialized", NULL},
    {"notifications/cancelled", NULL},
    {"notifications/progress", NULL},
    {"notifications/roots/list_changed", NULL},
};

uapi_federation_route uapi_federation_read(const uapi_federation *federation, const uapi_json *json,
                                           const uapi_mcp_message *message, const uapi_policy_server **server,
                                           apr_array_header_t *edits, apr_pool_t *pool)
{
    uapi_federation_route route = UAPI_FEDERATION_UNSUPPORTED;

    *server = NULL;
    if (message->method == NULL) {
        route = read_answer(federation, json, message->id, server, edits, pool);
    }
    for (size_t i = 0; message->method != NULL && i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strcmp(methods[i].method, message->method) == 0) {
            route = methods[i].read != NULL ? methods[i].read(federation, json, message, server, edits, pool)
                                            : UAPI_FEDERATION_OWN;
        }
    }
    if (route != UAPI_FEDERATION_FORWARD) {
        *server = NULL;
    }
    return route;
}
