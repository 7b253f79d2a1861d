/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file views_internal.h
 * What the files of the views share. Nobody else includes this.
 *
 * A transform reads a base (the text or a fragment), calls uapi_views_edit for what it undoes, in the order of the base, and
 * uapi_views_finish at the end; or writes fragments of its own between uapi_views_open and uapi_views_close.
 */
#ifndef UAPI_CORE_VIEWS_INTERNAL_H
#define UAPI_CORE_VIEWS_INTERNAL_H

#include "views.h"

/** What there is to undo; also which transforms run. */
typedef enum views_need {
    VIEWS_FOLD = 1,
    VIEWS_ESCAPES = 2,
    VIEWS_QUOTED = 4,
    VIEWS_RUNS = 8,
    VIEWS_SHELL = 16,
    VIEWS_JOIN = 32,
    VIEWS_ALL = 63
} views_need;

typedef struct views_writer {
    uapi_views *views;
    apr_pool_t *pool;
    const uapi_views_fragment *base;
    uint32_t kind;   /* UAPI_VIEW_* of the transform that runs */
    size_t left;     /* bytes that fragments may still have */
    uint32_t cursor; /* a piece of the base near the last place looked up */
    int open, apart;
    size_t copied; /* up to where the base is in the fragment that is open */
    char *text;    /* malloc; the fragment that is open */
    size_t length, room;
    uapi_views_piece *pieces; /* malloc */
    uint32_t count, piece_room;
} views_writer;

/** Which transforms have something to do in the text. Allocates nothing. */
uint32_t uapi_views_needs(const char *text, size_t length);

/** In place: the bytes [from, to) of the base are `length` bytes at `with`. Opens a fragment where none is near. */
void uapi_views_edit(views_writer *writer, size_t from, size_t to, const char *with, size_t length);
/** Whether a place of the base is worth an edit: in the text always, in a fragment only near to what was undone before. */
int uapi_views_fresh(const views_writer *writer, size_t from, size_t to);
void uapi_views_finish(views_writer *writer);

/** A fragment by itself. `apart` begins a part of its own. */
void uapi_views_open(views_writer *writer);
void uapi_views_copy(views_writer *writer, size_t from, size_t to);
void uapi_views_put(views_writer *writer, size_t from, size_t to, const char *with, size_t length);
void uapi_views_apart(views_writer *writer);
void uapi_views_close(views_writer *writer);
/** The fragment that is open comes to nothing. */
void uapi_views_drop(views_writer *writer);

/** The transforms, each in its file. */
void uapi_views_fold(views_writer *writer);
void uapi_views_escapes(views_writer *writer);
void uapi_views_quoted(views_writer *writer);
void uapi_views_runs(views_writer *writer);
void uapi_views_shell(views_writer *writer);
void uapi_views_join(views_writer *writer);

/** Whether a place that the first reading stopped at is one; each beside its transform. `i` is the place of the character. */
int uapi_views_fold_at(const char *text, size_t length, size_t i);
int uapi_views_escape_at(const char *text, size_t length, size_t i);
int uapi_views_quoted_at(const char *text, size_t length, size_t i);
int uapi_views_shell_at(const char *text, size_t length, size_t i);
/** [from, to) is a run of token characters. */
int uapi_views_run_at(const char *text, size_t from, size_t to);
/** A quote, an ampersand, a full stop between two strings. */
int uapi_views_join_at(const char *text, size_t length, size_t i);

/** What a character folds to. */
typedef enum fold_class {
    FOLD_KEEP,
    FOLD_REPLACE,  /* by its text */
    FOLD_LETTER,   /* looks like a Latin letter: replaced by its text in a word that reads as Latin */
    FOLD_MARK,     /* combines: not seen on an ASCII character */
    FOLD_INVISIBLE /* not seen next to an ASCII character */
} fold_class;

typedef struct fold_entry {
    uint8_t class;
    uint8_t length;
    uint16_t text; /* offset */
} fold_entry;

fold_entry uapi_views_fold_of(uint32_t character);
const char *uapi_views_fold_text(fold_entry entry);

/** One character of UTF-8 at text[i]; its length. What is none is one byte of U+FFFD. */
size_t uapi_views_character(const char *text, size_t length, size_t i, uint32_t *character);
/** Write a character; its length, at most 4. */
size_t uapi_views_utf8(uint32_t character, char *out);

static inline int views_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline int views_is_letter(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static inline int views_is_word(char c)
{
    return views_is_digit(c) || views_is_letter(c) || c == '_';
}

/** Of base64, base64url, and names. */
static inline int views_is_token(char c)
{
    return views_is_word(c) || c == '-' || c == '+' || c == '/';
}

static inline int views_hex(char c)
{
    if (views_is_digit(c)) {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif
