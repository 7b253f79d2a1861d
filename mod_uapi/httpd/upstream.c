/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * mod_proxy's hooks for schemes and members are no optional ones, so the functions that register for them must be found by name: a reference to it would
 * have this module fail to load before mod_proxy, and where mod_proxy is not loaded at all. At pre_config all modules are
 * loaded and the hooks not yet sorted.
 */
#include "upstream.h"

#include <dlfcn.h>

#include <apr_strings.h>

#include "mod_proxy.h"

#include "affinity.h"
#include "call.h"
#include "endpoint.h"
#include "federate.h"
#include "log.h"
#include "operation.h"
#include "refuse.h"
#include "watch.h"
#include "worker.h"

typedef void hook_scheme_handler(proxy_HOOK_scheme_handler_t *function, const char *const *before,
                                 const char *const *after, int order);

typedef void hook_pre_request(proxy_HOOK_pre_request_t *function, const char *const *before, const char *const *after,
                              int order);

typedef void hook_post_request(proxy_HOOK_post_request_t *function, const char *const *before, const char *const *after,
                               int order);

static int is_http(const char *url)
{
    return ap_cstr_casecmpn(url, "http://", 7) == 0 || ap_cstr_casecmpn(url, "https://", 8) == 0;
}

/* In the order in which mod_proxy looks for it. */
static const char *socket_of(request_rec *r, const proxy_worker *worker)
{
    return (worker != NULL && worker->s != NULL && worker->s->uds_path[0] != '\0')
               ? worker->s->uds_path
               : apr_table_get(r->notes, "uds_path");
}

static int judge_upstream(request_rec *r, proxy_worker *worker, proxy_server_conf *conf, char *url,
                          const char *proxyhost, apr_port_t proxyport)
{
    uapi_call *call = uapi_call_find(r);
    uapi_result result = {0};
    (void)conf;
    (void)proxyport;
    if (call == NULL) {
        return DECLINED;
    }
    uapi_endpoint_restore(r, call);
    if (uapi_operation_verify(r, call, url, &result) != APR_SUCCESS) {
        return uapi_refuse(r, call, &result);
    }
    if (is_http(url)) {
        call->forwarded = 1;
        call->upstream = (proxyhost == NULL) ? url : NULL;
        call->upstream_socket = socket_of(r, worker);
        if (uapi_affinity_check(r, call, worker, &result) == APR_SUCCESS) {
            return DECLINED;
        }
        if (call->federated != NULL) {
            uapi_federate_forget_peer(call, call->server);
        }
        return uapi_refuse(r, call, &result);
    }
    uapi_fail(&result, r->pool, APR_ENOTIMPL, UAPI_REASON_CONFIG_INVALID,
              "the upstream %s is neither http nor https, and no other scheme can carry a guarded call", url);
    return uapi_refuse(r, call, &result);
}

int uapi_upstream_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    hook_scheme_handler *hook;
    hook_pre_request *hook_member;
    hook_post_request *hook_after;
    (void)pconf;
    (void)plog;
    (void)ptemp;
    *(void **)&hook = dlsym(RTLD_DEFAULT, "proxy_hook_scheme_handler");
    *(void **)&hook_member = dlsym(RTLD_DEFAULT, "proxy_hook_pre_request");
    *(void **)&hook_after = dlsym(RTLD_DEFAULT, "proxy_hook_post_request");
    if (hook != NULL && hook_member != NULL && hook_after != NULL) {
        hook(judge_upstream, NULL, NULL, APR_HOOK_REALLY_FIRST);
        hook_member(uapi_affinity_pre_request, NULL, NULL, APR_HOOK_REALLY_FIRST); /* before the balancer chooses */
        hook_member(uapi_worker_pre_request, NULL, NULL,
                    APR_HOOK_REALLY_FIRST);                                     /* before the generic worker is taken */
        hook_after(uapi_watch_post_request, NULL, NULL, APR_HOOK_REALLY_FIRST); /* before it judges its member */
    } else if (ap_find_linked_module("mod_proxy.c") != NULL) {
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, NULL,
                     UAPI_LOGNO(0008) "this mod_proxy cannot be asked which upstreams it calls");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return OK;
}
