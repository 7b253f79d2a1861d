/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file base64.h
 * Strict base64 (RFC 4648 section 4, padded, no white space, unused bits zero), so that a byte string has exactly one
 * spelling. Neither allocates nor branches on what it decodes.
 */
#ifndef UAPI_CORE_BASE64_H
#define UAPI_CORE_BASE64_H

#include <stddef.h>
#include <stdint.h>

/** Bytes that `length` characters of `text` decode to, by length and padding alone; -1 if they cannot be base64. */
ptrdiff_t uapi_base64_decoded_length(const char *text, size_t length);

/**
 * Decode into `bytes`, which has room for the decoded length. Returns the bytes written, or -1 if it is not strict
 * base64.
 */
ptrdiff_t uapi_base64_decode(uint8_t *bytes, const char *text, size_t length);

#endif
