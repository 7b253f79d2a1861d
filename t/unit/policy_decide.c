/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Decisions: each row asks one question of one set of documents. Then what must hold for all of them: the order of
 * documents and rules never matters, and a shadow policy changes no effect.
 */
#include "policy_fixture.h"

#include <malloc.h>
#include <pthread.h>

typedef struct decision {
    const char *who; /* "type tenant id role,role" */
    const char *server, *method, *tool;
    const char *verdict; /* "allow p/r", "deny p/r", "default", and "allow shadow p/r" */
} decision;

static const char documents[] = POLICY(
    "{name: open}") "  rules:\n"
                    "    - {id: docs, effect: allow, server: docs}\n"
                    "    - {id: no-drop, effect: deny, tools: [\"*drop*\", purge]}\n"
                    "    - {id: no-subscribe, effect: deny, server: docs, methods: [resources/subscribe, "
                    "\"notifications/*\"]}\n"
                    "---\n" POLICY(
                        "{name: support, tenant: acme}") "  subjects: [{type: agent, roles: [support, lead]}, {ids: "
                                                         "[carol, dave]}, {id: erin}]\n"
                                                         "  rules:\n"
                                                         "    - {id: read, effect: allow, server: zendesk, tools: "
                                                         "[\"get_*\", \"list_*\", whoami]}\n"
                                                         "    - {id: any-crm, effect: allow, server: [\"crm-*\", "
                                                         "\"?rm\"], tools: [\"*_read\"], methods: [\"tools/*\"]}\n"
                                                         "    - {id: prompts, effect: allow, server: zendesk, methods: "
                                                         "[\"prompts/*\"]}\n"
                                                         "    - {id: not-secret, effect: deny, server: zendesk, tools: "
                                                         "[get_secret]}\n"
                                                         "---\n" POLICY(
                                                             "{name: people, tenant: acme}") "  subjects: [{type: "
                                                                                             "human}]\n"
                                                                                             "  rules:\n"
                                                                                             "    - {id: all, effect: "
                                                                                             "allow, server: zendesk}\n"
                                                                                             "    - {id: closed, "
                                                                                             "effect: deny, server: "
                                                                                             "vault}\n"
                                                                                             "    - {id: vault, "
                                                                                             "effect: allow, server: "
                                                                                             "vault}\n"
                                                                                             "---\n" POLICY(
                                                                                                 "{name: "
                                                                                                 "strangers"
                                                                                                 "}") "  "
                                                                                                      "subje"
                                                                                                      "cts: "
                                                                                                      "[{"
                                                                                                      "type:"
                                                                                                      " anon"
                                                                                                      "ymous"
                                                                                                      "}]\n"
                                                                                                      "  "
                                                                                                      "rules"
                                                                                                      ": "
                                                                                                      "[{id:"
                                                                                                      " echo"
                                                                                                      ", "
                                                                                                      "effec"
                                                                                                      "t: "
                                                                                                      "allow"
                                                                                                      ", "
                                                                                                      "serve"
                                                                                                      "r: "
                                                                                                      "demo,"
                                                                                                      " tool"
                                                                                                      "s: "
                                                                                                      "[echo"
                                                                                                      "]}]\n"
                                                                                                      "---"
                                                                                                      "\n" POLICY(
                                                                                                          "{"
                                                                                                          "n"
                                                                                                          "a"
                                                                                                          "m"
                                                                                                          "e"
                                                                                                          ":"
                                                                                                          " "
                                                                                                          "t"
                                                                                                          "r"
                                                                                                          "i"
                                                                                                          "a"
                                                                                                          "l"
                                                                                                          "}") "  "
                                                                                                               "mode: "
                                                                                                               "shadow"
                                                                                                               "\n"
                                                                                                               "  "
                                                                                                               "rules:"
                                                                                                               "\n"
                                                                                                               "    - "
                                                                                                               "{id: "
                                                                                                               "no-get,"
                                                                                                               " effect"
                                                                                                               ": "
                                                                                                               "deny, "
                                                                                                               "server:"
                                                                                                               " zendes"
                                                                                                               "k, "
                                                                                                               "tools: "
                                                                                                               "[\"get_"
                                                                                                               "*\"]}\n"
                                                                                                               "    - "
                                                                                                               "{id: "
                                                                                                               "would-"
                                                                                                               "open, "
                                                                                                               "effect:"
                                                                                                               " allow,"
                                                                                                               " server"
                                                                                                               ": "
                                                                                                               "hidden}"
                                                                                                               "\n";

static const decision decisions[] = {
    /* a rule without tools and methods, for everyone */
    {"agent acme bot", "docs", "tools/call", "anything", "allow open/docs"},
    {"agent acme bot", "docs", "resources/read", NULL, "allow open/docs"},
    {"anonymous other anonymous", "docs", "tools/call", "anything", "allow open/docs"},
    {"agent acme bot", "Docs", "tools/call", "anything", "default"},
    {"agent acme bot", "docs2", "tools/call", "anything", "default"},
    {"agent acme bot", NULL, "tools/call", "anything", "default"},
    {"agent acme bot", "", "tools/call", "anything", "default"},
    /* deny wins, without a server on every server */
    {"agent acme bot", "docs", "tools/call", "drop_table", "deny open/no-drop"},
    {"agent acme bot", "docs", "tools/call", "a_drop", "deny open/no-drop"},
    {"agent acme bot", "docs", "tools/call", "purge", "deny open/no-drop"},
    {"agent acme bot", "docs", "tools/call", "purge2", "allow open/docs"},
    {"agent acme bot", "nowhere", "tools/call", "drop", "deny open/no-drop"},
    {"agent acme bot", "docs", "resources/subscribe", NULL, "deny open/no-subscribe"},
    {"agent acme bot", "docs", "tools/call", "resources/subscribe", "allow open/docs"},
    /* subjects: type and role, or id */
    {"agent acme bot support", "zendesk", "tools/call", "list_x", "allow support/read"},
    {"agent acme bot x,lead,y", "zendesk", "tools/call", "list_x", "allow support/read"},
    {"agent acme bot Support", "zendesk", "tools/call", "list_x", "default"},
    {"agent acme bot", "zendesk", "tools/call", "list_x", "default"},
    {"service acme bot support", "zendesk", "tools/call", "list_x", "default"},
    {"service acme carol", "zendesk", "tools/call", "list_x", "allow support/read"},
    {"workflow acme dave", "zendesk", "tools/call", "whoami", "allow support/read"},
    {"service acme erin", "zendesk", "tools/call", "whoami", "allow support/read"},
    {"service acme carola", "zendesk", "tools/call", "list_x", "default"},
    /* another tenant, with the same names */
    {"agent other bot support", "zendesk", "tools/call", "list_x", "default"},
    {"service other carol", "zendesk", "tools/call", "list_x", "default"},
    /* tools */
    {"service acme carol", "zendesk", "tools/call", "Whoami", "default"},
    {"service acme carol", "zendesk", "tools/call", "whoami ", "default"},
    {"service acme carol", "zendesk", "tools/call", "get_secret", "deny support/not-secret"},
    {"service acme carol", "zendesk", "tools/call", "", "default"},
    {"human acme hal", "zendesk", "tools/call", NULL, "default"},
    {"service acme carol", "crm-eu", "tools/call", "x_read", "allow support/any-crm"},
    {"service acme carol", "crm", "tools/call", "x_read", "allow support/any-crm"},
    {"service acme carol", "crm-", "tools/call", "_read", "allow support/any-crm"},
    {"service acme carol", "crmx", "tools/call", "x_read", "default"},
    {"service acme carol", "crm-eu", "tools/call", "x_write", "default"},
    {"service acme carol", "crm-eu", "tools/other", NULL, "default"}, /* tools: tools/call only */
    /* methods */
    {"service acme carol", "zendesk", "prompts/get", NULL, "allow support/prompts"},
    {"service acme carol", "zendesk", "resources/read", NULL, "default"},
    {"service acme carol", "zendesk", "Prompts/get", NULL, "default"},
    {"service acme carol", "zendesk", "completion/complete", NULL, "default"},
    /* both effects in one policy */
    {"human acme hal", "zendesk", "resources/read", NULL, "allow people/all"},
    {"human acme hal", "vault", "tools/call", "x", "deny people/closed"},
    {"human acme hal", "vault", "initialize", NULL, "deny people/closed"},
    /* anonymous */
    {"anonymous acme anonymous", "demo", "tools/call", "echo", "allow strangers/echo"},
    {"anonymous acme anonymous", "demo", "tools/call", "env", "default"},
    {"human acme hal", "demo", "tools/call", "echo", "default"},
    {"anonymous acme anonymous", "zendesk", "tools/call", "list_x", "default"},
    /* shadow */
    {"service acme carol", "zendesk", "tools/call", "get_x", "allow shadow trial/no-get"},
    {"service acme carol", "zendesk", "tools/call", "get_secret", "deny support/not-secret"},
    {"agent acme bot", "zendesk", "tools/call", "get_x", "default"},
    {"agent acme bot", "hidden", "tools/call", "x", "default"},
    {"agent acme bot", "hidden", "initialize", NULL, "default"},
    /* the session: whoever has any allow rule for the server */
    {"agent acme bot support", "zendesk", "initialize", NULL, "allow support/prompts"},
    {"anonymous acme anonymous", "demo", "initialize", NULL, "allow strangers/echo"},
    {"human acme hal", "demo", "initialize", NULL, "default"},
    {"agent acme bot", "nowhere", "ping", NULL, "default"},
    {"anonymous acme anonymous", "docs", "notifications/initialized", NULL, "deny open/no-subscribe"},
    {"service acme carol", "crm-eu", "tools/list", NULL, "allow support/any-crm"},
};

/* The methods that keep a session going, and some that only look like it. */
static const char *const session_methods[] = {
    "initialize",
    "ping",
    "server/discover",
    "notifications/initialized",
    "notifications/x",
    "logging/setLevel",
    "subscriptions/listen",
    "tools/list",
    "prompts/list",
    "resources/list",
    "resources/templates/list",
    "tasks/list",
    "http/GET",
    "http/DELETE",
    "response/result",
    "response/error",
    NULL, /* NULL: a client's result */
};
static const char *const other_methods[] = {
    "Initialize",     "initialize ",  "secrets/list",        "list", "notifications", "http/POST", "tools/call",
    "resources/read", "tasks/result", "completion/complete", "",
};

static uapi_principal make_principal(const char *who)
{
    char *type_name, *tenant, *id, *role, *last, *text = apr_pstrdup(pool, who);
    const char **roles = apr_pcalloc(pool, 8 * sizeof(*roles));
    uapi_principal principal = {0};
    size_t count = 0;

    type_name = apr_strtok(text, " ", &last);
    tenant = apr_strtok(NULL, " ", &last);
    id = apr_strtok(NULL, " ", &last);
    while ((role = apr_strtok(NULL, " ,", &last)) != NULL) {
        roles[count++] = role;
    }
    assert_int_equal(uapi_principal_type_parse(type_name, &principal.type), 0);
    principal.tenant = tenant;
    principal.id = id;
    principal.roles = count > 0 ? roles : NULL;
    return principal;
}

static const char *print_verdict(const uapi_verdict *verdict)
{
    if (verdict->policy == NULL) {
        assert_null(verdict->rule);
        assert_int_equal(verdict->effect, UAPI_EFFECT_DENY);
        assert_int_equal(verdict->reason, UAPI_REASON_POLICY_DEFAULT);
        assert_int_equal(verdict->shadow, 0);
        return "default";
    }
    assert_int_equal(verdict->reason,
                     verdict->effect == UAPI_EFFECT_ALLOW ? UAPI_REASON_NONE : UAPI_REASON_POLICY_DENIED);
    return apr_psprintf(pool, "%s %s%s/%s", verdict->effect == UAPI_EFFECT_ALLOW ? "allow" : "deny",
                        verdict->shadow ? "shadow " : "", verdict->policy, verdict->rule);
}

static const char *ask(const uapi_policy *policy, const decision *d)
{
    const uapi_principal principal = make_principal(d->who);
    const uapi_policy_question question = {&principal, d->server, d->method, d->tool, 0};
    uapi_verdict verdict;

    memset(&verdict, 0xff, sizeof(verdict));
    uapi_policy_decide(policy, &question, &verdict);
    return print_verdict(&verdict);
}

static void check_decisions(const uapi_policy *policy)
{
    for (size_t i = 0; i < sizeof(decisions) / sizeof(decisions[0]); i++) {
        const decision *d = &decisions[i];
        const char *answer = ask(policy, d);
        if (strcmp(answer, d->verdict) != 0) {
            fail_msg("%s, server %s, %s %s: %s, not %s", d->who, d->server != NULL ? d->server : "-", d->method,
                     d->tool != NULL ? d->tool : "", answer, d->verdict);
        }
    }
}

static void decides(void **state)
{
    (void)state;
    check_decisions(load(documents));
}

/* Documents and rules in reverse give the same answers, rule ids included. */
static void ignores_order(void **state)
{
    const char *reversed = "", *document, *rest = documents;

    (void)state;
    while (rest != NULL) {
        const char *end = strstr(rest, "---\n"), *rule;
        document = end != NULL ? apr_pstrmemdup(pool, rest, (apr_size_t)(end - rest)) : rest;
        rule = strstr(document, "    - {id");
        if (rule != NULL) {
            const char *head = apr_pstrmemdup(pool, document, (apr_size_t)(rule - document)), *rules = "";
            for (const char *line = rule; *line != '\0';) {
                const char *next = strchr(line, '\n') + 1;
                rules = apr_pstrcat(pool, apr_pstrmemdup(pool, line, (apr_size_t)(next - line)), rules, NULL);
                line = next;
            }
            document = apr_pstrcat(pool, head, rules, NULL);
        }
        reversed = apr_pstrcat(pool, document, *reversed != '\0' ? "---\n" : "", reversed, NULL);
        rest = end != NULL ? end + 4 : NULL;
    }
    assert_string_not_equal(reversed, documents);
    check_decisions(load(reversed));
}

static void keeps_sessions(void **state)
{
    const uapi_policy *policy = load(POLICY("{name: p}") "  rules: [{id: r, effect: allow, server: s, tools: [x]}]\n");
    const uapi_policy *closed = load(
        POLICY("{name: p}") "  rules:\n    - {id: r, effect: allow, server: s, tools: [x]}\n"
                            "    - {id: d, effect: deny, server: s, methods: [\"*\"]}\n");

    (void)state;
    for (size_t i = 0; i < sizeof(session_methods) / sizeof(session_methods[0]); i++) {
        decision d = {"agent t a", "s", session_methods[i], NULL, NULL};
        assert_string_equal(ask(policy, &d), "allow p/r");
        assert_string_equal(ask(closed, &d), "deny p/d");
        d.server = "other";
        assert_string_equal(ask(policy, &d), "default");
    }
    for (size_t i = 0; i < sizeof(other_methods) / sizeof(other_methods[0]); i++) {
        decision d = {"agent t a", "s", other_methods[i], "y", NULL};
        assert_string_equal(ask(policy, &d), "default");
    }
}

/* Names longer than any pattern match nothing, not even "*". */
static void bounds_names(void **state)
{
    const uapi_policy *policy = load(POLICY("{name: p}") "  rules:\n    - {id: r, effect: allow, tools: [\"*\"]}\n"
                                                         "    - {id: m, effect: allow, methods: [\"*\"]}\n");
    char *name = apr_pcalloc(pool, 258);
    decision tool = {"agent t a", "s", "tools/call", name, NULL}, method = {"agent t a", "s", name, NULL, NULL};
    decision server = {"agent t a", name, "tools/call", "x", NULL};

    (void)state;
    memset(name, 'n', 256);
    assert_string_equal(ask(policy, &tool), "allow p/m");
    assert_string_equal(ask(policy, &method), "allow p/m");
    assert_string_equal(ask(policy, &server), "allow p/m");
    name[256] = 'n';
    assert_string_equal(ask(policy, &tool), "default");
    assert_string_equal(ask(policy, &method), "default");
    assert_string_equal(ask(policy, &server), "default");
}

static void denies_nobody(void **state)
{
    const uapi_policy *policy = load(POLICY("{name: p}") "  rules: [{id: r, effect: allow}]\n");
    const uapi_policy *empty = load(SERVER("s") "  {}\n");
    uapi_policy_question question = {NULL, "s", "tools/call", "x", 0};
    uapi_principal principal = {.type = UAPI_PRINCIPAL_AGENT}; /* no tenant, id or role */
    uapi_verdict verdict;

    (void)state;
    uapi_policy_decide(policy, &question, &verdict);
    assert_string_equal(print_verdict(&verdict), "default");
    question.principal = &principal;
    uapi_policy_decide(policy, &question, &verdict);
    assert_string_equal(print_verdict(&verdict), "allow p/r");
    uapi_policy_decide(empty, &question, &verdict);
    assert_string_equal(print_verdict(&verdict), "default");
}

/* With every policy in shadow nothing is allowed by them; with one enforced allow, shadow denials show. */
static void shadows_change_nothing(void **state)
{
    const uapi_policy *policy = load(POLICY("{name: s}") "  mode: shadow\n  rules: [{id: r, effect: allow}]\n");
    const uapi_policy *both = load(
        POLICY("{name: s}") "  mode: shadow\n  rules: [{id: d, effect: deny, tools: [x]}]\n---\n" POLICY(
            "{name: e}") "  rules: [{id: a, effect: allow}]\n");
    const decision x = {"agent t a", "s", "tools/call", "x", NULL}, y = {"agent t a", "s", "tools/call", "y", NULL};

    (void)state;
    assert_string_equal(ask(policy, &x), "default");
    assert_string_equal(ask(both, &x), "allow shadow s/d");
    assert_string_equal(ask(both, &y), "allow e/a");
}

static void names_types(void **state)
{
    uapi_principal_type type;

    (void)state;
    for (int i = UAPI_PRINCIPAL_ANONYMOUS; i <= UAPI_PRINCIPAL_WORKFLOW; i++) {
        assert_int_equal(uapi_principal_type_parse(uapi_principal_type_name((uapi_principal_type)i), &type), 0);
        assert_int_equal(type, i);
    }
    assert_int_equal(uapi_principal_type_parse("Agent", &type), -1);
    assert_int_equal(uapi_principal_type_parse("", &type), -1);
    assert_string_equal(uapi_principal_type_name((uapi_principal_type)99), "unknown");
}

typedef struct asking {
    const uapi_policy *policy;
    const uapi_principal *principal;
    unsigned wrong;
} asking;

static void *ask_often(void *baton)
{
    asking *a = baton;
    const uapi_policy_question allowed = {a->principal, "crm-eu", "tools/call", "x_read", 0};
    const uapi_policy_question denied = {a->principal, "zendesk", "tools/call", "get_secret", 0};
    uapi_verdict verdict;

    for (int i = 0; i < 20000; i++) {
        uapi_policy_decide(a->policy, &allowed, &verdict);
        a->wrong += verdict.effect != UAPI_EFFECT_ALLOW;
        uapi_policy_decide(a->policy, &denied, &verdict);
        a->wrong += verdict.effect != UAPI_EFFECT_DENY;
    }
    return NULL;
}

static void needs_no_lock_and_no_memory(void **state)
{
    const uapi_policy *policy = load(documents);
    const uapi_principal principal = make_principal("service acme carol");
    asking askings[4];
    pthread_t threads[4];
    size_t before;

    (void)state;
    before = mallinfo2().uordblks; /* 0 under a sanitizer, which then sees the rest */
    askings[0] = (asking){policy, &principal, 0};
    ask_often(&askings[0]);
    assert_int_equal(askings[0].wrong, 0);
    assert_int_equal(mallinfo2().uordblks, before);
    for (int i = 0; i < 4; i++) {
        askings[i] = (asking){policy, &principal, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, &askings[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(askings[i].wrong, 0);
    }
}

/* Where a route speaks another protocol than MCP, no method is allowed for the session's sake. */
static void frees_no_method_elsewhere(void **state)
{
    const uapi_policy *policy = load(
        POLICY("{name: p}") "  rules: [{id: r, effect: allow, server: s, methods: [invoice.get]}]\n");
    const uapi_principal principal = make_principal("agent acme bot");
    uapi_policy_question question = {&principal, "s", "initialize", NULL, 0};
    uapi_verdict verdict;

    (void)state;
    uapi_policy_decide(policy, &question, &verdict);
    assert_int_equal(verdict.effect, UAPI_EFFECT_ALLOW);
    question.explicit_only = 1;
    uapi_policy_decide(policy, &question, &verdict);
    assert_int_equal(verdict.effect, UAPI_EFFECT_DENY);
    question.method = "invoice.get";
    uapi_policy_decide(policy, &question, &verdict);
    assert_int_equal(verdict.effect, UAPI_EFFECT_ALLOW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(frees_no_method_elsewhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(decides, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ignores_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_sessions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bounds_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(denies_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(shadows_change_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_types, set_up, tear_down),
        cmocka_unit_test_setup_teardown(needs_no_lock_and_no_memory, set_up, tear_down),
    };

    apr_initialize();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("policy_decide", tests, NULL, NULL);
}
