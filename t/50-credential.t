# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# The credential's life: sealed in the registry, injected upstream, never in an answer, never left in memory.
use lib 't/lib';
use Uapi::Test;

my $secret = join '', 'upstream-', map { ('a' .. 'z', 0 .. 9)[rand 36] } 1 .. 40;
my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    my $key = $request->header('authorization') // 'none';
    my $mode = $request->json->{params}{arguments}{mode} // 'quiet';
    return $reply->json({ jsonrpc => '2.0', id => 1, result => { got => $key } }) if $mode eq 'echo';
    return $reply->sse([{ jsonrpc => '2.0', id => 1, result => { got => $key } }]) if $mode eq 'stream';
    return $reply->respond(500, ['Content-Type' => 'text/plain'], "debug: $key\n") if $mode eq 'text';
    return $reply->json({ jsonrpc => '2.0', id => 1, result => { length => length $key } });
});
my $registry = make_registry();
$registry->credential_set('the-key', $secret);
my $policy = $registry->file('policy.yaml', <<'YAML');
apiVersion: uapi/v1
kind: Policy
metadata: {name: everyone}
spec:
  rules:
    - {id: all, effect: allow, server: github}
    - {id: missing, effect: allow, server: empty}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: github}
spec:
  credential: {name: the-key, inject: {header: Authorization, value: "Bearer {secret}"}}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: empty}
spec:
  credential: {name: no-such-key, inject: {header: Authorization, value: "Bearer {secret}"}}
YAML
my $httpd = httpd(<<"CONF", children => 1);
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiEngine on
<Location "/github">
    UapiServer github
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
<Location "/shadow">
    UapiEngine shadow
    UapiServer github
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
<Location "/empty">
    UapiServer empty
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
CONF
$httpd->expect_log(qr/UAPI0101: call \w+ refused: credential\.missing/);

sub ask {
    my ($path, $mode, $token) = @_;
    return mcp_call($httpd->url($path), $token // $registry->token, 'tools/call', { name => 'x', arguments => { mode => $mode } });
}
is ask('/github', 'quiet')->{result}{length}, length("Bearer $secret"), 'the upstream gets it';
ask('/github', 'quiet') for 1 .. 5;

# Nothing of it stays in the memory of any process once the calls are over. (What an upstream echoes is another matter: that it
# comes in by the answer is beyond our power; it only does not go out.)
SKIP: {
    my ($status) = run(['sh', '-c', 'command -v gdb']);
    skip 'gdb is not installed', 1 if $status;
    sleep 0.5;
    my $left = 0;
    for my $pid ($httpd->children) {
        my $core = $httpd->root . "/core.$pid";
        run(['gdb', '-p', $pid, '-batch', '-ex', "generate-core-file $core"], seconds => 60);
        next unless -s $core;
        open my $file, '<:raw', $core or die;
        local $/ = \1048576;
        my $before = '';
        while (<$file>) {
            my $at = index $before . $_, $secret;
            $left++, diag 'a trace: ', substr($before . $_, $at < 60 ? 0 : $at - 60, 60) =~ s/[^ -~]/./gr if $at >= 0;
            $before = substr($_, -100);
        }
        unlink $core;
    }
    is $left, 0, 'a dump of every child holds no trace of the credential';
}
for my $path ('/github', '/shadow') {
    for my $mode ('echo', 'stream', 'text') {
        my $answer = ask($path, $mode);
        unlike $answer->{body}, qr/\Q$secret\E/, "$path $mode: an upstream that echoes it does not give it to the caller";
        like $answer->{body}, qr/\[REDACTED:credential\.echo\]/, "$path $mode: a placeholder stands there";
    }
}
my $missing = ask('/empty', 'quiet');
is $missing->{status}, 200, 'a credential that nobody set';
is $missing->{error}{code}, -32014, 'is -32014';
is $missing->{error}{data}{reason}, 'credential.missing', 'credential.missing';
my ($record) = grep { $_->{call} eq $missing->{error}{data}{call} } $registry->audit_records;
is $record->{decision}, 'deny', 'and recorded as refused';

# Another tenant's key is not this one's.
$registry->must('tenant', 'create', 'rival');
my $rival = from_json($registry->must('token', 'create', '--tenant', 'rival', '--principal', 'r', '--json'));
is ask('/github', 'quiet', $rival->{token})->{error}{data}{reason}, 'credential.missing', 'a tenant without the credential gets none';

# A change holds on the next call.
my $changed = $secret . 'xyz';
$registry->credential_set('the-key', $changed);
is ask('/github', 'quiet')->{result}{length}, length("Bearer $changed"), 'a changed credential is used at once';
$registry->credential_set('the-key', $secret);
my ($status, $output) = run(['grep', '-rlF', $secret, $registry->folder, $httpd->root]);
is $output, '', 'no file holds it';
done_testing;
