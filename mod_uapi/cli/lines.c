/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LEAST_ROOM = 256 * 1024 };

void uapi_lines_open(uapi_lines *lines, int fd, void (*before_read)(void))
{
    memset(lines, 0, sizeof(*lines));
    lines->fd = fd;
    lines->before_read = before_read;
}

void uapi_lines_close(uapi_lines *lines)
{
    free(lines->buffer);
    lines->buffer = NULL;
}

/* Room behind `end`: first by moving what is unread to the front, then by growing. */
static int make_room(uapi_lines *lines)
{
    size_t unread = lines->end - lines->start;
    char *grown;

    if (lines->start > 0) {
        memmove(lines->buffer, lines->buffer + lines->start, unread);
        lines->start = 0;
        lines->end = unread;
    }
    if (lines->end < lines->room) {
        return 0;
    }
    grown = realloc(lines->buffer, lines->room ? lines->room * 2 : LEAST_ROOM);
    if (!grown) {
        return -1;
    }
    lines->buffer = grown;
    lines->room = lines->room ? lines->room * 2 : LEAST_ROOM;
    return 0;
}

/* Bytes added; 0 at the end of the input, -1 if it cannot be read. */
static ssize_t fill(uapi_lines *lines)
{
    ssize_t got;

    if (lines->ended) {
        return 0;
    }
    if (lines->end == lines->room && make_room(lines) != 0) {
        return -1;
    }
    if (lines->before_read) {
        lines->before_read();
    }
    do {
        got = read(lines->fd, lines->buffer + lines->end, lines->room - lines->end);
    } while (got < 0 && errno == EINTR);
    lines->ended = got == 0;
    lines->end += got > 0 ? (size_t)got : 0;
    return got;
}

static uapi_lines_outcome pass_over(uapi_lines *lines)
{
    for (;;) {
        char *newline = memchr(lines->buffer, '\n', lines->end);
        ssize_t got;

        if (newline) {
            lines->start = (size_t)(newline - lines->buffer) + 1;
            return UAPI_LINES_TOO_LONG;
        }
        lines->start = lines->end = 0;
        if ((got = fill(lines)) <= 0) {
            return got < 0 ? UAPI_LINES_FAILED : UAPI_LINES_TOO_LONG;
        }
    }
}

uapi_lines_outcome uapi_lines_next(uapi_lines *lines, const char **line, size_t *length)
{
    size_t seen = 0;

    for (;;) {
        size_t unread = lines->end - lines->start;
        char *newline = unread > seen ? memchr(lines->buffer + lines->start + seen, '\n', unread - seen) : NULL;
        ssize_t got;

        if (newline) {
            *line = lines->buffer + lines->start;
            *length = (size_t)(newline - *line);
            lines->start += *length + 1;
            return *length > UAPI_LINES_LONGEST ? UAPI_LINES_TOO_LONG : UAPI_LINES_LINE;
        }
        seen = unread;
        if (unread > UAPI_LINES_LONGEST) {
            return pass_over(lines);
        }
        if ((got = fill(lines)) < 0) {
            return UAPI_LINES_FAILED;
        }
        if (got == 0) {
            *line = lines->buffer + lines->start;
            *length = unread;
            lines->start = lines->end;
            return unread ? UAPI_LINES_LINE : UAPI_LINES_END;
        }
    }
}
