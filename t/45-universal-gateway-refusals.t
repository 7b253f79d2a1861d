# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Behind a universal gateway, and behind balancers, servers are told that what they asked of the client did not reach it: at the member
# that asked, in its session.
use lib 't/lib';
use Uapi::Test;

my $asks = 'data: {"jsonrpc":"2.0","id":"s","method":"sampling/createMessage","params":{}}' . "\n\n";
sub member {
    my ($name) = @_;
    return upstream(sub {
        my ($request, $reply) = @_;
        return $reply->start(200, 'Content-Type' => 'text/event-stream')->chunk(": \n\n")->sleep(0.2)->chunk($asks)->sleep(1)->finish if $request->{method} eq 'GET';
        my $message = $request->json;
        return $reply->status(202) unless defined $message->{id} && defined $message->{method};
        my $answer = { jsonrpc => '2.0', id => $message->{id}, result => { protocolVersion => '2025-06-18', capabilities => {}, serverInfo => { name => $name, version => 1 } } };
        return $reply->respond(200, ['Content-Type' => 'application/json', 'Mcp-Session-Id' => "of-$name"], to_json($answer)) if $message->{method} eq 'initialize';
        return $reply->start(200, 'Content-Type' => 'text/event-stream')->chunk($asks)->event({ %$answer, result => { content => [] } })->finish;
    });
}
my %member = map { $_ => member($_) } qw(a b single);
my $registry = make_registry();
$registry->credential_set('the-key', 'the-secret-of-the-server');
my $policy = $registry->file('policy.yaml', <<"YAML");
apiVersion: uapi/v1
kind: Policy
metadata: {name: p}
spec:
  rules:
    - {id: all, effect: allow}
    - {id: no-sampling, effect: deny, methods: ["sampling/*"]}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: pair}
spec:
  url: balancer://pool/mcp
  credential: {name: the-key, inject: {header: X-Key, value: "Key {secret}"}}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: single}
spec: {url: "@{[ $member{single}->url('/mcp') ]}"}
YAML
my $httpd = httpd(<<"CONF", children => 2, modules => [qw(proxy_balancer lbmethod_byrequests slotmem_shm)]);
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiEngine on
<Proxy "balancer://pool">
    BalancerMember "@{[ $member{a}->url ]}" route=a
    BalancerMember "@{[ $member{b}->url ]}" route=b
    ProxySet stickysession=MEMBER
</Proxy>
<Location "/mcp">
    UapiServers *
    SetHandler uapi-gateway
</Location>
<Location "/pair">
    UapiServer pair
    ProxyPass balancer://pool/mcp
</Location>
CONF
sub told { # all of them, once there are as many
    my ($count) = @_;
    my @told;
    wait_for(10, sub {
        @told = map { my $name = $_; map { "$name $_->{headers}{'mcp-session-id'} " . ($_->{headers}{'x-key'} // '-') . ' ' . ($_->{headers}{'mcp-protocol-version'} // '-') . " $_->{body}" }
                grep { $_->{body} =~ /"error"/ } $member{$name}->requests } sort keys %member;
        @told >= $count;
    });
    $_->forget for values %member;
    return \@told;
}
sub told_by {
    my ($name, $key, $call) = @_;
    return qq($name of-$name $key 2025-06-18 {"jsonrpc":"2.0","id":"s","error":{"code":-32010,"data":{"call":"$call","reason":"policy.denied"},"message":"A policy rule forbids this call."}});
}

for my $path (qw(/mcp /pair)) {
    for (1 .. 4) {
        my $opened = mcp_initialize($httpd->url($path), $registry->token, '2025-06-18');
        my @in = (version => '2025-06-18', headers => ['Mcp-Session-Id' => $opened->{headers}{'mcp-session-id'}]);
        my $answer = mcp_call($httpd->url($path), $registry->token, 'tools/call', { name => $path eq '/mcp' ? 'pair__t' : 't', arguments => {} }, @in);
        is_deeply $answer->{result}, { content => [] }, "$path: the call has its answer";
        is index($answer->{body}, 'sampling'), -1, 'and not what the server asked';
        my ($member) = map { my $name = $_; (grep { $_->{body} =~ /tools.call/ } $member{$name}->requests) ? $name : () } qw(a b);
        is_deeply told(1), [told_by($member, 'Key the-secret-of-the-server', $answer->{headers}{'uapi-call-id'})], "which the member that asked ($member) is told, with session and credential";
    }
}

# The stream of all servers: the server's own call is named.
my $session = mcp_initialize($httpd->url('/mcp'), $registry->token, '2025-06-18')->{headers}{'mcp-session-id'};
my $stream = http('GET', $httpd->url('/mcp'), headers => [Authorization => "Bearer @{[ $registry->token ]}", Accept => 'text/event-stream', 'Mcp-Session-Id' => $session, 'MCP-Protocol-Version' => '2025-06-18']);
is index($stream->{body}, 'sampling'), -1, 'nothing of it comes on the stream';
my $told = told(2);
my %call = map { ($_->{server} => $_->{call}) } grep { $_->{action} eq 'mcp.server.request' } $registry->audit_records;
is_deeply [map { s/^[ab] of-[ab]/a of-a/r } @$told], [told_by('a', 'Key the-secret-of-the-server', $call{pair}), told_by('single', '-', $call{single})], 'each server is told';
done_testing;
