# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# HTTP+SSE of 2024-11-05: the stream names the address for messages. The client stays on the route, the address is the principal's, and
# the answers that come on the stream are judged and recorded.
use lib 't/lib';
use Uapi::Test timeout => 180;
use Uapi::Everything;

# The stream names the endpoint that the query asks for, then sends what `say` holds and stays open.
my $say = '{"jsonrpc":"2.0","id":7,"result":{"tools":[{"name":"good"},{"name":"hidden"}]}}';
my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    return $reply->respond(202, ['Content-Type' => 'text/plain'], 'Accepted') if $request->{method} eq 'POST';
    my ($name) = $request->{target} =~ /endpoint=([^&]*)/;
    $name =~ s/%(..)/chr hex $1/ge;
    $reply->start(200, 'Content-Type' => 'text/event-stream')->chunk("event: endpoint\r\ndata: $name\r\n\r\n");
    $reply->sleep(0.1)->chunk("event: message\ndata: $say\n\n")->sleep(0.1)->chunk(qq(data: {"jsonrpc":"2.0","id":"x y","result":{"t":"ghp_1B4a9c2D7e6F3g8H5i0JkLmNoPqRsT2QzkXp"}}\n\n));
    return $reply->finish;
});
my $registry = make_registry(principal => 'bot');
my $policy = $registry->file('policy.yaml', <<'YAML');
apiVersion: uapi/v1
kind: Policy
metadata: {name: p}
spec:
  rules:
    - {id: tools, effect: allow, server: [s, t, everything], tools: ["*"]}
    - {id: rest, effect: allow, server: [s, t, everything], methods: ["*"]}
    - {id: hide, effect: deny, server: [s, t], tools: [hidden]}
    - {id: no-env, effect: deny, server: everything, tools: [get-env]}
YAML
my $everything = Uapi::Everything->start('sse');
my $httpd = httpd(<<"CONF", children => 2);
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiEngine on
<Location "/s">
    UapiServer s
    ProxyPass @{[ $upstream->url('/app') ]}
</Location>
<Location "/t">
    UapiServer t
</Location>
ProxyPass /t @{[ $upstream->url('/app') ]}
ProxyPassMatch "^/u/(.*)\$" "@{[ $upstream->url('/app/$1') ]}"
<Location "/u">
    UapiServer s
</Location>
<Location "/everything">
    UapiServer everything
    ProxyPass @{[ $everything->url ]}
</Location>
CONF
$httpd->expect_log(qr/UAPI0101: call \w+ refused: response\.invalid: the endpoint event/);
$httpd->allow_log(qr/AH01110/); # the stream of a client that has gone is still open when its server ends
my $token = $registry->token;
my @auth = (Authorization => "Bearer $token");

sub escape { my ($text) = @_; $text =~ s/([^\w\/.-])/sprintf '%%%02X', ord $1/ge; return $text }
sub stream { my ($endpoint, $path) = @_; return http('GET', $httpd->url(($path // '/s/sse') . '?endpoint=' . escape($endpoint)), headers => \@auth) }
sub offered { my ($stream) = @_; return $stream->{body} =~ /^event: endpoint\r\ndata: (.*)\r\n\r\n/ ? $1 : undef }
sub post { my ($address, %option) = @_; return mcp_call($httpd->url($address), $option{token} // $token, $option{method} // 'tools/list', $option{params}, version => undef, headers => ['MCP-Protocol-Version' => undef], id => 7) }

my $stream = stream('/app/message?sessionId=one-session');
my $address = offered($stream);
like $address, qr{^/s/sse\?uapi-endpoint=[\w.-]+$}, 'the client is told the address of its stream, with the server\'s sealed in it';
unlike $stream->{body}, qr/one-session|app/, 'and nothing of the server\'s own';
like $stream->{body}, qr/"good"/, 'what comes on the stream is passed on';
unlike $stream->{body}, qr/"hidden"/, 'lists are cut there as anywhere';

my $answer = post($address);
is $answer->{status}, 202, 'a message is accepted';
my $last = $upstream->last_request;
is $last->{target}, '/app/message?sessionId=one-session', 'and was posted where the server said';
is from_json($last->{body})->{method}, 'tools/list', 'whole';
$upstream->forget;
my $denied = post($address, method => 'tools/call', params => { name => 'hidden' });
is $denied->{error}{data}{reason}, 'policy.denied', 'messages are judged';
is $denied->{status}, 403, 'and refused by status: a client reads no body of a success there';
my $batch = http('POST', $httpd->url($address), headers => [@auth, 'Content-Type' => 'application/json'],
    body => '[{"jsonrpc":"2.0","id":1,"method":"tools/list"},{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"hidden"}}]');
is $batch->{status}, 403, 'a batch is refused whole, since its answers come elsewhere';
is_deeply [map { "$_->{id} $_->{error}{data}{reason}" } @{ from_json($batch->{body}) }], ['1 policy.denied', '2 policy.denied'], 'for each message';
is_deeply [$upstream->requests], [], 'nothing of it goes to the server';

my $rival = $registry->token_create(principal => 'rival')->{token};
my $tampered = $address =~ s/=(.)/'=' . ($1 eq 'A' ? 'B' : 'A')/er;
my $elsewhere = offered(stream('/app/message?sessionId=2', '/t/sse'));
$upstream->forget;
for my $case ([$address, $rival, "another principal's address"], [$elsewhere =~ s{^/t}{/s}r, $token, "another server's address"], [$tampered, $token, 'a changed one'],
    ["$address&x=1", $token, 'one with more in it'], ['/s/message?sessionId=one-session', $token, "the server's own id"],
    ['/s/messages/?a=b&session_id=x', $token, "the server's own id by its other name"], ['/s/sse?uapi-endpoint=', $token, 'an empty one'],
    ['/s/sse?uapi-endpoint=AAAA', $token, 'an invented one']) {
    my ($path, $with, $what) = @$case;
    my $refused = post($path, token => $with);
    is $refused->{status}, 404, "$what: 404";
    is $refused->{error}{data}{reason}, 'session.unknown', "$what: as if there were no such session";
}
is http('GET', $httpd->url($address), headers => \@auth)->{status}, 404, 'nothing but messages goes there';
is_deeply [$upstream->requests], [], 'none of these reached the server';
my $renewed = $registry->token_create(principal => 'bot')->{token};
is post($address, token => $renewed)->{status}, 202, 'another token of the same principal goes on';
$httpd->graceful;
is post($address)->{status}, 202, 'and so it does after a restart';

for my $case (['message?s=1', '/app/message?s=1'], ['?s=1', '/app/sse?s=1'], [$upstream->url('/app/m'), '/app/m']) {
    my ($said, $meant) = @$case;
    post(offered(stream($said)));
    is $upstream->last_request->{target}, $meant, "$said leads to $meant";
}
post(offered(stream('/app/m', '/u/sse')));
is $upstream->last_request->{target}, '/app/m', 'a route by pattern leads below the folder of the stream';
for my $bad ('http://127.0.0.1:1/app/m', 'http://evil.example/app/m', '//evil.example/app/m', '/admin/m', '/app/../admin', '/app/%2e%2e/admin', '/application', '/app/m#x', '') {
    my $broken = stream($bad);
    unlike $broken->{body}, qr/^event: endpoint/m, "endpoint '$bad' is not passed on";
    like $broken->{body}, qr/response\.invalid/, "endpoint '$bad' ends the stream with a reason";
}
is offered(stream('/app/other', '/u/x/sse')), undef, 'a route by pattern does not lead out of the folder';

my @records = $registry->audit_records;
my ($opened) = grep { $_->{call} eq $stream->{headers}{'uapi-call-id'} && $_->{kind} eq 'decision' } @records;
is $opened->{action}, 'mcp.stream.open', 'the stream is recorded';
my ($decision) = grep { ($_->{stream} // '') eq $opened->{call} && $_->{decision} } @records;
is $decision->{message}, '7', 'a message on it names the stream and its own number';
my @answers = grep { $_->{action} eq 'mcp.stream.answer' && $_->{call} eq $opened->{call} } @records;
is_deeply [map { ($_->{message} // '-') . " $_->{result}" } @answers], ['7 ok', '- ok'], 'and so does each answer; what is no plain id is left out';

SKIP: {
    my ($status, $out, $err) = run([out('node/bin/node'), 't/node/sse-transport.mjs', $httpd->url('/everything/sse')], environment => { UAPI_TOKEN => $token }, seconds => 60);
    is $status, 0, 'the official client with the official server' or diag $err;
    my $got = eval { from_json($out) } or skip 'no answer', 4;
    ok +(grep { $_ eq 'echo' } @{ $got->{tools} }), 'lists tools';
    ok !(grep { $_ eq 'get-env' } @{ $got->{tools} }), 'without the one that policy denies';
    like $got->{echo}{text}, qr/hello/, 'calls one';
    is_deeply [grep { !m{/everything/sse\?uapi-endpoint=} } @{ $got->{posted} }], [], 'and posts to the gateway only';
}
$everything->stop;
done_testing;
