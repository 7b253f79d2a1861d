# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Routes that speak plain REST or plain JSON-RPC go through the same stages; refusals have the form that such clients know.
use lib 't/lib';
use Uapi::Test;

my $secret = join '', 'AK', 'IA', map { ('A' .. 'Z', 2 .. 7)[rand 32] } 1 .. 16;
my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    return $reply->json({ leak => $secret }) if $request->{target} =~ /leak/;
    return $reply->respond(200, ['Content-Type' => 'text/plain'], "got $request->{method} $request->{body}") if $request->{target} =~ /rest/;
    return $reply->json({ jsonrpc => '2.0', id => 1, result => { tools => [{ name => 'anything' }] } });
});
my $registry = make_registry(roles => ['clerk']);
my $policy = $registry->file('policy.yaml', <<'YAML');
apiVersion: uapi/v1
kind: Policy
metadata: {name: clerks}
spec:
  subjects: [{type: agent, roles: [clerk]}]
  rules:
    - {id: reading, effect: allow, server: api, methods: [http/GET, http/POST]}
    - {id: rpc, effect: allow, server: rpc, methods: ["invoice.*", tools/call]}
YAML
my $httpd = httpd(<<"CONF");
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiPlugin @{[ out('plugins/scanner_secrets.so') ]}
UapiEngine on
<Location "/rest">
    UapiProtocol rest
    UapiServer api
    ProxyPass @{[ $upstream->url('/rest') ]}
</Location>
<Location "/rpc">
    UapiProtocol jsonrpc
    UapiServer rpc
    ProxyPass @{[ $upstream->url('/rpc') ]}
</Location>
CONF
my @auth = (Authorization => 'Bearer ' . $registry->token);
sub rest {
    my ($method, $path, $type, $body) = @_;
    return http($method, $httpd->url("/rest$path"), headers => [@auth, defined $type ? ('Content-Type' => $type) : ()], defined $body ? (body => $body) : ());
}
sub problem {
    my ($answer, $status, $reason, $what) = @_;
    my $json = eval { from_json($answer->{body}) } || {};
    is $answer->{status}, $status, "$what: $status";
    is $answer->{headers}{'content-type'}, 'application/problem+json', "$what: as problem details";
    is_deeply [@$json{qw(status reason)}], [$status, $reason], "$what: $reason";
    is $json->{call}, $answer->{headers}{'uapi-call-id'}, "$what: with the call";
}

# ---- REST
is rest('GET', '/orders?page=2')->{body}, 'got GET ', 'a GET that a rule allows';
is rest('POST', '/orders', 'application/json', '{ "a": 1 }')->{body}, 'got POST { "a": 1 }', 'a JSON body, byte for byte';
is rest('POST', '/orders', 'application/x-www-form-urlencoded', 'a=1&b=%20')->{body}, 'got POST a=1&b=%20', 'a form';
is rest('POST', '/orders', 'application/octet-stream', "\0\1\xff")->{body}, "got POST \0\1\xff", 'any bytes';
$upstream->forget;
problem(rest('DELETE', '/orders/1'), 403, 'policy.default_deny', 'a DELETE that none allows');
problem(rest('POST', '/orders', 'application/json', '{"a":1,"a":2}'), 400, 'json.duplicate_key', 'JSON that has two readings');
problem(rest('POST', '/orders', 'application/json', qq({"a":"$secret"})), 403, 'firewall.blocked', 'a secret in JSON');
problem(rest('POST', '/orders', 'text/plain', "x $secret x"), 403, 'firewall.blocked', 'a secret in a text');
problem(rest('GET', "/orders?key=$secret"), 403, 'firewall.blocked', 'a secret in the query');
problem(rest('GET', "/orders/$secret"), 403, 'firewall.blocked', 'a secret in the path');
problem(http('GET', $httpd->url('/rest/orders')), 401, 'token.missing', 'no token');
is_deeply [$upstream->requests], [], 'none of these reached the service';
like rest('GET', '/leak')->{body}, qr/"\[REDACTED:secrets\.\w+\]"/, 'an answer is inspected';
my ($record) = grep { $_->{kind} eq 'decision' && $_->{decision} eq 'allow' } $registry->audit_records;
is_deeply [@$record{qw(action method target)}], ['rest.request', 'http/GET', '/rest/orders'], 'the record has action, method and path';
unlike join('', map { to_json($_) } $registry->audit_records), qr/$secret/, 'and none has a secret';

# ---- JSON-RPC
sub rpc { my ($method, %more) = @_; return mcp_call($httpd->url('/rpc'), $registry->token, $method, {}, headers => ['MCP-Protocol-Version' => undef], %more) }
is rpc('invoice.get')->{error}, undef, 'a method that a rule allows';
is rpc('invoice.get', body => '{"jsonrpc":"2.0","id":1,"method":"invoice.get","params":{"Name":1,"name":2}}')->{error}, undef, "params are the service's own affair";
is rpc('invoice.get', body => '{"jsonrpc":"2.0","id":1,"method":"invoice.get","params":[1]}')->{error}, undef, 'also as an array';
is rpc('invoice.get')->{result}{tools}[0]{name}, 'anything', 'no list is taken for one of MCP';
for my $method ('initialize', 'ping', 'tools/list', 'order.get') {
    is rpc($method)->{error}{data}{reason}, 'policy.default_deny', "$method: no method is free";
}
is rpc('invoice.get', body => '{"jsonrpc":"2.0","id":1,"method":"invoice.get","Method":"order.get"}')->{error}{data}{reason}, 'rpc.key_case', 'the envelope is strict';
my $batch = rpc('x', body => '[{"jsonrpc":"2.0","id":1,"method":"invoice.get"},{"jsonrpc":"2.0","id":2,"method":"order.get"}]');
is_deeply [map { $_->{error}{code} // 'ok' } @{ $batch->{json} }], ['ok', -32010], 'one refused member of a batch refuses itself';
is http('GET', $httpd->url('/rpc'), headers => [@auth])->{status}, 403, 'a GET needs a rule too';
my ($status, $output) = config_test("UapiProtocol soap\n");
like $output, qr/UapiProtocol must be mcp, jsonrpc, rest or auto, not 'soap'/, 'an unknown protocol';
done_testing;
