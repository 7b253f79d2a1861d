/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Nothing is normalised: what two parsers could read differently is refused, so what is checked is what is sent. No well-meaning
 * server writes any of it.
 */
#include "endpoint.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

static apr_status_t refuse(uapi_result *result, apr_pool_t *pool, const char *what)
{
    return uapi_fail(result, pool, APR_EINVAL, UAPI_REASON_RESPONSE_INVALID, "the endpoint event %s", what);
}

/* RFC 3986: pchar, slash and question mark, without the percent sign. */
static int is_allowed(char c)
{
    return apr_isalnum(c) || (c != '\0' && strchr("-._~!$&'()*+,;=:@/?", c) != NULL);
}

static int hex_value(char c)
{
    return apr_isdigit(c) ? c - '0' : apr_isxdigit(c) ? (apr_tolower(c) - 'a') + 10 : -1;
}

/* An escape in a path that a server may decode to something with a meaning. */
static int is_treacherous(int value)
{
    return value < 0x20 || value == 0x7f || value == '.' || value == '/' || value == '\\' || value == '%';
}

static int is_well_formed(const char *text)
{
    int in_query = 0;
    for (; *text != '\0'; text++) {
        if (*text == '%') {
            int high = hex_value(text[1]), low = (high >= 0) ? hex_value(text[2]) : -1;
            int value = high * 16 + low;
            if (low < 0 || value < 0x20 || value == 0x7f || (!in_query && is_treacherous(value))) {
                return 0;
            }
            text += 2;
        } else if (!is_allowed(*text)) {
            return 0;
        }
        in_query |= *text == '?';
    }
    return 1;
}

/* "." and "..", and an empty segment anywhere but at the end. */
static int has_odd_segment(const char *target)
{
    const char *at = target;
    while (*at == '/') {
        size_t length = strcspn(++at, "/?");
        if ((length == 0 && at[length] == '/') || (length == 1 && at[0] == '.') ||
            (length == 2 && at[0] == '.' && at[1] == '.')) {
            return 1;
        }
        at += length;
    }
    return 0;
}

/* "scheme://" and the authority of a URI, in parts. */
typedef struct origin {
    const char *scheme, *host, *port;
    size_t scheme_length, host_length, port_length;
} origin;

static int read_authority(origin *read, const char *authority)
{
    const char *end = authority + strcspn(authority, "/?");
    const char *bracket = (*authority == '[') ? memchr(authority, ']', (size_t)(end - authority)) : authority;
    const char *colon = (bracket != NULL) ? memchr(bracket, ':', (size_t)(end - bracket)) : NULL;
    if (bracket == NULL || memchr(authority, '@', (size_t)(end - authority)) != NULL || end == authority) {
        return 0;
    }
    read->host = authority;
    read->host_length = (size_t)((colon != NULL ? colon : end) - authority);
    read->port = (colon != NULL) ? colon + 1 : end;
    read->port_length = (size_t)(end - read->port);
    for (size_t i = 0; i < read->port_length; i++) {
        if (!apr_isdigit(read->port[i])) {
            return 0;
        }
    }
    return read->host_length > 0;
}

static int read_origin(origin *read, const char *uri)
{
    read->scheme = uri;
    read->scheme_length = strcspn(uri, ":/?");
    return strncmp(uri + read->scheme_length, "://", 3) == 0 && read_authority(read, uri + read->scheme_length + 3);
}

static long port_of(const origin *of)
{
    if (of->port_length == 0) {
        return (of->scheme_length == 5) ? 443 : 80;
    }
    return (of->port_length > 5) ? -1 : (long)apr_atoi64(of->port);
}

static int is_same(const origin *one, const origin *other)
{
    return one->scheme_length == other->scheme_length &&
           strncasecmp(one->scheme, other->scheme, one->scheme_length) == 0 && one->host_length == other->host_length &&
           strncasecmp(one->host, other->host, one->host_length) == 0 && port_of(one) == port_of(other) &&
           port_of(one) > 0;
}

/* The authority is skipped, if it is the upstream's own. NULL if it is another. */
static const char *skip_origin(const char *text, const uapi_endpoint_base *base)
{
    origin upstream, named;
    size_t scheme = strcspn(text, ":/?");
    if (!read_origin(&upstream, base->origin)) {
        return NULL;
    }
    if (text[0] == '/' && text[1] == '/') {
        named.scheme = upstream.scheme;
        named.scheme_length = upstream.scheme_length;
        if (!read_authority(&named, text + 2)) {
            return NULL;
        }
    } else if (text[scheme] == ':') {
        if (!read_origin(&named, text)) {
            return NULL;
        }
    } else {
        return text;
    }
    return is_same(&upstream, &named) ? named.port + named.port_length : NULL;
}

/* An absolute path, from a reference that has no authority any more. */
static const char *resolve(const char *text, int had_origin, const uapi_endpoint_base *base, apr_pool_t *pool)
{
    const char *slash = strrchr(base->path, '/');
    if (text[0] == '/') {
        return apr_pstrdup(pool, text);
    }
    if (had_origin) {
        return apr_pstrcat(pool, "/", text, NULL);
    }
    if (text[0] == '?') {
        return apr_pstrcat(pool, base->path, text, NULL);
    }
    return (slash == NULL) ? NULL : apr_psprintf(pool, "%.*s%s", (int)(slash + 1 - base->path), base->path, text);
}

int uapi_endpoint_is_under(const char *target, const char *prefix)
{
    size_t length = strlen(prefix);
    while (length > 0 && prefix[length - 1] == '/') {
        length--;
    }
    return strncmp(target, prefix, length) == 0 &&
           (target[length] == '/' || (length > 0 && (target[length] == '?' || target[length] == '\0')));
}

apr_status_t uapi_endpoint_read(const char **target, const char *text, size_t length, const uapi_endpoint_base *base,
                                apr_pool_t *pool, uapi_result *result)
{
    const char *reference, *rest, *resolved;
    *target = NULL;
    if (length == 0 || length > UAPI_ENDPOINT_MAX || memchr(text, '\0', length) != NULL) {
        return refuse(result, pool, "is empty, too long, or no text");
    }
    reference = apr_pstrmemdup(pool, text, length);
    rest = skip_origin(reference, base);
    if (rest == NULL) {
        return refuse(result, pool, "names another origin than the server's");
    }
    resolved = resolve(rest, rest != reference, base, pool);
    if (resolved == NULL || strlen(resolved) > UAPI_ENDPOINT_MAX || !is_well_formed(resolved) ||
        has_odd_segment(resolved)) {
        return refuse(result, pool, "is no plain address");
    }
    if (!uapi_endpoint_is_under(resolved, base->prefix)) {
        return refuse(result, pool, "leads outside of what the route publishes");
    }
    *target = resolved;
    return APR_SUCCESS;
}
