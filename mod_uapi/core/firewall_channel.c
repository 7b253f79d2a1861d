/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "firewall_channel.h"
#include "firewall_internal.h"

#include <string.h>

#include <apr_strings.h>

/* Reports that one part may have, as for a text: so that memory is bounded by what came. */
#define LEAST_REPORTS 4096
#define BYTES_PER_REPORT 64

/* One scanner's stream. */
typedef struct stream_reader {
    const uapi_firewall_scanner *scanner;
    void *state;
    uapi_isolation_stream isolated; /* in the scanner's helper, if it has one */
    int open;
} stream_reader;

struct uapi_firewall_channel {
    const uapi_firewall *firewall;
    apr_pool_t *pool;
    size_t length; /* of what has come */
    uint32_t count;
    stream_reader readers[];
};

static apr_status_t fail(const uapi_firewall_scanner *scanner, const char *what, apr_pool_t *pool, uapi_result *result)
{
    return uapi_fail(result, pool, APR_EGENERAL, UAPI_REASON_INTERNAL, "scanner %s %s", scanner->table->name, what);
}

static apr_status_t close_cleanup(void *data)
{
    uapi_firewall_channel *channel = data;
    uint32_t i;

    for (i = 0; i < channel->count; i++) {
        stream_reader *reader = &channel->readers[i];
        const uapi_scanner_stream_1 *stream = reader->scanner->plugin->stream;

        if (reader->open && reader->scanner->plugin->isolation) {
            uapi_isolation_close(reader->scanner->plugin->isolation, &reader->isolated);
        } else if (reader->open && stream->close) {
            stream->close(reader->scanner->instance, reader->state);
        }
        reader->open = 0;
    }
    return APR_SUCCESS;
}

void uapi_firewall_channel_close(uapi_firewall_channel *channel)
{
    if (channel) {
        apr_pool_cleanup_run(channel->pool, channel, close_cleanup);
    }
}

int uapi_firewall_reads_parts(const uapi_firewall *firewall, uapi_direction direction)
{
    uint32_t i;

    for (i = 0; firewall->streams && i < firewall->scanner_count; i++) {
        if (firewall->scanners[i].plugin->stream && (firewall->scanners[i].live & (uint32_t)direction)) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t open_reader(stream_reader *reader, const uapi_call_info *call, apr_pool_t *pool,
                                uapi_result *result)
{
    const uapi_scanner_stream_1 *stream = reader->scanner->plugin->stream;

    if (reader->scanner->plugin->isolation) {
        apr_status_t status = uapi_isolation_open(reader->scanner->plugin->isolation, call, &reader->isolated, pool,
                                                  result);

        reader->open = status == APR_SUCCESS;
        return status;
    }
    reader->state = stream->state_size ? apr_pcalloc(pool, stream->state_size) : NULL;
    if (stream->open && stream->open(reader->scanner->instance, reader->state, call) != 0) {
        return fail(reader->scanner, "could not begin with a stream", pool, result);
    }
    reader->open = 1;
    return APR_SUCCESS;
}

apr_status_t uapi_firewall_channel_open(uapi_firewall_channel **channel, const uapi_firewall *firewall,
                                        const uapi_call_info *call, apr_pool_t *pool, uapi_result *result)
{
    uapi_firewall_channel *made = NULL;
    apr_status_t status = APR_SUCCESS;
    uint32_t i;

    *channel = NULL;
    for (i = 0; firewall->streams && i < firewall->scanner_count && status == APR_SUCCESS; i++) {
        const uapi_firewall_scanner *scanner = &firewall->scanners[i];

        if (!scanner->plugin->stream || !(scanner->live & call->direction)) {
            continue;
        }
        if (!made) {
            made = apr_pcalloc(pool, sizeof(*made) + sizeof(stream_reader) * firewall->streams);
            made->firewall = firewall;
            made->pool = pool;
            apr_pool_cleanup_register(pool, made, close_cleanup, apr_pool_cleanup_null);
        }
        made->readers[made->count].scanner = scanner;
        status = open_reader(&made->readers[made->count++], call, pool, result);
    }
    if (status == APR_SUCCESS) {
        *channel = made;
    } else {
        uapi_firewall_channel_close(made);
    }
    return status;
}

/* 0, or what feed() said; *status if there is no answer. */
static int32_t feed_helper(const stream_reader *reader, const uapi_fragment *fragment, uapi_firewall_taker *taker,
                           size_t *undecided, apr_status_t *status, apr_pool_t *pool, uapi_result *result)
{
    uapi_isolation_text asked = {
        .offset = fragment->offset, .flags = fragment->flags, .bytes = fragment->bytes, .call = fragment->call};
    uapi_isolation_answer answer;

    *status = uapi_isolation_feed(reader->scanner->plugin->isolation, &reader->isolated, &asked, &answer, pool, result);
    if (*status != APR_SUCCESS) {
        return 0;
    }
    uapi_firewall_take_answer(taker, &asked, &answer);
    *undecided = answer.undecided < SIZE_MAX ? (size_t)answer.undecided : SIZE_MAX;
    return answer.status == UAPI_ISOLATION_NO_BEGIN || answer.status == UAPI_ISOLATION_NO_READ;
}

static apr_status_t feed_reader(const stream_reader *reader, const uapi_fragment *fragment, uapi_firewall_taker *taker,
                                apr_pool_t *pool, uapi_result *result)
{
    const uapi_sink sink = uapi_firewall_sink(taker);
    const uapi_scanner_stream_1 *stream = reader->scanner->plugin->stream;
    apr_status_t status = APR_SUCCESS;
    size_t undecided = 0;
    int32_t said;

    taker->scanner = reader->scanner;
    said = reader->scanner->plugin->isolation
               ? feed_helper(reader, fragment, taker, &undecided, &status, pool, result)
               : stream->feed(reader->scanner->instance, reader->state, fragment, &sink, &undecided);
    if (status != APR_SUCCESS) {
        return status;
    }
    if (said != 0 && !taker->report->overload) {
        return fail(reader->scanner, "could not read a stream", pool, result);
    }
    if (taker->broken || undecided > taker->end) {
        return fail(reader->scanner, "reports a rule or a range that does not exist", pool, result);
    }
    if ((fragment->flags & UAPI_TEXT_MORE_AFTER) && undecided > taker->report->undecided) {
        taker->report->undecided = undecided;
    }
    return APR_SUCCESS;
}

apr_status_t uapi_firewall_channel_feed(uapi_firewall_channel *channel, const uapi_call_info *call, const char *bytes,
                                        size_t length, int last, uapi_firewall_report *report, apr_pool_t *pool,
                                        uapi_result *result)
{
    const uapi_fragment fragment = {
        .size = sizeof(fragment),
        .flags = last ? 0 : UAPI_TEXT_MORE_AFTER,
        .offset = channel->length,
        .bytes = {bytes, length},
        .call = call,
    };
    uapi_firewall_collector found;
    size_t taken = 0;
    uapi_firewall_taker taker = {
        .found = &found, .report = report, .end = channel->length + length, .taken = &taken, .limit = LEAST_REPORTS};
    apr_status_t status = APR_SUCCESS;
    uint32_t i;

    memset(report, 0, sizeof(*report));
    uapi_firewall_collector_init(&found, channel->firewall, call, fragment.bytes, fragment.offset, pool);
    if (length / BYTES_PER_REPORT > taker.limit) {
        taker.limit = length / BYTES_PER_REPORT;
    }
    channel->length = taker.end;
    for (i = 0; i < channel->count && status == APR_SUCCESS; i++) {
        status = feed_reader(&channel->readers[i], &fragment, &taker, pool, result);
    }
    uapi_firewall_conclude(report, &found);
    return status;
}
