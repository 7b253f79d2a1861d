/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file scheme.h
 * How the numbers are built that states, banks and health services give to people, and how one is read out of a text.
 */
#ifndef SCANNER_PII_SCHEME_H
#define SCANNER_PII_SCHEME_H

#include "rule.h"

#define SCHEME_LONGEST 24

typedef struct scheme {
    const char *shape;      /* 'd' a digit, 'A' a letter, 'x' either; anything else is that character */
    const char *separators; /* characters of which one may stand between two of the number's */
    int (*check)(const char *text,
                 size_t length); /* of the number without separators, in capitals; NULL: the shape is all */
    int alone; /* 1: also where the whole text is nothing but it; 2: only there; 3: there if in groups */
} scheme;

/** The end of a number of the scheme that begins at `from` and ends before `end` at the latest; 0 if there is none. */
size_t scheme_read(const scheme *self, const uapi_string *text, size_t from, size_t end);

/** A candidate with a digit must be the number; one without is a word, and the number is looked for around it. */
int32_t verify_id(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);
/** The candidate is words for a number of any state; it is looked for as by verify_id, by the schemes of all rules. */
int32_t verify_any(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);
/** The whole text is a number of any scheme that may stand alone. */
int32_t verify_alone(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);

#endif
