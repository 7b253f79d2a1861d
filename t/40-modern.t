# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# What 2026-07-28 has of its own: mirrored arguments, discovery, subscriptions, requests to the client inside results, tasks, hints for
# caches. What an older revision has a message for is judged as that message.
use lib 't/lib';
use Uapi::Test;

my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    my $how = $request->{headers}{'x-answer'};
    return $reply->json({ jsonrpc => '2.0', id => 1, result => {} }) if !defined $how;
    $how =~ s/~/"/g;
    return $reply->respond(200, ['Content-Type' => 'application/json'], $how) if !$request->{headers}{'x-stream'};
    return $reply->start(200, 'Content-Type' => 'text/event-stream')->chunk("data: $how\n\n")->finish;
});
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', <<'YAML');
apiVersion: uapi/v1
kind: Policy
metadata: {name: p}
spec:
  rules:
    - {id: tools, effect: allow, server: "*", tools: ["*"]}
    - {id: modern, effect: allow, server: "*", methods: ["tasks/*", "elicitation/create", "resources/read"]}
    - {id: subscribe, effect: allow, server: open, methods: ["resources/subscribe"]}
    - {id: no-sampling, effect: deny, server: "*", methods: ["sampling/*"]}
    - {id: no-answers, effect: deny, server: mute, methods: ["response/*"]}
    - {id: no-tasks, effect: deny, server: mute, methods: ["tasks/get"]}
    - {id: named, effect: allow, server: plain, tools: [unused]}
    - {id: no-logs, effect: deny, server: "*", methods: ["notifications/message"]}
YAML
my $httpd = httpd(<<"CONF");
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiEngine on
@{[ map { qq(<Location "/$_">\nUapiServer $_\nProxyPass @{[ $upstream->url('/mcp') ]}\n</Location>\n) } qw(plain open mute) ]}
CONF
$httpd->expect_log(qr/UAPI0101: call \w+ refused: response\.invalid/);

my $meta = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},'
    . '"io.modelcontextprotocol/clientCapabilities":{}}';

sub modern {
    my ($method, $params, %option) = @_;
    my ($name) = $method =~ m{^(?:tools/call|resources/read|tasks/)} ? $params =~ /"(?:name|uri|taskId)":"([^"]*)"/ : ();
    my $body = qq({"jsonrpc":"2.0","id":1,"method":"$method","params":{$params) . ($params eq '' ? '' : ',') . "$meta}}";
    return mcp_call($httpd->url('/' . ($option{server} // 'plain')), $registry->token, $method, {}, version => '2026-07-28', body => $body,
        headers => ['Mcp-Method' => $method, 'Mcp-Name' => $name, @{ $option{headers} // [] }]);
}
sub answer_with { my ($answer, %option) = @_; (my $raw = $answer) =~ s/"/~/g;
    return modern($option{method} // 'tools/call', $option{params} // '"name":"t"', headers => ['X-Answer' => $raw, $option{stream} ? ('X-Stream' => 1) : ()]) }
sub reason { my ($answer) = @_; return $answer->{error} ? $answer->{error}{data}{reason} // 'the server\'s own' : 'ok' }
sub records { my ($answer) = @_; return grep { $_->{call} eq $answer->{headers}{'uapi-call-id'} && $_->{kind} eq 'decision' } $registry->audit_records }

# ---- arguments mirrored into headers
my $arguments = '"name":"t","arguments":{"region":"us-west1","n":42,"deep":{"flag":true},"text":"\u00e9","list":["x"]}';
for my $case ([['Mcp-Param-Region' => 'us-west1'], 'ok'], [['mcp-param-REGION' => 'us-west1', 'Mcp-Param-N' => '42.0', 'Mcp-Param-Flag' => 'true'], 'ok'],
    [['Mcp-Param-Text' => '=?base64?w6k=?='], 'ok'], [['Mcp-Param-Region' => 'eu'], 'mcp.header_mismatch'], [['Mcp-Param-Region' => ''], 'mcp.header_mismatch'],
    [['Mcp-Param-Region' => 'us-west1', 'Mcp-Param-Region' => 'us-west1'], 'mcp.header_mismatch'], [['Mcp-Param-X' => 'x'], 'mcp.header_mismatch'],
    [['Mcp-Param-Text' => "\xc3\xa9"], 'mcp.header_mismatch'], [['Mcp_Param_Region' => 'us-west1'], 'mcp.header_mismatch'], [['Mcp_Name' => 't'], 'mcp.header_mismatch'],
    [['MCP-Protocol_Version' => '2026-07-28'], 'mcp.header_mismatch'], [['Mcp_Session_Id' => 'x'], 'mcp.header_mismatch']) {
    my ($headers, $expected) = @$case;
    my $answer = modern('tools/call', $arguments, headers => $headers);
    is reason($answer), $expected, "@$headers: $expected";
    is $answer->{error}{code}, -32020, '-32020' if $expected ne 'ok';
    is $answer->{status}, 400, 'over 400' if $expected ne 'ok';
}
modern('tools/call', $arguments, headers => ['Mcp-Param-Region' => 'us-west1']);
is $upstream->last_request->header('mcp-param-region'), 'us-west1', 'a header that agrees goes upstream';

# ---- methods of this revision
is reason(modern('server/discover', '')), 'ok', 'discovery needs no rule of its own';
is reason(modern('subscriptions/listen', '"notifications":{"toolsListChanged":true}')), 'ok', 'listening to lists does not either';
my $answer = modern('subscriptions/listen', '"notifications":{"resourceSubscriptions":["file:///a"]}');
is reason($answer), 'policy.default_deny', 'subscribing to a resource is resources/subscribe';
is_deeply [map { $_->{decision} } records($answer)], ['deny'], 'and recorded';
is reason(modern('subscriptions/listen', '"notifications":{"resourceSubscriptions":["file:///a"]}', server => 'open')), 'ok', 'where that is allowed, so is this';
is reason(modern('subscriptions/listen', '"notifications":{"taskIds":["k"]}')), 'ok', 'watching tasks is tasks/get';
is reason(modern('subscriptions/listen', '"notifications":{"taskIds":["k"]}', server => 'mute')), 'policy.denied', 'and denied with it';
is reason(modern('subscriptions/listen', '"notifications":{"ResourceSubscriptions":["file:///a"]}')), 'rpc.key_case', 'in one spelling only';
for my $method (qw(tasks/get tasks/update tasks/cancel tasks/result)) {
    is reason(modern($method, '"taskId":"k"')), 'ok', "$method";
    is reason(modern($method, '"taskId":"k"', headers => ['Mcp-Name' => 'l'])), 'mcp.header_mismatch', "$method with another's name";
}
is +(records(modern('tasks/cancel', '"taskId":"k-7"')))[0]{target}, 'k-7', 'the record names the task';

# ---- answers to what a server asked in its result
my $retry = '"name":"t","inputResponses":{"a":{"action":"accept","content":{"x":1.0}}},"requestState":"\u0073tate/\/=="';
is reason(modern('tools/call', $retry)), 'ok', 'a retry with answers';
like $upstream->last_request->{body}, qr/\Q$retry\E/, 'goes upstream as it came, state and all';
is reason(modern('tools/call', $retry, server => 'mute')), 'policy.denied', 'but not where a client\'s answers are denied';
is reason(modern('tools/call', '"name":"t"', server => 'mute')), 'ok', 'where calls are allowed';
is reason(modern('tasks/update', '"taskId":"k","inputResponses":{"a":{}}', server => 'mute')), 'policy.denied', 'nor to a task';

# ---- what a server asks in its result
my $elicit = '"e":{"method":"elicitation/create","params":{"message":"?"}}';
my $sample = '"s":{"method":"sampling/createMessage","params":{}}';
for my $stream (0, 1) {
    my $where = $stream ? 'in a stream' : 'in a whole answer';
    for my $case (["\"resultType\":\"input_required\",\"inputRequests\":{$elicit},\"requestState\":\"x\"", 'ok', ['elicitation/create allow']],
        ["\"resultType\":\"input_required\",\"inputRequests\":{$elicit,$sample}", 'policy.denied', ['elicitation/create allow', 'sampling/createMessage deny']],
        ["\"taskId\":\"k\",\"status\":\"input_required\",\"inputRequests\":{$sample}", 'policy.denied', ['sampling/createMessage deny']],
        ["\"task\":{\"inputRequests\":{$sample}}", 'policy.denied', ['sampling/createMessage deny']],
        ['"inputRequests":{"x":{"method":"made/up"}}', 'policy.default_deny', ['made/up deny']],
        ['"InputRequests":{"x":{"method":"roots/list"}}', 'response.invalid', []],
        ['"inputRequests":{"x":{"Method":"roots/list"}}', 'response.invalid', []],
        ['"inputRequests":{"x":7}', 'response.invalid', []]) {
        my ($result, $expected, $recorded) = @$case;
        my $raw = qq({"jsonrpc":"2.0", "id":1,"result":{$result}});
        $answer = answer_with($raw, stream => $stream);
        is reason($answer), $expected, "$result $where: $expected";
        is_deeply [map { $_->{action} eq 'mcp.server.request' ? "$_->{method} $_->{decision}" : () } records($answer)], $recorded, 'each request is recorded';
        is $answer->{body}, $stream ? "data: $raw\n\n" : $raw, 'and passes byte for byte' if $expected eq 'ok';
        unlike $answer->{body}, qr/inputRequests/, 'or not at all' if $expected ne 'ok';
    }
}
for my $case (['{"jsonrpc":"2.0","method":"notifications/tasks","params":{"taskId":"k","inputRequests":{' . $sample . '}}}', 'a task that asks, in a notification'],
    ['{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"x"}}', 'a notification that a rule denies'],
    ['{"jsonrpc":"2.0","method":"made/up","params":{"data":"x"}}', 'a notification that no rule allows'],
    ['{"id":1.5,"method":"roots/list"}', 'what only resembles a request']) {
    $answer = answer_with($case->[0], stream => 1);
    like $answer->{body}, qr/^: an event was withheld/, "$case->[1]: withheld";
    $answer = answer_with($case->[0]);
    like reason($answer), qr/^(?:policy|response)\./, "$case->[1]: nor as a whole answer";
}
my $progress = '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}';
$answer = answer_with($progress, stream => 1);
is $answer->{body}, "data: $progress\n\n", 'other notifications pass';
is_deeply [map { $_->{method} } records($answer)], ['tools/call'], 'and fill no chain';
is reason(answer_with('{"jsonrpc":"2.0","id":"s1","method":"sampling/createMessage","params":{}}')), 'policy.denied', 'a request of the server\'s is no answer';

# ---- answers to what was not asked
for my $id ('2', '"1"', '1.0', '1e0', 'true', '[1]', '-1', '10') {
    is reason(answer_with(qq({"jsonrpc":"2.0","id":$id,"result":{}}))), 'response.invalid', "an answer with the id $id to the request 1";
    like answer_with(qq({"jsonrpc":"2.0","id":$id,"result":{}}), stream => 1)->{body}, qr/^: an event was withheld/, 'nor in a stream';
}
is reason(answer_with('{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}')), q(the server's own), 'an error without an id passes';

# ---- caches
for my $case (['tools/list', '', '"tools":[]'], ['resources/read', '"uri":"file:///a"', '"contents":[]']) {
    my ($method, $params, $result) = @$case;
    like answer_with(qq({"jsonrpc":"2.0","id":1,"result":{$result,"ttlMs":5000,"cacheScope":"public"}}), method => $method, params => $params)->{body},
        qr/"ttlMs":5000,"cacheScope":"private"/, "$method: what one caller may see is not for all";
}
done_testing;
