/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file redaction.h
 * What stands in for a redacted finding, as `redaction` in Firewall documents says:
 *
 *   placeholder  [REDACTED:pii.email]; numbered within a call, [REDACTED:pii.email#2], so that an agent can tell two
 *                values apart
 *   hash         [REDACTED:pii.email:9c1f03a75be2]: 48 bits of an HMAC-SHA-256 under a key of the tenant, so that the
 *                same value can be recognised in other calls, and nobody without the key can try values out
 *   format       digits for digits, letters for letters, by the same HMAC: as long as the value and of its form
 *
 * State is that of a call: the numbers, and hashes of values, never values. One thread at a time, as the call.
 */
#ifndef UAPI_CORE_REDACTION_H
#define UAPI_CORE_REDACTION_H

#include "firewall.h"
#include "keyring.h"
#include "policy_ruling.h"

typedef struct uapi_redaction uapi_redaction;

/** Values of a call that get numbers; those beyond get the mark without one. */
#define UAPI_REDACTION_NUMBERED 1024

/**
 * The state for a call. NULL if every finding gets the plain mark, for which nothing is needed. `how`, `keyring` and
 * `tenant` must live as long; the state grows in the pool.
 */
uapi_redaction *uapi_redaction_begin(const uapi_policy_redaction *how, const uapi_keyring *keyring, const char *tenant,
                                     apr_pool_t *pool);

/**
 * Give each finding that is to be redacted its replacement. `text` is what was scanned. Replacements are in the pool,
 * NUL-terminated, and may stand in a JSON string as they are. `redaction` NULL does nothing. What cannot be computed,
 * and a finding whose place is not in the text, leaves the plain mark.
 */
void uapi_redaction_apply(uapi_redaction *redaction, uapi_firewall_report *report, uapi_string text, apr_pool_t *pool);

#endif
