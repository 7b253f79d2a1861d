/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file next_call.h
 * Waiting a moment for a connection's next call (UapiNextCallWait).
 *
 * Between two requests the event MPM hands a kept connection to its listener: two changes of its poll set, a queue with a lock, and another
 * thread that is woken. Agents often call again at once, and then that costs more than all of our judging. So the thread that sent an
 * answer waits a moment, a millisecond unless told, for the next request itself. To httpd it looks as if the request had been pipelined.
 *
 * A connection whose client does not call again that soon is waited for ever more seldom, and at most a quarter of a child's threads wait
 * at a time. Nothing waits for HTTP/2, nor under an MPM that keeps the thread anyway.
 */
#ifndef UAPI_HTTPD_NEXT_CALL_H
#define UAPI_HTTPD_NEXT_CALL_H

#include "httpd.h"

/** Once in each child, before requests are served. */
void uapi_next_call_child_init(void);

/** The answer to this request may be followed by another call. `wait` in microseconds; 0: no wait. The request's thread. */
void uapi_next_call_expect(request_rec *r, int wait);

/** Of this child: requests that were waited for and came, and waits in vain. Any thread. */
void uapi_next_call_count(apr_uint32_t *came, apr_uint32_t *vain);

void uapi_next_call_register(void);

#endif
