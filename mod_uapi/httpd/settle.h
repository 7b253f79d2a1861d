/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file settle.h
 * The end of a call: its outcome is recorded, once, and what was secret is wiped.
 */
#ifndef UAPI_HTTPD_SETTLE_H
#define UAPI_HTTPD_SETTLE_H

#include "call.h"

/* What an outcome says besides the codes of reasons. */
#define UAPI_OUTCOME_OK "ok"
#define UAPI_OUTCOME_CLIENT_GONE "client.gone"

/**
 * Record the outcome if the call was recorded and has none yet. A failure means that the chain has no outcome: whoever still
 * can must withhold the answer.
 */
apr_status_t uapi_settle(request_rec *r, uapi_call *call, const char *what);

/** log_transaction hook: settles what no filter did (a client that went away, an answer without a body). */
int uapi_settle_log_transaction(request_rec *r);

#endif
