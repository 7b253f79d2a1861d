/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Cancelling between the eras of MCP. An older client says so in a message of its own (notifications/cancelled), which any child may get; to a
 * server of 2026-07-28 it means that the stream of the call is closed ("basic/patterns/cancellation"). A client of 2026-07-28 closes
 * its stream, which an older server must not take for a cancellation, so it is told.
 */
#include "federate.h"

#include <stdatomic.h>
#include <string.h>

#include <sys/mman.h>

#include <apr_strings.h>

#include "../core/crypto.h"
#include "log.h"

/* What was cancelled, as all children know it. Where two meet, the later one is known: the earlier call then runs to its end. */
enum { SLOTS = 1024 };
static atomic_uint_fast64_t *slots;

static apr_status_t unmap(void *memory)
{
    munmap(memory, sizeof(*slots) * SLOTS);
    return APR_SUCCESS;
}

apr_status_t uapi_federate_share_cancelled(apr_pool_t *pconf)
{
    void *memory = mmap(NULL, sizeof(*slots) * SLOTS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return APR_ENOMEM;
    }
    apr_pool_cleanup_register(pconf, memory, unmap, apr_pool_cleanup_null);
    slots = memory;
    return APR_SUCCESS;
}

/* Of one request in one session. The session's id is sealed to its principal and nobody else's to know; 0 is no mark. */
static uint64_t mark_of(request_rec *r, const uapi_json *json, uint32_t id)
{
    const char *session = apr_table_get(r->headers_in, "Mcp-Session-Id");
    uint8_t digest[UAPI_SHA256_SIZE];
    uint64_t mark;
    const char *text;
    if (session == NULL || id == UAPI_JSON_NONE ||
        (json->nodes[id].type != UAPI_JSON_STRING && json->nodes[id].type != UAPI_JSON_NUMBER)) {
        return 0;
    }
    text = apr_pstrcat(r->pool, session, json->nodes[id].type == UAPI_JSON_STRING ? "\ns" : "\nn",
                       uapi_json_strdup(json, id, r->pool), NULL);
    if (uapi_crypto_sha256(text, strlen(text), digest) != 0) {
        return 0;
    }
    memcpy(&mark, digest, sizeof(mark));
    return mark;
}

void uapi_federate_expect_cancel(request_rec *r, uapi_call *call)
{
    uint_fast64_t mark = mark_of(r, &call->json, call->mcp.messages[0].id);
    if (mark != 0 && call->federated->translation == UAPI_TRANSLATE_TO_MODERN) {
        uint_fast64_t before = mark; /* of another request by the same id */
        atomic_compare_exchange_strong(&slots[mark % SLOTS], &before, 0);
        call->federated->cancel_mark = mark;
    }
}

int uapi_federate_is_cancelled(const request_rec *r)
{
    const uapi_call *call = uapi_call_find(r);
    uint64_t mark = (call != NULL && call->federated != NULL) ? call->federated->cancel_mark : 0;
    return mark != 0 && atomic_load_explicit(&slots[mark % SLOTS], memory_order_relaxed) == mark;
}

int uapi_federate_can_be_cancelled(const request_rec *r)
{
    const uapi_call *call = uapi_call_find(r);
    return call != NULL && call->federated != NULL && call->federated->cancel_mark != 0;
}

void uapi_federate_note_cancel(request_rec *r, const uapi_call *call)
{
    const uapi_mcp_message *message = &call->mcp.messages[0];
    uint64_t mark;
    if (message->params == UAPI_JSON_NONE || strcmp(message->method, "notifications/cancelled") != 0) {
        return;
    }
    mark = mark_of(r, &call->json, uapi_json_member(&call->json, message->params, "requestId"));
    if (mark != 0) {
        atomic_store_explicit(&slots[mark % SLOTS], mark, memory_order_relaxed);
    }
}

void uapi_federate_tell_cancelled(request_rec *r, uapi_call *call)
{
    uapi_federated *federated = call->federated;
    uapi_result ignored = {0};
    uapi_ask ask = {0};
    if (federated == NULL || federated->translation != UAPI_TRANSLATE_TO_LEGACY || !call->forwarded ||
        !r->connection->aborted || call->mcp.messages[0].kind != UAPI_MCP_REQUEST) {
        return;
    }
    ask.server = federated->server;
    ask.peer = federated->peer;
    ask.http_method = "POST";
    ask.method = "notifications/cancelled";
    ask.body = apr_pstrcat(r->pool,
                           "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":",
                           uapi_federate_raw_id(r, call), ",\"reason\":\"the client closed its stream\"}}", NULL);
    uapi_federate_ask(r, call, &ask, 1, &ignored);
}
