/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A plugin of 1.0 that uses all of it: two rules, patterns in views, state for a text, the scan of whole texts, texts in parts,
 * and every service. Compiled with the frozen header, in C and in C++, it must load for ever and find what it finds today.
 * Never changed.
 */
#include <stdlib.h>
#include <string.h>

#include "uapi_plugin.h"

typedef struct instance {
    const uapi_host *host;
    const uapi_host_log_1 *log;
    const uapi_host_metrics_1 *metrics;
    const uapi_host_time_1 *time;
    const char *mark; /* the character that `scan` looks for */
    uapi_metric *texts, *sizes;
} instance;

typedef struct text_state {
    uint32_t words;
    size_t first;
} text_state;

enum { RULE_WORD, RULE_SHOUTED, RULE_MANY, RULE_MARK };

static const uapi_rule rule_table[] = {
    {sizeof(uapi_rule), UAPI_SEVERITY_LOW, UAPI_DIRECTION_BOTH, UAPI_DEFAULT_HOST, UAPI_DEFAULT_LOG, 0, "word",
     "A word"},
    {sizeof(uapi_rule), UAPI_SEVERITY_HIGH, UAPI_DIRECTION_BOTH, UAPI_DEFAULT_BLOCK, UAPI_DEFAULT_REDACT, 0, "shouted",
     0},
    {sizeof(uapi_rule), UAPI_SEVERITY_CRITICAL, UAPI_DIRECTION_BOTH, UAPI_DEFAULT_APPROVE, UAPI_DEFAULT_BLOCK, 0,
     "many", 0},
    {sizeof(uapi_rule), UAPI_SEVERITY_MEDIUM, UAPI_DIRECTION_REQUEST, UAPI_DEFAULT_LOG, UAPI_DEFAULT_IGNORE, 0, "mark",
     0},
};

static const uapi_pattern pattern_table[] = {
    {sizeof(uapi_pattern), UAPI_PATTERN_OTHER_RULES, RULE_WORD, 0, "marzipan"},
    {sizeof(uapi_pattern),
     UAPI_PATTERN_OTHER_RULES | UAPI_PATTERN_CASELESS | UAPI_PATTERN_DOTALL | UAPI_PATTERN_MULTILINE |
         UAPI_PATTERN_UTF8,
     RULE_WORD, UAPI_VIEW_PLAIN | UAPI_VIEW_FOLDED | UAPI_VIEW_DECODED | UAPI_VIEW_SHELL | UAPI_VIEW_JOINED,
     "nougat.bar"},
};

static void *create(const uapi_host *host)
{
    instance *self = (instance *)calloc(1, sizeof(*self));
    const uapi_host_config_1 *config = (const uapi_host_config_1 *)host->get_service(host, UAPI_HOST_CONFIG_1);

    if (!self || !config) {
        free(self);
        return NULL;
    }
    self->host = host;
    self->log = (const uapi_host_log_1 *)host->get_service(host, UAPI_HOST_LOG_1);
    self->metrics = (const uapi_host_metrics_1 *)host->get_service(host, UAPI_HOST_METRICS_1);
    self->time = (const uapi_host_time_1 *)host->get_service(host, UAPI_HOST_TIME_1);
    self->mark = config->get(host, "mark");
    self->texts = self->metrics->counter(host, "texts_total", "texts");
    self->sizes = self->metrics->histogram(host, "text_bytes", "their sizes");
    if (!self->log || !self->texts || !self->sizes || self->time->monotonic(host) == 0 || self->time->wall(host) == 0) {
        free(self);
        return NULL;
    }
    return self;
}

static int32_t start(void *data)
{
    const instance *self = (const instance *)data;
    static const char ready[] = "ready";
    uapi_string line;

    line.data = ready;
    line.length = sizeof(ready) - 1;
    self->log->write(self->host, UAPI_LOG_DEBUG, line);
    return 0;
}

static void stop(void *data)
{
    (void)data;
}

static void destroy(void *data)
{
    free(data);
}

static const uapi_rule *rules(void *data, uint32_t *count)
{
    (void)data;
    *count = sizeof(rule_table) / sizeof(rule_table[0]);
    return rule_table;
}

static const uapi_pattern *patterns(void *data, uint32_t *count)
{
    (void)data;
    *count = sizeof(pattern_table) / sizeof(pattern_table[0]);
    return pattern_table;
}

static int32_t text_begin(void *data, void *state, const uapi_text *text)
{
    const instance *self = (const instance *)data;

    ((text_state *)state)->first = text->bytes.length;
    self->metrics->add(self->texts, 1);
    self->metrics->add(self->sizes, text->bytes.length);
    return text->call->roles && text->call->tenant && text->call->method ? 0 : 1;
}

static int32_t verify(void *data, void *state, const uapi_candidate *candidate, uapi_finding *finding)
{
    text_state *mine = (text_state *)state;

    (void)data;
    mine->words++;
    mine->first = candidate->from < mine->first ? candidate->from : mine->first;
    if (candidate->in->flags & UAPI_TEXT_MORE_BEFORE) {
        return candidate->from > 0 ? UAPI_FOUND : UAPI_NOT_FOUND;
    }
    if (candidate->to < candidate->text.length && candidate->text.data[candidate->to] == '!') {
        finding->rule = RULE_SHOUTED;
        finding->to++;
        finding->why = "a mark follows";
    }
    return candidate->to < candidate->text.length && candidate->text.data[candidate->to] == 's' ? UAPI_NOT_FOUND
                                                                                                : UAPI_FOUND;
}

static int32_t scan(void *data, void *state, const uapi_text *text, const uapi_sink *sink)
{
    const instance *self = (const instance *)data;
    size_t i;

    (void)state;
    for (i = 0; self->mark && i < text->bytes.length; i++) {
        if (text->bytes.data[i] == self->mark[0]) {
            uapi_finding finding;

            memset(&finding, 0, sizeof(finding));
            finding.size = sizeof(finding);
            finding.rule = RULE_MARK;
            finding.from = i;
            finding.to = i + 1;
            if (sink->report(sink, &finding) != 0) {
                return 0;
            }
        }
    }
    return 0;
}

static void text_end(void *data, void *state, const uapi_text *text, const uapi_sink *sink)
{
    const text_state *mine = (const text_state *)state;
    uapi_finding finding;

    (void)data;
    if (mine->words < 3) {
        return;
    }
    memset(&finding, 0, sizeof(finding));
    finding.size = sizeof(finding);
    finding.rule = RULE_MANY;
    finding.from = mine->first;
    finding.to = text->bytes.length;
    sink->report(sink, &finding);
}

static const uapi_scanner_1 scanner = {
    "sweets", sizeof(text_state), UAPI_VIEW_PLAIN, rules, patterns, text_begin, verify, scan, text_end,
};

/* A stream's state: how many bytes of "pepper" are at its end. */
static int32_t open_stream(void *data, void *state, const uapi_call_info *call)
{
    (void)data;
    (void)state;
    return call->size >= sizeof(*call) ? 0 : 1;
}

static int32_t feed(void *data, void *state, const uapi_fragment *fragment, const uapi_sink *sink, size_t *undecided)
{
    static const char wanted[] = "pepper";
    size_t *matched = (size_t *)state, i;

    (void)data;
    for (i = 0; i < fragment->bytes.length; i++) {
        char c = fragment->bytes.data[i];

        *matched = c == wanted[*matched] ? *matched + 1 : c == 'p' ? 1 : 0;
        if (wanted[*matched] == '\0') {
            uapi_finding finding;

            memset(&finding, 0, sizeof(finding));
            finding.size = sizeof(finding);
            finding.rule = RULE_WORD;
            finding.to = fragment->offset + i + 1;
            finding.from = finding.to - *matched;
            *matched = 0;
            if (sink->report(sink, &finding) != 0) {
                break;
            }
        }
    }
    *undecided = *matched;
    return 0;
}

static void close_stream(void *data, void *state)
{
    (void)data;
    (void)state;
}

static const uapi_scanner_stream_1 stream = {sizeof(size_t), 0, open_stream, feed, close_stream};

static const void *get_interface(void *data, const char *id)
{
    (void)data;
    if (strcmp(id, UAPI_SCANNER_STREAM_1) == 0) {
        return &stream;
    }
    return strcmp(id, UAPI_SCANNER_1) == 0 ? &scanner : NULL;
}

static const uapi_plugin_descriptor descriptor = {
    sizeof(uapi_plugin_descriptor),
    UAPI_PLUGIN_MAGIC,
    UAPI_ABI_MAJOR,
    0,
    "org.example.frozen",
    "Frozen",
    "1.0",
    "mod_uapi",
    create,
    start,
    stop,
    destroy,
    get_interface,
};

const uapi_plugin_descriptor *uapi_plugin_entry(void)
{
    return &descriptor;
}
