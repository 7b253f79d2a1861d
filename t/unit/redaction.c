/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What stands in for findings: each style, by value, rule and tenant; how documents are merged; what is refused.
 */
#include "policy_fixture.h"

#include "../../mod_uapi/core/redaction.h"

static const uint8_t key[UAPI_KEY_SIZE] = {1, 2, 3}, other_key[UAPI_KEY_SIZE] = {4};
static const uapi_keyring keyring = {.session_key = key}, other_keyring = {.session_key = other_key};

/* The replacement of the whole text. */
static const char *replace(uapi_redaction *redaction, const char *rule, const char *text)
{
    uapi_firewall_finding finding = {.rule = rule, .action = UAPI_ACTION_REDACT, .to = strlen(text)};
    uapi_firewall_report report = {.findings = &finding, .count = 1};
    char *copy = malloc(strlen(text) + 1); /* no byte behind it */

    memcpy(copy, text, strlen(text));
    uapi_redaction_apply(redaction, &report, (uapi_string){copy, strlen(text)}, pool);
    free(copy);
    return finding.replacement;
}

static uapi_redaction *begin(uapi_policy_redaction how, const char *tenant)
{
    return uapi_redaction_begin(apr_pmemdup(pool, &how, sizeof(how)), &keyring, tenant, pool);
}

static void needs_nothing_by_default(void **state)
{
    uapi_firewall_report report = {0};

    (void)state;
    assert_null(begin((uapi_policy_redaction){.style = UAPI_REDACTION_PLACEHOLDER}, "acme"));
    uapi_redaction_apply(NULL, &report, (uapi_string){"", 0}, pool);
}

static void numbers_by_value_and_rule(void **state)
{
    uapi_policy_redaction how = {.style = UAPI_REDACTION_PLACEHOLDER, .consistent = 1};
    uapi_redaction *redaction = begin(how, "acme");

    (void)state;
    assert_string_equal(replace(redaction, "pii.email", "a@x"), "[REDACTED:pii.email#1]");
    assert_string_equal(replace(redaction, "pii.email", "b@x"), "[REDACTED:pii.email#2]");
    assert_string_equal(replace(redaction, "pii.email", "a@x"), "[REDACTED:pii.email#1]");
    assert_string_equal(replace(redaction, "pii.other", "a@x"), "[REDACTED:pii.other#1]");
    assert_string_equal(replace(begin(how, "acme"), "pii.email", "b@x"), "[REDACTED:pii.email#1]");
    for (int i = 3; i < UAPI_REDACTION_NUMBERED; i++) {
        assert_non_null(replace(redaction, "pii.email", apr_itoa(pool, i)));
    }
    assert_null(replace(redaction, "pii.email", "one too many"));
    assert_string_equal(replace(redaction, "pii.email", "b@x"), "[REDACTED:pii.email#2]");
}

static void hashes_by_value_rule_and_tenant(void **state)
{
    const uapi_policy_redaction how = {.style = UAPI_REDACTION_HASH};
    uapi_redaction *acme = begin(how, "acme"), *umbrella = begin(how, "umbrella");
    uapi_redaction *elsewhere = uapi_redaction_begin(&how, &other_keyring, "acme", pool);
    const char *hash = replace(acme, "pii.email", "a@x");

    (void)state;
    assert_int_equal(strlen(hash), strlen("[REDACTED:pii.email:0123456789ab]"));
    assert_int_equal(strncmp(hash, "[REDACTED:pii.email:", 20), 0);
    assert_string_equal(hash, replace(acme, "pii.email", "a@x"));
    assert_string_equal(hash, replace(begin(how, "acme"), "pii.email", "a@x"));
    assert_string_not_equal(hash, replace(acme, "pii.email", "b@x"));
    assert_string_not_equal(hash + 20, replace(acme, "pii.phone", "a@x") + 20);
    assert_string_not_equal(hash, replace(umbrella, "pii.email", "a@x"));
    assert_string_not_equal(hash, replace(elsewhere, "pii.email", "a@x"));
}

/* d for digits, a and A for letters. */
static const char *form_of(const char *text)
{
    char *form = apr_pstrdup(pool, text);

    for (char *at = form; *at != '\0'; at++) {
        *at = (char)(*at >= '0' && *at <= '9'   ? 'd'
                     : *at >= 'a' && *at <= 'z' ? 'a'
                     : *at >= 'A' && *at <= 'Z' ? 'A'
                                                : *at);
    }
    return form;
}

static void keeps_the_form(void **state)
{
    static const char *const cards[] = {"pii.card"};
    uapi_policy_redaction how = {
        .style = UAPI_REDACTION_FORMAT, .keep_last = 4, .keep_last_of = {(const char *const *)cards, 1}};
    uapi_redaction *redaction = begin(how, "acme");
    const char *out = replace(redaction, "pii.card", "4111 1111-1111 1234"), *longer;
    char text[200];

    (void)state;
    assert_string_equal(form_of(out), "dddd dddd-dddd dddd");
    assert_string_equal(out + 15, "1234");
    assert_string_not_equal(out, "4111 1111-1111 1234");
    assert_string_equal(out, replace(begin(how, "acme"), "pii.card", "4111 1111-1111 1234"));
    out = replace(redaction, "pii.account", "4111 1111-1111 1234");
    assert_string_not_equal(out + 15, "1234"); /* of another rule nothing stays */
    out = replace(redaction, "pii.card", "12345671234");
    assert_string_not_equal(out + 7, "1234"); /* nor of a short value */
    assert_string_equal(form_of(replace(redaction, "pii.email", "John.Doe-7@example.com")), "Aaaa.Aaa-d@aaaaaaa.aaa");
    /* what would end or escape a JSON string does not stay, and the result is UTF-8 */
    assert_string_equal(form_of(replace(redaction, "pii.x", "a\"b\\c\nd\x7f")), "a.a.a.a.");
    assert_string_equal(form_of(replace(redaction, "pii.x", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80!")), "aaa!");
    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        text[i] = (char)('0' + i % 10);
    }
    text[sizeof(text) - 1] = '\0';
    longer = replace(redaction, "pii.x", text);
    assert_int_equal(strlen(longer), strlen(text));
    for (size_t i = 0; text[i] != '\0'; i++) {
        assert_in_range(longer[i], '0', '9');
        assert_int_not_equal(longer[i], text[i]);
    }
}

static void replaces_what_is_redacted_only(void **state)
{
    uapi_redaction *redaction = begin((uapi_policy_redaction){.style = UAPI_REDACTION_HASH}, "acme");
    uapi_firewall_finding findings[] = {{.rule = "a.b", .action = UAPI_ACTION_LOG, .to = 1},
                                        {.rule = "a.b", .action = UAPI_ACTION_BLOCK, .to = 1},
                                        {.rule = "a.b", .action = UAPI_ACTION_REDACT, .to = 1},
                                        {.rule = "a.b", .action = UAPI_ACTION_REDACT, .to = 2}};
    uapi_firewall_report report = {.findings = findings, .count = 4};

    (void)state;
    uapi_redaction_apply(redaction, &report, (uapi_string){"x", 1}, pool);
    assert_null(findings[0].replacement);
    assert_null(findings[1].replacement);
    assert_non_null(findings[2].replacement);
    assert_null(findings[3].replacement); /* its place is in another text */
}

/* ---------------------------------------------------------------- documents */

static const struct {
    const char *first, *second;
    uapi_redaction_style style;
    int consistent;
    unsigned keep_last;
} merges[] = {
    {"  {}\n", NULL, UAPI_REDACTION_PLACEHOLDER, 0, 0},
    {"  redaction: {consistent: true}\n", NULL, UAPI_REDACTION_PLACEHOLDER, 1, 0},
    {"  redaction: {style: hash}\n", NULL, UAPI_REDACTION_HASH, 0, 0},
    {"  redaction: {style: format, keep_last: 4, keep_last_of: [pii.card]}\n", NULL, UAPI_REDACTION_FORMAT, 0, 4},
    {"  redaction: {style: format, keep_last: 4, keep_last_of: [pii.card]}\n", "  {}\n", UAPI_REDACTION_FORMAT, 0, 4},
    {"  redaction: {style: format, keep_last: 4, keep_last_of: [pii.card]}\n", "  redaction: {style: format}\n",
     UAPI_REDACTION_FORMAT, 0, 0},
    {"  redaction: {style: format}\n", "  redaction: {style: hash}\n", UAPI_REDACTION_HASH, 0, 0},
    {"  redaction: {style: hash}\n", "  redaction: {style: placeholder}\n", UAPI_REDACTION_PLACEHOLDER, 0, 0},
    {"  redaction: {consistent: true}\n", "  redaction: {consistent: true}\n", UAPI_REDACTION_PLACEHOLDER, 1, 0},
    {"  redaction: {consistent: true}\n", "  redaction: {style: placeholder}\n", UAPI_REDACTION_PLACEHOLDER, 0, 0},
    {"  redaction: {consistent: true}\n", "  redaction: {style: format}\n", UAPI_REDACTION_PLACEHOLDER, 0, 0},
    {"  mode: shadow\n  redaction: {style: format}\n", "  mode: enforce\n", UAPI_REDACTION_PLACEHOLDER, 0, 0},
};

static void merges_documents(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(merges) / sizeof(merges[0]); i++) {
        const char *one = apr_pstrcat(pool, FIREWALL("f"), merges[i].first, NULL);
        const char *two = merges[i].second != NULL ? apr_pstrcat(pool, FIREWALL("g"), merges[i].second, NULL) : "";
        for (int order = 0; order < 2; order++) {
            const uapi_policy_redaction *how = uapi_policy_redaction_of(
                load(apr_pstrcat(pool, order ? one : two, "---\n", order ? two : one, NULL)));
            assert_int_equal(how->style, merges[i].style);
            assert_int_equal(how->consistent, merges[i].consistent);
            assert_int_equal(how->keep_last, merges[i].keep_last);
        }
    }
}

static const struct {
    const char *spec, *printed;
} faults[] = {
    {"  redaction: {}\n", "p:5:14: error: redaction says nothing: leave it out\n"},
    {"  redaction: {style: mask}\n",
     "p:5:22: error: \"style\" must be format, hash or placeholder, not \"mask\"; did you mean \"hash\"?\n"},
    {"  redaction: {style: hash, consistent: true}\n",
     "p:5:40: error: \"consistent\" numbers placeholders; the other styles are consistent of themselves\n"},
    {"  redaction: {style: format, keep_last: 5, keep_last_of: [a.b]}\n",
     "p:5:41: error: \"keep_last\" must be a whole number from 1 to 4\n"},
    {"  redaction: {style: format, keep_last: 4}\n",
     "p:5:14: error: \"keep_last\" and \"keep_last_of\" (the rules whose findings keep their last digits) belong "
     "together\n"},
    {"  redaction: {keep_last: 4, keep_last_of: [a.b]}\n", "p:5:26: error: \"keep_last\" needs \"style: format\"\n"},
    {"  redaction: {style: format, keep_last: 4, keep_last_of: [A]}\n",
     "p:5:59: error: rule \"A\" matches no name: <scanner>.<rule>, of a-z 0-9 _, with * and ?\n"},
};

static void tells_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        const char *text = apr_pstrcat(pool, FIREWALL("f"), faults[i].spec, NULL), *printed;
        parse("p", text, strlen(text), &printed);
        assert_string_equal(printed, faults[i].printed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(needs_nothing_by_default, set_up, tear_down),
        cmocka_unit_test_setup_teardown(numbers_by_value_and_rule, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hashes_by_value_rule_and_tenant, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_the_form, set_up, tear_down),
        cmocka_unit_test_setup_teardown(replaces_what_is_redacted_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(merges_documents, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_faults, set_up, tear_down),
    };

    apr_initialize();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("redaction", tests, NULL, NULL);
}
