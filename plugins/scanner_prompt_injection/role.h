/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file role.h
 * Verifiers of roles that are claimed: modes that do not exist, messages in the notation of chat templates.
 */
#ifndef SCANNER_PROMPT_INJECTION_ROLE_H
#define SCANNER_PROMPT_INJECTION_ROLE_H

#include "rule.h"

/** "<SYSTEM MODE>", "SAFE MODE OFF": in brackets, or in capitals beside a word of switching on or off. */
int32_t verify_mode(const rule *self, const knowledge *known, const uapi_candidate *candidate, uapi_finding *finding);

/** A control token with the role or the token that belongs behind it. */
int32_t verify_token(const rule *self, const knowledge *known, const uapi_candidate *candidate, uapi_finding *finding);

/** One of a pair of markers, with another one near it. */
int32_t verify_pair(const rule *self, const knowledge *known, const uapi_candidate *candidate, uapi_finding *finding);

/** A closing tag of a tool's answer that nothing opened. */
int32_t verify_boundary(const rule *self, const knowledge *known, const uapi_candidate *candidate,
                        uapi_finding *finding);

/** A message of an API inside a text. */
int32_t verify_json_role(const rule *self, const knowledge *known, const uapi_candidate *candidate,
                         uapi_finding *finding);

#endif
