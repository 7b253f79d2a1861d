/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A value in base64 is compared by encoding the body's, so that there is one spelling of it and no decoder to disagree with.
 */
#include "mirror.h"

#include <stdlib.h>
#include <string.h>

#include <apr_base64.h>
#include <apr_lib.h>
#include <apr_strings.h>

#define HEADER_PREFIX "Mcp-Param-"
#define BASE64_PREFIX "=?base64?"
#define BASE64_SUFFIX "?="
#define SAFE_INTEGER 9007199254740991.0 /* 2^53 - 1: beyond it clients cannot mirror an integer */

enum { LONGEST_NUMBER = 64 };

/* ---------------------------------------------------------------- values */

static int is_encoded(const char *header, size_t length)
{
    size_t prefix = sizeof(BASE64_PREFIX) - 1, suffix = sizeof(BASE64_SUFFIX) - 1;

    return length >= prefix + suffix && memcmp(header, BASE64_PREFIX, prefix) == 0 &&
           memcmp(header + length - suffix, BASE64_SUFFIX, suffix) == 0;
}

/* RFC 9110, section 5.5, and the revision's "Value Encoding": what is not visible ASCII comes in base64. */
static int is_visible(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] < ' ' ? text[i] != '\t' : (unsigned char)text[i] > '~') {
            return 0;
        }
    }
    return 1;
}

static char *encode(const char *text, size_t length, apr_pool_t *pool)
{
    char *encoded = apr_palloc(pool, (length + 2) / 3 * 4 + 1);

    apr_base64_encode(encoded, text, (int)length);
    return encoded;
}

int uapi_mirror_equals_text(const char *header, const char *text, size_t length, apr_pool_t *pool)
{
    size_t header_length = strlen(header), encoded_length;

    if (!is_encoded(header, header_length)) {
        return header_length == length && is_visible(header, length) && memcmp(header, text, length) == 0;
    }
    encoded_length = header_length - (sizeof(BASE64_PREFIX) - 1) - (sizeof(BASE64_SUFFIX) - 1);
    if ((length + 2) / 3 * 4 != encoded_length || length > INT32_MAX / 2) {
        return 0;
    }
    return memcmp(encode(text, length, pool), header + sizeof(BASE64_PREFIX) - 1, encoded_length) == 0;
}

const char *uapi_mirror_encode(const char *text, size_t length, apr_pool_t *pool)
{
    int is_safe = length > 0 && !apr_isspace(text[0]) && !apr_isspace(text[length - 1]) && is_visible(text, length);

    if (length > INT32_MAX / 2) {
        return NULL;
    }
    if (is_safe && (length < 2 || memcmp(text, "=?", 2) != 0)) {
        return apr_pstrmemdup(pool, text, length);
    }
    return apr_pstrcat(pool, BASE64_PREFIX, encode(text, length, pool), BASE64_SUFFIX, NULL);
}

/* As the server is told to compare: 42 and 42.0 are equal. Beyond what a double holds exactly, only the same text is. */
static int number_equals(const char *header, const char *text, size_t length)
{
    char copy[LONGEST_NUMBER + 1], *end;
    double one, other;

    if (strlen(header) == length && memcmp(header, text, length) == 0) {
        return 1;
    }
    if (length > LONGEST_NUMBER || header[strspn(header, "-.0123456789eE+")] || !*header) {
        return 0;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    one = strtod(copy, NULL);
    other = strtod(header, &end);
    return !*end && one == other && one > -1e15 && one < 1e15;
}

int uapi_mirror_equals(const uapi_json *json, const char *header, uint32_t value, apr_pool_t *pool)
{
    const uapi_json_node *node = &json->nodes[value];
    const char *text;
    size_t length;

    switch (node->type) {
    case UAPI_JSON_STRING:
        uapi_json_string(json, value, pool, &text, &length);
        return uapi_mirror_equals_text(header, text, length, pool);
    case UAPI_JSON_NUMBER:
        return number_equals(header, json->text + node->start, node->length);
    case UAPI_JSON_TRUE:
        return strcmp(header, "true") == 0;
    case UAPI_JSON_FALSE:
        return strcmp(header, "false") == 0;
    default:
        return 0;
    }
}

/* ---------------------------------------------------------------- what a schema says */

typedef struct reading {
    const uapi_json *json;
    apr_array_header_t *mirrors; /* uapi_mirror */
    apr_pool_t *pool;
} reading;

/* Keywords whose value is a schema, a list of them, or (`named`) an object of them, through which no mirrored value is reached. */
static const struct {
    const char *keyword;
    int named;
} elsewhere[] = {
    {"items", 0},
    {"prefixItems", 0},
    {"contains", 0},
    {"additionalProperties", 0},
    {"unevaluatedProperties", 0},
    {"unevaluatedItems", 0},
    {"propertyNames", 0},
    {"patternProperties", 1},
    {"dependentSchemas", 1},
    {"oneOf", 0},
    {"anyOf", 0},
    {"allOf", 0},
    {"not", 0},
    {"if", 0},
    {"then", 0},
    {"else", 0},
    {"$defs", 1},
    {"definitions", 1},
};

static int is_object(const uapi_json *json, uint32_t node)
{
    return node != UAPI_JSON_NONE && json->nodes[node].type == UAPI_JSON_OBJECT;
}

/* RFC 9110, section 5.6.2. */
static int is_token(const char *text)
{
    for (const char *at = text; *at; at++) {
        if (!apr_isalnum(*at) && !strchr("!#$%&'*+-.^_`|~", *at)) {
            return 0;
        }
    }
    return *text != '\0';
}

/* A "number" is none of the types that the specification names, but clients mirror it, and the conformance suite has them do so. */
static int is_primitive(const uapi_json *json, uint32_t schema)
{
    static const char *const types[] = {"string", "integer", "boolean", "number"};
    uint32_t type = uapi_json_member(json, schema, "type");

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (type != UAPI_JSON_NONE && json->nodes[type].type == UAPI_JSON_STRING &&
            uapi_json_equals(json, type, types[i])) {
            return 1;
        }
    }
    return 0;
}

/* 0: against the rules. `path` is NULL where no value is reached. */
static int read_annotation(const reading *of, uint32_t schema, const apr_array_header_t *path)
{
    uint32_t name = uapi_json_member(of->json, schema, "x-mcp-header");
    uapi_mirror mirror;

    if (name == UAPI_JSON_NONE) {
        return 1;
    }
    if (!path || path->nelts == 0 || of->json->nodes[name].type != UAPI_JSON_STRING ||
        !is_primitive(of->json, schema)) {
        return 0;
    }
    mirror.header = uapi_json_strdup(of->json, name, of->pool);
    if (!is_token(mirror.header)) {
        return 0;
    }
    mirror.header = apr_pstrcat(of->pool, HEADER_PREFIX, mirror.header, NULL);
    mirror.path = path;
    for (int i = 0; i < of->mirrors->nelts; i++) {
        if (strcasecmp(APR_ARRAY_IDX(of->mirrors, i, uapi_mirror).header, mirror.header) == 0) {
            return 0;
        }
    }
    APR_ARRAY_PUSH(of->mirrors, uapi_mirror) = mirror;
    return 1;
}

static int read_schema(const reading *of, uint32_t schema, const apr_array_header_t *path);

/* The values of an object of schemas. */
static int read_named(const reading *of, uint32_t object, const apr_array_header_t *path)
{
    const uapi_json *json = of->json;

    for (uint32_t key = object + 1; key < json->nodes[object].skip; key = json->nodes[key + 1].skip) {
        apr_array_header_t *longer = path ? apr_array_copy(of->pool, path) : NULL;

        if (longer) {
            APR_ARRAY_PUSH(longer, const char *) = uapi_json_strdup(json, key, of->pool);
        }
        if (!read_schema(of, key + 1, longer)) {
            return 0;
        }
    }
    return 1;
}

static int read_list(const reading *of, uint32_t array)
{
    const uapi_json *json = of->json;

    for (uint32_t node = array + 1; node < json->nodes[array].skip; node = json->nodes[node].skip) {
        if (!read_schema(of, node, NULL)) {
            return 0;
        }
    }
    return 1;
}

static int read_elsewhere(const reading *of, uint32_t schema)
{
    const uapi_json *json = of->json;
    int is_valid = 1;

    for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]) && is_valid; i++) {
        uint32_t value = uapi_json_member(json, schema, elsewhere[i].keyword);

        if (is_object(json, value)) {
            is_valid = elsewhere[i].named ? read_named(of, value, NULL) : read_schema(of, value, NULL);
        } else if (value != UAPI_JSON_NONE && json->nodes[value].type == UAPI_JSON_ARRAY) {
            is_valid = read_list(of, value);
        }
    }
    return is_valid;
}

/* The reader bounds how deep this goes. */
static int read_schema(const reading *of, uint32_t schema, const apr_array_header_t *path)
{
    uint32_t properties;

    if (!is_object(of->json, schema)) {
        return 1;
    }
    properties = uapi_json_member(of->json, schema, "properties");
    return read_annotation(of, schema, path) &&
           (!is_object(of->json, properties) || read_named(of, properties, path)) && read_elsewhere(of, schema);
}

/* Hardly any tool has them, and looking for the word is much quicker than going through the schema. */
static int mentions(const uapi_json *json, uint32_t schema)
{
    for (uint32_t i = schema; i < json->nodes[schema].skip; i++) {
        if (json->nodes[i].is_key && (json->nodes[i].escaped || uapi_json_equals(json, i, "x-mcp-header"))) {
            return 1;
        }
    }
    return 0;
}

const apr_array_header_t *uapi_mirror_read(const uapi_json *json, uint32_t schema, apr_pool_t *pool)
{
    reading of = {json, NULL, pool};

    if (!is_object(json, schema) || !mentions(json, schema)) {
        return NULL;
    }
    of.mirrors = apr_array_make(pool, 2, sizeof(uapi_mirror));
    return read_schema(&of, schema, apr_array_make(pool, 1, sizeof(const char *))) && of.mirrors->nelts > 0 ? of.mirrors
                                                                                                            : NULL;
}

/* ---------------------------------------------------------------- a call's arguments */

static uint32_t find_value(const uapi_json *json, uint32_t arguments, const apr_array_header_t *path)
{
    uint32_t node = arguments;

    for (int i = 0; i < path->nelts && node != UAPI_JSON_NONE; i++) {
        node = uapi_json_member(json, node, APR_ARRAY_IDX(path, i, const char *));
    }
    return node;
}

/* Can a client say it in a header? What it cannot, the server's own check of the arguments is for. */
static int can_be_mirrored(const uapi_json *json, uint32_t value)
{
    double number;

    if (value == UAPI_JSON_NONE) {
        return 0;
    }
    switch (json->nodes[value].type) {
    case UAPI_JSON_STRING:
    case UAPI_JSON_TRUE:
    case UAPI_JSON_FALSE:
        return 1;
    case UAPI_JSON_NUMBER:
        number = strtod(json->text + json->nodes[value].start, NULL); /* what follows a number in JSON ends it */
        return number >= -SAFE_INTEGER && number <= SAFE_INTEGER;
    default:
        return 0;
    }
}

apr_status_t uapi_mirror_check(const apr_array_header_t *mirrors, const uapi_json *json, uint32_t arguments,
                               const apr_table_t *headers, int required, apr_pool_t *pool, uapi_result *result)
{
    for (int i = 0; mirrors && i < mirrors->nelts; i++) {
        const uapi_mirror *mirror = &APR_ARRAY_IDX(mirrors, i, uapi_mirror);
        const char *header = apr_table_get(headers, mirror->header);
        uint32_t value = find_value(json, arguments, mirror->path);

        if (!header && required && can_be_mirrored(json, value)) {
            return uapi_fail(result, pool, APR_EINVAL, UAPI_REASON_MCP_HEADER_MISMATCH,
                             "%s is missing, and the tool's definition demands it", mirror->header);
        }
        if (header && (value == UAPI_JSON_NONE || !uapi_mirror_equals(json, header, value, pool))) {
            return uapi_fail(result, pool, APR_EINVAL, UAPI_REASON_MCP_HEADER_MISMATCH,
                             "%s is not the argument that the tool's definition says it is", mirror->header);
        }
    }
    return APR_SUCCESS;
}

void uapi_mirror_write(const apr_array_header_t *mirrors, const uapi_json *json, uint32_t arguments,
                       apr_table_t *headers, apr_pool_t *pool)
{
    for (int i = 0; mirrors && i < mirrors->nelts; i++) {
        const uapi_mirror *mirror = &APR_ARRAY_IDX(mirrors, i, uapi_mirror);
        uint32_t value = find_value(json, arguments, mirror->path);
        const char *text;
        size_t length;

        if (!can_be_mirrored(json, value)) {
            continue;
        }
        if (json->nodes[value].type == UAPI_JSON_STRING) {
            uapi_json_string(json, value, pool, &text, &length);
            text = uapi_mirror_encode(text, length, pool);
        } else { /* as it is spelled: the server compares numbers by what they are */
            text = apr_pstrmemdup(pool, json->text + json->nodes[value].start, json->nodes[value].length);
        }
        if (text) {
            apr_table_setn(headers, mirror->header, text);
        }
    }
}
