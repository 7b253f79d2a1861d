/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file refuse.h
 * How a refusal reaches the caller.
 *
 * What concerns the connection is an HTTP status with its headers; what concerns one message is a JSON-RPC error over HTTP
 * 200, because official clients show an agent code, message and data only then. Both have the
 * same body: a JSON-RPC error whose data holds the reason code, what would help, the rule id and the call id.
 */
#ifndef UAPI_HTTPD_REFUSE_H
#define UAPI_HTTPD_REFUSE_H

#include "call.h"

/**
 * Note the refusal on the call and log it. Returns what the hook is to return: an HTTP status, or OK for a refusal of one
 * message, which the handler then answers. `result` is copied.
 */
int uapi_refuse(request_rec *r, uapi_call *call, const uapi_result *result);

/** Handler for message refusals: writes the answer, or returns DECLINED if the call was not refused. */
int uapi_refuse_handler(request_rec *r, uapi_call *call);

/** insert_error_filter hook: gives error answers of refused calls, and of calls whose upstream failed, their body. */
void uapi_refuse_insert_error_filter(request_rec *r);

/** The media type of the bodies below. */
const char *uapi_refuse_type(const uapi_call *call);

/**
 * On a REST route problem details (RFC 9457); else the JSON-RPC error that says `result` in answer to the message whose id is at `id` of `json` (NULL or UAPI_JSON_NONE: null).
 * In `pool`: on a stream that of the event, so that a long one does not grow.
 */
const char *uapi_refuse_body(request_rec *r, const uapi_call *call, const uapi_result *result, const char *rule,
                             const uapi_json *json, uint32_t id, apr_pool_t *pool);

/** The body that says `result` to all that the call asked: for a batch an array, in which members that were refused before have errors of
 *  their own. In the request's pool. */
const char *uapi_refuse_whole(request_rec *r, const uapi_call *call, const uapi_result *result);

/** The WWW-Authenticate field of RFC 6750, section 3; `error` NULL: the caller sent no credentials. */
void uapi_refuse_challenge(request_rec *r, const char *error, const char *description);

void uapi_refuse_register(void);

#endif
