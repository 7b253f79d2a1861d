/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Overrides that a model reads as easily as a person, and a pattern does not: backwards, with digits for letters, with
 * something between the letters. The anchors are the words that overrides cannot do without, in these spellings; the
 * line around must say the rest.
 */
#include "encoded.h"

/* Letters with `_` between them. */
#define SPELLED(_)                                                                                          \
    "n" _ "s" _ "t" _ "r" _ "u" _ "c" _ "t|i" _ "g" _ "n" _ "o" _ "r" _ "e|p" _ "r" _ "e" _ "v" _ "i" _ "o" \
    "|p" _ "r" _ "o" _ "m" _ "p" _ "t|d" _ "i" _ "s" _ "r" _ "e" _ "g"

static const rule rules[] = {
    RULE("disguised_reversed", HIGH, UAPI_PATTERN_CASELESS, "(?:snoitcurtsni|suoiverp|erongi|tpmorp|dragersid|tegrof)",
         verify_disguised, .argument = DISGUISED_REVERSED),
    RULE("disguised_digits", HIGH, UAPI_PATTERN_CASELESS,
         "(?:1gnor[e3]|1gn0r[e3]|ign0r[e3]|ignor3|pr3v[i1][o0]u[s5]|prev1[o0]u[s5]|previ0u[s5]|previou5|"
         "n5[t7]ruc[t7]|ns7ruc[t7]|nstruc7|d[i1][s5]r3g[a4]rd|d1sreg[a4]rd|disreg4rd|pr0mp[t7]|promp7|"
         "f0rg[e3][t7]|forg37|forg3t)",
         verify_disguised, .argument = DISGUISED_DIGITS),
    RULE("disguised_spaced", HIGH, UAPI_PATTERN_CASELESS,
         "(?:" SPELLED(" ") "|" SPELLED("\\.") "|" SPELLED("-") "|" SPELLED("_") "|" SPELLED("\\*") ")",
         verify_disguised, .argument = DISGUISED_SPACED),
};

const rule_table rules_disguised = TABLE(rules);
