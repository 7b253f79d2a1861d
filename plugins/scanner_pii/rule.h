/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file rule.h
 * What a rule of the pii scanner is: a pattern that libhs looks for, and how a candidate is judged.
 *
 * A pattern is the shape of a number that is seldom anything else, or the words that stand beside one ("social
 * security"), or both as alternatives. Which of them matched is told by a digit in the candidate: words have none. A
 * shape begins on a digit where it can, because libhs passes over text without digits at almost no cost; `back` says
 * how many of its letters stand before that.
 */
#ifndef SCANNER_PII_RULE_H
#define SCANNER_PII_RULE_H

#include <stddef.h>
#include <stdint.h>

#include "../scanner_tables.h"

typedef struct rule rule;
struct scheme;

/** Judge a candidate as uapi_scanner_1.verify does. */
typedef int32_t (*rule_verify)(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);

struct rule {
    scanner_pattern pattern;
    rule_verify verify;
    const struct scheme *scheme; /* first of its schemes, for verify_id */
    uint8_t schemes;             /* how many */
    uint8_t back;                /* characters of the number before the first that the pattern asks for */
    uint8_t argument;            /* the verifier's own */
};

/** A table of rules; scanner_pii.c joins them. */
typedef scanner_table rule_table;

static inline const rule *rule_at(const rule_table *table, size_t index)
{
    return (const rule *)table->rows + index;
}

extern const rule_table rules_finance, rules_europe, rules_america, rules_asia, rules_general, rules_contact,
    rules_document;
extern const scanner_explanations explanations_pii;

#define LOW UAPI_SEVERITY_LOW
#define MEDIUM UAPI_SEVERITY_MEDIUM
#define HIGH UAPI_SEVERITY_HIGH
#define CRITICAL UAPI_SEVERITY_CRITICAL

#define RULE(NAME, SEVERITY, REGEX, ...)                \
    {                                                   \
        .pattern = {.rule = NAME,                       \
                    .regex = REGEX,                     \
                    .flags = UAPI_PATTERN_CASELESS,     \
                    .severity = SEVERITY,               \
                    .directions = UAPI_DIRECTION_BOTH}, \
        .verify = __VA_ARGS__                           \
    }
/* A number that its schemes (a table of one or more) confirm. */
#define ID(NAME, SEVERITY, REGEX, SCHEMES) ID_BACK(NAME, SEVERITY, REGEX, SCHEMES, 0)
#define ID_BACK(NAME, SEVERITY, REGEX, SCHEMES, BACK)                                                          \
    RULE(NAME, SEVERITY, REGEX, verify_id, .scheme = SCHEMES, .schemes = sizeof(SCHEMES) / sizeof(SCHEMES[0]), \
         .back = BACK)
#define TABLE(RULES)                                              \
    {                                                             \
        RULES, sizeof(RULES) / sizeof(RULES[0]), sizeof(RULES[0]) \
    }

/* A word by itself, or a part of a name in snake_case. */
#define WORD(WORDS) "(?:\\b|_)(?:" WORDS ")(?:\\b|_)"
#define D "[0-9]"

#endif
