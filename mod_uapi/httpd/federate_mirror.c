/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Hardly any tool has arguments that stand in headers too, so nothing is kept of the others, and the question costs one look-up.
 */
#include "federate.h"

#include <string.h>

#include <apr_strings.h>

#include "../core/mirror.h"

/* What is kept is an object: the schema of each such tool, under the server's own name for it. */
static const char *key_of(const uapi_call *call, const char *server, apr_pool_t *pool)
{
    return uapi_federate_key(call, "mirrors", server, pool);
}

/* NULL: the tool has none. */
static const char *member_of(const char *entry, size_t prefix, apr_pool_t *pool)
{
    uapi_result ignored = {0};
    uapi_json json;
    uint32_t name, schema;
    if (strstr(entry, "mcp-header") == NULL || /* spelled in another way, it is the server's affair */
        uapi_json_read(&json, entry, strlen(entry), NULL, pool, &ignored) != APR_SUCCESS) {
        return NULL;
    }
    name = uapi_json_member(&json, 0, "name");
    schema = uapi_json_member(&json, 0, "inputSchema");
    if (name == UAPI_JSON_NONE || json.nodes[name].type != UAPI_JSON_STRING || json.nodes[name].escaped ||
        json.nodes[name].length <= prefix || uapi_mirror_read(&json, schema, pool) == NULL) {
        return NULL;
    }
    return apr_psprintf(pool, "\"%.*s\":%.*s", (int)(json.nodes[name].length - prefix),
                        json.text + json.nodes[name].start + prefix, (int)json.nodes[schema].length,
                        json.text + json.nodes[schema].start);
}

void uapi_federate_keep_mirrors(const uapi_call *call, const char *server, const apr_array_header_t *entries,
                                size_t prefix, apr_interval_time_t kept, apr_pool_t *pool)
{
    apr_array_header_t *members = apr_array_make(pool, 2, sizeof(const char *));
    for (int i = 0; i < entries->nelts && kept > 0; i++) {
        const char *member = member_of(APR_ARRAY_IDX(entries, i, const char *), prefix, pool);
        if (member != NULL) {
            APR_ARRAY_PUSH(members, const char *) = member;
        }
    }
    if (members->nelts == 0) {
        uapi_federate_forget(key_of(call, server, pool));
        return;
    }
    uapi_federate_remember(key_of(call, server, pool),
                           apr_pstrcat(pool, "{", apr_array_pstrcat(pool, members, ','), "}", NULL),
                           apr_time_now() + kept);
}

const apr_array_header_t *uapi_federate_mirrors(const uapi_call *call, const char *tool, apr_pool_t *pool)
{
    const char *text = (call->federated->route == UAPI_FEDERATION_FORWARD && call->server != NULL)
                           ? uapi_federate_recall(key_of(call, call->server, pool), pool)
                           : NULL;
    uapi_result ignored = {0};
    uapi_json json;
    if (text == NULL || uapi_json_read(&json, text, strlen(text), NULL, pool, &ignored) != APR_SUCCESS) {
        return NULL;
    }
    return uapi_mirror_read(&json, uapi_json_member(&json, 0, tool), pool);
}
