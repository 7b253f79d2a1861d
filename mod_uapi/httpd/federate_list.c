/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Lists of what all servers offer, one after another in the order of the servers' names, each in its server's own order. Every server
 * is asked for all of its pages, side by side with the others; the endpoint has pages of its own. A server that fails costs its own
 * entries and a notice, not the answer.
 */
#include "federate.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "../core/session.h"
#include "log.h"
#include "pinning.h"

enum { MOST_PAGES = 64, MOST_ENTRIES = 20000, LEGACY_TTL = 5000, LONGEST_TTL = 300000 }; /* milliseconds */

static const struct {
    const char *method, *key; /* of the array in the result */
} lists[] = {
    {"tools/list", "tools"},         {"prompts/list", "prompts"},
    {"resources/list", "resources"}, {"resources/templates/list", "resourceTemplates"},
    {"tasks/list", "tasks"},
};

static const char *key_of_list(const char *method)
{
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        if (strcmp(lists[i].method, method) == 0) {
            return lists[i].key;
        }
    }
    return NULL;
}

int uapi_federate_is_list(const char *method)
{
    return key_of_list(method) != NULL;
}

/* What one server has to offer. */
typedef struct part {
    const uapi_policy_server *server;
    const uapi_federation_peer *peer;
    apr_array_header_t *entries; /* const char *, JSON */
    const char *cursor;          /* its next page: a JSON string as it came; NULL: none */
    int pages, over, ttl;
    unsigned changes; /* when the list was begun: one that changes meanwhile is kept for nobody */
    int stale;        /* the session was dead: 1 it is to be opened anew, 2 it has been */
    int silent;       /* there was no answer at all */
    uapi_reason trouble;
} part;

/* -------------------------------------------------------------------------- the cache */

/* Roles decide what is shown, so they are part of the key. */
static const char *cache_key(request_rec *r, const uapi_call *call, const part *of)
{
    const char *kind = apr_pstrcat(r->pool, "list ", call->federated->modern ? "modern " : "legacy ",
                                   call->mcp.messages[0].method, call->federated->federation->separator, " ",
                                   apr_psprintf(r->pool, "%u", of->changes), NULL);
    const char *key = uapi_federate_key(call, kind, of->server->name, r->pool);
    for (const char *const *role = call->principal->roles; role != NULL && *role != NULL; role++) {
        key = apr_pstrcat(r->pool, key, "\n", *role, NULL);
    }
    return key;
}

/* Tasks change from one moment to the next. */
static int is_kept(const uapi_call *call)
{
    return strcmp(call->mcp.messages[0].method, "tasks/list") != 0;
}

/* Nobody waits again at once for a server that did not answer. */
static const char *silence_key(request_rec *r, const uapi_call *call, const part *of)
{
    return uapi_federate_key(call, "silent", of->server->name, r->pool);
}

static void recall_silence(request_rec *r, const uapi_call *call, part *of)
{
    if (!of->over && uapi_federate_recall(silence_key(r, call, of), r->pool) != NULL) {
        of->over = 1;
        of->trouble = UAPI_REASON_UPSTREAM_FAILED;
    }
}

static void remember_silence(request_rec *r, const uapi_call *call, const part *of)
{
    if (of->silent && of->trouble == UAPI_REASON_UPSTREAM_FAILED) {
        uapi_federate_remember(silence_key(r, call, of), "", apr_time_now() + apr_time_from_msec(LEGACY_TTL));
    }
}

/* What is held since the list was remembered is not shown. The entries are named as clients see them. */
static int is_held(request_rec *r, const uapi_call *call, const part *of, const uapi_json *json, uint32_t entry)
{
    uint32_t name = uapi_json_member(json, entry, "name");
    size_t prefix = strlen(of->server->name) + strlen(call->federated->federation->separator);
    const char *text;
    if (of->server->pinning == UAPI_PINNING_DISABLED || strcmp(call->mcp.messages[0].method, "tools/list") != 0) {
        return 0;
    }
    text = (name != UAPI_JSON_NONE && json->nodes[name].type == UAPI_JSON_STRING)
               ? uapi_json_strdup(json, name, r->pool)
               : "";
    return strlen(text) <= prefix || !uapi_pinning_allows(call, of->server, text + prefix, r->pool);
}

static void read_entries(request_rec *r, const uapi_call *call, part *of, const uapi_json *json, uint32_t array)
{
    for (uint32_t entry = uapi_json_first(json, array); entry != UAPI_JSON_NONE && entry < json->nodes[array].skip;
         entry = json->nodes[entry].skip) {
        if (json->nodes[entry].type == UAPI_JSON_OBJECT && of->entries->nelts < MOST_ENTRIES &&
            !is_held(r, call, of, json, entry)) {
            APR_ARRAY_PUSH(of->entries, const char *) = apr_pstrmemdup(r->pool, json->text + json->nodes[entry].start,
                                                                       json->nodes[entry].length);
        }
    }
}

/* What was judged once for this caller is kept as it was judged. */
static void recall(request_rec *r, const uapi_call *call, part *of)
{
    const char *text = is_kept(call) ? uapi_federate_recall(cache_key(r, call, of), r->pool) : NULL;
    uapi_json json;
    uapi_result ignored = {0};
    if (text != NULL && uapi_json_read(&json, text, strlen(text), NULL, r->pool, &ignored) == APR_SUCCESS) {
        read_entries(r, call, of, &json, 0);
        of->over = 1;
        of->ttl = 0; /* it may end at any moment */
    }
}

/* Which arguments of its tools stand in headers too, is kept for as long as the list. */
static void remember_mirrors(request_rec *r, const uapi_call *call, const part *of)
{
    size_t prefix = strlen(of->server->name) + strlen(call->federated->federation->separator);
    if (strcmp(call->mcp.messages[0].method, "tools/list") == 0) {
        uapi_federate_keep_mirrors(call, of->server->name, of->entries, prefix, apr_time_from_msec(of->ttl), r->pool);
    }
}

static void remember(request_rec *r, const uapi_call *call, const part *of)
{
    if (of->trouble == UAPI_REASON_NONE) {
        remember_mirrors(r, call, of);
    }
    if (of->trouble == UAPI_REASON_NONE && of->ttl > 0 && is_kept(call)) {
        uapi_federate_remember(cache_key(r, call, of),
                               apr_pstrcat(r->pool, "[", apr_array_pstrcat(r->pool, of->entries, ','), "]", NULL),
                               apr_time_now() + apr_time_from_msec(of->ttl));
    }
}

/* ------------------------------------------------------------------------------ asking */

static const char *body_of(request_rec *r, const part *of, const char *method)
{
    const char *params = "", *cursor = "";
    if (of->peer->revision == UAPI_MCP_2026_07_28) {
        params = "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
                 "\"io.modelcontextprotocol/clientInfo\":{\"name\":\"mod_uapi\",\"version\":\"1\"},"
                 "\"io.modelcontextprotocol/clientCapabilities\":{}}";
    }
    if (of->cursor != NULL) {
        cursor = apr_pstrcat(r->pool, params[0] != '\0' ? "," : "", "\"cursor\":", of->cursor, NULL);
    }
    return apr_pstrcat(r->pool, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"", method, "\",\"params\":{", params,
                       cursor, "}}", NULL);
}

static void read_ttl(request_rec *r, part *of, const uapi_ask *ask)
{
    uint32_t node = uapi_json_member(&ask->json, ask->result, "ttlMs");
    int ttl = LEGACY_TTL;
    if (of->peer->revision == UAPI_MCP_2026_07_28) {
        ttl = (node != UAPI_JSON_NONE && ask->json.nodes[node].type == UAPI_JSON_NUMBER)
                  ? atoi(uapi_json_strdup(&ask->json, node, r->pool))
                  : 0;
    }
    ttl = (ttl < 0) ? 0 : (ttl > LONGEST_TTL) ? LONGEST_TTL : ttl;
    of->ttl = (of->pages == 1 || ttl < of->ttl) ? ttl : of->ttl;
}

static void read_cursor(request_rec *r, part *of, const uapi_ask *ask)
{
    uint32_t node = uapi_json_member(&ask->json, ask->result, "nextCursor");
    of->cursor = NULL;
    if (node != UAPI_JSON_NONE && ask->json.nodes[node].type == UAPI_JSON_STRING) {
        const uapi_json_node *cursor = &ask->json.nodes[node];
        of->cursor = apr_pstrmemdup(r->pool, ask->json.text + cursor->start - 1, cursor->length + 2);
    }
    of->over = of->cursor == NULL || of->pages >= MOST_PAGES || of->entries->nelts >= MOST_ENTRIES;
}

static void read_page(request_rec *r, uapi_call *call, part *of, const uapi_ask *ask, const char *key)
{
    uint32_t array = (ask->result != UAPI_JSON_NONE) ? uapi_json_member(&ask->json, ask->result, key) : UAPI_JSON_NONE;
    of->pages++;
    call->hidden += ask->call->hidden;
    of->silent = ask->status == 0;
    if (ask->status == HTTP_NOT_FOUND && of->stale == 0 && of->peer->revision != UAPI_MCP_2026_07_28) {
        of->stale = 1;
        of->pages = 0;
        return;
    }
    if (array != UAPI_JSON_NONE && ask->json.nodes[array].type == UAPI_JSON_ARRAY) {
        read_entries(r, call, of, &ask->json, array);
        read_ttl(r, of, ask);
        read_cursor(r, of, ask);
        return;
    }
    of->over = 1;
    of->ttl = LEGACY_TTL;
    if (ask->error_code != UAPI_RPC_METHOD_NOT_FOUND) { /* else it just has none of these */
        of->trouble = (ask->trouble != UAPI_REASON_NONE) ? ask->trouble
                      : (ask->error_code != 0)           ? UAPI_REASON_UPSTREAM_FAILED
                                                         : UAPI_REASON_RESPONSE_INVALID;
    }
}

/* The next page of each server that has one. */
static apr_status_t ask_round(request_rec *r, uapi_call *call, part *parts, size_t count, size_t *asked,
                              uapi_result *result)
{
    const char *method = call->mcp.messages[0].method;
    uapi_ask *asks = apr_pcalloc(r->pool, sizeof(*asks) * (count + 1));
    part **from = apr_pcalloc(r->pool, sizeof(*from) * (count + 1));
    apr_status_t status;
    *asked = 0;
    for (size_t i = 0; i < count; i++) {
        if (!parts[i].over) {
            from[*asked] = &parts[i];
            asks[(*asked)++] = (uapi_ask){.server = parts[i].server,
                                          .peer = parts[i].peer,
                                          .http_method = "POST",
                                          .method = method,
                                          .body = body_of(r, &parts[i], method),
                                          .modern = parts[i].peer->revision == UAPI_MCP_2026_07_28};
        }
    }
    status = (*asked > 0) ? uapi_federate_ask(r, call, asks, *asked, result) : APR_SUCCESS;
    for (size_t i = 0; i < *asked && status == APR_SUCCESS; i++) {
        read_page(r, call, from[i], &asks[i], key_of_list(method));
    }
    return status;
}

/* A server that was started anew knows no session of before, but has its tools. The list begins again. */
static apr_status_t renew_stale(request_rec *r, uapi_call *call, part *parts, size_t count, uapi_result *result)
{
    apr_status_t status = APR_SUCCESS;
    for (size_t i = 0; i < count && status == APR_SUCCESS; i++) {
        part *of = &parts[i];
        if (of->stale == 1) {
            of->stale = 2;
            of->cursor = NULL;
            apr_array_clear(of->entries);
            status = uapi_federate_renew_peer(r, call, of->server, of->peer, &of->peer, result);
            of->over = of->peer == NULL;
            of->trouble = of->over ? UAPI_REASON_UPSTREAM_FAILED : UAPI_REASON_NONE;
        }
    }
    return status;
}

static apr_status_t find_peers(request_rec *r, uapi_call *call, part *parts, size_t count, uapi_result *result)
{
    const uapi_policy_server **servers = apr_pcalloc(r->pool, sizeof(*servers) * (count + 1));
    const uapi_federation_peer **peers = apr_pcalloc(r->pool, sizeof(*peers) * (count + 1));
    uapi_reason *reasons = apr_pcalloc(r->pool, sizeof(*reasons) * (count + 1));
    part **wanted = apr_pcalloc(r->pool, sizeof(*wanted) * (count + 1));
    size_t missing = 0;
    apr_status_t status;
    for (size_t i = 0; i < count; i++) {
        if (!parts[i].over) {
            wanted[missing] = &parts[i];
            servers[missing++] = parts[i].server;
        }
    }
    status = uapi_federate_peers(r, call, servers, peers, reasons, missing, NULL, result);
    for (size_t i = 0; i < missing && status == APR_SUCCESS; i++) {
        wanted[i]->peer = peers[i];
        if (peers[i] != NULL && peers[i]->revision == UAPI_MCP_2026_07_28 && !is_kept(call)) {
            wanted[i]->over = 1; /* that revision has no list of tasks */
        }
        if (peers[i] == NULL) {
            wanted[i]->over = wanted[i]->silent = 1;
            wanted[i]->trouble = reasons[i];
        }
    }
    return status;
}

static apr_status_t collect(request_rec *r, uapi_call *call, part *parts, size_t count, uapi_result *result)
{
    size_t asked = 1;
    apr_status_t status;
    for (size_t i = 0; i < count; i++) {
        parts[i].server = APR_ARRAY_IDX(call->federated->allowed, (int)i, const uapi_policy_server *);
        parts[i].entries = apr_array_make(r->pool, 16, sizeof(const char *));
        parts[i].changes = uapi_federate_changes(parts[i].server->name);
        recall(r, call, &parts[i]);
        recall_silence(r, call, &parts[i]);
    }
    status = find_peers(r, call, parts, count, result);
    while (status == APR_SUCCESS && asked > 0) {
        status = ask_round(r, call, parts, count, &asked, result);
        if (status == APR_SUCCESS) {
            status = renew_stale(r, call, parts, count, result);
        }
    }
    for (size_t i = 0; i < count && status == APR_SUCCESS; i++) {
        if (parts[i].pages > 0) {
            remember(r, call, &parts[i]);
        }
        if (r->connection->aborted) {
            continue; /* nobody waited for the server: that says nothing about it */
        }
        remember_silence(r, call, &parts[i]);
        if (parts[i].trouble != UAPI_REASON_NONE) {
            ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, UAPI_LOGNO(0122) "call %s: server %s is missing in %s: %s",
                          call->id, parts[i].server->name, call->mcp.messages[0].method,
                          uapi_reason_describe(parts[i].trouble)->code);
        }
    }
    return status;
}

/* --------------------------------------------------------------------------- the page */

/* A place in a list: the server, and how many of its entries have been given. Sealed, so that it is only ever one that we gave. */
typedef struct place {
    const char *server;
    int index;
} place;

static const char cursor_binding[] = "*cursor";

static apr_status_t read_place(request_rec *r, const uapi_call *call, place *at, uapi_result *result)
{
    const uapi_mcp_message *message = &call->mcp.messages[0];
    uint32_t node = (message->params != UAPI_JSON_NONE) ? uapi_json_member(&call->json, message->params, "cursor")
                                                        : UAPI_JSON_NONE;
    size_t width = strlen(message->method);
    const char *text;
    char *end;
    *at = (place){NULL, 0};
    if (node == UAPI_JSON_NONE) {
        return APR_SUCCESS;
    }
    if (call->json.nodes[node].type != UAPI_JSON_STRING ||
        uapi_session_open(&text, uapi_json_strdup(&call->json, node, r->pool), call->gateway->keyring, call->principal,
                          cursor_binding, r->pool, result) != APR_SUCCESS ||
        strncmp(text, message->method, width) != 0 || text[width] != ' ') {
        return uapi_fail(result, r->pool, APR_EINVAL, UAPI_REASON_GATEWAY_CURSOR, "no cursor of this list");
    }
    at->index = (int)strtol(text + width + 1, &end, 10);
    at->server = end + 1;
    return APR_SUCCESS;
}

static apr_status_t write_place(request_rec *r, const uapi_call *call, const place *at, const char **cursor,
                                uapi_result *result)
{
    const char *text = apr_psprintf(r->pool, "%s %d %s", call->mcp.messages[0].method, at->index, at->server);
    return uapi_session_seal(cursor, text, call->gateway->keyring, call->principal, cursor_binding, r->pool, result);
}

/* Entries from `at` on, as many as fit a page; `at` becomes where the next one begins, its server NULL at the end. */
static const char *take_page(request_rec *r, const uapi_call *call, const part *parts, size_t count, place *at)
{
    apr_array_header_t *page = apr_array_make(r->pool, 64, sizeof(const char *));
    int most = uapi_config_list_page(call->route);
    for (size_t i = 0; i < count; i++) {
        int order = (at->server != NULL) ? strcmp(parts[i].server->name, at->server) : 1;
        for (int j = (order == 0) ? at->index : 0; order >= 0 && j < parts[i].entries->nelts; j++) {
            if (page->nelts == most) {
                *at = (place){parts[i].server->name, j};
                return apr_array_pstrcat(r->pool, page, ',');
            }
            APR_ARRAY_PUSH(page, const char *) = APR_ARRAY_IDX(parts[i].entries, j, const char *);
        }
    }
    at->server = NULL;
    return apr_array_pstrcat(r->pool, page, ',');
}

/* Names of servers and codes need no escape. */
static const char *notice(request_rec *r, const part *parts, size_t count)
{
    const char *list = "", *separator = "";
    for (size_t i = 0; i < count; i++) {
        if (parts[i].trouble != UAPI_REASON_NONE) {
            list = apr_pstrcat(r->pool, list, separator, "{\"reason\":\"", uapi_reason_describe(parts[i].trouble)->code,
                               "\",\"server\":\"", parts[i].server->name, "\"}", NULL);
            separator = ",";
        }
    }
    return (list[0] != '\0') ? apr_pstrcat(r->pool, ",\"_meta\":{\"uapi/unavailable\":[", list, "]}", NULL) : "";
}

static const char *caching(request_rec *r, const uapi_call *call, const part *parts, size_t count)
{
    int ttl = LONGEST_TTL;
    for (size_t i = 0; i < count; i++) {
        int own = (parts[i].trouble != UAPI_REASON_NONE) ? 0 : parts[i].ttl;
        ttl = (own < ttl) ? own : ttl;
    }
    return call->federated->modern
               ? apr_psprintf(r->pool, ",\"resultType\":\"complete\",\"ttlMs\":%d,\"cacheScope\":\"private\"", ttl)
               : "";
}

apr_status_t uapi_federate_list(request_rec *r, uapi_call *call, const char **result_text, uapi_result *result)
{
    size_t count = (size_t)call->federated->allowed->nelts;
    part *parts = apr_pcalloc(r->pool, sizeof(*parts) * (count + 1));
    const char *page, *cursor = NULL;
    place at;
    apr_status_t status = read_place(r, call, &at, result);
    if (status == APR_SUCCESS) {
        status = collect(r, call, parts, count, result);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    page = take_page(r, call, parts, count, &at);
    if (at.server != NULL && write_place(r, call, &at, &cursor, result) != APR_SUCCESS) {
        return result->status;
    }
    *result_text = apr_pstrcat(r->pool, "{\"", key_of_list(call->mcp.messages[0].method), "\":[", page, "]",
                               cursor != NULL ? ",\"nextCursor\":\"" : "", cursor != NULL ? cursor : "",
                               cursor != NULL ? "\"" : "", caching(r, call, parts, count), notice(r, parts, count), "}",
                               NULL);
    return APR_SUCCESS;
}
