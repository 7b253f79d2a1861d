/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file operation.h
 * Which operation of its service a REST request is: found by the path that goes over the wire to the service, not by the one
 * that came from the client, and held to it when mod_proxy has its last word about the URL.
 */
#ifndef UAPI_HTTPD_OPERATION_H
#define UAPI_HTTPD_OPERATION_H

#include "call.h"

/**
 * Part of understand. Sets call->operation, or call->operation_unknown; neither if the route's server names no operations.
 * Fails with request.ambiguous, and with config.invalid where nobody can say which path the service will see.
 */
apr_status_t uapi_operation_understand(request_rec *r, uapi_call *call, uapi_result *result);

/** For the hook that hands a request to its transport: fails if `url` has another path than was judged. */
apr_status_t uapi_operation_verify(request_rec *r, const uapi_call *call, const char *url, uapi_result *result);

#endif
