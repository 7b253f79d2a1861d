/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Runs of characters that are bytes written otherwise: hexadecimal, base64 and base64url (with or without padding, with line breaks),
 * base32 (RFC 4648). Names and paths look the same, so what tells is what comes out: a run counts if a stretch of text does.
 * The text of a run is a fragment by itself, and all of it stands for the whole run.
 *
 * A run can begin with something else (a path, a name), so base64 is tried at each of its four places. Text in UTF-16 (as PowerShell's
 * -EncodedCommand has it) loses its zeros.
 */
#include "views_internal.h"

#define LEAST_RUN 16
#define LEAST_STRETCH 10 /* bytes of text that are no chance */
#define LEAST_LINE 32    /* before a line break that belongs to a run */
#define MOST_PLACES 4096 /* of a longer run only the first place is tried */
#define SURE_RUN 512     /* a longer one is not tried before the transform */

typedef struct views_run {
    const char *text;
    size_t from, to; /* line breaks and padding included */
} views_run;

/* ------------------------------------------------------------- alphabets */

static int sextet(char c)
{
    if (views_is_letter(c)) {
        return c >= 'a' ? c - 'a' + 26 : c - 'A';
    }
    if (views_is_digit(c)) {
        return c - '0' + 52;
    }
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

static int quintet(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

typedef struct views_alphabet {
    int (*value)(char c);
    unsigned bits, places;
} views_alphabet;

static const views_alphabet base16 = {views_hex, 4, 1}, base32 = {quintet, 5, 1}, base64 = {sextet, 6, 4};

/* What a run is made of: a few signs more than text can have make it a path or a name. */
static const views_alphabet *alphabet_of(const views_run *run)
{
    size_t lower = 0, upper = 0, digit = 0, sign = 0, hex = 0, thirty_two = 0, count, i;

    for (i = run->from; i < run->to; i++) {
        char c = run->text[i];

        lower += c >= 'a' && c <= 'z';
        upper += c >= 'A' && c <= 'Z';
        digit += views_is_digit(c);
        sign += c == '+' || c == '-' || c == '/' || c == '_';
        hex += views_hex(c) >= 0;
        thirty_two += quintet(c) >= 0;
    }
    count = lower + upper + digit + sign;
    if (hex == count && digit > 0) {
        return count % 2 == 0 ? &base16 : NULL;
    }
    if (thirty_two == count && digit > 0) {
        return &base32;
    }
    if (sign > 1 + count / 16 || lower == 0 || upper == 0 || (digit == 0 && count < 32)) {
        return NULL;
    }
    return &base64;
}

/* ------------------------------------------------------------- stretches of text */

typedef struct views_decoding {
    views_writer *writer; /* NULL: somebody only wants to know whether there is text */
    const views_run *run;
    char bytes[256];
    size_t length;  /* of the stretch, what is not written yet */
    int counts;     /* the stretch is long enough: it is written as it comes */
    int following;  /* bytes that a character still wants */
    int after_zero; /* the last byte was a zero that UTF-16 has between ASCII characters */
    int found;
} views_decoding;

static void put(views_decoding *decoding)
{
    decoding->found = 1;
    if (decoding->writer) {
        if (!decoding->writer->open) {
            uapi_views_open(decoding->writer);
        }
        uapi_views_put(decoding->writer, decoding->run->from, decoding->run->to, decoding->bytes, decoding->length);
    }
    decoding->length = 0;
}

static void end_stretch(views_decoding *decoding)
{
    if (decoding->counts) {
        decoding->bytes[decoding->length++] = '\n';
        put(decoding);
    }
    decoding->length = 0;
    decoding->counts = 0;
    decoding->following = 0;
    decoding->after_zero = 0;
}

/* Whether the byte goes on with text in UTF-8. */
static int goes_on(views_decoding *decoding, unsigned char byte)
{
    if (byte >= 0x80 && byte < 0xc0) {
        return decoding->following-- > 0;
    }
    if (decoding->following > 0) {
        return 0;
    }
    decoding->following = byte < 0x80 ? 0 : byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    return byte < 0x80 ? (byte >= 0x20 && byte != 0x7f) || byte == '\n' || byte == '\r' || byte == '\t'
                       : byte >= 0xc2 && byte < 0xf5;
}

static void take(views_decoding *decoding, unsigned char byte)
{
    if (byte == 0 && !decoding->after_zero && (decoding->length > 0 || decoding->counts)) {
        decoding->after_zero = 1;
        return;
    }
    decoding->after_zero = 0;
    if (!goes_on(decoding, byte)) {
        end_stretch(decoding);
        return;
    }
    decoding->bytes[decoding->length++] = (char)byte;
    decoding->counts |= decoding->length >= LEAST_STRETCH;
    if (decoding->length == sizeof(decoding->bytes) - 1) {
        put(decoding);
    }
}

/* Text from the run, beginning at its character `place`; 0 if there is none. */
static int decode(views_writer *writer, const views_run *run, const views_alphabet *alphabet, size_t place)
{
    views_decoding decoding = {.writer = writer, .run = run};
    unsigned bits = 0;
    uint32_t value = 0;
    size_t i;

    for (i = run->from + place; i < run->to; i++) {
        int digit = alphabet->value(run->text[i]);

        if (digit < 0) {
            continue;
        }
        value = value << alphabet->bits | (uint32_t)digit;
        bits += alphabet->bits;
        if (bits >= 8) {
            bits -= 8;
            take(&decoding, (unsigned char)(value >> bits));
            if (decoding.found && !writer) {
                return 1;
            }
        }
    }
    end_stretch(&decoding);
    if (writer) {
        uapi_views_close(writer);
    }
    return decoding.found;
}

static int decode_anywhere(views_writer *writer, const views_run *run)
{
    const views_alphabet *alphabet = alphabet_of(run);
    unsigned place, places = run->to - run->from > MOST_PLACES ? 1 : 4;
    int found = 0;

    for (place = 0; alphabet && place < alphabet->places && place < places && !found; place++) {
        found = decode(writer, run, alphabet, place);
    }
    return found;
}

/* ------------------------------------------------------------- runs */

static size_t token_end(const char *text, size_t length, size_t i)
{
    while (i < length && views_is_token(text[i])) {
        i++;
    }
    return i;
}

/* Past a line break and the indentation behind it; 0 if there is none. */
static size_t next_line(const char *text, size_t length, size_t i)
{
    size_t start = i;
    int broken = 0;

    while (i < length && (text[i] == '\r' || text[i] == '\n' || text[i] == ' ' || text[i] == '\t' || text[i] == '\\')) {
        broken |= text[i] == '\n' || text[i] == '\r';
        i++;
        if (text[i - 1] == '\\' && i < length && (text[i] == 'n' || text[i] == 'r')) {
            i++; /* a line break that is written out */
            broken = 1;
        }
    }
    return broken && i - start < 32 ? i : 0;
}

/* Lines of one length and a shorter last one are one run. */
static size_t run_end(const char *text, size_t length, size_t from)
{
    size_t end = token_end(text, length, from), line = end - from, next, last;

    while (line >= LEAST_LINE && (next = next_line(text, length, end)) != 0) {
        last = token_end(text, length, next);
        if (last == next || last - next > line) {
            break;
        }
        end = last;
        if (last - next < line) {
            break;
        }
    }
    while (end < length && text[end] == '=' && end - from < length) {
        end++;
    }
    return end;
}

int uapi_views_run_at(const char *text, size_t from, size_t to)
{
    views_run run = {text, from, to};

    return to - from >= SURE_RUN || decode_anywhere(NULL, &run);
}

void uapi_views_runs(views_writer *writer)
{
    const char *text = writer->base->text;
    size_t length = writer->base->length, i = 0, end;

    while (i < length && !writer->views->exhausted) {
        if (!views_is_token(text[i])) {
            i++;
            continue;
        }
        end = token_end(text, length, i);
        if (end - i >= LEAST_RUN) {
            views_run run = {text, i, end = run_end(text, length, i)};

            if (text[i] == '0' && (text[i + 1] | 0x20) == 'x') {
                run.from += 2;
            }
            if (uapi_views_fresh(writer, run.from, run.to)) {
                decode_anywhere(writer, &run);
            }
        }
        i = end;
    }
}
