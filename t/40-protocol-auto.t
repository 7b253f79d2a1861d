# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# One route that carries MCP, plain JSON-RPC and REST: no way to write a request makes it another one that is judged less strictly.
use lib 't/lib';
use Uapi::Test;

my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    return $reply->json({ jsonrpc => '2.0', id => 1, result => { tools => [map { { name => $_, inputSchema => { type => 'object' } } } qw(echo danger)] } }) if $request->{body} =~ m{tools/list};
    return $reply->json({ got => "$request->{method} $request->{target}" });
});
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', <<'YAML');
apiVersion: uapi/v1
kind: Server
metadata: {name: mixed}
spec:
  operations:
    mcp_post: {method: POST, path: /mcp}
    mcp_stream: {method: GET, path: /mcp}
    rpc: {method: POST, path: /rpc}
    thing_create: {method: POST, path: /things}
    thing_get: {method: GET, path: "/things/{id}"}
    thing_delete: {method: DELETE, path: "/things/{id}"}
    danger_create: {method: POST, path: /dangers}
---
apiVersion: uapi/v1
kind: Policy
metadata: {name: p}
spec:
  rules:
    - {id: operations, effect: allow, server: mixed, tools: [mcp_post, rpc, thing_create, thing_get]}
    - {id: tools, effect: allow, server: mixed, tools: [echo]}
    - {id: methods, effect: allow, server: [mixed, plain], methods: ["invoice.get"]}
    - {id: posts, effect: allow, server: plain, methods: [http/POST]}
YAML
sub conf { my ($engine) = @_; return <<"CONF" }
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiEngine $engine
UapiProtocol auto
<Location "/mixed">
    UapiServer mixed
    ProxyPass @{[ $upstream->url('') ]}
</Location>
<Location "/plain">
    UapiServer plain
    ProxyPass @{[ $upstream->url('') ]}
</Location>
CONF
my $httpd = httpd(conf('on'), children => 1);
my @auth = (Authorization => 'Bearer ' . $registry->token);
my $json = 'application/json';
sub rpc { my ($method, %more) = @_; return to_json({ jsonrpc => '2.0', id => 1, method => $method, %more }) }
my $echo = rpc('tools/call', params => { name => 'echo', arguments => {} });
my $danger = rpc('tools/call', params => { name => 'danger', arguments => {} });
my @mcp = ('MCP-Protocol-Version' => '2025-11-25');

for (
    # what, method, path, type, body, result, more headers
    ['a REST request', 'POST', '/mixed/things', $json, '{"a":1}', 200],
    ['one without a body', 'GET', '/mixed/things/5', undef, undef, 200],
    ['one that no rule allows', 'DELETE', '/mixed/things/5', undef, undef, 'policy.default_deny'],
    ['one that is no operation', 'GET', '/mixed/other', undef, undef, 'operation.unknown'],
    ['one with two readings', 'GET', '/mixed/things/%2e%2e', undef, undef, qr/request\.ambiguous|operation\.unknown/],
    ['a tool', 'POST', '/mixed/mcp', $json, $echo, 200, @mcp],
    ['a tool, no version said', 'POST', '/mixed/mcp', $json, $echo, 200],
    ['a tool that no rule allows', 'POST', '/mixed/mcp', $json, $danger, 'policy.default_deny', @mcp],
    ['the same, no version said', 'POST', '/mixed/mcp', $json, $danger, 'policy.default_deny'],
    ['a method that keeps the session going', 'POST', '/mixed/mcp', $json, rpc('ping'), 200],
    ['a JSON-RPC method', 'POST', '/mixed/rpc', $json, rpc('invoice.get'), 200],
    ['with params in an array', 'POST', '/mixed/rpc', $json, rpc('invoice.get', params => [1]), 200],
    ['one that no rule allows', 'POST', '/mixed/rpc', $json, rpc('invoice.pay'), 'policy.default_deny'],
    # a message to pass for REST
    ['a message as text', 'POST', '/mixed/mcp', 'text/plain', $danger, 'request.content_type'],
    ['as a form', 'POST', '/mixed/mcp', 'application/x-www-form-urlencoded', $danger, 'request.ambiguous'],
    ['as other JSON', 'POST', '/mixed/mcp', 'application/vnd.api+json', $danger, 'request.content_type'],
    ['as text/json', 'POST', '/mixed/mcp', 'text/json', $danger, 'request.content_type'],
    ['without a type', 'POST', '/mixed/mcp', undef, $danger, 'request.content_type'],
    ['as two types', 'POST', '/mixed/mcp', 'text/plain, application/json', $danger, 'request.content_type'],
    ['as text, with a trailing comma', 'POST', '/mixed/mcp', 'text/plain', $danger =~ s/\}\z/,}/r, 'request.ambiguous'],
    ['as text, behind a byte order mark', 'POST', '/mixed/mcp', 'text/plain', "\xef\xbb\xbf$danger", 'json.utf8'],
    ['as text, one line each', 'POST', '/mixed/mcp', 'text/plain', "$echo\n$danger", 'request.ambiguous'],
    ['its key in another case', 'POST', '/mixed/mcp', $json, $danger =~ s/"jsonrpc"/"JsonRpc"/r, 'rpc.key_case'],
    ['its key with a long s', 'POST', '/mixed/mcp', $json, $danger =~ s/"jsonrpc"/"j\xc5\xbfonrpc"/r, 'rpc.key_case'],
    ['its key escaped', 'POST', '/mixed/mcp', $json, $danger =~ s/"jsonrpc"/"\\u006asonrpc"/r, 'policy.default_deny'],
    ['its method in another case', 'POST', '/mixed/mcp', $json, $danger =~ s/"method"/"Method"/r, 'rpc.key_case'],
    ['its method escaped', 'POST', '/mixed/mcp', $json, $danger =~ s{tools/call}{\\u0074ools\\/call}r, 'policy.default_deny'],
    ["the method's name in another case", 'POST', '/mixed/mcp', $json, $danger =~ s{tools/call}{Tools/Call}r, 'policy.default_deny'],
    ['without jsonrpc', 'POST', '/mixed/mcp', $json, $danger =~ s/"jsonrpc":"2.0",//r, 'request.ambiguous'],
    ['another version of jsonrpc', 'POST', '/mixed/mcp', $json, $danger =~ s/"2.0"/"1.0"/r, 'rpc.invalid'],
    ['in a batch with what is none', 'POST', '/mixed/mcp', $json, "[{\"a\":1},$danger]", qr/^rpc\.(?:invalid|batch)$/],
    ['in a GET', 'GET', '/mixed/things/5', $json, $danger, 'request.ambiguous'],
    ['in a DELETE', 'DELETE', '/mixed/things/5', $json, $danger, 'request.ambiguous'],
    ['doubled keys', 'POST', '/mixed/mcp', $json, $danger =~ s/\}\z/,"method":"ping"}/r, 'json.duplicate_key'],
    # a REST request to pass for a message
    ['a denied request that is ping, too', 'POST', '/mixed/dangers', $json, rpc('ping', amount => 5), 'policy.default_deny'],
    ['a denied one that is a batch', 'POST', '/mixed/dangers', $json, '[' . rpc('ping') . ',' . rpc('ping', id => 2) . ']', 'policy.default_deny'],
    ['an allowed batch', 'POST', '/mixed/mcp', $json, '[' . rpc('ping') . ',' . rpc('ping', id => 2) . ']', 200],
    ['an unknown one that is ping, too', 'POST', '/mixed/elsewhere', $json, rpc('ping'), 'operation.unknown'],
    ['one that is an answer, too', 'POST', '/mixed/dangers', $json, '{"jsonrpc":"2.0","id":1,"result":{}}', 'policy.default_deny'],
    ['one with headers of MCP', 'POST', '/mixed/things', $json, '{"a":1}', 'request.ambiguous', @mcp],
    ['with an underscore', 'POST', '/mixed/things', $json, '{"a":1}', 'request.ambiguous', 'Mcp_Method' => 'ping'],
    ['one without a body to pass for the stream', 'GET', '/mixed/mcp', undef, undef, 'policy.default_deny', Accept => 'text/event-stream', @mcp],
    ['for the end of a session', 'DELETE', '/mixed/things/5', undef, undef, 'policy.default_deny', @mcp],
    ['no session of this caller', 'DELETE', '/mixed/things/5', undef, undef, 'session.unknown', 'Mcp-Session-Id' => 'x'],
    # MCP to pass for plain JSON-RPC
    ['params in an array', 'POST', '/mixed/mcp', $json, rpc('tools/call', params => ['danger']), 'rpc.invalid'],
    ['a header that disagrees', 'POST', '/mixed/mcp', $json, $danger, 'mcp.header_mismatch', 'MCP-Protocol-Version' => '2026-07-28', 'Mcp-Method' => 'ping'],
    ['an unknown revision', 'POST', '/mixed/rpc', $json, rpc('invoice.get'), 'mcp.version', 'MCP-Protocol-Version' => '1999-01-01'],
    ['a name that is reserved', 'POST', '/mixed/rpc', $json, rpc('http/POST'), 'policy.default_deny'],
    # without operations
    ['a message where the method has a rule', 'POST', '/plain/x', $json, rpc('invoice.get'), 200],
    ['another one', 'POST', '/plain/x', $json, rpc('invoice.pay'), 'policy.default_deny'],
    ['and a REST request', 'POST', '/plain/x', $json, '{"a":1}', 200],
    ['a GET that no rule allows', 'GET', '/plain/x', undef, undef, 'policy.default_deny', Accept => 'text/event-stream'],
) {
    my ($what, $method, $path, $type, $body, $expected, @headers) = @$_;
    $upstream->forget;
    my $answer = http($method, $httpd->url($path), headers => [@auth, defined $type ? ('Content-Type' => $type) : (), @headers], defined $body ? (body => $body) : ());
    my $said = eval { from_json($answer->{body}) } || {};
    $said = $said->[0] if ref $said eq 'ARRAY';
    my $result = $said->{reason} // $said->{error}{data}{reason} // $answer->{status};
    ref $expected ? like($result, $expected, $what) : is($result, $expected, "$what: $expected") or diag $answer->{body};
    is scalar(my @seen = $upstream->requests), $expected eq '200' ? 1 : 0, "$what: " . ($expected eq '200' ? 'passes' : 'does not');
}

# ---- what comes back has the form of what was asked
my $refused = http('POST', $httpd->url('/mixed/mcp'), headers => [@auth, 'Content-Type' => $json], body => $danger);
is_deeply [$refused->{status}, $refused->{headers}{'content-type'}], [200, $json], 'a message is refused as one';
is_deeply [@{ http('DELETE', $httpd->url('/mixed/things/5'), headers => \@auth)->{headers} }{qw(content-type)}], ['application/problem+json'], 'a request by problem details';
is http('GET', $httpd->url('/mixed/things/5'))->{headers}{'content-type'}, 'application/problem+json', 'and so is one without a token';
my $list = mcp_call($httpd->url('/mixed/mcp'), $registry->token, 'tools/list', {});
is_deeply [map { $_->{name} } @{ $list->{result}{tools} }], ['echo'], 'lists are cut as on a route of MCP alone';
my %actions = map { $_->{action} => 1 } $registry->audit_records;
is_deeply [sort keys %actions], [qw(jsonrpc.call mcp.http mcp.message mcp.response mcp.session.close mcp.stream.open mcp.tool.call mcp.tools.list rest.request)], 'records say what each was' or diag join ' ', sort keys %actions;
$httpd->stop;

# ---- shadow
my $shadow = httpd(conf('shadow'), children => 1);
is http('POST', $shadow->url('/mixed/dangers'), headers => [@auth, 'Content-Type' => $json], body => rpc('ping'))->{status}, 200, 'in shadow it passes';
my ($last) = grep { $_->{shadow} } reverse $registry->audit_records;
is $last->{shadow}, 'policy.default_deny', 'and the record says what would have refused it';
done_testing;
