/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file fetch.h
 * HTTP requests that the gateway makes on its own account, several at once, with libcurl. Calls of clients do not go this way: mod_proxy
 * carries them.
 *
 * http and https only, no redirect is followed, no proxy of the environment is used, no cookie kept; certificates and host names are
 * always verified. Each worker thread keeps its connections open for its next requests.
 */
#ifndef UAPI_CORE_FETCH_H
#define UAPI_CORE_FETCH_H

#include <stddef.h>

#include <apr_pools.h>
#include <apr_tables.h>

typedef struct uapi_fetch uapi_fetch;

struct uapi_fetch {
    /* what is asked */
    const char *url, *method;
    const char *socket;         /* of a Unix domain, to connect to instead of the URL's host; NULL: none */
    const char *ca;             /* PEM file of trusted authorities; NULL: the system's */
    unsigned timeout_ms;        /* for all of it */
    size_t max_size;            /* bytes of the answer; more is an error */
    const apr_table_t *headers; /* sent as they are */
    const char *body;           /* NULL: none */
    size_t body_length;
    int once; /* it may have an effect: libcurl sends again what breaks off on a connection that was kept, so it gets a new one */
    int (*enough)(uapi_fetch *fetch); /* asked after each piece; 1 ends the request, well. NULL: read to the end */
    /* For what has no end: each piece is given instead of being kept. Non-zero ends this request. */
    int (*take)(uapi_fetch *fetch, const char *bytes, size_t length);
    void *baton; /* the caller's */

    /* what came */
    int over;            /* of uapi_fetch_watch: it has ended */
    int too_large;       /* it was, and that is the error */
    const char *error;   /* why there is no answer; NULL if there is one */
    long status;         /* HTTP status, 0 without an answer */
    const char *type;    /* Content-Type, "" if there is none */
    const char *session; /* Mcp-Session-Id, or NULL */
    char *text;          /* NUL-terminated beyond its length */
    size_t length;
};

/** Once a process, before the first thread asks. */
void uapi_fetch_start(void);

/**
 * Requests without an end. Returns when one of them has ended, or when `turn`, which is asked at least every `tick_ms`, says 1. `timeout_ms`
 * of a fetch is for its connection only. `status` and `type` are set as soon as a head has come. `over` of a fetch says that it has ended.
 */
void uapi_fetch_watch(uapi_fetch *fetches, size_t count, unsigned tick_ms, int (*turn)(void *baton), void *baton,
                      apr_pool_t *pool);

/**
 * All of them side by side; returns when each has its answer or error, or when `gone`, which is asked at least every half second, says 1:
 * then what has no answer yet has an error. Memory of the answers is the pool's. Any thread.
 */
void uapi_fetch_all(uapi_fetch *fetches, size_t count, int (*gone)(void *baton), void *baton, apr_pool_t *pool);

#endif
