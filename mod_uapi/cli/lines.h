/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file lines.h
 * A file descriptor read line by line, without a copy of any line.
 */
#ifndef UAPI_CLI_LINES_H
#define UAPI_CLI_LINES_H

#include <stddef.h>

/** Longer lines are passed over and reported. */
#define UAPI_LINES_LONGEST ((size_t)64 * 1024 * 1024)

typedef struct uapi_lines {
    int fd;
    void (*before_read)(void); /* called before each read(), which may wait; may be NULL */
    char *buffer;
    size_t room, start, end;
    int ended;
} uapi_lines;

typedef enum uapi_lines_outcome {
    UAPI_LINES_LINE,
    UAPI_LINES_TOO_LONG,
    UAPI_LINES_END,
    UAPI_LINES_FAILED /* errno says why */
} uapi_lines_outcome;

void uapi_lines_open(uapi_lines *lines, int fd, void (*before_read)(void));
/** The next line without its newline; it stays until the next call. A last line need not end in one. */
uapi_lines_outcome uapi_lines_next(uapi_lines *lines, const char **line, size_t *length);
void uapi_lines_close(uapi_lines *lines);

#endif
