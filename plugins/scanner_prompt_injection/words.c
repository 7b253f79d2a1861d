/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The folding is a table for the letters U+00C0 to U+017F and arithmetic for Cyrillic; everything else keeps its bytes,
 * which is enough to compare with a lexicon of the same spelling. A text that is not UTF-8 is read byte by byte and
 * never beyond its end.
 */
#include <string.h>

#include "words.h"

/* U+00C0 to U+017F without accents; '.' where a character is no letter. */
static const char latin[] = "aaaaaaaceeeeiiiidnooooo.ouuuuyts"
                            "aaaaaaaceeeeiiiidnooooo.ouuuuyty"
                            "aaaaaaccccccccddddeeeeeeeeeegggg"
                            "gggghhhhiiiiiiiiiiiijjkkklllllll"
                            "lllnnnnnnnnnoooooooorrrrrrssssss"
                            "ssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

typedef struct letter {
    uint8_t size;  /* bytes of the text */
    uint8_t count; /* bytes of the folded form; 0: no letter */
    char folded[4];
} letter;

static int continues(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

static letter fold_two(unsigned char first, unsigned char second)
{
    unsigned code = (first & 0x1FU) << 6 | (second & 0x3FU);
    letter made = {2, 2, {(char)first, (char)second}};

    if (code >= 0xC0 && code <= 0x17F) {
        made.folded[0] = latin[code - 0xC0];
        made.count = made.folded[0] != '.';
    } else if (code < 0xC0) {
        made.count = 0;
    } else if (code >= 0x410 && code <= 0x42F) {
        code += 0x20;
        made.folded[0] = (char)(0xC0 | code >> 6);
        made.folded[1] = (char)(0x80 | (code & 0x3F));
    }
    return made;
}

/*
 * Punctuation, symbols, emoji and characters of no width are no letters: U+2000 to U+2FFF, U+3000 to U+303F, from
 * U+FE00.
 */
static letter fold_long(const char *at, size_t left)
{
    unsigned char first = (unsigned char)at[0], second;
    letter made = {1, 0, {0}};

    if (first >= 0xF0) {
        made.size = left >= 4 && continues(at[1]) && continues(at[2]) && continues(at[3]) ? 4 : 1;
    } else if (left >= 3 && continues(at[1]) && continues(at[2])) {
        second = (unsigned char)at[1];
        made.size = 3;
        made.count = first == 0xE2 || (first == 0xE3 && second == 0x80) || first == 0xEF ? 0 : 3;
        memcpy(made.folded, at, 3);
    }
    return made;
}

/* The folded form of an ASCII letter or digit; 0 for anything else. */
static char fold_ascii(char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
        return c;
    }
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : 0;
}

static letter read_letter(const char *at, size_t left)
{
    unsigned char c = (unsigned char)at[0];

    if (c < 0x80) {
        char folded = fold_ascii(at[0]);

        return (letter){1, folded != 0, {folded}};
    }
    if (c >= 0xC2 && c < 0xE0 && left >= 2 && continues(at[1])) {
        return fold_two(c, (unsigned char)at[1]);
    }
    if (c >= 0xE0) {
        return fold_long(at, left);
    }
    return (letter){1, 0, {0}};
}

/* The length of an apostrophe or underscore at `at`, if a letter follows it; else 0. */
static size_t joint(const char *at, size_t left)
{
    size_t size = 0;

    if (left >= 2 && (at[0] == '\'' || at[0] == '_')) {
        size = 1;
    } else if (left >= 4 && memcmp(at, "\xE2\x80\x99", 3) == 0) {
        size = 3;
    }
    return size && read_letter(at + size, left - size).count ? size : 0;
}

static int ends_string(const char *at, size_t left, char before)
{
    return (left >= 2 && strchr(",:}]", at[1]) && at[1]) || before == '{' || before == ',' || before == '[' ||
           before == ':';
}

static int is_after_sentence(const char *at, size_t left)
{
    return left < 2 || strchr(" \t\r\n\"')]*<", at[1]) || (at[1] & 0x80);
}

static uint8_t marks_of(const char *text, size_t at, size_t length)
{
    size_t left = length - at;

    switch (text[at]) {
    case '.':
    case '!':
    case '?':
    case ';':
        return is_after_sentence(text + at, left) ? MARK_SENTENCE : 0;
    case '\n':
        return left >= 2 && text[at + 1] == '\n' ? MARK_SENTENCE | MARK_LINE : MARK_LINE;
    case ':':
        return MARK_COLON;
    case '"':
        return ends_string(text + at, left, at ? text[at - 1] : 0) ? MARK_SENTENCE | MARK_QUOTE : MARK_QUOTE;
    case '\'':
    case '`':
        return MARK_QUOTE;
    default:
        return left >= 3 && memcmp(text + at, "\xE2\x80", 2) == 0 && (unsigned char)text[at + 2] >= 0x98 &&
                       (unsigned char)text[at + 2] <= 0x9F
                   ? MARK_QUOTE
                   : 0;
    }
}

static void add(word *read, const letter *found)
{
    if (read->length + found->count <= WORD_LONGEST) {
        memcpy(read->folded + read->length, found->folded, found->count);
        read->length = (uint8_t)(read->length + found->count);
    }
}

static void read_word(const uapi_string *text, size_t at, size_t end, word *read)
{
    read->from = at;
    while (at < end) {
        char folded = fold_ascii(text->data[at]);
        letter found;
        size_t joined;

        if (folded) {
            if (read->length < WORD_LONGEST) {
                read->folded[read->length++] = folded;
            }
            at++;
            continue;
        }
        found = read_letter(text->data + at, text->length - at);
        if (found.count) {
            add(read, &found);
            at += found.size;
            continue;
        }
        joined = joint(text->data + at, text->length - at);
        if (!joined) {
            break;
        }
        if (text->data[at] == '_') {
            add(read, &(letter){1, 1, {'_'}});
        }
        at += joined;
    }
    read->to = at < text->length ? at : text->length;
}

int words_next(const uapi_string *text, size_t at, size_t end, word *read)
{
    read->length = read->marks = 0;
    end = end < text->length ? end : text->length;
    while (at < end) {
        letter found;

        if (text->data[at] == ' ') {
            at++;
            continue;
        }
        found = read_letter(text->data + at, text->length - at);
        if (found.count) {
            read_word(text, at, end, read);
            return 1;
        }
        read->marks |= marks_of(text->data, at, text->length);
        at += found.size;
    }
    return 0;
}

size_t words_back(const uapi_string *text, size_t at, size_t bytes)
{
    size_t begin = at > bytes ? at - bytes : 0, i;

    for (i = begin; begin && i < at; i++) {
        if (strchr(" \t\n\",.:", text->data[i]) && text->data[i]) {
            return i;
        }
    }
    return begin;
}
