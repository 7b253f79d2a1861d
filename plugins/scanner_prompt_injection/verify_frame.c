/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Frames: an anchor and the words around it. At most MOST_WORDS words of at most AHEAD and BACK bytes are read,
 * whatever the text is, so a candidate costs a few microseconds. What stands before the anchor counts from the last
 * end of a sentence on.
 */
#include <string.h>

#include "rule.h"

#define BACK 160
#define AHEAD 400
#define MOST_WORDS 64
#define UNLESS_WORDS 3

typedef struct seen {
    uint64_t classes;
    size_t from, to;
    uint8_t sentence; /* ends of sentences between the anchor and this word */
} seen;

typedef struct surroundings {
    seen before[MOST_WORDS], after[MOST_WORDS]; /* before: in the order of the text */
    size_t before_count, after_count;
    size_t from, to; /* what the evidence found so far covers */
} surroundings;

static int is_quoted_next(const uapi_string *text, size_t at)
{
    static const char *const openers[] = {":",        "\"",          "'", "`", "\xE2\x80\x9C", "\xE2\x80\x98",
                                          "\xC2\xAB", "\xE2\x80\x9E"};
    size_t i;

    while (at < text->length && text->data[at] == ' ') {
        at++;
    }
    for (i = 0; i < sizeof(openers) / sizeof(openers[0]); i++) {
        size_t size = strlen(openers[i]);

        if (text->length - at >= size && memcmp(text->data + at, openers[i], size) == 0) {
            return 1;
        }
    }
    return 0;
}

static seen look_up(const knowledge *known, const uapi_string *text, const word *read, uint8_t sentence)
{
    seen made = {lexicon_classes(known->words, read), read->from, read->to, sentence};

    if ((made.classes & OUTPUT) && is_quoted_next(text, read->to)) {
        made.classes |= QUOTED;
    }
    return made;
}

static void read_before(const knowledge *known, const uapi_string *text, size_t anchor, surroundings *found)
{
    size_t at = words_back(text, anchor, BACK);
    word read;

    while (words_next(text, at, anchor, &read) && read.from < anchor) {
        if ((read.marks & MARK_SENTENCE) || found->before_count == MOST_WORDS) {
            found->before_count = 0;
        }
        found->before[found->before_count++] = look_up(known, text, &read, 0);
        at = read.to;
    }
    if (found->before_count) { /* a sentence that ends directly before the anchor */
        word next;

        if (words_next(text, at, at + AHEAD, &next) && (next.marks & MARK_SENTENCE)) {
            found->before_count = 0;
        }
    }
}

/* How far the rule's frames look. */
static frame farthest(const rule *self)
{
    frame most = {.distance = 0, .sentences = 0};
    size_t i;

    for (i = 0; i < self->frame_count; i++) {
        const frame *one = &self->frames[i];

        most.distance = one->distance > most.distance ? one->distance : most.distance;
        most.sentences = one->sentences > most.sentences ? one->sentences : most.sentences;
    }
    return most;
}

static void read_after(const knowledge *known, const uapi_string *text, size_t anchor, const frame *most,
                       surroundings *found)
{
    size_t at = anchor, end = text->length - anchor > AHEAD ? anchor + AHEAD : text->length;
    uint8_t sentence = 0;
    word read;

    while (found->after_count < MOST_WORDS && found->after_count < most->distance && words_next(text, at, end, &read)) {
        sentence = (uint8_t)(sentence + ((read.marks & MARK_SENTENCE) != 0));
        if (sentence > most->sentences) {
            return;
        }
        found->after[found->after_count++] = look_up(known, text, &read, sentence);
        at = read.to;
    }
}

static int cover(surroundings *found, const seen *one)
{
    found->from = one->from < found->from ? one->from : found->from;
    found->to = one->to > found->to ? one->to : found->to;
    return 1;
}

static int is_before(surroundings *found, uint64_t classes, size_t distance)
{
    size_t i;

    for (i = 1; i <= found->before_count && i <= distance; i++) {
        const seen *one = &found->before[found->before_count - i];

        if (one->classes & classes) {
            return cover(found, one);
        }
    }
    return 0;
}

static int is_after(surroundings *found, uint64_t classes, size_t distance, uint8_t sentences)
{
    size_t i;

    for (i = 0; i < found->after_count && i < distance && found->after[i].sentence <= sentences; i++) {
        if (found->after[i].classes & classes) {
            return cover(found, &found->after[i]);
        }
    }
    return 0;
}

static int meets(const frame *wanted, surroundings *found)
{
    size_t i;

    if ((wanted->unless && is_before(found, wanted->unless, UNLESS_WORDS)) ||
        (wanted->never && is_before(found, wanted->never, wanted->distance))) {
        return 0;
    }
    for (i = 0; i < 2; i++) {
        if (wanted->before[i] && !is_before(found, wanted->before[i], wanted->distance)) {
            return 0;
        }
        if (wanted->anywhere[i] && !is_after(found, wanted->anywhere[i], wanted->distance, wanted->sentences) &&
            !is_before(found, wanted->anywhere[i], wanted->distance)) {
            return 0;
        }
    }
    for (i = 0; i < 3; i++) {
        if (wanted->after[i] && !is_after(found, wanted->after[i], wanted->distance, wanted->sentences)) {
            return 0;
        }
    }
    return 1;
}

static int is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/*
 * Anchors are written as stems, because that is what libhs is fastest at. A stem inside a word is none
 * (".gitignore"), nor is a participle ("ignored"), nor a name in code ("prettier-ignore-start", "ignore=",
 * "<override>", a list of quoted words).
 */
static int is_anchor(const uapi_string *text, size_t from, size_t *to)
{
    char before = from ? text->data[from - 1] : ' ', behind;
    size_t end = *to;

    if (is_letter(text->data[from]) && is_letter(before)) {
        return 0;
    }
    if (is_letter(text->data[end - 1])) {
        while (end < text->length && end - *to < WORD_LONGEST && is_letter(text->data[end])) {
            end++;
        }
    }
    if (end > *to && end - *to <= 3 && text->data[end - 1] == 'd') {
        return 0;
    }
    *to = end;
    behind = end < text->length ? text->data[end] : ' ';
    if ((before == '\'' || before == '"') && behind == before && end + 1 < text->length && text->data[end + 1] == ',') {
        return 0;
    }
    return behind != '-' && behind != '=' && !(before == '<' && behind == '>' && text->data[from] != '<');
}

int32_t verify_frame(const rule *self, const knowledge *known, const uapi_candidate *candidate, uapi_finding *finding)
{
    const frame most = farthest(self);
    size_t to = candidate->to, i;
    surroundings found;

    if (!is_anchor(&candidate->text, candidate->from, &to)) {
        return 0;
    }
    found.before_count = found.after_count = 0;
    read_before(known, &candidate->text, candidate->from, &found);
    read_after(known, &candidate->text, to, &most, &found);
    for (i = 0; i < self->frame_count; i++) {
        found.from = candidate->from;
        found.to = to;
        if (meets(&self->frames[i], &found)) {
            finding->from = found.from;
            finding->to = found.to;
            return 1;
        }
    }
    return 0;
}

uint64_t frame_classes(const knowledge *known, const uapi_string *text, size_t from, size_t to)
{
    uint64_t classes = 0;
    word read;

    while (words_next(text, from, to, &read)) {
        classes |= look_up(known, text, &read, 0).classes;
        from = read.to;
    }
    return classes;
}
