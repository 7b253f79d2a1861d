/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "visible.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>
#include <apr_tables.h>

#include "../core/jcs.h"

/* Unicode 15: Default_Ignorable_Code_Point, Bidi_Control, White_Space but the plain space, controls, private use at a glance. */
static const struct {
    uint32_t from, to;
} hidden[] = {
    {0x00, 0x1F},     {0x7F, 0xA0},     {0xAD, 0xAD},       {0x34F, 0x34F},     {0x61C, 0x61C},     {0x115F, 0x1160},
    {0x1680, 0x1680}, {0x17B4, 0x17B5}, {0x180B, 0x180F},   {0x2000, 0x200F},   {0x2028, 0x202F},   {0x205F, 0x206F},
    {0x2800, 0x2800}, {0x3000, 0x3000}, {0x3164, 0x3164},   {0xE000, 0xF8FF},   {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},
    {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFB}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF}, {0xF0000, 0x10FFFF},
};

static int is_hidden(uint32_t code)
{
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
        if (code >= hidden[i].from && code <= hidden[i].to) {
            return 1;
        }
    }
    return 0;
}

/* The text is UTF-8: a document's, or what the canonical writer made of it. */
static size_t decode(const unsigned char *at, uint32_t *code)
{
    size_t length = *at < 0x80 ? 1 : *at < 0xE0 ? 2 : *at < 0xF0 ? 3 : 4;

    *code = length == 1 ? *at : *at & (0x7FU >> length);
    for (size_t i = 1; i < length; i++) {
        *code = *code << 6 | (at[i] & 0x3FU);
    }
    return length;
}

static int write_escape(char *out, uint32_t code)
{
    if (code > 0xFFFF) {
        return sprintf(out, "\\u%04x\\u%04x", 0xD800 + ((code - 0x10000) >> 10), 0xDC00 + ((code - 0x10000) & 0x3FF));
    }
    return sprintf(out, "\\u%04x", code);
}

/* What stands between the quotes, escapes and all. */
static const char *show(const char *text, size_t length, apr_pool_t *pool)
{
    const unsigned char *at = (const unsigned char *)text, *end = at + length;
    char *made = apr_palloc(pool, length * 6 + 1), *out = made;
    uint32_t code;

    while (at < end) {
        size_t width = decode(at, &code);

        if (is_hidden(code)) {
            out += write_escape(out, code);
        } else {
            memcpy(out, at, width);
            out += width;
        }
        at += width;
    }
    *out = '\0';
    return made;
}

const char *uapi_visible_string(const char *text, apr_pool_t *pool)
{
    size_t room = strlen(text) * 6 + 16;
    char *buffer = apr_palloc(pool, room);
    uapi_jcs w;

    uapi_jcs_begin(&w, buffer, room);
    uapi_jcs_cstring(&w, text);
    return show(buffer, uapi_jcs_end(&w), pool);
}

typedef struct printer {
    const uapi_json *json;
    apr_array_header_t *parts; /* const char * */
    apr_pool_t *pool;
} printer;

static void put(printer *p, const char *part)
{
    APR_ARRAY_PUSH(p->parts, const char *) = part;
}

static void new_line(printer *p, int indent)
{
    if (indent >= 0) {
        put(p, apr_psprintf(p->pool, "\n%*s", indent * 2, ""));
    }
}

static void put_value(printer *p, uint32_t node, int indent)
{
    const uapi_json_node *n = &p->json->nodes[node];
    int is_object = n->type == UAPI_JSON_OBJECT, inner = indent < 0 ? indent : indent + 1;
    uint32_t at = uapi_json_first(p->json, node), first = at;

    if (n->type == UAPI_JSON_STRING) {
        put(p, apr_pstrcat(p->pool, "\"", show(p->json->text + n->start, n->length, p->pool), "\"", NULL));
        return;
    }
    if (n->type != UAPI_JSON_ARRAY && !is_object) {
        put(p, apr_pstrmemdup(p->pool, p->json->text + n->start, n->length));
        return;
    }
    put(p, is_object ? "{" : "[");
    while (at != UAPI_JSON_NONE && at < n->skip) {
        put(p, at == first ? "" : ",");
        new_line(p, inner);
        if (is_object) {
            put_value(p, at, -1);
            put(p, indent < 0 ? ":" : ": ");
            at = p->json->nodes[at].skip;
        }
        put_value(p, at, inner);
        at = p->json->nodes[at].skip;
    }
    if (first != UAPI_JSON_NONE) {
        new_line(p, indent);
    }
    put(p, is_object ? "}" : "]");
}

const char *uapi_visible_json(const uapi_json *json, uint32_t node, int indent, apr_pool_t *pool)
{
    printer p = {json, apr_array_make(pool, 64, sizeof(const char *)), pool};

    put_value(&p, node, indent);
    return apr_array_pstrcat(pool, p.parts, 0);
}
