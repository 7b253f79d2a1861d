/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "../core/mcp_batch.h"
#include "../core/session.h"
#include "affinity.h"
#include "body.h"
#include "endpoint.h"
#include "federate.h"
#include "log.h"
#include "stages.h"
#include "understand.h"

/* "application/json", perhaps with parameters; a charset other than UTF-8 would make two readings of one text. */
static int is_json(request_rec *r)
{
    const char *type = apr_table_get(r->headers_in, "Content-Type");
    const char *charset;
    static const char name[] = "application/json";
    if (type == NULL || strncasecmp(type, name, sizeof(name) - 1) != 0) {
        return 0;
    }
    type += sizeof(name) - 1;
    if (*type != '\0' && *type != ';' && !apr_isspace(*type)) {
        return 0;
    }
    charset = ap_strcasestr(type, "charset");
    if (charset == NULL) {
        return 1;
    }
    charset += strlen("charset");
    if (*charset++ != '=' || ap_strcasestr(charset, "charset") != NULL) {
        return 0; /* which of two a server goes by, or whether it takes "x-charset" for one, is not for us to know */
    }
    charset += (*charset == '"');
    return strncasecmp(charset, "utf-8", 5) == 0 && !apr_isalnum(charset[5]) && charset[5] != '-';
}

static int is_identity(request_rec *r)
{
    const char *encoding = apr_table_get(r->headers_in, "Content-Encoding");
    return encoding == NULL || strcasecmp(encoding, "identity") == 0;
}

/* A request that was redirected internally has no body of its own any more: what its predecessor read is judged again. */
static const uapi_call *predecessor(const request_rec *r)
{
    for (const request_rec *before = r->prev; before != NULL; before = before->prev) {
        const uapi_call *call = uapi_call_find(before);
        if (call != NULL && call->body != NULL) {
            return call;
        }
    }
    return NULL;
}

static apr_status_t fetch_body(request_rec *r, uapi_call *call, uapi_result *result)
{
    const uapi_call *before = predecessor(r);
    if (before == NULL) {
        return uapi_body_read(r, uapi_config_max_body(call->route), &call->body, &call->body_length, result);
    }
    call->body = before->body;
    call->body_length = before->body_length;
    return APR_SUCCESS;
}

/* A refusal names the request that it answers, even if that is all that could be read of it. */
static uint32_t request_id(const uapi_json *json)
{
    uint32_t id = uapi_json_member(json, 0, "id");
    int type = (id != UAPI_JSON_NONE) ? json->nodes[id].type : -1;
    return (type == UAPI_JSON_STRING || type == UAPI_JSON_NUMBER) ? id : UAPI_JSON_NONE;
}

apr_status_t uapi_understand_json(request_rec *r, uapi_call *call, uapi_result *result)
{
    apr_status_t status = uapi_json_read(&call->json, call->body, call->body_length, NULL, r->pool, result);
    if (status == APR_SUCCESS) {
        call->request_id = request_id(&call->json);
        uapi_view_make(&call->view, &call->json, r->pool);
        call->forward = call->body;
        call->forward_length = call->body_length;
    }
    return status;
}

apr_status_t uapi_understand_bytes(request_rec *r, uapi_call *call, uapi_result *result)
{
    if (call->body != NULL) {
        return APR_SUCCESS; /* it is there only once */
    }
    return is_identity(r) ? fetch_body(r, call, result)
                          : uapi_fail(result, r->pool, APR_EINVAL, UAPI_REASON_REQUEST_ENCODING,
                                      "Content-Encoding is not identity");
}

static apr_status_t read_body(request_rec *r, uapi_call *call, uapi_result *result)
{
    apr_status_t status;
    if (is_identity(r) && !is_json(r)) {
        return uapi_fail(result, r->pool, APR_EINVAL, UAPI_REASON_REQUEST_TYPE,
                         "Content-Type is not application/json in UTF-8");
    }
    status = uapi_understand_bytes(r, call, result);
    return (status == APR_SUCCESS) ? uapi_understand_json(r, call, result) : status;
}

/* To servers that get headers as CGI variables, Mcp_Name is Mcp-Name: nothing would have compared it with the body. */
static int is_disguised(const char *name)
{
    return strncasecmp(name, "Mcp", 3) == 0 && (name[3] == '-' || name[3] == '_') && strchr(name, '_') != NULL;
}

static apr_status_t find_params(request_rec *r, uapi_mcp_headers *headers, uapi_result *result)
{
    static const char prefix[] = "Mcp-Param-";
    const apr_array_header_t *fields = apr_table_elts(r->headers_in);
    apr_array_header_t *found = NULL;
    for (int i = 0; i < fields->nelts; i++) {
        const apr_table_entry_t *field = &APR_ARRAY_IDX(fields, i, apr_table_entry_t);
        if (is_disguised(field->key)) {
            return uapi_fail(result, r->pool, APR_EINVAL, UAPI_REASON_MCP_HEADER_MISMATCH,
                             "a header of the protocol's is spelled with an underscore");
        }
        if (strncasecmp(field->key, prefix, sizeof(prefix) - 1) == 0) {
            const uapi_mcp_param_header param = {field->key, field->val};
            found = (found != NULL) ? found : apr_array_make(r->pool, 4, sizeof(param));
            APR_ARRAY_PUSH(found, uapi_mcp_param_header) = param;
        }
    }
    if (found != NULL) {
        headers->params = (const uapi_mcp_param_header *)(const void *)found->elts;
        headers->param_count = (size_t)found->nelts;
    }
    return APR_SUCCESS;
}

static apr_status_t recognise(request_rec *r, uapi_call *call, const char *name, uapi_result *result)
{
    uapi_mcp_headers headers = {apr_table_get(r->headers_in, "MCP-Protocol-Version"),
                                apr_table_get(r->headers_in, "Mcp-Method"), name, NULL, 0};
    apr_status_t status = find_params(r, &headers, result);
    if (status == APR_SUCCESS) {
        status = uapi_mcp_read(&call->mcp, &call->json, &headers, r->pool, result);
    }
    if (status != APR_SUCCESS) {
        call->mcp.count = 0; /* what could not be recognised is answered as a whole, by status */
    } else if (call->mcp.messages[0].method == NULL) {
        call->request_id = UAPI_JSON_NONE; /* the server's: a client would look for a request of its own */
    }
    return status;
}

/* mod_proxy takes away what Connection names (RFC 9110, section 7.6.1): the server would go by other headers than those that were judged. */
static apr_status_t check_connection(request_rec *r, uapi_result *result)
{
    const char *connection = apr_table_get(r->headers_in, "Connection");
    char *state, *name;
    if (connection == NULL || strcasecmp(connection, "keep-alive") == 0 || strcasecmp(connection, "close") == 0) {
        return APR_SUCCESS;
    }
    name = apr_strtok(apr_pstrdup(r->pool, connection), ", \t", &state);
    for (; name != NULL; name = apr_strtok(NULL, ", \t", &state)) {
        if (strncasecmp(name, "Mcp-", 4) == 0 || is_disguised(name)) {
            return uapi_fail(result, r->pool, APR_EINVAL, UAPI_REASON_MCP_HEADER_MISMATCH,
                             "Connection names a header of the protocol's");
        }
        if (strcasecmp(name, "Content-Type") == 0) {
            return uapi_fail(result, r->pool, APR_EINVAL, UAPI_REASON_REQUEST_TYPE, "Connection names Content-Type");
        }
    }
    return APR_SUCCESS;
}

/* 2026-07-28, "Earlier Streamable HTTP Revisions": they are ignored. A server of both eras must not go by them either. */
static void ignore_past(request_rec *r, const uapi_call *call)
{
    if (call->mcp.count > 0 && call->mcp.revision == UAPI_MCP_2026_07_28) {
        apr_table_unset(r->headers_in, "Mcp-Session-Id");
        apr_table_unset(r->headers_in, "Last-Event-ID");
    }
}

/* A session is the principal's that opened it, at the server where it did. */
static apr_status_t find_session(request_rec *r, uapi_call *call, uapi_result *result)
{
    const char *sealed = apr_table_get(r->headers_in, "Mcp-Session-Id");
    apr_status_t status;
    if (sealed == NULL) {
        return APR_SUCCESS;
    }
    status = uapi_session_open(&call->session, sealed, call->gateway->keyring, call->principal, call->server, r->pool,
                               result);
    if (status == APR_SUCCESS) {
        call->session = uapi_affinity_split(call, call->session, r->pool);
    }
    return status;
}

/* A stream is resumed by whom it was sent to, in the session in which it was: a server may keep the events of all in one place. */
static apr_status_t find_event(request_rec *r, uapi_call *call, uapi_result *result)
{
    const char *sealed = apr_table_get(r->headers_in, "Last-Event-ID");
    if (sealed == NULL) {
        return APR_SUCCESS;
    }
    return uapi_session_open_part(&call->last_event, UAPI_SESSION_EVENT, sealed,
                                  call->session != NULL ? call->session : "", call->gateway->keyring, call->principal,
                                  call->server, r->pool, result);
}

apr_status_t uapi_understand_mcp(request_rec *r, uapi_call *call, int is_post, uapi_result *result)
{
    apr_status_t status = (is_post || uapi_body_announced(r)) ? read_body(r, call, result) : APR_SUCCESS;
    if (status == APR_SUCCESS && is_post) {
        status = recognise(r, call, apr_table_get(r->headers_in, "Mcp-Name"), result);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    ignore_past(r, call);
    if (uapi_federate_applies(r)) {
        return APR_SUCCESS; /* a universal gateway has sessions of its own, and events */
    }
    status = find_session(r, call, result);
    if (status == APR_SUCCESS) {
        status = uapi_endpoint_find(r, call, result);
    }
    return (status == APR_SUCCESS) ? find_event(r, call, result) : status;
}

apr_status_t uapi_understand_again(request_rec *r, uapi_call *call, const char *name, uapi_result *result)
{
    apr_status_t status = uapi_understand_json(r, call, result);
    return (status == APR_SUCCESS) ? recognise(r, call, name, result) : status;
}

/* JSON-RPC 2.0 and nothing of MCP: no revisions, no mirrored headers, and params are the service's own affair. */
apr_status_t uapi_understand_jsonrpc(request_rec *r, uapi_call *call, int is_post, uapi_result *result)
{
    apr_status_t status = (is_post || uapi_body_announced(r)) ? read_body(r, call, result) : APR_SUCCESS;
    if (status == APR_SUCCESS && is_post) {
        status = uapi_mcp_read_foreign(&call->mcp, &call->json, r->pool, result);
    }
    if (status == APR_SUCCESS && is_post && call->mcp.batch) {
        status = uapi_mcp_check_batch(&call->mcp, &call->json, r->pool, result);
    }
    if (status != APR_SUCCESS) {
        call->mcp.count = 0;
    }
    return status;
}

apr_status_t uapi_stage_understand(request_rec *r, uapi_call *call, uapi_result *result)
{
    int is_post = (r->method_number == M_POST);
    call->http_method = is_post ? "http/POST" : apr_pstrcat(r->pool, "http/", r->method, NULL);
    apr_table_unset(r->headers_in, "Upgrade"); /* a tunnel could not be inspected */
    if (check_connection(r, result) != APR_SUCCESS) {
        return result->status;
    }
    if (call->automatic) {
        return uapi_understand_auto(r, call, result);
    }
    switch (call->protocol) {
    case UAPI_PROTOCOL_REST:
        return uapi_understand_rest(r, call, result);
    case UAPI_PROTOCOL_JSONRPC:
        return uapi_understand_jsonrpc(r, call, is_post, result);
    default:
        return uapi_understand_mcp(r, call, is_post, result);
    }
}
