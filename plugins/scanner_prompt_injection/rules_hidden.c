/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Text that a model reads and a person does not see. Joiners in emoji and Indic or Persian words, flags, soft hyphens
 * and isolates for mixed scripts are ordinary; runs of them, or overrides over Latin letters, are not.
 */
#include "hidden.h"
#include "rule.h"

#define WIDTHLESS_                                                                                                \
    "(?:\\xE2\\x80[\\x8B-\\x8F]|\\xE2\\x81[\\xA0-\\xA4]|\\xEF\\xBB\\xBF|\\xE1\\xA0\\x8E|\\xEF\\xB8[\\x80-\\x8F]|" \
    "\\xCD\\x8F|\\xE3\\x85\\xA4)"
#define SPLIT_ "(?:\\xE2\\x80[\\x8B-\\x8F]|\\xE2\\x81[\\xA0-\\xA4]|\\xEF\\xBB\\xBF|\\xC2\\xAD)"

static const rule rules[] = {
    RULE("hidden_tags", CRITICAL, 0, "(?:\\xF3\\xA0[\\x80\\x81][\\x80-\\xBF])+", verify_tags, .argument = 0),
    RULE("hidden_variation", HIGH, 0, "(?:\\xF3\\xA0[\\x84-\\x87][\\x80-\\xBF]){4,}", NULL, .argument = 0),
    RULE("hidden_zero_width", HIGH, 0, WIDTHLESS_ WIDTHLESS_ WIDTHLESS_, verify_run, .argument = 8),
    RULE("hidden_split_word", HIGH, 0, SPLIT_ "[A-Za-z]" SPLIT_ "[A-Za-z]" SPLIT_, verify_split, .argument = 0),
    RULE("hidden_bidi", MEDIUM, 0, "\\xE2\\x80[\\xAD\\xAE]", verify_bidi, .argument = 0),
    RULE("hidden_comment", HIGH, 0, "<!--", verify_concealed, .argument = 0),
    RULE("hidden_style", HIGH, UAPI_PATTERN_CASELESS,
         "(?:display\\s?:\\s?none|visibility\\s?:\\s?hidden|font-size\\s?:\\s?[01](?:px|pt|em|%|;|\"|')|opacity\\s?:"
         "\\s?0(?:;|\"|'|\\s)|"
         "[^-]color\\s?:\\s?(?:white|transparent|#fff))",
         verify_concealed, .argument = 1),
};

const rule_table rules_hidden = TABLE(rules);
