# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# The firewall at a route, both directions, whole answers and streams: block, redact, log, shadow, disabled. The secrets
# are made at run time.
use lib 't/lib';
use Uapi::Test;
use Digest::SHA 'sha256_hex';

my $secret = join '', 'AK', 'IA', map { ('A' .. 'Z', 2 .. 7)[rand 32] } 1 .. 16;
my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    return $reply->json({}) if $request->{method} eq 'GET';
    my $arguments = $request->json->{params}{arguments} || {};
    my $mode = $arguments->{mode} // 'json';
    return $reply->respond(200, ['Content-Type' => 'application/json', ETag => '"1"'], $arguments->{raw}) if $mode eq 'raw';
    return $reply->respond(200, ['Content-Type' => $arguments->{type} // 'text/html'], $arguments->{raw}) if $mode eq 'text';
    return $reply->start(200, 'Content-Type' => 'text/event-stream')->chunk($arguments->{raw})->finish if $mode eq 'sse';
    return $reply->gzip({ jsonrpc => '2.0', id => 1, result => {} }) if $mode eq 'gzip';
    return $reply->status(204) if $mode eq 'empty';
    return $reply->json({ jsonrpc => '2.0', id => 1, result => { said => $arguments->{text} } });
});
my $registry = make_registry();
my $common = <<'YAML';
apiVersion: uapi/v1
kind: Policy
metadata: {name: everyone}
spec:
  rules:
    - {id: all, effect: allow, server: "*"}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: s}
spec: {protocol: mcp}
YAML
sub firewall { return $registry->file("$_[0].yaml", "$common---\napiVersion: uapi/v1\nkind: Firewall\nmetadata: {name: $_[0]}\nspec:\n$_[1]") }
my %policies = (
    block => firewall('block', "  mode: enforce\n  scanners:\n    secrets: {request: block, response: block}\n"),
    redact => firewall('redact', "  mode: enforce\n  scanners:\n    secrets: {request: redact, response: redact}\n"),
    log => firewall('log', "  mode: enforce\n  scanners:\n    secrets: {request: log, response: log}\n"),
    shadow => firewall('shadow', "  mode: shadow\n  scanners:\n    secrets: {request: block, response: block}\n"),
    disabled => firewall('disabled', "  mode: disabled\n  scanners:\n    secrets: {request: block, response: block}\n"),
    mixed => firewall('mixed', "  mode: enforce\n  scanners:\n    secrets: {request: log, response: redact}\n"),
    default => $registry->file('default.yaml', $common),
);
my @names = sort keys %policies;
my $plugin = out('plugins/scanner_secrets.so');
my $httpd = httpd(join "\n", "UapiPlugin $plugin sha256:" . sha256_hex(slurp($plugin)), map {
    my $port = '@PORT' . ($_ + 2) . '@';
    "Listen 127.0.0.1:$port\n<VirtualHost 127.0.0.1:$port>\nServerName localhost\n" . $registry->config . "\nUapiPolicy \"$policies{$names[$_]}\"\nUapiEngine on\nUapiServer s\n"
        . 'UapiMaxResponse 200000' . "\nProxyPass /mcp " . $upstream->url('/mcp') . "\n</VirtualHost>"
} 0 .. $#names);
$httpd->expect_log(qr/UAPI0101: call \w+ refused: response\./);
my %port = map { $names[$_] => $httpd->port($_ + 2) } 0 .. $#names;

sub ask {
    my ($which, %arguments) = @_;
    return mcp_call("http://127.0.0.1:$port{$which}/mcp", $registry->token, 'tools/call', { name => 't', arguments => \%arguments });
}
sub raw_answer { my ($which, $raw, $mode) = @_; return ask($which, mode => $mode // 'raw', raw => $raw) }
sub hide { return join '', map { sprintf '\\u%04x', ord } split //, $_[0] }

# ---- requests
my $answer = ask('block', text => "key $secret here");
is $answer->{error}{code}, -32012, 'block: a secret in a request';
is $answer->{error}{data}{reason}, 'firewall.blocked', 'firewall.blocked';
like $answer->{error}{data}{rule}, qr/^secrets\./, 'names the rule';
unlike $answer->{body}, qr/$secret/, 'but not what was found';
is_deeply [$upstream->requests], [], 'nothing left';
is ask('block', text => 'nothing special')->{result}{said}, 'nothing special', 'block: ordinary text passes';
{
    my $body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":{"text":"' . hide($secret) . '"}}}';
    is mcp_call("http://127.0.0.1:$port{block}/mcp", $registry->token, 'tools/call', {}, body => $body)->{error}{code}, -32012, 'block: escapes do not hide it';
    $upstream->forget;
    mcp_call("http://127.0.0.1:$port{redact}/mcp", $registry->token, 'tools/call', {}, body => " $body ");
    (my $expected = " $body ") =~ s/"text":"[^"]*"/"text":"[REDACTED:@{[ $answer->{error}{data}{rule} ]}]"/;
    is $upstream->last_request->{body}, $expected, 'redact: only its bytes change on the way up';
    is $upstream->last_request->header('content-length'), length $expected, 'and the length is right';
}
is ask('block', "$secret" => 1)->{error}{code}, -32012, 'block: a key is text too';
is ask('log', text => $secret)->{result}{said}, $secret, 'log: passes, both ways';
my ($record) = reverse grep { $_->{kind} eq 'decision' } $registry->audit_records;
is $record->{findings}[0]{action}, 'log', 'and is in the record';
is ask('shadow', text => $secret)->{result}{said}, $secret, 'shadow: passes';
($record) = reverse grep { $_->{kind} eq 'decision' } $registry->audit_records;
is $record->{shadow}, 'firewall.blocked', 'with what would have been';
is ask('disabled', text => $secret)->{result}{said}, $secret, 'disabled: passes';
is ask('default', text => $secret)->{error}{code}, -32012, 'no Firewall document: requests are blocked';
unlike join('', map { to_json($_) } $registry->audit_records), qr/$secret/, 'no record has matched text';
$answer = mcp_call("http://127.0.0.1:$port{log}/mcp", $registry->token, 'tools/call', { name => $secret, arguments => {} });
unlike join('', map { to_json($_) } $registry->audit_records), qr/$secret/, 'not even as the name of a tool';

# ---- the query string
{
    my $get = sub { my ($which, $query) = @_; return http('GET', "http://127.0.0.1:$port{$which}/mcp?$query", headers => [Authorization => 'Bearer ' . $registry->token]) };
    (my $hidden = $secret) =~ s/(.)/sprintf '%%%02x', ord $1/ge;
    is $get->('block', "key=$hidden")->{status}, 403, 'block: a secret in the query, however it is escaped';
    is $get->('redact', "key=$secret")->{status}, 403, 'redact: it cannot be redacted there, so it is blocked';
    is $get->('block', 'key=value%zz')->{status}, 200, 'an ordinary query passes';
    is $get->('log', "key=$secret")->{status}, 200, 'log: passes';
    my ($decision) = reverse grep { $_->{kind} eq 'decision' } $registry->audit_records;
    is $decision->{findings}[0]{action}, 'log', 'and is in the record';
}

# ---- whole answers
my $good = qq({ "jsonrpc":"2.0",\n "id": 1, "result":{"text":"a $secret b","n":1.0} });
(my $clean = $good) =~ s/$secret/[REDACTED:$record->{findings}[0]{rule}]/;
is raw_answer('redact', '{"jsonrpc":"2.0","id":1,"result":{}}')->{headers}{etag}, '"1"', 'an untouched answer keeps its validators' ;
my $raw = $upstream && raw_answer('mixed', $good);
is $raw->{body}, $clean, 'redact: only its bytes change on the way down';
is $raw->{headers}{'content-length'}, length $clean, 'and the length is right';
is $raw->{headers}{etag}, undef, 'and no validator of the original remains';
like raw_answer('mixed', '{"jsonrpc":"2.0","id":1,"result":"' . hide($secret) . '"}')->{body}, qr/"result":"\[REDACTED:secrets\.\w+\]"/, 'escaped in the answer';
for my $case (['{"jsonrpc":"2.0","id":1,"result":', 'cut short'], ['<html>', 'no JSON'], ['{"jsonrpc":"2.0","id":1,"id":2}', 'a duplicate key']) {
    my $bad = raw_answer('mixed', $case->[0]);
    is $bad->{status}, 502, "an answer that says JSON and is none ($case->[1]): 502";
    is $bad->{error}{data}{reason}, 'response.invalid', 'response.invalid';
}
like raw_answer('mixed', "<p>$secret</p>", 'text')->{body}, qr{^<p>\[REDACTED:secrets\.\w+\]</p>$}, 'text that is no JSON is inspected as it is';
is ask('mixed', mode => 'gzip')->{error}{data}{reason}, 'response.content_encoding', 'a compressed answer is refused';
is ask('mixed', mode => 'empty')->{status}, 204, 'an answer without a body passes';
$answer = ask('block', mode => 'raw', raw => '{}');
is $answer->{status}, 200, 'block: a clean answer passes';

# ---- streams; the ids of events are sealed
sub unsealed { my ($answer) = @_; $answer->{body} =~ s/^id: \S{30,}/id: 7/mg; return $answer }
my $event = "event: message\nid: 7\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"data\":\"ok\"}}\n\n";
my $leak = "id: 8\r\ndata: {\"jsonrpc\":\"2.0\",\"id\":1,\r\ndata: \"result\":\"$secret\"}\r\n\r\n";
$answer = unsealed(raw_answer('mixed', ": hello\n\n$event$leak$event", 'sse'));
is index($answer->{body}, ": hello\n\n$event"), 0, 'events without findings arrive byte for byte';
unlike $answer->{body}, qr/$secret/, 'redact: not the secret';
like $answer->{body}, qr/id: 7\r?\n.*\[REDACTED:secrets\.\w+\].*\Q$event\E$/s, 'but the event around it, and the stream goes on';
$answer = unsealed(raw_answer('mixed', 'data: {"jsonrpc":"2.0","id":1,"result":"' . hide($secret) . "\"}\n\n", 'sse'));
like $answer->{body}, qr/\[REDACTED:/, 'escaped in an event';
$answer = unsealed(raw_answer('mixed', "data: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"$secret\"}", 'sse'));
unlike $answer->{body}, qr/$secret/, 'an event that was never finished is inspected too';
$answer = unsealed(raw_answer('mixed', "data: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"x\",}\n\n$event", 'sse'));
like $answer->{body}, qr/response\.invalid.*\Q$event\E/s, 'an event that is broken JSON is withheld, the next comes';
$answer = unsealed(raw_answer('mixed', ": $secret\n\n$event", 'sse'));
unlike $answer->{body}, qr/$secret/, 'comments are inspected too';
done_testing;
