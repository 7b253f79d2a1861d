/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Characters that are written otherwise, in place: %41 (RFC 3986, section 2.1) and %u0041, &#65; &#x41; &amp; (HTML, section 13.5), \x41
 * \u0041 \u{41} \U00000041 \101 and the single-letter escapes of C, JSON and JavaScript. What would not become UTF-8 stays as it is.
 *
 * Of the single-letter escapes only those that part two words or escape a quote are undone: "\n" is everywhere.
 */
#include "views_internal.h"

#include <string.h>

#define LONGEST_ENTITY 12
#define LONGEST_SEQUENCE 4

/* What stands at a place: `taken` bytes that mean one character, or for `byte` one byte of one. */
typedef struct views_escape {
    size_t taken;
    uint32_t value;
    int byte;
    int weak; /* not worth it */
} views_escape;

/* ------------------------------------------------------------- digits */

/* Up to `most` digits of the base; how many there are. */
static size_t digits(const char *text, size_t length, size_t i, int base, size_t most, uint32_t *value)
{
    size_t count;

    *value = 0;
    for (count = 0; count < most && i + count < length; count++) {
        int digit = views_hex(text[i + count]);

        if (digit < 0 || digit >= base) {
            break;
        }
        *value = *value * (uint32_t)base + (uint32_t)digit;
    }
    return count;
}

static views_escape exactly(const char *text, size_t length, size_t i, size_t prefix, size_t count, int byte)
{
    views_escape escape = {0, 0, byte, 0};

    if (digits(text, length, i + prefix, 16, count, &escape.value) == count) {
        escape.taken = prefix + count;
    }
    return escape;
}

/* ------------------------------------------------------------- percent */

static views_escape percent(const char *text, size_t length, size_t i)
{
    if (i + 1 < length && (text[i + 1] | 0x20) == 'u') {
        return exactly(text, length, i, 2, 4, 0);
    }
    return exactly(text, length, i, 1, 2, 1);
}

/* ------------------------------------------------------------- entities */

/* clang-format off */
static const struct {
    const char *name;
    uint32_t value;
} entities[] = {
    {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}, {"nbsp", ' '}, {"sol", '/'}, {"bsol", '\\'},
    {"colon", ':'}, {"semi", ';'}, {"period", '.'}, {"comma", ','}, {"equals", '='}, {"lpar", '('}, {"rpar", ')'},
    {"lbrace", '{'}, {"lcub", '{'}, {"rbrace", '}'}, {"rcub", '}'}, {"lbrack", '['}, {"lsqb", '['}, {"rbrack", ']'},
    {"rsqb", ']'}, {"num", '#'}, {"dollar", '$'}, {"percnt", '%'}, {"ast", '*'}, {"plus", '+'}, {"quest", '?'}, {"excl", '!'},
    {"commat", '@'}, {"grave", '`'}, {"verbar", '|'}, {"vert", '|'}, {"lowbar", '_'}, {"UnderBar", '_'}, {"hyphen", '-'},
    {"dash", '-'}, {"Tab", '\t'}, {"NewLine", '\n'}, {"shy", 0xAD}, {"zwj", 0x200D}, {"zwnj", 0x200C}, {"ZeroWidthSpace", 0x200B},
};
/* clang-format on */

static views_escape named(const char *text, size_t length, size_t i)
{
    views_escape escape = {0, 0, 0, 0};
    size_t end = i + 1, e;

    while (end < length && end - i <= LONGEST_ENTITY + 3 && views_is_letter(text[end])) {
        end++;
    }
    if (end >= length || text[end] != ';') {
        return escape;
    }
    for (e = 0; e < sizeof(entities) / sizeof(entities[0]); e++) {
        if (strlen(entities[e].name) == end - i - 1 && memcmp(entities[e].name, text + i + 1, end - i - 1) == 0) {
            escape.value = entities[e].value;
            escape.taken = end + 1 - i;
        }
    }
    return escape;
}

static views_escape entity(const char *text, size_t length, size_t i)
{
    views_escape escape = {0, 0, 0, 0};
    size_t count, prefix;
    int base;

    if (i + 2 >= length || text[i + 1] != '#') {
        return named(text, length, i);
    }
    base = (text[i + 2] | 0x20) == 'x' ? 16 : 10;
    prefix = base == 16 ? 3 : 2;
    while (i + prefix + 1 < length && text[i + prefix] == '0' && prefix < 12) {
        prefix++; /* leading zeros */
    }
    count = digits(text, length, i + prefix, base, 7, &escape.value);
    if (count) {
        escape.taken = prefix + count;
        escape.taken += i + escape.taken < length && text[i + escape.taken] == ';';
    }
    return escape;
}

/* ------------------------------------------------------------- backslash */

static views_escape braced(const char *text, size_t length, size_t i)
{
    views_escape escape = {0, 0, 0, 0};
    size_t count = digits(text, length, i + 3, 16, 6, &escape.value);

    if (count && i + 3 + count < length && text[i + 3 + count] == '}') {
        escape.taken = 4 + count;
    }
    return escape;
}

static views_escape surrogates(const char *text, size_t length, size_t i)
{
    views_escape high = exactly(text, length, i, 2, 4, 0), low;

    if (high.taken && high.value >= 0xd800 && high.value < 0xdc00 && i + 7 < length && text[i + 6] == '\\' &&
        text[i + 7] == 'u') {
        low = exactly(text, length, i + 6, 2, 4, 0);
        if (low.taken && low.value >= 0xdc00 && low.value < 0xe000) {
            high.value = 0x10000 + ((high.value & 0x3ff) << 10 | (low.value & 0x3ff));
            high.taken = 12;
        }
    }
    return high;
}

static views_escape octal(const char *text, size_t length, size_t i)
{
    views_escape escape = {0, 0, 1, 0};
    size_t count = digits(text, length, i + 1, 8, 3, &escape.value);

    if (count == 3 && escape.value < 0x100) {
        escape.taken = 4;
    }
    return escape;
}

static views_escape letter(const char *text, size_t length, size_t i)
{
    static const char letters[] = "n\nt\tr\r\"\"''//\\\\";
    const char *at;
    views_escape escape = {0, 0, 0, 1};

    for (at = letters; *at; at += 2) {
        if (*at == text[i + 1]) {
            escape.taken = 2;
            escape.value = (unsigned char)at[1];
            escape.weak = views_is_letter(*at)
                              ? i == 0 || !views_is_word(text[i - 1]) || i + 2 >= length || !views_is_word(text[i + 2])
                              : *at != '"' && *at != '\\';
        }
    }
    return escape;
}

static views_escape backslash(const char *text, size_t length, size_t i)
{
    char next = i + 1 < length ? text[i + 1] : 0;

    if ((next == 'x' || next == 'u') && i + 2 < length && text[i + 2] == '{') {
        return braced(text, length, i);
    }
    switch (next) {
    case 'x':
        return exactly(text, length, i, 2, 2, 1);
    case 'u':
        return surrogates(text, length, i);
    case 'U':
        return exactly(text, length, i, 2, 8, 0);
    case 0:
        return (views_escape){0, 0, 0, 0};
    default:
        return next >= '0' && next <= '3' ? octal(text, length, i) : letter(text, length, i);
    }
}

/* ------------------------------------------------------------- one place */

static views_escape escape_of(const char *text, size_t length, size_t i)
{
    switch (text[i]) {
    case '%':
        return percent(text, length, i);
    case '&':
        return entity(text, length, i);
    case '\\':
        return backslash(text, length, i);
    default:
        return (views_escape){0, 0, 0, 0};
    }
}

/* What is not to be seen in a text: patterns would not know it either. */
static int is_text(uint32_t c)
{
    return (c >= 0x20 && c != 0x7f && c < 0xd800) || (c >= 0xe000 && c <= 0x10ffff) || c == '\n' || c == '\t' ||
           c == '\r';
}

/* Bytes from 0x80 on count only where the escapes that follow make a character of them. */
static size_t sequence(const char *text, size_t length, size_t i, const views_escape *first, char *out, size_t *taken)
{
    size_t want = first->value < 0xc2   ? 0
                  : first->value < 0xe0 ? 2
                  : first->value < 0xf0 ? 3
                  : first->value < 0xf5 ? 4
                                        : 0,
           n;
    uint32_t c;

    out[0] = (char)first->value;
    *taken = first->taken;
    for (n = 1; n < want; n++) {
        views_escape next = i + *taken < length ? escape_of(text, length, i + *taken) : (views_escape){0, 0, 0, 0};

        if (!next.taken || !next.byte || (next.value & 0xc0) != 0x80) {
            return 0;
        }
        out[n] = (char)next.value;
        *taken += next.taken;
    }
    return want > 1 && uapi_views_character(out, want, 0, &c) == want && is_text(c) ? want : 0;
}

/* The character at i, written to `out`; its length, 0 if it stays as it is. */
static size_t undo(const char *text, size_t length, size_t i, char *out, size_t *taken, int *weak)
{
    views_escape escape = escape_of(text, length, i);

    *taken = escape.taken;
    *weak = escape.weak;
    if (!escape.taken) {
        return 0;
    }
    if (escape.byte && escape.value >= 0x80) {
        return sequence(text, length, i, &escape, out, taken);
    }
    return is_text(escape.value) ? uapi_views_utf8(escape.value, out) : 0;
}

int uapi_views_escape_at(const char *text, size_t length, size_t i)
{
    char out[LONGEST_SEQUENCE];
    size_t taken;
    int weak;

    return undo(text, length, i, out, &taken, &weak) > 0 && !weak;
}

/* ------------------------------------------------------------- the transform */

static size_t next_escape(const char *text, size_t length, size_t i)
{
    while (i < length && text[i] != '%' && text[i] != '&' && text[i] != '\\') {
        i++;
    }
    return i;
}

void uapi_views_escapes(views_writer *writer)
{
    const char *text = writer->base->text;
    size_t length = writer->base->length, i = 0, taken, written;
    char out[LONGEST_SEQUENCE];
    int weak;

    while ((i = next_escape(text, length, i)) < length && !writer->views->exhausted) {
        written = undo(text, length, i, out, &taken, &weak);
        if (!written) {
            i++;
            continue;
        }
        if (!weak && uapi_views_fresh(writer, i, i + taken)) {
            uapi_views_edit(writer, i, i + taken, out, written);
        }
        i += taken;
    }
    uapi_views_finish(writer);
}
