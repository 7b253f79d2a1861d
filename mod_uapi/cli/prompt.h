/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file prompt.h
 * A secret from standard input: as it comes from a pipe or file, or typed without an echo.
 */
#ifndef UAPI_CLI_PROMPT_H
#define UAPI_CLI_PROMPT_H

#include <stddef.h>

/**
 * Read up to the end of input (at a terminal: one line, after printing `prompt`) and strip one trailing newline.
 * Returns the bytes read, `size` + 1 if there are more than `size`, or -1 with errno set. The caller wipes `buffer`,
 * which has room for `size` + 2 bytes.
 */
long uapi_prompt_secret(const char *prompt, char *buffer, size_t size);

#endif
