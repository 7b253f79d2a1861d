# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# A list that a universal gateway remembers does not show a tool that was held since.
use lib 't/lib';
use Uapi::Test;

my $registry = make_registry();
my $description = $registry->file('description', 'first');
my $server = upstream(sub {
    my ($request, $reply) = @_;
    my $message = $request->json;
    my $result = { resultType => 'complete', ttlMs => 300_000, cacheScope => 'public', tools => [map { { name => $_, description => slurp($description), inputSchema => { type => 'object' } } } $request->{target} =~ /all/ ? qw(stays changes) : 'changes'] };
    $result->{tools}[0]{description} = 'always' if @{ $result->{tools} } > 1;
    return $reply->json({ jsonrpc => '2.0', id => $message->{id}, result => $result });
});
my $policy = $registry->file('policy.yaml', "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules: [{id: all, effect: allow, server: s}]\n---\napiVersion: uapi/v1\nkind: Server\nmetadata: {name: s}\nspec:\n  url: @{[ $server->url('/all') ]}\n  revision: 2026-07-28\n  pinning: first_use\n");
my $httpd = httpd(<<"CONF", children => 1);
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiEngine on
<Location "/gateway">
    UapiServers s
    SetHandler uapi-gateway
</Location>
<Location "/route">
    UapiServer s
    ProxyPass @{[ $server->url('/one') ]}
</Location>
CONF
sub list { my ($path) = @_; return join ' ', map { $_->{name} } @{ mcp_call($httpd->url($path), $registry->token, 'tools/list', { mcp_meta() }, version => '2026-07-28')->{result}{tools} || ['none'] } }

is list('/gateway'), 's__stays s__changes', 'what is seen first is shown';
$registry->file('description', 'second');
$server->forget;
is list('/gateway'), 's__stays s__changes', 'and remembered, for as long as the server says';
is scalar $server->requests, 0, 'without asking it again';
is list('/route'), '', 'elsewhere it is seen that a tool has changed: it is held';
is list('/gateway'), 's__stays', 'and not shown any more, though the list is the one that was remembered';
is scalar $server->requests, 1, 'without asking';
done_testing;
