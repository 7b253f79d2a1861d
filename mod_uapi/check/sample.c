/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Texts that a regular expression matches, by walking it and choosing: without candidates a verifier would never be
 * called. What is not understood is taken literally; whether the text matches, libhs says.
 */
#include "check.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST 65536
#define MORE 3 /* repetitions beyond the least */
#define DEEPEST 100

typedef struct writer {
    char *bytes;
    size_t length;
    uint32_t seed;
    int depth;
} writer;

static uint32_t choose(writer *out, uint32_t among)
{
    out->seed = out->seed * UINT32_C(1664525) + UINT32_C(1013904223);
    return among ? (out->seed >> 8) % among : 0;
}

static void put(writer *out, unsigned char byte)
{
    if (out->length < LONGEST) {
        out->bytes[out->length++] = (char)byte;
    }
}

static void put_code_point(writer *out, unsigned long code)
{
    if (code < 0x80) {
        put(out, (unsigned char)code);
    } else if (code < 0x800) {
        put(out, (unsigned char)(0xc0 | code >> 6));
        put(out, (unsigned char)(0x80 | (code & 0x3f)));
    } else if (code < 0x10000) {
        put(out, (unsigned char)(0xe0 | code >> 12));
        put(out, (unsigned char)(0x80 | (code >> 6 & 0x3f)));
        put(out, (unsigned char)(0x80 | (code & 0x3f)));
    } else {
        put(out, (unsigned char)(0xf0 | (code >> 18 & 7)));
        put(out, (unsigned char)(0x80 | (code >> 12 & 0x3f)));
        put(out, (unsigned char)(0x80 | (code >> 6 & 0x3f)));
        put(out, (unsigned char)(0x80 | (code & 0x3f)));
    }
}

/* ------------------------------------------------------------- classes */

static int in_shorthand(char letter, int byte)
{
    switch (tolower(letter)) {
    case 'd':
        return isdigit(byte) != 0;
    case 'w':
        return isalnum(byte) || byte == '_';
    default: /* s */
        return byte == ' ' || (byte >= '\t' && byte <= '\r');
    }
}

static void add_shorthand(unsigned char set[256], char letter)
{
    int byte;

    for (byte = 0; byte < 128; byte++) {
        set[byte] |= (unsigned char)(in_shorthand(letter, byte) != (isupper((unsigned char)letter) != 0));
    }
}

static int is_shorthand(char letter)
{
    return letter && strchr("dDwWsS", letter) != NULL;
}

/* The character that an escape stands for; moves behind it. */
static unsigned long escaped(const char **at, const char *end)
{
    static const char letters[] = "ntrfvae0", meanings[] = "\n\t\r\f\v\a\033";
    const char *p = *at + 1;
    unsigned long code;
    char *stop;

    if (p < end && *p == 'x' && p + 1 < end && p[1] == '{') {
        code = strtoul(p + 2, &stop, 16);
        *at = stop < end ? stop + 1 : end;
        return code;
    }
    if (p + 2 < end && *p == 'x') {
        char digits[3] = {p[1], p[2], 0};

        *at = p + 3;
        return strtoul(digits, NULL, 16);
    }
    *at = p < end ? p + 1 : end;
    if (p >= end) {
        return '\\';
    }
    return *p && strchr(letters, *p) ? (unsigned char)meanings[strchr(letters, *p) - letters] : (unsigned char)*p;
}

static unsigned long class_character(const char **at, const char *end)
{
    if (**at == '\\') {
        return escaped(at, end);
    }
    return (unsigned char)*(*at)++;
}

/* at: behind the bracket. Code points beyond a byte are put as themselves, one of them is enough. */
static void put_from_class(writer *out, const char *at, const char *end)
{
    unsigned char set[256] = {0};
    int negated = at < end && *at == '^', byte, count = 0, wanted;
    unsigned long beyond = 0;

    at += negated;
    while (at < end) {
        unsigned long from, to;

        if (*at == '\\' && at + 1 < end && is_shorthand(at[1])) {
            add_shorthand(set, at[1]);
            at += 2;
            continue;
        }
        from = to = class_character(&at, end);
        if (at + 1 < end && *at == '-') {
            at++;
            to = class_character(&at, end);
        }
        beyond = from > 127 ? from : beyond;
        for (; from <= to && from < 128; from++) {
            set[from] = 1;
        }
    }
    for (byte = 1; byte < 128; byte++) {
        set[byte] = (unsigned char)((set[byte] != 0) != negated && (isprint(byte) || !negated));
        count += set[byte];
    }
    if (count == 0) {
        put_code_point(out, beyond ? beyond : 'x');
        return;
    }
    wanted = (int)choose(out, (uint32_t)count);
    for (byte = 1; byte < 128 && !(set[byte] && wanted-- == 0); byte++) {
    }
    put(out, (unsigned char)byte);
}

/* ------------------------------------------------------------- the expression */

static const char *skip_class(const char *at, const char *end)
{
    at++;
    at += at < end && *at == '^';
    at += at < end && *at == ']';
    while (at < end && *at != ']') {
        at += *at == '\\' ? 2 : 1;
    }
    return at < end ? at + 1 : end;
}

static const char *skip_atom(const char *at, const char *end)
{
    int depth = 0;

    do {
        if (*at == '[') {
            at = skip_class(at, end);
            continue;
        }
        depth += *at == '(' ? 1 : *at == ')' ? -1 : 0;
        if (*at == '\\') {
            escaped(&at, end);
        } else {
            at++;
        }
    } while (depth > 0 && at < end);
    return at < end ? at : end;
}

static void put_alternatives(writer *out, const char *at, const char *end);

static void put_group(writer *out, const char *at, const char *end)
{
    if (at < end && *at == '?') { /* (?: (?i) (?i: (?<name> */
        while (at < end && *at != ':' && *at != '>' && *at != ')') {
            at++;
        }
        at += at < end;
    }
    put_alternatives(out, at, end);
}

static void put_atom(writer *out, const char *at, const char *end)
{
    unsigned char set[256] = {0};
    int byte = 0, i;

    switch (*at) {
    case '(':
        put_group(out, at + 1, end - 1);
        return;
    case '[':
        put_from_class(out, at + 1, end - 1);
        return;
    case '.':
        put(out, 'x');
        return;
    case '^':
    case '$':
        return;
    case '\\':
        if (at + 1 < end && is_shorthand(at[1])) {
            add_shorthand(set, at[1]);
            for (i = 32; i < 127; i++) {
                byte = set[i] && choose(out, 8) == 0 ? i : byte;
                byte = set[i] && !byte ? i : byte;
            }
            put(out, (unsigned char)byte);
        } else if (at + 1 < end && !strchr("bBAzZ", at[1])) {
            put_code_point(out, escaped(&at, end));
        }
        return;
    default:
        put(out, (unsigned char)*at);
    }
}

/* What follows an atom: how often it is to be put. Moves behind it. */
static uint32_t read_quantifier(writer *out, const char **at, const char *end)
{
    unsigned long least = 1, most = 1;
    char *stop;

    if (*at >= end) {
        return 1;
    }
    if (**at == '*' || **at == '+' || **at == '?') {
        least = **at == '+';
        most = **at == '?' ? 1 : least + MORE;
        (*at)++;
    } else if (**at == '{' && *at + 1 < end && isdigit((unsigned char)(*at)[1])) {
        least = most = strtoul(*at + 1, &stop, 10);
        if (*stop == ',') {
            most = isdigit((unsigned char)stop[1]) ? strtoul(stop + 1, &stop, 10) : least + MORE;
        }
        while (stop < end && *stop != '}') {
            stop++;
        }
        *at = stop < end ? stop + 1 : end;
    } else {
        return 1;
    }
    *at += *at < end && (**at == '?' || **at == '+');
    most = most > least + MORE ? least + MORE : most;
    return (uint32_t)(least + choose(out, (uint32_t)(most - least + 1)));
}

static void put_sequence(writer *out, const char *at, const char *end)
{
    while (at < end && out->length < LONGEST) {
        const char *atom = at, *behind = skip_atom(at, end);
        uint32_t times;

        at = behind;
        for (times = read_quantifier(out, &at, end); times > 0 && out->length < LONGEST; times--) {
            put_atom(out, atom, behind);
        }
    }
}

static void put_alternatives(writer *out, const char *at, const char *end)
{
    const char *starts[256], *ends[256];
    uint32_t count = 0, chosen;

    if (out->depth >= DEEPEST) {
        return;
    }
    starts[0] = at;
    while (at < end) {
        if (*at == '|' && count + 1 < 256) {
            ends[count++] = at++;
            starts[count] = at;
        } else {
            at = skip_atom(at, end);
        }
    }
    ends[count++] = end;
    chosen = choose(out, count);
    out->depth++;
    put_sequence(out, starts[chosen], ends[chosen]);
    out->depth--;
}

check_text check_sample(const char *regex, uint32_t seed, apr_pool_t *pool)
{
    writer out = {.bytes = apr_palloc(pool, LONGEST + 1), .seed = seed * UINT32_C(2654435761) + 1};
    check_text text;

    put_alternatives(&out, regex, regex + strlen(regex));
    text.bytes = out.bytes;
    text.length = out.length;
    return text;
}
