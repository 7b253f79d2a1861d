/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file watch.h
 * A client that goes away while its stream is idle. mod_proxy waits for the upstream and looks at the client only when it has
 * something to send, so such a stream would hold its thread, and the upstream's connection, for as long as nothing happens. An input
 * filter on the upstream's connection waits for both instead. Calls whose answer is no stream pay a comparison.
 *
 * A request is served by one thread from the stream's head to mod_proxy's end, so the thread remembers what it watches.
 */
#ifndef UAPI_HTTPD_WATCH_H
#define UAPI_HTTPD_WATCH_H

#include "httpd.h"

/** From now on, for what mod_proxy reads in this thread until its handler is done. `r` is the request that is answered. */
void uapi_watch_begin(request_rec *r);

/** Nobody is watched in this thread. */
void uapi_watch_end(void);

/** pre_connection hook: puts the filter on outgoing connections. */
int uapi_watch_pre_connection(conn_rec *c, void *socket);

void uapi_watch_register(void);

#endif
