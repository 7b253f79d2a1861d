/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Overrides that are spelled out: backwards, with digits for letters ("1gn0r3"), or with something between the letters.
 * The line around the candidate, a few hundred bytes at most, is undone into a buffer on the stack and has to be an
 * override or a request for the prompt. A word in such a spelling alone is none.
 */
#include <string.h>

#include "encoded.h"

#define AROUND 160
#define PLAIN 384

typedef struct range {
    size_t from, to;
} range;

static int ends_line(char c)
{
    return c == '\n' || c == '\r' || c == '"';
}

/* As far as the line goes, and no farther than `most` bytes to each side. */
static range line_around(const uapi_candidate *candidate, size_t most)
{
    const uapi_string *text = &candidate->text;
    size_t first = candidate->from > most ? candidate->from - most : 0;
    size_t last = text->length - candidate->to > most ? candidate->to + most : text->length;
    range found = {candidate->from, candidate->to};

    while (found.from > first && !ends_line(text->data[found.from - 1])) {
        found.from--;
    }
    while (found.to < last && !ends_line(text->data[found.to])) {
        found.to++;
    }
    return found;
}

static int conclude(int is_found, range where, uapi_finding *finding)
{
    finding->from = where.from;
    finding->to = where.to;
    return is_found;
}

/* ---------------------------------------------------------------- backwards */

static int judge_reversed(const knowledge *known, const uapi_candidate *candidate, uapi_finding *finding)
{
    range where = line_around(candidate, AROUND);
    char plain[PLAIN];
    size_t count = 0;

    for (size_t at = where.to; at > where.from && count < PLAIN; at--) {
        plain[count++] = candidate->text.data[at - 1];
    }
    return conclude(encoded_is_order(encoded_classes(known, plain, count)), where, finding);
}

/* ---------------------------------------------------------------- digits for letters */

static char letter_of(char c, char one)
{
    static const char digits[] = "0134567@$!", letters[] = "oieasgtasi";
    const char *found = c ? strchr(digits, c) : NULL;

    return c == '1' ? one : found ? letters[found - digits] : c;
}

static int is_letter(char c)
{
    return (c | 32) >= 'a' && (c | 32) <= 'z';
}

/* Words with a digit between letters. One alone may be a name. */
static int count_disguised(const uapi_string *text, range where)
{
    int count = 0, counted = 0;

    for (size_t at = where.from + 1; at + 1 < where.to; at++) {
        char c = text->data[at];

        if (c == ' ') {
            counted = 0;
        } else if (!counted && c >= '0' && c <= '7' && is_letter(text->data[at - 1]) && is_letter(text->data[at + 1])) {
            counted = 1;
            count++;
        }
    }
    return count;
}

/* A one may be an i or an l, in the next word the other. */
static int judge_digits(const knowledge *known, const uapi_candidate *candidate, uapi_finding *finding)
{
    range where = line_around(candidate, AROUND);
    uint64_t classes = 0;
    char plain[PLAIN];

    for (int pass = 0; pass < 2; pass++) {
        size_t count = 0;

        for (size_t at = where.from; at < where.to && count < PLAIN; at++) {
            plain[count++] = letter_of(candidate->text.data[at], pass ? 'l' : 'i');
        }
        classes |= encoded_classes(known, plain, count);
    }
    return conclude(count_disguised(&candidate->text, where) > 1 ? encoded_is_order(classes)
                                                                 : encoded_is_override(classes),
                    where, finding);
}

/* ---------------------------------------------------------------- something between the letters */

static int has_any(const char *text, const char *const *words)
{
    while (*words && !strstr(text, *words)) {
        words++;
    }
    return *words != NULL;
}

/* Where words are not told apart, their letters must do. */
static int is_run_together(const char *text)
{
    static const char *const verbs[] = {"ignor", "disregard", "forget", "reveal", "override", NULL};
    static const char *const scopes[] = {"previous", "prior", "above", "earlier", "all", "your", NULL};
    static const char *const objects[] = {"instruction", "prompt", "directive", "guideline", NULL};

    return has_any(text, verbs) && has_any(text, scopes) && has_any(text, objects);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* One separator joins, more of them and any other blank keep words apart. The result is a string. */
static size_t join_letters(const uapi_string *text, range where, char separator, char *plain, int *words)
{
    size_t count = 0, at = where.from;

    *words = 0;
    while (at < where.to && count < PLAIN - 1) {
        size_t run = 0;

        while (at < where.to && text->data[at] == separator) {
            run++;
            at++;
        }
        if (run > 1) {
            plain[count++] = ' ';
            ++*words;
        } else if (at < where.to) {
            *words += text->data[at] == ' ';
            plain[count] = lower(text->data[at++]);
            count += plain[count] != '\0';
        }
    }
    plain[count] = '\0';
    return count;
}

static int judge_spaced(const knowledge *known, const uapi_candidate *candidate, uapi_finding *finding)
{
    range where = line_around(candidate, 2 * AROUND);
    char plain[PLAIN];
    int words;
    size_t count = join_letters(&candidate->text, where, candidate->text.data[candidate->from + 1], plain, &words);

    return conclude(words ? encoded_is_order(encoded_classes(known, plain, count)) : is_run_together(plain), where,
                    finding);
}

int32_t verify_disguised(const rule *self, const knowledge *known, const uapi_candidate *candidate,
                         uapi_finding *finding)
{
    switch (self->argument) {
    case DISGUISED_REVERSED:
        return judge_reversed(known, candidate, finding);
    case DISGUISED_DIGITS:
        return judge_digits(known, candidate, finding);
    default:
        return judge_spaced(known, candidate, finding);
    }
}
