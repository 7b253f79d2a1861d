/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file yaml.h
 * YAML files as a small tree in which every node, keys too, knows its line and column.
 *
 * The part of YAML that configuration needs, and no more. Refused: tags, duplicate and non-string keys, merge keys
 * (`<<`), text that is no UTF-8, control characters, characters that end a line for a YAML reader but not in an editor
 * (a lone CR, NEL, LS, PS) or that reverse how it shows (bidirectional controls), depth over 64, more than 500,000
 * nodes after aliases are followed, and texts over 4 MiB. Anchors and aliases work, within these bounds.
 *
 * Scalars are kept as text; whoever reads the tree says which type it wants and may ask what a plain scalar looks like.
 */
#ifndef UAPI_CORE_YAML_H
#define UAPI_CORE_YAML_H

#include <stddef.h>
#include <stdint.h>

#include <apr_pools.h>
#include <apr_tables.h>

#define UAPI_YAML_MAX_SIZE (4 * 1024 * 1024)
#define UAPI_YAML_MAX_DEPTH 64
#define UAPI_YAML_MAX_NODES 500000

typedef enum uapi_yaml_kind {
    UAPI_YAML_SCALAR,
    UAPI_YAML_SEQUENCE,
    UAPI_YAML_MAPPING,
    UAPI_YAML_BROKEN /* an error has been reported for it already */
} uapi_yaml_kind;

typedef struct uapi_yaml_node uapi_yaml_node;

typedef struct uapi_yaml_item {
    const uapi_yaml_node *key; /* a scalar; NULL in a sequence */
    const uapi_yaml_node *value;
    const struct uapi_yaml_item *next;
} uapi_yaml_item;

struct uapi_yaml_node {
    uapi_yaml_kind kind;
    int plain; /* a scalar without quotes, and no block scalar */
    const char *file;
    unsigned line, column; /* from 1; columns count characters */
    const char *text;      /* of a scalar: NUL-terminated, without a NUL inside */
    size_t length;
    const uapi_yaml_item *items; /* of a sequence or mapping, in order */
    uint32_t size;               /* nodes in it, itself included, aliases followed */
    uint32_t height;             /* levels of sequences and mappings below it */
};

/** What a scalar would be to a YAML 1.1 or 1.2 reader; quoted ones are always strings. */
typedef enum uapi_yaml_type { UAPI_YAML_STRING, UAPI_YAML_NULL, UAPI_YAML_BOOLEAN, UAPI_YAML_NUMBER } uapi_yaml_type;

uapi_yaml_type uapi_yaml_type_of(const uapi_yaml_node *scalar);

/** "a string", "a number", "a list", "a mapping" …, for messages; static. */
const char *uapi_yaml_describe(const uapi_yaml_node *node);

/** An error at a position. `message` lives in the pool given to uapi_yaml_read. */
typedef void (*uapi_yaml_reporter)(void *baton, const char *file, unsigned line, unsigned column, const char *message);

/**
 * Read all documents of a text. Their roots (const uapi_yaml_node *) are appended to `documents`, in the pool; empty
 * documents are left out. Reading goes on after an error where that is possible: nodes that could not be read are
 * BROKEN, duplicate keys are left out.
 */
void uapi_yaml_read(apr_array_header_t *documents, const char *file, const char *text, size_t length,
                    uapi_yaml_reporter report, void *baton, apr_pool_t *pool);

/** The same for documents that others wrote: keys may look like numbers, as the status codes of OpenAPI do. */
void uapi_yaml_read_foreign(apr_array_header_t *documents, const char *file, const char *text, size_t length,
                            uapi_yaml_reporter report, void *baton, apr_pool_t *pool);

/** The text in double quotes for a message: what is not printable ASCII escaped, cut after 64 bytes. In the pool. */
const char *uapi_yaml_quote(const char *text, size_t length, apr_pool_t *pool);

#endif
