/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file session.h
 * Session ids of MCP servers (Mcp-Session-Id, revisions 2025-03-26 to 2025-11-25), as callers see them.
 *
 * The id that a server gives is sealed (vault.h) under a key of the gateway's and bound to the tenant, the principal and the
 * server, and that is what the caller gets. It holds all that is needed, so any child, and any node with the same key
 * file, can serve any request of the session; it is worth nothing to another principal, and does not die when a token is
 * renewed, because it is bound to whom the token names and not to the token.
 */
#ifndef UAPI_CORE_SESSION_H
#define UAPI_CORE_SESSION_H

#include <apr_pools.h>

#include "keyring.h"
#include "principal.h"
#include "result.h"

/** The longest id of a server's that is carried. */
#define UAPI_SESSION_MAX 1024

/** The caller's form of a server's id, in the pool. `server` NULL: a route without a name. */
apr_status_t uapi_session_seal(const char **sealed, const char *id, const uapi_keyring *keyring,
                               const uapi_principal *principal, const char *server, apr_pool_t *pool,
                               uapi_result *result);

/** The reverse. session.unknown for whatever was not sealed for just this principal at just this server. */
apr_status_t uapi_session_open(const char **id, const char *sealed, const uapi_keyring *keyring,
                               const uapi_principal *principal, const char *server, apr_pool_t *pool,
                               uapi_result *result);

/** What else of a session a caller holds and may bring back. */
typedef enum uapi_session_part {
    UAPI_SESSION_EVENT,   /* the id of an event, from which a stream may be resumed (Last-Event-ID) */
    UAPI_SESSION_ENDPOINT /* where messages are posted (HTTP+SSE of 2024-11-05) */
} uapi_session_part;

/**
 * The same for a part: bound to tenant, principal and server, and to the session `of`, the server's own id ("" if it has none).
 * An event is UAPI_SESSION_MAX bytes at most, as is an endpoint.
 */
apr_status_t uapi_session_seal_part(const char **sealed, uapi_session_part part, const char *value, const char *of,
                                    const uapi_keyring *keyring, const uapi_principal *principal, const char *server,
                                    apr_pool_t *pool, uapi_result *result);

/** The reverse. event.unknown for an event, session.unknown for an endpoint that was not given for just this. */
apr_status_t uapi_session_open_part(const char **value, uapi_session_part part, const char *sealed, const char *of,
                                    const uapi_keyring *keyring, const uapi_principal *principal, const char *server,
                                    apr_pool_t *pool, uapi_result *result);

/**
 * An id and the balancer's member that it is known to, in one text to be sealed. `member` NULL: none, and the text is the id. A member is
 * one that uapi_session_names_member takes.
 */
const char *uapi_session_join(const char *member, const char *id, apr_pool_t *pool);

/** The reverse: gives the id, a part of `joined`, and the member, or NULL. */
const char *uapi_session_split(const char *joined, const char **member, apr_pool_t *pool);

/** Can this route be joined to an id and found again? */
int uapi_session_names_member(const char *route);

#endif
