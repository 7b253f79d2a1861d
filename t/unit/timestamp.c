/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* Timestamps against the C library's calendar: each day of eight thousand years, and the ends of days. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../../mod_uapi/core/timestamp.h"

static void assert_written(apr_time_t when)
{
    char text[UAPI_TIMESTAMP_LENGTH + 1], expected[64];
    time_t seconds = (time_t)(when / APR_USEC_PER_SEC);
    size_t length;
    struct tm broken;

    assert_non_null(gmtime_r(&seconds, &broken));
    length = strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S", &broken);
    snprintf(expected + length, sizeof(expected) - length, ".%06dZ", (int)(when % APR_USEC_PER_SEC));
    uapi_timestamp_write(text, when);
    assert_string_equal(text, expected);
}

static void every_day(void **state)
{
    const apr_time_t day = (apr_time_t)86400 * APR_USEC_PER_SEC;

    (void)state;
    for (apr_time_t when = 0; when < 2932897 * day; when += day) {
        assert_written(when);
        if (when / day % 97 == 0) {
            assert_written(when + day - 1);
            assert_written(when + day / 3 + 1234567);
        }
    }
}

static void outside(void **state)
{
    char text[UAPI_TIMESTAMP_LENGTH + 1];

    (void)state;
    uapi_timestamp_write(text, -1);
    assert_string_equal(text, "1970-01-01T00:00:00.000000Z");
    uapi_timestamp_write(text, INT64_MAX);
    assert_string_equal(text, "9999-12-31T23:59:59.999999Z");
    assert_int_equal(strlen(text), UAPI_TIMESTAMP_LENGTH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_day), cmocka_unit_test(outside)};

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
