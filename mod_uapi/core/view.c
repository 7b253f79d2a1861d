/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Between two scalars of the tape the text holds only brackets, commas, colons, quotes and white space, so the view
 * is made by copying the scalars and, without white space, what stands between them; no stack of containers is
 * needed. The offset of each node in the view is noted on the way (four bytes a node), which makes placing a finding
 * a binary search: a document with many findings in many strings must not cost their product.
 */
#include "view.h"

#include <string.h>

/* Offset in the view of the node's contents. Grows with the node's index; a plain document's are those of the text. */
static inline size_t view_start(const uapi_view *view, uint32_t node)
{
    return view->starts ? view->starts[node] : view->json->nodes[node].start;
}

size_t uapi_view_offset(const uapi_view *view, uint32_t node, size_t at)
{
    return view_start(view, node) + at;
}

static char *copy_structure(const char *at, const char *end, char *out)
{
    for (; at < end; at++) {
        if ((unsigned char)*at > ' ') {
            *out++ = *at;
        }
    }
    return out;
}

static char *copy_scalar(const uapi_json *json, uint32_t index, char *out)
{
    const uapi_json_node *node = &json->nodes[index];

    if (node->escaped) {
        return out + uapi_json_unescape(json, index, out);
    }
    memcpy(out, json->text + node->start, node->length);
    return out + node->length;
}

void uapi_view_make(uapi_view *view, const uapi_json *json, apr_pool_t *pool)
{
    const char *at = json->text;
    uint32_t *starts, i;
    char *text, *out;

    view->json = json;
    view->text = json->text;
    view->length = json->length;
    view->starts = NULL;
    if (json->plain || !json->count) {
        return;
    }
    out = text = apr_palloc(pool, json->length);
    starts = apr_palloc(pool, (size_t)json->count * sizeof(*starts));
    for (i = 0; i < json->count; i++) {
        const uapi_json_node *node = &json->nodes[i];

        if (node->type < UAPI_JSON_ARRAY) {
            out = copy_structure(at, json->text + node->start, out);
            starts[i] = (uint32_t)(out - text);
            out = copy_scalar(json, i, out);
            at = json->text + node->start + node->length;
        } else {
            starts[i] = (uint32_t)(out - text);
        }
    }
    out = copy_structure(at, json->text + json->length, out);
    view->text = text;
    view->length = (size_t)(out - text);
    view->starts = starts;
}

/* The last node whose contents begin at or before the offset, or 0. */
static uint32_t last_node_at(const uapi_view *view, size_t offset)
{
    uint32_t low = 0, high = view->json->count;

    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;

        if (view_start(view, middle) <= offset) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The part of the finding in one string; 0 if there is none. */
static int locate_in_string(const uapi_view *view, uint32_t node, size_t from, size_t to, uapi_view_range *range)
{
    size_t start = view_start(view, node);

    from = from > start ? from - start : 0;
    to -= start;
    uapi_json_locate(view->json, node, from, to, &range->start, &range->end);
    return range->start < range->end;
}

size_t uapi_view_locate(const uapi_view *view, size_t from, size_t to, uapi_view_range *ranges, size_t max)
{
    const uapi_json *json = view->json;
    size_t count = 0;
    uint32_t node;

    if (from >= to || !json->count) {
        return 0;
    }
    for (node = last_node_at(view, from); node < json->count && view_start(view, node) < to; node++) {
        uapi_view_range range;

        if (json->nodes[node].type == UAPI_JSON_STRING && locate_in_string(view, node, from, to, &range)) {
            if (count < max) {
                ranges[count] = range;
            }
            count++;
        }
    }
    return count;
}

void uapi_view_extent(const uapi_view *view, uint32_t first, uint32_t end, apr_pool_t *pool, size_t *from, size_t *to)
{
    const uapi_json_node *nodes = view->json->nodes;
    const char *text;
    size_t length;

    while (first < end && nodes[first].type >= UAPI_JSON_ARRAY) {
        first++;
    }
    while (end > first && nodes[end - 1].type >= UAPI_JSON_ARRAY) {
        end--;
    }
    *from = *to = 0;
    if (first < end) {
        uapi_json_string(view->json, end - 1, pool, &text, &length);
        *from = view_start(view, first);
        *to = view_start(view, end - 1) + length;
    }
}
