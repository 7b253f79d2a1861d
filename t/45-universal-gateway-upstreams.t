# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# How a universal gateway reaches its servers: with the time-out that the policy gives them, over connections that are kept, and through
# mod_proxy's balancers, where sessions stay with the member that opened them.
use lib 't/lib';
use Uapi::Test;

# A server that only knows its own sessions, says who it is, and stops for a while when it is asked to. The process is the connection's.
sub server {
    my ($name) = @_;
    return upstream(sub {
        my ($request, $reply) = @_;
        return $reply->status(405) if $request->{method} eq 'GET';
        my $message = $request->json;
        return $reply->status(202) unless defined $message->{id};
        my $answer = { jsonrpc => '2.0', id => $message->{id} };
        return $reply->respond(200, ['Content-Type' => 'application/json', 'Mcp-Session-Id' => "session-of-$name"],
            to_json({ %$answer, result => { protocolVersion => '2025-11-25', capabilities => {}, serverInfo => { name => $name, version => 1 } } })) if $message->{method} eq 'initialize';
        return $reply->status(404) if ($request->header('mcp-session-id') // '') ne "session-of-$name";
        return $reply->json({ %$answer, result => { tools => [{ name => "tool-of-$name", inputSchema => {} }] } }) if $message->{method} eq 'tools/list';
        $reply->sleep($message->{params}{arguments}{wait}) if $message->{params}{arguments}{wait};
        return $reply->json({ %$answer, result => { content => [], name => $name, process => $$, connection => $request->header('connection') } });
    });
}
my %server = map { $_ => server($_) } qw(quick patient a b);
my $registry = make_registry();
my %form = (quick => "  url: @{[ $server{quick}->url('/mcp') ]}\n  timeout: 500ms\n", patient => "  url: @{[ $server{patient}->url('/mcp') ]}\n", own => "  url: @{[ $server{quick}->url('/own/mcp') ]}\n  timeout: 500ms\n",
    pool => "  url: balancer://pool/mcp\n");
sub policy {
    my (%servers) = @_;
    return join "---\n", "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules: [{id: all, effect: allow, server: [" . join(', ', sort keys %servers) . "]}]\n",
        map { "apiVersion: uapi/v1\nkind: Server\nmetadata: {name: $_}\nspec:\n  revision: 2025-11-25\n$servers{$_}" } sort keys %servers;
}
my $balancer = <<"CONF";
<Proxy "balancer://pool">
    BalancerMember "@{[ $server{a}->url ]}" route=a retry=1
    BalancerMember "@{[ $server{b}->url ]}" route=b retry=1
    ProxySet stickysession=MEMBER
</Proxy>
CONF
my @modules = qw(proxy_balancer lbmethod_byrequests slotmem_shm);
my $conf = <<"CONF";
@{[ $registry->config ]}
UapiPolicy "@{[ $registry->file('policy.yaml', policy(%form)) ]}"
<Location "/one">
    UapiEngine on
    UapiServers quick patient own
    SetHandler uapi-gateway
</Location>
<Location "/balanced">
    UapiEngine on
    UapiServers pool
    SetHandler uapi-gateway
</Location>
<Proxy "@{[ $server{quick}->url('/own') ]}">
    ProxySet timeout=20
</Proxy>
CONF
my $httpd = httpd($conf . $balancer, modules => \@modules, children => 1);
sub begin { my ($path) = @_; return mcp_initialize($httpd->url($path), $registry->token)->{headers}{'mcp-session-id'} }
sub ask { my ($path, $session, $method, $params) = @_; return mcp_call($httpd->url($path), $registry->token, $method, $params, headers => ['Mcp-Session-Id' => $session]) }
sub call { my ($session, $tool, $wait) = @_; return ask('/one', $session, 'tools/call', { name => $tool, arguments => $wait ? { wait => $wait } : {} }) }

# ---- time
my $session = begin('/one');
is call($session, 'quick__t')->{result}{name}, 'quick', 'a server that answers within its time';
$httpd->allow_log(qr/AH01102|AH00898|AH01114|UAPI0101: call \w+ refused: upstream\.failed/);
my $late = call($session, 'quick__t', 4);
is $late->{status}, 502, 'its `timeout` holds for calls too';
cmp_ok $late->{seconds}, '<', 3.5, 'which are over then';
is call($session, 'patient__t', 1)->{result}{name}, 'patient', 'without one in the policy there is that of httpd';
is call($session, 'own__t', 1)->{result}{name}, 'quick', 'where the administrator has a <Proxy> block for it, there is that one';

# ---- connections
my %process;
for (1 .. 6) { my $answer = call($session, 'patient__t'); $process{ $answer->{result}{process} }++ }
cmp_ok scalar keys %process, '<', 4, 'connections to a server are kept, without a <Proxy> block for it';

# ---- balancers
my %session;
for (1 .. 8) {
    my $new = begin('/balanced');
    my $answer = ask('/balanced', $new, 'tools/call', { name => 'pool__t' });
    $session{ $answer->{result}{name} } //= $new;
}
is_deeply [sort keys %session], [qw(a b)], 'sessions are spread over the members of a balancer';
for my $name (qw(a b)) {
    is_deeply [map { ask('/balanced', $session{$name}, 'tools/call', { name => 'pool__t' })->{result}{name} } 1 .. 4], [($name) x 4], "a call of a session goes to the member that has it ($name)";
    is ask('/balanced', $session{$name}, 'logging/setLevel', { level => 'info' })->{status}, 200, 'what the gateway asks as well';
    is $server{$name}->last_request->json->{method}, 'logging/setLevel', 'of just that member';
}
like ask('/balanced', $session{a}, 'tools/list', {})->{body}, qr/pool__tool-of-a/, 'the list is that of a member';
$server{b}->stop;
$httpd->allow_log(qr/AH00957|AH00959|AH01079|AH00940|UAPI0122/);
my $gone;
wait_for(10, sub { $gone = ask('/balanced', $session{b}, 'tools/call', { name => 'pool__t' }); $gone->{status} == 404 });
is $gone->{error}{data}{reason}, 'session.unknown', 'a member that is gone takes its sessions along';
for (1 .. 3) { is ask('/balanced', begin('/balanced'), 'tools/call', { name => 'pool__t' })->{result}{name}, 'a', 'a new session finds the one that is left' }

# ---- what configtest says
my ($status, $output) = config_test($conf, modules => \@modules);
isnt $status, 0, 'a balancer that there is not';
like $output, qr{UapiServers: there is no <Proxy> block for the balancer that is the url of server pool: balancer://pool/mcp}, 'is an error';
done_testing;
