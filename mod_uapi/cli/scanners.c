/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "scanners.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "../core/isolation.h"
#include "access.h"
#include "output.h"

/* As whom plugins run that root isolates: it has nothing anywhere. */
#define NOBODY 65534

static const char *const places[] = {"plugins", "../lib/uapi/plugins"};

apr_array_header_t *uapi_scanners_directories(apr_pool_t *pool)
{
    apr_array_header_t *directories = apr_array_make(pool, 2, sizeof(const char *));
    char executable[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", executable, sizeof(executable) - 1);

    if (length <= 0) {
        return directories;
    }
    executable[length] = '\0';
    *strrchr(executable, '/') = '\0';
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        APR_ARRAY_PUSH(directories, const char *) = apr_pstrcat(pool, executable, "/", places[i], NULL);
    }
    return directories;
}

static int is_plugin(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return entry->d_name[0] != '.' && length > 3 && strcmp(entry->d_name + length - 3, ".so") == 0;
}

static void directory_read(const char *directory, apr_array_header_t *paths, apr_pool_t *pool)
{
    struct dirent **entries;
    int count = scandir(directory, &entries, is_plugin, alphasort);
    char *resolved = count > 0 ? realpath(directory, NULL) : NULL;

    for (int i = 0; i < count; i++) {
        if (resolved) {
            APR_ARRAY_PUSH(paths, const char *) = apr_pstrcat(pool, resolved, "/", entries[i]->d_name, NULL);
        }
        free(entries[i]);
    }
    if (count >= 0) {
        free(entries);
    }
    free(resolved);
}

/* The loader wants absolute paths; one that cannot be resolved is left to it to refuse. */
static const char *path_absolute(const char *path, apr_pool_t *pool)
{
    char *resolved = realpath(path, NULL);
    const char *copy = resolved ? apr_pstrdup(pool, resolved) : path;

    free(resolved);
    return copy;
}

apr_array_header_t *uapi_scanners_paths(const uapi_cli *cli)
{
    apr_array_header_t *paths = apr_array_make(cli->pool, 8, sizeof(const char *)), *directories;
    const char *const *given = uapi_options_list(&cli->options, UAPI_OPTION_PLUGIN, NULL, cli->pool);

    if (*given) {
        for (; *given; given++) {
            APR_ARRAY_PUSH(paths, const char *) = path_absolute(*given, cli->pool);
        }
        return paths;
    }
    directories = uapi_scanners_directories(cli->pool);
    for (int i = 0; i < directories->nelts && paths->nelts == 0; i++) {
        directory_read(APR_ARRAY_IDX(directories, i, const char *), paths, cli->pool);
    }
    return paths;
}

static void log_line(void *baton, const char *plugin_id, uint32_t level, const char *message, size_t length)
{
    apr_pool_t *pool;

    (void)baton;
    if (level > UAPI_LOG_WARNING || apr_pool_create(&pool, NULL) != APR_SUCCESS) {
        return;
    }
    uapi_output_note("%s: %s", plugin_id, uapi_output_printable(apr_pstrmemdup(pool, message, length), pool));
    apr_pool_destroy(pool);
}

static void log_helper(void *baton, const char *plugin_id, const char *what)
{
    (void)baton;
    uapi_output_note("%s: %s", plugin_id, what);
}

void uapi_scanners_log(void)
{
    uapi_plugin_set_log(log_line, NULL);
    uapi_isolation_configure(NULL, NOBODY, NOBODY, log_helper, NULL);
}

static void note_cache(void *baton, uapi_pattern_cache_event event, const char *detail)
{
    (void)baton;
    if (event == UAPI_PATTERN_CACHE_IGNORED) {
        uapi_output_note("compiled patterns are not used: %s", detail);
    }
}

static const char *cache_place(char path[static PATH_MAX])
{
    const char *given = getenv("UAPI_PATTERN_CACHE"), *caches = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int length = -1;

    if (given) {
        return *given ? given : NULL;
    }
    if (caches && *caches == '/') {
        length = snprintf(path, PATH_MAX, "%s/uapi-patterns", caches);
    } else if (home && *home == '/') {
        length = snprintf(path, PATH_MAX, "%s/.cache/uapi-patterns", home);
    }
    return length > 0 && length < PATH_MAX ? path : NULL;
}

void uapi_scanners_cache(uapi_pattern_cache_report report, void *baton)
{
    char path[PATH_MAX];

    uapi_pattern_cache_use(cache_place(path), report ? report : note_cache, baton);
}

static int none_found(const uapi_cli *cli)
{
    return uapi_output_refuse_as(cli, uapi_reason_describe(UAPI_REASON_CONFIG_INVALID)->code,
                                 "there is no plugin in %s; name one with --plugin",
                                 apr_array_pstrcat(cli->pool, uapi_scanners_directories(cli->pool), ','));
}

apr_status_t uapi_scanners_load(const uapi_cli *cli, const char *path, uapi_plugin **plugin, uapi_result *result)
{
    return uapi_options_has(&cli->options, UAPI_OPTION_ISOLATED)
               ? uapi_isolation_load(plugin, path, NULL, NULL, NULL, cli->pool, result)
               : uapi_plugin_load(plugin, path, NULL, cli->pool, result);
}

int uapi_scanners_firewall(uapi_cli *cli, uapi_firewall **firewall, const apr_array_header_t **names)
{
    apr_array_header_t *paths = uapi_scanners_paths(cli);
    apr_array_header_t *scanners = apr_array_make(cli->pool, 8, sizeof(uapi_plugin *));
    apr_array_header_t *named = apr_array_make(cli->pool, 8, sizeof(const char *));
    uapi_result result = {0};
    uapi_policy *policy;
    uapi_plugin *plugin;
    int status = paths->nelts ? uapi_access_policy(cli, &policy) : none_found(cli);

    if (status != UAPI_EXIT_DONE) {
        return status;
    }
    uapi_scanners_log();
    for (int i = 0; i < paths->nelts; i++) {
        if (uapi_scanners_load(cli, APR_ARRAY_IDX(paths, i, const char *), &plugin, &result) != APR_SUCCESS ||
            uapi_plugin_start(plugin, cli->pool, &result) != APR_SUCCESS) {
            return uapi_output_refuse(cli, &result);
        }
        if (plugin->scanner) {
            APR_ARRAY_PUSH(scanners, uapi_plugin *) = plugin;
            APR_ARRAY_PUSH(named, const char *) = plugin->scanner->name;
        }
    }
    if (uapi_firewall_create(firewall, (uapi_plugin *const *)scanners->elts, (size_t)scanners->nelts, policy, cli->pool,
                             &result) != APR_SUCCESS) {
        return uapi_output_refuse(cli, &result);
    }
    *names = named;
    return UAPI_EXIT_DONE;
}
