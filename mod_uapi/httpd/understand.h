/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file understand.h
 * Reading a body, for the protocols that understand knows.
 */
#ifndef UAPI_HTTPD_UNDERSTAND_H
#define UAPI_HTTPD_UNDERSTAND_H

#include "call.h"

/** The bounded body as it came, to call->body; refused if it is encoded. */
apr_status_t uapi_understand_bytes(request_rec *r, uapi_call *call, uapi_result *result);
/** That body as strict JSON; sets the view and what is forwarded. */
apr_status_t uapi_understand_json(request_rec *r, uapi_call *call, uapi_result *result);

/** Does a body that is not called JSON begin like some? */
int uapi_understand_looks_like_json(const uapi_call *call);

/** A request to a REST service. */
apr_status_t uapi_understand_rest(request_rec *r, uapi_call *call, uapi_result *result);
/** One to an MCP server, and one to a JSON-RPC service; `is_post`: it carries a message. */
apr_status_t uapi_understand_mcp(request_rec *r, uapi_call *call, int is_post, uapi_result *result);
apr_status_t uapi_understand_jsonrpc(request_rec *r, uapi_call *call, int is_post, uapi_result *result);
/** One on a route that carries all three: sets call->protocol to what it is. */
apr_status_t uapi_understand_auto(request_rec *r, uapi_call *call, uapi_result *result);

#endif
