/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "media_type.h"

#include <string.h>
#include <strings.h>

#include <apr_lib.h>

static const char token_characters[] = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static int equals(const char *text, size_t length, const char *word)
{
    return strlen(word) == length && strncasecmp(text, word, length) == 0;
}

static uapi_media_kind kind_of(const char *name, size_t length)
{
    static const struct {
        const char *name;
        uapi_media_kind kind;
    } known[] = {
        {"application/json", UAPI_MEDIA_JSON},
        {"text/json", UAPI_MEDIA_JSON},
        {"application/x-www-form-urlencoded", UAPI_MEDIA_FORM},
        {"multipart/form-data", UAPI_MEDIA_MULTIPART},
        {"text/plain", UAPI_MEDIA_TEXT},
        {"text/csv", UAPI_MEDIA_TEXT},
        {"text/markdown", UAPI_MEDIA_TEXT},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (equals(name, length, known[i].name)) {
            return known[i].kind;
        }
    }
    return length > 5 && strncasecmp(name + length - 5, "+json", 5) == 0 ? UAPI_MEDIA_JSON : UAPI_MEDIA_OTHER;
}

static int is_charset(const char *text, size_t length, uapi_media_kind kind)
{
    return equals(text, length, "utf-8") ||
           (kind != UAPI_MEDIA_JSON && (equals(text, length, "us-ascii") || equals(text, length, "iso-8859-1")));
}

/* The value of a parameter, without quotes: a token, or a quoted string without escapes. NULL if it is neither. */
static const char *read_value(const char *at, const char **value, size_t *length)
{
    if (*at == '"') {
        *value = at + 1;
        *length = strcspn(at + 1, "\"\\");
        at += 1 + *length;
        return *at == '"' ? at + 1 : NULL;
    }
    *value = at;
    *length = strspn(at, token_characters);
    return *length > 0 ? at + *length : NULL;
}

/* One parameter behind its semicolon. NULL if it is malformed, or says how to read the body in a way that we do not. */
static const char *read_parameter(const char *at, uapi_media_type *type, int *has_charset)
{
    const char *name = at + strspn(at, " \t"), *value;
    size_t width = strspn(name, token_characters), length;

    if (width == 0) {
        return *name == '\0' ? name : NULL; /* a lone semicolon at the end */
    }
    at = name[width] == '=' ? read_value(name + width + 1, &value, &length) : NULL;
    if (at == NULL) {
        return NULL;
    }
    if (equals(name, width, "charset")) {
        if ((*has_charset)++ || !is_charset(value, length, type->kind)) {
            return NULL;
        }
    } else if (equals(name, width, "boundary")) {
        if (type->boundary != NULL) {
            return NULL;
        }
        type->boundary = value;
        type->boundary_length = length;
    }
    return at + strspn(at, " \t");
}

static int is_well_formed(uapi_media_type *type, const char *value)
{
    size_t slash = strspn(value, token_characters), subtype;
    const char *at;
    int has_charset = 0;

    if (slash == 0 || value[slash] != '/') {
        return 0;
    }
    subtype = strspn(value + slash + 1, token_characters);
    type->length = slash + 1 + subtype;
    type->kind = kind_of(value, type->length);
    at = value + type->length + strspn(value + type->length, " \t");
    while (at != NULL && *at == ';') {
        at = read_parameter(at + 1, type, &has_charset);
    }
    return subtype > 0 && at != NULL && *at == '\0' &&
           (type->kind != UAPI_MEDIA_MULTIPART || (type->boundary_length > 0 && type->boundary_length <= 70));
}

void uapi_media_type_read(uapi_media_type *type, const char *value)
{
    memset(type, 0, sizeof(*type));
    if (value != NULL && !is_well_formed(type, value)) {
        type->kind = UAPI_MEDIA_INVALID;
    }
}

int uapi_media_type_is(const char *value, const uapi_media_type *type, const char *pattern)
{
    size_t length = strlen(pattern);

    return length > 0 && pattern[length - 1] == '*'
               ? type->length >= length && strncasecmp(value, pattern, length - 1) == 0
               : equals(value, type->length, pattern);
}
