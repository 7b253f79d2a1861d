/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file server_messages.h
 * What a server says on its own account is a call like any other, in the other direction: requests to the client (to sample, to
 * elicit, to list roots), on their own or inside a result, and notifications.
 */
#ifndef UAPI_HTTPD_SERVER_MESSAGES_H
#define UAPI_HTTPD_SERVER_MESSAGES_H

#include "inspect.h"

/**
 * Judge all such messages in one text of the upstream's. Each request is recorded, a notification only if it is refused. Fails with the
 * reason of the first that policy refuses, response.invalid for requests that cannot be read, audit.unavailable; response.refused once more was
 * refused than UapiMaxRefusedRequests: what follows is neither judged nor recorded, and the answer is to end.
 */
apr_status_t uapi_server_messages_judge(request_rec *r, uapi_call *call, const uapi_inspected *said, apr_pool_t *pool,
                                        uapi_result *why);

/** The text as a whole does not pass, for the reason in `why`: record so of each request in it. `why` may become response.refused, as above. */
void uapi_server_messages_withheld(request_rec *r, uapi_call *call, const uapi_inspected *said, uapi_result *why);

#endif
