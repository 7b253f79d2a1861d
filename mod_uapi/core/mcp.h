/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file mcp.h
 * Recognises Model Context Protocol messages in a JSON document: which revision speaks, what each message is, what it
 * is about. Reads only; judges nothing but form.
 *
 * Sources: MCP specification revisions 2025-03-26 (batches; the revision assumed when a request names none),
 * 2025-06-18, 2025-11-25 and 2026-07-28, "basic" and "basic/transports". JSON-RPC 2.0.
 *
 * Form, stricter than JSON-RPC where MCP is: jsonrpc is "2.0"; an id is a string or an integer; params, arguments,
 * _meta and result are objects (arguments may be null, which counts as none); exactly one of method, result and
 * error; an error has an integer code and a message. What a server itself must answer (an unknown method, missing
 * params._meta fields) is left to it. 2024-11-05, which names another transport, is read as 2025-03-26.
 */
#ifndef UAPI_CORE_MCP_H
#define UAPI_CORE_MCP_H

#include <apr_tables.h>

#include "json.h"

typedef enum uapi_mcp_revision {
    UAPI_MCP_2025_03_26,
    UAPI_MCP_2025_06_18,
    UAPI_MCP_2025_11_25,
    UAPI_MCP_2026_07_28
} uapi_mcp_revision;

/** "2025-11-25"; static. */
const char *uapi_mcp_revision_name(uapi_mcp_revision revision);

/** The revision a version stands for (2024-11-05 is read as 2025-03-26); 0 if it is none that we know. */
int uapi_mcp_revision_find(const char *version, uapi_mcp_revision *revision);

typedef enum uapi_mcp_kind { UAPI_MCP_REQUEST, UAPI_MCP_NOTIFICATION, UAPI_MCP_RESULT, UAPI_MCP_ERROR } uapi_mcp_kind;

typedef struct uapi_mcp_message {
    uapi_mcp_kind kind;
    uint32_t node;      /* the message's object */
    uint32_t id;        /* node of the id, UAPI_JSON_NONE if it has none */
    const char *method; /* NUL-terminated, unescaped; NULL for a result or error */
    const char *target; /* what the method is about: params.name of tools/call and prompts/get, params.uri of the
                             resources methods, params.taskId of the tasks methods; NUL-terminated, unescaped; NULL if
                             the method has none */
    uint32_t params;    /* node, or UAPI_JSON_NONE */
    uint32_t arguments; /* node of params.arguments, or UAPI_JSON_NONE */
    unsigned also;      /* UAPI_MCP_ALSO_*: what it does beside what its method says */
} uapi_mcp_message;

/** 2026-07-28: what older revisions have a message of its own for. Each is to be allowed as that one is. */
#define UAPI_MCP_ALSO_ANSWERS 1u    /* params.inputResponses: a client's results */
#define UAPI_MCP_ALSO_SUBSCRIBES 2u /* params.notifications.resourceSubscriptions: resources/subscribe */
#define UAPI_MCP_ALSO_GETS_TASKS 4u /* params.notifications.taskIds: tasks/get */

typedef struct uapi_mcp_body {
    uapi_mcp_revision revision;
    int batch;                  /* the body is an array */
    uint32_t count;             /* messages, at least one */
    uapi_mcp_message *messages; /* in the pool */
} uapi_mcp_body;

/** A header field Mcp-Param-{name} (2026-07-28). */
typedef struct uapi_mcp_param_header {
    const char *name; /* the whole field name */
    const char *value;
} uapi_mcp_param_header;

/** The request headers that take part; each NULL if absent. */
typedef struct uapi_mcp_headers {
    const char *protocol_version; /* MCP-Protocol-Version */
    const char *method;           /* Mcp-Method (2026-07-28) */
    const char *name;             /* Mcp-Name (2026-07-28) */
    const uapi_mcp_param_header *params;
    size_t param_count;
} uapi_mcp_headers;

/**
 * Recognise the body of a client's POST. A header that is absent or older never skips a check. Refuses, with the
 * reason in `result` (body is then zeroed):
 * - mcp.version: a revision that we do not know, in the header, or in params._meta when there is no header.
 *   params.protocolVersion of initialize may name any, since the server negotiates.
 * - rpc.batch: a batch, unless 2025-03-26 speaks; one of more than UAPI_MCP_MAX_BATCH messages; initialize in a batch.
 * - rpc.invalid: the form above; a batch that is empty, mixes calls and results, or has an id twice (1 and "1" are one here);
 *   a result or error under 2026-07-28; a method without the target it must have.
 * - rpc.key_case: a key of the envelope, of an error, of params, or of _meta, ref, argument, context or task in it,
 *   that equals a key of the protocol but for case, by ASCII's rules or Unicode's.
 * - mcp.header_mismatch: a version in params._meta that the version header does not repeat; Mcp-Method or Mcp-Name
 *   present and not what the body says (of a method that has no name, any Mcp-Name), under any revision; absent where 2026-07-28 demands them of a request; Mcp-Param-*
 *   that equals no string, integer or boolean which stands in the arguments outside arrays (which of them it mirrors is
 *   in the tool's inputSchema: mirror.h); a value that is not visible ASCII.
 *
 * The revision is the header's; without one it is 2025-03-26, for initialize the one it names (2025-11-25 if that has
 * no initialize or is unknown). `headers` may be NULL.
 */
apr_status_t uapi_mcp_read(uapi_mcp_body *body, const uapi_json *json, const uapi_mcp_headers *headers,
                           apr_pool_t *pool, uapi_result *result);

/**
 * Recognise one message or batch that comes from a server. The same form and the same strictness about the keys of
 * the envelope and of an error; nothing inside params is looked at, so target and arguments are never set, nor is
 * revision.
 */
apr_status_t uapi_mcp_read_reply(uapi_mcp_body *body, const uapi_json *json, apr_pool_t *pool, uapi_result *result);

/**
 * Recognise JSON-RPC 2.0 that is not MCP's, from a client or a service. As uapi_mcp_read_reply(), and params may be an array.
 */
apr_status_t uapi_mcp_read_foreign(uapi_mcp_body *body, const uapi_json *json, apr_pool_t *pool, uapi_result *result);

/**
 * Refuses, with rpc.key_case, a message whose result has a key that equals but for case one that the gateway acts on (the
 * lists, cacheScope): it could be one thing to us and another to the client. Any JSON value may be asked about.
 */
apr_status_t uapi_mcp_check_result(const uapi_json *json, uint32_t message, apr_pool_t *pool, uapi_result *result);

/**
 * The requests to the client that a server's message carries inside it (2026-07-28, "basic/patterns/mrtr", and the tasks extension): the
 * methods in inputRequests of its result or params, or of the task in it. `methods` becomes an array of const char *, NULL if
 * there are none. Refuses with rpc.key_case what differs from these keys only by case, with rpc.invalid a request that has no method.
 * Any JSON value may be asked about.
 */
apr_status_t uapi_mcp_input_requests(apr_array_header_t **methods, const uapi_json *json, uint32_t message,
                                     apr_pool_t *pool, uapi_result *result);

#endif
