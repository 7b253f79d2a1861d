/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "canonical.h"

#include <stdlib.h>
#include <string.h>

typedef struct writer {
    const uapi_json *json;
    apr_pool_t *pool;
    char *bytes;
    size_t length, room;
} writer;

static char *reserve(writer *w, size_t more)
{
    if (more > w->room - w->length) {
        size_t room = (w->length + more) * 2 + 64;
        char *larger = apr_palloc(w->pool, room);

        if (w->length > 0) {
            memcpy(larger, w->bytes, w->length);
        }
        w->bytes = larger;
        w->room = room;
    }
    return w->bytes + w->length;
}

static void put(writer *w, const char *bytes, size_t length)
{
    memcpy(reserve(w, length), bytes, length);
    w->length += length;
}

/* RFC 8785, section 3.2.2.2. */
static size_t escape(unsigned char c, char out[6])
{
    static const char hex[] = "0123456789abcdef";
    static const char plain[] = "\b\t\n\f\r\"\\", letter[] = "btnfr\"\\";
    const char *found = c != 0 ? memchr(plain, c, sizeof(plain) - 1) : NULL;

    if (found != NULL) {
        out[0] = '\\';
        out[1] = letter[found - plain];
        return 2;
    }
    if (c < 0x20) {
        memcpy(out, "\\u00", 4);
        out[4] = hex[c >> 4];
        out[5] = hex[c & 15];
        return 6;
    }
    out[0] = (char)c;
    return 1;
}

static void put_string(writer *w, const char *text, size_t length)
{
    char *out;

    put(w, "\"", 1);
    out = reserve(w, length * 6);
    for (size_t i = 0; i < length; i++) {
        size_t made = escape((unsigned char)text[i], out);

        out += made;
        w->length += made;
    }
    put(w, "\"", 1);
}

/* ---------------------------------------------------------------- the order of keys */

typedef struct member {
    const char *key;
    size_t length;
    uint32_t value;
} member;

/*
 * Section 3.2.3 sorts by UTF-16 code units. That is the order of the UTF-8 bytes, but that characters beyond U+FFFF, which
 * UTF-16 writes with surrogates, come before U+E000 to U+FFFF. The first byte that differs tells them apart.
 */
static int rank(unsigned char byte)
{
    if (byte >= 0xF0) {
        return byte - 2;
    }
    return byte == 0xEE || byte == 0xEF ? byte + 16 : byte;
}

static int compare(const void *left, const void *right)
{
    const member *a = left, *b = right;
    size_t shorter = a->length < b->length ? a->length : b->length;

    for (size_t i = 0; i < shorter; i++) {
        if (a->key[i] != b->key[i]) {
            return rank((unsigned char)a->key[i]) - rank((unsigned char)b->key[i]);
        }
    }
    return a->length < b->length ? -1 : a->length > b->length;
}

static int is_in(const member *one, const char *const *names)
{
    for (; names != NULL && *names != NULL; names++) {
        if (strlen(*names) == one->length && memcmp(*names, one->key, one->length) == 0) {
            return 1;
        }
    }
    return 0;
}

static size_t gather(writer *w, uint32_t node, const char *const *without, member *members)
{
    const uapi_json *json = w->json;
    uint32_t end = json->nodes[node].skip, at = uapi_json_first(json, node);
    size_t count = 0;

    while (at != UAPI_JSON_NONE && at < end) {
        member *one = &members[count];

        uapi_json_string(json, at, w->pool, &one->key, &one->length);
        one->value = json->nodes[at].skip;
        at = json->nodes[one->value].skip;
        count += !is_in(one, without);
    }
    return count;
}

/* ---------------------------------------------------------------- values */

static void put_value(writer *w, uint32_t node, const char *const *without);

static void put_object(writer *w, uint32_t node, const char *const *without)
{
    member *members = apr_palloc(w->pool, sizeof(*members) * (w->json->nodes[node].skip - node));
    size_t count = gather(w, node, without, members);

    qsort(members, count, sizeof(*members), compare);
    put(w, "{", 1);
    for (size_t i = 0; i < count; i++) {
        put(w, ",", i > 0);
        put_string(w, members[i].key, members[i].length);
        put(w, ":", 1);
        put_value(w, members[i].value, NULL);
    }
    put(w, "}", 1);
}

static void put_array(writer *w, uint32_t node)
{
    uint32_t end = w->json->nodes[node].skip, first = uapi_json_first(w->json, node);

    put(w, "[", 1);
    for (uint32_t at = first; at != UAPI_JSON_NONE && at < end; at = w->json->nodes[at].skip) {
        put(w, ",", at != first);
        put_value(w, at, NULL);
    }
    put(w, "]", 1);
}

static void put_value(writer *w, uint32_t node, const char *const *without)
{
    const uapi_json_node *n = &w->json->nodes[node];
    const char *text;
    size_t length;

    switch (n->type) {
    case UAPI_JSON_OBJECT:
        put_object(w, node, without);
        break;
    case UAPI_JSON_ARRAY:
        put_array(w, node);
        break;
    case UAPI_JSON_STRING:
        uapi_json_string(w->json, node, w->pool, &text, &length);
        put_string(w, text, length);
        break;
    default:
        put(w, w->json->text + n->start, n->length);
    }
}

void uapi_canonical_write(const uapi_json *json, uint32_t node, const char *const *without, const char **text,
                          size_t *length, apr_pool_t *pool)
{
    writer w = {json, pool, NULL, 0, 0};

    put_value(&w, node, without);
    *length = w.length;
    put(&w, "", 1);
    *text = w.bytes;
}
