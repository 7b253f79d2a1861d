/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file rule.h
 * What a rule of the secrets scanner is: a pattern that libhs looks for, and how a candidate is judged.
 *
 * The pattern is the shortest certain sign of the secret (a vendor's prefix and the least number of characters after
 * it), of fixed width where that is possible, because that is what libhs is fastest at. Where the secret begins and
 * ends is found here, from its character class.
 */
#ifndef SCANNER_SECRETS_RULE_H
#define SCANNER_SECRETS_RULE_H

#include <stddef.h>
#include <stdint.h>

#include "../scanner_tables.h"

/* Character classes, as a bit set. */
enum {
    C_DIGIT = 0x001,
    C_LOWER = 0x002,
    C_UPPER = 0x004,
    C_UNDER = 0x008,
    C_DASH = 0x010,
    C_DOT = 0x020,
    C_SLASH = 0x040,
    C_PLUS = 0x080,
    C_EQUALS = 0x100,
    C_TILDE = 0x200,
    C_PERCENT = 0x400,
    C_HEX = 0x800,
    C_COLON = 0x1000,
    C_ALNUM = C_DIGIT | C_LOWER | C_UPPER,
    C_WORD = C_ALNUM | C_UNDER,
    C_URLSAFE = C_WORD | C_DASH,
    C_BASE64 = C_ALNUM | C_SLASH | C_PLUS | C_EQUALS
};

/* What a token's rule lets pass. */
enum {
    LOOSE_START = 1, /* it may follow directly on a letter or digit */
    LOOSE_RUNS = 2   /* it may contain a long run of one character */
};

typedef struct rule rule;

/** Judge a candidate as uapi_scanner_1.verify does. */
typedef int32_t (*rule_verify)(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);

struct rule {
    scanner_pattern pattern;
    rule_verify verify;
    /* for rule_verify_token: */
    uint16_t tail;    /* class of the characters after the match that still belong to the secret */
    uint16_t longest; /* if the whole is longer, it is something else; 0: no limit */
    uint16_t head;    /* class of the characters before the match that belong to it, too */
    uint16_t head_least, head_most;
    uint16_t skip;    /* characters of the whole that are the vendor's and say nothing of randomness */
    uint8_t entropy;  /* least Shannon entropy after them, in tenths of a bit a character */
    uint8_t digits;   /* least number of digits after them */
    uint8_t loose;    /* a set of LOOSE_ */
    uint8_t argument; /* the verifier's own */
};

/** A table of rules; scanner_secrets.c joins them. */
typedef scanner_table rule_table;

extern const rule_table rules_cloud, rules_code, rules_services, rules_ai, rules_structure, rules_context;
extern const scanner_explanations explanations_secrets;

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
#define TOKEN(NAME, SEVERITY, REGEX, ...) RULE(NAME, SEVERITY, 0, REGEX, rule_verify_token, __VA_ARGS__)
#define TABLE(RULES)                                              \
    {                                                             \
        RULES, sizeof(RULES) / sizeof(RULES[0]), sizeof(RULES[0]) \
    }

#define ALNUM_ "[0-9A-Za-z]"
#define WORD_ "[0-9A-Za-z_]"
#define URLSAFE_ "[0-9A-Za-z_-]"
#define BASE64_ "[0-9A-Za-z+/]"
#define HEX_ "[0-9a-f]"
#define UUID_ HEX_ "{8}-" HEX_ "{4}-" HEX_ "{4}-" HEX_ "{4}-" HEX_ "{12}"

int32_t rule_verify_token(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);

#endif
