/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file scan_text.h
 * Questions about characters and their surroundings. All look at ASCII only; no question reads outside the text.
 */
#ifndef SCANNER_PII_SCAN_TEXT_H
#define SCANNER_PII_SCAN_TEXT_H

#include <stddef.h>

#include "uapi_plugin.h"

int text_digit(char c);
int text_letter(char c);
int text_alnum(char c);
int text_hex(char c);
char text_capital(char c);
/** The character at `at`, or 0 outside the text. `at` may be the largest size_t: one before the start. */
char text_at(const uapi_string *text, size_t at);
/** 1 if a number may begin at `at`: no letter, digit or part of a number stands before it. */
int text_begins(const uapi_string *text, size_t at);
/** 1 if a number may end before `at`. */
int text_ends(const uapi_string *text, size_t at);
/** 1 if [from, to) is part of a row of groups of digits that spaces part, such as "1020 3456 79". */
int text_continues(const uapi_string *text, size_t from, size_t to);
/** 1 if a digit is among [from, to). */
int text_has_digit(const uapi_string *text, size_t from, size_t to);
/** 1 if [from, to) equals `word` (capitals), in any case. */
int text_is(const uapi_string *text, size_t from, size_t to, const char *word);

#endif
