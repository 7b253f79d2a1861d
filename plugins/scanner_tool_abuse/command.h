/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file command.h
 * The command that would be run at a place: a line for a shell, taken apart as far as it must be to tell a command from
 * a sentence, a quoted text or a comment; or an array of arguments. Lives on the stack of a verifier.
 */
#ifndef SCANNER_TOOL_ABUSE_COMMAND_H
#define SCANNER_TOOL_ABUSE_COMMAND_H

#include <stddef.h>

#include "uapi_plugin.h"

enum { COMMAND_WORDS = 48, COMMAND_BYTES = 1024, COMMAND_DEPTH = 4 };

typedef struct command {
    const char
        *word[COMMAND_WORDS + 1]; /* without quoting; the first is the program without its path; NULL at the end */
    size_t count;
    size_t from, to;      /* bytes of the text */
    const char *by;       /* what it was run by: "sudo", "doas", "pkexec"; or NULL */
    const char *assigned; /* the last variable that is set for it, name=value; or NULL */
    const char *redirect; /* the file that its output goes to, or NULL */
    int piped;            /* something is written into it */
    size_t used;
    char bytes[COMMAND_BYTES];
} command;

/**
 * The command that [from, to) is a part of: 1, or 0 if what stands there is not run: words of a sentence, a quoted text of a
 * program that does not run it, a comment, a member that is about something.
 */
int command_around(const uapi_candidate *candidate, size_t from, size_t to, command *found);

/** 1 if `word` is among the words of `list`, which are separated by spaces, in any case. */
int command_is(const char *word, const char *list);
/** 1 if the program is one of the list. */
int command_runs(const command *self, const char *list);
/** The first word from `start` on that is one of the list; 0 if there is none. */
size_t command_has(const command *self, size_t start, const char *list);
/** The first word that begins so, in any case; 0 if there is none. */
size_t command_begins(const command *self, const char *start);
/** The first word that has this in it, in any case; 0 if there is none. */
size_t command_holds(const command *self, const char *part);
/** What an option is given: the next word of `-x value` and `--name value`, the rest of `--name=value`; NULL if it is not there. */
const char *command_option(const command *self, const char *names);

#endif
