/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The index: it finds what comparing every pattern would find, and its cost does not grow with the rules that name
 * other servers, tools, methods or tenants. The cost is counted (rules looked at, patterns tried), not timed.
 */
#include "policy_fixture.h"

#include "../../mod_uapi/core/glob.h"

/* ---------------------------------------------------------------- against comparing all */

enum { PATTERNS = 400, NAMES = 2000 };

static unsigned random_state = 1;

static unsigned next_random(unsigned below)
{
    random_state = random_state * 1103515245U + 12345U;
    return (random_state >> 16) % below;
}

static const char *random_word(const char *alphabet, unsigned longest)
{
    unsigned length = next_random(longest) + 1;
    char *word = apr_pcalloc(pool, length + 1);

    for (unsigned i = 0; i < length; i++) {
        word[i] = alphabet[next_random((unsigned)strlen(alphabet))];
    }
    return word;
}

static void mark(void *baton, const uint32_t *numbers, uint32_t count)
{
    char *found = baton;

    for (uint32_t i = 0; i < count; i++) {
        found[numbers[i]] = 1;
    }
}

static void finds_what_matches(void **state)
{
    uapi_policy_names *names = uapi_policy_names_create(pool);
    const char *patterns[PATTERNS];

    (void)state;
    for (unsigned i = 0; i < PATTERNS; i++) {
        patterns[i] = random_word(i % 3 == 0 ? "ab" : i % 3 == 1 ? "ab*" : "abc*?", 7);
        uapi_policy_names_add(names, patterns[i], i);
    }
    uapi_policy_names_seal(names);
    for (unsigned i = 0; i < NAMES; i++) {
        const char *name = random_word("abc", 9);
        char found[PATTERNS] = {0};
        uapi_policy_names_visit(names, name, strlen(name), mark, found);
        for (unsigned j = 0; j < PATTERNS; j++) {
            if (found[j] != uapi_glob_match(patterns[j], strlen(patterns[j]), name, strlen(name))) {
                fail_msg("\"%s\" and \"%s\"", patterns[j], name);
            }
        }
    }
}

/* ---------------------------------------------------------------- cost */

enum { RULES_COUNT = 10000 };

static char *expand(char *at, const char *form, int number)
{
    for (; *form != '\0'; form++) {
        if (*form == '#') {
            at += sprintf(at, "%d", number);
        } else {
            *at++ = *form;
        }
    }
    return at;
}

/* 10,000 rules made from a form in which # is a number, beside one for server "s" and tool "get_user". */
static unsigned cost_beside(const char *form, const char *method, const char *tool, const char *expected)
{
    static const uapi_principal principal = {.type = UAPI_PRINCIPAL_AGENT, .tenant = "acme", .id = "bot"};
    const char *beginning = POLICY(
        "{name: p}") "  rules:\n    - {id: it, effect: allow, server: s, tools: [get_user]}\n";
    char *text = apr_palloc(pool, strlen(beginning) + RULES_COUNT * 160 + 1), *at = text;
    const uapi_policy_question question = {&principal, "s", method, tool, 0};
    const uapi_policy *policy;
    const char *printed;
    uapi_verdict verdict;
    unsigned cost;

    at += sprintf(at, "%s", beginning);
    for (int i = 0; i < RULES_COUNT; i++) {
        at += sprintf(at, "    - {id: r%d, effect: %s, ", i, i % 2 == 0 ? "allow" : "deny");
        at = expand(at, form, i);
        at += sprintf(at, "}\n");
    }
    policy = parse("p", text, strlen(text), &printed);
    assert_non_null(policy);
    cost = uapi_policy_decide_counted(policy, &question, &verdict);
    if (expected == NULL) {
        assert_null(verdict.rule);
    } else {
        assert_non_null(verdict.rule);
        assert_string_equal(verdict.rule, expected);
    }
    return cost;
}

static void costs_what_is_near(void **state)
{
    static const struct {
        const char *rules;
        unsigned limit;
    } cases[] = {
        {"server: other#", 2},
        {"server: other#, tools: [get_user]", 2},
        {"server: \"other#-*\"", 2},
        {"server: \"*-other#\", tools: [get_user]", 2},
        {"server: [a#, b#], tools: [get_user]", 2},
        {"server: s, tools: [tool#]", 2},
        {"server: s, tools: [\"tool#_*\"]", 2},
        {"server: s, tools: [\"*_tool#\"]", 2},
        {"server: s, tools: [\"*tool#*\"]", 2},
        {"server: s, tools: [\"get_x#*\"]", 2},
        {"server: s, tools: [\"*#_user\"]", 2},
        {"server: s, tools: [\"g*_#_r\"]", 2},
        {"server: s, tools: [\"get_*_#\"]", 2},
        {"server: s, tools: [\"get_*#*_user\"]", 2},
        {"tools: [\"tool#_*\"]", 4}, /* the group of every server is looked at, its rules are not */
        {"server: s, methods: [\"vendor/*/x#\", \"tools/*/#\"]", 2}, /* with warnings */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unsigned cost = cost_beside(cases[i].rules, "tools/call", "get_user", "it");
        if (cost > cases[i].limit) {
            fail_msg("%s: looked at %u", cases[i].rules, cost);
        }
        assert_in_range(cost_beside(cases[i].rules, "tools/call", "set_user", NULL), 0, cases[i].limit);
    }
}

/* The session's methods look at one rule a policy, not at every allow rule of the server. */
static void costs_little_to_keep_a_session(void **state)
{
    (void)state;
    assert_in_range(cost_beside("server: s, tools: [tool#]", "initialize", NULL, "it"), 1, 2);
}

/* 5,000 tenants with a policy each for the same server and tool. */
static void costs_nothing_for_other_tenants(void **state)
{
    enum { TENANTS = 5000 };
    static const char form[] = POLICY(
        "{name: p, tenant: t%d}") "  rules: [{id: r%d, effect: allow, server: s, tools: [x]}]\n---\n";
    const uapi_principal principal = {.type = UAPI_PRINCIPAL_AGENT, .tenant = "t4711", .id = "bot"};
    const uapi_policy_question question = {&principal, "s", "tools/call", "x", 0};
    char *text = apr_palloc(pool, TENANTS * (sizeof(form) + 16)), *at = text;
    uapi_verdict verdict;

    (void)state;
    for (int i = 0; i < TENANTS; i++) {
        at += sprintf(at, form, i, i);
    }
    assert_in_range(uapi_policy_decide_counted(load(text), &question, &verdict), 1, 2);
    assert_string_equal(verdict.rule, "r4711");
}

/* Names made to meet many literals again and again stay bounded: 256 bytes, one pass. */
static void survives_hostile_names(void **state)
{
    const uapi_policy *policy = load(
        POLICY("{name: p}") "  rules:\n    - {id: a, effect: allow, server: s, tools: "
                            "[\"*a*b\", \"*aa*b\", \"*aaa*b\", \"a*a*a*a*a*b\", \"*a?a*b\", \"?*a\"]}\n");
    const uapi_principal principal = {.type = UAPI_PRINCIPAL_AGENT, .tenant = "t", .id = "bot"};
    char *name = apr_pcalloc(pool, 257);
    const uapi_policy_question question = {&principal, "s", "tools/call", name, 0};
    uapi_verdict verdict;

    (void)state;
    memset(name, 'a', 256);
    name[255] = 'c';
    assert_in_range(uapi_policy_decide_counted(policy, &question, &verdict), 1, 6 * 256);
    assert_int_equal(verdict.effect, UAPI_EFFECT_DENY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(finds_what_matches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(costs_what_is_near, set_up, tear_down),
        cmocka_unit_test_setup_teardown(costs_little_to_keep_a_session, set_up, tear_down),
        cmocka_unit_test_setup_teardown(costs_nothing_for_other_tenants, set_up, tear_down),
        cmocka_unit_test_setup_teardown(survives_hostile_names, set_up, tear_down),
    };

    apr_initialize();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("policy_index", tests, NULL, NULL);
}
