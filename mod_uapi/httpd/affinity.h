/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file affinity.h
 * Sessions stick to the member of a balancer (mod_proxy_balancer) that opened them. What the caller holds of a session, sealed,
 * carries the member's route, so that any child, and any node with the same key file and balancer, can serve it; no cookie and no
 * table is needed. The balancer must have `stickysession=` and its members `route=`.
 */
#ifndef UAPI_HTTPD_AFFINITY_H
#define UAPI_HTTPD_AFFINITY_H

#include "httpd.h"
#include "mod_proxy.h"

#include "call.h"

/** A server's own id together with the member that this call was sent to, ready to be sealed. In the pool. */
const char *uapi_affinity_join(const uapi_call *call, const char *id, apr_pool_t *pool);

/** The reverse: gives the id, and has the call go to the member named with it, if any. `joined` is the request's memory. */
const char *uapi_affinity_split(uapi_call *call, const char *joined, apr_pool_t *pool);

/**
 * mod_proxy's pre_request hook, before the balancer's: tells it the member in the way it understands, a cookie that goes no
 * further than this.
 */
int uapi_affinity_pre_request(proxy_worker **worker, proxy_balancer **balancer, request_rec *r, proxy_server_conf *conf,
                              char **url);

/**
 * In mod_proxy's scheme_handler hook, when the member is chosen. session.unknown when it is another than the session's: that one is gone, and
 * its sessions with it.
 */
apr_status_t uapi_affinity_check(request_rec *r, uapi_call *call, const proxy_worker *worker, uapi_result *result);

/** A server opened a session: tell the log, once in each process, if the balancer cannot lead the session back to its member. */
void uapi_affinity_warn(request_rec *r, const uapi_call *call);

#endif
