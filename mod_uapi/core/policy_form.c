/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Tables only. Fields and words that the design names but this release does not act on are listed as LATER, so that
 * they are refused by name and never ignored.
 */
#include "policy_form.h"

#include "../include/uapi_plugin.h"
#include "checksum.h"
#include "policy_ruling.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---------------------------------------------------------------- words */

static const char *const api_versions[] = {"uapi/v1", NULL};
static const uapi_form_words api_version_words = {api_versions, NULL};

static const char *const kinds[] = {
    [UAPI_FORM_POLICY] = "Policy", [UAPI_FORM_FIREWALL] = "Firewall",
    [UAPI_FORM_SERVER] = "Server", [UAPI_FORM_PATTERN_PACK] = "PatternPack",
    [UAPI_FORM_KINDS] = NULL,
};
static const char *const kinds_later[] = {"Profile", "Manifest", "PriceTable", "ScopePack", NULL};
static const uapi_form_words kind_words = {kinds, kinds_later};

static const char *const types[] = {
    [UAPI_PRINCIPAL_ANONYMOUS] = "anonymous", [UAPI_PRINCIPAL_HUMAN] = "human",       [UAPI_PRINCIPAL_AGENT] = "agent",
    [UAPI_PRINCIPAL_SERVICE] = "service",     [UAPI_PRINCIPAL_WORKFLOW] = "workflow", NULL,
};
static const uapi_form_words type_words = {types, NULL};

static const char *const policy_modes[] = {"enforce", "shadow", NULL};
static const uapi_form_words policy_mode_words = {policy_modes, NULL};

static const char *const effects[] = {[UAPI_EFFECT_DENY] = "deny", [UAPI_EFFECT_ALLOW] = "allow", NULL};
static const char *const approval[] = {"require_approval", NULL};
static const uapi_form_words effect_words = {effects, approval};

static const char *const firewall_modes[] = {"enforce", "shadow", "disabled", NULL};
static const uapi_mode firewall_mode_values[] = {UAPI_MODE_ENFORCE, UAPI_MODE_SHADOW, UAPI_MODE_DISABLED};
static const uapi_form_words firewall_mode_words = {firewall_modes, NULL};

static const char *const actions[] = {
    [UAPI_ACTION_ALLOW] = "allow",   [UAPI_ACTION_LOG] = "log",
    [UAPI_ACTION_REDACT] = "redact", [UAPI_ACTION_APPROVE] = "require_approval",
    [UAPI_ACTION_BLOCK] = "block",   NULL,
};
static const uapi_form_words action_words = {actions, NULL};

static const char *const directions[] = {
    [UAPI_DIRECTION_REQUEST - 1] = "request",
    [UAPI_DIRECTION_RESPONSE - 1] = "response",
    [UAPI_DIRECTION_BOTH - 1] = "both",
    NULL,
};
static const uapi_form_words direction_words = {directions, NULL};

static const char *const severities[] = {
    [UAPI_SEVERITY_LOW - 1] = "low",
    [UAPI_SEVERITY_MEDIUM - 1] = "medium",
    [UAPI_SEVERITY_HIGH - 1] = "high",
    [UAPI_SEVERITY_CRITICAL - 1] = "critical",
    NULL,
};
static const uapi_form_words severity_words = {severities, NULL};

static const char *const styles[] = {
    [UAPI_REDACTION_FORMAT] = "format",
    [UAPI_REDACTION_HASH] = "hash",
    [UAPI_REDACTION_PLACEHOLDER] = "placeholder",
    NULL,
};
static const uapi_form_words style_words = {styles, NULL};

static const char *const checksums[] = {
    [UAPI_CHECKSUM_LUHN] = "luhn",
    [UAPI_CHECKSUM_MOD97] = "mod97",
    [UAPI_CHECKSUM_IBAN] = "iban",
    [UAPI_CHECKSUM_ABA] = "aba",
    [UAPI_CHECKSUM_VERHOEFF] = "verhoeff",
    [UAPI_CHECKSUM_DAMM] = "damm",
    [UAPI_CHECKSUM_ISBN] = "isbn",
    [UAPI_CHECKSUM_CRC32_BASE62] = "crc32_base62",
    NULL,
};
static const uapi_form_words checksum_words = {checksums, NULL};

static const char *const protocols[] = {"mcp", "rest", NULL};
static const char *const protocols_later[] = {"llm", NULL};
static const uapi_form_words protocol_words = {protocols, protocols_later};

static const char *const revisions[] = {
    [UAPI_SERVER_REVISION_AUTO] = "auto",
    [UAPI_SERVER_REVISION_2025_03_26] = "2025-03-26",
    [UAPI_SERVER_REVISION_2025_06_18] = "2025-06-18",
    [UAPI_SERVER_REVISION_2025_11_25] = "2025-11-25",
    [UAPI_SERVER_REVISION_2026_07_28] = "2026-07-28",
    NULL,
};
static const uapi_form_words revision_words = {revisions, NULL};

static const char *const pinnings[] = {
    [UAPI_PINNING_DISABLED] = "disabled",
    [UAPI_PINNING_FIRST_USE] = "first_use",
    [UAPI_PINNING_REVIEWED] = "reviewed",
    NULL,
};
static const uapi_form_words pinning_words = {pinnings, NULL};

static const char *const argument_schemas[] = {"disabled", "enforce", NULL};
static const uapi_form_words argument_schema_words = {argument_schemas, NULL};

static const char *const http_methods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", NULL};
static const uapi_form_words http_method_words = {http_methods, NULL};

uapi_action uapi_policy_form_action(const uapi_form_word *word)
{
    return (unsigned)word->value < COUNT(actions) - 1 ? (uapi_action)word->value : UAPI_ACTION_BLOCK;
}

uapi_mode uapi_policy_form_mode(const uapi_form_word *word)
{
    return (unsigned)word->value < COUNT(firewall_mode_values) ? firewall_mode_values[word->value] : UAPI_MODE_ENFORCE;
}

const char *uapi_policy_form_kind_name(uapi_form_kind kind)
{
    return kinds[kind];
}

/* ---------------------------------------------------------------- Policy */

static const uapi_form_field policy_metadata_fields[] = {
    {"name", UAPI_FORM_STRING, 1, offsetof(uapi_form_metadata, name), NULL, NULL},
    {"tenant", UAPI_FORM_STRING, 0, offsetof(uapi_form_metadata, tenant), NULL, NULL},
    {0},
};
static const uapi_form_shape policy_metadata = {
    "policyMetadata", "metadata", sizeof(uapi_form_metadata), 0, policy_metadata_fields,
};

static const uapi_form_field subject_fields[] = {
    {"type", UAPI_FORM_WORD, 0, offsetof(uapi_form_subject, type), &type_words, NULL},
    {"roles", UAPI_FORM_STRINGS, 0, offsetof(uapi_form_subject, roles), NULL, NULL},
    {"id", UAPI_FORM_STRING, 0, offsetof(uapi_form_subject, id), NULL, NULL},
    {"ids", UAPI_FORM_STRINGS, 0, offsetof(uapi_form_subject, ids), NULL, NULL},
    {0},
};
static const uapi_form_shape subject = {"subject", "a subject", sizeof(uapi_form_subject), 0, subject_fields};

static const uapi_form_field rule_fields[] = {
    {"id", UAPI_FORM_STRING, 1, offsetof(uapi_form_rule, id), NULL, NULL},
    {"effect", UAPI_FORM_WORD, 1, offsetof(uapi_form_rule, effect), &effect_words, NULL},
    {"server", UAPI_FORM_STRING_OR_LIST, 0, offsetof(uapi_form_rule, servers), NULL, NULL},
    {"tools", UAPI_FORM_STRINGS, 0, offsetof(uapi_form_rule, tools), NULL, NULL},
    {"methods", UAPI_FORM_STRINGS, 0, offsetof(uapi_form_rule, methods), NULL, NULL},
    {"when", UAPI_FORM_LATER, 0, 0, NULL, NULL},
    {"approval", UAPI_FORM_LATER, 0, 0, NULL, NULL},
    {0},
};
static const uapi_form_shape rule = {"rule", "a rule", sizeof(uapi_form_rule), 0, rule_fields};

static const uapi_form_field policy_fields[] = {
    {"mode", UAPI_FORM_WORD, 0, offsetof(uapi_form_policy, mode), &policy_mode_words, NULL},
    {"subjects", UAPI_FORM_MAPS, 0, offsetof(uapi_form_policy, subjects), NULL, &subject},
    {"rules", UAPI_FORM_MAPS, 1, offsetof(uapi_form_policy, rules), NULL, &rule},
    {"limits", UAPI_FORM_LATER, 0, 0, NULL, NULL},
    {"schedule", UAPI_FORM_LATER, 0, 0, NULL, NULL},
    {0},
};
static const uapi_form_shape policy = {"policySpec", "the spec of a Policy", sizeof(uapi_form_policy), 0,
                                       policy_fields};

/* ---------------------------------------------------------------- Firewall */

static const uapi_form_field metadata_fields[] = {
    {"name", UAPI_FORM_STRING, 1, offsetof(uapi_form_metadata, name), NULL, NULL},
    {"tenant", UAPI_FORM_LATER, 0, 0, NULL, NULL},
    {0},
};
static const uapi_form_shape metadata = {"metadata", "metadata", sizeof(uapi_form_metadata), 0, metadata_fields};

static const uapi_form_field scanner_rule_fields[] = {
    {"request", UAPI_FORM_WORD, 0, offsetof(uapi_form_scanner, request), &action_words, NULL},
    {"response", UAPI_FORM_WORD, 0, offsetof(uapi_form_scanner, response), &action_words, NULL},
    {0},
};
static const uapi_form_shape scanner_rule = {
    "scannerRule", "a scanner's rule", sizeof(uapi_form_scanner), 1, scanner_rule_fields,
};

static const uapi_form_field scanner_fields[] = {
    {"request", UAPI_FORM_WORD, 0, offsetof(uapi_form_scanner, request), &action_words, NULL},
    {"response", UAPI_FORM_WORD, 0, offsetof(uapi_form_scanner, response), &action_words, NULL},
    {"rules", UAPI_FORM_NAMED, 0, offsetof(uapi_form_scanner, rules), NULL, &scanner_rule},
    {0},
};
static const uapi_form_shape scanner = {"scanner", "a scanner", sizeof(uapi_form_scanner), 0, scanner_fields};

static const uapi_form_field firewall_rule_fields[] = {
    {"id", UAPI_FORM_STRING, 1, offsetof(uapi_form_ruling, id), NULL, NULL},
    {"subjects", UAPI_FORM_MAPS, 0, offsetof(uapi_form_ruling, subjects), NULL, &subject},
    {"server", UAPI_FORM_STRING_OR_LIST, 0, offsetof(uapi_form_ruling, servers), NULL, NULL},
    {"tools", UAPI_FORM_STRINGS, 0, offsetof(uapi_form_ruling, tools), NULL, NULL},
    {"direction", UAPI_FORM_WORD, 0, offsetof(uapi_form_ruling, direction), &direction_words, NULL},
    {"scanners", UAPI_FORM_STRINGS, 0, offsetof(uapi_form_ruling, scanners), NULL, NULL},
    {"rules", UAPI_FORM_STRINGS, 0, offsetof(uapi_form_ruling, rules), NULL, NULL},
    {"severity", UAPI_FORM_WORD, 0, offsetof(uapi_form_ruling, severity), &severity_words, NULL},
    {"action", UAPI_FORM_WORD, 1, offsetof(uapi_form_ruling, action), &action_words, NULL},
    {"mode", UAPI_FORM_WORD, 0, offsetof(uapi_form_ruling, mode), &firewall_mode_words, NULL},
    {0},
};
static const uapi_form_shape firewall_rule = {
    "firewallRule", "a firewall rule", sizeof(uapi_form_ruling), 0, firewall_rule_fields,
};

static const uapi_form_field value_fields[] = {
    {"sha256", UAPI_FORM_STRING, 0, offsetof(uapi_form_value_of, sha256), NULL, NULL},
    {"exact", UAPI_FORM_STRING, 0, offsetof(uapi_form_value_of, exact), NULL, NULL},
    {"glob", UAPI_FORM_STRING, 0, offsetof(uapi_form_value_of, glob), NULL, NULL},
    {0},
};
static const uapi_form_shape value = {"value", "a value", sizeof(uapi_form_value_of), 0, value_fields};

static const uapi_form_field allow_fields[] = {
    {"id", UAPI_FORM_STRING, 1, offsetof(uapi_form_ruling, id), NULL, NULL},
    {"owner", UAPI_FORM_STRING, 1, offsetof(uapi_form_ruling, owner), NULL, NULL},
    {"reason", UAPI_FORM_STRING, 1, offsetof(uapi_form_ruling, reason), NULL, NULL},
    {"expires", UAPI_FORM_STRING, 1, offsetof(uapi_form_ruling, expires), NULL, NULL},
    {"subjects", UAPI_FORM_MAPS, 0, offsetof(uapi_form_ruling, subjects), NULL, &subject},
    {"server", UAPI_FORM_STRING_OR_LIST, 0, offsetof(uapi_form_ruling, servers), NULL, NULL},
    {"tools", UAPI_FORM_STRINGS, 0, offsetof(uapi_form_ruling, tools), NULL, NULL},
    {"direction", UAPI_FORM_WORD, 0, offsetof(uapi_form_ruling, direction), &direction_words, NULL},
    {"scanners", UAPI_FORM_STRINGS, 0, offsetof(uapi_form_ruling, scanners), NULL, NULL},
    {"rules", UAPI_FORM_STRINGS, 0, offsetof(uapi_form_ruling, rules), NULL, NULL},
    {"value", UAPI_FORM_MAP, 0, offsetof(uapi_form_ruling, value), NULL, &value},
    {0},
};
static const uapi_form_shape allow = {"allow", "an allow-list entry", sizeof(uapi_form_ruling), 0, allow_fields};

static const uapi_form_field redaction_fields[] = {
    {"style", UAPI_FORM_WORD, 0, offsetof(uapi_form_redaction, style), &style_words, NULL},
    {"consistent", UAPI_FORM_BOOLEAN, 0, offsetof(uapi_form_redaction, consistent), NULL, NULL},
    {"keep_last", UAPI_FORM_NUMBER, 0, offsetof(uapi_form_redaction, keep_last), NULL, NULL},
    {"keep_last_of", UAPI_FORM_STRINGS, 0, offsetof(uapi_form_redaction, keep_last_of), NULL, NULL},
    {0},
};
static const uapi_form_shape redaction = {
    "redaction", "redaction", sizeof(uapi_form_redaction), 0, redaction_fields,
};

static const uapi_form_field firewall_fields[] = {
    {"mode", UAPI_FORM_WORD, 0, offsetof(uapi_form_firewall, mode), &firewall_mode_words, NULL},
    {"scanners", UAPI_FORM_NAMED, 0, offsetof(uapi_form_firewall, scanners), NULL, &scanner},
    {"rules", UAPI_FORM_MAPS, 0, offsetof(uapi_form_firewall, rules), NULL, &firewall_rule},
    {"allow", UAPI_FORM_MAPS, 0, offsetof(uapi_form_firewall, allow), NULL, &allow},
    {"redaction", UAPI_FORM_MAP, 0, offsetof(uapi_form_firewall, redaction), NULL, &redaction},
    {0},
};
static const uapi_form_shape firewall = {
    "firewallSpec", "the spec of a Firewall", sizeof(uapi_form_firewall), 0, firewall_fields,
};

/* ---------------------------------------------------------------- Server */

static const uapi_form_field inject_fields[] = {
    {"header", UAPI_FORM_STRING, 1, offsetof(uapi_form_inject, header), NULL, NULL},
    {"value", UAPI_FORM_STRING, 1, offsetof(uapi_form_inject, value), NULL, NULL},
    {0},
};
static const uapi_form_shape inject = {"inject", "inject", sizeof(uapi_form_inject), 0, inject_fields};

static const uapi_form_field credential_fields[] = {
    {"name", UAPI_FORM_STRING, 1, offsetof(uapi_form_credential, name), NULL, NULL},
    {"inject", UAPI_FORM_MAP, 1, offsetof(uapi_form_credential, inject), NULL, &inject},
    {0},
};
static const uapi_form_shape credential = {"credential", "a credential", sizeof(uapi_form_credential), 0,
                                           credential_fields};

static const uapi_form_field tls_fields[] = {
    {"ca", UAPI_FORM_STRING, 1, offsetof(uapi_form_tls, ca), NULL, NULL},
    {0},
};
static const uapi_form_shape tls = {"tls", "tls", sizeof(uapi_form_tls), 0, tls_fields};

static const uapi_form_field operation_fields[] = {
    {"method", UAPI_FORM_WORD, 1, offsetof(uapi_form_operation, method), &http_method_words, NULL},
    {"path", UAPI_FORM_STRING, 1, offsetof(uapi_form_operation, path), NULL, NULL},
    {0},
};
static const uapi_form_shape operation = {"operation", "an operation", sizeof(uapi_form_operation), 0,
                                          operation_fields};

static const uapi_form_field arguments_fields[] = {
    {"schema", UAPI_FORM_WORD, 1, offsetof(uapi_form_arguments, schema), &argument_schema_words, NULL},
    {0},
};
static const uapi_form_shape arguments = {"arguments", "arguments", sizeof(uapi_form_arguments), 0, arguments_fields};

static const uapi_form_field server_fields[] = {
    {"url", UAPI_FORM_STRING, 0, offsetof(uapi_form_server, url), NULL, NULL},
    {"protocol", UAPI_FORM_WORD, 0, offsetof(uapi_form_server, protocol), &protocol_words, NULL},
    {"revision", UAPI_FORM_WORD, 0, offsetof(uapi_form_server, revision), &revision_words, NULL},
    {"timeout", UAPI_FORM_STRING, 0, offsetof(uapi_form_server, timeout), NULL, NULL},
    {"tls", UAPI_FORM_MAP, 0, offsetof(uapi_form_server, tls), NULL, &tls},
    {"credential", UAPI_FORM_MAP, 0, offsetof(uapi_form_server, credential), NULL, &credential},
    {"openapi", UAPI_FORM_STRING, 0, offsetof(uapi_form_server, openapi), NULL, NULL},
    {"content_types", UAPI_FORM_STRINGS, 0, offsetof(uapi_form_server, content_types), NULL, NULL},
    {"base_path", UAPI_FORM_STRING, 0, offsetof(uapi_form_server, base_path), NULL, NULL},
    {"operations", UAPI_FORM_NAMED, 0, offsetof(uapi_form_server, operations), NULL, &operation},
    {"pinning", UAPI_FORM_WORD, 0, offsetof(uapi_form_server, pinning), &pinning_words, NULL},
    {"arguments", UAPI_FORM_MAP, 0, offsetof(uapi_form_server, arguments), NULL, &arguments},
    {"tools", UAPI_FORM_LATER, 0, 0, NULL, NULL},
    {0},
};
static const uapi_form_shape server = {"serverSpec", "the spec of a Server", sizeof(uapi_form_server), 0,
                                       server_fields};

/* ---------------------------------------------------------------- PatternPack */

static const uapi_form_field pack_keywords_fields[] = {
    {"words", UAPI_FORM_STRINGS, 1, offsetof(uapi_form_pack_keywords, words), NULL, NULL},
    {"within", UAPI_FORM_NUMBER, 0, offsetof(uapi_form_pack_keywords, within), NULL, NULL},
    {0},
};
static const uapi_form_shape pack_keywords = {
    "packKeywords", "keywords", sizeof(uapi_form_pack_keywords), 0, pack_keywords_fields,
};

static const uapi_form_field pack_allow_fields[] = {
    {"exact", UAPI_FORM_STRINGS, 0, offsetof(uapi_form_pack_allow, exact), NULL, NULL},
    {"regex", UAPI_FORM_STRINGS, 0, offsetof(uapi_form_pack_allow, regex), NULL, NULL},
    {0},
};
static const uapi_form_shape pack_allow = {
    "packAllow", "a pack's allow", sizeof(uapi_form_pack_allow), 0, pack_allow_fields,
};

static const uapi_form_field pack_tests_fields[] = {
    {"match", UAPI_FORM_STRINGS, 0, offsetof(uapi_form_pack_tests, match), NULL, NULL},
    {"no_match", UAPI_FORM_STRINGS, 0, offsetof(uapi_form_pack_tests, no_match), NULL, NULL},
    {0},
};
static const uapi_form_shape pack_tests = {
    "packTests", "tests", sizeof(uapi_form_pack_tests), 0, pack_tests_fields,
};

static const uapi_form_field pack_rule_fields[] = {
    {"id", UAPI_FORM_STRING, 1, offsetof(uapi_form_pack_rule, id), NULL, NULL},
    {"title", UAPI_FORM_STRING, 0, offsetof(uapi_form_pack_rule, title), NULL, NULL},
    {"severity", UAPI_FORM_WORD, 0, offsetof(uapi_form_pack_rule, severity), &severity_words, NULL},
    {"direction", UAPI_FORM_WORD, 0, offsetof(uapi_form_pack_rule, direction), &direction_words, NULL},
    {"action", UAPI_FORM_WORD, 0, offsetof(uapi_form_pack_rule, action), &action_words, NULL},
    {"regex", UAPI_FORM_STRING_OR_LIST, 1, offsetof(uapi_form_pack_rule, regex), NULL, NULL},
    {"caseless", UAPI_FORM_BOOLEAN, 0, offsetof(uapi_form_pack_rule, caseless), NULL, NULL},
    {"keywords", UAPI_FORM_MAP, 0, offsetof(uapi_form_pack_rule, keywords), NULL, &pack_keywords},
    {"checksum", UAPI_FORM_WORD, 0, offsetof(uapi_form_pack_rule, checksum), &checksum_words, NULL},
    {"entropy", UAPI_FORM_NUMBER, 0, offsetof(uapi_form_pack_rule, entropy), NULL, NULL},
    {"min_length", UAPI_FORM_NUMBER, 0, offsetof(uapi_form_pack_rule, min_length), NULL, NULL},
    {"max_length", UAPI_FORM_NUMBER, 0, offsetof(uapi_form_pack_rule, max_length), NULL, NULL},
    {"allow", UAPI_FORM_MAP, 0, offsetof(uapi_form_pack_rule, allow), NULL, &pack_allow},
    {"tests", UAPI_FORM_MAP, 0, offsetof(uapi_form_pack_rule, tests), NULL, &pack_tests},
    {0},
};
static const uapi_form_shape pack_rule = {
    "packRule", "a pack's rule", sizeof(uapi_form_pack_rule), 0, pack_rule_fields,
};

static const uapi_form_field pack_fields[] = {
    {"rules", UAPI_FORM_MAPS, 1, offsetof(uapi_form_pack, rules), NULL, &pack_rule},
    {0},
};
static const uapi_form_shape pack = {"patternPackSpec", "the spec of a PatternPack", sizeof(uapi_form_pack), 0,
                                     pack_fields};

/* ---------------------------------------------------------------- documents */

#define DOCUMENT_FIELDS(metadata_shape, spec_shape)                                                             \
    {                                                                                                           \
        {"apiVersion", UAPI_FORM_WORD, 1, offsetof(uapi_form_document, api_version), &api_version_words, NULL}, \
            {"kind", UAPI_FORM_WORD, 1, offsetof(uapi_form_document, kind), &kind_words, NULL},                 \
            {"metadata", UAPI_FORM_MAP, 1, offsetof(uapi_form_document, metadata), NULL, metadata_shape},       \
            {"spec", UAPI_FORM_MAP, 1, offsetof(uapi_form_document, spec), NULL, spec_shape}, {0},              \
    }

static const uapi_form_field policy_document_fields[] = DOCUMENT_FIELDS(&policy_metadata, &policy);
static const uapi_form_field firewall_document_fields[] = DOCUMENT_FIELDS(&metadata, &firewall);
static const uapi_form_field server_document_fields[] = DOCUMENT_FIELDS(&metadata, &server);
static const uapi_form_field pack_document_fields[] = DOCUMENT_FIELDS(&metadata, &pack);

static const uapi_form_shape documents[] = {
    [UAPI_FORM_POLICY] = {"Policy", "a Policy", sizeof(uapi_form_document), 0, policy_document_fields},
    [UAPI_FORM_FIREWALL] = {"Firewall", "a Firewall", sizeof(uapi_form_document), 0, firewall_document_fields},
    [UAPI_FORM_SERVER] = {"Server", "a Server", sizeof(uapi_form_document), 0, server_document_fields},
    [UAPI_FORM_PATTERN_PACK] = {"PatternPack", "a PatternPack", sizeof(uapi_form_document), 0, pack_document_fields},
};

const uapi_form_shape *uapi_policy_form_shape(uapi_form_kind kind)
{
    return &documents[kind];
}
