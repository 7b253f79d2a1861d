/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file jcs.h
 * Writes canonical JSON (RFC 8785, JSON Canonicalization Scheme) into a buffer of the caller's, for audit records.
 *
 * It does not sort: the caller adds the members of each object in the order of RFC 8785 section 3.2.3 (by UTF-16 code
 * units, which for ASCII keys is byte order). A key out of order or given twice, an unbalanced close, a value without
 * its key or nesting beyond UAPI_JCS_MAX_DEPTH fails the document as a whole; with UAPI_DEBUG defined it aborts.
 * Numbers are integers within ±(2^53 - 1) only: larger ones have no exact canonical form, and belong into a string. A
 * record never fails because of hostile bytes: invalid UTF-8 in a string becomes U+FFFD, one for each maximal
 * ill-formed part (Unicode, section 3.9).
 *
 * Memory: no allocation; nothing is written beyond the buffer; there is no terminating NUL. After an overflow all
 * further calls do nothing. One writer, one thread; writers share nothing.
 *
 *     uapi_jcs w;
 *     uapi_jcs_begin(&w, buffer, sizeof(buffer));
 *     uapi_jcs_object_open(&w);
 *     uapi_jcs_key(&w, "call");
 *     uapi_jcs_string(&w, id, id_length);
 *     uapi_jcs_object_close(&w);
 *     length = uapi_jcs_end(&w);              // 0: it did not fit
 */
#ifndef UAPI_CORE_JCS_H
#define UAPI_CORE_JCS_H

#include <stddef.h>
#include <stdint.h>

#define UAPI_JCS_MAX_DEPTH 16
#define UAPI_JCS_MAX_INTEGER 9007199254740991 /* 2^53 - 1 */

/** The caller makes room for it (on the stack) and reads no field of it. */
typedef struct uapi_jcs {
    char *start;
    char *at;
    char *end;
    int failed;
    unsigned depth;
    uint8_t state[UAPI_JCS_MAX_DEPTH + 1];   /* what may come next, one level each */
    const char *key[UAPI_JCS_MAX_DEPTH + 1]; /* the last key of each level, for the order check */
} uapi_jcs;

/** Starts a document. The buffer stays the caller's. */
void uapi_jcs_begin(uapi_jcs *jcs, char *buffer, size_t size);
/** Ends it: the bytes written, or 0 if it did not fit or is not exactly one whole value. */
size_t uapi_jcs_end(uapi_jcs *jcs);

void uapi_jcs_object_open(uapi_jcs *jcs);
void uapi_jcs_object_close(uapi_jcs *jcs);
void uapi_jcs_array_open(uapi_jcs *jcs);
void uapi_jcs_array_close(uapi_jcs *jcs);

/**
 * A member's key: NUL-terminated ASCII without a quote, backslash or control; it must live until the object's next
 * key or close.
 */
void uapi_jcs_key(uapi_jcs *jcs, const char *key);

/** `text` may be NULL when `length` is 0. Any bytes, NUL included. */
void uapi_jcs_string(uapi_jcs *jcs, const char *text, size_t length);
/** A NUL-terminated string; NULL writes null. */
void uapi_jcs_cstring(uapi_jcs *jcs, const char *text);
/** |value| must be at most UAPI_JCS_MAX_INTEGER; a larger one fails the document. */
void uapi_jcs_int(uapi_jcs *jcs, int64_t value);
void uapi_jcs_bool(uapi_jcs *jcs, int value);
void uapi_jcs_null(uapi_jcs *jcs);

#endif
