# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Lists show a caller what its policy lets it use, and nothing else, whole or streamed.
use lib 't/lib';
use Uapi::Test;

my %lists = (
    'tools/list' => { tools => [map { { name => $_, inputSchema => {} } } qw(get_ticket delete_ticket get_secret)], ttlMs => 1000, cacheScope => 'public' },
    'prompts/list' => { prompts => [{ name => 'greet' }] },
    'resources/list' => { resources => [{ uri => 'file:///a', name => 'a' }] },
    'resources/templates/list' => { resourceTemplates => [{ uriTemplate => 'file:///{x}', name => 'x' }] },
);
my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    my $message = $request->json;
    my $answer = { jsonrpc => '2.0', id => $message->{id}, result => $lists{ $message->{method} } || {} };
    return ($message->{params}{cursor} // '') eq 'stream' ? $reply->sse([$answer]) : $reply->json($answer);
});
my $registry = make_registry(roles => ['support']);
my $policy = $registry->file('policy.yaml', <<'YAML');
apiVersion: uapi/v1
kind: Policy
metadata: {name: support}
spec:
  subjects: [{type: agent, roles: [support]}]
  rules:
    - {id: reading, effect: allow, server: s, tools: ["get_*"]}
    - {id: no-secrets, effect: deny, server: s, tools: [get_secret]}
    - {id: prompts, effect: allow, server: s, methods: [prompts/get]}
---
apiVersion: uapi/v1
kind: Policy
metadata: {name: everything}
spec:
  subjects: [{type: service}]
  rules:
    - {id: all, effect: allow, server: s}
YAML
my $httpd = httpd(<<"CONF");
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiServer s
UapiEngine on
<Location "/mcp">
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
<Location "/shadow">
    UapiEngine shadow
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
CONF
my $service = $registry->token_create(principal => 'all', type => 'service')->{token};

sub list {
    my ($method, $key, $name, %option) = @_;
    my $answer = mcp_call($httpd->url($option{path} // '/mcp'), $option{token} // $registry->token, $method, { cursor => $option{cursor} // '' });
    return join ' ', map { $_->{$name} } @{ $answer->{result}{$key} || ['none'] };
}
for my $cursor ('', 'stream') {
    my $how = $cursor || 'whole';
    is list('tools/list', 'tools', 'name', cursor => $cursor), 'get_ticket', "$how: tools that rules allow and none denies";
    is list('prompts/list', 'prompts', 'name', cursor => $cursor), 'greet', "$how: prompts, since they may be got";
    is list('resources/list', 'resources', 'uri', cursor => $cursor), '', "$how: no resources, since none may be read";
    is list('resources/templates/list', 'resourceTemplates', 'uriTemplate', cursor => $cursor), '', "$how: nor templates of them";
    is list('tools/list', 'tools', 'name', cursor => $cursor, token => $service), 'get_ticket delete_ticket get_secret', "$how: all for whom all is allowed";
}
my $answer = mcp_call($httpd->url('/mcp'), $registry->token, 'tools/list', {});
is $answer->{result}{cacheScope}, 'private', 'a cache must not show it to another';
is $answer->{headers}{'content-length'}, length $answer->{body}, 'the length is right';
my ($outcome) = grep { $_->{call} eq $answer->{headers}{'uapi-call-id'} && $_->{kind} eq 'outcome' } $registry->audit_records;
is $outcome->{hidden}, 2, 'the record says how many were hidden';
is list('tools/list', 'tools', 'name', path => '/shadow'), 'get_ticket delete_ticket get_secret', 'shadow hides nothing';
is mcp_call($httpd->url('/mcp'), $registry->token, 'tools/call', { name => 'delete_ticket' })->{error}{code}, -32010, 'what is hidden and called anyway is denied';
done_testing;
