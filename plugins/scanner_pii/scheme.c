/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Reading a number of a known scheme. People write numbers in groups, so one separator may stand between any two
 * characters, always the same one (where a scheme mixes them, its list begins with '*'). A number beside a word is
 * looked for in a window of fixed size, at the places where a number can begin: the time for a candidate has a bound.
 */
#include "scheme.h"

#include "scan_text.h"

#define AFTER 64
#define BEFORE 40

static int fits(char kind, char c)
{
    switch (kind) {
    case 'd':
        return text_digit(c);
    case 'A':
        return text_letter(c);
    case 'x':
        return text_alnum(c);
    default:
        return text_capital(c) == kind;
    }
}

static int is_one_of(const char *list, char c)
{
    while (*list && *list != c) {
        list++;
    }
    return c && *list == c;
}

size_t scheme_read(const scheme *self, const uapi_string *text, size_t from, size_t end)
{
    char compact[SCHEME_LONGEST], used = '\0';
    int mixed = self->separators[0] == '*';
    const char *shape = self->shape;
    size_t length = 0, at = from;

    while (*shape && at < end) {
        char c = text->data[at];

        if (length && is_one_of(self->separators, c) && (!used || used == c || mixed) && at + 1 < end &&
            text_alnum(text->data[at + 1])) {
            used = c;
            c = text->data[++at];
        }
        if (!fits(*shape, c)) {
            return 0;
        }
        compact[length++] = text_capital(c);
        shape++;
        at++;
    }
    return !*shape && text_ends(text, at) && !(used == ' ' && text_continues(text, from, at)) &&
                   (!self->check || self->check(compact, length))
               ? at
               : 0;
}

static int read_any(const rule *self, const uapi_string *text, size_t from, size_t end, uapi_finding *finding)
{
    uint8_t i;

    for (i = 0; i < self->schemes; i++) {
        size_t to = scheme_read(&self->scheme[i], text, from, end);

        if (to && (self->scheme[i].alone != 2 || (from == 0 && to == text->length))) {
            finding->from = from;
            finding->to = to;
            return 1;
        }
    }
    return 0;
}

static int search(const rule *self, const uapi_string *text, size_t from, size_t end, uapi_finding *finding)
{
    for (; from < end; from++) {
        if (text_alnum(text->data[from]) && text_begins(text, from) && read_any(self, text, from, end, finding)) {
            return 1;
        }
    }
    return 0;
}

/* A number that follows directly on a letter of a sentence ("id code is1990…") still begins. */
static int search_digits(const rule *self, const uapi_string *text, size_t from, size_t end, uapi_finding *finding)
{
    for (; from < end; from++) {
        if (text_digit(text->data[from]) && text_letter(text_at(text, from - 1)) &&
            read_any(self, text, from, end, finding)) {
            return 1;
        }
    }
    return 0;
}

int32_t verify_id(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    const uapi_string *text = &candidate->text;
    size_t from = candidate->from, to = candidate->to, start, end;

    if (text_has_digit(text, from, to)) {
        if (self->back && from > self->back && !text_alnum(text->data[from - 1])) {
            from--; /* a separator between the letters and the digits */
        }
        if (from < self->back) {
            return 0;
        }
        from -= self->back;
        for (start = from; start > 0 && from - start < 2 && text_digit(text->data[start - 1]); start--) {
        }
        from = start; /* a century or a first digit that the pattern does not ask for */
        return text_begins(text, from) && read_any(self, text, from, text->length, finding);
    }
    end = text->length - to > AFTER ? to + AFTER : text->length;
    start = from > BEFORE ? from - BEFORE : 0;
    return search(self, text, to, end, finding) || search(self, text, start, from, finding) ||
           search_digits(self, text, to, end, finding);
}

static const rule_table *const with_schemes[] = {&rules_finance, &rules_europe, &rules_america, &rules_asia};

#define TABLES (sizeof(with_schemes) / sizeof(with_schemes[0]))

static int read_all(const uapi_string *text, size_t from, size_t end, uapi_finding *finding)
{
    size_t t, i;

    for (t = 1; t < TABLES; t++) { /* not the banks' */
        for (i = 0; i < with_schemes[t]->count; i++) {
            if (read_any(rule_at(with_schemes[t], i), text, from, end, finding)) {
                return 1;
            }
        }
    }
    return 0;
}

/* As verify_id, but place by place: one question whether a number can begin there, for all schemes. */
int32_t verify_any(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    const uapi_string *text = &candidate->text;
    size_t end = text->length - candidate->to > AFTER ? candidate->to + AFTER : text->length, at;

    (void)self;
    for (at = candidate->to; at < end; at++) {
        if (text_alnum(text->data[at]) && text_begins(text, at) && read_all(text, at, end, finding)) {
            return 1;
        }
    }
    for (at = candidate->from > BEFORE ? candidate->from - BEFORE : 0; at < candidate->from; at++) {
        if (text_alnum(text->data[at]) && text_begins(text, at) && read_all(text, at, candidate->from, finding)) {
            return 1;
        }
    }
    return 0;
}

static int stands_alone(const scheme *self, const uapi_string *text, size_t end)
{
    size_t length = 0;

    while (self->shape[length]) {
        length++;
    }
    return self->alone && (self->alone < 3 || end > length) && scheme_read(self, text, 0, end) == end;
}

static int is_alone(const rule *other, const uapi_string *text, size_t end)
{
    uint8_t i;

    for (i = 0; i < other->schemes; i++) {
        if (stands_alone(&other->scheme[i], text, end)) {
            return 1;
        }
    }
    return 0;
}

int32_t verify_alone(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    size_t end = candidate->text.length, t, i;

    (void)self;
    while (end > 1 && (candidate->text.data[end - 1] == '\n' || candidate->text.data[end - 1] == '.')) {
        end--;
    }
    finding->from = 0;
    finding->to = end;
    for (t = 0; t < TABLES; t++) {
        for (i = 0; i < with_schemes[t]->count; i++) {
            if (is_alone(rule_at(with_schemes[t], i), &candidate->text, end)) {
                return 1;
            }
        }
    }
    return 0;
}
