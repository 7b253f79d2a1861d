/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* zlib reads what is not gzipped as it is, so the name of a file does not matter. */
#include "corpus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#define LONGEST ((size_t)64 * 1024 * 1024)
#define PIECE ((size_t)64 * 1024)

struct uapi_corpus_file {
    gzFile stream;
    char *buffer; /* malloc */
    size_t room, start, end;
};

static apr_status_t file_close(void *data)
{
    uapi_corpus_file *file = data;

    gzclose(file->stream);
    free(file->buffer);
    return APR_SUCCESS;
}

uapi_corpus_file *uapi_corpus_open(const char *path, apr_pool_t *pool)
{
    uapi_corpus_file *file = apr_pcalloc(pool, sizeof(*file));

    errno = 0;
    file->stream = strcmp(path, "-") == 0 ? gzdopen(0, "rb") : gzopen(path, "rbe");
    if (!file->stream) {
        errno = errno ? errno : ENOMEM;
        return NULL;
    }
    gzbuffer(file->stream, (unsigned)PIECE);
    apr_pool_cleanup_register(pool, file, file_close, apr_pool_cleanup_null);
    return file;
}

/* More bytes behind those that are there: how many, 0 at the end, -1 with a problem. */
static int fill(uapi_corpus_file *file, const char **problem)
{
    int got, code;

    memmove(file->buffer, file->buffer + file->start, file->end - file->start);
    file->end -= file->start;
    file->start = 0;
    if (file->room - file->end < PIECE) {
        char *grown = file->room < LONGEST ? realloc(file->buffer, file->room = file->room * 2 + 2 * PIECE) : NULL;

        if (!grown) {
            *problem = "a line is longer than 64 MiB, or than memory";
            return -1;
        }
        file->buffer = grown;
    }
    got = gzread(file->stream, file->buffer + file->end, (unsigned)PIECE);
    if (got < 0 || (got == 0 && (gzerror(file->stream, &code), code != Z_OK && code != Z_STREAM_END))) {
        const char *message = gzerror(file->stream, &code);

        *problem = code == Z_ERRNO ? strerror(errno) : message;
        return -1;
    }
    file->end += (size_t)got;
    return got;
}

uapi_corpus_outcome uapi_corpus_next(uapi_corpus_file *file, const char **line, size_t *length, const char **problem)
{
    size_t searched = 0;

    for (;;) {
        size_t have = file->end - file->start;
        const char *from = file->buffer + file->start;
        const char *newline = have > searched ? memchr(from + searched, '\n', have - searched) : NULL;
        int got;

        if (newline) {
            *line = from;
            *length = (size_t)(newline - from);
            file->start += *length + 1;
            return UAPI_CORPUS_LINE;
        }
        searched = have;
        got = fill(file, problem);
        if (got < 0) {
            return UAPI_CORPUS_FAILED;
        }
        if (got == 0) {
            *line = file->buffer + file->start;
            *length = file->end - file->start;
            file->start = file->end;
            return *length ? UAPI_CORPUS_LINE : UAPI_CORPUS_END;
        }
    }
}
