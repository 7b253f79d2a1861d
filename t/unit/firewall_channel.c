/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * uapi.scanner-stream/1 as the host calls it: over a scanner that looks for "needle" in a text of many parts and keeps what it
 * has seen of it, and does what its contract forbids when asked to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "firewall_channel.h"

static apr_pool_t *pool;
static uapi_result result;

/* ------------------------------------------------------------- the scanner */

typedef struct seen_stream {
    size_t matched; /* bytes of the needle at the end of what has come */
} seen_stream;

static const char needle[] = "needle";
static int opened, closed, scanned;
static int32_t open_answer, feed_answer;
static uint32_t rule;
static size_t beyond, claimed, flood;
static uint32_t seen_flags;
static size_t seen_offset;

static const uapi_rule rule_table[] = {
    {sizeof(uapi_rule), UAPI_SEVERITY_HIGH, UAPI_DIRECTION_RESPONSE, 0, UAPI_DEFAULT_REDACT, 0, "needle", NULL},
};

static const uapi_rule *rules(void *instance, uint32_t *count)
{
    (void)instance;
    *count = 1;
    return rule_table;
}

static int32_t scan(void *instance, void *state, const uapi_text *text, const uapi_sink *sink)
{
    (void)instance;
    (void)state;
    (void)text;
    (void)sink;
    scanned++;
    return 0;
}

static int32_t open_stream(void *instance, void *state, const uapi_call_info *call)
{
    (void)instance;
    assert_int_equal(((seen_stream *)state)->matched, 0);
    assert_string_equal(call->tenant, "acme");
    opened += open_answer == 0;
    return open_answer;
}

static int32_t feed(void *instance, void *state, const uapi_fragment *fragment, const uapi_sink *sink,
                    size_t *undecided)
{
    seen_stream *mine = state;
    uapi_finding finding = {.size = sizeof(finding), .rule = rule, .why = "it is one"};
    size_t i;

    (void)instance;
    seen_flags = fragment->flags;
    seen_offset = fragment->offset;
    for (i = 0; i < fragment->bytes.length; i++) {
        mine->matched = fragment->bytes.data[i] == needle[mine->matched] ? mine->matched + 1
                                                                         : fragment->bytes.data[i] == 'n';
        if (mine->matched == sizeof(needle) - 1) {
            finding.to = fragment->offset + i + 1 + beyond;
            finding.from = finding.to - mine->matched;
            mine->matched = 0;
            sink->report(sink, &finding);
        }
    }
    finding.from = 0;
    finding.to = 1;
    for (i = 0; i < flood; i++) {
        sink->report(sink, &finding);
    }
    *undecided = claimed ? claimed : mine->matched;
    return feed_answer;
}

static void close_stream(void *instance, void *state)
{
    (void)instance;
    assert_non_null(state);
    closed++;
}

static const uapi_scanner_1 scanner = {.name = "hay", .rules = rules, .scan = scan};
static const uapi_scanner_stream_1 stream = {sizeof(seen_stream), 0, open_stream, feed, close_stream};
static uapi_plugin plugin = {.path = "/hay.so", .scanner = &scanner, .stream = &stream};
static uapi_firewall *firewall;
static uapi_call_info call;

static int set_up(void **state)
{
    uapi_plugin *const one[] = {&plugin};

    (void)state;
    opened = closed = scanned = 0;
    open_answer = feed_answer = 0;
    rule = 0;
    beyond = claimed = flood = 0;
    memset(&result, 0, sizeof(result));
    if (apr_pool_create(&pool, NULL) != APR_SUCCESS ||
        uapi_firewall_create(&firewall, one, 1, NULL, pool, &result) != APR_SUCCESS) {
        return 1;
    }
    uapi_firewall_no_call(&call, UAPI_DIRECTION_RESPONSE);
    call.tenant = "acme";
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    return opened != closed;
}

static uapi_firewall_channel *open_channel(void)
{
    uapi_firewall_channel *channel;

    assert_int_equal(uapi_firewall_channel_open(&channel, firewall, &call, pool, &result), APR_SUCCESS);
    return channel;
}

static uapi_firewall_report feed_channel(uapi_firewall_channel *channel, const char *bytes, int last)
{
    uapi_firewall_report report;

    assert_int_equal(uapi_firewall_channel_feed(channel, &call, bytes, strlen(bytes), last, &report, pool, &result),
                     APR_SUCCESS);
    return report;
}

static void assert_feed_fails(const char *says)
{
    uapi_firewall_report report;

    assert_int_not_equal(uapi_firewall_channel_feed(open_channel(), &call, "a needle", 8, 0, &report, pool, &result),
                         APR_SUCCESS);
    assert_int_equal(result.reason, UAPI_REASON_INTERNAL);
    assert_string_equal(result.detail, says);
}

/* ------------------------------------------------------------- tests */

static void test_parts(void **state)
{
    uapi_firewall_channel *channel = open_channel();
    uapi_firewall_report report = feed_channel(channel, "hay, ne", 0);

    (void)state;
    assert_int_equal(report.count, 0);
    assert_int_equal(report.undecided, 2);
    assert_int_equal(seen_flags, UAPI_TEXT_MORE_AFTER);
    report = feed_channel(channel, "", 0);
    assert_int_equal(report.undecided, 2);
    report = feed_channel(channel, "edle, hay, need", 1);
    assert_int_equal(seen_offset, 7);
    assert_int_equal(seen_flags, 0);
    assert_int_equal(report.undecided, 0); /* nothing more will come to decide it */
    assert_int_equal(report.count, 1);
    assert_string_equal(report.decisive->rule, "hay.needle");
    assert_int_equal(report.action, UAPI_ACTION_REDACT);
    assert_int_equal(report.decisive->from, 5);
    assert_int_equal(report.decisive->to, 11);
    assert_string_equal(report.decisive->why, "it is one");
    uapi_firewall_channel_close(channel);
    assert_int_equal(closed, 1);
    open_channel(); /* closed by the pool */
    uapi_firewall_channel_close(NULL);
}

static void test_nothing_to_feed(void **state)
{
    uapi_plugin whole_only = {.path = "/hay.so", .scanner = &scanner};
    uapi_plugin *const one[] = {&whole_only};

    (void)state;
    call.direction = UAPI_DIRECTION_REQUEST; /* all its rules are for responses */
    assert_null(open_channel());
    call.direction = UAPI_DIRECTION_RESPONSE;
    assert_int_equal(uapi_firewall_create(&firewall, one, 1, NULL, pool, &result), APR_SUCCESS);
    assert_null(open_channel());
}

/* Parts of a text are not for the scan of whole texts, unless the scanner has nothing else. */
static void test_scan_of_parts(void **state)
{
    uapi_plugin whole_only = {.path = "/hay.so", .scanner = &scanner};
    uapi_plugin *const one[] = {&whole_only};
    uapi_text text = {.size = sizeof(text), .view = UAPI_VIEW_PLAIN, .bytes = {"hay", 3}, .call = &call};
    uapi_firewall_report report;

    (void)state;
    assert_int_equal(uapi_firewall_scan_text(firewall, &text, &report, pool, &result), APR_SUCCESS);
    assert_int_equal(scanned, 1);
    text.flags = UAPI_TEXT_MORE_AFTER;
    assert_int_equal(uapi_firewall_scan_text(firewall, &text, &report, pool, &result), APR_SUCCESS);
    assert_int_equal(scanned, 1);
    assert_int_equal(uapi_firewall_create(&firewall, one, 1, NULL, pool, &result), APR_SUCCESS);
    assert_int_equal(uapi_firewall_scan_text(firewall, &text, &report, pool, &result), APR_SUCCESS);
    assert_int_equal(scanned, 2);
}

static void test_broken_contracts(void **state)
{
    static const char unreal[] = "scanner hay reports a rule or a range that does not exist";
    uapi_firewall_channel *channel;

    (void)state;
    feed_answer = 1;
    assert_feed_fails("scanner hay could not read a stream");
    feed_answer = 0;
    rule = 1;
    assert_feed_fails(unreal);
    rule = 0;
    beyond = 1;
    assert_feed_fails(unreal);
    beyond = 0;
    claimed = 9;
    assert_feed_fails(unreal);
    claimed = 0;
    flood = 5000;
    assert_int_equal(feed_channel(open_channel(), "hay", 0).overload, 1);
    open_answer = 1;
    assert_int_not_equal(uapi_firewall_channel_open(&channel, firewall, &call, pool, &result), APR_SUCCESS);
    assert_null(channel);
    assert_string_equal(result.detail, "scanner hay could not begin with a stream");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_parts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_to_feed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_scan_of_parts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_broken_contracts, set_up, tear_down),
    };

    if (apr_initialize() != APR_SUCCESS) {
        return 1;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
