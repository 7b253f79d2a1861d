/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file glob.h
 * Patterns over names: `*` stands for any run of bytes, also an empty one, `?` for exactly one byte, every other byte
 * for itself. Case counts, the whole name must match, and there is no way to escape: names that hold a `*` or `?` are
 * matched by `?`. Pure functions; any thread.
 */
#ifndef UAPI_CORE_GLOB_H
#define UAPI_CORE_GLOB_H

#include <stddef.h>

/** 1 if the text has a wildcard, 0 if it is a plain name. */
int uapi_glob_is_pattern(const char *text, size_t length);

/** 1 if the name matches. At most (pattern length x name length) steps, whatever the pattern. */
int uapi_glob_match(const char *pattern, size_t pattern_length, const char *name, size_t name_length);

/**
 * The next run of bytes without a wildcard that begins at or after `from`: every name that matches contains it. Its
 * offset in the pattern is returned, its length (0 if there is none) goes to `*length`.
 */
size_t uapi_glob_literal(const char *pattern, size_t pattern_length, size_t from, size_t *length);

#endif
