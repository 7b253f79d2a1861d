/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Secrets known by their structure and not by a vendor's prefix: keys in PEM, JSON Web Tokens, passwords in URLs,
 * credentials in headers and on command lines, hashes of passwords.
 */
#include "rule.h"
#include "structure.h"

static const rule rules[] = {
    RULE("private_key", CRITICAL, 0, "-----BEGIN [A-Z0-9 ]{0,20}PRIVATE KEY(?: BLOCK)?-----", verify_pem),
    TOKEN("private_key_base64", CRITICAL, "LS0tLS1CRUdJTi[0-9A-Za-z+/]{0,30}(?:UFJJVkFUR|QUklWQVRF|BSSVZBVE)",
          .tail = C_BASE64, .loose = LOOSE_RUNS),
    TOKEN("putty_private_key", CRITICAL, "PuTTY-User-Key-File-[23]: ", .tail = C_ALNUM | C_DASH, .loose = LOOSE_RUNS),
    TOKEN("age_secret_key", CRITICAL, "AGE-SECRET-KEY-1[0-9A-Z]{58}", .tail = C_WORD, .longest = 74,
          .loose = LOOSE_RUNS),
    RULE("jwt", HIGH, 0, "eyJ[0-9A-Za-z_-]{8}", verify_jwt),
    RULE("url_password", HIGH, 0, "://[^\\s/]", verify_url),
    RULE("basic_authorization", HIGH, UAPI_PATTERN_CASELESS, "basic\\s[0-9A-Za-z+/]{8}", verify_basic),
    RULE("bearer_authorization", HIGH, UAPI_PATTERN_CASELESS, "(?:bearer|token)\\s[0-9A-Za-z._~+/-]{16}",
         verify_bearer),
    RULE("command_user", HIGH, 0, "(?:-u|--user)[ =]", verify_command_user),
    RULE("netrc_password", HIGH, 0, "login\\s{1,8}[^\\s]{1,64}\\s{1,8}password\\s", verify_netrc),
    RULE("psexec_password", HIGH, UAPI_PATTERN_CASELESS, "psexec", verify_psexec),
    RULE("kubernetes_secret", HIGH, UAPI_PATTERN_CASELESS, "kind[\"']?:\\s?[\"']?secret", verify_kubernetes),
    TOKEN("password_hash_bcrypt", MEDIUM, "\\$2[abxy]\\$[0-9]{2}\\$[./0-9A-Za-z]{53}", .tail = C_WORD, .longest = 60,
          .loose = LOOSE_START),
    TOKEN("password_hash_crypt", MEDIUM, "\\$[56]\\$[./0-9A-Za-z]{1,16}\\$[./0-9A-Za-z]{43}",
          .tail = C_ALNUM | C_DOT | C_SLASH, .longest = 120, .loose = LOOSE_START),
    TOKEN("password_hash_argon2", MEDIUM,
          "\\$argon2(?:id|i|d)\\$v=[0-9]{2}\\$m=[0-9]{1,8},t=", .tail = C_BASE64 | C_DOT, .loose = LOOSE_START),
};

const rule_table rules_structure = TABLE(rules);
