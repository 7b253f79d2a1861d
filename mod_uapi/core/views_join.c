/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What stands in several strings and means one thing: elements of an array (an argv, with spaces between them; a token, without), members
 * of an object, parameters of a query, labels of a host. Each string stays a part of its own on the way back.
 *
 * Every message has strings that follow one another, so a seam counts only if something goes on across it: a token with digits
 * on both sides, a word of running text, an option or path in an argv, words one by one.
 */
#include "views_internal.h"

#include <string.h>

#define LONGEST_NAME 64
#define LONGEST_PART 256
#define MOST_PARTS 256
#define LEAST_TOKEN 20
#define LEAST_HALF 4
#define LEAST_PARAMETER 8
#define LEAST_LABEL 8
#define LEAST_WORDS 4

typedef enum seam_kind { SEAM_NONE, SEAM_ELEMENT, SEAM_MEMBER, SEAM_ARGUMENTS, SEAM_PARAMETER, SEAM_LABEL } seam_kind;

/* One string ends before `end`, the next one begins at `start`. */
typedef struct views_seam {
    seam_kind kind;
    size_t end, start;
} views_seam;

static const views_seam no_seam = {SEAM_NONE, 0, 0};

/* ------------------------------------------------------------- finding seams */

static size_t skip_space(const char *text, size_t length, size_t i)
{
    while (i < length && (text[i] == ' ' || text[i] == '\n' || text[i] == '\r' || text[i] == '\t')) {
        i++;
    }
    return i;
}

/* The quote that ends the string from `i` on, within `most` bytes; `length` if it is not there. */
static size_t string_end(const char *text, size_t length, size_t i, size_t most)
{
    const char *end = memchr(text + i, '"', length - i < most ? length - i : most);

    return end ? (size_t)(end - text) : length;
}

static views_seam seam_of_value(const char *text, size_t length, size_t end, size_t value)
{
    if (value < length && text[value] == '"') {
        return (views_seam){SEAM_MEMBER, end, value + 1};
    }
    if (value < length && text[value] == '[') {
        value = skip_space(text, length, value + 1);
        return value < length && text[value] == '"' ? (views_seam){SEAM_ARGUMENTS, end, value + 1} : no_seam;
    }
    return no_seam;
}

/* At a quote that a comma follows. */
static views_seam seam_of_strings(const char *text, size_t length, size_t i)
{
    size_t next = skip_space(text, length, i + 2), end, after;

    if (next >= length || text[next] != '"') {
        return no_seam;
    }
    end = string_end(text, length, next + 1, LONGEST_NAME);
    after = end < length ? skip_space(text, length, end + 1) : length;
    if (after < length && text[after] == ':') {
        return seam_of_value(text, length, i, skip_space(text, length, after + 1));
    }
    return (views_seam){SEAM_ELEMENT, i, next + 1};
}

static views_seam seam_of_parameters(const char *text, size_t length, size_t i)
{
    size_t end = i + 1;

    while (end < length && end - i < LONGEST_NAME && views_is_word(text[end])) {
        end++;
    }
    return end > i + 1 && end < length && text[end] == '=' ? (views_seam){SEAM_PARAMETER, i, end + 1} : no_seam;
}

static views_seam seam_at(const char *text, size_t length, size_t i)
{
    switch (text[i]) {
    case '"':
        return i + 1 < length && text[i + 1] == ',' ? seam_of_strings(text, length, i) : no_seam;
    case '&':
        return seam_of_parameters(text, length, i);
    case '.':
        return (views_seam){SEAM_LABEL, i, i + 1};
    default:
        return no_seam;
    }
}

/* ------------------------------------------------------------- what goes on across one */

static int in_token(const views_seam *seam, char c)
{
    return views_is_word(c) || c == '-' || (seam->kind != SEAM_LABEL && (c == '+' || c == '/' || c == '.' || c == '='));
}

static int token_goes_on(const char *text, size_t length, const views_seam *seam)
{
    size_t least = seam->kind == SEAM_PARAMETER || seam->kind == SEAM_LABEL ? LEAST_PARAMETER : LEAST_HALF;
    size_t left = 0, right = 0, digits = 0;

    if (length - seam->start < least || !in_token(seam, text[seam->start + least - 1]) || seam->end < least ||
        !in_token(seam, text[seam->end - least])) {
        return 0; /* most seams, at little cost */
    }
    while (left < LONGEST_NAME && left < seam->end && in_token(seam, text[seam->end - left - 1])) {
        left++;
        digits += views_is_digit(text[seam->end - left]) != 0;
    }
    if (left < least) {
        return 0;
    }
    while (right < LONGEST_NAME && seam->start + right < length && in_token(seam, text[seam->start + right])) {
        digits += views_is_digit(text[seam->start + right]) != 0;
        right++;
    }
    return right >= least && left + right >= LEAST_TOKEN && (digits >= 2 || left + right >= 2 * LEAST_TOKEN);
}

static int has_space(const char *text, size_t length)
{
    return memchr(text, ' ', length) != NULL;
}

/* A word of running text: letters of one case meet, and there are more words on both sides. */
static int word_goes_on(const char *text, size_t length, const views_seam *seam)
{
    size_t left = seam->end < LONGEST_NAME ? seam->end : LONGEST_NAME, right = length - seam->start;
    char before = seam->end ? text[seam->end - 1] : 0, after = seam->start < length ? text[seam->start] : 0;
    const char *start = text + seam->end - left, *quote = memrchr(start, '"', left);

    if (!views_is_letter(after) || (views_is_letter(before) && ((before ^ after) & 0x20)) ||
        (!views_is_letter(before) && (before != ' ' || after < 'a'))) {
        return 0;
    }
    if (quote) {
        left -= (size_t)(quote + 1 - start);
        start = quote + 1;
    }
    right = right < LONGEST_NAME ? right : LONGEST_NAME;
    right = string_end(text, seam->start + right, seam->start, right) - seam->start;
    return has_space(start, left) && has_space(text + seam->start, right);
}

static int begins_argument(char c)
{
    return c == '-' || c == '/' || c == '~' || c == '$';
}

/* Short strings without a space, one after the other. */
static int words_go_on(const char *text, size_t length, const views_seam *seam)
{
    size_t start = seam->start, end;
    unsigned count;

    for (count = 2; count < LEAST_WORDS; count++) {
        end = string_end(text, length, start, 24);
        if (end >= length || has_space(text + start, end - start) || end + 1 >= length || text[end + 1] != ',') {
            return 0;
        }
        start = skip_space(text, length, end + 2) + 1;
        if (start >= length || text[start - 1] != '"') {
            return 0;
        }
    }
    return 1;
}

static int is_torn(const char *text, size_t length, const views_seam *seam)
{
    return token_goes_on(text, length, seam) || word_goes_on(text, length, seam);
}

static int goes_on(const char *text, size_t length, const views_seam *seam)
{
    switch (seam->kind) {
    case SEAM_ARGUMENTS:
        return seam->start < length && begins_argument(text[seam->start]);
    case SEAM_ELEMENT:
        return (seam->start < length && begins_argument(text[seam->start])) || is_torn(text, length, seam) ||
               words_go_on(text, length, seam);
    case SEAM_MEMBER:
        return is_torn(text, length, seam);
    case SEAM_PARAMETER:
    case SEAM_LABEL:
        return token_goes_on(text, length, seam);
    default:
        return 0;
    }
}

int uapi_views_go_on(const char *left, size_t left_length, const char *right, size_t right_length)
{
    char text[2 * LONGEST_NAME];
    size_t before = left_length < LONGEST_NAME ? left_length : LONGEST_NAME;
    size_t after = right_length < LONGEST_NAME ? right_length : LONGEST_NAME;
    const views_seam seam = {SEAM_ELEMENT, before, before};

    memcpy(text, left + left_length - before, before);
    memcpy(text + before, right, after);
    return is_torn(text, before + after, &seam);
}

int uapi_views_join_at(const char *text, size_t length, size_t i)
{
    views_seam seam = seam_at(text, length, i);

    return goes_on(text, length, &seam);
}

/* ------------------------------------------------------------- putting together */

static size_t part_start(const char *text, const views_seam *seam)
{
    size_t at = seam->end;

    while (at > 0 && seam->end - at < LONGEST_PART &&
           (seam->kind == SEAM_PARAMETER || seam->kind == SEAM_LABEL
                ? in_token(seam, text[at - 1]) && text[at - 1] != '='
                : text[at - 1] != '"')) {
        at--;
    }
    return at;
}

static size_t part_end(const char *text, size_t length, const views_seam *seam)
{
    size_t at = seam->start;

    if (seam->kind != SEAM_PARAMETER && seam->kind != SEAM_LABEL) {
        return string_end(text, length, at, length - at);
    }
    while (at < length && in_token(seam, text[at])) {
        at++;
    }
    return at;
}

/* The seam at the end of the part that begins behind `seam`. */
static views_seam seam_after(const char *text, size_t length, size_t end, seam_kind kind)
{
    views_seam next = end < length ? seam_at(text, length, end) : no_seam;

    return next.kind == kind || (kind == SEAM_ARGUMENTS && next.kind == SEAM_ELEMENT) ? next : no_seam;
}

/* Parts until nothing goes on, one after the other; returns where the last one ends. `torn` receives whether a word or token
 * is torn at any seam. */
static size_t write_chain(views_writer *writer, const views_seam *first, const char *between, int *torn)
{
    const char *text = writer->base->text;
    size_t length = writer->base->length, end = first->end, parts;
    int list = first->kind == SEAM_ELEMENT || first->kind == SEAM_ARGUMENTS;
    views_seam seam = *first;

    *torn = 0;
    uapi_views_open(writer);
    uapi_views_copy(writer, part_start(text, first), first->end);
    for (parts = 1; parts < MOST_PARTS && seam.kind != SEAM_NONE; parts++) {
        *torn |= is_torn(text, length, &seam);
        end = part_end(text, length, &seam);
        uapi_views_put(writer, seam.end, seam.end, between, strlen(between));
        uapi_views_apart(writer);
        uapi_views_copy(writer, seam.start, end);
        seam = seam_after(text, length, end, list ? SEAM_ELEMENT : first->kind);
        if (!list && !goes_on(text, length, &seam)) {
            break;
        }
    }
    uapi_views_close(writer);
    return end;
}

/* The first seam of the array that the seam is in, or one from which a chain still reaches well beyond the seam. */
static views_seam first_element(const char *text, size_t length, views_seam seam)
{
    size_t parts, start = part_start(text, &seam), before;

    for (parts = 0; parts < MOST_PARTS / 2 && seam.kind == SEAM_ELEMENT && start > 3; parts++) {
        before = start - 1; /* the quote */
        while (before > 0 && (text[before - 1] == ' ' || text[before - 1] == '\n' || text[before - 1] == ',')) {
            before--;
        }
        if (before == 0 || text[before - 1] != '"') {
            break;
        }
        views_seam earlier = seam_at(text, length, before - 1);

        if (earlier.kind != SEAM_ELEMENT || earlier.start != start) {
            break;
        }
        seam = earlier;
        start = part_start(text, &seam);
    }
    return seam;
}

/* Returns where to go on, which lies behind the seam. */
static size_t join(views_writer *writer, views_seam seam)
{
    const char *text = writer->base->text;
    size_t length = writer->base->length, least = seam.start, end;
    int torn;

    if (seam.kind != SEAM_ELEMENT && seam.kind != SEAM_ARGUMENTS) {
        end = write_chain(writer, &seam, "", &torn);
        return end > least ? end : least;
    }
    seam = first_element(text, length, seam);
    end = write_chain(writer, &seam, " ", &torn);
    if (torn) {
        write_chain(writer, &seam, "", &torn);
    }
    return end > least ? end : least;
}

void uapi_views_join(views_writer *writer)
{
    const char *text = writer->base->text;
    size_t length = writer->base->length, i = 0;

    while (i < length && !writer->views->exhausted) {
        if (text[i] == '"' || text[i] == '&' || text[i] == '.') {
            views_seam seam = seam_at(text, length, i);

            if (goes_on(text, length, &seam) && uapi_views_fresh(writer, seam.end, seam.start)) {
                i = join(writer, seam);
                continue;
            }
        }
        i++;
    }
}
