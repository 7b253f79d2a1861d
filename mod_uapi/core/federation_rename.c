/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What a server says, in the endpoint's terms. Only where the protocol says that a name or URI stands: a URI inside a text is the
 * server's own words. Lists are known by their shape, as in listing.c.
 */
#include <apr_strings.h>

#include "federation.h"

typedef struct renaming {
    apr_array_header_t *edits;
    const uapi_json *json;
    const char *name, *uri; /* the prefixes */
    apr_pool_t *pool;
} renaming;

static uint32_t member(const renaming *r, uint32_t object, const char *key)
{
    return object != UAPI_JSON_NONE ? uapi_json_member(r->json, object, key) : UAPI_JSON_NONE;
}

static int is_string(const renaming *r, uint32_t node)
{
    return node != UAPI_JSON_NONE && r->json->nodes[node].type == UAPI_JSON_STRING;
}

static void prefix(const renaming *r, uint32_t node, const char *text)
{
    if (is_string(r, node)) {
        uapi_edit_add(r->edits, r->json->nodes[node].start, r->json->nodes[node].start, text);
    }
}

/* Each element of an array, or the value itself if it is none. */
static void for_each(const renaming *r, uint32_t node, void (*visit)(const renaming *r, uint32_t node))
{
    uint32_t child, end;

    if (node == UAPI_JSON_NONE) {
        return;
    }
    if (r->json->nodes[node].type != UAPI_JSON_ARRAY) {
        visit(r, node);
        return;
    }
    end = r->json->nodes[node].skip;
    for (child = node + 1; child < end; child = r->json->nodes[child].skip) {
        visit(r, child);
    }
}

static void rename_by_name(const renaming *r, uint32_t entry)
{
    prefix(r, member(r, entry, "name"), r->name);
}

static void rename_by_uri(const renaming *r, uint32_t entry)
{
    prefix(r, member(r, entry, "uri"), r->uri);
}

static void rename_template(const renaming *r, uint32_t entry)
{
    prefix(r, member(r, entry, "uriTemplate"), r->uri);
}

/* A link to a resource, or one that is embedded. */
static void rename_content(const renaming *r, uint32_t block)
{
    uint32_t type = member(r, block, "type");

    if (is_string(r, type) && uapi_json_equals(r->json, type, "resource_link")) {
        rename_by_uri(r, block);
    } else if (is_string(r, type) && uapi_json_equals(r->json, type, "resource")) {
        rename_by_uri(r, member(r, block, "resource"));
    }
}

static void rename_message(const renaming *r, uint32_t message)
{
    for_each(r, member(r, message, "content"), rename_content);
}

static void rename_task(const renaming *r, uint32_t entry)
{
    prefix(r, member(r, entry, "taskId"), r->uri);
}

/* Of a result, or of params: which task of the server's it belongs to. */
static void rename_related_task(const renaming *r, uint32_t node)
{
    rename_task(r, member(r, member(r, node, "_meta"), "io.modelcontextprotocol/related-task"));
}

static const struct {
    const char *key; /* in the result */
    void (*visit)(const renaming *r, uint32_t node);
} results[] = {
    {"tools", rename_by_name},    {"prompts", rename_by_name},
    {"resources", rename_by_uri}, {"resourceTemplates", rename_template},
    {"contents", rename_by_uri},  /* resources/read */
    {"content", rename_content},  /* tools/call */
    {"messages", rename_message}, /* prompts/get */
    {"task", rename_task},        /* 2025-11-25: the call became a task */
    {"tasks", rename_task},
};

static void rename_id(const renaming *r, uint32_t id)
{
    const uapi_json_node *node = id != UAPI_JSON_NONE ? &r->json->nodes[id] : NULL;

    if (node != NULL && node->type == UAPI_JSON_STRING) {
        prefix(r, id, apr_pstrcat(r->pool, r->uri, "s:", NULL));
    } else if (node != NULL && node->type == UAPI_JSON_NUMBER) {
        uapi_edit_add(r->edits, node->start, node->start, apr_pstrcat(r->pool, "\"", r->uri, "n:", NULL));
        uapi_edit_add(r->edits, node->start + node->length, node->start + node->length, "\"");
    }
}

void uapi_federation_rename(apr_array_header_t *edits, const uapi_federation *federation, const char *server,
                            const uapi_json *json, uint32_t message, apr_pool_t *pool)
{
    const renaming r = {edits, json, apr_pstrcat(pool, server, federation->separator, NULL),
                        apr_pstrcat(pool, "uapi:", server, ":", NULL), pool};
    uint32_t method = member(&r, message, "method"), params = member(&r, message, "params");
    uint32_t result = member(&r, message, "result");

    for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
        for_each(&r, member(&r, result, results[i].key), results[i].visit);
    }
    rename_task(&r, result); /* tasks/get and its kin; 2026-07-28: the call became a task */
    rename_related_task(&r, result);
    rename_related_task(&r, params);
    if (!is_string(&r, method)) {
        return;
    }
    rename_id(&r, member(&r, message, "id"));
    if (uapi_json_equals(json, method, "notifications/cancelled")) {
        rename_id(&r, member(&r, params, "requestId"));
    } else if (uapi_json_equals(json, method, "notifications/resources/updated")) {
        rename_by_uri(&r, params);
    } else if (uapi_json_equals(json, method, "notifications/tasks/status") ||
               uapi_json_equals(json, method, "notifications/tasks")) {
        rename_task(&r, params);
    }
}
