/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * From a file to a checked instance, and back. The probe, the load itself and a helper process (host/) go through this, so
 * what passes in the one is what happens in the others.
 */
#include "plugin_internal.h"

#include <dlfcn.h>
#include <string.h>

#include <apr_strings.h>

#define ENTRY "uapi_plugin_entry"

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
    loaded->handle = dlopen(loaded->object ? loaded->object : path, RTLD_NOW | RTLD_LOCAL);
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
