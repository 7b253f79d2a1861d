/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file path.h
 * The path of a request to a REST service, read so that no service can read it otherwise (RFC 3986, section 3.3).
 *
 * The text is the path that goes over the wire to the service. It is split at its slashes, and each segment is decoded
 * once. Whatever frameworks and proxies are known to disagree about is refused: dot segments, empty segments before the
 * last, encoded slashes, backslashes, question and number signs, path parameters (`;`), NUL and control characters,
 * encodings that are still encodings after decoding (`%252e`), bad ones, text that is no UTF-8 (overlong forms too),
 * characters that Unicode's compatibility forms turn into a dot or slash, and what RFC 3986 has no place for.
 *
 * Pure; any thread. What is kept lives in the pool.
 */
#ifndef UAPI_CORE_PATH_H
#define UAPI_CORE_PATH_H

#include <stddef.h>
#include <stdint.h>

#include <apr_pools.h>

#define UAPI_PATH_MAX_SEGMENTS 32

/** Decoded. `folded` is the same in lower case, by the rules of ASCII and of Unicode where it ends in ASCII. */
typedef struct uapi_path_segment {
    const char *text, *folded;
    size_t length, folded_length;
} uapi_path_segment;

typedef struct uapi_path {
    uint32_t count; /* at least one; the last may be empty: the path ends in a slash */
    uapi_path_segment segments[UAPI_PATH_MAX_SEGMENTS];
} uapi_path;

/** NULL, or what makes the path ambiguous: a static text that says nothing of the path itself. */
const char *uapi_path_read(uapi_path *path, const char *text, size_t length, apr_pool_t *pool);

/** Writes the folded form, never longer than `length`; returns its length. */
size_t uapi_path_fold(char *out, const char *text, size_t length);

/** 1 if the query or form (application/x-www-form-urlencoded) has a field that frameworks take for the method. */
int uapi_path_overrides_method(const char *query, size_t length);

#endif
