/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Instructions that set other instructions aside: a verb, a scope and an object. "Ignore the noise" has no object of
 * ours, "follow the instructions above" no verb.
 */
#include "rule.h"

static const frame override_frames[] = {
    {.after = {EARLIER, INSTRUCTION}, .unless = NEGATION, .distance = 10},
    {.after = {YOUR | ALL, INSTRUCTION}, .unless = NEGATION, .distance = 8},
    {.after = {EARLIER | YOUR, RULE_WORD}, .unless = NEGATION | YOU, .distance = 5},
    {.after = {WHOLLY, RULE_WORD, YOU | MODEL | YOUR}, .unless = NEGATION, .distance = 14},
    {.after = {WHOLLY, RULE_WORD}, .before = {BEHAVE | OUTPUT}, .unless = NEGATION, .distance = 12},
    {.after = {ALL, RULE_WORD}, .before = {YOUR | YOU}, .unless = NEGATION, .distance = 8},
    {.after = {EVERYTHING, SAID, YOU | SPEAKER}, .unless = NEGATION, .distance = 8},
    {.after = {EVERYTHING, EARLIER}, .unless = NEGATION, .distance = 3},
    {.after = {EVERYTHING | ALL, START, INSTRUCTION | YOU | SPEAKER | ONLY}, .unless = NEGATION, .distance = 10},
    {.after = {EARLIER, MATERIAL, QUOTED | ONLY}, .unless = NEGATION, .distance = 12, .sentences = 1},
    {.after = {INSTRUCTION, ONLY}, .unless = NEGATION, .distance = 6},
    {.after = {INSTRUCTION | MATERIAL, QUOTED}, .unless = NEGATION, .distance = 18, .sentences = 1},
    {.after = {EARLIER, ONLY, OUTPUT | REVEAL}, .unless = NEGATION, .distance = 8},
};

/* Verbs that manuals of software use, too. */
static const frame bypass_frames[] = {
    {.after = {YOUR, INSTRUCTION | RULE_WORD}, .unless = NEGATION | YOU, .distance = 5},
    {.after = {EARLIER, INSTRUCTION, OUTPUT | YOU | MODEL | ONLY}, .unless = NEGATION, .distance = 16, .sentences = 1},
    {.after = {JUDGEMENT, OUTPUT}, .unless = NEGATION, .distance = 8},
};

static const frame translated_frames[] = {
    {.anywhere = {EARLIER | YOUR | ALL, INSTRUCTION}, .unless = NEGATION, .distance = 10},
    {.anywhere = {EARLIER | YOUR, RULE_WORD}, .unless = NEGATION, .distance = 8},
    {.after = {EVERYTHING | ALL, SAID | EARLIER}, .unless = NEGATION, .distance = 8},
};

static const frame void_frames[] = {
    {.before = {EARLIER | YOUR}, .distance = 6},
    {.before = {WHOLLY}, .distance = 3},
    {.after = {MODEL}, .distance = 6},
};

static const frame new_frames[] = {
    {.before = {BEGIN}, .distance = 4},
    {.after = {MODEL}, .distance = 6},
    {.after = {QUOTED, YOU | ONLY | MUST}, .distance = 16, .sentences = 1},
    {.after = {IGNORE}, .distance = 10, .sentences = 1},
};

static const frame stop_frames[] = {
    {.after = {ONLY, QUOTED}, .distance = 10, .sentences = 8},
    {.after = {INSTRUCTION | RULE_WORD, OUTPUT | REVEAL}, .distance = 14, .sentences = 2},
};

static const rule rules[] = {
    FRAMED("override", HIGH,
           "(?:ignor|disregard|forget|overlook|discard|disobey|no attention to|no heed to|no mind "
           "to|dismiss|neglect|instead of following|instead of obeying|abandon|nullify|unlearn"
           "|(?:do not|don'?t|stop|cease|quit|no longer) (?:follow|obey|comply|adher)|erase|throw out"
           "|set aside)",
           override_frames),
    FRAMED("override_bypass", HIGH,
           "(?:overrid(?:e|ing)|bypass(?:ing)?|supersed(?:e|ing)|(?:cancel|reset|revoke|skip) "
           "(?:all|your|every|previous|prior|earlier))",
           bypass_frames),
    FRAMED("override_translated", HIGH,
           "(?:ignorier(?:e|en|t)?|vergiss|vergesse?n?|missacht|missachte|ignorez|oublie[rz]?|ne tenez "
           "pas compte|ne tiens pas compte|ignora(?:re|te|r|d|n)?|olvid[ae]|haz caso omiso|"
           "dimentica|non considerare|esque\xC3\xA7[ae]|desconsidere|negeer|vergeet|zignoruj|ignoruj|zapomnij|"
           "pomi\xC5\x84|ignorera|ignor(?:e|\xC3\xA9)r|gl\xC3\xB6m|glem|ohita|unohda|zapome\xC5\x88|"
           "ignor\xC4\x83|uit\xC4\x83|hagyd figyelmen|felejtsd|yok say|g\xC3\xB6rmezden|unut|"
           "\xD0\xB3\xD0\xBD\xD0\xBE\xD1\x80\xD0\xB8\xD1\x80\xD1\x83\xD0\xB9|"
           "\xD0\xB3\xD0\xBD\xD0\xBE\xD1\x80\xD1\x83\xD0\xB9|\xD0\xB0\xD0\xB1\xD1\x83\xD0\xB4\xD1\x8C)",
           translated_frames),
    FRAMED("override_void", HIGH,
           "(?:instructions?|directives|guidelines|prompts?|rules|restrictions|policies) (?:above |before |so far )?"
           "(?:(?:are|is|were|have been|has been) (?:now |all |hereby "
           ")?(?:false|void|null|invalid|cancel|revoked|replaced|"
           "superseded|outdated|obsolete|out of date|suspended|lifted|overridden|deprecated|wrong|disabled)|"
           "(?:do no[t]|no longer|don'?t) (?:apply|matter|count))",
           void_frames),
    FRAMED("new_instructions", HIGH,
           "(?:new|updated|revised|real|actual|true|secret|(?:out of date|old|previous|user|prior)) (?:system )?"
           "(?:instruction|directive)s?",
           new_frames),
    FRAMED("override_stop", HIGH,
           "(?:stop (?:everything|what you|all (?:tasks|work|other))|never ?mind|forget (?:about )?(?:that|it|this))",
           stop_frames),
};

const rule_table rules_override = TABLE(rules);
