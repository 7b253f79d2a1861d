/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file answers.h
 * Clients' answers to their servers' requests. Only what was passed on to this caller, in this session, can be answered: the
 * id that the client sees has a mark (core/request_id.h). Not on a universal gateway, which has ids of its own, nor where verdicts are
 * not enforced.
 */
#ifndef UAPI_HTTPD_ANSWERS_H
#define UAPI_HTTPD_ANSWERS_H

#include "inspect.h"

/** Add the edits that mark the ids of a server's requests, also where it cancels one. */
apr_status_t uapi_answers_mark(apr_array_header_t *edits, const uapi_call *call, const uapi_inspected *said,
                               apr_pool_t *pool, uapi_result *result);

/** Have the client's answers go upstream with the server's own ids (call->edits). rpc.unasked for what answers nothing. */
apr_status_t uapi_answers_unmark(request_rec *r, uapi_call *call, uapi_result *result);

#endif
