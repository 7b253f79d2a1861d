/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file tool_name.h
 * The name of a tool or server, as a model or a person reads it.
 */
#ifndef SCANNER_TOOL_ABUSE_TOOL_NAME_H
#define SCANNER_TOOL_ABUSE_TOOL_NAME_H

#include <stddef.h>
#include <stdint.h>

#include "uapi_plugin.h"

enum { TOOL_NAME_LONGEST = 128 };

typedef enum tool_name_fault {
    TOOL_NAME_GOOD,
    TOOL_NAME_HIDDEN,   /* has characters that are not seen */
    TOOL_NAME_LOOKALIKE /* letters of two scripts in a word, or digits for the letters of a word */
} tool_name_fault;

/** [from, to) of the text. */
tool_name_fault tool_name_judge(const uapi_string *text, size_t from, size_t to);
/** 1 if it is a well-known server's name, spelled a little otherwise. */
int tool_name_imitates_server(const uapi_string *text, size_t from, size_t to);
/** What all names that look the same have in common: NUL-terminated; "" if the name is too long. */
void tool_name_skeleton(const uapi_string *text, size_t from, size_t to, char skeleton[TOOL_NAME_LONGEST]);

#endif
