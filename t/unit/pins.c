/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Pins as two children see them at once: of two first definitions that come in the same moment one is pinned and the other held,
 * and nobody is shown the other. (What a caller sees: t/40-pinning.t.)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <cmocka.h>
#include <pthread.h>
#include <unistd.h>

#include "pins.h"

static apr_pool_t *pool;
static char folder[] = "/tmp/uapi-pins-XXXXXX";
static const char *path;

static int setup(void **state)
{
    uapi_store *store;

    (void)state;
    apr_initialize();
    apr_pool_create(&pool, NULL);
    path = apr_psprintf(pool, "%s/registry.db", mkdtemp(folder));
    assert_int_equal(uapi_store_open(&store, path, UAPI_STORE_CREATE, pool, NULL), APR_SUCCESS);
    assert_int_equal(uapi_store_tenant_create(store, "acme", pool, NULL), APR_SUCCESS);
    uapi_store_close(store);
    assert_int_equal(uapi_pins_prepare(path, -1, -1, pool, NULL), APR_SUCCESS);
    assert_int_equal(uapi_pins_prepare(path, -1, -1, pool, NULL), APR_SUCCESS);
    return 0;
}

static int teardown(void **state)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-generation"};

    (void)state;
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        unlink(apr_pstrcat(pool, path, endings[i], NULL));
        unlink(apr_pstrcat(pool, path, "-observed", endings[i], NULL));
    }
    rmdir(folder);
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}

/* What one child has of its own. */
typedef struct child {
    apr_pool_t *pool;
    uapi_pins *pins;
    const char *description;
    int tool, shown;
} child;

static void start(child *one, const char *description)
{
    uapi_registry *registry;

    assert_int_equal(apr_pool_create_unmanaged(&one->pool), APR_SUCCESS);
    assert_int_equal(uapi_registry_open(&registry, path, NULL, one->pool, NULL), APR_SUCCESS);
    assert_int_equal(uapi_pins_open(&one->pins, registry, path, one->pool, NULL), APR_SUCCESS);
    one->description = description;
}

static const uapi_pin_scope scope = {"acme", "s", UAPI_PINNING_FIRST_USE};

static void *observe(void *data)
{
    child *one = data;
    const char *text = apr_psprintf(one->pool, "{\"result\":{\"tools\":[{\"name\":\"t%d\",\"description\":\"%s\"}]}}",
                                    one->tool, one->description);
    apr_hash_t *shown = NULL;
    uapi_json json;

    one->shown = uapi_json_read(&json, text, strlen(text), NULL, one->pool, NULL) == APR_SUCCESS &&
                         uapi_pins_observe(one->pins, &scope, &json, 0, NULL, NULL, &shown, one->pool, NULL) ==
                             APR_SUCCESS
                     ? (int)apr_hash_count(shown)
                     : -1;
    return NULL;
}

static void one_of_two_is_pinned(void **state)
{
    child children[2];

    (void)state;
    start(&children[0], "one");
    start(&children[1], "other");
    for (int round = 0; round < 20; round++) {
        const char *name = apr_psprintf(pool, "t%d", round);
        pthread_t threads[2];

        for (int i = 0; i < 2; i++) {
            children[i].tool = round;
            assert_int_equal(pthread_create(&threads[i], NULL, observe, &children[i]), 0);
        }
        for (int i = 0; i < 2; i++) {
            pthread_join(threads[i], NULL);
            assert_int_not_equal(children[i].shown, -1);
        }
        assert_true(children[0].shown + children[1].shown <= 1);
        for (int i = 0; i < 2; i++) {
            uapi_result result = {0};

            assert_int_not_equal(uapi_pins_check(children[i].pins, &scope, name, children[i].pool, &result),
                                 APR_SUCCESS);
            assert_int_equal(result.reason, UAPI_REASON_TOOL_CHANGED);
        }
    }
    apr_pool_destroy(children[0].pool);
    apr_pool_destroy(children[1].pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_of_two_is_pinned)};

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, teardown);
}
