/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "edit.h"

#include <stdlib.h>
#include <string.h>

apr_array_header_t *uapi_edit_list(apr_pool_t *pool)
{
    return apr_array_make(pool, 8, sizeof(uapi_edit));
}

void uapi_edit_add(apr_array_header_t *edits, size_t start, size_t end, const char *replacement)
{
    uapi_edit *edit = apr_array_push(edits);
    edit->start = start;
    edit->end = end;
    edit->replacement = replacement;
}

static int by_start(const void *a, const void *b)
{
    const uapi_edit *left = a, *right = b;
    if (left->start != right->start) {
        return (left->start > right->start) - (left->start < right->start);
    }
    return (left->end < right->end) - (left->end > right->end);
}

/* Overlapping edits become one; returns how many are left. */
static size_t merge(uapi_edit *edits, size_t count)
{
    size_t kept = 0;
    for (size_t i = 1; i < count; i++) {
        if (edits[i].start < edits[kept].end) {
            edits[kept].end = (edits[i].end > edits[kept].end) ? edits[i].end : edits[kept].end;
        } else {
            edits[++kept] = edits[i];
        }
    }
    return count == 0 ? 0 : kept + 1;
}

static char *append(char *to, const char *bytes, size_t length)
{
    memcpy(to, bytes, length);
    return to + length;
}

void uapi_edit_apply(const char **out, size_t *out_length, const char *text, size_t length, apr_array_header_t *edits,
                     apr_pool_t *pool)
{
    uapi_edit *list = (uapi_edit *)(void *)edits->elts;
    size_t room = length + 1, at = 0, count;
    char *to;
    qsort(list, (size_t)edits->nelts, sizeof(*list), by_start);
    count = merge(list, (size_t)edits->nelts);
    for (size_t i = 0; i < count; i++) {
        room += strlen(list[i].replacement);
    }
    *out = to = apr_palloc(pool, room);
    for (size_t i = 0; i < count; i++) {
        to = append(to, text + at, list[i].start - at);
        to = append(to, list[i].replacement, strlen(list[i].replacement));
        at = list[i].end;
    }
    to = append(to, text + at, length - at);
    *to = '\0';
    *out_length = (size_t)(to - *out);
}
