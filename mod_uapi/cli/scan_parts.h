/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file scan_parts.h
 * A text as it travels: in chunks, or as an event stream. It is judged as the server judges the events of an answer: each by itself, and with what
 * went before it in its texts (core/stream.h).
 */
#ifndef UAPI_CLI_SCAN_PARTS_H
#define UAPI_CLI_SCAN_PARTS_H

#include <jansson.h>

#include "../core/firewall.h"

typedef struct uapi_scan_parts {
    const uapi_firewall *firewall;
    uapi_direction direction;
    apr_pool_t *pool;
    apr_array_header_t *found; /* const uapi_firewall_finding *; what is found is added. Ranges mean nothing */
} uapi_scan_parts;

/** Is it an event stream: lines of its fields, the first of them data or event, and at least two events? */
int uapi_scan_is_stream(const char *text, size_t length);

/** Judge a text that is one. Fails as the firewall does; also if it is too much to be judged. */
apr_status_t uapi_scan_stream(const uapi_scan_parts *parts, const char *text, size_t length, uapi_result *result);

/** Judge an array of strings as the pieces of one text. */
apr_status_t uapi_scan_chunks(const uapi_scan_parts *parts, const json_t *chunks, uapi_result *result);

#endif
