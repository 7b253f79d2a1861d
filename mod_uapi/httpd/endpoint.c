/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "endpoint.h"

#include <string.h>

#include <apr_strings.h>

#include "mod_proxy.h"

#include "../core/endpoint.h"
#include "../core/session.h"
#include "affinity.h"

static const char parameter[] = "uapi-endpoint=";

/* --------------------------------------------------------- where the route leads */

/* "scheme://authority/path": the path, or the end if there is none. */
static const char *path_of(const char *url)
{
    const char *authority = strstr(url, "://");
    return (authority != NULL) ? authority + 3 + strcspn(authority + 3, "/?") : url + strlen(url);
}

static const char *proxied(const request_rec *r)
{
    return (r->filename != NULL && strncmp(r->filename, "proxy:", 6) == 0) ? r->filename + 6 : NULL;
}

static void consider(const struct proxy_alias *alias, const char *uri, const char *url, const char **best)
{
    if (alias == NULL || alias->regex != NULL || alias->fake == NULL || alias->real == NULL ||
        strncmp(uri, alias->fake, strlen(alias->fake)) != 0 || strncmp(url, alias->real, strlen(alias->real)) != 0) {
        return;
    }
    if (*best == NULL || strlen(alias->real) > strlen(*best)) {
        *best = alias->real;
    }
}

/* The second argument of the ProxyPass that led here: the longest one that fits, which publishes the least. */
static const char *published(const request_rec *r, const char *url)
{
    const module *proxy = ap_find_linked_module("mod_proxy.c");
    const proxy_dir_conf *location = ap_get_module_config(r->per_dir_config, proxy);
    const proxy_server_conf *server = ap_get_module_config(r->server->module_config, proxy);
    const char *best = NULL;
    consider(location->alias, r->uri, url, &best);
    for (int i = 0; i < server->aliases->nelts; i++) {
        consider(&APR_ARRAY_IDX(server->aliases, i, struct proxy_alias), r->uri, url, &best);
    }
    return best;
}

/* The path under which the route leads: that of its ProxyPass, or, by a pattern or a rewrite, the folder of the request's own. */
static const char *prefix_of(const request_rec *r, const char *url)
{
    const char *alias = published(r, url);
    const char *path = path_of(alias != NULL ? alias : url), *end = path + strcspn(path, "?");
    while (alias == NULL && end > path && end[-1] != '/') {
        end--;
    }
    return apr_pstrmemdup(r->pool, path, (size_t)(end - path));
}

/* A balancer's member may have a path of its own, before that of the balancer. */
static size_t member_path(const char *path, size_t length, const char *balanced)
{
    size_t width = strcspn(balanced, "?");
    return (width <= length && memcmp(path + length - width, balanced, width) == 0) ? length - width : length + 1;
}

/* -------------------------------------------------------------------- the offer */

/* base64 in the letters that stand in a query as they are. */
static void translate(char *text, const char *from, const char *to)
{
    for (; *text != '\0'; text++) {
        const char *found = strchr(from, *text);
        if (found != NULL) {
            *text = to[found - from];
        }
    }
}

static apr_status_t seal(request_rec *r, const uapi_call *call, const char *target, const char **offered,
                         apr_pool_t *pool, uapi_result *result)
{
    const char *path = r->parsed_uri.path, *sealed;
    char *text;
    apr_status_t status = uapi_session_seal_part(
        &sealed, UAPI_SESSION_ENDPOINT, uapi_affinity_join(call, apr_pstrcat(pool, call->id, target, NULL), pool), "",
        call->gateway->keyring, call->principal, call->server, pool, result);
    if (status != APR_SUCCESS) {
        return status;
    }
    while (path != NULL && path[0] == '/' && path[1] == '/') {
        path++; /* two slashes would begin the name of a host */
    }
    text = apr_pstrdup(pool, sealed);
    translate(text, "+/=", "-_.");
    *offered = apr_pstrcat(pool, path != NULL ? path : "", "?", parameter, text, NULL);
    return APR_SUCCESS;
}

apr_status_t uapi_endpoint_offer(request_rec *r, uapi_call *call, const char *data, size_t length, const char **offered,
                                 apr_pool_t *pool, uapi_result *result)
{
    const char *url = call->routed, *target;
    uapi_endpoint_base base;
    const char *path = path_of(call->upstream != NULL ? call->upstream : "");
    size_t path_length = strcspn(path, "?"), own;
    *offered = NULL;
    if (url == NULL || call->upstream == NULL || (own = member_path(path, path_length, path_of(url))) > path_length) {
        return uapi_fail(result, pool, APR_EINVAL, UAPI_REASON_RESPONSE_INVALID,
                         "an endpoint event on a route without ProxyPass");
    }
    base.origin = call->upstream;
    base.path = apr_pstrmemdup(pool, path, path_length);
    base.prefix = apr_pstrcat(pool, apr_pstrmemdup(pool, path, own), prefix_of(r, url), NULL);
    if (uapi_endpoint_read(&target, data, length, &base, pool, result) != APR_SUCCESS) {
        return result->status;
    }
    call->answers_at = apr_pstrcat(r->pool, apr_pstrmemdup(pool, call->upstream, (size_t)(path - call->upstream)),
                                   target, NULL);
    return seal(r, call, target + own, offered, pool, result);
}

/* ------------------------------------------------------------------ and its use */

/* What servers of the official kits call it. No caller of ours was ever told one. */
static int names_session(const char *query)
{
    for (; query != NULL; query = strchr(query, '&'), query += (query != NULL)) {
        if (strncasecmp(query, "sessionid=", 10) == 0 || strncasecmp(query, "session_id=", 11) == 0) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t unknown(request_rec *r, uapi_result *result)
{
    return uapi_fail(result, r->pool, APR_NOTFOUND, UAPI_REASON_SESSION_UNKNOWN,
                     "the address was not told this principal at this server");
}

static apr_status_t open_offer(request_rec *r, uapi_call *call, const char *sealed, uapi_result *result)
{
    char *text = apr_pstrdup(r->pool, sealed);
    const char *opened;
    if (strpbrk(text, "+/=&") != NULL) {
        return unknown(r, result); /* one spelling */
    }
    translate(text, "-_.", "+/=");
    if (uapi_session_open_part(&opened, UAPI_SESSION_ENDPOINT, text, "", call->gateway->keyring, call->principal,
                               call->server, r->pool, result) != APR_SUCCESS) {
        return result->status;
    }
    opened = uapi_affinity_split(call, opened, r->pool);
    if (strlen(opened) <= UAPI_CALL_ID_LENGTH) {
        return unknown(r, result);
    }
    call->stream = apr_pstrmemdup(r->pool, opened, UAPI_CALL_ID_LENGTH);
    call->endpoint = opened + UAPI_CALL_ID_LENGTH;
    return APR_SUCCESS;
}

apr_status_t uapi_endpoint_find(request_rec *r, uapi_call *call, uapi_result *result)
{
    const char *query = r->args;
    int is_post = (r->method_number == M_POST);
    if (query == NULL) {
        return APR_SUCCESS;
    }
    if (strncmp(query, parameter, sizeof(parameter) - 1) == 0) {
        return is_post ? open_offer(r, call, query + sizeof(parameter) - 1, result) : unknown(r, result);
    }
    return (is_post && names_session(query)) ? unknown(r, result) : APR_SUCCESS;
}

/*
 * mod_proxy has either put the query behind the address by now, both in the form in which they are sent, or it waits for a
 * balancer to choose a member and takes the path unescaped and the query from the request.
 */
static void redirect(request_rec *r, uapi_call *call, const char *url)
{
    const char *start = path_of(url), *query = strchr(call->endpoint, '?');
    char *path = apr_pstrdup(r->pool, call->endpoint);
    if (strchr(start, '?') == NULL) {
        path[strcspn(path, "?")] = '\0';
        ap_unescape_url(path);
        call->query = r->args;
        r->args = (query != NULL) ? apr_pstrdup(r->pool, query + 1) : NULL;
    }
    r->filename = apr_pstrcat(r->pool, "proxy:", apr_pstrmemdup(r->pool, url, (size_t)(start - url)), path, NULL);
}

apr_status_t uapi_endpoint_apply(request_rec *r, uapi_call *call, uapi_result *result)
{
    call->routed = proxied(r);
    if (call->endpoint == NULL) {
        return APR_SUCCESS;
    }
    if (call->routed == NULL || !uapi_endpoint_is_under(call->endpoint, prefix_of(r, call->routed))) {
        return unknown(r, result); /* the route was led elsewhere since */
    }
    redirect(r, call, call->routed);
    return APR_SUCCESS;
}

void uapi_endpoint_restore(request_rec *r, uapi_call *call)
{
    if (call->query != NULL) {
        r->args = call->query;
        call->query = NULL;
    }
}
