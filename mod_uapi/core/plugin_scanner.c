/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The tables of a scanner. A record is as long as the plugin that wrote it knew it to be: shorter than the host's if
 * the plugin is older, longer if it was made with a newer header. So a table is walked by the size that its records
 * tell, and copied into records of this host before anyone relies on it.
 */
#include "plugin_internal.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#define MAX_RECORDS 8192
#define MAX_RECORD_SIZE 4096
#define MAX_STATE 65536
#define MAX_STREAM_STATE 16384
#define ALL_VIEWS \
    ((uint32_t)(UAPI_VIEW_PLAIN | UAPI_VIEW_FOLDED | UAPI_VIEW_DECODED | UAPI_VIEW_SHELL | UAPI_VIEW_JOINED))

static const char SMALL[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

#define REFUSE(...) uapi_fail(result, pool, APR_EINVAL, UAPI_REASON_CONFIG_INVALID, __VA_ARGS__)

/* What the records of 1.0 have; the host's own may have grown since. */
static const size_t LEAST_RULE = offsetof(uapi_rule, title) + sizeof(const char *);
static const size_t LEAST_PATTERN = offsetof(uapi_pattern, regex) + sizeof(const char *);

/* ------------------------------------------------------------- tables of records that carry their size */

static uint32_t record_size(const void *record)
{
    return *(const uint32_t *)record;
}

static const void *record_at(const void *table, uint32_t index)
{
    return (const char *)table + (size_t)index * record_size(table);
}

static apr_status_t check_sizes(const uapi_scanner_1 *scanner, const char *kind, const void *table, uint32_t count,
                                size_t least, apr_pool_t *pool, uapi_result *result)
{
    uint32_t size = record_size(table), i;

    if (size < least || size > MAX_RECORD_SIZE || size % sizeof(void *) != 0) {
        return REFUSE("scanner %s: a %s says that it has %u bytes, expected %u", scanner->name, kind, size,
                      (unsigned)least);
    }
    for (i = 1; i < count; i++) {
        if (record_size(record_at(table, i)) != size) {
            return REFUSE("scanner %s: %s %u: its size differs from the first's", scanner->name, kind, i);
        }
    }
    return APR_SUCCESS;
}

static void *copy_table(const void *table, uint32_t count, size_t own_size, apr_pool_t *pool)
{
    char *copy = apr_pcalloc(pool, own_size * count + 1);
    uint32_t i;

    for (i = 0; i < count; i++) {
        size_t size = record_size(table);

        memcpy(copy + i * own_size, record_at(table, i), size < own_size ? size : own_size);
    }
    return copy;
}

void uapi_plugin_scanner_tables(uapi_plugin_tables *tables, const uapi_plugin *plugin, apr_pool_t *pool)
{
    const uapi_scanner_1 *scanner = plugin->scanner;
    const void *rules, *patterns;

    memset(tables, 0, sizeof(*tables));
    rules = scanner->rules(plugin->instance, &tables->rule_count);
    patterns = scanner->patterns ? scanner->patterns(plugin->instance, &tables->pattern_count) : NULL;
    tables->rules = copy_table(rules, tables->rule_count, sizeof(uapi_rule), pool);
    tables->pattern_count = patterns ? tables->pattern_count : 0;
    tables->patterns = copy_table(patterns, tables->pattern_count, sizeof(uapi_pattern), pool);
}

/* ------------------------------------------------------------- rules */

static const char *rule_fault(const uapi_rule *rule, apr_hash_t *seen)
{
    if (!uapi_plugin_is_name(rule->id, SMALL)) {
        return "its id is not a name of small letters, digits and _";
    }
    if (apr_hash_get(seen, rule->id, APR_HASH_KEY_STRING)) {
        return "its id occurs twice";
    }
    if (rule->severity < UAPI_SEVERITY_LOW || rule->severity > UAPI_SEVERITY_CRITICAL) {
        return "its severity is none of uapi_severity";
    }
    if (!rule->directions || (rule->directions & ~(uint32_t)UAPI_DIRECTION_BOTH)) {
        return "its directions are no set of uapi_direction";
    }
    if (rule->request_action > UAPI_DEFAULT_BLOCK || rule->response_action > UAPI_DEFAULT_BLOCK) {
        return "its default action is none of uapi_default_action that this host knows";
    }
    return rule->reserved ? "its reserved field is not 0" : NULL;
}

static apr_status_t check_rules(const uapi_scanner_1 *scanner, const uapi_rule *rules, uint32_t count, apr_pool_t *pool,
                                uapi_result *result)
{
    apr_hash_t *seen = apr_hash_make(pool);
    apr_status_t status;
    uint32_t i;

    if (!rules || count == 0 || count > MAX_RECORDS) {
        return REFUSE("scanner %s hands out %u rules, expected 1 to %u", scanner->name, rules ? count : 0, MAX_RECORDS);
    }
    status = check_sizes(scanner, "rule", rules, count, LEAST_RULE, pool, result);
    for (i = 0; i < count && status == APR_SUCCESS; i++) {
        const uapi_rule *rule = record_at(rules, i);
        const char *fault = rule_fault(rule, seen);

        if (fault) {
            return REFUSE("scanner %s: rule %u (%s): %s", scanner->name, i,
                          uapi_plugin_is_name(rule->id, SMALL) ? rule->id : "?", fault);
        }
        apr_hash_set(seen, rule->id, APR_HASH_KEY_STRING, rule);
    }
    return status;
}

/* ------------------------------------------------------------- patterns */

static const char *pattern_fault(const uapi_pattern *pattern, uint32_t rule_count)
{
    const uint32_t flags = UAPI_PATTERN_CASELESS | UAPI_PATTERN_DOTALL | UAPI_PATTERN_MULTILINE | UAPI_PATTERN_UTF8 |
                           UAPI_PATTERN_OTHER_RULES;

    if (pattern->rule >= rule_count) {
        return "its rule is no index in the table of rules";
    }
    if (!pattern->regex || !pattern->regex[0]) {
        return "it has no regex";
    }
    if (pattern->views & ~ALL_VIEWS) {
        return "it has views that this host does not know";
    }
    return pattern->flags & ~flags ? "it has flags that this host does not know" : NULL;
}

static apr_status_t check_patterns(const uapi_scanner_1 *scanner, const uapi_pattern *patterns, uint32_t count,
                                   uint32_t rule_count, apr_pool_t *pool, uapi_result *result)
{
    apr_status_t status;
    uint32_t i;

    if (!patterns || count == 0) {
        return scanner->scan ? APR_SUCCESS
                             : REFUSE("scanner %s has neither patterns nor a scan() function", scanner->name);
    }
    if (count > MAX_RECORDS) {
        return REFUSE("scanner %s hands out %u patterns, expected at most %u", scanner->name, count, MAX_RECORDS);
    }
    status = check_sizes(scanner, "pattern", patterns, count, LEAST_PATTERN, pool, result);
    for (i = 0; i < count && status == APR_SUCCESS; i++) {
        const char *fault = pattern_fault(record_at(patterns, i), rule_count);

        if (fault) {
            return REFUSE("scanner %s: pattern %u: %s", scanner->name, i, fault);
        }
    }
    return status;
}

static apr_status_t check_interfaces(const uapi_scanner_1 *scanner, const uapi_scanner_stream_1 *stream,
                                     apr_pool_t *pool, uapi_result *result)
{
    if (!uapi_plugin_is_name(scanner->name, SMALL)) {
        return REFUSE("its scanner's name is not one of small letters, digits and _");
    }
    if (!scanner->rules) {
        return REFUSE("scanner %s has no rules() function (NULL)", scanner->name);
    }
    if (scanner->state_size > MAX_STATE) {
        return REFUSE("scanner %s wants %u bytes of state for a text, expected at most %u", scanner->name,
                      scanner->state_size, MAX_STATE);
    }
    if (scanner->scan_views & ~ALL_VIEWS) {
        return REFUSE("scanner %s: its scan_views has views that this host does not know", scanner->name);
    }
    if (stream && (!stream->feed || stream->state_size > MAX_STREAM_STATE || stream->reserved)) {
        return REFUSE("scanner %s: its " UAPI_SCANNER_STREAM_1 " has no feed() (NULL), more than %u bytes of state, or "
                      "a reserved field that is not 0",
                      scanner->name, MAX_STREAM_STATE);
    }
    return APR_SUCCESS;
}

apr_status_t uapi_plugin_check_scanner(const uapi_plugin *plugin, apr_pool_t *pool, uapi_result *result)
{
    const uapi_scanner_1 *scanner = plugin->scanner;
    const uapi_pattern *patterns;
    const uapi_rule *rules;
    uint32_t rule_count = 0, count = 0;
    apr_status_t status;

    status = check_interfaces(scanner, plugin->stream, pool, result);
    if (status != APR_SUCCESS) {
        return status;
    }
    rules = scanner->rules(plugin->instance, &rule_count);
    status = check_rules(scanner, rules, rule_count, pool, result);
    if (status != APR_SUCCESS) {
        return status;
    }
    patterns = scanner->patterns ? scanner->patterns(plugin->instance, &count) : NULL;
    return check_patterns(scanner, patterns, count, rule_count, pool, result);
}
