/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file rule.h
 * What a rule of the suspicious_urls scanner is: a pattern that libhs looks for, and how a candidate is judged.
 *
 * Patterns are chosen so that an ordinary URL yields no candidate: each wants a literal (a host's name, a scheme) or
 * a fixed run of characters directly behind "://" that ordinary hosts do not have.
 */
#ifndef SCANNER_SUSPICIOUS_URLS_RULE_H
#define SCANNER_SUSPICIOUS_URLS_RULE_H

#include <stddef.h>
#include <stdint.h>

#include "../scanner_tables.h"

typedef struct rule rule;

/** Judge a candidate as uapi_scanner_1.verify does. */
typedef int32_t (*rule_verify)(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);

struct rule {
    scanner_pattern pattern;
    rule_verify verify;
    uint32_t argument; /* the verifier's own */
};

/** A table of rules; scanner_suspicious_urls.c joins them. */
typedef scanner_table rule_table;

extern const rule_table rules_hosts, rules_addresses, rules_schemes, rules_deception, rules_data;
extern const scanner_explanations explanations_suspicious_urls;

#define LOW UAPI_SEVERITY_LOW
#define MEDIUM UAPI_SEVERITY_MEDIUM
#define HIGH UAPI_SEVERITY_HIGH
#define CRITICAL UAPI_SEVERITY_CRITICAL

/* Hosts and schemes are written in any case, so every rule is caseless. */
#define RULE(NAME, SEVERITY, REGEX, VERIFY, ARGUMENT)   \
    {                                                   \
        .pattern = {.rule = NAME,                       \
                    .regex = REGEX,                     \
                    .flags = UAPI_PATTERN_CASELESS,     \
                    .severity = SEVERITY,               \
                    .directions = UAPI_DIRECTION_BOTH}, \
        .verify = VERIFY, .argument = ARGUMENT          \
    }
#define TABLE(RULES)                                              \
    {                                                             \
        RULES, sizeof(RULES) / sizeof(RULES[0]), sizeof(RULES[0]) \
    }

#endif
