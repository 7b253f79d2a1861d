/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The verifier of prefixed tokens: find where the run of the token's characters really begins and ends, refuse what is
 * part of something longer, and refuse what is written in documents in a token's place.
 */
#include "rule.h"
#include "value.h"

#define LONGEST_TAIL 4096

/* The letter of an escape ("\nghp_…" in raw text) or of a percent code is no letter in front of a token. */
static int follows_word(const char *text, size_t at)
{
    if (at == 0 || !value_is((unsigned char)text[at - 1], C_WORD)) {
        return 0;
    }
    if (at >= 2 && text[at - 2] == '\\' && (text[at - 1] == 'n' || text[at - 1] == 'r' || text[at - 1] == 't')) {
        return 0;
    }
    return !(at >= 3 && text[at - 3] == '%' && value_is((unsigned char)text[at - 1], C_HEX) &&
             value_is((unsigned char)text[at - 2], C_HEX));
}

static int extend_head(const rule *self, const char *text, size_t *from)
{
    size_t run;

    if (!self->head) {
        return 1;
    }
    run = value_run_back(text + *from, *from < (size_t)self->head_most + 1 ? *from : (size_t)self->head_most + 1,
                         self->head);
    if (run < self->head_least || run > self->head_most) {
        return 0;
    }
    *from -= run;
    return 1;
}

static int looks_made_up(const rule *self, const char *secret, size_t length)
{
    if (!(self->loose & LOOSE_RUNS) && value_longest_repeat(secret, length) >= 8) {
        return 1;
    }
    return value_entropy(secret, length) < self->entropy || value_count(secret, length, C_DIGIT) < self->digits;
}

int32_t rule_verify_token(const rule *self, const uapi_candidate *candidate, uapi_finding *finding)
{
    const char *text = candidate->text.data;
    size_t from = candidate->from, to = candidate->to, left = candidate->text.length - to;
    size_t most = self->longest ? self->longest : LONGEST_TAIL; /* one too many is enough to know */

    to += value_run(text + to, left < most ? left : most, self->tail);
    if (!extend_head(self, text, &from) || (self->longest && to - from > self->longest)) {
        return 0;
    }
    if (!(self->loose & LOOSE_START) && follows_word(text, from)) {
        return 0;
    }
    if (to - from <= self->skip || looks_made_up(self, text + from + self->skip, to - from - self->skip)) {
        return 0;
    }
    finding->from = from;
    finding->to = to;
    return 1;
}
