/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file schema_pattern.h
 * The regular expressions of JSON Schema ("pattern", "patternProperties": ECMA-262 with the flag u, not anchored), by PCRE2.
 *
 * What PCRE2 has and ECMA-262 has not, or has in another meaning, is refused: groups other than (?: (?= (?! (?<= (?<! and named ones, verbs,
 * possessive quantifiers, POSIX classes, and escapes other than d D w W s S b B f n r t c x u k p P, 0 to 9 and marks. Refused as well is
 * what PCRE2 has not: lookbehinds without a fixed length, most of the names of \p. Different is \s, which takes the spaces of
 * ASCII only.
 *
 * Bounded: a pattern of 1024 bytes, 2 MiB of memory, 2,000,000 tries of a match by the length of its text, between 500 and 10,000 at each place.
 */
#ifndef UAPI_CORE_SCHEMA_PATTERN_H
#define UAPI_CORE_SCHEMA_PATTERN_H

#include <stddef.h>

#include <apr_pools.h>

typedef struct uapi_schema_pattern uapi_schema_pattern;

/** UTF-8. NULL, with `why` (static), if it is none of those above. In the pool; read-only, for any number of threads. */
const uapi_schema_pattern *uapi_schema_pattern_make(const char *text, size_t length, apr_pool_t *pool,
                                                    const char **why);

/** Does it match somewhere in the text? 1, 0; -1 if that cannot be told within the bounds. Any thread. */
int uapi_schema_pattern_matches(const uapi_schema_pattern *pattern, const char *text, size_t length);

#endif
