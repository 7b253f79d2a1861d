/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * From decoded offsets back to raw ones. Only findings ask, so this walks the string instead of keeping a map of it:
 * plain runs are stepped over whole, each escape is decoded once for its length.
 */
#include "json_internal.h"

#include <string.h>

static inline int is_continuation(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

/*
 * The raw place of the decoded offset `target`: the start of the escape that covers it, or with `after` set, its end.
 */
static size_t raw_offset(const char *raw, size_t length, size_t target, int after)
{
    size_t at = 0, decoded = 0;

    while (at < length) {
        const char *escape = memchr(raw + at, '\\', length - at);
        size_t run = escape ? (size_t)(escape - raw) - at : length - at;
        size_t taken, width;
        char bytes[4];

        if (target < decoded + run || (target == decoded + run && (after || !escape))) {
            return at + (target - decoded);
        }
        decoded += run;
        at += run;
        if (!escape) {
            return length;
        }
        if (target == decoded) {
            return at;
        }
        width = uapi_json_decode_escape(escape, bytes, &taken);
        if (target < decoded + width) {
            return after ? at + taken : at;
        }
        decoded += width;
        at += taken;
    }
    return length;
}

void uapi_json_locate(const uapi_json *json, uint32_t node, size_t from, size_t to, size_t *raw_from, size_t *raw_to)
{
    const uapi_json_node *string = &json->nodes[node];
    const char *raw = json->text + string->start;
    size_t start, end;

    if (from > to) {
        from = to;
    }
    if (string->escaped) {
        start = raw_offset(raw, string->length, from, 0);
        end = from == to ? start : raw_offset(raw, string->length, to, 1);
    } else {
        start = from < string->length ? from : string->length;
        end = to < string->length ? to : string->length;
    }
    if (start < end) {
        while (start > 0 && is_continuation(raw[start])) {
            start--;
        }
        while (end < string->length && is_continuation(raw[end])) {
            end++;
        }
    }
    *raw_from = string->start + start;
    *raw_to = string->start + end;
}
