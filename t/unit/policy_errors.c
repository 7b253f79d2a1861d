/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Every fault that a policy file can have, with the line and column at which an author is told of it.
 */
#include "policy_fixture.h"

#define AGENT "  subjects: "
#define ONE_RULE "  rules: [{id: a, effect: allow}]\n"
#define SUBJECT(text) HEAD("Policy", "{name: p}") "  subjects: [" text "]\n" ONE_RULE
#define RULE(text) HEAD("Policy", "{name: p}") "  rules:\n    - {id: a, effect: allow, " text "}\n"
#define INJECT(text) SERVER("s") "  credential: {name: c, inject: {" text "}}\n"
#define HEADER(text) INJECT("value: \"{secret}\", header: " text)
#define VALUE(text) INJECT("header: X-Key, value: " text)
#define SCANNERS(text) FIREWALL("f") "  scanners:\n    " text "\n"
#define NAME_RULE " is no name: 1 to 64 of A-Z a-z 0-9 . _ @ -, beginning with a letter or digit\n"
#define SPECIAL                                                                                                \
    " has a character that is special in other pattern languages; only * and ? are special here, and ? stands" \
    " for a name's [ ] { } or \\\n"

typedef struct error_case {
    const char *text, *printed;
} error_case;

static const error_case document_cases[] = {
    {"", "p: warning: the file holds no document\n"},
    {"# nothing\n---\n", "p: warning: the file holds no document\n"},
    {"hello\n", "p:1:1: error: a document must be a mapping, not a string\n"},
    {"- a\n", "p:1:1: error: a document must be a mapping, not a list\n"},
    {"apiVersion: uapi/v1\n", "p:1:1: error: a document needs \"kind\"\n"},
    {"kind: Server\n", "p:1:1: error: a Server needs \"apiVersion\"\n"
                       "p:1:1: error: a Server needs \"metadata\"\n"
                       "p:1:1: error: a Server needs \"spec\"\n"},
    {"kind: [Server]\n", "p:1:7: error: \"kind\" must be Policy, Firewall, Server or PatternPack, not a list\n"},
    {"kind: Polcy\n", "p:1:7: error: \"kind\" must be Policy, Firewall, Server or PatternPack, not \"Polcy\"; did you "
                      "mean \"Policy\"?\n"},
    {"kind: policy\n", "p:1:7: error: \"kind\" must be Policy, Firewall, Server or PatternPack, not \"policy\"; did "
                       "you mean \"Policy\"?\n"},
    {"kind: ConfigMap\n",
     "p:1:7: error: \"kind\" must be Policy, Firewall, Server or PatternPack, not \"ConfigMap\"\n"},
    {"kind: Profile\n", "p:1:7: error: \"kind\": \"Profile\" is not yet supported\n"},
    {"kind: Manifest\n", "p:1:7: error: \"kind\": \"Manifest\" is not yet supported\n"},
    {"kind: PriceTable\n", "p:1:7: error: \"kind\": \"PriceTable\" is not yet supported\n"},
    {"kind: ScopePack\n", "p:1:7: error: \"kind\": \"ScopePack\" is not yet supported\n"},
    {"apiVersion: uapi/v2\nkind: Server\nmetadata: {name: s}\nspec: {}\n",
     "p:1:13: error: \"apiVersion\" must be uapi/v1, not \"uapi/v2\"; did you mean \"uapi/v1\"?\n"},
    {"apiVersion: uapi/v1\nkind: Server\nmetdata: {name: s}\nspec: {}\n",
     "p:1:1: error: a Server needs \"metadata\"\n"
     "p:3:1: error: unknown field \"metdata\" in a Server; did you mean \"metadata\"?\n"},
    {SERVER("s") "\n", "p:4:6: error: \"spec\" must be a mapping, not nothing\n"},
    {"apiVersion: uapi/v1\nkind: Server\nmetadata: s\nspec: 5\n",
     "p:3:11: error: \"metadata\" must be a mapping, not a string\n"
     "p:4:7: error: \"spec\" must be a mapping, not a number\n"},
    {HEAD("Policy", "{}") ONE_RULE, "p:3:11: error: metadata needs \"name\"\n"},
    {HEAD("Policy", "{name: 5}") ONE_RULE,
     "p:3:18: error: \"name\" must be a string, not a number; put it in quotes if it is a name\n"},
    {HEAD("Policy", "{name: yes}") ONE_RULE,
     "p:3:18: error: \"name\" must be a string, not a boolean; put it in quotes if it is a name\n"},
    {HEAD("Policy", "{name: }") ONE_RULE, "p:3:18: error: \"name\" must be a string, not nothing\n"},
    {HEAD("Policy", "{name: [p]}") ONE_RULE, "p:3:18: error: \"name\" must be a string, not a list\n"},
    {HEAD("Policy", "{name: -p}") ONE_RULE, "p:3:18: error: name \"-p\"" NAME_RULE},
    {HEAD("Policy", "{name: \"a\\tb\"}") ONE_RULE, "p:3:18: error: name \"a\\x09b\"" NAME_RULE},
    {HEAD("Policy", "{name: p, tenant: a b}") ONE_RULE, "p:3:29: error: tenant \"a b\"" NAME_RULE},
    {HEAD("Policy", "{name: p, labels: {a: b}}") ONE_RULE, "p:3:21: error: unknown field \"labels\" in metadata\n"},
    {HEAD("Server", "{name: p, tenant: t}") "  {}\n", "p:3:21: error: \"tenant\" is not yet supported\n"},
    {HEAD("Firewall", "{name: p, tenant: t}") "  mode: shadow\n", "p:3:21: error: \"tenant\" is not yet supported\n"},
    {POLICY("{name: p}") ONE_RULE "---\n" POLICY("{name: p}") ONE_RULE,
     "p:9:18: error: Policy \"p\" is defined twice, first at p:3:18\n"},
    {POLICY("{name: p, tenant: t}") ONE_RULE "---\n" POLICY("{name: p, tenant: t}") ONE_RULE,
     "p:9:18: error: Policy \"p\" of tenant t is defined twice, first at p:3:18\n"},
    {POLICY("{name: p, tenant: t}") ONE_RULE "---\n" POLICY("{name: p, tenant: u}") ONE_RULE "---\n" POLICY("{name: p}")
         ONE_RULE "---\n" SERVER("p") "  {}\n",
     ""},
    {SERVER("s") "  {}\n---\n" SERVER("s") "  {}\n", "p:9:18: error: Server \"s\" is defined twice, first at p:3:18\n"},
    /* what libyaml and the tree refuse comes through, with what else there is */
    {RULES "    - {id: a, effect: allow, id: b}\n", "p:6:30: error: duplicate key \"id\", first at line 6\n"},
    {RULES "    - {id: a, effect: permit, id: b}\n    - {id: a\n",
     "p:6:31: error: duplicate key \"id\", first at line 6\n"
     "p:8:1: error: not valid YAML: did not find expected ',' or '}' while parsing a flow mapping that begins at line "
     "7\n"},
    /* a fault behind two aliases is told once, where it stands */
    {"apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n"
     "    - {id: a, effect: allow, tools: &t [\"[a]\"]}\n    - {id: b, effect: allow, tools: *t}\n",
     "p:6:41: error: tool \"[a]\"" SPECIAL},
};

static const error_case policy_cases[] = {
    {POLICY("{name: p}") "  mode: enforce\n", "p:5:3: error: the spec of a Policy needs \"rules\"\n"},
    {POLICY("{name: p}") "  rules: []\n", "p:5:10: error: \"rules\" is empty, so it can never match\n"},
    {POLICY("{name: p}") "  rules: {a: b}\n", "p:5:10: error: \"rules\" must be a list, not a mapping\n"},
    {POLICY("{name: p}") "  rules: [a]\n", "p:5:11: error: a rule must be a mapping, not a string\n"},
    {POLICY("{name: p}") "  mode: shadw\n" ONE_RULE,
     "p:5:9: error: \"mode\" must be enforce or shadow, not \"shadw\"; did you mean \"shadow\"?\n"},
    {POLICY("{name: p}") "  mode: disabled\n" ONE_RULE,
     "p:5:9: error: \"mode\" must be enforce or shadow, not \"disabled\"\n"},
    {POLICY("{name: p}") "  limits: []\n  schedule: {}\n" ONE_RULE,
     "p:5:3: error: \"limits\" is not yet supported\np:6:3: error: \"schedule\" is not yet supported\n"},
    {POLICY("{name: p}") "  rule: []\n" ONE_RULE,
     "p:5:3: error: unknown field \"rule\" in the spec of a Policy; did you mean \"rules\"?\n"},
    /* subjects */
    {POLICY("{name: p}") "  subjects: []\n" ONE_RULE, "p:5:13: error: \"subjects\" is empty, so it can never match\n"},
    {SUBJECT("{}"), "p:5:14: error: a subject needs \"type\", \"roles\", \"id\" or \"ids\"; leave \"subjects\" out to "
                    "mean everyone\n"},
    {SUBJECT("agent"), "p:5:14: error: a subject must be a mapping, not a string\n"},
    {SUBJECT("{type: agnet}"),
     "p:5:21: error: \"type\" must be anonymous, human, agent, service or workflow, not \"agnet\";"
     " did you mean \"agent\"?\n"},
    {SUBJECT("{role: [a]}"), "p:5:15: error: unknown field \"role\" in a subject; did you mean \"roles\"?\n"},
    {SUBJECT("{roles: a}"), "p:5:22: error: \"roles\" must be a list of strings, not a string\n"},
    {SUBJECT("{roles: []}"), "p:5:22: error: \"roles\" is empty, so it can never match\n"},
    {SUBJECT("{roles: [a, 1]}"),
     "p:5:26: error: each of \"roles\" must be a string, not a number; put it in quotes if it is a name\n"},
    {SUBJECT("{roles: [\"ad*\"]}"), "p:5:23: error: role \"ad*\"" NAME_RULE},
    {SUBJECT("{ids: []}"), "p:5:20: error: \"ids\" is empty, so it can never match\n"},
    {SUBJECT("{ids: [a, \"bot-*\"]}"), "p:5:24: error: id \"bot-*\"" NAME_RULE},
    {SUBJECT("{id: \"bot-*\"}"), "p:5:19: error: id \"bot-*\"" NAME_RULE},
    {SUBJECT("{id: [a]}"), "p:5:19: error: \"id\" must be a string, not a list\n"},
    {SUBJECT("{id: a, ids: [b]}"), "p:5:14: error: a subject has either \"id\" or \"ids\"\n"},
    {SUBJECT("{type: anonymous, roles: [a]}"),
     "p:5:14: error: anonymous callers have no roles, so this subject can never match\n"},
    {SUBJECT("{type: anonymous, id: a}"), "p:5:14: error: anonymous callers have no id of their own: leave it out\n"},
    {SUBJECT("{type: anonymous, ids: [a]}"),
     "p:5:14: error: anonymous callers have no id of their own: leave it out\n"},
};

static const error_case rule_cases[] = {
    {RULES "    - {effect: allow}\n", "p:6:7: error: a rule needs \"id\"\n"},
    {RULES "    - {id: a}\n", "p:6:7: error: a rule needs \"effect\"\n"},
    {RULES "    - {id: a, effect: permit}\n", "p:6:23: error: \"effect\" must be deny or allow, not \"permit\"\n"},
    {RULES "    - {id: a, effect: alow}\n",
     "p:6:23: error: \"effect\" must be deny or allow, not \"alow\"; did you mean \"allow\"?\n"},
    {RULES "    - {id: a, effect: require_approval}\n",
     "p:6:23: error: \"effect\": \"require_approval\" is not yet supported\n"},
    {RULES "    - {id: a b, effect: allow}\n", "p:6:12: error: rule id \"a b\"" NAME_RULE},
    {RULES "    - {id: a, effect: allow}\n    - {id: a, effect: deny}\n",
     "p:7:12: error: rule id \"a\" is used twice in this policy, first at line 6\n"},
    {RULE("when: [{arg: /a, lt: 5}]"), "p:6:30: error: \"when\" is not yet supported\n"},
    {RULE("approval: {quorum: 2}"), "p:6:30: error: \"approval\" is not yet supported\n"},
    {RULE("tool: [a]"), "p:6:30: error: unknown field \"tool\" in a rule; did you mean \"tools\"?\n"},
    {RULE("servers: [a]"), "p:6:30: error: unknown field \"servers\" in a rule; did you mean \"server\"?\n"},
    /* servers */
    {RULE("server: []"), "p:6:38: error: \"server\" is empty, so it can never match\n"},
    {RULE("server: {a: b}"), "p:6:38: error: \"server\" must be a string or a list of strings, not a mapping\n"},
    {RULE("server: 5"), "p:6:38: error: \"server\" must be a string, not a number; put it in quotes if it is a name\n"},
    {RULE("server: [a, 5]"),
     "p:6:42: error: each of \"server\" must be a string, not a number; put it in quotes if it is a name\n"},
    {RULE("server: a/b"), "p:6:38: error: server \"a/b\"" NAME_RULE},
    {RULE("server: [a, \"b/*\"]"),
     "p:6:42: error: server \"b/*\" matches no name: 1 to 64 of A-Z a-z 0-9 . _ @ -, with * and ?\n"},
    /* tools */
    {RULE("tools: []"), "p:6:37: error: \"tools\" is empty, so it can never match\n"},
    {RULE("tools: get"), "p:6:37: error: \"tools\" must be a list of strings, not a string\n"},
    {RULE("tools: "), "p:6:37: error: \"tools\" must be a list of strings, not nothing\n"},
    {RULE("tools: [on]"),
     "p:6:38: error: each of \"tools\" must be a string, not a boolean; put it in quotes if it is a name\n"},
    {RULE("tools: [~]"), "p:6:38: error: each of \"tools\" must be a string, not nothing\n"},
    {RULE("tools: [{a: b}]"), "p:6:38: error: each of \"tools\" must be a string, not a mapping\n"},
    {RULE("tools: [\"\"]"), "p:6:38: error: tool \"\" is empty, so it can never match\n"},
    {RULE("tools: [\"!get\"]"),
     "p:6:38: error: tool \"!get\" begins with \"!\", but patterns have no negation: write a deny rule\n"},
    {RULE("tools: [\"get \"]"), "p:6:38: error: tool \"get \" begins or ends with a space\n"},
    {RULE("tools: [\" get\"]"), "p:6:38: error: tool \" get\" begins or ends with a space\n"},
    {RULE("tools: [\"get_[ab]\"]"), "p:6:38: error: tool \"get_[ab]\"" SPECIAL},
    {RULE("tools: [\"{a,b}\"]"), "p:6:38: error: tool \"{a,b}\"" SPECIAL},
    {RULE("tools: ['a\\*']"), "p:6:38: error: tool \"a\\x5c*\"" SPECIAL},
    {RULE("tools: [\"a\\nb\"]"), "p:6:38: error: tool \"a\\x0ab\" has a control character\n"},
    {RULE("tools: [\"a\\x7f\"]"), "p:6:38: error: tool \"a\\x7f\" has a control character\n"},
    {RULE("tools: [!re a]"), "p:6:38: error: tags (!) are not supported\n"},
    /* methods */
    {RULE("methods: []"), "p:6:39: error: \"methods\" is empty, so it can never match\n"},
    {RULE("methods: [\"\"]"), "p:6:40: error: method \"\" is empty, so it can never match\n"},
    {RULE("methods: [tools/cal]"),
     "p:6:40: warning: method \"tools/cal\" matches no method that MCP has; did you mean \"tools/call\"?\n"},
    {RULE("methods: [\"vendor/*\"]"), ""},
    {RULE("methods: [\"tools/*\", \"*\", http/GET, \"notifications/*\", response/result]"), ""},
    {RULE("tools: [a], methods: [\"tools/*\"]"), ""},
    {RULE("tools: [a], methods: [resources/read]"),
     "p:6:52: error: method \"resources/read\" can never match: a rule with \"tools\" matches tools/call only\n"},
    {RULE("tools: [a], methods: [tools/call, ping]"),
     "p:6:64: error: method \"ping\" can never match: a rule with \"tools\" matches tools/call only\n"},
};

static const error_case firewall_cases[] = {
    {FIREWALL("f") "  mode: of\n", "p:5:9: error: \"mode\" must be enforce, shadow or disabled, not \"of\"\n"},
    {FIREWALL("f") "  scanner: {}\n",
     "p:5:3: error: unknown field \"scanner\" in the spec of a Firewall; did you mean \"scanners\"?\n"},
    {FIREWALL("f") "  scanners: []\n", "p:5:13: error: \"scanners\" must be a mapping, not a list\n"},
    {FIREWALL("f") "  scanners: {}\n", "p:5:13: error: \"scanners\" is empty: leave it out\n"},
    {SCANNERS("secrets: block"), "p:6:14: error: \"secrets\" must be a mapping, not a string\n"},
    {SCANNERS("secrets: {}"),
     "p:6:5: error: scanner \"secrets\" says nothing: give it \"request\", \"response\" or \"rules\"\n"},
    {SCANNERS("Secrets: {request: block}"), "p:6:5: error: \"Secrets\" is no scanner's name: a-z 0-9 _\n"},
    {SCANNERS("secrets: {request: blok}"), "p:6:24: error: \"request\" must be allow, log, redact, require_approval or "
                                           "block, not \"blok\"; did you mean \"block\"?\n"},
    {SCANNERS("secrets: {respond: log}"),
     "p:6:15: error: unknown field \"respond\" in a scanner; did you mean \"response\"?\n"},
    {SCANNERS("secrets: {rules: {}}"), "p:6:22: error: \"rules\" is empty: leave it out\n"},
    {SCANNERS("secrets: {rules: {github_token: log}}"),
     "p:6:23: error: rule \"github_token\" is none of scanner \"secrets\", whose rules are named secrets.<rule>, with "
     "a-z 0-9 _\n"},
    {SCANNERS("secrets: {rules: {secrets.: log, secrets_x: log, secrets.A: log}}"),
     "p:6:23: error: rule \"secrets.\" is none of scanner \"secrets\", whose rules are named secrets.<rule>, with a-z "
     "0-9 _\n"
     "p:6:38: error: rule \"secrets_x\" is none of scanner \"secrets\", whose rules are named secrets.<rule>, with a-z "
     "0-9 _\n"
     "p:6:54: error: rule \"secrets.A\" is none of scanner \"secrets\", whose rules are named secrets.<rule>, with a-z "
     "0-9 _\n"},
    {SCANNERS("secrets: {rules: {secrets.a: {}}}"),
     "p:6:23: error: rule \"secrets.a\" says nothing: give it an action\n"},
    {SCANNERS("secrets: {rules: {secrets.a: [log]}}"),
     "p:6:34: error: \"secrets.a\" must be an action or a mapping, not a list\n"},
    {SCANNERS("secrets: {rules: {secrets.a: lgo}}"), "p:6:34: error: \"secrets.a\" must be allow, log, redact, "
                                                     "require_approval or block, not \"lgo\"; did you mean \"log\"?\n"},
    {SCANNERS("secrets: {rules: {secrets.a: {rules: {}}}}"),
     "p:6:35: error: unknown field \"rules\" in a scanner's rule\n"},
};

static const error_case server_cases[] = {
    {SERVER("s") "  tools: {a: {capability: write}}\n", "p:5:3: error: \"tools\" is not yet supported\n"},
    {SERVER("s") "  protocol: rest\n", ""},
    {SERVER("s") "  protocol: llm\n", "p:5:13: error: \"protocol\": \"llm\" is not yet supported\n"},
    {SERVER("s") "  protocol: mpc\n",
     "p:5:13: error: \"protocol\" must be mcp or rest, not \"mpc\"; did you mean \"mcp\"?\n"},
    {SERVER("s") "  url: ftp://a/\n", "p:5:8: error: \"url\" must begin with https://, http:// or balancer://\n"},
    {SERVER("s") "  url: https://a b/\n", "p:5:8: error: \"url\" has a character that no URL has\n"},
    {SERVER("s") "  url: \"https://a/\\r\\nX: y\"\n", "p:5:8: error: \"url\" has a character that no URL has\n"},
    {SERVER("s") "  url: https://u:p@a/\n",
     "p:5:8: error: \"url\" must not hold a user name or password: use a credential\n"},
    {SERVER("s") "  url: https://a/#x\n", "p:5:8: error: \"url\" must not have a fragment\n"},
    {SERVER("s") "  url: https://\n", "p:5:8: error: \"url\" has no valid host and port\n"},
    {SERVER("s") "  url: https:///x\n", "p:5:8: error: \"url\" has no valid host and port\n"},
    {SERVER("s") "  url: https://a:/\n", "p:5:8: error: \"url\" has no valid host and port\n"},
    {SERVER("s") "  url: https://a:65536/\n", "p:5:8: error: \"url\" has no valid host and port\n"},
    {SERVER("s") "  url: https://a:0/\n", "p:5:8: error: \"url\" has no valid host and port\n"},
    {SERVER("s") "  url: https://a:8x/\n", "p:5:8: error: \"url\" has no valid host and port\n"},
    {SERVER("s") "  url: \"https://[]/\"\n", "p:5:8: error: \"url\" has no valid host and port\n"},
    {SERVER("s") "  url: \"https://[::1/\"\n", "p:5:8: error: \"url\" has no valid host and port\n"},
    {SERVER("s") "  url: \"https://[::1]:8443/mcp?x=y\"\n", ""},
    {SERVER("s") "  url: http://127.0.0.1:3001\n", ""},
    {SERVER("s") "  revision: 2025-06-19\n",
     "p:5:13: error: \"revision\" must be auto, 2025-03-26, 2025-06-18, 2025-11-25 or 2026-07-28, not "
     "\"2025-06-19\"; did you mean \"2025-06-18\"?\n"},
    {SERVER("s") "  revision: 2025-06-18\n  timeout: 100ms\n  tls: {ca: /etc/ca.pem}\n", ""},
    {SERVER("s") "  timeout: 2m\n", ""},
    {SERVER("s") "  timeout: 10h\n",
     "p:5:12: error: \"timeout\" must be a time from 100ms to 10m, such as 500ms, 10s or 2m\n"},
    {SERVER("s") "  timeout: 99ms\n",
     "p:5:12: error: \"timeout\" must be a time from 100ms to 10m, such as 500ms, 10s or 2m\n"},
    {SERVER("s") "  timeout: 11m\n",
     "p:5:12: error: \"timeout\" must be a time from 100ms to 10m, such as 500ms, 10s or 2m\n"},
    {SERVER("s") "  tls: {ca: ca.pem}\n", "p:5:13: error: \"ca\" must be an absolute path\n"},
    {SERVER("s") "  tls: {}\n", "p:5:8: error: tls needs \"ca\"\n"},
    /* credentials */
    {SERVER("s") "  credential: {}\n",
     "p:5:15: error: a credential needs \"inject\"\np:5:15: error: a credential needs \"name\"\n"},
    {SERVER("s") "  credential: c\n", "p:5:15: error: \"credential\" must be a mapping, not a string\n"},
    {SERVER("s") "  credential: {name: c d, inject: {header: X, value: \"{secret}\"}}\n",
     "p:5:22: error: credential \"c d\"" NAME_RULE},
    {SERVER("s") "  credential: {name: c, inject: {}}\n",
     "p:5:33: error: inject needs \"header\"\np:5:33: error: inject needs \"value\"\n"},
    {INJECT("header: X-Key, value: \"{secret}\", query: a"), "p:5:68: error: unknown field \"query\" in inject\n"},
    {HEADER("\"X Key\""), "p:5:61: error: \"X Key\" is no header name\n"},
    {HEADER("\"\""), "p:5:61: error: \"\" is no header name\n"},
    {HEADER("\"X:\""), "p:5:61: error: \"X:\" is no header name\n"},
    {HEADER("\"X\\r\\nY\""), "p:5:61: error: \"X\\x0d\\x0aY\" is no header name\n"},
    {HEADER("\"X\\u00e9\""), "p:5:61: error: \"X\\xc3\\xa9\" is no header name\n"},
    {HEADER("Connection"),
     "p:5:61: error: a credential cannot be injected as header \"Connection\": it belongs to one connection\n"},
    {HEADER("content-LENGTH"),
     "p:5:61: error: a credential cannot be injected as header \"content-LENGTH\": it frames the message\n"},
    {HEADER("Mcp-Session-Id"),
     "p:5:61: error: a credential cannot be injected as header \"Mcp-Session-Id\": the gateway sets or judges it\n"},
    {VALUE("\"\""),
     "p:5:56: error: \"value\" must have {secret} exactly once; the secret itself is kept in the registry"
     " (uapictl credential set)\n"},
    {VALUE("sk-live-1234"), "p:5:56: error: \"value\" must have {secret} exactly once; the secret itself is kept in the"
                            " registry (uapictl credential set)\n"},
    {VALUE("\"{secret}{secret}\""),
     "p:5:56: error: \"value\" must have {secret} exactly once; the secret itself is kept in"
     " the registry (uapictl credential set)\n"},
    {VALUE("\"{secret}\\r\\nX: y\""), "p:5:56: error: \"value\" may have printable ASCII characters only\n"},
    {VALUE("\"\\u00e9{secret}\""), "p:5:56: error: \"value\" may have printable ASCII characters only\n"},
    {VALUE("\" {secret}\""), "p:5:56: error: \"value\" begins or ends with a space\n"},
    {VALUE("\"{secret} \""), "p:5:56: error: \"value\" begins or ends with a space\n"},
};

static void check_cases(const error_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *printed;
        const uapi_policy *policy = parse("p", cases[i].text, strlen(cases[i].text), &printed);
        if (strcmp(printed, cases[i].printed) != 0) {
            print_error("in:\n%s", cases[i].text);
        }
        assert_string_equal(printed, cases[i].printed);
        assert_int_equal(policy == NULL, strstr(printed, " error: ") != NULL);
    }
}

#define CHECKS(name)                                                               \
    static void names_##name##_faults(void **state)                                \
    {                                                                              \
        (void)state;                                                               \
        check_cases(name##_cases, sizeof(name##_cases) / sizeof(name##_cases[0])); \
    }

CHECKS(document)
CHECKS(policy)
CHECKS(rule)
CHECKS(firewall)
CHECKS(server)

/* Each of the headers that frame a message or that the gateway judges, in any case. */
static void refuses_headers(void **state)
{
    static const char *const headers[] = {
        "Content-Length",
        "content-type",
        "Content-Encoding",
        "Transfer-Encoding",
        "TE",
        "Trailer",
        "Expect",
        "Range",
        "If-Match",
        "Connection",
        "KEEP-ALIVE",
        "Proxy-Authorization",
        "Proxy-Connection",
        "Upgrade",
        "HTTP2-Settings",
        "Host",
        "Via",
        "Forwarded",
        "X-Forwarded-For",
        "Accept",
        "Accept-Encoding",
        "Origin",
        "MCP-Protocol-Version",
        "mcp-name",
        "Last-Event-ID",
        "Sec-Fetch-Site",
        "Date",
    };
    static const char *const allowed[] = {"Authorization", "X-Api-Key", "Cookie", "PRIVATE-TOKEN", "T",
                                          "Hosts",         "api_key~1"};
    const char *printed;

    (void)state;
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        const char *text = apr_psprintf(pool, HEADER("%s"), headers[i]);
        assert_null(parse("p", text, strlen(text), &printed));
        assert_ptr_equal(strstr(printed, "p:5:61: error: a credential cannot be injected as header"), printed);
    }
    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
        load(apr_psprintf(pool, HEADER("%s"), allowed[i]));
    }
}

static char *fill(size_t length)
{
    char *text = apr_pcalloc(pool, length + 1);

    memset(text, 'a', length);
    return text;
}

static void bounds_lengths(void **state)
{
    const char *printed, *text;

    (void)state;
    load(apr_psprintf(pool, RULE("tools: [%s]"), fill(256)));
    text = apr_psprintf(pool, RULE("tools: [%s]"), fill(257));
    assert_null(parse("p", text, strlen(text), &printed));
    assert_string_equal(printed, apr_psprintf(pool,
                                              "p:6:38: error: tool \"%s...\" is longer than 256 bytes, so it can never"
                                              " match\n",
                                              fill(64)));
    load(apr_psprintf(pool, SERVER("%s") "  {}\n", fill(64)));
    text = apr_psprintf(pool, SERVER("%s") "  {}\n", fill(65));
    assert_null(parse("p", text, strlen(text), &printed));
    text = apr_psprintf(pool, RULE("server: \"%s*\""), fill(256));
    assert_null(parse("p", text, strlen(text), &printed));
    text = apr_psprintf(pool, SERVER("s") "  url: https://a/%s\n", fill(2048));
    assert_null(parse("p", text, strlen(text), &printed));
    assert_string_equal(printed, "p:5:8: error: \"url\" is longer than 2048 bytes\n");
    text = apr_psprintf(pool, VALUE("\"{secret}%s\""), fill(1024));
    assert_null(parse("p", text, strlen(text), &printed));
    assert_string_equal(printed, "p:5:56: error: \"value\" is longer than 1024 bytes\n");
    text = apr_psprintf(pool, HEADER("%s"), fill(129));
    assert_null(parse("p", text, strlen(text), &printed));
}

/* 3,000 servers times 3,000 tools in one rule of a few kilobytes. */
static void bounds_the_index(void **state)
{
    const char *printed, *text;
    char *list = apr_pcalloc(pool, 3000 * 7 + 1), *at = list;

    (void)state;
    for (int i = 0; i < 3000; i++) {
        at += sprintf(at, "s%d, ", i);
    }
    text = apr_psprintf(pool, RULE("server: [%s], tools: [%s]"), list, list);
    assert_null(parse("p", text, strlen(text), &printed));
    assert_string_equal(printed,
                        "p:6:7: error: too many servers times tools and methods in this and the rules before it;"
                        " use patterns\n");
}

static void keeps_the_first_hundred(void **state)
{
    const char *printed, *text = RULES;
    unsigned lines = 0;

    (void)state;
    for (int i = 0; i < 150; i++) {
        text = apr_psprintf(pool, "%s    - {id: r%d, effect: allow, tools: [\"\"], methods: [tools/cal]}\n", text, i);
    }
    assert_null(parse("p", text, strlen(text), &printed));
    for (const char *at = printed; *at != '\0'; at++) {
        lines += *at == '\n';
    }
    assert_int_equal(lines, 101);
    assert_non_null(strstr(printed, "p: error: only 100 of 300 errors are shown\n"));
    assert_ptr_equal(strstr(printed, "p:6:"), printed);
}

/* The detail that becomes the one line of a log names the first error, not a warning before it. */
static void fails_with_the_first_error(void **state)
{
    static const char text[] = RULES "    - {id: a, effect: allow, methods: [tools/cal]}\n    - {id: b, effect: x}\n";
    apr_array_header_t *diagnostics;
    uapi_policy *policy;
    uapi_result result = {0};

    (void)state;
    assert_int_equal(uapi_policy_parse(&policy, "p", text, sizeof(text) - 1, &diagnostics, pool, &result), APR_EINVAL);
    assert_null(policy);
    assert_int_equal(result.status, APR_EINVAL);
    assert_int_equal(result.reason, UAPI_REASON_CONFIG_INVALID);
    assert_string_equal(result.detail, "p:7:23: \"effect\" must be deny or allow, not \"x\"");
    assert_int_equal(diagnostics->nelts, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_document_faults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_policy_faults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_rule_faults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_firewall_faults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_server_faults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_headers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bounds_lengths, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bounds_the_index, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_the_first_hundred, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fails_with_the_first_error, set_up, tear_down),
    };

    apr_initialize();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("policy_errors", tests, NULL, NULL);
}
