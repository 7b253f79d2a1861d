/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Telephone numbers: in international form by themselves, in the North American and in trunk form (a leading 0) by how
 * they are grouped, in any other form beside a word. Dates, times and versions have groups as well, so all forms count
 * digits, groups and what stands around.
 */
#include "contact.h"

#include "scan_text.h"

#define LONGEST 32

typedef struct number {
    size_t from, to;
    unsigned digits, groups, last; /* digits of the last group */
    char first[4];
} number;

/* Country codes of one and two digits; all others have three. */
static int is_country(const char *digits)
{
    static const char two[] = "20273031323334363940414344454647484951525354555657586061626364656681828486909192939495"
                              "98";
    static const char three[] = "2223242526293537384259678588966799";
    size_t i;

    if (digits[0] == '1' || digits[0] == '7') {
        return 1;
    }
    for (i = 0; two[i]; i += 2) {
        if (two[i] == digits[0] && two[i + 1] == digits[1]) {
            return 1;
        }
    }
    for (i = 0; three[i] && three[i + 1]; i += 2) {
        if (three[i] == digits[0] && three[i + 1] == digits[1]) {
            return 1;
        }
    }
    return digits[0] == '2' && digits[1] == '1';
}

static int is_separator(char c)
{
    return c == ' ' || c == '-' || c == '.' || c == '(' || c == ')' || c == '/';
}

/* At most two separators stand together ("(0) ", ") "). The number ends on its last digit. */
static void read_number(const uapi_string *text, size_t from, number *found)
{
    size_t at = from, group = 0, gap = 0;

    *found = (number){.from = from, .to = from};
    if (text_at(text, at) == '+') {
        at++;
    }
    for (; at < text->length && at - from < LONGEST; at++) {
        char c = text->data[at];

        if (text_digit(c)) {
            found->groups += group == 0;
            group++;
            found->last = (unsigned)group;
            if (found->digits < 3) {
                found->first[found->digits] = c;
            }
            found->digits++;
            found->to = at + 1;
            gap = 0;
        } else if (is_separator(c) && gap < 2) {
            group = 0;
            gap++;
        } else {
            break;
        }
    }
}

static int is_date(const uapi_string *text, const number *found)
{
    const char *c = text->data + found->from;
    size_t length = found->to - found->from;

    return length >= 8 && found->groups == 3 && found->digits <= 8 && text_digit(c[1]) && !text_digit(c[2]);
}

/* 0123456789 and the like are written where any number would do. */
static int is_ascending(const uapi_string *text, const number *found)
{
    size_t i;

    for (i = found->from + 1;
         i < found->to && text->data[i] == (text->data[i - 1] == '9' ? '0' : text->data[i - 1] + 1); i++) {
    }
    return i == found->to;
}

static int follows_cleanly(const uapi_string *text, size_t from, size_t to)
{
    char before = text_at(text, from - 1), after = text_at(text, to), further = text_at(text, to + 1);

    if (text_alnum(before) || before == '+' || before == '_' || text_alnum(after) || after == '_' || after == '%') {
        return 0;
    }
    if ((before == '.' || before == '-' || before == '/' || before == ':') && text_digit(text_at(text, from - 2))) {
        return 0;
    }
    return !((after == '.' || after == '-' || after == '/' || after == ':' || after == ',') && text_digit(further));
}

/* Eleven digits without a gap, in the ranges that several countries use for mobile telephones. */
static int is_mobile(const number *found)
{
    return found->digits == 11 && (found->first[1] == '5' || found->first[1] == '7' || found->first[1] == '9');
}

static int is_grouped(const number *found)
{
    return found->groups <= 5 && (found->groups != 3 || found->last > 2) &&
           (found->digits == 9 ? found->groups == 2 : found->digits == 10 || found->digits == 11);
}

static int is_national(const uapi_string *text, const number *found)
{
    if (found->first[0] == '0') {
        return (found->groups == 1 ? is_mobile(found) : is_grouped(found)) && !is_date(text, found) &&
               !is_ascending(text, found) && !text_continues(text, found->from, found->to);
    }
    return found->digits == 10 && found->groups == 4;
}

/* A number comes after few characters that are none: a word more ("number", "is"), quotes, colons. */
static int find_after(const uapi_string *text, size_t at, number *found)
{
    size_t end = text->length - at > 24 ? at + 24 : text->length;

    while (at < end && !text_digit(text->data[at])) {
        char c = text->data[at];

        if (c == '\n' || c == ';' || c == '{' || c == '[' || c == '<' || (c == ',' && text_at(text, at + 1) == '"')) {
            return 0;
        }
        at++;
    }
    if (at == end || text_letter(text_at(text, at - 1))) {
        return 0;
    }
    read_number(text, at, found);
    return found->digits >= 7 && found->digits <= 15 && !is_date(text, found) && !is_ascending(text, found);
}

/* "phoneNumber" may go on, "headphones" and "telephonePole" are other words' business: a number must follow anyway. */
static int find_number(const rule *self, const uapi_candidate *candidate, number *found)
{
    const uapi_string *text = &candidate->text;

    *found = (number){0};
    if (self->argument == PHONE_CONTEXT) {
        return find_after(text, candidate->to, found);
    }
    read_number(text, candidate->from + (text_at(text, candidate->from + 1) == '0'), found);
    switch (self->argument) {
    case PHONE_E164:
        return found->digits >= 8 && found->digits <= 15 && is_country(found->first);
    case PHONE_AMERICAN:
        found->to = candidate->to;
        return found->digits >= 10;
    default:
        return is_national(text, found);
    }
}

int32_t verify_phone(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    number found;

    if (!find_number(self, candidate, &found)) {
        return 0;
    }
    finding->from = found.from;
    finding->to = found.to;
    return follows_cleanly(&candidate->text, found.from, found.to);
}
