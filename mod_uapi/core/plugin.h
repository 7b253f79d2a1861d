/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file plugin.h The host's side of uapi_plugin.h: finding, checking, loading, starting plugins.
 *
 * A plugin is code that runs with the server's rights, so the file is checked before it is mapped: absolute path, a
 * regular file, not writable by group or others (nor by an owner other than root or the current user), its SHA-256
 * equal to the pinned one. Loaded with RTLD_NOW|RTLD_LOCAL. A plugin that crashes or hangs while it is created must not
 * take configtest or the server with it: the first load happens in a forked probe process, whose end is the answer.
 */
#ifndef UAPI_CORE_PLUGIN_H
#define UAPI_CORE_PLUGIN_H

#include <apr_pools.h>
#include <apr_tables.h>

#include "../include/uapi_plugin.h"
#include "result.h"

/** Where a plugin's log lines go; set once before loading. Any thread. */
typedef void (*uapi_plugin_log)(void *baton, const char *plugin_id, uint32_t level, const char *message, size_t length);
void uapi_plugin_set_log(uapi_plugin_log log, void *baton);

typedef struct uapi_plugin {
    const char *path;
    const char *sha256; /* hex of the file's digest */
    const uapi_plugin_descriptor *descriptor;
    void *instance;
    const uapi_scanner_1 *scanner;       /* NULL if it is none */
    const uapi_scanner_stream_1 *stream; /* NULL if it leaves texts in parts to the host */
    struct uapi_isolation *isolation;    /* NULL if it runs in this process; else see isolation.h */
} uapi_plugin;

/** What the administrator gave a plugin. */
typedef struct uapi_plugin_option {
    const char *key, *value;
} uapi_plugin_option;

/**
 * Check, probe, load, create. `sha256` is hex or NULL. Fails with config.invalid and a detail of what was expected,
 * what was found and what it probably is. Pool cleanup destroys the instance and unloads. [parent]
 */
apr_status_t uapi_plugin_load(uapi_plugin **plugin, const char *path, const char *sha256, apr_pool_t *pool,
                              uapi_result *result);

/**
 * The same with options (an array of uapi_plugin_option, or NULL), which must live as long. One that the plugin does
 * not know is refused.
 */
apr_status_t uapi_plugin_load_configured(uapi_plugin **plugin, const char *path, const char *sha256,
                                         const apr_array_header_t *options, apr_pool_t *pool, uapi_result *result);

#define UAPI_PLUGIN_METRIC_NAME 63 /* longest */

/** A figure that a plugin keeps, summed over all processes. */
typedef struct uapi_plugin_metric {
    const char *name, *help; /* live as long as the plugin */
    int histogram;
    uint64_t sum; /* of a counter: its value */
    /* of a histogram: */
    uint64_t count;
    uint64_t half_below, most_below; /* half, and 99 in a hundred, of the observations are below this power of two */
} uapi_plugin_metric;

/** The plugin's figure with this index, from 0; returns 0 if there are not as many. Any thread. */
int uapi_plugin_metric_at(const uapi_plugin *plugin, uint32_t index, uapi_plugin_metric *out);

/** A scanner's tables, in this host's records. */
typedef struct uapi_plugin_tables {
    const uapi_rule *rules;
    const uapi_pattern *patterns;
    uint32_t rule_count, pattern_count;
} uapi_plugin_tables;

/** The tables of a plugin that is a scanner; what an older plugin's records lack is 0. In the pool. [parent] */
void uapi_plugin_scanner_tables(uapi_plugin_tables *tables, const uapi_plugin *plugin, apr_pool_t *pool);

/** Call start; a pool cleanup calls stop. [child] */
apr_status_t uapi_plugin_start(uapi_plugin *plugin, apr_pool_t *pool, uapi_result *result);

#endif
