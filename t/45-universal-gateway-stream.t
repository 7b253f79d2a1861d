# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# The client's stream at a universal gateway: what all servers say on theirs, judged and renamed, and what follows from it.
use lib 't/lib';
use Uapi::Test;

my $secret = 'ghp_' . '0123456789abcdefghijABCDEFGHIJ012345';
my $registry = make_registry();
my $tools = $registry->file('tools', 'before');
my @said = (
    { jsonrpc => '2.0', method => 'notifications/tools/list_changed' },
    { jsonrpc => '2.0', id => 7, method => 'sampling/createMessage', params => { text => 'x' } },
    { jsonrpc => '2.0', id => 'r', method => 'roots/list' },
    { jsonrpc => '2.0', method => 'notifications/resources/updated', params => { uri => 'file:///a' } },
    { jsonrpc => '2.0', method => 'notifications/message', params => { level => 'info', data => "a $secret b" } },
    { jsonrpc => '2.0', id => 1, result => { tools => [] } },
);
sub server {
    my ($name, $stream) = @_;
    return upstream(sub {
        my ($request, $reply) = @_;
        my $resumed = $request->header('last-event-id');
        return $reply->start(200, 'Content-Type' => 'text/event-stream')->chunk("id: after-$resumed\ndata: " . to_json({ jsonrpc => '2.0', id => 1, result => { content => [{ type => 'resource_link', uri => 'file:///a' }] } }) . "\n\n")
            if $request->{method} eq 'GET' && defined $resumed;
        return $stream->($reply) if $request->{method} eq 'GET';
        return $reply->status(204) if $request->{method} eq 'DELETE';
        my $message = $request->json;
        return $reply->status(202) unless defined $message->{id} && defined $message->{method};
        my $answer = { jsonrpc => '2.0', id => $message->{id} };
        return $reply->respond(200, ['Content-Type' => 'application/json', 'Mcp-Session-Id' => "of-$name" . ($message->{params}{clientInfo}{name} eq 'another' ? '-another' : '')],
            to_json({ %$answer, result => { protocolVersion => '2025-06-18', capabilities => {}, serverInfo => { name => $name, version => 1 } } })) if $message->{method} eq 'initialize';
        return $reply->json({ %$answer, result => { tools => [{ name => slurp($tools) }] } }) if $message->{method} eq 'tools/list';
        return $reply->start(200, 'Content-Type' => 'text/event-stream')->chunk("id: e-of-$name\nretry: 10\ndata:\n\n") if $message->{method} eq 'tools/call'; # the answer comes later
        return $reply->json({ %$answer, result => {} });
    });
}
my $silent = sub { $_[0]->status(405) };
my %server = (
    talks => server('talks', sub {
        my ($reply) = @_;
        $reply->start(200, 'Content-Type' => 'text/event-stream')->chunk(": hello\n\nid: 1\ndata:\n\n")->sleep(0.3);
        $reply->chunk('id: 2' . "\nevent: message\ndata: " . to_json($_) . "\n\n") for @said;
        $reply->sleep(0.3);
    }),
    waits => server('waits', sub { $_[0]->start(200, 'Content-Type' => 'text/event-stream')->chunk("data: " . to_json($said[0]) . "\n\n"); $_[0]->sleep(20) }),
    none => server('none', $silent),
);
my $policy = $registry->file('policy.yaml', join "---\n", <<'YAML', map { "apiVersion: uapi/v1\nkind: Server\nmetadata: {name: $_}\nspec:\n  url: @{[ $server{$_}->url('/mcp') ]}\n" } sort keys %server);
apiVersion: uapi/v1
kind: Policy
metadata: {name: p}
spec:
  rules:
    - {id: all, effect: allow}
    - {id: no-roots, effect: deny, server: talks, methods: [roots/list]}
---
apiVersion: uapi/v1
kind: Firewall
metadata: {name: f}
spec:
  scanners:
    secrets: {response: redact}
YAML
my $httpd = httpd(<<"CONF");
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiPlugin @{[ out('plugins/scanner_secrets.so') ]}
UapiEngine on
<Location "/mcp">
    UapiServers *
    SetHandler uapi-gateway
</Location>
<Location "/none">
    UapiServers none
    SetHandler uapi-gateway
</Location>
<Location "/limited">
    UapiServers talks none
    SetHandler uapi-gateway
    UapiMaxStream 300
</Location>
<Location "/waits">
    UapiServers waits none
    SetHandler uapi-gateway
</Location>
CONF
my @auth = (Authorization => "Bearer @{[ $registry->token ]}", Accept => 'text/event-stream');
sub open_session { my ($path) = @_; return mcp_initialize($httpd->url($path), $registry->token) }
my $opened = open_session('/mcp');
my $session = $opened->{headers}{'mcp-session-id'};
ok $opened->{result}{capabilities}{tools}{listChanged}, 'changes of lists are announced';
ok $opened->{result}{capabilities}{resources}{subscribe}, 'resources can be subscribed to';
sub tools { return [map { $_->{name} } @{ mcp_call($httpd->url('/mcp'), $registry->token, 'tools/list', {}, headers => ['Mcp-Session-Id' => $session])->{result}{tools} }] }
is_deeply tools(), [qw(none__before talks__before waits__before)], 'the list';
tools() for 1 .. 6;
$registry->file('tools', 'after');

my $stream = http('GET', $httpd->url('/mcp'), headers => [@auth, 'Mcp-Session-Id' => $session], timeout => 15);
is $stream->{status}, 200, 'a stream';
is $stream->{headers}{'content-type'}, 'text/event-stream', 'of events';
my %seen = map { my $m = from_json($_->{data}); ($m->{method} => $m) } sse_events($stream->{body});
my ($listed) = grep { ($_->{method} // '') eq 'GET' } $server{none}->requests;
ok $listed, 'each server is asked, also one that has none';
is $server{talks}->last_request->header('mcp-session-id'), 'of-talks', 'in its session';
ok $seen{'notifications/tools/list_changed'}, 'a list has changed';
is scalar(grep { $_->{data} =~ /list_changed/ } sse_events($stream->{body})), 2, 'at both servers that said so';
is $seen{'sampling/createMessage'}{id}, 'uapi:talks:n:7', 'a request has an id that leads back';
is $seen{'notifications/resources/updated'}{params}{uri}, 'uapi:talks:file:///a', 'a resource has the URI that the list gave';
like $seen{'notifications/message'}{params}{data}, qr/^a \[REDACTED\S* b$/, 'what scanners find is cut out';
is $seen{'roots/list'}, undef, 'what policy denies is withheld';
unlike $stream->{body}, qr/result|^id:/m, 'no answers, and no ids of events';
is_deeply [grep { !/^none/ } @{ tools() }], [qw(talks__after waits__after)], 'lists that have changed are fetched anew, in every child' for 1 .. 4;

my $answer = mcp_call($httpd->url('/mcp'), $registry->token, undef, undef, headers => ['Mcp-Session-Id' => $session], body => '{"jsonrpc":"2.0","id":"uapi:talks:n:7","result":{"a":1}}');
is $answer->{status}, 202, 'the client answers';
is $server{talks}->last_request->{body}, '{"jsonrpc":"2.0","id":7,"result":{"a":1}}', 'and the server gets the answer to what it asked';
is mcp_call($httpd->url('/mcp'), $registry->token, 'resources/subscribe', { uri => 'uapi:talks:file:///a' }, headers => ['Mcp-Session-Id' => $session])->{status}, 200, 'a subscription';
is $server{talks}->last_request->json->{params}{uri}, 'file:///a', 'goes to its server';

# ---- an answer that comes on a stream that is resumed
my $broken = mcp_call($httpd->url('/mcp'), $registry->token, 'tools/call', { name => 'talks__t' }, headers => ['Mcp-Session-Id' => $session]);
my ($id) = $broken->{body} =~ /^id: (.*)$/m;
unlike $id, qr/e-of/, 'the id of an event is sealed';
$_->forget for values %server;
my $resumed = http('GET', $httpd->url('/mcp'), headers => [@auth, 'Mcp-Session-Id' => $session, 'Last-Event-ID' => $id], timeout => 15);
is $resumed->{status}, 200, 'a stream is resumed';
my ($event) = sse_events($resumed->{body});
is from_json($event->{data})->{result}{content}[0]{uri}, 'uapi:talks:file:///a', 'and has the answer';
isnt $event->{id}, 'after-e-of-talks', 'with a sealed id';
is $server{talks}->last_request->header('last-event-id'), 'e-of-talks', 'its server gets its own id';
is_deeply [$server{waits}->requests], [], 'and no other is asked';
is http('GET', $httpd->url('/mcp'), headers => [@auth, 'Mcp-Session-Id' => $session, 'Last-Event-ID' => 'e-of-talks'])->{status}, 400, 'an id that was not given';
my $another = mcp_call($httpd->url('/mcp'), $registry->token, 'initialize', { protocolVersion => '2025-11-25', capabilities => {}, clientInfo => { name => 'another', version => '1' } })->{headers}{'mcp-session-id'};
my $foreign = http('GET', $httpd->url('/mcp'), headers => [@auth, 'Mcp-Session-Id' => $another, 'Last-Event-ID' => $id]);
is from_json($foreign->{body})->{error}{data}{reason}, 'event.unknown', 'an event of another session of the same caller' or diag $foreign->{body};

is http('GET', $httpd->url('/mcp'), headers => [@auth])->{status}, 405, 'no session, no stream';
is http('GET', $httpd->url('/mcp'), headers => [@auth, 'Mcp-Session-Id' => 'AAAA'])->{status}, 404, 'no such session';
is http('GET', $httpd->url('/none'), headers => [@auth, 'Mcp-Session-Id' => open_session('/none')->{headers}{'mcp-session-id'}])->{status}, 405, 'no server with a stream: none';

# ---- a server that says too much
my $limited = http('GET', $httpd->url('/limited'), headers => [@auth, 'Mcp-Session-Id' => open_session('/limited')->{headers}{'mcp-session-id'}], timeout => 15);
like $limited->{body}, qr/list_changed/, 'what is within the limit comes';
unlike $limited->{body}, qr/REDACTED/, 'what is beyond does not';
my ($cut) = grep { ($_->{result} // '') eq 'response.too_large' } $registry->audit_records;
ok $cut, 'and the call to the server has it in its outcome';

# ---- a client that goes away
my $waiting = open_session('/waits')->{headers}{'mcp-session-id'};
my $connection = connect_to($httpd->port);
$connection->send("GET /waits HTTP/1.1\r\nHost: localhost\r\n$auth[0]: $auth[1]\r\nAccept: text/event-stream\r\nMcp-Session-Id: $waiting\r\n\r\n");
ok wait_for(5, sub { scalar(grep { $_->{method} eq 'GET' } $server{waits}->requests) >= 1 }), 'a stream is open';
sleep 0.3;
my $left = time;
$connection->close;
my @gone;
ok wait_for(5, sub { @gone = grep { ($_->{result} // '') eq 'client.gone' } $registry->audit_records; @gone >= 2 }), 'the client went away: the servers\' streams are closed, and the record says so';
my %decision = map { ($_->{call} => $_) } grep { $_->{kind} eq 'decision' } $registry->audit_records;
is_deeply [sort map { $decision{ $_->{call} }{server} // 'the endpoint' } @gone], ['the endpoint', 'waits'], 'for each';
done_testing;
