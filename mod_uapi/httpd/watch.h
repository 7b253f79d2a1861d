/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file watch.h
 * A client that goes away while its call waits. mod_proxy waits for the upstream and looks at the client only when it has something to
 * send, so a call that is not answered, or a stream on which nothing happens, would hold its thread, and the upstream's connection, for as
 * long as ProxyTimeout. An input filter on the upstream's connection waits for both instead. What has come already costs no call more.
 *
 * One thread carries a request from its head to mod_proxy's end, so the thread remembers what it watches. It begins when the request has been
 * sent, and not before: a TLS handshake that breaks off is a fault for which mod_proxy puts a balancer's member aside.
 *
 * A client that closes only its own half of the connection looks as one that goes away. If it has done so before its call is first waited
 * for, it is taken to wait for the answer, and only a reset ends that; later it has gone.
 */
#ifndef UAPI_HTTPD_WATCH_H
#define UAPI_HTTPD_WATCH_H

#include "httpd.h"
#include "mod_proxy.h"

#include "call.h"

/** What this thread sends next to an upstream is this request; its connection is the client's. */
void uapi_watch_arm(request_rec *r, uapi_call *call);

/** Something of it has gone that way, or failed to. From now on its client is watched, until mod_proxy's handler is done. */
void uapi_watch_sent(conn_rec *upstream);

/** At that time, should the thread wait for the upstream then, `wake(baton)` is called; 0: not any more. */
void uapi_watch_alarm(apr_time_t at, void (*wake)(void *baton), void *baton);

/** Nobody is watched in this thread, and nobody woken. */
void uapi_watch_end(void);

/** Has the call's client gone? Does not wait. */
int uapi_watch_is_gone(conn_rec *client, uapi_call *call);

/** mod_proxy's post_request hook, before the balancer's: a client that went away is no fault of the member's. */
int uapi_watch_post_request(proxy_worker *worker, proxy_balancer *balancer, request_rec *r, proxy_server_conf *conf);

/** pre_connection hook: puts the filter on outgoing connections. */
int uapi_watch_pre_connection(conn_rec *c, void *socket);

void uapi_watch_register(void);

#endif
