/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "rpc_kind.h"

#include <string.h>

#include "path.h"

enum { LONGEST_KEY = 32, LONGEST_METHOD = 64 };

/* The string without escapes and in lower case, in `room`; one that does not fit equals nothing that is looked for. */
static const char *fold(const uapi_json *json, uint32_t node, char *room, size_t size)
{
    size_t length = json->nodes[node].length;

    if (length >= size) {
        return "";
    }
    length = uapi_json_unescape(json, node, room);
    length = uapi_path_fold(room, room, length);
    room[length] = '\0';
    return room;
}

static int is_mcp(const uapi_json *json, uint32_t method)
{
    static const char *const names[] = {"initialize", "ping"};
    static const char *const spaces[] = {"tools/",      "resources/",     "prompts/",  "notifications/", "tasks/",
                                         "completion/", "logging/",       "sampling/", "elicitation/",   "roots/",
                                         "server/",     "subscriptions/", "response/", "http/"};
    char room[6 * LONGEST_METHOD + 1];
    const char *name;

    if (json->nodes[method].type != UAPI_JSON_STRING) {
        return 1; /* refused by the strict reader */
    }
    name = fold(json, method, room, sizeof(room));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i]) == 0) {
            return 1;
        }
    }
    for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++) {
        if (strncmp(name, spaces[i], strlen(spaces[i])) == 0) {
            return 1;
        }
    }
    return json->nodes[method].length >= sizeof(room); /* too long to tell */
}

static uapi_rpc_kind kind_of_object(const uapi_json *json, uint32_t object)
{
    uint32_t key = uapi_json_first(json, object), end = json->nodes[object].skip, method = UAPI_JSON_NONE;
    int is_rpc = 0, has_params = 0;

    for (; key != UAPI_JSON_NONE && key < end; key = json->nodes[key + 1].skip) {
        char room[6 * LONGEST_KEY + 1];
        const char *name = fold(json, key, room, sizeof(room));
        is_rpc |= strcmp(name, "jsonrpc") == 0;
        has_params |= strcmp(name, "params") == 0;
        method = strcmp(name, "method") == 0 ? key + 1 : method;
    }
    if (!is_rpc) {
        return method != UAPI_JSON_NONE && has_params ? UAPI_RPC_AMBIGUOUS : UAPI_RPC_NONE;
    }
    return method == UAPI_JSON_NONE || is_mcp(json, method) ? UAPI_RPC_MCP : UAPI_RPC_PLAIN;
}

static uapi_rpc_kind kind_of_value(const uapi_json *json, uint32_t node)
{
    return json->nodes[node].type == UAPI_JSON_OBJECT ? kind_of_object(json, node) : UAPI_RPC_NONE;
}

uapi_rpc_kind uapi_rpc_kind_of(const uapi_json *json)
{
    uapi_rpc_kind strictest = UAPI_RPC_NONE;
    uint32_t member;

    if (json->nodes[0].type != UAPI_JSON_ARRAY) {
        return kind_of_value(json, 0);
    }
    member = uapi_json_first(json, 0);
    for (; member != UAPI_JSON_NONE && member < json->nodes[0].skip; member = json->nodes[member].skip) {
        uapi_rpc_kind kind = kind_of_value(json, member);
        strictest = kind > strictest ? kind : strictest;
    }
    return strictest;
}
