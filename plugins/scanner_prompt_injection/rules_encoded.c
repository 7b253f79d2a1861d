/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Overrides in base64, hexadecimal, binary digits or a Caesar cipher, and sentences in parts that a model is to join.
 * The anchors are encoded pieces of words ("gnore ", "nstructions", "previous", each at the three places that it can
 * have in base64); what surrounds them is decoded and has to be an override or a request for the prompt.
 */
#include "encoded.h"
#include "rule.h"

static const rule rules[] = {
    RULE("encoded_base64", HIGH, 0,
         "(?:5zdHJ1Y3Rpb25z|ByZXZpb3Vz|N5c3RlbSBwcm9tcH|Z25vcmUg|aXNyZWdhcm|bnN0cnVjdGlvbn|"
         "c3lzdGVtIHByb21wd|cHJldmlvdX|dub3JlI|lzcmVnYXJk|nbm9yZS|pc3JlZ2FyZ|uc3RydWN0aW9uc|"
         "wcmV2aW91c|zeXN0ZW0gcHJvbXB0)",
         verify_encoded, .argument = ENCODED_BASE64),
    RULE("encoded_hex", HIGH, UAPI_PATTERN_CASELESS,
         "(?:676e6f7265|6e737472756374696f6e|70726576696f7573|6973726567617264)", verify_encoded,
         .argument = ENCODED_HEX),
    RULE("encoded_binary", HIGH, 0,
         "(?:01100111\\s?01101110\\s?01101111\\s?01110010\\s?01100101|"
         "01101110\\s?01110011\\s?01110100\\s?01110010\\s?01110101\\s?01100011)",
         verify_encoded, .argument = ENCODED_BINARY),
    RULE("encoded_caesar", HIGH, UAPI_PATTERN_CASELESS,
         "(?:jotusvdujpot|kpuvtwevkqpu|lqvwuxfwlrqv|mrwxvygxmsrw|nsxywzhyntsx|otyzxaizouty|puzaybjapvuz|"
         "qvabzckbqwva|rwbcadlcrxwb|sxcdbemdsyxc|tydecfnetzyd|uzefdgofuaze|vafgehpgvbaf|wbghfiqhwcbg|"
         "xchigjrixdch|ydijhksjyedi|zejkiltkzfej|afkljmulagfk|bglmknvmbhgl|chmnlowncihm|dinompxodjin|"
         "ejopnqypekjo|fkpqorzqflkp|glqrpsargmlq|hmrsqtbshnmr)",
         verify_encoded, .argument = ENCODED_CAESAR),
    RULE("encoded_parts", MEDIUM, UAPI_PATTERN_CASELESS,
         "(?:\\ba \\+ b\\b|\\ba\\+b\\b|\\bx \\+ y\\b|\\bpart (?:1|one|a) (?:is|=) ?[\"'])", verify_parts,
         .argument = 0),
};

const rule_table rules_encoded = TABLE(rules);
