/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The client's stream at the endpoint (revisions 2025-03-26 to 2025-11-25): what each server says on its own stream, judged and renamed event
 * by event, one after another as it comes. Ids of events are left out there: a stream of many cannot be replayed. When one of the servers'
 * streams ends, so does the client's: it comes back, and all are opened anew.
 *
 * The answer to a call is a stream of one server, and its events have ids (sealed, inspect_stream.c). A client that resumes it
 * (Last-Event-ID) gets what that server has to say, answers and ids included, and nothing else.
 */
#include "federate.h"

#include <string.h>

#include <apr_strings.h>

#include "ap_mpm.h"
#include "http_core.h"

#include "../core/fetch.h"
#include "../core/session.h"
#include "../core/sse.h"
#include "federate_channel.h"
#include "log.h"
#include "settle.h"
#include "watch.h"

#define HEAD_PATIENCE apr_time_from_sec(3) /* for the slowest server, once another one has a stream */
#define SIGN_OF_LIFE apr_time_from_sec(15) /* between comments, so that nothing on the way takes the stream for dead */
#define TICK 500                           /* ms; between two looks at the client */

typedef struct stream {
    uapi_channel *channel;
    uapi_fetch *fetches;
    size_t count;
    int resumed;                     /* one server's stream, from an event on */
    const uapi_listening *listening; /* NULL: the stream of a GET */
    apr_time_t opened;
} stream;

/* One server's. */
typedef struct source {
    stream *to;
    uapi_ask *ask;
    uapi_sse *sse;
    uapi_stream_limits limits;
    uapi_stream_use use;
} source;

/* ----------------------------------------------------------------------------- reading */

/* Does the request to this server list what it tells of: in the filter's `list` what stands in its `key`? */
static int is_subscribed(const uapi_json *request, const uapi_json *event, const char *list_key, const char *key,
                         apr_pool_t *pool)
{
    uint32_t uri = uapi_json_member(event, uapi_json_member(event, 0, "params"), key);
    uint32_t list = uapi_json_member(
        request, uapi_json_member(request, uapi_json_member(request, 0, "params"), "notifications"), list_key);
    uint32_t node = (list != UAPI_JSON_NONE) ? uapi_json_first(request, list) : UAPI_JSON_NONE;
    const char *text;
    if (uri == UAPI_JSON_NONE || event->nodes[uri].type != UAPI_JSON_STRING) {
        return 0;
    }
    text = uapi_json_strdup(event, uri, pool);
    while (node != UAPI_JSON_NONE && node < request->nodes[list].skip) {
        if (request->nodes[node].type == UAPI_JSON_STRING && uapi_json_equals(request, node, text)) {
            return 1;
        }
        node = request->nodes[node].skip;
    }
    return 0;
}

/* Of a subscription only what was asked for; what the servers themselves acknowledge the endpoint has. */
static int is_wanted(const source *from, const uapi_inspected *judged)
{
    const uapi_listening *listening = from->to->listening;
    const char *method = judged->reply.messages[0].method;
    if (listening == NULL) {
        return 1;
    }
    if (strcmp(method, "notifications/resources/updated") == 0) {
        return is_subscribed(&from->ask->call->json, &judged->json, "resourceSubscriptions", "uri",
                             from->to->channel->event_pool);
    }
    if (strcmp(method, "notifications/tasks") == 0) {
        return is_subscribed(&from->ask->call->json, &judged->json, "taskIds", "taskId", from->to->channel->event_pool);
    }
    for (const char *const *wanted = listening->wanted; *wanted != NULL; wanted++) {
        if (strcmp(*wanted, method) == 0) {
            return 1;
        }
    }
    return 0;
}

/* As on the stream that is resumed (inspect_stream.c). */
static const char *seal_id(void *baton, const char *id, apr_pool_t *pool)
{
    const uapi_call *own = baton;
    const char *sealed;
    uapi_session_seal_part(&sealed, UAPI_SESSION_EVENT, id, uapi_federate_session_of(own), own->gateway->keyring,
                           own->principal, own->server, pool, NULL);
    return sealed;
}

static int write_resumed(source *from, const uapi_sse_event *event, const char *data, size_t length)
{
    stream *s = from->to;
    const char *text;
    uapi_sse_rewrite(event, data, length, s->channel->event_pool, &text, &length);
    if (event->has_id) {
        uapi_sse_map_ids(&text, &length, event->lead, seal_id, from->ask->call, s->channel->event_pool);
    }
    return (s->channel->begun || uapi_channel_begin(s->channel) == 0) ? uapi_channel_write(s->channel, text, length)
                                                                      : 1;
}

/* Requests and notifications pass if policy and scanners let them; an answer answers nothing here. */
static int judge_event(source *from, const uapi_sse_event *event)
{
    stream *s = from->to;
    uapi_inspected judged;
    uapi_result why = {0};
    if (uapi_channel_judge(s->channel, from->ask, event, &judged, &why) != APR_SUCCESS) {
        from->ask->trouble = (why.reason == UAPI_REASON_RESPONSE_REFUSED) ? why.reason : from->ask->trouble;
        return why.reason == UAPI_REASON_RESPONSE_REFUSED;
    }
    if (!s->resumed && (judged.reply.count != 1 || judged.reply.batch || judged.reply.messages[0].method == NULL ||
                        !is_wanted(from, &judged))) {
        return 0;
    }
    from->ask->call->response_bytes += (apr_off_t)judged.length;
    if (s->resumed) {
        return write_resumed(from, event, judged.text, judged.length);
    }
    return uapi_channel_write_message(s->channel, judged.text, judged.length);
}

static int is_stream(const uapi_fetch *fetch)
{
    static const char name[] = "text/event-stream";
    return fetch->status == HTTP_OK && strncasecmp(fetch->type, name, sizeof(name) - 1) == 0;
}

/* A server that says too much loses its part of the stream. */
static int is_too_much(source *from, const uapi_sse_event *event)
{
    uapi_result why = {0};
    if (!uapi_stream_is_limited(&from->limits) ||
        uapi_stream_take(&from->limits, &from->use, event->raw_length, apr_time_now(), &why) == APR_SUCCESS) {
        return 0;
    }
    from->ask->trouble = why.reason;
    return 1;
}

static int take(uapi_fetch *fetch, const char *bytes, size_t length)
{
    source *from = fetch->baton;
    uapi_sse_event event;
    uapi_result why = {0};
    int over = 0;
    if (!is_stream(fetch)) {
        return 1;
    }
    if (uapi_sse_feed(from->sse, bytes, length, &why) != APR_SUCCESS) {
        from->ask->trouble = why.reason;
        return 1;
    }
    while (!over && uapi_sse_next(from->sse, &event) == APR_SUCCESS) {
        if (is_too_much(from, &event)) {
            over = 1;
        } else if (event.data != NULL && event.data_length == 0) { /* it has an id, and nothing to say */
            over = from->to->resumed && write_resumed(from, &event, "", 0);
        } else {
            over = event.data != NULL && judge_event(from, &event);
        }
        apr_pool_clear(from->to->channel->event_pool);
    }
    return over;
}

/* ---------------------------------------------------------------------------- watching */

static int is_stopping(void)
{
    int state = 0;
    return ap_mpm_query(AP_MPMQ_MPM_STATE, &state) == APR_SUCCESS && state == AP_MPMQ_STOPPING;
}

static int ask_client(stream *s)
{
    return apr_time_now() - s->channel->last_sign > SIGN_OF_LIFE && uapi_channel_write(s->channel, ": \n\n", 4);
}

/* Until it is known whether any server has a stream, the client gets no head. */
static int await_heads(stream *s)
{
    size_t known = 0, live = 0;
    for (size_t i = 0; i < s->count; i++) {
        known += s->fetches[i].over || s->fetches[i].status != 0;
        live += !s->fetches[i].over && is_stream(&s->fetches[i]);
    }
    if (live > 0 && (known == s->count || apr_time_now() - s->opened > HEAD_PATIENCE)) {
        return uapi_channel_begin(s->channel);
    }
    return known == s->count && live == 0;
}

static int turn(void *baton)
{
    stream *s = baton;
    s->channel->client_gone = s->channel->client_gone ||
                              uapi_watch_is_gone(s->channel->r->connection, s->channel->call);
    return s->channel->client_gone || is_stopping() || (s->channel->begun ? ask_client(s) : await_heads(s));
}

/* ----------------------------------------------------------------------------- all of it */

static size_t collect_asks(request_rec *r, const uapi_call *call, uapi_ask **asks)
{
    const apr_array_header_t *allowed = call->federated->allowed;
    size_t count = 0;
    *asks = apr_pcalloc(r->pool, sizeof(**asks) * ((size_t)allowed->nelts + 1));
    for (int i = 0; i < allowed->nelts && call->federated->session != NULL; i++) {
        const uapi_policy_server *server = APR_ARRAY_IDX(allowed, i, const uapi_policy_server *);
        const uapi_federation_peer *peer = uapi_federation_session_find(call->federated->session, server->name);
        if (peer != NULL && peer->revision != UAPI_MCP_2026_07_28) {
            (*asks)[count++] = (uapi_ask){.server = server, .peer = peer, .http_method = "GET", .method = "http/GET"};
        }
    }
    return count;
}

/* The one server that gave the event; its own id of it. */
static size_t choose_resumed(request_rec *r, const uapi_call *call, uapi_ask *asks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (uapi_session_open_part(&asks[i].last_event, UAPI_SESSION_EVENT, call->federated->last_event,
                                   asks[i].peer->id, call->gateway->keyring, call->principal, asks[i].server->name,
                                   r->pool, NULL) == APR_SUCCESS) {
            asks[0] = asks[i];
            return 1;
        }
    }
    return 0;
}

static void run(stream *s, uapi_ask **sent)
{
    source *sources = apr_pcalloc(s->channel->r->pool, sizeof(*sources) * (s->count + 1));
    for (size_t i = 0; i < s->count; i++) {
        sources[i] = (source){
            .to = s,
            .ask = sent[i],
            .sse = uapi_sse_create(s->channel->r->pool, uapi_config_max_response(s->channel->call->route)),
            .limits = uapi_config_stream_limits(s->channel->call->route)};
        s->fetches[i].take = take;
        s->fetches[i].baton = &sources[i];
    }
    uapi_fetch_watch(s->fetches, s->count, TICK, turn, s, s->channel->r->pool);
    for (size_t i = 0; i < s->count; i++) {
        sent[i]->status = s->fetches[i].status;
        if (s->fetches[i].status == 0) {
            sent[i]->trouble = UAPI_REASON_UPSTREAM_FAILED;
        }
    }
}

/* An outcome that cannot be recorded must not look like a good end. */
static int finish(stream *s, uapi_ask *asks, size_t count)
{
    const char *outcome = s->channel->client_gone ? UAPI_OUTCOME_CLIENT_GONE : UAPI_OUTCOME_OK;
    for (size_t i = 0; i < count; i++) {
        uapi_federate_conclude(s->channel->r, &asks[i], asks[i].status == HTTP_OK ? outcome : UAPI_OUTCOME_OK);
    }
    if (s->channel->begun && s->listening != NULL && !s->channel->client_gone) {
        uapi_channel_write_message(s->channel, s->listening->ended, strlen(s->listening->ended));
    }
    if (!s->channel->begun && s->listening != NULL) {
        uapi_result failed = {0};
        uapi_fail(&failed, s->channel->r->pool, APR_EGENERAL, UAPI_REASON_UPSTREAM_FAILED, "no server opened a stream");
        return uapi_federate_refuse(s->channel->r, s->channel->call, &failed);
    }
    if (!s->channel->begun) {
        s->channel->call->replied = 1;
        s->channel->call->status = HTTP_METHOD_NOT_ALLOWED;
    }
    if (uapi_settle(s->channel->r, s->channel->call, outcome) != APR_SUCCESS || s->channel->client_gone) {
        s->channel->r->connection->keepalive = AP_CONN_CLOSE;
        s->channel->r->connection->aborted = 1;
    }
    return s->channel->begun ? OK : HTTP_METHOD_NOT_ALLOWED;
}

int uapi_federate_stream(request_rec *r, uapi_call *call, const char *id)
{
    uapi_listening listening = {0};
    stream s = {.channel = uapi_channel_create(r, call), .opened = apr_time_now()};
    uapi_result trouble = {0};
    uapi_ask *asks, **sent;
    size_t count = 0;
    if (id == NULL) {
        count = collect_asks(r, call, &asks);
    } else if (uapi_federate_listen(r, call, id, &listening, &asks, &count, &trouble) != APR_SUCCESS) {
        return uapi_federate_refuse(r, call, &trouble);
    } else {
        s.listening = &listening;
        s.channel->first = listening.acknowledged;
    }
    s.fetches = apr_pcalloc(r->pool, sizeof(*s.fetches) * (count + 1));
    sent = apr_pcalloc(r->pool, sizeof(*sent) * (count + 1));
    s.resumed = id == NULL && call->federated->last_event != NULL;
    if (s.resumed && count > 0 && (count = choose_resumed(r, call, asks, count)) == 0) {
        uapi_fail(&trouble, r->pool, APR_NOTFOUND, UAPI_REASON_EVENT_UNKNOWN,
                  "the event was not given to this principal by a server of this session");
        return uapi_federate_refuse(r, call, &trouble);
    }
    if (count > 0 && uapi_federate_prepare(r, call, asks, count, s.fetches, sent, &s.count, &trouble) != APR_SUCCESS) {
        return uapi_federate_refuse(r, call, &trouble);
    }
    if (s.count > 0) {
        run(&s, sent);
    }
    return finish(&s, asks, count);
}
