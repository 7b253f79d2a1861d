/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file rule.h
 * What a rule of the destructive_commands scanner is: a pattern that marks where a dangerous command may stand, and
 * how the place is judged.
 *
 * The patterns look for what cannot be left out (an option, a device, a word of a statement) rather than for the name
 * of the program, because the name is what gets disguised. The verifiers read the whole command around the mark.
 */
#ifndef SCANNER_DESTRUCTIVE_RULE_H
#define SCANNER_DESTRUCTIVE_RULE_H

#include <stddef.h>
#include <stdint.h>

#include "../scanner_tables.h"

/** What a command does; a rule looks for one. */
typedef enum hazard {
    HAZARD_NONE,
    HAZARD_DELETE,
    HAZARD_FIND,
    HAZARD_DISK,
    HAZARD_PERMISSION,
    HAZARD_PIPE,
    HAZARD_KILL,
    HAZARD_CRON,
    HAZARD_HISTORY,
    HAZARD_GIT_DISCARD,
    HAZARD_GIT_PUSH,
    HAZARD_GIT_REWRITE,
    HAZARD_REVERSE,
    HAZARD_CREDENTIALS,
    HAZARD_POWERSHELL,
    HAZARD_ENCODED,
    HAZARD_WINDOWS,
    HAZARD_CLOUD,
    HAZARD_KUBERNETES,
    HAZARD_CONTAINER
} hazard;

typedef struct rule rule;

/** Judge a candidate as uapi_scanner_1.verify does. */
typedef int32_t (*rule_verify)(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);

struct rule {
    scanner_pattern pattern;
    rule_verify verify;
    int argument; /* the verifier's own: a hazard, a kind of statement */
};

/** A table of rules; scanner_destructive_commands.c joins them. */
typedef scanner_table rule_table;

extern const rule_table rules_shell, rules_git, rules_platform, rules_sql, rules_injection, rules_field;
extern const scanner_explanations explanations_destructive_commands;

#define LOW UAPI_SEVERITY_LOW
#define MEDIUM UAPI_SEVERITY_MEDIUM
#define HIGH UAPI_SEVERITY_HIGH
#define CRITICAL UAPI_SEVERITY_CRITICAL

#define RULE(NAME, SEVERITY, DIRECTIONS, FLAGS, REGEX, VERIFY, ARGUMENT)                                        \
    {                                                                                                           \
        {.rule = NAME, .regex = REGEX, .flags = FLAGS, .severity = SEVERITY, .directions = DIRECTIONS}, VERIFY, \
            ARGUMENT                                                                                            \
    }
/** A command line, in both directions. */
#define COMMAND(NAME, SEVERITY, HAZARD, REGEX) \
    RULE(NAME, SEVERITY, UAPI_DIRECTION_BOTH, UAPI_PATTERN_CASELESS, REGEX, verify_command, HAZARD)
/** The same, for programs whose names are always written in small letters. */
#define COMMAND_SMALL(NAME, SEVERITY, HAZARD, REGEX) \
    RULE(NAME, SEVERITY, UAPI_DIRECTION_BOTH, 0, REGEX, verify_command, HAZARD)
/** What is dangerous as an argument of a call only. */
#define ARGUMENT(NAME, SEVERITY, REGEX, VERIFY, KIND) \
    RULE(NAME, SEVERITY, UAPI_DIRECTION_REQUEST, UAPI_PATTERN_CASELESS | UAPI_PATTERN_DOTALL, REGEX, VERIFY, KIND)
#define TABLE(RULES)                                              \
    {                                                             \
        RULES, sizeof(RULES) / sizeof(RULES[0]), sizeof(RULES[0]) \
    }

/** The command line or argument array around the candidate does what the rule looks for (command.c). */
int32_t verify_command(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);
/** The pattern says it all, unless the text is about it ("message", "title"). */
int32_t verify_any(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);
/** A named pipe, or a socket of .NET, that ends in a shell. */
int32_t verify_pipe_shell(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);
/** The sign stands in a short value of at most `argument` blanks (injection.c). */
int32_t verify_short(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);
/** An operator of the shell behind something that is no command (injection.c). */
int32_t verify_chained(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);
/** A command as the value of a field of a form or query, or of an attribute (injection_field.c). */
int32_t verify_field_command(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);
/** The sign stands in such a value; with `argument`, also in a short text of one line. */
int32_t verify_field(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);
/** Such a value begins with a construct of a shell. */
int32_t verify_field_shell(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);
/** The text is a JSON object of a few words, and no call. */
int32_t verify_body(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);
/** A function that calls itself twice. */
int32_t verify_fork_bomb(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);
/** A statement that stands where one is executed, and has no condition (sql_statement.c). */
int32_t verify_statement(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);
/** The value around the candidate leaves the literal it was meant for (sql_injection.c). */
int32_t verify_injection(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);

#endif
