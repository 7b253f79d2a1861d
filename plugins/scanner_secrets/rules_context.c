/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Secrets known only by the name that stands beside them. The patterns are the bare names; everything else is the verifier's.
 */
#include "context.h"
#include "rule.h"

#define CONTEXT(NAME, SEVERITY, REGEX, KIND) \
    RULE(NAME, SEVERITY, UAPI_PATTERN_CASELESS, REGEX, verify_context, .argument = KIND)

static const rule rules[] = {
    CONTEXT("password", HIGH, "(?:passw(?:or)?d|passphrase|pass[^a-z]|pwd)", CONTEXT_PASSWORD),
    CONTEXT("generic_secret", HIGH, "(?:secret|credential|creds)", CONTEXT_SECRET),
    CONTEXT("generic_token", HIGH, "(?:token|authorization|_pat[^a-z])", CONTEXT_TOKEN),
    CONTEXT("generic_key", HIGH, "key[^a-z]", CONTEXT_KEY),
};

const rule_table rules_context = TABLE(rules);
