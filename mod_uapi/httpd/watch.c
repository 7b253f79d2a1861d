/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "watch.h"

#include <poll.h>

#include <apr_portable.h>
#include <apr_strings.h>

#include "http_config.h"
#include "http_connection.h"
#include "http_log.h"
#include "mod_proxy.h"
#include "util_filter.h"

#include "../core/firewall.h"
#include "federate.h"
#include "gateway.h"

#ifndef POLLRDHUP
#define POLLRDHUP 0 /* elsewhere than on Linux only a reset is noticed */
#endif

enum {
    SLICE = 500,   /* ms; mod_http2 tells by a flag that a client reset its stream */
    IDLE_FOR = 100 /* ms, after which a thread that waits gives back the memory it scans with */
};

static __thread request_rec *watched;
static ap_filter_rec_t *watch_filter;

void uapi_watch_begin(request_rec *r)
{
    watched = r;
}

void uapi_watch_end(void)
{
    watched = NULL;
}

/* Is there something to read that no socket would tell of? */
static int is_pending(ap_filter_t *f)
{
    apr_bucket_brigade *peek = f->ctx;
    apr_status_t status;
    int pending;
    if (peek == NULL) {
        f->ctx = peek = apr_brigade_create(f->c->pool, f->c->bucket_alloc);
    }
    status = ap_get_brigade(f->next, peek, AP_MODE_SPECULATIVE, APR_NONBLOCK_READ, 1);
    pending = !APR_BRIGADE_EMPTY(peek) || (status != APR_SUCCESS && !APR_STATUS_IS_EAGAIN(status));
    apr_brigade_cleanup(peek);
    return pending;
}

static int descriptor(conn_rec *c)
{
    apr_socket_t *socket = ap_get_conn_socket(c);
    apr_os_sock_t fd = -1;
    return (socket != NULL && apr_os_sock_get(&fd, socket) == APR_SUCCESS) ? fd : -1;
}

static int timeout_of(conn_rec *c)
{
    apr_interval_time_t timeout = -1;
    apr_socket_timeout_get(ap_get_conn_socket(c), &timeout);
    return (timeout < 0) ? -1 : (int)(timeout / 1000);
}

static int is_gone(conn_rec *client, const struct pollfd *fd)
{
    return client->aborted || uapi_federate_is_cancelled(watched) ||
           (fd->fd >= 0 && (fd->revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0);
}

static int slice_of(const conn_rec *client, int left, int waited)
{
    int longest = (client->master != NULL || uapi_federate_can_be_cancelled(watched)) ? SLICE
                  : (waited < IDLE_FOR)                                               ? IDLE_FOR
                                                                                      : left;
    return (left < 0 || (longest >= 0 && left > longest)) ? longest : left;
}

/* APR_SUCCESS: the upstream has something, or the wait is better left to others. */
static apr_status_t wait_for_both(conn_rec *upstream, conn_rec *client)
{
    struct pollfd fds[2] = {{.fd = descriptor(upstream), .events = POLLIN},
                            {.fd = (client->master == NULL) ? descriptor(client) : -1, .events = POLLRDHUP}};
    int left = timeout_of(upstream), waited = 0;
    while (fds[0].fd >= 0) {
        int slice = slice_of(client, left, waited);
        int ready = poll(fds, 2, slice);
        waited += (ready == 0 && waited < IDLE_FOR) ? slice : 0;
        if (ready == 0 && waited >= IDLE_FOR) {
            uapi_firewall_thread_exit(); /* a thousand idle streams need none of it */
        }
        if (is_gone(client, &fds[1])) {
            return APR_ECONNABORTED;
        }
        if (ready < 0 && errno != EINTR) {
            return APR_SUCCESS;
        }
        if (ready > 0) {
            return APR_SUCCESS;
        }
        left = (left > 0 && ready == 0) ? left - slice : left;
        if (left == 0) {
            return APR_TIMEUP;
        }
    }
    return APR_SUCCESS;
}

/* mod_proxy_http takes what comes now for a fault of the upstream's and would say so in the log. */
static void hush(request_rec *r)
{
    static const char *const names[] = {"mod_proxy_http.c", "mod_proxy.c"};
    const struct ap_logconf *now = (r->log != NULL) ? r->log : &r->server->log;
    struct ap_logconf *quiet = apr_pcalloc(r->pool, sizeof(*quiet));
    quiet->level = now->level;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const module *proxy = ap_find_linked_module(names[i]);
        if (proxy != NULL) {
            ap_set_module_loglevel(r->pool, quiet, proxy->module_index, APLOG_CRIT);
        }
    }
    r->log = quiet;
}

static apr_status_t watch(ap_filter_t *f, apr_bucket_brigade *brigade, ap_input_mode_t mode, apr_read_type_e block,
                          apr_off_t bytes)
{
    apr_status_t status;
    if (watched == NULL || block != APR_BLOCK_READ || is_pending(f)) {
        return ap_get_brigade(f->next, brigade, mode, block, bytes);
    }
    status = wait_for_both(f->c, watched->connection);
    if (status == APR_ECONNABORTED) {
        watched->connection->aborted = 1;
        hush(watched);
    }
    return (status == APR_SUCCESS) ? ap_get_brigade(f->next, brigade, mode, block, bytes) : status;
}

int uapi_watch_pre_connection(conn_rec *c, void *socket)
{
    const apr_array_header_t *gateways = uapi_gateway_all();
    (void)socket;
    if (c->outgoing && gateways != NULL && gateways->nelts > 0) {
        ap_add_input_filter_handle(watch_filter, NULL, NULL, c);
    }
    return OK;
}

static int request_status(int *status, request_rec *r)
{
    (void)status;
    (void)r;
    uapi_watch_end();
    return DECLINED;
}

void uapi_watch_register(void)
{
    /* Next to the socket: TLS above it keeps what it has decrypted, and asks only for more. */
    watch_filter = ap_register_input_filter("UAPI_WATCH", watch, NULL, AP_FTYPE_NETWORK - 1);
    APR_OPTIONAL_HOOK(proxy, request_status, request_status, NULL, NULL, APR_HOOK_MIDDLE);
}
