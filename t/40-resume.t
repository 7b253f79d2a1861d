# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Event ids: what a client resumes from is its own, in its own session.
use lib 't/lib';
use Uapi::Test timeout => 180;
use Uapi::Everything;

my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    if ($request->{method} eq 'GET') {
        my $from = $request->header('last-event-id') // 0;
        $reply->start(200, 'Content-Type' => 'text/event-stream', 'Mcp-Session-Id' => $request->header('mcp-session-id') // 'fresh');
        $reply->chunk("id: $_\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/n\",\"params\":{\"n\":$_}}\n\n") for $from + 1 .. 4;
        return $reply->chunk("id: only-an-id\n\n")->chunk("id: " . 'x' x 2000 . "\ndata: {}\n\n")->finish;
    }
    my @session = $request->json->{method} eq 'initialize' ? ('Mcp-Session-Id' => 'session-' . $request->json->{id}) : ();
    return $reply->start(200, 'Content-Type' => 'text/event-stream', @session)->chunk("id: 1\ndata: \n\ndata: {\"jsonrpc\":\"2.0\",\"id\":@{[ $request->json->{id} ]},\"result\":{}}\n\n")->finish;
});
my $everything = Uapi::Everything->start('streamableHttp');
my $registry = make_registry(principal => 'bot');
my $policy = $registry->file('policy.yaml', "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n    - {id: all, effect: allow, server: [s, t], methods: [\"*\"]}\n    - {id: tools, effect: allow, server: [s, t], tools: [\"*\"]}\n");
my $httpd = httpd(<<"CONF", children => 2);
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiEngine on
<Location "/s">
    UapiServer s
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
<Location "/t">
    UapiServer t
    ProxyPass @{[ $everything->url('/mcp') ]}
</Location>
CONF
my $token = $registry->token;
my $initialize = { protocolVersion => '2025-11-25', capabilities => {}, clientInfo => { name => 'c', version => '1' } };
sub begin { my ($path, $with, $id) = @_; my $answer = mcp_call($httpd->url($path), $with, 'initialize', $initialize, id => $id // 1); return ($answer->{headers}{'mcp-session-id'}, $answer) }
sub stream { my ($path, $with, %headers) = @_; return http('GET', $httpd->url($path), headers => [Authorization => "Bearer $with", Accept => 'text/event-stream', map { defined $headers{$_} ? ($_ => $headers{$_}) : () } keys %headers]) }
sub ids { my ($body) = @_; return $body =~ /^id: ?(.*)$/mg }

my ($session, $first) = begin('/s', $token);
my ($primer) = ids($first->{body});
like $primer, qr/^[!-~]{30,}$/, 'an event of the answer to initialize has its id sealed';
my $all = stream('/s', $token, 'Mcp-Session-Id' => $session);
my @ids = ids($all->{body});
is scalar @ids, 5, 'so have those of a stream, one without data too; one that is too long to seal is left out';
unlike $all->{body}, qr/^id: (?:\d|only-an-id)$/m, "none is the server's";
is scalar(grep { $_->{data} =~ /"n":\d/ } sse_events($all->{body})), 4, 'the data is as it was';

my $rest = stream('/s', $token, 'Mcp-Session-Id' => $session, 'Last-Event-ID' => $ids[1]);
is $upstream->last_request->header('last-event-id'), '2', 'the server gets its own id';
is_deeply [$rest->{body} =~ /"n":(\d)/g], [3, 4], 'and goes on from there';
stream('/s', $token, 'Mcp-Session-Id' => $session, 'Last-Event-ID' => $primer);
is $upstream->last_request->header('last-event-id'), '1', 'also with the one from initialize';

my $rival = $registry->token_create(principal => 'rival')->{token};
my ($rivals) = begin('/s', $rival, 2);
my ($second) = begin('/s', $token, 3);
$upstream->forget;
for my $case ([$rival, $rivals, $ids[1], "another principal's event"], [$token, $second, $ids[1], "another session's event"], [$token, undef, $ids[1], 'without a session'],
    [$token, $session, '2', "the server's own id"], [$token, $session, $session, 'a session id'], [$token, $session, "$ids[0], $ids[1]", 'two']) {
    my ($with, $of, $id, $what) = @$case;
    my $refused = stream('/s', $with, 'Mcp-Session-Id' => $of, 'Last-Event-ID' => $id);
    is $refused->{status}, 400, "$what: refused";
    is from_json($refused->{body})->{error}{data}{reason}, 'event.unknown', "$what: event.unknown";
}
is_deeply [$upstream->requests], [], 'none of these reached the server';

# The reference server keeps its events, and gives what came after the one that is named.
my ($real) = begin('/t', $token);
my $call = mcp_call($httpd->url('/t'), $token, 'tools/call', { name => 'echo', arguments => { message => 'again' } }, headers => ['Mcp-Session-Id' => $real], id => 5);
my @seen = ids($call->{body});
ok @seen, 'the reference server numbers its events';
my $c = connect_to($httpd->port);
$c->send("GET /t HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer $token\r\nAccept: text/event-stream\r\nMCP-Protocol-Version: 2025-11-25\r\nMcp-Session-Id: $real\r\nLast-Event-ID: $primer\r\n\r\n");
like $c->raw_piece(5), qr{^HTTP/1.1 400 .*event\.unknown}s, "and another server's event is not asked for";
$c = connect_to($httpd->port);
$c->send("GET /t HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer $token\r\nAccept: text/event-stream\r\nMCP-Protocol-Version: 2025-11-25\r\nMcp-Session-Id: $real\r\nLast-Event-ID: $seen[0]\r\n\r\n");
my $text = '';
wait_for(5, sub { $text .= $c->raw_piece(0.1) // ''; $text =~ /Echo: again/ });
like $text, qr{^HTTP/1.1 200 }, 'a stream is resumed at the reference server';
like $text, qr/Echo: again/, 'which sends the answer again';
$c->close;
$httpd->allow_log(qr/AH01110/);
$everything->stop; # and with it the stream, before the audit file goes
done_testing;
