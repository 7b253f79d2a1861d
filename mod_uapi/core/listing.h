/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file listing.h
 * Lists of what a server offers (results of tools/list, prompts/list, resources/list, resources/templates/list), cut down to what the
 * caller may use. MCP 2025-03-26 to 2026-07-28, "server/tools" and its kin; 2026-07-28, "server/utilities/caching".
 *
 * A list is known by its shape, not by the request it answers: a result with an array of that name is that list on whatever
 * stream it comes, so that there is no channel by which an uncut one arrives.
 */
#ifndef UAPI_CORE_LISTING_H
#define UAPI_CORE_LISTING_H

#include "edit.h"
#include "json.h"

/** May the caller see what `name` (a tool's or prompt's name, a resource's URI or URI template) stands for? `method` is the one that uses
 *  it: tools/call, prompts/get, resources/read. Both NUL-terminated. */
typedef int (*uapi_listing_filter)(void *baton, const char *method, const char *name);

/**
 * Add the edits that remove from the message at `message` what the filter refuses (an entry without a name is removed too), and
 * those that make the cacheScope of any result "private": what one caller may see must not be shown to another from a cache. Returns the
 * number of entries removed.
 */
uint32_t uapi_listing_cut(apr_array_header_t *edits, const uapi_json *json, uint32_t message,
                          uapi_listing_filter filter, void *baton, apr_pool_t *pool);

#endif
