/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file isolation.h Plugins that run in a process of their own (`UapiPlugin … isolation=process`).
 *
 * Nothing of such a plugin is ever loaded into the server. At configtest a helper process tells what it is: its rules,
 * patterns and figures, which are copied and checked. Then each process that judges texts keeps one helper a plugin,
 * and a keeper thread that starts it, hears when it dies, and starts another within a second. A helper is a program of
 * its own (host/), executed with nothing but what isolation_wire.h names, and confined before a byte of the plugin
 * runs.
 *
 * A helper works on one text at a time; calls that come meanwhile wait. A call is refused, with firewall.failed, if the
 * helper dies over it, does not answer in time, or answers what it must not; the helper is killed then. So it is one
 * call that a crash costs. A call that finds no helper waits for the next one, at most UAPI_ISOLATION_PATIENCE
 * milliseconds, then it is refused. None passes unjudged.
 */
#ifndef UAPI_CORE_ISOLATION_H
#define UAPI_CORE_ISOLATION_H

#include <apr_pools.h>

#include "isolation_wire.h"
#include "plugin.h"
#include "result.h"

typedef struct uapi_isolation uapi_isolation;

/** How long a call waits for a helper that is busy or not there, in milliseconds. */
#define UAPI_ISOLATION_PATIENCE 1000

typedef struct uapi_isolation_limits {
    unsigned milliseconds; /* for a text, from when the helper is given it; 0: the default, 250 */
    size_t memory;         /* bytes of address space, beside what the program itself has; 0: the default, 256 MiB */
} uapi_isolation_limits;

#define UAPI_ISOLATION_LEAST_TIME 1
#define UAPI_ISOLATION_MOST_TIME 60000
#define UAPI_ISOLATION_LEAST_MEMORY ((size_t)16 << 20)
#define UAPI_ISOLATION_MOST_MEMORY ((size_t)64 << 30)

/** What befell a helper; for the log. */
typedef void (*uapi_isolation_log)(void *baton, const char *plugin_id, const char *what);

/**
 * Set once, before loading. `program`: of the helper; NULL: beside the object that this code is in, else where it is
 * installed. `user` and `group`: as whom a helper runs that root starts. `log` may be NULL.
 */
void uapi_isolation_configure(const char *program, unsigned user, unsigned group, uapi_isolation_log log, void *baton);

/**
 * Load a plugin that is to run isolated; as uapi_plugin_load_configured. `plugin->isolation` is set. Of the plugin's
 * own functions none is there: its tables are copies, and whatever else is called refuses. [parent]
 */
apr_status_t uapi_isolation_load(uapi_plugin **plugin, const char *path, const char *sha256,
                                 const apr_array_header_t *options, const uapi_isolation_limits *limits,
                                 apr_pool_t *pool, uapi_result *result);

/**
 * NULL if this machine can confine a helper wholly, else what is missing; static. Without Landlock a plugin can read,
 * while it is created, whatever files the server's user can.
 */
const char *uapi_isolation_shortcoming(void);

/** What uapi_plugin_start does of an isolated plugin: start keeper and helper. [child] */
apr_status_t uapi_isolation_start(uapi_plugin *plugin, apr_pool_t *pool, uapi_result *result);

/** What a helper said of a text. Lives in the pool that was given. */
typedef struct uapi_isolation_answer {
    uapi_isolation_status status; /* DONE, NO_BEGIN, NO_READ or OVERLOAD */
    const uapi_isolation_finding *findings;
    uint32_t count;
    uint64_t undecided;
} uapi_isolation_answer;

/**
 * Give the helper a text and wait. firewall.failed if there is no answer; never an answer of another text's. Any
 * thread.
 */
apr_status_t uapi_isolation_scan(uapi_isolation *isolation, const uapi_isolation_text *text,
                                 uapi_isolation_answer *answer, apr_pool_t *pool, uapi_result *result);

/** A text that comes in parts, for uapi.scanner-stream/1. It dies with the helper that it was begun in. */
typedef struct uapi_isolation_stream {
    uint64_t number, life; /* of the helper */
} uapi_isolation_stream;

apr_status_t uapi_isolation_open(uapi_isolation *isolation, const uapi_call_info *call, uapi_isolation_stream *stream,
                                 apr_pool_t *pool, uapi_result *result);
/** `text->stream` is set here. */
apr_status_t uapi_isolation_feed(uapi_isolation *isolation, const uapi_isolation_stream *stream,
                                 uapi_isolation_text *text, uapi_isolation_answer *answer, apr_pool_t *pool,
                                 uapi_result *result);
/** Says nothing if the helper is gone. */
void uapi_isolation_close(uapi_isolation *isolation, const uapi_isolation_stream *stream);

/** What is counted of a plugin's helpers, over all processes of the server; as uapi_plugin_metric_at. */
int uapi_isolation_metric_at(const uapi_isolation *isolation, uint32_t index, uapi_plugin_metric *out);

#endif
