/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file visible.h
 * JSON for eyes: what a terminal would obey and what nobody could see (controls, direction marks, characters without a width,
 * tags, variation selectors, spaces of odd widths) stands there as a \u escape, which means the same to a reader of JSON.
 */
#ifndef UAPI_CLI_VISIBLE_H
#define UAPI_CLI_VISIBLE_H

#include "../core/json.h"

/** The value at `node`, in the pool; indented by two spaces a level from `indent` on, or in one line if that is negative. */
const char *uapi_visible_json(const uapi_json *json, uint32_t node, int indent, apr_pool_t *pool);

/** A text as a JSON string with its quotes. What is no UTF-8 becomes U+FFFD. */
const char *uapi_visible_string(const char *text, apr_pool_t *pool);

#endif
