# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# A balancer over TLS, with an authority of our own, whose members are health-checked: sessions stick, streams pass, and a certificate of
# somebody else's is refused.
use lib 't/lib';
use Uapi::Test timeout => 180;
use File::Temp ();

my $dir = File::Temp->newdir('uapi-tls-XXXXXX', TMPDIR => 1);
chmod 0755, "$dir";
sub openssl { my ($status, $out, $err) = run(['openssl', @_]); die "openssl: $err" if $status; return }
for my $ca (qw(ours theirs)) {
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', 2, '-subj', "/CN=$ca", '-keyout', "$dir/$ca.key", '-out', "$dir/$ca.pem");
    openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=localhost', '-keyout', "$dir/$ca-server.key", '-out', "$dir/$ca.csr");
    open my $extensions, '>', "$dir/san" or die;
    print $extensions "subjectAltName=DNS:localhost\n";
    close $extensions;
    openssl('x509', '-req', '-in', "$dir/$ca.csr", '-CA', "$dir/$ca.pem", '-CAkey', "$dir/$ca.key", '-set_serial', 7, '-days', 2, '-extfile', "$dir/san", '-out', "$dir/$ca-server.pem");
}
sub member {
    my ($name) = @_;
    return upstream(sub {
        my ($request, $reply) = @_;
        return $reply->status(204) if $request->{target} =~ m{/health};
        if ($request->{method} eq 'GET') {
            $reply->start(200, 'Content-Type' => 'text/event-stream')->event({ jsonrpc => '2.0', method => "notifications/$name" });
            return $reply->sleep(1)->event({ jsonrpc => '2.0', method => 'notifications/later' })->finish;
        }
        my $message = $request->json;
        return $reply->respond(200, ['Content-Type' => 'application/json', $message->{method} eq 'initialize' ? ('Mcp-Session-Id' => "$name-1") : ()], to_json({ jsonrpc => '2.0', id => 1, result => { member => $name } }));
    });
}
my %member = map { $_ => member($_) } qw(a b);
my %port = map { $_ => free_port() } qw(a b theirs);
my $registry = make_registry(principal => 'bot');
my $policy = $registry->file('policy.yaml', "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n    - {id: all, effect: allow, server: s, methods: [\"*\"]}\n    - {id: tools, effect: allow, server: s, tools: [\"*\"]}\n");
my $hosts = join '', map { <<"CONF" } [$port{a}, 'a', 'ours'], [$port{b}, 'b', 'ours'], [$port{theirs}, 'a', 'theirs'];
Listen 127.0.0.1:$_->[0]
<VirtualHost 127.0.0.1:$_->[0]>
    ServerName localhost
    SSLEngine on
    SSLCertificateFile "$dir/$_->[2]-server.pem"
    SSLCertificateKeyFile "$dir/$_->[2]-server.key"
    ProxyPass / @{[ $member{ $_->[1] }->url('/') ]} retry=0 disablereuse=on
</VirtualHost>
CONF
my $httpd = httpd(<<"CONF", modules => [qw(ssl socache_shmcb proxy_balancer lbmethod_byrequests slotmem_shm watchdog proxy_hcheck)]);
@{[ $registry->config ]}
UapiPolicy "$policy"
SSLProxyEngine on
SSLProxyVerify require
SSLProxyCACertificateFile "$dir/ours.pem"
<Proxy "balancer://pool">
    BalancerMember "https://localhost:$port{a}/mcp" route=a hcmethod=GET hcuri=/mcp/health hcinterval=1 retry=1
    BalancerMember "https://localhost:$port{b}/mcp" route=b hcmethod=GET hcuri=/mcp/health hcinterval=1 retry=1
    ProxySet stickysession=MEMBER
</Proxy>
<Location "/pool">
    UapiEngine on
    UapiServer s
    ProxyPass balancer://pool
</Location>
<Location "/wrong">
    UapiEngine on
    UapiServer s
    ProxyPass https://localhost:$port{theirs}/mcp
</Location>
$hosts
CONF
$httpd->allow_log(qr/AH0[0-9]{4}|AH10|AH03/);
$httpd->expect_log(qr/UAPI0101: call \w+ refused: upstream\.failed|AH01114|AH00898|AH01084|AH02039|AH02003/);
my $token = $registry->token;
my $initialize = { protocolVersion => '2025-11-25', capabilities => {}, clientInfo => { name => 'c', version => '1' } };
sub ask { my ($session) = @_; return mcp_call($httpd->url('/pool'), $token, 'tools/call', { name => 't' }, headers => ['Mcp-Session-Id' => $session]) }
my %session;
for (1 .. 8) {
    my $answer = mcp_call($httpd->url('/pool'), $token, 'initialize', $initialize);
    $session{ $answer->{result}{member} } //= $answer->{headers}{'mcp-session-id'} if $answer->{result};
}
is_deeply [sort keys %session], [qw(a b)], 'both members are reached over TLS';
for my $name (qw(a b)) {
    is scalar(grep { (ask($session{$name})->{result}{member} // '') eq $name } 1 .. 4), 4, "a session of $name stays there";
}
my $stream = http('GET', $httpd->url('/pool'), headers => [Authorization => "Bearer $token", 'Mcp-Session-Id' => $session{b}]);
like $stream->{body}, qr{notifications/b.*notifications/later}s, 'a stream over TLS comes from the session\'s member';
my @at = map { $_->[0] } grep { $_->[1] =~ /data:/ } @{ $stream->{pieces} };
cmp_ok $at[-1] - $at[0], '>', 0.7, 'event by event';
cmp_ok mcp_call($httpd->url('/wrong'), $token, 'initialize', $initialize)->{status}, '>=', 500, "another authority's certificate is refused";
ok wait_for(10, sub { grep { $_->{target} =~ m{/health} } $member{a}->requests }), "health checks come";

$member{b}->stop;
my $gone;
wait_for(10, sub { $gone = ask($session{b}); $gone->{status} == 404 });
is $gone->{error}{data}{reason}, 'session.unknown', 'when a health check finds a member ill, its sessions end';
is ask($session{a})->{result}{member}, 'a', 'and those of the others do not';
$member{b}->resume;
ok wait_for(15, sub { (ask($session{b})->{result}{member} // '') eq 'b' }), 'until it is well again';
done_testing;
