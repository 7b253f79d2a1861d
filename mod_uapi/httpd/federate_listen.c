/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * subscriptions/listen (2026-07-28, "basic/patterns/subscriptions") over several servers: each that speaks the revision is asked for what
 * the client wants of it, under the client's own id, which is the id of the subscription. The endpoint acknowledges by itself, and says
 * what it could subscribe to.
 */
#include "federate.h"

#include <string.h>

#include <apr_strings.h>

#include "log.h"
#include "stages.h"

static const struct {
    const char *filter, *method;
} changes[] = {
    {"toolsListChanged", "notifications/tools/list_changed"},
    {"promptsListChanged", "notifications/prompts/list_changed"},
    {"resourcesListChanged", "notifications/resources/list_changed"},
};
enum { CHANGES = sizeof(changes) / sizeof(changes[0]) };

/* What the client wants. */
typedef struct wish {
    const uapi_json *json;
    uint32_t filter;   /* node of the filter, or NONE */
    const char *flags; /* JSON members, "" if there are none */
} wish;

static uint32_t member(const uapi_json *json, uint32_t object, const char *key)
{
    return (object != UAPI_JSON_NONE) ? uapi_json_member(json, object, key) : UAPI_JSON_NONE;
}

static void read_wish(request_rec *r, const uapi_call *call, wish *w, uapi_listening *listening)
{
    const char **wanted = apr_pcalloc(r->pool, sizeof(*wanted) * (CHANGES + 1));
    size_t count = 0;
    w->json = &call->json;
    w->filter = member(w->json, call->mcp.messages[0].params, "notifications");
    w->flags = "";
    for (size_t i = 0; i < CHANGES; i++) {
        uint32_t node = member(w->json, w->filter, changes[i].filter);
        if (node != UAPI_JSON_NONE && w->json->nodes[node].type == UAPI_JSON_TRUE) {
            w->flags = apr_pstrcat(r->pool, w->flags, w->flags[0] != '\0' ? "," : "", "\"", changes[i].filter,
                                   "\":true", NULL);
            wanted[count++] = changes[i].method;
        }
    }
    listening->wanted = wanted;
}

/* What can be listed in a filter, and the method that policy must allow for it. Tasks are those of SEP-2663. */
typedef struct listed {
    const char *filter, *method;
} listed;
static const listed lists[] = {{"resourceSubscriptions", "resources/subscribe"}, {"taskIds", "tasks/get"}};
enum { LISTS = sizeof(lists) / sizeof(lists[0]) };

/* Those of a list that are this server's, as it knows them (`own`) or as the client does: JSON strings, with commas. */
static const char *listed_of(request_rec *r, const uapi_call *call, const wish *w, const listed *which,
                             const char *server, int own)
{
    uint32_t list = member(w->json, w->filter, which->filter), node;
    const char *prefix = apr_pstrcat(r->pool, "uapi:", server, ":", NULL), *uris = "";
    uapi_verdict verdict;
    uapi_decide_method(call, server, which->method, &verdict);
    if (list == UAPI_JSON_NONE || w->json->nodes[list].type != UAPI_JSON_ARRAY ||
        (verdict.effect == UAPI_EFFECT_DENY && uapi_call_enforces(call))) {
        return "";
    }
    for (node = list + 1; node < w->json->nodes[list].skip; node = w->json->nodes[node].skip) {
        const uapi_json_node *uri = &w->json->nodes[node];
        size_t from = uri->start, to = uri->start;
        if (uri->type != UAPI_JSON_STRING ||
            strncmp(uapi_json_strdup(w->json, node, r->pool), prefix, strlen(prefix)) != 0) {
            continue;
        }
        if (own) {
            uapi_json_locate(w->json, node, 0, strlen(prefix), &from, &to);
        }
        uris = apr_pstrcat(r->pool, uris, uris[0] != '\0' ? "," : "", "\"",
                           apr_pstrmemdup(r->pool, w->json->text + to, uri->start + uri->length - to), "\"", NULL);
    }
    return uris;
}

/* With commas between what is not empty. */
static const char *join(request_rec *r, const char *some, const char *more)
{
    return apr_pstrcat(r->pool, some, (some[0] != '\0' && more[0] != '\0') ? "," : "", more, NULL);
}

static const char *filter_text(request_rec *r, const char *flags, const char *const *entries)
{
    const char *text = flags;
    for (size_t i = 0; i < LISTS; i++) {
        if (entries[i][0] != '\0') {
            text = join(r, text, apr_pstrcat(r->pool, "\"", lists[i].filter, "\":[", entries[i], "]", NULL));
        }
    }
    return apr_pstrcat(r->pool, "{", text, "}", NULL);
}

static const char *filter_for(request_rec *r, const uapi_call *call, const wish *w, const char *server)
{
    const char *own[LISTS];
    for (size_t i = 0; i < LISTS; i++) {
        own[i] = listed_of(r, call, w, &lists[i], server, 1);
    }
    return filter_text(r, w->flags, own);
}

/* Who asks for tasks must have said that it knows them ("extensions/tasks"). */
static apr_status_t check_capability(request_rec *r, const uapi_call *call, const wish *w, uapi_result *result)
{
    uint32_t meta = member(w->json, call->mcp.messages[0].params, "_meta");
    uint32_t extensions = member(w->json, member(w->json, meta, "io.modelcontextprotocol/clientCapabilities"),
                                 "extensions");
    uint32_t tasks = member(w->json, w->filter, "taskIds");
    if (tasks == UAPI_JSON_NONE || uapi_json_first(w->json, tasks) == UAPI_JSON_NONE ||
        member(w->json, extensions, "io.modelcontextprotocol/tasks") != UAPI_JSON_NONE) {
        return APR_SUCCESS;
    }
    return uapi_fail(result, r->pool, APR_EINVAL, UAPI_REASON_CLIENT_CAPABILITY,
                     "taskIds without the capability io.modelcontextprotocol/tasks");
}

static const char *body_of(request_rec *r, const char *id, const char *filter)
{
    return apr_pstrcat(
        r->pool, "{\"jsonrpc\":\"2.0\",\"id\":", id,
        ",\"method\":\"subscriptions/listen\",\"params\":{\"_meta\":{"
        "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
        "\"io.modelcontextprotocol/clientInfo\":{\"name\":\"mod_uapi\",\"version\":\"1\"},"
        "\"io.modelcontextprotocol/clientCapabilities\":",
        strstr(filter, "\"taskIds\":[") != NULL ? "{\"extensions\":{\"io.modelcontextprotocol/tasks\":{}}}" : "{}",
        "},\"notifications\":", filter, "}}", NULL);
}

static void write_frames(request_rec *r, const char *id, const char *filter, uapi_listening *listening)
{
    listening->acknowledged = apr_pstrcat(
        r->pool,
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/subscriptions/acknowledged\",\"params\":{\"_meta\":{"
        "\"io.modelcontextprotocol/subscriptionId\":",
        id, "},\"notifications\":", filter, "}}", NULL);
    listening->ended = apr_pstrcat(r->pool, "{\"jsonrpc\":\"2.0\",\"id\":", id,
                                   ",\"result\":{\"resultType\":\"complete\",\"_meta\":{"
                                   "\"io.modelcontextprotocol/subscriptionId\":",
                                   id, "}}}", NULL);
}

apr_status_t uapi_federate_listen(request_rec *r, uapi_call *call, const char *id, uapi_listening *listening,
                                  uapi_ask **asks, size_t *count, uapi_result *result)
{
    const apr_array_header_t *allowed = call->federated->allowed;
    size_t all = (size_t)allowed->nelts;
    const uapi_federation_peer **peers = apr_pcalloc(r->pool, sizeof(*peers) * (all + 1));
    uapi_reason *reasons = apr_pcalloc(r->pool, sizeof(*reasons) * (all + 1));
    const char *given[LISTS] = {"", ""};
    wish w;
    apr_status_t status;
    *count = 0;
    *asks = apr_pcalloc(r->pool, sizeof(**asks) * (all + 1));
    read_wish(r, call, &w, listening);
    status = check_capability(r, call, &w, result);
    if (status == APR_SUCCESS) {
        status = uapi_federate_peers(r, call, (const uapi_policy_server *const *)(void *)allowed->elts, peers, reasons,
                                     all, NULL, result);
    }
    for (size_t i = 0; i < all && status == APR_SUCCESS; i++) {
        const uapi_policy_server *server = APR_ARRAY_IDX(allowed, (int)i, const uapi_policy_server *);
        if (peers[i] == NULL || peers[i]->revision != UAPI_MCP_2026_07_28) {
            continue;
        }
        for (size_t j = 0; j < LISTS; j++) {
            given[j] = join(r, given[j], listed_of(r, call, &w, &lists[j], server->name, 0));
        }
        (*asks)[(*count)++] = (uapi_ask){.server = server,
                                         .peer = peers[i],
                                         .http_method = "POST",
                                         .method = "subscriptions/listen",
                                         .modern = 1,
                                         .body = body_of(r, id, filter_for(r, call, &w, server->name))};
    }
    if (status == APR_SUCCESS && *count == 0) {
        return uapi_fail(result, r->pool, APR_ENOTIMPL, UAPI_REASON_GATEWAY_ERA, "no server that has subscriptions");
    }
    write_frames(r, id, filter_text(r, w.flags, given), listening);
    return status;
}
