/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The body decides; headers that mirror it must agree, because something between here and the server may go by them.
 * Where a revision does not define a header it is not demanded, but if it is there it must not lie. How a
 * header spells a value is in mirror.c.
 */
#include "mcp_internal.h"

#include <string.h>

#include "mirror.h"

/* Every revision's own name; the older transport's is read as the oldest revision that has this one. */
static const struct {
    const char *version;
    uapi_mcp_revision revision;
} versions[] = {
    {"2026-07-28", UAPI_MCP_2026_07_28}, {"2025-11-25", UAPI_MCP_2025_11_25}, {"2025-06-18", UAPI_MCP_2025_06_18},
    {"2025-03-26", UAPI_MCP_2025_03_26}, {"2024-11-05", UAPI_MCP_2025_03_26},
};

static const uapi_mcp_method methods[] = {
    {"tools/call", "name", 1, 1},         {"resources/read", "uri", 1, 1},        {"prompts/get", "name", 1, 1},
    {"resources/subscribe", "uri", 0, 0}, {"resources/unsubscribe", "uri", 0, 0}, {"tasks/get", "taskId", 0, 0},
    {"tasks/result", "taskId", 0, 0},     {"tasks/update", "taskId", 0, 0},       {"tasks/cancel", "taskId", 0, 0},
};

const char *uapi_mcp_revision_name(uapi_mcp_revision revision)
{
    size_t i;

    for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        if (versions[i].revision == revision) {
            return versions[i].version;
        }
    }
    return "unknown";
}

int uapi_mcp_revision_find(const char *version, uapi_mcp_revision *revision)
{
    return uapi_mcp_find_revision(version, revision);
}

int uapi_mcp_find_revision(const char *version, uapi_mcp_revision *revision)
{
    size_t i;

    for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        if (strcmp(versions[i].version, version) == 0) {
            *revision = versions[i].revision;
            return 1;
        }
    }
    return 0;
}

const uapi_mcp_method *uapi_mcp_find_method(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strcmp(methods[i].name, name) == 0) {
            return &methods[i];
        }
    }
    return NULL;
}

static apr_status_t mismatch(const uapi_mcp_reader *reader, const char *header, const char *what)
{
    return uapi_fail(reader->result, reader->pool, APR_EINVAL, UAPI_REASON_MCP_HEADER_MISMATCH, "%s %s", header, what);
}

apr_status_t uapi_mcp_read_version_header(const uapi_mcp_reader *reader, uapi_mcp_revision *revision)
{
    const char *version = reader->headers->protocol_version;

    *revision = UAPI_MCP_2025_03_26;
    if (version && !uapi_mcp_find_revision(version, revision)) {
        return uapi_fail(reader->result, reader->pool, APR_EINVAL, UAPI_REASON_MCP_VERSION,
                         "MCP-Protocol-Version names no revision that is known here");
    }
    return APR_SUCCESS;
}

/*
 * The version in params._meta against the one in the header. A request without the former is for the server to
 * refuse.
 */
static apr_status_t check_version(const uapi_mcp_reader *reader, uint32_t meta_version)
{
    const char *header = reader->headers->protocol_version;
    uapi_mcp_revision revision;

    if (meta_version == UAPI_JSON_NONE) {
        return APR_SUCCESS;
    }
    if (reader->json->nodes[meta_version].type != UAPI_JSON_STRING) {
        return uapi_fail(reader->result, reader->pool, APR_EINVAL, UAPI_REASON_RPC_INVALID,
                         "the protocol version in _meta is no string");
    }
    if (!header) {
        if (!uapi_mcp_find_revision(uapi_json_strdup(reader->json, meta_version, reader->pool), &revision)) {
            return uapi_fail(reader->result, reader->pool, APR_EINVAL, UAPI_REASON_MCP_VERSION,
                             "_meta names no revision that is known here");
        }
        return mismatch(reader, "MCP-Protocol-Version", "is missing although the body has a version");
    }
    return uapi_json_equals(reader->json, meta_version, header)
               ? APR_SUCCESS
               : mismatch(reader, "MCP-Protocol-Version", "is not the version in the body");
}

static apr_status_t check_method(const uapi_mcp_reader *reader, int required, const uapi_mcp_message *message)
{
    const char *header = reader->headers->method;

    if (!header) {
        return required ? mismatch(reader, "Mcp-Method", "is missing") : APR_SUCCESS;
    }
    if (!message->method || strcmp(header, message->method) != 0) {
        return mismatch(reader, "Mcp-Method", "is not the method in the body");
    }
    return APR_SUCCESS;
}

static int name_equals(const uapi_mcp_reader *reader, const char *header, const char *text)
{
    return uapi_mirror_equals_text(header, text, strlen(text), reader->pool);
}

/* Methods that are about nothing that has a name. */
static int is_nameless(const char *method)
{
    static const char *const known[] = {"initialize",
                                        "ping",
                                        "server/discover",
                                        "subscriptions/listen",
                                        "tools/list",
                                        "resources/list",
                                        "resources/templates/list",
                                        "prompts/list",
                                        "tasks/list",
                                        "completion/complete",
                                        "logging/setLevel"};
    size_t i;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(known[i], method) == 0) {
            return 1;
        }
    }
    return strncmp(method, "notifications/", 14) == 0;
}

/* A method we do not know may mirror whichever of its params is its name; it must be one of them. */
static int any_param_equals(const uapi_mcp_reader *reader, const char *header, uint32_t params)
{
    const uapi_json *json = reader->json;
    uint32_t child;

    if (params == UAPI_JSON_NONE) {
        return 0;
    }
    for (child = params + 1; child < json->nodes[params].skip; child = json->nodes[child + 1].skip) {
        if (json->nodes[child + 1].type == UAPI_JSON_STRING &&
            name_equals(reader, header, uapi_json_strdup(json, child + 1, reader->pool))) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t check_name(const uapi_mcp_reader *reader, int modern, const uapi_mcp_message *message)
{
    const uapi_mcp_method *method = message->method ? uapi_mcp_find_method(message->method) : NULL;
    const char *header = reader->headers->name;
    int agrees;

    if (!header) {
        return modern && method && method->name_required ? mismatch(reader, "Mcp-Name", "is missing") : APR_SUCCESS;
    }
    agrees = message->target ? name_equals(reader, header, message->target)
                             : !method && message->method && !is_nameless(message->method) &&
                                   any_param_equals(reader, header, message->params);
    return agrees ? APR_SUCCESS : mismatch(reader, "Mcp-Name", "is not the name in the body");
}

/* Properties of objects in objects can be mirrored, what is in an array cannot. */
static int mirrors_argument(const uapi_mcp_reader *reader, const char *header, uint32_t arguments)
{
    const uapi_json_node *nodes = reader->json->nodes;
    uint32_t i = arguments + 1;

    if (arguments == UAPI_JSON_NONE) {
        return 0;
    }
    while (i < nodes[arguments].skip) {
        if (!nodes[i].is_key && uapi_mirror_equals(reader->json, header, i, reader->pool)) {
            return 1;
        }
        i = nodes[i].type == UAPI_JSON_ARRAY ? nodes[i].skip : i + 1;
    }
    return 0;
}

static apr_status_t check_params(const uapi_mcp_reader *reader, const uapi_mcp_message *message)
{
    size_t i;

    for (i = 0; i < reader->headers->param_count; i++) {
        const uapi_mcp_param_header *header = &reader->headers->params[i];

        if (strlen(header->name) <= sizeof("Mcp-Param-") - 1 ||
            !mirrors_argument(reader, header->value, message->arguments)) {
            return mismatch(reader, "Mcp-Param", "has a value that no argument in the body has");
        }
    }
    return APR_SUCCESS;
}

apr_status_t uapi_mcp_check_headers(const uapi_mcp_reader *reader, uapi_mcp_revision revision,
                                    const uapi_mcp_message *message, uint32_t meta_version)
{
    int modern = revision == UAPI_MCP_2026_07_28 && message->kind == UAPI_MCP_REQUEST;
    apr_status_t status = check_version(reader, meta_version);

    if (status == APR_SUCCESS) {
        status = check_method(reader, modern, message);
    }
    if (status == APR_SUCCESS) {
        status = check_name(reader, modern, message);
    }
    return status == APR_SUCCESS ? check_params(reader, message) : status;
}
