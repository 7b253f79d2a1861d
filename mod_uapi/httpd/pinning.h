/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file pinning.h
 * Lists of tools in answers, looked at before they are shown; see core/pins.h. The stage that judges calls is in stages.h.
 */
#ifndef UAPI_HTTPD_PINNING_H
#define UAPI_HTTPD_PINNING_H

#include "call.h"

/**
 * The names of the tools in the message at `message` of a server's answer that may be shown, as keys; NULL: all, because the
 * server does not pin its tools, the message has no list of them, or UapiEngine is in shadow mode (what the server says is
 * kept and held then too). registry.unavailable, audit.unavailable: the answer must not be shown.
 */
apr_status_t uapi_pinning_shown(uapi_call *call, const uapi_json *json, uint32_t message, apr_hash_t **shown,
                                apr_pool_t *pool, uapi_result *result);

/** May a tool of this server be shown now, as far as its pins go? Also 1 where UapiEngine is in shadow mode. */
int uapi_pinning_allows(const uapi_call *call, const uapi_policy_server *server, const char *tool, apr_pool_t *pool);

/**
 * Which arguments of a tool of the call's server stand in headers too, by its pinned definition; NULL: none, or the server does not pin
 * its tools. tool.unpinned, registry.unavailable.
 */
apr_status_t uapi_pinning_mirrors(const uapi_call *call, const char *tool, const apr_array_header_t **mirrors,
                                  apr_pool_t *pool, uapi_result *result);

#endif
