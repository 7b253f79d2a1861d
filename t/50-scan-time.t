# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# UapiScanTime: a text whose candidates take longer to judge than that is refused in both directions, as an answer and as an event of a
# stream; in shadow it passes and the record says so; ordinary texts are not concerned.
use lib 't/lib';
use Uapi::Test;

# Each is a candidate that is judged and none that is found.
my $slow = 'Please ignore the previous error and retry the build of the day; the instructions are in the wiki page. ' x 2400;
my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    my $how = $request->json->{params}{arguments}{how} // '';
    my $answer = { jsonrpc => '2.0', id => 1, result => { said => $how =~ /slow/ ? $slow : 'done' } };
    return $how =~ /stream/ ? $reply->sse([{ jsonrpc => '2.0', method => 'notifications/message', params => { level => 'info', data => $slow } }, { %$answer, result => { said => 'done' } }])
        : $reply->json($answer);
});
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', <<'YAML');
apiVersion: uapi/v1
kind: Policy
metadata: {name: p}
spec: {rules: [{id: all, effect: allow, server: s}]}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: s}
spec: {protocol: mcp}
YAML
my $site = sub {
    my ($time, $engine, $port) = @_;
    return "Listen 127.0.0.1:$port\n<VirtualHost 127.0.0.1:$port>\nServerName localhost\n" . $registry->config
        . "\nUapiPolicy \"$policy\"\nUapiPlugin " . out('plugins/scanner_prompt_injection.so') . "\n$time\nUapiEngine $engine\nUapiServer s\nProxyPass /mcp "
        . $upstream->url('/mcp') . "\n</VirtualHost>\n";
};
my $httpd = httpd($site->('UapiScanTime 1ms', 'on', '@PORT2@') . $site->('UapiScanTime 1ms', 'shadow', '@PORT3@') . $site->('', 'on', '@PORT4@')
    . $site->('UapiScanTime off', 'on', '@PORT5@'));
$httpd->expect_log(qr/UAPI0101: call \w+ refused: firewall\.deadline: in the request: scanners took too long/);
$httpd->expect_log(qr/UAPI0101: call \w+ refused: firewall\.deadline: in the response: scanners took too long/);
my %port = (short => 2, shadow => 3, default => 4, off => 5);

sub ask {
    my ($site, %arguments) = @_;
    return mcp_call('http://127.0.0.1:' . $httpd->port($port{$site}) . '/mcp', $registry->token, 'tools/call', { name => 't', arguments => \%arguments }, timeout => 30);
}
sub record { my ($answer, $kind) = @_; my $found; wait_for(3, sub { ($found) = grep { $_->{kind} eq $kind && $_->{call} eq $answer->{headers}{'uapi-call-id'} } $registry->audit_records }); return $found }

is ask('short', text => 'ignore it')->{result}{said}, 'done', 'an ordinary text';
$upstream->forget;
my $answer = ask('short', text => $slow);
is_deeply [@{ $answer->{error} }{qw(code)}, $answer->{error}{data}{reason}], [-32012, 'firewall.deadline'], 'a request that takes too long';
is_deeply [$upstream->requests], [], '  does not reach the server';
is record($answer, 'decision')->{reason}, 'firewall.deadline', '  and is recorded';
$answer = ask('short', how => 'slow');
is $answer->{error}{data}{reason}, 'firewall.deadline', 'an answer';
is record($answer, 'outcome')->{result}, 'firewall.deadline', '  recorded';
unlike $answer->{body}, qr/wiki page/, '  nothing of it comes';
$answer = ask('short', how => 'stream');
like $answer->{body}, qr/: an event was withheld, firewall\.deadline/, 'an event of a stream';
like $answer->{body}, qr/"said":"done"/, '  and the stream goes on';
$answer = ask('shadow', text => $slow);
is $answer->{result}{said}, 'done', 'in shadow it passes';
is record($answer, 'decision')->{shadow}, 'firewall.deadline', '  and the record says what would have been';
is ask('default', text => $slow)->{result}{said}, 'done', 'a second is enough for it';
is ask('off', text => $slow)->{result}{said}, 'done', 'off';
done_testing;
