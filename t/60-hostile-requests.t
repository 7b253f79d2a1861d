# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# UapiMaxRefusedRequests: a server that never stops asking the client for what it may not does not fill the audit chain. The stream, or the
# answer, ends with a record that says so.
use lib 't/lib';
use Uapi::Test timeout => 180;

my $secret = 'ghp_' . '0123456789abcdefghijABCDEFGHIJ012345';
my %said = (
    sampling => sub { qq({"jsonrpc":"2.0","id":$_[0],"method":"sampling/createMessage","params":{}}) },
    blocked => sub { qq({"jsonrpc":"2.0","id":$_[0],"method":"roots/list","params":{"a":"$secret"}}) },
    unheard => sub { '{"jsonrpc":"2.0","method":"unheard/of"}' },
    inner => sub { qq({"jsonrpc":"2.0","method":"notifications/tasks","params":{"inputRequests":{"a$_[0]":{"method":"sampling/createMessage"}}}}) },
    good => sub { qq({"jsonrpc":"2.0","id":$_[0],"method":"roots/list"}) },
);
sub stream_of { my ($kind, $count) = @_; return join '', map { "data: $_\n\n" } map { $said{$kind}->($_) } 1 .. $count }
my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    return $reply->start(200, 'Content-Type' => 'text/event-stream')->chunk(": \n\n")->sleep(0.5)->chunk(stream_of('sampling', 500))->sleep(20)->finish if $request->{method} eq 'GET';
    my $message = $request->json;
    return $reply->status(202) unless $message->{method} && defined $message->{id};
    return $reply->respond(200, ['Content-Type' => 'application/json', 'Mcp-Session-Id' => 'one'], to_json({ jsonrpc => '2.0', id => $message->{id},
        result => { protocolVersion => '2025-06-18', capabilities => {}, serverInfo => { name => 's', version => 1 } } })) if $message->{method} eq 'initialize';
    my $asked = $message->{params}{arguments};
    my $result = qq({"jsonrpc":"2.0","id":$message->{id},"result":{"a":1}});
    return $reply->respond(200, ['Content-Type' => 'application/json'], '[' . join(',', (map { $said{ $asked->{kind} }->($_) } 1 .. 500), $result) . ']') if $asked->{form} eq 'whole';
    return $reply->respond(200, ['Content-Type' => 'application/json'], qq({"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required","inputRequests":{)
        . join(',', map { qq("a$_":{"method":"sampling/createMessage"}) } 1 .. 500) . '}}}') if $asked->{form} eq 'result';
    $reply->start(200, 'Content-Type' => 'text/event-stream');
    return $reply->chunk('data: [' . join(',', map { $said{ $asked->{kind} }->($_) } 1 .. 500) . "]\n\ndata: $result\n\n")->finish if $asked->{form} eq 'event';
    return $reply->chunk(stream_of($asked->{kind}, $asked->{count} // 500) . "data: $result\n\n")->finish;
});
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', <<"YAML");
apiVersion: uapi/v1
kind: Policy
metadata: {name: p}
spec:
  rules:
    - {id: all, effect: allow, server: s, tools: ["*"]}
    - {id: some, effect: allow, server: s, methods: [roots/list, initialize, ping, http/GET, "notifications/*"]}
---
apiVersion: uapi/v1
kind: Firewall
metadata: {name: f}
spec:
  scanners:
    secrets: {response: block}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: s}
spec: {url: "@{[ $upstream->url('/mcp') ]}", revision: "2025-06-18"}
YAML
my $httpd = httpd(<<"CONF");
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiPlugin @{[ out('plugins/scanner_secrets.so') ]}
UapiServer s
UapiEngine on
UapiMaxRefusedRequests 5
@{[ map { qq(<Location "/$_->[0]">\n$_->[1]\nProxyPass @{[ $upstream->url('/mcp') ]}\n</Location>\n) } ['five', ''], ['seven', 'UapiMaxRefusedRequests 7'], ['shadow', 'UapiEngine shadow'] ]}
<Location "/gateway">
    UapiServers s
    SetHandler uapi-gateway
</Location>
CONF
$httpd->expect_log(qr/UAPI0101: call \w+ refused: response\.refused: more was refused than UapiMaxRefusedRequests/);
$httpd->allow_log(qr/AH01102|AH00992|AH01110|AH10154/);

sub ask { my ($path, %asked) = @_; return mcp_call($httpd->url("/$path"), $registry->token, 'tools/call', { name => $asked{name} // 't', arguments => \%asked }, version => '2025-03-26', %{ $asked{option} || {} }) }
sub records {
    my ($call) = @_;
    my @all = grep { $_->{call} eq $call } $registry->audit_records;
    my ($outcome) = grep { $_->{kind} eq 'outcome' } @all;
    return [scalar(grep { $_->{action} eq 'mcp.server.request' } @all), $outcome && $outcome->{result}];
}

for my $kind (qw(sampling blocked unheard inner)) {
    my $answer = ask('five', form => 'stream', kind => $kind);
    is_deeply records($answer->{headers}{'uapi-call-id'}), [5, 'response.refused'], "$kind: five records, and an outcome that says why it ended";
    is $answer->{events}[-1]{error}{data}{reason}, 'response.refused', 'as does the last event';
    unlike $answer->{body}, qr/"result":/, 'what came later does not come';
}
for my $form (qw(event whole)) {
    my $answer = ask('five', form => $form, kind => 'sampling');
    is_deeply records($answer->{headers}{'uapi-call-id'}), [5, 'response.refused'], "in one $form: the same";
    is $answer->{json}{error}{data}{reason}, 'response.refused', 'the client is told';
}
my $asking = ask('five', form => 'result');
is_deeply records($asking->{headers}{'uapi-call-id'}), [5, 'response.refused'], 'and inside of one result';
my $other = ask('seven', form => 'stream', kind => 'sampling');
is_deeply records($other->{headers}{'uapi-call-id'}), [7, 'response.refused'], 'a route may have another number';
my $within = ask('five', form => 'stream', kind => 'sampling', count => 5);
is_deeply records($within->{headers}{'uapi-call-id'}), [5, 'ok'], 'as many as that are no harm';
is_deeply $within->{result}, { a => 1 }, 'the answer comes';
my $good = ask('five', form => 'stream', kind => 'good', count => 20);
is_deeply records($good->{headers}{'uapi-call-id'}), [20, 'ok'], 'what is allowed is not counted';
my $shadow = ask('shadow', form => 'stream', kind => 'sampling', count => 20);
is_deeply records($shadow->{headers}{'uapi-call-id'}), [20, 'ok'], 'nor anything in shadow';

# ---- universal gateway
my $session = mcp_initialize($httpd->url('/gateway'), $registry->token, '2025-06-18')->{headers}{'mcp-session-id'};
my $call = ask('gateway', name => 's__t', form => 'stream', kind => 'sampling', option => { version => '2025-06-18', headers => ['Mcp-Session-Id' => $session] });
is_deeply records($call->{headers}{'uapi-call-id'}), [5, 'response.refused'], 'at a universal gateway, a call';
my $stream = http('GET', $httpd->url('/gateway'), headers => [Authorization => "Bearer @{[ $registry->token ]}", Accept => 'text/event-stream', 'Mcp-Session-Id' => $session, 'MCP-Protocol-Version' => '2025-06-18'], timeout => 15);
is $stream->{status}, 200, 'and the stream of its servers ends';
my ($own) = map { $_->{call} } grep { ($_->{parent} // '') eq $stream->{headers}{'uapi-call-id'} && $_->{action} eq 'mcp.stream.open' } $registry->audit_records;
is_deeply records($own), [5, 'response.refused'], "with the reason in the server's own record";
done_testing;
