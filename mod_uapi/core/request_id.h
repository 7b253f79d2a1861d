/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file request_id.h
 * Ids of a server's requests to the client, as the client sees them (MCP 2024-11-05 to 2025-11-25: sampling, elicitation, roots, ping).
 *
 * Each carries a mark, an HMAC under a key of the gateway's over tenant, principal, server, session and the server's own id. An answer
 * whose id has no such mark answers what the gateway never passed on: a request that policy withheld, that another caller
 * was sent, or that nobody made. Nothing is stored, so any child, and any node with the same key file, can tell. The mark is the
 * same each time, so a server can still cancel its request.
 *
 * Changed are the bytes of the id alone: of a string, the mark is added at its end; an integer becomes a string.
 */
#ifndef UAPI_CORE_REQUEST_ID_H
#define UAPI_CORE_REQUEST_ID_H

#include "edit.h"
#include "json.h"
#include "keyring.h"
#include "principal.h"

/** For whom an id is marked. */
typedef struct uapi_request_scope {
    const uapi_keyring *keyring;
    const uapi_principal *principal;
    const char *server;  /* NULL: a route without a name */
    const char *session; /* the server's own session id; NULL: none */
} uapi_request_scope;

/** Add the edits that mark the id at node `id`, a string or an integer. internal.error if OpenSSL fails. */
apr_status_t uapi_request_id_mark(apr_array_header_t *edits, const uapi_json *json, uint32_t id,
                                  const uapi_request_scope *scope, apr_pool_t *pool, uapi_result *result);

/**
 * Add the edits that make of a marked id the server's own again, byte for byte as the server spelled it (an escape that the client
 * spells otherwise stays the client's). rpc.unasked if it has no mark, or one of another scope.
 */
apr_status_t uapi_request_id_unmark(apr_array_header_t *edits, const uapi_json *json, uint32_t id,
                                    const uapi_request_scope *scope, apr_pool_t *pool, uapi_result *result);

#endif
