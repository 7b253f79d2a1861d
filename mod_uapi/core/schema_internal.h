/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file schema_internal.h
 * What compiling (schema.c) and checking (schema_check.c) share, and exact decimal numbers (schema_number.c).
 */
#ifndef UAPI_CORE_SCHEMA_INTERNAL_H
#define UAPI_CORE_SCHEMA_INTERNAL_H

#include "schema.h"
#include "schema_pattern.h"

typedef struct uapi_schema_node uapi_schema_node;

typedef struct uapi_schema_member {
    const char *key;
    size_t length;
    const uapi_schema_node *schema;     /* of properties, dependentSchemas */
    uint32_t names;                     /* of dependentRequired: node of its list */
    const uapi_schema_pattern *pattern; /* of patternProperties */
} uapi_schema_member;

typedef struct uapi_schema_members {
    uapi_schema_member *items;
    uint32_t count;
} uapi_schema_members;

typedef struct uapi_schema_list {
    const uapi_schema_node **items;
    uint32_t count;
} uapi_schema_list;

/** Bounds that are not there are UAPI_JSON_NONE; nodes are of the schema's own document. */
struct uapi_schema_node {
    int boolean;    /* -1: an object; 0 or 1 */
    unsigned types; /* bits by uapi_json_type, 0: any */
    int integer;    /* "integer" is in types: a number must be one, unless "number" is too */
    uint32_t enumeration, constant;
    uint32_t minimum, maximum, exclusive_minimum, exclusive_maximum, multiple_of;
    uint32_t min_length, max_length, min_items, max_items, min_properties, max_properties;
    uint32_t min_contains, max_contains;
    int unique_items;
    uint32_t required;                  /* node of the list */
    const uapi_schema_pattern *pattern; /* NULL: none */
    uapi_schema_members properties, pattern_properties, dependent_required, dependent_schemas;
    uapi_schema_list prefix_items, all_of, any_of, one_of;
    const uapi_schema_node *additional_properties, *property_names, *items, *contains, *not_, *if_, *then_, *else_,
        *ref;
};

struct uapi_schema {
    uapi_json json;
    const uapi_schema_node *root;
};

/** -1, 0, 1 as the number at `a` is less than, equal to or greater than that at `b`. Exact. */
int uapi_schema_compare_numbers(const uapi_json *a, uint32_t an, const uapi_json *b, uint32_t bn);
/** Is it whole? 1.0 and 1e2 are. */
int uapi_schema_is_integer(const uapi_json *json, uint32_t node);
/** Is the number a multiple of the divisor? 0 also where that cannot be told in 18 digits. */
int uapi_schema_is_multiple(const uapi_json *json, uint32_t node, const uapi_json *divisor, uint32_t dn);

#endif
