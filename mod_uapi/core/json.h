/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file json.h
 * The strict JSON reader of the call's path (RFC 8259, I-JSON of RFC 7493 where two parsers could differ).
 *
 * It builds no tree of copies: it yields a *tape*, an array of 16-byte nodes in document order, each a byte range of
 * the caller's text. What is judged is therefore exactly what is forwarded, and a finding can be placed in the
 * original bytes.
 *
 * Refused: anything RFC 8259 refuses; invalid UTF-8 (overlong, surrogates, beyond U+10FFFF); a byte order mark;
 * unpaired surrogate escapes; NUL, raw or as an escape; duplicate keys in one object, compared after unescaping;
 * anything but white space after the value; nesting beyond max_depth; more than max_nodes nodes. Containers count for
 * depth: a value in none stands at depth 0. Keys are nodes too. Numbers are kept as they are spelled, of any size and
 * precision.
 *
 * Ownership: nodes live in the pool; the text stays the caller's and must outlive the document. No locks, no statics:
 * one document may be read by any number of threads once built.
 */
#ifndef UAPI_CORE_JSON_H
#define UAPI_CORE_JSON_H

#include <stddef.h>
#include <stdint.h>

#include <apr_pools.h>

#include "result.h"

typedef enum uapi_json_type {
    UAPI_JSON_NULL,
    UAPI_JSON_FALSE,
    UAPI_JSON_TRUE,
    UAPI_JSON_NUMBER,
    UAPI_JSON_STRING,
    UAPI_JSON_ARRAY,
    UAPI_JSON_OBJECT
} uapi_json_type;

/**
 * Strings: start/length cover the contents without the quotes. Numbers and literals: the token. Arrays and objects:
 * from the opening to the closing bracket inclusive. An object's children alternate key (a STRING node with is_key
 * set) and value.
 */
typedef struct uapi_json_node {
    uint8_t type; /* uapi_json_type */
    uint8_t is_key;
    uint8_t escaped; /* a string with at least one backslash */
    uint8_t reserved;
    uint32_t start;  /* byte offset in the text */
    uint32_t length; /* bytes */
    uint32_t skip;   /* index of the node that follows this one and all it contains */
} uapi_json_node;

typedef struct uapi_json {
    const char *text;
    size_t length;
    uapi_json_node *nodes;
    uint32_t count;
    int plain; /* no string is escaped and no white space stands between tokens */
} uapi_json;

typedef struct uapi_json_limits {
    uint32_t max_depth; /* 0: UAPI_JSON_MAX_DEPTH */
    uint32_t max_nodes; /* 0: UAPI_JSON_MAX_NODES */
} uapi_json_limits;

#define UAPI_JSON_MAX_DEPTH 64
#define UAPI_JSON_MAX_NODES 262144
#define UAPI_JSON_NONE UINT32_MAX

/**
 * Read one value. On failure `result` has one of the json.* reasons and a detail with the byte offset; `json` is
 * zeroed. Text longer than UINT32_MAX is refused. Cost is linear, duplicate detection included.
 */
apr_status_t uapi_json_read(uapi_json *json, const char *text, size_t length, const uapi_json_limits *limits,
                            apr_pool_t *pool, uapi_result *result);

/** Index of the value of member `key` of the object at `object`, or UAPI_JSON_NONE (also if it is no object). */
uint32_t uapi_json_member(const uapi_json *json, uint32_t object, const char *key);

/**
 * First child of a container, or UAPI_JSON_NONE if it has none or is no container. Siblings: node.skip, up to the
 * container's skip.
 */
uint32_t uapi_json_first(const uapi_json *json, uint32_t container);

/** Does the string at `node` equal the NUL-terminated `text` after unescaping? */
int uapi_json_equals(const uapi_json *json, uint32_t node, const char *text);
/** The same, ASCII letters compared without case. */
int uapi_json_equals_nocase(const uapi_json *json, uint32_t node, const char *text);

/** The unescaped string: the text itself if nothing is escaped, else a copy in the pool. Not NUL-terminated. */
void uapi_json_string(const uapi_json *json, uint32_t node, apr_pool_t *pool, const char **text, size_t *length);
/** The same as a NUL-terminated copy in the pool (a document holds no NUL, so nothing is cut). */
char *uapi_json_strdup(const uapi_json *json, uint32_t node, apr_pool_t *pool);

/**
 * Unescape the string at `node` into `out`, which has room for node.length bytes. Returns the bytes written (never
 * more than node.length).
 */
size_t uapi_json_unescape(const uapi_json *json, uint32_t node, char *out);

/**
 * Where in the text the unescaped byte range [from, to) of the string at `node` stands. The raw range covers whole
 * characters that the decoded range touches: a whole escape, surrogate pair or UTF-8 sequence. An empty range stays
 * empty; offsets beyond the string count as its end.
 */
void uapi_json_locate(const uapi_json *json, uint32_t node, size_t from, size_t to, size_t *raw_from, size_t *raw_to);

#endif
