/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file jailbreak.h
 * The verifier of jailbreak scaffolds: a persona or mode, the limits it is said not to have, refusals that are
 * forbidden, a contract with the model. Each sign alone is ordinary role play or talk about models; several kinds
 * together are not.
 */
#ifndef SCANNER_PROMPT_INJECTION_JAILBREAK_H
#define SCANNER_PROMPT_INJECTION_JAILBREAK_H

#include "rule.h"

int32_t verify_jailbreak(const rule *self, const knowledge *known, const uapi_candidate *candidate,
                         uapi_finding *finding);

#endif
