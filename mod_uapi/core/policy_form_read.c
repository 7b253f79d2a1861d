/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * One walk over the tree, led by the tables of policy_form.c. It judges the form only (which fields, which type of
 * value) and goes on after each fault, so that an author sees all of them at once. The depth of the recursion is that
 * of the tables, not of the input.
 */
#include "policy_form.h"

#include <string.h>

#include <apr_strings.h>

typedef struct reader {
    uapi_policy_diagnoses *diagnoses;
    apr_pool_t *pool;
} reader;

enum { MOST_FIELDS = 16 };

static void *read_map(const reader *r, const char *name, const uapi_yaml_node *node, const uapi_form_shape *shape);

static const char *quote_node(const reader *r, const uapi_yaml_node *node)
{
    return uapi_yaml_quote(node->text, node->length, r->pool);
}

/* 1 if it is; otherwise the fault is reported, unless it has been. */
static int is_kind(const reader *r, const char *name, const uapi_yaml_node *node, uapi_yaml_kind kind,
                   const char *wanted)
{
    if (node->kind != kind && node->kind != UAPI_YAML_BROKEN) {
        uapi_policy_error(r->diagnoses, node, "%s must be %s, not %s", name, wanted, uapi_yaml_describe(node));
    }
    return node->kind == kind;
}

static const uapi_yaml_node *read_string(const reader *r, const char *name, const uapi_yaml_node *node)
{
    uapi_yaml_type type;

    if (!is_kind(r, name, node, UAPI_YAML_SCALAR, "a string")) {
        return NULL;
    }
    type = uapi_yaml_type_of(node);
    if (type != UAPI_YAML_STRING) {
        uapi_policy_error(r->diagnoses, node, "%s must be a string, not %s%s", name, uapi_yaml_describe(node),
                          type == UAPI_YAML_NULL ? "" : "; put it in quotes if it is a name");
        return NULL;
    }
    return node;
}

static int find_word(const char *const *words, const char *text)
{
    for (int i = 0; words != NULL && words[i] != NULL; i++) {
        if (strcmp(words[i], text) == 0) {
            return i;
        }
    }
    return -1;
}

static const char *list_words(const reader *r, const char *const *words)
{
    const char *list = "";

    for (int i = 0; words[i] != NULL; i++) {
        list = apr_pstrcat(r->pool, list, i == 0 ? "" : words[i + 1] == NULL ? " or " : ", ", words[i], NULL);
    }
    return list;
}

static uapi_form_word read_word(const reader *r, const char *name, const uapi_yaml_node *node,
                                const uapi_form_words *words)
{
    uapi_form_word word = {NULL, 0};

    if (!is_kind(r, name, node, UAPI_YAML_SCALAR, list_words(r, words->now))) {
        return word;
    }
    word.value = find_word(words->now, node->text);
    if (word.value >= 0) {
        word.node = node;
    } else if (find_word(words->later, node->text) >= 0) {
        uapi_policy_error(r->diagnoses, node, "%s: %s is not yet supported", name, quote_node(r, node));
    } else {
        uapi_policy_error(r->diagnoses, node, "%s must be %s, not %s%s", name, list_words(r, words->now),
                          quote_node(r, node), uapi_policy_suggest(node->text, words->now, r->pool));
    }
    return word;
}

static uapi_form_word read_boolean(const reader *r, const char *name, const uapi_yaml_node *node)
{
    uapi_form_word word = {NULL, 0};

    if (is_kind(r, name, node, UAPI_YAML_SCALAR, "true or false")) {
        word.value = strcmp(node->text, "true") == 0;
        if (node->plain && (word.value || strcmp(node->text, "false") == 0)) {
            word.node = node;
        } else {
            uapi_policy_error(r->diagnoses, node, "%s must be true or false, not %s", name, quote_node(r, node));
        }
    }
    return word;
}

static const uapi_yaml_node *read_number(const reader *r, const char *name, const uapi_yaml_node *node)
{
    if (!is_kind(r, name, node, UAPI_YAML_SCALAR, "a number")) {
        return NULL;
    }
    if (uapi_yaml_type_of(node) != UAPI_YAML_NUMBER) {
        uapi_policy_error(r->diagnoses, node, "%s must be a number, not %s", name, uapi_yaml_describe(node));
        return NULL;
    }
    return node;
}

static apr_array_header_t *read_strings(const reader *r, const char *name, const uapi_yaml_node *node, int or_one)
{
    apr_array_header_t *strings = apr_array_make(r->pool, 4, sizeof(const uapi_yaml_node *));
    const char *one = apr_pstrcat(r->pool, "each of ", name, NULL);

    if (or_one && node->kind == UAPI_YAML_SCALAR) {
        const uapi_yaml_node *string = read_string(r, name, node);
        if (string != NULL) {
            APR_ARRAY_PUSH(strings, const uapi_yaml_node *) = string;
        }
        return string != NULL ? strings : NULL;
    }
    if (!is_kind(r, name, node, UAPI_YAML_SEQUENCE, or_one ? "a string or a list of strings" : "a list of strings")) {
        return NULL;
    }
    if (node->items == NULL) {
        uapi_policy_error(r->diagnoses, node, "%s is empty, so it can never match", name);
        return NULL;
    }
    for (const uapi_yaml_item *item = node->items; item != NULL; item = item->next) {
        const uapi_yaml_node *string = read_string(r, one, item->value);
        if (string != NULL) {
            APR_ARRAY_PUSH(strings, const uapi_yaml_node *) = string;
        }
    }
    return strings;
}

static apr_array_header_t *read_maps(const reader *r, const char *name, const uapi_yaml_node *node,
                                     const uapi_form_shape *shape)
{
    apr_array_header_t *maps = apr_array_make(r->pool, 8, sizeof(void *));

    if (!is_kind(r, name, node, UAPI_YAML_SEQUENCE, "a list")) {
        return NULL;
    }
    if (node->items == NULL) {
        uapi_policy_error(r->diagnoses, node, "%s is empty, so it can never match", name);
        return NULL;
    }
    for (const uapi_yaml_item *item = node->items; item != NULL; item = item->next) {
        void *record = read_map(r, shape->title, item->value, shape);
        if (record != NULL) {
            APR_ARRAY_PUSH(maps, void *) = record;
        }
    }
    return maps;
}

static apr_array_header_t *read_named(const reader *r, const char *name, const uapi_yaml_node *node,
                                      const uapi_form_shape *shape)
{
    apr_array_header_t *named = apr_array_make(r->pool, 4, sizeof(uapi_form_named));

    if (!is_kind(r, name, node, UAPI_YAML_MAPPING, "a mapping")) {
        return NULL;
    }
    if (node->items == NULL) {
        uapi_policy_error(r->diagnoses, node, "%s is empty: leave it out", name);
    }
    for (const uapi_yaml_item *item = node->items; item != NULL; item = item->next) {
        void *record = read_map(r, quote_node(r, item->key), item->value, shape);
        if (record != NULL) {
            uapi_form_named entry = {item->key, record};
            APR_ARRAY_PUSH(named, uapi_form_named) = entry;
        }
    }
    return named;
}

static void read_field(const reader *r, const uapi_form_field *field, const uapi_yaml_item *item, void *record)
{
    void *at = (char *)record + field->offset;
    const char *name = apr_psprintf(r->pool, "\"%s\"", field->name);

    switch (field->value) {
    case UAPI_FORM_STRING:
        *(const uapi_yaml_node **)at = read_string(r, name, item->value);
        break;
    case UAPI_FORM_WORD:
        *(uapi_form_word *)at = read_word(r, name, item->value, field->words);
        break;
    case UAPI_FORM_STRINGS:
    case UAPI_FORM_STRING_OR_LIST:
        *(apr_array_header_t **)at = read_strings(r, name, item->value, field->value == UAPI_FORM_STRING_OR_LIST);
        break;
    case UAPI_FORM_MAP:
        *(void **)at = read_map(r, name, item->value, field->shape);
        break;
    case UAPI_FORM_MAPS:
        *(apr_array_header_t **)at = read_maps(r, name, item->value, field->shape);
        break;
    case UAPI_FORM_BOOLEAN:
        *(uapi_form_word *)at = read_boolean(r, name, item->value);
        break;
    case UAPI_FORM_NUMBER:
        *(const uapi_yaml_node **)at = read_number(r, name, item->value);
        break;
    case UAPI_FORM_NAMED:
        *(apr_array_header_t **)at = read_named(r, name, item->value, field->shape);
        break;
    case UAPI_FORM_LATER:
        uapi_policy_error(r->diagnoses, item->key, "%s is not yet supported", name);
        break;
    }
}

static const uapi_form_field *find_field(const uapi_form_shape *shape, const char *name)
{
    const uapi_form_field *field = shape->fields;

    while (field->name != NULL && strcmp(field->name, name) != 0) {
        field++;
    }
    return field->name != NULL ? field : NULL;
}

static void refuse_field(const reader *r, const uapi_form_shape *shape, const uapi_yaml_node *key)
{
    const char *names[MOST_FIELDS + 1] = {NULL};

    for (int i = 0; i < MOST_FIELDS && shape->fields[i].name != NULL; i++) {
        names[i] = shape->fields[i].name;
    }
    uapi_policy_error(r->diagnoses, key, "unknown field %s in %s%s", quote_node(r, key), shape->title,
                      uapi_policy_suggest(key->text, names, r->pool));
}

static const uapi_yaml_item *find_item(const uapi_yaml_node *map, const char *name)
{
    const uapi_yaml_item *item = map->items;

    while (item != NULL && strcmp(item->key->text, name) != 0) {
        item = item->next;
    }
    return item;
}

/* "block" for {request: block, response: block} */
static void read_shorthand(const reader *r, const char *name, const uapi_yaml_node *node, const uapi_form_shape *shape,
                           void *record)
{
    for (const uapi_form_field *field = shape->fields; field->name != NULL; field++) {
        if (field->value == UAPI_FORM_WORD) {
            *(uapi_form_word *)((char *)record + field->offset) = read_word(r, name, node, field->words);
        }
    }
}

static void *read_map(const reader *r, const char *name, const uapi_yaml_node *node, const uapi_form_shape *shape)
{
    void *record = apr_pcalloc(r->pool, shape->size);

    *(const uapi_yaml_node **)record = node;
    if (shape->shorthand && node->kind == UAPI_YAML_SCALAR) {
        read_shorthand(r, name, node, shape, record);
        return record;
    }
    if (!is_kind(r, name, node, UAPI_YAML_MAPPING, shape->shorthand ? "an action or a mapping" : "a mapping")) {
        return NULL;
    }
    for (const uapi_yaml_item *item = node->items; item != NULL; item = item->next) {
        const uapi_form_field *field = find_field(shape, item->key->text);
        if (field != NULL) {
            read_field(r, field, item, record);
        } else {
            refuse_field(r, shape, item->key);
        }
    }
    for (const uapi_form_field *field = shape->fields; field->name != NULL; field++) {
        if (field->required && find_item(node, field->name) == NULL) {
            uapi_policy_error(r->diagnoses, node, "%s needs \"%s\"", shape->title, field->name);
        }
    }
    return record;
}

/* -1 if the document's kind is none that can be read. */
static int read_kind(const reader *r, const uapi_yaml_node *root)
{
    const uapi_form_field *field = find_field(uapi_policy_form_shape(UAPI_FORM_POLICY), "kind");
    const uapi_yaml_item *item;
    uapi_form_word word;

    if (!is_kind(r, "a document", root, UAPI_YAML_MAPPING, "a mapping")) {
        return -1;
    }
    item = find_item(root, "kind");
    if (item == NULL) {
        uapi_policy_error(r->diagnoses, root, "a document needs \"kind\"");
        return -1;
    }
    word = read_word(r, "\"kind\"", item->value, field->words);
    return word.node != NULL ? word.value : -1;
}

uapi_form_document *uapi_policy_form_read(const uapi_yaml_node *root, uapi_form_kind *kind,
                                          uapi_policy_diagnoses *diagnoses, apr_pool_t *pool)
{
    const reader r = {diagnoses, pool};
    int found = read_kind(&r, root);

    if (found < 0) {
        return NULL;
    }
    *kind = (uapi_form_kind)found;
    return read_map(&r, "a document", root, uapi_policy_form_shape(*kind));
}
