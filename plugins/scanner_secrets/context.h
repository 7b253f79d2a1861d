/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file context.h
 * The verifier of secrets that are known by the name beside them: api_key = "…", {"password":"…"}, --token ….
 */
#ifndef SCANNER_SECRETS_CONTEXT_H
#define SCANNER_SECRETS_CONTEXT_H

#include "rule.h"

/** What the name promises; `argument` of the rule. */
enum { CONTEXT_PASSWORD, CONTEXT_SECRET, CONTEXT_TOKEN, CONTEXT_KEY, CONTEXT_EXACT };

/** How a name and its value were found. Ranges are of the text. */
typedef struct assignment {
    size_t name_from, name_to; /* the whole identifier */
    size_t word_to;            /* where the word that was looked for ends in it */
    size_t from, to;           /* the value */
    int quoted;                /* the value stands in quotes */
    int tight;                 /* NAME=value, without a space */
} assignment;

/** Find the value that is assigned to the name at [from, to) of the text; 0 if there is none. */
int context_parse(const uapi_string *text, size_t from, size_t to, assignment *found);

/** 1 if such a name, given such a value, means a secret. */
int context_judge(const char *text, const assignment *found, int kind);

int32_t verify_context(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);

#endif
