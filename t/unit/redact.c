/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>

#include "redact.h"

static apr_pool_t *pool;

/* Find `needles` (separated by '|') in the view of `text`, redact them, and compare. */
static void check(const char *text, int json, const char *needles, const char *expected)
{
    uapi_firewall_finding findings[8];
    uapi_firewall_report report = {.findings = findings};
    uapi_json document;
    uapi_view view = {.text = text, .length = strlen(text)};
    char copy[128], *state = NULL;
    const char *out;
    size_t length;
    if (json) {
        assert_int_equal(uapi_json_read(&document, text, strlen(text), NULL, pool, NULL), APR_SUCCESS);
        uapi_view_make(&view, &document, pool);
    }
    strcpy(copy, needles);
    for (char *needle = strtok_r(copy, "|", &state); needle != NULL; needle = strtok_r(NULL, "|", &state)) {
        const char *at = memmem(view.text, view.length, needle, strlen(needle));
        assert_non_null(at);
        findings[report.count++] = (uapi_firewall_finding){
            .scanner = "s",
            .rule = "s.r",
            .severity = UAPI_SEVERITY_HIGH,
            .action = UAPI_ACTION_REDACT,
            .from = (size_t)(at - view.text),
            .to = (size_t)(at - view.text) + strlen(needle),
        };
    }
    if (expected == NULL) {
        assert_int_not_equal(uapi_redact(&out, &length, text, strlen(text), json ? &view : NULL, &report, pool),
                             APR_SUCCESS);
        return;
    }
    assert_int_equal(uapi_redact(&out, &length, text, strlen(text), json ? &view : NULL, &report, pool), APR_SUCCESS);
    assert_int_equal(length, strlen(expected));
    assert_string_equal(out, expected);
}

static void changes_only_the_finding(void **state)
{
    (void)state;
    check("{ \"a\" : \"x SECRET y\",\n \"n\": 1.50 }", 1, "SECRET",
          "{ \"a\" : \"x [REDACTED:s.r] y\",\n \"n\": 1.50 }");
    check("plain SECRET text", 0, "SECRET", "plain [REDACTED:s.r] text");
    check("SECRET", 0, "SECRET", "[REDACTED:s.r]");
}

static void covers_whole_escapes(void **state)
{
    (void)state;
    check("{\"a\":\"<\\u0053ECRET>\\n\"}", 1, "SECRET", "{\"a\":\"<[REDACTED:s.r]>\\n\"}");
    check("{\"a\":\"\\ud83d\\ude00SECRET\\ud83d\\ude00\"}", 1, "SECRET",
          "{\"a\":\"\\ud83d\\ude00[REDACTED:s.r]\\ud83d\\ude00\"}");
}

static void merges_overlaps_and_keeps_order(void **state)
{
    (void)state;
    check("[\"abcdef\",\"uvw\"]", 1, "cde|bcd|uvw", "[\"a[REDACTED:s.r]f\",\"[REDACTED:s.r]\"]");
    check("[\"abcdef\"]", 1, "ab|cd", "[\"[REDACTED:s.r][REDACTED:s.r]ef\"]");
}

static void splits_what_spans_strings(void **state)
{
    (void)state;
    check("{\"key\":\"value\"}", 1, "ey\":\"val", "{\"k[REDACTED:s.r]\":\"[REDACTED:s.r]ue\"}");
}

static void refuses_what_has_no_string(void **state)
{
    (void)state;
    check("{\"card\":4111111111111111}", 1, "4111111111111111", NULL);
}

static void leaves_lenient_findings(void **state)
{
    uapi_firewall_finding finding = {.scanner = "s", .rule = "s.r", .action = UAPI_ACTION_LOG, .to = 4};
    uapi_firewall_report report = {.findings = &finding, .count = 1};
    const char *out;
    size_t length;
    (void)state;
    assert_int_equal(uapi_redact(&out, &length, "text", 4, NULL, &report, pool), APR_SUCCESS);
    assert_string_equal(out, "text");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_only_the_finding),        cmocka_unit_test(covers_whole_escapes),
        cmocka_unit_test(merges_overlaps_and_keeps_order), cmocka_unit_test(splits_what_spans_strings),
        cmocka_unit_test(refuses_what_has_no_string),      cmocka_unit_test(leaves_lenient_findings),
    };
    int failed;
    apr_initialize();
    apr_pool_create(&pool, NULL);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return failed;
}
