/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* What stands behind the path in a UapiPlugin directive: a pin, words for the host, and key=value for the plugin. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "httpd.h"

#include "http_config.h"

#include <apr_strings.h>

#include "config.h"

static int is_hex_digest(const char *text)
{
    return strlen(text) == 64 && strspn(text, "0123456789abcdefABCDEF") == 64;
}

/* "100ms", "2s"; 0: it is none. */
static unsigned milliseconds_in(const char *value)
{
    char *unit;
    unsigned long number = isdigit((unsigned char)value[0]) ? strtoul(value, &unit, 10) : 0;
    if (number == 0 || number > UAPI_ISOLATION_MOST_TIME) {
        return 0;
    }
    if (strcmp(unit, "ms") == 0) {
        return (unsigned)number;
    }
    return strcmp(unit, "s") == 0 && number <= UAPI_ISOLATION_MOST_TIME / 1000 ? (unsigned)number * 1000 : 0;
}

/* "256M", "1G"; 0: it is none. */
static apr_size_t memory_in(const char *value)
{
    char *unit;
    apr_size_t number = isdigit((unsigned char)value[0]) ? strtoul(value, &unit, 10) : 0;
    apr_size_t scale = number != 0 && strcmp(unit, "M") == 0   ? (apr_size_t)1 << 20
                       : number != 0 && strcmp(unit, "G") == 0 ? (apr_size_t)1 << 30
                                                               : 0;
    if (scale == 0 || number > UAPI_ISOLATION_MOST_MEMORY / scale || number * scale < UAPI_ISOLATION_LEAST_MEMORY) {
        return 0;
    }
    return number * scale;
}

/* Words that the host keeps for itself. */
static const char *set_host_word(cmd_parms *cmd, uapi_plugin_directive *plugin, const char *key, const char *value)
{
    if (strcmp(key, "isolation") == 0) {
        if (plugin->isolation != NULL || (strcmp(value, "process") != 0 && strcmp(value, "none") != 0)) {
            return apr_psprintf(cmd->pool, "UapiPlugin %s: isolation is process or none, once, not '%s'", plugin->path,
                                value);
        }
        plugin->isolation = value;
        return NULL;
    }
    if (strcmp(key, "uapi_timeout") == 0) {
        if (plugin->limits.milliseconds != 0 || (plugin->limits.milliseconds = milliseconds_in(value)) == 0) {
            return apr_psprintf(cmd->pool, "UapiPlugin %s: uapi_timeout is a time of 1ms to 60s, once, not '%s'",
                                plugin->path, value);
        }
        return NULL;
    }
    if (strcmp(key, "uapi_memory") == 0) {
        if (plugin->limits.memory != 0 || (plugin->limits.memory = memory_in(value)) == 0) {
            return apr_psprintf(cmd->pool, "UapiPlugin %s: uapi_memory is a size of 16M to 64G, once, not '%s'",
                                plugin->path, value);
        }
        return NULL;
    }
    return apr_psprintf(cmd->pool, "UapiPlugin %s: '%s' is not for plugins, and means nothing to this version",
                        plugin->path, key);
}

/* NULL, or why it is no key of a plugin's. */
static const char *key_fault(const char *key, const apr_array_header_t *options)
{
    if (strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(key) || key[0] < 'a') {
        return "is no key: a-z 0-9 _, a letter first";
    }
    for (int i = 0; options != NULL && i < options->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(options, i, uapi_plugin_option).key, key) == 0) {
            return "is given twice";
        }
    }
    return NULL;
}

/* One word behind the path: a pin, or key=value for the plugin. */
const char *uapi_config_plugin_word(cmd_parms *cmd, uapi_plugin_directive *plugin, const char *word)
{
    const char *equals = strchr(word, '='), *fault;
    uapi_plugin_option option;
    if (strncmp(word, "sha256:", 7) == 0 || equals == NULL) {
        if (plugin->sha256 != NULL || strncmp(word, "sha256:", 7) != 0 || !is_hex_digest(word + 7)) {
            return apr_psprintf(cmd->pool,
                                "UapiPlugin %s: expected key=value, or one pin of sha256: and 64 hex digits, not '%s'",
                                plugin->path, word);
        }
        plugin->sha256 = word + 7;
        return NULL;
    }
    option.key = apr_pstrmemdup(cmd->pool, word, (apr_size_t)(equals - word));
    option.value = equals + 1;
    if (strcmp(option.key, "isolation") == 0 || strncmp(option.key, "uapi_", 5) == 0) {
        return set_host_word(cmd, plugin, option.key, option.value);
    }
    fault = key_fault(option.key, plugin->options);
    if (fault != NULL) {
        return apr_psprintf(cmd->pool, "UapiPlugin %s: '%s' %s", plugin->path, option.key, fault);
    }
    if (plugin->options == NULL) {
        plugin->options = apr_array_make(cmd->pool, 4, sizeof(uapi_plugin_option));
    }
    *(uapi_plugin_option *)apr_array_push(plugin->options) = option;
    return NULL;
}

const char *uapi_config_plugin_check(cmd_parms *cmd, const uapi_plugin_directive *plugin)
{
    if ((plugin->limits.milliseconds != 0 || plugin->limits.memory != 0) && !uapi_config_plugin_isolated(plugin)) {
        return apr_psprintf(cmd->pool, "UapiPlugin %s: uapi_timeout and uapi_memory are for isolation=process",
                            plugin->path);
    }
    return NULL;
}

int uapi_config_plugin_isolated(const uapi_plugin_directive *plugin)
{
    return plugin->isolation != NULL && strcmp(plugin->isolation, "process") == 0;
}
