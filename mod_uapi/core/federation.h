/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation.h
 * One endpoint over several MCP servers: how what they offer is named there, and back. docs/gateway.md describes it to users.
 *
 * - A tool or prompt NAME of the server S is S, the separator, NAME. S ends at the first separator, so NAME may hold any.
 * - A resource URI of S is `uapi:S:URI`; a template likewise. A server's name holds no colon, so the prefix ends at the second one. (The
 *   scheme has no authority and no path of segments, so no URL parser resolves `..` or changes case in it.)
 * - The id of a task of S is `uapi:S:ID`, wherever the protocol has it.
 * - The id of a request that S makes of the client is the string `uapi:S:n:ID` for the number ID, `uapi:S:s:ID` for the string ID.
 *
 * All are prefixes, added and cut at byte offsets (edit.h): no message is ever written anew.
 */
#ifndef UAPI_CORE_FEDERATION_H
#define UAPI_CORE_FEDERATION_H

#include <apr_tables.h>

#include "edit.h"
#include "json.h"
#include "mcp.h"
#include "policy.h"

#define UAPI_FEDERATION_SEPARATOR "__"

/** The servers behind one endpoint. Read-only once made; lives with the configuration. */
typedef struct uapi_federation {
    const char *separator;
    apr_array_header_t *servers; /* const uapi_policy_server *, sorted by name, each with a url */
} uapi_federation;

/** May this text be a separator? 1 to 8 of the characters that names of tools have: letters, digits, `_`, `-`, `.`. */
int uapi_federation_is_separator(const char *text);

/** Would a name that begins with this server's be taken for another one's, or for none's? */
int uapi_federation_is_ambiguous(const char *server, const char *separator);

/** NULL if the endpoint does not offer it. */
const uapi_policy_server *uapi_federation_find(const uapi_federation *federation, const char *name, size_t length);

typedef enum uapi_federation_route {
    UAPI_FEDERATION_OWN,        /* the gateway's own affair: the session, lists */
    UAPI_FEDERATION_FORWARD,    /* for one server */
    UAPI_FEDERATION_UNKNOWN,    /* for a server that there is not */
    UAPI_FEDERATION_UNSUPPORTED /* nothing that this endpoint does */
} uapi_federation_route;

/**
 * Where a client's message goes. For FORWARD `*server` is set, and `edits` receives what makes the message the server's own. A message
 * that names no server in the form above is UNKNOWN, as is one whose server is not offered: the two cannot be told apart.
 */
uapi_federation_route uapi_federation_read(const uapi_federation *federation, const uapi_json *json,
                                           const uapi_mcp_message *message, const uapi_policy_server **server,
                                           apr_array_header_t *edits, apr_pool_t *pool);

/** The client's name for a tool or prompt of the server's. */
const char *uapi_federation_name(const uapi_federation *federation, const char *server, const char *name,
                                 apr_pool_t *pool);

/**
 * Add the edits that make what a server says (the message at `message`: a result, request or notification) the endpoint's: names
 * and URIs in lists, URIs in contents, ids of its requests. Any JSON value may be asked about.
 */
void uapi_federation_rename(apr_array_header_t *edits, const uapi_federation *federation, const char *server,
                            const uapi_json *json, uint32_t message, apr_pool_t *pool);

#endif
