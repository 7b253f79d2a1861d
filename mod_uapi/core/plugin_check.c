/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What a plugin hands out, before the host relies on it. The order matters: first that it is a plugin at all (the magic
 * stands at the same place for ever), then that both sides speak the same ABI, and only then the fields whose layout
 * that ABI defines. Each refusal says what was expected, what was found, and what to do.
 */
#include "plugin_internal.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#define MAX_NAME 128
#define MAX_PATTERNS 8192
#define MAGIC_HTTPD UINT32_C(0x41503234) /* "AP24": MODULE_MAGIC_COOKIE of httpd 2.4 */

static const char SMALL[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
static const char ID_CHARACTERS[] = "abcdefghijklmnopqrstuvwxyz0123456789_-.";

#define REFUSE(...) uapi_fail(result, pool, APR_EINVAL, UAPI_REASON_CONFIG_INVALID, __VA_ARGS__)

static int is_name(const char *text, const char *characters)
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

/* While the major is 0 a minor may change anything, so it must be the host's own. */
static apr_status_t check_version(const uapi_plugin_descriptor *descriptor, apr_pool_t *pool, uapi_result *result)
{
    uint32_t major = descriptor->abi_major, minor = descriptor->host_minor_min;

    if (major == UAPI_ABI_MAJOR && minor == UAPI_ABI_MINOR) {
        return APR_SUCCESS;
    }
    if (major == UAPI_ABI_MAJOR && minor < UAPI_ABI_MINOR && UAPI_ABI_MAJOR > 0) {
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

    if (!is_name(descriptor->id, ID_CHARACTERS) || !strchr(descriptor->id, '.')) {
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
    if (descriptor->size < sizeof(*descriptor)) {
        return REFUSE(
            "its descriptor says that it has %u bytes, expected at least %u; is size set to sizeof(descriptor)?",
            descriptor->size, (unsigned)sizeof(*descriptor));
    }
    return check_members(descriptor, pool, result);
}

static const char *pattern_fault(const uapi_pattern *pattern)
{
    const uint32_t flags = UAPI_PATTERN_CASELESS | UAPI_PATTERN_DOTALL | UAPI_PATTERN_MULTILINE | UAPI_PATTERN_UTF8;

    if (!is_name(pattern->rule, SMALL)) {
        return "its rule is not a name of small letters, digits and _";
    }
    if (!pattern->regex || !pattern->regex[0]) {
        return "it has no regex";
    }
    if (pattern->severity < UAPI_SEVERITY_LOW || pattern->severity > UAPI_SEVERITY_CRITICAL) {
        return "its severity is none of uapi_severity";
    }
    if (!pattern->directions || (pattern->directions & ~(uint32_t)UAPI_DIRECTION_BOTH)) {
        return "its directions are no set of uapi_direction";
    }
    return pattern->flags & ~flags ? "it has flags that this host does not know" : NULL;
}

static apr_status_t check_patterns(const uapi_scanner_1 *scanner, const uapi_pattern *patterns, uint32_t count,
                                   apr_pool_t *pool, uapi_result *result)
{
    apr_hash_t *seen = apr_hash_make(pool);
    uint32_t i;

    if (patterns[0].size != sizeof(*patterns)) { /* in a table the size is also the stride */
        return REFUSE("scanner %s: a pattern says that it has %u bytes, expected %u", scanner->name, patterns[0].size,
                      (unsigned)sizeof(*patterns));
    }
    for (i = 0; i < count; i++) {
        const uapi_pattern *pattern = &patterns[i];
        const char *fault = pattern->size == sizeof(*pattern) ? pattern_fault(pattern)
                                                              : "its size differs from the first's";

        if (!fault && apr_hash_get(seen, pattern->rule, APR_HASH_KEY_STRING)) {
            fault = "its rule occurs twice";
        }
        if (fault) {
            return REFUSE("scanner %s: pattern %u (%s): %s", scanner->name, i,
                          is_name(pattern->rule, SMALL) ? pattern->rule : "?", fault);
        }
        apr_hash_set(seen, pattern->rule, APR_HASH_KEY_STRING, pattern);
    }
    return APR_SUCCESS;
}

apr_status_t uapi_plugin_check_scanner(const uapi_scanner_1 *scanner, void *instance, apr_pool_t *pool,
                                       uapi_result *result)
{
    const uapi_pattern *patterns;
    uint32_t count = 0;

    if (!is_name(scanner->name, SMALL)) {
        return REFUSE("its scanner's name is not one of small letters, digits and _");
    }
    if (!scanner->patterns) {
        return REFUSE("scanner %s has no patterns() function (NULL)", scanner->name);
    }
    patterns = scanner->patterns(instance, &count);
    if (!patterns || count == 0 || count > MAX_PATTERNS) {
        return REFUSE("scanner %s hands out %u patterns, expected 1 to %u", scanner->name, patterns ? count : 0,
                      MAX_PATTERNS);
    }
    return check_patterns(scanner, patterns, count, pool, result);
}
