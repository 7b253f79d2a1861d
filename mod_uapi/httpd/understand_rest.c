/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A service may read a body otherwise than it is called: JSON that says it is text, a form's escapes. What is scanned is the body
 * as every such reader would see it.
 */
#include <string.h>

#include "../core/form.h"
#include "../core/media_type.h"
#include "../core/multipart.h"
#include "../core/path.h"
#include "body.h"
#include "operation.h"
#include "understand.h"

static apr_status_t ambiguous(request_rec *r, const char *why, uapi_result *result)
{
    return uapi_fail(result, r->pool, APR_EINVAL, UAPI_REASON_REQUEST_AMBIGUOUS, "%s", why);
}

/* A service with operations is sent what it is known to take. Others decide themselves, and any bytes are scanned. */
static int is_accepted(request_rec *r, const uapi_call *call, const uapi_media_type *type)
{
    const uapi_policy_server *server = (call->upstream_path != NULL)
                                           ? uapi_policy_find_server(call->gateway->policy, call->server)
                                           : NULL;
    const char *value = apr_table_get(r->headers_in, "Content-Type");
    if (type->kind == UAPI_MEDIA_INVALID) {
        return 0;
    }
    if (server == NULL || (type->kind != UAPI_MEDIA_NONE && type->kind != UAPI_MEDIA_OTHER)) {
        return 1;
    }
    for (int i = 0; server->content_types != NULL && type->kind == UAPI_MEDIA_OTHER && i < server->content_types->nelts;
         i++) {
        if (uapi_media_type_is(value, type, APR_ARRAY_IDX(server->content_types, i, const char *))) {
            return 1;
        }
    }
    return call->body_length == 0;
}

static void take_text(uapi_call *call)
{
    call->view.text = call->forward = call->body;
    call->view.length = call->forward_length = call->body_length;
}

/* Where JSON would begin in a body that does not say it is any: behind white space and a byte order mark. */
int uapi_understand_looks_like_json(const uapi_call *call)
{
    static const char mark[] = "\xef\xbb\xbf";
    const char *at = call->body + (strncmp(call->body, mark, 3) == 0 ? 3 : 0);
    at += strspn(at, " \t\r\n");
    return *at == '{' || *at == '[' || *at == '"';
}

/* JSON by another name is read as JSON, so that its escapes hide nothing. What no strict JSON reader takes is text, unless a
 * lenient one could see another text in it. */
static apr_status_t read_text(request_rec *r, uapi_call *call, uapi_result *result)
{
    uapi_result why = {0};
    apr_status_t status = uapi_understand_looks_like_json(call) ? uapi_understand_json(r, call, &why) : APR_SUCCESS;
    int is_text = why.reason == UAPI_REASON_JSON_SYNTAX || why.reason == UAPI_REASON_JSON_TRAILING;
    if (status != APR_SUCCESS && (!is_text || memmem(call->body, call->body_length, "\\u", 2) != NULL)) {
        *result = why;
        return status;
    }
    if (call->json.count == 0) {
        take_text(call);
    }
    return APR_SUCCESS;
}

/* The form as it came is scanned and forwarded; once more decoded, if that is another text. */
static apr_status_t read_form(request_rec *r, uapi_call *call, uapi_result *result)
{
    take_text(call);
    if (memchr(call->body, '%', call->body_length) != NULL || memchr(call->body, '+', call->body_length) != NULL) {
        call->decoded = apr_palloc(r->pool, call->body_length + 1);
        call->decoded_length = uapi_form_decode(call->decoded, call->body, call->body_length);
    }
    return call->upstream_path != NULL && uapi_path_overrides_method(call->body, call->body_length)
               ? ambiguous(r, "the form overrides the method", result)
               : APR_SUCCESS;
}

static apr_status_t read_multipart(request_rec *r, uapi_call *call, const uapi_media_type *type, uapi_result *result)
{
    take_text(call);
    switch (uapi_multipart_judge(call->body, call->body_length, type->boundary, type->boundary_length)) {
    case UAPI_MULTIPART_GOOD:
        return APR_SUCCESS;
    case UAPI_MULTIPART_ENCODED:
        return uapi_fail(result, r->pool, APR_EINVAL, UAPI_REASON_REQUEST_ENCODING,
                         "a part has a Content-Transfer-Encoding");
    case UAPI_MULTIPART_METHOD:
        return call->upstream_path != NULL ? ambiguous(r, "the form overrides the method", result) : APR_SUCCESS;
    default:
        return ambiguous(r, "a malformed multipart body", result);
    }
}

static apr_status_t read_by_type(request_rec *r, uapi_call *call, const uapi_media_type *type, uapi_result *result)
{
    switch (type->kind) {
    case UAPI_MEDIA_JSON:
        return uapi_understand_json(r, call, result);
    case UAPI_MEDIA_FORM:
        return read_form(r, call, result);
    case UAPI_MEDIA_MULTIPART:
        return read_multipart(r, call, type, result);
    default:
        return read_text(r, call, result);
    }
}

apr_status_t uapi_understand_rest(request_rec *r, uapi_call *call, uapi_result *result)
{
    uapi_media_type type;
    apr_status_t status = uapi_operation_understand(r, call, result);
    if (status != APR_SUCCESS || !uapi_body_announced(r)) {
        return status;
    }
    status = uapi_understand_bytes(r, call, result);
    if (status != APR_SUCCESS) {
        return status;
    }
    uapi_media_type_read(&type, apr_table_get(r->headers_in, "Content-Type"));
    if (!is_accepted(r, call, &type)) {
        return uapi_fail(result, r->pool, APR_EINVAL, UAPI_REASON_REQUEST_TYPE,
                         "the server does not take this Content-Type (content_types)");
    }
    status = read_by_type(r, call, &type, result);
    if (status == APR_SUCCESS && call->upstream_path != NULL && call->json.count > 0 &&
        uapi_json_member(&call->json, 0, "_method") != UAPI_JSON_NONE) {
        return ambiguous(r, "the body overrides the method", result);
    }
    return status;
}
