/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file contact.h
 * The verifiers of what people and machines are reached by. Each judges as uapi_scanner_1.verify does and looks at a
 * bounded part of the text.
 */
#ifndef SCANNER_PII_CONTACT_H
#define SCANNER_PII_CONTACT_H

#include "rule.h"

/** The candidate is the sign between the parts of an address, with the first character after it. */
int32_t verify_email(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);

/** How a telephone number is known; `argument` of the rule. */
enum { PHONE_E164, PHONE_AMERICAN, PHONE_NATIONAL, PHONE_CONTEXT };
int32_t verify_phone(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);

/** Which addresses the rule is for; `argument` of the rule. */
enum { IP_PUBLIC, IP_INTERNAL };
int32_t verify_ip4(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);
int32_t verify_ip6(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);
int32_t verify_mac(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);

#endif
