/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file hidden.h
 * Verifiers of text that a model reads and a person does not see.
 */
#ifndef SCANNER_PROMPT_INJECTION_HIDDEN_H
#define SCANNER_PROMPT_INJECTION_HIDDEN_H

#include "rule.h"

/** A run of tag characters that is no flag. */
int32_t verify_tags(const rule *self, const knowledge *known, const uapi_candidate *candidate, uapi_finding *finding);

/** The beginning of a run of at least `argument` characters without width, of two kinds or more. */
int32_t verify_run(const rule *self, const knowledge *known, const uapi_candidate *candidate, uapi_finding *finding);

/** A word whose letters stand apart, with characters without width between: from its first letter to its last. */
int32_t verify_split(const rule *self, const knowledge *known, const uapi_candidate *candidate, uapi_finding *finding);

/** A direction override over Latin letters. */
int32_t verify_bidi(const rule *self, const knowledge *known, const uapi_candidate *candidate, uapi_finding *finding);

/** A comment or an invisible element that speaks to a model; `argument` 1: an element. */
int32_t verify_concealed(const rule *self, const knowledge *known, const uapi_candidate *candidate,
                         uapi_finding *finding);

#endif
