/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "redact.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#define MAX_PARTS 64 /* strings that one finding may touch */

typedef struct edit {
    size_t start, end;
    const char *placeholder;
} edit;

static int by_start(const void *a, const void *b)
{
    const edit *left = a, *right = b;
    return (left->start > right->start) - (left->start < right->start);
}

static void add(apr_array_header_t *edits, size_t start, size_t end, const char *placeholder)
{
    edit *one = apr_array_push(edits);
    one->start = start;
    one->end = end;
    one->placeholder = placeholder;
}

static apr_status_t collect(apr_array_header_t *edits, const uapi_view *view, const uapi_firewall_finding *finding,
                            apr_pool_t *pool)
{
    const char *placeholder = uapi_firewall_placeholder(finding, pool);
    uapi_view_range parts[MAX_PARTS];
    size_t count;
    if (view == NULL) {
        add(edits, finding->from, finding->to, placeholder);
        return APR_SUCCESS;
    }
    count = uapi_view_locate(view, finding->from, finding->to, parts, MAX_PARTS);
    if (count == 0 || count > MAX_PARTS) {
        return APR_EGENERAL;
    }
    for (size_t i = 0; i < count; i++) {
        add(edits, parts[i].start, parts[i].end, placeholder);
    }
    return APR_SUCCESS;
}

/* Overlapping edits become one, with the placeholder of the first. */
static size_t merge(edit *edits, size_t count)
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

apr_status_t uapi_redact(const char **out, size_t *out_length, const char *text, size_t length, const uapi_view *view,
                         const uapi_firewall_report *report, apr_pool_t *pool)
{
    apr_array_header_t *edits = apr_array_make(pool, 8, sizeof(edit));
    size_t size = length, at = 0, count;
    edit *list;
    char *to;
    for (uint32_t i = 0; i < report->count; i++) {
        if (report->findings[i].action >= UAPI_ACTION_REDACT &&
            collect(edits, view, &report->findings[i], pool) != APR_SUCCESS) {
            return APR_EGENERAL;
        }
    }
    list = (edit *)(void *)edits->elts;
    qsort(list, (size_t)edits->nelts, sizeof(edit), by_start);
    count = merge(list, (size_t)edits->nelts);
    for (size_t i = 0; i < count; i++) {
        size += strlen(list[i].placeholder);
    }
    *out = to = apr_palloc(pool, size + 1);
    for (size_t i = 0; i < count; i++) {
        size_t width = strlen(list[i].placeholder);
        memcpy(to, text + at, list[i].start - at);
        to += list[i].start - at;
        memcpy(to, list[i].placeholder, width);
        to += width;
        at = list[i].end;
    }
    memcpy(to, text + at, length - at);
    to += length - at;
    *to = '\0';
    *out_length = (size_t)(to - *out);
    return APR_SUCCESS;
}
