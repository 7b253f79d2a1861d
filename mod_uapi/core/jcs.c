/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Records are written on every call, so the writer goes straight into the caller's buffer: one bounds check a piece,
 * strings copied in runs of bytes that need no judging. The state of each level is kept to place the commas, and so
 * that a mistake in a caller fails the document in its first test instead of writing a record that is no JSON.
 */
#include "jcs.h"

#include <stdlib.h>
#include <string.h>

#include "plain.h"

/* What may come next at a level. */
enum { WANTS_VALUE, WANTS_NOTHING, WANTS_FIRST_KEY, WANTS_KEY, WANTS_MEMBER, WANTS_FIRST_ELEMENT, WANTS_ELEMENT };

static void misuse(uapi_jcs *jcs)
{
#ifdef UAPI_DEBUG
    abort();
#endif
    jcs->failed = 1;
}

static inline void put(uapi_jcs *jcs, const char *bytes, size_t length)
{
    if (jcs->failed || (size_t)(jcs->end - jcs->at) < length) {
        jcs->failed = 1;
        return;
    }
    memcpy(jcs->at, bytes, length);
    jcs->at += length;
}

static inline void put_byte(uapi_jcs *jcs, char byte)
{
    if (jcs->failed || jcs->at == jcs->end) {
        jcs->failed = 1;
        return;
    }
    *jcs->at++ = byte;
}

void uapi_jcs_begin(uapi_jcs *jcs, char *buffer, size_t size)
{
    jcs->start = jcs->at = buffer;
    jcs->end = buffer + size;
    jcs->failed = 0;
    jcs->depth = 0;
    jcs->state[0] = WANTS_VALUE;
    jcs->key[0] = NULL;
}

size_t uapi_jcs_end(uapi_jcs *jcs)
{
    if (!jcs->failed && (jcs->depth != 0 || jcs->state[0] != WANTS_NOTHING)) {
        misuse(jcs);
    }
    return jcs->failed ? 0 : (size_t)(jcs->at - jcs->start);
}

/* Moves the level on as a value is written into it, and writes the comma between elements. */
static int before_value(uapi_jcs *jcs)
{
    uint8_t *state = &jcs->state[jcs->depth];

    if (jcs->failed) {
        return 0;
    }
    switch (*state) {
    case WANTS_VALUE:
        *state = WANTS_NOTHING;
        break;
    case WANTS_MEMBER:
        *state = WANTS_KEY;
        break;
    case WANTS_FIRST_ELEMENT:
        *state = WANTS_ELEMENT;
        break;
    case WANTS_ELEMENT:
        put_byte(jcs, ',');
        break;
    default:
        misuse(jcs);
        break;
    }
    return !jcs->failed;
}

static void open_level(uapi_jcs *jcs, char bracket, uint8_t state)
{
    if (!before_value(jcs)) {
        return;
    }
    if (jcs->depth == UAPI_JCS_MAX_DEPTH) {
        misuse(jcs);
        return;
    }
    put_byte(jcs, bracket);
    jcs->depth++;
    jcs->state[jcs->depth] = state;
    jcs->key[jcs->depth] = NULL;
}

static void close_level(uapi_jcs *jcs, char bracket, uint8_t empty, uint8_t filled)
{
    uint8_t state = jcs->state[jcs->depth];

    if (jcs->failed) {
        return;
    }
    if (state != empty && state != filled) {
        misuse(jcs);
        return;
    }
    put_byte(jcs, bracket);
    jcs->depth--;
}

void uapi_jcs_object_open(uapi_jcs *jcs)
{
    open_level(jcs, '{', WANTS_FIRST_KEY);
}

void uapi_jcs_object_close(uapi_jcs *jcs)
{
    close_level(jcs, '}', WANTS_FIRST_KEY, WANTS_KEY);
}

void uapi_jcs_array_open(uapi_jcs *jcs)
{
    open_level(jcs, '[', WANTS_FIRST_ELEMENT);
}

void uapi_jcs_array_close(uapi_jcs *jcs)
{
    close_level(jcs, ']', WANTS_FIRST_ELEMENT, WANTS_ELEMENT);
}

void uapi_jcs_key(uapi_jcs *jcs, const char *key)
{
    uint8_t state = jcs->state[jcs->depth];
    const char *last = jcs->key[jcs->depth];
    size_t length = strlen(key);
    char *at = jcs->at;

    if (jcs->failed) {
        return;
    }
    if ((state != WANTS_FIRST_KEY && state != WANTS_KEY) || (last && strcmp(last, key) >= 0) ||
        !uapi_all_plain(key, length)) {
        misuse(jcs);
        return;
    }
    if ((size_t)(jcs->end - at) < length + 4) {
        jcs->failed = 1;
        return;
    }
    if (state == WANTS_KEY) {
        *at++ = ',';
    }
    *at++ = '"';
    memcpy(at, key, length);
    at += length;
    *at++ = '"';
    *at++ = ':';
    jcs->at = at;
    jcs->state[jcs->depth] = WANTS_MEMBER;
    jcs->key[jcs->depth] = key;
}

/*
 * The maximal part of a UTF-8 sequence at `at`: sets *valid if it is a whole character. The ranges of the second byte
 * are those of Unicode table 3-7.
 */
static size_t utf8_part(const unsigned char *at, size_t left, int *valid)
{
    unsigned char lead = at[0];
    unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    size_t want = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    size_t have = 1;

    *valid = 0;
    if (lead < 0xC2 || lead > 0xF4) {
        return 1;
    }
    while (have < want && have < left && at[have] >= low && at[have] <= high) {
        low = 0x80;
        high = 0xBF;
        have++;
    }
    *valid = have == want;
    return have;
}

static void put_escape(uapi_jcs *jcs, unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";
    static const char shorts[0x20] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    char escape[6] = {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 0xF]};

    if (byte >= 0x20 || shorts[byte]) {
        escape[1] = byte >= 0x20 ? (char)byte : shorts[byte];
        put(jcs, escape, 2);
    } else {
        put(jcs, escape, 6);
    }
}

/* A string with something to escape or to judge in it: run by run. */
static void put_special(uapi_jcs *jcs, const unsigned char *at, size_t length)
{
    size_t part;
    int valid;

    while (length && !jcs->failed) {
        part = 0;
        while (part < length && uapi_is_plain(at[part])) {
            part++;
        }
        if (part) {
            put(jcs, (const char *)at, part);
        } else if (*at < 0x80) {
            part = 1;
            put_escape(jcs, *at);
        } else {
            part = utf8_part(at, length, &valid);
            put(jcs, valid ? (const char *)at : "\xEF\xBF\xBD", valid ? part : 3);
        }
        at += part;
        length -= part;
    }
}

void uapi_jcs_string(uapi_jcs *jcs, const char *text, size_t length)
{
    if (!before_value(jcs)) {
        return;
    }
    put_byte(jcs, '"');
    if (uapi_all_plain(text, length)) {
        put(jcs, text, length);
    } else {
        put_special(jcs, (const unsigned char *)text, length);
    }
    put_byte(jcs, '"');
}

void uapi_jcs_cstring(uapi_jcs *jcs, const char *text)
{
    if (text) {
        uapi_jcs_string(jcs, text, strlen(text));
    } else {
        uapi_jcs_null(jcs);
    }
}

void uapi_jcs_int(uapi_jcs *jcs, int64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;

    if (value > UAPI_JCS_MAX_INTEGER || value < -UAPI_JCS_MAX_INTEGER) {
        jcs->failed = 1;
        return;
    }
    if (!before_value(jcs)) {
        return;
    }
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0) {
        digits[--at] = '-';
    }
    put(jcs, digits + at, sizeof(digits) - at);
}

void uapi_jcs_bool(uapi_jcs *jcs, int value)
{
    if (before_value(jcs)) {
        put(jcs, value ? "true" : "false", value ? 4 : 5);
    }
}

void uapi_jcs_null(uapi_jcs *jcs)
{
    if (before_value(jcs)) {
        put(jcs, "null", 4);
    }
}
