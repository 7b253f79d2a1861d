/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Compiling: the patterns of all scanners become one libhs database, and what the Firewall documents say becomes two
 * bytes a rule and one a pattern (firewall_actions.c), so that nothing of the configuration is looked at while a text
 * is scanned. Patterns are compiled with HS_FLAG_SOM_LEFTMOST; a pattern for which libhs cannot keep the start is an error of its plugin, told with rule
 * and reason, because a finding without a start could not be redacted.
 */
#include "firewall_internal.h"

#include "pattern_cache.h"
#include "views.h"

#include <stdatomic.h>
#include <string.h>

#include <apr_strings.h>

#define REFUSE(...) uapi_fail(result, pool, APR_EINVAL, UAPI_REASON_CONFIG_INVALID, __VA_ARGS__)

#define DEFAULT_VIEWS (UAPI_VIEW_PLAIN | UAPI_VIEW_FOLDED | UAPI_VIEW_DECODED | UAPI_VIEW_JOINED)
#define STATE_ALIGNMENT _Alignof(max_align_t)

static atomic_uint_fast64_t last_serial;

static const struct {
    uint32_t flag;
    unsigned libhs;
} flag_map[] = {
    {UAPI_PATTERN_CASELESS, HS_FLAG_CASELESS},
    {UAPI_PATTERN_DOTALL, HS_FLAG_DOTALL},
    {UAPI_PATTERN_MULTILINE, HS_FLAG_MULTILINE},
    {UAPI_PATTERN_UTF8, HS_FLAG_UTF8 | HS_FLAG_UCP},
};

static unsigned libhs_flags(uint32_t flags)
{
    unsigned out = HS_FLAG_SOM_LEFTMOST;
    size_t i;

    for (i = 0; i < sizeof(flag_map) / sizeof(flag_map[0]); i++) {
        if (flags & flag_map[i].flag) {
            out |= flag_map[i].libhs;
        }
    }
    return out;
}

/* ------------------------------------------------------------- gathering rules and patterns */

static apr_status_t check_names(uapi_plugin *const *scanners, size_t count, apr_pool_t *pool, uapi_result *result)
{
    size_t i, j;

    for (i = 0; i < count; i++) {
        for (j = 0; j < i; j++) {
            if (strcmp(scanners[i]->scanner->name, scanners[j]->scanner->name) == 0) {
                return REFUSE("plugins %s and %s both have a scanner named %s; load one of them", scanners[j]->path,
                              scanners[i]->path, scanners[i]->scanner->name);
            }
        }
    }
    return APR_SUCCESS;
}

/* What a rule does where nothing is configured. */
static uint8_t default_action(uint32_t advised, uapi_action otherwise)
{
    static const uapi_action actions[] = {
        [UAPI_DEFAULT_IGNORE] = UAPI_ACTION_ALLOW,  [UAPI_DEFAULT_LOG] = UAPI_ACTION_LOG,
        [UAPI_DEFAULT_REDACT] = UAPI_ACTION_REDACT, [UAPI_DEFAULT_APPROVE] = UAPI_ACTION_APPROVE,
        [UAPI_DEFAULT_BLOCK] = UAPI_ACTION_BLOCK,
    };

    return (uint8_t)(advised == UAPI_DEFAULT_HOST ? otherwise : actions[advised]);
}

static void add_rule(uapi_firewall *firewall, const uapi_rule *rule, uint32_t scanner, apr_pool_t *pool)
{
    uapi_firewall_rule *entry = &firewall->rules[firewall->rule_count++];

    entry->name = apr_pstrcat(pool, firewall->scanners[scanner].table->name, ".", rule->id, NULL);
    entry->title = rule->title;
    entry->scanner = scanner;
    entry->severity = (uint8_t)rule->severity;
    entry->directions = (uint8_t)rule->directions;
    entry->action[UAPI_FIREWALL_REQUEST] = default_action(rule->request_action, UAPI_ACTION_BLOCK);
    entry->action[UAPI_FIREWALL_RESPONSE] = default_action(rule->response_action, UAPI_ACTION_REDACT);
}

static void add_pattern(uapi_firewall *firewall, uapi_expressions *all, const uapi_pattern *pattern, uint32_t index,
                        uint32_t scanner)
{
    uapi_firewall_pattern *entry = &firewall->patterns[all->count];

    entry->rule = firewall->scanners[scanner].first_rule + pattern->rule;
    entry->index = index;
    entry->scanner = scanner;
    entry->views = (uint8_t)(pattern->views ? pattern->views : DEFAULT_VIEWS);
    entry->live = pattern->flags & UAPI_PATTERN_OTHER_RULES ? UAPI_DIRECTION_BOTH : 0;
    firewall->needs_utf8 |= (pattern->flags & UAPI_PATTERN_UTF8) != 0;
    all->regex[all->count] = pattern->regex;
    all->flags[all->count] = libhs_flags(pattern->flags);
    all->ids[all->count] = all->count;
    all->count++;
}

static void add_scanner(uapi_firewall *firewall, uapi_expressions *all, const uapi_plugin *plugin,
                        const uapi_plugin_tables *tables, apr_pool_t *pool)
{
    uint32_t index = firewall->scanner_count++, i;
    uapi_firewall_scanner *scanner = &firewall->scanners[index];

    scanner->plugin = plugin;
    scanner->table = plugin->scanner;
    scanner->instance = plugin->instance;
    scanner->first_rule = firewall->rule_count;
    scanner->rule_count = tables->rule_count;
    scanner->state_at = firewall->state_bytes;
    scanner->scan_views = plugin->scanner->scan_views ? plugin->scanner->scan_views : UAPI_VIEW_PLAIN;
    firewall->state_bytes += APR_ALIGN(plugin->scanner->state_size, STATE_ALIGNMENT);
    firewall->whole += plugin->scanner->scan != NULL;
    firewall->streams += plugin->stream != NULL;
    for (i = 0; i < tables->rule_count; i++) {
        add_rule(firewall, &tables->rules[i], index, pool);
    }
    for (i = 0; i < tables->pattern_count; i++) {
        add_pattern(firewall, all, &tables->patterns[i], i, index);
    }
}

static void gather(uapi_firewall *firewall, uapi_expressions *all, uapi_plugin *const *scanners, size_t count,
                   apr_pool_t *pool)
{
    uapi_plugin_tables *tables = apr_pcalloc(pool, (count + 1) * sizeof(*tables));
    uint32_t rules = 0;
    size_t s;

    for (s = 0; s < count; s++) {
        uapi_plugin_scanner_tables(&tables[s], scanners[s], pool);
        rules += tables[s].rule_count;
        firewall->count += tables[s].pattern_count;
    }
    firewall->scanners = apr_pcalloc(pool, (count + 1) * sizeof(*firewall->scanners));
    firewall->rules = apr_pcalloc(pool, (rules + 1) * sizeof(*firewall->rules));
    firewall->patterns = apr_pcalloc(pool, (firewall->count + 1) * sizeof(*firewall->patterns));
    all->regex = apr_pcalloc(pool, (firewall->count + 1) * sizeof(*all->regex));
    all->flags = apr_pcalloc(pool, (firewall->count + 1) * sizeof(*all->flags));
    all->ids = apr_pcalloc(pool, (firewall->count + 1) * sizeof(*all->ids));
    for (s = 0; s < count; s++) {
        add_scanner(firewall, all, scanners[s], &tables[s], pool);
    }
}

/* ------------------------------------------------------------- the database */

static apr_status_t free_database(void *data)
{
    hs_free_database(((uapi_firewall *)data)->database);
    return APR_SUCCESS;
}

static apr_status_t refuse_expression(const uapi_firewall *firewall, const uapi_expressions *all,
                                      hs_compile_error_t *error, apr_pool_t *pool, uapi_result *result)
{
    const char *message = apr_pstrdup(pool, error->message);
    int index = error->expression;

    hs_free_compile_error(error);
    if (index < 0 || (uint32_t)index >= firewall->count) {
        return REFUSE("the scanners' patterns do not compile together: %s", message);
    }
    return REFUSE("plugin %s: the pattern of rule %s does not compile: %s (%s)",
                  firewall->scanners[firewall->patterns[index].scanner].plugin->path,
                  firewall->rules[firewall->patterns[index].rule].name, message, all->regex[index]);
}

static apr_status_t compile(uapi_firewall *firewall, const uapi_expressions *all, apr_pool_t *pool, uapi_result *result)
{
    hs_compile_error_t *error = NULL;

    if (all->count == 0) {
        return APR_SUCCESS;
    }
    if (hs_valid_platform() != HS_SUCCESS) {
        return uapi_fail(result, pool, APR_ENOTIMPL, UAPI_REASON_CONFIG_INVALID,
                         "this processor lacks instructions that libhs %s needs (SSE4.2 on x86, NEON on ARM)",
                         hs_version());
    }
    if (uapi_pattern_cache_compile(all, &firewall->database, &error) != HS_SUCCESS) {
        return refuse_expression(firewall, all, error, pool, result);
    }
    apr_pool_cleanup_register(pool, firewall, free_database, apr_pool_cleanup_null);
    return APR_SUCCESS;
}

/* Packs are scanners like any other, behind the plugins. */
static uapi_plugin *const *add_packs(uapi_plugin *const *scanners, size_t *count, const uapi_policy *policy,
                                     apr_pool_t *pool)
{
    const apr_array_header_t *packs = policy ? uapi_policy_packs(policy) : NULL;
    uapi_plugin **all;

    if (!packs || packs->nelts == 0) {
        return scanners;
    }
    all = apr_palloc(pool, (*count + (size_t)packs->nelts) * sizeof(*all));
    if (*count > 0) {
        memcpy(all, scanners, *count * sizeof(*all));
    }
    memcpy(all + *count, packs->elts, (size_t)packs->nelts * sizeof(*all));
    *count += (size_t)packs->nelts;
    return all;
}

apr_status_t uapi_firewall_create(uapi_firewall **firewall, uapi_plugin *const *scanners, size_t count,
                                  const uapi_policy *policy, apr_pool_t *pool, uapi_result *result)
{
    uapi_firewall *made = apr_pcalloc(pool, sizeof(*made));
    uapi_expressions all = {0};
    apr_status_t status;

    *firewall = NULL;
    uapi_views_init();
    scanners = add_packs(scanners, &count, policy, pool);
    made->serial = atomic_fetch_add(&last_serial, 1) + 1;
    made->mode = UAPI_MODE_ENFORCE;
    status = check_names(scanners, count, pool, result);
    if (status != APR_SUCCESS) {
        return status;
    }
    gather(made, &all, scanners, count, pool);
    made->regex = all.regex;
    made->flags = all.flags;
    status = uapi_firewall_apply_policy(made, policy, pool, result);
    if (status == APR_SUCCESS) {
        status = compile(made, &all, pool, result);
    }
    if (status == APR_SUCCESS) {
        *firewall = made;
    }
    return status;
}

uapi_mode uapi_firewall_mode(const uapi_firewall *firewall)
{
    return firewall->mode;
}

size_t uapi_firewall_pattern_count(const uapi_firewall *firewall)
{
    return firewall->count;
}

const char *uapi_severity_name(uapi_severity severity)
{
    static const char *const names[] = {"none", "low", "medium", "high", "critical"};

    return names[(unsigned)severity < sizeof(names) / sizeof(names[0]) ? (unsigned)severity : 0];
}

void uapi_firewall_set_patience(uapi_firewall *firewall, apr_interval_time_t patience)
{
    firewall->patience = patience;
}

uapi_reason uapi_firewall_overload_reason(int overload, const char **detail)
{
    int late = (overload & UAPI_FIREWALL_LATE) != 0;

    *detail = late ? "scanners took too long" : "too many candidates";
    return late ? UAPI_REASON_FIREWALL_DEADLINE : UAPI_REASON_FIREWALL_OVERLOAD;
}

uapi_reason uapi_firewall_reason(uapi_action action)
{
    return action == UAPI_ACTION_APPROVE ? UAPI_REASON_APPROVAL_REQUIRED : UAPI_REASON_FIREWALL_BLOCKED;
}

const char *uapi_firewall_placeholder(const uapi_firewall_finding *finding, apr_pool_t *pool)
{
    return apr_pstrcat(pool, "[REDACTED:", finding->rule, "]", NULL);
}
