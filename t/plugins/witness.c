/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A scanner that uses every service of the host and tells, in the log and in its figures, what it was told: options
 * `greeting` and `level`, a counter, a histogram, the clock, and for each text with "witness" in it the call it belongs to.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "uapi_plugin.h"

typedef struct instance {
    const uapi_host *host;
    const uapi_host_log_1 *log;
    const uapi_host_metrics_1 *metrics;
    const uapi_host_time_1 *time;
    const char *greeting;
    uapi_metric *texts, *bytes;
    uint64_t made;
} instance;

static void say(const instance *self, uint32_t level, const char *line)
{
    self->log->write(self->host, level, (uapi_string){line, strlen(line)});
}

static void *create(const uapi_host *host)
{
    const uapi_host_config_1 *config = host->get_service(host, UAPI_HOST_CONFIG_1);
    instance *self = calloc(1, sizeof(*self));
    const char *level;

    if (!self) {
        return NULL;
    }
    self->host = host;
    self->log = host->get_service(host, UAPI_HOST_LOG_1);
    self->metrics = host->get_service(host, UAPI_HOST_METRICS_1);
    self->time = host->get_service(host, UAPI_HOST_TIME_1);
    self->greeting = config->get(host, "greeting");
    level = config->get(host, "level");
    if (level && strcmp(level, "info") != 0) {
        say(self, UAPI_LOG_ERROR, "level can be info only");
        free(self);
        return NULL;
    }
    self->texts = self->metrics->counter(host, "texts_total", "Texts that were <seen>");
    self->bytes = self->metrics->histogram(host, "text_bytes", "How large they were");
    self->made = self->time->monotonic(host);
    return self;
}

static void destroy(void *data)
{
    free(data);
}

static const uapi_rule rule_table[] = {
    {sizeof(uapi_rule), UAPI_SEVERITY_LOW, UAPI_DIRECTION_BOTH, UAPI_DEFAULT_LOG, UAPI_DEFAULT_LOG, 0, "word",
     "The word"},
};

static const uapi_pattern pattern_table[] = {
    {sizeof(uapi_pattern), 0, 0, UAPI_VIEW_PLAIN, "witness"},
};

static const uapi_rule *rules(void *data, uint32_t *count)
{
    (void)data;
    *count = 1;
    return rule_table;
}

static const uapi_pattern *patterns(void *data, uint32_t *count)
{
    (void)data;
    *count = 1;
    return pattern_table;
}

static int32_t text_begin(void *data, void *state, const uapi_text *text)
{
    const instance *self = data;
    const uapi_call_info *call = text->call;
    int sane = self->time->monotonic(self->host) >= self->made &&
               self->time->wall(self->host) / UINT64_C(1000000000) > UINT64_C(1700000000);
    char line[512];

    (void)state;
    snprintf(line, sizeof(line), "%s: %s %s %s=%s roles %s at %s: %s %s in %s%s, id of %zu, clock %s",
             self->greeting ? self->greeting : "no greeting",
             call->direction == UAPI_DIRECTION_REQUEST ? "request" : "response", call->tenant, call->principal_type,
             call->principal, call->roles[0] ? call->roles[0] : "none", call->server, call->method, call->target,
             call->protocol, text->flags & UAPI_TEXT_FROM_JSON ? " as JSON" : "", strlen(call->call_id),
             sane ? "fine" : "wrong");
    say(self, UAPI_LOG_INFO, line);
    self->metrics->add(self->texts, 1);
    self->metrics->add(self->bytes, text->bytes.length);
    self->metrics->add(NULL, 1);
    return 0;
}

static const uapi_scanner_1 scanner = {
    .name = "witness",
    .rules = rules,
    .patterns = patterns,
    .text_begin = text_begin,
};

static const void *get_interface(void *data, const char *id)
{
    (void)data;
    return strcmp(id, UAPI_SCANNER_1) == 0 ? &scanner : NULL;
}

static const uapi_plugin_descriptor descriptor = {
    .size = sizeof(descriptor),
    .magic = UAPI_PLUGIN_MAGIC,
    .abi_major = UAPI_ABI_MAJOR,
    .host_minor_min = UAPI_ABI_MINOR,
    .id = "org.example.witness",
    .name = "Witness",
    .version = "1.0",
    .vendor = "mod_uapi",
    .create = create,
    .destroy = destroy,
    .get_interface = get_interface,
};

const uapi_plugin_descriptor *uapi_plugin_entry(void)
{
    return &descriptor;
}
