/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file plugin_internal.h What the files of the plugin loader share: plugin_file.c checks the file, plugin_check.c the
 * descriptor that the plugin hands out, plugin_scanner.c its tables, plugin_services.c is what it may ask of the host,
 * plugin_open.c loads and creates it,
 * plugin_probe.c tries that in a process of its own, plugin.c does both. isolation*.c load what is to run elsewhere. Nobody else includes this.
 */
#ifndef UAPI_CORE_PLUGIN_INTERNAL_H
#define UAPI_CORE_PLUGIN_INTERNAL_H

#include "plugin.h"

/** How long a probe may take, in seconds: 10. A variable for the sake of its test. */
extern int uapi_plugin_probe_seconds;
/** How much a plugin may say in it. */
#define UAPI_PLUGIN_MESSAGE_SIZE 1024

typedef struct uapi_plugin_metrics uapi_plugin_metrics;

/** A plugin with what the host keeps for it. `plugin` comes first, so a pointer to it is one to this. */
typedef struct uapi_plugin_loaded {
    uapi_plugin plugin;
    uapi_host host;
    void *handle;                      /* dlopen's */
    const char *object;                /* what dlopen is given, if not the path */
    const apr_array_header_t *options; /* of uapi_plugin_option; NULL: none */
    char *asked;                       /* by option: it was asked for; NULL except while it is created */
    uapi_plugin_metrics *metrics;      /* shared with children; NULL: it has none */
    uapi_metric *metric_pages;         /* where the figures go, if the host has pages for them already */
} uapi_plugin_loaded;

/** The page that a probe shares with the process that waits for it: what it was doing last, and what came of it. */
typedef struct uapi_plugin_probe_page {
    char stage[64]; /* "dlopen", "create"; what the plugin was in when it died */
    char detail[UAPI_PLUGIN_MESSAGE_SIZE];
    char logged[UAPI_PLUGIN_MESSAGE_SIZE]; /* the plugin's last log line */
    volatile int finished;                 /* the probe came to its own end; detail is empty if all was well */
} uapi_plugin_probe_page;

/** Path, kind, owner, modes, digest. `*sha256` receives the digest in hex. */
apr_status_t uapi_plugin_check_file(const char *path, const char *pinned, const char **sha256, apr_pool_t *pool,
                                    uapi_result *result);

/** The digest in hex of what an open file holds from here on. */
apr_status_t uapi_plugin_digest(int file, const char **sha256, apr_pool_t *pool);

/** The descriptor's own fields; nothing of the plugin is called. */
apr_status_t uapi_plugin_check_descriptor(const uapi_plugin_descriptor *descriptor, apr_pool_t *pool,
                                          uapi_result *result);

/** Has it one character or more, at most 128, all of them among these? NULL is none. */
int uapi_plugin_is_name(const char *text, const char *characters);

/** The scanner interface with its tables. Calls rules() and patterns(). */
apr_status_t uapi_plugin_check_scanner(const uapi_plugin *plugin, apr_pool_t *pool, uapi_result *result);

/** dlopen, create, get_interface and all checks, without the file's. On failure nothing stays open. `page` may be
 * NULL. */
apr_status_t uapi_plugin_open(uapi_plugin_loaded *loaded, uapi_plugin_probe_page *page, apr_pool_t *pool,
                              uapi_result *result);

/** destroy and dlclose. */
void uapi_plugin_close(uapi_plugin_loaded *loaded);

/** "SIGSEGV" */
const char *uapi_plugin_signal_name(int number, apr_pool_t *pool);

/** Do uapi_plugin_open and uapi_plugin_close in a child process and wait for its end. */
apr_status_t uapi_plugin_probe(const char *path, const apr_array_header_t *options, apr_pool_t *pool,
                               uapi_result *result);

/** uapi_host.get_service */
const void *uapi_plugin_get_service(const uapi_host *host, const char *id);

/** The first option that create did not ask for; NULL: there is none. */
const char *uapi_plugin_unknown_option(const uapi_plugin_loaded *loaded);

void uapi_plugin_metrics_free(uapi_plugin_loaded *loaded);

/** Bytes of the pages that hold all figures a plugin may have. */
size_t uapi_plugin_metrics_size(void);

/** Make a figure of a plugin's that counts in another process, on `loaded->metric_pages`. APR_EINVAL: it may not be. */
apr_status_t uapi_plugin_metrics_adopt(uapi_plugin_loaded *loaded, const char *name, const char *help, int histogram);

/** A plugin's log line, as if it had been written in this process. */
void uapi_plugin_log_line(const uapi_plugin_loaded *loaded, uint32_t level, const char *line, size_t length);

/** Have this process's plugin log lines kept in the page and nowhere else. For the probe. */
void uapi_plugin_log_to_page(uapi_plugin_probe_page *page);

#endif
