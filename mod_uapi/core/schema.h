/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file schema.h
 * JSON Schema (2020-12, "Core" and "Validation"), the part of it that the argument schemas of tools use, over documents of
 * json.h.
 *
 * Checked: boolean schemas; type, enum, const; minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf; minLength,
 * maxLength (code points), pattern (schema_pattern.h); properties, patternProperties, additionalProperties, propertyNames, required, dependentRequired, dependentSchemas,
 * minProperties, maxProperties; items, prefixItems, contains, minContains, maxContains, minItems, maxItems, uniqueItems;
 * allOf, anyOf, oneOf, not, if/then/else; $ref to a JSON Pointer within the schema. Numbers are compared as decimals, so
 * exactly, whatever their size.
 *
 * Not checked, and so a reason to refuse the schema as a whole: regular expressions that schema_pattern.h refuses, unevaluatedItems and unevaluatedProperties, $dynamicRef, $recursiveRef, any other $ref, an $id
 * below the root, a $vocabulary, a $schema other than 2020-12, 2019-09 and draft-07, and the older forms additionalItems,
 * dependencies and items as a list. Everything else says nothing about validity and is ignored, "format" included.
 *
 * A compiled schema is read-only: any number of threads may check with it at once.
 */
#ifndef UAPI_CORE_SCHEMA_H
#define UAPI_CORE_SCHEMA_H

#include "json.h"

typedef struct uapi_schema uapi_schema;

/** Subschemas in one evaluation path, $ref included. */
#define UAPI_SCHEMA_MAX_DEPTH 128
/** Steps of one check: a schema applied to a value, a member or item looked at. */
#define UAPI_SCHEMA_MAX_STEPS 200000
/** Steps that a match of a pattern counts as, besides the bytes of its text: a thousand matches at most. */
#define UAPI_SCHEMA_PATTERN_STEPS 200

/**
 * Compile `text`, which is copied. Refuses, with arguments.schema and a detail that names place and keyword, what is no
 * JSON, no schema, or not checked here. In the pool.
 */
apr_status_t uapi_schema_compile(uapi_schema **schema, const char *text, size_t length, apr_pool_t *pool,
                                 uapi_result *result);

/** Where a value does not match. */
typedef struct uapi_schema_fault {
    const char *pointer; /* JSON Pointer (RFC 6901) of the value, cut after 256 bytes; in the pool */
    const char *keyword; /* that it does not match; "limit": it took too many steps. Static */
} uapi_schema_fault;

/**
 * Does the value at `node` match? `fault` is set if not. Fails closed: a value that cannot be checked within the bounds does
 * not match. Scratch memory in the pool.
 */
int uapi_schema_matches(const uapi_schema *schema, const uapi_json *json, uint32_t node, uapi_schema_fault *fault,
                        apr_pool_t *pool);

#endif
