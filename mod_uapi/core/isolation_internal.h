/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file isolation_internal.h What the files of isolation.h share: isolation_load.c has a helper describe its plugin,
 * isolation_spawn.c makes helpers, isolation_keeper.c keeps one alive, isolation.c talks to it. Nobody else includes
 * this.
 */
#ifndef UAPI_CORE_ISOLATION_INTERNAL_H
#define UAPI_CORE_ISOLATION_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "isolation.h"
#include "plugin_internal.h"

/** Counted by all processes. */
typedef struct uapi_isolation_counters {
    atomic_uint_fast64_t helpers, deaths, timeouts, refusals;
} uapi_isolation_counters;

/** One helper process and what is shared with it. */
typedef struct uapi_isolation_helper {
    pid_t process; /* 0: none */
    int control, log;
    int request_file;
    void *request, *answer;
    uint32_t sequence; /* of the last request */
} uapi_isolation_helper;

typedef enum uapi_isolation_state {
    UAPI_ISOLATION_ABSENT,  /* not started, or stopped for good */
    UAPI_ISOLATION_AWAITED, /* there is none, but there will be */
    UAPI_ISOLATION_READY,
    UAPI_ISOLATION_CONDEMNED /* to be killed; the keeper sees to it */
} uapi_isolation_state;

/** What came of a request. */
typedef enum uapi_isolation_outcome {
    UAPI_ISOLATION_ANSWERED,
    UAPI_ISOLATION_TIMED_OUT,
    UAPI_ISOLATION_DIED,
    UAPI_ISOLATION_BROKE /* what came is no answer */
} uapi_isolation_outcome;

struct uapi_isolation {
    uapi_plugin_loaded *loaded;
    uapi_isolation_limits limits;
    const char *program;
    uapi_plugin_tables tables; /* copies */
    int object_file;           /* the plugin, sealed */
    int metrics_file;          /* -1: it has none */
    uapi_isolation_counters *counters;
    /* this process's, from uapi_isolation_start on; under the lock */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* for the keeper, and for who starts and stops it */
    pthread_cond_t freed;   /* for calls: there may be a helper to be had */
    pthread_t keeper;
    uapi_isolation_state state;
    uapi_isolation_helper helper;           /* its memory and control socket are the call's that has it */
    int stopping;                           /* no helper is started any more */
    int busy;                               /* a call has the helper */
    int served;                             /* this helper has answered a call */
    int attempts;                           /* to start one */
    uint64_t life;                          /* counts helpers */
    uint64_t streams;                       /* counts streams */
    uapi_isolation_outcome fault;           /* why it was condemned */
    const char *broke;                      /* what was wrong with its answer; static */
    char refusal[UAPI_PLUGIN_MESSAGE_SIZE]; /* the plugin's, to start */
};

/** Start the program with new memory. `process` is 0 on failure, with a detail. */
apr_status_t uapi_isolation_spawn(uapi_isolation_helper *helper, const uapi_isolation *isolation, apr_pool_t *pool,
                                  uapi_result *result);
/** If there is one. */
void uapi_isolation_kill(const uapi_isolation_helper *helper);
/** Kill it, wait for its end, give everything back. Returns its exit state as waitpid tells it. */
int uapi_isolation_bury(uapi_isolation_helper *helper);

/** Milliseconds of the monotonic clock. */
int64_t uapi_isolation_now(void);

/**
 * Send what the request memory holds and await the answer's packet until then. `packet->length` is within the answer
 * memory.
 */
uapi_isolation_outcome uapi_isolation_ask(uapi_isolation_helper *helper, uapi_isolation_kind kind, size_t length,
                                          int64_t until, uapi_isolation_packet *packet);

/** Have it load the plugin: DESCRIBE or START. */
uapi_isolation_outcome uapi_isolation_ask_load(uapi_isolation_helper *helper, const uapi_isolation *isolation,
                                               uapi_isolation_kind kind, int64_t until, uapi_isolation_packet *packet);

/** Wait until then for the condition, with the lock. 0: the time is over. */
int uapi_isolation_wait(uapi_isolation *isolation, pthread_cond_t *condition, int64_t until);

/** What it was doing last, and what came of it; made safe to be logged. */
void uapi_isolation_copy_page(uapi_plugin_probe_page *page, const uapi_isolation_helper *helper);

/** To the log of what befalls helpers. */
void uapi_isolation_tell(const uapi_isolation *isolation, const char *what);

/** "crashed with SIGSEGV", "ended with exit status 3", or what such a status of the helper's means. */
const char *uapi_isolation_describe_end(int state, apr_pool_t *pool);

/** The keeper's thread. */
void *uapi_isolation_keep(void *isolation);

/** As whom, and where the log goes. */
extern unsigned uapi_isolation_user, uapi_isolation_group;
extern const char *uapi_isolation_program;

#endif
