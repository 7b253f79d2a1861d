/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Requests to hand out what the model was told: a verb of handing out and the prompt, told from those who write about
 * prompts ("write a system prompt") by the article.
 */
#include "rule.h"

static const frame prompt_frames[] = {
    {.before = {REVEAL}, .unless = INDEFINITE, .never = NEGATION, .distance = 9},
    {.before = {GIVE, YOUR}, .unless = INDEFINITE, .never = NEGATION, .distance = 7},
    {.before = {GIVE}, .after = {QUOTED}, .unless = INDEFINITE, .never = NEGATION, .distance = 7},
    {.before = {GIVE}, .after = {SAID | ELSE | START}, .unless = INDEFINITE, .never = NEGATION, .distance = 5},
    {.before = {YOUR}, .after = {REVEAL, OUTPUT}, .unless = INDEFINITE, .never = NEGATION, .distance = 6},
};

static const frame above_frames[] = {
    {.before = {REVEAL, ELSE | ONLY | ALL | EVERYTHING | EARLIER},
     .unless = INDEFINITE,
     .never = NEGATION,
     .distance = 8},
    {.before = {REVEAL},
     .after = {ELSE | ONLY | START | YOU | BEGIN | THIS},
     .unless = INDEFINITE,
     .never = NEGATION,
     .distance = 8},
};

static const frame repeat_frames[] = {
    {.after = {EARLIER, MATERIAL | INSTRUCTION}, .never = NEGATION, .distance = 7},
    {.after = {EVERYTHING, EARLIER | SAID}, .never = NEGATION, .distance = 7},
};

static const frame told_frames[] = {
    {.before = {REVEAL, INSTRUCTION | RULE_WORD | EVERYTHING}, .distance = 10},
    {.before = {GIVE, INSTRUCTION | RULE_WORD}, .distance = 3},
    {.before = {GIVE}, .after = {BEHAVE}, .distance = 3},
    {.before = {GIVE | EVERYTHING}, .after = {START}, .distance = 8},
};

static const frame own_frames[] = {
    {.before = {REVEAL}, .never = NEGATION, .distance = 5},
    {.before = {GIVE}, .after = {ELSE | SAID | START}, .never = NEGATION, .distance = 6},
};

static const frame confession_frames[] = {
    {.before = {GIVE | BEGIN}, .distance = 8},
    {.before = {REVEAL}, .distance = 8},
};

#define PROMPT_ "(?:prompt|prompting|instructions?|directives?)"

static const rule rules[] = {
    FRAMED("extract_system_prompt", HIGH,
           "(?:system|initials?|original|starting|hidden|secret|underlying|internal|base|pre|developer|exact|"
           "core)[\\s_-]"
           "(?:system )?" PROMPT_ "",
           prompt_frames),
    FRAMED("extract_text_above", HIGH,
           "(?:(?:text|everything|words|contents?|sentences|lines|conversation|instructions?|prompts?) (?:written "
           "|shown )?"
           "above|above (?:text|words|" PROMPT_
           "|conversation)|full prompt|initialization above|entire prompt|prompt above)",
           above_frames),
    FRAMED("extract_repeat", HIGH,
           "(?:repeat|reprint|recite|regurgitate) (?:back |me |to me |verbatim )?(?:the|all|every)", repeat_frames),
    FRAMED("extract_told", HIGH,
           "(?:were you|you were|have you been|you have been|you've been) (?:initially |originally )?(?:told|"
           "instructed|given|programmed|prompted)",
           told_frames),
    FRAMED(
        "extract_instructions", MEDIUM,
        "your "
        "(?:(?:initials?|starting|original|hidden|secret|exact|full|complete|internal|underlying|system(?:'s|"
        "\xE2\x80\x99s)?) "
        "(?:parameters and )?)?(?:instructions|directives|guidelines|system message|programming|configuration|prompt)",
        own_frames),
    FRAMED("extract_confession", MEDIUM,
           "(?:my (?:system |initial )?(?:instructions|prompt) (?:is|are|was|were)|i was (?:instructed|told|"
           "programmed) to|(?:the|my) system prompt (?:is|was))",
           confession_frames),
};

const rule_table rules_extract = TABLE(rules);
