/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The scanner's one fast loop finds the first byte that is not plain (plain.h); what it stops at (quote, escape, UTF-8,
 * control) is then judged byte by byte. The loop may stop early at a byte that needs no judging, never late.
 */
#include "json_internal.h"

#include <string.h>

#include "plain.h"

/* The digit's value plus one, so that what is no digit is 0. */
static const uint8_t hex_digits[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

/* The code unit of the four digits at `at`, or -1. */
static int32_t hex_unit(const char *at)
{
    int32_t unit = 0;
    int i;

    for (i = 0; i < 4; i++) {
        uint8_t digit = hex_digits[(unsigned char)at[i]];

        if (!digit) {
            return -1;
        }
        unit = unit << 4 | (digit - 1);
    }
    return unit;
}

static inline int is_high_surrogate(int32_t unit)
{
    return (unit & 0xFC00) == 0xD800;
}

static inline int is_low_surrogate(int32_t unit)
{
    return (unit & 0xFC00) == 0xDC00;
}

/* "\uXXXX" at reader->at, with its second half if it is a pair. */
static int scan_unicode_escape(uapi_json_reader *reader)
{
    const char *at = reader->at;
    int32_t unit = reader->end - at < 6 ? -1 : hex_unit(at + 2);

    if (unit < 0) {
        return uapi_json_refuse(reader, UAPI_REASON_JSON_SYNTAX, at, "a malformed \\u escape");
    }
    if (unit == 0) {
        return uapi_json_refuse(reader, UAPI_REASON_JSON_NUL, at, "an escaped NUL");
    }
    reader->at += 6;
    if (is_high_surrogate(unit)) {
        if (reader->end - at < 12 || at[6] != '\\' || at[7] != 'u' || !is_low_surrogate(hex_unit(at + 8))) {
            return uapi_json_refuse(reader, UAPI_REASON_JSON_UTF8, at, "an unpaired surrogate escape");
        }
        reader->at += 6;
    } else if (is_low_surrogate(unit)) {
        return uapi_json_refuse(reader, UAPI_REASON_JSON_UTF8, at, "an unpaired surrogate escape");
    }
    return 1;
}

static int scan_escape(uapi_json_reader *reader)
{
    if (reader->end - reader->at < 2) {
        return uapi_json_refuse(reader, UAPI_REASON_JSON_SYNTAX, reader->at, "the text ends inside a string");
    }
    switch (reader->at[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        reader->at += 2;
        return 1;
    case 'u':
        return scan_unicode_escape(reader);
    default:
        return uapi_json_refuse(reader, UAPI_REASON_JSON_SYNTAX, reader->at, "an unknown escape");
    }
}

/* Length of the UTF-8 sequence at `at`, whose first byte is not ASCII; 0 if it is ill-formed (Unicode, table 3-7). */
static size_t utf8_sequence(const unsigned char *at, const unsigned char *end)
{
    size_t length = at[0] >= 0xF0 ? 4 : at[0] >= 0xE0 ? 3 : 2;
    unsigned char low = 0x80, high = 0xBF;
    size_t i;

    if (at[0] < 0xC2 || at[0] > 0xF4 || (size_t)(end - at) < length) {
        return 0;
    }
    switch (at[0]) {
    case 0xE0:
        low = 0xA0;
        break; /* overlong */
    case 0xED:
        high = 0x9F;
        break; /* surrogates */
    case 0xF0:
        low = 0x90;
        break; /* overlong */
    case 0xF4:
        high = 0x8F;
        break; /* beyond U+10FFFF */
    default:
        break;
    }
    if (at[1] < low || at[1] > high) {
        return 0;
    }
    for (i = 2; i < length; i++) {
        if ((at[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    return length;
}

/* All of the non-ASCII characters that stand together at reader->at. */
static int scan_utf8(uapi_json_reader *reader)
{
    const unsigned char *at = (const unsigned char *)reader->at;
    const unsigned char *end = (const unsigned char *)reader->end;

    while (at < end && *at >= 0x80) {
        size_t length = utf8_sequence(at, end);

        if (!length) {
            return uapi_json_refuse(reader, UAPI_REASON_JSON_UTF8, (const char *)at, "invalid UTF-8");
        }
        at += length;
    }
    reader->at = (const char *)at;
    return 1;
}

int uapi_json_scan_string(uapi_json_reader *reader, uapi_json_node *node)
{
    const char *start = reader->at;

    for (;;) {
        unsigned char byte;

        reader->at = uapi_skip_plain(reader->at, reader->end);
        if (reader->at == reader->end) {
            return uapi_json_refuse(reader, UAPI_REASON_JSON_SYNTAX, reader->at, "the text ends inside a string");
        }
        byte = (unsigned char)*reader->at;
        if (byte == '"') {
            node->length = (uint32_t)(reader->at - start);
            reader->at++;
            return 1;
        }
        if (byte == '\\') {
            node->escaped = 1;
            if (!scan_escape(reader)) {
                return 0;
            }
        } else if (byte >= 0x80) {
            if (!scan_utf8(reader)) {
                return 0;
            }
        } else if (byte < 0x20) {
            return byte ? uapi_json_refuse(reader, UAPI_REASON_JSON_SYNTAX, reader->at, "a control character")
                        : uapi_json_refuse(reader, UAPI_REASON_JSON_NUL, reader->at, "a NUL byte");
        } else {
            reader->at++;
        }
    }
}

static size_t encode_utf8(uint32_t point, char out[4])
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (char)(0xC0 | point >> 6);
        out[1] = (char)(0x80 | (point & 0x3F));
        return 2;
    }
    if (point < 0x10000) {
        out[0] = (char)(0xE0 | point >> 12);
        out[1] = (char)(0x80 | (point >> 6 & 0x3F));
        out[2] = (char)(0x80 | (point & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | point >> 18);
    out[1] = (char)(0x80 | (point >> 12 & 0x3F));
    out[2] = (char)(0x80 | (point >> 6 & 0x3F));
    out[3] = (char)(0x80 | (point & 0x3F));
    return 4;
}

size_t uapi_json_decode_escape(const char *raw, char out[4], size_t *taken)
{
    static const char single[256] = {
        ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t'};
    int32_t unit;

    if (raw[1] != 'u') {
        out[0] = single[(unsigned char)raw[1]];
        *taken = 2;
        return 1;
    }
    unit = hex_unit(raw + 2);
    *taken = 6;
    if (is_high_surrogate(unit)) {
        *taken = 12;
        unit = 0x10000 + ((unit - 0xD800) << 10) + (hex_unit(raw + 8) - 0xDC00);
    }
    return encode_utf8((uint32_t)unit, out);
}

size_t uapi_json_unescape(const uapi_json *json, uint32_t node, char *out)
{
    const char *at = json->text + json->nodes[node].start;
    const char *end = at + json->nodes[node].length;
    char *to = out;

    while (at < end) {
        const char *escape;
        size_t run, taken;

        while (at < end && *at == '\\') { /* escapes stand in groups: text that is not Latin is all escapes */
            to += uapi_json_decode_escape(at, to, &taken);
            at += taken;
        }
        escape = memchr(at, '\\', (size_t)(end - at));
        run = (size_t)((escape ? escape : end) - at);
        memcpy(to, at, run);
        to += run;
        at += run;
    }
    return (size_t)(to - out);
}

void uapi_json_string(const uapi_json *json, uint32_t node, apr_pool_t *pool, const char **text, size_t *length)
{
    const uapi_json_node *string = &json->nodes[node];

    if (string->escaped) {
        char *copy = apr_palloc(pool, string->length);

        *length = uapi_json_unescape(json, node, copy);
        *text = copy;
    } else {
        *text = json->text + string->start;
        *length = string->length;
    }
}

char *uapi_json_strdup(const uapi_json *json, uint32_t node, apr_pool_t *pool)
{
    char *copy = apr_palloc(pool, (size_t)json->nodes[node].length + 1);

    copy[uapi_json_unescape(json, node, copy)] = '\0';
    return copy;
}

static inline unsigned char lower(unsigned char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte | 0x20) : byte;
}

static int bytes_equal(const char *one, const char *other, size_t length, int nocase)
{
    size_t i;

    if (!nocase) {
        return memcmp(one, other, length) == 0;
    }
    for (i = 0; i < length; i++) {
        if (lower((unsigned char)one[i]) != lower((unsigned char)other[i])) {
            return 0;
        }
    }
    return 1;
}

/* Compares without a copy: run by run of plain bytes, escape by escape. */
static int string_equals(const uapi_json *json, uint32_t node, const char *text, int nocase)
{
    const uapi_json_node *string = &json->nodes[node];
    const char *at = json->text + string->start;
    const char *end = at + string->length;
    size_t left = strlen(text);

    if (string->type != UAPI_JSON_STRING || string->length < left || (!string->escaped && string->length != left)) {
        return 0;
    }
    while (at < end) {
        const char *escape = string->escaped ? memchr(at, '\\', (size_t)(end - at)) : NULL;
        size_t run = (size_t)((escape ? escape : end) - at);
        size_t taken = 0, length = 0;
        char bytes[4];

        if (run > left || !bytes_equal(at, text, run, nocase)) {
            return 0;
        }
        text += run;
        left -= run;
        at += run;
        if (escape) {
            length = uapi_json_decode_escape(escape, bytes, &taken);
            if (length > left || !bytes_equal(bytes, text, length, nocase)) {
                return 0;
            }
            text += length;
            left -= length;
            at += taken;
        }
    }
    return left == 0;
}

int uapi_json_equals(const uapi_json *json, uint32_t node, const char *text)
{
    return string_equals(json, node, text, 0);
}

int uapi_json_equals_nocase(const uapi_json *json, uint32_t node, const char *text)
{
    return string_equals(json, node, text, 1);
}
