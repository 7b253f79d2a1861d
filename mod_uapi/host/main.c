/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The helper's life: settle, be told to load, load in confinement, answer until told to stop. It ends by _exit, for the
 * plugin may have registered something for the end of the process.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "host.h"

#define OBJECT "/proc/self/fd/7"
_Static_assert(UAPI_ISOLATION_OBJECT == 7, "OBJECT names it");

typedef struct host {
    uapi_plugin_loaded loaded;
    apr_pool_t *pool;
    void *request;
    unsigned char *answer;
    void *metrics;
    size_t memory;
    void *state; /* the scanner's, for a text */
} host;

static host self;

/* ---------------------------------------------------------------- log */

/* One packet a line; if the other side does not take it now, it is lost. */
static void log_line(void *baton, const char *plugin_id, uint32_t level, const char *message, size_t length)
{
    char line[1024];

    (void)baton, (void)plugin_id;
    length = length < sizeof(line) - 1 ? length : sizeof(line) - 1;
    line[0] = (char)('0' + (level >= 3 && level <= 7 ? level : 6));
    memcpy(line + 1, message, length);
    if (write(UAPI_ISOLATION_LOG, line, length + 1) < 0) {
        return;
    }
}

/* ---------------------------------------------------------------- loading */

static uapi_isolation_status refuse(uapi_plugin_probe_page *page, const char *why)
{
    apr_cpystrn(page->detail, why, sizeof(page->detail));
    return UAPI_ISOLATION_REFUSED;
}

static const char *not_confined(const char *by)
{
    return apr_psprintf(self.pool, "it cannot be confined: %s: %s", by, strerror(errno));
}

static uapi_isolation_status load(uapi_wire *wire, uapi_plugin_probe_page *page)
{
    uapi_isolation_orders asked;
    uapi_result result = {0};
    const char *unconfined;

    uapi_isolation_get_load(wire, &asked, self.pool);
    if (wire->failed) {
        _exit(UAPI_ISOLATION_EXIT_GIVEN);
    }
    unconfined = uapi_host_confine(self.memory, asked.path);
    if (unconfined) {
        return refuse(page, not_confined(unconfined));
    }
    self.loaded.plugin.path = asked.path;
    self.loaded.object = OBJECT;
    self.loaded.options = asked.options;
    if (uapi_plugin_open(&self.loaded, page, self.pool, &result) != APR_SUCCESS) {
        return refuse(page, result.detail ? result.detail : "refused");
    }
    close(UAPI_ISOLATION_OBJECT);
    return UAPI_ISOLATION_DONE;
}

static size_t put_description(size_t room)
{
    const uapi_plugin *plugin = &self.loaded.plugin;
    uapi_wire wire = uapi_wire_over(self.answer + sizeof(uapi_plugin_probe_page), room);
    uapi_isolation_description told = {
        .id = plugin->descriptor->id,
        .name = plugin->descriptor->name,
        .version = plugin->descriptor->version,
        .vendor = plugin->descriptor->vendor,
        .scanner = plugin->scanner->name,
        .scan_views = plugin->scanner->scan_views,
        .has_scan = plugin->scanner->scan != NULL,
        .has_stream = plugin->stream != NULL,
    };
    uapi_plugin_metric *metrics = apr_pcalloc(self.pool, sizeof(*metrics) * 64);

    uapi_plugin_scanner_tables(&told.tables, plugin, self.pool);
    while (told.metric_count < 64 && uapi_plugin_metric_at(plugin, told.metric_count, &metrics[told.metric_count])) {
        told.metric_count++;
    }
    told.metrics = metrics;
    uapi_isolation_put_description(&wire, &told);
    return wire.failed ? 0 : (size_t)(wire.at - self.answer);
}

/* As the probe of plugins that run in the server does, its end included. */
static uapi_isolation_status describe(uapi_wire *wire, size_t *length)
{
    uapi_plugin_probe_page *page = (void *)self.answer;
    uapi_isolation_status status;

    uapi_plugin_log_to_page(page);
    status = load(wire, page);
    if (status == UAPI_ISOLATION_DONE) {
        *length = put_description(UAPI_ISOLATION_ANSWER_SIZE - sizeof(*page));
        if (*length == 0) {
            return refuse(page, "its tables are too large");
        }
        apr_cpystrn(page->stage, "destroy", sizeof(page->stage));
        uapi_plugin_close(&self.loaded);
    }
    return status;
}

static uapi_isolation_status start(uapi_wire *wire)
{
    uapi_plugin_probe_page *page = (void *)self.answer;
    const uapi_plugin *plugin = &self.loaded.plugin;
    uapi_isolation_status status;
    const char *unconfined;
    int32_t refused;

    uapi_plugin_set_log(log_line, NULL);
    self.loaded.metric_pages = self.metrics;
    status = load(wire, page);
    if (status != UAPI_ISOLATION_DONE) {
        return status;
    }
    apr_cpystrn(page->stage, "start", sizeof(page->stage));
    refused = plugin->descriptor->start ? plugin->descriptor->start(plugin->instance) : 0;
    if (refused) {
        return refuse(page, apr_psprintf(self.pool, "%s refused to start (%d)", plugin->descriptor->id, (int)refused));
    }
    self.state = malloc(plugin->scanner->state_size + 1);
    unconfined = uapi_host_confine_further();
    if (!self.state || unconfined) {
        return refuse(page, unconfined ? not_confined(unconfined) : "there is no memory for its state");
    }
    return UAPI_ISOLATION_DONE;
}

static __attribute__((noreturn)) void stop(void)
{
    const uapi_plugin *plugin = &self.loaded.plugin;

    if (plugin->descriptor && plugin->descriptor->stop) {
        plugin->descriptor->stop(plugin->instance);
    }
    uapi_plugin_close(&self.loaded);
    _exit(0);
}

/* ---------------------------------------------------------------- findings */

typedef struct answer {
    uapi_isolation_findings *head;
    uapi_isolation_finding *findings;
    int overload;
} answer;

static answer answer_begin(void)
{
    uapi_isolation_findings *head = (void *)self.answer;

    memset(head, 0, sizeof(*head));
    return (answer){head, (void *)(head + 1), 0};
}

static void put_finding(answer *into, const uapi_finding *finding, uint32_t candidate)
{
    uapi_isolation_finding *at = &into->findings[into->head->count];

    if (into->head->count == UAPI_ISOLATION_MOST_FINDINGS) {
        into->overload = 1;
        return;
    }
    into->head->count++;
    *at = (uapi_isolation_finding){.candidate = candidate,
                                   .rule = finding->rule,
                                   .severity = finding->severity,
                                   .has_why = finding->why != NULL,
                                   .from = finding->from,
                                   .to = finding->to};
    if (finding->why) {
        apr_cpystrn(at->why, finding->why, sizeof(at->why));
    }
}

/* What a finding of 1.0 has. One that is shorter is told as a range that does not exist, which refuses the call. */
static int32_t take_report(const uapi_sink *sink, const uapi_finding *finding)
{
    const uapi_finding none = {.size = sizeof(none)};
    answer *into = sink->context;

    put_finding(into, finding->size < offsetof(uapi_finding, why) + sizeof(finding->why) ? &none : finding,
                UAPI_ISOLATION_REPORTED);
    return into->overload;
}

static uapi_isolation_status conclude(const answer *from, int32_t said, size_t *length)
{
    if (from->overload) {
        return UAPI_ISOLATION_OVERLOAD;
    }
    if (said != 0) {
        return UAPI_ISOLATION_NO_READ;
    }
    *length = sizeof(*from->head) + sizeof(*from->findings) * from->head->count;
    return UAPI_ISOLATION_DONE;
}

/* ---------------------------------------------------------------- texts */

static void judge(answer *into, const uapi_isolation_text *asked, const uapi_text *text, void *state)
{
    const uapi_scanner_1 *scanner = self.loaded.plugin.scanner;

    for (uint32_t i = 0; i < asked->candidate_count; i++) {
        const uapi_isolation_candidate *at = &asked->candidates[i];
        uapi_finding finding = {.size = sizeof(finding), .from = at->from, .to = at->to, .rule = at->rule};
        const uapi_candidate candidate = {
            .size = sizeof(candidate),
            .pattern = at->pattern,
            .direction = text->call->direction,
            .text = text->bytes,
            .from = at->from,
            .to = at->to,
            .in = text,
        };

        if (!scanner->verify ||
            scanner->verify(self.loaded.plugin.instance, state, &candidate, &finding) != UAPI_NOT_FOUND) {
            put_finding(into, &finding, i);
        }
        into->head->judged++;
    }
}

static uapi_isolation_status scan(const uapi_isolation_text *asked, size_t *length)
{
    const uapi_scanner_1 *scanner = self.loaded.plugin.scanner;
    void *instance = self.loaded.plugin.instance, *state = scanner->state_size ? self.state : NULL;
    const uapi_text text = {
        .size = sizeof(text), .view = asked->view, .flags = asked->flags, .bytes = asked->bytes, .call = asked->call};
    answer into = answer_begin();
    const uapi_sink sink = {.size = sizeof(sink), .context = &into, .report = take_report};
    int32_t said = 0;

    memset(self.state, 0, scanner->state_size);
    if (scanner->text_begin && scanner->text_begin(instance, state, &text) != 0) {
        return UAPI_ISOLATION_NO_BEGIN;
    }
    judge(&into, asked, &text, state);
    if (asked->whole && scanner->scan && !into.overload) {
        said = scanner->scan(instance, state, &text, &sink);
    }
    if (scanner->text_end) {
        scanner->text_end(instance, state, &text, &sink);
    }
    return conclude(&into, said, length);
}

static uapi_isolation_status open_stream(const uapi_isolation_text *asked, size_t *length)
{
    const uapi_scanner_stream_1 *stream = self.loaded.plugin.stream;
    void *state = stream ? uapi_host_stream_add(asked->stream, stream->state_size) : NULL;
    const answer none = answer_begin();

    if (!state) {
        return UAPI_ISOLATION_NO_BEGIN;
    }
    if (stream->open &&
        stream->open(self.loaded.plugin.instance, stream->state_size ? state : NULL, asked->call) != 0) {
        uapi_host_stream_remove(asked->stream);
        return UAPI_ISOLATION_NO_BEGIN;
    }
    return conclude(&none, 0, length);
}

static uapi_isolation_status feed_stream(const uapi_isolation_text *asked, size_t *length)
{
    const uapi_scanner_stream_1 *stream = self.loaded.plugin.stream;
    const uapi_fragment fragment = {.size = sizeof(fragment),
                                    .flags = asked->flags,
                                    .offset = (size_t)asked->offset,
                                    .bytes = asked->bytes,
                                    .call = asked->call};
    answer into = answer_begin();
    const uapi_sink sink = {.size = sizeof(sink), .context = &into, .report = take_report};
    size_t undecided = 0;
    int32_t said;
    void *state;

    if (!stream || !uapi_host_stream_find(asked->stream, &state)) {
        return UAPI_ISOLATION_NO_READ;
    }
    said = stream->feed(self.loaded.plugin.instance, stream->state_size ? state : NULL, &fragment, &sink, &undecided);
    into.head->undecided = undecided;
    return conclude(&into, said, length);
}

static uapi_isolation_status close_stream(const uapi_isolation_text *asked, size_t *length)
{
    const uapi_scanner_stream_1 *stream = self.loaded.plugin.stream;
    const answer none = answer_begin();
    void *state;

    if (stream && uapi_host_stream_find(asked->stream, &state)) {
        if (stream->close) {
            stream->close(self.loaded.plugin.instance, stream->state_size ? state : NULL);
        }
        uapi_host_stream_remove(asked->stream);
    }
    return conclude(&none, 0, length);
}

/* ---------------------------------------------------------------- requests */

static uapi_isolation_status answer_text(uapi_isolation_kind kind, uapi_wire *wire, size_t *length)
{
    const char *roles[UAPI_ISOLATION_MOST_ROLES + 1];
    uapi_isolation_text asked;
    uapi_call_info call;

    uapi_isolation_get_text(wire, &asked, &call, roles);
    if (wire->failed || !self.loaded.plugin.instance) {
        _exit(UAPI_ISOLATION_EXIT_GIVEN);
    }
    switch (kind) {
    case UAPI_ISOLATION_SCAN:
        return scan(&asked, length);
    case UAPI_ISOLATION_OPEN:
        return open_stream(&asked, length);
    case UAPI_ISOLATION_FEED:
        return feed_stream(&asked, length);
    default:
        return close_stream(&asked, length);
    }
}

static void answer_packet(const uapi_isolation_packet *asked)
{
    uapi_wire wire = uapi_wire_over(self.request, (size_t)asked->length);
    uapi_isolation_packet said = {.sequence = asked->sequence};
    size_t length = 0;

    switch (asked->what) {
    case UAPI_ISOLATION_DESCRIBE:
        said.what = describe(&wire, &length);
        break;
    case UAPI_ISOLATION_START:
        said.what = start(&wire);
        break;
    case UAPI_ISOLATION_STOP:
        stop();
    default:
        said.what = answer_text((uapi_isolation_kind)asked->what, &wire, &length);
    }
    said.length = length;
    if (write(UAPI_ISOLATION_CONTROL, &said, sizeof(said)) != sizeof(said)) {
        _exit(0);
    }
}

static int map_memory(void)
{
    self.request = mmap(NULL, UAPI_ISOLATION_REQUEST_SIZE, PROT_READ, MAP_SHARED, UAPI_ISOLATION_REQUEST, 0);
    self.answer = mmap(NULL, UAPI_ISOLATION_ANSWER_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, UAPI_ISOLATION_ANSWER, 0);
    self.metrics = mmap(NULL, uapi_plugin_metrics_size(), PROT_READ | PROT_WRITE, MAP_SHARED, UAPI_ISOLATION_METRICS,
                        0);
    close(UAPI_ISOLATION_REQUEST);
    close(UAPI_ISOLATION_ANSWER);
    close(UAPI_ISOLATION_METRICS);
    return self.request != MAP_FAILED && (void *)self.answer != MAP_FAILED && self.metrics != MAP_FAILED;
}

int main(int argc, char **argv)
{
    uapi_isolation_packet packet;

    if (argc != 6) {
        fprintf(stderr, "uapi-plugin-host runs plugins with isolation=process; the server starts it\n");
        return 2;
    }
    if (strcmp(argv[1], UAPI_ISOLATION_PROTOCOL) != 0) {
        return UAPI_ISOLATION_EXIT_PROTOCOL;
    }
    if (!uapi_host_settle((pid_t)strtol(argv[2], NULL, 10), (unsigned)strtoul(argv[4], NULL, 10),
                          (unsigned)strtoul(argv[5], NULL, 10))) {
        return UAPI_ISOLATION_EXIT_CONFINE;
    }
    self.memory = strtoull(argv[3], NULL, 10);
    if (!map_memory() || apr_initialize() != APR_SUCCESS || apr_pool_create(&self.pool, NULL) != APR_SUCCESS) {
        return UAPI_ISOLATION_EXIT_GIVEN;
    }
    while (read(UAPI_ISOLATION_CONTROL, &packet, sizeof(packet)) == sizeof(packet)) {
        answer_packet(&packet);
    }
    _exit(0);
}
