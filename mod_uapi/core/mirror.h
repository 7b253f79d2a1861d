/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file mirror.h
 * Arguments of tools that stand a second time in headers, Mcp-Param-{name}, so that what is between client and server can go by them
 * (MCP 2026-07-28, "basic/transports/streamable-http", "Custom Headers from Tool Parameters"). Which do, the tool's inputSchema says with
 * x-mcp-header.
 *
 * Read-only once made: any number of threads may use them at once.
 */
#ifndef UAPI_CORE_MIRROR_H
#define UAPI_CORE_MIRROR_H

#include <apr_tables.h>

#include "json.h"

typedef struct uapi_mirror {
    const char *header;             /* the whole field name: "Mcp-Param-Region" */
    const apr_array_header_t *path; /* const char *: the keys that lead from the arguments to the value; at least one */
} uapi_mirror;

/**
 * The arguments that the schema at `schema` says are mirrored: an array of uapi_mirror in the pool, NULL if there are none. A
 * schema that says it against the rules of the specification makes the tool's definition invalid, and clients do not offer the tool: then
 * nothing of it counts, and there are none. Any JSON value may be asked about, UAPI_JSON_NONE too.
 */
const apr_array_header_t *uapi_mirror_read(const uapi_json *json, uint32_t schema, apr_pool_t *pool);

/**
 * Do the headers say what the arguments do? `arguments` is their node, UAPI_JSON_NONE if there are none. A header that is there must have the
 * value of just the argument that it mirrors; one is missing if that argument is there, is not null, and `required` is set.
 * mcp.header_mismatch. `mirrors` may be NULL.
 */
apr_status_t uapi_mirror_check(const apr_array_header_t *mirrors, const uapi_json *json, uint32_t arguments,
                               const apr_table_t *headers, int required, apr_pool_t *pool, uapi_result *result);

/** Set the headers that a client has to send with these arguments. A value that cannot be mirrored has none. */
void uapi_mirror_write(const apr_array_header_t *mirrors, const uapi_json *json, uint32_t arguments,
                       apr_table_t *headers, apr_pool_t *pool);

/** A text as a header carries it: as it is where that is safe, else in base64 with the specification's marks. */
const char *uapi_mirror_encode(const char *text, size_t length, apr_pool_t *pool);

/** Does the header's value stand for this value of a string, integer or boolean? */
int uapi_mirror_equals(const uapi_json *json, const char *header, uint32_t value, apr_pool_t *pool);

/** The same for a text. */
int uapi_mirror_equals_text(const char *header, const char *text, size_t length, apr_pool_t *pool);

#endif
