/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * DNS rebinding: a page that a victim's browser loaded from a name of the attacker's has that name point here next, and its
 * requests are then same-origin to the browser. They still carry the attacker's name, as Host and as Origin. So both are judged by
 * names that this server is known to have, and never by each other alone. (MCP, Streamable HTTP transport, security warning.)
 */
#include <string.h>

#include <apr_strings.h>

#include "http_core.h"
#include "http_protocol.h"
#include "http_request.h"

#include "../core/origin.h"
#include "log.h"
#include "refuse.h"
#include "stages.h"

static int any_name(const apr_array_header_t *names, const char *host, int wild)
{
    for (int i = 0; names != NULL && i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        if (name != NULL && (wild ? ap_strcasecmp_match(host, name) : strcasecmp(host, name)) == 0) {
            return 1;
        }
    }
    return 0;
}

/* ServerName and ServerAlias. */
static int is_served(const server_rec *server, const char *host)
{
    return (server->server_hostname != NULL && strcasecmp(server->server_hostname, host) == 0) ||
           any_name(server->names, host, 0) || any_name(server->wild_names, host, 1);
}

static int matches_any(const uapi_allowed *allowed, const uapi_authority *host)
{
    for (int i = 0; allowed != NULL && i < allowed->patterns->nelts; i++) {
        if (uapi_host_matches(host, &APR_ARRAY_IDX(allowed->patterns, i, uapi_origin_pattern))) {
            return 1;
        }
    }
    return 0;
}

/* An address is no name that somebody could point elsewhere, and no DNS answers for localhost. */
static int host_is_ours(const request_rec *r, const uapi_call *call, const uapi_authority *host)
{
    return host->is_address || uapi_authority_is_localhost(host) || is_served(r->server, host->host) ||
           matches_any(call->route->hosts, host);
}

/* The host of an absolute-form target (RFC 9112, section 3.2.2). httpd then goes by it, mod_proxy with ProxyPreserveHost by the Host
 * header: they must not differ. */
static int target_agrees(const request_rec *r, const uapi_authority *host)
{
    const char *name = r->parsed_uri.hostname;
    uapi_authority target;
    char text[UAPI_HOST_SIZE + 16];
    int length, usual;
    if (name == NULL) {
        return 1;
    }
    length = apr_snprintf(text, sizeof(text), strchr(name, ':') != NULL ? "[%s]" : "%s", name);
    usual = (r->parsed_uri.scheme != NULL) ? apr_uri_port_of_scheme(r->parsed_uri.scheme) : 0;
    return r->parsed_uri.user == NULL && uapi_authority_parse(&target, text, (size_t)length) &&
           uapi_authority_same_host(&target, host) &&
           (r->parsed_uri.port_str != NULL ? r->parsed_uri.port : usual) == (host->port != 0 ? host->port : usual);
}

/* `host` NULL: not a name that this server is known to have. */
static int origin_is_allowed(const request_rec *r, const uapi_call *call, const char *value, const uapi_authority *host)
{
    const uapi_allowed *allowed = call->route->origins;
    uapi_origin origin;
    if (allowed != NULL && allowed->any) {
        return 1;
    }
    if (!uapi_origin_parse(&origin, value, strlen(value))) {
        return 0;
    }
    if (host != NULL && uapi_origin_is_of(&origin, host, strcmp(ap_http_scheme(r), "https") == 0)) {
        return 1;
    }
    for (int i = 0; allowed != NULL && i < allowed->patterns->nelts; i++) {
        if (uapi_origin_matches(&origin, &APR_ARRAY_IDX(allowed->patterns, i, uapi_origin_pattern))) {
            return 1;
        }
    }
    return 0;
}

apr_status_t uapi_stage_admit(request_rec *r, uapi_call *call, uapi_result *result)
{
    const uapi_allowed *hosts = call->route->hosts;
    const char *name = apr_table_get(r->headers_in, "Host");
    const char *origin = apr_table_get(r->headers_in, "Origin");
    uapi_authority host;
    int ours;
    if (call->admitted) {
        return APR_SUCCESS;
    }
    if (name == NULL) {
        name = r->hostname; /* of an absolute-form target */
    }
    ours = name != NULL && uapi_authority_parse(&host, name, strlen(name)) && target_agrees(r, &host) &&
           host_is_ours(r, call, &host);
    /* Without any name, in HTTP/1.0, it is no browser. */
    if (name != NULL && !ours && !(hosts != NULL && hosts->any)) {
        return uapi_fail(result, r->pool, APR_EACCES, UAPI_REASON_HOST_DENIED,
                         "Host has no name of this server (ServerAlias or UapiAllowedHosts gives it one)");
    }
    if (origin != NULL && !origin_is_allowed(r, call, origin, ours ? &host : NULL)) {
        return uapi_fail(result, r->pool, APR_EACCES, UAPI_REASON_ORIGIN_DENIED,
                         "the Origin is neither this server's nor in UapiAllowedOrigins");
    }
    call->admitted = 1;
    return APR_SUCCESS;
}

int uapi_admit_hook(request_rec *r)
{
    uapi_call *call = uapi_call_of(r);
    uapi_result result = {0};
    if (call == NULL || r->main != NULL || uapi_stage_admit(r, call, &result) == APR_SUCCESS) {
        return DECLINED;
    }
    return uapi_refuse(r, call, &result);
}
