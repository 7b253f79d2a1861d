/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "origin.h"

#include <arpa/inet.h>
#include <string.h>

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char lower(char c)
{
    return (c >= 'A' && c <= 'Z') ? (char)(c - 'A' + 'a') : c;
}

static int is_alphanumeric(char c)
{
    c = lower(c);
    return is_digit(c) || (c >= 'a' && c <= 'z');
}

/* Domain names as they go over the wire: letters, digits, '-', and '_', which private names do have. */
static int read_name(uapi_authority *authority, const char *text, size_t length)
{
    if (length == 0 || length >= UAPI_HOST_SIZE || text[length - 1] == '.') {
        return 0;
    }
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        int ends_label = (c == '.');
        if (!(is_alphanumeric(c) || c == '-' || c == '_' || ends_label) ||
            (ends_label && (i == 0 || text[i - 1] == '.'))) {
            return 0;
        }
        authority->host[i] = lower(c);
    }
    authority->host[length] = '\0';
    return 1;
}

/* Gives the address in the one spelling of inet_ntop. */
static int read_address(uapi_authority *authority, int family, const char *text, size_t length)
{
    char copy[INET6_ADDRSTRLEN];
    unsigned char address[sizeof(struct in6_addr)];
    if (length >= sizeof(copy)) {
        return 0;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (strlen(copy) != length || inet_pton(family, copy, address) != 1) {
        return 0;
    }
    authority->is_address = 1;
    return inet_ntop(family, address, authority->host, sizeof(authority->host)) != NULL;
}

/* A dot at the end is the root's: the same name, and to browsers the same address. */
static int read_host(uapi_authority *authority, const char *text, size_t length)
{
    if (length > 0 && text[length - 1] == '.') {
        length--;
    }
    return read_address(authority, AF_INET, text, length) || read_name(authority, text, length);
}

static int read_port(uapi_authority *authority, const char *text, size_t length)
{
    int port = 0;
    if (length == 0 || length > 5) {
        return 0;
    }
    for (size_t i = 0; i < length; i++) {
        if (!is_digit(text[i])) {
            return 0;
        }
        port = port * 10 + (text[i] - '0');
    }
    authority->port = port;
    return port >= 1 && port <= 65535;
}

int uapi_authority_parse(uapi_authority *authority, const char *text, size_t length)
{
    const char *end = text + length, *colon;
    authority->is_address = 0;
    authority->port = 0;
    if (length > 0 && text[0] == '[') {
        const char *bracket = memchr(text, ']', length);
        if (bracket == NULL || !read_address(authority, AF_INET6, text + 1, (size_t)(bracket - text - 1))) {
            return 0;
        }
        colon = bracket + 1;
    } else {
        colon = memchr(text, ':', length);
        if (colon == NULL) {
            colon = end;
        }
        if (!read_host(authority, text, (size_t)(colon - text))) {
            return 0;
        }
    }
    return colon == end || (*colon == ':' && read_port(authority, colon + 1, (size_t)(end - colon - 1)));
}

/* RFC 3986, section 3.1. */
static int read_scheme(uapi_origin *origin, const char *text, size_t length)
{
    if (length == 0 || length >= UAPI_SCHEME_SIZE || is_digit(text[0])) {
        return 0;
    }
    for (size_t i = 0; i < length; i++) {
        if (!is_alphanumeric(text[i]) && (i == 0 || memchr("+-.", text[i], 3) == NULL)) {
            return 0;
        }
        origin->scheme[i] = lower(text[i]);
    }
    origin->scheme[length] = '\0';
    return 1;
}

int uapi_origin_parse(uapi_origin *origin, const char *text, size_t length)
{
    const char *colon = memchr(text, ':', length);
    size_t before;
    if (colon == NULL || (size_t)(text + length - colon) < 3 || memcmp(colon, "://", 3) != 0) {
        return 0;
    }
    before = (size_t)(colon - text) + 3;
    return read_scheme(origin, text, before - 3) &&
           uapi_authority_parse(&origin->authority, text + before, length - before);
}

int uapi_authority_is_localhost(const uapi_authority *authority)
{
    return strcmp(authority->host, "localhost") == 0;
}

int uapi_authority_same_host(const uapi_authority *one, const uapi_authority *other)
{
    return strcmp(one->host, other->host) == 0;
}

static int port_of(const char *scheme, int port)
{
    if (port != 0) {
        return port;
    }
    return (strcmp(scheme, "https") == 0) ? 443 : (strcmp(scheme, "http") == 0) ? 80 : 0;
}

int uapi_origin_is_of(const uapi_origin *origin, const uapi_authority *host, int tls)
{
    int is_https = strcmp(origin->scheme, "https") == 0;
    if (!is_https && (tls || strcmp(origin->scheme, "http") != 0)) {
        return 0;
    }
    return uapi_authority_same_host(&origin->authority, host) &&
           port_of(origin->scheme, origin->authority.port) == port_of(origin->scheme, host->port);
}

static int begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

int uapi_host_pattern_parse(uapi_origin_pattern *pattern, const char *text)
{
    memset(pattern, 0, sizeof(*pattern));
    if (begins_with(text, "*.")) {
        pattern->any_subdomain = 1;
        text += 2;
    }
    return uapi_authority_parse(&pattern->origin.authority, text, strlen(text)) &&
           pattern->origin.authority.port == 0 && !(pattern->any_subdomain && pattern->origin.authority.is_address);
}

int uapi_origin_pattern_parse(uapi_origin_pattern *pattern, const char *text)
{
    const char *authority = strstr(text, "://");
    size_t length = strlen(text);
    memset(pattern, 0, sizeof(*pattern));
    if (authority == NULL || !read_scheme(&pattern->origin, text, (size_t)(authority - text))) {
        return 0;
    }
    authority += 3;
    if (begins_with(authority, "*.")) {
        pattern->any_subdomain = 1;
        authority += 2;
    }
    length -= (size_t)(authority - text);
    if (length > 2 && strcmp(authority + length - 2, ":*") == 0) {
        pattern->any_port = 1;
        length -= 2;
    }
    return uapi_authority_parse(&pattern->origin.authority, authority, length) &&
           !(pattern->any_subdomain && pattern->origin.authority.is_address) &&
           !(pattern->any_port && pattern->origin.authority.port != 0);
}

int uapi_host_matches(const uapi_authority *host, const uapi_origin_pattern *pattern)
{
    const char *name = pattern->origin.authority.host;
    size_t length = strlen(host->host), tail = strlen(name);
    if (!pattern->any_subdomain) {
        return strcmp(host->host, name) == 0;
    }
    return !host->is_address && length > tail + 1 && host->host[length - tail - 1] == '.' &&
           strcmp(host->host + length - tail, name) == 0;
}

int uapi_origin_matches(const uapi_origin *origin, const uapi_origin_pattern *pattern)
{
    return strcmp(origin->scheme, pattern->origin.scheme) == 0 && uapi_host_matches(&origin->authority, pattern) &&
           (pattern->any_port ||
            port_of(origin->scheme, origin->authority.port) == port_of(origin->scheme, pattern->origin.authority.port));
}
