/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Firewall and Server documents as the rest of the program sees them: merged, with what was said where.
 */
#include "policy_fixture.h"

/* "secrets block/redact; secrets.a log/-" */
static const char *print_scanners(const uapi_policy *policy)
{
    const apr_array_header_t *scanners = uapi_policy_firewall_scanners(policy);
    const char *text = "";

    for (int i = 0; i < scanners->nelts; i++) {
        const uapi_policy_scanner *entry = &APR_ARRAY_IDX(scanners, i, uapi_policy_scanner);
        assert_non_null(entry->scanner);
        text = apr_psprintf(pool, "%s%s%s %s/%s", text, i > 0 ? "; " : "",
                            entry->rule != NULL ? entry->rule : entry->scanner,
                            entry->request < 0 ? "-" : uapi_action_name((uapi_action)entry->request),
                            entry->response < 0 ? "-" : uapi_action_name((uapi_action)entry->response));
    }
    return text;
}

typedef struct merge_case {
    const char *first, *second; /* the specs; second NULL: one document */
    const char *mode, *scanners;
} merge_case;

static const merge_case merges[] = {
    {"  mode: enforce\n", NULL, "enforce", ""},
    {"  mode: shadow\n", NULL, "shadow", ""},
    {"  mode: disabled\n", NULL, "disabled", ""},
    {"  scanners: {secrets: {request: log}}\n", NULL, "enforce", "secrets log/-"},
    {"  mode: disabled\n", "  mode: shadow\n", "shadow", ""},
    {"  mode: shadow\n", "  scanners: {a: {request: log}}\n", "enforce", "a log/-"},
    {"  scanners: {b: {request: allow, response: block}, a: {response: redact}}\n", NULL, "enforce",
     "a -/redact; b allow/block"},
    {"  scanners: {a: {request: block, rules: {a.x: log, a.y: {response: allow}}}}\n", NULL, "enforce",
     "a block/-; a.x log/log; a.y block/allow"},
    {"  scanners: {a: {rules: {a.x: log}}}\n", NULL, "enforce", "a -/-; a.x log/log"},
    /* the strictest of two documents */
    {"  scanners: {a: {request: log, response: block}}\n", "  scanners: {a: {request: redact, response: allow}}\n",
     "enforce", "a redact/block"},
    {"  scanners: {a: {rules: {a.x: log}}}\n", "  scanners: {a: {rules: {a.x: {request: block}}}}\n", "enforce",
     "a -/-; a.x block/log"},
    /* what one blocks as a whole, another does not let through by naming the rule */
    {"  scanners: {a: {request: block}}\n", "  scanners: {a: {rules: {a.x: log}}}\n", "enforce",
     "a block/-; a.x block/log"},
    {"  scanners: {a: {request: block}}\n", "  scanners: {a: {request: log, rules: {a.x: allow}}}\n", "enforce",
     "a block/-; a.x block/allow"},
    {"  scanners: {a: {request: block, rules: {a.x: allow}}}\n", "  scanners: {a: {request: log}}\n", "enforce",
     "a block/-; a.x log/allow"},
};

static void merges_documents(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(merges) / sizeof(merges[0]); i++) {
        const merge_case *m = &merges[i];
        const char *one = apr_pstrcat(pool, FIREWALL("f"), m->first, NULL);
        const char *two = m->second != NULL ? apr_pstrcat(pool, FIREWALL("g"), m->second, NULL) : "";
        for (int order = 0; order < 2; order++) {
            const uapi_policy *policy = load(apr_pstrcat(pool, order ? one : two, "---\n", order ? two : one, NULL));
            assert_string_equal(uapi_mode_name(uapi_policy_firewall_mode(policy)), m->mode);
            assert_string_equal(print_scanners(policy), m->scanners);
        }
    }
}

static void defaults_to_enforce(void **state)
{
    const uapi_policy *policy = load(SERVER("s") "  {}\n");

    (void)state;
    assert_int_equal(uapi_policy_firewall_mode(policy), UAPI_MODE_ENFORCE);
    assert_int_equal(uapi_policy_firewall_scanners(policy)->nelts, 0);
}

static void knows_positions(void **state)
{
    const uapi_policy *policy = load(
        FIREWALL("f") "  scanners:\n    secrets:\n      request: log\n      rules: {secrets.x: block}\n");
    const uapi_policy_scanner *entry = &APR_ARRAY_IDX(uapi_policy_firewall_scanners(policy), 1, uapi_policy_scanner);

    (void)state;
    assert_string_equal(entry->scanner, "secrets");
    assert_string_equal(entry->rule, "secrets.x");
    assert_string_equal(entry->file, "p");
    assert_int_equal(entry->line, 8);
    assert_int_equal(entry->column, 15);
    entry--;
    assert_null(entry->rule);
    assert_int_equal(entry->line, 6);
    assert_int_equal(entry->column, 5);
}

static void names_words(void **state)
{
    (void)state;
    assert_string_equal(uapi_action_name(UAPI_ACTION_ALLOW), "allow");
    assert_string_equal(uapi_action_name(UAPI_ACTION_APPROVE), "require_approval");
    assert_string_equal(uapi_action_name((uapi_action)42), "block");
    assert_string_equal(uapi_mode_name(UAPI_MODE_DISABLED), "disabled");
    assert_string_equal(uapi_mode_name((uapi_mode)42), "enforce");
}

static void finds_servers(void **state)
{
    const uapi_policy *policy = load(SERVER(
        "stripe") "  url: https://mcp.stripe.example/mcp\n  protocol: mcp\n"
                  "  credential: {name: stripe-key, inject: {header: Authorization, value: \"Bearer {secret}\"}}\n"
                  "---\n" SERVER("plain") "  {}\n---\n" SERVER(
                      "both") "  credential: {name: c, inject: {header: X-Key, value: "
                              "\"{secret}{secre}x\"}}\n---\n" RULES
                              "    - {id: a, effect: deny, server: [named, \"glob*\", a?b]}\n");
    const uapi_policy_server *server = uapi_policy_find_server(policy, "stripe");
    unsigned policies, rules, servers, firewalls;

    (void)state;
    assert_non_null(server);
    assert_string_equal(server->name, "stripe");
    assert_string_equal(server->url, "https://mcp.stripe.example/mcp");
    assert_string_equal(server->credential, "stripe-key");
    assert_string_equal(server->inject_header, "Authorization");
    assert_string_equal(server->inject_prefix, "Bearer ");
    assert_string_equal(server->inject_suffix, "");
    server = uapi_policy_find_server(policy, "both");
    assert_string_equal(server->inject_prefix, "");
    assert_string_equal(server->inject_suffix, "{secre}x");
    server = uapi_policy_find_server(policy, "plain");
    assert_null(server->url);
    assert_null(server->credential);
    assert_null(server->inject_header);
    assert_null(uapi_policy_find_server(policy, "named"));
    assert_int_equal(uapi_policy_knows_server(policy, "named"), 1);
    assert_int_equal(uapi_policy_knows_server(policy, "plain"), 1);
    assert_int_equal(uapi_policy_knows_server(policy, "glob*"), 0);
    assert_int_equal(uapi_policy_knows_server(policy, "globe"), 0);
    assert_int_equal(uapi_policy_knows_server(policy, "*"), 0);
    uapi_policy_counts(policy, &policies, &rules, &servers, &firewalls);
    assert_int_equal(policies, 1);
    assert_int_equal(rules, 1);
    assert_int_equal(servers, 3);
    assert_int_equal(firewalls, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(merges_documents, set_up, tear_down),
        cmocka_unit_test_setup_teardown(defaults_to_enforce, set_up, tear_down),
        cmocka_unit_test_setup_teardown(knows_positions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_servers, set_up, tear_down),
    };

    apr_initialize();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("policy_firewall", tests, NULL, NULL);
}
