# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# What travels upstream in headers: nothing that a client could forge, drop or smuggle.
use lib 't/lib';
use Uapi::Test;

my $upstream = upstream(sub { my ($request, $reply) = @_; $reply->json({ jsonrpc => '2.0', id => 1, result => {} }) });
my $registry = make_registry(principal => 'helper', type => 'service');
$registry->credential_set('github-key', 'the-secret-key-0001');
my $policy = $registry->file('policy.yaml', <<'YAML');
apiVersion: uapi/v1
kind: Policy
metadata: {name: everyone}
spec:
  rules:
    - {id: all, effect: allow, server: github}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: github}
spec:
  credential: {name: github-key, inject: {header: X-Api-Key, value: "Key {secret}"}}
YAML
my $httpd = httpd(<<"CONF");
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiServer github
UapiEngine on
<Location "/mcp">
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
CONF
my $url = $httpd->url('/mcp');
my @auth = (Authorization => 'Bearer ' . $registry->token);

sub seen {
    my ($method, @headers) = @_;
    my @body = $method eq 'POST' ? (body => '{"jsonrpc":"2.0","id":1,"method":"ping"}') : ();
    my $answer = http($method, $url, headers => [@auth, $method eq 'POST' ? ('Content-Type' => 'application/json') : (), @headers], @body);
    is $answer->{status}, 200, "$method comes through";
    return $upstream->last_request;
}

for my $method (qw(POST GET OPTIONS DELETE)) {
    my $request = seen($method, 'Uapi-Principal' => 'root', 'uapi-tenant' => 'evil', 'UAPI_Role' => 'admin', 'X-Api-Key' => 'mine',
        'Proxy-Authorization' => 'Basic eDp5', 'X-Other' => 'kept');
    is $request->header('uapi-principal'), 'helper', "$method: the principal is the one that was proved";
    is $request->header('uapi-principal-type'), 'service', "$method: and its type";
    is $request->header('uapi-tenant'), $registry->tenant, "$method: and its tenant";
    is $request->header('uapi_role'), undef, "$method: an invented one is dropped";
    is $request->header('x-api-key'), 'Key the-secret-key-0001', "$method: the credential replaces the client's header";
    is $request->header('authorization'), undef, "$method: no token";
    is $request->header('proxy-authorization'), undef, "$method: nor another";
    is $request->header('x-other'), 'kept', "$method: what is the client's own stays";
    is $request->header('accept-encoding'), 'identity', "$method: identity is asked for";
    ok length $request->header('uapi-call-id'), "$method: the call id";
}

# CVE-2022-31813: what the client's Connection header names must not take ours away.
my $request = seen('POST', Connection => 'close, X-Api-Key, Uapi-Principal, Uapi-Tenant, Content-Length');
is $request->header('x-api-key'), 'Key the-secret-key-0001', 'Connection cannot drop the credential';
is $request->header('uapi-principal'), 'helper', 'nor the principal';
is $request->{body}, '{"jsonrpc":"2.0","id":1,"method":"ping"}', 'nor the body';

# What would have the upstream do another thing than was judged, or answer in parts that no scanner recognises.
my @other = ('X-HTTP-Method-Override' => 'DELETE', 'X-HTTP-Method' => 'DELETE', 'X-Method-Override' => 'DELETE', 'X-Original-URL' => '/admin',
    'X-Rewrite-URL' => '/admin', Range => 'bytes=0-3', 'If-Range' => '"x"');
for my $method ('POST', 'GET') {
    my $answer = http($method, $url, headers => [@auth, @other, $method eq 'POST' ? ('Content-Type' => 'application/json') : ()],
        $method eq 'POST' ? (body => '{"jsonrpc":"2.0","id":1,"method":"ping"}') : ());
    like $answer->{status}, qr/^20[06]$/, "$method with headers that mean another request";
    for (my $i = 0; $i < @other; $i += 2) {
        is $upstream->last_request->header(lc $other[$i]), undef, "$method: $other[$i] stays here";
    }
}

# A tunnel could not be inspected.
my $c = connect_to($httpd->port);
$c->send("GET /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: $auth[1]\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n");
is $c->response->{status}, 200, 'an upgrade is not made';
is $upstream->last_request->header('upgrade'), undef, 'nor asked for upstream';

# A GET that brings a body brings it to us, not upstream.
$upstream->forget;
is http('GET', $url, headers => [@auth, 'Content-Type' => 'application/json'], body => '{"a":1,"a":2}')->{status}, 400, 'a body on GET is judged';
is_deeply [$upstream->requests], [], 'before anything leaves';

unlike join('', map { to_json($_) } $registry->audit_records) . $httpd->error_log, qr/the-secret-key-0001/, 'the secret is in no record and no log';
done_testing;
