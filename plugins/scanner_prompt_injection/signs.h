/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file signs.h
 * The phrases by which jailbreak scaffolds are known, by kind. None of them is a finding alone.
 */
#ifndef SCANNER_PROMPT_INJECTION_SIGNS_H
#define SCANNER_PROMPT_INJECTION_SIGNS_H

#include "words.h"

/* Kinds of signs. */
enum {
    SIGN_NAME,      /* of a persona or mode that is known for it */
    SIGN_LIMITS,    /* that there are none */
    SIGN_POLICY,    /* whose rules are meant */
    SIGN_DUAL,      /* two answers, one of them without limits */
    SIGN_CHARACTER, /* never to be left */
    SIGN_REFUSAL,   /* forbidden, or its wording */
    SIGN_PERSONA,
    SIGN_CONTRACT, /* what happens next, tokens, confirmations */
    SIGN_SPEAKER,  /* the model is addressed by its name */
    SIGN_VICE,
    SIGN_KINDS
};

typedef struct signs signs;

/** On the heap, read-only then; NULL if there is no memory. */
signs *signs_create(void);
void signs_destroy(signs *made);

/** The kinds, as a bit set, whose phrases begin at the first of `count` words. */
uint32_t signs_at(const signs *known, const word *const *words, size_t count);

/** The longest phrase, in words. */
#define SIGNS_LONGEST 4

/** The sum of the weights of a set of kinds. */
int signs_weight(uint32_t kinds);

#endif
