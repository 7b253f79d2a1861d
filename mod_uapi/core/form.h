/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file form.h
 * Queries and forms (application/x-www-form-urlencoded, WHATWG URL section 5.1) as scanners see them. Pure; any thread.
 */
#ifndef UAPI_CORE_FORM_H
#define UAPI_CORE_FORM_H

#include <stddef.h>

/**
 * Decodes once: `+` is a space, escapes that mean nothing stay as they are. `out` has room for `length` bytes and may
 * hold NULs afterwards. Returns the bytes written.
 */
size_t uapi_form_decode(char *out, const char *text, size_t length);

/** Bytes of the first field: up to the next `&` or `;`. */
size_t uapi_form_field_length(const char *text, size_t length);

#endif
