/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A scanner that reads texts in parts, further back than the host does: "vault{" up to "}", however much is between. What is "fail!" it
 * fails at. It logs what is opened and closed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "uapi_plugin.h"

typedef struct instance {
    const uapi_host *host;
    const uapi_host_log_1 *log;
} instance;

typedef struct vault {
    size_t matched; /* bytes of what begins one, at the end of what has come; all of them: it is open */
    size_t from;
} vault;

static const char begins[] = "vault{";

static void say(const instance *self, const char *line)
{
    self->log->write(self->host, UAPI_LOG_INFO, (uapi_string){line, strlen(line)});
}

static void *create(const uapi_host *host)
{
    instance *self = calloc(1, sizeof(*self));

    if (self) {
        self->host = host;
        self->log = host->get_service(host, UAPI_HOST_LOG_1);
    }
    return self;
}

static void destroy(void *data)
{
    free(data);
}

static const uapi_rule rule_table[] = {
    {sizeof(uapi_rule), UAPI_SEVERITY_HIGH, UAPI_DIRECTION_RESPONSE, 0, UAPI_DEFAULT_REDACT, 0, "vault", "A vault"},
};

static const uapi_rule *rules(void *data, uint32_t *count)
{
    (void)data;
    *count = 1;
    return rule_table;
}

/* Whole texts are not read: what is found was found in parts. */
static int32_t scan(void *data, void *state, const uapi_text *text, const uapi_sink *sink)
{
    (void)data;
    (void)state;
    (void)text;
    (void)sink;
    return 0;
}

static int32_t open_stream(void *data, void *state, const uapi_call_info *call)
{
    char line[128];

    (void)state;
    snprintf(line, sizeof(line), "opened for %s at %s", call->principal, call->server);
    say(data, line);
    return 0;
}

static int32_t feed(void *data, void *state, const uapi_fragment *fragment, const uapi_sink *sink, size_t *undecided)
{
    vault *self = state;
    uapi_finding finding = {.size = sizeof(finding)};

    (void)data;
    for (size_t i = 0; i < fragment->bytes.length; i++) {
        char c = fragment->bytes.data[i];

        if (self->matched < sizeof(begins) - 1) {
            self->matched = c == begins[self->matched] ? self->matched + 1 : c == begins[0];
            self->from = fragment->offset + i + 1 - self->matched;
        } else if (c == '}') {
            finding.from = self->from;
            finding.to = fragment->offset + i + 1;
            sink->report(sink, &finding);
            self->matched = 0;
        }
    }
    *undecided = self->matched ? fragment->offset + fragment->bytes.length - self->from : 0;
    return fragment->bytes.length == 5 && memcmp(fragment->bytes.data, "fail!", 5) == 0;
}

static void close_stream(void *data, void *state)
{
    (void)state;
    say(data, "closed");
}

static const uapi_scanner_1 scanner = {.name = "reader", .rules = rules, .scan = scan};
static const uapi_scanner_stream_1 stream = {sizeof(vault), 0, open_stream, feed, close_stream};

static const void *get_interface(void *data, const char *id)
{
    (void)data;
    if (strcmp(id, UAPI_SCANNER_STREAM_1) == 0) {
        return &stream;
    }
    return strcmp(id, UAPI_SCANNER_1) == 0 ? &scanner : NULL;
}

static const uapi_plugin_descriptor descriptor = {
    .size = sizeof(descriptor),
    .magic = UAPI_PLUGIN_MAGIC,
    .abi_major = UAPI_ABI_MAJOR,
    .host_minor_min = 0,
    .id = "org.example.reader",
    .name = "Reader",
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
