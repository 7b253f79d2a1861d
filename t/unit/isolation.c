/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Isolated plugins without a server: the words that go between the two processes, and the same plugin in the server and in a
 * helper. (What a hostile one cannot do: t/50-plugin-isolation.t.)
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "firewall.h"
#include "firewall_channel.h"
#include "isolation_internal.h"

static apr_pool_t *pool, *life; /* life: of helpers */
static uapi_result result;

static int set_up(void **state)
{
    (void)state;
    memset(&result, 0, sizeof(result));
    return apr_pool_create(&pool, NULL) == APR_SUCCESS && apr_pool_create(&life, pool) == APR_SUCCESS ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    return 0;
}

/* ------------------------------------------------------------- the wire */

static void values_come_back(void **state)
{
    char memory[128];
    uapi_wire wire = uapi_wire_over(memory, sizeof(memory));
    size_t length;

    (void)state;
    uapi_wire_put_number(&wire, 7);
    uapi_wire_put_text(&wire, NULL);
    uapi_wire_put_text(&wire, "");
    uapi_wire_put_bytes(&wire, "a\0b", 3);
    assert_false(wire.failed);
    wire = uapi_wire_over(memory, sizeof(memory));
    assert_int_equal(uapi_wire_get_number(&wire), 7);
    assert_null(uapi_wire_get_text(&wire));
    assert_string_equal(uapi_wire_get_text(&wire), "");
    assert_memory_equal(uapi_wire_get_bytes(&wire, &length), "a\0b", 4);
    assert_int_equal(length, 3);
    assert_false(wire.failed);
}

static void bounds_hold(void **state)
{
    uint64_t memory[3] = {UINT64_MAX - 1, 0, 0};
    uapi_wire wire = uapi_wire_over(memory, sizeof(memory));
    size_t length;

    (void)state;
    assert_string_equal(uapi_wire_get_bytes(&wire, &length), "");
    assert_true(wire.failed);
    assert_int_equal(uapi_wire_get_number(&wire), 0);
    wire = uapi_wire_over(memory, sizeof(memory));
    uapi_wire_put_bytes(&wire, "0123456789abcdef", 16); /* the NUL does not fit */
    assert_true(wire.failed);
    memory[0] = 3;
    memcpy(&memory[1], "a\0c", 4);
    wire = uapi_wire_over(memory, sizeof(memory));
    assert_null(uapi_wire_get_text(&wire)); /* as a text it has a NUL within */
    assert_true(wire.failed);
    memory[0] = 2;
    memcpy(&memory[1], "abc", 4);
    wire = uapi_wire_over(memory, sizeof(memory));
    assert_null(uapi_wire_get_text(&wire)); /* it does not end where it says */
    assert_true(wire.failed);
}

typedef struct said {
    uapi_isolation_findings head;
    uapi_isolation_finding findings[3];
} said;

static void findings_are_checked(void **state)
{
    const said good = {{0, 2, 3}, {{.candidate = 0}, {.candidate = 1}, {.candidate = UAPI_ISOLATION_REPORTED}}};
    said bad;

    (void)state;
#define REFUSED(change)                                                       \
    do {                                                                      \
        bad = good;                                                           \
        change;                                                               \
        assert_non_null(uapi_isolation_check_findings(&bad, sizeof(bad), 2)); \
    } while (0)
    bad = good;
    memset(bad.findings[2].why, 0x1b, sizeof(bad.findings[2].why));
    assert_null(uapi_isolation_check_findings(&bad, sizeof(bad), 2));
    assert_int_equal(strlen(bad.findings[2].why), UAPI_ISOLATION_MOST_WHY);
    assert_int_equal(bad.findings[2].why[0], '?');
    assert_non_null(uapi_isolation_check_findings(&bad, sizeof(bad) - 1, 2));
    assert_non_null(uapi_isolation_check_findings(&bad, 8, 2));
    REFUSED(bad.head.judged = 1);
    REFUSED(bad.head.count = 2);
    REFUSED(bad.head.count = UINT32_MAX);
    REFUSED(bad.findings[1].candidate = 0);
    REFUSED(bad.findings[1].candidate = 2);
    REFUSED(bad.findings[0].candidate = 1);
    REFUSED(bad.findings[1].candidate = UAPI_ISOLATION_REPORTED; bad.findings[2].candidate = 1);
}

/* ------------------------------------------------------------- the same binary, here and there */

static char death[256];

/* On the keeper's thread. */
static void note_death(void *baton, const char *plugin_id, const char *what)
{
    (void)baton;
    apr_snprintf(death, sizeof(death), "%s: %s", plugin_id, what);
}

static uapi_plugin *load(const char *name, int isolated)
{
    const char *path = apr_pstrcat(pool, UAPI_TEST_OUT, "/", name, NULL);
    char *whole = realpath(path, NULL), *program = realpath(UAPI_TEST_OUT "/uapi-plugin-host", NULL);
    const uapi_isolation_limits limits = {.milliseconds = 20000};
    uapi_plugin *plugin = NULL;

    uapi_isolation_configure(apr_pstrdup(pool, program), 65534, 65534, note_death, NULL);
    if (isolated) {
        uapi_isolation_load(&plugin, whole, NULL, NULL, &limits, pool, &result);
    } else {
        uapi_plugin_load(&plugin, whole, NULL, pool, &result);
    }
    free(whole);
    free(program);
    assert_null(result.detail);
    assert_non_null(plugin);
    assert_int_equal(uapi_plugin_start(plugin, life, &result), APR_SUCCESS);
    return plugin;
}

static uapi_firewall *firewall_of(const char *name, int isolated)
{
    uapi_plugin *plugin = load(name, isolated);
    uapi_firewall *firewall;

    assert_int_equal(uapi_firewall_create(&firewall, &plugin, 1, NULL, pool, &result), APR_SUCCESS);
    return firewall;
}

static void same_findings(const uapi_firewall *here, const uapi_firewall *there, const char *text, size_t length)
{
    uapi_firewall_report a, b;

    assert_int_equal(uapi_firewall_scan(here, UAPI_DIRECTION_REQUEST, text, length, &a, pool, &result), APR_SUCCESS);
    assert_int_equal(uapi_firewall_scan(there, UAPI_DIRECTION_REQUEST, text, length, &b, pool, &result), APR_SUCCESS);
    assert_int_equal(a.count, b.count);
    assert_int_equal(a.action, b.action);
    for (uint32_t i = 0; i < a.count; i++) {
        assert_string_equal(a.findings[i].rule, b.findings[i].rule);
        assert_int_equal(a.findings[i].from, b.findings[i].from);
        assert_int_equal(a.findings[i].to, b.findings[i].to);
        assert_int_equal(a.findings[i].severity, b.findings[i].severity);
        assert_string_equal(a.findings[i].why ? a.findings[i].why : "-", b.findings[i].why ? b.findings[i].why : "-");
    }
}

static void finds_the_same(void **state)
{
    static const char *const texts[] = {
        "nothing", "MARK and MARK", "ACT:find;", "ACT:find; ACT:not; MARK ACT:find;", "\"ACT:find;\\u0000MARK\"",
    };
    uapi_firewall *here = firewall_of("t/plugins/hostile.so", 0), *there = firewall_of("t/plugins/hostile.so", 1);
    char *large = apr_palloc(pool, 3 << 20);

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        same_findings(here, there, texts[i], strlen(texts[i]));
    }
    memset(large, 'x', 3 << 20);
    memcpy(large + (3 << 20) - 4, "MARK", 4);
    same_findings(here, there, large, 3 << 20);
}

static void finds_the_same_pii(void **state)
{
    static const char text[] =
        "{\"note\":\"card 4111 1111 1111 1111, IBAN DE89 3704 0044 0532 0130 00, a@example.org\"}";
    uapi_firewall *here = firewall_of("plugins/scanner_pii.so", 0), *there = firewall_of("plugins/scanner_pii.so", 1);

    (void)state;
    same_findings(here, there, text, strlen(text));
}

static void a_crash_costs_one_text(void **state)
{
    uapi_firewall *there = firewall_of("t/plugins/hostile.so", 1);
    uapi_firewall_report report;

    (void)state;
    for (int i = 0; i < 5; i++) {
        memset(&result, 0, sizeof(result));
        assert_int_not_equal(
            uapi_firewall_scan(there, UAPI_DIRECTION_REQUEST, "ACT:crash;", 10, &report, pool, &result), APR_SUCCESS);
        assert_int_equal(result.reason, UAPI_REASON_FIREWALL_FAILED);
        assert_int_equal(uapi_firewall_scan(there, UAPI_DIRECTION_REQUEST, "a MARK", 6, &report, pool, &result),
                         APR_SUCCESS);
        assert_int_equal(report.count, 1);
    }
    assert_non_null(strstr(death, "org.example.hostile: its helper process "));
}

/* ------------------------------------------------------------- texts in parts */

static uapi_call_info answer;

static apr_status_t feed(uapi_firewall_channel *channel, const char *part, uapi_firewall_report *report)
{
    memset(&result, 0, sizeof(result));
    return uapi_firewall_channel_feed(channel, &answer, part, strlen(part), 0, report, pool, &result);
}

static uapi_firewall_channel *opened(const uapi_firewall *firewall)
{
    uapi_firewall_channel *channel;

    uapi_firewall_no_call(&answer, UAPI_DIRECTION_RESPONSE);
    assert_int_equal(uapi_firewall_channel_open(&channel, firewall, &answer, pool, &result), APR_SUCCESS);
    assert_non_null(channel);
    return channel;
}

static void reads_texts_in_parts(void **state)
{
    uapi_firewall *there = firewall_of("t/plugins/reader.so", 1);
    uapi_firewall_channel *one = opened(there), *two = opened(there);
    uapi_firewall_report report;

    (void)state;
    assert_int_equal(feed(one, "a vau", &report), APR_SUCCESS);
    assert_int_equal(report.undecided, 3);
    assert_int_equal(feed(two, "}}", &report), APR_SUCCESS); /* each has its own state */
    assert_int_equal(report.count, 0);
    assert_int_equal(feed(one, "lt{secret", &report), APR_SUCCESS);
    assert_int_equal(report.undecided, 12);
    assert_int_equal(feed(one, "}!", &report), APR_SUCCESS);
    assert_int_equal(report.count, 1);
    assert_string_equal(report.findings[0].rule, "reader.vault");
    assert_int_equal(report.findings[0].from, 2);
    assert_int_equal(report.findings[0].to, 15);
    assert_int_not_equal(feed(two, "fail!", &report), APR_SUCCESS);
    assert_int_equal(result.reason, UAPI_REASON_INTERNAL);
    uapi_firewall_channel_close(one);
    uapi_firewall_channel_close(two);
}

/* What the old helper knew of a text, the next one does not: the text is not read on as if it had begun there. */
static void a_text_dies_with_its_helper(void **state)
{
    uapi_plugin *plugin = load("t/plugins/reader.so", 1);
    uapi_firewall_channel *channel;
    uapi_firewall_report report;
    uapi_firewall *firewall;

    (void)state;
    assert_int_equal(uapi_firewall_create(&firewall, &plugin, 1, NULL, pool, &result), APR_SUCCESS);
    channel = opened(firewall);
    assert_int_equal(feed(channel, "a vault{", &report), APR_SUCCESS);
    kill(plugin->isolation->helper.process, SIGKILL);
    assert_int_not_equal(feed(channel, "}", &report), APR_SUCCESS);
    assert_int_equal(result.reason, UAPI_REASON_FIREWALL_FAILED);
    assert_int_not_equal(feed(channel, "}", &report), APR_SUCCESS);
    assert_int_equal(result.reason, UAPI_REASON_FIREWALL_FAILED);
    uapi_firewall_channel_close(channel);
    channel = opened(firewall);
    assert_int_equal(feed(channel, "a vault{}", &report), APR_SUCCESS);
    assert_int_equal(report.count, 1);
}

/* Once it is stopped there is no verdict to be had, nor from who takes it for a plugin in the server. */
static void refuses_what_it_cannot_judge(void **state)
{
    uapi_firewall_report report;
    uapi_firewall *firewall;
    uapi_plugin *plugin;

    (void)state;
    plugin = load("t/plugins/hostile.so", 1);
    assert_int_equal(plugin->scanner->text_begin(plugin->instance, NULL, NULL), -1);
    assert_int_equal(plugin->scanner->scan(plugin->instance, NULL, NULL, NULL), -1);
    assert_int_equal(uapi_firewall_create(&firewall, &plugin, 1, NULL, pool, &result), APR_SUCCESS);
    apr_pool_destroy(life);
    life = NULL;
    assert_int_not_equal(uapi_firewall_scan(firewall, UAPI_DIRECTION_REQUEST, "nothing", 7, &report, pool, &result),
                         APR_SUCCESS);
    assert_int_equal(result.reason, UAPI_REASON_FIREWALL_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_back),
        cmocka_unit_test(bounds_hold),
        cmocka_unit_test_setup_teardown(findings_are_checked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_the_same_pii, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_crash_costs_one_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_texts_in_parts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_text_dies_with_its_helper, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_it_cannot_judge, set_up, tear_down),
    };

    apr_initialize();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
