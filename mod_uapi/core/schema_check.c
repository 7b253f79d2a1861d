/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Checking is bounded by steps and by depth, whatever schema and value are: what exceeds them does not match. Once the steps
 * are used up nothing matches and "not" does not turn that round, because the verdict is taken from the steps first.
 */
#include "schema_internal.h"

#include <string.h>

#include <apr_strings.h>

#define MAX_POINTER 256

typedef struct place {
    const struct place *above;
    const char *key; /* NULL: an item */
    size_t length;
    uint32_t index;
} place;

typedef struct checker {
    const uapi_schema *schema;
    const uapi_json *json;
    apr_pool_t *pool;
    uapi_schema_fault *fault; /* NULL: a trial, whose failure is no fault */
    long steps;
    unsigned depth;
} checker;

static int check(checker *c, const uapi_schema_node *node, uint32_t at, const place *where);

/* ---------------------------------------------------------------- where */

static const char *pointer(const place *where, apr_pool_t *pool)
{
    const char *text = "";

    for (; where; where = where->above) {
        const char *key = where->key ? apr_pstrmemdup(pool, where->key, where->length)
                                     : apr_psprintf(pool, "%u", (unsigned)where->index);
        char *escaped = apr_palloc(pool, strlen(key) * 2 + 1), *out = escaped;

        for (; *key; key++) {
            if (*key == '~' || *key == '/') {
                *out++ = '~';
            }
            *out++ = *key == '~' ? '0' : *key == '/' ? '1' : *key;
        }
        *out = '\0';
        text = apr_pstrcat(pool, "/", escaped, text, NULL);
    }
    return strlen(text) > MAX_POINTER ? apr_pstrmemdup(pool, text, MAX_POINTER) : text;
}

static int fail(checker *c, const place *where, const char *keyword)
{
    if (c->fault && !c->fault->keyword) {
        c->fault->keyword = keyword;
        c->fault->pointer = pointer(where, c->pool);
    }
    return 0;
}

/* The same check without a report. */
static int tries(checker *c, const uapi_schema_node *node, uint32_t at, const place *where)
{
    uapi_schema_fault *fault = c->fault;
    int matches;

    c->fault = NULL;
    matches = check(c, node, at, where);
    c->fault = fault;
    return matches;
}

/* ---------------------------------------------------------------- equality */

static int same_string(const uapi_json *a, uint32_t an, const uapi_json *b, uint32_t bn, apr_pool_t *pool)
{
    const char *one, *other;
    size_t length, other_length;

    uapi_json_string(a, an, pool, &one, &length);
    uapi_json_string(b, bn, pool, &other, &other_length);
    return length == other_length && memcmp(one, other, length) == 0;
}

static int equal(checker *c, const uapi_json *a, uint32_t an, const uapi_json *b, uint32_t bn);

static int equal_arrays(checker *c, const uapi_json *a, uint32_t an, const uapi_json *b, uint32_t bn)
{
    uint32_t end = a->nodes[an].skip, other_end = b->nodes[bn].skip;
    uint32_t one = an + 1, other = bn + 1;

    while (one < end && other < other_end) {
        if (!equal(c, a, one, b, other)) {
            return 0;
        }
        one = a->nodes[one].skip;
        other = b->nodes[other].skip;
    }
    return one >= end && other >= other_end;
}

static uint32_t count(const uapi_json *json, uint32_t node)
{
    uint32_t found = 0, end = json->nodes[node].skip;

    for (uint32_t at = node + 1; at < end; at = json->nodes[at].skip) {
        found++;
    }
    return json->nodes[node].type == UAPI_JSON_OBJECT ? found / 2 : found;
}

static int equal_objects(checker *c, const uapi_json *a, uint32_t an, const uapi_json *b, uint32_t bn)
{
    uint32_t end = a->nodes[an].skip;

    if (count(a, an) != count(b, bn)) {
        return 0;
    }
    for (uint32_t key = an + 1; key < end; key = a->nodes[a->nodes[key].skip].skip) {
        uint32_t other = uapi_json_member(b, bn, uapi_json_strdup(a, key, c->pool));

        c->steps -= b->nodes[bn].skip - bn;
        if (other == UAPI_JSON_NONE || !equal(c, a, a->nodes[key].skip, b, other)) {
            return 0;
        }
    }
    return 1;
}

static int equal(checker *c, const uapi_json *a, uint32_t an, const uapi_json *b, uint32_t bn)
{
    if (a->nodes[an].type != b->nodes[bn].type || --c->steps < 0) {
        return 0;
    }
    switch (a->nodes[an].type) {
    case UAPI_JSON_NUMBER:
        c->steps -= (a->nodes[an].length + b->nodes[bn].length) / 64;
        return uapi_schema_compare_numbers(a, an, b, bn) == 0;
    case UAPI_JSON_STRING:
        c->steps -= (a->nodes[an].length + b->nodes[bn].length) / 64;
        return same_string(a, an, b, bn, c->pool);
    case UAPI_JSON_ARRAY:
        return equal_arrays(c, a, an, b, bn);
    case UAPI_JSON_OBJECT:
        return equal_objects(c, a, an, b, bn);
    default:
        return 1;
    }
}

/* ---------------------------------------------------------------- keywords */

static int in_enumeration(checker *c, uint32_t list, uint32_t at)
{
    const uapi_json *own = &c->schema->json;

    for (uint32_t one = list + 1; one < own->nodes[list].skip; one = own->nodes[one].skip) {
        if (equal(c, own, one, c->json, at)) {
            return 1;
        }
    }
    return 0;
}

static int check_number(checker *c, const uapi_schema_node *node, uint32_t at, const place *where)
{
    const uapi_json *own = &c->schema->json;

    c->steps -= c->json->nodes[at].length / 64;
    if (node->integer && !uapi_schema_is_integer(c->json, at)) {
        return fail(c, where, "type");
    }
    if (node->minimum != UAPI_JSON_NONE && uapi_schema_compare_numbers(c->json, at, own, node->minimum) < 0) {
        return fail(c, where, "minimum");
    }
    if (node->maximum != UAPI_JSON_NONE && uapi_schema_compare_numbers(c->json, at, own, node->maximum) > 0) {
        return fail(c, where, "maximum");
    }
    if (node->exclusive_minimum != UAPI_JSON_NONE &&
        uapi_schema_compare_numbers(c->json, at, own, node->exclusive_minimum) <= 0) {
        return fail(c, where, "exclusiveMinimum");
    }
    if (node->exclusive_maximum != UAPI_JSON_NONE &&
        uapi_schema_compare_numbers(c->json, at, own, node->exclusive_maximum) >= 0) {
        return fail(c, where, "exclusiveMaximum");
    }
    return node->multiple_of == UAPI_JSON_NONE || uapi_schema_is_multiple(c->json, at, own, node->multiple_of)
               ? 1
               : fail(c, where, "multipleOf");
}

/* What cannot be told is no mere mismatch: "not" must not turn it round. */
static int matches_pattern(checker *c, const uapi_schema_pattern *pattern, const char *text, size_t length)
{
    int found = -1;

    c->steps -= (long)length + UAPI_SCHEMA_PATTERN_STEPS;
    if (c->steps >= 0) {
        found = uapi_schema_pattern_matches(pattern, text, length);
    }
    if (found < 0) {
        c->steps = -1;
    }
    return found > 0;
}

static int check_string(checker *c, const uapi_schema_node *node, uint32_t at, const place *where)
{
    const char *text;
    size_t length, points = 0;

    if (node->min_length == UAPI_JSON_NONE && node->max_length == UAPI_JSON_NONE && !node->pattern) {
        return 1;
    }
    uapi_json_string(c->json, at, c->pool, &text, &length);
    c->steps -= (long)(length / 64);
    for (size_t i = 0; i < length; i++) {
        points += (text[i] & 0xC0) != 0x80;
    }
    if (node->min_length != UAPI_JSON_NONE && points < node->min_length) {
        return fail(c, where, "minLength");
    }
    if (node->max_length != UAPI_JSON_NONE && points > node->max_length) {
        return fail(c, where, "maxLength");
    }
    return !node->pattern || matches_pattern(c, node->pattern, text, length) ? 1 : fail(c, where, "pattern");
}

static int is_unique(checker *c, uint32_t array)
{
    uint32_t end = c->json->nodes[array].skip;

    for (uint32_t one = array + 1; one < end; one = c->json->nodes[one].skip) {
        for (uint32_t other = c->json->nodes[one].skip; other < end; other = c->json->nodes[other].skip) {
            if (--c->steps < 0 || equal(c, c->json, one, c->json, other)) {
                return 0;
            }
        }
    }
    return 1;
}

static int check_items(checker *c, const uapi_schema_node *node, uint32_t at, const place *where, uint32_t *contained)
{
    uint32_t end = c->json->nodes[at].skip, index = 0;

    for (uint32_t one = at + 1; one < end; one = c->json->nodes[one].skip, index++) {
        place here = {where, NULL, 0, index};
        const uapi_schema_node *own = index < node->prefix_items.count ? node->prefix_items.items[index] : node->items;

        if (own && !check(c, own, one, &here)) {
            return 0;
        }
        *contained += node->contains && tries(c, node->contains, one, &here);
    }
    return 1;
}

static int check_array(checker *c, const uapi_schema_node *node, uint32_t at, const place *where)
{
    uint32_t length = count(c->json, at), contained = 0;
    uint32_t least = node->min_contains == UAPI_JSON_NONE ? 1 : node->min_contains;

    if (node->min_items != UAPI_JSON_NONE && length < node->min_items) {
        return fail(c, where, "minItems");
    }
    if (node->max_items != UAPI_JSON_NONE && length > node->max_items) {
        return fail(c, where, "maxItems");
    }
    if (!check_items(c, node, at, where, &contained)) {
        return 0;
    }
    if (node->contains && contained < least) {
        return fail(c, where, node->min_contains == UAPI_JSON_NONE ? "contains" : "minContains");
    }
    if (node->contains && node->max_contains != UAPI_JSON_NONE && contained > node->max_contains) {
        return fail(c, where, "maxContains");
    }
    return !node->unique_items || is_unique(c, at) ? 1 : fail(c, where, "uniqueItems");
}

/* The member's own schemas: that of its name, those of the patterns that its name matches; else what is left for the others. */
static int check_property(checker *c, const uapi_schema_node *node, uint32_t value, const place *here)
{
    const uapi_schema_node *others = node->additional_properties;
    int known = 0;

    for (uint32_t i = 0; i < node->properties.count; i++) {
        const uapi_schema_member *member = &node->properties.items[i];

        c->steps--;
        if (member->length == here->length && memcmp(member->key, here->key, here->length) == 0) {
            known = 1;
            if (!check(c, member->schema, value, here)) {
                return 0;
            }
        }
    }
    for (uint32_t i = 0; i < node->pattern_properties.count; i++) {
        const uapi_schema_member *member = &node->pattern_properties.items[i];

        if (matches_pattern(c, member->pattern, here->key, here->length)) {
            known = 1;
            if (!check(c, member->schema, value, here)) {
                return 0;
            }
        }
    }
    if (known || others == NULL) {
        return 1;
    }
    return others->boolean == 0 ? fail(c, here, "additionalProperties") : check(c, others, value, here);
}

static int check_members(checker *c, const uapi_schema_node *node, uint32_t at, const place *where)
{
    uint32_t end = c->json->nodes[at].skip;

    for (uint32_t key = at + 1; key < end; key = c->json->nodes[c->json->nodes[key].skip].skip) {
        place here = {where, NULL, 0, 0};

        uapi_json_string(c->json, key, c->pool, &here.key, &here.length);
        if (!check_property(c, node, c->json->nodes[key].skip, &here)) {
            return 0;
        }
        if (node->property_names && !tries(c, node->property_names, key, &here)) {
            return fail(c, &here, "propertyNames");
        }
    }
    return 1;
}

/* All names of a list in the schema are members. */
static int has_all(checker *c, uint32_t list, uint32_t at)
{
    const uapi_json *own = &c->schema->json;

    for (uint32_t one = list + 1; one < own->nodes[list].skip; one = own->nodes[one].skip) {
        c->steps -= c->json->nodes[at].skip - at;
        if (uapi_json_member(c->json, at, uapi_json_strdup(own, one, c->pool)) == UAPI_JSON_NONE) {
            return 0;
        }
    }
    return 1;
}

static int has(checker *c, uint32_t at, const uapi_schema_member *member)
{
    c->steps -= c->json->nodes[at].skip - at;
    return uapi_json_member(c->json, at, apr_pstrmemdup(c->pool, member->key, member->length)) != UAPI_JSON_NONE;
}

static int check_dependent(checker *c, const uapi_schema_node *node, uint32_t at, const place *where)
{
    for (uint32_t i = 0; i < node->dependent_required.count; i++) {
        const uapi_schema_member *member = &node->dependent_required.items[i];

        if (has(c, at, member) && !has_all(c, member->names, at)) {
            return fail(c, where, "dependentRequired");
        }
    }
    for (uint32_t i = 0; i < node->dependent_schemas.count; i++) {
        const uapi_schema_member *member = &node->dependent_schemas.items[i];

        if (has(c, at, member) && !check(c, member->schema, at, where)) {
            return 0;
        }
    }
    return 1;
}

static int check_object(checker *c, const uapi_schema_node *node, uint32_t at, const place *where)
{
    uint32_t members = count(c->json, at);

    if (node->required != UAPI_JSON_NONE && !has_all(c, node->required, at)) {
        return fail(c, where, "required");
    }
    if (node->min_properties != UAPI_JSON_NONE && members < node->min_properties) {
        return fail(c, where, "minProperties");
    }
    if (node->max_properties != UAPI_JSON_NONE && members > node->max_properties) {
        return fail(c, where, "maxProperties");
    }
    return check_members(c, node, at, where) && check_dependent(c, node, at, where);
}

static uint32_t matching(checker *c, const uapi_schema_list *list, uint32_t at, const place *where, uint32_t enough)
{
    uint32_t found = 0;

    for (uint32_t i = 0; i < list->count && found < enough; i++) {
        found += (uint32_t)tries(c, list->items[i], at, where);
    }
    return found;
}

static int check_combined(checker *c, const uapi_schema_node *node, uint32_t at, const place *where)
{
    const uapi_schema_node *branch = NULL;

    if (node->ref && !check(c, node->ref, at, where)) {
        return 0;
    }
    for (uint32_t i = 0; i < node->all_of.count; i++) {
        if (!check(c, node->all_of.items[i], at, where)) {
            return 0;
        }
    }
    if (node->any_of.count > 0 && matching(c, &node->any_of, at, where, 1) == 0) {
        return fail(c, where, "anyOf");
    }
    if (node->one_of.count > 0 && matching(c, &node->one_of, at, where, 2) != 1) {
        return fail(c, where, "oneOf");
    }
    if (node->not_ && tries(c, node->not_, at, where)) {
        return fail(c, where, "not");
    }
    if (node->if_) {
        branch = tries(c, node->if_, at, where) ? node->then_ : node->else_;
    }
    return !branch || check(c, branch, at, where);
}

static int check_value(checker *c, const uapi_schema_node *node, uint32_t at, const place *where)
{
    unsigned type = c->json->nodes[at].type;

    if (node->boolean >= 0) {
        return node->boolean ? 1 : fail(c, where, "false");
    }
    if (node->types && !(node->types & 1U << type)) {
        return fail(c, where, "type");
    }
    if (node->enumeration != UAPI_JSON_NONE && !in_enumeration(c, node->enumeration, at)) {
        return fail(c, where, "enum");
    }
    if (node->constant != UAPI_JSON_NONE && !equal(c, &c->schema->json, node->constant, c->json, at)) {
        return fail(c, where, "const");
    }
    if ((type == UAPI_JSON_NUMBER && !check_number(c, node, at, where)) ||
        (type == UAPI_JSON_STRING && !check_string(c, node, at, where)) ||
        (type == UAPI_JSON_ARRAY && !check_array(c, node, at, where)) ||
        (type == UAPI_JSON_OBJECT && !check_object(c, node, at, where))) {
        return 0;
    }
    return check_combined(c, node, at, where);
}

static int check(checker *c, const uapi_schema_node *node, uint32_t at, const place *where)
{
    int matches;

    if (c->depth >= UAPI_SCHEMA_MAX_DEPTH) {
        c->steps = -1; /* not a mere mismatch: "not" must not turn it round */
    }
    if (--c->steps < 0) {
        return 0;
    }
    c->depth++;
    matches = check_value(c, node, at, where);
    c->depth--;
    return matches;
}

int uapi_schema_matches(const uapi_schema *schema, const uapi_json *json, uint32_t node, uapi_schema_fault *fault,
                        apr_pool_t *pool)
{
    checker c = {schema, json, pool, fault, UAPI_SCHEMA_MAX_STEPS, 0};
    int matches;

    *fault = (uapi_schema_fault){"", NULL};
    matches = check(&c, schema->root, node, NULL);
    if (c.steps < 0) {
        *fault = (uapi_schema_fault){"", "limit"};
        return 0;
    }
    return matches;
}
