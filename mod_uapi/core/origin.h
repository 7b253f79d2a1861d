/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file origin.h
 * The name by which a client reached the server (Host or :authority, RFC 9110 section 7.2) and the page for which a browser
 * speaks (Origin, RFC 6454 section 7). Both are untrusted bytes; what is not of the form is no value at all, so that nobody
 * downstream can read it otherwise. Comparing is on the normal form: lower case, no trailing dot, no leading zeros of a port,
 * IP addresses in the spelling of inet_ntop.
 *
 * Pure functions on the caller's memory; any thread.
 */
#ifndef UAPI_CORE_ORIGIN_H
#define UAPI_CORE_ORIGIN_H

#include <stddef.h>

#define UAPI_HOST_SIZE 256
#define UAPI_SCHEME_SIZE 32

typedef struct uapi_authority {
    char host[UAPI_HOST_SIZE]; /* normal form; an IPv6 address without its brackets */
    int is_address;            /* an IP address literal: no name, so nobody can have rebound it */
    int port;                  /* 0: none was given */
} uapi_authority;

typedef struct uapi_origin {
    char scheme[UAPI_SCHEME_SIZE];
    uapi_authority authority;
} uapi_origin;

/** What an administrator allows: a host or an origin, of which the first label may be `*` and the port `*`. */
typedef struct uapi_origin_pattern {
    uapi_origin origin; /* of a host's pattern only authority.host counts */
    int any_subdomain;
    int any_port;
} uapi_origin_pattern;

/** Read `host[:port]`: 1, or 0 if it is anything else (user information, several values, white space, an empty label, …). */
int uapi_authority_parse(uapi_authority *authority, const char *text, size_t length);

/** Read `scheme://host[:port]`: 1, or 0 for anything else, `null` among it: every sandboxed page of the web has that origin. */
int uapi_origin_parse(uapi_origin *origin, const char *text, size_t length);

/** The machine's own name by RFC 6761: no DNS answers for it. */
int uapi_authority_is_localhost(const uapi_authority *authority);

/** Are these the same host? Ports do not count. */
int uapi_authority_same_host(const uapi_authority *one, const uapi_authority *other);

/**
 * Is the origin that of a page which this host served? A port that was not given is the default one of the origin's scheme, since TLS
 * may end in front of us. `tls`: it ends here, so the page must have come by https as well.
 */
int uapi_origin_is_of(const uapi_origin *origin, const uapi_authority *host, int tls);

/** Read `[*.]host` or `scheme://[*.]host[:port|:*]`: 1, or 0. */
int uapi_host_pattern_parse(uapi_origin_pattern *pattern, const char *text);
int uapi_origin_pattern_parse(uapi_origin_pattern *pattern, const char *text);

/** `*.example.com` matches names below example.com at any depth, not example.com. */
int uapi_host_matches(const uapi_authority *host, const uapi_origin_pattern *pattern);
int uapi_origin_matches(const uapi_origin *origin, const uapi_origin_pattern *pattern);

#endif
