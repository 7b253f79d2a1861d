/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "worker.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include "federate.h"
#include "log.h"

/* Node's servers, which most MCP servers are, close a connection that idles for five seconds. One that is older might just be closing. */
#define IDLE_FOR apr_time_from_sec(4)

typedef char *define_worker(apr_pool_t *pool, proxy_worker **worker, proxy_balancer *balancer, proxy_server_conf *conf,
                            const char *url, int do_malloc);
typedef apr_status_t initialize_worker(proxy_worker *worker, server_rec *server, apr_pool_t *pool);
typedef proxy_worker *get_worker(apr_pool_t *pool, proxy_balancer *balancer, proxy_server_conf *conf, const char *url);
typedef proxy_balancer *get_balancer(apr_pool_t *pool, proxy_server_conf *conf, const char *url, int care);

/* mod_proxy's, or NULL. */
static define_worker *proxy_define_worker;
static initialize_worker *proxy_initialize_worker;
static get_worker *proxy_get_worker;
static get_balancer *proxy_get_balancer;

static void find_functions(void)
{
    *(void **)&proxy_define_worker = dlsym(RTLD_DEFAULT, "ap_proxy_define_worker");
    *(void **)&proxy_initialize_worker = dlsym(RTLD_DEFAULT, "ap_proxy_initialize_worker");
    *(void **)&proxy_get_worker = dlsym(RTLD_DEFAULT, "ap_proxy_get_worker");
    *(void **)&proxy_get_balancer = dlsym(RTLD_DEFAULT, "ap_proxy_get_balancer");
}

static proxy_server_conf *conf_of(const server_rec *server)
{
    const module *proxy = ap_find_linked_module("mod_proxy.c");
    return (proxy != NULL) ? ap_get_module_config(server->module_config, proxy) : NULL;
}

/* ------------------------------------------------------------------------- workers */

typedef struct worker_key {
    const server_rec *host;
    const uapi_policy_server *server;
} worker_key;

/* Of this child. */
static struct {
    apr_thread_mutex_t *mutex;
    apr_pool_t *pool; /* with an allocator of its own: it is used under the mutex, or under mod_proxy's */
    apr_hash_t *workers;
} own;

void uapi_worker_child_init(apr_pool_t *pchild)
{
    apr_allocator_t *allocator;
    apr_thread_mutex_t *guard;
    find_functions();
    if (apr_allocator_create(&allocator) != APR_SUCCESS ||
        apr_pool_create_ex(&own.pool, pchild, NULL, allocator) != APR_SUCCESS) {
        own.pool = NULL;
        return;
    }
    apr_allocator_owner_set(allocator, own.pool);
    apr_thread_mutex_create(&guard, APR_THREAD_MUTEX_DEFAULT, own.pool);
    apr_allocator_mutex_set(allocator, guard);
    apr_thread_mutex_create(&own.mutex, APR_THREAD_MUTEX_DEFAULT, own.pool);
    own.workers = apr_hash_make(own.pool);
}

/* Named by scheme, host and port: names have a bound, and this one is looked for by none. */
static proxy_worker *make(const worker_key *key)
{
    const char *url = key->server->url, *authority = strstr(url, "://") + 3;
    const char *name = apr_pstrmemdup(own.pool, url, (size_t)(authority - url) + strcspn(authority, "/?"));
    proxy_worker *worker;
    const char *fault = proxy_define_worker(own.pool, &worker, NULL, NULL, name, 0);
    if (fault == NULL) {
        worker->s->smax = 0;
        worker->s->ttl = IDLE_FOR;
        if (key->server->has_timeout) {
            worker->s->timeout = apr_time_from_msec(key->server->timeout_ms);
            worker->s->timeout_set = 1;
        }
        if (proxy_initialize_worker(worker, (server_rec *)key->host, own.pool) == APR_SUCCESS) {
            return worker;
        }
        fault = "mod_proxy could not make it ready";
    }
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, key->host, UAPI_LOGNO(0125) "no pool of connections to server %s: %s",
                 key->server->name, fault);
    return NULL;
}

static proxy_worker *worker_of(const server_rec *host, const uapi_policy_server *server)
{
    worker_key key = {host, server};
    proxy_worker *worker;
    apr_thread_mutex_lock(own.mutex);
    worker = apr_hash_get(own.workers, &key, sizeof(key));
    if (worker == NULL && (worker = make(&key)) != NULL) {
        apr_hash_set(own.workers, apr_pmemdup(own.pool, &key, sizeof(key)), sizeof(key), worker);
    }
    apr_thread_mutex_unlock(own.mutex);
    return worker;
}

int uapi_worker_pre_request(proxy_worker **worker, proxy_balancer **balancer, request_rec *r, proxy_server_conf *conf,
                            char **url)
{
    const uapi_call *call = uapi_call_find(r);
    const uapi_policy_server *server = (call != NULL && call->federated != NULL) ? call->federated->server : NULL;
    proxy_worker *found;
    if (server == NULL || *balancer != NULL || own.pool == NULL || proxy_define_worker == NULL ||
        proxy_initialize_worker == NULL || proxy_get_worker == NULL || uapi_worker_is_balanced(*url) ||
        proxy_get_worker(r->pool, NULL, conf, *url) != NULL) {
        return DECLINED;
    }
    found = worker_of(r->server, server);
    if (found == NULL) {
        return DECLINED;
    }
    *worker = found;
    return OK;
}

/* ----------------------------------------------------------------------- balancers */

int uapi_worker_is_balanced(const char *url)
{
    return strncasecmp(url, "balancer://", 11) == 0;
}

static proxy_balancer *balancer_of(const server_rec *server, const char *url, int care, apr_pool_t *pool)
{
    proxy_server_conf *conf = conf_of(server);
    return (conf != NULL && proxy_get_balancer != NULL) ? proxy_get_balancer(pool, conf, url, care) : NULL;
}

int uapi_worker_knows_balancer(const server_rec *server, const char *url, apr_pool_t *ptemp)
{
    find_functions();
    return balancer_of(server, url, 0, ptemp) != NULL;
}

int uapi_worker_sticks(const server_rec *server, const char *url, apr_pool_t *ptemp)
{
    const proxy_balancer *balancer = balancer_of(server, url, 0, ptemp);
    int good = balancer != NULL && balancer->s->sticky[0] != '\0';
    for (int i = 0; good && i < balancer->workers->nelts; i++) {
        good = APR_ARRAY_IDX(balancer->workers, i, proxy_worker *)->s->route[0] != '\0';
    }
    return good || (balancer != NULL && balancer->workers->nelts < 2);
}

/* From good to bad: what mod_proxy would take, what stands by, what has failed. What an administrator stopped is not asked. */
static int rank(const proxy_worker *member)
{
    if (!PROXY_WORKER_IS_INITIALIZED(member) ||
        PROXY_WORKER_IS(member, PROXY_WORKER_IN_SHUTDOWN | PROXY_WORKER_DISABLED | PROXY_WORKER_STOPPED)) {
        return 0;
    }
    if (!PROXY_WORKER_IS_USABLE(member)) {
        return 1;
    }
    return PROXY_WORKER_IS(member, PROXY_WORKER_HOT_STANDBY | PROXY_WORKER_HOT_SPARE | PROXY_WORKER_DRAIN) ? 2 : 3;
}

/* Steps of the golden ratio spread evenly over the members, also where each caller takes several. */
static int next_in_turn(int count)
{
    static atomic_uint turn;
    unsigned step = atomic_fetch_add_explicit(&turn, 1, memory_order_relaxed) * 2654435769u;
    return (int)(((uint64_t)step * (unsigned)count) >> 32);
}

static proxy_worker *choose(const proxy_balancer *balancer, const char *route)
{
    int count = balancer->workers->nelts, from = next_in_turn(count);
    proxy_worker *best = NULL;
    for (int i = 0; i < count; i++) {
        proxy_worker *member = APR_ARRAY_IDX(balancer->workers, (from + i) % count, proxy_worker *);
        if (rank(member) > (best != NULL ? rank(best) : 0) && (route == NULL || strcmp(route, member->s->route) == 0)) {
            best = member;
        }
    }
    return best;
}

int uapi_worker_choose(request_rec *r, const char *url, const char *route, uapi_worker_member *member)
{
    proxy_balancer *balancer = balancer_of(r->server, url, 1, r->pool);
    const char *path = strchr(url + 11, '/');
    proxy_worker *chosen;
    if (balancer == NULL) {
        return 0;
    }
    PROXY_THREAD_LOCK(balancer); /* mod_proxy_balancer adds members at run time */
    chosen = choose(balancer, route);
    if (chosen != NULL) {
        member->url = apr_pstrcat(r->pool, chosen->s->name_ex, path, NULL);
        member->socket = (chosen->s->uds_path[0] != '\0') ? apr_pstrdup(r->pool, chosen->s->uds_path) : NULL;
        member->route = (chosen->s->route[0] != '\0') ? apr_pstrdup(r->pool, chosen->s->route) : NULL;
    }
    PROXY_THREAD_UNLOCK(balancer);
    return chosen != NULL;
}
