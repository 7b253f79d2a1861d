# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Cancelling at a universal gateway reaches the server, also one of another era: an older client's message closes the stream of a newer server, a
# newer client's closed stream is a message to an older server.
use lib 't/lib';
use Uapi::Test;
use File::Temp ();

# A server whose calls never end; what it hears of their end it writes down.
my $heard = File::Temp->new(TEMPLATE => 'uapi-heard-XXXXXX', TMPDIR => 1);
sub server {
    my ($name) = @_;
    return upstream(sub {
        my ($request, $reply) = @_;
        return $reply->status(405) if $request->{method} eq 'GET';
        my $message = $request->json;
        return $reply->status(202) unless defined $message->{id};
        return $reply->json({ jsonrpc => '2.0', id => $message->{id}, error => { code => -32601, message => 'no' } }) if $message->{method} eq 'server/discover';
        return $reply->respond(200, ['Content-Type' => 'application/json', 'Mcp-Session-Id' => "s-$name"],
            to_json({ jsonrpc => '2.0', id => $message->{id}, result => { protocolVersion => '2025-11-25', capabilities => {}, serverInfo => { name => $name, version => 1 } } })) if $message->{method} eq 'initialize';
        $reply->start(200, 'Content-Type' => 'text/event-stream')->event({ jsonrpc => '2.0', method => 'notifications/message', params => {} }) unless $message->{params}{name} eq 'silent';
        my $bits = '';
        vec($bits, fileno $reply->{socket}, 1) = 1;
        select($bits, undef, undef, 20) and do { open my $log, '>>', $heard->filename; print $log "$name $message->{id}\n" };
        return $reply->close;
    });
}
my %server = (old => server('old'), new => server('new'));
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', join "---\n", "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules: [{id: all, effect: allow, server: [old, new]}]\n",
    map { "apiVersion: uapi/v1\nkind: Server\nmetadata: {name: $_}\nspec:\n  url: @{[ $server{$_}->url('/mcp') ]}\n  timeout: 20s\n  revision: @{[ $_ eq 'new' ? '2026-07-28' : '2025-11-25' ]}\n" } sort keys %server);
my $httpd = httpd(<<"CONF");
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiServers *
<Location "/mcp">
    UapiEngine on
    SetHandler uapi-gateway
</Location>
CONF
my $token = $registry->token;
my $session = mcp_initialize($httpd->url('/mcp'), $token)->{headers}{'mcp-session-id'};
sub send_call {
    my ($body, @headers) = @_;
    my $c = connect_to($httpd->port);
    $c->send(join "\r\n", 'POST /mcp HTTP/1.1', 'Host: localhost', "Authorization: Bearer $token", 'Content-Type: application/json', 'Accept: application/json, text/event-stream', @headers, 'Content-Length: ' . length $body, '', $body);
    return $c;
}
sub heard { my ($what) = @_; return wait_for(5, sub { slurp($heard->filename) =~ /^\Q$what\E$/m }) }
sub cancel { my ($id) = @_; return mcp_call($httpd->url('/mcp'), $token, 'notifications/cancelled', { requestId => $id }, id => undef, headers => ['Mcp-Session-Id' => $session])->{status} }
my @legacy = ('MCP-Protocol-Version: 2025-11-25', "Mcp-Session-Id: $session");

for my $tool (qw(talking silent)) {
    $server{new}->forget;
    my $c = send_call(qq({"jsonrpc":"2.0","id":"$tool-1","method":"tools/call","params":{"name":"new__$tool"}}), @legacy);
    my $other = send_call(qq({"jsonrpc":"2.0","id":"$tool-2","method":"tools/call","params":{"name":"new__$tool"}}), @legacy);
    $server{new}->wait_requests(2);
    sleep 0.7;
    is cancel("$tool-1"), 202, "an older client cancels a call of a newer server ($tool)";
    ok heard("new $tool-1"), 'the stream of just that one is closed';
    unlike slurp($heard->filename), qr/$tool-2/, 'and of no other';
    $other->close;
}

$server{old}->forget;
my $meta = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"c","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}';
my $c = send_call(qq({"jsonrpc":"2.0","id":"m-1","method":"tools/call","params":{"name":"old__talking",$meta}}), 'MCP-Protocol-Version: 2026-07-28', 'Mcp-Method: tools/call', 'Mcp-Name: old__talking');
ok wait_for(5, sub { grep { $_->json->{method} eq 'tools/call' } $server{old}->requests }), 'a newer client calls an older server';
sleep 0.3;
$c->close;
ok wait_for(5, sub { grep { $_->json->{method} eq 'notifications/cancelled' } $server{old}->requests }), 'it closes its stream: the server is told';
my ($told) = grep { $_->json->{method} eq 'notifications/cancelled' } $server{old}->requests;
is $told->json->{params}{requestId}, 'm-1', 'which call it was';
is $told->header('mcp-session-id'), 's-old', 'in its session';
ok heard('old m-1'), 'and its stream is closed';
done_testing;
