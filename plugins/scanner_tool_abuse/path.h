/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file path.h
 * A path as it was sent: its dots and separators in every spelling that some decoder behind the tool may undo. What the
 * host's views undo (percent-encoding, also nested; full-width forms) comes here undone as well as spelled.
 */
#ifndef SCANNER_TOOL_ABUSE_PATH_H
#define SCANNER_TOOL_ABUSE_PATH_H

#include <stddef.h>

#include "uapi_plugin.h"

/** What was read of a path. */
typedef struct path_climb {
    size_t from, to;  /* from the first step up to the end of the path */
    size_t target;    /* where the last step ends */
    unsigned steps;   /* how often it goes up */
    unsigned spelled; /* how many of these steps are written in a way that only decoders need */
    unsigned hidden;  /* how many in a way that no encoder makes: overlong, double, digits encoded */
    unsigned dotted;  /* how many with three dots or more */
    int descends; /* names before the first step, less what is climbed out of, at the lowest; < 0: out of the root */
    int rooted;   /* begins with a separator */
    int reversed; /* has a backslash */
} path_climb;

/** Read the path that stands in [first, last), which holds no blank. */
path_climb path_read(const uapi_string *text, size_t first, size_t last);

/** The end of the path that goes on from `at`: a blank, a quote, a bracket, or `last`. */
size_t path_end(const uapi_string *text, size_t at, size_t last);
/** Where the path begins that `at` is in. */
size_t path_begin(const uapi_string *text, size_t at, size_t first);

/** 1 if [from, to) names, behind separators in any spelling, a file that a climb is made for. */
int path_is_telling(const uapi_string *text, size_t from, size_t to);

#endif
