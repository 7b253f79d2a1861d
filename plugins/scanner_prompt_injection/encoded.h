/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file encoded.h
 * The verifier of overrides in another encoding.
 */
#ifndef SCANNER_PROMPT_INJECTION_ENCODED_H
#define SCANNER_PROMPT_INJECTION_ENCODED_H

#include "rule.h"

/** `argument` of the rule. */
enum { ENCODED_BASE64, ENCODED_HEX, ENCODED_BINARY, ENCODED_CAESAR };

/** Decode what surrounds the candidate, a few hundred bytes at most, and judge the words. */
int32_t verify_encoded(const rule *self, const knowledge *known, const uapi_candidate *candidate,
                       uapi_finding *finding);

/** A sentence in quoted parts ("a = …", "b = …" or "part 1 is …") that is to be joined and answered. */
int32_t verify_parts(const rule *self, const knowledge *known, const uapi_candidate *candidate, uapi_finding *finding);

#endif
