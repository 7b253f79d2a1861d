/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What the exfiltration scanner remembers of principals, with a clock that the test sets: the plugin is loaded as the
 * server loads it, but by a host of our own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <pthread.h>

#include "uapi_plugin.h"

static uint64_t now; /* seconds */
static const uapi_plugin_descriptor *descriptor;
static const char *given_key, *given_value; /* an option */

static uint64_t clock_of(const uapi_host *host)
{
    (void)host;
    return now * UINT64_C(1000000000);
}

static const char *option_of(const uapi_host *host, const char *key)
{
    (void)host;
    return given_key && strcmp(given_key, key) == 0 ? given_value : NULL;
}

static const void *service_of(const uapi_host *host, const char *id)
{
    static const uapi_host_time_1 time = {clock_of, clock_of};
    static const uapi_host_config_1 config = {option_of};

    (void)host;
    return strcmp(id, UAPI_HOST_TIME_1) == 0     ? (const void *)&time
           : strcmp(id, UAPI_HOST_CONFIG_1) == 0 ? &config
                                                 : NULL;
}

static const uapi_host host = {.size = sizeof(host), .version = "test", .get_service = service_of};

typedef struct seen {
    const uapi_rule *rules;
    unsigned volume, walk;
} seen;

static int32_t take(const uapi_sink *sink, const uapi_finding *finding)
{
    seen *all = sink->context;
    const char *id = all->rules[finding->rule].id;

    all->volume += strcmp(id, "unusual_volume") == 0;
    all->walk += strcmp(id, "page_walk") == 0;
    return 0;
}

/* The pattern that a candidate of the text is of: its number in the plugin's table of `regex`es that have the word. */
static uint32_t pattern_with(const uapi_scanner_1 *scanner, void *instance, const char *word)
{
    uint32_t count, i;
    const uapi_pattern *patterns = scanner->patterns(instance, &count);

    for (i = 0; i < count && !strstr(patterns[i].regex, word); i++) {
    }
    assert_true(i < count);
    return i;
}

static seen give(void *instance, const char *principal, uapi_direction direction, const char *bytes, size_t length,
                 const char *page)
{
    static const char *const roles[] = {NULL};
    const uapi_scanner_1 *scanner = descriptor->get_interface(instance, UAPI_SCANNER_1);
    const uapi_call_info call = {.size = sizeof(call),
                                 .direction = direction,
                                 .call_id = "1",
                                 .tenant = "acme",
                                 .principal_type = "agent",
                                 .principal = principal,
                                 .roles = roles,
                                 .protocol = "mcp",
                                 .server = "crm",
                                 .method = "tools/call",
                                 .target = "list"};
    const uapi_text text = {.size = sizeof(text), .view = UAPI_VIEW_PLAIN, .bytes = {bytes, length}, .call = &call};
    uint64_t state[16] = {0};
    uint32_t count;
    seen all = {.rules = scanner->rules(instance, &count)};
    uapi_sink sink = {.size = sizeof(sink), .context = &all, .report = take};

    assert_true(scanner->state_size <= sizeof(state));
    if (page) { /* what libhs would report */
        uapi_finding finding = {.size = sizeof(finding)};
        const uapi_candidate candidate = {.size = sizeof(candidate),
                                          .pattern = pattern_with(scanner, instance, page),
                                          .direction = direction,
                                          .text = text.bytes,
                                          .from = 1,
                                          .to = (size_t)(strchr(bytes, ':') - bytes) + 2,
                                          .in = &text};

        assert_int_equal(scanner->verify(instance, state, &candidate, &finding), UAPI_NOT_FOUND);
    }
    assert_int_equal(scanner->scan(instance, state, &text, &sink), 0);
    scanner->text_end(instance, state, &text, &sink);
    return all;
}

static unsigned answer(void *instance, const char *principal, size_t length)
{
    char *bytes = calloc(1, length);
    seen all;

    memset(bytes, 'a', length);
    all = give(instance, principal, UAPI_DIRECTION_RESPONSE, bytes, length, NULL);
    free(bytes);
    return all.volume;
}

static unsigned page(void *instance, const char *principal, unsigned number)
{
    char bytes[64];
    int length = snprintf(bytes, sizeof(bytes), "{\"page\":%u}", number);

    return give(instance, principal, UAPI_DIRECTION_REQUEST, bytes, (size_t)length, "page_?(?:no").walk;
}

static void *make(const char *key, const char *value)
{
    given_key = key;
    given_value = value;
    return descriptor->create(&host);
}

static void test_volume(void **state)
{
    void *instance = make(NULL, NULL);

    (void)state;
    assert_non_null(instance);
    now = 1000000;
    assert_int_equal(answer(instance, "new", 9 << 20), 0); /* nothing to compare with */
    for (int window = 0; window < 5; window++, now += 600) {
        for (int i = 0; i < 10; i++) {
            assert_int_equal(answer(instance, "ann", 40000), 0);
        }
    }
    /* five times 400,000 is the bound now */
    for (int i = 0; i < 4; i++) {
        assert_int_equal(answer(instance, "ann", 450000), 0);
    }
    assert_int_equal(answer(instance, "ann", 450000), 1);
    assert_int_equal(answer(instance, "bob", 450000), 0); /* somebody else */
    /* below the floor nothing is unusual */
    for (int window = 0; window < 5; window++, now += 600) {
        assert_int_equal(answer(instance, "eve", 100), 0);
    }
    assert_int_equal(answer(instance, "eve", 1000000), 0);
    assert_int_equal(answer(instance, "eve", 100000), 1);
    /* who is nobody has no history */
    for (int window = 0; window < 5; window++, now += 600) {
        assert_int_equal(answer(instance, "", 100), 0);
    }
    assert_int_equal(answer(instance, "", 9 << 20), 0);
    descriptor->destroy(instance);
}

/* What grows slowly, or swings, becomes usual. */
static void test_growth(void **state)
{
    void *instance = make(NULL, NULL);

    (void)state;
    for (size_t size = 1 << 20; size < 64 << 20; size *= 2, now += 600) {
        assert_int_equal(answer(instance, "ann", size), 0);
    }
    for (int window = 0; window < 12; window++, now += 600) {
        assert_int_equal(answer(instance, "bob", window % 3 ? 100000 : 9 << 20), 0);
    }
    descriptor->destroy(instance);
}

static void test_pages(void **state)
{
    void *instance = make("pages", "5");
    unsigned number;

    (void)state;
    now += 6000;
    for (number = 1; number < 5; number++) {
        assert_int_equal(page(instance, "ann", number), 0);
    }
    assert_int_equal(page(instance, "ann", 5), 1);
    assert_int_equal(page(instance, "bob", 5), 0);
    assert_int_equal(page(instance, "ann", 5), 1); /* a retry is no step, and no way out */
    assert_int_equal(page(instance, "ann", 1), 0);
    for (number = 2; number < 6; number++) {
        assert_int_equal(page(instance, "ann", number), 0);
    }
    assert_int_equal(page(instance, "ann", 6), 1);
    now += 1200;
    assert_int_equal(page(instance, "ann", 7), 0); /* long after */
    descriptor->destroy(instance);
}

static void test_options(void **state)
{
    static const struct {
        const char *key, *value;
        int good;
    } cases[] = {
        {"window", "60", 1},
        {"window", "0", 0},
        {"window", "-1", 0},
        {"window", "1h", 0},
        {"factor", "3", 1},
        {"factor", "", 0},
        {"pages", "1", 0},
        {"principals", "0", 1},
        {"principals", "99999999", 0},
        {"answer_records", "500", 1},
        {"limit", "x", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        void *instance = make(cases[i].key, cases[i].value);

        assert_int_equal(instance != NULL, cases[i].good);
        if (instance) {
            descriptor->destroy(instance);
        }
    }
}

/* More principals than there is room for: the oldest give way, and nothing else happens. */
static void test_bound(void **state)
{
    void *instance = make("principals", "64");
    char name[32];

    (void)state;
    for (int i = 0; i < 20000; i++, now += i % 100 == 0) {
        snprintf(name, sizeof(name), "agent-%d", i);
        assert_int_equal(answer(instance, name, 1000), 0);
        assert_int_equal(page(instance, name, 1), 0);
    }
    descriptor->destroy(instance);
}

static void *work(void *instance)
{
    for (int i = 0; i < 3000; i++) {
        answer(instance, i % 2 ? "ann" : "bob", 1000);
        page(instance, "ann", (unsigned)i);
    }
    return NULL;
}

/* For sanitizers: many threads at the same pair, and the sum is theirs all. */
static void test_threads(void **state)
{
    void *instance = make(NULL, NULL);
    pthread_t threads[8];

    (void)state;
    now += 60000;
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, work, instance), 0);
    }
    for (size_t i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
    }
    for (int window = 0; window < 4; window++) {
        now += 600;
        answer(instance, "ann", 10);
    }
    /* 12,000 answers of 1,000 bytes are in the mean (12 MB * 0.7^3), so a mebibyte is usual; for one without them it is not */
    assert_int_equal(answer(instance, "ann", 1 << 20), 0);
    descriptor->destroy(instance);
}

static int load(void **state)
{
    void *object = dlopen(UAPI_TEST_OUT "/plugins/scanner_exfiltration.so", RTLD_NOW | RTLD_LOCAL);
    uapi_plugin_entry_function entry = NULL;

    (void)state;
    if (object) {
        *(void **)(void *)&entry = dlsym(object, "uapi_plugin_entry");
    }
    descriptor = entry ? entry() : NULL;
    return descriptor == NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_volume),  cmocka_unit_test(test_growth), cmocka_unit_test(test_pages),
        cmocka_unit_test(test_options), cmocka_unit_test(test_bound),  cmocka_unit_test(test_threads),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, load, NULL);
}
