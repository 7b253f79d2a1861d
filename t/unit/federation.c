/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Names at an endpoint over several servers: where a client's message goes and what it becomes there, and what becomes of what a server
 * says. Each case is a message in and the message out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <cmocka.h>

#include "federation.h"

static apr_pool_t *pool;
static const uapi_policy_server servers[] = {{.name = "a"}, {.name = "a-b"}, {.name = "b"}};
static uapi_federation federation;

static int set_up(void **state)
{
    (void)state;
    apr_initialize();
    apr_pool_create(&pool, NULL);
    federation.separator = "__";
    federation.servers = apr_array_make(pool, 4, sizeof(const uapi_policy_server *));
    for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
        APR_ARRAY_PUSH(federation.servers, const uapi_policy_server *) = &servers[i];
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}

static void read_json(uapi_json *json, const char *text)
{
    uapi_result result = {0};

    assert_int_equal(uapi_json_read(json, text, strlen(text), NULL, pool, &result), APR_SUCCESS);
}

static const char *apply(const char *text, apr_array_header_t *edits)
{
    size_t length;

    uapi_edit_apply(&text, &length, text, strlen(text), edits, pool);
    return text;
}

#define M(method, params) "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" method "\",\"params\":" params "}"
#define R(id) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":{}}"

static void reads_messages(void **state)
{
    static const struct {
        const char *in;
        uapi_federation_route route;
        const char *server, *out; /* for FORWARD */
    } cases[] = {
        {M("tools/call", "{\"name\":\"a__x\"}"), UAPI_FEDERATION_FORWARD, "a", M("tools/call", "{\"name\":\"x\"}")},
        {M("tools/call", "{\"name\":\"a-b__x\"}"), UAPI_FEDERATION_FORWARD, "a-b", M("tools/call", "{\"name\":\"x\"}")},
        {M("tools/call", "{\"name\":\"a__x__y\"}"), UAPI_FEDERATION_FORWARD, "a",
         M("tools/call", "{\"name\":\"x__y\"}")},
        {M("tools/call", "{\"name\":\"a___x\"}"), UAPI_FEDERATION_FORWARD, "a", M("tools/call", "{\"name\":\"_x\"}")},
        {M("tools/call", "{\"name\":\"a__\"}"), UAPI_FEDERATION_FORWARD, "a", M("tools/call", "{\"name\":\"\"}")},
        {M("tools/call", "{\"name\":\"\\u0061\\u005f_\\u0078\"}"), UAPI_FEDERATION_FORWARD, "a",
         M("tools/call", "{\"name\":\"\\u0078\"}")},
        {M("prompts/get", "{\"name\":\"b__x\"}"), UAPI_FEDERATION_FORWARD, "b", M("prompts/get", "{\"name\":\"x\"}")},
        {M("tools/call", "{\"name\":\"c__x\"}"), UAPI_FEDERATION_UNKNOWN, NULL, NULL},
        {M("tools/call", "{\"name\":\"a_x\"}"), UAPI_FEDERATION_UNKNOWN, NULL, NULL},
        {M("tools/call", "{\"name\":\"A__x\"}"), UAPI_FEDERATION_UNKNOWN, NULL, NULL},
        {M("tools/call", "{\"name\":\"__x\"}"), UAPI_FEDERATION_UNKNOWN, NULL, NULL},
        {M("tools/call", "{\"name\":\"\"}"), UAPI_FEDERATION_UNKNOWN, NULL, NULL},
        {M("tools/call", "{\"name\":\"uapi:a:x\"}"), UAPI_FEDERATION_UNKNOWN, NULL, NULL},
        {M("resources/read", "{\"uri\":\"uapi:a:file:///x\"}"), UAPI_FEDERATION_FORWARD, "a",
         M("resources/read", "{\"uri\":\"file:///x\"}")},
        {M("resources/read", "{\"uri\":\"uapi:a-b:uapi:a:x\"}"), UAPI_FEDERATION_FORWARD, "a-b",
         M("resources/read", "{\"uri\":\"uapi:a:x\"}")},
        {M("resources/read", "{\"uri\":\"file:///x\"}"), UAPI_FEDERATION_UNKNOWN, NULL, NULL},
        {M("resources/read", "{\"uri\":\"UAPI:a:x\"}"), UAPI_FEDERATION_UNKNOWN, NULL, NULL},
        {M("resources/read", "{\"uri\":\"uapi:a\"}"), UAPI_FEDERATION_UNKNOWN, NULL, NULL},
        {M("resources/read", "{\"uri\":\"a__x\"}"), UAPI_FEDERATION_UNKNOWN, NULL, NULL},
        {M("completion/complete", "{\"ref\":{\"type\":\"ref/prompt\",\"name\":\"a__p\"}}"), UAPI_FEDERATION_FORWARD,
         "a", M("completion/complete", "{\"ref\":{\"type\":\"ref/prompt\",\"name\":\"p\"}}")},
        {M("completion/complete", "{\"ref\":{\"type\":\"ref/resource\",\"uri\":\"uapi:b:x{y}\"}}"),
         UAPI_FEDERATION_FORWARD, "b",
         M("completion/complete", "{\"ref\":{\"type\":\"ref/resource\",\"uri\":\"x{y}\"}}")},
        {M("completion/complete", "{\"ref\":{\"name\":\"a__p\",\"uri\":\"uapi:b:x\"}}"), UAPI_FEDERATION_UNKNOWN, NULL,
         NULL},
        {M("completion/complete", "{}"), UAPI_FEDERATION_UNKNOWN, NULL, NULL},
        {R("\"uapi:a:n:7\""), UAPI_FEDERATION_FORWARD, "a", R("7")},
        {R("\"uapi:a:n:-7\""), UAPI_FEDERATION_FORWARD, "a", R("-7")},
        {R("\"uapi:a:s:7\""), UAPI_FEDERATION_FORWARD, "a", R("\"7\"")},
        {R("\"uapi:a:s:x\\u0022\""), UAPI_FEDERATION_FORWARD, "a", R("\"x\\u0022\"")},
        {R("\"uapi:a:n:7,\""), UAPI_FEDERATION_UNKNOWN, NULL, NULL},
        {R("\"uapi:a:n:07\""), UAPI_FEDERATION_UNKNOWN, NULL, NULL},
        {R("\"uapi:a:n:\""), UAPI_FEDERATION_UNKNOWN, NULL, NULL},
        {R("\"uapi:a:7\""), UAPI_FEDERATION_UNKNOWN, NULL, NULL},
        {R("7"), UAPI_FEDERATION_UNKNOWN, NULL, NULL},
        {"{\"jsonrpc\":\"2.0\",\"id\":\"uapi:a:n:7\",\"result\":{\"_meta\":{\"io.modelcontextprotocol/"
         "related-task\":{\"taskId\":\"uapi:a:t\"}}}}",
         UAPI_FEDERATION_FORWARD, "a",
         "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"_meta\":{\"io.modelcontextprotocol/"
         "related-task\":{\"taskId\":\"t\"}}}}"},
        {"{\"jsonrpc\":\"2.0\",\"id\":\"uapi:a:n:7\",\"result\":{\"_meta\":{\"io.modelcontextprotocol/"
         "related-task\":{\"taskId\":\"uapi:b:t\"}}}}",
         UAPI_FEDERATION_FORWARD, "a",
         "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"_meta\":{\"io.modelcontextprotocol/"
         "related-task\":{\"taskId\":\"uapi:b:t\"}}}}"},
        {M("tools/list", "{}"), UAPI_FEDERATION_OWN, NULL, NULL},
        {M("initialize", "{}"), UAPI_FEDERATION_OWN, NULL, NULL},
        {M("tasks/get", "{\"taskId\":\"uapi:a:x:1\"}"), UAPI_FEDERATION_FORWARD, "a",
         M("tasks/get", "{\"taskId\":\"x:1\"}")},
        {M("tasks/cancel", "{\"taskId\":\"a__x\"}"), UAPI_FEDERATION_UNKNOWN, NULL, NULL},
        {M("tasks/list", "{}"), UAPI_FEDERATION_OWN, NULL, NULL},
        {M("tasks/put", "{\"taskId\":\"uapi:a:x\"}"), UAPI_FEDERATION_UNSUPPORTED, NULL, NULL},
        {M("tools/lists", "{}"), UAPI_FEDERATION_UNSUPPORTED, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        apr_array_header_t *edits = uapi_edit_list(pool);
        const uapi_policy_server *server;
        uapi_mcp_body body;
        uapi_json json;
        uapi_result result = {0};
        read_json(&json, cases[i].in);
        assert_int_equal(uapi_mcp_read(&body, &json, NULL, pool, &result), APR_SUCCESS);
        assert_int_equal(uapi_federation_read(&federation, &json, &body.messages[0], &server, edits, pool),
                         cases[i].route);
        if (cases[i].route == UAPI_FEDERATION_FORWARD) {
            assert_string_equal(server->name, cases[i].server);
            assert_string_equal(apply(cases[i].in, edits), cases[i].out);
        } else {
            assert_null(server);
        }
    }
}

static void renames_what_servers_say(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"{\"result\":{\"tools\":[{\"name\":\"x\",\"title\":\"x\"},{\"name\":\"\\u0079\"}]}}",
         "{\"result\":{\"tools\":[{\"name\":\"a__x\",\"title\":\"x\"},{\"name\":\"a__\\u0079\"}]}}"},
        {"{\"result\":{\"prompts\":[{\"name\":\"x\",\"arguments\":[{\"name\":\"x\"}]}]}}",
         "{\"result\":{\"prompts\":[{\"name\":\"a__x\",\"arguments\":[{\"name\":\"x\"}]}]}}"},
        {"{\"result\":{\"resources\":[{\"uri\":\"f:x\",\"name\":\"x\"}]}}",
         "{\"result\":{\"resources\":[{\"uri\":\"uapi:a:f:x\",\"name\":\"x\"}]}}"},
        {"{\"result\":{\"resourceTemplates\":[{\"uriTemplate\":\"f:{x}\",\"name\":\"x\"}]}}",
         "{\"result\":{\"resourceTemplates\":[{\"uriTemplate\":\"uapi:a:f:{x}\",\"name\":\"x\"}]}}"},
        {"{\"result\":{\"contents\":[{\"uri\":\"f:x\",\"text\":\"f:x\"}]}}",
         "{\"result\":{\"contents\":[{\"uri\":\"uapi:a:f:x\",\"text\":\"f:x\"}]}}"},
        {"{\"result\":{\"content\":[{\"type\":\"resource_link\",\"uri\":\"f:x\"},{\"type\":\"text\",\"uri\":\"f:x\"},"
         "{\"type\":\"resource\",\"resource\":{\"uri\":\"f:y\"}}]}}",
         "{\"result\":{\"content\":[{\"type\":\"resource_link\",\"uri\":\"uapi:a:f:x\"},{\"type\":\"text\",\"uri\":"
         "\"f:x\"},{\"type\":\"resource\",\"resource\":{\"uri\":\"uapi:a:f:y\"}}]}}"},
        {"{\"result\":{\"messages\":[{\"role\":\"user\",\"content\":{\"type\":\"resource\",\"resource\":{\"uri\":\"f:"
         "y\"}}}]}}",
         "{\"result\":{\"messages\":[{\"role\":\"user\",\"content\":{\"type\":\"resource\",\"resource\":{\"uri\":"
         "\"uapi:a:f:y\"}}}]}}"},
        {"{\"id\":7,\"method\":\"roots/list\"}", "{\"id\":\"uapi:a:n:7\",\"method\":\"roots/list\"}"},
        {"{\"id\":\"7\",\"method\":\"roots/list\"}", "{\"id\":\"uapi:a:s:7\",\"method\":\"roots/list\"}"},
        {"{\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":7}}",
         "{\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":\"uapi:a:n:7\"}}"},
        {"{\"method\":\"notifications/resources/updated\",\"params\":{\"uri\":\"f:x\"}}",
         "{\"method\":\"notifications/resources/updated\",\"params\":{\"uri\":\"uapi:a:f:x\"}}"},
        {"{\"id\":7,\"error\":{\"code\":1,\"message\":\"x\"}}", "{\"id\":7,\"error\":{\"code\":1,\"message\":\"x\"}}"},
        {"{\"result\":{\"tools\":7,\"content\":\"x\",\"messages\":[null],\"contents\":{\"uri\":[]}}}",
         "{\"result\":{\"tools\":7,\"content\":\"x\",\"messages\":[null],\"contents\":{\"uri\":[]}}}"},
        {"{\"result\":{\"task\":{\"taskId\":\"7\"}}}", "{\"result\":{\"task\":{\"taskId\":\"uapi:a:7\"}}}"},
        {"{\"result\":{\"tasks\":[{\"taskId\":\"7\"},{\"taskId\":8}]}}",
         "{\"result\":{\"tasks\":[{\"taskId\":\"uapi:a:7\"},{\"taskId\":8}]}}"},
        {"{\"result\":{\"resultType\":\"task\",\"taskId\":\"7\"}}",
         "{\"result\":{\"resultType\":\"task\",\"taskId\":\"uapi:a:7\"}}"},
        {"{\"result\":{\"_meta\":{\"io.modelcontextprotocol/related-task\":{\"taskId\":\"7\"}}}}",
         "{\"result\":{\"_meta\":{\"io.modelcontextprotocol/related-task\":{\"taskId\":\"uapi:a:7\"}}}}"},
        {"{\"method\":\"notifications/tasks/status\",\"params\":{\"taskId\":\"7\"}}",
         "{\"method\":\"notifications/tasks/status\",\"params\":{\"taskId\":\"uapi:a:7\"}}"},
        {"{\"id\":1,\"method\":\"tasks/get\",\"params\":{\"taskId\":\"7\"}}",
         "{\"id\":\"uapi:a:n:1\",\"method\":\"tasks/get\",\"params\":{\"taskId\":\"7\"}}"},
        {"{\"result\":{\"_meta\":7,\"task\":[],\"tasks\":{}}}", "{\"result\":{\"_meta\":7,\"task\":[],\"tasks\":{}}}"},
        {"[]", "[]"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        apr_array_header_t *edits = uapi_edit_list(pool);
        uapi_json json;
        read_json(&json, cases[i].in);
        uapi_federation_rename(edits, &federation, "a", &json, 0, pool);
        assert_string_equal(apply(cases[i].in, edits), cases[i].out);
    }
}

static void finds_ambiguity(void **state)
{
    (void)state;
    assert_false(uapi_federation_is_ambiguous("a", "__"));
    assert_false(uapi_federation_is_ambiguous("a_b", "__"));
    assert_false(uapi_federation_is_ambiguous("_a", "__"));
    assert_true(uapi_federation_is_ambiguous("a__b", "__"));
    assert_true(uapi_federation_is_ambiguous("a_", "__"));
    assert_true(uapi_federation_is_ambiguous("a.", "."));
    assert_true(uapi_federation_is_ambiguous("ax", "x"));
    assert_true(uapi_federation_is_ambiguous("axy", "xyx"));
    assert_false(uapi_federation_is_ambiguous("axz", "xyx"));
    assert_true(uapi_federation_is_ambiguous("aababa", "baba"));
    assert_true(uapi_federation_is_separator("-"));
    assert_true(uapi_federation_is_separator("12345678"));
    assert_false(uapi_federation_is_separator(""));
    assert_false(uapi_federation_is_separator("123456789"));
    assert_false(uapi_federation_is_separator(":"));
    assert_false(uapi_federation_is_separator("\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_messages),
        cmocka_unit_test(renames_what_servers_say),
        cmocka_unit_test(finds_ambiguity),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("federation", tests, set_up, tear_down);
}
