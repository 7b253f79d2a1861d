/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * One pass, no recursion, no stack: while a container is open its node's `skip` holds the index of the container
 * around it, so depth costs no memory of its own. Each step of the state machine reads one token; strings are
 * delegated to json_string.c, which is where the time goes, and the search for duplicate keys to json_keys.c, which
 * runs when an object closes because only then its keys are known to be well-formed.
 */
#include "json.h"
#include "json_internal.h"

#include <string.h>

/* What may stand next. */
typedef enum uapi_json_state {
    STATE_VALUE,
    STATE_FIRST_ELEMENT,
    STATE_FIRST_KEY,
    STATE_KEY,
    STATE_AFTER_VALUE,
    STATE_END
} uapi_json_state;

enum { NODES_LEAST = 16, TEXT_BYTES_A_NODE = 16 };

int uapi_json_refuse(uapi_json_reader *reader, uapi_reason reason, const char *at, const char *what)
{
    reader->reason = reason;
    reader->problem_at = at;
    reader->problem = what;
    return 0;
}

static int syntax_error(uapi_json_reader *reader, const char *what)
{
    if (reader->at == reader->end) {
        return uapi_json_refuse(reader, UAPI_REASON_JSON_SYNTAX, reader->at, "the text ends inside a value");
    }
    if (*reader->at == '\0') {
        return uapi_json_refuse(reader, UAPI_REASON_JSON_NUL, reader->at, "a NUL byte");
    }
    return uapi_json_refuse(reader, UAPI_REASON_JSON_SYNTAX, reader->at, what);
}

static int grow(uapi_json_reader *reader)
{
    uint32_t capacity = reader->capacity <= reader->max_nodes / 2 ? reader->capacity * 2 : reader->max_nodes;
    uapi_json_node *nodes;

    if (reader->json->count >= reader->max_nodes) {
        return uapi_json_refuse(reader, UAPI_REASON_JSON_TOO_LARGE, reader->at, "too many values");
    }
    nodes = apr_palloc(reader->pool, (size_t)capacity * sizeof(*nodes));
    memcpy(nodes, reader->json->nodes, (size_t)reader->json->count * sizeof(*nodes));
    reader->json->nodes = nodes;
    reader->capacity = capacity;
    return 1;
}

/* The next node, of zero length and followed by its successor; NULL after a refusal. */
static inline uapi_json_node *add_node(uapi_json_reader *reader, uapi_json_type type, const char *start)
{
    uapi_json_node *node;

    if (reader->json->count == reader->capacity && !grow(reader)) {
        return NULL;
    }
    node = &reader->json->nodes[reader->json->count++];
    node->type = (uint8_t)type;
    node->is_key = 0;
    node->escaped = 0;
    node->reserved = 0;
    node->start = (uint32_t)(start - reader->json->text);
    node->length = 0;
    node->skip = reader->json->count;
    return node;
}

static inline int is_space(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r';
}

static inline void skip_space(uapi_json_reader *reader)
{
    if (reader->at < reader->end && is_space(*reader->at)) {
        reader->json->plain = 0;
        do {
            reader->at++;
        } while (reader->at < reader->end && is_space(*reader->at));
    }
}

static int read_literal(uapi_json_reader *reader, uapi_json_type type, const char *word, size_t length)
{
    uapi_json_node *node;

    if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, word, length) != 0) {
        return syntax_error(reader, "not a JSON value");
    }
    node = add_node(reader, type, reader->at);
    if (!node) {
        return 0;
    }
    node->length = (uint32_t)length;
    reader->at += length;
    return 1;
}

/* At least one digit. */
static int read_digits(uapi_json_reader *reader)
{
    const char *first = reader->at;

    while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9') {
        reader->at++;
    }
    return reader->at > first ? 1 : syntax_error(reader, "a digit is missing");
}

static inline int next_is(const uapi_json_reader *reader, char one, char other)
{
    return reader->at < reader->end && (*reader->at == one || *reader->at == other);
}

static int read_number(uapi_json_reader *reader)
{
    const char *start = reader->at;
    uapi_json_node *node = add_node(reader, UAPI_JSON_NUMBER, start);

    if (!node) {
        return 0;
    }
    if (*reader->at == '-') {
        reader->at++;
    }
    if (next_is(reader, '0', '0')) {
        reader->at++;
    } else if (!read_digits(reader)) {
        return 0;
    }
    if (next_is(reader, '.', '.')) {
        reader->at++;
        if (!read_digits(reader)) {
            return 0;
        }
    }
    if (next_is(reader, 'e', 'E')) {
        reader->at++;
        if (next_is(reader, '+', '-')) {
            reader->at++;
        }
        if (!read_digits(reader)) {
            return 0;
        }
    }
    node->length = (uint32_t)(reader->at - start);
    return 1;
}

static int read_string(uapi_json_reader *reader, int is_key)
{
    uapi_json_node *node;

    reader->at++;
    node = add_node(reader, UAPI_JSON_STRING, reader->at);
    if (!node) {
        return 0;
    }
    node->is_key = (uint8_t)is_key;
    if (!uapi_json_scan_string(reader, node)) {
        return 0;
    }
    if (node->escaped) {
        reader->json->plain = 0;
    }
    return 1;
}

static int open_container(uapi_json_reader *reader, uapi_json_type type)
{
    uapi_json_node *node;

    if (reader->depth == reader->max_depth) {
        return uapi_json_refuse(reader, UAPI_REASON_JSON_DEPTH, reader->at, "nested too deeply");
    }
    node = add_node(reader, type, reader->at);
    if (!node) {
        return 0;
    }
    node->skip = reader->open;
    reader->open = reader->json->count - 1;
    reader->depth++;
    reader->at++;
    return 1;
}

static int close_container(uapi_json_reader *reader)
{
    uint32_t index = reader->open;
    uapi_json_node *node = &reader->json->nodes[index];

    reader->at++;
    reader->open = node->skip;
    reader->depth--;
    node->skip = reader->json->count;
    node->length = (uint32_t)(reader->at - reader->json->text) - node->start;
    return node->type != UAPI_JSON_OBJECT || uapi_json_check_keys(reader, index);
}

static int read_value(uapi_json_reader *reader, uapi_json_state *state)
{
    *state = STATE_AFTER_VALUE;
    switch (*reader->at) {
    case '"':
        return read_string(reader, 0);
    case '{':
        *state = STATE_FIRST_KEY;
        return open_container(reader, UAPI_JSON_OBJECT);
    case '[':
        *state = STATE_FIRST_ELEMENT;
        return open_container(reader, UAPI_JSON_ARRAY);
    case 't':
        return read_literal(reader, UAPI_JSON_TRUE, "true", 4);
    case 'f':
        return read_literal(reader, UAPI_JSON_FALSE, "false", 5);
    case 'n':
        return read_literal(reader, UAPI_JSON_NULL, "null", 4);
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        return read_number(reader);
    default:
        return syntax_error(reader, "not a JSON value");
    }
}

/* A key and the colon behind it. */
static int read_key(uapi_json_reader *reader, uapi_json_state *state)
{
    if (*reader->at != '"') {
        return syntax_error(reader, "a key is missing");
    }
    if (!read_string(reader, 1)) {
        return 0;
    }
    skip_space(reader);
    if (reader->at == reader->end || *reader->at != ':') {
        return syntax_error(reader, "a colon is missing");
    }
    reader->at++;
    *state = STATE_VALUE;
    return 1;
}

/* A comma or the closing bracket. */
static int read_after_value(uapi_json_reader *reader, uapi_json_state *state)
{
    int in_object = reader->json->nodes[reader->open].type == UAPI_JSON_OBJECT;

    if (*reader->at == ',') {
        reader->at++;
        *state = in_object ? STATE_KEY : STATE_VALUE;
        return 1;
    }
    if (*reader->at == (in_object ? '}' : ']')) {
        return close_container(reader);
    }
    return syntax_error(reader, "a comma or closing bracket is missing");
}

static int read_step(uapi_json_reader *reader, uapi_json_state *state)
{
    switch (*state) {
    case STATE_FIRST_ELEMENT:
        if (*reader->at == ']') {
            *state = STATE_AFTER_VALUE;
            return close_container(reader);
        }
        return read_value(reader, state);
    case STATE_FIRST_KEY:
        if (*reader->at == '}') {
            *state = STATE_AFTER_VALUE;
            return close_container(reader);
        }
        return read_key(reader, state);
    case STATE_KEY:
        return read_key(reader, state);
    case STATE_AFTER_VALUE:
        return read_after_value(reader, state);
    case STATE_VALUE:
    case STATE_END:
        break;
    }
    return read_value(reader, state);
}

static int read_document(uapi_json_reader *reader)
{
    uapi_json_state state = STATE_VALUE;

    if (reader->end - reader->at >= 3 && memcmp(reader->at, "\xEF\xBB\xBF", 3) == 0) {
        return uapi_json_refuse(reader, UAPI_REASON_JSON_UTF8, reader->at, "a byte order mark");
    }
    while (state != STATE_END) {
        skip_space(reader);
        if (reader->at == reader->end) {
            return syntax_error(reader, "");
        }
        if (!read_step(reader, &state)) {
            return 0;
        }
        if (state == STATE_AFTER_VALUE && reader->open == UAPI_JSON_NONE) {
            state = STATE_END;
        }
    }
    skip_space(reader);
    if (reader->at < reader->end) {
        return *reader->at == '\0'
                   ? syntax_error(reader, "")
                   : uapi_json_refuse(reader, UAPI_REASON_JSON_TRAILING, reader->at, "something follows the value");
    }
    return 1;
}

static void start_nodes(uapi_json_reader *reader, size_t length)
{
    size_t capacity = length / TEXT_BYTES_A_NODE + NODES_LEAST;

    reader->capacity = capacity < reader->max_nodes ? (uint32_t)capacity : reader->max_nodes;
    reader->json->nodes = apr_palloc(reader->pool, (size_t)reader->capacity * sizeof(*reader->json->nodes));
}

apr_status_t uapi_json_read(uapi_json *json, const char *text, size_t length, const uapi_json_limits *limits,
                            apr_pool_t *pool, uapi_result *result)
{
    uapi_json_reader reader = {0};

    memset(json, 0, sizeof(*json));
    if (length > UINT32_MAX) {
        return uapi_fail(result, pool, APR_EINVAL, UAPI_REASON_JSON_TOO_LARGE, "the text is longer than 4 GiB");
    }
    json->text = length ? text : "";
    json->length = length;
    json->plain = 1;
    reader.json = json;
    reader.at = json->text;
    reader.end = json->text + length;
    reader.pool = pool;
    reader.open = UAPI_JSON_NONE;
    reader.max_depth = limits && limits->max_depth ? limits->max_depth : UAPI_JSON_MAX_DEPTH;
    reader.max_nodes = limits && limits->max_nodes ? limits->max_nodes : UAPI_JSON_MAX_NODES;
    start_nodes(&reader, length);
    if (!read_document(&reader)) {
        size_t offset = (size_t)(reader.problem_at - json->text);

        memset(json, 0, sizeof(*json));
        return uapi_fail(result, pool, APR_EINVAL, reader.reason, "%s at byte %" APR_SIZE_T_FMT, reader.problem,
                         offset);
    }
    return APR_SUCCESS;
}

uint32_t uapi_json_first(const uapi_json *json, uint32_t container)
{
    const uapi_json_node *node;

    if (container >= json->count) {
        return UAPI_JSON_NONE;
    }
    node = &json->nodes[container];
    if (node->type < UAPI_JSON_ARRAY || node->skip == container + 1) {
        return UAPI_JSON_NONE;
    }
    return container + 1;
}

uint32_t uapi_json_member(const uapi_json *json, uint32_t object, const char *key)
{
    uint32_t child;

    if (object >= json->count || json->nodes[object].type != UAPI_JSON_OBJECT) {
        return UAPI_JSON_NONE;
    }
    for (child = object + 1; child < json->nodes[object].skip; child = json->nodes[child + 1].skip) {
        if (uapi_json_equals(json, child, key)) {
            return child + 1;
        }
    }
    return UAPI_JSON_NONE;
}
