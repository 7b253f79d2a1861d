# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Broken surroundings: upstreams that are down, slow, or break off; a registry and an audit file that cannot be used; a full disk. Nobody
# is let in, nothing is lost, everybody is told.
use lib 't/lib';
use Uapi::Test timeout => 240;

my $mode = 'good';
my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    my $how = $request->json->{params}{arguments}{how} // 'good';
    return $reply->sleep(3)->json({ jsonrpc => '2.0', id => 1, result => {} }) if $how eq 'slow';
    return $reply->raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"jsonrpc\":")->reset if $how eq 'cut';
    return $reply->raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n")->reset if $how eq 'cut-chunked';
    return $reply->raw("HTTP/1.1 200 OK\r\nthis is no header\r\n\r\n")->close if $how eq 'garbage';
    return $reply->respond(503, ['Content-Type' => 'application/json'], '{"busy":true}') if $how eq 'busy';
    return $reply->respond(200, ['Content-Type' => 'application/json'], '"' . 'x' x 50_000 . '"') if $how eq 'large';
    return $reply->json({ jsonrpc => '2.0', id => 1, result => {} });
});
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n    - {id: all, effect: allow, server: s}\n");
my $frame = sub {
    my ($r) = @_;
    return <<"CONF";
@{[ $r->config ]}
UapiPolicy "$policy"
UapiServer s
UapiEngine on
UapiMaxResponse 40000
<Location "/mcp">
    ProxyPass @{[ $upstream->url('/mcp') ]} timeout=1 retry=0
</Location>
<Location "/process">
    UapiAuditDurability process
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
CONF
};
my $httpd = httpd($frame->($registry), children => 1);
my $serving = $registry;
sub ask { my ($how, $path) = @_; return mcp_call($httpd->url($path // '/mcp'), $serving->token, 'tools/call', { name => 't', arguments => { how => $how } }) }
sub outcome { my ($answer) = @_; my ($found) = grep { $_->{call} eq $answer->{headers}{'uapi-call-id'} && $_->{kind} eq 'outcome' } $serving->audit_records; return $found }
sub failed {
    my ($answer, $status, $reason, $what) = @_;
    subtest $what => sub {
        like $answer->{status}, qr/^(?:$status)$/, "status $status";
        is $answer->{error}{data}{reason}, $reason, $reason;
        is $answer->{headers}{'content-type'}, 'application/json', 'as JSON';
        is $answer->{json}{id}, 1, 'with the id of the call';
        is outcome($answer)->{result}, $reason, 'and in the chain';
        is outcome($answer)->{status}, $answer->{status}, 'with the status that the caller got';
    };
}
$httpd->allow_log(qr/AH01102|AH01106|AH00992|AH01110|AH01114|AH00957|AH00959|AH10154|AH00898|AH01097|UAPI0101/);

# ---- upstreams
is ask('good')->{status}, 200, 'a good upstream';
failed(ask('slow'), 502, 'upstream.failed', 'one that is too slow');
failed(ask('cut'), 502, 'upstream.failed', 'one that breaks off an answer');
failed(ask('cut-chunked'), 502, 'upstream.failed', 'one that breaks off a chunked answer');
failed(ask('garbage'), 502, 'upstream.failed', 'one that speaks no HTTP');
failed(ask('large'), 502, 'response.too_large', 'an answer beyond UapiMaxResponse');
is ask('busy')->{status}, 503, "an upstream's own error passes";
is ask('busy')->{body}, '{"busy":true}', 'as it came';
$upstream->stop;
failed(ask('good'), '502|503', 'upstream.unreachable', 'one that is down');
$upstream->resume;
is ask('good')->{status}, 200, 'it comes back';

# ---- the audit file is held by somebody else: refused at once, nothing reaches the upstream, and it recovers
sub held {
    my ($file, $sub) = @_;
    my $pid = open my $sqlite, '|-', 'sqlite3', $file or die;
    $sqlite->autoflush(1);
    print {$sqlite} ".output /dev/null\n.timeout 3000\nBEGIN EXCLUSIVE;\nSELECT count(*) FROM sqlite_master;\n";
    sleep 0.7;
    $sub->();
    print {$sqlite} "ROLLBACK;\n.quit\n";
    close $sqlite;
    return;
}
$upstream->forget;
held($serving->audit, sub {
    my $answer = ask('good');
    is $answer->{status}, 503, 'audit file locked: 503';
    is $answer->{error}{data}{reason}, 'audit.unavailable', 'audit.unavailable';
    ok wait_for(8, sub { ask('good', '/process')->{status} == 503 }), 'durability process refuses as well, once the writer has noticed';
    ok $answer->{seconds} < 6.5, 'within the time limit';
});
my @reached = $upstream->requests;
ok wait_for(8, sub { ask('good')->{status} == 200 }), 'unlocked: calls go on';
is scalar(grep { 1 } $serving->uapictl('audit', 'verify')) ? ($serving->uapictl('audit', 'verify'))[0] : 1, 0, 'and the chain verifies';
$httpd->allow_log(qr/UAPI\d+: .*audit/i);

# ---- the registry is held: known tokens go on from the cache, others are refused
held($serving->registry, sub {
    my $other = 'uapi_ut_' . substr($serving->token, 8);
    is ask('good')->{status}, 200, 'registry locked: a cached token goes on';
});
{
    my $fresh = $registry->token_create(principal => 'late');
    held($serving->registry, sub {
        my $answer = mcp_call($httpd->url('/mcp'), $fresh->{token}, 'tools/call', { name => 't', arguments => {} });
        ok $answer->{status} == 503 || $answer->{status} == 200, 'registry locked: an unknown token gets in only if it could be read';
        is $answer->{error}{data}{reason}, 'registry.unavailable', 'registry.unavailable' if $answer->{status} == 503;
    });
}
$httpd->stop;

# ---- a full disk
SKIP: {
    my $mount = $registry->folder . '/small';
    mkdir $mount;
    skip 'no right to mount', 4 if $> != 0 || (run(['mount', '-t', 'tmpfs', '-o', 'size=24m', 'uapi-small', $mount]))[0];
    my $end = Guard->new(sub { run(['umount', '-l', $mount]) });
    chmod 0777, $mount;
    my $small = make_registry(folder => "$mount/uapi");
    $serving = $small;
    $httpd = httpd($frame->($small), children => 1);
    $httpd->allow_log(qr/UAPI\d+|disk|full/i);
    is ask('good')->{status}, 200, 'a small disk with room';
    run(['sh', '-c', "dd if=/dev/zero of=$mount/filler bs=64k 2>/dev/null"]);
    $upstream->forget;
    my $answer;
    ok wait_for(20, sub { $answer = ask('good'); $answer->{status} == 503 }), 'a full disk: 503';
    is $answer->{error}{data}{reason}, 'audit.unavailable', 'audit.unavailable';
    unlink "$mount/filler";
    ok wait_for(10, sub { ask('good')->{status} == 200 }), 'room again: calls go on';
    my ($status, $output) = $small->uapictl('audit', 'verify');
    is $status, 0, 'and the chain verifies' or diag $output;
    $httpd->stop;
}
done_testing;

package Guard;
sub new { my ($class, $sub) = @_; return bless { sub => $sub }, $class }
sub DESTROY { $_[0]{sub}->() }
