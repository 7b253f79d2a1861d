/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Sessions at servers. A client of an older revision brings those that were opened with its own in its session id. What it does not
 * bring (the server was down then, or the client has no sessions) is opened when it is needed, and kept by this child for this
 * principal. MCP 2026-07-28, "basic/versioning": which era a server is of.
 */
#include "federate.h"

#include <string.h>

#include <apr_strings.h>

#include "affinity.h"
#include "log.h"

#define KEPT apr_time_from_sec(600)

static const uapi_federation_peer modern_peer = {"", UAPI_MCP_2026_07_28, ""};

/* ---------------------------------------------------------------------- what is known */

/* A server of both eras is asked in the client's. */
static const char *key_of(const uapi_call *call, const char *server, apr_pool_t *pool)
{
    return uapi_federate_key(call, call->federated->modern ? "peer modern" : "peer legacy", server, pool);
}

/* In place of a session that the server does not know any more. */
static const char *key_of_heir(const uapi_call *call, const uapi_federation_peer *dead, const char *server,
                               apr_pool_t *pool)
{
    return uapi_federate_key(call, apr_pstrcat(pool, "heir of ", dead->id, NULL), server, pool);
}

static const uapi_federation_peer *recall(request_rec *r, const char *key, const char *server)
{
    const char *text = uapi_federate_recall(key, r->pool);
    uapi_federation_peer *peer = (text != NULL) ? apr_palloc(r->pool, sizeof(*peer)) : NULL;
    if (peer != NULL) {
        *peer = (uapi_federation_peer){server, (uapi_mcp_revision)(text[0] - '0'), text + 1};
    }
    return peer;
}

static void remember(request_rec *r, const char *key, const uapi_federation_peer *peer)
{
    uapi_federate_remember(key, apr_psprintf(r->pool, "%d%s", (int)peer->revision, peer->id), apr_time_now() + KEPT);
}

void uapi_federate_forget_peer(const uapi_call *call, const char *server)
{
    apr_pool_t *pool;
    if (server == NULL || apr_pool_create(&pool, NULL) != APR_SUCCESS) {
        return;
    }
    uapi_federate_forget(key_of(call, server, pool));
    apr_pool_destroy(pool);
}

const char *uapi_federate_session_of(const uapi_call *call)
{
    if (call->federated != NULL && call->federated->peer != NULL) {
        return call->federated->peer->id;
    }
    return (call->session != NULL) ? call->session : "";
}

static const uapi_federation_peer *known(request_rec *r, const uapi_call *call, const uapi_policy_server *server)
{
    const uapi_federation_session *session = call->federated->session;
    const uapi_federation_peer *peer = NULL;
    if (server->revision == UAPI_SERVER_REVISION_2026_07_28) {
        return &modern_peer;
    }
    if (session != NULL && !call->federated->modern) {
        peer = uapi_federation_session_find(session, server->name);
    }
    if (peer != NULL && peer->id[0] != '\0') {
        const uapi_federation_peer *heir = recall(r, key_of_heir(call, peer, server->name, r->pool), server->name);
        peer = (heir != NULL) ? heir : peer;
    }
    return (peer != NULL) ? peer : recall(r, key_of(call, server->name, r->pool), server->name);
}

/* ---------------------------------------------------------------------------- opening */

/* One server on its way to a peer. */
typedef struct opening {
    const uapi_policy_server *server;
    const uapi_federation_peer *peer; /* NULL: not yet */
    int tried_modern, tried_legacy, down;
    uapi_reason trouble; /* the last one */
} opening;

static const char *revision_to_ask(const uapi_call *call, const uapi_policy_server *server)
{
    static const uapi_mcp_revision configured[] = {
        [UAPI_SERVER_REVISION_2025_03_26] = UAPI_MCP_2025_03_26,
        [UAPI_SERVER_REVISION_2025_06_18] = UAPI_MCP_2025_06_18,
        [UAPI_SERVER_REVISION_2025_11_25] = UAPI_MCP_2025_11_25,
        [UAPI_SERVER_REVISION_2026_07_28] = UAPI_MCP_2025_11_25,
    };
    if (server->revision != UAPI_SERVER_REVISION_AUTO) {
        return uapi_mcp_revision_name(configured[server->revision]);
    }
    if (call->federated->modern || call->mcp.count == 0) {
        return uapi_mcp_revision_name(UAPI_MCP_2025_11_25);
    }
    return uapi_mcp_revision_name(call->federated->session != NULL ? call->federated->session->revision
                                                                   : call->mcp.revision);
}

/* The client's own params, but for the revision; or, where there are none, those of somebody who can do nothing. */
static const char *initialize_body(request_rec *r, const uapi_call *call, const uapi_policy_server *server,
                                   const char *params)
{
    const char *revision = revision_to_ask(call, server);
    uapi_json json;
    uapi_result ignored = {0};
    uint32_t version;
    size_t length;
    if (params == NULL || uapi_json_read(&json, params, strlen(params), NULL, r->pool, &ignored) != APR_SUCCESS ||
        (version = uapi_json_member(&json, 0, "protocolVersion")) == UAPI_JSON_NONE) {
        params = apr_pstrcat(r->pool, "{\"protocolVersion\":\"", revision,
                             "\",\"capabilities\":{},\"clientInfo\":{\"name\":\"mod_uapi\",\"version\":\"1\"}}", NULL);
    } else {
        apr_array_header_t *edits = uapi_edit_list(r->pool);
        const uapi_json_node *node = &json.nodes[version];
        uapi_edit_add(edits, node->start, node->start + node->length, revision);
        uapi_edit_apply(&params, &length, params, strlen(params), edits, r->pool);
    }
    return apr_pstrcat(r->pool, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":", params, "}",
                       NULL);
}

static void read_initialize(request_rec *r, const uapi_ask *ask, opening *to)
{
    uint32_t version = (ask->result != UAPI_JSON_NONE) ? uapi_json_member(&ask->json, ask->result, "protocolVersion")
                                                       : UAPI_JSON_NONE;
    uapi_federation_peer *peer = apr_palloc(r->pool, sizeof(*peer));
    to->down = ask->status == 0;
    to->trouble = ask->trouble;
    if (ask->trouble != UAPI_REASON_NONE || version == UAPI_JSON_NONE ||
        ask->json.nodes[version].type != UAPI_JSON_STRING ||
        !uapi_mcp_revision_find(uapi_json_strdup(&ask->json, version, r->pool), &peer->revision) ||
        peer->revision == UAPI_MCP_2026_07_28) {
        return;
    }
    peer->server = to->server->name;
    peer->id = (ask->session != NULL) ? ask->session : "";
    if (uapi_federation_is_session_id(peer->id)) {
        peer->id = (ask->session != NULL) ? uapi_affinity_join(ask->call, peer->id, r->pool) : "";
        to->peer = peer;
    }
}

static void read_discover(const uapi_ask *ask, opening *to)
{
    uint32_t versions = (ask->result != UAPI_JSON_NONE) ? uapi_json_member(&ask->json, ask->result, "supportedVersions")
                                                        : UAPI_JSON_NONE;
    uint32_t version = (versions != UAPI_JSON_NONE) ? uapi_json_first(&ask->json, versions) : UAPI_JSON_NONE;
    to->down = ask->status == 0;
    to->trouble = ask->trouble;
    if (ask->trouble != UAPI_REASON_NONE) {
        return;
    }
    for (; version != UAPI_JSON_NONE && version < ask->json.nodes[versions].skip;
         version = ask->json.nodes[version].skip) {
        if (ask->json.nodes[version].type == UAPI_JSON_STRING &&
            uapi_json_equals(&ask->json, version, uapi_mcp_revision_name(UAPI_MCP_2026_07_28))) {
            to->peer = &modern_peer;
        }
    }
}

const char uapi_federate_discover_body[] =
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server/discover\",\"params\":{\"_meta\":{"
    "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
    "\"io.modelcontextprotocol/clientInfo\":{\"name\":\"mod_uapi\",\"version\":\"1\"},"
    "\"io.modelcontextprotocol/clientCapabilities\":{}}}}";

static int wants_modern(const opening *to)
{
    return to->peer == NULL && !to->down && !to->tried_modern && to->server->revision == UAPI_SERVER_REVISION_AUTO;
}

static int wants_legacy(const opening *to)
{
    return to->peer == NULL && !to->down && !to->tried_legacy;
}

/* One round: all that want it are asked the same thing side by side. */
static apr_status_t ask_round(request_rec *r, uapi_call *call, opening *openings, size_t count, int modern,
                              const char *initialize, uapi_result *result)
{
    uapi_ask *asks = apr_pcalloc(r->pool, sizeof(*asks) * (count + 1));
    opening **asked = apr_pcalloc(r->pool, sizeof(*asked) * (count + 1));
    size_t going = 0;
    apr_status_t status;
    for (size_t i = 0; i < count; i++) {
        opening *to = &openings[i];
        if (modern ? wants_modern(to) : wants_legacy(to)) {
            *(modern ? &to->tried_modern : &to->tried_legacy) = 1;
            asks[going] = (uapi_ask){.server = to->server, .http_method = "POST", .modern = modern};
            asks[going].method = modern ? "server/discover" : "initialize";
            asks[going].body = modern ? uapi_federate_discover_body : initialize_body(r, call, to->server, initialize);
            asked[going++] = to;
        }
    }
    status = (going > 0) ? uapi_federate_ask(r, call, asks, going, result) : APR_SUCCESS;
    for (size_t i = 0; i < going && status == APR_SUCCESS; i++) {
        if (asks[i].status != 0) {
            uapi_federate_note_instructions(r, &asks[i]);
        }
        if (modern) {
            read_discover(&asks[i], asked[i]);
        } else {
            read_initialize(r, &asks[i], asked[i]);
        }
    }
    return status;
}

/* The handshake's last step, for the sessions that are new. */
static apr_status_t tell_initialized(request_rec *r, uapi_call *call, const opening *openings, size_t count,
                                     uapi_result *result)
{
    uapi_ask *asks = apr_pcalloc(r->pool, sizeof(*asks) * (count + 1));
    size_t going = 0;
    for (size_t i = 0; i < count; i++) {
        if (openings[i].peer != NULL && openings[i].peer != &modern_peer) {
            asks[going++] = (uapi_ask){.server = openings[i].server,
                                       .peer = openings[i].peer,
                                       .http_method = "POST",
                                       .method = "notifications/initialized",
                                       .body = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}"};
        }
    }
    return (going > 0) ? uapi_federate_ask(r, call, asks, going, result) : APR_SUCCESS;
}

static apr_status_t open_all(request_rec *r, uapi_call *call, opening *openings, size_t count, const char *initialize,
                             uapi_result *result)
{
    int modern_first = call->federated->modern;
    apr_status_t status = ask_round(r, call, openings, count, modern_first, initialize, result);
    if (status == APR_SUCCESS) {
        status = ask_round(r, call, openings, count, !modern_first, initialize, result);
    }
    return (status == APR_SUCCESS) ? tell_initialized(r, call, openings, count, result) : status;
}

apr_status_t uapi_federate_peers(request_rec *r, uapi_call *call, const uapi_policy_server *const *servers,
                                 const uapi_federation_peer **peers, uapi_reason *reasons, size_t count,
                                 const char *initialize, uapi_result *result)
{
    opening *openings = apr_pcalloc(r->pool, sizeof(*openings) * (count + 1));
    size_t *which = apr_pcalloc(r->pool, sizeof(*which) * (count + 1)), missing = 0;
    apr_status_t status;
    for (size_t i = 0; i < count; i++) {
        peers[i] = (initialize == NULL || servers[i]->revision == UAPI_SERVER_REVISION_2026_07_28)
                       ? known(r, call, servers[i])
                       : NULL;
        if (peers[i] == NULL) {
            openings[missing].server = servers[i];
            which[missing++] = i;
        }
    }
    if (missing == 0) {
        return APR_SUCCESS;
    }
    status = open_all(r, call, openings, missing, initialize, result);
    for (size_t i = 0; i < missing && status == APR_SUCCESS; i++) {
        peers[which[i]] = openings[i].peer;
        reasons[which[i]] = (openings[i].trouble != UAPI_REASON_NONE) ? openings[i].trouble
                                                                      : UAPI_REASON_UPSTREAM_FAILED;
        if (openings[i].peer != NULL && initialize == NULL) {
            remember(r, key_of(call, openings[i].server->name, r->pool), openings[i].peer);
        }
    }
    return status;
}

apr_status_t uapi_federate_renew_peer(request_rec *r, uapi_call *call, const uapi_policy_server *server,
                                      const uapi_federation_peer *dead, const uapi_federation_peer **peer,
                                      uapi_result *result)
{
    opening fresh = {.server = server};
    apr_status_t status;
    uapi_federate_forget_peer(call, server->name);
    status = open_all(r, call, &fresh, 1, NULL, result);
    *peer = fresh.peer;
    if (status == APR_SUCCESS && fresh.peer != NULL) {
        remember(r, key_of(call, server->name, r->pool), fresh.peer);
        if (dead->id[0] != '\0') {
            remember(r, key_of_heir(call, dead, server->name, r->pool), fresh.peer);
        }
    }
    return status;
}
