/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file json_internal.h
 * Shared by the files of the JSON reader; nobody else includes it.
 *
 * Functions that return int give 1, or 0 after uapi_json_refuse has been called.
 */
#ifndef UAPI_CORE_JSON_INTERNAL_H
#define UAPI_CORE_JSON_INTERNAL_H

#include "json.h"

typedef struct uapi_json_reader {
    uapi_json *json;
    const char *at; /* the next byte */
    const char *end;
    apr_pool_t *pool;
    uint32_t capacity; /* nodes there is room for */
    uint32_t open;     /* the innermost open container; UAPI_JSON_NONE outside */
    uint32_t depth;
    uint32_t max_depth;
    uint32_t max_nodes;
    uapi_reason reason;     /* why it was refused, */
    const char *problem_at; /* where, */
    const char *problem;    /* and in words; static */
} uapi_json_reader;

/** Note the refusal; returns 0. */
int uapi_json_refuse(uapi_json_reader *reader, uapi_reason reason, const char *at, const char *what);

/** From the byte behind the opening quote to behind the closing one; sets length and escaped. */
int uapi_json_scan_string(uapi_json_reader *reader, uapi_json_node *node);

/** Refuse if two keys of the closed object are equal after unescaping. */
int uapi_json_check_keys(uapi_json_reader *reader, uint32_t object);

/**
 * Decode the one escape at `raw` (a backslash; the string is well-formed): writes 1 to 4 bytes to `out`, returns how
 * many, and sets `*taken` to the raw bytes it stood for.
 */
size_t uapi_json_decode_escape(const char *raw, char out[4], size_t *taken);

#endif
