/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file background.h
 * What the gateway says to servers while nobody waits for it. The thread that has a stream must not stand still for a server that takes
 * its time, so threads of the child's own do the asking (federate.h). They are made when they are first needed.
 *
 * Everything is bounded: a child has four such threads, keeps 64 requests waiting, eight of them for one address, of which one is under way at a time;
 * a request takes five seconds at most. What does not fit is not sent. Nothing else depends on any of it.
 */
#ifndef UAPI_HTTPD_BACKGROUND_H
#define UAPI_HTTPD_BACKGROUND_H

#include "federate.h"

/**
 * Have it asked, soon. All that is needed of `r`, `call` and `ask` is copied, so that the request may end before. `ask->server` must be the policy's
 * own, or have no strings but its url that end with the request. 0 if there is no room. Any thread.
 */
int uapi_background_ask(const request_rec *r, const uapi_call *call, const uapi_ask *ask);

/** Is the child ending, so that no request of the background may go on? Any thread. */
int uapi_background_is_over(void);

/** Since the start, of all children: what servers took, and what was not sent or not taken. */
void uapi_background_count(apr_uint64_t *taken, apr_uint64_t *lost);
/** What could not even be asked. */
void uapi_background_note_lost(void);

/** In the parent, before the children: what they share. */
apr_status_t uapi_background_share(apr_pool_t *pconf);
/** child_init. */
void uapi_background_child_init(apr_pool_t *pchild);

#endif
