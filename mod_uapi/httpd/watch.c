/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "watch.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include <apr_portable.h>
#include <apr_strings.h>

#include "http_config.h"
#include "http_connection.h"
#include "http_log.h"
#include "mod_proxy.h"
#include "util_filter.h"

#include "../core/wait.h"
#include "federate.h"
#include "gateway.h"

#ifndef POLLRDHUP
#define POLLRDHUP 0 /* elsewhere than on Linux only a reset is noticed */
#endif

enum {
    LOOK_EVERY = 500 /* ms; mod_http2 tells by a flag that a client reset its stream */
};

static __thread request_rec *armed, *watched;
static __thread uapi_call *armed_call;
static __thread struct {
    apr_time_t at; /* 0: none is set */
    void (*wake)(void *baton);
    void *baton;
} alarm_clock;
static ap_filter_rec_t *watch_filter;

void uapi_watch_arm(request_rec *r, uapi_call *call)
{
    armed = r;
    armed_call = call;
    watched = NULL;
    alarm_clock.at = 0;
}

/* mod_ssl's note. What failed in any other way may have been written in part. */
static int failed_in_handshake(const conn_rec *upstream)
{
    const char *outcome = apr_table_get(upstream->notes, "SSL_connect_rv");
    return outcome != NULL && strcmp(outcome, "err") == 0;
}

void uapi_watch_sent(conn_rec *upstream)
{
    watched = armed;
    if (armed_call != NULL && !failed_in_handshake(upstream)) {
        armed_call->sent = 1;
    }
}

void uapi_watch_alarm(apr_time_t at, void (*wake)(void *baton), void *baton)
{
    alarm_clock.at = at;
    alarm_clock.wake = wake;
    alarm_clock.baton = baton;
}

void uapi_watch_end(void)
{
    armed = watched = NULL;
    armed_call = NULL;
    alarm_clock.at = 0;
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

/* The end of what a client sends, which TLS cannot hide: the bytes before it need not have been read. */
static int read_end(const struct pollfd *fd)
{
    return fd->fd >= 0 && (fd->revents & POLLRDHUP) != 0;
}

static int was_reset(const struct pollfd *fd)
{
    return fd->fd >= 0 && (fd->revents & (POLLHUP | POLLERR)) != 0;
}

/* Who sends nothing more from the beginning may wait for an answer all the same. */
static struct pollfd look_for(conn_rec *client, uapi_call *call)
{
    struct pollfd fd = {.fd = (client->master == NULL) ? descriptor(client) : -1, .events = POLLRDHUP};
    if (call->client == UAPI_CLIENT_UNKNOWN && fd.fd >= 0) {
        poll(&fd, 1, 0);
        call->client = read_end(&fd) ? UAPI_CLIENT_HALF_CLOSED : UAPI_CLIENT_OPEN;
    }
    fd.events = (call->client == UAPI_CLIENT_HALF_CLOSED) ? 0 : POLLRDHUP;
    return fd;
}

static int tells_end(const conn_rec *client, const struct pollfd *polled)
{
    return client->aborted || (watched != NULL && uapi_federate_is_cancelled(watched)) || was_reset(polled) ||
           ((polled->events & POLLRDHUP) != 0 && read_end(polled));
}

int uapi_watch_is_gone(conn_rec *client, uapi_call *call)
{
    struct pollfd fd = look_for(client, call);
    if (fd.fd >= 0 && poll(&fd, 1, 0) < 0) {
        return client->aborted;
    }
    return tells_end(client, &fd);
}

/* Milliseconds until the alarm, rounded up; at most `longest`, of which -1 is endless. */
static int until_alarm(int longest)
{
    apr_time_t left = (alarm_clock.at != 0) ? (alarm_clock.at - apr_time_now() + 999) / 1000 : 0;
    if (alarm_clock.at == 0 || (longest >= 0 && left > longest)) {
        return longest;
    }
    return (left > 0) ? (int)left : 0;
}

static void ring(void)
{
    if (alarm_clock.at != 0 && alarm_clock.at <= apr_time_now()) {
        alarm_clock.at = 0;
        alarm_clock.wake(alarm_clock.baton);
    }
}

/* APR_SUCCESS: the upstream has something, or the wait is better left to others. */
static apr_status_t wait_for_both(conn_rec *upstream, conn_rec *client, uapi_call *call)
{
    struct pollfd fds[2] = {{.fd = descriptor(upstream), .events = POLLIN}, look_for(client, call)};
    uapi_wait wait = {.left = timeout_of(upstream),
                      .look = (client->master != NULL || uapi_federate_can_be_cancelled(watched)) ? LOOK_EVERY : -1};
    while (fds[0].fd >= 0) {
        int slice = until_alarm(uapi_wait_slice(&wait));
        int ready = poll(fds, 2, slice);
        ring();
        if (tells_end(client, &fds[1])) {
            return APR_ECONNABORTED;
        }
        if (ready > 0 || (ready < 0 && errno != EINTR)) {
            return APR_SUCCESS;
        }
        uapi_wait_passed(&wait, (ready == 0) ? slice : 0);
        if (uapi_wait_is_over(&wait)) {
            return APR_TIMEUP;
        }
    }
    return APR_SUCCESS;
}

/* mod_proxy takes what comes now for a fault of the upstream's and would say so in the log. */
static void hush(request_rec *r)
{
    static const char *const speakers[] = {"mod_proxy_http.c", "mod_proxy.c"};
    const struct ap_logconf *now = (r->log != NULL) ? r->log : &r->server->log;
    struct ap_logconf *quiet = apr_pcalloc(r->pool, sizeof(*quiet));
    quiet->level = now->level;
    for (size_t i = 0; i < sizeof(speakers) / sizeof(speakers[0]); i++) {
        const module *speaker = ap_find_linked_module(speakers[i]);
        if (speaker != NULL) {
            ap_set_module_loglevel(r->pool, quiet, speaker->module_index, APLOG_CRIT);
        }
    }
    r->log = quiet;
}

/*
 * Nor must a balancer's member be put aside for it: after a failed read on the second request of a client's connection mod_proxy_http
 * gives the status that does just that.
 */
static void give_up(request_rec *r)
{
    r->connection->aborted = 1;
    r->connection->keepalives = 0;
    hush(r);
}

int uapi_watch_post_request(proxy_worker *worker, proxy_balancer *balancer, request_rec *r, proxy_server_conf *conf)
{
    (void)worker;
    (void)balancer;
    (void)conf;
    if (armed == r && r->connection->aborted && ap_is_HTTP_ERROR(r->status)) {
        r->status = HTTP_OK; /* no status for failonstatus= to go by */
    }
    return DECLINED;
}

/* Only what a blocking read would wait for is waited for here: what has come already costs no call more. */
static apr_status_t watch(ap_filter_t *f, apr_bucket_brigade *brigade, ap_input_mode_t mode, apr_read_type_e block,
                          apr_off_t bytes)
{
    if (watched == NULL || block != APR_BLOCK_READ || mode == AP_MODE_INIT || mode == AP_MODE_EATCRLF) {
        return ap_get_brigade(f->next, brigade, mode, block, bytes);
    }
    for (;;) {
        apr_status_t status = ap_get_brigade(f->next, brigade, mode, APR_NONBLOCK_READ, bytes);
        if (status != APR_SUCCESS && !APR_STATUS_IS_EAGAIN(status)) {
            return status;
        }
        if (!APR_BRIGADE_EMPTY(brigade)) {
            return APR_SUCCESS;
        }
        status = wait_for_both(f->c, watched->connection, armed_call);
        if (status == APR_ECONNABORTED) {
            give_up(watched);
        }
        if (status != APR_SUCCESS) {
            return status;
        }
    }
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
