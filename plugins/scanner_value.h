/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file scanner_value.h
 * Shared by scanners: which part of a text a candidate belongs to: a line of it, a string of a JSON document, an array of arguments.
 */
#ifndef PLUGINS_SCANNER_VALUE_H
#define PLUGINS_SCANNER_VALUE_H

#include <stddef.h>

#include "uapi_plugin.h"

/** How far a verifier looks: before the candidate, after it. */
enum { VALUE_BACK = 512, VALUE_AHEAD = 1024 };

typedef struct value {
    size_t from, to;
    size_t key_from, key_to; /* the name of the member, if the value is one of an object; else both 0 */
} value;

/** The JSON string around [from, to), or as much as is looked at of a text that is none. */
value value_string(const uapi_string *text, size_t from, size_t to);
/** The same, cut to the line. */
value value_line(const uapi_string *text, size_t from, size_t to);
/** A string that value_string found, cut to the line. */
value value_cut(const uapi_string *text, value whole, size_t from, size_t to);
/** The array of strings that the place stands in: [open, close) with the brackets. 0 if there is none. */
int value_array(const uapi_string *text, size_t from, size_t to, size_t *open, size_t *close);
/** 1 if the member's name says that its value is about something and not executed: "message", "title", "pattern". */
int value_is_mention(const uapi_string *text, const value *found);

#endif
