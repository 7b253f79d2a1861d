/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file canonical.h
 * A JSON value of a document (json.h) in canonical form, so that two spellings of the same value have the same bytes, and
 * the same digest.
 *
 * RFC 8785, with one difference on the safe side: a number is kept as it is spelled, because reading it as a double could
 * make two different ones equal. So 1.0 is not 1, and a writer that changes the one into the other has made a change.
 */
#ifndef UAPI_CORE_CANONICAL_H
#define UAPI_CORE_CANONICAL_H

#include "json.h"

/**
 * The value at `node`, NUL-terminated, in the pool. Members of it (not of what it contains) whose keys are in
 * `without`, NULL-terminated, are left out; `without` may be NULL.
 */
void uapi_canonical_write(const uapi_json *json, uint32_t node, const char *const *without, const char **text,
                          size_t *length, apr_pool_t *pool);

#endif
