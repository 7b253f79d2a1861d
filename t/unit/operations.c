/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Paths that cannot be read in two ways and those that can, templates, which operation a path finds, and what that costs.
 */
#include "policy_fixture.h"

#include "../../mod_uapi/core/form.h"

/* ---------------------------------------------------------------- paths */

static void ambiguous_paths(void **state)
{
    static const char *const refused[] = {
        "",
        "v1",
        "*",
        "//",
        "//v1",
        "/v1//x",
        "/v1//",
        "/.",
        "/..",
        "/./x",
        "/v1/..",
        "/v1/../x",
        "/v1/%2e%2e/x",
        "/v1/%2E",
        "/v1/.%2e/x",
        "/v1%2fx",
        "/v1%2Fx",
        "/v1%5cx",
        "/v1\\x",
        "/v1;a=b/x",
        "/v1/x;",
        "/v1/x%3b",
        "/x/..;/y",
        "/v1/%00",
        "/v1/a%0ab",
        "/v1/a%7f",
        "/v1/a b",
        "/v1/%",
        "/v1/%4",
        "/v1/%zz",
        "/v1/%252e",
        "/v1/%252fx",
        "/v1/%25%32%65",
        "/v1/x%3fy",
        "/v1/x%23y",
        "/v1/x?y",
        "/v1/x#y",
        "/v1/\"x\"",
        "/v1/{id}",
        "/v1/a|b",
        "/v1/a^b",
        "/v1/%c0%af",
        "/v1/%c0%ae%c0%ae",
        "/v1/%e0%80%af",
        "/v1/%f0%80%80%af",
        "/v1/%ff",
        "/v1/%ed%a0%80",
        "/v1/%c3",
        "/v1/%f4%90%80%80",
        "/v1/\xc3\xa4",
        "/v1/%ef%bc%8fx",
        "/v1/%ef%bc%8e%ef%bc%8e",
        "/v1/%ef%bc%bc",
        "/v1/%e2%80%a5",
        "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/23/24/25/26/27/28/29/30/31/32/33",
    };
    static const char *const taken[] = {
        "/",
        "/v1",
        "/v1/",
        "/v1/a.b",
        "/v1/...",
        "/v1/a%20b",
        "/v1/100%25",
        "/v1/%25x",
        "/v1/%c3%a4",
        "/v1/a:b@c!$&'()*+,=~",
        "/v1/%F0%9F%98%80",
    };
    uapi_path path;

    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        if (uapi_path_read(&path, refused[i], strlen(refused[i]), pool) == NULL) {
            fail_msg("%s was not refused", refused[i]);
        }
    }
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        const char *fault = uapi_path_read(&path, taken[i], strlen(taken[i]), pool);
        if (fault != NULL) {
            fail_msg("%s: %s", taken[i], fault);
        }
    }
    assert_null(uapi_path_read(&path, "/A%20b/%E2%84%aA", 16, pool));
    assert_int_equal(path.count, 2);
    assert_memory_equal(path.segments[0].text, "A b", 3);
    assert_memory_equal(path.segments[0].folded, "a b", 3);
    assert_int_equal(path.segments[1].folded_length, 1);
    assert_memory_equal(path.segments[1].folded, "k", 1);
}

static void overriding_queries(void **state)
{
    static const struct {
        const char *query;
        int overrides;
    } cases[] = {
        {"", 0},
        {"a=1&b=2", 0},
        {"_method=DELETE", 1},
        {"a=1&_METHOD=x", 1},
        {"a;_method", 1},
        {"%5Fmethod=DELETE", 1},
        {"x_method=1", 0},
        {"_methods=1", 0},
        {"&&=&", 0},
        {"a=_method=DELETE", 0},
        {"X-HTTP-Method-Override=", 1},
        {"_method[]=DELETE", 1},
        {"%", 0},
        {"_metho%64=DELETE", 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (uapi_path_overrides_method(cases[i].query, strlen(cases[i].query)) != cases[i].overrides) {
            fail_msg("%s", cases[i].query);
        }
    }
}

static void decoded_forms(void **state)
{
    static const char *const cases[][2] = {
        {"", ""}, {"a=1&b=2", "a=1&b=2"}, {"a+b=%41%zz%4", "a b=A%zz%4"}, {"%2541", "%41"}, {"%", "%"}, {"%%41", "%A"},
    };
    char out[64];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t length = uapi_form_decode(out, cases[i][0], strlen(cases[i][0]));
        assert_int_equal(length, strlen(cases[i][1]));
        assert_memory_equal(out, cases[i][1], length);
    }
}

/* ---------------------------------------------------------------- loading */

#define OPERATIONS(text) SERVER("s") "  operations:\n" text
#define ONE(path) OPERATIONS("    a: {method: GET, path: \"" path "\"}\n")
#define TWO(one, other) \
    OPERATIONS("    a: {method: GET, path: \"" one "\"}\n    b: {method: GET, path: \"" other "\"}\n")
#define FAULT(path, fault) "p:6:28: error: path \"" path "\" " fault "\n"
#define CONFLICT(one, other)                                       \
    "p:7:28: error: GET " other " can match the same path as " one \
    " of operation \"a\" at p:6:28, and neither is the more specific\n"
#define BRACE "has an unpaired brace, or more than one expression in a segment"
#define CHARACTER \
    "has a character that cannot stand in a path here; write letters, digits and -._~!$&'()*+,=:@ as they are"

static void loading(void **state)
{
    static const char *const cases[][2] = {
        {ONE("/v1/{id}/x"), ""},
        {ONE("/"), ""},
        {ONE("/v1/{a}/{b}.json/x{c}:do/"), ""},
        {ONE("v1"), FAULT("v1", "does not begin with a slash")},
        {ONE("/v1//x"), FAULT("/v1//x", "has an empty segment")},
        {ONE("/v1/../x"), FAULT("/v1/../x", "has a dot segment")},
        {ONE("/v1/{id"), FAULT("/v1/{id", BRACE)},
        {ONE("/v1/id}"), FAULT("/v1/id}", BRACE)},
        {ONE("/v1/{a}{b}"), FAULT("/v1/{a}{b}", BRACE)},
        {ONE("/v1/{}"), FAULT("/v1/{}", "has an expression without a name")},
        {ONE("/v1/{+rest}"), FAULT("/v1/{+rest}", "has an expression other than {name}")},
        {ONE("/v1{?q}"), FAULT("/v1{?q}", "has an expression other than {name}")},
        {ONE("/v1/a%20b"), FAULT("/v1/a%20b", CHARACTER)},
        {ONE("/v1?a=b"), FAULT("/v1?a=b", CHARACTER)},
        {ONE("/v1;a"), FAULT("/v1;a", CHARACTER)},
        {OPERATIONS("    \"a b\": {method: GET, path: /x}\n"),
         "p:6:5: error: operation \"a b\" is no name: 1 to 128 of A-Z a-z 0-9 . _ / : @ -, beginning with a letter or "
         "digit\n"},
        {OPERATIONS("    a: {method: get, path: /x}\n"),
         "p:6:17: error: \"method\" must be GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS, not \"get\"\n"},
        {OPERATIONS("    a: {method: GET}\n"), "p:6:8: error: an operation needs \"path\"\n"},
        {OPERATIONS("    a: {method: GET, path: /x}\n    a: {method: GET, path: /y}\n"),
         "p:7:5: error: duplicate key \"a\", first at line 6\n"},
        {SERVER("s") "  operations: {}\n", "p:5:15: error: \"operations\" is empty: leave it out\n"},
        {SERVER("s") "  protocol: mcp\n  operations: {a: {method: GET, path: /x}}\n",
         "p:5:13: error: a server with operations speaks rest; those of an MCP server are its tools\n"},
        /* the narrower one is found */
        {TWO("/x/{id}", "/x/mine"), ""},
        {TWO("/x/{id}", "/x/{id}.json"), ""},
        {TWO("/x/{id}/y", "/x/{name}/z"), ""},
        {TWO("/{a}/{b}", "/x/{b}"), ""},
        {TWO("/x", "/x/{a}"), ""},
        /* neither is */
        {TWO("/x/{id}", "/x/{name}"), CONFLICT("/x/{id}", "/x/{name}")},
        {TWO("/x/{id}", "/{a}/y"), CONFLICT("/x/{id}", "/{a}/y")},
        {TWO("/x/a{id}", "/x/{id}z"), CONFLICT("/x/a{id}", "/x/{id}z")},
        {TWO("/x", "/X"), CONFLICT("/x", "/X")},
        {TWO("/x", "/x/"), CONFLICT("/x", "/x/")},
        {OPERATIONS("    a: {method: GET, path: \"/x/{id}\"}\n    b: {method: PUT, path: \"/x/{name}\"}\n"), ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *printed;
        parse("p", cases[i][0], strlen(cases[i][0]), &printed);
        assert_string_equal(printed, cases[i][1]);
    }
}

/* ---------------------------------------------------------------- finding */

static const char *find(const uapi_operations *operations, const char *method, const char *text, unsigned *visited)
{
    const uapi_operation *found;
    uapi_path path;

    assert_null(uapi_path_read(&path, text, strlen(text), pool));
    switch (uapi_operations_find(operations, method, &path, &found, visited)) {
    case UAPI_OPERATION_FOUND:
        return found->name;
    case UAPI_OPERATION_AMBIGUOUS:
        assert_null(found);
        return "ambiguous";
    default:
        assert_null(found);
        return "unknown";
    }
}

static void finding(void **state)
{
    static const char text[] = OPERATIONS("    list: {method: GET, path: /pets}\n"
                                          "    create: {method: POST, path: /pets}\n"
                                          "    get: {method: GET, path: \"/pets/{id}\"}\n"
                                          "    head: {method: HEAD, path: \"/pets/{id}\"}\n"
                                          "    mine: {method: GET, path: /pets/mine}\n"
                                          "    delete: {method: DELETE, path: \"/pets/{id}\"}\n"
                                          "    json: {method: GET, path: \"/pets/{id}.json\"}\n"
                                          "    cancel: {method: POST, path: \"/pets/{id}:cancel\"}\n"
                                          "    c: {method: GET, path: \"/a/{x}/c\"}\n"
                                          "    d: {method: GET, path: \"/{y}/{z}/d\"}\n"
                                          "    slash: {method: GET, path: /s/}\n");
    static const char *const cases[][3] = {
        {"GET", "/pets", "list"},
        {"HEAD", "/pets", "list"},
        {"POST", "/pets", "create"},
        {"OPTIONS", "/pets", "unknown"},
        {"get", "/pets", "unknown"},
        {"TRACE", "/pets", "unknown"},
        {"GET", "/pets/", "unknown"},
        {"GET", "/pets/5", "get"},
        {"HEAD", "/pets/5", "head"},
        {"GET", "/pets/mine", "mine"},
        {"HEAD", "/pets/mine", "head"},
        {"GET", "/pets/%6dine", "mine"},
        {"GET", "/pets/MINE", "ambiguous"},
        {"GET", "/Pets/5", "ambiguous"},
        {"DELETE", "/pets/MINE", "delete"},
        {"GET", "/pets/5/", "unknown"},
        {"GET", "/pets/5/x", "unknown"},
        {"DELETE", "/pets/mine", "delete"},
        {"GET", "/pets/5.json", "json"},
        {"GET", "/pets/5.JSON", "ambiguous"},
        {"GET", "/pets/.json", "get"},
        {"POST", "/pets/5:cancel", "cancel"},
        {"POST", "/pets/5", "unknown"},
        {"GET", "/a/q/c", "c"},
        {"GET", "/a/q/d", "d"},
        {"GET", "/b/q/d", "d"},
        {"GET", "/b/q/c", "unknown"},
        {"GET", "/s/", "slash"},
        {"GET", "/s", "unknown"},
        {"GET", "/", "unknown"},
        {"GET", "/pets/m%C4%B1ne", "ambiguous"},
        {"GET", "/pets/min%C3%A9", "get"},
    };
    const uapi_policy *policy = load(text);
    const uapi_operations *operations = uapi_policy_find_server(policy, "s")->operations;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *found = find(operations, cases[i][0], cases[i][1], NULL);
        if (strcmp(found, cases[i][2]) != 0) {
            fail_msg("%s %s: %s, not %s", cases[i][0], cases[i][1], found, cases[i][2]);
        }
    }
}

/* The universal gateway speaks MCP, so it offers none that does not. */
static void not_for_the_universal_gateway(void **state)
{
    const uapi_policy *policy = load(SERVER("a") "  url: http://a.example/\n  protocol: rest\n---\n" SERVER(
        "b") "  url: http://b.example/\n  operations: {x: {method: GET, path: /x}}\n---\n" SERVER("c") "  url: "
                                                                                                       "http://"
                                                                                                       "c.example/\n");
    const apr_array_header_t *reachable = uapi_policy_reachable_servers(policy, pool);

    (void)state;
    assert_int_equal(reachable->nelts, 1);
    assert_string_equal(APR_ARRAY_IDX(reachable, 0, const uapi_policy_server *)->name, "c");
}

static unsigned visits_among(unsigned count)
{
    char *text = apr_pstrdup(pool, OPERATIONS("    target: {method: GET, path: \"/v1/target/{id}/x\"}\n")), *end;
    unsigned visited;

    text = apr_pcalloc(pool, 256 + count * 80ul);
    end = text + sprintf(text, OPERATIONS("    target: {method: GET, path: \"/v1/target/{id}/x\"}\n"));
    for (unsigned i = 0; i < count; i++) {
        end += sprintf(end, "    o%u: {method: GET, path: \"/v1/kind%u/{id}/y%u\"}\n", i, i, i);
    }
    assert_string_equal(find(uapi_policy_find_server(load(text), "s")->operations, "GET", "/v1/target/7/x", &visited),
                        "target");
    return visited;
}

static void cost_does_not_grow(void **state)
{
    (void)state;
    assert_int_equal(visits_among(3), visits_among(3000));
}

static void too_many(void **state)
{
    char *text = apr_pcalloc(pool, 256 + 4097 * 64ul), *end = text + sprintf(text, OPERATIONS(""));
    const char *printed;

    (void)state;
    for (unsigned i = 0; i < 4097; i++) {
        end += sprintf(end, "    o%u: {method: GET, path: /x%u}\n", i, i);
    }
    parse("p", text, strlen(text), &printed);
    assert_string_equal(printed, "p:4102:32: error: more than 4096 operations\n");
}

/* ---------------------------------------------------------------- deciding */

static const char *decide(const uapi_policy *policy, const char *method, const char *tool)
{
    static const uapi_principal principal = {UAPI_PRINCIPAL_AGENT, "acme", "bot", NULL, "token"};
    const uapi_policy_question question = {&principal, "s", method, tool, 1};
    uapi_verdict verdict;

    uapi_policy_decide(policy, &question, &verdict);
    return apr_pstrcat(pool, verdict.effect == UAPI_EFFECT_ALLOW ? "allow " : "deny ", verdict.rule, NULL);
}

/* A rule may speak of an operation by its name, or of all that have a method; a deny of either holds. */
static void rules_speak_of_operations(void **state)
{
    const uapi_policy *policy = load(RULES "    - {id: refunds, effect: allow, tools: [\"refund_*\"]}\n"
                                           "    - {id: reads, effect: allow, methods: [http/GET]}\n"
                                           "    - {id: no-void, effect: deny, tools: [\"*_void\"]}\n"
                                           "    - {id: no-delete, effect: deny, methods: [http/DELETE]}\n");

    (void)state;
    assert_string_equal(decide(policy, "http/POST", "refund_create"), "allow refunds");
    assert_string_equal(decide(policy, "http/POST", "charge_create"), "deny ");
    assert_string_equal(decide(policy, "http/GET", "charge_get"), "allow reads");
    assert_string_equal(decide(policy, "http/GET", "charge_void"), "deny no-void");
    assert_string_equal(decide(policy, "http/DELETE", "refund_delete"), "deny no-delete");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ambiguous_paths, set_up, tear_down),
        cmocka_unit_test_setup_teardown(overriding_queries, set_up, tear_down),
        cmocka_unit_test_setup_teardown(decoded_forms, set_up, tear_down),
        cmocka_unit_test_setup_teardown(loading, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finding, set_up, tear_down),
        cmocka_unit_test_setup_teardown(not_for_the_universal_gateway, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cost_does_not_grow, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_many, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rules_speak_of_operations, set_up, tear_down),
    };

    apr_initialize();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("operations", tests, NULL, NULL);
}
