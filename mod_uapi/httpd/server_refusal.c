/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "server_refusal.h"

#include <string.h>

#include <apr_strings.h>

#include "mod_proxy.h"

#include "../core/jcs.h"
#include "background.h"
#include "log.h"

/* -------------------------------------------------------------------------- what is said */

/* The id stands there as the server spelled it. */
static const char *write_error(const uapi_call *call, const uapi_json *json, uint32_t id, uapi_reason reason,
                               apr_pool_t *pool)
{
    const uapi_reason_info *info = uapi_reason_describe(reason);
    const uapi_json_node *node = &json->nodes[id];
    size_t quote = (node->type == UAPI_JSON_STRING);
    char buffer[1024];
    uapi_jcs w;
    uapi_jcs_begin(&w, buffer, sizeof(buffer));
    uapi_jcs_object_open(&w);
    uapi_jcs_key(&w, "code");
    uapi_jcs_int(&w, info->rpc_code);
    uapi_jcs_key(&w, "data");
    uapi_jcs_object_open(&w);
    uapi_jcs_key(&w, "call");
    uapi_jcs_cstring(&w, call->id);
    uapi_jcs_key(&w, "reason");
    uapi_jcs_cstring(&w, info->code);
    uapi_jcs_object_close(&w);
    uapi_jcs_key(&w, "message");
    uapi_jcs_cstring(&w, info->title);
    uapi_jcs_object_close(&w);
    return apr_psprintf(pool, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":%.*s}",
                        apr_pstrmemdup(pool, json->text + node->start - quote, node->length + 2 * quote),
                        (int)uapi_jcs_end(&w), buffer);
}

/* -------------------------------------------------------------------------- and to whom */

/* Behind an ordinary route: what mod_proxy calls is what is called. */
static const uapi_policy_server *upstream_of(const uapi_call *call, apr_pool_t *pool)
{
    uapi_policy_server *server = apr_pcalloc(pool, sizeof(*server));
    const char *url = (call->offered) ? call->answers_at : call->upstream;
    if (url == NULL) {
        return NULL;
    }
    server->name = call->server;
    server->url = url;
    server->ca = (call->target != NULL) ? call->target->ca : NULL;
    return server;
}

static int preserves_host(const request_rec *r)
{
    const module *proxy = ap_find_linked_module("mod_proxy.c");
    const proxy_dir_conf *location = (proxy != NULL) ? ap_get_module_config(r->per_dir_config, proxy) : NULL;
    return location != NULL && location->preserve_host == 1;
}

static const apr_table_t *headers_of(const request_rec *r, const uapi_call *call, apr_pool_t *pool)
{
    apr_table_t *headers = apr_table_make(pool, 3);
    const char *version = apr_table_get(r->headers_in, "MCP-Protocol-Version");
    const char *host = apr_table_get(r->headers_in, "Host");
    uapi_mcp_revision known;
    if (version != NULL && uapi_mcp_revision_find(version, &known)) {
        apr_table_setn(headers, "MCP-Protocol-Version", version);
    }
    if (call->session != NULL) {
        apr_table_setn(headers, "Mcp-Session-Id", call->session);
    }
    if (host != NULL && preserves_host(r)) {
        apr_table_setn(headers, "Host", host);
    }
    return headers;
}

static int has_own_requests(const uapi_call *call)
{
    uapi_mcp_revision revision = call->mcp.count > 0 ? call->mcp.revision : UAPI_MCP_2025_03_26;
    if (call->federated != NULL) {
        return call->federated->peer != NULL && call->federated->peer->revision != UAPI_MCP_2026_07_28;
    }
    return call->protocol == UAPI_PROTOCOL_MCP && revision != UAPI_MCP_2026_07_28;
}

static int address(uapi_ask *ask, const request_rec *r, const uapi_call *call, apr_pool_t *pool)
{
    if (call->federated != NULL) {
        ask->server = call->federated->server;
        ask->peer = call->federated->peer;
        return 1;
    }
    ask->server = upstream_of(call, pool);
    ask->socket = call->upstream_socket;
    ask->headers = headers_of(r, call, pool);
    return ask->server != NULL;
}

void uapi_server_refusal_send(request_rec *r, const uapi_call *call, const uapi_inspected *said, uapi_reason reason,
                              apr_pool_t *pool)
{
    const char *trouble = NULL; /* then it is that of the next one too, and one line in the log says it */
    for (uint32_t i = 0; i < said->reply.count && has_own_requests(call); i++) {
        const uapi_mcp_message *message = &said->reply.messages[i];
        uapi_ask ask = {.http_method = "POST", .method = "response/error", .is_refusal = 1};
        if (message->kind != UAPI_MCP_REQUEST) {
            continue;
        }
        if (trouble != NULL) {
            uapi_background_note_lost();
            continue;
        }
        if (!address(&ask, r, call, pool)) {
            uapi_background_note_lost();
            trouble = "no address";
        } else {
            ask.body = write_error(call, &said->json, message->id, reason, pool);
            trouble = uapi_background_ask(r, call, &ask) ? NULL : "too many wait to be told";
        }
        if (trouble != NULL) {
            ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                          UAPI_LOGNO(0140) "call %s: the server is not told that its %.64s was refused: %s", call->id,
                          message->method, trouble);
        }
    }
}
