/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file record.h
 * What the audit chain says of a call: a decision before anything leaves, an outcome before the caller has the last byte.
 * docs/audit.md lists the members. No record ever holds an argument, a result or matched text.
 */
#ifndef UAPI_HTTPD_RECORD_H
#define UAPI_HTTPD_RECORD_H

#include "call.h"

/** One decision for each message of the call (one for a call without). */
apr_status_t uapi_record_decision(request_rec *r, uapi_call *call, uapi_result *result);

/** The decision on a request that the server makes of the client within this call; `refused` NONE: it is passed on. */
apr_status_t uapi_record_server_request(request_rec *r, uapi_call *call, const char *method,
                                        const uapi_verdict *verdict, uapi_reason refused, uapi_result *result);

/**
 * HTTP+SSE: the answer, on this stream, to a message that was posted to another address; `id` is the node of its id. `refused` NONE: it
 * is passed on.
 */
apr_status_t uapi_record_answer(request_rec *r, uapi_call *call, const uapi_json *json, uint32_t id,
                                const uapi_firewall_report *report, uapi_reason refused, uapi_result *result);

/** The outcome: `what` is "ok", or the code of the reason why the answer is not the upstream's. */
apr_status_t uapi_record_outcome(request_rec *r, uapi_call *call, const char *what, uapi_result *result);

/** A change in what is known of a tool's definition (core/pins.h), seen in this call's answer. */
apr_status_t uapi_record_pin(uapi_call *call, const uapi_store_observation *seen, apr_pool_t *pool,
                             uapi_result *result);

#endif
