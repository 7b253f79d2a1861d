/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "refuse.h"

#include <string.h>

#include <apr_strings.h>

#include "http_core.h"
#include "http_protocol.h"
#include "http_request.h"

#include "../core/jcs.h"
#include "batch.h"
#include "body.h"
#include "log.h"
#include "settle.h"

static ap_filter_rec_t *error_filter;

/* Reasons that are about one message of the protocol. All others are about the connection. */
static int concerns_message(uapi_reason reason)
{
    switch (reason) {
    case UAPI_REASON_POLICY_DENIED:
    case UAPI_REASON_POLICY_DEFAULT:
    case UAPI_REASON_TOOL_UNPINNED:
    case UAPI_REASON_TOOL_CHANGED:
    case UAPI_REASON_ARGUMENTS_INVALID:
    case UAPI_REASON_ARGUMENTS_SCHEMA:
    case UAPI_REASON_FIREWALL_BLOCKED:
    case UAPI_REASON_APPROVAL_REQUIRED:
    case UAPI_REASON_FIREWALL_OVERLOAD:
    case UAPI_REASON_FIREWALL_DEADLINE:
    case UAPI_REASON_FIREWALL_FAILED:
    case UAPI_REASON_CREDENTIAL_MISSING:
    case UAPI_REASON_CREDENTIAL_UNREADABLE:
    case UAPI_REASON_GATEWAY_UNSUPPORTED:
    case UAPI_REASON_GATEWAY_ERA:
    case UAPI_REASON_GATEWAY_CURSOR:
        return 1;
    default:
        return 0;
    }
}

static int is_authentication(uapi_reason reason)
{
    return uapi_reason_describe(reason)->http_status == HTTP_UNAUTHORIZED;
}

/* RFC 6750, section 3: no error code when the caller sent no credentials at all. */
void uapi_refuse_challenge(request_rec *r, const char *error, const char *description)
{
    const char *realm = ap_auth_name(r);
    const char *value = apr_psprintf(r->pool, "Bearer realm=\"%s\"",
                                     realm != NULL ? ap_escape_quotes(r->pool, realm) : "uapi");
    if (error != NULL) {
        value = apr_pstrcat(r->pool, value, ", error=\"", error, "\", error_description=\"", description, "\"", NULL);
    }
    apr_table_setn(r->err_headers_out, "WWW-Authenticate", value);
}

/* mod_http2 resets a stream whose request still has a body to come, often before the answer has left: a client would see neither
 * status nor challenge. (For HTTP/1.1 httpd itself reads such a body at the end of the request.) */
static void drain_stream(request_rec *r, const uapi_call *call, uapi_reason reason)
{
    if (r->connection->master != NULL && !call->recorded && reason != UAPI_REASON_REQUEST_TOO_LARGE &&
        reason != UAPI_REASON_REQUEST_UNREADABLE) {
        uapi_body_discard(r, uapi_config_max_body(call->route));
    }
}

/*
 * Does the caller look for an answer in the body of a success? Not where it sent notifications or answers only (the transport: "the server
 * MUST return an HTTP error status code"), nor over HTTP+SSE, where answers come on another stream.
 */
static int awaits_answer(const uapi_call *call)
{
    for (uint32_t i = 0; call->endpoint == NULL && i < call->mcp.count; i++) {
        if (call->mcp.messages[i].kind == UAPI_MCP_REQUEST) {
            return 1;
        }
    }
    return 0;
}

int uapi_refuse(request_rec *r, uapi_call *call, const uapi_result *result)
{
    const uapi_reason_info *info = uapi_reason_describe(result->reason);
    int quiet = info->http_status < 500;
    call->refusal = *result;
    ap_log_rerror(APLOG_MARK, quiet ? APLOG_INFO : APLOG_ERR, 0, r, UAPI_LOGNO(0101) "call %s refused: %s%s%s%s%s",
                  call->id, info->code, result->detail != NULL ? ": " : "",
                  result->detail != NULL ? result->detail : "", call->refused_rule != NULL ? ", rule " : "",
                  call->refused_rule != NULL ? call->refused_rule : "");
    apr_table_setn(r->err_headers_out, "Uapi-Call-Id", call->id);
    drain_stream(r, call, result->reason);
    if (concerns_message(result->reason) && awaits_answer(call)) {
        return OK;
    }
    if (is_authentication(result->reason)) {
        uapi_refuse_challenge(r, result->reason != UAPI_REASON_TOKEN_MISSING ? "invalid_token" : NULL, info->title);
    }
    return info->http_status;
}

/* ---------------------------------------------------------------------- bodies */

/* MCP 2026-07-28, UnsupportedProtocolVersionError: revisions of the era that knows this error. */
static void write_versions(uapi_jcs *w)
{
    uapi_jcs_key(w, "supported");
    uapi_jcs_array_open(w);
    uapi_jcs_cstring(w, uapi_mcp_revision_name(UAPI_MCP_2026_07_28));
    uapi_jcs_array_close(w);
}

static void write_requested(uapi_jcs *w, const request_rec *r)
{
    const char *requested = apr_table_get(r->headers_in, "MCP-Protocol-Version");
    if (requested != NULL) {
        uapi_jcs_key(w, "requested");
        uapi_jcs_string(w, requested, strnlen(requested, 64));
    }
}

static void write_data(uapi_jcs *w, const request_rec *r, const uapi_call *call, uapi_reason reason, const char *rule)
{
    const uapi_reason_info *info = uapi_reason_describe(reason);
    uapi_jcs_object_open(w);
    uapi_jcs_key(w, "call");
    uapi_jcs_cstring(w, call->id);
    uapi_jcs_key(w, "help");
    uapi_jcs_cstring(w, info->help);
    if (reason == UAPI_REASON_ARGUMENTS_INVALID && call->arguments.keyword != NULL) {
        uapi_jcs_key(w, "keyword");
        uapi_jcs_cstring(w, call->arguments.keyword);
        uapi_jcs_key(w, "pointer");
        uapi_jcs_cstring(w, call->arguments.pointer);
    }
    uapi_jcs_key(w, "reason");
    uapi_jcs_cstring(w, info->code);
    if (reason == UAPI_REASON_MCP_VERSION) {
        write_requested(w, r);
    }
    if (rule != NULL) {
        uapi_jcs_key(w, "rule");
        uapi_jcs_cstring(w, rule);
    }
    if (reason == UAPI_REASON_MCP_VERSION) {
        write_versions(w);
    }
    uapi_jcs_object_close(w);
}

/* The id stands in the answer as it stood in the request, byte for byte: a client may compare large numbers as text. */
static const char *raw_id(const uapi_json *json, uint32_t id, apr_pool_t *pool)
{
    const uapi_json_node *node;
    if (json == NULL || id == UAPI_JSON_NONE || id >= json->count) {
        return "null";
    }
    node = &json->nodes[id];
    return (node->type == UAPI_JSON_STRING) ? apr_pstrmemdup(pool, json->text + node->start - 1, node->length + 2)
                                            : apr_pstrmemdup(pool, json->text + node->start, node->length);
}

/* RFC 9457. `title` is the status' own phrase, because `type` is about:blank. */
static const char *problem(request_rec *r, const uapi_call *call, const uapi_result *result, const char *rule)
{
    const uapi_reason_info *info = uapi_reason_describe(result->reason);
    const char *phrase = ap_get_status_line(info->http_status);
    char buffer[2048];
    uapi_jcs w;
    size_t length;
    uapi_jcs_begin(&w, buffer, sizeof(buffer));
    uapi_jcs_object_open(&w);
    uapi_jcs_key(&w, "call");
    uapi_jcs_cstring(&w, call->id);
    uapi_jcs_key(&w, "detail");
    uapi_jcs_cstring(&w, info->title);
    uapi_jcs_key(&w, "help");
    uapi_jcs_cstring(&w, info->help);
    uapi_jcs_key(&w, "instance");
    uapi_jcs_cstring(&w, apr_pstrcat(r->pool, "urn:uapi:call:", call->id, NULL));
    if (call->operation != NULL) {
        uapi_jcs_key(&w, "operation");
        uapi_jcs_cstring(&w, call->operation->name);
    }
    uapi_jcs_key(&w, "reason");
    uapi_jcs_cstring(&w, info->code);
    if (rule != NULL) {
        uapi_jcs_key(&w, "rule");
        uapi_jcs_cstring(&w, rule);
    }
    uapi_jcs_key(&w, "status");
    uapi_jcs_int(&w, info->http_status);
    uapi_jcs_key(&w, "title");
    uapi_jcs_cstring(&w, strlen(phrase) > 4 ? phrase + 4 : phrase);
    uapi_jcs_key(&w, "type");
    uapi_jcs_cstring(&w, "about:blank");
    uapi_jcs_object_close(&w);
    length = uapi_jcs_end(&w);
    return apr_pstrmemdup(r->pool, buffer, length);
}

const char *uapi_refuse_type(const uapi_call *call)
{
    return (call->protocol == UAPI_PROTOCOL_REST) ? "application/problem+json" : "application/json";
}

const char *uapi_refuse_body(request_rec *r, const uapi_call *call, const uapi_result *result, const char *rule,
                             const uapi_json *json, uint32_t id, apr_pool_t *pool)
{
    const uapi_reason_info *info = uapi_reason_describe(result->reason);
    char buffer[2048];
    uapi_jcs w;
    size_t length;
    if (call->protocol == UAPI_PROTOCOL_REST) {
        return problem(r, call, result, rule);
    }
    uapi_jcs_begin(&w, buffer, sizeof(buffer));
    uapi_jcs_object_open(&w);
    uapi_jcs_key(&w, "code");
    uapi_jcs_int(&w, info->rpc_code);
    uapi_jcs_key(&w, "data");
    write_data(&w, r, call, result->reason, rule);
    uapi_jcs_key(&w, "message");
    uapi_jcs_cstring(&w, info->title);
    uapi_jcs_object_close(&w);
    length = uapi_jcs_end(&w);
    return apr_psprintf(pool, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":%.*s}", raw_id(json, id, pool), (int)length,
                        buffer);
}

static const char *member_body(request_rec *r, const uapi_call *call, const uapi_result *result, uint32_t index)
{
    uapi_result why = *result;
    const char *rule = call->refused_rule;
    if (call->members != NULL && call->members[index].refused != UAPI_REASON_NONE) {
        why.reason = call->members[index].refused;
        rule = call->members[index].rule;
    }
    return uapi_refuse_body(r, call, &why, rule, &call->json, call->mcp.messages[index].id, r->pool);
}

const char *uapi_refuse_whole(request_rec *r, const uapi_call *call, const uapi_result *result)
{
    apr_array_header_t *errors = apr_array_make(r->pool, 4, sizeof(const char *));
    if (!call->mcp.batch) {
        return uapi_refuse_body(r, call, result, call->refused_rule, &call->json, call->request_id, r->pool);
    }
    for (uint32_t i = 0; i < call->mcp.count; i++) {
        if (call->mcp.messages[i].kind == UAPI_MCP_REQUEST) {
            APR_ARRAY_PUSH(errors, const char *) = member_body(r, call, result, i);
        }
    }
    return (errors->nelts == 0) ? uapi_refuse_body(r, call, result, call->refused_rule, NULL, UAPI_JSON_NONE, r->pool)
                                : apr_pstrcat(r->pool, "[", apr_array_pstrcat(r->pool, errors, ','), "]", NULL);
}

int uapi_refuse_handler(request_rec *r, uapi_call *call)
{
    const char *body;
    if (call->refusal.reason == UAPI_REASON_NONE) {
        return DECLINED;
    }
    ap_discard_request_body(r);
    body = uapi_refuse_whole(r, call, &call->refusal);
    call->replied = 1;
    r->status = HTTP_OK;
    ap_set_content_type(r, uapi_refuse_type(call));
    ap_set_content_length(r, (apr_off_t)strlen(body));
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    ap_rputs(body, r);
    return OK;
}

/* ------------------------------------------------- the body of an error status */

static apr_status_t replace_body(ap_filter_t *f, apr_bucket_brigade *brigade)
{
    request_rec *r = f->r;
    uapi_call *call = f->ctx;
    apr_bucket *bucket, *next;
    if (!call->replied) {
        const char *body = uapi_refuse_whole(r, call, &call->refusal);
        call->replied = 1;
        ap_set_content_type(r, uapi_refuse_type(call));
        apr_table_unset(r->headers_out, "Content-Length");
        apr_table_unset(r->headers_out, "Content-Encoding");
        apr_table_setn(r->err_headers_out, "Cache-Control", "no-store");
        APR_BRIGADE_INSERT_HEAD(brigade, apr_bucket_pool_create(body, strlen(body), r->pool, f->c->bucket_alloc));
        bucket = APR_BUCKET_NEXT(APR_BRIGADE_FIRST(brigade));
    } else {
        bucket = APR_BRIGADE_FIRST(brigade);
    }
    for (; bucket != APR_BRIGADE_SENTINEL(brigade); bucket = next) {
        next = APR_BUCKET_NEXT(bucket);
        if (!APR_BUCKET_IS_METADATA(bucket)) {
            apr_bucket_delete(bucket);
        }
    }
    return ap_pass_brigade(f->next, brigade);
}

void uapi_refuse_insert_error_filter(request_rec *r)
{
    uapi_call *call = uapi_call_find(r);
    if (call == NULL || call->replied) {
        return;
    }
    if (call->refusal.reason == UAPI_REASON_NONE) {
        if (!call->recorded) {
            return; /* some other module refused before us: its answer stands */
        }
        call->refusal.reason = uapi_call_failure(call);
        apr_table_setn(r->err_headers_out, "Uapi-Call-Id", call->id);
    }
    uapi_settle(r, call,
                r->connection->aborted ? UAPI_OUTCOME_CLIENT_GONE : uapi_reason_describe(call->refusal.reason)->code);
    ap_add_output_filter_handle(error_filter, call, r, r->connection);
}

void uapi_refuse_register(void)
{
    error_filter = ap_register_output_filter("UAPI_ERROR", replace_body, NULL, AP_FTYPE_RESOURCE);
}
