/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federate_channel.h
 * An event stream from a universal gateway to its client, and what servers may say on it of their own accord: requests to the client
 * and notifications, judged and renamed one by one. By the request's own thread.
 */
#ifndef UAPI_HTTPD_FEDERATE_CHANNEL_H
#define UAPI_HTTPD_FEDERATE_CHANNEL_H

#include "federate.h"
#include "inspect.h"

typedef struct uapi_channel {
    request_rec *r;
    uapi_call *call;
    const char *first; /* the message that it begins with; NULL: a comment */
    int begun;         /* the head has left */
    int client_gone;
    apr_time_t last_sign;   /* when something was last written */
    apr_pool_t *event_pool; /* cleared after each event, so that a long stream does not grow */
} uapi_channel;

uapi_channel *uapi_channel_create(request_rec *r, uapi_call *call);

/* Each gives 1 if the client has gone. */
int uapi_channel_begin(uapi_channel *channel);
int uapi_channel_write(uapi_channel *channel, const char *text, size_t length);
/** A JSON message as an event; begins the stream if need be. */
int uapi_channel_write_message(uapi_channel *channel, const char *data, size_t length);

/**
 * Judge what a server says in its answer to `ask`, or on a stream of its own. Whatever does not pass is recorded, logged, and the server told.
 * If it fails with response.refused, the server has been refused too often and is not to be heard any more. In the event pool.
 */
apr_status_t uapi_channel_judge(uapi_channel *channel, uapi_ask *ask, const uapi_sse_event *event,
                                uapi_inspected *judged, uapi_result *why);

/**
 * What a server says before it answers `ask`: to the client if that takes event streams (`channel` NULL: it does not, or it is the gateway that asks, and
 * nobody else hears). Otherwise notifications are dropped, and to requests the server is told that there is nobody (gateway.unsupported).
 * 1 if no more is to be heard, for the reason in `ask->trouble`, or because the client has gone.
 */
int uapi_channel_said(uapi_channel *channel, request_rec *r, uapi_ask *ask, const uapi_sse_event *event,
                      apr_pool_t *pool);

#endif
