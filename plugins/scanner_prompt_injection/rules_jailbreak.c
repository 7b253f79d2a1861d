/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The rules differ in what was seen first; the evidence around it is weighed in the same way for all.
 */
#include "jailbreak.h"

#define SCAFFOLD(NAME, SEVERITY, FLAGS, KIND, REGEX) \
    RULE(NAME, SEVERITY, FLAGS, REGEX, verify_jailbreak, .argument = KIND)

static const rule rules[] = {
    SCAFFOLD("jailbreak_name", HIGH, 0, SIGN_NAME,
             "(?:\\bDAN\\b|[Dd][Oo] [Aa]nything [Nn]ow|DO ANYTHING "
             "NOW|\\b(?:STAN|DUDE|AIM|UCAR|JOI|KEVIN|BasedGPT|BetterDAN|AntiGPT|"
             "EvilBOT|Machiavelli|ChadGPT|DevMode)\\b|[Jj]ailbr[eo]ak?|JAILBR|[A-Z][A-Za-z]{1,8}GPT\\b)"),
    SCAFFOLD(
        "jailbreak_mode", HIGH, UAPI_PATTERN_CASELESS, SIGN_NAME,
        "(?:developer|dev|jailbreak|god|dan|evil|opposite|unrestricted|unfiltered|uncensored|nsfw|rebel|chaos) mode"),
    SCAFFOLD("jailbreak_limits", HIGH, UAPI_PATTERN_CASELESS, SIGN_LIMITS,
             "(?:no restriction|no limit|no filter|no censor|no ethical|no moral|any restriction|"
             "any ethical|any moral|any rules|any guideline|any limitation|without restriction|"
             "without limit|without filter|without censor|restrictions and|restrictions or|"
             "restrictions on|limitations and|limitations or|typical confines|confines of|abide by|"
             "bound by|unfiltered|uncensored|unrestricted|amoral|unethical|content polic|openai polic|"
             "openai's |openai\xE2\x80\x99s |ethical guideline|moral guideline|ethical or moral|"
             "moral or ethical|morals or|morality|ethics or|not restricted|not limited|disregards)"),
    SCAFFOLD("jailbreak_dual", HIGH, UAPI_PATTERN_CASELESS, SIGN_DUAL,
             "(?:two|both|2) (?:different |separate |distinct |possible "
             ")?(?:responses|answers|ways|paragraphs|outputs|replies|"
             "personas|entities|personalities)|\xF0\x9F\x94\x93|as chatgpt and"),
    SCAFFOLD("jailbreak_character", HIGH, UAPI_PATTERN_CASELESS, SIGN_CHARACTER,
             "(?:stay|remain|be|break|breaks|breaking|out of|keep|in|your) (?:in |your |of |the |out of )?character"),
    SCAFFOLD(
        "jailbreak_refusal", HIGH, UAPI_PATTERN_CASELESS, SIGN_REFUSAL,
        "(?:never (?:refuse|decline|say no|censor|warn|apologi)|cannot refuse|can'?t (?:refuse|say no)|not "
        "(?:refuse|decline|"
        "censor)|as an ai (?:language|model)|i'm sorry|i apologi[sz]e|no warning|any warning|without warning|no "
        "disclaimer|any disclaimer|"
        "can(?:'|\xE2\x80\x99)?t do something|against (?:my|the|openai)[a-z' ]{0,8} (?:polic|guideline|rules|program)|"
        "even if it(?:'s| is) (?:illegal|unethical|immoral|harmful|offensive|dangerous)|no matter how "
        "(?:illegal|unethical|"
        "immoral|harmful|offensive|dangerous|bad|extreme|vile|rude))"),
};

const rule_table rules_jailbreak = TABLE(rules);
