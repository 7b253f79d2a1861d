/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file pins.h
 * Tool pins: the definition of each tool as it was when it was first approved, by tenant and server. A server that changes
 * what a tool says or takes after people came to trust it does not reach an agent with that: the changed tool is *held*,
 * hidden in lists and refused in calls, until an operator approves it (uapictl pin).
 *
 * A definition is the tool's entry in a list (MCP, "server/tools"), without _meta and icons, in canonical form
 * (canonical.h); its hash is SHA-256 in hexadecimal. What operators decided stands in the registry; what the server saw
 * in `<registry>-observed`, a file of the same form that belongs to the server's user (store.h), because children must not
 * need a right to write the registry.
 *
 * A pin is the operator's, or, in mode first_use and without one, the first definition seen. A definition that differs is
 * held, and stays so even if the server goes back to the pinned one, unless an operator rejected it: then the tool comes
 * back with its pinned definition. Calls are judged from a cache in the process, which is void as soon as either file
 * changes.
 */
#ifndef UAPI_CORE_PINS_H
#define UAPI_CORE_PINS_H

#include <apr_hash.h>

#include "../store/store.h"
#include "json.h"
#include "mirror.h"
#include "policy.h"
#include "registry.h"
#include "schema.h"

#define UAPI_PIN_HASH_LENGTH 64

typedef struct uapi_pins uapi_pins;

/** What stands in the two files about one tool. Hashes are "" where there is none. */
typedef struct uapi_pin_state {
    char pinned[UAPI_PIN_HASH_LENGTH + 1];   /* approved by an operator */
    char first[UAPI_PIN_HASH_LENGTH + 1];    /* the first seen */
    char held[UAPI_PIN_HASH_LENGTH + 1];     /* the last seen that differed */
    char rejected[UAPI_PIN_HASH_LENGTH + 1]; /* turned down by an operator */
} uapi_pin_state;

/** The hash that counts as pinned in this mode; "" if there is none. */
const char *uapi_pin_effective(const uapi_pin_state *state, uapi_pinning mode);
/** NONE if the tool may be called; tool.unpinned, tool.changed. */
uapi_reason uapi_pin_judge(const uapi_pin_state *state, uapi_pinning mode);

/** The path of what the server saw, beside the registry. */
const char *uapi_pins_path(const char *registry, apr_pool_t *pool);

/**
 * In the parent, before the fork: make that file if it is not there and give it to `uid` and `gid` (-1: leave), mode 0600.
 * registry.unavailable.
 */
apr_status_t uapi_pins_prepare(const char *registry, int uid, int gid, apr_pool_t *pool, uapi_result *result);

/** In a child. `registry` is the open one at `path`, and must outlive it. Fails only for want of memory. */
apr_status_t uapi_pins_open(uapi_pins **pins, uapi_registry *registry, const char *path, apr_pool_t *pool,
                            uapi_result *result);

/** Which tools, of whom. */
typedef struct uapi_pin_scope {
    const char *tenant, *server;
    uapi_pinning mode;
} uapi_pin_scope;

/** May the tool be called? APR_SUCCESS; tool.unpinned, tool.changed, registry.unavailable. Any thread. */
apr_status_t uapi_pins_check(uapi_pins *pins, const uapi_pin_scope *scope, const char *tool, apr_pool_t *pool,
                             uapi_result *result);

/**
 * Do the arguments of a call of a pinned tool match the inputSchema of its pinned definition? `arguments` is their node in
 * `json`, UAPI_JSON_NONE if there are none, which counts as an empty object. Schemas are compiled once a process.
 * arguments.invalid with `fault`; arguments.schema if there is none that can be checked (schema.h); tool.unpinned,
 * registry.unavailable. Any thread.
 */
apr_status_t uapi_pins_check_arguments(uapi_pins *pins, const uapi_pin_scope *scope, const char *tool,
                                       const uapi_json *json, uint32_t arguments, uapi_schema_fault *fault,
                                       apr_pool_t *pool, uapi_result *result);

/**
 * Which arguments of a pinned tool stand in headers too, by its pinned definition (mirror.h); NULL: none. tool.unpinned,
 * registry.unavailable. Lives as long as the process, or the pool. Any thread.
 */
apr_status_t uapi_pins_mirrors(uapi_pins *pins, const uapi_pin_scope *scope, const char *tool,
                               const apr_array_header_t **mirrors, apr_pool_t *pool, uapi_result *result);

/**
 * Look at the list of tools in the message at `message`: keep what is new, hold what has changed, and put the names of those
 * that may be shown into `shown` (NUL-terminated keys), which is left NULL if the message has no such list. A name that
 * stands in the list twice is not shown, nor is a definition too long to be kept; a second, different definition of a name is
 * held like a change. Nothing is shown when it could not be kept: registry.unavailable, or whatever `witness` (store.h), which
 * records each change before it holds, fails with. Any thread.
 */
apr_status_t uapi_pins_observe(uapi_pins *pins, const uapi_pin_scope *scope, const uapi_json *json, uint32_t message,
                               uapi_store_witness witness, void *baton, apr_hash_t **shown, apr_pool_t *pool,
                               uapi_result *result);

/** The definition of the tool's entry at `node`, and its hash. */
void uapi_pin_define(const uapi_json *json, uint32_t node, const char **definition, size_t *length,
                     char hash[UAPI_PIN_HASH_LENGTH + 1], apr_pool_t *pool);

#endif
