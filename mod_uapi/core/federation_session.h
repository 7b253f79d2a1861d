/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_session.h
 * The session of a client at an endpoint over several servers (revisions 2025-03-26 to 2025-11-25). Its id, the client's Mcp-Session-Id,
 * holds the sessions that were opened at the servers, sealed (vault.h) and bound to tenant and principal: any child, and any node
 * with the same key file, can serve any request of it, and nothing is stored.
 */
#ifndef UAPI_CORE_FEDERATION_SESSION_H
#define UAPI_CORE_FEDERATION_SESSION_H

#include <apr_tables.h>

#include "keyring.h"
#include "mcp.h"
#include "principal.h"
#include "result.h"

/** A session at one server, or the knowledge that it needs none. */
typedef struct uapi_federation_peer {
    const char *server;
    uapi_mcp_revision revision; /* what it speaks; 2026-07-28 has no sessions */
    const char *id;             /* its own Mcp-Session-Id; "" if it gave none */
} uapi_federation_peer;

typedef struct uapi_federation_session {
    uapi_mcp_revision revision; /* what the client speaks */
    apr_array_header_t *peers;  /* uapi_federation_peer; servers that were down are missing */
} uapi_federation_session;

/** Peers that no longer fit (4 KiB in all) are left out: they are opened again when they are needed. */
apr_status_t uapi_federation_session_seal(const char **sealed, const uapi_federation_session *session,
                                          const uapi_keyring *keyring, const uapi_principal *principal,
                                          apr_pool_t *pool, uapi_result *result);

/** The reverse. session.unknown for whatever was not sealed for just this principal. */
apr_status_t uapi_federation_session_open(uapi_federation_session **session, const char *sealed,
                                          const uapi_keyring *keyring, const uapi_principal *principal,
                                          apr_pool_t *pool, uapi_result *result);

/** NULL if it holds none for this server. */
const uapi_federation_peer *uapi_federation_session_find(const uapi_federation_session *session, const char *server);

/** May this be a session's id? The specification allows visible ASCII only. */
int uapi_federation_is_session_id(const char *id);

#endif
