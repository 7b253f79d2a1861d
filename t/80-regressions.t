# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Wounds of others, each with whose it was and where it is told. Every one is a promise that this gateway keeps.
use lib 't/lib';
use Uapi::Test timeout => 200;

my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    return $reply->respond(405, ['Content-Type' => 'text/plain', Allow => 'POST'], 'no stream here') if $request->{method} eq 'GET' && $request->{target} =~ /stateless/;
    return $reply->json({ jsonrpc => '2.0', id => 1, result => { tools => [], target => $request->{target} } });
});
my $registry = make_registry(principal => 'helper');
$registry->credential_set('key', 'regressions-secret-1');
my $policy = $registry->file('policy.yaml', <<'YAML');
apiVersion: uapi/v1
kind: Policy
metadata: {name: p}
spec:
  rules:
    - {id: greet, effect: allow, server: s, tools: [greet]}
    - {id: methods, effect: allow, server: s, methods: ["ping", "tools/list", "http/*", "initialize"]}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: s}
spec:
  credential: {name: key, inject: {header: X-Key, value: "{secret}"}}
YAML
my $conf = <<"CONF";
@{[ $registry->config ]}
UapiPolicy "$policy"
<Location "/mcp">
    UapiEngine on
    UapiServer s
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
<Location "/stateless">
    UapiEngine on
    UapiServer s
    ProxyPass @{[ $upstream->url('/stateless') ]}
</Location>
<Location "/unnamed">
    UapiEngine on
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
<Location "/off">
    UapiEngine off
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
CONF
my $httpd = httpd($conf, children => 1, threads => 4);
my $url = $httpd->url('/mcp');
my $token = $registry->token;
my @auth = (Authorization => "Bearer $token");
sub reason { my ($answer) = @_; return $answer->{error} && $answer->{error}{data}{reason} }
sub posted { my ($body, %option) = @_; return mcp_call($url, $token, 'x', undef, body => $body, %option) }

# Apache httpd, CVE-2022-31813 (mod_proxy): the client named X-Forwarded-For in its Connection header, and mod_proxy dropped what it
# had added itself, so backends that trusted it took the client for somebody else.
{
    my $answer = http('POST', $url, headers => [@auth, 'Content-Type' => 'application/json',
        Connection => 'close, X-Key, uapi-principal, Uapi-Tenant, Uapi-Call-Id, Accept-Encoding, Content-Length'], body => '{"jsonrpc":"2.0","id":1,"method":"ping"}');
    is $answer->{status}, 200, 'Connection: the call goes through';
    my $seen = $upstream->last_request;
    is $seen->header('x-key'), 'regressions-secret-1', 'Connection does not take the credential away';
    is $seen->header('uapi-principal'), 'helper', 'nor the principal';
    is $seen->header('uapi-tenant'), $registry->tenant, 'nor the tenant';
}

# mod_auth_openidc, issue 222: where a request was let through unauthenticated, OIDC_CLAIM_* headers of the client's own making
# were let through with it. OPTIONS is the method for which gateways like to make that exception.
for my $method ('OPTIONS', 'HEAD', 'GET') {
    $upstream->forget;
    my @forged = ('Uapi-Principal' => 'root', UAPI_PRINCIPAL => 'root', 'Uapi-Anything' => 'x', 'Access-Control-Request-Method' => 'POST');
    is http($method, $url, headers => \@forged)->{status}, 401, "$method: no exception";
    is scalar(() = $upstream->requests), 0, "$method: nothing passes";
    is http($method, $url, headers => [@auth, @forged])->{status}, 200, "$method: with a token";
    is_deeply [grep { /^uapi/ } sort map { lc $_->[0] } @{ $upstream->last_request->{header_list} }],
        [qw(uapi-call-id uapi-principal uapi-principal-type uapi-tenant)], "$method: only our own headers";
    is $upstream->last_request->header('uapi-principal'), 'helper', "$method: and who was proved";
}

# modelcontextprotocol/go-sdk, issue 805, docker/mcp-gateway and envoyproxy/ai-gateway after it: Go's JSON reader takes "Name" for "name", and
# the last one counts, so the gateway judged one tool and the server ran another.
$upstream->forget;
for my $params ('{"name":"greet","name":"secret"}', '{"name":"greet","Name":"secret"}', '{"NAME":"secret","name":"greet"}', '{"name":"greet","n\u0061me":"secret"}',
    '{"name":"greet","\u004eame":"secret"}', "{\"name\":\"greet\",\"argument\xc5\xbf\":{},\"arguments\":{}}") {
    my $answer = posted('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":' . $params . '}');
    is $answer->{status}, 400, "$params: refused";
    like reason($answer), qr/^(?:json\.duplicate_key|rpc\.key_case)$/, 'for its keys';
}
for my $body ('{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call","params":{"name":"secret"}}', '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"secret"}}') {
    is posted($body)->{status}, 400, 'two methods: refused';
}
is scalar(() = $upstream->requests), 0, 'nothing reached the server';

# agentrust-io/cmcp, issue 159: a gateway that lowers tool names before it judges them judges another tool.
is reason(mcp_call($url, $token, 'tools/call', { name => 'GREET', arguments => {} })), 'policy.default_deny', 'a tool in capitals is another tool';

# xpzouying/xiaohongshu-mcp, issue 697, and others: a client whose revision is newer than the server's was refused before it could negotiate, and
# older clients that send no MCP-Protocol-Version at all were refused for that.
for my $version (undef, '2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25') {
    my $name = $version // 'no version';
    is mcp_call($url, $token, 'tools/call', { name => 'greet', arguments => {} }, headers => ['MCP-Protocol-Version' => $version])->{status}, 200, "$name: comes in";
    is reason(mcp_call($url, $token, 'tools/call', { name => 'secret', arguments => {} }, headers => ['MCP-Protocol-Version' => $version])), 'policy.default_deny', "$name: and is judged as any";
}
is posted('{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2099-01-01","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}', headers => ['MCP-Protocol-Version' => undef])->{status}, 200,
    'a revision of the future may negotiate';

# MikkoParkkola/mcp-gateway, issue 540: an unsupported MCP-Protocol-Version was served as if it were an old one.
is mcp_call($url, $token, 'tools/call', { name => 'greet', arguments => {} }, headers => ['MCP-Protocol-Version' => '1999-01-01'])->{status}, 400, 'an unknown revision in the header is refused';

# IBM/mcp-context-forge, issue 3891: the address of a server that does not exist gave access to everything there is.
$upstream->forget;
for my $path ('/mcp2', '/servers/xyz/mcp', '/stateles', '/', '/mcp%20') {
    is mcp_call($httpd->url($path), $token, 'tools/list', {})->{status} < 400 ? 'served' : 'not served', 'not served', "$path: there is nothing";
}
is reason(mcp_call($httpd->url('/unnamed'), $token, 'tools/list', {})), 'policy.default_deny', 'a route without a server has no tools either';
is reason(mcp_call($httpd->url('/unnamed'), $token, 'tools/call', { name => 'greet', arguments => {} })), 'policy.default_deny', 'nor calls';
is scalar(() = $upstream->requests), 0, 'nothing reached any server';
{
    my ($status, $output) = config_test($conf . "<Location /typo>\nUapiEngine on\nUapiServer typo\n</Location>\n");
    isnt $status, 0, 'a server that no policy knows is no server: configtest';
    like $output, qr/typo/, 'which names it';
}

# envoyproxy/ai-gateway, issues 1924 and 1925: one backend that has no GET stream (405) threw the gateway into a loop of attempts which
# took the tools of all other backends away.
for my $round (1 .. 3) {
    my $answer = http('GET', $httpd->url('/stateless'), headers => [@auth, Accept => 'text/event-stream']);
    is $answer->{status}, 405, '405 on GET is passed on';
    is $answer->{headers}{allow}, 'POST', 'with its Allow';
    is mcp_call($httpd->url($_), $token, 'tools/call', { name => 'greet', arguments => {} })->{status}, 200, "$_: unharmed" for '/stateless', '/mcp';
    is http('GET', $url, headers => [@auth, Accept => 'text/event-stream'])->{status}, 200, 'and other streams too';
}
is scalar(grep { $_->{method} eq 'GET' } $upstream->requests), 6, 'nothing was tried twice';

# owasp-modsecurity/ModSecurity, issue 768: an allocator of its own for each connection, mapped and unmapped each time, made threaded servers slow even where
# the engine was off. Memory that is mapped anew faults when it is touched.
SKIP: {
    skip 'no /proc', 2 unless -r "/proc/$$/stat";
    my ($child) = $httpd->children;
    my $faults = sub { my ($rest) = slurp("/proc/$child/stat") =~ /\) (.*)/; return (split / /, $rest)[7] };
    my $body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"greet","arguments":{"text":"' . 'x' x 1000 . '"}}}';
    for my $path ('/off', '/mcp') {
        my $many = sub {
            for (1 .. $_[0]) {
                my $c = connect_to($httpd->port);
                $c->send("POST $path HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer $token\r\nContent-Type: application/json\r\nContent-Length: " . length($body) . "\r\n\r\n$body");
                die unless $c->response->{status} == 200;
            }
        };
        $many->(100);
        my $before = $faults->();
        $many->(300);
        my $count = $faults->() - $before;
        cmp_ok $count, '<', 150, "$path: 300 calls on connections of their own touch no new memory ($count page faults)";
    }
}
done_testing;
