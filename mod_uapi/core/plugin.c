/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Loading in three steps, the cheap and harmless ones first: the file (nothing of it runs), the probe (it runs, but
 * elsewhere), the load itself. The probe and the load go through the same uapi_plugin_open, so what passes in
 * the one is what happens in the other.
 */
#include "isolation.h"
#include "plugin_internal.h"

#include <apr_strings.h>

static apr_status_t close_cleanup(void *data)
{
    uapi_plugin_close(data);
    return APR_SUCCESS;
}

apr_status_t uapi_plugin_load(uapi_plugin **plugin, const char *path, const char *sha256, apr_pool_t *pool,
                              uapi_result *result)
{
    return uapi_plugin_load_configured(plugin, path, sha256, NULL, pool, result);
}

apr_status_t uapi_plugin_load_configured(uapi_plugin **plugin, const char *path, const char *sha256,
                                         const apr_array_header_t *options, apr_pool_t *pool, uapi_result *result)
{
    uapi_plugin_loaded *loaded;
    uapi_result inner = {0};
    const char *digest;
    apr_status_t status;

    *plugin = NULL;
    status = uapi_plugin_check_file(path, sha256, &digest, pool, result);
    if (status == APR_SUCCESS) {
        status = uapi_plugin_probe(path, options, pool, result);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    loaded = apr_pcalloc(pool, sizeof(*loaded));
    loaded->plugin.path = apr_pstrdup(pool, path);
    loaded->plugin.sha256 = digest;
    loaded->options = options;
    status = uapi_plugin_open(loaded, NULL, pool, &inner);
    if (status != APR_SUCCESS) {
        return uapi_fail(result, pool, status, inner.reason, "plugin %s: %s", path, inner.detail);
    }
    apr_pool_cleanup_register(pool, loaded, close_cleanup, apr_pool_cleanup_null);
    *plugin = &loaded->plugin;
    return APR_SUCCESS;
}

/* ------------------------------------------------------------- starting */

static apr_status_t stop_cleanup(void *data)
{
    uapi_plugin *plugin = data;

    if (plugin->descriptor && plugin->descriptor->stop) {
        plugin->descriptor->stop(plugin->instance);
    }
    return APR_SUCCESS;
}

apr_status_t uapi_plugin_start(uapi_plugin *plugin, apr_pool_t *pool, uapi_result *result)
{
    int32_t refused;

    if (plugin->isolation) {
        return uapi_isolation_start(plugin, pool, result);
    }
    refused = plugin->descriptor->start ? plugin->descriptor->start(plugin->instance) : 0;

    if (refused) {
        return uapi_fail(result, pool, APR_EGENERAL, UAPI_REASON_INTERNAL, "plugin %s: %s refused to start (%d)",
                         plugin->path, plugin->descriptor->id, (int)refused);
    }
    apr_pool_cleanup_register(pool, plugin, stop_cleanup, apr_pool_cleanup_null);
    return APR_SUCCESS;
}
