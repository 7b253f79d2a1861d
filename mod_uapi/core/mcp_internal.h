/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file mcp_internal.h
 * Shared by the files that recognise MCP messages; nobody else includes it.
 *
 * Functions that return apr_status_t give APR_SUCCESS, or a refusal that is described in the reader's result.
 */
#ifndef UAPI_CORE_MCP_INTERNAL_H
#define UAPI_CORE_MCP_INTERNAL_H

#include "mcp.h"

typedef struct uapi_mcp_reader {
    const uapi_json *json;
    const uapi_mcp_headers *headers;
    apr_pool_t *pool;
    uapi_result *result;
    int foreign; /* JSON-RPC of another protocol: params may be an array */
} uapi_mcp_reader;

/** A key that the protocol gives a meaning. */
typedef struct uapi_mcp_key {
    const char *name;
    size_t length;
} uapi_mcp_key;

#define UAPI_MCP_KEY(name)     \
    {                          \
        name, sizeof(name) - 1 \
    }

/**
 * Look the keys up in `object` (if it is no object, there are none): values[i] becomes the node of the value of
 * keys[i], or UAPI_JSON_NONE. Refuses with rpc.key_case if a key of the object equals one of them but for case.
 */
apr_status_t uapi_mcp_find_keys(const uapi_mcp_reader *reader, uint32_t object, const uapi_mcp_key *keys, size_t count,
                                uint32_t *values);

/** The method's place in the protocol. */
typedef struct uapi_mcp_method {
    const char *name;
    const char *target; /* the key in params that says what it is about */
    int target_required;
    int name_required; /* Mcp-Name, by 2026-07-28 */
} uapi_mcp_method;

/** NULL for a method that is about nothing in particular, or that we do not know. */
const uapi_mcp_method *uapi_mcp_find_method(const char *name);

/** The revision a version stands for; 0 if it is none we know. */
int uapi_mcp_find_revision(const char *version, uapi_mcp_revision *revision);

/** Sets the revision that the headers name, or the one to assume. */
apr_status_t uapi_mcp_read_version_header(const uapi_mcp_reader *reader, uapi_mcp_revision *revision);

/** Does a message agree with the request's headers, and does it have those that its revision demands? */
apr_status_t uapi_mcp_check_headers(const uapi_mcp_reader *reader, uapi_mcp_revision revision,
                                    const uapi_mcp_message *message, uint32_t meta_version);

#endif
