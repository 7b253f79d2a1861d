/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What a plugin hands out, before the host relies on it. The order matters: first that it is a plugin at all (the magic
 * stands at the same place for ever), then that both sides speak the same ABI, and only then the fields whose layout
 * that ABI defines. Each refusal says what was expected, what was found, and what to do.
 */
#include "plugin_internal.h"

#include <string.h>

#define MAX_NAME 128
#define MAGIC_HTTPD UINT32_C(0x41503234) /* "AP24": MODULE_MAGIC_COOKIE of httpd 2.4 */

static const char ID_CHARACTERS[] = "abcdefghijklmnopqrstuvwxyz0123456789_-.";

/* What a descriptor of 1.0 has; the host's own may have grown since. */
static const size_t LEAST_DESCRIPTOR = offsetof(uapi_plugin_descriptor, get_interface) + sizeof(void (*)(void));

#define REFUSE(...) uapi_fail(result, pool, APR_EINVAL, UAPI_REASON_CONFIG_INVALID, __VA_ARGS__)

int uapi_plugin_is_name(const char *text, const char *characters)
{
    size_t length = text ? strnlen(text, MAX_NAME + 1) : 0;

    return length > 0 && length <= MAX_NAME && strspn(text, characters) == length;
}

static apr_status_t check_magic(uint32_t magic, apr_pool_t *pool, uapi_result *result)
{
    if (magic == UAPI_PLUGIN_MAGIC) {
        return APR_SUCCESS;
    }
    return REFUSE("not a mod_uapi plugin: its descriptor has magic 0x%08x, expected 0x%08x%s", magic, UAPI_PLUGIN_MAGIC,
                  magic == MAGIC_HTTPD ? "; it is an httpd module, which LoadModule loads" : "");
}

/* A minor version only adds, so an older plugin has all that it knows. */
static apr_status_t check_version(const uapi_plugin_descriptor *descriptor, apr_pool_t *pool, uapi_result *result)
{
    uint32_t major = descriptor->abi_major, minor = descriptor->host_minor_min;

    if (major == UAPI_ABI_MAJOR && minor <= UAPI_ABI_MINOR) {
        return APR_SUCCESS;
    }
    return REFUSE("made for plugin ABI %u.%u, this host has %u.%u; %s", major, minor, UAPI_ABI_MAJOR, UAPI_ABI_MINOR,
                  major > UAPI_ABI_MAJOR || (major == UAPI_ABI_MAJOR && minor > UAPI_ABI_MINOR)
                      ? "update mod_uapi, or use an older build of the plugin"
                      : "rebuild the plugin against this host's uapi_plugin.h");
}

static apr_status_t check_members(const uapi_plugin_descriptor *descriptor, apr_pool_t *pool, uapi_result *result)
{
    const struct {
        const char *name;
        int present;
    } members[] = {
        {"name", descriptor->name != NULL},       {"version", descriptor->version != NULL},
        {"vendor", descriptor->vendor != NULL},   {"create", descriptor->create != NULL},
        {"destroy", descriptor->destroy != NULL}, {"get_interface", descriptor->get_interface != NULL},
    };
    size_t i;

    if (!uapi_plugin_is_name(descriptor->id, ID_CHARACTERS) || !strchr(descriptor->id, '.')) {
        return REFUSE("its descriptor's id is not a reverse domain name in small letters, such as org.example.scanner");
    }
    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (!members[i].present) {
            return REFUSE("its descriptor has no %s (NULL)", members[i].name);
        }
    }
    return APR_SUCCESS;
}

apr_status_t uapi_plugin_check_descriptor(const uapi_plugin_descriptor *descriptor, apr_pool_t *pool,
                                          uapi_result *result)
{
    apr_status_t status;

    if (!descriptor) {
        return REFUSE("uapi_plugin_entry() returned NULL instead of a descriptor");
    }
    status = check_magic(descriptor->magic, pool, result);
    if (status == APR_SUCCESS) {
        status = check_version(descriptor, pool, result);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    if (descriptor->size < LEAST_DESCRIPTOR) {
        return REFUSE(
            "its descriptor says that it has %u bytes, expected at least %u; is size set to sizeof(descriptor)?",
            descriptor->size, (unsigned)LEAST_DESCRIPTOR);
    }
    return check_members(descriptor, pool, result);
}
