/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file mirror.h
 * Which arguments of a tool stand in headers too, where its definition is known; see core/mirror.h. The stage that judges calls is in stages.h.
 */
#ifndef UAPI_HTTPD_MIRROR_H
#define UAPI_HTTPD_MIRROR_H

#include "../core/mirror.h"
#include "call.h"

/**
 * By the pinned definition of this tool of the call's server, or else by the list that the universal gateway keeps for the caller. NULL: none, or
 * no definition is known. tool.unpinned, registry.unavailable.
 */
apr_status_t uapi_mirror_find(request_rec *r, const uapi_call *call, const char *tool,
                              const apr_array_header_t **mirrors, uapi_result *result);

#endif
