/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "operation.h"

#include <string.h>

#include "../core/path.h"

/* The path of "http://host/path?query", "balancer://name/path" and "unix:/socket|http://host/path"; NULL if it has none. */
static const char *path_of(const char *url, size_t *length)
{
    const char *bar = strncasecmp(url, "unix:", 5) == 0 ? strchr(url, '|') : NULL;
    const char *host = strstr(bar != NULL ? bar : url, "://"), *path;

    path = host != NULL ? host + 3 + strcspn(host + 3, "/?#") : NULL;
    if (path == NULL || *path != '/') {
        return NULL;
    }
    *length = strcspn(path, "?#");
    return path;
}

/* Our fixups run after mod_proxy's and mod_rewrite's, which have by then written the URL there that they will call. */
static const char *url_of(const request_rec *r)
{
    return r->filename != NULL && strncmp(r->filename, "proxy:", 6) == 0 ? r->filename + 6 : NULL;
}

static apr_status_t ambiguous(request_rec *r, const char *why, uapi_result *result)
{
    return uapi_fail(result, r->pool, APR_EINVAL, UAPI_REASON_REQUEST_AMBIGUOUS, "%s", why);
}

static apr_status_t find(request_rec *r, uapi_call *call, const uapi_operations *operations, uapi_result *result)
{
    uapi_path path;
    const char *fault = uapi_path_read(&path, call->upstream_path, call->upstream_path_length, r->pool);

    if (fault != NULL) {
        return ambiguous(r, fault, result);
    }
    if (r->args != NULL && uapi_path_overrides_method(r->args, strlen(r->args))) {
        return ambiguous(r, "the query overrides the method", result);
    }
    switch (uapi_operations_find(operations, r->method, &path, &call->operation, NULL)) {
    case UAPI_OPERATION_FOUND:
        return APR_SUCCESS;
    case UAPI_OPERATION_UNKNOWN:
        call->operation_unknown = 1;
        return APR_SUCCESS;
    default:
        return ambiguous(r, "the path differs from an operation's in upper and lower case only", result);
    }
}

apr_status_t uapi_operation_understand(request_rec *r, uapi_call *call, uapi_result *result)
{
    const uapi_policy_server *server = (call->server != NULL)
                                           ? uapi_policy_find_server(call->gateway->policy, call->server)
                                           : NULL;
    const char *url = url_of(r);

    if (server == NULL || server->operations == NULL) {
        return APR_SUCCESS;
    }
    call->upstream_balanced = url != NULL && strncasecmp(url, "balancer:", 9) == 0;
    call->upstream_path = url != NULL ? path_of(url, &call->upstream_path_length) : NULL;
    if (call->upstream_path == NULL) {
        return uapi_fail(result, r->pool, APR_EGENERAL, UAPI_REASON_CONFIG_INVALID,
                         "server %s has operations, but this route names no upstream URL (ProxyPass) to find them by",
                         server->name);
    }
    return find(r, call, server->operations, result);
}

/* A balancer puts its member's own path before the one that was judged, and nothing else may. */
apr_status_t uapi_operation_verify(request_rec *r, const uapi_call *call, const char *url, uapi_result *result)
{
    const char *path;
    size_t length = 0;

    if (call->upstream_path == NULL) {
        return APR_SUCCESS;
    }
    path = path_of(url, &length);
    if (path != NULL && call->upstream_balanced && length > call->upstream_path_length) {
        path += length - call->upstream_path_length;
        length = call->upstream_path_length;
    }
    if (path != NULL && length == call->upstream_path_length && memcmp(path, call->upstream_path, length) == 0) {
        return APR_SUCCESS;
    }
    return ambiguous(r, "mod_proxy calls another path than the one that was judged", result);
}
