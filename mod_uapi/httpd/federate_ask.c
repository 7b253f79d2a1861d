/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A request of the gateway's own is a call like any other, made for the principal whose call it serves: policy, the credential of the
 * server, a record before and after, the same inspection of the answer. Only who carries it differs.
 */
#include "federate.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "../core/fetch.h"
#include "../core/mcp_batch.h"
#include "../core/secret.h"
#include "../core/sse.h"
#include "affinity.h"
#include "background.h"
#include "federate_channel.h"
#include "inspect.h"
#include "log.h"
#include "record.h"
#include "settle.h"
#include "stages.h"
#include "watch.h"
#include "worker.h"

/* -------------------------------------------------------------------- what comes back */

/* The one answer among the events of a stream. */
typedef struct reading {
    request_rec *r;
    uapi_ask *ask;
    apr_pool_t *pool;
    uapi_sse *sse; /* NULL: the answer is no stream */
    size_t fed;
    const char *answer;
    size_t answer_length;
    uapi_result trouble;
} reading;

static int is_stream(const uapi_fetch *fetch)
{
    static const char name[] = "text/event-stream";
    size_t length = sizeof(name) - 1;
    return strncasecmp(fetch->type, name, length) == 0 &&
           (fetch->type[length] == '\0' || fetch->type[length] == ';' || apr_isspace(fetch->type[length]));
}

static int is_answer(const uapi_ask *ask, const char *text, size_t length, apr_pool_t *pool)
{
    uapi_json json;
    uapi_mcp_body body;
    uapi_result ignored = {0};
    uint32_t id;
    if (uapi_json_read(&json, text, length, NULL, pool, &ignored) != APR_SUCCESS ||
        uapi_mcp_read_reply(&body, &json, pool, &ignored) != APR_SUCCESS || body.batch) {
        return 0;
    }
    id = body.messages[0].id;
    return body.messages[0].method == NULL &&
           (id == UAPI_JSON_NONE || uapi_mcp_was_asked(&ask->call->mcp, &ask->call->json, NULL, &json, id, pool));
}

static int enough(uapi_fetch *fetch)
{
    reading *r = fetch->baton;
    uapi_sse_event event;
    if (r->ask->is_refusal) {
        return 1;
    }
    if (!is_stream(fetch)) {
        return 0;
    }
    if (r->sse == NULL) {
        r->sse = uapi_sse_create(r->pool, fetch->max_size);
    }
    if (uapi_sse_feed(r->sse, fetch->text + r->fed, fetch->length - r->fed, &r->trouble) != APR_SUCCESS) {
        return 1;
    }
    r->fed = fetch->length;
    while (uapi_sse_next(r->sse, &event) == APR_SUCCESS) {
        if (event.data == NULL) {
            continue;
        }
        if (is_answer(r->ask, event.data, event.data_length, r->pool)) {
            r->answer = apr_pstrmemdup(r->pool, event.data, event.data_length);
            r->answer_length = event.data_length;
            return 1;
        }
        if (uapi_channel_said(r->ask->channel, r->r, r->ask, &event, r->pool)) {
            return 1;
        }
    }
    return 0;
}

static void take_answer(uapi_ask *ask, const uapi_fetch *fetch, const reading *r)
{
    ask->status = fetch->status;
    ask->session = fetch->session;
    if (ask->trouble != UAPI_REASON_NONE) {
        return; /* it was not heard to the end */
    }
    if (fetch->too_large || r->trouble.reason != UAPI_REASON_NONE) {
        ask->trouble = UAPI_REASON_RESPONSE_TOO_LARGE;
    } else if (fetch->error != NULL || (ask->is_refusal && (fetch->status < 200 || fetch->status >= 300))) {
        ask->trouble = UAPI_REASON_UPSTREAM_FAILED;
    } else if (ask->is_refusal) {
        ask->trouble = UAPI_REASON_NONE;
    } else if (is_stream(fetch)) {
        ask->raw = r->answer;
        ask->raw_length = r->answer_length;
        ask->trouble = (r->answer == NULL) ? UAPI_REASON_RESPONSE_INVALID : UAPI_REASON_NONE;
    } else if (fetch->length > 0 && is_answer(ask, fetch->text, fetch->length, r->pool)) {
        ask->raw = fetch->text;
        ask->raw_length = fetch->length;
    } else if (fetch->status < 200 || fetch->status >= 300) {
        ask->trouble = UAPI_REASON_UPSTREAM_FAILED;
    } else if (fetch->length > 0) {
        ask->trouble = UAPI_REASON_RESPONSE_INVALID;
    }
}

static void read_judged(uapi_ask *ask, const uapi_inspected *judged, apr_pool_t *pool)
{
    uapi_result why = {0};
    uint32_t error, code;
    if (uapi_json_read(&ask->json, judged->text, judged->length, NULL, pool, &why) != APR_SUCCESS) {
        ask->trouble = UAPI_REASON_RESPONSE_INVALID;
        return;
    }
    ask->result = uapi_json_member(&ask->json, 0, "result");
    error = uapi_json_member(&ask->json, 0, "error");
    code = (error != UAPI_JSON_NONE) ? uapi_json_member(&ask->json, error, "code") : UAPI_JSON_NONE;
    if (code != UAPI_JSON_NONE && ask->json.nodes[code].type == UAPI_JSON_NUMBER) {
        ask->error_code = atoi(uapi_json_strdup(&ask->json, code, pool));
    }
}

static void judge(request_rec *r, uapi_ask *ask)
{
    uapi_inspected judged;
    uapi_result why = {0};
    ask->result = UAPI_JSON_NONE;
    if (ask->trouble != UAPI_REASON_NONE || ask->raw == NULL) {
        return;
    }
    if (uapi_inspect_text(ask->call, UAPI_TEXT_JSON, ask->raw, ask->raw_length, &judged, r->pool, &why) !=
        APR_SUCCESS) {
        ask->trouble = why.reason;
        return;
    }
    ask->call->response_bytes = (apr_off_t)judged.length;
    read_judged(ask, &judged, r->pool);
}

/* ------------------------------------------------------------------------ what goes */

static void make_call(request_rec *r, const uapi_call *call, uapi_ask *ask)
{
    uapi_call *own = apr_pcalloc(r->pool, sizeof(*own));
    uapi_federated *federated = apr_pcalloc(r->pool, sizeof(*federated));
    uapi_result ignored = {0};
    uapi_call_begin(own, apr_time_now());
    own->parent = call->id;
    own->gateway = call->gateway;
    own->route = call->route;
    own->protocol = call->protocol;
    own->principal = call->principal;
    own->server = ask->server->name;
    own->http_method = ask->method;
    if (ask->body != NULL &&
        uapi_json_read(&own->json, ask->body, strlen(ask->body), NULL, r->pool, &ignored) == APR_SUCCESS &&
        uapi_mcp_read_reply(&own->mcp, &own->json, r->pool, &ignored) == APR_SUCCESS) {
        own->mcp.revision = ask->modern         ? UAPI_MCP_2026_07_28
                            : ask->peer != NULL ? ask->peer->revision
                                                : call->mcp.revision;
    }
    federated->federation = call->federated->federation;
    federated->server = ask->server;
    federated->peer = ask->peer;
    own->federated = federated;
    ask->call = own;
}

/* The stages that a call goes through, as far as there is something to judge. */
static void admit(request_rec *r, uapi_ask *ask)
{
    uapi_call *own = ask->call;
    uapi_result why = {0};
    if (ask->is_refusal) {
        own->verdict = (uapi_verdict){.effect = UAPI_EFFECT_ALLOW};
    } else {
        uapi_decide_method(own, own->server, ask->method, &own->verdict);
    }
    if (own->verdict.effect == UAPI_EFFECT_DENY && uapi_call_enforces(own)) {
        uapi_fail(&why, r->pool, APR_EACCES, own->verdict.reason, NULL);
    } else {
        uapi_stage_find_credential(r, own, &why);
    }
    own->refusal = why;
    ask->trouble = why.reason;
}

/* What a translated message needs besides. */
static int add_header(void *headers, const char *name, const char *value)
{
    if (value[0] != '\0') {
        apr_table_setn(headers, name, value);
    }
    return 1;
}

static apr_table_t *headers_of(request_rec *r, const uapi_ask *ask)
{
    const uapi_call *own = ask->call;
    apr_table_t *headers = apr_table_make(r->pool, 12);
    if (ask->body != NULL) {
        apr_table_setn(headers, "Content-Type", "application/json");
    }
    apr_table_setn(headers, "Accept",
                   strcmp(ask->http_method, "GET") == 0 ? "text/event-stream" : "application/json, text/event-stream");
    apr_table_setn(headers, "User-Agent", "mod_uapi");
    apr_table_setn(headers, "Expect", "");
    if (ask->modern || ask->peer != NULL) {
        apr_table_setn(headers, "MCP-Protocol-Version",
                       uapi_mcp_revision_name(ask->modern ? UAPI_MCP_2026_07_28 : ask->peer->revision));
    }
    if (ask->modern) {
        apr_table_setn(headers, "Mcp-Method", ask->method);
    } else if (ask->peer != NULL && ask->peer->id[0] != '\0') {
        apr_table_setn(headers, "Mcp-Session-Id", uapi_affinity_split(ask->call, ask->peer->id, r->pool));
    }
    if (ask->last_event != NULL) {
        apr_table_setn(headers, "Last-Event-ID", ask->last_event);
    }
    if (own->federated->headers != NULL) {
        apr_table_do(add_header, headers, own->federated->headers, "Mcp-Name", NULL);
    }
    apr_table_setn(headers, "Uapi-Call-Id", own->id);
    apr_table_setn(headers, "Uapi-Principal", own->principal->id);
    apr_table_setn(headers, "Uapi-Principal-Type", uapi_principal_type_name(own->principal->type));
    apr_table_setn(headers, "Uapi-Tenant", own->principal->tenant);
    if (own->injected != NULL) {
        apr_table_setn(headers, own->target->inject_header, own->injected);
    }
    if (ask->headers != NULL) {
        apr_table_do(add_header, headers, ask->headers, NULL);
    }
    return headers;
}

/* Behind a balancer: the member that has the session, else any. One that is gone has taken its sessions along. */
static int find_member(request_rec *r, uapi_ask *ask, uapi_fetch *fetch)
{
    uapi_call *own = ask->call;
    uapi_worker_member member;
    if (!uapi_worker_is_balanced(ask->server->url)) {
        return 1;
    }
    if (!uapi_worker_choose(r, ask->server->url, own->wanted_member, &member)) {
        ask->status = (own->wanted_member != NULL) ? HTTP_NOT_FOUND : 0;
        ask->trouble = UAPI_REASON_UPSTREAM_FAILED;
        return 0;
    }
    fetch->url = member.url;
    fetch->socket = member.socket;
    own->member = member.route;
    return 1;
}

/* A client's own call may take as long as any other. */
static unsigned timeout_of(const request_rec *r, const uapi_ask *ask)
{
    int is_clients = ask->call->body != NULL;
    return (is_clients && !ask->server->has_timeout) ? (unsigned)apr_time_as_msec(r->server->timeout)
                                                     : ask->server->timeout_ms;
}

static int prepare(request_rec *r, uapi_ask *ask, uapi_fetch *fetch)
{
    *fetch = (uapi_fetch){.url = ask->server->url,
                          .socket = ask->socket,
                          .method = ask->http_method,
                          .ca = ask->server->ca,
                          .timeout_ms = timeout_of(r, ask),
                          .max_size = uapi_config_max_response(ask->call->route),
                          .headers = headers_of(r, ask),
                          .body = ask->body,
                          .once = ask->is_call,
                          .body_length = (ask->body != NULL) ? strlen(ask->body) : 0};
    return find_member(r, ask, fetch);
}

void uapi_federate_conclude(request_rec *r, uapi_ask *ask, const char *outcome)
{
    uapi_call *own = ask->call;
    const uapi_reason_info *info = uapi_reason_describe(ask->trouble);
    own->status = (int)ask->status;
    if (ask->trouble != UAPI_REASON_NONE) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, UAPI_LOGNO(0121) "call %s for call %s: server %s, %s: %s", own->id,
                      own->parent, own->server, ask->method, info->code);
    }
    if (r->connection->aborted) {
        outcome = UAPI_OUTCOME_CLIENT_GONE;
    } else if (ask->trouble != UAPI_REASON_NONE) {
        outcome = info->code;
    }
    if (own->recorded && uapi_settle(r, own, outcome) != APR_SUCCESS) {
        ask->trouble = UAPI_REASON_AUDIT_UNAVAILABLE;
        ask->result = UAPI_JSON_NONE;
    }
}

/* All decisions are recorded before the first request leaves. */
static apr_status_t record(request_rec *r, uapi_ask *asks, size_t count, uapi_result *result)
{
    apr_status_t status = APR_SUCCESS;
    for (size_t i = 0; i < count && status == APR_SUCCESS; i++) {
        status = uapi_record_decision(r, asks[i].call, result);
        asks[i].call->recorded = status == APR_SUCCESS && asks[i].trouble == UAPI_REASON_NONE;
    }
    return status;
}

apr_status_t uapi_federate_prepare(request_rec *r, uapi_call *call, uapi_ask *asks, size_t count, uapi_fetch *fetches,
                                   uapi_ask **sent, size_t *going, uapi_result *result)
{
    apr_status_t status;
    *going = 0;
    for (size_t i = 0; i < count; i++) {
        if (asks[i].call == NULL) {
            make_call(r, call, &asks[i]);
            admit(r, &asks[i]);
        }
    }
    status = record(r, asks, count, result);
    for (size_t i = 0; i < count && status == APR_SUCCESS; i++) {
        uapi_result why = {0};
        if (asks[i].trouble == UAPI_REASON_NONE && uapi_inject_unseal(r, asks[i].call, &why) != APR_SUCCESS) {
            asks[i].trouble = why.reason;
        }
        if (asks[i].trouble == UAPI_REASON_NONE && prepare(r, &asks[i], &fetches[*going])) {
            sent[(*going)++] = &asks[i];
        }
    }
    return status;
}

/* Who waits for the answers. */
typedef struct waiting {
    conn_rec *client;
    uapi_call *call;
    int nobody; /* a server is told that the client has gone, or what the gateway says for itself */
} waiting;

static int is_gone(void *baton)
{
    waiting *w = baton;
    if (w->nobody) {
        return uapi_background_is_over();
    }
    w->client->aborted = w->client->aborted || uapi_watch_is_gone(w->client, w->call);
    return w->client->aborted;
}

/* A balancer's member that could not be reached: another one may be, where no session binds the request. Once. */
static void try_others(request_rec *r, uapi_ask **sent, uapi_fetch *fetches, reading *states, size_t count,
                       waiting *who)
{
    uapi_fetch *again = apr_pcalloc(r->pool, sizeof(*again) * (count + 1));
    size_t *which = apr_pcalloc(r->pool, sizeof(*which) * (count + 1)), going = 0;
    for (size_t i = 0; i < count; i++) {
        if (fetches[i].error != NULL && fetches[i].status == 0 && sent[i]->call->wanted_member == NULL &&
            uapi_worker_is_balanced(sent[i]->server->url) && prepare(r, sent[i], &again[going])) {
            states[i] = (reading){.ask = sent[i], .r = r, .pool = r->pool};
            again[going].enough = enough;
            again[going].baton = &states[i];
            which[going++] = i;
        }
    }
    if (going > 0) {
        uapi_fetch_all(again, going, is_gone, who, r->pool);
    }
    for (size_t i = 0; i < going; i++) {
        fetches[which[i]] = again[i];
    }
}

apr_status_t uapi_federate_ask(request_rec *r, uapi_call *call, uapi_ask *asks, size_t count, uapi_result *result)
{
    uapi_fetch *fetches = apr_pcalloc(r->pool, sizeof(*fetches) * (count + 1));
    reading *states = apr_pcalloc(r->pool, sizeof(*states) * (count + 1));
    uapi_ask **sent = apr_pcalloc(r->pool, sizeof(*sent) * (count + 1));
    size_t going;
    waiting who = {r->connection, call, r->connection->aborted || asks[0].is_refusal};
    apr_status_t status = uapi_federate_prepare(r, call, asks, count, fetches, sent, &going, result);
    for (size_t i = 0; i < going; i++) {
        states[i] = (reading){.ask = sent[i], .r = r, .pool = r->pool};
        fetches[i].enough = enough;
        fetches[i].baton = &states[i];
    }
    uapi_fetch_all(fetches, going, is_gone, &who, r->pool);
    try_others(r, sent, fetches, states, going, &who);
    for (size_t i = 0; i < going; i++) {
        take_answer(sent[i], &fetches[i], &states[i]);
    }
    for (size_t i = 0; i < count; i++) {
        judge(r, &asks[i]);
        uapi_federate_conclude(r, &asks[i], UAPI_OUTCOME_OK);
    }
    return status;
}
