/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "record.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "../core/jcs.h"
#include "../core/timestamp.h"
#include "batch.h"
#include "log.h"
#include "settle.h"

#define MAX_TEXT 256 /* bytes of any one string that a caller chose */
#define RECORD_ROOM 8192

/* What kind of thing was done, for people who filter the chain. The first match counts. */
static const struct {
    const char *method;
    const char *action;
} actions[] = {
    {"tools/call", "mcp.tool.call"},     {"resources/read", "mcp.resource.read"},  {"prompts/get", "mcp.prompt.get"},
    {"initialize", "mcp.session.open"},  {"http/DELETE", "mcp.session.close"},     {"http/GET", "mcp.stream.open"},
    {"tools/list", "mcp.tools.list"},    {"resources/list", "mcp.resources.list"}, {"prompts/list", "mcp.prompts.list"},
    {"response/result", "mcp.response"}, {"response/error", "mcp.response"},
};

static const char *action_of(const uapi_call *call, const char *method)
{
    if (call->protocol == UAPI_PROTOCOL_REST) {
        return "rest.request";
    }
    if (call->protocol == UAPI_PROTOCOL_JSONRPC) {
        return "jsonrpc.call";
    }
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (strcmp(actions[i].method, method) == 0) {
            return actions[i].action;
        }
    }
    return (strncmp(method, "http/", 5) == 0) ? "mcp.http" : "mcp.message";
}

/* The id of a message, where it is one: programs count or draw random letters. What else a caller writes there is none of the record's. */
static const char *id_text(const uapi_json *json, uint32_t id, apr_pool_t *pool)
{
    const char *text = (id != UAPI_JSON_NONE) ? json->text + json->nodes[id].start : "";
    size_t length = (id != UAPI_JSON_NONE) ? json->nodes[id].length : 0;
    for (size_t i = 0; i < length; i++) {
        if (!apr_isalnum(text[i]) && text[i] != '-' && text[i] != '_') {
            return NULL;
        }
    }
    return (length > 0 && length <= 64) ? apr_pstrmemdup(pool, text, length) : NULL;
}

static void member(uapi_jcs *w, const char *key, const char *value)
{
    if (value != NULL) {
        size_t length = strlen(value);
        uapi_jcs_key(w, key);
        uapi_jcs_string(w, value, length > MAX_TEXT ? MAX_TEXT : length);
    }
}

static void timestamp(uapi_jcs *w, apr_time_t when)
{
    char text[UAPI_TIMESTAMP_LENGTH + 1];
    uapi_timestamp_write(text, when);
    member(w, "at", text);
}

static void list_findings(uapi_jcs *w, const uapi_firewall_finding *findings, uint32_t count)
{
    for (uint32_t i = 0; i < count && i < UAPI_CALL_FINDINGS; i++) {
        uapi_jcs_object_open(w);
        member(w, "action", uapi_action_name(findings[i].action));
        member(w, "allowed", findings[i].allowed);
        member(w, "by", findings[i].by);
        member(w, "rule", findings[i].rule);
        member(w, "severity", uapi_severity_name(findings[i].severity));
        member(w, "shadow", findings[i].shadow > findings[i].action ? uapi_action_name(findings[i].shadow) : NULL);
        uapi_jcs_object_close(w);
    }
}

static void open_findings(uapi_jcs *w, uint32_t count)
{
    uapi_jcs_key(w, "finding_count");
    uapi_jcs_int(w, count);
    uapi_jcs_key(w, "findings");
    uapi_jcs_array_open(w);
}

/* Those of one message of a batch, or all. */
static uapi_firewall_report findings_in(const uapi_call *call, uint32_t index, apr_pool_t *pool)
{
    uapi_firewall_report report = call->request_report;
    if (call->members == NULL || report.count == 0) {
        return report;
    }
    report.findings = apr_palloc(pool, sizeof(*report.findings) * report.count);
    report.count = 0;
    for (uint32_t i = 0; i < call->request_report.count; i++) {
        if (uapi_batch_touches(call, index, &call->request_report.findings[i])) {
            report.findings[report.count++] = call->request_report.findings[i];
        }
    }
    return report;
}

static void write_request_findings(uapi_jcs *w, const uapi_call *call, uint32_t index, apr_pool_t *pool)
{
    const uapi_firewall_report *query = &call->query_report;
    const uapi_firewall_report found = findings_in(call, index, pool), *body = &found;
    if (body->count + query->count > 0) {
        open_findings(w, body->count + query->count);
        list_findings(w, body->findings, body->count);
        list_findings(w, query->findings, query->count);
        uapi_jcs_array_close(w);
    }
}

static void write_response_findings(uapi_jcs *w, const uapi_call *call)
{
    if (call->response_findings > 0) {
        open_findings(w, call->response_findings);
        list_findings(w, call->response_found, call->response_findings);
        uapi_jcs_array_close(w);
    }
}

static void write_principal(uapi_jcs *w, const uapi_principal *principal)
{
    uapi_jcs_key(w, "principal");
    uapi_jcs_object_open(w);
    member(w, "id", principal->id);
    member(w, "token", principal->token_id);
    member(w, "type", uapi_principal_type_name(principal->type));
    uapi_jcs_object_close(w);
}

/* A name that a caller chose may itself be what a scanner found; matched text has no place in a record. */
static const char *harmless(const uapi_call *call, const char *text)
{
    const uapi_firewall_report *report = &call->request_report;
    for (uint32_t i = 0; text != NULL && i < report->count; i++) {
        const uapi_firewall_finding *finding = &report->findings[i];
        if (memmem(text, strlen(text), call->view.text + finding->from, finding->to - finding->from) != NULL) {
            return "[REDACTED]";
        }
    }
    return text;
}

/* What the call is about: a tool, prompt or resource; on a REST route the path. */
static const char *target_of(const request_rec *r, const uapi_call *call, const uapi_mcp_message *message)
{
    if (call->protocol == UAPI_PROTOCOL_REST) {
        return call->query_report.count > 0 ? "[REDACTED]" : r->uri;
    }
    return (message != NULL) ? harmless(call, message->target) : NULL;
}

/* What UapiEngine shadow, or a policy or firewall in shadow mode, would have refused. */
static const char *shadow_reason(const uapi_call *call, const uapi_verdict *verdict)
{
    if (verdict->effect == UAPI_EFFECT_DENY) {
        return uapi_reason_describe(verdict->reason)->code;
    }
    if (call->pinning != UAPI_REASON_NONE) {
        return uapi_reason_describe(call->pinning)->code;
    }
    if (call->request_report.overload || call->query_report.overload) {
        const char *detail;
        return uapi_reason_describe(
                   uapi_firewall_overload_reason(call->request_report.overload | call->query_report.overload, &detail))
            ->code;
    }
    if (call->request_report.shadow > UAPI_ACTION_REDACT || call->query_report.shadow >= UAPI_ACTION_REDACT) {
        uapi_action worst = call->request_report.shadow > call->query_report.shadow ? call->request_report.shadow
                                                                                    : call->query_report.shadow;
        return uapi_reason_describe(uapi_firewall_reason(worst))->code;
    }
    return verdict->shadow ? uapi_reason_describe(UAPI_REASON_POLICY_DENIED)->code : NULL;
}

static size_t write_decision(const request_rec *r, const uapi_call *call, uint32_t index, char *buffer, size_t size)
{
    const uapi_mcp_message *message = (call->mcp.count > 0) ? &call->mcp.messages[index] : NULL;
    const uapi_verdict *verdict = uapi_batch_verdict(call, index);
    const char *method = harmless(call, uapi_call_method(call, message));
    uapi_reason reason = uapi_batch_reason(call, index);
    int refused = reason != UAPI_REASON_NONE;
    uapi_jcs w;
    uapi_jcs_begin(&w, buffer, size);
    uapi_jcs_object_open(&w);
    member(&w, "action", action_of(call, method));
    timestamp(&w, apr_time_now());
    member(&w, "call", call->id);
    member(&w, "decision", refused ? "deny" : "allow");
    write_request_findings(&w, call, index, r->pool);
    member(&w, "ip", r->useragent_ip);
    member(&w, "kind", "decision");
    if (call->stream != NULL && message != NULL) {
        member(&w, "message", id_text(&call->json, message->id, r->pool));
    }
    member(&w, "method", method);
    member(&w, "operation", call->operation != NULL ? call->operation->name : NULL);
    member(&w, "parent", call->parent);
    member(&w, "policy", verdict->policy);
    write_principal(&w, call->principal);
    member(&w, "reason", refused ? uapi_reason_describe(reason)->code : NULL);
    member(&w, "revision",
           call->mcp.count > 0 && call->protocol == UAPI_PROTOCOL_MCP ? uapi_mcp_revision_name(call->mcp.revision)
                                                                      : NULL);
    member(&w, "rule", verdict->rule);
    member(&w, "server", call->server);
    member(&w, "shadow", refused ? NULL : shadow_reason(call, verdict));
    member(&w, "stream", call->stream);
    member(&w, "target", target_of(r, call, message));
    member(&w, "tenant", call->principal->tenant);
    uapi_jcs_object_close(&w);
    return uapi_jcs_end(&w);
}

static apr_status_t append(uapi_call *call, const char *record, size_t length, uapi_durability durability,
                           apr_pool_t *pool, uapi_result *result)
{
    if (length == 0) {
        return uapi_fail(result, pool, APR_ENOSPC, UAPI_REASON_AUDIT_UNAVAILABLE, "the record does not fit its buffer");
    }
    return uapi_audit_append(call->gateway->audit, call->principal->tenant, record, length, durability, result);
}

/* The chain is one order for all: when the last record of several is on the disk, so are those before it. */
apr_status_t uapi_record_decision(request_rec *r, uapi_call *call, uapi_result *result)
{
    uint32_t count = (call->mcp.count > 0) ? call->mcp.count : 1;
    apr_status_t status = APR_SUCCESS;
    for (uint32_t i = 0; i < count && status == APR_SUCCESS; i++) {
        char buffer[RECORD_ROOM];
        size_t length = write_decision(r, call, i, buffer, sizeof(buffer));
        uapi_durability durability = (i + 1 == count) ? uapi_config_durability(call->route) : UAPI_DURABILITY_PROCESS;
        status = append(call, buffer, length, durability, r->pool, result);
    }
    return status;
}

apr_status_t uapi_record_server_request(request_rec *r, uapi_call *call, const char *method,
                                        const uapi_verdict *verdict, uapi_reason refused, uapi_result *result)
{
    char buffer[RECORD_ROOM];
    uapi_jcs w;
    uapi_jcs_begin(&w, buffer, sizeof(buffer));
    uapi_jcs_object_open(&w);
    member(&w, "action", "mcp.server.request");
    timestamp(&w, apr_time_now());
    member(&w, "call", call->id);
    member(&w, "decision", refused != UAPI_REASON_NONE ? "deny" : "allow");
    member(&w, "kind", "decision");
    member(&w, "method", method);
    member(&w, "policy", verdict->policy);
    member(&w, "reason", refused != UAPI_REASON_NONE ? uapi_reason_describe(refused)->code : NULL);
    member(&w, "rule", verdict->rule);
    member(&w, "server", call->server);
    if (refused == UAPI_REASON_NONE && verdict->effect == UAPI_EFFECT_DENY) {
        member(&w, "shadow", uapi_reason_describe(verdict->reason)->code);
    }
    member(&w, "tenant", call->principal->tenant);
    uapi_jcs_object_close(&w);
    return append(call, buffer, uapi_jcs_end(&w), uapi_config_durability(call->route), r->pool, result);
}

apr_status_t uapi_record_pin(uapi_call *call, const uapi_store_observation *seen, apr_pool_t *pool, uapi_result *result)
{
    char buffer[RECORD_ROOM];
    uapi_jcs w;
    uapi_jcs_begin(&w, buffer, sizeof(buffer));
    uapi_jcs_object_open(&w);
    member(&w, "action",
           seen->clear ? "mcp.tool.restore" : (seen->role == UAPI_STORE_FIRST ? "mcp.tool.pin" : "mcp.tool.hold"));
    timestamp(&w, apr_time_now());
    member(&w, "call", call->id);
    member(&w, "hash", seen->hash);
    member(&w, "kind", "pin");
    member(&w, "server", seen->server);
    member(&w, "target", seen->tool);
    member(&w, "tenant", call->principal->tenant);
    uapi_jcs_object_close(&w);
    return append(call, buffer, uapi_jcs_end(&w), uapi_config_durability(call->route), pool, result);
}

apr_status_t uapi_record_answer(request_rec *r, uapi_call *call, const uapi_json *json, uint32_t id,
                                const uapi_firewall_report *report, uapi_reason refused, uapi_result *result)
{
    char buffer[RECORD_ROOM];
    uapi_jcs w;
    uapi_jcs_begin(&w, buffer, sizeof(buffer));
    uapi_jcs_object_open(&w);
    member(&w, "action", "mcp.stream.answer");
    timestamp(&w, apr_time_now());
    uapi_jcs_key(&w, "bytes");
    uapi_jcs_int(&w, (apr_int64_t)json->length);
    member(&w, "call", call->id);
    if (report->count > 0) {
        open_findings(&w, report->count);
        list_findings(&w, report->findings, report->count);
        uapi_jcs_array_close(&w);
    }
    member(&w, "kind", "outcome");
    member(&w, "message", id_text(json, id, r->pool));
    member(&w, "result", refused != UAPI_REASON_NONE ? uapi_reason_describe(refused)->code : UAPI_OUTCOME_OK);
    member(&w, "tenant", call->principal->tenant);
    uapi_jcs_object_close(&w);
    return append(call, buffer, uapi_jcs_end(&w), uapi_config_durability(call->route), r->pool, result);
}

apr_status_t uapi_record_outcome(request_rec *r, uapi_call *call, const char *what, uapi_result *result)
{
    const uapi_mcp_message *message = (call->mcp.count > 0) ? &call->mcp.messages[0] : NULL;
    char buffer[RECORD_ROOM];
    apr_time_t now = apr_time_now();
    uapi_jcs w;
    uapi_jcs_begin(&w, buffer, sizeof(buffer));
    uapi_jcs_object_open(&w);
    member(&w, "action", action_of(call, uapi_call_method(call, message)));
    timestamp(&w, now);
    uapi_jcs_key(&w, "bytes");
    uapi_jcs_int(&w, call->response_bytes);
    member(&w, "call", call->id);
    uapi_jcs_key(&w, "duration_us");
    uapi_jcs_int(&w, now - call->started);
    write_response_findings(&w, call);
    if (call->hidden > 0) {
        uapi_jcs_key(&w, "hidden");
        uapi_jcs_int(&w, call->hidden);
    }
    member(&w, "kind", "outcome");
    member(&w, "result", what);
    uapi_jcs_key(&w, "status");
    uapi_jcs_int(&w, call->status != 0 ? call->status : r->status);
    member(&w, "tenant", call->principal->tenant);
    uapi_jcs_object_close(&w);
    return append(call, buffer, uapi_jcs_end(&w), uapi_config_durability(call->route), r->pool, result);
}
