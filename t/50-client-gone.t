# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# A client that goes away while its stream is idle: the upstream's connection is closed within a second. A GET that the server does not
# offer is that route's affair alone.
use lib 't/lib';
use Uapi::Test;
use File::Temp ();
use Uapi::Process ();

my $closed = File::Temp->new(TEMPLATE => 'uapi-closed-XXXXXX', TMPDIR => 1);
my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    my ($mode) = $request->{target} =~ /mode=(\w+)/;
    my $chunked = ($mode // '') ne 'close';
    return $reply->status(405, Allow => 'POST') if $request->{method} eq 'GET' && $request->{target} =~ m{^/no-stream};
    return $reply->json({ jsonrpc => '2.0', id => $request->json->{id}, result => {} }) if ($request->{body} // '') =~ /ping/;
    if ($chunked) {
        $reply->start(200, 'Content-Type' => 'text/event-stream')->event({ jsonrpc => '2.0', method => 'notifications/a' });
    } else {
        $reply->raw("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/a\"}\n\n");
    }
    $reply->chunk('data: {"json') if ($mode // '') eq 'half';
    my $socket = $reply->{socket};
    my $bits = '';
    vec($bits, fileno $socket, 1) = 1;
    my $since = time;
    select($bits, undef, undef, 20) and do { open my $log, '>>', $closed->filename; print $log "$mode\n" };
    return $reply->close;
});
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n    - {id: all, effect: allow, server: s, methods: [\"*\"]}\n    - {id: tools, effect: allow, server: s, tools: [\"*\"]}\n");
my $httpd = httpd(<<"CONF", modules => [qw(proxy_balancer lbmethod_byrequests slotmem_shm)]);
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiServer s
UapiEngine on
ProxyTimeout 30
<Proxy "balancer://one">
    BalancerMember "@{[ $upstream->url ]}" retry=60
</Proxy>
ProxyPass /mcp @{[ $upstream->url('/mcp') ]}
ProxyPass /no-stream balancer://one/no-stream
CONF
my $token = $registry->token;
sub get { my ($path) = @_; return "GET $path HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer $token\r\nAccept: text/event-stream\r\n\r\n" }
sub post { my ($path) = @_; my $body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}'; return "POST $path HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer $token\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nContent-Length: @{[ length $body ]}\r\n\r\n$body" }

for my $case ([get('/mcp?mode=get'), 'get', 'a GET stream'], [post('/mcp?mode=post'), 'post', 'a stream that answers a POST'], [get('/mcp?mode=half'), 'half', 'an event that is not whole'],
    [get('/mcp?mode=close'), 'close', 'a stream without chunks']) {
    my ($request, $mode, $what) = @$case;
    my $c = connect_to($httpd->port);
    $c->send($request);
    my $text = '';
    wait_for(5, sub { $text .= $c->raw_piece(0.1) // ''; $text =~ /notifications\/a/ });
    like $text, qr/notifications\/a/, "$what: it is open";
    sleep 0.3;
    is slurp($closed->filename) =~ /^$mode$/m, '', "$what: and stays so";
    my $left = time;
    $c->close;
    ok wait_for(5, sub { slurp($closed->filename) =~ /^$mode$/m }), "$what: the client goes, the upstream's connection is closed";
    cmp_ok time - $left, '<', 1, "$what: within a second";
    my ($id) = $text =~ /^Uapi-Call-Id: (\w+)/mi;
    my $outcome;
    wait_for(3, sub { ($outcome) = grep { $_->{call} eq $id && $_->{kind} eq 'outcome' } $registry->audit_records });
    is $outcome->{result}, 'client.gone', "$what: and recorded";
}
is http('GET', $httpd->url('/no-stream'), headers => [Authorization => "Bearer $token"])->{status}, 405, 'a server without a GET stream says so';
for (1 .. 3) {
    is http('GET', $httpd->url('/no-stream'), headers => [Authorization => "Bearer $token"])->{status}, 405, 'again';
    is mcp_call($httpd->url('/no-stream'), $token, 'ping', {})->{status}, 200, 'and a message goes on being served: the member is not put aside';
}
done_testing;
