# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# A client that goes away while its call waits: the upstream's connection is closed within a second, whatever the client speaks (HTTP/1.1 and
# HTTP/2, in the clear and over TLS), whether an answer has begun or not, on a route of one server and at a universal gateway.
use lib 't/lib';
use Uapi::Test timeout => 180;
use File::Temp ();
use Uapi::Process ();

my $ended = File::Temp->new(TEMPLATE => 'uapi-ended-XXXXXX', TMPDIR => 1);
sub note_end { my ($mode) = @_; open my $log, '>>', $ended->filename; print $log "$mode @{[ time ]}\n"; close $log; return }
sub has_ended { my ($mode) = @_; my ($when) = slurp($ended->filename) =~ /^\Q$mode\E ([\d.]+)$/m; return $when }

# Says as much as its mode tells, then waits for the end of its connection.
my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    my $message = eval { $request->json } || {};
    my %answer = (jsonrpc => '2.0', id => $message->{id});
    my $method = $message->{method} // '';
    return $reply->json({ %answer, result => { protocolVersion => '2025-06-18', capabilities => {}, serverInfo => { name => 'u', version => 1 } } }) if $method eq 'initialize';
    return $reply->status(202) if $method =~ /^notifications/;
    return $reply->json({ %answer, result => {} }) if $method eq 'ping';
    my $mode = $message->{params}{arguments}{mode} // $request->header('test-mode') // $request->{method} . " $method";
    $reply->raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"json") if $mode =~ /half/;
    $reply->raw("HTTP/1.1 200 OK\r\nContent-Type: te") if $mode =~ /line/;
    $reply->start(200, 'Content-Type' => 'text/event-stream')->event({ jsonrpc => '2.0', method => 'notifications/a' }) if $mode =~ /stream|^GET /;
    my $bits = '';
    vec($bits, fileno $reply->{socket}, 1) = 1;
    note_end($mode) if select $bits, undef, undef, 30;
    return $reply->close;
});
my $dir = File::Temp->newdir('uapi-gone-XXXXXX', TMPDIR => 1);
my ($status, undef, $errors) = run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', 2, '-subj', '/CN=localhost', '-keyout', "$dir/key", '-out', "$dir/pem"]);
is $status, 0, 'a certificate' or diag $errors;
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', <<"YAML");
apiVersion: uapi/v1
kind: Policy
metadata: {name: p}
spec:
  rules:
    - {id: all, effect: allow, methods: ["*"]}
    - {id: tools, effect: allow, tools: ["*"]}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: s}
spec: {url: "@{[ $upstream->url('/mcp') ]}"}
YAML
my $httpd = httpd(<<"CONF", modules => [qw(ssl http2 proxy_balancer lbmethod_byrequests slotmem_shm)], threads => 25);
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiEngine on
ProxyTimeout 60
Protocols h2 h2c http/1.1
<Proxy "balancer://pool">
    BalancerMember "@{[ $upstream->url('/mcp') ]}" retry=60
    ProxySet failonstatus=500,502,503 failontimeout=on
</Proxy>
<Location "/route">
    UapiServer s
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
<Location "/pool">
    UapiServer s
    ProxyPass balancer://pool
</Location>
<Location "/gateway">
    UapiServers s
    SetHandler uapi-gateway
</Location>
Listen 127.0.0.1:\@PORT2\@
<VirtualHost 127.0.0.1:\@PORT2\@>
    ServerName localhost
    SSLEngine on
    SSLCertificateFile "$dir/pem"
    SSLCertificateKeyFile "$dir/key"
</VirtualHost>
CONF
$httpd->allow_log(qr/AH01906|AH01909|AH01873|AH02292/); # about the certificate
my $token = $registry->token;
my %session;
sub session_of {
    my ($path) = @_;
    return $session{$path} //= mcp_call($httpd->url($path), $token, 'initialize', { protocolVersion => '2025-11-25', capabilities => {}, clientInfo => { name => 'c', version => '1' } })->{headers}{'mcp-session-id'};
}

my %client = (
    'HTTP/1.1' => [$httpd->url(''), '--http1.1'],
    'HTTP/1.1 over TLS' => ['https://localhost:' . $httpd->port(2), '--http1.1', '-k'],
    'HTTP/2' => [$httpd->url(''), '--http2-prior-knowledge'],
    'HTTP/2 over TLS' => ['https://localhost:' . $httpd->port(2), '--http2', '-k'],
);
my @cases = (
    ['before any answer', '/route', mode => 'mute'],
    ['within the head', '/route', mode => 'line'],
    ['within a whole answer', '/route', mode => 'half'],
    ['in a stream', '/route', mode => 'stream'],
    ['a stream of its own', '/route', mode => 'own-stream', get => 1],
    ['a balancer\'s member', '/pool', mode => 'pool'],
    ['gateway: before any answer', '/gateway', mode => 'gateway-mute'],
    ['gateway: in a stream', '/gateway', mode => 'gateway-stream'],
    ['gateway: a list', '/gateway', mode => 'POST tools/list', method => 'tools/list', params => {}],
    ['gateway: the merged stream', '/gateway', mode => 'GET ', get => 1],
);

sub command {
    my ($client, undef, $path, %call) = @_;
    my ($base, @options) = @{ $client{$client} };
    my @headers = map { ('-H', $_) } "Authorization: Bearer $token", 'Accept: application/json, text/event-stream', "Test-Mode: $call{mode}", 'MCP-Protocol-Version: 2025-11-25',
        $path =~ /gateway/ ? 'Mcp-Session-Id: ' . session_of($path) : ();
    my $body = $call{get} ? undef : to_json({ jsonrpc => '2.0', id => 1, method => $call{method} // 'tools/call', params => $call{params} // { name => $path =~ /gateway/ ? 's__t' : 't', arguments => { mode => $call{mode} } } });
    return ['curl', '-sN', '-o', '/dev/null', @options, @headers, defined $body ? ('-H', 'Content-Type: application/json', '-d', $body) : (), "$base$path"];
}

# Starts the calls, waits until the server has them, kills the clients, and looks at how long the server's connections live on.
for my $client (sort keys %client) {
    my @commands = map { command($client, @$_) } @cases;
    truncate $ended->filename, 0;
    $upstream->forget;
    my @pids = map { Uapi::Process::spawn($_, '/dev/null') } @commands;
    ok wait_for(10, sub { @cases <= (my @now = grep { $_->{method} eq 'GET' || $_->{body} !~ /"initialize"|"ping"|"notifications/ } $upstream->requests) }), "$client: the server is asked";
    sleep 0.6;
    ok !has_ended($_->[3]), "$client, $_->[0]: the connection is open" for @cases;
    my $left = time;
    kill 'KILL', @pids;
    for (@cases) {
        my ($what, undef, undef, $mode) = @$_;
        ok wait_for(5, sub { has_ended($mode) }), "$client, $what: the client goes, it is closed";
        cmp_ok +(has_ended($mode) // 'inf') - $left, '<', 1, "$client, $what: within a second";
    }
    Uapi::Process::reap($_, 5) for @pids;
}

# ---- what is left of them
my @outcomes;
wait_for(5, sub { @outcomes = grep { $_->{kind} eq 'outcome' && ($_->{result} // '') ne 'ok' } $registry->audit_records; @outcomes >= 4 * 12 });
is_deeply [grep { $_ ne 'client.gone' } map { $_->{result} } @outcomes], [], 'each is recorded as what it was';
is mcp_call($httpd->url('/pool'), $token, 'ping', {})->{status}, 200, 'a balancer\'s member is not put aside for it';

# ---- on a kept connection
my $c = connect_to($httpd->port);
my $ping = to_json({ jsonrpc => '2.0', id => 1, method => 'ping' });
my $mute = to_json({ jsonrpc => '2.0', id => 2, method => 'tools/call', params => { name => 't', arguments => { mode => 'mute-kept' } } });
my $post = sub { my ($body) = @_; return "POST /pool HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer $token\r\nContent-Type: application/json\r\nContent-Length: @{[ length $body ]}\r\n\r\n$body" };
$c->send($post->($ping));
is $c->response->{status}, 200, 'a first call';
$c->send($post->($mute));
sleep 0.4;
$c->close;
ok wait_for(1, sub { has_ended('mute-kept') }), 'a second on the same connection: closed as well';
is mcp_call($httpd->url('/pool'), $token, 'ping', {})->{status}, 200, 'the member is not put aside for that either';

# ---- a stream of HTTP/2 that is reset on a connection that lives
sub frame { my ($type, $flags, $stream, $payload) = @_; return substr(pack('N', length $payload), 1) . pack('CCN', $type, $flags, $stream) . $payload }
sub literal { my ($name, $value) = @_; return "\0" . pack('C', length $name) . $name . pack('C', length $value) . $value }
my $h2 = connect_to($httpd->port);
my $block = join '', map { literal(@$_) } [':method', 'GET'], [':scheme', 'http'], [':path', '/route'], [':authority', 'localhost'], ['accept', 'text/event-stream'], ['test-mode', 'stream-reset'], ['authorization', "Bearer $token"];
$h2->send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" . frame(4, 0, 0, '') . frame(1, 5, 1, $block));
ok wait_for(5, sub { grep { ($_->header('test-mode') // '') eq 'stream-reset' } $upstream->requests }), 'HTTP/2: a stream is open';
sleep 0.4;
ok !has_ended('stream-reset'), 'and stays so';
my $left = time;
$h2->send(frame(3, 0, 1, pack 'N', 8)); # CANCEL
ok wait_for(5, sub { has_ended('stream-reset') }), 'it is reset: the upstream\'s is closed';
cmp_ok time - $left, '<', 1, 'within a second';
$h2->send(frame(6, 0, 0, 'pingpong'));
my $bytes = '';
ok wait_for(3, sub { $bytes .= $h2->raw_piece(0.1) // ''; $bytes =~ /\0\0\x08\x06\x01\0\0\0\0pingpong/ }), 'and its connection lives';

# ---- a client that closes its own half together with its request waits for the answer
$c = connect_to($httpd->port);
$c->send_last($post->($ping));
is $c->response->{status}, 200, 'a client that closes its half gets its answer';
done_testing;
