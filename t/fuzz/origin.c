/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Host and Origin: what is read has a normal form, which is read again to the same; a page is of its own host; and a pattern
 * made from an origin matches it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "origin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
    if (!holds) {
        abort();
    }
}

static int write_authority(char *text, size_t size, const uapi_authority *authority)
{
    int is_v6 = strchr(authority->host, ':') != NULL;
    int length = snprintf(text, size, "%s%s%s", is_v6 ? "[" : "", authority->host, is_v6 ? "]" : "");
    return authority->port == 0 ? length
                                : length + snprintf(text + length, size - (size_t)length, ":%d", authority->port);
}

static void check_authority(const uapi_authority *authority)
{
    char text[UAPI_HOST_SIZE + 16];
    uapi_authority again;
    int length = write_authority(text, sizeof(text), authority);
    require(authority->host[0] != '\0' && strpbrk(authority->host, " ,@/\\?#%[]") == NULL);
    require(uapi_authority_parse(&again, text, (size_t)length));
    require(uapi_authority_same_host(authority, &again) && again.port == authority->port &&
            again.is_address == authority->is_address);
}

static void check_origin(const uapi_origin *origin)
{
    char text[UAPI_SCHEME_SIZE + UAPI_HOST_SIZE + 32];
    uapi_origin_pattern pattern;
    int length = snprintf(text, sizeof(text), "%s://", origin->scheme);
    write_authority(text + length, sizeof(text) - (size_t)length, &origin->authority);
    check_authority(&origin->authority);
    require(uapi_origin_pattern_parse(&pattern, text) && uapi_origin_matches(origin, &pattern));
    require(strcmp(origin->scheme, "https") != 0 || uapi_origin_is_of(origin, &origin->authority, 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uapi_authority authority;
    uapi_origin origin;
    uapi_origin_pattern pattern;
    char *text = malloc(size + 1);
    if (text == NULL) {
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    if (uapi_authority_parse(&authority, text, size)) {
        check_authority(&authority);
    }
    if (uapi_origin_parse(&origin, text, size)) {
        check_origin(&origin);
    }
    if (uapi_origin_pattern_parse(&pattern, text) && !pattern.any_subdomain && !pattern.any_port) {
        check_origin(&pattern.origin);
    }
    uapi_host_pattern_parse(&pattern, text);
    free(text);
    return 0;
}
