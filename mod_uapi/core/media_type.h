/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file media_type.h
 * The Content-Type of a request (RFC 9110, section 8.3.1), as far as it decides how the body is read. Pure; any thread.
 */
#ifndef UAPI_CORE_MEDIA_TYPE_H
#define UAPI_CORE_MEDIA_TYPE_H

#include <stddef.h>

typedef enum uapi_media_kind {
    UAPI_MEDIA_NONE,      /* no header */
    UAPI_MEDIA_JSON,      /* application/json, text/json, and what ends in +json */
    UAPI_MEDIA_FORM,      /* application/x-www-form-urlencoded */
    UAPI_MEDIA_MULTIPART, /* multipart/form-data */
    UAPI_MEDIA_TEXT,      /* text/plain, text/csv, text/markdown */
    UAPI_MEDIA_OTHER,
    UAPI_MEDIA_INVALID /* no media type; a charset in which other bytes than ASCII's mean ASCII characters; for JSON, none but UTF-8 */
} uapi_media_kind;

typedef struct uapi_media_type {
    uapi_media_kind kind;
    size_t length;        /* of type/subtype, at the beginning of the value */
    const char *boundary; /* of MULTIPART; points into the value */
    size_t boundary_length;
} uapi_media_type;

void uapi_media_type_read(uapi_media_type *type, const char *value);

/** Does `pattern` ("image/png", "image/" followed by "*") name the type? Without regard to case. */
int uapi_media_type_is(const char *value, const uapi_media_type *type, const char *pattern);

#endif
