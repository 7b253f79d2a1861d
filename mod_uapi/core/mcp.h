/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file mcp.h
 * Recognises Model Context Protocol messages in a JSON document: which revision speaks, what each message is, what
 * it is about. Reads only; judges nothing but form.
 *
 * Sources: MCP specification revisions 2025-03-26 (batches; the revision assumed when a request names none),
 * 2025-06-18, 2025-11-25 and 2026-07-28, "basic" and "basic/transports". JSON-RPC 2.0.
 */
#ifndef UAPI_CORE_MCP_H
#define UAPI_CORE_MCP_H

#include "json.h"

typedef enum uapi_mcp_revision {
    UAPI_MCP_2025_03_26, UAPI_MCP_2025_06_18, UAPI_MCP_2025_11_25, UAPI_MCP_2026_07_28
} uapi_mcp_revision;

/** "2025-11-25"; static. */
const char *uapi_mcp_revision_name(uapi_mcp_revision revision);

typedef enum uapi_mcp_kind {
    UAPI_MCP_REQUEST, UAPI_MCP_NOTIFICATION, UAPI_MCP_RESULT, UAPI_MCP_ERROR
} uapi_mcp_kind;

typedef struct uapi_mcp_message {
    uapi_mcp_kind kind;
    uint32_t node;        /* the message's object */
    uint32_t id;          /* node of the id, UAPI_JSON_NONE if it has none */
    const char *method;   /* NUL-terminated, unescaped; NULL for a result or error */
    const char *target;   /* what the method is about: params.name of tools/call and prompts/get, params.uri of
                             the resources methods; NUL-terminated, unescaped; NULL if the method has none */
    uint32_t params;      /* node, or UAPI_JSON_NONE */
    uint32_t arguments;   /* node of params.arguments, or UAPI_JSON_NONE */
} uapi_mcp_message;

typedef struct uapi_mcp_body {
    uapi_mcp_revision revision;
    int batch;                   /* the body is an array */
    uint32_t count;              /* messages, at least one */
    uapi_mcp_message *messages;  /* in the pool */
} uapi_mcp_body;

/** The request headers that take part; each NULL if absent. */
typedef struct uapi_mcp_headers {
    const char *protocol_version;  /* MCP-Protocol-Version */
    const char *method;            /* Mcp-Method (2026-07-28) */
    const char *name;              /* Mcp-Name (2026-07-28) */
} uapi_mcp_headers;

/**
 * Recognise the body of a client's POST. Refuses, with the reason in `result`: mcp.version (a revision we do not know:
 * header, or initialize/_meta where the revision lives in the body), rpc.batch, rpc.invalid, rpc.key_case (a key of the
 * envelope, or of a known method's params, that equals a protocol key but for case), mcp.header_mismatch. A header that
 * is absent or older never skips a check.
 */
apr_status_t uapi_mcp_read(uapi_mcp_body *body, const uapi_json *json, const uapi_mcp_headers *headers,
                           apr_pool_t *pool, uapi_result *result);

/**
 * Recognise one message or batch that comes from a server. Same output (revision is not set); same strictness about the
 * envelope's keys.
 */
apr_status_t uapi_mcp_read_reply(uapi_mcp_body *body, const uapi_json *json, apr_pool_t *pool, uapi_result *result);

#endif
