/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "multipart.h"

#include <string.h>
#include <strings.h>

#include "path.h"

typedef struct reader {
    const char *at, *end;
    const char *boundary;
    size_t boundary_length;
} reader;

/* Takes "--boundary" and what ends its line: 1 if a part follows, 0 if that was the last one, -1 if it is no delimiter. */
static int take_delimiter(reader *r)
{
    const char *at = r->at;

    if ((size_t)(r->end - at) < r->boundary_length + 4 || memcmp(at, "--", 2) != 0 ||
        memcmp(at + 2, r->boundary, r->boundary_length) != 0) {
        return -1;
    }
    at += 2 + r->boundary_length;
    r->at = at + 2;
    return memcmp(at, "\r\n", 2) == 0 ? 1 : memcmp(at, "--", 2) == 0 ? 0 : -1;
}

static int begins(const char *line, size_t length, const char *name)
{
    return length >= strlen(name) && strncasecmp(line, name, strlen(name)) == 0;
}

static int is_identity(const char *value, size_t length)
{
    static const char *const names[] = {"7bit", "8bit", "binary"};

    while (length > 0 && (*value == ' ' || *value == '\t')) {
        value++;
        length--;
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (length == strlen(names[i]) && strncasecmp(value, names[i], length) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Of every parameter called name, however it is separated. */
static int names_method(const char *line, size_t length)
{
    for (size_t at = 0; at + 5 < length; at++) {
        size_t from = at + 5, width;
        if (strncasecmp(line + at, "name=", 5) != 0) {
            continue;
        }
        from += line[from] == '"';
        width = 0;
        while (from + width < length && strchr("\"; \t", line[from + width]) == NULL) {
            width++;
        }
        if (uapi_path_overrides_method(line + from, width)) {
            return 1;
        }
    }
    return 0;
}

static uapi_multipart_fault judge_header(const char *line, size_t length)
{
    static const char encoding[] = "content-transfer-encoding:", disposition[] = "content-disposition:";

    if (line[0] == ' ' || line[0] == '\t' || memchr(line, ':', length) == NULL) {
        return UAPI_MULTIPART_MALFORMED; /* folded lines too: RFC 7578 has no need of them, and readers disagree */
    }
    if (begins(line, length, encoding) && !is_identity(line + sizeof(encoding) - 1, length - sizeof(encoding) + 1)) {
        return UAPI_MULTIPART_ENCODED;
    }
    return begins(line, length, disposition) && names_method(line, length) ? UAPI_MULTIPART_METHOD
                                                                           : UAPI_MULTIPART_GOOD;
}

static uapi_multipart_fault take_headers(reader *r)
{
    uapi_multipart_fault fault = UAPI_MULTIPART_GOOD;

    while (fault == UAPI_MULTIPART_GOOD) {
        const char *stop = memmem(r->at, (size_t)(r->end - r->at), "\r\n", 2), *line = r->at;
        if (stop == NULL) {
            return UAPI_MULTIPART_MALFORMED;
        }
        r->at = stop + 2;
        if (stop == line) {
            return UAPI_MULTIPART_GOOD;
        }
        fault = memchr(line, '\n', (size_t)(stop - line)) != NULL ? UAPI_MULTIPART_MALFORMED
                                                                  : judge_header(line, (size_t)(stop - line));
    }
    return fault;
}

/* The contents, up to a delimiter at the beginning of a line. */
static int skip_contents(reader *r)
{
    const char *at = r->at - 2; /* an empty part's delimiter follows its headers at once */

    while ((at = memmem(at, (size_t)(r->end - at), "\r\n--", 4)) != NULL) {
        if ((size_t)(r->end - at) >= r->boundary_length + 4 && memcmp(at + 4, r->boundary, r->boundary_length) == 0) {
            r->at = at + 2;
            return 1;
        }
        at += 2;
    }
    return 0;
}

uapi_multipart_fault uapi_multipart_judge(const char *body, size_t length, const char *boundary, size_t boundary_length)
{
    reader r = {body, body + length, boundary, boundary_length};
    int more = take_delimiter(&r);

    while (more == 1) {
        uapi_multipart_fault fault = take_headers(&r);
        if (fault != UAPI_MULTIPART_GOOD) {
            return fault;
        }
        more = skip_contents(&r) ? take_delimiter(&r) : -1;
    }
    if (more == 0 && r.end - r.at >= 2 && memcmp(r.at, "\r\n", 2) == 0) {
        r.at += 2;
    }
    return more == 0 && r.at == r.end ? UAPI_MULTIPART_GOOD : UAPI_MULTIPART_MALFORMED;
}
