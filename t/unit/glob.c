/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Globs against a table, and against a matcher that is too simple to be wrong over every short pattern and name.
 */
#include "policy_fixture.h"

#include "../../mod_uapi/core/glob.h"

typedef struct glob_case {
    const char *pattern, *name;
    int matches;
} glob_case;

static const glob_case cases[] = {
    {"", "", 1},
    {"", "a", 0},
    {"a", "", 0},
    {"*", "", 1},
    {"*", "anything at all", 1},
    {"?", "", 0},
    {"?", "a", 1},
    {"?", "ab", 0},
    {"get_*", "get_", 1},
    {"get_*", "get_user", 1},
    {"get_*", "Get_user", 0},
    {"get_*", "forget_user", 0},
    {"*_delete", "user_delete", 1},
    {"*_delete", "_delete", 1},
    {"*_delete", "user_deleted", 0},
    {"*_delete", "a_delete_delete", 1},
    {"*delete*", "delete", 1},
    {"*delete*", "undeleted", 1},
    {"*delete*", "DELETE", 0},
    {"a*b*c", "abc", 1},
    {"a*b*c", "a-b-b-c", 1},
    {"a*b*c", "acb", 0},
    {"a**b", "ab", 1},
    {"*?", "", 0},
    {"*?", "x", 1},
    {"??*", "x", 0},
    {"a?c", "a*c", 1},
    {"[ab]", "a", 0},
    {"[ab]", "[ab]", 1},
    {"caf\xc3\xa9*", "caf\xc3\xa9_open", 1},
    {"caf?", "caf\xc3\xa9", 0}, /* ? is one byte */
    {"caf??", "caf\xc3\xa9", 1},
};

static void matches_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const glob_case *c = &cases[i];
        if (uapi_glob_match(c->pattern, strlen(c->pattern), c->name, strlen(c->name)) != c->matches) {
            fail_msg("\"%s\" and \"%s\" should%s match", c->pattern, c->name, c->matches ? "" : " not");
        }
    }
}

static int simple_match(const char *pattern, const char *name)
{
    if (*pattern == '\0') {
        return *name == '\0';
    }
    if (*pattern == '*') {
        return simple_match(pattern + 1, name) || (*name != '\0' && simple_match(pattern, name + 1));
    }
    return *name != '\0' && (*pattern == '?' || *pattern == *name) && simple_match(pattern + 1, name + 1);
}

/* The number-th word over an alphabet, shorter ones first. */
static void spell(char *word, unsigned number, const char *alphabet)
{
    unsigned letters = (unsigned)strlen(alphabet);

    for (; number > 0; number = (number - 1) / letters) {
        *word++ = alphabet[(number - 1) % letters];
    }
    *word = '\0';
}

static void matches_exhaustively(void **state)
{
    enum { PATTERNS = 1 + 4 + 16 + 64 + 256 + 1024, NAMES = 1 + 2 + 4 + 8 + 16 + 32 };
    char pattern[16], name[16];

    (void)state;
    for (unsigned i = 0; i < PATTERNS; i++) {
        spell(pattern, i, "ab*?");
        for (unsigned j = 0; j < NAMES; j++) {
            spell(name, j, "ab");
            if (uapi_glob_match(pattern, strlen(pattern), name, strlen(name)) != simple_match(pattern, name)) {
                fail_msg("\"%s\" and \"%s\"", pattern, name);
            }
        }
    }
}

/* With exponential backtracking this would not end. */
static void survives_stars(void **state)
{
    char pattern[257], name[257];

    (void)state;
    for (size_t i = 0; i < 256; i += 2) {
        memcpy(pattern + i, "*a", 2);
    }
    memcpy(pattern + 254, "*b", 2);
    memset(name, 'a', 256);
    assert_int_equal(uapi_glob_match(pattern, 256, name, 256), 0);
    pattern[255] = 'a';
    assert_int_equal(uapi_glob_match(pattern, 256, name, 256), 1);
}

static void finds_literals(void **state)
{
    static const struct {
        const char *pattern, *literals;
    } patterns[] = {
        {"get_*", "get_@0 "},
        {"*_delete", "_delete@1 "},
        {"a*bcd?ef", "a@0 bcd@2 ef@6 "},
        {"*delete*", "delete@1 "},
        {"name", "name@0 "},
        {"**a??b", "a@2 b@5 "},
        {"*", ""},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        const char *pattern = patterns[i].pattern;
        size_t length, at = uapi_glob_literal(pattern, strlen(pattern), 0, &length);
        char found[64] = "";
        for (; length > 0; at = uapi_glob_literal(pattern, strlen(pattern), at + length, &length)) {
            sprintf(found + strlen(found), "%.*s@%zu ", (int)length, pattern + at, at);
        }
        assert_string_equal(found, patterns[i].literals);
    }
    assert_int_equal(uapi_glob_is_pattern("get_user", 8), 0);
    assert_int_equal(uapi_glob_is_pattern("get_*", 5), 1);
    assert_int_equal(uapi_glob_is_pattern("get_?", 5), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_table),
        cmocka_unit_test(matches_exhaustively),
        cmocka_unit_test(survives_stars),
        cmocka_unit_test(finds_literals),
    };

    apr_initialize();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("glob", tests, NULL, NULL);
}
