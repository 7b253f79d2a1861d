/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file lookalike.h
 * Labels of host names that are made to be read as another name (UTS 39: skeletons and mixed scripts).
 */
#ifndef SCANNER_SUSPICIOUS_URLS_LOOKALIKE_H
#define SCANNER_SUSPICIOUS_URLS_LOOKALIKE_H

#include <stddef.h>
#include <stdint.h>

#define LOOKALIKE_LABEL 63

/** Characters of a label in UTF-8, at most LOOKALIKE_LABEL; 0 if it is malformed or longer. */
size_t lookalike_decode_utf8(const char *label, size_t length, uint32_t out[static LOOKALIKE_LABEL]);

/** Characters of a label that begins with "xn--" (RFC 3492); 0 if it is malformed or longer. */
size_t lookalike_decode_punycode(const char *label, size_t length, uint32_t out[static LOOKALIKE_LABEL]);

/** 1 if the characters mix Latin with Cyrillic or Greek, or look like a well-known name without being it. */
int lookalike_judge(const uint32_t *characters, size_t count);

#endif
