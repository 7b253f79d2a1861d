/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "path.h"

#include <string.h>
#include <strings.h>

#include <apr_lib.h>

#include "form.h"

typedef struct reader {
    uapi_path *path;
    char *out, *folded; /* where the next byte goes */
} reader;

/* ---------------------------------------------------------------- case */

size_t uapi_path_fold(char *out, const char *text, size_t length)
{
    static const struct {
        const char *utf8;
        size_t length;
        char letter;
    } foreign[] = {{"\xC4\xB0", 2, 'i'}, {"\xC4\xB1", 2, 'i'}, {"\xC5\xBF", 2, 's'}, {"\xE2\x84\xAA", 3, 'k'}};
    char *to = out;

    for (size_t at = 0; at < length;) {
        size_t taken = 0;
        for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]) && taken == 0; i++) {
            if (foreign[i].length <= length - at && memcmp(text + at, foreign[i].utf8, foreign[i].length) == 0) {
                *to++ = foreign[i].letter;
                taken = foreign[i].length;
            }
        }
        if (taken == 0) {
            *to++ = (char)(text[at] >= 'A' && text[at] <= 'Z' ? text[at] | 0x20 : text[at]);
            taken = 1;
        }
        at += taken;
    }
    return (size_t)(to - out);
}

/* ---------------------------------------------------------------- bytes */

/* Length of the UTF-8 sequence at `at`, 0 if it is none (RFC 3629, section 4). */
static size_t utf8_length(const unsigned char *at, size_t left)
{
    static const struct {
        unsigned char first, last, low, high; /* of the first byte, and of the second */
        size_t length;
    } rows[] = {
        {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t good = 1;
        if (*at < rows[i].first || *at > rows[i].last) {
            continue;
        }
        while (good < rows[i].length && good < left && at[good] >= (good == 1 ? rows[i].low : 0x80) &&
               at[good] <= (good == 1 ? rows[i].high : 0xbf)) {
            good++;
        }
        return good == rows[i].length ? good : 0;
    }
    return 0;
}

/* What compatibility normalisation makes a dot, slash or backslash of. */
static int is_disguised(const char *at, size_t length)
{
    static const char *const characters[] = {
        "\xEF\xBC\x8E" /* U+FF0E */, "\xEF\xBC\x8F" /* U+FF0F */, "\xEF\xBC\xBC" /* U+FF3C */,
        "\xE2\x80\xA4" /* U+2024 */, "\xE2\x80\xA5" /* U+2025 */, "\xEF\xB9\x92" /* U+FE52 */,
        "\xEF\xB9\xA8" /* U+FE68 */,
    };

    for (size_t i = 0; length == 3 && i < sizeof(characters) / sizeof(characters[0]); i++) {
        if (memcmp(at, characters[i], 3) == 0) {
            return 1;
        }
    }
    return 0;
}

static const char *judge_text(const char *text, size_t length)
{
    for (size_t at = 0; at < length;) {
        size_t taken = utf8_length((const unsigned char *)text + at, length - at);
        if (taken == 0) {
            return "a segment is not valid UTF-8";
        }
        if (is_disguised(text + at, taken)) {
            return "a segment has a character that may be read as a dot or slash";
        }
        if (length - at >= 3 && text[at] == '%' && apr_isxdigit(text[at + 1]) && apr_isxdigit(text[at + 2])) {
            return "a double percent-encoding";
        }
        at += taken;
    }
    if ((length == 1 && text[0] == '.') || (length == 2 && text[0] == '.' && text[1] == '.')) {
        return "a dot segment";
    }
    return NULL;
}

static int hex(char digit)
{
    return digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}

static int is_escape(const char *at, const char *end)
{
    return end - at >= 3 && at[0] == '%' && apr_isxdigit(at[1]) && apr_isxdigit(at[2]);
}

/* One escape or character to `*byte`; what is wrong with it, or NULL. */
static const char *read_byte(const char **at, const char *end, char *byte)
{
    int escaped = **at == '%';

    if (escaped && !is_escape(*at, end)) {
        return "a bad percent-encoding";
    }
    *byte = escaped ? (char)(hex((*at)[1]) << 4 | hex((*at)[2])) : **at;
    *at += escaped ? 3 : 1;
    if (*byte == ';') {
        return "a path parameter";
    }
    if ((unsigned char)*byte < 0x20 || *byte == 0x7f || strchr("/\\?#", *byte) != NULL) {
        return "an encoded separator or a control character";
    }
    /* pchar of RFC 3986 */
    if (!escaped && !apr_isalnum(*byte) && strchr("-._~!$&'()*+,=:@", *byte) == NULL) {
        return "a character that no path has";
    }
    return NULL;
}

static const char *read_segment(reader *r, const char *at, const char *end, int is_last)
{
    uapi_path_segment *segment = &r->path->segments[r->path->count++];
    const char *fault;
    char *text = r->out;

    while (at < end) {
        fault = read_byte(&at, end, r->out);
        if (fault != NULL) {
            return fault;
        }
        r->out++;
    }
    segment->text = text;
    segment->length = (size_t)(r->out - text);
    segment->folded = r->folded;
    segment->folded_length = uapi_path_fold(r->folded, text, segment->length);
    r->folded += segment->folded_length;
    return segment->length == 0 && !is_last ? "an empty segment" : judge_text(text, segment->length);
}

const char *uapi_path_read(uapi_path *path, const char *text, size_t length, apr_pool_t *pool)
{
    reader r = {path, apr_palloc(pool, length + 1), apr_palloc(pool, length + 1)};
    const char *at = text, *end = text + length, *fault = NULL;

    path->count = 0;
    if (length == 0 || text[0] != '/') {
        return "it does not begin with a slash";
    }
    while (at < end && fault == NULL) {
        const char *slash = memchr(at + 1, '/', (size_t)(end - at - 1)), *stop = slash != NULL ? slash : end;
        if (path->count == UAPI_PATH_MAX_SEGMENTS) {
            return "too many segments";
        }
        fault = read_segment(&r, at + 1, stop, slash == NULL);
        at = stop;
    }
    return fault;
}

/* ---------------------------------------------------------------- the method */

static int is_override(const char *name, size_t length)
{
    static const char *const names[] = {"_method", "x-http-method-override", "x-http-method", "x-method-override"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strlen(names[i]) == length && strncasecmp(names[i], name, length) == 0) {
            return 1;
        }
    }
    return 0;
}

int uapi_path_overrides_method(const char *query, size_t length)
{
    char name[64];
    const char *end = query + length;

    for (const char *at = query; at < end;) {
        size_t field = uapi_form_field_length(at, (size_t)(end - at)), width = 0;
        while (width < field && at[width] != '=' && at[width] != '[') {
            width++;
        }
        if (width <= sizeof(name) && is_override(name, uapi_form_decode(name, at, width))) {
            return 1;
        }
        at += field + 1;
    }
    return 0;
}
