/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file scanner_shell.h
 * A command line taken apart: words without their quoting, and what stands between them. Shared by scanners.
 */
#ifndef PLUGINS_SCANNER_SHELL_H
#define PLUGINS_SCANNER_SHELL_H

#include <stddef.h>

enum { SHELL_WORDS = 128, SHELL_BYTES = 2048 };

typedef enum shell_type {
    SHELL_WORD,
    SHELL_END,        /* ; && || & newline { } */
    SHELL_PIPE,       /* | |& */
    SHELL_GROUP,      /* ( */
    SHELL_SUBSTITUTE, /* $( <( >( */
    SHELL_BACKTICK,   /* the opening one */
    SHELL_CLOSE,      /* ) or the closing backtick */
    SHELL_REDIRECT    /* > >> < >& ...: the next word is a file */
} shell_type;

typedef struct shell_word {
    shell_type type;
    const char *text; /* NUL-terminated; without quoting */
    size_t from, to;  /* of the source */
} shell_word;

/** Lives on the stack of a verifier; the words point into `bytes`. */
typedef struct shell_line {
    char bytes[SHELL_BYTES];
    size_t used;
    shell_word words[SHELL_WORDS];
    size_t count;
} shell_line;

/** Take `text` apart. `base` is added to the positions. What does not fit is left off. */
void shell_split(shell_line *line, const char *text, size_t length, size_t base);

#endif
