# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Event streams: each event arrives as it was sent, when it was sent; an upstream or a client that goes away ends it.
use lib 't/lib';
use Uapi::Test;

my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    if ($request->{method} eq 'GET') {
        $reply->start(200, 'Content-Type' => 'text/event-stream');
        $reply->sleep(2)->event({ jsonrpc => '2.0', method => 'notifications/late' });
        return $reply->finish;
    }
    my $arguments = $request->json->{params}{arguments} || {};
    my $mode = $arguments->{mode} // '';
    if ($mode eq 'ten') {
        return $reply->sse([map { { jsonrpc => '2.0', method => 'notifications/n', params => { n => $_ } } } 1 .. 10], delay => $arguments->{delay});
    }
    if ($mode eq 'reset') {
        return $reply->start(200, 'Content-Type' => 'text/event-stream')->event({ jsonrpc => '2.0', method => 'notifications/a' })
            ->chunk("data: {\"jsonrpc\":\"2.0\",\"half")->sleep(0.3)->reset;
    }
    if ($mode eq 'bytes') {
        $reply->start(200, 'Content-Type' => 'text/event-stream');
        $reply->chunk($_) for split //, "data: {\"jsonrpc\":\"2.0\",\ndata: \"id\":1,\"result\":{\"t\":\"\xc3\xa9\"}}\r\n\r\n";
        return $reply->finish;
    }
    if ($mode eq 'endless') {
        $reply->start(200, 'Content-Type' => 'text/event-stream');
        $reply->chunk('data: ' . 'x' x 5000) for 1 .. 40;
        return $reply->sleep(1)->finish;
    }
    if ($mode eq 'forever') {
        $reply->start(200, 'Content-Type' => 'text/event-stream');
        for (1 .. 600) { $reply->event({ jsonrpc => '2.0', method => 'notifications/tick' })->sleep(0.1) }
    }
    return $reply->json({ jsonrpc => '2.0', id => 1, result => {} });
});
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n    - {id: all, effect: allow, server: s}\n");
my $httpd = httpd(<<"CONF");
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiPlugin @{[ out('plugins/scanner_secrets.so') ]}
UapiServer s
UapiEngine on
UapiMaxResponse 100000
ProxyPass /mcp @{[ $upstream->url('/mcp') ]}
CONF
$httpd->expect_log(qr/UAPI0101: call \w+ refused: response\.too_large/);
my $url = $httpd->url('/mcp');
sub ask { return mcp_call($url, $registry->token, 'tools/call', { name => 't', arguments => {@_} }, timeout => 30) }
sub outcome {
    my ($answer) = @_;
    my $found;
    wait_for(3, sub { ($found) = grep { $_->{call} eq $answer->{headers}{'uapi-call-id'} && $_->{kind} eq 'outcome' } $registry->audit_records });
    return $found;
}

my $answer = ask(mode => 'ten', delay => 1);
my @arrived = map { $_->[0] } grep { $_->[1] =~ /data:/ } @{ $answer->{pieces} };
is scalar @arrived, 10, 'ten events a second apart arrive as ten pieces';
is scalar(grep { my $gap = $arrived[$_] - $arrived[$_ - 1]; $gap > 0.7 && $gap < 1.5 } 1 .. 9), 9, 'each a second after the other';
is outcome($answer)->{result}, 'ok', 'and the outcome is recorded';
ok outcome($answer)->{bytes} > 300, 'with the bytes sent';

my $c = connect_to($httpd->port);
my $start = time;
$c->send("GET /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer @{[ $registry->token ]}\r\nAccept: text/event-stream\r\n\r\n");
like $c->raw_piece(1.5), qr{^HTTP/1.1 200 .*text/event-stream}s, 'the headers of a GET stream come before its first event';

$answer = ask(mode => 'bytes');
is $answer->{rpc}{result}{t}, "\x{e9}", 'a stream in single bytes';

$answer = ask(mode => 'reset');
like $answer->{body}, qr/notifications\/a/, 'an upstream that resets: what came whole is there';
unlike $answer->{body}, qr/half/, 'what came in part is not';
ok !$answer->{complete}, 'and the answer does not look complete';
is outcome($answer)->{result}, 'upstream.failed', 'recorded as such';
$httpd->allow_log(qr/AH01102|AH00992|AH01110|AH10154/);

$answer = ask(mode => 'endless');
like $answer->{body}, qr/response\.too_large/, 'an event without end is cut off with a reason';
is outcome($answer)->{result}, 'response.too_large', 'and recorded';

# A client that goes away ends the call upstream and leaves an outcome.
$c = connect_to($httpd->port);
my $body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":{"mode":"forever"}}}';
$c->send("POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer @{[ $registry->token ]}\r\nContent-Type: application/json\r\n"
    . "MCP-Protocol-Version: 2025-11-25\r\nContent-Length: " . length($body) . "\r\n\r\n$body");
$c->raw_piece(2);
$c->close;
my $gone;
ok wait_for(3, sub { ($gone) = grep { ($_->{result} // '') eq 'client.gone' } $registry->audit_records }), 'a client that goes away is an outcome' or diag join "\n", map { to_json($_) } ($registry->audit_records)[-3 .. -1];
is ask(mode => 'json')->{status}, 200, 'and the server goes on';
done_testing;
