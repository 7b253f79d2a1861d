/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "batch.h"

#include <string.h>

#include <apr_strings.h>

#include "http_protocol.h"

#include "../core/mcp_batch.h"
#include "log.h"
#include "refuse.h"
#include "stages.h"

/* ------------------------------------------------------------------- verdicts */

void uapi_batch_begin(uapi_call *call, apr_pool_t *pool)
{
    call->edits = uapi_edit_list(pool);
    call->members = apr_pcalloc(pool, sizeof(*call->members) * call->mcp.count);
    for (uint32_t i = 0; i < call->mcp.count; i++) {
        uint32_t node = call->mcp.messages[i].node;
        uapi_view_extent(&call->view, node, call->json.nodes[node].skip, pool, &call->members[i].from,
                         &call->members[i].to);
    }
}

void uapi_batch_refuse(request_rec *r, uapi_call *call, uint32_t index, uapi_reason reason, const char *rule)
{
    uapi_call_member *member = &call->members[index];
    if (member->refused != UAPI_REASON_NONE) {
        return;
    }
    member->refused = reason;
    member->rule = rule;
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, UAPI_LOGNO(0106) "call %s: message %u of the batch refused: %s%s%s",
                  call->id, (unsigned)index + 1, uapi_reason_describe(reason)->code, rule != NULL ? ", rule " : "",
                  rule != NULL ? rule : "");
}

int uapi_batch_touches(const uapi_call *call, uint32_t index, const uapi_firewall_finding *finding)
{
    const uapi_call_member *members = call->members;
    return members == NULL || (finding->from < members[index].to && finding->to > members[index].from);
}

void uapi_batch_block(request_rec *r, uapi_call *call, const uapi_firewall_finding *finding)
{
    int touched = 0;
    for (uint32_t i = 0; i < call->mcp.count; i++) {
        touched |= uapi_batch_touches(call, i, finding);
    }
    for (uint32_t i = 0; i < call->mcp.count; i++) {
        if (!touched || uapi_batch_touches(call, i, finding)) {
            uapi_batch_refuse(r, call, i, uapi_firewall_reason(finding->action), finding->rule);
        }
    }
}

apr_status_t uapi_batch_require_one(uapi_call *call, apr_pool_t *pool, uapi_result *result)
{
    for (uint32_t i = 0; i < call->mcp.count; i++) {
        if (call->members[i].refused == UAPI_REASON_NONE) {
            return APR_SUCCESS;
        }
    }
    call->refused_rule = call->members[0].rule;
    return uapi_fail(result, pool, APR_EACCES, call->members[0].refused, "every message of a batch");
}

uapi_reason uapi_batch_reason(const uapi_call *call, uint32_t index)
{
    int own = call->members != NULL && call->members[index].refused != UAPI_REASON_NONE;
    return own ? call->members[index].refused : call->refusal.reason;
}

const char *uapi_batch_rule(const uapi_call *call, uint32_t index)
{
    int own = call->members != NULL && call->members[index].refused != UAPI_REASON_NONE;
    return own ? call->members[index].rule : call->refused_rule;
}

const uapi_verdict *uapi_batch_verdict(const uapi_call *call, uint32_t index)
{
    return call->members != NULL ? &call->members[index].verdict : &call->verdict;
}

/* ------------------------------------------------------------------ the request */

/* Which messages went upstream. */
static char *went(const uapi_call *call, apr_pool_t *pool)
{
    char *flags = apr_pcalloc(pool, call->mcp.count + 1);
    for (uint32_t i = 0; i < call->mcp.count; i++) {
        flags[i] = (call->members == NULL || call->members[i].refused == UAPI_REASON_NONE);
    }
    return flags;
}

/* Over HTTP+SSE (2024-11-05, which has no batches) there is no answer that errors could join: it comes on another stream. */
static apr_status_t require_all(uapi_call *call, apr_pool_t *pool, uapi_result *result)
{
    for (uint32_t i = 0; call->endpoint != NULL && i < call->mcp.count; i++) {
        if (call->members[i].refused != UAPI_REASON_NONE) {
            call->refused_rule = call->members[i].rule;
            return uapi_fail(result, pool, APR_EACCES, call->members[i].refused, "a message of a batch over HTTP+SSE");
        }
    }
    return APR_SUCCESS;
}

static void cut_refused(request_rec *r, const uapi_call *call)
{
    char *cut = went(call, r->pool);
    for (uint32_t i = 0; i < call->mcp.count; i++) {
        cut[i] = !cut[i];
    }
    uapi_mcp_cut_members(call->edits, &call->json, &call->mcp, cut);
}

/* What was redacted and what is cut out are edits of the same bytes: one pass over them. Of a redaction inside a cut member nothing is
 * left, because the longer edit that begins first wins. */
apr_status_t uapi_stage_split(request_rec *r, uapi_call *call, uapi_result *result)
{
    if (call->members != NULL) {
        if (uapi_batch_require_one(call, r->pool, result) != APR_SUCCESS ||
            require_all(call, r->pool, result) != APR_SUCCESS) {
            return result->status;
        }
        cut_refused(r, call);
    }
    if (call->edits != NULL && call->edits->nelts > 0) {
        uapi_edit_apply(&call->forward, &call->forward_length, call->body, call->body_length, call->edits, r->pool);
    }
    return APR_SUCCESS;
}

/* ------------------------------------------------------------------- the answer */

int uapi_batch_was_asked(const uapi_call *call, const uapi_json *reply, uint32_t id, apr_pool_t *pool)
{
    return uapi_mcp_was_asked(&call->mcp, &call->json, call->members != NULL ? went(call, pool) : NULL, reply, id,
                              pool);
}

void uapi_batch_cut_strays(apr_array_header_t *edits, const uapi_call *call, const uapi_inspected *answer,
                           apr_pool_t *pool)
{
    const uapi_mcp_body *reply = &answer->reply;
    char *cut;
    int strays = 0;
    if (!reply->batch || reply->count == 0) {
        return;
    }
    cut = apr_pcalloc(pool, reply->count);
    for (uint32_t i = 0; i < reply->count; i++) {
        const uapi_mcp_message *message = &reply->messages[i];
        cut[i] = message->method == NULL && message->id != UAPI_JSON_NONE &&
                 !uapi_batch_was_asked(call, &answer->json, message->id, pool);
        strays += cut[i];
    }
    if (strays > 0) {
        uapi_mcp_cut_members(edits, &answer->json, reply, cut);
    }
}

/* The errors that are still to be sent: those of refused requests in a batch of which something went upstream. */
static apr_array_header_t *errors_of(request_rec *r, const uapi_call *call)
{
    apr_array_header_t *errors = apr_array_make(r->pool, 4, sizeof(const char *));
    for (uint32_t i = 0; call->members != NULL && i < call->mcp.count; i++) {
        if (call->members[i].refused != UAPI_REASON_NONE && call->mcp.messages[i].kind == UAPI_MCP_REQUEST) {
            uapi_result why = {APR_EACCES, call->members[i].refused, NULL};
            APR_ARRAY_PUSH(errors, const char *) = uapi_refuse_body(r, call, &why, call->members[i].rule, &call->json,
                                                                    call->mcp.messages[i].id, r->pool);
        }
    }
    return errors;
}

static int awaits_answers(const uapi_call *call)
{
    for (uint32_t i = 0; i < call->mcp.count; i++) {
        if (call->members[i].refused == UAPI_REASON_NONE && call->mcp.messages[i].kind == UAPI_MCP_REQUEST) {
            return 1;
        }
    }
    return 0;
}

static size_t trimmed(const char *text, size_t length)
{
    while (length > 0 && memchr(" \t\r\n", text[length - 1], 4) != NULL) {
        length--;
    }
    return length;
}

/* Where in the answer the errors go: before the bracket that closes an array, or an array made around one message. Anything else that
 * came although nothing was asked any more gives way to them; an answer that is no message stays what it is. */
static const char *join(request_rec *r, const uapi_call *call, const uapi_inspected *answer, const char *text,
                        size_t length, const char *errors)
{
    size_t end = trimmed(text, length);
    int is_array = answer->json.count > 0 && answer->json.nodes[0].type == UAPI_JSON_ARRAY;
    if (is_array && end > 0) {
        size_t before = trimmed(text, end - 1);
        return apr_pstrcat(r->pool, apr_pstrmemdup(r->pool, text, end - 1), text[before - 1] == '[' ? "" : ",", errors,
                           "]", NULL);
    }
    if (answer->reply.count > 0) {
        return apr_pstrcat(r->pool, "[", apr_pstrmemdup(r->pool, text, end), ",", errors, "]", NULL);
    }
    return (end == 0 || !awaits_answers(call)) ? apr_pstrcat(r->pool, "[", errors, "]", NULL) : NULL;
}

void uapi_batch_join(request_rec *r, const uapi_call *call, const uapi_inspected *answer, const char **text,
                     size_t *length)
{
    apr_array_header_t *errors;
    const char *joined;
    if (call->members == NULL || r->status < 200 || r->status > 299) {
        return;
    }
    errors = errors_of(r, call);
    if (errors->nelts == 0) {
        return;
    }
    joined = join(r, call, answer, *text, *length, apr_array_pstrcat(r->pool, errors, ','));
    if (joined != NULL) {
        *text = joined;
        *length = strlen(joined);
        r->status = HTTP_OK;
        r->status_line = NULL;
        ap_set_content_type(r, "application/json");
    }
}

const char *uapi_batch_events(request_rec *r, const uapi_call *call)
{
    apr_array_header_t *errors;
    if (call->members == NULL) {
        return NULL;
    }
    errors = errors_of(r, call);
    for (int i = 0; i < errors->nelts; i++) {
        const char **error = &APR_ARRAY_IDX(errors, i, const char *);
        *error = apr_pstrcat(r->pool, "data: ", *error, "\n\n", NULL);
    }
    return errors->nelts > 0 ? apr_array_pstrcat(r->pool, errors, 0) : NULL;
}
