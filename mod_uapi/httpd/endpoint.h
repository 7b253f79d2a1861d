/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file endpoint.h
 * The two addresses of HTTP+SSE (MCP 2024-11-05): a GET opens the stream, and its first event names where messages are posted. The
 * caller is told the stream's own address, with the server's one sealed in the query: so messages pass the very route that the
 * stream did, the id of the session in the server's address stays with the gateway, and nobody else can use what the caller was told.
 */
#ifndef UAPI_HTTPD_ENDPOINT_H
#define UAPI_HTTPD_ENDPOINT_H

#include "call.h"

/**
 * What the caller is told instead of the data of an endpoint event. response.invalid if the address is not one of this
 * upstream's under this route (core/endpoint.h).
 */
apr_status_t uapi_endpoint_offer(request_rec *r, uapi_call *call, const char *data, size_t length, const char **offered,
                                 apr_pool_t *pool, uapi_result *result);

/**
 * Of a request: finds the server's address in its query and keeps it in the call. session.unknown if it was not told this
 * principal at this server, and for what looks like a server's own session id in the query of a POST.
 */
apr_status_t uapi_endpoint_find(request_rec *r, uapi_call *call, uapi_result *result);

/** Sends an allowed call to the server's address instead of the one that mod_proxy had made of the caller's, and notes the latter. */
apr_status_t uapi_endpoint_apply(request_rec *r, uapi_call *call, uapi_result *result);

/** Once mod_proxy has its address: gives the request its own query back, for what looks at it later (logs). */
void uapi_endpoint_restore(request_rec *r, uapi_call *call);

#endif
