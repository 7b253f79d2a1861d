/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file scanners.h
 * The scanner plugins that a command works with: those of --plugin, or all that are installed beside the program.
 */
#ifndef UAPI_CLI_SCANNERS_H
#define UAPI_CLI_SCANNERS_H

#include <apr_tables.h>

#include "../core/firewall.h"
#include "../core/pattern_cache.h"
#include "../core/plugin.h"
#include "command.h"

/**
 * Where plugins may be, in order: `plugins/` beside the executable (a build), `../lib/uapi/plugins/` from it (an
 * installation). The first of them that has any `*.so` counts.
 */
apr_array_header_t *uapi_scanners_directories(apr_pool_t *pool);

/**
 * Absolute paths (const char *) of the plugins to load, in the order of their names or as given. Empty if there are
 * none.
 */
apr_array_header_t *uapi_scanners_paths(const uapi_cli *cli);

/** Load one of them; with --isolated to run in a process of its own. */
apr_status_t uapi_scanners_load(const uapi_cli *cli, const char *path, uapi_plugin **plugin, uapi_result *result);

/** Send plugins' warnings to standard error. */
void uapi_scanners_log(void);

/**
 * Keep compiled patterns in UAPI_PATTERN_CACHE, or if that is unset in `uapi-patterns` in XDG_CACHE_HOME or ~/.cache; empty: nowhere.
 * What is wrong with a file is told on standard error, or to `report`; that none can be kept is only told to `report`.
 */
void uapi_scanners_cache(uapi_pattern_cache_report report, void *baton);

/**
 * Load them all and compile the firewall with --policy; UAPI_EXIT_DONE, or an exit status once the cause has been
 * told. `names` receives the scanners' names (const char *).
 */
int uapi_scanners_firewall(uapi_cli *cli, uapi_firewall **firewall, const apr_array_header_t **names);

#endif
