/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "isolation_wire.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_tables.h>

#define MAX_RECORDS 8192
#define MAX_METRICS 64
#define TEXT_NULL UINT64_MAX

/* ---------------------------------------------------------------- values */

uapi_wire uapi_wire_over(void *memory, size_t size)
{
    return (uapi_wire){memory, (unsigned char *)memory + size, 0};
}

/* Room for that many bytes, or NULL for ever after. */
static unsigned char *advance(uapi_wire *wire, size_t length)
{
    unsigned char *at = wire->at;

    if (wire->failed || length > (size_t)(wire->end - at)) {
        wire->failed = 1;
        return NULL;
    }
    wire->at += length;
    return at;
}

void uapi_wire_put_number(uapi_wire *wire, uint64_t value)
{
    unsigned char *at = advance(wire, sizeof(value));

    if (at) {
        memcpy(at, &value, sizeof(value));
    }
}

void uapi_wire_put_bytes(uapi_wire *wire, const char *bytes, size_t length)
{
    unsigned char *at;

    uapi_wire_put_number(wire, length);
    at = length < SIZE_MAX ? advance(wire, length + 1) : NULL;
    if (at) {
        if (length > 0) {
            memcpy(at, bytes, length);
        }
        at[length] = '\0';
    }
}

void uapi_wire_put_text(uapi_wire *wire, const char *text)
{
    if (text) {
        uapi_wire_put_bytes(wire, text, strlen(text));
    } else {
        uapi_wire_put_number(wire, TEXT_NULL);
    }
}

uint64_t uapi_wire_get_number(uapi_wire *wire)
{
    const unsigned char *at = advance(wire, sizeof(uint64_t));
    uint64_t value = 0;

    if (at) {
        memcpy(&value, at, sizeof(value));
    }
    return value;
}

static const char *take_bytes(uapi_wire *wire, uint64_t length)
{
    const unsigned char *at = length < (uint64_t)(wire->end - wire->at) ? advance(wire, (size_t)length + 1) : NULL;

    if (!at || at[length] != '\0') {
        wire->failed = 1;
        return NULL;
    }
    return (const char *)at;
}

const char *uapi_wire_get_bytes(uapi_wire *wire, size_t *length)
{
    uint64_t told = uapi_wire_get_number(wire);
    const char *bytes = take_bytes(wire, told);

    *length = bytes ? (size_t)told : 0;
    return bytes ? bytes : "";
}

const char *uapi_wire_get_text(uapi_wire *wire)
{
    uint64_t length = uapi_wire_get_number(wire);
    const char *text = length == TEXT_NULL ? NULL : take_bytes(wire, length);

    if (text && strlen(text) != length) {
        wire->failed = 1;
        return NULL;
    }
    return text;
}

/* A bounded number; one that is larger is none. */
static uint32_t get_count(uapi_wire *wire, uint32_t most)
{
    uint64_t count = uapi_wire_get_number(wire);

    if (count > most) {
        wire->failed = 1;
    }
    return wire->failed ? 0 : (uint32_t)count;
}

static uint32_t get_small(uapi_wire *wire)
{
    return get_count(wire, UINT32_MAX);
}

static void align(uapi_wire *wire, size_t to)
{
    size_t over = (uintptr_t)wire->at % to;

    if (over) {
        advance(wire, to - over);
    }
}

/* ---------------------------------------------------------------- requests */

void uapi_isolation_put_load(uapi_wire *wire, const uapi_isolation_orders *load)
{
    int count = load->options ? load->options->nelts : 0;

    uapi_wire_put_text(wire, load->path);
    uapi_wire_put_number(wire, (uint64_t)count);
    for (int i = 0; i < count; i++) {
        const uapi_plugin_option *option = &APR_ARRAY_IDX(load->options, i, uapi_plugin_option);

        uapi_wire_put_text(wire, option->key);
        uapi_wire_put_text(wire, option->value);
    }
}

void uapi_isolation_get_load(uapi_wire *wire, uapi_isolation_orders *load, apr_pool_t *pool)
{
    apr_array_header_t *options = apr_array_make(pool, 4, sizeof(uapi_plugin_option));
    uint64_t count;

    load->path = uapi_wire_get_text(wire);
    load->options = options;
    for (count = uapi_wire_get_number(wire); count > 0 && !wire->failed; count--) {
        uapi_plugin_option option;

        option.key = apr_pstrdup(pool, uapi_wire_get_text(wire));
        option.value = apr_pstrdup(pool, uapi_wire_get_text(wire));
        APR_ARRAY_PUSH(options, uapi_plugin_option) = option;
    }
    wire->failed |= !load->path;
}

/* The strings of a call, in the order in which they go over. */
static const size_t call_strings[] = {
    offsetof(uapi_call_info, call_id),   offsetof(uapi_call_info, tenant),   offsetof(uapi_call_info, principal_type),
    offsetof(uapi_call_info, principal), offsetof(uapi_call_info, protocol), offsetof(uapi_call_info, server),
    offsetof(uapi_call_info, method),    offsetof(uapi_call_info, target),
};
#define CALL_STRINGS (sizeof(call_strings) / sizeof(call_strings[0]))

static void put_call(uapi_wire *wire, const uapi_call_info *call)
{
    uint64_t roles = 0;

    uapi_wire_put_number(wire, call->direction);
    for (size_t i = 0; i < CALL_STRINGS; i++) {
        uapi_wire_put_text(wire, *(const char *const *)(const void *)((const char *)call + call_strings[i]));
    }
    while (call->roles[roles] && roles < UAPI_ISOLATION_MOST_ROLES) {
        roles++;
    }
    uapi_wire_put_number(wire, roles);
    for (uint64_t i = 0; i < roles; i++) {
        uapi_wire_put_text(wire, call->roles[i]);
    }
}

static void get_call(uapi_wire *wire, uapi_call_info *call, const char **roles)
{
    uint32_t count, i;

    memset(call, 0, sizeof(*call));
    call->size = sizeof(*call);
    call->direction = get_small(wire);
    for (i = 0; i < CALL_STRINGS; i++) {
        const char *text = uapi_wire_get_text(wire);

        *(const char **)(void *)((char *)call + call_strings[i]) = text ? text : "";
    }
    count = get_count(wire, UAPI_ISOLATION_MOST_ROLES);
    for (i = 0; i < count; i++) {
        const char *role = uapi_wire_get_text(wire);

        roles[i] = role ? role : "";
    }
    roles[count] = NULL;
    call->roles = roles;
}

void uapi_isolation_put_text(uapi_wire *wire, const uapi_isolation_text *text)
{
    size_t size = sizeof(*text->candidates) * text->candidate_count;
    unsigned char *candidates;

    uapi_wire_put_number(wire, text->stream);
    uapi_wire_put_number(wire, text->offset);
    uapi_wire_put_number(wire, text->view);
    uapi_wire_put_number(wire, text->flags);
    uapi_wire_put_number(wire, text->whole);
    put_call(wire, text->call);
    uapi_wire_put_number(wire, text->candidate_count);
    align(wire, sizeof(uint64_t));
    candidates = advance(wire, size);
    if (candidates && size > 0) {
        memcpy(candidates, text->candidates, size);
    }
    uapi_wire_put_bytes(wire, text->bytes.data, text->bytes.length);
}

void uapi_isolation_get_text(uapi_wire *wire, uapi_isolation_text *text, uapi_call_info *call, const char **roles)
{
    memset(text, 0, sizeof(*text));
    text->stream = uapi_wire_get_number(wire);
    text->offset = uapi_wire_get_number(wire);
    text->view = get_small(wire);
    text->flags = get_small(wire);
    text->whole = get_small(wire);
    get_call(wire, call, roles);
    text->call = call;
    text->candidate_count = get_small(wire);
    align(wire, sizeof(uint64_t));
    text->candidates = (const void *)advance(wire, sizeof(*text->candidates) * text->candidate_count);
    text->bytes.data = uapi_wire_get_bytes(wire, &text->bytes.length);
}

/* ---------------------------------------------------------------- findings */

static void make_printable(char *text, size_t size)
{
    text[size - 1] = '\0';
    for (; *text; text++) {
        if (*text < 0x20 || *text > 0x7e) {
            *text = '?';
        }
    }
}

const char *uapi_isolation_check_findings(void *memory, size_t size, uint32_t candidates)
{
    const uapi_isolation_findings *head = memory;
    uapi_isolation_finding *findings = (void *)((char *)memory + sizeof(*head));
    uint64_t next = 0; /* the least candidate that may be told; beyond all once reports have begun */

    if (size < sizeof(*head)) {
        return "an answer that is too short";
    }
    if (head->count > UAPI_ISOLATION_MOST_FINDINGS || size != sizeof(*head) + sizeof(*findings) * head->count) {
        return "another number of findings than it has";
    }
    if (head->judged != candidates) {
        return "judgements on other candidates than it was asked for";
    }
    for (uint32_t i = 0; i < head->count; i++) {
        uapi_isolation_finding *finding = &findings[i];

        if (finding->candidate == UAPI_ISOLATION_REPORTED) {
            next = UINT32_MAX;
        } else if (finding->candidate < next || finding->candidate >= candidates) {
            return "judgements on candidates that it was not asked for";
        } else {
            next = (uint64_t)finding->candidate + 1;
        }
        make_printable(finding->why, sizeof(finding->why));
    }
    return NULL;
}

/* ---------------------------------------------------------------- a plugin's description */

void uapi_isolation_put_description(uapi_wire *wire, const uapi_isolation_description *description)
{
    const uapi_plugin_tables *tables = &description->tables;

    uapi_wire_put_text(wire, description->id);
    uapi_wire_put_text(wire, description->name);
    uapi_wire_put_text(wire, description->version);
    uapi_wire_put_text(wire, description->vendor);
    uapi_wire_put_text(wire, description->scanner);
    uapi_wire_put_number(wire, description->scan_views);
    uapi_wire_put_number(wire, description->has_scan);
    uapi_wire_put_number(wire, description->has_stream);
    uapi_wire_put_number(wire, tables->rule_count);
    for (uint32_t i = 0; i < tables->rule_count; i++) {
        const uapi_rule *rule = &tables->rules[i];

        uapi_wire_put_number(wire, rule->severity);
        uapi_wire_put_number(wire, rule->directions);
        uapi_wire_put_number(wire, rule->request_action);
        uapi_wire_put_number(wire, rule->response_action);
        uapi_wire_put_text(wire, rule->id);
        uapi_wire_put_text(wire, rule->title);
    }
    uapi_wire_put_number(wire, tables->pattern_count);
    for (uint32_t i = 0; i < tables->pattern_count; i++) {
        const uapi_pattern *pattern = &tables->patterns[i];

        uapi_wire_put_number(wire, pattern->flags);
        uapi_wire_put_number(wire, pattern->rule);
        uapi_wire_put_number(wire, pattern->views);
        uapi_wire_put_text(wire, pattern->regex);
    }
    uapi_wire_put_number(wire, description->metric_count);
    for (uint32_t i = 0; i < description->metric_count; i++) {
        uapi_wire_put_text(wire, description->metrics[i].name);
        uapi_wire_put_text(wire, description->metrics[i].help);
        uapi_wire_put_number(wire, (uint64_t)description->metrics[i].histogram);
    }
}

static const char *get_copy(uapi_wire *wire, apr_pool_t *pool)
{
    return apr_pstrdup(pool, uapi_wire_get_text(wire));
}

static void get_rules(uapi_wire *wire, uapi_plugin_tables *tables, apr_pool_t *pool)
{
    uint32_t count = get_count(wire, MAX_RECORDS);
    uapi_rule *rules = apr_pcalloc(pool, sizeof(*rules) * count + 1);

    for (uint32_t i = 0; i < count; i++) {
        rules[i].size = sizeof(rules[i]);
        rules[i].severity = get_small(wire);
        rules[i].directions = get_small(wire);
        rules[i].request_action = get_small(wire);
        rules[i].response_action = get_small(wire);
        rules[i].id = get_copy(wire, pool);
        rules[i].title = get_copy(wire, pool);
    }
    tables->rules = rules;
    tables->rule_count = count;
}

static void get_patterns(uapi_wire *wire, uapi_plugin_tables *tables, apr_pool_t *pool)
{
    uint32_t count = get_count(wire, MAX_RECORDS);
    uapi_pattern *patterns = apr_pcalloc(pool, sizeof(*patterns) * count + 1);

    for (uint32_t i = 0; i < count; i++) {
        patterns[i].size = sizeof(patterns[i]);
        patterns[i].flags = get_small(wire);
        patterns[i].rule = get_small(wire);
        patterns[i].views = get_small(wire);
        patterns[i].regex = get_copy(wire, pool);
    }
    tables->patterns = patterns;
    tables->pattern_count = count;
}

static void get_metrics(uapi_wire *wire, uapi_isolation_description *description, apr_pool_t *pool)
{
    uint32_t count = get_count(wire, MAX_METRICS);
    uapi_plugin_metric *metrics = apr_pcalloc(pool, sizeof(*metrics) * count + 1);

    for (uint32_t i = 0; i < count; i++) {
        metrics[i].name = get_copy(wire, pool);
        metrics[i].help = get_copy(wire, pool);
        metrics[i].histogram = uapi_wire_get_number(wire) != 0;
        wire->failed |= !metrics[i].name || !metrics[i].help;
    }
    description->metrics = metrics;
    description->metric_count = count;
}

const char *uapi_isolation_get_description(uapi_isolation_description *description, const void *memory, size_t size,
                                           apr_pool_t *pool)
{
    uapi_wire wire = uapi_wire_over((void *)(uintptr_t)memory, size);

    memset(description, 0, sizeof(*description));
    description->id = get_copy(&wire, pool);
    description->name = get_copy(&wire, pool);
    description->version = get_copy(&wire, pool);
    description->vendor = get_copy(&wire, pool);
    description->scanner = get_copy(&wire, pool);
    description->scan_views = get_small(&wire);
    description->has_scan = get_count(&wire, 1);
    description->has_stream = get_count(&wire, 1);
    get_rules(&wire, &description->tables, pool);
    get_patterns(&wire, &description->tables, pool);
    get_metrics(&wire, description, pool);
    return wire.failed || wire.at != wire.end ? "a description of itself that cannot be read" : NULL;
}
