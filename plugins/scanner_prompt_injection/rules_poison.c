/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What an answer or the description of a tool has no business to say: how the model is to answer, what to keep from the
 * user, what to read and hand over before a tool is used.
 */
#include "rule.h"

static const frame important_frames[] = {
    {.after = {TOOL, FETCH | PASS, SENSITIVE | PARAMETER | CONTENTS}, .distance = 60, .sentences = 4},
    {.after = {NEGATION, USER, THIS}, .distance = 60, .sentences = 4},
    {.after = {FETCH | PASS | OUTPUT | REVEAL, SENSITIVE, MUST | YOU}, .distance = 60, .sentences = 4},
    {.after = {IGNORE, INSTRUCTION | RULE_WORD | MATERIAL}, .distance = 40, .sentences = 3},
    {.after = {MODEL, MUST | OUTPUT, YOU | USER}, .distance = 40, .sentences = 3},
};

static const frame conceal_frames[] = {
    {.after = {THIS, CALL | PASS | FETCH | SENSITIVE | TOOL | INSTRUCTION | PARAMETER}, .distance = 16, .sentences = 1},
    {.before = {CALL | PASS | FETCH | SENSITIVE | OUTPUT}, .distance = 24},
    {.after = {CALL | PASS | FETCH, SENSITIVE | TOOL | CONTENTS}, .distance = 30, .sentences = 2},
};

static const frame before_tool_frames[] = {
    {.after = {FETCH | PASS, SENSITIVE, PASS}, .distance = 40, .sentences = 2},
    {.after = {FETCH, SENSITIVE, PARAMETER}, .distance = 40, .sentences = 2},
    {.after = {PASS, SENSITIVE | CONTENTS, PARAMETER}, .distance = 30, .sentences = 1},
    {.after = {NEGATION, USER, THIS}, .distance = 40, .sentences = 2},
};

static const frame smuggle_frames[] = {
    {.before = {PASS | FETCH, CALL}, .after = {PASS | PARAMETER}, .never = INDEFINITE, .distance = 24, .sentences = 1},
    {.before = {FETCH}, .after = {PASS, PARAMETER | TOOL}, .distance = 24, .sentences = 1},
    {.before = {PASS}, .after = {PARAMETER, TOOL | MUST | OUTPUT | CALL}, .distance = 16, .sentences = 1},
    {.before = {PASS, CALL | MUST}, .after = {PARAMETER}, .distance = 14},
    {.before = {FETCH}, .after = {PASS, THIS | CONTENTS}, .distance = 8},
    {.before = {FETCH | PASS}, .after = {USER, NEGATION}, .distance = 24, .sentences = 2},
};

static const frame answer_frames[] = {
    {.distance = 1}, /* possessive, noun, modal and verb are the evidence */
};

static const frame prefix_frames[] = {
    {.before = {BEGIN}, .after = {YOU | INSTRUCTION | MUST | ELSE | MODEL}, .distance = 12, .sentences = 1},
    {.before = {BEGIN, MUST | ALL}, .distance = 8},
};

static const frame only_frames[] = {
    {.after = {DEVIATE, NEGATION}, .distance = 30, .sentences = 3},
    {.before = {ELSE, BEGIN}, .distance = 12},
    {.before = {IGNORE}, .distance = 14},
};

static const frame exact_frames[] = {
    {.before = {OUTPUT}, .unless = NEGATION, .distance = 12},
};

static const frame note_frames[] = {
    {.before = {NOTE, ADDRESS}, .after = {PROGRAM | QUOTED | JUDGEMENT}, .distance = 4, .sentences = 1},
    {.before = {NOTE, ADDRESS},
     .after = {OUTPUT | MUST | IGNORE | PASS | REVEAL | ELSE},
     .distance = 24,
     .sentences = 3},
    {.before = {HIDDEN}, .distance = 6},
    {.before = {IF, YOU},
     .after = {OUTPUT | MUST | IGNORE | PASS | REVEAL | ELSE | ONLY},
     .distance = 24,
     .sentences = 2},
};

static const frame addressed_frames[] = {
    {.after = {OUTPUT | MUST | IGNORE | PASS | REVEAL, ALL | EVERYTHING | THIS | YOU | USER | MATERIAL | QUOTED},
     .distance = 20,
     .sentences = 2},
};

static const frame unseen_frames[] = {
    {.anywhere = {MODEL}, .distance = 5},
};

static const rule rules[] = {
    FRAMED("poison_important", HIGH,
           "(?:<important>|<(?:system[_-]?)?(?:critical|urgent|secret|instructions?|reminder)>|\\*\\*important\\*\\*)",
           important_frames),
    FRAMED(
        "poison_conceal", HIGH,
        "(?:(?:(?:do not|don'?t|don\xE2\x80\x99t|never|without) (?:ever "
        ")?(?:tell|inform|mention|notify|alert|reveal|show|"
        "disclose|warn)(?:ing)? (?:this |it |that |anything )?(?:to )?(?:the )?(?:user|human|customer|operator|owner))|"
        "(?:hide|keep|conceal)[a-z]* (?:this|it|that) (?:secret |hidden )?from the (?:user|human)|"
        "the user (?:must|should|does) (?:not|never) (?:know|see|notice|learn|need to know)|"
        "(?:do not|don'?t|never) mention (?:this|that you))",
        conceal_frames),
    FRAMED("poison_before_tool", HIGH,
           "(?:before|when|whenever|prior to) (?:you )?(?:using|calling|invoking|running|executing|use|call|invoke) "
           "(?:this|the|any|other|another) (?:[a-z_]{2,24} )?(?:tool|function)",
           before_tool_frames),
    FRAMED("poison_smuggle", CRITICAL,
           "(?:id_rsa|id_ed25519|\\.ssh/|\\.aws/credentials|/mcp\\.json|\\.cursor/|\\.kube/config|"
           "(?:conversation|chat|message) history)",
           smuggle_frames),
    FRAMED("response_form", MEDIUM,
           "your (?:next |final |entire |first )?(?:response|answer|reply|output)s? (?:must|has to|should|shall|will) "
           "(?:always |only |now )?(?:begin|start|end|be exactly)",
           answer_frames),
    FRAMED("response_prefix", MEDIUM,
           "(?:of )?your (?:next |first )?(?:response|answer|reply|output|message)s? (?:with|by)", prefix_frames),
    FRAMED("response_only", HIGH,
           "(?:just|only|simply|exactly) (?:print|say|output|respond|reply|write|state|answer|those words)",
           only_frames),
    FRAMED("response_exact", MEDIUM, "and only (?:[\"']|\xE2\x80\x9C|\xE2\x80\x98|that word|those words)",
           exact_frames),
    FRAMED("note_to_model", HIGH,
           "(?:llms?|automated (?:analysis|screening|processing|review|system|agent|tool|evaluation|summar)|language "
           "models?|"
           "ai[ -](?:assistant|agent|model|system|reader|reviewer|crawler|bot|tool)s?|chatbots?)",
           note_frames),
    FRAMED("note_to_ai", HIGH,
           "(?:attention|note to|dear|hey|hello|message for|message to|notice to|important for)[ :,]{1,2}(?:all )?ais?",
           addressed_frames),
    FRAMED("note_unseen", HIGH,
           "(?:(?:invisible|hidden|not visible|unseen) (?:to|from|by) (?:the )?(?:humans?|people|readers)|"
           "white-? ?text)",
           unseen_frames),
};

const rule_table rules_poison = TABLE(rules);
