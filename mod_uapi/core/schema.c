/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Compiling: each subschema becomes a node once, found again by its place in the document, so that a $ref to a schema that is
 * being compiled leads to that very node.
 */
#include "schema_internal.h"

#include <string.h>

#include <apr_strings.h>

typedef struct compiler {
    uapi_json *json;
    uapi_schema_node **made; /* by the index of the subschema's node in the document */
    apr_pool_t *pool;
    uapi_result *result;
    unsigned depth;
} compiler;

static apr_status_t refuse(const compiler *c, const char *keyword, const char *why)
{
    return uapi_fail(c->result, c->pool, APR_ENOTIMPL, UAPI_REASON_ARGUMENTS_SCHEMA, "\"%s\" %s", keyword, why);
}

static apr_status_t compile(compiler *c, uint32_t at, const uapi_schema_node **node);

/* ---------------------------------------------------------------- values of keywords */

static int is_type(const compiler *c, uint32_t at, uapi_json_type type)
{
    return c->json->nodes[at].type == type;
}

static apr_status_t take_number(compiler *c, uint32_t at, const char *keyword, uint32_t *into)
{
    *into = at;
    return is_type(c, at, UAPI_JSON_NUMBER) ? APR_SUCCESS : refuse(c, keyword, "is no number");
}

/* Of at most nine digits: no argument has more characters, items or members. A larger bound bounds nothing. */
static apr_status_t take_count(compiler *c, uint32_t at, const char *keyword, uint32_t *into)
{
    char *text = uapi_json_strdup(c->json, at, c->pool);

    if (!is_type(c, at, UAPI_JSON_NUMBER) || !uapi_schema_is_integer(c->json, at) || *text == '-' ||
        strspn(text, "0123456789") != strlen(text) || strlen(text) > 9) {
        return refuse(c, keyword, "is no whole number of at most nine digits");
    }
    *into = (uint32_t)apr_atoi64(text);
    return APR_SUCCESS;
}

static apr_status_t take_names(compiler *c, uint32_t at, const char *keyword, uint32_t *into)
{
    uint32_t end = c->json->nodes[at].skip;

    *into = at;
    if (!is_type(c, at, UAPI_JSON_ARRAY)) {
        return refuse(c, keyword, "is no list");
    }
    for (uint32_t one = uapi_json_first(c->json, at); one != UAPI_JSON_NONE && one < end;
         one = c->json->nodes[one].skip) {
        if (!is_type(c, one, UAPI_JSON_STRING)) {
            return refuse(c, keyword, "is no list of strings");
        }
    }
    return APR_SUCCESS;
}

static apr_status_t take_list(compiler *c, uint32_t at, const char *keyword, uapi_schema_list *into)
{
    uint32_t end = c->json->nodes[at].skip, one = uapi_json_first(c->json, at);
    apr_status_t status = APR_SUCCESS;

    if (!is_type(c, at, UAPI_JSON_ARRAY) || one == UAPI_JSON_NONE) {
        return refuse(c, keyword, "is no list of schemas");
    }
    into->items = apr_pcalloc(c->pool, sizeof(*into->items) * (end - at));
    for (; one < end && status == APR_SUCCESS; one = c->json->nodes[one].skip) {
        status = compile(c, one, &into->items[into->count++]);
    }
    return status;
}

static apr_status_t take_members(compiler *c, uint32_t at, const char *keyword, int names, uapi_schema_members *into)
{
    uint32_t end = c->json->nodes[at].skip;
    apr_status_t status = APR_SUCCESS;

    if (!is_type(c, at, UAPI_JSON_OBJECT)) {
        return refuse(c, keyword, "is no object");
    }
    into->items = apr_pcalloc(c->pool, sizeof(*into->items) * (end - at));
    for (uint32_t key = uapi_json_first(c->json, at); key != UAPI_JSON_NONE && key < end && status == APR_SUCCESS;) {
        uapi_schema_member *member = &into->items[into->count++];
        uint32_t value = c->json->nodes[key].skip;

        uapi_json_string(c->json, key, c->pool, &member->key, &member->length);
        status = names ? take_names(c, value, keyword, &member->names) : compile(c, value, &member->schema);
        key = c->json->nodes[value].skip;
    }
    return status;
}

static apr_status_t make_pattern(compiler *c, const char *text, size_t length, const char *keyword,
                                 const uapi_schema_pattern **into)
{
    const char *why;

    *into = uapi_schema_pattern_make(text, length, c->pool, &why);
    return *into ? APR_SUCCESS : refuse(c, keyword, why);
}

static apr_status_t take_pattern(compiler *c, uint32_t at, const char *keyword, const uapi_schema_pattern **into)
{
    const char *text;
    size_t length;

    if (!is_type(c, at, UAPI_JSON_STRING)) {
        return refuse(c, keyword, "is no string");
    }
    uapi_json_string(c->json, at, c->pool, &text, &length);
    return make_pattern(c, text, length, keyword, into);
}

static apr_status_t take_patterns(compiler *c, uint32_t at, const char *keyword, uapi_schema_members *into)
{
    apr_status_t status = take_members(c, at, keyword, 0, into);

    for (uint32_t i = 0; i < into->count && status == APR_SUCCESS; i++) {
        uapi_schema_member *member = &into->items[i];
        status = make_pattern(c, member->key, member->length, keyword, &member->pattern);
    }
    return status;
}

static apr_status_t take_type(compiler *c, uint32_t at, uapi_schema_node *node)
{
    static const struct {
        const char *name;
        unsigned bits;
        int integer;
    } types[] = {
        {"null", 1U << UAPI_JSON_NULL, 0},     {"boolean", 1U << UAPI_JSON_FALSE | 1U << UAPI_JSON_TRUE, 0},
        {"number", 1U << UAPI_JSON_NUMBER, 0}, {"integer", 1U << UAPI_JSON_NUMBER, 1},
        {"string", 1U << UAPI_JSON_STRING, 0}, {"array", 1U << UAPI_JSON_ARRAY, 0},
        {"object", 1U << UAPI_JSON_OBJECT, 0},
    };
    int is_list = is_type(c, at, UAPI_JSON_ARRAY), number = 0;
    uint32_t end = c->json->nodes[at].skip, one = is_list ? uapi_json_first(c->json, at) : at;

    for (; one != UAPI_JSON_NONE && one < end; one = c->json->nodes[one].skip) {
        size_t i = 0, count = sizeof(types) / sizeof(types[0]);

        while (i < count && !(is_type(c, one, UAPI_JSON_STRING) && uapi_json_equals(c->json, one, types[i].name))) {
            i++;
        }
        if (i == count) {
            return refuse(c, "type", "names no type");
        }
        node->types |= types[i].bits;
        node->integer |= types[i].integer;
        number |= strcmp(types[i].name, "number") == 0;
    }
    node->integer = node->integer && !number;
    return node->types ? APR_SUCCESS : refuse(c, "type", "names no type");
}

/* ---------------------------------------------------------------- $ref */

/* RFC 6901; a step's escapes are undone in place. */
static uint32_t step(const compiler *c, uint32_t at, char *key)
{
    char *out = key;
    uint32_t end = c->json->nodes[at].skip, index;

    for (const char *in = key; *in; in++) {
        *out++ = in[0] == '~' && (in[1] == '0' || in[1] == '1') ? (*++in == '0' ? '~' : '/') : *in;
    }
    *out = '\0';
    if (!is_type(c, at, UAPI_JSON_ARRAY)) {
        return uapi_json_member(c->json, at, key);
    }
    index = strspn(key, "0123456789") == strlen(key) && *key && strlen(key) < 9 ? (uint32_t)apr_atoi64(key)
                                                                                : UAPI_JSON_NONE;
    for (uint32_t one = uapi_json_first(c->json, at); one != UAPI_JSON_NONE && one < end;
         one = c->json->nodes[one].skip) {
        if (index-- == 0) {
            return one;
        }
    }
    return UAPI_JSON_NONE;
}

static apr_status_t take_ref(compiler *c, uint32_t at, const uapi_schema_node **into)
{
    char *text = uapi_json_strdup(c->json, at, c->pool), *state = NULL;
    uint32_t target = 0;

    if (!is_type(c, at, UAPI_JSON_STRING) || text[0] != '#' || (text[1] != '\0' && text[1] != '/') ||
        strchr(text, '%') != NULL || strstr(text, "//") != NULL || text[strlen(text) - 1] == '/') {
        return refuse(c, "$ref", "does not name a place within the schema by a JSON Pointer");
    }
    for (char *key = apr_strtok(text + 1, "/", &state); key && target != UAPI_JSON_NONE;
         key = apr_strtok(NULL, "/", &state)) {
        target = step(c, target, key);
    }
    return target == UAPI_JSON_NONE ? refuse(c, "$ref", "leads nowhere") : compile(c, target, into);
}

/* ---------------------------------------------------------------- one schema */

static apr_status_t take_dialect(compiler *c, uint32_t at)
{
    static const char *const known[] = {
        "https://json-schema.org/draft/2020-12/schema",
        "https://json-schema.org/draft/2019-09/schema",
        "http://json-schema.org/draft-07/schema#",
        "http://json-schema.org/draft-07/schema",
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (is_type(c, at, UAPI_JSON_STRING) && uapi_json_equals(c->json, at, known[i])) {
            return APR_SUCCESS;
        }
    }
    return refuse(c, "$schema", "names a dialect that is not known here");
}

static apr_status_t take_boolean(compiler *c, uint32_t at, const char *keyword, int *into)
{
    *into = is_type(c, at, UAPI_JSON_TRUE);
    return *into || is_type(c, at, UAPI_JSON_FALSE) ? APR_SUCCESS : refuse(c, keyword, "is no boolean");
}

typedef enum value_kind {
    NUMBER,
    COUNT,
    SCHEMA,
    LIST,
    MEMBERS,
    NAMED,
    PATTERN,
    PATTERNS,
    NAMES,
    ANY,
    UNSUPPORTED
} value_kind;

#define FIELD(name) offsetof(uapi_schema_node, name)

static const struct {
    const char *name;
    value_kind kind;
    size_t field;
} keywords[] = {
    {"minimum", NUMBER, FIELD(minimum)},
    {"maximum", NUMBER, FIELD(maximum)},
    {"exclusiveMinimum", NUMBER, FIELD(exclusive_minimum)},
    {"exclusiveMaximum", NUMBER, FIELD(exclusive_maximum)},
    {"multipleOf", NUMBER, FIELD(multiple_of)},
    {"minLength", COUNT, FIELD(min_length)},
    {"maxLength", COUNT, FIELD(max_length)},
    {"minItems", COUNT, FIELD(min_items)},
    {"maxItems", COUNT, FIELD(max_items)},
    {"minProperties", COUNT, FIELD(min_properties)},
    {"maxProperties", COUNT, FIELD(max_properties)},
    {"minContains", COUNT, FIELD(min_contains)},
    {"maxContains", COUNT, FIELD(max_contains)},
    {"additionalProperties", SCHEMA, FIELD(additional_properties)},
    {"propertyNames", SCHEMA, FIELD(property_names)},
    {"items", SCHEMA, FIELD(items)},
    {"contains", SCHEMA, FIELD(contains)},
    {"not", SCHEMA, FIELD(not_)},
    {"if", SCHEMA, FIELD(if_)},
    {"then", SCHEMA, FIELD(then_)},
    {"else", SCHEMA, FIELD(else_)},
    {"prefixItems", LIST, FIELD(prefix_items)},
    {"allOf", LIST, FIELD(all_of)},
    {"anyOf", LIST, FIELD(any_of)},
    {"oneOf", LIST, FIELD(one_of)},
    {"properties", MEMBERS, FIELD(properties)},
    {"dependentSchemas", MEMBERS, FIELD(dependent_schemas)},
    {"dependentRequired", NAMED, FIELD(dependent_required)},
    {"required", NAMES, FIELD(required)},
    {"const", ANY, FIELD(constant)},
    {"pattern", PATTERN, FIELD(pattern)},
    {"patternProperties", PATTERNS, FIELD(pattern_properties)},
    {"unevaluatedItems", UNSUPPORTED, 0},
    {"unevaluatedProperties", UNSUPPORTED, 0},
    {"additionalItems", UNSUPPORTED, 0},
    {"dependencies", UNSUPPORTED, 0},
    {"$dynamicRef", UNSUPPORTED, 0},
    {"$recursiveRef", UNSUPPORTED, 0},
    {"$vocabulary", UNSUPPORTED, 0},
};

static apr_status_t take(compiler *c, size_t which, uint32_t value, uapi_schema_node *node)
{
    const char *name = keywords[which].name;
    void *field = (char *)node + keywords[which].field;

    switch (keywords[which].kind) {
    case NUMBER:
        return take_number(c, value, name, field);
    case COUNT:
        return take_count(c, value, name, field);
    case SCHEMA:
        return compile(c, value, field);
    case LIST:
        return take_list(c, value, name, field);
    case MEMBERS:
        return take_members(c, value, name, 0, field);
    case NAMED:
        return take_members(c, value, name, 1, field);
    case PATTERN:
        return take_pattern(c, value, name, field);
    case PATTERNS:
        return take_patterns(c, value, name, field);
    case NAMES:
        return take_names(c, value, name, field);
    case ANY:
        *(uint32_t *)field = value;
        return APR_SUCCESS;
    default:
        return refuse(c, name, "is not supported");
    }
}

static apr_status_t take_keyword(compiler *c, uint32_t key, uint32_t value, int is_root, uapi_schema_node *node)
{
    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        if (uapi_json_equals(c->json, key, keywords[i].name)) {
            return take(c, i, value, node);
        }
    }
    if (uapi_json_equals(c->json, key, "type")) {
        return take_type(c, value, node);
    }
    if (uapi_json_equals(c->json, key, "enum")) {
        node->enumeration = value;
        return is_type(c, value, UAPI_JSON_ARRAY) ? APR_SUCCESS : refuse(c, "enum", "is no list");
    }
    if (uapi_json_equals(c->json, key, "uniqueItems")) {
        return take_boolean(c, value, "uniqueItems", &node->unique_items);
    }
    if (uapi_json_equals(c->json, key, "$ref")) {
        return take_ref(c, value, &node->ref);
    }
    if (uapi_json_equals(c->json, key, "$schema")) {
        return take_dialect(c, value);
    }
    if (!is_root && (uapi_json_equals(c->json, key, "$id") || uapi_json_equals(c->json, key, "id"))) {
        return refuse(c, "$id", "stands below the root");
    }
    return APR_SUCCESS;
}

static uapi_schema_node *make(compiler *c)
{
    uapi_schema_node *node = apr_pcalloc(c->pool, sizeof(*node));

    node->boolean = -1;
    node->enumeration = node->constant = node->required = UAPI_JSON_NONE;
    node->minimum = node->maximum = node->exclusive_minimum = node->exclusive_maximum = UAPI_JSON_NONE;
    node->multiple_of = node->min_length = node->max_length = node->min_items = node->max_items = UAPI_JSON_NONE;
    node->min_properties = node->max_properties = node->min_contains = node->max_contains = UAPI_JSON_NONE;
    return node;
}

static apr_status_t compile(compiler *c, uint32_t at, const uapi_schema_node **made)
{
    uint32_t end = c->json->nodes[at].skip;
    uapi_schema_node *node = c->made[at];
    apr_status_t status = APR_SUCCESS;

    *made = node;
    if (node) {
        return APR_SUCCESS;
    }
    *made = node = c->made[at] = make(c);
    if (is_type(c, at, UAPI_JSON_TRUE) || is_type(c, at, UAPI_JSON_FALSE)) {
        node->boolean = is_type(c, at, UAPI_JSON_TRUE);
        return APR_SUCCESS;
    }
    if (!is_type(c, at, UAPI_JSON_OBJECT) || c->depth >= UAPI_SCHEMA_MAX_DEPTH) {
        return uapi_fail(c->result, c->pool, APR_EINVAL, UAPI_REASON_ARGUMENTS_SCHEMA,
                         "what should be a schema is neither object nor boolean, or too deep");
    }
    c->depth++;
    for (uint32_t key = uapi_json_first(c->json, at); key != UAPI_JSON_NONE && key < end && status == APR_SUCCESS;) {
        uint32_t value = c->json->nodes[key].skip;

        status = take_keyword(c, key, value, at == 0, node);
        key = c->json->nodes[value].skip;
    }
    c->depth--;
    return status;
}

apr_status_t uapi_schema_compile(uapi_schema **schema, const char *text, size_t length, apr_pool_t *pool,
                                 uapi_result *result)
{
    uapi_schema *made = apr_pcalloc(pool, sizeof(*made));
    compiler c = {&made->json, NULL, pool, result, 0};
    uapi_result why = {0};
    apr_status_t status = uapi_json_read(&made->json, apr_pstrmemdup(pool, text, length), length, NULL, pool, &why);

    *schema = NULL;
    if (status != APR_SUCCESS) {
        return uapi_fail(result, pool, status, UAPI_REASON_ARGUMENTS_SCHEMA, "it is no JSON: %s", why.detail);
    }
    c.made = apr_pcalloc(pool, sizeof(*c.made) * made->json.count);
    status = compile(&c, 0, &made->root);
    if (status == APR_SUCCESS) {
        *schema = made;
    }
    return status;
}
