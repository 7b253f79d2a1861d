/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file path_template.h
 * Path templates: RFC 6570 level 1 expressions in a path, at most one a segment, each standing for a part of that segment
 * that is not empty: `/v1/customers/{id}/refunds`, `/files/{name}.json`. Pure; any thread.
 */
#ifndef UAPI_CORE_PATH_TEMPLATE_H
#define UAPI_CORE_PATH_TEMPLATE_H

#include <apr_pools.h>

#include "path.h"

typedef struct uapi_template_segment {
    const char *prefix, *suffix; /* what stands before and after the expression; a literal is all prefix */
    size_t prefix_length, suffix_length;
    int open; /* has an expression */
} uapi_template_segment;

typedef struct uapi_template {
    uint32_t count;
    uapi_template_segment *segments;
} uapi_template;

/** NULL, or what is wrong with it (static). Segments point into the text, which must outlive the template. */
const char *uapi_template_read(uapi_template *path, const char *text, apr_pool_t *pool);

/** Does the path, of as many segments, match in the very spelling? */
int uapi_template_matches(const uapi_template *path, const uapi_path *request);

typedef enum uapi_template_relation {
    UAPI_TEMPLATE_APART,  /* no path matches both */
    UAPI_TEMPLATE_NESTED, /* where both match, one of them is the more specific in every segment */
    UAPI_TEMPLATE_CONFLICT /* a path matches both and neither is the more specific, or a service could take them for one */
} uapi_template_relation;

/** How two templates of one method stand to each other. Case and a final slash count for nothing here. */
uapi_template_relation uapi_template_compare(const uapi_template *left, const uapi_template *right);

#endif
