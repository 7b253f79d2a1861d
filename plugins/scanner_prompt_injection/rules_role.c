/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Who speaks, and as what: messages that claim to be the system's, speakers who claim authority, modes that do not
 * exist, and a new role for the model.
 */
#include "role.h"
#include "rule.h"

static const frame message_frames[] = {
    {.after = {MODEL | YOU, MUST | OUTPUT | IGNORE | UNBOUND | REVEAL | BEHAVE | PASS}, .distance = 30, .sentences = 2},
    {.after = {IGNORE, INSTRUCTION | RULE_WORD | ALL}, .distance = 20, .sentences = 1},
};

static const frame authority_frames[] = {
    {.after = {GRANT, SENSITIVE | INSTRUCTION | RULE_WORD}, .distance = 28, .sentences = 2},
    {.after = {IGNORE, ALL | YOUR}, .distance = 28, .sentences = 2},
};

static const frame machine_frames[] = {
    {.after = {ACTIVATED, MODE}, .distance = 14},
    {.after = {GRANT, SENSITIVE | INSTRUCTION}, .distance = 24, .sentences = 2},
};

static const frame persona_frames[] = {
    {.after = {MODEL | UNBOUND}, .distance = 7},
    {.after = {PROGRAM, OUTPUT | IGNORE | MUST | BEHAVE}, .distance = 14, .sentences = 1},
    {.after = {MODE, REVEAL | OUTPUT | IGNORE | UNBOUND}, .distance = 14, .sentences = 1},
    {.after = {BEHAVE, UNBOUND | RULE_WORD}, .distance = 24, .sentences = 1},
};

static const frame onward_frames[] = {
    {.after = {YOU, BEHAVE}, .distance = 12},
    {.after = {YOU, UNBOUND | MODEL}, .distance = 14, .sentences = 1},
    {.after = {YOU, RULE_WORD, NEGATION}, .distance = 24, .sentences = 1},
};

static const frame replaced_frames[] = {
    {.after = {RULE_WORD, NEGATION | INSTRUCTION | EARLIER}, .distance = 40, .sentences = 2},
    {.before = {YOU, BEHAVE}, .distance = 16},
    {.before = {IGNORE}, .distance = 20},
    {.after = {MUST, YOU, RULE_WORD | INSTRUCTION}, .distance = 40, .sentences = 2},
};

static const rule rules[] = {
    FRAMED("fake_system_message", HIGH,
           "(?:^|[\\n\\]>*\\[#]) {0,3}(?:system|admin|developer|openai|anthropic) "
           "?(?:message|note|notice|alert|update|"
           "override|instruction)s?\\]? ?:",
           message_frames),
    FRAMED("authority_claim", HIGH,
           "i ?(?:'|\xE2\x80\x99)?a?m (?:(?:your|one of your) "
           "(?:developer|creator|administrator|admin|programmer|engineer|owner|maker)|"
           "(?:the|an?) (?:system |ai |lead |chief )?(?:developer|administrator|admin))",
           authority_frames),
    FRAMED("authority_mode", MEDIUM, "as an? ai (?:developed|created|built|made|trained) by", machine_frames),
    RULE("fake_mode", HIGH, UAPI_PATTERN_CASELESS,
         "(?:system|admin(?:istrator)?|security|safety|developer|root|sudo|god|jailbreak|safe|dan|"
         "unrestricted|override|audit)[ _-](?:override[ _-])?(?:mode|override)",
         verify_mode, .argument = 0),
    FRAMED("persona_switch", MEDIUM,
           "(?:you(?: are|'re|\xE2\x80\x99re) now|now you(?: are|'re)|you now are|you will now|now you act)",
           persona_frames),
    FRAMED("persona_replaced", HIGH,
           "(?:unrestricted|unfiltered|uncensored|jailbroken|rogue|evil) (?:ai|llm|bot|chatbot|assistant|language "
           "model|model)",
           replaced_frames),
    FRAMED("persona_onward", MEDIUM, "from (?:now|this point|here) o(?:n|wn|nwards?|ut)", onward_frames),
};

const rule_table rules_role = TABLE(rules);
