/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file shell.h
 * The commands of a line, judged: what stands where a shell would execute it.
 */
#ifndef SCANNER_DESTRUCTIVE_SHELL_H
#define SCANNER_DESTRUCTIVE_SHELL_H

#include <stddef.h>
#include <stdint.h>

#include "../scanner_shell.h"
#include "rule.h"

enum { SHELL_ARGUMENTS = 64, SHELL_HITS = 8, SHELL_DEPTH = 3 };

/** One place of the source where a command does something. */
typedef struct shell_hit {
    hazard what;
    uint32_t severity; /* 0: the rule's */
    size_t from, to;
} shell_hit;

typedef struct shell_hits {
    shell_hit hit[SHELL_HITS];
    size_t count;
} shell_hits;

/** A simple command as it is judged. */
typedef struct shell_command {
    const char *argument[SHELL_ARGUMENTS + 1]; /* NULL at the end */
    size_t count;
    size_t from, to;
    int piped;      /* arguments come from elsewhere: xargs, parallel */
    int fetched;    /* an argument is the output of a download or decoder */
    int device;     /* its output goes to a disk */
    int socket;     /* its input or output goes to /dev/tcp */
    unsigned depth; /* scripts within scripts */
} shell_command;

/** Judge all commands of the line. */
void shell_judge(const shell_line *line, unsigned depth, shell_hits *hits);
/** Judge one command: wrappers off, scripts within it opened. */
void shell_judge_command(const shell_command *command, shell_hits *hits);
/** Judge text that a command runs as a script; what is found is said of the command. */
void shell_judge_script(const shell_command *command, const char *script, size_t length, shell_hits *hits);
void shell_hit_add(shell_hits *hits, hazard what, uint32_t severity, const shell_command *command);

/** What the command itself does, by its table (program_*.c); argument[0] is the name without its path. */
void program_judge(const shell_command *command, shell_hits *hits);
void program_git(const shell_command *command, shell_hits *hits);
void program_cloud(const shell_command *command, shell_hits *hits);
void program_windows(const shell_command *command, shell_hits *hits);

/** 1 if `name` is among the words of `list`, which are separated by spaces. */
int shell_among(const char *name, const char *list);
/** 1 if an option -x with the letter, also bundled, or the long one is there; `--` ends the search. */
int shell_option(const shell_command *command, char letter, const char *name);
/** 1 if the word is one of the arguments, in any case. */
int shell_argument(const shell_command *command, const char *word);
/** 1 if an argument begins so, in any case. */
int shell_prefix(const shell_command *command, const char *start);
/** 1 if the arguments that are no options begin with these words (`list` as above). */
int shell_verbs(const shell_command *command, const char *list);

#endif
