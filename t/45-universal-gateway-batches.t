# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# A batch (2025-03-26) at a universal gateway: each member is a call of its own, goes to its own server, and has its own verdict.
use lib 't/lib';
use Uapi::Test;

my $secret = 'ghp_' . '0123456789abcdefghijABCDEFGHIJ012345';
sub server {
    my ($name, $revision) = @_;
    return upstream(sub {
        my ($request, $reply) = @_;
        my $message = $request->json;
        return $reply->status(400) if ref $message eq 'ARRAY';
        return $reply->status(202) unless defined $message->{id} && defined $message->{method};
        my $answer = { jsonrpc => '2.0', id => $message->{id} };
        if ($message->{method} eq 'initialize') {
            return $reply->respond(200, ['Content-Type' => 'application/json', 'Mcp-Session-Id' => "s-$name"],
                to_json({ %$answer, result => { protocolVersion => $revision, capabilities => {}, serverInfo => { name => $name, version => 1 } } }));
        }
        return $reply->json({ %$answer, result => { tools => [{ name => 'get', inputSchema => {} }] } }) if $message->{method} eq 'tools/list';
        my $result = { content => [{ type => 'text', text => $message->{params}{arguments}{text} // 'none' }], server => $name, tool => $message->{params}{name}, header => $request->header('mcp-name') };
        return $reply->sse([{ jsonrpc => '2.0', method => 'notifications/progress', params => {} }, { %$answer, result => $result }]) if $name eq 'beta';
        return $reply->json({ %$answer, result => $result });
    });
}
my %server = (alpha => server('alpha', '2025-06-18'), beta => server('beta', '2025-11-25'), gone => server('gone', '2025-11-25'), hidden => server('hidden', '2025-11-25'), modern => server('modern', '2026-07-28'));
$server{gone}->stop;
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', join "---\n", <<'YAML', map { "apiVersion: uapi/v1\nkind: Server\nmetadata: {name: $_}\nspec:\n  url: @{[ $server{$_}->url('/mcp') ]}\n  timeout: 5s\n" . ($_ eq 'modern' ? "  revision: 2026-07-28\n" : '') } sort keys %server);
apiVersion: uapi/v1
kind: Policy
metadata: {name: p}
spec:
  rules:
    - {id: all, effect: allow, server: [alpha, beta, gone, modern], tools: [get]}
    - {id: never, effect: deny, server: beta, tools: [drop]}
---
apiVersion: uapi/v1
kind: Firewall
metadata: {name: f}
spec:
  scanners: {secrets: {request: redact, response: redact}}
YAML
my $httpd = httpd(<<"CONF");
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiPlugin @{[ out('plugins/scanner_secrets.so') ]}
UapiServers *
<Location "/mcp">
    UapiEngine on
    SetHandler uapi-gateway
</Location>
CONF
$httpd->allow_log(qr/UAPI0122/);
my $session = mcp_initialize($httpd->url('/mcp'), $registry->token, '2025-03-26', version => undef)->{headers}{'mcp-session-id'};
sub batch { my (@members) = @_; return mcp_call($httpd->url('/mcp'), $registry->token, undef, undef, id => undef, version => '2025-03-26', headers => ['Mcp-Session-Id' => $session, Accept => 'application/json'], body => '[' . join(', ', @members) . ']') }
sub tool { my ($id, $name, $text) = @_; return qq({"jsonrpc":"2.0","id":$id,"method":"tools/call","params":{"name":"$name","arguments":{"text":"@{[ $text // '' ]}"}}}) }

$_->forget for values %server;
my $answer = batch(tool(1, 'alpha__get', "a $secret"), tool('"two"', 'beta__get', 'b'), tool(3, 'beta__drop'), tool(4, 'gone__get'), tool(5, 'hidden__get'), tool(6, 'nobody__get'), tool(7, 'modern__get', 'm'),
    '{"jsonrpc":"2.0","id":8,"method":"ping"}', '{"jsonrpc":"2.0","id":9,"method":"tools/list"}', '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}', '{"jsonrpc":"2.0","id":10,"method":"roots/unheard"}');
is $answer->{status}, 200, 'a batch over several servers';
is_deeply [map { $_->{id} } @{ $answer->{json} }], [1, 'two', 3 .. 10], 'is answered whole, in its order';
my %of = map { $_->{id} => $_ } @{ $answer->{json} };
is $of{1}{result}{server}, 'alpha', 'one goes to its server';
like $of{1}{result}{content}[0]{text}, qr/^a \[REDACTED/, 'inspected as a call is';
is $of{two}{result}{server}, 'beta', 'another one to another, which answers by a stream';
is_deeply [@{ $of{two}{result} }{qw(tool header)}], ['get', undef], 'under its own name';
is_deeply [@{ $of{3}{error}{data} }{qw(reason rule)}], ['policy.denied', 'never'], 'a refused one has its own error';
is $of{4}{error}{data}{reason}, 'upstream.unreachable', 'as has one whose server is down';
is_deeply $of{5}{error}{data}, { %{ $of{6}{error}{data} } }, 'what may not be used and what there is not look the same';
is $of{6}{error}{data}{reason}, 'policy.default_deny', 'and are denied';
is_deeply [@{ $of{7}{result} }{qw(server header)}], ['modern', 'get'], 'a server of another era gets what it needs';
is_deeply $of{8}{result}, {}, 'what is the endpoint\'s own';
like join(' ', map { $_->{name} } @{ $of{9}{result}{tools} }), qr/alpha__get.*beta__get/, 'is answered by it';
is $of{10}{error}{data}{reason}, 'gateway.unsupported', 'what it does not do, it says';
ok !(grep { $_->{body} =~ /drop|^\[/ } map { $_->requests } values %server), 'nothing refused has left, and no batch';
is scalar $server{hidden}->requests, 0, 'and nothing at all for one who may not';

is batch('{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}')->{status}, 202, 'a batch of notifications has no answer';
is batch(tool(1, 'beta__drop'), tool(2, 'beta__drop'))->{json}[1]{error}{data}{reason}, 'policy.denied', 'one of which nothing is left';
is batch(tool(1, 'alpha__get'), tool(1, 'alpha__get'))->{error}{data}{reason}, 'rpc.invalid', 'an id twice';
is mcp_call($httpd->url('/mcp'), $registry->token, undef, undef, id => undef, headers => ['Mcp-Session-Id' => $session], body => '[' . tool(1, 'alpha__get') . ']')->{error}{data}{reason}, 'rpc.batch', 'under another revision there are no batches';

$httpd->stop;
my @records = $registry->audit_records;
my ($call) = map { $_->{call} } grep { ($_->{target} // '') eq 'beta__drop' } @records;
my @parts = grep { ($_->{parent} // '') eq $call && $_->{method} eq 'tools/call' && $_->{kind} eq 'decision' } @records;
is_deeply [sort map { "$_->{server} $_->{target} $_->{decision}" } @parts], ['alpha get allow', 'beta get allow', 'modern get allow'], 'what was sent is in the chain, with the batch as its parent';
done_testing;
