/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file registry_private.h
 * What the files behind registry.h share.
 *
 * registry.c          opening, checking, closing
 * registry_token.c    who presents this token
 * registry_secret.c   credentials and the data keys over them
 * registry_watch.c    what is cached under which stamp, and how changes are noticed
 * registry_connect.c  the stack of idle connections
 */
#ifndef UAPI_CORE_REGISTRY_PRIVATE_H
#define UAPI_CORE_REGISTRY_PRIVATE_H

#include <pthread.h>
#include <stdint.h>
#include <sys/types.h>

#include "../store/store.h"
#include "cache.h"
#include "registry.h"

/** A connection to the file, in a pool of its own; one thread uses it at a time. */
typedef struct uapi_registry_connection {
    uapi_store *store;
    apr_pool_t *pool;
    dev_t device; /* the file that it is connected to */
    ino_t inode;
} uapi_registry_connection;

#define UAPI_REGISTRY_MAX_IDLE 16

struct uapi_registry {
    const char *path;
    const uapi_keyring *keyring;
    uapi_cache *tokens, *credentials, *deks;

    /* Atomic, read by every call. */
    const volatile uint64_t *generation; /* NULL: the file is not there, nothing is cached */
    uint64_t epoch;                      /* counts what was noticed besides */
    uint64_t abandoned;                  /* an odd generation that a killed writer left: as good as an even one */
    int64_t next_watch;                  /* monotonic milliseconds */

    pthread_mutex_t idle_lock;
    uapi_registry_connection *idle[UAPI_REGISTRY_MAX_IDLE];
    int idle_count;

    pthread_mutex_t watch_lock; /* over everything below */
    apr_pool_t *watch_pool;
    uapi_registry_connection *watch;
    uint32_t data_version;
    dev_t generation_device;
    ino_t generation_inode;
    int64_t next_wipe; /* when the unwrapped data keys are next thrown away */
};

/** The most that a cached token or credential takes (registry_token.c, registry_secret.c). */
size_t uapi_registry_token_size(void);
size_t uapi_registry_credential_size(void);

/* registry_connect.c */

/** A question to the store. APR_NOTFOUND is an answer; any other failure is the connection's. */
typedef apr_status_t (*uapi_registry_question)(uapi_store *store, void *baton, apr_pool_t *pool, uapi_result *result);

/**
 * Ask on an idle connection or a new one. An idle one that fails is closed and the question asked once more on a new
 * one, because a changed schema ends a sealed connection. If the file behind its name is no longer the one that
 * connections were made to, they are closed and everything cached is void.
 */
apr_status_t uapi_registry_ask(uapi_registry *registry, uapi_registry_question question, void *baton, apr_pool_t *pool,
                               uapi_result *result);

/** A connection outside the stack; closed by uapi_registry_disconnect(). */
apr_status_t uapi_registry_connect(const char *path, uapi_registry_connection **connection, apr_pool_t *pool,
                                   uapi_result *result);
void uapi_registry_disconnect(uapi_registry_connection *connection);
/** Whether the connection leads to the file that now has the name. */
int uapi_registry_is_current(const char *path, const uapi_registry_connection *connection);
void uapi_registry_close_idle(uapi_registry *registry);

/* registry_watch.c */

/** At most once a second for the whole process: look for changes that the generation does not show. */
void uapi_registry_watch(uapi_registry *registry);
/** Have the next call look, whenever the last one did. */
void uapi_registry_watch_soon(uapi_registry *registry);
/**
 * The stamp under which entries are now found; take it before the store is asked for what will be put in. Returns 0
 * if nothing may be cached just now.
 */
int uapi_registry_stamp(const uapi_registry *registry, uapi_cache_stamp *stamp);
/** Make everything cached void. */
void uapi_registry_void(uapi_registry *registry);
void uapi_registry_stop_watching(uapi_registry *registry);

#endif
