/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file rule.h
 * What a rule of the tool_abuse scanner is: a pattern that marks a place, and a verifier that reads the argument, the
 * command or the list of tools around it.
 *
 * Most of what is looked for is harmless where somebody writes about it and ordinary in source code, so what counts is
 * where it stands: as a whole argument of a call (scanner_argument.h), or as a command that would be run (command.h).
 */
#ifndef SCANNER_TOOL_ABUSE_RULE_H
#define SCANNER_TOOL_ABUSE_RULE_H

#include <stddef.h>
#include <stdint.h>

#include "../scanner_tables.h"

typedef struct rule rule;

/** The memory of a text. */
typedef struct text_state {
    int defines_tools; /* there is a definition of a tool in it */
    struct {
        size_t from, to;
    } path[2]; /* the last path that was judged, plain and spelled; empty: none */
} text_state;

/** What a verifier has to go by: the candidate, and the memory of this text. */
typedef struct scan {
    const void *instance;
    text_state *state;
    const uapi_candidate *candidate;
} scan;

/** Judge a candidate as uapi_scanner_1.verify does. */
typedef int32_t (*rule_verify)(const rule *self, const scan *at, uapi_finding *finding);

struct rule {
    scanner_pattern pattern;
    rule_verify verify;
    int argument; /* the verifier's own */
};

/** A table of rules; scanner_tool_abuse.c joins them. */
typedef scanner_table rule_table;

extern const rule_table rules_traversal, rules_file, rules_privilege, rules_option, rules_chain, rules_tool;
extern const scanner_explanations explanations_tool_abuse;

#define LOW UAPI_SEVERITY_LOW
#define MEDIUM UAPI_SEVERITY_MEDIUM
#define HIGH UAPI_SEVERITY_HIGH
#define CRITICAL UAPI_SEVERITY_CRITICAL

#define RULE(NAME, SEVERITY, DIRECTIONS, VIEWS, REGEX, VERIFY, ARGUMENT) \
    {                                                                    \
        {.rule = NAME,                                                   \
         .regex = REGEX,                                                 \
         .flags = UAPI_PATTERN_CASELESS | UAPI_PATTERN_DOTALL,           \
         .views = VIEWS,                                                 \
         .severity = SEVERITY,                                           \
         .directions = DIRECTIONS},                                      \
            VERIFY, ARGUMENT                                             \
    }
/** Where commands are looked for: also with the quoting of a shell undone. */
#define COMMAND_VIEWS (UAPI_VIEW_PLAIN | UAPI_VIEW_FOLDED | UAPI_VIEW_DECODED | UAPI_VIEW_SHELL | UAPI_VIEW_JOINED)
/** What an argument is, joined strings do not tell. */
#define ARGUMENT_VIEWS (UAPI_VIEW_PLAIN | UAPI_VIEW_FOLDED | UAPI_VIEW_DECODED)
/** An argument of a call: requests only, because answers are made of such texts. */
#define ARGUMENT(NAME, SEVERITY, REGEX, VERIFY, KIND) \
    RULE(NAME, SEVERITY, UAPI_DIRECTION_REQUEST, ARGUMENT_VIEWS, REGEX, VERIFY, KIND)
#define TABLE(RULES)                                              \
    {                                                             \
        RULES, sizeof(RULES) / sizeof(RULES[0]), sizeof(RULES[0]) \
    }

#endif
