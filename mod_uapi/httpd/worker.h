/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file worker.h
 * mod_proxy's workers and balancers, as far as a universal gateway needs them. Its functions are found by name, because it may be
 * loaded after this module, or not at all.
 *
 * A server's address stands in the policy and in no ProxyPass, so mod_proxy has no worker for it, and its generic one neither pools
 * connections nor knows a time-out. So each child makes one for each server (and virtual host: TLS is configured by it) when a
 * call first needs it. It serves the gateway's calls and nothing else; where the administrator has a worker for the address (a <Proxy> block, a
 * ProxyPass), that one is used instead.
 */
#ifndef UAPI_HTTPD_WORKER_H
#define UAPI_HTTPD_WORKER_H

#include "httpd.h"
#include "mod_proxy.h"

#include "../core/policy.h"

/** Is it "balancer://NAME/path"? */
int uapi_worker_is_balanced(const char *url);

/** At configtest: has this server a <Proxy> block for the balancer that the URL names? */
int uapi_worker_knows_balancer(const server_rec *server, const char *url, apr_pool_t *ptemp);

/** Have all members a route, and is the balancer told how to find it? One that has less than two members needs neither. */
int uapi_worker_sticks(const server_rec *server, const char *url, apr_pool_t *ptemp);

/** child_init. */
void uapi_worker_child_init(apr_pool_t *pchild);

/** mod_proxy's pre_request hook: the worker for what a universal gateway forwards. */
int uapi_worker_pre_request(proxy_worker **worker, proxy_balancer **balancer, request_rec *r, proxy_server_conf *conf,
                            char **url);

/** A member of a balancer, for a request that does not go through mod_proxy. */
typedef struct uapi_worker_member {
    const char *url;    /* whole, with the path */
    const char *socket; /* of a Unix domain; NULL: TCP */
    const char *route;  /* NULL: it has none */
} uapi_worker_member;

/**
 * The member with this route, or, for NULL, the next in turn of those that mod_proxy holds for good. 0 if there is none. In the
 * request's pool. Any thread.
 */
int uapi_worker_choose(request_rec *r, const char *url, const char *route, uapi_worker_member *member);

#endif
