/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Pattern packs: check digits by published examples, every kind of evidence through a firewall, and every fault of a
 * pack with its place. Run from the root of the repository.
 */
#include "policy_fixture.h"

#include "../../mod_uapi/core/checksum.h"
#include "../../mod_uapi/core/firewall.h"

#define PACK(name) HEAD("PatternPack", "{name: " name "}") "  rules:\n"

/* ---------------------------------------------------------------- check digits */

static const struct {
    uapi_checksum checksum;
    const char *good, *bad;
} checksums[] = {
    {UAPI_CHECKSUM_LUHN, "7992-7398 713", "79927398710"}, /* the example of the algorithm's descriptions */
    {UAPI_CHECKSUM_LUHN, "no. 18", "0"},
    {UAPI_CHECKSUM_MOD97, "79444", "79443"}, /* 794 with its check digits */
    {UAPI_CHECKSUM_IBAN, "GB82 WEST 1234 5698 7654 32", "GB82 WEST 1234 5698 7654 33"},
    {UAPI_CHECKSUM_IBAN, "DE89370400440532013000", "DE89"},
    {UAPI_CHECKSUM_ABA, "111000025", "111000026"},
    {UAPI_CHECKSUM_ABA, "021000021", "000000000"},
    {UAPI_CHECKSUM_VERHOEFF, "2363", "2364"},
    {UAPI_CHECKSUM_VERHOEFF, "123451", "132451"},
    {UAPI_CHECKSUM_DAMM, "5724", "5742"},
    {UAPI_CHECKSUM_ISBN, "0-306-40615-2", "0-306-40615-1"},
    {UAPI_CHECKSUM_ISBN, "080442957X", "0804429579"},
    {UAPI_CHECKSUM_ISBN, "978-0-306-40615-7", "978-0-306-40615-8"},
    {UAPI_CHECKSUM_ISBN, "0-306-40615-2", "0-306-4061-2"},
    {UAPI_CHECKSUM_CRC32_BASE62, "x_1234567893jZRME", "x_1234567893jZRM0"},
    {UAPI_CHECKSUM_CRC32_BASE62, "1234567893jZRME", "_3jZRME"},
};

static void knows_check_digits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(checksums) / sizeof(checksums[0]); i++) {
        if (!uapi_checksum_holds(checksums[i].checksum, checksums[i].good, strlen(checksums[i].good))) {
            fail_msg("%s is refused", checksums[i].good);
        }
        if (uapi_checksum_holds(checksums[i].checksum, checksums[i].bad, strlen(checksums[i].bad))) {
            fail_msg("%s is taken", checksums[i].bad);
        }
    }
    for (int checksum = UAPI_CHECKSUM_LUHN; checksum <= UAPI_CHECKSUM_CRC32_BASE62; checksum++) {
        char longest[2000];
        memset(longest, '0', sizeof(longest));
        assert_int_equal(uapi_checksum_holds((uapi_checksum)checksum, "", 0), 0);
        assert_int_equal(uapi_checksum_holds((uapi_checksum)checksum, longest, sizeof(longest)), 0);
    }
}

/* ---------------------------------------------------------------- evidence */

/* "from-to" of each finding, joined by spaces. */
static const char *find(const uapi_policy *policy, uapi_direction direction, const char *text)
{
    uapi_firewall *firewall = NULL;
    uapi_firewall_report report;
    uapi_result result = {0};
    const char *out = "";

    assert_int_equal(uapi_firewall_create(&firewall, NULL, 0, policy, pool, &result), APR_SUCCESS);
    assert_int_equal(uapi_firewall_scan(firewall, direction, text, strlen(text), &report, pool, &result), APR_SUCCESS);
    for (uint32_t i = 0; i < report.count; i++) {
        out = apr_psprintf(pool, "%s%s%s:%d-%d:%s", out, i > 0 ? " " : "", report.findings[i].rule,
                           (int)report.findings[i].from, (int)report.findings[i].to,
                           uapi_action_name(report.findings[i].action));
    }
    return out;
}

static const struct {
    const char *rule, *text, *found;
} evidence[] = {
    {"regex: 'id-[0-9]{3}'", "an id-123", "k.a:3-9:block"},
    {"regex: ['id-[0-9]{3}', 'no-[0-9]{2}']", "no-12 id-123", "k.a:0-5:block k.a:6-12:block"},
    {"regex: 'id-[0-9]{3}', action: log", "id-123", "k.a:0-6:log"},
    {"regex: 'id-[0-9]{3}', action: require_approval", "id-123", "k.a:0-6:require_approval"},
    {"regex: 'id-[0-9]{3}', action: allow", "id-123", ""},
    {"regex: 'id-[0-9]{3}', direction: response", "id-123", ""},
    {"regex: 'id-[0-9]{3}', direction: request", "id-123", "k.a:0-6:block"},
    {"regex: 'id-[0-9]{3}'", "ID-123", ""},
    {"regex: 'id-[0-9]{3}', caseless: true", "ID-123", "k.a:0-6:block"},
    {"regex: 'id-[0-9]{3}', caseless: false", "ID-123", ""},
    {"regex: 'n\xc2\xba [0-9]{3}'", "n\xc2\xba 123", "k.a:0-7:block"},
    {"regex: 'id-[0-9]{3,9}', min_length: 8", "id-1234", ""},
    {"regex: 'id-[0-9]{3,9}', min_length: 8", "id-12345", "k.a:0-8:block"},
    {"regex: 'id-[0-9]{3,9}', max_length: 7", "id-12345", ""},
    {"regex: 'id-[0-9]{3,9}', max_length: 8", "id-12345", "k.a:0-8:block"},
    {"regex: '[a-z]{8}=', entropy: 2.5", "aaaaaaaa= abcdefgh=", "k.a:10-19:block"},
    {"regex: 'id-[0-9]{4}', checksum: damm", "id-5724 id-5725", "k.a:0-7:block"},
    {"regex: 'id-[0-9]{3}', allow: {exact: [id-123]}", "id-123 id-124", "k.a:7-13:block"},
    {"regex: 'id-[0-9]{3}', allow: {regex: ['id-1[0-9]{2}']}", "id-123 id-224", "k.a:7-13:block"},
    {"regex: 'id-[0-9]{3}', allow: {regex: ['id-1']}", "id-123", "k.a:0-6:block"}, /* not as a whole */
    {"regex: 'id-[0-9]{3}', allow: {regex: ['ID-1[0-9]{2}']}, caseless: true", "id-123", ""},
    {"regex: 'id-[0-9]{3}', keywords: {words: [badge]}", "id-123", ""},
    {"regex: 'id-[0-9]{3}', keywords: {words: [pass, badge]}", "Badge id-123", "k.a:6-12:block"},
    {"regex: 'id-[0-9]{3}', keywords: {words: [badge]}", "id-123 (BADGE)", "k.a:0-6:block"},
    {"regex: 'id-[0-9]{3}', keywords: {words: [badge]}", "badges id-123", ""},
    {"regex: 'id-[0-9]{3}', keywords: {words: [badge]}", "xbadge id-123 badgex", ""},
    {"regex: 'id-[0-9]{3}', keywords: {words: [badge], within: 6}", "badge id-123", "k.a:6-12:block"},
    {"regex: 'id-[0-9]{3}', keywords: {words: [badge], within: 5}", "badge id-123", ""},
    {"regex: 'id-[0-9]{3}', keywords: {words: [badge], within: 6}", "id-123 badge", "k.a:0-6:block"},
    {"regex: 'id-[0-9]{3}', keywords: {words: [badge], within: 5}", "id-123 badge", ""},
};

static void asks_for_evidence(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(evidence) / sizeof(evidence[0]); i++) {
        const uapi_policy *policy = load(apr_pstrcat(pool, PACK("k") "    - {id: a, ", evidence[i].rule, "}\n", NULL));
        assert_string_equal(find(policy, UAPI_DIRECTION_REQUEST, evidence[i].text), evidence[i].found);
    }
}

/* Firewall documents name packs as they name plugins. */
static void obeys_documents(void **state)
{
    static const char text[] = PACK("k") "    - {id: a, regex: 'id-[0-9]{3}', action: block}\n"
                                         "    - {id: b, regex: 'no-[0-9]{3}', action: block}\n---\n" FIREWALL("f");
    const uapi_policy *policy = load(
        apr_pstrcat(pool, text, "  scanners: {k: {request: log, rules: {k.b: redact}}}\n", NULL));
    uapi_firewall *firewall;
    uapi_result result = {0};

    (void)state;
    assert_string_equal(find(policy, UAPI_DIRECTION_REQUEST, "id-123 no-123"), "k.a:0-6:log k.b:7-13:redact");
    assert_string_equal(find(policy, UAPI_DIRECTION_RESPONSE, "id-123 no-123"), "k.b:7-13:redact");
    policy = load(apr_pstrcat(pool, text, "  rules: [{id: r, rules: [k.a], action: redact}]\n", NULL));
    assert_string_equal(find(policy, UAPI_DIRECTION_REQUEST, "id-123 no-123"), "k.a:0-6:redact k.b:7-13:block");
    policy = load(apr_pstrcat(pool, text, "  scanners: {k: {rules: {k.c: log}}}\n", NULL));
    assert_int_not_equal(uapi_firewall_create(&firewall, NULL, 0, policy, pool, &result), APR_SUCCESS);
    assert_string_equal(result.detail, "p:13:26: no loaded plugin or pack has a rule named k.c; loaded: k");
}

/* A pack's own default must not keep its tests from being made. */
static void tries_what_is_off(void **state)
{
    const char *text = PACK("k") "    - {id: a, regex: 'id-[0-9]{3}', action: allow, direction: response,\n"
                                 "       tests: {match: [id-123, x], no_match: [z]}}\n";
    const char *printed;

    (void)state;
    parse("p", text, strlen(text), &printed);
    assert_string_equal(printed, "p:7:32: error: rule k.a does not find anything in this text\n");
}

/* ---------------------------------------------------------------- faults */

static const struct {
    const char *name, *rule, *printed;
} faults[] = {
    {"K", "id: a, regex: 'abc'",
     "p:3:18: error: pack \"K\" is no name of scanners and their rules: 1 to 64 of a-z 0-9 _\n"},
    {"k", "regex: 'abc'", "p:6:7: error: a pack's rule needs \"id\"\n"},
    {"k", "id: a", "p:6:7: error: a pack's rule needs \"regex\"\n"},
    {"k", "id: a-b, regex: 'abc'",
     "p:6:12: error: rule \"a-b\" is no name of scanners and their rules: 1 to 64 of a-z 0-9 _\n"},
    {"k", "id: a, regex: ''", "p:6:22: error: the expression matches the empty text\n"},
    {"k", "id: a, regex: 'a?'", "p:6:22: error: the expression matches the empty text\n"},
    {"k", "id: a, regex: 'abc+'",
     "p:6:22: error: the expression has no bound: give its repetitions one, such as {1,64}\n"},
    {"k", "id: a, regex: '.{1,5000}abc'", "p:6:22: error: the expression matches texts of more than 4096 bytes\n"},
    {"k", "id: a, regex: 'abc', entropy: 9", "p:6:38: error: \"entropy\" must be a number from 0 to 8\n"},
    {"k", "id: a, regex: 'abc', entropy: high", "p:6:38: error: \"entropy\" must be a number, not a string\n"},
    {"k", "id: a, regex: 'abc', min_length: 1.5",
     "p:6:41: error: \"min_length\" must be a whole number from 1 to 4096\n"},
    {"k", "id: a, regex: 'abc', min_length: 3, max_length: 2",
     "p:6:56: error: \"max_length\" is below \"min_length\", so nothing can be found\n"},
    {"k", "id: a, regex: 'abc', caseless: yes", "p:6:39: error: \"caseless\" must be true or false, not \"yes\"\n"},
    {"k", "id: a, regex: 'abc', keywords: {words: ['']}", "p:6:48: error: a keyword has 1 to 64 bytes\n"},
    {"k", "id: a, regex: 'abc', keywords: {words: [x], within: 0}",
     "p:6:60: error: \"within\" must be a whole number from 1 to 1024\n"},
    {"k", "id: a, regex: 'abc', allow: {regex: ['a*']}", "p:6:45: error: the expression matches the empty text\n"},
    {"k", "id: a, regex: 'abc', allow: {regex: ['\xc3\xa9']}",
     "p:6:45: error: the expression has other characters than ASCII: use \"exact\"\n"},
    {"k", "id: a, regex: 'abc', tests: {match: [xyz]}",
     "p:6:45: error: rule k.a does not find anything in this text\n"},
    {"k", "id: a, regex: 'abc', tests: {no_match: [x, xabc]}",
     "p:6:51: error: rule k.a finds something in this text\n"},
};

static void tells_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        const char *printed,
            *text = apr_pstrcat(pool, "apiVersion: uapi/v1\nkind: PatternPack\nmetadata: {name: ", faults[i].name,
                                "}\nspec:\n  rules:\n    - {", faults[i].rule, "}\n", NULL);
        parse("p", text, strlen(text), &printed);
        assert_string_equal(printed, faults[i].printed);
    }
}

static void bounds_keywords(void **state)
{
    const char *words = "w", *printed, *text;

    (void)state;
    for (int i = 1; i < 51; i++) {
        words = apr_pstrcat(pool, words, ", w", NULL);
    }
    text = apr_pstrcat(pool, PACK("k") "    - id: a\n      regex: abc\n      keywords:\n        words: [", words, "]\n",
                       NULL);
    parse("p", text, strlen(text), &printed);
    assert_string_equal(printed, "p:9:167: error: a rule has at most 50 keywords\n");
}

static void refuses_two_of_a_name(void **state)
{
    const char *text = PACK("k") "    - {id: a, regex: abc}\n    - {id: a, regex: abd}\n---\n" PACK(
        "k") "    - {id: a, regex: abc}\n";
    const char *printed;

    (void)state;
    parse("p", text, strlen(text), &printed);
    assert_string_equal(printed, "p:7:12: error: rule id \"a\" is used twice in this pack, first at line 6\n"
                                 "p:11:18: error: PatternPack \"k\" is defined twice, first at p:3:18\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_check_digits),
        cmocka_unit_test_setup_teardown(asks_for_evidence, set_up, tear_down),
        cmocka_unit_test_setup_teardown(obeys_documents, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tries_what_is_off, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_faults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bounds_keywords, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_two_of_a_name, set_up, tear_down),
    };

    apr_initialize();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("pack", tests, NULL, NULL);
}
