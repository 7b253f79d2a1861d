/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The operations of a Server: judged while loading, then copied and indexed. Two that can match one path must differ in
 * which is the narrower, or what the gateway takes for one the service could take for the other.
 */
#include "media_type.h"
#include "policy_internal.h"
#include "policy_openapi.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

/* An operation with the place to complain about. */
typedef struct draft {
    uapi_operation operation;
    const uapi_yaml_node *at;
} draft;

typedef struct gathering {
    uapi_policy_source *source;
    apr_array_header_t *drafts; /* draft */
    apr_hash_t *names;          /* to the node of the name */
    int given_up;
} gathering;

/* GitHub's operations are called "repos/get", Google's "storage.objects.get". */
static int is_name(const char *name)
{
    size_t length = strlen(name);

    return length > 0 && length <= UAPI_OPERATION_MAX_NAME && apr_isalnum(name[0]) &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/:@-") == length;
}

static int check_name(gathering *g, const uapi_yaml_node *at, const char *name)
{
    const uapi_yaml_node *first = apr_hash_get(g->names, name, APR_HASH_KEY_STRING);

    if (!is_name(name)) {
        uapi_policy_error(
            g->source->diagnoses, at,
            "operation %s is no name: 1 to 128 of A-Z a-z 0-9 . _ / : @ -, beginning with a letter or digit",
            uapi_yaml_quote(name, strlen(name), g->source->pool));
        return 0;
    }
    if (first != NULL) {
        uapi_policy_error(g->source->diagnoses, at, "operation \"%s\" is defined twice, first at %s:%u:%u", name,
                          first->file, first->line, first->column);
        return 0;
    }
    apr_hash_set(g->names, name, APR_HASH_KEY_STRING, at);
    return 1;
}

static void compare(const gathering *g, const draft *fresh, const draft *earlier)
{
    if (strcmp(fresh->operation.method, earlier->operation.method) == 0 &&
        uapi_template_compare(&fresh->operation.template, &earlier->operation.template) == UAPI_TEMPLATE_CONFLICT) {
        uapi_policy_error(
            g->source->diagnoses, fresh->at,
            "%s %s can match the same path as %s of operation \"%s\" at %s:%u:%u, and neither is the more specific",
            fresh->operation.method, fresh->operation.path, earlier->operation.path, earlier->operation.name,
            earlier->at->file, earlier->at->line, earlier->at->column);
    }
}

/* A uapi_openapi_visitor. */
static void gather(void *baton, const uapi_yaml_node *name, const char *text, const char *method, const char *path,
                   const uapi_yaml_node *at)
{
    gathering *g = baton;
    draft fresh = {{text, method, path, {0, NULL}}, at};
    const char *fault = uapi_template_read(&fresh.operation.template, path, g->source->pool);

    if (g->drafts->nelts == UAPI_OPERATIONS_MAX) {
        if (!g->given_up) {
            uapi_policy_error(g->source->diagnoses, at, "more than %d operations", UAPI_OPERATIONS_MAX);
        }
        g->given_up = 1;
        return;
    }
    if (fault != NULL) {
        uapi_policy_error(g->source->diagnoses, at, "path %s %s", uapi_yaml_quote(path, strlen(path), g->source->pool),
                          fault);
    }
    if (!check_name(g, name, text) || fault != NULL) {
        return;
    }
    for (int i = 0; i < g->drafts->nelts; i++) {
        compare(g, &fresh, &APR_ARRAY_IDX(g->drafts, i, draft));
    }
    APR_ARRAY_PUSH(g->drafts, draft) = fresh;
}

/* What it takes by itself need not be named, and must not be: it is read by rules of its own. */
static void check_content_type(uapi_policy_source *source, const uapi_yaml_node *node)
{
    size_t length = node->length;
    uapi_media_type type;

    uapi_media_type_read(&type, node->text);
    if (type.kind == UAPI_MEDIA_INVALID || type.length != length || strchr(node->text, '*') != NULL) {
        if (length < 3 || strcmp(node->text + length - 2, "/*") != 0 ||
            strchr(node->text, '*') != node->text + length - 1 || strcspn(node->text, "/ ;,\"") != length - 2) {
            uapi_policy_error(source->diagnoses, node, "%s is no media type: write type/subtype, or type/*",
                              uapi_yaml_quote(node->text, length, source->pool));
        }
    } else if (type.kind != UAPI_MEDIA_OTHER) {
        uapi_policy_error(source->diagnoses, node, "%s is taken without being named",
                          uapi_yaml_quote(node->text, length, source->pool));
    }
}

static void check_fields(uapi_policy_source *source, const uapi_form_server *server)
{
    const char *fault;
    uapi_template base;

    if (server->protocol.node != NULL && strcmp(server->protocol.node->text, "rest") != 0) {
        uapi_policy_error(source->diagnoses, server->protocol.node,
                          "a server with operations speaks rest; those of an MCP server are its tools");
    }
    if (server->base_path == NULL) {
        return;
    }
    fault = uapi_template_read(&base, server->base_path->text, source->pool);
    if (server->openapi == NULL) {
        uapi_policy_error(source->diagnoses, server->base_path,
                          "\"base_path\" is for \"openapi\"; other operations have whole paths");
    } else if (fault != NULL) {
        uapi_policy_error(source->diagnoses, server->base_path, "\"base_path\" %s", fault);
    }
}

void uapi_policy_check_operations(uapi_policy_source *source, uapi_form_server *server)
{
    gathering g = {source, apr_array_make(source->pool, 16, sizeof(draft)), apr_hash_make(source->pool), 0};

    if (server->operations != NULL || server->openapi != NULL || server->base_path != NULL) {
        check_fields(source, server);
    }
    for (int i = 0; server->content_types != NULL && i < server->content_types->nelts; i++) {
        check_content_type(source, APR_ARRAY_IDX(server->content_types, i, const uapi_yaml_node *));
    }
    if (server->content_types != NULL && server->operations == NULL && server->openapi == NULL) {
        uapi_policy_error(source->diagnoses, server->node,
                          "\"content_types\" is for servers with operations; without them any type is taken");
    }
    for (int i = 0; server->operations != NULL && i < server->operations->nelts; i++) {
        const uapi_form_named *named = &APR_ARRAY_IDX(server->operations, i, uapi_form_named);
        const uapi_form_operation *form = named->record;
        if (form->path != NULL && form->method.node != NULL) { /* else reported as missing */
            gather(&g, named->name, named->name->text, form->method.node->text, form->path->text, form->path);
        }
    }
    if (server->openapi != NULL) {
        uapi_policy_openapi_read(source, server->openapi, server->base_path, gather, &g);
    }
    server->judged = server->operations != NULL || server->openapi != NULL ? g.drafts : NULL;
}

const uapi_operations *uapi_policy_compile_operations(const uapi_form_server *server, apr_pool_t *pool)
{
    apr_array_header_t *list;

    if (server->judged == NULL) {
        return NULL;
    }
    list = apr_array_make(pool, server->judged->nelts, sizeof(uapi_operation));
    for (int i = 0; i < server->judged->nelts; i++) {
        const uapi_operation *judged = &APR_ARRAY_IDX(server->judged, i, draft).operation;
        uapi_operation *operation = apr_array_push(list);
        operation->name = apr_pstrdup(pool, judged->name);
        operation->method = apr_pstrdup(pool, judged->method);
        operation->path = apr_pstrdup(pool, judged->path);
        uapi_template_read(&operation->template, operation->path, pool);
    }
    return uapi_operations_create(list, pool);
}

apr_array_header_t *uapi_policy_compile_content_types(const uapi_form_server *server, apr_pool_t *pool)
{
    apr_array_header_t *list;

    if (server->content_types == NULL) {
        return NULL;
    }
    list = apr_array_make(pool, server->content_types->nelts, sizeof(const char *));
    for (int i = 0; i < server->content_types->nelts; i++) {
        APR_ARRAY_PUSH(list, const char *) = apr_pstrdup(
            pool, APR_ARRAY_IDX(server->content_types, i, const uapi_yaml_node *)->text);
    }
    return list;
}
