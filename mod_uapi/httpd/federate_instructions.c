/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What servers tell agents about their use (`instructions` of initialize and server/discover), as the endpoint says it: each under its server's
 * name, with a bound. What a server said was inspected when it came, and is kept by this child for the caller for whom it did.
 */
#include "federate.h"

#include <string.h>

#include <apr_strings.h>

#include "../core/jcs.h"
#include "log.h"

enum { LONGEST = 2048, LONGEST_OF_ALL = 16384 };
#define KEPT apr_time_from_sec(600)
#define SILENT apr_time_from_sec(5)

static const char kind[] = "instructions";

void uapi_federate_note_instructions(request_rec *r, const uapi_ask *ask)
{
    uint32_t node = (ask->trouble == UAPI_REASON_NONE && ask->result != UAPI_JSON_NONE)
                        ? uapi_json_member(&ask->json, ask->result, "instructions")
                        : UAPI_JSON_NONE;
    const char *text = (node != UAPI_JSON_NONE && ask->json.nodes[node].type == UAPI_JSON_STRING)
                           ? uapi_json_strdup(&ask->json, node, r->pool)
                           : "";
    size_t length = strlen(text);
    if (length > LONGEST) {
        for (length = LONGEST; length > 0 && (text[length] & 0xC0) == 0x80; length--) {
        }
    }
    uapi_federate_remember(uapi_federate_key(ask->call, kind, ask->server->name, r->pool),
                           apr_pstrmemdup(r->pool, text, length), apr_time_now() + KEPT);
}

static const char *recall(request_rec *r, const uapi_call *call, const char *server)
{
    return uapi_federate_recall(uapi_federate_key(call, kind, server, r->pool), r->pool);
}

/* A server whose revision is known was never asked. Side by side; one that does not answer has none for a while. */
static apr_status_t ask_missing(request_rec *r, uapi_call *call, const uapi_policy_server *const *servers,
                                const uapi_federation_peer *const *peers, size_t count, uapi_result *result)
{
    uapi_ask *asks = apr_pcalloc(r->pool, sizeof(*asks) * (count + 1));
    size_t going = 0;
    apr_status_t status;
    for (size_t i = 0; i < count; i++) {
        if (peers[i] != NULL && peers[i]->revision == UAPI_MCP_2026_07_28 &&
            recall(r, call, servers[i]->name) == NULL) {
            asks[going++] = (uapi_ask){.server = servers[i],
                                       .http_method = "POST",
                                       .method = "server/discover",
                                       .body = uapi_federate_discover_body,
                                       .modern = 1};
        }
    }
    status = (going > 0) ? uapi_federate_ask(r, call, asks, going, result) : APR_SUCCESS;
    for (size_t i = 0; i < going && status == APR_SUCCESS; i++) {
        if (asks[i].status != 0) {
            uapi_federate_note_instructions(r, &asks[i]);
        } else {
            uapi_federate_remember(uapi_federate_key(call, kind, asks[i].server->name, r->pool), "",
                                   apr_time_now() + SILENT);
        }
    }
    return status;
}

static const char *as_member(request_rec *r, const char *text)
{
    size_t room = strlen(text) * 6 + 64, length;
    char *buffer = apr_palloc(r->pool, room);
    uapi_jcs w;
    uapi_jcs_begin(&w, buffer, room);
    uapi_jcs_object_open(&w);
    uapi_jcs_key(&w, kind);
    uapi_jcs_cstring(&w, text);
    uapi_jcs_object_close(&w);
    length = uapi_jcs_end(&w);
    return (length > 2) ? apr_pstrcat(r->pool, ",", apr_pstrmemdup(r->pool, buffer + 1, length - 2), NULL) : "";
}

apr_status_t uapi_federate_instructions(request_rec *r, uapi_call *call, const uapi_policy_server *const *servers,
                                        const uapi_federation_peer *const *peers, size_t count, const char **member,
                                        uapi_result *result)
{
    const char *all = "";
    apr_status_t status = ask_missing(r, call, servers, peers, count, result);
    for (size_t i = 0; i < count && status == APR_SUCCESS; i++) {
        const char *text = (peers[i] != NULL) ? recall(r, call, servers[i]->name) : NULL;
        if (text != NULL && text[0] != '\0' && strlen(all) + strlen(text) < LONGEST_OF_ALL) {
            all = apr_pstrcat(r->pool, all, all[0] != '\0' ? "\n\n" : "", "Server ", servers[i]->name,
                              " (its names begin with ", servers[i]->name, call->federated->federation->separator,
                              "):\n", text, NULL);
        }
    }
    *member = (all[0] != '\0') ? as_member(r, all) : "";
    return status;
}

apr_status_t uapi_federate_gather_instructions(request_rec *r, uapi_call *call, const char **member,
                                               uapi_result *result)
{
    const apr_array_header_t *allowed = call->federated->allowed;
    size_t room = (size_t)allowed->nelts + 1, count = 0;
    const uapi_policy_server **servers = apr_pcalloc(r->pool, sizeof(*servers) * room);
    const uapi_federation_peer **peers = apr_pcalloc(r->pool, sizeof(*peers) * room);
    uapi_reason *reasons = apr_pcalloc(r->pool, sizeof(*reasons) * room);
    apr_status_t status;
    for (int i = 0; i < allowed->nelts; i++) {
        const uapi_policy_server *server = APR_ARRAY_IDX(allowed, i, const uapi_policy_server *);
        if (uapi_federate_recall(uapi_federate_key(call, "silent", server->name, r->pool), r->pool) == NULL) {
            servers[count++] = server;
        }
    }
    status = uapi_federate_peers(r, call, servers, peers, reasons, count, NULL, result);
    for (size_t i = 0; i < count && status == APR_SUCCESS; i++) {
        if (peers[i] == NULL && reasons[i] == UAPI_REASON_UPSTREAM_FAILED) { /* nobody waits for it again at once */
            uapi_federate_remember(uapi_federate_key(call, "silent", servers[i]->name, r->pool), "",
                                   apr_time_now() + SILENT);
        }
    }
    return (status == APR_SUCCESS) ? uapi_federate_instructions(r, call, servers, peers, count, member, result)
                                   : status;
}
