# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# A call is sent once: a member of a batch whose kept connection breaks before it is answered may have had its effect, and is not sent again.
use lib 't/lib';
use Uapi::Test;

my $server = upstream(sub {
    my ($request, $reply) = @_;
    my $message = $request->json;
    return $reply->status(202) unless defined $message->{id} && defined $message->{method};
    return $reply->reset if ($message->{params}{arguments}{text} // '') eq 'die';
    my $result = $message->{method} eq 'initialize' ? { protocolVersion => '2025-06-18', capabilities => {}, serverInfo => { name => 's', version => 1 } } : { content => [] };
    return $reply->json({ jsonrpc => '2.0', id => $message->{id}, result => $result });
});
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', <<"YAML");
apiVersion: uapi/v1
kind: Policy
metadata: {name: p}
spec: {rules: [{id: all, effect: allow}]}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: s}
spec: {url: "@{[ $server->url('/mcp') ]}", timeout: 5s}
YAML
my $httpd = httpd(<<"CONF", children => 1);
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiServers *
<Location "/mcp">
    UapiEngine on
    SetHandler uapi-gateway
</Location>
CONF
my $session = mcp_initialize($httpd->url('/mcp'), $registry->token, '2025-03-26', version => undef)->{headers}{'mcp-session-id'};
sub batch {
    my ($text) = @_;
    return mcp_call($httpd->url('/mcp'), $registry->token, undef, undef, id => undef, version => '2025-03-26', headers => ['Mcp-Session-Id' => $session, Accept => 'application/json'],
        body => qq([{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"s__t","arguments":{"text":"$text"}}}]));
}

# The first one in each thread leaves a connection; more of them than threads answer is not needed for one that is kept to be used.
for my $round (1 .. 6) {
    is batch('live')->{json}[0]{result}{content} && 1, 1, 'a call over a connection that is then kept' for 1 .. 3;
    $server->forget;
    is batch('die')->{json}[0]{error}{data}{reason}, 'upstream.failed', 'one that breaks may have had its effect';
    is scalar(grep { $_->{body} =~ /"die"/ } $server->requests), 1, '  and was sent once';
}
done_testing;
