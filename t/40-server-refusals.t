# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# A server whose request to the client does not reach it is told so: by an error that the gateway posts to where the client's own answer
# would have gone, in the background.
use lib 't/lib';
use Uapi::Test timeout => 180;
use Uapi::Everything;

my $secret = 'ghp_' . '0123456789abcdefghijABCDEFGHIJ012345';
# Streams what the argument `stream` says, or the query of a GET; to answers it says what the path has.
my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    my ($path) = $request->{target} =~ m{^/(\w+)};
    if ($request->{method} eq 'GET') {
        return $reply->start(200, 'Content-Type' => 'text/event-stream')->chunk(join '', map { "data: $_\n\n" } stream_of($request->{target}))->finish;
    }
    my $message = $request->json;
    if (ref $message eq 'HASH' && !$message->{method}) {
        $reply->sleep(30) if $path eq 'tarpit';
        return $path eq 'refuses' ? $reply->status(400) : $path eq 'talks' ? $reply->json({ jsonrpc => '2.0', id => 1, result => {} }) : $reply->status(202);
    }
    return $reply->respond(200, ['Content-Type' => 'application/json', 'Mcp-Session-Id' => 'the-session'], '{"jsonrpc":"2.0","id":1,"result":{}}') if $message->{method} eq 'initialize';
    my $arguments = $message->{params}{arguments};
    return $reply->respond(200, ['Content-Type' => 'application/json'], $arguments->{whole}) if $arguments->{whole};
    return $reply->start(200, 'Content-Type' => 'text/event-stream')->chunk(join '', map { "data: $_\n\n" } @{ $arguments->{stream} || [] }, '{"jsonrpc":"2.0","id":1,"result":{}}')->finish;
});
sub sampling { my ($id, $text) = @_; return qq({"jsonrpc":"2.0","id":$id,"method":"sampling/createMessage","params":{"text":"@{[ $text // 'x' ]}"}}) }
sub stream_of { return $_[0] =~ /old/ ? () : (sampling('"g"')) }
my $registry = make_registry(principal => 'bot');
$registry->credential_set('the-key', 'the-secret-of-the-server');
my $policy = $registry->file('policy.yaml', <<'YAML');
apiVersion: uapi/v1
kind: Server
metadata: {name: s}
spec:
  credential: {name: the-key, inject: {header: X-Key, value: "Key {secret}"}}
---
apiVersion: uapi/v1
kind: Policy
metadata: {name: p}
spec:
  rules:
    - {id: all, effect: allow, server: "*", tools: ["*"]}
    - {id: session, effect: allow, server: "*", methods: [initialize, "notifications/*", "tools/list", http/GET, http/DELETE, ping, roots/list]}
    - {id: no-asking, effect: deny, server: "*", methods: ["sampling/*", "elicitation/*"]}
    - {id: some, effect: allow, server: other, methods: [notes/ask]}
---
apiVersion: uapi/v1
kind: Firewall
metadata: {name: f}
spec:
  scanners:
    secrets: {response: block}
YAML
my %everything = map { $_ => Uapi::Everything->start($_) } qw(streamableHttp sse);
my $httpd = httpd(<<"CONF", children => 2, modules => ['status']);
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiPlugin @{[ out('plugins/scanner_secrets.so') ]}
UapiEngine on
UapiServer other
<Location "/s">
    UapiServer s
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
<Location "/shadow">
    UapiEngine shadow
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
<Location "/named">
    ProxyPass @{[ $upstream->url('/named') ]}
    ProxyPreserveHost On
</Location>
@{[ map { qq(<Location "/$_">\nProxyPass @{[ $upstream->url("/$_") ]}\n</Location>\n) } qw(other refuses talks tarpit) ]}
<Location "/everything/new">
    ProxyPass @{[ $everything{streamableHttp}->url('/mcp') ]}
</Location>
<Location "/everything/old">
    ProxyPass @{[ $everything{sse}->url ]}
</Location>
<Location "/status">
    UapiEngine off
    SetHandler server-status
</Location>
CONF
$httpd->expect_log(qr/UAPI0101: call \w+ refused: policy\.denied/);
my $token = $registry->token;
sub ask {
    my ($path, $arguments, %option) = @_;
    return mcp_call($httpd->url($path), $token, 'tools/call', { name => 't', arguments => $arguments, ($option{version} // '') ge '2026' ? mcp_meta() : () }, %option);
}
# What the server was told, once it has been told as often as this.
sub told {
    my ($count) = @_;
    my @told;
    wait_for(10, sub { @told = grep { $_->{method} eq 'POST' && $_->{body} !~ /"method"/ } $upstream->requests; @told >= ($count // 1) });
    return @told;
}
sub figure { my ($name) = @_; return http('GET', $httpd->url('/status?auto'))->{body} =~ /^Uapi0ServerRefusals$name: (\d+)$/m ? $1 : undef }

# ---- what is said
my $session = mcp_call($httpd->url('/s'), $token, 'initialize', { protocolVersion => '2025-06-18', capabilities => {}, clientInfo => { name => 'c', version => '1' } })->{headers}{'mcp-session-id'};
for my $id ('7', '-3', '9007199254740993', '"s1"', '""', '"\u00e9 \"x\""') {
    $upstream->forget;
    my $answer = ask('/s', { stream => [sampling($id)] }, version => '2025-06-18', headers => ['Mcp-Session-Id' => $session]);
    my ($told) = told();
    my $call = $answer->{headers}{'uapi-call-id'};
    is $told->{body}, qq({"jsonrpc":"2.0","id":$id,"error":{"code":-32010,"data":{"call":"$call","reason":"policy.denied"},"message":"A policy rule forbids this call."}}), "$id: the error, with the id as the server spelled it";
    is $told->{target}, '/mcp', 'posted to the same address';
    is $told->{headers}{'mcp-session-id'}, 'the-session', 'in the same session';
    is $told->{headers}{'mcp-protocol-version'}, '2025-06-18', 'in the revision that the client speaks';
    is $told->{headers}{'content-type'}, 'application/json', 'as JSON';
    is $told->{headers}{'x-key'}, 'Key the-secret-of-the-server', 'with the credential';
    is $told->{headers}{authorization}, undef, "and not with the caller's token";
    is $told->{headers}{'uapi-principal'}, 'bot', 'for the caller';
}
my ($record) = grep { ($_->{method} // '') eq 'response/error' } reverse $registry->audit_records;
is "$record->{action} $record->{decision}", 'mcp.response allow', 'it is in the chain';
ok +(grep { $_->{call} eq $record->{parent} && $_->{kind} eq 'decision' } $registry->audit_records), 'as made for the call';
ok wait_for(10, sub { grep { $_->{call} eq $record->{call} && $_->{kind} eq 'outcome' && $_->{result} eq 'ok' && $_->{status} == 202 } $registry->audit_records }), 'with its outcome';
ok wait_for(10, sub { figure('Taken') == 6 }), 'it is counted, over all children';
is figure('Lost'), 0, 'and nothing else';

# ---- for which reasons, and when
$upstream->forget;
ask('/other', { stream => [qq({"jsonrpc":"2.0","id":1,"method":"notes/ask","params":{"text":"$secret"}})] });
like((told())[0]{body}, qr/"code":-32012,"data":\{"call":"\w+","reason":"firewall\.blocked"\}/, 'a request that a scanner blocks');
is index((told())[0]{body}, $secret), -1, 'without what it was blocked for';
my ($blocked) = grep { $_->{action} eq 'mcp.server.request' && $_->{method} eq 'notes/ask' } $registry->audit_records;
is "$blocked->{decision} $blocked->{reason}", 'deny firewall.blocked', 'it is recorded as policy would have it';
$upstream->forget;
ask('/other', { stream => ['{"jsonrpc":"2.0","id":1,"method":"unheard/of"}'] });
like((told())[0]{body}, qr/"reason":"policy\.default_deny"/, 'one that no rule allows');
$upstream->forget;
ask('/other', { stream => ['[' . sampling(1) . ',{"jsonrpc":"2.0","id":2,"method":"roots/list"}]'] });
is_deeply [sort map { from_json($_->{body})->{id} } told(2)], [1, 2], 'a batch: each request in it, since none of it is passed on';
$upstream->forget;
ask('/other', { whole => sampling('"w"') });
is from_json((told())[0]{body})->{id}, 'w', 'in place of an answer';
$upstream->forget;
http('GET', $httpd->url('/named'), headers => [Authorization => "Bearer $token", Accept => 'text/event-stream', Host => 'localhost']);
my ($told) = told();
is from_json($told->{body})->{id}, 'g', 'on the stream of a GET';
is "$told->{target} $told->{headers}{host}", '/named localhost', 'by the name that the route gives the server';
is $told->{headers}{'mcp-protocol-version'}, undef, 'without a revision where the client names none';

# ---- and when not
$upstream->forget;
ask('/shadow', { stream => [sampling(1)] });
ask('/other', { stream => ['{"jsonrpc":"2.0","id":1,"method":"roots/list"}', '{"jsonrpc":"2.0","method":"unheard/of"}'] });
ask('/other', { stream => [sampling(1)] }, version => '2026-07-28');
ask('/other', { stream => [sampling('"last"')] });
is_deeply [map { from_json($_->{body})->{id} } told()], ['last'], 'not in shadow, not for what passes, not for notifications, and not a server of 2026-07-28';

# ---- servers that do not take it
my ($taken, $lost) = (figure('Taken'), figure('Lost'));
ask('/talks', { stream => [sampling(1)] });
ok wait_for(10, sub { figure('Taken') == $taken + 1 }), 'what a server answers to it is not read';
like ask('/refuses', { stream => [sampling(1)] })->{body}, qr/"result":\{\}/, 'a server that refuses it: the stream goes on';
ok wait_for(10, sub { figure('Lost') == $lost + 1 }), 'and that is counted';
my $many = ask('/tarpit', { stream => [map { sampling($_) } 1 .. 20] });
like $many->{body}, qr/"result":\{\}/, 'nor does a stream wait for a server that lets it wait';
cmp_ok figure('Lost'), '>=', $lost + 1 + 12, 'more than eight do not wait for one server';
$upstream->forget;
ask('/other', { stream => [sampling('"next"')] });
is from_json((told())[0]{body})->{id}, 'next', 'and another address is not kept waiting by it';
$upstream->stop;
ok wait_for(10, sub { figure('Lost') == $lost + 1 + 20 }), 'a server that is gone is not waited for';

# ---- a real server, whose tool waits for the answer
for my $revision (qw(2025-03-26 2025-06-18 2025-11-25)) {
    my $url = $httpd->url('/everything/new');
    my $opened = mcp_call($url, $token, 'initialize', { protocolVersion => $revision, capabilities => { elicitation => {}, sampling => {} }, clientInfo => { name => 'c', version => '1' } });
    my @in = (version => $revision, headers => ['Mcp-Session-Id' => $opened->{headers}{'mcp-session-id'}]);
    mcp_call($url, $token, 'notifications/initialized', undef, id => undef, @in);
    for my $tool (qw(trigger-elicitation-request trigger-sampling-request)) {
        my $answer = mcp_call($url, $token, 'tools/call', { name => $tool, arguments => { prompt => 'x' } }, timeout => 20, @in);
        like $answer->{body}, qr/MCP error -32010: A policy rule forbids this call/, "$revision: $tool ends with the error" or diag explain $answer;
    }
}
{
    my ($status, $out, $err) = run([out('node/bin/node'), 't/node/sse-transport.mjs', $httpd->url('/everything/old/sse'), 'hello', 'trigger-elicitation-request'], environment => { UAPI_TOKEN => $token }, seconds => 30);
    is $status, 0, 'over HTTP+SSE, with the official client' or diag $err;
    like eval { from_json($out)->{other}{text} }, qr/MCP error -32010: A policy rule forbids this call/, 'so does it: the answer goes to the endpoint';
}
$_->stop for values %everything;
done_testing;
