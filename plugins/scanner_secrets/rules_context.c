/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Secrets known only by the name that stands beside them. The patterns are the bare names; everything else is the
 * verifier's.
 */
#include "context.h"
#include "rule.h"

#define CONTEXT(NAME, SEVERITY, REGEX, KIND) \
    RULE(NAME, SEVERITY, UAPI_PATTERN_CASELESS, REGEX, verify_context, .argument = KIND)

static const rule rules[] = {
    CONTEXT("vendor_secret", HIGH,
            "(?:secret_?access_?key|aws_?access_?key|secret_?key|cloudant[_-]?(?:api)?[_-]?(?:key|pwd|pw|password|pass|"
            "token)|sonar[._]login"
            "|cc_test_reporter_id|contribsys__com|sumo(?:logic)?_?access_?id|okta_?api_?(?:key|token)|facebook\\.key)",
            CONTEXT_EXACT),
    CONTEXT("password", HIGH, "(?:passw(?:or)?[dt]|passphrase|pass[^a-z]|pwd|[_-]pw[^a-z])", CONTEXT_PASSWORD),
    CONTEXT("generic_secret", HIGH, "(?:secret|credential|creds)", CONTEXT_SECRET),
    CONTEXT("generic_token", HIGH, "(?:token|authorization|_pat[^a-z])", CONTEXT_TOKEN),
    CONTEXT("generic_key", HIGH, "key[^a-z]", CONTEXT_KEY),
};

const rule_table rules_context = TABLE(rules);
