/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The firewall over scanners made here: what is found and how often a verifier is asked, the actions of Firewall
 * documents, the bounds, several firewalls and many threads.
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
#include <pthread.h>

#include "firewall.h"

static apr_pool_t *pool;
static uapi_result result;

/* ------------------------------------------------------------- scanners */

enum { WORD, RUN, INSIDE, REQUEST_ONLY, CHARACTERS };

#define RULE(ID, SEVERITY, DIRECTIONS)                                                      \
    {                                                                                       \
        .size = sizeof(uapi_rule), .severity = SEVERITY, .directions = DIRECTIONS, .id = ID \
    }

static const uapi_rule first_rules[] = {
    [WORD] = RULE("word", UAPI_SEVERITY_HIGH, UAPI_DIRECTION_BOTH),
    [RUN] = RULE("run", UAPI_SEVERITY_LOW, UAPI_DIRECTION_BOTH),
    [INSIDE] = RULE("inside", UAPI_SEVERITY_MEDIUM, UAPI_DIRECTION_BOTH),
    [REQUEST_ONLY] = RULE("request_only", UAPI_SEVERITY_LOW, UAPI_DIRECTION_REQUEST),
    [CHARACTERS] = RULE("characters", UAPI_SEVERITY_LOW, UAPI_DIRECTION_BOTH),
};

static const uapi_pattern first_patterns[] = {
    [WORD] = {sizeof(uapi_pattern), UAPI_PATTERN_CASELESS, WORD, 0, "needle"},
    [RUN] = {sizeof(uapi_pattern), 0, RUN, 0, "run-[0-9]{3,}"},
    [INSIDE] = {sizeof(uapi_pattern), 0, INSIDE, 0, "<[^>]{1,20}>"},
    [REQUEST_ONLY] = {sizeof(uapi_pattern), 0, REQUEST_ONLY, 0, "outbound"},
    [CHARACTERS] = {sizeof(uapi_pattern), UAPI_PATTERN_UTF8 | UAPI_PATTERN_CASELESS, CHARACTERS, 0,
                    "\xc3\xa9t\xc3\xa9"},
};

static const uapi_rule second_rules[] = {RULE("pin", UAPI_SEVERITY_CRITICAL, UAPI_DIRECTION_BOTH)};
static const uapi_pattern second_patterns[] = {{sizeof(uapi_pattern), 0, 0, 0, "needle [0-9]{4}"}};

static const uapi_rule broken_rules[] = {
    RULE("fine", UAPI_SEVERITY_LOW, UAPI_DIRECTION_BOTH),
    RULE("open", UAPI_SEVERITY_LOW, UAPI_DIRECTION_BOTH),
};
static const uapi_pattern broken_patterns[] = {
    {sizeof(uapi_pattern), 0, 0, 0, "fine"},
    {sizeof(uapi_pattern), 0, 1, 0, "a(b"},
};

static const uapi_rule empty_rules[] = {RULE("empty", UAPI_SEVERITY_LOW, UAPI_DIRECTION_BOTH)};
static const uapi_pattern empty_patterns[] = {{sizeof(uapi_pattern), 0, 0, 0, "a*"}};

typedef struct table {
    const uapi_rule *rules;
    const uapi_pattern *patterns;
    uint32_t rule_count, pattern_count;
} table;

static table first_instance = {first_rules, first_patterns, 5, 5},
             second_instance = {second_rules, second_patterns, 1, 1};
static table broken_instance = {broken_rules, broken_patterns, 2, 2},
             empty_instance = {empty_rules, empty_patterns, 1, 1};

static const uapi_rule *rules(void *instance, uint32_t *count)
{
    *count = ((table *)instance)->rule_count;
    return ((table *)instance)->rules;
}

static const uapi_pattern *patterns(void *instance, uint32_t *count)
{
    *count = ((table *)instance)->pattern_count;
    return ((table *)instance)->patterns;
}

/* What the verifier should do next, and what it saw. */
static int asked, refuse_all, insane;
static uapi_candidate seen;
static const uapi_firewall *scan_within;

static int32_t verify(void *instance, void *state, const uapi_candidate *candidate, uapi_finding *finding)
{
    (void)instance;
    assert_null(state);
    asked++;
    seen = *candidate;
    if (candidate->pattern == INSIDE) { /* narrow to what is between the brackets */
        finding->from++;
        finding->to--;
        finding->severity = UAPI_SEVERITY_CRITICAL;
    }
    if (insane) {
        finding->from = candidate->text.length + 1;
        finding->to = 3;
        finding->severity = 77;
    }
    if (scan_within) {
        uapi_firewall_report inner;

        assert_int_not_equal(uapi_firewall_scan(scan_within, UAPI_DIRECTION_REQUEST, "needle", 6, &inner, pool, NULL),
                             APR_SUCCESS);
    }
    return !refuse_all;
}

static const uapi_scanner_1 first_scanner = {.name = "first", .rules = rules, .patterns = patterns, .verify = verify};
static const uapi_scanner_1 second_scanner = {.name = "second", .rules = rules, .patterns = patterns};

static uapi_plugin first = {.path = "/first.so", .instance = &first_instance, .scanner = &first_scanner};
static uapi_plugin second = {.path = "/second.so", .instance = &second_instance, .scanner = &second_scanner};
static uapi_plugin broken = {.path = "/broken.so", .instance = &broken_instance, .scanner = &second_scanner};
static uapi_plugin empty = {.path = "/empty.so", .instance = &empty_instance, .scanner = &second_scanner};

static int set_up(void **state)
{
    (void)state;
    asked = refuse_all = insane = 0;
    scan_within = NULL;
    memset(&result, 0, sizeof(result));
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
    uapi_plugin *const both[] = {&first, &second};
    uapi_policy *policy = NULL;
    apr_array_header_t *diagnostics;
    uapi_firewall *firewall = NULL;

    if (spec) {
        const char *text = apr_pstrcat(pool, "apiVersion: uapi/v1\nkind: Firewall\nmetadata: {name: f}\nspec:\n", spec,
                                       NULL);

        assert_int_equal(uapi_policy_parse(&policy, "f.yaml", text, strlen(text), &diagnostics, pool, &result),
                         APR_SUCCESS);
    }
    if (uapi_firewall_create(&firewall, both, 2, policy, pool, &result) != APR_SUCCESS) {
        assert_null(firewall);
    }
    return firewall;
}

/* A scan of a copy of exactly that size, so that a sanitizer sees a read beyond it. */
static uapi_firewall_report scan_text(const uapi_firewall *firewall, uapi_direction direction, const char *text,
                                      size_t length)
{
    uapi_firewall_report report;
    char *copy = malloc(length ? length : 1);

    memcpy(copy, text, length);
    assert_int_equal(uapi_firewall_scan(firewall, direction, copy, length, &report, pool, &result), APR_SUCCESS);
    free(copy);
    return report;
}

static uapi_firewall_report scan_string(const uapi_firewall *firewall, uapi_direction direction, const char *text)
{
    return scan_text(firewall, direction, text, strlen(text));
}

static void assert_finding(const uapi_firewall_finding *finding, const char *rule, size_t from, size_t to,
                           uapi_action action)
{
    assert_string_equal(finding->rule, rule);
    assert_int_equal(finding->from, from);
    assert_int_equal(finding->to, to);
    assert_int_equal(finding->action, action);
}

/* ------------------------------------------------------------- finding */

static void test_nothing(void **state)
{
    uapi_firewall *firewall = make(NULL), *none = NULL;
    uapi_firewall_report report = scan_string(firewall, UAPI_DIRECTION_REQUEST, "nothing to see here");

    (void)state;
    assert_int_equal(uapi_firewall_pattern_count(firewall), 6);
    assert_int_equal(uapi_firewall_mode(firewall), UAPI_MODE_ENFORCE);
    assert_int_equal(report.count, 0);
    assert_int_equal(report.action, UAPI_ACTION_ALLOW);
    assert_null(report.findings);
    assert_null(report.decisive);
    assert_int_equal(scan_text(firewall, UAPI_DIRECTION_REQUEST, "", 0).count, 0);
    assert_int_equal(uapi_firewall_create(&none, NULL, 0, NULL, pool, &result), APR_SUCCESS);
    assert_int_equal(scan_string(none, UAPI_DIRECTION_REQUEST, "needle").count, 0);
}

static void test_findings(void **state)
{
    uapi_firewall *firewall = make(NULL);
    uapi_firewall_report report = scan_string(firewall, UAPI_DIRECTION_REQUEST, "a NEEDLE, a needle 1234");

    (void)state;
    assert_int_equal(report.count, 3);
    assert_finding(&report.findings[0], "first.word", 2, 8, UAPI_ACTION_BLOCK);
    assert_finding(&report.findings[1], "second.pin", 12, 23, UAPI_ACTION_BLOCK);
    assert_finding(&report.findings[2], "first.word", 12, 18, UAPI_ACTION_BLOCK);
    assert_string_equal(report.findings[0].scanner, "first");
    assert_int_equal(report.action, UAPI_ACTION_BLOCK);
    assert_string_equal(report.decisive->rule, "second.pin"); /* of equally strict ones the most severe */
    assert_string_equal(uapi_firewall_placeholder(report.decisive, pool), "[REDACTED:second.pin]");

    report = scan_string(firewall, UAPI_DIRECTION_RESPONSE, "needle outbound");
    assert_int_equal(report.count, 1);
    assert_finding(&report.findings[0], "first.word", 0, 6, UAPI_ACTION_REDACT);
    assert_int_equal(scan_string(firewall, UAPI_DIRECTION_REQUEST, "needle outbound").count, 2);
}

/* Reports of libhs with one start become one candidate, with the longest end. */
static void test_coalescing(void **state)
{
    uapi_firewall *firewall = make(NULL);
    size_t length = 1 << 20;
    char *text = malloc(length);
    uapi_firewall_report report;

    (void)state;
    memset(text, '7', length);
    memcpy(text, "run-", 4);
    report = scan_text(firewall, UAPI_DIRECTION_REQUEST, text, length);
    assert_int_equal(asked, 1);
    assert_int_equal(seen.from, 0);
    assert_int_equal(seen.to, length);
    assert_int_equal(seen.pattern, RUN);
    assert_int_equal(seen.direction, UAPI_DIRECTION_REQUEST);
    assert_int_equal(report.count, 1);
    assert_int_equal(report.overload, 0);
    free(text);
}

static void test_verifier(void **state)
{
    uapi_firewall *firewall = make(NULL);
    uapi_firewall_report report = scan_string(firewall, UAPI_DIRECTION_REQUEST, "x <secret>");

    (void)state;
    assert_finding(&report.findings[0], "first.inside", 3, 9, UAPI_ACTION_BLOCK);
    assert_int_equal(report.findings[0].severity, UAPI_SEVERITY_CRITICAL);
    refuse_all = 1;
    assert_int_equal(scan_string(firewall, UAPI_DIRECTION_REQUEST, "x <secret> needle").count, 0);
    refuse_all = 0;
    insane = 1; /* a range that is none, a severity that is none: what the pattern says stands */
    report = scan_string(firewall, UAPI_DIRECTION_REQUEST, "x needle");
    assert_finding(&report.findings[0], "first.word", 2, 8, UAPI_ACTION_BLOCK);
    assert_int_equal(report.findings[0].severity, UAPI_SEVERITY_HIGH);
    insane = 0;
    scan_within = firewall; /* refused, not a second hs_scan on the same scratch */
    assert_int_equal(scan_string(firewall, UAPI_DIRECTION_REQUEST, "x needle").count, 1);
}

/* Overlapping findings of one rule are joined, so that nothing of either stays visible. */
static void test_joining(void **state)
{
    uapi_firewall *firewall = make(NULL);
    uapi_firewall_report report = scan_string(firewall, UAPI_DIRECTION_REQUEST, "<a<b<c> <d>");

    (void)state;
    assert_int_equal(report.count, 2);
    assert_finding(&report.findings[0], "first.inside", 1, 6, UAPI_ACTION_BLOCK);
    assert_finding(&report.findings[1], "first.inside", 9, 10, UAPI_ACTION_BLOCK);
}

static void test_characters(void **state)
{
    uapi_firewall *firewall = make(NULL);
    uapi_firewall_report report = scan_string(firewall, UAPI_DIRECTION_REQUEST, "un \xc3\x89T\xc3\x89 chaud");

    (void)state;
    assert_int_equal(report.count, 1);
    assert_finding(&report.findings[0], "first.characters", 3, 8, UAPI_ACTION_BLOCK);
    report = scan_string(firewall, UAPI_DIRECTION_REQUEST, "\xff\xc3 \xed\xa0\x80 needle \xf0\x9f");
    assert_int_equal(report.count, 1);
    assert_finding(&report.findings[0], "first.word", 7, 13, UAPI_ACTION_BLOCK);
}

static void test_overload(void **state)
{
    uapi_firewall *firewall = make(NULL);
    size_t count = 200000, i;
    char *text = malloc(count * 6);
    uapi_firewall_report report;

    (void)state;
    for (i = 0; i < count; i++) {
        memcpy(text + i * 6, "needle", 6);
    }
    report = scan_text(firewall, UAPI_DIRECTION_REQUEST, text, count * 6);
    assert_int_equal(report.overload, 1);
    report = scan_text(firewall, UAPI_DIRECTION_REQUEST, text, 3000 * 6); /* more than the notes hold at once */
    assert_int_equal(report.overload, 0);
    assert_int_equal(report.count, 3000);
    assert_finding(&report.findings[2999], "first.word", 2999 * 6, 3000 * 6, UAPI_ACTION_BLOCK);
    free(text);
}

/* ------------------------------------------------------------- configuration */

static void test_actions(void **state)
{
    uapi_firewall *firewall = make("  mode: shadow\n  scanners:\n    second: {request: log, response: allow}\n"
                                   "    first: {request: redact, response: block, rules: {first.run: log}}\n");
    uapi_firewall_report report = scan_string(firewall, UAPI_DIRECTION_REQUEST, "needle 1234 run-555 outbound");

    (void)state;
    assert_int_equal(uapi_firewall_mode(firewall), UAPI_MODE_SHADOW);
    assert_int_equal(report.count, 4);
    assert_finding(&report.findings[0], "second.pin", 0, 11, UAPI_ACTION_LOG);
    assert_finding(&report.findings[1], "first.word", 0, 6, UAPI_ACTION_REDACT);
    assert_finding(&report.findings[2], "first.run", 12, 19, UAPI_ACTION_LOG);
    assert_finding(&report.findings[3], "first.request_only", 20, 28, UAPI_ACTION_REDACT);
    assert_int_equal(report.action, UAPI_ACTION_REDACT);
    assert_string_equal(report.decisive->rule, "first.word");

    report = scan_string(firewall, UAPI_DIRECTION_RESPONSE, "needle 1234 outbound");
    assert_int_equal(report.count, 1);
    assert_finding(&report.findings[0], "first.word", 0, 6, UAPI_ACTION_BLOCK);
}

/* A scanner that is given an action in one direction does nothing in the other; one that is not named keeps the defaults. */
static void test_defaults(void **state)
{
    uapi_firewall *firewall = make("  scanners:\n    first: {response: log}\n");

    (void)state;
    assert_int_equal(scan_string(firewall, UAPI_DIRECTION_REQUEST, "needle").action, UAPI_ACTION_ALLOW);
    assert_int_equal(scan_string(firewall, UAPI_DIRECTION_RESPONSE, "needle").action, UAPI_ACTION_LOG);
    firewall = make("  scanners:\n    first: {rules: {first.run: log}}\n");
    assert_int_equal(scan_string(firewall, UAPI_DIRECTION_REQUEST, "needle").action, UAPI_ACTION_BLOCK);
    assert_int_equal(scan_string(firewall, UAPI_DIRECTION_RESPONSE, "needle").action, UAPI_ACTION_REDACT);
}

static void test_unknown_names(void **state)
{
    (void)state;
    assert_null(make("  scanners:\n    first: {request: log}\n    third: {request: log}\n"));
    assert_int_equal(result.reason, UAPI_REASON_CONFIG_INVALID);
    assert_non_null(strstr(result.detail, "f.yaml:7:"));
    assert_non_null(strstr(result.detail, "scanner named third; loaded: first, second"));
    assert_null(make("  scanners:\n    first: {rules: {first.wrod: log}}\n"));
    assert_non_null(strstr(result.detail, "rule named first.wrod"));
}

static void test_patterns_that_do_not_compile(void **state)
{
    uapi_plugin *const twice[] = {&first, &second, &first};
    uapi_plugin *const with_broken[] = {&first, &broken};
    uapi_plugin *const with_empty[] = {&empty};
    uapi_firewall *firewall;

    (void)state;
    assert_int_not_equal(uapi_firewall_create(&firewall, with_broken, 2, NULL, pool, &result), APR_SUCCESS);
    assert_null(firewall);
    assert_non_null(strstr(result.detail, "/broken.so: the pattern of rule second.open does not compile: "));
    assert_non_null(strstr(result.detail, "a(b"));
    assert_int_not_equal(uapi_firewall_create(&firewall, with_empty, 1, NULL, pool, &result), APR_SUCCESS);
    assert_non_null(strstr(result.detail, "second.empty"));
    assert_int_not_equal(uapi_firewall_create(&firewall, twice, 3, NULL, pool, &result), APR_SUCCESS);
    assert_non_null(strstr(result.detail, "both have a scanner named first"));
}

/* ------------------------------------------------------------- threads */

#define THREADS 4

static uapi_firewall *many[20];

static void *scan_often(void *data)
{
    apr_pool_t *own;
    size_t i, found = 0;

    apr_pool_create(&own, NULL);
    for (i = 0; i < 2000; i++) {
        uapi_firewall_report report;

        if (uapi_firewall_scan(many[i % 20], UAPI_DIRECTION_REQUEST, "one needle 4711", 15, &report, own, NULL) ==
            APR_SUCCESS) {
            found += report.count;
        }
        if (i % 100 == 99) {
            apr_pool_clear(own);
            uapi_firewall_memory_free();
        }
    }
    apr_pool_destroy(own);
    *(size_t *)data = found;
    return NULL;
}

static void test_threads(void **state)
{
    uapi_plugin *const only[] = {&second};
    pthread_t threads[THREADS];
    size_t found[THREADS], i;

    (void)state;
    for (i = 0; i < 20; i++) {
        assert_int_equal(uapi_firewall_create(&many[i], only, 1, NULL, pool, &result), APR_SUCCESS);
    }
    for (i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, scan_often, &found[i]), 0);
    }
    for (i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(found[i], 2000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_findings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_coalescing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_verifier, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_joining, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_characters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_overload, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_actions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_defaults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unknown_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_patterns_that_do_not_compile, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_threads, set_up, tear_down),
    };

    if (apr_initialize() != APR_SUCCESS) {
        return 1;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
