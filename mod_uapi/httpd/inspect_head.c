/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The head of an answer. An upstream must not speak in the gateway's name, nor give the caller the credential that it was sent, nor
 * make httpd refuse the answer after its outcome has been recorded as good: httpd looks at header fields only when it writes them.
 */
#include <string.h>

#include "http_protocol.h"

#include "../core/session.h"
#include "affinity.h"
#include "federate.h"
#include "inspect.h"

static int is_ours(const char *name)
{
    return strncasecmp(name, "Uapi", 4) == 0 && (name[4] == '-' || name[4] == '_');
}

static void drop_forged(request_rec *r)
{
    const apr_array_header_t *fields = apr_table_elts(r->headers_out);
    apr_array_header_t *forged = apr_array_make(r->pool, 0, sizeof(const char *));
    for (int i = 0; i < fields->nelts; i++) {
        const char *name = APR_ARRAY_IDX(fields, i, apr_table_entry_t).key;
        if (is_ours(name)) {
            APR_ARRAY_PUSH(forged, const char *) = name;
        }
    }
    for (int i = 0; i < forged->nelts; i++) {
        apr_table_unset(r->headers_out, APR_ARRAY_IDX(forged, i, const char *));
    }
}

static int is_field(const char *name, const char *value)
{
    return name[0] != '\0' && *ap_scan_http_token(name) == '\0' && *ap_scan_http_field_content(value) == '\0';
}

/* Values are replaced in place: that is what httpd does with folded ones. */
static int judge_fields(request_rec *r, uapi_call *call)
{
    const apr_array_header_t *fields = apr_table_elts(r->headers_out);
    for (int i = 0; i < fields->nelts; i++) {
        apr_table_entry_t *field = &APR_ARRAY_IDX(fields, i, apr_table_entry_t);
        if (!is_field(field->key, field->val)) {
            return 0;
        }
        field->val = (char *)uapi_inspect_without_echo(call, field->val, r->pool);
    }
    return 1;
}

static int judge_line(const char **line, uapi_call *call, apr_pool_t *pool)
{
    if (*line == NULL) {
        return 1;
    }
    *line = uapi_inspect_without_echo(call, *line, pool);
    return *ap_scan_http_field_content(*line) == '\0';
}

static int is_session_id(const char *id)
{
    while (*id > ' ' && *id < 0x7f) {
        id++;
    }
    return *id == '\0';
}

/* The caller's form of the session id that the server gives, or gives again. */
static apr_status_t seal_session(request_rec *r, uapi_call *call, uapi_result *result)
{
    const char *id = apr_table_get(r->headers_out, "Mcp-Session-Id"), *sealed;
    apr_status_t status;
    if (id != NULL && call->federated != NULL) {
        apr_table_unset(r->headers_out, "Mcp-Session-Id"); /* the client's session is the endpoint's */
        return APR_SUCCESS;
    }
    if (id == NULL || call->protocol != UAPI_PROTOCOL_MCP) {
        return APR_SUCCESS;
    }
    if (!is_session_id(id)) {
        apr_table_unset(r->headers_out, "Mcp-Session-Id");
        return uapi_fail(result, r->pool, APR_EINVAL, UAPI_REASON_RESPONSE_INVALID,
                         "the session id is not visible ASCII");
    }
    call->session = id;
    uapi_affinity_warn(r, call);
    status = uapi_session_seal(&sealed, uapi_affinity_join(call, id, r->pool), call->gateway->keyring, call->principal,
                               call->server, r->pool, result);
    if (status == APR_SUCCESS) {
        apr_table_setn(r->headers_out, "Mcp-Session-Id", sealed);
    } else {
        apr_table_unset(r->headers_out, "Mcp-Session-Id");
    }
    return status;
}

apr_status_t uapi_inspect_head(request_rec *r, uapi_call *call, uapi_result *result)
{
    const char *type = r->content_type;
    drop_forged(r);
    if (call->federated != NULL && r->status == HTTP_NOT_FOUND) {
        uapi_federate_forget_peer(call, call->server);
    }
    if (!judge_fields(r, call) || !judge_line(&r->status_line, call, r->pool) || !judge_line(&type, call, r->pool)) {
        apr_table_clear(r->headers_out);
        return uapi_fail(result, r->pool, APR_EINVAL, UAPI_REASON_RESPONSE_INVALID,
                         "a header field of the answer is malformed");
    }
    if (type != r->content_type) {
        ap_set_content_type(r, type);
    }
    return seal_session(r, call, result);
}
