/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Unicode undone, in place. What only Unicode's own text needs stays: a joiner between emoji or between letters of a script that
 * joins, a mark on a letter that is not Latin, a tag sequence behind a flag. Patterns are written in ASCII, so a character is
 * only worth undoing next to one or where it becomes one.
 *
 * A letter that looks like a Latin one is replaced in a word that reads as Latin: one that has an ASCII letter, or four letters that all
 * has a Latin look-alike. Ordinary Russian or Greek words have neither and stay.
 */
#include "views_internal.h"

#define FLAG 0x1F3F4
#define TAG_FIRST 0xE0020
#define TAG_LAST 0xE007E
#define TAG_CANCEL 0xE007F
#define LONGEST_WORD 256
#define LONGEST_HIDDEN 4096

typedef struct fold_state {
    views_writer *writer;
    const char *text;
    size_t length;
    size_t word_end; /* what `latin` says holds up to here */
    int latin;
    int before_ascii; /* what was last kept or written is ASCII */
    int changed;      /* somebody only wants to know whether there is anything */
} fold_state;

static int is_tag(uint32_t c)
{
    return c >= TAG_FIRST && c <= TAG_LAST;
}

static int is_selector(uint32_t c)
{
    return (c >= 0xFE00 && c <= 0xFE0F) || (c >= 0xE0100 && c <= 0xE01EF);
}

/* A character of a word: everything but spaces and punctuation. */
static int in_word(const char *text, size_t length, size_t i, uint32_t *c, size_t *step)
{
    if ((unsigned char)text[i] < 0x80) {
        *c = (unsigned char)text[i];
        *step = 1;
        return views_is_word(text[i]) || text[i] == '-';
    }
    *step = uapi_views_character(text, length, i, c);
    return !((*c >= 0x2000 && *c < 0x200B) || (*c >= 0x2012 && *c < 0x202A) || (*c >= 0x3000 && *c < 0x3040) ||
             *c == 0xA0);
}

static size_t word_start(const char *text, size_t i)
{
    size_t least = i > LONGEST_WORD ? i - LONGEST_WORD : 0;

    while (i > least && ((unsigned char)text[i - 1] >= 0x80 || views_is_word(text[i - 1]) || text[i - 1] == '-')) {
        i--;
    }
    return i;
}

/* Does the word around text[i] read as Latin? */
static int reads_as_latin(fold_state *state, size_t i)
{
    size_t at = word_start(state->text, i), start = at, step, letters = 0, alike = 0, ascii = 0;
    uint32_t c;

    while (at < state->length && at < i + LONGEST_WORD && in_word(state->text, state->length, at, &c, &step)) {
        fold_entry entry = c < 0x80 ? (fold_entry){0, 0, 0} : uapi_views_fold_of(c);

        ascii += c < 0x80 && views_is_letter((char)c);
        ascii += entry.class == FOLD_REPLACE && views_is_letter(*uapi_views_fold_text(entry));
        alike += entry.class == FOLD_LETTER;
        letters += entry.class == FOLD_LETTER || entry.class == FOLD_KEEP;
        at += step;
    }
    state->word_end = at;
    state->latin = ascii > 0 || (alike > 3 && alike == letters);
    if (!state->latin && alike == 1 && start >= 2 && state->text[start - 1] == ' ') {
        state->latin = views_is_letter(state->text[start - 2]);
    }
    return state->latin;
}

static int next_is_ascii(const fold_state *state, size_t i)
{
    size_t tries;
    uint32_t c;

    for (tries = 0; tries < 8 && i < state->length; tries++) {
        fold_entry entry;

        if ((unsigned char)state->text[i] < 0x80) {
            return 1;
        }
        i += uapi_views_character(state->text, state->length, i, &c);
        entry = uapi_views_fold_of(c);
        if (entry.class != FOLD_INVISIBLE && entry.class != FOLD_MARK) {
            return (entry.class == FOLD_REPLACE || entry.class == FOLD_LETTER) &&
                   (unsigned char)*uapi_views_fold_text(entry) < 0x80;
        }
    }
    return 0;
}

static void edit(fold_state *state, size_t from, size_t to, const char *with, size_t length)
{
    state->changed = 1;
    if (state->writer && uapi_views_fresh(state->writer, from, to)) {
        uapi_views_edit(state->writer, from, to, with, length);
    }
}

/* The character at i, `step` bytes long. */
static void fold_one(fold_state *state, size_t i, size_t step, uint32_t c)
{
    fold_entry entry = uapi_views_fold_of(c);
    const char *text = uapi_views_fold_text(entry);

    switch (entry.class) {
    case FOLD_REPLACE:
        /* signs of other scripts' typography only where ASCII is */
        if (views_is_word(*text) || state->before_ascii || next_is_ascii(state, i + step)) {
            edit(state, i, i + step, text, entry.length);
        }
        state->before_ascii = (unsigned char)text[entry.length - 1] < 0x80;
        break;
    case FOLD_LETTER:
        state->before_ascii = i < state->word_end ? state->latin : reads_as_latin(state, i);
        if (state->before_ascii) {
            edit(state, i, i + step, text, entry.length);
        }
        break;
    case FOLD_MARK:
        if (state->before_ascii) {
            edit(state, i, i + step, "", 0);
        }
        break;
    case FOLD_INVISIBLE:
        /* a selector only concerns what stands before it: an emoji's stays */
        if (state->before_ascii || (!is_selector(c) && next_is_ascii(state, i + step))) {
            edit(state, i, i + step, "", 0);
        }
        break;
    default:
        state->before_ascii = 0;
        break;
    }
}

/* ------------------------------------------------------------- text in what is not seen */

static size_t skip_hidden(const fold_state *state, size_t i, int (*is)(uint32_t))
{
    uint32_t c;

    while (i < state->length && (unsigned char)state->text[i] >= 0x80) {
        size_t step = uapi_views_character(state->text, state->length, i, &c);

        if (!is(c)) {
            break;
        }
        i += step;
    }
    return i;
}

/* Also further on in a sequence that follows one. */
static int follows_flag(const fold_state *state, size_t i)
{
    uint32_t c = 0;
    size_t tries;

    for (tries = 0; tries < 8 && i >= 4 && uapi_views_character(state->text, state->length, i - 4, &c) == 4; tries++) {
        if (!is_tag(c)) {
            return c == FLAG;
        }
        i -= 4;
    }
    return 0;
}

/* Tags and selectors spell bytes; what they spell is a text of its own. */
static void reveal(fold_state *state, size_t from, size_t to)
{
    char spelled[LONGEST_HIDDEN];
    size_t length = 0, i = from;
    uint32_t kind = state->writer->kind, c;

    while (i < to && length < sizeof(spelled)) {
        i += uapi_views_character(state->text, state->length, i, &c);
        spelled[length++] = (char)(is_tag(c) ? c - 0xE0000 : c < 0xE0000 ? c - 0xFE00 : c - 0xE0100 + 16);
    }
    uapi_views_finish(state->writer);
    state->writer->kind = kind | UAPI_VIEW_DECODED;
    uapi_views_open(state->writer);
    uapi_views_put(state->writer, from, i, spelled, length);
    uapi_views_close(state->writer);
    state->writer->kind = kind;
    if (i < to) {
        reveal(state, i, to);
    }
}

/* The end of a run that is more than a sign here and there; `i` if it is none. */
static size_t hidden_end(const fold_state *state, size_t i, uint32_t c)
{
    size_t end = is_tag(c) ? skip_hidden(state, i, is_tag) : is_selector(c) ? skip_hidden(state, i, is_selector) : i;
    uint32_t after = 0;

    if (end == i) {
        return i;
    }
    if (is_tag(c) && end - i <= 4 * 7 && follows_flag(state, i) && end < state->length) {
        uapi_views_character(state->text, state->length, end, &after);
    }
    return after == TAG_CANCEL || end - i < 4 * (is_tag(c) ? 2 : 3) ? i : end;
}

/* ------------------------------------------------------------- the transform */

int uapi_views_fold_at(const char *text, size_t length, size_t i)
{
    fold_state state = {.text = text, .length = length, .before_ascii = i > 0 && (unsigned char)text[i - 1] < 0x80};
    uint32_t c;
    size_t step = uapi_views_character(text, length, i, &c);

    if (is_tag(c) || is_selector(c)) {
        state.changed = hidden_end(&state, i, c) != i;
    }
    fold_one(&state, i, step, c);
    return state.changed;
}

static size_t fold_at(fold_state *state, size_t i)
{
    uint32_t c;
    size_t step = uapi_views_character(state->text, state->length, i, &c), end;

    if (is_tag(c) || is_selector(c)) {
        end = hidden_end(state, i, c);
        if (end > i) {
            if (uapi_views_fresh(state->writer, i, end)) {
                reveal(state, i, end);
                edit(state, i, end, "", 0);
            }
            return end;
        }
    }
    fold_one(state, i, step, c);
    return i + step;
}

void uapi_views_fold(views_writer *writer)
{
    fold_state state = {.writer = writer, .text = writer->base->text, .length = writer->base->length};
    size_t i = 0;

    while (i < state.length && !writer->views->exhausted) {
        if ((unsigned char)state.text[i] < 0x80) {
            state.before_ascii = 1;
            i++;
        } else {
            i = fold_at(&state, i);
        }
    }
    uapi_views_finish(writer);
}
