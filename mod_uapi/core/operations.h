/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file operations.h
 * The operations of a REST service: which name has a request of this method and path?
 *
 * A tree of the templates' segments, so that the cost depends on the path's length and not on how many operations there
 * are. Literals beat expressions, longer ones of those shorter ones. No two operations that are added may be in conflict
 * (uapi_template_compare). Built once, then read-only: any thread, no allocation.
 */
#ifndef UAPI_CORE_OPERATIONS_H
#define UAPI_CORE_OPERATIONS_H

#include <apr_tables.h>

#include "path.h"
#include "path_template.h"

#define UAPI_OPERATIONS_MAX 4096
#define UAPI_OPERATION_MAX_NAME 128

typedef struct uapi_operation {
    const char *name;   /* "refund_create" */
    const char *method; /* "POST" */
    const char *path;   /* "/v1/refunds/{id}" */
    uapi_template template;
} uapi_operation;

typedef struct uapi_operations uapi_operations;

/** Array of uapi_operation; it and what it points to must live as long as the pool. */
uapi_operations *uapi_operations_create(const apr_array_header_t *operations, apr_pool_t *pool);

/** The same array, by name; never NULL. */
const apr_array_header_t *uapi_operations_list(const uapi_operations *operations);

typedef enum uapi_operation_match {
    UAPI_OPERATION_FOUND,
    UAPI_OPERATION_UNKNOWN,  /* none has this method and path */
    UAPI_OPERATION_AMBIGUOUS /* a service that ignores case would take the path for another operation's */
} uapi_operation_match;

/** HEAD is also GET's (RFC 9110, section 9.3.2). `*found` is NULL unless one was found. `*visited` counts nodes; NULL. */
uapi_operation_match uapi_operations_find(const uapi_operations *operations, const char *method, const uapi_path *path,
                                          const uapi_operation **found, unsigned *visited);

#endif
