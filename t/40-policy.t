# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Policy at a route: default deny, deny wins, the form of a refusal, the same verdict under every revision.
use lib 't/lib';
use Uapi::Test;

my $upstream = upstream();
my $registry = make_registry(roles => ['support'], principal => 'helper');
my $policy = $registry->file('policy.yaml', <<'YAML');
apiVersion: uapi/v1
kind: Policy
metadata: {name: support-agents}
spec:
  subjects: [{type: agent, roles: [support]}]
  rules:
    - {id: reading, effect: allow, server: tickets, tools: ["get_*", echo]}
    - {id: no-secrets, effect: deny, server: tickets, tools: ["get_secret*"]}
    - {id: resources, effect: allow, server: tickets, methods: ["resources/read"]}
    - {id: no-ping, effect: deny, server: "*", methods: [ping]}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: tickets}
spec: {protocol: mcp}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: other}
spec: {protocol: mcp}
YAML
my $httpd = httpd(<<"CONF");
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiEngine on
<Location "/tickets">
    UapiServer tickets
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
<Location "/other">
    UapiServer other
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
<Location "/unnamed">
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
<Location "/shadow">
    UapiEngine shadow
    UapiServer tickets
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
CONF

sub ask {
    my ($tool, %options) = @_;
    my $path = delete $options{path} // '/tickets';
    my $token = delete $options{token} // $registry->token;
    return mcp_call($httpd->url($path), $token, 'tools/call', { name => $tool, arguments => {} }, %options);
}

sub denied {
    my ($answer, $reason, $rule, $what) = @_;
    subtest $what => sub {
        is $answer->{status}, 200, 'over HTTP 200, so that clients show it';
        is $answer->{error}{code}, -32010, 'code -32010';
        is $answer->{error}{data}{reason}, $reason, $reason;
        is $answer->{error}{data}{rule}, $rule, 'the rule';
        ok length $answer->{error}{data}{help}, 'what would help';
        is_deeply [sort keys %{ $answer->{error}{data} }], [sort('call', 'help', 'reason', defined $rule ? 'rule' : ())], 'and no more';
        my @records = grep { $_->{call} eq $answer->{error}{data}{call} } $registry->audit_records;
        is scalar @records, 1, 'one record';
        is $records[0]{decision}, 'deny', 'that says so';
        is $records[0]{reason}, $reason, 'and why';
        is $records[0]{principal}{id}, 'helper', 'and to whom';
    };
}

is ask('get_ticket')->{status}, 200, 'an allowed tool';
ok ask('get_ticket')->{result}, 'has a result';
$upstream->forget;
denied(ask('delete_ticket'), 'policy.default_deny', undef, 'a tool that no rule allows');
denied(ask('get_secret_notes'), 'policy.denied', 'no-secrets', 'deny wins over allow');
denied(ask('GET_ticket'), 'policy.default_deny', undef, 'names have a case');
denied(ask('get_ticket', path => '/other'), 'policy.default_deny', undef, 'another server');
denied(ask('get_ticket', path => '/unnamed'), 'policy.default_deny', undef, 'a route without a server name');
denied(mcp_call($httpd->url('/tickets'), $registry->token, 'ping', {}), 'policy.denied', 'no-ping', 'a method that a rule denies');
denied(mcp_call($httpd->url('/tickets'), $registry->token, 'prompts/get', { name => 'x' }), 'policy.default_deny', undef, 'a method that none allows');
denied(mcp_call($httpd->url('/tickets'), $registry->token, 'made/up', {}), 'policy.default_deny', undef, 'an unknown method');
is_deeply [$upstream->requests], [], 'the upstream saw none of it';

# One verdict, however it is spelled and whatever revision is claimed.
for my $version (undef, '2025-03-26', '2025-06-18', '2025-11-25') {
    my @headers = defined $version ? () : (headers => ['MCP-Protocol-Version' => undef]);
    my $name = $version // 'no version header';
    is ask('delete_ticket', defined $version ? (version => $version) : (), @headers)->{error}{code}, -32010, "$name: denied";
    is ask('get_ticket', defined $version ? (version => $version) : (), @headers)->{error}, undef, "$name: allowed";
}
my $modern = sub {
    my ($tool, @more) = @_;
    my $body = to_json({ jsonrpc => '2.0', id => 1, method => 'tools/call', params => { name => $tool, arguments => {},
        _meta => { 'io.modelcontextprotocol/protocolVersion' => '2026-07-28', 'io.modelcontextprotocol/clientInfo' => { name => 't', version => '1' },
            'io.modelcontextprotocol/clientCapabilities' => {} } } });
    return mcp_call($httpd->url('/tickets'), $registry->token, 'tools/call', {}, version => '2026-07-28', body => $body,
        headers => ['Mcp-Method' => 'tools/call', 'Mcp-Name' => $tool, @more]);
};
is $modern->('get_ticket')->{error}, undef, '2026-07-28: allowed';
is $modern->('delete_ticket')->{error}{code}, -32010, '2026-07-28: denied';
is $modern->('delete_ticket', 'Mcp-Name' => 'get_ticket')->{error}{code}, -32020, 'a mirrored name that lies: 400, -32020';
is $modern->('delete_ticket', 'Mcp-Name' => 'get_ticket')->{status}, 400, 'as the specification says';
is ask('delete_ticket', version => '2026-07-28', headers => ['Mcp-Method' => undef])->{status}, 400, '2026-07-28 without its headers';
is ask('get_ticket', version => '1999-01-01')->{error}{code}, -32022, 'an unknown revision';
is ask('delete_ticket', body => '{"jsonrpc":"2.0","id":1,"method":"tools\/call","params":{"n\u0061me":"delete\u005fticket"}}')->{error}{code}, -32010,
    'escapes change no verdict';

# What awaits no answer is refused by status, as the transport asks.
$upstream->forget;
for my $case (['{"jsonrpc":"2.0","method":"made/up"}', 'a notification that no rule allows'], ['{"jsonrpc":"2.0","method":"tools/call","params":{"name":"delete_ticket"}}', 'a call without an id'],
    ['[{"jsonrpc":"2.0","method":"made/up"},{"jsonrpc":"2.0","method":"made/up2"}]', 'a batch of notifications']) {
    my $got = ask('x', body => $case->[0], version => '2025-03-26');
    is $got->{status}, 403, "$case->[1]: 403";
    is_deeply [$got->{json}{id}, $got->{json}{error}{data}{reason}], [undef, 'policy.default_deny'], 'with an error that has no id';
}
is ask('x', body => '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}')->{error}, undef, 'an allowed one is not refused';
is scalar(my @came = $upstream->requests), 1, 'and alone goes upstream';

# Ids come back as they went, of every type.
for my $id ('7', '"x"', '"\u00e9"', '9007199254740993', '-3') {
    my $got = ask('delete_ticket', body => qq({"jsonrpc":"2.0","id":$id,"method":"tools/call","params":{"name":"delete_ticket"}}));
    like $got->{body}, qr/"id":\Q$id\E,/, "id $id";
}

# Session methods need no rule of their own.
is mcp_call($httpd->url('/tickets'), $registry->token, 'initialize', { protocolVersion => '2025-11-25', capabilities => {}, clientInfo => { name => 'a', version => '1' } })->{error},
    undef, 'initialize, for whoever may do anything there';
is mcp_call($httpd->url('/other'), $registry->token, 'initialize', { protocolVersion => '2025-11-25', capabilities => {}, clientInfo => { name => 'a', version => '1' } })->{error}{code},
    -32010, 'and for nobody else';
is http('GET', $httpd->url('/other'), headers => [Authorization => 'Bearer ' . $registry->token])->{status}, 403, 'a GET without leave: 403';
my $stranger = $registry->token_create(principal => 'stranger');
is ask('get_ticket', token => $stranger->{token})->{error}{data}{reason}, 'policy.default_deny', 'another role';

# Shadow judges and lets pass.
$upstream->forget;
my $answer = ask('delete_ticket', path => '/shadow');
is $answer->{error}, undef, 'shadow lets it pass';
is scalar(my @seen = $upstream->requests), 1, 'to the upstream';
my ($record) = grep { $_->{call} eq $answer->{headers}{'uapi-call-id'} && $_->{kind} eq 'decision' } $registry->audit_records;
is $record->{decision}, 'allow', 'recorded as allowed';
is $record->{shadow}, 'policy.default_deny', 'with what would have been';
is mcp_call($httpd->url('/shadow'), undef, 'ping')->{status}, 401, 'but nobody without a token';
done_testing;
