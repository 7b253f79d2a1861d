/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wait.h"

static void sleeps_for_the_shortest(void **state)
{
    static const struct {
        uapi_wait wait;
        int slice;
    } cases[] = {
        {{.left = -1, .look = -1}, -1},   {{.left = 30000, .look = -1}, 30000}, {{.left = 30000, .look = 500}, 500},
        {{.left = -1, .look = 500}, 500}, {{.left = 70, .look = 500}, 70},      {{.left = 0, .look = 500}, 0},
        {{.left = 0, .look = -1}, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(uapi_wait_slice(&cases[i].wait), cases[i].slice);
    }
}

/* Whatever the slices are, they add up to the wait. */
static void adds_up(void **state)
{
    (void)state;
    for (int left = 1; left < 2500; left += 7) {
        uapi_wait wait = {.left = left, .look = 500};
        int slept = 0;
        while (!uapi_wait_is_over(&wait)) {
            int slice = uapi_wait_slice(&wait);
            assert_in_range(slice, 1, 500);
            uapi_wait_passed(&wait, slice);
            slept += slice;
        }
        assert_int_equal(slept, left);
    }
}

static void has_no_end_without_one(void **state)
{
    uapi_wait wait = {.left = -1, .look = -1};
    (void)state;
    uapi_wait_passed(&wait, INT_MAX);
    uapi_wait_passed(&wait, INT_MAX);
    assert_false(uapi_wait_is_over(&wait));
    assert_int_equal(uapi_wait_slice(&wait), -1);
}

static void more_than_was_asked_for_may_pass(void **state)
{
    uapi_wait wait = {.left = 10, .look = -1};
    (void)state;
    uapi_wait_passed(&wait, 4);
    assert_int_equal(uapi_wait_slice(&wait), 6);
    uapi_wait_passed(&wait, 400);
    assert_true(uapi_wait_is_over(&wait));
    assert_int_equal(uapi_wait_slice(&wait), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sleeps_for_the_shortest),
        cmocka_unit_test(adds_up),
        cmocka_unit_test(has_no_end_without_one),
        cmocka_unit_test(more_than_was_asked_for_may_pass),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
