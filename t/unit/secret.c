/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* Secret memory: zeroed, wiped with its pool, kept out of core dumps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "secret.h"

static int setup(void **state)
{
    static apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    *state = pool;
    return 0;
}

static int teardown(void **state)
{
    apr_pool_destroy(*state);
    apr_terminate();
    return 0;
}

static void memory_is_zeroed_and_writable(void **state)
{
    static const size_t sizes[] = {0, 1, 32, 4096, 4097, 100000};
    size_t i, j;

    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint8_t *memory = uapi_secret_alloc(sizes[i], *state);

        assert_non_null(memory);
        for (j = 0; j < sizes[i]; j++) {
            assert_int_equal(memory[j], 0);
        }
        memset(memory, 0xa5, sizes[i]);
    }
    assert_null(uapi_secret_alloc(SIZE_MAX, *state));
    assert_null(uapi_secret_alloc(SIZE_MAX / 2, *state));
}

/* Whether the mapping that starts at the address has the flag in /proc/self/smaps. */
static int mapping_has_flag(const void *address, const char *flag)
{
    char line[512], start[32];
    int inside = 0, found = 0;
    FILE *file = fopen("/proc/self/smaps", "r");

    assert_non_null(file);
    snprintf(start, sizeof(start), "%lx-", (unsigned long)(uintptr_t)address);
    while (fgets(line, sizeof(line), file)) {
        if (strncmp(line, start, strlen(start)) == 0) {
            inside = 1;
        } else if (inside && strncmp(line, "VmFlags:", 8) == 0) {
            found = strstr(line, flag) != NULL;
            break;
        }
    }
    fclose(file);
    return found;
}

static void pages_are_not_dumped(void **state)
{
    void *memory = uapi_secret_alloc(32, *state);

    assert_non_null(memory);
    if (!mapping_has_flag(memory, " rd ")) {
        skip(); /* smaps says nothing here */
    }
    assert_true(mapping_has_flag(memory, " dd "));
}

static void wiped_before_the_pool_gives_it_back(void **state)
{
    static uint8_t outside[64];
    apr_pool_t *pool;
    size_t i;

    apr_pool_create(&pool, *state);
    memset(outside, 0x5a, sizeof(outside));
    uapi_secret_wipe_with(pool, outside, sizeof(outside));
    assert_int_equal(outside[63], 0x5a);
    apr_pool_destroy(pool);
    for (i = 0; i < sizeof(outside); i++) {
        assert_int_equal(outside[i], 0);
    }
}

static void equal_compares_all(void **state)
{
    uint8_t a[33], b[33];
    size_t i;

    (void)state;
    memset(a, 7, sizeof(a));
    memcpy(b, a, sizeof(b));
    assert_true(uapi_secret_equal(a, b, sizeof(a)));
    for (i = 0; i < sizeof(a); i++) {
        b[i] ^= 0x80;
        assert_false(uapi_secret_equal(a, b, sizeof(a)));
        b[i] ^= 0x80;
    }
    assert_true(uapi_secret_equal(a, b, 0));
    uapi_secret_wipe(NULL, 5);
    uapi_secret_wipe(a, 32);
    assert_int_equal(a[31], 0);
    assert_int_equal(a[32], 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_writable),
        cmocka_unit_test(pages_are_not_dumped),
        cmocka_unit_test(wiped_before_the_pool_gives_it_back),
        cmocka_unit_test(equal_compares_all),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, teardown);
}
