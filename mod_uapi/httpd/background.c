/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "background.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include <sys/mman.h>

#include <apr_strings.h>

#include "log.h"

enum { THREADS = 4, WAITING = 64, WAITING_FOR_ONE = 8, PATIENCE = 5000 /* ms */ };
#define LAST_WORDS apr_time_from_sec(1) /* what is under way when the child ends */

typedef struct errand {
    struct errand *next;
    apr_pool_t *pool;
    request_rec *r;
    uapi_call *call;
    uapi_ask ask;
    const char *url; /* as the ask has it: while it is under way, the ask is its thread's */
    int under_way;
} errand;

/* Of this child. */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t come;
    errand *first; /* those under way among them */
    pthread_t threads[THREADS];
    int thread_count, idle;
    atomic_int stopping;
    _Atomic apr_time_t over_at;
} own = {.mutex = PTHREAD_MUTEX_INITIALIZER, .come = PTHREAD_COND_INITIALIZER};

/* Of all children. */
static struct {
    atomic_uint_fast64_t taken, lost;
} * counts;

/* ------------------------------------------------------------------------ counting */

static apr_status_t unmap(void *memory)
{
    munmap(memory, sizeof(*counts));
    return APR_SUCCESS;
}

apr_status_t uapi_background_share(apr_pool_t *pconf)
{
    void *memory = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return APR_ENOMEM;
    }
    apr_pool_cleanup_register(pconf, memory, unmap, apr_pool_cleanup_null);
    counts = memory;
    return APR_SUCCESS;
}

void uapi_background_count(apr_uint64_t *taken, apr_uint64_t *lost)
{
    *taken = atomic_load_explicit(&counts->taken, memory_order_relaxed);
    *lost = atomic_load_explicit(&counts->lost, memory_order_relaxed);
}

void uapi_background_note_lost(void)
{
    atomic_fetch_add_explicit(&counts->lost, 1, memory_order_relaxed);
}

/* ------------------------------------------------------------------------- copying */

/* What logs and records want of a request, which may be gone by the time that they do. */
static request_rec *stand_in(const request_rec *r, apr_pool_t *pool)
{
    request_rec *copy = apr_pcalloc(pool, sizeof(*copy));
    conn_rec *client = apr_pcalloc(pool, sizeof(*client));
    client->pool = pool;
    client->base_server = r->server;
    client->client_ip = client->local_ip = apr_pstrdup(pool, r->useragent_ip);
    client->conn_config = ap_create_conn_config(pool);
    client->notes = apr_table_make(pool, 1);
    copy->pool = pool;
    copy->connection = client;
    copy->server = r->server;
    copy->useragent_ip = client->client_ip;
    copy->request_time = apr_time_now();
    copy->the_request = copy->uri = copy->unparsed_uri = (char *)"";
    copy->method = "POST";
    copy->headers_in = apr_table_make(pool, 1);
    copy->headers_out = apr_table_make(pool, 1);
    copy->err_headers_out = apr_table_make(pool, 1);
    copy->subprocess_env = apr_table_make(pool, 1);
    copy->notes = apr_table_make(pool, 1);
    copy->per_dir_config = r->server->lookup_defaults;
    copy->request_config = ap_create_request_config(pool);
    return copy;
}

static const uapi_principal *copy_principal(const uapi_principal *principal, apr_pool_t *pool)
{
    uapi_principal *copy = apr_pmemdup(pool, principal, sizeof(*copy));
    copy->tenant = apr_pstrdup(pool, principal->tenant);
    copy->id = apr_pstrdup(pool, principal->id);
    copy->token_id = apr_pstrdup(pool, principal->token_id);
    copy->roles = NULL; /* policy is not asked */
    return copy;
}

/* As much of the call as one that serves it takes from it. */
static uapi_call *copy_call(const uapi_call *call, apr_pool_t *pool)
{
    uapi_call *copy = apr_pcalloc(pool, sizeof(*copy));
    uapi_federated *federated = apr_pcalloc(pool, sizeof(*federated));
    memcpy(copy->id, call->id, sizeof(copy->id));
    copy->gateway = call->gateway;
    copy->route = apr_pmemdup(pool, call->route, sizeof(*call->route)); /* it was merged for the request */
    copy->protocol = call->protocol;
    copy->principal = copy_principal(call->principal, pool);
    copy->mcp.revision = call->mcp.revision;
    federated->federation = (call->federated != NULL) ? call->federated->federation : NULL;
    copy->federated = federated;
    return copy;
}

static void copy_ask(uapi_ask *copy, const uapi_ask *ask, apr_pool_t *pool)
{
    uapi_policy_server *server = apr_pmemdup(pool, ask->server, sizeof(*server));
    server->url = apr_pstrdup(pool, ask->server->url);
    *copy = (uapi_ask){.server = server,
                       .http_method = ask->http_method,
                       .method = ask->method,
                       .body = apr_pstrdup(pool, ask->body),
                       .socket = apr_pstrdup(pool, ask->socket),
                       .is_refusal = ask->is_refusal};
    server->has_timeout = 1;
    server->timeout_ms = (server->timeout_ms > 0 && server->timeout_ms < PATIENCE) ? server->timeout_ms : PATIENCE;
    if (ask->headers != NULL) {
        copy->headers = apr_table_clone(pool, ask->headers);
    }
    if (ask->peer != NULL) {
        uapi_federation_peer *peer = apr_pmemdup(pool, ask->peer, sizeof(*peer));
        peer->server = apr_pstrdup(pool, ask->peer->server);
        peer->id = apr_pstrdup(pool, ask->peer->id);
        copy->peer = peer;
    }
}

static errand *make(const request_rec *r, const uapi_call *call, const uapi_ask *ask)
{
    apr_pool_t *pool;
    errand *e;
    if (apr_pool_create(&pool, NULL) != APR_SUCCESS) {
        return NULL;
    }
    e = apr_pcalloc(pool, sizeof(*e));
    e->pool = pool;
    e->r = stand_in(r, pool);
    e->call = copy_call(call, pool);
    copy_ask(&e->ask, ask, pool);
    e->url = e->ask.server->url;
    return e;
}

/* ------------------------------------------------------------------------- threads */

static int is_busy(const char *url)
{
    for (const errand *e = own.first; e != NULL; e = e->next) {
        if (e->under_way && strcmp(e->url, url) == 0) {
            return 1;
        }
    }
    return 0;
}

/* One at a time for each address: a server that is slow holds one thread. */
static errand *next_errand(void)
{
    for (errand *e = own.first; e != NULL; e = e->next) {
        if (!e->under_way && !is_busy(e->url)) {
            return e;
        }
    }
    return NULL;
}

static void run(errand *e)
{
    uapi_result result = {0};
    if (uapi_federate_ask(e->r, e->call, &e->ask, 1, &result) != APR_SUCCESS && e->ask.trouble == UAPI_REASON_NONE) {
        e->ask.trouble = result.reason;
    }
    if (e->ask.trouble == UAPI_REASON_NONE) {
        atomic_fetch_add_explicit(&counts->taken, 1, memory_order_relaxed);
    } else {
        uapi_background_note_lost();
    }
}

static void forget(errand *gone)
{
    for (errand **at = &own.first; *at != NULL; at = &(*at)->next) {
        if (*at == gone) {
            *at = gone->next;
            break;
        }
    }
    apr_pool_destroy(gone->pool);
}

static void *work(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&own.mutex);
    while (!own.stopping) {
        errand *e = next_errand();
        if (e == NULL) {
            own.idle++;
            pthread_cond_wait(&own.come, &own.mutex);
            own.idle--;
            continue;
        }
        e->under_way = 1;
        pthread_mutex_unlock(&own.mutex);
        run(e);
        pthread_mutex_lock(&own.mutex);
        forget(e);
    }
    pthread_mutex_unlock(&own.mutex);
    return NULL;
}

/* The server's signals are for its own threads. */
static void add_thread(void)
{
    sigset_t all, before;
    if (own.idle > 0 || own.thread_count == THREADS) {
        return;
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    own.thread_count += pthread_create(&own.threads[own.thread_count], NULL, work, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static int has_room(const char *url)
{
    int all = 0, same = 0;
    for (const errand *e = own.first; e != NULL; e = e->next) {
        all++;
        same += strcmp(e->url, url) == 0;
    }
    return all < WAITING && same < WAITING_FOR_ONE;
}

int uapi_background_ask(const request_rec *r, const uapi_call *call, const uapi_ask *ask)
{
    errand *e = NULL, **end = &own.first;
    pthread_mutex_lock(&own.mutex);
    if (!own.stopping && has_room(ask->server->url) && (e = make(r, call, ask)) != NULL) {
        while (*end != NULL) {
            end = &(*end)->next;
        }
        *end = e;
        add_thread();
        pthread_cond_signal(&own.come);
    }
    pthread_mutex_unlock(&own.mutex);
    if (e == NULL) {
        uapi_background_note_lost();
    }
    return e != NULL;
}

int uapi_background_is_over(void)
{
    return own.stopping && apr_time_now() > own.over_at;
}

/* Before the audit file and the registry close. */
static apr_status_t stop(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&own.mutex);
    own.over_at = apr_time_now() + LAST_WORDS;
    own.stopping = 1;
    pthread_cond_broadcast(&own.come);
    pthread_mutex_unlock(&own.mutex);
    for (int i = 0; i < own.thread_count; i++) {
        pthread_join(own.threads[i], NULL);
    }
    while (own.first != NULL) {
        uapi_background_note_lost();
        forget(own.first);
    }
    return APR_SUCCESS;
}

void uapi_background_child_init(apr_pool_t *pchild)
{
    apr_pool_pre_cleanup_register(pchild, NULL, stop);
}
