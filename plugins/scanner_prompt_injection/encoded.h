/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file encoded.h
 * The verifiers of overrides in another encoding or spelling.
 */
#ifndef SCANNER_PROMPT_INJECTION_ENCODED_H
#define SCANNER_PROMPT_INJECTION_ENCODED_H

#include "rule.h"

/** `argument` of the rule. */
enum { ENCODED_BASE64, ENCODED_HEX, ENCODED_BINARY, ENCODED_CAESAR };

enum { DISGUISED_REVERSED, DISGUISED_DIGITS, DISGUISED_SPACED };

/** Undo the spelling of the line around the candidate, a few hundred bytes at most, and judge the words. */
int32_t verify_disguised(const rule *self, const knowledge *known, const uapi_candidate *candidate,
                         uapi_finding *finding);

/** The classes of the words of a plain text. */
uint64_t encoded_classes(const knowledge *known, const char *plain, size_t length);
/** Are these the words of an override, or of a request for the prompt? */
int encoded_is_override(uint64_t classes);
/** The same where the spelling itself shows intent: instructions, and what is to be done about them. */
int encoded_is_order(uint64_t classes);

/** Decode what surrounds the candidate, a few hundred bytes at most, and judge the words. */
int32_t verify_encoded(const rule *self, const knowledge *known, const uapi_candidate *candidate,
                       uapi_finding *finding);

/** A sentence in quoted parts ("a = …", "b = …" or "part 1 is …") that is to be joined and answered. */
int32_t verify_parts(const rule *self, const knowledge *known, const uapi_candidate *candidate, uapi_finding *finding);

#endif
