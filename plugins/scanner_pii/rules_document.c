/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What has no check digit: passports, driving licences, dates of birth. A word must stand directly before the value,
 * with nothing but a few words and marks in between, and the value must look like what the word promises.
 */
#include "check.h"
#include "scan_text.h"
#include "scheme.h"

enum { VALUE_PASSPORT, VALUE_LICENCE, VALUE_BIRTH };

#define GAP 28

/* Between a name and its value; what parts them from something else ends the search. */
static size_t value_start(const uapi_string *text, size_t at)
{
    size_t start = at, end = text->length - at > GAP ? at + GAP : text->length;

    while (at < end) {
        char c = text->data[at];

        if (text_digit(c)) {
            break;
        }
        if (c == '\n' || c == ';' || c == '{' || c == '[' || c == '<' || (c == ',' && text_at(text, at + 1) == '"')) {
            return end;
        }
        at++;
    }
    while (at < end && at > start &&
           text_alnum(text->data[at - 1])) { /* letters before the digits belong to the value */
        at--;
    }
    return at;
}

static size_t value_end(const uapi_string *text, size_t at, size_t most, unsigned *digits, unsigned *letters)
{
    size_t to = at;

    *digits = *letters = 0;
    while (to < text->length && to - at <= most) {
        char c = text->data[to];
        int joined = (c == '-' || c == ' ') && text_digit(text_at(text, to + 1)) && to > at;

        if (!text_alnum(c) && !joined) {
            break;
        }
        *digits += text_digit(c) != 0;
        *letters += text_letter(c) != 0;
        to++;
    }
    return to;
}

/* 1 if the digits at `at` are a day, in any order of year, month and day; *to is where it ends. */
static int is_day(const uapi_string *text, size_t at, size_t *to)
{
    unsigned part[3] = {0}, length[3] = {0}, i;
    char separator = '\0';

    for (i = 0; i < 3; i++) {
        for (; text_digit(text_at(text, at)) && length[i] < 5; at++, length[i]++) {
            part[i] = part[i] * 10 + (unsigned)(text->data[at] - '0');
        }
        if (length[i] == 0 || length[i] == 3 || length[i] > 4) {
            return 0;
        }
        if (i < 2) {
            char c = text_at(text, at++);

            if ((c != '-' && c != '.' && c != '/') || (separator && separator != c)) {
                return 0;
            }
            separator = c;
            at += text_at(text, at) == ' ';
        }
    }
    *to = at;
    if (length[0] == 4) {
        return part[0] >= 1880 && part[0] <= 2100 && check_date(part[0], part[1], part[2]);
    }
    return (length[2] == 2 || (part[2] >= 1880 && part[2] <= 2100)) &&
           (check_date(2000, part[0], part[1]) || check_date(2000, part[1], part[0]));
}

static int is_month(const uapi_string *text, size_t at)
{
    static const char *const months[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                         "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
    size_t i;

    for (i = 0; i < 12; i++) {
        if (text->length - at > 3 && text_is(text, at, at + 3, months[i]) && !text_letter(text_at(text, at - 1))) {
            return 1;
        }
    }
    return 0;
}

/* "May 4, 1980", "4 May 1980": a month's name between a day and a year, or before them. */
static int is_written_day(const uapi_string *text, size_t *start, size_t *to)
{
    size_t at = *start, end = text->length - at > 24 ? at + 24 : text->length, from = at, year = 0;
    int named;

    while (from > 0 && at - from < 11 && (text->data[from - 1] == ' ' || text_letter(text->data[from - 1])) &&
           (at - from < 1 || text->data[from - 1] != ' ')) {
        from--;
    }
    named = is_month(text, from);
    if (named) {
        *start = from;
    }
    for (; at < end; at++) {
        named |= is_month(text, at);
        year = text_digit(text->data[at]) ? year + 1 : 0;
        if (year == 4 && !text_digit(text_at(text, at + 1))) {
            *to = at + 1;
            return named && (text->data[at - 3] == '1' || text->data[at - 3] == '2');
        }
    }
    return 0;
}

static int32_t verify_document(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    const uapi_string *text = &candidate->text;
    size_t at = value_start(text, candidate->to), to = 0;
    unsigned digits, letters;
    int fine;

    if (at < candidate->to || at >= text->length || text_digit(text->data[at]) + text_letter(text->data[at]) == 0) {
        return 0;
    }
    if (self->argument == VALUE_BIRTH) {
        fine = is_day(text, at, &to) || is_written_day(text, &at, &to);
    } else {
        to = value_end(text, at, 20, &digits, &letters);
        fine = self->argument == VALUE_PASSPORT
                   ? digits >= 5 && letters <= 4 && digits + letters >= 7 && digits + letters <= 10
                   : digits >= 4 && letters <= 8 && digits + letters >= 6;
        fine = fine && to - at <= 20 && !is_day(text, at, &to);
    }
    finding->from = at;
    finding->to = to;
    return fine && text_ends(text, to);
}

static const rule rules[] = {
    RULE("passport", HIGH, "passport|pasaporte|passeport|passaporto|reisepass|\xec\x97\xac\xea\xb6\x8c",
         verify_document, .argument = VALUE_PASSPORT),
    RULE("driving_licence", HIGH,
         "driv(?:er'?s?|ing)[ _-]?licen[cs]e|f.{1,2}hrerschein|permis de conduire|" WORD("dln"), verify_document,
         .argument = VALUE_LICENCE),
    RULE("date_of_birth", MEDIUM,
         "date[ _-]?of[ _-]?birth|birth[ _-]?da(?:te|y)|" WORD(
             "dob|born") "|geburtsdatum|geboren|fecha de nacimiento|date de naissance|data di nascita",
         verify_document, .argument = VALUE_BIRTH),
};

const rule_table rules_document = TABLE(rules);
