/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The run of digits around the candidate is decoded into a buffer on the stack. Where base64 begins in its group of
 * four is tried out: only one of four gives words. A Caesar cipher is undone by the shift that the candidate itself
 * tells.
 */
#include <string.h>

#include "encoded.h"

#define BACK 120
#define MOST 400
#define DECODED 320

typedef struct range {
    size_t from, to;
} range;

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int binary_value(char c)
{
    return c == '0' || c == '1' ? c - '0' : -1;
}

static const struct {
    int (*value)(char c);
    unsigned bits;
    int is_spaced;
} encodings[] = {
    [ENCODED_BASE64] = {base64_value, 6, 0},
    [ENCODED_HEX] = {hex_value, 4, 0},
    [ENCODED_BINARY] = {binary_value, 1, 1},
};

static int belongs(int encoding, char c)
{
    return encodings[encoding].value(c) >= 0 || (encodings[encoding].is_spaced && c == ' ');
}

static range run_around(int encoding, const uapi_candidate *candidate)
{
    const uapi_string *text = &candidate->text;
    size_t first = candidate->from > BACK ? candidate->from - BACK : 0;
    size_t last = text->length - candidate->to > MOST - BACK ? candidate->to + MOST - BACK : text->length;
    range found = {candidate->from, candidate->to};

    while (found.from > first && belongs(encoding, text->data[found.from - 1])) {
        found.from--;
    }
    while (found.to < last && belongs(encoding, text->data[found.to])) {
        found.to++;
    }
    while (text->data[found.from] == ' ') {
        found.from++;
    }
    while (text->data[found.to - 1] == ' ') {
        found.to--;
    }
    return found;
}

static size_t decode(int encoding, const char *at, size_t length, char *decoded)
{
    unsigned held = 0, bits = 0;
    size_t count = 0, i;

    for (i = 0; i < length && count < DECODED; i++) {
        int value = encodings[encoding].value(at[i]);

        if (value < 0) {
            continue;
        }
        held = (held << encodings[encoding].bits | (unsigned)value) & 0xFFFF;
        bits += encodings[encoding].bits;
        if (bits >= 8) {
            bits -= 8;
            decoded[count++] = (char)(held >> bits);
        }
    }
    return count;
}

static size_t shift_back(const uapi_candidate *candidate, range *found, char *decoded)
{
    const uapi_string *text = &candidate->text;
    int shift = (text->data[candidate->from] | 32) - 'i'; /* the plain word begins with an i */
    size_t count = 0, i;

    found->from = words_back(text, candidate->from, 60);
    found->to = text->length - candidate->to > 60 ? candidate->to + 60 : text->length;
    for (i = found->from; i < found->to; i++) {
        int c = text->data[i] | 32;

        decoded[count++] = c >= 'a' && c <= 'z' ? (char)('a' + (c - 'a' - shift + 52) % 26) : text->data[i];
    }
    return count;
}

uint64_t encoded_classes(const knowledge *known, const char *plain, size_t length)
{
    const uapi_string text = {plain, length};

    return frame_classes(known, &text, 0, length);
}

int encoded_is_override(uint64_t classes)
{
    return ((classes & (IGNORE | EARLIER)) && (classes & (INSTRUCTION | MATERIAL)) &&
            (classes & (OUTPUT | ONLY | EARLIER | YOUR | ALL))) ||
           ((classes & REVEAL) && (classes & INSTRUCTION) && (classes & (YOUR | YOU)));
}

int encoded_is_order(uint64_t classes)
{
    return encoded_is_override(classes) ||
           ((classes & INSTRUCTION) && (classes & (IGNORE | GIVE | BEGIN | REVEAL | OUTPUT)) != 0);
}

int32_t verify_encoded(const rule *self, const knowledge *known, const uapi_candidate *candidate, uapi_finding *finding)
{
    char decoded[DECODED];
    range found;
    size_t offset, most;

    if (self->argument == ENCODED_CAESAR) {
        size_t length = shift_back(candidate, &found, decoded);

        return encoded_is_order(encoded_classes(known, decoded, length));
    }
    found = run_around(self->argument, candidate);
    most = self->argument == ENCODED_BINARY ? 9 : self->argument == ENCODED_BASE64 ? 4 : 2;
    for (offset = 0; offset < most && found.from + offset < found.to; offset++) {
        size_t length = decode(self->argument, candidate->text.data + found.from + offset,
                               found.to - found.from - offset, decoded);

        if (encoded_is_override(encoded_classes(known, decoded, length))) {
            finding->from = found.from;
            finding->to = found.to;
            return 1;
        }
    }
    return 0;
}

/* A part: `name`, an equals sign or "is", and at least two words in quotes. */
static int is_part(const uapi_string *text, size_t at, size_t end, const char *name)
{
    size_t size = strlen(name), spaces = 0;

    if (text->data[at] != name[0] || end - at < size + 6 || memcmp(text->data + at, name, size) != 0 ||
        (text->data[at + size] != '"' && text->data[at + size] != '\'')) {
        return 0;
    }
    for (at += size + 1; at < end && text->data[at] != '"' && text->data[at] != '\n'; at++) {
        spaces += text->data[at] == ' ';
    }
    return spaces >= 2;
}

static int has_part(const uapi_string *text, size_t from, size_t to, const char *const *names)
{
    for (; from < to; from++) {
        size_t i;

        if (from && (text->data[from - 1] | 32) >= 'a' && (text->data[from - 1] | 32) <= 'z') {
            continue;
        }
        for (i = 0; names[i]; i++) {
            if (is_part(text, from, to, names[i])) {
                return 1;
            }
        }
    }
    return 0;
}

int32_t verify_parts(const rule *self, const knowledge *known, const uapi_candidate *candidate, uapi_finding *finding)
{
    static const char *const first[] = {"a = ", "a=", "x = ", "x=", "Part 1 is ", "part 1 is ", "Part A is ", NULL};
    static const char *const second[] = {"b = ", "b=", "y = ", "y=", "Part 2 is ", "part 2 is ", "Part B is ", NULL};
    const uapi_string *text = &candidate->text;
    size_t from = candidate->from > 400 ? candidate->from - 400 : 0;
    size_t to = text->length - candidate->to > 200 ? candidate->to + 200 : text->length;

    (void)self;
    (void)finding;
    return has_part(text, from, to, first) && has_part(text, from, to, second) &&
           (frame_classes(known, text, from, to) & (OUTPUT | BEHAVE | REVEAL)) != 0;
}
