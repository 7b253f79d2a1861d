/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A text as a POSIX shell would read its words (POSIX.1-2017, Shell Command Language, section 2.2), in place: quotes and backslashes
 * inside words go, $'..' loses its quotes (its escapes are undone by the escapes' own transform), $IFS is a space, an escaped line
 * break goes. Quotes around whole words stay: they are in every text.
 */
#include "views_internal.h"

#include <string.h>

#define LONGEST_QUOTED 64

/* What stands at a place: `taken` bytes that become `with`; `close` is the place of a quote that goes, too. */
typedef struct views_quoting {
    size_t taken, close;
    const char *with;
} views_quoting;

static const views_quoting nothing = {0, 0, NULL};

static int word_at(const char *text, size_t length, size_t i)
{
    return i < length && views_is_word(text[i]);
}

static int word_before(const char *text, size_t i)
{
    return i > 0 && views_is_word(text[i - 1]);
}

/* The quote that closes the one before `i`; 0 if there is none near, or a space before it. */
static size_t closing(const char *text, size_t length, size_t i, char quote)
{
    size_t end = length - i > LONGEST_QUOTED ? i + LONGEST_QUOTED : length;

    while (i < end && text[i] != quote && (unsigned char)text[i] > ' ' && text[i] != ',' && text[i] != ':') {
        i++;
    }
    return i < end && text[i] == quote ? i : 0;
}

static views_quoting quote(const char *text, size_t length, size_t i)
{
    size_t close;

    if (i + 1 < length && text[i + 1] == text[i]) {
        return word_before(text, i) || (text[i] == '\'' && word_at(text, length, i + 2)) ? (views_quoting){2, 0, ""}
                                                                                         : nothing;
    }
    if (!word_at(text, length, i + 1) || (close = closing(text, length, i + 1, text[i])) == 0) {
        return nothing;
    }
    return word_before(text, i) || (text[i] == '\'' && word_at(text, length, close + 1)) ? (views_quoting){1, close, ""}
                                                                                         : nothing;
}

static views_quoting backslash(const char *text, size_t length, size_t i)
{
    if (i + 1 < length && text[i + 1] == '\n') {
        return (views_quoting){2, 0, ""};
    }
    if (i + 2 < length && (text[i + 1] == 'x' || text[i + 1] == 'u') && views_hex(text[i + 2]) >= 0) {
        return nothing; /* an escape */
    }
    if (i + 1 < length && strchr("nrt", text[i + 1]) && !word_at(text, length, i + 2)) {
        return nothing; /* the end of a line, written out */
    }
    return i > 0 && i + 1 < length && views_is_letter(text[i - 1]) && views_is_letter(text[i + 1])
               ? (views_quoting){1, 0, ""}
               : nothing;
}

static views_quoting dollar(const char *text, size_t length, size_t i)
{
    size_t left = length - i, close;

    if (left > 3 && text[i + 1] == '\'' && (close = closing(text, length, i + 2, '\'')) != 0) {
        return (views_quoting){2, close, ""};
    }
    if (left >= 4 && memcmp(text + i, "$IFS", 4) == 0) {
        return (views_quoting){left >= 6 && text[i + 4] == '$' && views_is_digit(text[i + 5]) ? 6 : 4, 0, " "};
    }
    if (left >= 6 && memcmp(text + i, "${IFS", 5) == 0) {
        const char *end = memchr(text + i, '}', left < 24 ? left : 24);

        return end ? (views_quoting){(size_t)(end + 1 - (text + i)), 0, " "} : nothing;
    }
    if (left > 2 && (text[i + 1] == '@' || text[i + 1] == '*') && word_before(text, i) &&
        word_at(text, length, i + 2)) {
        return (views_quoting){2, 0, ""};
    }
    return nothing;
}

static views_quoting quoting_of(const char *text, size_t length, size_t i)
{
    switch (text[i]) {
    case '\'':
    case '"':
        return quote(text, length, i);
    case '\\':
        return backslash(text, length, i);
    case '$':
        return dollar(text, length, i);
    default:
        return nothing;
    }
}

int uapi_views_shell_at(const char *text, size_t length, size_t i)
{
    return quoting_of(text, length, i).taken > 0;
}

void uapi_views_shell(views_writer *writer)
{
    const char *text = writer->base->text;
    size_t length = writer->base->length, i, close = 0;

    for (i = 0; i < length && !writer->views->exhausted; i++) {
        views_quoting quoting = i == close && close ? (views_quoting){1, 0, ""} : quoting_of(text, length, i);

        if (quoting.taken && uapi_views_fresh(writer, i, i + quoting.taken)) {
            uapi_views_edit(writer, i, i + quoting.taken, quoting.with, strlen(quoting.with));
            close = quoting.close ? quoting.close : close;
            i += quoting.taken - 1;
        }
    }
    uapi_views_finish(writer);
}
