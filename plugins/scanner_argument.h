/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file scanner_argument.h
 * Shared by scanners: which argument a place of a text belongs to: a string of a JSON document, a field of a form or query, an attribute of
 * XML, a parameter of a multipart header, the path of a URL, or the text as a whole. Every look goes a bounded way, so the
 * cost of a candidate does not depend on the text.
 */
#ifndef PLUGINS_SCANNER_ARGUMENT_H
#define PLUGINS_SCANNER_ARGUMENT_H

#include <stddef.h>

#include "uapi_plugin.h"

/** How far a verifier looks: before the candidate, after it. */
enum { ARGUMENT_BACK = 512, ARGUMENT_AHEAD = 1024 };

/** Bits, so that a rule can name several. */
typedef enum argument_shape {
    ARGUMENT_RUNNING = 1, /* a part of a longer text */
    ARGUMENT_WHOLE = 2,   /* the text itself, of one line */
    ARGUMENT_STRING = 4,  /* of a JSON document */
    ARGUMENT_FIELD = 8,   /* name=value */
    ARGUMENT_ATTRIBUTE = 16 /* name="value" of XML, or of a header in multipart */,
    ARGUMENT_PATH = 32 /* of a URL, without scheme and host: /a/b?c=d */
} argument_shape;

/** What a server gets from a web form or a URL, where nobody needs to write paths or commands. */
#define ARGUMENT_WEB (ARGUMENT_FIELD | ARGUMENT_ATTRIBUTE | ARGUMENT_PATH)

typedef struct argument {
    argument_shape shape;
    size_t from, to;
    size_t key_from, key_to; /* the name of the member or field; both 0 if there is none */
} argument;

/** The argument around [from, to) of the candidate's text. */
argument argument_around(const uapi_candidate *candidate, size_t from, size_t to);

/** The same for a mark that begins with the quote or `=` before the argument, and may end with the quote behind it. */
argument argument_of_mark(const uapi_candidate *candidate, size_t from);

/** 1 if the key is one of the words of `list`, which are separated by spaces, in any case. */
int argument_key_among(const uapi_string *text, const argument *found, const char *list);
/** 1 if the key says that the value is about something and does nothing: "message", "title", "pattern". */
int argument_is_mention(const uapi_string *text, const argument *found);
/** The same, and if it is a text to be written or read: "content", "old_string", "prompt". */
int argument_is_writing(const uapi_string *text, const argument *found);
/** How many blanks (space, tab, line break) are in it, as far as `most`. */
size_t argument_blanks(const uapi_string *text, const argument *found, size_t most);

/** 1 if the text goes on like this at `at`, in any case of ASCII. */
int text_starts(const uapi_string *text, size_t at, size_t end, const char *word);
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
