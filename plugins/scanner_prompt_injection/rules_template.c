/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The notation in which conversations are written for a model. A token that is only named (in a list, in quotes) is not
 * one that works: what belongs behind it must stand there.
 */
#include "role.h"
#include "rule.h"

static const frame section_frames[] = {
    {.after = {YOU | MODEL, MUST | OUTPUT | IGNORE | REVEAL | BEHAVE | UNBOUND}, .distance = 30, .sentences = 2},
    {.after = {IGNORE, INSTRUCTION | RULE_WORD | ALL}, .distance = 16, .sentences = 1},
};

static const rule rules[] = {
    RULE("template_token", HIGH, UAPI_PATTERN_CASELESS,
         "<\\|(?:im_start|im_end|im_sep|system|user|assistant|endoftext|eot_id|eom_id|start_header_id|end_header_id|"
         "begin_of_text|"
         "end_of_text|channel|message|start|end|return|call|start_of_role|end_of_role|end_of_turn)\\|>",
         verify_token, .argument = 0),
    RULE("template_turn", HIGH, UAPI_PATTERN_CASELESS, "<(?:start_of_turn|end_of_turn)>", verify_token, .argument = 1),
    RULE("template_marker", HIGH, 0, "(?:\\[/?INST\\]|<</?SYS>>|\\[/?SYSTEM_PROMPT\\]|\\[/?AVAILABLE_TOOLS\\])",
         verify_pair, .argument = 0),
    FRAMED("template_section", HIGH,
           "(?:^|\\n|\"|\\s)#{2,4}\\s?(?:system|assistant|instruction|developer|new\\sinstructions?|"
           "begin\\snew\\sinstructions?)"
           "(?:\\s?(?:prompt|message|note))?\\s?:",
           section_frames),
    RULE("template_boundary", HIGH, UAPI_PATTERN_CASELESS,
         "</(?:tool_results?|tool_response|tool_output|tool_call|function_results?|function_response|function_calls|"
         "untrusted_[a-z]{3,12}|user_input|user_query|search_results?)>",
         verify_boundary, .argument = 0),
    RULE("template_json_role", HIGH, UAPI_PATTERN_CASELESS, "\"role\"\\s?:\\s?\"(?:system|developer|assistant|tool)\"",
         verify_json_role, .argument = 0),
};

const rule_table rules_template = TABLE(rules);
