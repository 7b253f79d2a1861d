/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file edit.h
 * Replaces byte ranges of a text, and nothing else: every byte outside them stays as it was. This is how a message is changed without
 * ever being written anew.
 */
#ifndef UAPI_CORE_EDIT_H
#define UAPI_CORE_EDIT_H

#include <stddef.h>

#include <apr_pools.h>
#include <apr_tables.h>

typedef struct uapi_edit {
    size_t start, end;       /* bytes [start, end) of the text */
    const char *replacement; /* NUL-terminated; "" deletes */
} uapi_edit;

/** An empty list. */
apr_array_header_t *uapi_edit_list(apr_pool_t *pool);

void uapi_edit_add(apr_array_header_t *edits, size_t start, size_t end, const char *replacement);

/**
 * The text with the edits made, in the pool, NUL-terminated beyond its length. Their order does not matter. Of edits that overlap
 * one remains: the union of their ranges, with the replacement of the one that begins first (of those, of the longest). The
 * list is sorted in place.
 */
void uapi_edit_apply(const char **out, size_t *out_length, const char *text, size_t length, apr_array_header_t *edits,
                     apr_pool_t *pool);

#endif
