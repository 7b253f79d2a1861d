/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What a document leaves out or hides would be an operation that nobody can name, and so is refused at run time. What it says in
 * two ways (servers that differ, a remote $ref) is an error here.
 */
#include "policy_openapi.h"

#include <stdlib.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

enum { MOST_REFERENCES = 8, LONGEST_PATH = 2048 };

typedef struct reader {
    uapi_policy_source *source;
    const uapi_yaml_node *root;
    const char *base;
    uapi_openapi_visitor visit;
    void *baton;
} reader;

static const uapi_yaml_item *find(const uapi_yaml_node *map, const char *name)
{
    const uapi_yaml_item *item = map->kind == UAPI_YAML_MAPPING ? map->items : NULL;

    while (item != NULL && strcmp(item->key->text, name) != 0) {
        item = item->next;
    }
    return item;
}

static const uapi_yaml_node *member(const uapi_yaml_node *map, const char *name, uapi_yaml_kind kind)
{
    const uapi_yaml_item *item = find(map, name);

    return item != NULL && item->value->kind == kind ? item->value : NULL;
}

static void fault(const reader *r, const uapi_yaml_node *at, const char *message)
{
    uapi_policy_error(r->source->diagnoses, at, "%s", message);
}

/* ---------------------------------------------------------------- servers */

static const char *without_final_slashes(const reader *r, const char *path)
{
    size_t length = strlen(path);

    while (length > 0 && path[length - 1] == '/') {
        length--;
    }
    return apr_pstrmemdup(r->source->pool, path, length);
}

/* The path of a server's URL, "" for "/". NULL after a complaint. */
static const char *base_of(const reader *r, const uapi_yaml_node *server)
{
    const uapi_yaml_node *url = member(server, "url", UAPI_YAML_SCALAR);
    const char *host, *path;

    if (url == NULL) {
        fault(r, server, "a server needs \"url\"");
        return NULL;
    }
    host = strstr(url->text, "://");
    path = host != NULL ? host + 3 + strcspn(host + 3, "/?#") : url->text;
    if (strpbrk(path, "{}?#") != NULL || (*path != '/' && *path != '\0')) {
        fault(r, url, "this server's path is not known: write \"base_path\" beside \"openapi\"");
        return NULL;
    }
    return without_final_slashes(r, path);
}

static int find_base(reader *r)
{
    const uapi_yaml_node *servers = member(r->root, "servers", UAPI_YAML_SEQUENCE);

    if (r->base != NULL) {
        r->base = without_final_slashes(r, r->base);
        return 1;
    }
    for (const uapi_yaml_item *item = servers != NULL ? servers->items : NULL; item != NULL; item = item->next) {
        const char *base = base_of(r, item->value);
        if (base == NULL) {
            return 0;
        }
        if (r->base != NULL && strcmp(r->base, base) != 0) {
            fault(r, item->value, "the servers have different paths: write \"base_path\" beside \"openapi\"");
            return 0;
        }
        r->base = base;
    }
    r->base = r->base != NULL ? r->base : "";
    return 1;
}

/* ---------------------------------------------------------------- references */

/* One token of a JSON Pointer (RFC 6901) in a URI fragment, unescaped. */
static char *read_token(const reader *r, const char *text, size_t length)
{
    char *out = apr_palloc(r->source->pool, length + 1), *to = out;

    for (size_t at = 0; at < length; at++) {
        if (text[at] == '%' && at + 2 < length && apr_isxdigit(text[at + 1]) && apr_isxdigit(text[at + 2])) {
            char digits[3] = {text[at + 1], text[at + 2], '\0'};
            *to++ = (char)strtol(digits, NULL, 16);
            at += 2;
        } else {
            *to++ = text[at];
        }
    }
    *to = '\0';
    for (char *from = to = out; *from != '\0'; from++) {
        if (from[0] == '~' && (from[1] == '0' || from[1] == '1')) {
            from++;
            *to++ = (char)(*from == '0' ? '~' : '/');
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
    return out;
}

static const uapi_yaml_node *follow(const reader *r, const uapi_yaml_node *reference)
{
    const uapi_yaml_node *at = r->root;
    const char *text = reference->text;

    if (strncmp(text, "#/", 2) != 0) {
        fault(r, reference, "only a $ref into this document (#/...) is followed");
        return NULL;
    }
    for (text++; *text == '/' && at != NULL;) {
        size_t length = strcspn(text + 1, "/");
        const uapi_yaml_item *item = find(at, read_token(r, text + 1, length));
        at = item != NULL ? item->value : NULL;
        text += 1 + length;
    }
    if (at == NULL) {
        fault(r, reference, "this $ref leads nowhere");
    }
    return at;
}

static const uapi_yaml_node *resolve(const reader *r, const uapi_yaml_node *item)
{
    const uapi_yaml_node *reference = member(item, "$ref", UAPI_YAML_SCALAR);

    for (int i = 0; reference != NULL && i < MOST_REFERENCES; i++) {
        if (item->size > 3) {
            fault(r, reference, "a path item has either $ref or operations of its own");
            return NULL;
        }
        item = follow(r, reference);
        if (item == NULL) {
            return NULL;
        }
        reference = member(item, "$ref", UAPI_YAML_SCALAR);
    }
    if (reference != NULL) {
        fault(r, reference, "too long a chain of $ref");
        return NULL;
    }
    return item;
}

/* ---------------------------------------------------------------- operations */

/* "get_v1_customers_id" for GET /v1/customers/{id} */
static const char *derive_name(const reader *r, const char *method, const char *path)
{
    char *name = apr_psprintf(r->source->pool, "%s%s", method, path), *to = name;

    for (const char *from = name; *from != '\0'; from++) {
        if (apr_isalnum(*from)) {
            *to++ = *from;
        } else if (to > name && to[-1] != '_') {
            *to++ = '_';
        }
    }
    if (to > name && to[-1] == '_') {
        to--;
    }
    *to = '\0';
    return name;
}

static void read_operation(const reader *r, const uapi_yaml_item *operation, const char *method,
                           const uapi_yaml_node *key, const char *path)
{
    const uapi_yaml_item *id = find(operation->value, "operationId");
    const char *whole = apr_pstrcat(r->source->pool, r->base, path, NULL);

    if (operation->value->kind != UAPI_YAML_MAPPING) {
        fault(r, operation->value, "an operation must be a mapping");
        return;
    }
    if (id != NULL && id->value->kind != UAPI_YAML_SCALAR) {
        fault(r, id->value, "\"operationId\" must be a string");
        return;
    }
    if (find(operation->value, "servers") != NULL) {
        fault(r, find(operation->value, "servers")->key, "servers of single operations are not supported");
        return;
    }
    if (id != NULL) {
        r->visit(r->baton, id->value, id->value->text, method, whole, key);
    } else {
        r->visit(r->baton, operation->key, derive_name(r, operation->key->text, path), method, whole, key);
    }
}

static void read_path(const reader *r, const uapi_yaml_item *entry)
{
    static const char *const methods[][2] = {
        {"get", "GET"},     {"head", "HEAD"},     {"post", "POST"},       {"put", "PUT"},
        {"patch", "PATCH"}, {"delete", "DELETE"}, {"options", "OPTIONS"},
    };
    const uapi_yaml_node *item = resolve(r, entry->value);

    if (item == NULL) {
        return;
    }
    if (item->kind != UAPI_YAML_MAPPING || entry->key->text[0] != '/' || entry->key->length > LONGEST_PATH) {
        fault(r, entry->key, "a path must begin with a slash, have at most 2048 bytes, and be a mapping");
        return;
    }
    if (find(item, "servers") != NULL) {
        fault(r, find(item, "servers")->key, "servers of single paths are not supported");
        return;
    }
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        const uapi_yaml_item *operation = find(item, methods[i][0]);
        if (operation != NULL) {
            read_operation(r, operation, methods[i][1], entry->key, entry->key->text);
        }
    }
}

static int is_supported(const uapi_yaml_node *version)
{
    return version != NULL && version->length >= 3 && strncmp(version->text, "3.", 2) == 0 &&
           (version->text[2] == '0' || version->text[2] == '1') &&
           (version->text[3] == '\0' || (version->text[3] == '.' && apr_isdigit(version->text[4])));
}

static void read_root(reader *r)
{
    const uapi_yaml_node *paths = member(r->root, "paths", UAPI_YAML_MAPPING);

    if (!is_supported(member(r->root, "openapi", UAPI_YAML_SCALAR))) {
        fault(r, r->root, "this is no OpenAPI document of version 3.0 or 3.1");
    } else if (paths == NULL) {
        fault(r, r->root, "the document has no \"paths\"");
    } else if (find_base(r)) {
        for (const uapi_yaml_item *item = paths->items; item != NULL; item = item->next) {
            if (strncmp(item->key->text, "x-", 2) != 0) {
                read_path(r, item);
            }
        }
    }
}

/* ---------------------------------------------------------------- the file */

static const char *beside(uapi_policy_source *source, const uapi_yaml_node *file)
{
    const char *slash = strrchr(file->file, '/');

    return file->text[0] == '/' || slash == NULL
               ? apr_pstrdup(source->pool, file->text)
               : apr_psprintf(source->pool, "%.*s/%s", (int)(slash - file->file), file->file, file->text);
}

void uapi_policy_openapi_read(uapi_policy_source *source, const uapi_yaml_node *file, const uapi_yaml_node *base,
                              uapi_openapi_visitor visit, void *baton)
{
    apr_array_header_t *roots = apr_array_make(source->pool, 1, sizeof(const uapi_yaml_node *));
    reader r = {source, NULL, base != NULL ? base->text : NULL, visit, baton};
    const char *path = beside(source, file), *why;
    unsigned errors = source->diagnoses->errors;
    size_t length;
    char *text;

    if (source->from_memory) {
        fault(&r, file, "\"openapi\" names a file, and this text is none");
        return;
    }
    why = uapi_policy_read_text(path, &text, &length, source->pool);
    if (why != NULL) {
        uapi_policy_error(source->diagnoses, file, "%s %s", uapi_yaml_quote(path, strlen(path), source->pool), why);
        return;
    }
    uapi_yaml_read_foreign(roots, uapi_policy_diagnoses_file(source->diagnoses, path), text, length, uapi_policy_report,
                           source->diagnoses, source->pool);
    if (source->diagnoses->errors > errors) {
        return;
    }
    if (roots->nelts != 1) {
        uapi_policy_error(source->diagnoses, file, "%s must hold one document",
                          uapi_yaml_quote(path, strlen(path), source->pool));
        return;
    }
    r.root = APR_ARRAY_IDX(roots, 0, const uapi_yaml_node *);
    read_root(&r);
}
