# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# A ProxyPass outside the guarded <Location>: no spelling of the path reaches the one without the other. And the ways to name an
# upstream that carry a guarded call.
use lib 't/lib';
use Uapi::Test;
use IO::Socket::UNIX;

my $upstream = upstream(sub { my ($request, $reply) = @_; $reply->json({ jsonrpc => '2.0', id => 1, result => {} }) });
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n    - {id: all, effect: allow, server: s}\n");
my @paths = qw(/mcp //mcp ///mcp /mcp/ /mcp//x /mcp;a=b /mcp;a/x /;/mcp /x/..;/mcp /x/../mcp /./mcp /%2e/mcp /%6dcp /mcp%2fx /mcp/../mcp /a/%2e%2e/mcp /%2fmcp /MCP /mcpx
    /mcp%3bx /mcp? /mcp?/../x);
my @placements = (
    ['as usual', '', ''],
    ['slashes not merged', 'MergeSlashes Off', ''],
    ['mapped as a servlet container does', '', 'mapping=servlet'],
    ['mapped as encoded', '', 'mapping=encoded'],
    ['mapped as encoded, slashes as they come', "MergeSlashes Off\nAllowEncodedSlashes On", 'mapping=encoded'],
    ['not canonicalised', 'AllowEncodedSlashes On', 'nocanon'],
);
for (@placements) {
    my ($what, $directives, $option) = @$_;
    my $httpd = httpd(<<"CONF", children => 1);
$directives
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiServer s
ProxyPass "/mcp" "@{[ $upstream->url('/mcp') ]}" $option
<Location "/mcp">
    UapiEngine on
</Location>
CONF
    $httpd->allow_log(qr/AH10244|AH00026|AH10411|AH01136/);
    for my $path (@paths) {
        my $c = connect_to($httpd->port);
        $c->send("GET $path HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        like $c->response->{status}, qr/^4\d\d$/, "$what: $path";
    }
    is_deeply [map { $_->{target} } $upstream->requests], [], "$what: nothing passes unjudged";
    is mcp_call($httpd->url('/mcp'), $registry->token, 'ping', undef)->{status}, 200, "$what: what is judged passes";
    $upstream->forget;
}

# ---- an upstream behind a socket file, alone and in a balancer
my $socket = $registry->folder . '/upstream.socket';
my $listener = IO::Socket::UNIX->new(Local => $socket, Listen => 5) or die "$socket: $!";
chmod 0777, $socket;
my $server = fork // die "fork: $!";
if (!$server) {
    $SIG{TERM} = 'DEFAULT';
    while (my $connection = $listener->accept) {
        sysread $connection, my $request, 65_536;
        my $body = to_json({ jsonrpc => '2.0', id => 1, result => { token => $request =~ /^Authorization/mi ? 1 : 0, principal => $request =~ /^Uapi-Principal: agent-1\r/m ? 1 : 0 } });
        syswrite $connection, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
        close $connection;
    }
    require POSIX;
    POSIX::_exit(0);
}
my $httpd = httpd(<<"CONF", children => 1, modules => [qw(proxy_balancer slotmem_shm lbmethod_byrequests)]);
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiServer s
UapiEngine on
<Proxy "balancer://pool">
    BalancerMember "unix:$socket|http://localhost"
</Proxy>
<Location "/alone">
    ProxyPass "unix:$socket|http://localhost/mcp"
</Location>
<Location "/balanced">
    ProxyPass "balancer://pool/mcp"
</Location>
CONF
for my $path ('/alone', '/balanced') {
    is_deeply mcp_call($httpd->url($path), $registry->token, 'ping', undef)->{result}, { token => 0, principal => 1 }, "a socket file, $path";
}
kill TERM => $server;
waitpid $server, 0;
done_testing;
