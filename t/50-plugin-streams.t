# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# uapi.scanner-stream/1 at a real server: a plugin that reads texts in parts (t/plugins/reader.c) is fed each text of a stream by itself,
# and what it is undecided about waits.
use lib 't/lib';
use Uapi::Test;

sub event { return qq(data: {"choices":[{"index":$_[0],"delta":{"content":"$_[1]"}}]}\n\n) }
my $long = 'x' x 100;
my %says = (
    far => [event(0, 'before va'), event(0, 'ult{'), (map { event(0, $long) } 1 .. 40), event(0, 'end} after')],
    two => [event(0, 'a vault{'), event(1, 'no vault'), event(0, 'in'), event(1, ' here}'), event(0, 'side} b')],
    none => [event(0, 'a vault'), event(0, ' of no use}')],
    fails => [event(0, 'well '), event(0, 'fail!'), event(0, 'never'), event(1, 'another')],
    ends => [event(0, 'a vault{'), event(0, 'open')],
);
my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    return $reply->start(200, 'Content-Type' => 'text/event-stream')->chunk(join '', @{ $says{ $request->{headers}{'x-say'} } })->finish;
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
spec: {protocol: rest}
YAML
my $httpd = httpd(<<"CONF");
LogLevel uapi:info
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiPlugin @{[ out('t/plugins/reader.so') ]}
UapiServer s
UapiProtocol rest
UapiEngine on
UapiHoldBack 10000ms 64K
<Location /off>
UapiHoldBack off
</Location>
ProxyPass / @{[ $upstream->url('/') ]}
CONF
sub ask { return http('GET', $httpd->url($_[1] // '/'), headers => [Authorization => 'Bearer ' . $registry->token, 'X-Say' => $_[0]]) }
sub said { my ($answer, $index) = @_; return join '', $answer->{body} =~ /"index":$index,"delta":\{"content":"([^"]*)"/g }
my $mark = '[REDACTED:reader.vault]';

my $answer = ask('far');
is said($answer, 0), "before $mark after", 'a match over four thousand bytes, all of which waited';
is scalar(() = $answer->{body} =~ /^data:/mg), 43, 'no event is missing';
$httpd->wait_log(qr/reader: closed/);
my ($opened, $closed) = map { scalar(() = $httpd->error_log =~ /plugin org\.example\.reader: $_/g) } 'opened for agent-1 at s', 'closed';
is "$opened $closed", '1 1', 'one text was opened, for this call, and closed' or diag $httpd->error_log;
is said(ask('far', '/off'), 0), 'before vault{' . $long x 40 . "$mark after", 'where nothing waits, what has left has left';
$answer = ask('two');
is said($answer, 0), "a $mark b", 'of two texts that alternate, the one that has a match';
is said($answer, 1), 'no vault here}', 'and the other';
is said(ask('none'), 0), 'a vault of no use}', 'what turns out to be none is let be';
is said(ask('ends'), 0), 'a vault{open', 'at the end nothing is left waiting';
$answer = ask('fails');
is said($answer, 0), 'well ', 'a scanner that fails: nothing more of that text passes';
is said($answer, 1), 'another', 'of others does';
like $answer->{body}, qr/^: an event was withheld, internal\.error, call \w+$/m, 'and the reason is said';
done_testing;
