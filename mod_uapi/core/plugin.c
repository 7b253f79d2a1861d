/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Loading in three steps, the cheap and harmless ones first: the file (nothing of it runs), the probe (it runs, but
 * elsewhere), the load itself. The probe and the load go through the same uapi_plugin_open, so what passes in
 * the one is what happens in the other.
 */
#include "plugin_internal.h"

#include <dlfcn.h>
#include <string.h>

#include <apr_strings.h>

#define ENTRY "uapi_plugin_entry"

/* ------------------------------------------------------------- opening */

static void enter(uapi_plugin_probe_page *page, const char *stage)
{
    if (page) {
        apr_cpystrn(page->stage, stage, sizeof(page->stage));
    }
}

#define REFUSE(...) uapi_fail(result, pool, APR_EINVAL, UAPI_REASON_CONFIG_INVALID, __VA_ARGS__)

/* What a file that has no entry function probably is: mod_foo.so of httpd exports foo_module. */
static const char *guess_kind(void *handle, const char *path, apr_pool_t *pool)
{
    const char *name = strrchr(path, '/') + 1;
    const char *dot = strrchr(name, '.');

    if (strncmp(name, "mod_", 4) == 0 && dot > name + 4 &&
        dlsym(handle, apr_psprintf(pool, "%.*s_module", (int)(dot - name - 4), name + 4))) {
        return "; it is an httpd module, which LoadModule loads";
    }
    return "; was the function compiled with UAPI_PLUGIN_EXPORT?";
}

static apr_status_t open_object(uapi_plugin_loaded *loaded, uapi_plugin_probe_page *page, apr_pool_t *pool,
                                uapi_result *result)
{
    const char *path = loaded->plugin.path;
    uapi_plugin_entry_function entry;

    enter(page, "dlopen (its constructors)");
    loaded->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!loaded->handle) {
        const char *why = dlerror();
        int httpd = why && strstr(why, "undefined symbol: ap_") != NULL;

        return REFUSE("it cannot be loaded: %s%s", why ? why : "dlopen failed",
                      httpd ? "; it needs httpd's own functions: is it an httpd module, for LoadModule?" : "");
    }
    *(void **)&entry = dlsym(loaded->handle, ENTRY);
    if (!entry) {
        return REFUSE("not a mod_uapi plugin: it does not export " ENTRY "()%s",
                      guess_kind(loaded->handle, path, pool));
    }
    enter(page, ENTRY);
    loaded->plugin.descriptor = entry();
    return uapi_plugin_check_descriptor(loaded->plugin.descriptor, pool, result);
}

static apr_status_t create_instance(uapi_plugin_loaded *loaded, uapi_plugin_probe_page *page, apr_pool_t *pool,
                                    uapi_result *result)
{
    uapi_plugin *plugin = &loaded->plugin;
    const char *unknown;

    loaded->asked = apr_pcalloc(pool, loaded->options ? (size_t)loaded->options->nelts + 1 : 1);
    loaded->host.size = sizeof(loaded->host);
    loaded->host.abi_minor = UAPI_ABI_MINOR;
    loaded->host.version = "mod_uapi 0.1.0";
    loaded->host.context = loaded;
    loaded->host.get_service = uapi_plugin_get_service;
    enter(page, "create");
    plugin->instance = plugin->descriptor->create(&loaded->host);
    if (!plugin->instance) {
        return REFUSE("%s refused to be created%s%s", plugin->descriptor->id, page && page->logged[0] ? ": " : "",
                      page ? page->logged : "");
    }
    unknown = uapi_plugin_unknown_option(loaded);
    loaded->asked = NULL;
    if (unknown) {
        return REFUSE("%s has no option called %s", plugin->descriptor->id, unknown);
    }
    enter(page, "get_interface");
    plugin->scanner = plugin->descriptor->get_interface(plugin->instance, UAPI_SCANNER_1);
    plugin->stream = plugin->descriptor->get_interface(plugin->instance, UAPI_SCANNER_STREAM_1);
    if (!plugin->scanner) {
        return REFUSE("%s has none of the interfaces that this host knows (" UAPI_SCANNER_1 ")%s",
                      plugin->descriptor->id,
                      plugin->stream ? "; " UAPI_SCANNER_STREAM_1 " needs it, for its rules" : "");
    }
    enter(page, "rules or patterns");
    return uapi_plugin_check_scanner(plugin, pool, result);
}

apr_status_t uapi_plugin_open(uapi_plugin_loaded *loaded, uapi_plugin_probe_page *page, apr_pool_t *pool,
                              uapi_result *result)
{
    apr_status_t status = open_object(loaded, page, pool, result);

    if (status == APR_SUCCESS) {
        status = create_instance(loaded, page, pool, result);
    }
    if (status != APR_SUCCESS) {
        uapi_plugin_close(loaded);
    }
    return status;
}

void uapi_plugin_close(uapi_plugin_loaded *loaded)
{
    if (loaded->plugin.instance) {
        loaded->plugin.descriptor->destroy(loaded->plugin.instance);
    }
    loaded->plugin.instance = NULL;
    loaded->plugin.scanner = NULL;
    loaded->plugin.stream = NULL;
    loaded->plugin.descriptor = NULL;
    loaded->asked = NULL;
    uapi_plugin_metrics_free(loaded);
    if (loaded->handle) {
        dlclose(loaded->handle);
    }
    loaded->handle = NULL;
}

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
    int32_t refused = plugin->descriptor->start ? plugin->descriptor->start(plugin->instance) : 0;

    if (refused) {
        return uapi_fail(result, pool, APR_EGENERAL, UAPI_REASON_INTERNAL, "plugin %s: %s refused to start (%d)",
                         plugin->path, plugin->descriptor->id, (int)refused);
    }
    apr_pool_cleanup_register(pool, plugin, stop_cleanup, apr_pool_cleanup_null);
    return APR_SUCCESS;
}
