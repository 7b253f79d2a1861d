/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* Heads of expressions: how long they are, what weighs nothing, and what is not understood. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "pattern_head.h"

static apr_pool_t *pool;

static const struct {
    const char *what, *regex;
    int caseless;
    const char *head; /* NULL: none */
} table[] = {
    {"three letters that are no word", "AKIA[0-9A-Z]{16}", 0, "(?:\\bAKI)"},
    {"a prefix, and some of the token", "gh[pousr]_[0-9A-Za-z]{36}", 0, "(?:\\bgh[pousr]_[0-9A-Za-z]{2})"},
    {"a word takes eight letters", "password=x", 1, "(?:\\bpassword)"},
    {"six digits", "[0-9]{12}", 0, "(?:[0-9]{6})"},
    {"alternatives have a head each", "(?:ABCDEF|XY[0-9]{4})", 0, "(?:\\b(?:\\bABC|\\bXY[0-9]{2}))"},
    {"what may be missing weighs nothing", "(?:ABC)?DEFG", 0, "(?:(?:ABC)?DEF)"},
    {"a repeat of a group", "(?:AB){3}", 0, "(?:\\b(?:AB){2})"},
    {"a gap", "IGNORE.{0,40}RULES", 0, "(?:\\bIGNORE.{0,40}RUL)"},
    {"a gap at the end is none", "BEGIN.{0,40}", 0, "(?:\\bBEG)"},
    {"words that may be there are one", "IGN(?:a ){0,3}RULE", 0, "(?:\\bIGN(?:a ){0,3}RUL)"},
    {"an address begins with what is before it", "[a-z.]{1,9}@[a-z]{2}", 0, "(?:[a-z.]{1,9}@)"},
    {"too light by itself: a value must follow", "pw[dt]", 0, "(?:pw[dt])[\\w \"'-]{0,16}?[:=]"},
    {"nothing at all", ".{1,20}", 0, NULL},
    {"an assertion", "A(?=B)CDEF", 0, NULL},
    {"a named group", "(?<n>ABCDEF)", 0, NULL},
    {"flags within", "(?i)abcdefgh", 0, NULL},
    {"a property", "\\p{L}ABCDEF", 0, NULL},
    {"no expression", "(ABCDEF", 0, NULL},
    {"nor this", "[ABCDEF", 0, NULL},
    {"nor this", "*ABC", 0, NULL},
    {"nor this", "ABC\\", 0, NULL},
};

static void heads(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const char *made = uapi_pattern_head(table[i].regex, table[i].caseless, pool);
        if ((made == NULL) != (table[i].head == NULL) || (made != NULL && strcmp(made, table[i].head) != 0)) {
            fail_msg("%s: %s", table[i].what, made != NULL ? made : "none");
        }
    }
}

static void bounds(void **state)
{
    char *deep = apr_pcalloc(pool, 20001), *large = apr_pcalloc(pool, UAPI_PATTERN_HEAD_LONGEST + 2);
    (void)state;
    memset(deep, '(', 10000);
    memset(deep + 10000, ')', 10000);
    deep[UAPI_PATTERN_HEAD_LONGEST] = '\0';
    assert_null(uapi_pattern_head(deep, 0, pool));
    memset(large, 'A', UAPI_PATTERN_HEAD_LONGEST + 1);
    assert_null(uapi_pattern_head(large, 0, pool));
    assert_null(uapi_pattern_head("[0-9]{999999999999}", 0, pool) == NULL ? "x" : NULL);
}

static int setup(void **state)
{
    (void)state;
    return apr_pool_create(&pool, NULL);
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
        cmocka_unit_test_setup_teardown(heads, setup, teardown),
        cmocka_unit_test_setup_teardown(bounds, setup, teardown),
    };

    apr_initialize();
    atexit(apr_terminate);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
