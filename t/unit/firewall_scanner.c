/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What uapi.scanner/1 promises, over one scanner made here: state for a text, rules with many patterns, a verifier that
 * chooses the rule, whole texts, what is known of the call, views, advice, and what comes of a broken contract.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "firewall.h"

static apr_pool_t *pool;
static uapi_result result;

/* ------------------------------------------------------------- the scanner */

enum { ANIMAL, DANGER, BOTH, SHOUT, QUIET };

static const uapi_rule rule_table[] = {
    [ANIMAL] = {sizeof(uapi_rule), UAPI_SEVERITY_LOW, UAPI_DIRECTION_BOTH, UAPI_DEFAULT_LOG, UAPI_DEFAULT_LOG, 0,
                "animal", "An animal"},
    [DANGER] = {sizeof(uapi_rule), UAPI_SEVERITY_HIGH, UAPI_DIRECTION_BOTH, UAPI_DEFAULT_APPROVE, UAPI_DEFAULT_BLOCK, 0,
                "danger", NULL},
    [BOTH] = {sizeof(uapi_rule), UAPI_SEVERITY_CRITICAL, UAPI_DIRECTION_BOTH, 0, 0, 0, "both", NULL},
    [SHOUT] = {sizeof(uapi_rule), UAPI_SEVERITY_MEDIUM, UAPI_DIRECTION_RESPONSE, 0, UAPI_DEFAULT_REDACT, 0, "shout",
               NULL},
    [QUIET] = {sizeof(uapi_rule), UAPI_SEVERITY_MEDIUM, UAPI_DIRECTION_BOTH, UAPI_DEFAULT_IGNORE, UAPI_DEFAULT_IGNORE,
               0, "quiet", NULL},
};

static const uapi_pattern pattern_table[] = {
    {sizeof(uapi_pattern), UAPI_PATTERN_OTHER_RULES, ANIMAL, 0, "horse"},
    {sizeof(uapi_pattern), 0, ANIMAL, 0, "tiger"},
    {sizeof(uapi_pattern), 0, ANIMAL, UAPI_VIEW_SHELL, "snake"},
    {sizeof(uapi_pattern), 0, QUIET, 0, "mouse"},
};

typedef struct seen_text {
    int horses, tigers;
    char *owned;
} seen_text;

/* What it should do next, and what it was asked. */
static struct {
    int32_t begin, verify, scan;
    uint32_t report_rule;
    size_t report_from, report_to;
    int flood;
} wish;
static int begun, verified, scanned, ended, taken;
static uapi_call_info seen_call;
static uint32_t seen_flags, seen_view;

static const uapi_rule *rules(void *instance, uint32_t *count)
{
    (void)instance;
    *count = sizeof(rule_table) / sizeof(rule_table[0]);
    return rule_table;
}

static const uapi_pattern *patterns(void *instance, uint32_t *count)
{
    (void)instance;
    *count = sizeof(pattern_table) / sizeof(pattern_table[0]);
    return pattern_table;
}

static int32_t text_begin(void *instance, void *state, const uapi_text *text)
{
    seen_text *mine = state;

    (void)instance;
    begun += wish.begin == 0;
    assert_int_equal(mine->horses + mine->tigers, 0);
    assert_null(mine->owned);
    if (wish.begin == 0) {
        mine->owned = malloc(8);
    }
    seen_call = *text->call;
    seen_flags = text->flags;
    seen_view = text->view;
    return wish.begin;
}

/* A tiger is a danger; a horse is one if it is wild. */
static int32_t verify(void *instance, void *state, const uapi_candidate *candidate, uapi_finding *finding)
{
    seen_text *mine = state;

    (void)instance;
    verified++;
    assert_ptr_equal(candidate->in->bytes.data, candidate->text.data);
    assert_int_equal(finding->severity, 0);
    mine->horses += candidate->pattern == 0;
    mine->tigers += candidate->pattern == 1;
    if (candidate->pattern == 1 ||
        (candidate->from >= 5 && memcmp(candidate->text.data + candidate->from - 5, "wild ", 5) == 0)) {
        finding->rule = DANGER;
        finding->why = "it bites";
    }
    if (wish.verify == 77) {
        finding->rule = 99;
        return 1;
    }
    return wish.verify;
}

static int32_t scan(void *instance, void *state, const uapi_text *text, const uapi_sink *sink)
{
    uapi_finding finding = {.size = sizeof(finding), .rule = SHOUT};

    (void)instance;
    assert_non_null(state);
    scanned++;
    if (wish.report_to) {
        finding.rule = wish.report_rule;
        finding.from = wish.report_from;
        finding.to = wish.report_to;
        taken = sink->report(sink, &finding) == 0;
    }
    while (wish.flood && sink->report(sink, &finding) == 0) {
    }
    for (finding.from = 0; finding.from < text->bytes.length; finding.from++) {
        if (text->bytes.data[finding.from] == '!') {
            finding.to = finding.from + 1;
            taken = sink->report(sink, &finding) == 0;
        }
    }
    return wish.scan;
}

/* Only the whole of the text shows that both animals meet in it. */
static void text_end(void *instance, void *state, const uapi_text *text, const uapi_sink *sink)
{
    const uapi_finding finding = {
        .size = sizeof(finding), .rule = BOTH, .to = text->bytes.length, .severity = UAPI_SEVERITY_MEDIUM};
    seen_text *mine = state;

    (void)instance;
    ended++;
    if (mine->horses && mine->tigers) {
        sink->report(sink, &finding);
    }
    free(mine->owned);
}

static uapi_scanner_1 scanner = {
    .name = "zoo",
    .state_size = sizeof(seen_text),
    .rules = rules,
    .patterns = patterns,
    .text_begin = text_begin,
    .verify = verify,
    .text_end = text_end,
};
static uapi_plugin plugin = {.path = "/zoo.so", .instance = &scanner, .scanner = &scanner};

static int set_up(void **state)
{
    (void)state;
    memset(&wish, 0, sizeof(wish));
    memset(&result, 0, sizeof(result));
    wish.verify = UAPI_FOUND;
    begun = verified = scanned = ended = taken = 0;
    scanner.scan = NULL;
    scanner.scan_views = 0;
    return apr_pool_create(&pool, NULL) != APR_SUCCESS;
}

static int tear_down(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    return 0;
}

static uapi_firewall *make(const char *spec)
{
    uapi_plugin *const one[] = {&plugin};
    apr_array_header_t *diagnostics;
    uapi_policy *policy = NULL;
    uapi_firewall *firewall;

    if (spec) {
        const char *text = apr_pstrcat(pool, "apiVersion: uapi/v1\nkind: Firewall\nmetadata: {name: f}\nspec:\n", spec,
                                       NULL);

        assert_int_equal(uapi_policy_parse(&policy, "f.yaml", text, strlen(text), &diagnostics, pool, &result),
                         APR_SUCCESS);
    }
    assert_int_equal(uapi_firewall_create(&firewall, one, 1, policy, pool, &result), APR_SUCCESS);
    return firewall;
}

static uapi_firewall_report scan_string(const uapi_firewall *firewall, uapi_direction direction, const char *text)
{
    uapi_firewall_report report;

    assert_int_equal(uapi_firewall_scan(firewall, direction, text, strlen(text), &report, pool, &result), APR_SUCCESS);
    assert_int_equal(begun, ended);
    return report;
}

static void assert_fails(const uapi_firewall *firewall, const char *text, const char *says)
{
    uapi_firewall_report report;

    assert_int_not_equal(
        uapi_firewall_scan(firewall, UAPI_DIRECTION_RESPONSE, text, strlen(text), &report, pool, &result), APR_SUCCESS);
    assert_int_equal(result.reason, UAPI_REASON_INTERNAL);
    assert_string_equal(result.detail, says);
}

/* ------------------------------------------------------------- candidates */

static void test_state(void **state)
{
    uapi_firewall *firewall = make(NULL);
    uapi_firewall_report report = scan_string(firewall, UAPI_DIRECTION_REQUEST, "nobody here");

    (void)state;
    assert_int_equal(begun + verified + ended, 0); /* what finds nothing costs nothing */
    report = scan_string(firewall, UAPI_DIRECTION_REQUEST, "a horse, a horse");
    assert_int_equal(report.count, 2);
    assert_int_equal(begun, 1);
    assert_int_equal(verified, 2);
    report = scan_string(firewall, UAPI_DIRECTION_REQUEST, "a horse, a tiger");
    assert_int_equal(begun, 2);
    assert_int_equal(report.count, 3);
    assert_string_equal(report.findings[0].rule, "zoo.both");
    assert_int_equal(report.findings[0].severity, UAPI_SEVERITY_MEDIUM);
    assert_int_equal(report.findings[0].to, 16);
}

static void test_rules(void **state)
{
    uapi_firewall *firewall = make(NULL);
    uapi_firewall_report report = scan_string(firewall, UAPI_DIRECTION_REQUEST, "horse wild horse mouse snake");

    (void)state;
    assert_int_equal(report.count, 2);
    assert_string_equal(report.findings[0].rule, "zoo.animal");
    assert_int_equal(report.findings[0].severity, UAPI_SEVERITY_LOW);
    assert_int_equal(report.findings[0].action, UAPI_ACTION_LOG);
    assert_null(report.findings[0].why);
    assert_string_equal(report.findings[1].rule, "zoo.danger");
    assert_int_equal(report.findings[1].severity, UAPI_SEVERITY_HIGH);
    assert_int_equal(report.findings[1].action, UAPI_ACTION_APPROVE);
    assert_string_equal(report.findings[1].why, "it bites");
    report = scan_string(firewall, UAPI_DIRECTION_RESPONSE, "wild horse");
    assert_int_equal(report.action, UAPI_ACTION_BLOCK);

    wish.verify = 77; /* a rule that does not exist: the pattern's stands */
    report = scan_string(firewall, UAPI_DIRECTION_REQUEST, "wild horse");
    assert_string_equal(report.decisive->rule, "zoo.animal");
    wish.verify = -1; /* who cannot judge must not let pass */
    assert_int_equal(scan_string(firewall, UAPI_DIRECTION_REQUEST, "horse").count, 1);
    wish.verify = UAPI_NOT_FOUND;
    assert_int_equal(scan_string(firewall, UAPI_DIRECTION_REQUEST, "horse").count, 0);
}

/* A pattern whose rule is off is not judged, except one that may turn out to be another rule. */
static void test_rules_that_are_off(void **state)
{
    uapi_firewall *firewall = make("  scanners:\n    zoo: {rules: {zoo.animal: allow}}\n");
    uapi_firewall_report report = scan_string(firewall, UAPI_DIRECTION_REQUEST, "horse wild horse tiger");

    (void)state;
    assert_int_equal(verified, 2);
    assert_int_equal(report.count, 1);
    assert_string_equal(report.decisive->rule, "zoo.danger");
    assert_int_equal(report.decisive->from, 11);
    verified = 0;
    firewall = make("  scanners:\n    zoo: {request: allow}\n");
    assert_int_equal(scan_string(firewall, UAPI_DIRECTION_REQUEST, "horse wild horse tiger").count, 0);
    assert_int_equal(verified, 0);
    firewall = make("  scanners:\n    zoo: {request: log}\n"); /* off until it is configured */
    assert_string_equal(scan_string(firewall, UAPI_DIRECTION_REQUEST, "mouse").decisive->rule, "zoo.quiet");
}

/* ------------------------------------------------------------- texts */

static void test_call(void **state)
{
    static const char *const roles[] = {"keeper", NULL};
    uapi_firewall *firewall = make(NULL);
    uapi_firewall_report report;
    uapi_call_info call;
    uapi_text text = {.size = sizeof(text), .view = UAPI_VIEW_PLAIN, .flags = UAPI_TEXT_FROM_JSON, .call = &call};

    (void)state;
    uapi_firewall_no_call(&call, UAPI_DIRECTION_RESPONSE);
    assert_string_equal(call.principal, "");
    assert_null(call.roles[0]);
    call.tenant = "acme";
    call.roles = roles;
    call.target = "feed";
    text.bytes = (uapi_string){"horse", 5};
    assert_int_equal(uapi_firewall_scan_text(firewall, &text, &report, pool, &result), APR_SUCCESS);
    assert_string_equal(seen_call.tenant, "acme");
    assert_string_equal(seen_call.roles[0], "keeper");
    assert_string_equal(seen_call.target, "feed");
    assert_int_equal(seen_call.direction, UAPI_DIRECTION_RESPONSE);
    assert_int_equal(seen_flags, UAPI_TEXT_FROM_JSON);
    assert_int_equal(seen_view, UAPI_VIEW_PLAIN);
}

static uint32_t count_in(const uapi_firewall *firewall, uint32_t view, uint32_t flags, const char *bytes)
{
    uapi_firewall_report report;
    uapi_call_info call;
    const uapi_text text = {
        .size = sizeof(text), .view = view, .flags = flags, .bytes = {bytes, strlen(bytes)}, .call = &call};

    uapi_firewall_no_call(&call, UAPI_DIRECTION_REQUEST);
    assert_int_equal(uapi_firewall_scan_text(firewall, &text, &report, pool, &result), APR_SUCCESS);
    return report.count;
}

static void test_views(void **state)
{
    uapi_firewall *firewall = make(NULL);

    (void)state;
    assert_int_equal(count_in(firewall, UAPI_VIEW_SHELL, 0, "horse snake"), 1);
    assert_int_equal(count_in(firewall, UAPI_VIEW_FOLDED, 0, "horse snake"), 1);
    assert_int_equal(count_in(firewall, UAPI_VIEW_JOINED, 0, "snake"), 0);
    scanner.scan = scan;
    scanner.scan_views = UAPI_VIEW_FOLDED;
    firewall = make(NULL);
    count_in(firewall, UAPI_VIEW_PLAIN, 0, "a!");
    assert_int_equal(scanned, 0);
    count_in(firewall, UAPI_VIEW_FOLDED, 0, "a!");
    assert_int_equal(scanned, 1);
}

/* ------------------------------------------------------------- whole texts */

static void test_scan(void **state)
{
    uapi_firewall_report report;
    uapi_firewall *firewall;

    (void)state;
    scanner.scan = scan;
    firewall = make(NULL);
    report = scan_string(firewall, UAPI_DIRECTION_RESPONSE, "so loud! so loud!!");
    assert_int_equal(begun, 1);
    assert_int_equal(report.count, 3);
    assert_int_equal(taken, 1);
    assert_string_equal(report.decisive->rule, "zoo.shout");
    assert_int_equal(report.decisive->severity, UAPI_SEVERITY_MEDIUM);
    assert_int_equal(report.decisive->from, 7);
    report = scan_string(firewall, UAPI_DIRECTION_REQUEST, "so loud!"); /* the rule is for responses */
    assert_int_equal(report.count, 0);
    assert_int_equal(taken, 1);
    scanned = 0;
    firewall = make("  scanners:\n    zoo: {response: log}\n");
    scan_string(firewall, UAPI_DIRECTION_REQUEST, "so loud!");
    assert_int_equal(scanned, 0);
}

/* A scanner without a single pattern has no database to run. */
static void test_scan_only(void **state)
{
    uapi_firewall *firewall;

    (void)state;
    scanner.scan = scan;
    scanner.patterns = NULL;
    firewall = make(NULL);
    scanner.patterns = patterns;
    assert_int_equal(uapi_firewall_pattern_count(firewall), 0);
    assert_int_equal(scan_string(firewall, UAPI_DIRECTION_RESPONSE, "a horse!").count, 1);
}

static void test_broken_contracts(void **state)
{
    uapi_firewall_report report;
    uapi_firewall *firewall;

    (void)state;
    wish.begin = 1;
    firewall = make(NULL);
    assert_fails(firewall, "horse", "scanner zoo could not begin with a text");
    assert_int_equal(begun + verified + ended, 0);
    wish.begin = 0;
    scanner.scan = scan;
    firewall = make(NULL);
    wish.scan = -3;
    assert_fails(firewall, "a horse", "scanner zoo could not read a text");
    assert_int_equal(ended, 1);
    wish.scan = 0;
    wish.report_to = 100;
    assert_fails(firewall, "short", "scanner zoo reports a rule or a range that does not exist");
    wish.report_to = 1;
    wish.report_rule = 5;
    assert_fails(firewall, "short", "scanner zoo reports a rule or a range that does not exist");
    wish.report_rule = SHOUT;
    wish.report_from = 1;
    assert_fails(firewall, "short", "scanner zoo reports a rule or a range that does not exist");
    assert_int_equal(taken, 0);
    assert_int_equal(ended, 4);
    wish.report_to = 0;
    wish.flood = 1;
    assert_fails(firewall, "short", "scanner zoo reports a rule or a range that does not exist");
    wish.flood = 0;
    report = scan_string(firewall, UAPI_DIRECTION_RESPONSE, "fine!"); /* nothing of all that stays behind */
    assert_int_equal(report.count, 1);
}

static void test_flood(void **state)
{
    char *text = malloc(5001);
    uapi_firewall_report report;

    (void)state;
    memset(text, '!', 5000);
    text[5000] = '\0';
    scanner.scan = scan;
    report = scan_string(make(NULL), UAPI_DIRECTION_RESPONSE, text);
    assert_int_equal(report.overload, 1);
    assert_int_equal(taken, 0);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_state, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rules, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rules_that_are_off, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_call, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_views, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_scan, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_scan_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_broken_contracts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_flood, set_up, tear_down),
    };

    if (apr_initialize() != APR_SUCCESS) {
        return 1;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
