/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file transfer.h
 * Commands that collect data or send it away. A line is walked as a shell would run it, and what each command hands on
 * (through a pipe, a redirection, a substitution, a variable) is followed to the one that sends it.
 */
#ifndef SCANNER_EXFILTRATION_TRANSFER_H
#define SCANNER_EXFILTRATION_TRANSFER_H

#include <stddef.h>
#include <stdint.h>

#include "../scanner_shell.h"
#include "data.h"

typedef enum transfer_kind {
    TRANSFER_NONE,
    TRANSFER_UPLOAD,  /* with an HTTP client */
    TRANSFER_COPY,    /* scp, rsync, ftp ... to a host */
    TRANSFER_SOCKET,  /* nc, /dev/tcp, socat ... */
    TRANSFER_ENCODED, /* whatever sends it, it was encoded first */
    TRANSFER_MAIL,
    TRANSFER_CLOUD,   /* whole buckets and folders, to or from object storage */
    TRANSFER_SHARE,   /* made public, or another account's */
    TRANSFER_DUMP,    /* a database as a whole */
    TRANSFER_STORE,   /* all secrets of a secret store */
    TRANSFER_ARCHIVE, /* homes and configuration into an archive */
    TRANSFER_HARVEST, /* a search for secrets over the whole disk */
    TRANSFER_KINDS
} transfer_kind;

enum { TRANSFER_ARGUMENTS = 64, TRANSFER_HITS = 8, TRANSFER_DEPTH = 3 };

typedef struct transfer_hit {
    transfer_kind kind;
    uint32_t severity;
    size_t from, to; /* of the source */
} transfer_hit;

typedef struct transfer_hits {
    transfer_hit hit[TRANSFER_HITS];
    size_t count;
} transfer_hits;

/** A simple command, and what flows into it. */
typedef struct transfer_command {
    const char *argument[TRANSFER_ARGUMENTS + 1]; /* NULL at the end; [0] is the name without its path */
    uint8_t inserted[TRANSFER_ARGUMENTS];         /* data_worth of what a substitution puts into the argument */
    size_t count;
    size_t from, to;
    const char *input, *output; /* files of redirections, or NULL */
    const char *here;           /* the text of <<<, or NULL */
    int piped;                  /* its output goes into a pipe */
    data_worth incoming;        /* from the pipe, or the loop around it */
    int encoded;                /* what comes in was encoded */
    data_worth assigned;        /* the most that a variable of the line was given */
    unsigned depth;
} transfer_command;

/** Judge a line. `source` is what the words' positions count in. */
void transfer_judge(const shell_line *line, const char *source, unsigned depth, transfer_hits *hits);

/** The same for the arguments of one command that were given as such. */
void transfer_judge_arguments(const transfer_command *command, transfer_hits *hits);

/* What the walk asks of the programs (transfer_program.c, transfer_collect.c). */

/** Hits for what the command sends away. */
void transfer_send(const transfer_command *command, transfer_hits *hits);
/** Hits for what it collects. */
void transfer_collect(const transfer_command *command, transfer_hits *hits);
/** What its output is worth; `*encoded` is set if it encodes. */
data_worth transfer_output(const transfer_command *command, int *encoded);

void transfer_hit_add(transfer_hits *hits, transfer_kind kind, uint32_t severity, const transfer_command *command);
/** 1 if `name` is among the words of `list`, which are separated by spaces. */
int transfer_among(const char *name, const char *list);
/** 1 if the argument is there, in any case. */
int transfer_has(const transfer_command *command, const char *word);
/** 1 if an argument begins so (small letters), in any case. */
int transfer_prefix(const transfer_command *command, const char *start);
/** 1 if the arguments that are no options begin with these words. */
int transfer_verbs(const transfer_command *command, const char *list);
/** What the argument is worth as a literal: substitutions and variables in it. */
data_worth transfer_literal(const transfer_command *command, size_t argument);
/** The most that arguments from `first` on are worth as files; options are not. */
data_worth transfer_files(const transfer_command *command, size_t first);

#endif
