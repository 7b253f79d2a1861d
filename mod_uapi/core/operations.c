/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Literals are compared in folded form, so that a path in another case finds the operation that a service which ignores
 * case would take; whether it is spelled as the template is asked of what was found. A literal that leads nowhere is
 * given up for an expression, so a search visits at most two nodes (and few affixes) for each segment and choice.
 */
#include "operations.h"

#include <stdlib.h>
#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

typedef struct node node;

/* An expression with what stands around it, folded. */
typedef struct affix {
    const char *prefix, *suffix;
    size_t prefix_length, suffix_length;
    node *next;
} affix;

struct node {
    apr_hash_t *literals;        /* folded, to node */
    apr_array_header_t *affixes; /* affix, the longest first: of two that match, that is the narrower one */
    node *any;                   /* an expression that stands alone */
    apr_array_header_t *ends;    /* const uapi_operation *, one a method */
};

struct uapi_operations {
    const apr_array_header_t *list;
    node *root;
};

/* ---------------------------------------------------------------- building */

static node *make_node(apr_pool_t *pool)
{
    return apr_pcalloc(pool, sizeof(node));
}

static const char *fold(const char *text, size_t length, apr_pool_t *pool)
{
    char *folded = apr_pcalloc(pool, length + 1);

    uapi_path_fold(folded, text, length);
    return folded;
}

static node *child_of_literal(node *at, const uapi_template_segment *segment, apr_pool_t *pool)
{
    const char *folded = fold(segment->prefix, segment->prefix_length, pool);
    node *child;

    if (at->literals == NULL) {
        at->literals = apr_hash_make(pool);
    }
    child = apr_hash_get(at->literals, folded, APR_HASH_KEY_STRING);
    if (child == NULL) {
        child = make_node(pool);
        apr_hash_set(at->literals, folded, APR_HASH_KEY_STRING, child);
    }
    return child;
}

static int compare_affixes(const void *left, const void *right)
{
    const affix *a = left, *b = right;
    size_t x = a->prefix_length + a->suffix_length, y = b->prefix_length + b->suffix_length;

    return x < y ? 1 : x > y ? -1 : 0;
}

static node *child_of_affix(node *at, const uapi_template_segment *segment, apr_pool_t *pool)
{
    affix fresh = {fold(segment->prefix, segment->prefix_length, pool),
                   fold(segment->suffix, segment->suffix_length, pool), segment->prefix_length, segment->suffix_length,
                   NULL};

    if (at->affixes == NULL) {
        at->affixes = apr_array_make(pool, 1, sizeof(affix));
    }
    for (int i = 0; i < at->affixes->nelts; i++) {
        const affix *known = &APR_ARRAY_IDX(at->affixes, i, affix);
        if (strcmp(known->prefix, fresh.prefix) == 0 && strcmp(known->suffix, fresh.suffix) == 0) {
            return known->next;
        }
    }
    fresh.next = make_node(pool);
    APR_ARRAY_PUSH(at->affixes, affix) = fresh;
    qsort(at->affixes->elts, (size_t)at->affixes->nelts, sizeof(affix), compare_affixes);
    return fresh.next;
}

static node *child(node *at, const uapi_template_segment *segment, apr_pool_t *pool)
{
    if (!segment->open) {
        return child_of_literal(at, segment, pool);
    }
    if (segment->prefix_length + segment->suffix_length > 0) {
        return child_of_affix(at, segment, pool);
    }
    if (at->any == NULL) {
        at->any = make_node(pool);
    }
    return at->any;
}

static void add(node *at, const uapi_operation *operation, apr_pool_t *pool)
{
    for (uint32_t i = 0; i < operation->template.count; i++) {
        at = child(at, &operation->template.segments[i], pool);
    }
    if (at->ends == NULL) {
        at->ends = apr_array_make(pool, 1, sizeof(const uapi_operation *));
    }
    APR_ARRAY_PUSH(at->ends, const uapi_operation *) = operation;
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(((const uapi_operation *)left)->name, ((const uapi_operation *)right)->name);
}

uapi_operations *uapi_operations_create(const apr_array_header_t *operations, apr_pool_t *pool)
{
    uapi_operations *made = apr_pcalloc(pool, sizeof(*made));

    made->root = make_node(pool);
    made->list = operations;
    qsort(operations->elts, (size_t)operations->nelts, sizeof(uapi_operation), compare_names);
    for (int i = 0; i < operations->nelts; i++) {
        add(made->root, &APR_ARRAY_IDX(operations, i, uapi_operation), pool);
    }
    return made;
}

const apr_array_header_t *uapi_operations_list(const uapi_operations *operations)
{
    return operations->list;
}

/* ---------------------------------------------------------------- finding */

typedef struct search {
    const uapi_path *path;
    const char *method;
    unsigned visited;
} search;

static const uapi_operation *walk(search *s, const node *at, uint32_t index);

static const uapi_operation *end_at(const search *s, const node *at)
{
    for (int i = 0; at->ends != NULL && i < at->ends->nelts; i++) {
        const uapi_operation *operation = APR_ARRAY_IDX(at->ends, i, const uapi_operation *);
        if (strcmp(operation->method, s->method) == 0) {
            return operation;
        }
    }
    return NULL;
}

static int fits(const affix *around, const uapi_path_segment *segment)
{
    size_t fixed = around->prefix_length + around->suffix_length;

    return segment->folded_length > fixed && memcmp(segment->folded, around->prefix, around->prefix_length) == 0 &&
           memcmp(segment->folded + segment->folded_length - around->suffix_length, around->suffix,
                  around->suffix_length) == 0;
}

static const uapi_operation *walk_affixes(search *s, const node *at, uint32_t index)
{
    const uapi_operation *found = NULL;

    for (int i = 0; at->affixes != NULL && i < at->affixes->nelts && found == NULL; i++) {
        const affix *around = &APR_ARRAY_IDX(at->affixes, i, affix);
        if (fits(around, &s->path->segments[index])) {
            found = walk(s, around->next, index + 1);
        }
    }
    return found;
}

/* At most as deep as a path has segments. */
static const uapi_operation *walk(search *s, const node *at, uint32_t index)
{
    const uapi_path_segment *segment = &s->path->segments[index];
    const uapi_operation *found = NULL;
    const node *literal;

    s->visited++;
    if (index == s->path->count) {
        return end_at(s, at);
    }
    literal = at->literals != NULL ? apr_hash_get(at->literals, segment->folded, (apr_ssize_t)segment->folded_length)
                                   : NULL;
    if (literal != NULL) {
        found = walk(s, literal, index + 1);
    }
    if (found == NULL) {
        found = walk_affixes(s, at, index);
    }
    if (found == NULL && at->any != NULL && segment->length > 0) {
        found = walk(s, at->any, index + 1);
    }
    return found;
}

uapi_operation_match uapi_operations_find(const uapi_operations *operations, const char *method, const uapi_path *path,
                                          const uapi_operation **found, unsigned *visited)
{
    search s = {path, method, 0};

    *found = walk(&s, operations->root, 0);
    if (*found == NULL && strcmp(method, "HEAD") == 0) {
        s.method = "GET";
        *found = walk(&s, operations->root, 0);
    }
    if (visited != NULL) {
        *visited = s.visited;
    }
    if (*found == NULL) {
        return UAPI_OPERATION_UNKNOWN;
    }
    if (!uapi_template_matches(&(*found)->template, path)) {
        *found = NULL;
        return UAPI_OPERATION_AMBIGUOUS;
    }
    return UAPI_OPERATION_FOUND;
}
