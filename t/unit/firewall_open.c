/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* Whether a match may be going on: at each byte of some, before them and behind them, and for rules that do nothing about it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "firewall_open.h"

static apr_pool_t *pool;
static uapi_firewall *firewall;

static const uapi_rule rule_table[] = {
    {sizeof(uapi_rule), UAPI_SEVERITY_HIGH, UAPI_DIRECTION_BOTH, 0, UAPI_DEFAULT_REDACT, 0, "token", NULL},
    {sizeof(uapi_rule), UAPI_SEVERITY_HIGH, UAPI_DIRECTION_BOTH, 0, UAPI_DEFAULT_LOG, 0, "logged", NULL},
    {sizeof(uapi_rule), UAPI_SEVERITY_HIGH, UAPI_DIRECTION_REQUEST, 0, UAPI_DEFAULT_REDACT, 0, "asked", NULL},
};

#define PATTERN(rule, flags, regex)                 \
    {                                               \
        sizeof(uapi_pattern), flags, rule, 0, regex \
    }

static const uapi_pattern pattern_table[] = {
    PATTERN(0, 0, "TOKEN-[0-9]{10}"),        PATTERN(0, UAPI_PATTERN_CASELESS, "secret word:"),
    PATTERN(0, UAPI_PATTERN_CASELESS, "pw"), PATTERN(0, UAPI_PATTERN_UTF8, "kr\xc3\xb6te[0-9]{10}"),
    PATTERN(1, 0, "LOGGED-[0-9]{10}"),       PATTERN(2, 0, "ASKED-[0-9]{10}"),
};

static const uapi_rule *rules(void *instance, uint32_t *count)
{
    (void)instance;
    *count = sizeof(rule_table) / sizeof(rule_table[0]);
    return rule_table;
}

static const uapi_pattern *patterns(void *instance, uint32_t *count)
{
    (void)instance;
    *count = sizeof(pattern_table) / sizeof(pattern_table[0]);
    return pattern_table;
}

static const uapi_scanner_1 scanner = {.name = "test", .rules = rules, .patterns = patterns};
static uapi_plugin plugin = {.path = "/test.so", .scanner = &scanner};

static size_t open_of(const char *text)
{
    return uapi_firewall_open(firewall, text, strlen(text));
}

static void open_from_its_head_on(void **state)
{
    const char *text = "the TOKEN-0123456789";
    (void)state;
    for (size_t i = 0; i <= strlen(text); i++) {
        size_t open = uapi_firewall_open(firewall, text, i);
        assert_int_equal(open, i >= 7 ? i - 4 : 0);
    }
}

static void closed_again(void **state)
{
    (void)state;
    assert_int_equal(open_of("TOKEN-x"), 0);
    assert_int_equal(open_of("TOKEN-0123456789, "), 0);
    assert_int_equal(open_of("TOKEN-0123456789 and "), 0);
    assert_int_equal(open_of("TOKEN-0123456789abc"), 19); /* the token goes on */
    assert_int_equal(open_of("TOKEN- and TOKEN-0"), 7);
    assert_int_equal(open_of("TOKEN-0 TOKEN-01"), 8);
    assert_int_equal(open_of("xTOKEN-0"), 0); /* begins no word */
}

static void values_behind_signs(void **state)
{
    (void)state;
    assert_int_equal(open_of("my secret word: "), 13);
    assert_int_equal(open_of("my secret word: hun"), 16);
    assert_int_equal(open_of("my secret word: hunters "), 0);
    assert_int_equal(open_of("the pw"), 0);
    assert_int_equal(open_of("the pw: hun"), 7);
}

static void rules_that_do_nothing(void **state)
{
    (void)state;
    assert_int_equal(open_of("LOGGED-01"), 0);
    assert_int_equal(open_of("ASKED-01"), 0);
    assert_int_equal(uapi_firewall_open_count(firewall), 3);
}

static void other_characters(void **state)
{
    (void)state;
    assert_int_equal(open_of("\xc3\xb6TOKEN-0"), 0); /* a letter before it */
    assert_int_equal(open_of("\xe2\x82\xac TOKEN-0"), 7);
    assert_int_equal(open_of("kr\xc3\xb6te01"), 0); /* a pattern that is not ASCII has no head */
    assert_int_equal(open_of("\xff\xfe TOK"), 3);
}

static void only_the_end(void **state)
{
    char text[UAPI_FIREWALL_OPEN_LONGEST + 64];
    (void)state;
    memset(text, '0', sizeof(text));
    memcpy(text, " secret word:", 13);
    assert_int_equal(uapi_firewall_open(firewall, text, sizeof(text)), 0);
    assert_int_equal(uapi_firewall_open(firewall, text, UAPI_FIREWALL_OPEN_LONGEST), UAPI_FIREWALL_OPEN_LONGEST - 1);
    assert_int_equal(uapi_firewall_open(firewall, NULL, 0), 0);
}

/* Another with the same patterns is served by what the first has; one that was not prepared holds nothing. */
static void shared(void **state)
{
    uapi_plugin *const one[] = {&plugin};
    uapi_firewall *other;
    (void)state;
    assert_int_equal(uapi_firewall_create(&other, one, 1, NULL, pool, NULL), APR_SUCCESS);
    assert_int_equal(uapi_firewall_open(other, "TOKEN-0", 7), 0);
    assert_int_equal(uapi_firewall_open_compile(other, pool, NULL), APR_SUCCESS);
    assert_int_equal(uapi_firewall_open(other, "TOKEN-0", 7), 7);
}

static int setup(void **state)
{
    uapi_plugin *const one[] = {&plugin};
    (void)state;
    apr_pool_create(&pool, NULL);
    if (uapi_firewall_create(&firewall, one, 1, NULL, pool, NULL) != APR_SUCCESS) {
        return 1;
    }
    return uapi_firewall_open_compile(firewall, pool, NULL);
}

static int teardown(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(open_from_its_head_on, setup, teardown),
        cmocka_unit_test_setup_teardown(closed_again, setup, teardown),
        cmocka_unit_test_setup_teardown(values_behind_signs, setup, teardown),
        cmocka_unit_test_setup_teardown(rules_that_do_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(other_characters, setup, teardown),
        cmocka_unit_test_setup_teardown(only_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(shared, setup, teardown),
    };

    apr_initialize();
    atexit(apr_terminate);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
