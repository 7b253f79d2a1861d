/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include <string.h>

#include "hidden.h"

#define LONGEST_COMMENT 800
#define LONGEST_FLAG 7 /* characters: five letters, the end, and one to spare */

int32_t verify_tags(const rule *self, const knowledge *known, const uapi_candidate *candidate, uapi_finding *finding)
{
    const uapi_string *text = &candidate->text;
    size_t size = candidate->to - candidate->from;
    int is_flag = candidate->from >= 4 && memcmp(text->data + candidate->from - 4, "\xF0\x9F\x8F\xB4", 4) == 0 &&
                  memcmp(text->data + candidate->to - 4, "\xF3\xA0\x81\xBF", 4) == 0;

    (void)self;
    (void)known;
    (void)finding;
    return size >= 8 && !(is_flag && size <= LONGEST_FLAG * 4);
}

/* A character without width at `at`: its size, and a number that tells it from the others; 0 if it is none. */
static size_t read_widthless(const uapi_string *text, size_t at, unsigned *kind)
{
    const unsigned char *c = (const unsigned char *)text->data + at;
    size_t left = text->length - at;

    if (left >= 2 && c[0] == 0xCD && c[1] == 0x8F) {
        *kind = 0;
        return 2;
    }
    if (left < 3) {
        return 0;
    }
    *kind = (unsigned)c[0] << 16 | (unsigned)c[1] << 8 | c[2];
    return (c[0] == 0xE2 && c[1] == 0x80 && c[2] >= 0x8B && c[2] <= 0x8F) ||
                   (c[0] == 0xE2 && c[1] == 0x81 && c[2] >= 0xA0 && c[2] <= 0xA4) || *kind == 0xEFBBBF ||
                   *kind == 0xE1A08E || *kind == 0xE385A4 || (c[0] == 0xEF && c[1] == 0xB8 && c[2] <= 0x8F)
               ? 3
               : 0;
}

/* Padding repeats one character, or two in turn with the grapheme joiner; what carries a message changes its mind. */
int32_t verify_run(const rule *self, const knowledge *known, const uapi_candidate *candidate, uapi_finding *finding)
{
    const uapi_string *text = &candidate->text;
    size_t at = candidate->from, size;
    unsigned kind, last = 0;
    int count = 0, changes = 0;

    (void)known;
    if ((at >= 3 && read_widthless(text, at - 3, &kind) == 3) ||
        (at >= 2 && read_widthless(text, at - 2, &kind) == 2)) {
        return 0; /* judged with its beginning */
    }
    while ((size = read_widthless(text, at, &kind)) != 0) {
        count++;
        changes += kind && last && kind != last;
        last = kind ? kind : last;
        at += size;
    }
    finding->to = at;
    return count >= self->argument && changes >= 2;
}

static int is_latin(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

int32_t verify_split(const rule *self, const knowledge *known, const uapi_candidate *candidate, uapi_finding *finding)
{
    const uapi_string *text = &candidate->text;

    (void)self;
    (void)known;
    if (!candidate->from || candidate->to >= text->length || !is_latin(text->data[candidate->from - 1]) ||
        !is_latin(text->data[candidate->to])) {
        return 0;
    }
    finding->from = candidate->from - 1;
    finding->to = candidate->to + 1;
    return 1;
}

int32_t verify_bidi(const rule *self, const knowledge *known, const uapi_candidate *candidate, uapi_finding *finding)
{
    const uapi_string *text = &candidate->text;
    size_t at, end = text->length - candidate->to > 12 ? candidate->to + 12 : text->length;
    int letters = 0;

    (void)self;
    (void)known;
    (void)finding;
    for (at = candidate->to; at < end; at++) {
        letters += is_latin(text->data[at]);
    }
    return letters >= 3;
}

static size_t find_end(const uapi_string *text, size_t at, const char *sign)
{
    size_t size = strlen(sign), end = text->length - at > LONGEST_COMMENT ? at + LONGEST_COMMENT : text->length;

    for (; at < end; at++) {
        if (text->data[at] == sign[0] && text->length - at >= size && memcmp(text->data + at, sign, size) == 0) {
            return at;
        }
    }
    return end;
}

/*
 * Instructions to a model: it is addressed and asked for something, or told to ignore what it reads and write other
 * things.
 */
static int speaks_to_model(uint64_t classes)
{
    if ((classes & IGNORE) && (classes & (INSTRUCTION | MATERIAL | ALL | EARLIER)) &&
        (classes & (OUTPUT | REVEAL | MODEL))) {
        return 1;
    }
    if ((classes & MODEL) && (classes & (MUST | IGNORE)) && (classes & (YOU | USER | INSTRUCTION))) {
        return 1;
    }
    return (classes & YOU) && (classes & (MUST | ONLY)) && (classes & (PASS | REVEAL)) && (classes & SENSITIVE) &&
           (classes & (USER | TOOL | MODEL));
}

int32_t verify_concealed(const rule *self, const knowledge *known, const uapi_candidate *candidate,
                         uapi_finding *finding)
{
    const uapi_string *text = &candidate->text;
    size_t from = candidate->to, to;

    if (self->argument) {
        size_t tag = find_end(text, from, ">");

        from = tag < text->length ? tag + 1 : tag;
        to = find_end(text, from, "<");
    } else {
        to = find_end(text, from, "-->");
    }
    if (from >= to || !speaks_to_model(frame_classes(known, text, from, to))) {
        return 0;
    }
    finding->from = self->argument ? from : candidate->from;
    finding->to = to;
    return 1;
}
