/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file rule.h
 * What a rule of the exfiltration scanner is: a pattern that marks where data may be on its way out, and how the place is
 * judged.
 *
 * Patterns are names of programs, words of statements and names of parameters: an ordinary text has few of them. What
 * is moved, and where to, is read by the verifier from the command, statement or value around the mark.
 */
#ifndef SCANNER_EXFILTRATION_RULE_H
#define SCANNER_EXFILTRATION_RULE_H

#include <stddef.h>
#include <stdint.h>

#include "../scanner_tables.h"
#include "behaviour.h"

/** The plugin's instance. It begins with the tables, as scanner_tables.h wants it. */
typedef struct exfiltration {
    scanner_tables tables;
    behaviour behaviour;
    /* Indices of the rules that no pattern leads to, or not always. */
    uint32_t transfer_rules[16]; /* by transfer_kind */
    uint32_t encoded_payload, encoded_secret, many_records, large_answer, unusual_volume, page_walk;
    uint32_t huge_limit, sensitive_table;
} exfiltration;

/** What is kept for a text. */
typedef struct text_state {
    size_t from, to;   /* of the page's number or cursor; equal: there is none */
    uint64_t position; /* the number, or the cursor's hash */
    int is_cursor;
    size_t clean_from, clean_to; /* commands in between were judged, and are none of ours */
} text_state;

typedef struct rule rule;

/** Judge a candidate as uapi_scanner_1.verify does. */
typedef int32_t (*rule_verify)(const exfiltration *instance, const rule *self, text_state *state,
                               const uapi_candidate *candidate, uapi_finding *finding);

struct rule {
    scanner_pattern pattern;
    rule_verify verify;
    uint32_t argument; /* the verifier's own */
};

/** A table of rules; scanner_exfiltration.c joins them. */
typedef scanner_table rule_table;

extern const rule_table rules_transfer, rules_code, rules_query, rules_bulk, rules_call, rules_behaviour;
extern const scanner_explanations explanations_exfiltration;

#define LOW UAPI_SEVERITY_LOW
#define MEDIUM UAPI_SEVERITY_MEDIUM
#define HIGH UAPI_SEVERITY_HIGH
#define CRITICAL UAPI_SEVERITY_CRITICAL

#define RULE(NAME, SEVERITY, DIRECTIONS, FLAGS, VIEWS, ACTION, REGEX, VERIFY, ARGUMENT) \
    {                                                                                   \
        .pattern = {.rule = NAME,                                                       \
                    .regex = REGEX,                                                     \
                    .flags = FLAGS,                                                     \
                    .views = VIEWS,                                                     \
                    .severity = SEVERITY,                                               \
                    .directions = DIRECTIONS,                                           \
                    .request_action = ACTION,                                           \
                    .response_action = ACTION},                                         \
        .verify = VERIFY, .argument = ARGUMENT                                          \
    }
#define TABLE(RULES)                                              \
    {                                                             \
        RULES, sizeof(RULES) / sizeof(RULES[0]), sizeof(RULES[0]) \
    }

/** Every reading of a text, a shell's too. */
#define ALL_VIEWS (UAPI_VIEW_PLAIN | UAPI_VIEW_FOLDED | UAPI_VIEW_DECODED | UAPI_VIEW_SHELL | UAPI_VIEW_JOINED)

#endif
