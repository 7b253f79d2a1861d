/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Names at an endpoint over several servers. An input is a JSON document. Whatever it is, what is made of it is a document of the same
 * shape; and a message for a server has lost its prefix and nothing else, in whatever spelling it came.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "federation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uapi_policy_server servers[] = {{.name = "a"}, {.name = "a-b"}, {.name = "b"}};

static void require(int holds)
{
    if (!holds) {
        abort();
    }
}

static void make_federation(uapi_federation *federation, apr_pool_t *pool)
{
    federation->separator = "__";
    federation->servers = apr_array_make(pool, 4, sizeof(const uapi_policy_server *));
    for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
        APR_ARRAY_PUSH(federation->servers, const uapi_policy_server *) = &servers[i];
    }
}

static void apply(uapi_json *edited, const uapi_json *json, apr_array_header_t *edits, apr_pool_t *pool)
{
    const char *text;
    size_t length;

    uapi_edit_apply(&text, &length, json->text, json->length, edits, pool);
    require(uapi_json_read(edited, text, length, NULL, pool, NULL) == APR_SUCCESS);
    require(edited->count == json->count);
}

/* Every string but one is the same, and that one is the other without what led to the server. */
static void check_forward(const uapi_json *before, const uapi_json *after, const char *server, apr_pool_t *pool)
{
    const char *prefixes[] = {apr_pstrcat(pool, server, "__", NULL), apr_pstrcat(pool, "uapi:", server, ":s:", NULL),
                              apr_pstrcat(pool, "uapi:", server, ":n:", NULL),
                              apr_pstrcat(pool, "uapi:", server, ":", NULL)};
    uint32_t changed = 0;

    for (uint32_t i = 0; i < before->count; i++) {
        const char *old = before->nodes[i].type == UAPI_JSON_STRING ? uapi_json_strdup(before, i, pool) : "", *now = "";
        int found = 0;
        if (after->nodes[i].type == UAPI_JSON_STRING) {
            now = uapi_json_strdup(after, i, pool);
        } else if (after->nodes[i].type == UAPI_JSON_NUMBER && before->nodes[i].type == UAPI_JSON_STRING) {
            now = apr_pstrmemdup(pool, after->text + after->nodes[i].start, after->nodes[i].length);
        }
        if (strcmp(old, now) == 0) {
            continue;
        }
        for (size_t p = 0; p < sizeof(prefixes) / sizeof(prefixes[0]); p++) {
            size_t width = strlen(prefixes[p]);
            found |= strncmp(old, prefixes[p], width) == 0 && strcmp(old + width, now) == 0;
        }
        require(found);
        changed++;
    }
    require(changed == 1);
}

static void check(const uapi_json *json, apr_pool_t *pool)
{
    apr_array_header_t *edits = uapi_edit_list(pool);
    uapi_federation federation;
    const uapi_policy_server *server;
    uapi_mcp_body body;
    uapi_json edited;

    make_federation(&federation, pool);
    uapi_federation_rename(edits, &federation, "a", json, 0, pool);
    apply(&edited, json, edits, pool);
    if (uapi_mcp_read(&body, json, NULL, pool, NULL) != APR_SUCCESS || body.batch) {
        return;
    }
    edits = uapi_edit_list(pool);
    if (uapi_federation_read(&federation, json, &body.messages[0], &server, edits, pool) == UAPI_FEDERATION_FORWARD) {
        require(server != NULL && edits->nelts == 1);
        apply(&edited, json, edits, pool);
        check_forward(json, &edited, server->name, pool);
    } else {
        require(server == NULL && edits->nelts == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *parent;
    apr_pool_t *pool;
    uapi_json json;
    char *text;

    if (parent == NULL) {
        apr_initialize();
        apr_pool_create(&parent, NULL);
    }
    apr_pool_create(&pool, parent);
    text = apr_pstrmemdup(pool, (const char *)data, size);
    if (uapi_json_read(&json, text, size, NULL, pool, NULL) == APR_SUCCESS) {
        check(&json, pool);
    }
    apr_pool_destroy(pool);
    return 0;
}
