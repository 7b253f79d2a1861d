/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* Mail, telephone and network addresses. */
#include "contact.h"

#define H "[0-9a-f]"

static const rule rules[] = {
    RULE("email", MEDIUM, "@[0-9a-z\xc3-\xef]", verify_email),
    RULE("phone", MEDIUM, "\\+[1-9(][0-9 ().-]{6}", verify_phone, .argument = PHONE_E164),
    RULE("phone_american", MEDIUM,
         "\\([2-9]" D "{2}\\)[2-9]" D "{2}[ .-]" D "{4}\\b|\\([2-9]" D "{2}\\) [2-9]" D "{2}[ .-]" D "{4}\\b|[2-9]" D
         "{2}[ .-][2-9]" D "{2}[ .-]" D "{4}\\b",
         verify_phone, .argument = PHONE_AMERICAN),
    RULE("phone_national", LOW,
         "[^0-9]0[1-9][0-9 /-]{7}|^0[1-9][0-9 /-]{7}|" D "{3}[ -]" D "{3}[ -]" D "{2}[ -]" D "{2}\\b", verify_phone,
         .argument = PHONE_NATIONAL),
    RULE("phone_context", MEDIUM,
         "phone|telefon|mobile|whatsapp|" WORD(
             "tel|cell|fax|handy|sms|gsm|mobil|movil|m.vil") "|m\xc3\xb3vil|t\xc3\xa9l\xc3\xa9",
         verify_phone, .argument = PHONE_CONTEXT),
    RULE("ip_address", LOW, "[0-9]\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]", verify_ip4, .argument = IP_PUBLIC),
    RULE("ip_internal", LOW, "[0-9]\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]", verify_ip4, .argument = IP_INTERNAL),
    RULE("ip6_address", LOW, "::" H "|:" H "{1,4}:" H "{1,4}:" H, verify_ip6, .argument = IP_PUBLIC),
    RULE("ip6_internal", LOW, "::|:" H "{1,4}:" H "{1,4}:" H, verify_ip6, .argument = IP_INTERNAL),
    RULE("mac_address", LOW,
         ":" H "{2}:" H "{2}:" H "{2}:" H "{2}:" H "{2}|-" H "{2}-" H "{2}-" H "{2}-" H "{2}-" H "{2}|\\." H "{4}\\." H
         "{4}",
         verify_mac),
};

const rule_table rules_contact = TABLE(rules);
