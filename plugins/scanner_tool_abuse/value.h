/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file value.h
 * Which argument a place of a text belongs to: a string of a JSON document, a field of a form or query, an attribute of
 * XML, a parameter of a multipart header, the path of a URL, or the text as a whole. Every look goes a bounded way, so the
 * cost of a candidate does not depend on the text.
 */
#ifndef SCANNER_TOOL_ABUSE_VALUE_H
#define SCANNER_TOOL_ABUSE_VALUE_H

#include <stddef.h>

#include "uapi_plugin.h"

/** How far a verifier looks: before the candidate, after it. */
enum { VALUE_BACK = 512, VALUE_AHEAD = 1024 };

/** Bits, so that a rule can name several. */
typedef enum value_shape {
    VALUE_RUNNING = 1, /* a part of a longer text */
    VALUE_WHOLE = 2,   /* the text itself, of one line */
    VALUE_STRING = 4,  /* of a JSON document */
    VALUE_FIELD = 8,   /* name=value */
    VALUE_ATTRIBUTE = 16 /* name="value" of XML, or of a header in multipart */,
    VALUE_PATH = 32 /* of a URL, without scheme and host: /a/b?c=d */
} value_shape;

/** What a server gets from a web form or a URL, where nobody needs to write paths or commands. */
#define VALUE_WEB (VALUE_FIELD | VALUE_ATTRIBUTE | VALUE_PATH)

typedef struct value {
    value_shape shape;
    size_t from, to;
    size_t key_from, key_to; /* the name of the member or field; both 0 if there is none */
} value;

/** The argument around [from, to). */
value value_around(const uapi_string *text, size_t from, size_t to);

/** The same for a mark that begins with the quote or `=` before the argument, and may end with the quote behind it. */
value value_of_mark(const uapi_string *text, size_t from);

/** 1 if the key is one of the words of `list`, which are separated by spaces, in any case. */
int value_key_among(const uapi_string *text, const value *found, const char *list);
/** 1 if the key says that the value is about something and does nothing: "message", "title", "pattern". */
int value_is_mention(const uapi_string *text, const value *found);
/** The same, and if it is a text to be written or read: "content", "old_string", "prompt". */
int value_is_writing(const uapi_string *text, const value *found);
/** How many blanks (space, tab, line break) are in it, as far as `most`. */
size_t value_blanks(const uapi_string *text, const value *found, size_t most);

/** 1 if the text goes on like this at `at`, in any case of ASCII. */
int text_starts(const uapi_string *text, size_t at, size_t end, const char *word);
/** The array of strings that [from, to) stands in: [open, close), brackets included. 0 if there is none. */
int value_array(const uapi_string *text, size_t from, size_t to, size_t *open, size_t *close);

static inline char text_small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}
static inline int text_is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (text_small(c) >= 'a' && text_small(c) <= 'z');
}
static inline int text_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

#endif
