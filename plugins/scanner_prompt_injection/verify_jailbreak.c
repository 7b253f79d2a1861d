/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A window around the candidate is read once and each kind of sign counted once: a text that says "no limits" ten times
 * has one sign. The weights are such that no two kinds suffice. Reading goes from the candidate onward first and stops
 * when the sum is reached, which is what keeps a text full of signs cheap.
 */
#include <string.h>

#include "jailbreak.h"

#define BACK 600
#define AHEAD 900
#define ENOUGH 7
#define LEAST_KINDS 4

typedef struct window {
    const uapi_string *text;
    size_t at, end;
    word words[SIGNS_LONGEST];
    const word *order[SIGNS_LONGEST]; /* the next words, first to last */
    size_t count;
} window;

static void fill(window *reading)
{
    while (reading->count < SIGNS_LONGEST) {
        word *slot = (word *)reading->order[reading->count];

        if (!words_next(reading->text, reading->at, reading->end, slot)) {
            return;
        }
        reading->at = slot->to;
        reading->count++;
    }
}

static void step(window *reading)
{
    const word *gone = reading->order[0];

    memmove(reading->order, reading->order + 1, (SIGNS_LONGEST - 1) * sizeof(reading->order[0]));
    reading->order[SIGNS_LONGEST - 1] = gone;
    reading->count--;
}

static int is_enough(uint32_t kinds)
{
    return signs_weight(kinds) >= ENOUGH && __builtin_popcount(kinds) >= LEAST_KINDS;
}

/* The kinds of signs in [from, to), added to what is known already. */
static uint32_t read_signs(const knowledge *known, const uapi_string *text, size_t from, size_t to, uint32_t kinds)
{
    window reading = {.text = text, .at = from, .end = to};
    size_t i;

    for (i = 0; i < SIGNS_LONGEST; i++) {
        reading.order[i] = &reading.words[i];
    }
    for (;;) {
        uint32_t more;

        fill(&reading);
        if (!reading.count) {
            return kinds;
        }
        more = kinds | signs_at(known->scaffolds, reading.order, reading.count);
        if (more != kinds && is_enough(more)) {
            return more;
        }
        kinds = more;
        step(&reading);
    }
}

int32_t verify_jailbreak(const rule *self, const knowledge *known, const uapi_candidate *candidate,
                         uapi_finding *finding)
{
    const uapi_string *text = &candidate->text;
    size_t end = text->length - candidate->from > AHEAD ? candidate->from + AHEAD : text->length;
    uint32_t kinds = read_signs(known, text, candidate->from, end, 1U << self->argument);

    (void)finding;
    if (!is_enough(kinds)) {
        kinds = read_signs(known, text, words_back(text, candidate->from, BACK), candidate->from, kinds);
    }
    return is_enough(kinds);
}
