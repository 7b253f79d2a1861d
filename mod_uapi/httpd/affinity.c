/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "affinity.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <string.h>

#include <apr_strings.h>

#include "http_log.h"

#include "../core/session.h"
#include "log.h"

const char *uapi_affinity_join(const uapi_call *call, const char *id, apr_pool_t *pool)
{
    return uapi_session_join(call->member, id, pool);
}

const char *uapi_affinity_split(uapi_call *call, const char *joined, apr_pool_t *pool)
{
    const char *member, *id = uapi_session_split(joined, &member, pool);
    if (member != NULL) {
        call->wanted_member = member;
    }
    return id;
}

typedef proxy_balancer *find_balancer(apr_pool_t *pool, proxy_server_conf *conf, const char *url, int care);

/* By name, as in upstream.c: mod_proxy may be loaded after us. */
static proxy_balancer *balancer_of(request_rec *r, proxy_server_conf *conf, const char *url)
{
    find_balancer *find;
    *(void **)&find = dlsym(RTLD_DEFAULT, "ap_proxy_get_balancer");
    return (find != NULL && strncasecmp(url, "balancer://", 11) == 0) ? find(r->pool, conf, url, 1) : NULL;
}

/* The balancer takes the first cookie of the name, and of its value what follows the separator. */
static void give_cookie(request_rec *r, uapi_call *call, const proxy_balancer *balancer)
{
    const char separator[2] = {balancer->s->sticky_separator, '\0'};
    const char *name = balancer->s->sticky;
    const char *value = (separator[0] == '\0') ? call->wanted_member
                                               : apr_pstrcat(r->pool, "-", separator, call->wanted_member, NULL);
    if (!call->steered) {
        call->cookie = apr_table_get(r->headers_in, "Cookie");
    }
    call->steered = 1;
    apr_table_setn(r->headers_in, "Cookie",
                   apr_pstrcat(r->pool, name, "=", value, call->cookie != NULL ? "; " : NULL, call->cookie, NULL));
}

int uapi_affinity_pre_request(proxy_worker **worker, proxy_balancer **balancer, request_rec *r, proxy_server_conf *conf,
                              char **url)
{
    uapi_call *call = uapi_call_find(r);
    proxy_balancer *known;
    (void)worker;
    if (call == NULL || call->wanted_member == NULL) {
        return DECLINED;
    }
    known = (*balancer != NULL) ? *balancer : balancer_of(r, conf, *url);
    if (known != NULL && known->s->sticky[0] != '\0') {
        give_cookie(r, call, known);
    }
    return DECLINED;
}

static void take_cookie(request_rec *r, const uapi_call *call)
{
    if (call->cookie != NULL) {
        apr_table_setn(r->headers_in, "Cookie", call->cookie);
    } else {
        apr_table_unset(r->headers_in, "Cookie");
    }
}

/* With a single member there is nothing to forget. */
static int forgets(const proxy_worker *worker, const char *member)
{
    const proxy_balancer *balancer = worker != NULL ? worker->balancer : NULL;
    return balancer != NULL && balancer->workers->nelts > 1 && (member == NULL || balancer->s->sticky[0] == '\0');
}

apr_status_t uapi_affinity_check(request_rec *r, uapi_call *call, const proxy_worker *worker, uapi_result *result)
{
    const char *route = (worker != NULL && worker->s != NULL) ? worker->s->route : "";
    if (call->steered) {
        take_cookie(r, call);
        if (strcmp(route, call->wanted_member) != 0) {
            return uapi_fail(result, r->pool, APR_NOTFOUND, UAPI_REASON_SESSION_UNKNOWN,
                             "the balancer's member %s, which has the session, is not there", call->wanted_member);
        }
    }
    call->member = uapi_session_names_member(route) ? apr_pstrdup(r->pool, route) : NULL;
    call->unstuck = forgets(worker, call->member) ? worker->balancer->s->name : NULL;
    return APR_SUCCESS;
}

void uapi_affinity_warn(request_rec *r, const uapi_call *call)
{
    static atomic_flag warned = ATOMIC_FLAG_INIT;
    if (call->unstuck != NULL && !atomic_flag_test_and_set(&warned)) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                      UAPI_LOGNO(0127) "server %s has opened a session that cannot stay with its member: %s has no "
                                       "stickysession=, or the member has no route=",
                      call->server != NULL ? call->server : "", call->unstuck);
    }
}
