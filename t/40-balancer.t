# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Sessions stick to their balancer's member, by what the caller holds sealed and nothing else; a member that is gone takes its sessions
# along.
use lib 't/lib';
use Uapi::Test timeout => 180;

# A server that only knows its own sessions, as most do.
sub member {
    my ($name) = @_;
    return upstream(sub {
        my ($request, $reply) = @_;
        if ($request->{method} eq 'GET') {
            return $reply->start(200, 'Content-Type' => 'text/event-stream')->chunk("event: endpoint\ndata: /mcp/message?sessionId=$name-1\n\n")->finish;
        }
        return $reply->respond(202, ['Content-Type' => 'text/plain'], "Accepted by $name for $request->{target}") if $request->{target} =~ /message/;
        my $message = $request->json;
        my @session = $message->{method} eq 'initialize' ? ('Mcp-Session-Id' => "$name-1") : ();
        my $answer = { jsonrpc => '2.0', id => $message->{id}, result => { member => $name, session => $request->header('mcp-session-id'), cookie => $request->header('cookie') } };
        return $reply->respond(200, ['Content-Type' => 'application/json', @session], to_json($answer));
    });
}
my %member = map { $_ => member($_) } qw(a b);
my $registry = make_registry(principal => 'bot');
my $policy = $registry->file('policy.yaml', "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n    - {id: all, effect: allow, server: s, methods: [\"*\"]}\n    - {id: tools, effect: allow, server: s, tools: [\"*\"]}\n");
my $httpd = httpd(<<"CONF", children => 3, modules => [qw(proxy_balancer lbmethod_byrequests slotmem_shm)]);
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiEngine on
UapiServer s
<Proxy "balancer://pool">
    BalancerMember "@{[ $member{a}->url('/mcp') ]}" route=a retry=1
    BalancerMember "@{[ $member{b}->url('/mcp') ]}" route=b retry=1
    ProxySet stickysession=MEMBER
</Proxy>
<Proxy "balancer://plain">
    BalancerMember "@{[ $member{a}->url('/mcp') ]}" route=a
    BalancerMember "@{[ $member{b}->url('/mcp') ]}" route=b
</Proxy>
ProxyPass /mcp balancer://pool
ProxyPass /plain balancer://plain
CONF
my $token = $registry->token;
my $initialize = { protocolVersion => '2025-11-25', capabilities => {}, clientInfo => { name => 'c', version => '1' } };
sub ask { my ($session, %option) = @_; return mcp_call($httpd->url($option{path} // '/mcp'), $token, 'tools/call', { name => 't' }, headers => ['Mcp-Session-Id' => $session, @{ $option{headers} || [] }]) }
sub begin { my $answer = mcp_call($httpd->url($_[0] // '/mcp'), $token, 'initialize', $initialize); return ($answer->{result}{member}, $answer->{headers}{'mcp-session-id'}) }

my %session;
for (1 .. 8) { my ($name, $session) = begin(); $session{$name} //= $session if defined $name }
is_deeply [sort keys %session], [qw(a b)], 'new sessions are spread over the members';
for my $name (qw(a b)) {
    my %seen;
    $seen{ $_->{result}{member} }++, is($_->{result}{session}, "$name-1", "the member's own id") for map { ask($session{$name}) } 1 .. 6;
    is_deeply \%seen, { $name => 6 }, "a session of $name stays there, in whichever child";
}
is ask($session{a})->{result}{cookie}, undef, 'what tells the balancer does not reach the member';
is ask($session{a}, headers => [Cookie => 'x=1'])->{result}{cookie}, 'x=1', "and the caller's cookies do, unchanged";
is ask($session{a}, headers => [Cookie => 'MEMBER=-.b'])->{result}{member}, 'a', 'a cookie does not lead a session away';
is ask($session{a}, path => '/mcp;MEMBER=x.b')->{status}, 404, 'nor does the address: that session is not there';

my @auth = (Authorization => "Bearer $token");
for (1 .. 3) {
    my ($address) = http('GET', $httpd->url('/mcp/sse'), headers => \@auth)->{body} =~ /^data: (.*)$/m;
    my %seen;
    $seen{ http('POST', $httpd->url($address), headers => [@auth, 'Content-Type' => 'application/json'], body => '{"jsonrpc":"2.0","id":1,"method":"ping"}')->{body} }++ for 1 .. 4;
    is scalar keys %seen, 1, 'so does a session of HTTP+SSE';
    like((keys %seen)[0], qr{^Accepted by ([ab]) for /mcp/message\?sessionId=\1-1$}, 'at the member that opened it');
}
$httpd->expect_log(qr{UAPI0127: server s has opened a session that cannot stay with its member: balancer://plain has no stickysession=});
my ($name, $plain) = begin('/plain');
is scalar(grep { ask($plain, path => '/plain')->{status} == 200 } 1 .. 4), 4, 'a balancer that does not stick is left alone';

$httpd->allow_log(qr/AH00957|AH01114|AH00959|AH01079|AH00940|AH01102|AH00898|UAPI0101: call \w+ refused: upstream\.(?:failed|unreachable)/);
$member{b}->stop;
my $gone; # a connection that was kept may break first, which says nothing of the member: 502
my @broken;
wait_for(10, sub { $gone = ask($session{b}); push @broken, $gone if $gone->{status} == 502; $gone->{status} != 502 });
is_deeply [grep { $_->{error}{data}{reason} ne 'upstream.failed' } @broken], [], 'whose calls may have had their effect, and are told so'
    or diag join "\n", map { $_->{body} } @broken;
is $gone->{status}, 404, 'a session of a member that is gone: 404';
is $gone->{error}{data}{reason}, 'session.unknown', 'so that its client begins anew';
is ask($session{a})->{status}, 200, 'sessions elsewhere go on';
($name, my $new) = begin();
is $name, 'a', 'a new session finds the member that is left';
$member{b}->resume;
ok wait_for(10, sub { ask($session{b})->{status} == 200 }), 'when the member is back, so are its sessions';
done_testing;
