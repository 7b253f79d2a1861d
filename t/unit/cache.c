/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* The cache: finds what was put in under the same stamp only, and never a mixture, however many threads write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <pthread.h>

#include <cmocka.h>

#include "cache.h"
#include "crypto.h"

static apr_pool_t *pool;

static int setup(void **state)
{
    (void)state;
    apr_initialize();
    return apr_pool_create(&pool, NULL);
}

static int teardown(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}

static void key_of(uint64_t number, uint8_t key[UAPI_CACHE_KEY_SIZE])
{
    assert_int_equal(uapi_crypto_sha256(&number, sizeof(number), key), 0);
}

static void found_under_its_stamp_only(void **state)
{
    uapi_cache *cache = uapi_cache_create(64, 64, UAPI_CACHE_PLAIN, pool);
    uapi_cache_stamp stamp = {4, 7}, later = {6, 7}, other = {4, 8};
    uint8_t key[UAPI_CACHE_KEY_SIZE], zeros[UAPI_CACHE_KEY_SIZE] = {0};
    char room[64];
    size_t i;

    (void)state;
    key_of(1, key);
    assert_int_equal(uapi_cache_get(cache, key, &stamp, room), -1);
    assert_int_equal(uapi_cache_get(cache, zeros, &(uapi_cache_stamp){0, 0}, room), -1); /* new memory holds nothing */
    uapi_cache_put(cache, key, &stamp, "hello", 6);
    assert_int_equal(uapi_cache_get(cache, key, &stamp, room), 6);
    assert_string_equal(room, "hello");
    assert_int_equal(uapi_cache_get(cache, key, &later, room), -1);
    assert_int_equal(uapi_cache_get(cache, key, &other, room), -1);
    for (i = 0; i < sizeof(key); i++) { /* every bit of the key counts */
        key[i] ^= 0x10;
        assert_int_equal(uapi_cache_get(cache, key, &stamp, room), -1);
        key[i] ^= 0x10;
    }
    uapi_cache_put(cache, key, &later, "", 0);
    assert_int_equal(uapi_cache_get(cache, key, &later, room), 0);
    assert_int_equal(uapi_cache_get(cache, key, &stamp, room), -1);
}

static void every_length(void **state)
{
    uapi_cache *cache = uapi_cache_create(256, 104, UAPI_CACHE_SECRET, pool);
    uapi_cache_stamp stamp = {2, 0};
    uint8_t key[UAPI_CACHE_KEY_SIZE], bytes[105], room[104];
    size_t length;

    (void)state;
    memset(bytes, 0xab, sizeof(bytes));
    for (length = 0; length <= 104; length++) {
        key_of(length, key);
        uapi_cache_put(cache, key, &stamp, bytes, length);
        assert_int_equal(uapi_cache_get(cache, key, &stamp, room), length);
        assert_memory_equal(room, bytes, length);
    }
    key_of(999, key);
    uapi_cache_put(cache, key, &stamp, bytes, 105);
    assert_int_equal(uapi_cache_get(cache, key, &stamp, room), -1);
}

static void a_full_table_stays_bounded_and_useful(void **state)
{
    uapi_cache *cache = uapi_cache_create(64, 8, UAPI_CACHE_PLAIN, pool);
    uapi_cache_stamp old = {2, 0}, stamp = {4, 0};
    uint8_t key[UAPI_CACHE_KEY_SIZE];
    uint64_t i, room, found = 0;

    (void)state;
    for (i = 0; i < 10000; i++) {
        key_of(i, key);
        uapi_cache_put(cache, key, &old, &i, sizeof(i));
        assert_int_equal(uapi_cache_get(cache, key, &old, &room), sizeof(i));
        assert_true(room == i);
    }
    for (i = 0; i < 24; i++) { /* void entries give way before living ones */
        key_of(i, key);
        uapi_cache_put(cache, key, &stamp, &i, sizeof(i));
    }
    for (i = 0; i < 24; i++) {
        key_of(i, key);
        found += uapi_cache_get(cache, key, &stamp, &room) == sizeof(i) && room == i;
    }
    assert_true(found >= 20);
    uapi_cache_clear(cache);
    for (i = 0; i < 24; i++) {
        key_of(i, key);
        assert_int_equal(uapi_cache_get(cache, key, &stamp, &room), -1);
    }
}

enum { KEYS = 32, LENGTH = 192, TURNS = 30000 };

static uint8_t keys[KEYS][UAPI_CACHE_KEY_SIZE];

/* An entry is valid if it is one key's number, over and over: a mixture of two would not be. */
static int is_whole(const uint8_t *bytes, int number)
{
    size_t i;

    for (i = 0; i < LENGTH; i++) {
        if (bytes[i] != number) {
            return 0;
        }
    }
    return 1;
}

static void *use(void *data)
{
    uapi_cache *cache = data;
    uapi_cache_stamp stamp = {2, 2};
    uint8_t bytes[LENGTH];
    unsigned i, seed = (unsigned)(uintptr_t)&stamp;
    uintptr_t torn = 0;

    for (i = 0; i < TURNS; i++) {
        int number;
        ptrdiff_t got;

        seed = seed * 1103515245 + 12345;
        number = (int)(seed >> 16 & (KEYS - 1));
        got = uapi_cache_get(cache, keys[number], &stamp, bytes);
        if (got >= 0) {
            torn += got != LENGTH || !is_whole(bytes, number);
        }
        if (got < 0 || i % 7 == 0) {
            memset(bytes, number, sizeof(bytes));
            uapi_cache_put(cache, keys[number], &stamp, bytes, sizeof(bytes));
        }
        if (i % 5000 == 0) {
            uapi_cache_clear(cache);
        }
    }
    return (void *)torn;
}

static void threads_see_no_mixture(void **state)
{
    uapi_cache *cache = uapi_cache_create(16, LENGTH, UAPI_CACHE_PLAIN, pool); /* crowded: twice as many keys */
    pthread_t threads[4];
    uint64_t i;

    (void)state;
    for (i = 0; i < KEYS; i++) {
        key_of(i, keys[i]);
    }
    for (i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, use, cache), 0);
    }
    for (i = 0; i < 4; i++) {
        void *torn;

        assert_int_equal(pthread_join(threads[i], &torn), 0);
        assert_null(torn);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_under_its_stamp_only),
        cmocka_unit_test(every_length),
        cmocka_unit_test(a_full_table_stays_bounded_and_useful),
        cmocka_unit_test(threads_see_no_mixture),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, teardown);
}
