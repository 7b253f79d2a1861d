/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stream_limits.h"

#define SECOND APR_USEC_PER_SEC

static uapi_reason take(const uapi_stream_limits *limits, uapi_stream_use *use, uint64_t bytes, apr_time_t now)
{
    uapi_result result = {0};

    if (uapi_stream_take(limits, use, bytes, now, &result) == APR_SUCCESS) {
        return UAPI_REASON_NONE;
    }
    assert_non_null(result.detail);
    assert_int_not_equal(result.status, APR_SUCCESS);
    return result.reason;
}

static void without_limits(void **state)
{
    const uapi_stream_limits none = {0};
    uapi_stream_use use = {0};

    (void)state;
    assert_false(uapi_stream_is_limited(&none));
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(take(&none, &use, UINT32_MAX, 1), UAPI_REASON_NONE);
    }
}

static void bytes_in_all(void **state)
{
    const uapi_stream_limits limits = {.bytes = 1000};
    uapi_stream_use use = {0};

    (void)state;
    assert_true(uapi_stream_is_limited(&limits));
    assert_int_equal(take(&limits, &use, 999, 0), UAPI_REASON_NONE);
    assert_int_equal(take(&limits, &use, 1, 900 * SECOND), UAPI_REASON_NONE);
    assert_int_equal(take(&limits, &use, 1, 1800 * SECOND), UAPI_REASON_RESPONSE_TOO_LARGE);
    assert_int_equal(take(&limits, &use, 0, 1800 * SECOND), UAPI_REASON_RESPONSE_TOO_LARGE);
}

/* Ten seconds' worth at once, then one for each interval; a pause saves up ten seconds again and no more. */
static void events_a_second(void **state)
{
    const uapi_stream_limits limits = {.events_per_second = 4};
    uapi_stream_use use = {0};
    apr_time_t now = 1700000000 * SECOND;

    (void)state;
    for (int i = 0; i < 40; i++) {
        assert_int_equal(take(&limits, &use, 1, now), UAPI_REASON_NONE);
    }
    assert_int_equal(take(&limits, &use, 1, now), UAPI_REASON_RESPONSE_RATE);
    assert_int_equal(take(&limits, &use, 1, now + SECOND / 4 - 1), UAPI_REASON_RESPONSE_RATE);
    for (int i = 1; i < 400; i++) {
        assert_int_equal(take(&limits, &use, 1, now + i * SECOND / 4), UAPI_REASON_NONE);
    }
    now += 10000 * SECOND;
    for (int i = 0; i < 40; i++) {
        assert_int_equal(take(&limits, &use, 1, now), UAPI_REASON_NONE);
    }
    assert_int_equal(take(&limits, &use, 1, now), UAPI_REASON_RESPONSE_RATE);
}

static void bytes_a_second(void **state)
{
    const uapi_stream_limits limits = {.bytes_per_second = 1024};
    uapi_stream_use use = {0};
    apr_time_t now = 1700000000 * SECOND;

    (void)state;
    assert_int_equal(take(&limits, &use, 10241, now), UAPI_REASON_RESPONSE_RATE);
    assert_int_equal(take(&limits, &use, 10240, now), UAPI_REASON_NONE);
    assert_int_equal(take(&limits, &use, 1024, now + SECOND - 1), UAPI_REASON_RESPONSE_RATE);
    assert_int_equal(take(&limits, &use, 1024, now + SECOND), UAPI_REASON_NONE);
    assert_int_equal(take(&limits, &use, 0, now + SECOND), UAPI_REASON_NONE);
}

/* A clock that is set back must not let more through, nor end a slow stream for long. */
static void clock_set_back(void **state)
{
    const uapi_stream_limits limits = {.events_per_second = 1};
    uapi_stream_use use = {0};
    apr_time_t now = 1700000000 * SECOND;

    (void)state;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(take(&limits, &use, 1, now), UAPI_REASON_NONE);
    }
    assert_int_equal(take(&limits, &use, 1, now - 5 * SECOND), UAPI_REASON_RESPONSE_RATE);
    assert_int_equal(take(&limits, &use, 1, now + SECOND), UAPI_REASON_NONE);
}

static void refusals_are_forgotten(void **state)
{
    apr_time_t now = 1700000000 * SECOND, due = 0;

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_true(uapi_stream_may_refuse(&due, 3, now));
    }
    assert_false(uapi_stream_may_refuse(&due, 3, now));
    assert_false(uapi_stream_may_refuse(&due, 3, now + 10 * SECOND));
    due = 0;
    for (int i = 0; i < 1000; i++) {
        assert_true(uapi_stream_may_refuse(&due, 3, now + i * 10 * SECOND));
    }
    assert_true(uapi_stream_may_refuse(&due, 3, now + 9990 * SECOND));
    assert_true(uapi_stream_may_refuse(&due, 3, now + 9990 * SECOND));
    assert_false(uapi_stream_may_refuse(&due, 3, now + 9999 * SECOND));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_limits), cmocka_unit_test(bytes_in_all),   cmocka_unit_test(events_a_second),
        cmocka_unit_test(bytes_a_second), cmocka_unit_test(clock_set_back), cmocka_unit_test(refusals_are_forgotten),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
