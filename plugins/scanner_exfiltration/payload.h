/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file payload.h
 * Encoded runs (base64 in both alphabets, hexadecimal) in what a call sends, and what is in them.
 */
#ifndef SCANNER_EXFILTRATION_PAYLOAD_H
#define SCANNER_EXFILTRATION_PAYLOAD_H

#include <stddef.h>

#include "uapi_plugin.h"

typedef enum payload_kind {
    PAYLOAD_NONE,  /* a picture, a hash, a token, random bytes */
    PAYLOAD_TEXT,  /* much text, or an archive */
    PAYLOAD_SECRET /* something that has to do with secrets or persons */
} payload_kind;

typedef struct payload_run {
    size_t from, to;
    payload_kind kind;
} payload_run;

/**
 * The next run from `at` on that is of a kind; 0 if there is none. Looks at every 40th byte only until it meets a run, and
 * decodes a bounded part of each: linear in the text's length, and far less on ordinary text.
 */
int payload_next(uapi_string text, size_t at, payload_run *found);

#endif
