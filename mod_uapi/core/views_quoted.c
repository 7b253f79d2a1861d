/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Quoted-printable (RFC 2045, section 6.7), in place. "=20" also stands in URLs and code, so a text counts as quoted-printable only if a
 * line of it ends in "=" or several octets are written so that stand close together.
 */
#include "views_internal.h"

#define LEAST_OCTETS 3

/* A soft line break at text[i]; its length or 0. */
static size_t soft_break(const char *text, size_t length, size_t i)
{
    size_t end = i + 1;

    while (end < length && (text[end] == ' ' || text[end] == '\t') && end - i < 8) {
        end++;
    }
    if (end < length && text[end] == '\r') {
        end++;
    }
    return end < length && text[end] == '\n' ? end + 1 - i : 0;
}

static int octet(const char *text, size_t length, size_t i)
{
    int high, low;

    if (i + 2 >= length || text[i] != '=') {
        return -1;
    }
    high = views_hex(text[i + 1]);
    low = views_hex(text[i + 2]);
    return high < 0 || low < 0 || text[i + 1] >= 'a' || text[i + 2] >= 'a' ? -1 : high << 4 | low;
}

/* The octets from text[i] on that make one character; how many, 0 if they make none. */
static size_t character(const char *text, size_t length, size_t i, char *out)
{
    int first = octet(text, length, i), next;
    size_t want = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4, n;
    uint32_t c;

    if (first < 0 || (first < 0x20 && first != '\n' && first != '\r' && first != '\t') || first == 0x7f) {
        return 0;
    }
    out[0] = (char)first;
    for (n = 1; n < want; n++) {
        next = octet(text, length, i + 3 * n);
        if (next < 0x80) {
            return 0;
        }
        out[n] = (char)next;
    }
    return want && uapi_views_character(out, want, 0, &c) == want ? want : 0;
}

int uapi_views_quoted_at(const char *text, size_t length, size_t i)
{
    size_t end = i + 160 < length ? i + 160 : length, count = 0;

    if (octet(text, length, i) < 0) {
        return i > 0 && views_is_token(text[i - 1]) && soft_break(text, length, i) > 0;
    }
    for (; i < end && count < LEAST_OCTETS; i++) {
        count += octet(text, length, i) >= 0;
    }
    return count == LEAST_OCTETS;
}

void uapi_views_quoted(views_writer *writer)
{
    const char *text = writer->base->text;
    size_t length = writer->base->length, i = 0, taken, written;
    char out[4];

    while (i < length && !writer->views->exhausted) {
        if (text[i] != '=') {
            i++;
            continue;
        }
        taken = soft_break(text, length, i);
        written = taken ? 0 : character(text, length, i, out);
        taken = written ? written * 3 : taken;
        if (!taken) {
            i++;
            continue;
        }
        if (uapi_views_fresh(writer, i, i + taken)) {
            uapi_views_edit(writer, i, i + taken, out, written);
        }
        i += taken;
    }
    uapi_views_finish(writer);
}
