/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The operations of a Server: judged while loading, then copied and indexed. Two that can match one path must differ in
 * which is the narrower, or what the gateway takes for one the service could take for the other.
 */
#include "policy_internal.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

/* An operation with the place to complain about. */
typedef struct draft {
    uapi_operation operation;
    const uapi_yaml_node *at;
} draft;

/* GitHub's operations are called "repos/get", Google's "storage.objects.get". */
static int is_name(const char *name)
{
    size_t length = strlen(name);

    return length > 0 && length <= UAPI_OPERATION_MAX_NAME && apr_isalnum(name[0]) &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/:@-") == length;
}

static void compare(uapi_policy_source *source, const draft *fresh, const draft *earlier)
{
    if (strcmp(fresh->operation.method, earlier->operation.method) == 0 &&
        uapi_template_compare(&fresh->operation.template, &earlier->operation.template) == UAPI_TEMPLATE_CONFLICT) {
        uapi_policy_error(
            source->diagnoses, fresh->at,
            "%s %s can match the same path as %s of operation \"%s\" at %s:%u:%u, and neither is the more specific",
            fresh->operation.method, fresh->operation.path, earlier->operation.path, earlier->operation.name,
            earlier->at->file, earlier->at->line, earlier->at->column);
    }
}

static int judge(uapi_policy_source *source, draft *fresh, const uapi_yaml_node *name)
{
    const char *fault = uapi_template_read(&fresh->operation.template, fresh->operation.path, source->pool);

    if (!is_name(name->text)) {
        uapi_policy_error(
            source->diagnoses, name,
            "operation %s is no name: 1 to 128 of A-Z a-z 0-9 . _ / : @ -, beginning with a letter or digit",
            uapi_yaml_quote(name->text, name->length, source->pool));
        return 0;
    }
    if (fault != NULL) {
        uapi_policy_error(source->diagnoses, fresh->at, "path %s %s",
                          uapi_yaml_quote(fresh->at->text, fresh->at->length, source->pool), fault);
    }
    return fault == NULL;
}

void uapi_policy_check_operations(uapi_policy_source *source, const uapi_form_server *server)
{
    apr_array_header_t *drafts = apr_array_make(source->pool, 16, sizeof(draft));

    if (server->operations == NULL) {
        return;
    }
    if (server->protocol.node != NULL && strcmp(server->protocol.node->text, "rest") != 0) {
        uapi_policy_error(source->diagnoses, server->protocol.node,
                          "a server with operations speaks rest; those of an MCP server are its tools");
    }
    if (server->operations->nelts > UAPI_OPERATIONS_MAX) {
        uapi_policy_error(source->diagnoses, server->node, "more than %d operations", UAPI_OPERATIONS_MAX);
        return;
    }
    for (int i = 0; i < server->operations->nelts; i++) {
        const uapi_form_named *named = &APR_ARRAY_IDX(server->operations, i, uapi_form_named);
        const uapi_form_operation *form = named->record;
        draft fresh = {{0}, form->path};
        if (form->path == NULL || form->method.node == NULL) {
            continue; /* reported as missing */
        }
        fresh.operation = (uapi_operation){
            .name = named->name->text, .method = form->method.node->text, .path = form->path->text};
        if (!judge(source, &fresh, named->name)) {
            continue;
        }
        for (int j = 0; j < drafts->nelts; j++) {
            compare(source, &fresh, &APR_ARRAY_IDX(drafts, j, draft));
        }
        APR_ARRAY_PUSH(drafts, draft) = fresh;
    }
}

const uapi_operations *uapi_policy_compile_operations(const uapi_form_server *server, apr_pool_t *pool)
{
    apr_array_header_t *list;

    if (server->operations == NULL) {
        return NULL;
    }
    list = apr_array_make(pool, server->operations->nelts, sizeof(uapi_operation));
    for (int i = 0; i < server->operations->nelts; i++) {
        const uapi_form_named *named = &APR_ARRAY_IDX(server->operations, i, uapi_form_named);
        const uapi_form_operation *form = named->record;
        uapi_operation *operation = apr_array_push(list);
        operation->name = apr_pstrdup(pool, named->name->text);
        operation->method = apr_pstrdup(pool, form->method.node->text);
        operation->path = apr_pstrdup(pool, form->path->text);
        uapi_template_read(&operation->template, operation->path, pool);
    }
    return uapi_operations_create(list, pool);
}
