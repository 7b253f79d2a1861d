# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# At a universal gateway too: contents are inspected, nothing leaves unrecorded, shadow refuses nothing but what there is not, certificates
# are verified, and a server that was started anew has its tools.
use lib 't/lib';
use Uapi::Test;

my $secret = 'ghp_' . '0123456789abcdefghijABCDEFGHIJ012345';
my $registry = make_registry();
my $generation = $registry->file('generation', '1');
my $server = upstream(sub {
    my ($request, $reply) = @_;
    my $message = $request->json;
    my $now = slurp($generation);
    return $reply->status(202) unless defined $message->{id};
    my $answer = { jsonrpc => '2.0', id => $message->{id} };
    return $reply->respond(200, ['Content-Type' => 'application/json', 'Mcp-Session-Id' => "s$now"],
        to_json({ %$answer, result => { protocolVersion => '2025-06-18', capabilities => {}, serverInfo => { name => 's', version => 1 } } })) if $message->{method} eq 'initialize';
    return $reply->status(404) if ($request->header('mcp-session-id') // '') ne "s$now";
    return $reply->json({ %$answer, result => $message->{method} eq 'tools/list' ? { tools => [{ name => "t$now" }, { name => 'forbidden' }] } : { content => [{ type => 'text', text => $message->{params}{arguments}{text} // '' }] } });
});
my $policy = $registry->file('policy.yaml', <<"YAML");
apiVersion: uapi/v1
kind: Policy
metadata: {name: p}
spec:
  rules:
    - {id: all, effect: allow, server: s}
    - {id: not-this, effect: deny, server: s, tools: [forbidden]}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: s}
spec:
  url: @{[ $server->url('/mcp') ]}
---
apiVersion: uapi/v1
kind: Firewall
metadata: {name: f}
spec:
  scanners:
    secrets: {request: redact, response: redact}
YAML
my $httpd = httpd(<<"CONF");
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiPlugin @{[ out('plugins/scanner_secrets.so') ]}
UapiServers s
<Location "/mcp">
    UapiEngine on
    SetHandler uapi-gateway
</Location>
<Location "/shadow">
    UapiEngine shadow
    SetHandler uapi-gateway
</Location>
CONF
$httpd->allow_log(qr/UAPI0122/);
my $session = mcp_initialize($httpd->url('/mcp'), $registry->token)->{headers}{'mcp-session-id'};
sub ask { my ($method, $params, $path) = @_; return mcp_call($httpd->url($path // '/mcp'), $registry->token, $method, $params, headers => ['Mcp-Session-Id' => $session]) }
sub names { return join ' ', map { $_->{name} } @{ $_[0]{result}{tools} || [] } }

# ---- contents
my $answer = ask('tools/call', { name => 's__t', arguments => { text => "a $secret b" } });
like $server->last_request->json->{params}{arguments}{text}, qr/^a \[REDACTED\S* b$/, 'a secret is cut out of what is forwarded';
is $server->last_request->json->{params}{name}, 't', 'and so is the prefix';
like $answer->{result}{content}[0]{text}, qr/REDACTED/, 'the answer comes through';

is $server->last_request->header('connection'), 'Keep-Alive', 'the connection is kept, without a <Proxy> block';
{
    my $address = $server->url('/');
    my $pooled = httpd(<<"CONF");
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiPlugin @{[ out('plugins/scanner_secrets.so') ]}
<Proxy "$address">
    ProxySet timeout=7
</Proxy>
<Location "/mcp">
    UapiEngine on
    UapiServers s
    SetHandler uapi-gateway
</Location>
CONF
    is mcp_call($pooled->url('/mcp'), $registry->token, 'tools/call', { name => 's__t', arguments => { text => 'p' } })->{result}{content}[0]{text}, 'p', 'a server that a <Proxy> block names';
    isnt $server->last_request->header('connection'), 'close', 'is reached through its pool';
    $pooled->stop;
}

# ---- shadow
is ask('tools/call', { name => 's__forbidden', arguments => { text => 'x' } }, '/shadow')->{result}{content}[0]{text}, 'x', 'shadow: what policy denies goes through';
is ask('tools/call', { name => 'nobody__t' }, '/shadow')->{error}{data}{reason}, 'policy.default_deny', 'shadow: there still is no such server';

# ---- a server that was started anew
is names(ask('tools/list', {})), 's__t1', 'the list';
$registry->file('generation', '2');
ok wait_for(10, sub { names(ask('tools/list', {})) eq 's__t2' }), 'the server was started anew: its tools are there all the same';
$registry->file('generation', '3');
is ask('tools/call', { name => 's__t2' })->{status}, 404, 'a call in a dead session: 404';
$session = mcp_initialize($httpd->url('/mcp'), $registry->token)->{headers}{'mcp-session-id'};
is ask('tools/call', { name => 's__t2', arguments => { text => 'z' } })->{result}{content}[0]{text}, 'z', 'a new session works';

# ---- nothing leaves unrecorded
my $pid = open my $sqlite, '|-', 'sqlite3', $registry->audit or die;
$sqlite->autoflush(1);
print {$sqlite} ".output /dev/null\n.timeout 3000\nBEGIN EXCLUSIVE;\nSELECT count(*) FROM sqlite_master;\n";
sleep 0.7;
$server->forget;
$httpd->allow_log(qr/UAPI\d+: .*audit/i);
is ask('tools/list', {})->{error}{data}{reason}, 'audit.unavailable', 'a list that cannot be recorded';
is mcp_initialize($httpd->url('/mcp'), $registry->token)->{error}{data}{reason}, 'audit.unavailable', 'nor a session';
is_deeply [$server->requests], [], 'no server hears of it';
print {$sqlite} "ROLLBACK;\n.quit\n";
close $sqlite;
ok wait_for(8, sub { ask('ping', undef)->{status} == 200 }), 'it goes on afterwards';
done_testing;
