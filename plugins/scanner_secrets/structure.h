/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file structure.h
 * The verifiers of secrets that are known by their structure. Each judges as uapi_scanner_1.verify does and looks at a
 * bounded part of the text.
 */
#ifndef SCANNER_SECRETS_STRUCTURE_H
#define SCANNER_SECRETS_STRUCTURE_H

#include "rule.h"

/** RFC 7468 and its kin: a header with something after it that can be a key; the finding reaches to the END line. */
int32_t verify_pem(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);
/** RFC 7519: a header that decodes to a JSON object with "alg" or "typ", and a payload. */
int32_t verify_jwt(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);
/** scheme://user:password@host; the finding is the password. */
int32_t verify_url(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);
/** Basic credentials that decode to user:password (RFC 7617); the finding is the base64. */
int32_t verify_basic(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);
/** A bearer token (RFC 6750) that is not a word. */
int32_t verify_bearer(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);
/** curl -u user:password; the finding is the password. */
int32_t verify_command_user(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);
int32_t verify_netrc(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);
int32_t verify_psexec(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);
/** A manifest of a Secret with base64 data; the finding is the first value. */
int32_t verify_kubernetes(const rule *self, const uapi_candidate *candidate, uapi_finding *finding);

/** Decode base64 or base64url without padding into at most `size` bytes; how many there are. Stops at any other
 * character. */
size_t structure_base64(const char *text, size_t length, unsigned char *out, size_t size);

#endif
