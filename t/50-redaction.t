# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# What stands in for findings at a real server: each style, in requests, answers and events; the same value in request and answer;
# overlapping findings of several rules; bytes outside stay.
use lib 't/lib';
use Uapi::Test;

my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    my $arguments = $request->json->{params}{arguments} || {};
    return $reply->start(200, 'Content-Type' => 'text/event-stream')->chunk($arguments->{raw} =~ tr/_/-/r)->finish if $arguments->{raw};
    return $reply->json({ jsonrpc => '2.0', id => 1, result => { said => join ' ', map { "N-$_" } @{ $arguments->{say} || [] } } });
});
my $registry = make_registry();
my $umbrella = do { $registry->must('tenant', 'create', 'umbrella'); $registry->token_create(tenant => 'umbrella', principal => 'agent-2')->{token} };
my $common = <<'YAML';
apiVersion: uapi/v1
kind: PatternPack
metadata: {name: k}
spec:
  rules:
    - {id: number, regex: '\bN-[0-9]{4,19}\b', action: redact}
    - {id: word, regex: '\bword[a-z]{3,9}\b', action: redact}
    - {id: half, regex: '[a-z]{3} half\b', action: redact}
---
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
---
apiVersion: uapi/v1
kind: Firewall
metadata: {name: f}
YAML
my @styles = ([plain => '{}'], [numbered => '{redaction: {consistent: true}}'], [hash => '{redaction: {style: hash}}'],
    [format => '{redaction: {style: format, keep_last: 4, keep_last_of: ["k.num*"]}}']);
my $httpd = httpd(join "\n", map {
    my $policy = $registry->file("$styles[$_][0].yaml", "${common}spec: $styles[$_][1]\n");
    my $port = '@PORT' . ($_ + 2) . '@';
    "Listen 127.0.0.1:$port\n<VirtualHost 127.0.0.1:$port>\nServerName localhost\n" . $registry->config
        . "\nUapiPolicy \"$policy\"\nUapiEngine on\nUapiServer s\nProxyPass /mcp " . $upstream->url('/mcp') . "\n</VirtualHost>"
} 0 .. $#styles);
my %port = map { $styles[$_][0] => $httpd->port($_ + 2) } 0 .. $#styles;

sub ask {
    my ($style, $arguments, $token) = @_;
    $upstream->forget;
    return mcp_call("http://127.0.0.1:$port{$style}/mcp", $token // $registry->token, 'tools/call', { name => 't', arguments => $arguments });
}
sub went { return from_json($upstream->last_request->{body})->{params}{arguments}{text} }

# ---- the plain mark
ask('plain', { text => 'a N-12345 b N-12345 c wordful' });
is went(), 'a [REDACTED:k.number] b [REDACTED:k.number] c [REDACTED:k.word]', 'plain: marks name the rule';
ask('plain', { text => '<wordful half N-1234>' });
is went(), '<[REDACTED:k.word] [REDACTED:k.number]>', 'findings of several rules that overlap are replaced as one';

# ---- numbered
my $answer = ask('numbered', { text => 'N-11111 N-22222 N-11111 wordful', say => ['22222', '33333'] });
is went(), '[REDACTED:k.number#1] [REDACTED:k.number#2] [REDACTED:k.number#1] [REDACTED:k.word#1]', 'numbered: by value and rule';
is $answer->{result}{said}, '[REDACTED:k.number#2] [REDACTED:k.number#3]', 'and on in the answer of the same call';
$answer = ask('numbered', { say => ['22222'] });
is $answer->{result}{said}, '[REDACTED:k.number#1]', 'another call begins anew';
my $event = sub { qq(data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"$_[0]"}}\n\n) };
$answer = ask('numbered', { raw => $event->('N_55555') . $event->('N_66666') . $event->('N_\u0035\u0035555') });
is join(' ', $answer->{body} =~ /"data":"([^"]*)"/g), '[REDACTED:k.number#1] [REDACTED:k.number#2] [REDACTED:k.number#1]', 'and over the events of a stream, however spelled';

# ---- hashed
ask('hash', { text => 'N-11111 N-22222 N-11111' });
my @hashes = went() =~ /^\[REDACTED:k\.number:([0-9a-f]{12})\] \[REDACTED:k\.number:([0-9a-f]{12})\] \[REDACTED:k\.number:([0-9a-f]{12})\]$/;
is scalar @hashes, 3, 'hash: marks with hashes';
is $hashes[0], $hashes[2], 'the same of the same value';
isnt $hashes[0], $hashes[1], 'another of another';
is ask('hash', { say => ['11111'] })->{result}{said}, "[REDACTED:k.number:$hashes[0]]", 'the same in another call';
isnt ask('hash', { say => ['11111'] }, $umbrella)->{result}{said}, "[REDACTED:k.number:$hashes[0]]", 'not of another tenant';

# ---- in its form
ask('format', { text => 'a N-1234567890123 b wordful' });
like went(), qr/^a [A-Z]-[0-9]{9}0123 b [a-z]{7}$/, 'format: letters for letters, digits for digits, the last four stay';
unlike went(), qr/123456789|wordful/, 'and nothing else of it';
ask('format', { text => 'N-12345' });
like went(), qr/^[A-Z]-[0-9]{5}$/, 'of a short one';
unlike went(), qr/2345/, 'nothing stays';
unlike join('', map { to_json($_) } $registry->audit_records), qr/N-\d|wordful/, 'no record has matched text';
done_testing;
