/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file view.h
 * A JSON document as scanners see it: the same text with every string unescaped and the insignificant white space
 * removed, so that a verdict does not depend on how the document is spelled.
 *
 * A string's contents stand between quotes as they do in the text, but unescaped: the view is made to be searched,
 * not to be parsed again. A document that is plain already (json.plain) is its own view, without a copy. Making one
 * costs one pass; mapping a finding back costs a walk over the tape, and only when there is a finding.
 *
 * Ownership: the text of a view is the document's, or lives in the pool; `json` must outlive the view. Read-only once
 * made; any thread.
 */
#ifndef UAPI_CORE_VIEW_H
#define UAPI_CORE_VIEW_H

#include <stddef.h>

#include <apr_pools.h>

#include "json.h"

typedef struct uapi_view {
    const char *text;
    size_t length;
    const uapi_json *json;
    const uint32_t *starts; /* private: where each node's contents begin in the view; NULL if the view is the text */
} uapi_view;

/** A range of bytes of the original text, [start, end), inside the quotes of one string. */
typedef struct uapi_view_range {
    size_t start, end;
} uapi_view_range;

void uapi_view_make(uapi_view *view, const uapi_json *json, apr_pool_t *pool);

/** Where byte `at` of a string's unescaped contents is in the view; `at` is at most their length. */
size_t uapi_view_offset(const uapi_view *view, uint32_t node, size_t at);

/**
 * The bytes [*from, *to) of the view from the first to the last scalar among the nodes [first, end); empty if there is none.
 */
void uapi_view_extent(const uapi_view *view, uint32_t first, uint32_t end, apr_pool_t *pool, size_t *from, size_t *to);

/**
 * Split a finding [from, to) of the view into the raw byte ranges of the string contents that it touches, in the
 * order of the text. A range covers whole escapes and whole surrogate pairs. Quotes, structure, numbers and literals
 * are never part of one; a string whose contents the finding does not reach (or that is empty) gives none. Returns
 * the number of ranges there are; at most `max` are written, `ranges` may be NULL if it is 0.
 */
size_t uapi_view_locate(const uapi_view *view, size_t from, size_t to, uapi_view_range *ranges, size_t max);

#endif
