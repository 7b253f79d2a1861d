/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file endpoint.h
 * The `endpoint` event of the HTTP+SSE transport (MCP 2024-11-05, "basic/transports"): the URI to which a server asks its client to
 * POST messages. It is a server's word that would lead the client, with the gateway's credential, to an address of the server's
 * choice, so only one at the same origin and under the address that the route publishes is taken.
 */
#ifndef UAPI_CORE_ENDPOINT_H
#define UAPI_CORE_ENDPOINT_H

#include <stddef.h>

#include <apr_pools.h>

#include "result.h"

/** The longest path and query of an endpoint that is carried. */
#define UAPI_ENDPOINT_MAX 800

/** Where the stream comes from that the event stands in. */
typedef struct uapi_endpoint_base {
    const char *origin; /* "http://host:port" of the upstream; what follows the authority is ignored */
    const char *path;   /* path of the stream at the upstream, without its query; begins with a slash */
    const char *prefix; /* path at the upstream under which the route leads */
} uapi_endpoint_base;

/**
 * Resolve the data of an endpoint event (RFC 3986, section 5) to an absolute path and perhaps a query at the upstream,
 * in the pool. response.invalid, and `*target` NULL, for what is longer than UAPI_ENDPOINT_MAX, has characters that RFC 3986 does not
 * allow there, a fragment or user information, has dot segments, empty segments, or escapes of what could make any (dot, slash,
 * backslash, NUL, control characters), names another origin, or leads outside the prefix.
 */
apr_status_t uapi_endpoint_read(const char **target, const char *text, size_t length, const uapi_endpoint_base *base,
                                apr_pool_t *pool, uapi_result *result);

/** Is the target's path the prefix, or below it? Whole segments count: /app is not above /application. */
int uapi_endpoint_is_under(const char *target, const char *prefix);

#endif
