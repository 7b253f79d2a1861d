/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Recognition of MCP bodies. An input is three header lines (MCP-Protocol-Version, Mcp-Method, Mcp-Name; an empty one
 * is absent) and a body. What is accepted must keep what mcp.h says; and the verdict must not depend on the spelling:
 * with every ASCII character of every string as an escape, the same body gives the same reason, methods and targets.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "mcp.h"
#include "rpc_kind.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
    if (!holds) {
        abort();
    }
}

/* The next line of the input, NULL if it is empty or there is none. */
static const char *take_line(const char **at, const char *end, apr_pool_t *pool)
{
    const char *start = *at;
    const char *stop = memchr(start, '\n', (size_t)(end - start));

    *at = stop ? stop + 1 : end;
    stop = stop ? stop : end;
    return stop > start ? apr_pstrmemdup(pool, start, (size_t)(stop - start)) : NULL;
}

/* The document with each ASCII character of its strings escaped. */
static void respell(const uapi_json *json, apr_pool_t *pool, uapi_json *other)
{
    char *text = apr_palloc(pool, json->length * 6 + 1);
    size_t at = 0, length = 0;
    uint32_t i, j;

    for (i = 0; i < json->count; i++) {
        const uapi_json_node *node = &json->nodes[i];
        char *plain;

        if (node->type != UAPI_JSON_STRING) {
            continue;
        }
        memcpy(text + length, json->text + at, node->start - at);
        length += node->start - at;
        plain = uapi_json_strdup(json, i, pool);
        for (j = 0; plain[j]; j++) {
            if ((unsigned char)plain[j] < 0x80) {
                length += (size_t)sprintf(text + length, "\\u%04x", plain[j]);
            } else {
                text[length++] = plain[j];
            }
        }
        at = node->start + node->length;
    }
    memcpy(text + length, json->text + at, json->length - at);
    length += json->length - at;
    require(uapi_json_read(other, text, length, NULL, pool, NULL) == APR_SUCCESS);
    require(other->count == json->count);
}

static int same(const char *one, const char *other)
{
    return one && other ? strcmp(one, other) == 0 : one == other;
}

/* What the strict reader takes for a message is one to whoever tells the protocols apart. */
static void check_kind(const uapi_json *json, apr_pool_t *pool)
{
    uapi_rpc_kind kind = uapi_rpc_kind_of(json);
    uapi_mcp_body body;

    if (uapi_mcp_read_foreign(&body, json, pool, NULL) == APR_SUCCESS) {
        require(kind == UAPI_RPC_PLAIN || kind == UAPI_RPC_MCP);
    }
}

static void check_body(const uapi_mcp_body *body, const uapi_json *json, const uapi_mcp_headers *headers)
{
    uint32_t i;

    require(body->count > 0 && body->messages != NULL && (body->batch || body->count == 1));
    require(!body->batch || json->nodes[0].type == UAPI_JSON_ARRAY);
    require(!headers || !body->batch || body->revision == UAPI_MCP_2025_03_26);
    for (i = 0; i < body->count; i++) {
        const uapi_mcp_message *message = &body->messages[i];
        int is_call = message->kind == UAPI_MCP_REQUEST || message->kind == UAPI_MCP_NOTIFICATION;

        require(json->nodes[message->node].type == UAPI_JSON_OBJECT);
        require(is_call == (message->method != NULL));
        require(message->id != UAPI_JSON_NONE ||
                (message->kind != UAPI_MCP_REQUEST && message->kind != UAPI_MCP_RESULT));
        require(message->params == UAPI_JSON_NONE || json->nodes[message->params].type == UAPI_JSON_OBJECT);
        require(message->arguments == UAPI_JSON_NONE || json->nodes[message->arguments].type == UAPI_JSON_OBJECT);
        if (headers) {
            require(!headers->method || same(headers->method, message->method));
            require(!same(message->method, "tools/call") || message->target);
        }
    }
}

static void compare(const uapi_mcp_body *one, const uapi_mcp_body *other)
{
    uint32_t i;

    require(one->count == other->count && one->revision == other->revision);
    for (i = 0; i < one->count; i++) {
        const uapi_mcp_message *a = &one->messages[i], *b = &other->messages[i];

        require(a->kind == b->kind && a->id == b->id && a->params == b->params && a->arguments == b->arguments);
        require(same(a->method, b->method) && same(a->target, b->target));
    }
}

static void check(const char *text, size_t length, const uapi_mcp_headers *headers, apr_pool_t *pool)
{
    uapi_result result = {0, UAPI_REASON_NONE, NULL}, other_result = {0, UAPI_REASON_NONE, NULL};
    uapi_mcp_body body, other_body;
    apr_array_header_t *methods, *other_methods;
    uapi_json json, other;

    if (uapi_json_read(&json, text, length, NULL, pool, NULL) != APR_SUCCESS) {
        return;
    }
    check_kind(&json, pool);
    respell(&json, pool, &other);
    if (uapi_mcp_read(&body, &json, headers, pool, &result) == APR_SUCCESS) {
        check_body(&body, &json, headers);
    }
    uapi_mcp_read(&other_body, &other, headers, pool, &other_result);
    require(result.reason == other_result.reason);
    compare(&body, &other_body);
    if (uapi_mcp_read_reply(&body, &json, pool, NULL) == APR_SUCCESS) {
        check_body(&body, &json, NULL);
    }
    uapi_mcp_input_requests(&methods, &json, 0, pool, &result);
    uapi_mcp_input_requests(&other_methods, &other, 0, pool, &other_result);
    require(!methods == !other_methods && (!methods || methods->nelts == other_methods->nelts));
}

/* The same input with the third line as the value of an Mcp-Param header. */
static void check_as_param(const char *text, size_t length, uapi_mcp_headers headers, apr_pool_t *pool)
{
    uapi_mcp_param_header param = {"Mcp-Param-X", headers.name};

    if (headers.name) {
        headers.name = NULL;
        headers.params = &param;
        headers.param_count = 1;
        check(text, length, &headers, pool);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *root;
    const char *at = (const char *)data;
    const char *end = at + size;
    uapi_mcp_headers headers;
    apr_pool_t *pool;

    if (!root) {
        apr_initialize();
        apr_pool_create(&root, NULL);
    }
    if (size) {
        apr_pool_create(&pool, root);
        headers.protocol_version = take_line(&at, end, pool);
        headers.method = take_line(&at, end, pool);
        headers.name = take_line(&at, end, pool);
        headers.params = NULL;
        headers.param_count = 0;
        check(at, (size_t)(end - at), &headers, pool);
        check_as_param(at, (size_t)(end - at), headers, pool);
        apr_pool_destroy(pool);
    }
    return 0;
}
