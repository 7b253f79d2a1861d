/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include <string.h>

#include <apr_strings.h>

#include "answers.h"
#include "batch.h"
#include "federate.h"
#include "inspect.h"
#include "log.h"
#include "pinning.h"
#include "stages.h"
#include "../core/listing.h"
#include "../core/redact.h"

static const char echo_scanner[] = "credential";
static const char echo_rule[] = "credential.echo";

/* The credential that we injected has no business in an answer. It is looked for exactly, before any pattern. */
void uapi_inspect_add_echoes(uapi_call *call, const char *text, size_t length, uapi_firewall_report *report,
                             apr_pool_t *pool)
{
    const char *at = text, *end = text + length;
    if (call->secret == NULL || call->secret_length < 8) {
        return;
    }
    while ((at = memmem(at, (size_t)(end - at), call->secret, call->secret_length)) != NULL) {
        size_t count = report->count;
        uapi_firewall_finding *larger = apr_palloc(pool, sizeof(*larger) * (count + 1));
        if (count > 0) {
            memcpy(larger, report->findings, sizeof(*larger) * count);
        }
        larger[count] = (uapi_firewall_finding){
            .scanner = echo_scanner,
            .rule = echo_rule,
            .severity = UAPI_SEVERITY_CRITICAL,
            .action = UAPI_ACTION_REDACT,
            .from = (size_t)(at - text),
            .to = (size_t)(at - text) + call->secret_length,
        };
        report->findings = larger;
        report->count++;
        call->credential_echoed = 1;
        at += call->secret_length;
    }
}

/* Rules and their names live as long as the configuration, so a finding may outlive its event. */
static void remember(uapi_call *call, const uapi_firewall_report *report)
{
    for (uint32_t i = 0; i < report->count; i++, call->response_findings++) {
        if (call->response_findings < UAPI_CALL_FINDINGS) {
            call->response_found[call->response_findings] = report->findings[i];
        }
    }
}

const char *uapi_inspect_without_echo(uapi_call *call, const char *value, apr_pool_t *pool)
{
    uapi_firewall_report report = {0};
    uapi_inspect_add_echoes(call, value, strlen(value), &report, pool);
    if (report.count == 0) {
        return value;
    }
    remember(call, &report);
    return "[REDACTED]";
}

int uapi_inspect_is_echo(const char *rule)
{
    return rule == echo_rule;
}

int uapi_inspect_enforces(const uapi_call *call)
{
    return uapi_call_enforces(call) && uapi_firewall_mode(call->gateway->firewall) == UAPI_MODE_ENFORCE;
}

/* What is redacted: everything that the configuration says where it is enforced; else the echoed credential alone. */
static uapi_firewall_report to_redact(const uapi_call *call, const uapi_firewall_report *report, apr_pool_t *pool)
{
    uapi_firewall_report chosen = *report;
    chosen.findings = apr_palloc(pool, sizeof(*chosen.findings) * (report->count + 1));
    chosen.count = 0;
    for (uint32_t i = 0; i < report->count; i++) {
        if (uapi_inspect_enforces(call) || report->findings[i].rule == echo_rule) {
            chosen.findings[chosen.count++] = report->findings[i];
        }
    }
    return chosen;
}

static apr_status_t blocked(const uapi_firewall_report *report, apr_pool_t *pool, uapi_result *result)
{
    return uapi_fail(
        result, pool, APR_EACCES,
        report->decisive != NULL ? uapi_firewall_reason(report->decisive->action) : UAPI_REASON_FIREWALL_BLOCKED,
        "%s in the response", report->decisive != NULL ? report->decisive->rule : "a finding that cannot be redacted");
}

static apr_status_t overloaded(int overload, apr_pool_t *pool, uapi_result *result)
{
    const char *detail;
    uapi_reason reason = uapi_firewall_overload_reason(overload, &detail);
    return uapi_fail(result, pool, APR_ENOSPC, reason, "in the response: %s", detail);
}

static apr_status_t collect_redactions(apr_array_header_t *edits, const uapi_call *call, const uapi_view *view,
                                       const uapi_firewall_report *report, apr_pool_t *pool, uapi_result *result)
{
    uapi_firewall_report chosen;
    if (report->overload && uapi_inspect_enforces(call)) {
        return overloaded(report->overload, pool, result);
    }
    if (report->action > UAPI_ACTION_REDACT && uapi_inspect_enforces(call)) {
        return blocked(report, pool, result);
    }
    if (report->count == 0) {
        return APR_SUCCESS;
    }
    chosen = to_redact(call, report, pool);
    return (uapi_redact_edits(edits, view, &chosen, pool) == APR_SUCCESS) ? APR_SUCCESS : blocked(report, pool, result);
}

/* What only shows in the texts that an event is part of. Redactions are cut where they are; a block withholds the event. */
static apr_status_t judge_joined(apr_array_header_t *edits, const uapi_call *call, const uapi_inspect_parts *parts,
                                 uapi_inspected *out, apr_pool_t *pool, uapi_result *result)
{
    if (out->joined.overload && uapi_inspect_enforces(call)) {
        return overloaded(out->joined.overload, pool, result);
    }
    if (out->joined.action > UAPI_ACTION_REDACT && uapi_inspect_enforces(call)) {
        out->report.decisive = out->joined.decisive;
        return blocked(&out->joined, pool, result);
    }
    apr_array_cat(edits, parts->here);
    return APR_SUCCESS;
}

typedef struct list_filter {
    const uapi_call *call;
    apr_hash_t *shown; /* names of tools; NULL: all */
} list_filter;

static int offers(void *baton, const char *method, const char *name)
{
    const list_filter *filter = baton;
    return uapi_decide_offers(filter->call, method, name) &&
           (filter->shown == NULL || strcmp(method, "tools/call") != 0 ||
            apr_hash_get(filter->shown, name, APR_HASH_KEY_STRING) != NULL);
}

/* What policy does not let the caller use is not shown to it either, nor a tool whose definition has changed. Each message of a
 * batch may be a list. */
static apr_status_t cut_lists(apr_array_header_t *edits, uapi_call *call, const uapi_json *json, apr_pool_t *pool,
                              uapi_result *result)
{
    uint32_t message = 0, end = json->count;
    if (json->count == 0 || call->protocol != UAPI_PROTOCOL_MCP) {
        return APR_SUCCESS;
    }
    if (json->nodes[0].type == UAPI_JSON_ARRAY) {
        message = 1;
    }
    for (; message < end; message = json->nodes[message].skip) {
        list_filter filter = {call, NULL};
        apr_status_t status = uapi_pinning_shown(call, json, message, &filter.shown, pool, result);
        if (status != APR_SUCCESS) {
            return status;
        }
        if (uapi_call_enforces(call)) {
            call->hidden += uapi_listing_cut(edits, json, message, offers, &filter, pool);
        }
    }
    return APR_SUCCESS;
}

/* Behind a universal gateway a server's words are made the endpoint's. */
static apr_status_t federate(apr_array_header_t *edits, const uapi_call *call, const uapi_json *json, apr_pool_t *pool,
                             uapi_result *result)
{
    if (call->federated == NULL || json->count == 0) {
        return APR_SUCCESS;
    }
    if (json->nodes[0].type != UAPI_JSON_OBJECT) { /* a batch, or nothing of the protocol's */
        return uapi_fail(result, pool, APR_EINVAL, UAPI_REASON_RESPONSE_INVALID, "the answer is no single message");
    }
    uapi_federate_note_change(call->server, json);
    uapi_federation_rename(edits, call->federated->federation, call->server, json, 0, pool);
    return uapi_federate_translate_answer(edits, call, json, pool, result);
}

static apr_status_t enforce(uapi_call *call, const uapi_view *view, const uapi_inspect_parts *parts,
                            uapi_inspected *out, apr_pool_t *pool, uapi_result *result)
{
    apr_array_header_t *edits = out->edits = uapi_edit_list(pool);
    apr_status_t status = collect_redactions(edits, call, view, &out->report, pool, result);
    if (status == APR_SUCCESS && parts != NULL) {
        status = judge_joined(edits, call, parts, out, pool, result);
    }
    if (status == APR_SUCCESS) {
        status = cut_lists(edits, call, &out->json, pool, result);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    if (call->mcp.count > 0 && uapi_call_enforces(call)) {
        uapi_batch_cut_strays(edits, call, out, pool);
    }
    status = uapi_answers_mark(edits, call, out, pool, result);
    if (status == APR_SUCCESS) {
        status = federate(edits, call, &out->json, pool, result);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    if (edits->nelts > 0) {
        uapi_edit_apply(&out->text, &out->length, out->text, out->length, edits, pool);
    }
    return APR_SUCCESS;
}

/* JSON that two readers could understand differently must not pass: the scanners would have seen another text than the agent. */
static apr_status_t read_json(const uapi_call *call, uapi_inspected *out, apr_pool_t *pool, uapi_result *result)
{
    uapi_result why = {0};
    if (uapi_json_read(&out->json, out->text, out->length, NULL, pool, &why) == APR_SUCCESS ||
        !uapi_call_enforces(call)) {
        return APR_SUCCESS;
    }
    return uapi_fail(result, pool, APR_EINVAL, UAPI_REASON_RESPONSE_INVALID, "%s: %s",
                     uapi_reason_describe(why.reason)->code, why.detail != NULL ? why.detail : "");
}

/* The messages of a document: itself, or what is in an array of them. Each that is no object is none. */
static uint32_t first_message(const uapi_json *json)
{
    return json->nodes[0].type == UAPI_JSON_ARRAY ? 1 : 0;
}

/* A key that equals one of the protocol's but for case means one thing to us and another to some clients. */
static apr_status_t check_results(const uapi_json *json, apr_pool_t *pool, uapi_result *why)
{
    apr_status_t status = APR_SUCCESS;
    for (uint32_t i = first_message(json); i < json->count && status == APR_SUCCESS; i = json->nodes[i].skip) {
        status = uapi_mcp_check_result(json, i, pool, why);
    }
    return status;
}

/* Would a client that is not strict take it for a request or notification? */
static int resembles_call(const uapi_json *json)
{
    for (uint32_t i = first_message(json); i < json->count; i = json->nodes[i].skip) {
        if (uapi_json_member(json, i, "method") != UAPI_JSON_NONE) {
            return 1;
        }
    }
    return 0;
}

/* What looks like a call and is none could be one to a client of loose habits, and nobody would have judged it. */
static apr_status_t recognise(const uapi_call *call, uapi_inspected *out, apr_pool_t *pool, uapi_result *why)
{
    int is_mcp = call->protocol == UAPI_PROTOCOL_MCP;
    apr_status_t status = is_mcp ? uapi_mcp_read_reply(&out->reply, &out->json, pool, why)
                                 : uapi_mcp_read_foreign(&out->reply, &out->json, pool, why);
    if (status != APR_SUCCESS && why->reason != UAPI_REASON_RPC_KEY_CASE && !resembles_call(&out->json)) {
        status = APR_SUCCESS;
    }
    return (status == APR_SUCCESS && is_mcp) ? check_results(&out->json, pool, why) : status;
}

/* Without an id there are errors (JSON-RPC 2.0, 5), and no results. */
static int is_stray(const uapi_call *call, const uapi_json *json, uint32_t message, apr_pool_t *pool)
{
    uint32_t id = uapi_json_member(json, message, "id");
    int has_result = uapi_json_member(json, message, "result") != UAPI_JSON_NONE;
    return id != UAPI_JSON_NONE && (has_result || json->nodes[id].type != UAPI_JSON_NULL) &&
           uapi_json_member(json, message, "method") == UAPI_JSON_NONE &&
           (has_result || uapi_json_member(json, message, "error") != UAPI_JSON_NONE) &&
           !uapi_batch_was_asked(call, json, id, pool);
}

/* An answer with an id that this call did not send would answer another call, perhaps one that was refused. Out of a proper array of
 * answers it is cut (uapi_batch_cut_strays). */
static apr_status_t check_ids(const uapi_call *call, const uapi_inspected *out, apr_pool_t *pool, uapi_result *why)
{
    const uapi_json *json = &out->json;
    if (call->mcp.count == 0 || (out->reply.batch && out->reply.count > 0)) {
        return APR_SUCCESS;
    }
    for (uint32_t i = first_message(json); i < json->count; i = json->nodes[i].skip) {
        if (is_stray(call, json, i, pool)) {
            return uapi_fail(why, pool, APR_EINVAL, UAPI_REASON_RESPONSE_INVALID, "it answers what was not asked");
        }
    }
    return APR_SUCCESS;
}

/* What is no message at all (an error page in JSON) is none of the protocol's business. */
static apr_status_t read_messages(const uapi_call *call, uapi_inspected *out, apr_pool_t *pool, uapi_result *result)
{
    uapi_result why = {0};
    apr_status_t status;
    if (out->json.count == 0 || call->protocol == UAPI_PROTOCOL_REST) {
        return APR_SUCCESS;
    }
    status = recognise(call, out, pool, &why);
    if (status == APR_SUCCESS) {
        status = check_ids(call, out, pool, &why);
    }
    if (status == APR_SUCCESS || !uapi_call_enforces(call)) {
        return APR_SUCCESS;
    }
    return uapi_fail(result, pool, APR_EINVAL, UAPI_REASON_RESPONSE_INVALID, "%s: %s",
                     uapi_reason_describe(why.reason)->code, why.detail);
}

static apr_status_t inspect(uapi_call *call, uapi_text_kind kind, const char *text, size_t length,
                            uapi_inspect_parts *parts, uapi_inspected *out, apr_pool_t *pool, uapi_result *result)
{
    const uapi_firewall *firewall = call->gateway->firewall;
    uapi_view view = {.text = text, .length = length};
    apr_status_t status = APR_SUCCESS;
    memset(out, 0, sizeof(*out));
    out->text = text;
    out->length = length;
    if (kind == UAPI_TEXT_JSON) {
        status = read_json(call, out, pool, result);
    }
    if (status == APR_SUCCESS) {
        status = read_messages(call, out, pool, result);
    }
    if (status == APR_SUCCESS && out->json.count > 0) {
        uapi_view_make(&view, &out->json, pool);
    }
    if (status == APR_SUCCESS && uapi_firewall_mode(firewall) != UAPI_MODE_DISABLED) {
        status = uapi_inspect_scan(call, UAPI_DIRECTION_RESPONSE, &view, &out->report, pool, result);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    uapi_inspect_add_echoes(call, view.text, view.length, &out->report, pool);
    if (parts == NULL) {
        status = uapi_inspect_document(call, UAPI_DIRECTION_RESPONSE, &view, &out->report, pool, result);
    } else {
        status = uapi_inspect_parts_judge(call, parts, view.json != NULL ? &view : NULL, text, length, out, pool,
                                          result);
    }
    remember(call, &out->report);
    remember(call, &out->joined);
    return status != APR_SUCCESS ? status : enforce(call, view.json != NULL ? &view : NULL, parts, out, pool, result);
}

apr_status_t uapi_inspect_text(uapi_call *call, uapi_text_kind kind, const char *text, size_t length,
                               uapi_inspected *out, apr_pool_t *pool, uapi_result *result)
{
    return inspect(call, kind, text, length, NULL, out, pool, result);
}

apr_status_t uapi_inspect_event(uapi_call *call, uapi_text_kind kind, const char *text, size_t length,
                                uapi_inspect_parts *parts, uapi_inspected *out, apr_pool_t *pool, uapi_result *result)
{
    parts->here = parts->before = NULL;
    return inspect(call, kind, text, length, parts, out, pool, result);
}
