/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Rules and allow-lists of Firewall documents: what is refused and warned of, and what is done about a finding, by
 * everything that a rule can name. The scanner is made here.
 */
#include "policy_fixture.h"

#include "../../mod_uapi/core/firewall_internal.h"

/* ---------------------------------------------------------------- what is refused */

static const struct {
    const char *spec, *printed;
} faults[] = {
    {"  rules: [{action: block}]\n", "p:5:11: error: a firewall rule needs \"id\"\n"},
    {"  rules: [{id: a}]\n", "p:5:11: error: a firewall rule needs \"action\"\n"},
    {"  rules: [{id: a, action: deny}]\n",
     "p:5:27: error: \"action\" must be allow, log, redact, require_approval or block, not \"deny\"\n"},
    {"  rules: [{id: a, action: log}, {id: a, action: log}]\n",
     "p:5:38: error: rule id \"a\" is used twice in this firewall, first at line 5\n"},
    {"  rules: [{id: a, action: log, scanners: [b], rules: [b.c]}]\n",
     "p:5:11: error: it has both \"scanners\" and \"rules\": write \"<scanner>.*\" among the rules instead\n"},
    {"  rules: [{id: a, action: log, scanners: [B]}]\n",
     "p:5:43: error: scanner \"B\" matches no name: a-z 0-9 _, with * and ?\n"},
    {"  rules: [{id: a, action: log, rules: [\"b/c\"]}]\n",
     "p:5:40: error: rule \"b/c\" matches no name: <scanner>.<rule>, of a-z 0-9 _, with * and ?\n"},
    {"  rules: [{id: a, action: log, server: \"a b\"}]\n",
     "p:5:40: error: server \"a b\" is no name: 1 to 64 of A-Z a-z 0-9 . _ @ -, beginning with a letter or digit\n"},
    {"  rules: [{id: a, action: log, tools: [\"\"]}]\n", "p:5:40: error: tool \"\" is empty, so it can never match\n"},
    {"  rules: [{id: a, action: log, subjects: [{}]}]\n", "p:5:43: error: a subject needs \"type\", \"roles\", \"id\" "
                                                          "or \"ids\"; leave \"subjects\" out to mean everyone\n"},
    {"  rules: [{id: a, action: log, severity: hihg}]\n",
     "p:5:42: error: \"severity\" must be low, medium, high or critical, not \"hihg\"; did you mean \"high\"?\n"},
    {"  allow: [{id: a, rules: [b.c]}]\n", "p:5:11: error: an allow-list entry needs \"expires\"\n"
                                           "p:5:11: error: an allow-list entry needs \"owner\"\n"
                                           "p:5:11: error: an allow-list entry needs \"reason\"\n"},
    {"  allow: [{id: a, owner: o, reason: r, expires: 2099-01-01}]\n",
     "p:5:11: error: an allow-list entry needs \"scanners\" or \"rules\"\n"},
    {"  allow: [{id: a, owner: \" \", reason: r, expires: 2099-01-01, rules: [b.c]}]\n",
     "p:5:26: error: \"owner\" is empty: others must be able to ask about this entry\n"},
    {"  allow: [{id: a, owner: o, reason: \"\", expires: 2099-01-01, rules: [b.c]}]\n",
     "p:5:37: error: \"reason\" is empty: others must be able to ask about this entry\n"},
    {"  allow: [{id: a, owner: o, reason: r, expires: 2099-02-29, rules: [b.c]}]\n",
     "p:5:49: error: \"expires\" must be a date such as 2027-06-30, the last day on which the entry counts, not "
     "\"2099-02-29\"\n"},
    {"  allow: [{id: a, owner: o, reason: r, expires: \"1 May\", rules: [b.c]}]\n",
     "p:5:49: error: \"expires\" must be a date such as 2027-06-30, the last day on which the entry counts, not "
     "\"1 May\"\n"},
    {"  allow: [{id: a, owner: o, reason: r, expires: 2020-02-29, rules: [b.c]}]\n",
     "p:5:49: warning: this entry has expired and does not count any more: renew or remove it\n"},
    {"  allow: [{id: a, owner: o, reason: r, expires: 2099-01-01, rules: [b.c], value: {}}]\n",
     "p:5:82: error: a value is exactly one of \"sha256\", \"exact\" and \"glob\"\n"},
    {"  allow: [{id: a, owner: o, reason: r, expires: 2099-01-01, rules: [b.c], value: {exact: x, glob: z}}]\n",
     "p:5:82: error: a value is exactly one of \"sha256\", \"exact\" and \"glob\"\n"},
    {"  allow: [{id: a, owner: o, reason: r, expires: 2099-01-01, rules: [b.c], value: {sha256: abc}}]\n",
     "p:5:91: error: \"sha256\" must be 64 hexadecimal digits\n"},
    {"  allow: [{id: a, owner: o, reason: r, expires: 2099-01-01, rules: [b.c], value: {glob: \"**\"}}]\n",
     "p:5:89: error: \"glob\" matches everything: leave \"value\" out to mean that\n"},
    {"  allow: [{id: a, owner: o, reason: r, expires: 2099-01-01, rules: [b.c], severity: low}]\n",
     "p:5:75: error: unknown field \"severity\" in an allow-list entry\n"},
};

static void refuses_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        const char *text = apr_pstrcat(pool, FIREWALL("f"), faults[i].spec, NULL), *printed;
        parse("p", text, strlen(text), &printed);
        assert_string_equal(printed, faults[i].printed);
    }
}

static void warns_before_the_end(void **state)
{
    static const char entry[] = "  allow: [{id: a, owner: o, reason: r, expires: %s, rules: [b.c]}]\n";
    char date[16];
    apr_size_t length;
    apr_time_exp_t parts;
    const char *text, *printed;

    (void)state;
    for (int days = -1; days <= 40; days += 1) {
        apr_time_exp_gmt(&parts, apr_time_now() + (apr_time_t)days * 86400 * APR_USEC_PER_SEC);
        apr_strftime(date, &length, sizeof(date), "%Y-%m-%d", &parts);
        text = apr_pstrcat(pool, FIREWALL("f"), apr_psprintf(pool, entry, date), NULL);
        parse("p", text, strlen(text), &printed);
        if (days < 0) {
            assert_non_null(strstr(printed, "has expired"));
        } else if (days < 30) {
            assert_non_null(strstr(printed, "expires in"));
        } else {
            assert_string_equal(printed, "");
        }
    }
}

/* ---------------------------------------------------------------- what is done */

static const uapi_rule rule_table[] = {
    {sizeof(uapi_rule), UAPI_SEVERITY_HIGH, UAPI_DIRECTION_BOTH, 0, 0, 0, "word", NULL},
    {sizeof(uapi_rule), UAPI_SEVERITY_LOW, UAPI_DIRECTION_BOTH, UAPI_DEFAULT_LOG, UAPI_DEFAULT_LOG, 0, "mild", NULL},
    {sizeof(uapi_rule), UAPI_SEVERITY_LOW, UAPI_DIRECTION_REQUEST, 0, 0, 0, "outbound", NULL},
};
static const uapi_pattern pattern_table[] = {
    {sizeof(uapi_pattern), 0, 0, 0, "needle[0-9]*"},
    {sizeof(uapi_pattern), 0, 1, 0, "thread"},
    {sizeof(uapi_pattern), 0, 2, 0, "outward"},
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

static const uapi_scanner_1 scanner = {.name = "s", .rules = rules, .patterns = patterns};
static uapi_plugin plugin = {.path = "/s.so", .sha256 = "", .scanner = &scanner};

static const char *const support[] = {"support", NULL};

typedef struct caller {
    const char *server, *method, *target, *type, *id;
} caller;

static const caller anyone = {"crm", "tools/call", "get_user", "agent", "bot"};

/* "s.word log<block by f/a" for each finding, joined by "; ". */
static const char *find(const uapi_firewall *firewall, const caller *who, uapi_direction direction, const char *bytes)
{
    uapi_call_info call;
    uapi_text text = {sizeof(text), UAPI_VIEW_PLAIN, 0, 0, {bytes, strlen(bytes)}, &call};
    uapi_firewall_report report;
    uapi_result result = {0};
    const char *out = "";

    uapi_firewall_no_call(&call, direction);
    call.server = who->server;
    call.method = who->method;
    call.target = who->target;
    call.principal_type = who->type;
    call.principal = who->id;
    call.roles = support;
    assert_int_equal(uapi_firewall_scan_text(firewall, &text, &report, pool, &result), APR_SUCCESS);
    for (uint32_t i = 0; i < report.count; i++) {
        const uapi_firewall_finding *f = &report.findings[i];
        out = apr_pstrcat(pool, out, i > 0 ? "; " : "", f->rule, " ", uapi_action_name(f->action),
                          f->shadow > f->action ? "<" : "", f->shadow > f->action ? uapi_action_name(f->shadow) : "",
                          f->by != NULL ? " by " : "", f->by != NULL ? f->by : "",
                          f->allowed != NULL ? " allowed " : "", f->allowed != NULL ? f->allowed : "", NULL);
    }
    return out;
}

static uapi_firewall *make(const char *text, const char **why)
{
    uapi_plugin *const plugins[] = {&plugin};
    uapi_firewall *firewall = NULL;
    uapi_result result = {0};
    const char *printed;
    uapi_policy *policy = parse("p", text, strlen(text), &printed);

    assert_non_null(policy);
    uapi_firewall_create(&firewall, plugins, 1, policy, pool, &result);
    *why = result.detail;
    return firewall;
}

#define RULE(text) "  rules: [{id: a, " text "}]\n"
#define ALLOW(text) "  allow: [{id: e, owner: o, reason: r, " text "}]\n"
#define NEEDLE1_SHA256 "50adae523cb664a6d61dc9ff6a83610900340cc114ae7ffeaf59499bfd441707"

static const struct {
    const char *first, *second; /* second NULL: one document */
    const char *text, *request, *response;
} decisions[] = {
    {"  {}\n", NULL, "needle", "s.word block", "s.word redact"},
    /* a rule stands for the default, and is no looser than what documents say */
    {RULE("action: log"), NULL, "needle", "s.word log by f/a", "s.word log by f/a"},
    {RULE("action: allow"), NULL, "needle", "", ""},
    {RULE("action: require_approval"), NULL, "needle", "s.word require_approval by f/a",
     "s.word require_approval by f/a"},
    {"  scanners: {s: {request: redact, response: redact}}\n" RULE("action: log"), NULL, "needle", "s.word redact",
     "s.word redact"},
    {"  scanners: {s: {response: log}}\n" RULE("action: redact"), NULL, "needle", "s.word redact by f/a",
     "s.word redact by f/a"},
    {"  scanners: {s: {request: block, response: block}}\n", RULE("action: log"), "needle", "s.word block",
     "s.word block"},
    {"  scanners: {s: {request: log, response: log}}\n", RULE("action: block"), "needle", "s.word block by g/a",
     "s.word block by g/a"},
    {RULE("action: log"), RULE("action: block"), "needle", "s.word block by g/a", "s.word block by g/a"},
    /* the first by id of those that are as strict */
    {"  rules: [{id: z, action: block}, {id: b, action: block}]\n", NULL, "needle", "s.word block by f/b",
     "s.word block by f/b"},
    {RULE("action: block"), RULE("action: block"), "needle", "s.word block by f/a", "s.word block by f/a"},
    /* by what a rule can name */
    {RULE("direction: response, action: block"), NULL, "needle", "s.word block", "s.word block by f/a"},
    {RULE("direction: request, action: log"), NULL, "needle", "s.word log by f/a", "s.word redact"},
    {RULE("direction: both, action: log"), NULL, "needle", "s.word log by f/a", "s.word log by f/a"},
    {RULE("severity: high, action: log"), NULL, "needle thread", "s.word log by f/a; s.mild log",
     "s.word log by f/a; s.mild log"},
    {RULE("severity: critical, action: log"), NULL, "needle", "s.word block", "s.word redact"},
    {RULE("rules: [s.mild], action: block"), NULL, "needle thread", "s.word block; s.mild block by f/a",
     "s.word redact; s.mild block by f/a"},
    {RULE("rules: [\"s.m*\", s.word], action: log"), NULL, "needle", "s.word log by f/a", "s.word log by f/a"},
    {RULE("scanners: [\"?\"], action: log"), NULL, "needle", "s.word log by f/a", "s.word log by f/a"},
    {RULE("server: crm, action: log"), NULL, "needle", "s.word log by f/a", "s.word log by f/a"},
    {RULE("server: [\"x*\", \"c?m\"], action: log"), NULL, "needle", "s.word log by f/a", "s.word log by f/a"},
    {RULE("server: other, action: log"), NULL, "needle", "s.word block", "s.word redact"},
    {RULE("tools: [\"get_*\"], action: log"), NULL, "needle", "s.word log by f/a", "s.word log by f/a"},
    {RULE("tools: [set_user], action: log"), NULL, "needle", "s.word block", "s.word redact"},
    {RULE("subjects: [{type: human}, {roles: [x, support]}], action: log"), NULL, "needle", "s.word log by f/a",
     "s.word log by f/a"},
    {RULE("subjects: [{type: human}], action: log"), NULL, "needle", "s.word block", "s.word redact"},
    {RULE("subjects: [{id: bot}], action: log"), NULL, "needle", "s.word log by f/a", "s.word log by f/a"},
    {RULE("subjects: [{ids: [bit, bat]}], action: log"), NULL, "needle", "s.word block", "s.word redact"},
    /* a rule that is not made for a direction */
    {RULE("action: block"), NULL, "outward", "s.outbound block by f/a", ""},
    /* what is off is on again where a rule says so */
    {"  scanners: {s: {request: allow, response: allow}}\n", RULE("server: crm, action: log"), "needle",
     "s.word log by g/a", "s.word log by g/a"},
    {"  scanners: {s: {request: allow, response: allow}}\n", RULE("server: x, action: log"), "needle", "", ""},
    /* modes */
    {RULE("action: log, mode: disabled"), NULL, "needle", "s.word block", "s.word redact"},
    {"  scanners: {s: {request: log, response: log}}\n" RULE("action: block, mode: shadow"), NULL, "needle",
     "s.word log<block", "s.word log<block"},
    {"  scanners: {s: {request: allow, response: allow}}\n" RULE("action: redact, mode: shadow"), NULL, "needle",
     "s.word allow<redact", "s.word allow<redact"},
    {RULE("action: log, mode: shadow"), NULL, "needle", "s.word block", "s.word redact"},
    {"  scanners: {s: {request: log, response: log}}\n", "  mode: shadow\n  scanners: {s: {request: block}}\n",
     "needle", "s.word log<block", "s.word log"},
    {"  scanners: {s: {request: log, response: log}}\n", "  mode: shadow\n" RULE("action: block"), "needle",
     "s.word log<block", "s.word log<block"},
    {"  scanners: {s: {request: log, response: log}}\n", "  mode: disabled\n" RULE("action: block"), "needle",
     "s.word log", "s.word log"},
    {"  scanners: {s: {request: log, response: log}}\n",
     "  mode: disabled\n  scanners: {s: {request: block, response: block}}\n", "needle", "s.word log", "s.word log"},
    {"  mode: shadow\n" RULE("action: log"), NULL, "needle", "s.word log by f/a", "s.word log by f/a"},
    /* exceptions */
    {"  scanners: {s: {request: block, response: block}}\n", ALLOW("expires: 2099-01-01, rules: [s.word]"), "needle",
     "s.word allow allowed g/e", "s.word allow allowed g/e"},
    {ALLOW("expires: 2099-01-01, scanners: [s], direction: request"), NULL, "needle", "s.word allow allowed f/e",
     "s.word redact"},
    {ALLOW("expires: 2020-01-01, scanners: [s]"), NULL, "needle", "s.word block", "s.word redact"},
    {ALLOW("expires: 2099-01-01, rules: [s.mild]"), NULL, "needle", "s.word block", "s.word redact"},
    {ALLOW("expires: 2099-01-01, scanners: [s], server: x"), NULL, "needle", "s.word block", "s.word redact"},
    {ALLOW("expires: 2099-01-01, scanners: [s], tools: [x]"), NULL, "needle", "s.word block", "s.word redact"},
    {ALLOW("expires: 2099-01-01, scanners: [s], subjects: [{type: human}]"), NULL, "needle", "s.word block",
     "s.word redact"},
    {ALLOW("expires: 2099-01-01, scanners: [s], value: {exact: needle1}"), NULL, "needle1 needle2",
     "s.word allow allowed f/e; s.word block", "s.word allow allowed f/e; s.word redact"},
    {ALLOW("expires: 2099-01-01, scanners: [s], value: {glob: \"need*1\"}"), NULL, "needle1 needle2",
     "s.word allow allowed f/e; s.word block", "s.word allow allowed f/e; s.word redact"},
    {ALLOW("expires: 2099-01-01, scanners: [s], value: {sha256: "
           "86CF2D2D36EC0AE4C3AD1EFA5B1C4B3BBA5AE18C3B4C71E3ED6EE0FC76BC1F9A}"),
     NULL, "needle1", "s.word block", "s.word redact"},
    {"  scanners: {s: {request: log, response: log}}\n", "  mode: shadow\n" ALLOW("expires: 2099-01-01, scanners: [s]"),
     "needle", "s.word log", "s.word log"},
};

static void decides(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(decisions) / sizeof(decisions[0]); i++) {
        const char *one = apr_pstrcat(pool, FIREWALL("f"), decisions[i].first, NULL), *why;
        const char *two = decisions[i].second != NULL ? apr_pstrcat(pool, FIREWALL("g"), decisions[i].second, NULL)
                                                      : "";
        for (int order = 0; order < 2; order++) {
            uapi_firewall *firewall = make(apr_pstrcat(pool, order ? one : two, "---\n", order ? two : one, NULL),
                                           &why);
            assert_non_null(firewall);
            assert_string_equal(find(firewall, &anyone, UAPI_DIRECTION_REQUEST, decisions[i].text),
                                decisions[i].request);
            assert_string_equal(find(firewall, &anyone, UAPI_DIRECTION_RESPONSE, decisions[i].text),
                                decisions[i].response);
        }
    }
}

static void excepts_by_digest(void **state)
{
    /* printf needle1 | sha256sum */
    static const char entry[] = "  allow: [{id: e, owner: o, reason: r, expires: 2099-01-01, scanners: [s], value: "
                                "{sha256: DIGEST}}]\n";
    const char *why, *at = strstr(entry, "DIGEST");
    uapi_firewall *firewall = make(apr_pstrcat(pool, FIREWALL("f"),
                                               apr_pstrmemdup(pool, entry, (apr_size_t)(at - entry)), NEEDLE1_SHA256,
                                               at + 6, NULL),
                                   &why);

    (void)state;
    assert_string_equal(find(firewall, &anyone, UAPI_DIRECTION_REQUEST, "needle1 needle2"),
                        "s.word allow allowed f/e; s.word block");
}

/* Tools are those of tools/call, and operations of REST services. In a batch what names tools counts where it is stricter. */
static void knows_tools(void **state)
{
    static const caller rest = {"crm", "http/POST", "get_user", "agent", "bot"};
    static const caller prompt = {"crm", "prompts/get", "get_user", "agent", "bot"};
    static const caller batch = {"crm", "", "", "agent", "bot"};
    const char *why;
    uapi_firewall *lax = make(FIREWALL("f") RULE("tools: [get_user], action: log"), &why);
    uapi_firewall *strict = make(
        FIREWALL("f") "  scanners: {s: {request: log, response: log}}\n" RULE("tools: [get_user], action: redact"),
        &why);
    uapi_firewall *except = make(FIREWALL("f") ALLOW("expires: 2099-01-01, scanners: [s], tools: [get_user]"), &why);

    (void)state;
    assert_string_equal(find(lax, &rest, UAPI_DIRECTION_REQUEST, "needle"), "s.word log by f/a");
    assert_string_equal(find(lax, &prompt, UAPI_DIRECTION_REQUEST, "needle"), "s.word block");
    assert_string_equal(find(lax, &batch, UAPI_DIRECTION_REQUEST, "needle"), "s.word block");
    assert_string_equal(find(strict, &batch, UAPI_DIRECTION_REQUEST, "needle"), "s.word redact");
    assert_string_equal(find(except, &anyone, UAPI_DIRECTION_REQUEST, "needle"), "s.word allow allowed f/e");
    assert_string_equal(find(except, &batch, UAPI_DIRECTION_REQUEST, "needle"), "s.word block");
}

/* A finding meets the rulings that name its rule, and no others; what no ruling can turn on stays off. */
static void is_an_index(void **state)
{
    const char *text = FIREWALL("f") "  scanners: {s: {request: allow, response: allow}}\n  rules:\n", *why;
    const uapi_firewall *firewall;

    (void)state;
    for (int i = 0; i < 200; i++) {
        text = apr_psprintf(pool, "%s    - {id: r%d, rules: [s.mild], direction: response, action: log}\n", text, i);
    }
    firewall = make(apr_pstrcat(pool, text, "    - {id: w, rules: [s.word], action: allow}\n", NULL), &why);
    assert_non_null(firewall);
    assert_null(firewall->rules[0].rulings[UAPI_FIREWALL_REQUEST][1]);
    assert_null(firewall->rules[1].rulings[UAPI_FIREWALL_REQUEST]);
    assert_non_null(firewall->rules[1].rulings[UAPI_FIREWALL_RESPONSE][199]);
    assert_null(firewall->rules[1].rulings[UAPI_FIREWALL_RESPONSE][200]);
    assert_int_equal(firewall->rules[0].live, 0);
    assert_int_equal(firewall->rules[1].live, UAPI_DIRECTION_RESPONSE);
    assert_int_equal(firewall->patterns[0].live, 0);
    assert_int_equal(firewall->patterns[1].live, UAPI_DIRECTION_RESPONSE);
}

static void refuses_unknown_names(void **state)
{
    static const struct {
        const char *spec, *why;
    } cases[] = {
        {RULE("scanners: [t], action: log"), "p:5:16: no loaded plugin or pack has a rule named t.*; loaded: s"},
        {RULE("rules: [s.word, \"s.x*\"], action: log"),
         "p:5:16: no loaded plugin or pack has a rule named s.x*; loaded: s"},
        {ALLOW("expires: 2099-01-01, rules: [s.absent]"),
         "p:5:16: no loaded plugin or pack has a rule named s.absent; loaded: s"},
    };
    const char *why;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_null(make(apr_pstrcat(pool, FIREWALL("f"), cases[i].spec, NULL), &why));
        assert_string_equal(why, cases[i].why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(refuses_faults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(warns_before_the_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(decides, set_up, tear_down),
        cmocka_unit_test_setup_teardown(excepts_by_digest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(knows_tools, set_up, tear_down),
        cmocka_unit_test_setup_teardown(is_an_index, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_unknown_names, set_up, tear_down),
    };

    apr_initialize();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("policy_rulings", tests, NULL, NULL);
}
