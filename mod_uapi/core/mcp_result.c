/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What the gateway acts on inside a server's results: lists, the scope of caching, and requests to the client that travel in them.
 */
#include "mcp_internal.h"

/* Keys of results that the gateway acts on. */
static const uapi_mcp_key result_keys[] = {
    UAPI_MCP_KEY("tools"),         UAPI_MCP_KEY("prompts"),
    UAPI_MCP_KEY("resources"),     UAPI_MCP_KEY("resourceTemplates"),
    UAPI_MCP_KEY("cacheScope"),    UAPI_MCP_KEY("_meta"),
    UAPI_MCP_KEY("inputRequests"), UAPI_MCP_KEY("task"),
};
enum { RESULT_KEYS = sizeof(result_keys) / sizeof(result_keys[0]) };

apr_status_t uapi_mcp_check_result(const uapi_json *json, uint32_t message, apr_pool_t *pool, uapi_result *result)
{
    static const uapi_mcp_headers none;
    uapi_mcp_reader reader = {json, &none, pool, result, 0};
    uint32_t ignored[RESULT_KEYS], node = uapi_json_member(json, message, "result");

    return node == UAPI_JSON_NONE ? APR_SUCCESS : uapi_mcp_find_keys(&reader, node, result_keys, RESULT_KEYS, ignored);
}

enum { KEY_INPUT_REQUESTS, KEY_TASK, CARRIER_KEYS };

static const uapi_mcp_key carrier_keys[CARRIER_KEYS] = {
    [KEY_INPUT_REQUESTS] = UAPI_MCP_KEY("inputRequests"),
    [KEY_TASK] = UAPI_MCP_KEY("task"),
};

static apr_status_t take_method(const uapi_mcp_reader *reader, uint32_t request, apr_array_header_t *methods)
{
    static const uapi_mcp_key method_key = UAPI_MCP_KEY("method");
    uint32_t method;
    apr_status_t status = uapi_mcp_find_keys(reader, request, &method_key, 1, &method);

    if (status != APR_SUCCESS) {
        return status;
    }
    if (method == UAPI_JSON_NONE || reader->json->nodes[method].type != UAPI_JSON_STRING) {
        return uapi_fail(reader->result, reader->pool, APR_EINVAL, UAPI_REASON_RPC_INVALID,
                         "a request to the client has no method, at byte %u", reader->json->nodes[request].start);
    }
    APR_ARRAY_PUSH(methods, const char *) = uapi_json_strdup(reader->json, method, reader->pool);
    return APR_SUCCESS;
}

/* A map from names that the server chose to requests. */
static apr_status_t take_methods(const uapi_mcp_reader *reader, uint32_t requests, apr_array_header_t **methods)
{
    const uapi_json *json = reader->json;
    apr_status_t status = APR_SUCCESS;
    uint32_t child, is_object;

    if (requests == UAPI_JSON_NONE || json->nodes[requests].type < UAPI_JSON_ARRAY) {
        return APR_SUCCESS;
    }
    if (!*methods) {
        *methods = apr_array_make(reader->pool, 4, sizeof(const char *));
    }
    is_object = json->nodes[requests].type == UAPI_JSON_OBJECT;
    for (child = requests + 1; child < json->nodes[requests].skip && status == APR_SUCCESS;) {
        status = take_method(reader, child + is_object, *methods);
        child = json->nodes[child + is_object].skip;
    }
    return status;
}

apr_status_t uapi_mcp_input_requests(apr_array_header_t **methods, const uapi_json *json, uint32_t message,
                                     apr_pool_t *pool, uapi_result *result)
{
    static const uapi_mcp_headers none;
    static const char *const carriers[] = {"result", "params"};
    const uapi_mcp_reader reader = {json, &none, pool, result, 0};
    apr_status_t status = APR_SUCCESS;
    size_t i;

    *methods = NULL;
    for (i = 0; i < sizeof(carriers) / sizeof(carriers[0]) && status == APR_SUCCESS; i++) {
        uint32_t outer[CARRIER_KEYS], inner[CARRIER_KEYS];

        status = uapi_mcp_find_keys(&reader, uapi_json_member(json, message, carriers[i]), carrier_keys, CARRIER_KEYS,
                                    outer);
        if (status == APR_SUCCESS) {
            status = take_methods(&reader, outer[KEY_INPUT_REQUESTS], methods);
        }
        if (status == APR_SUCCESS) {
            status = uapi_mcp_find_keys(&reader, outer[KEY_TASK], carrier_keys, CARRIER_KEYS, inner);
        }
        if (status == APR_SUCCESS) {
            status = take_methods(&reader, inner[KEY_INPUT_REQUESTS], methods);
        }
    }
    return status;
}
