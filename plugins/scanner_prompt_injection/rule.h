/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file rule.h
 * What a rule of the prompt injection scanner is: a pattern that libhs looks for (the anchor: a verb, a token, a fixed
 * phrase) and the evidence that must stand around it. The anchor alone never is a finding.
 */
#ifndef SCANNER_PROMPT_INJECTION_RULE_H
#define SCANNER_PROMPT_INJECTION_RULE_H

#include "../scanner_tables.h"
#include "lexicon.h"
#include "signs.h"

typedef struct rule rule;

/** What every verifier may look up; made once, read-only then. */
typedef struct knowledge {
    lexicon *words;
    signs *scaffolds;
} knowledge;

/** Judge a candidate as uapi_scanner_1.verify does. */
typedef int32_t (*rule_verify)(const rule *self, const knowledge *known, const uapi_candidate *candidate,
                               uapi_finding *finding);

/**
 * Evidence: each set that is not 0 must be met by a word of one of its classes, at that side of the anchor; `unless`
 * by none of the three words before it, `never` by none at all before it. Words count up to `distance` from the
 * anchor and `sentences` ends of sentences after it.
 */
typedef struct frame {
    uint64_t before[2];
    uint64_t after[3];
    uint64_t anywhere[2];
    uint64_t unless, never;
    uint8_t distance;
    uint8_t sentences;
} frame;

struct rule {
    scanner_pattern pattern;
    rule_verify verify;
    const frame *frames; /* one of them is enough */
    size_t frame_count;
    int argument; /* the verifier's own */
};

/** A table of rules; scanner_prompt_injection.c joins them. */
typedef scanner_table rule_table;

extern const rule_table rules_override, rules_role, rules_template, rules_hidden, rules_encoded, rules_disguised,
    rules_extract, rules_poison, rules_jailbreak;
extern const scanner_explanations explanations_prompt_injection;

#define LOW UAPI_SEVERITY_LOW
#define MEDIUM UAPI_SEVERITY_MEDIUM
#define HIGH UAPI_SEVERITY_HIGH
#define CRITICAL UAPI_SEVERITY_CRITICAL

#define RULE(NAME, SEVERITY, FLAGS, REGEX, VERIFY, ...) \
    {                                                   \
        .pattern = {.rule = NAME,                       \
                    .regex = REGEX,                     \
                    .flags = FLAGS,                     \
                    .severity = SEVERITY,               \
                    .directions = UAPI_DIRECTION_BOTH}, \
        .verify = VERIFY, __VA_ARGS__                   \
    }
#define FRAMES(NAME) .frames = NAME, .frame_count = sizeof(NAME) / sizeof(NAME[0])
#define FRAMED(NAME, SEVERITY, REGEX, EVIDENCE) \
    RULE(NAME, SEVERITY, UAPI_PATTERN_CASELESS, REGEX, verify_frame, FRAMES(EVIDENCE))
#define TABLE(RULES)                                              \
    {                                                             \
        RULES, sizeof(RULES) / sizeof(RULES[0]), sizeof(RULES[0]) \
    }

/** The evidence is one of the rule's frames. */
int32_t verify_frame(const rule *self, const knowledge *known, const uapi_candidate *candidate, uapi_finding *finding);

/** The union of the classes of all words in [from, to) of the text, which must be short. */
uint64_t frame_classes(const knowledge *known, const uapi_string *text, size_t from, size_t to);

#endif
