/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file words.h
 * Reading a text word by word. A word is a run of letters, digits and inner underscores; it is folded: lower case,
 * Latin letters without their accents, Cyrillic in lower case, apostrophes dropped ("Don't" is "dont"). What stands
 * between two words is told as a set of marks.
 */
#ifndef SCANNER_PROMPT_INJECTION_WORDS_H
#define SCANNER_PROMPT_INJECTION_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "uapi_plugin.h"

#define WORD_LONGEST 24 /* bytes of a folded word; what is longer is cut off and in no lexicon */

/* What stands before a word, as a bit set. */
enum {
    MARK_SENTENCE = 1, /* the end of a sentence, an empty line, or the border of a JSON string */
    MARK_COLON = 2,
    MARK_QUOTE = 4,
    MARK_LINE = 8
};

typedef struct word {
    size_t from, to; /* bytes of the text */
    uint8_t length;
    uint8_t marks; /* between the word before and this one */
    char folded[WORD_LONGEST];
} word;

/** Read the first word that begins at or after `at` and before `end`; 0 if there is none. */
int words_next(const uapi_string *text, size_t at, size_t end, word *read);

/** Where to begin so that about `bytes` before `at` are read, but no word from its middle. */
size_t words_back(const uapi_string *text, size_t at, size_t bytes);

#endif
