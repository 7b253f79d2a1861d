# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Processes and connections that come and go: every MPM, children that are replaced while they serve, upstream connections that were
# closed in the meantime, restarts while streams run, several gateways in one server.
use lib 't/lib';
use Uapi::Test timeout => 400;

my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    my $arguments = eval { $request->json->{params}{arguments} } || {};
    return $reply->sse([map { { jsonrpc => '2.0', method => 'notifications/n', params => { n => $_ } } } 1 .. 10], delay => 0.3) if $arguments->{stream};
    my $key = $request->header('x-key') // '';
    $reply->json({ jsonrpc => '2.0', id => 1, result => { length => length $request->{body}, key => $key =~ s/secret/S/r } });
    return $arguments->{close} ? $reply->close : $reply;
});
my $policy_text = sub { my ($effect, $tools) = @_; return <<"YAML" };
apiVersion: uapi/v1
kind: Policy
metadata: {name: p}
spec:
  rules:
    - {id: all, effect: allow, server: s}
    - {id: none, effect: deny, tools: [$tools]}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: s}
spec:
  credential: {name: key, inject: {header: X-Key, value: "{secret}"}}
YAML
my $registry = make_registry();
$registry->credential_set('key', 'processes-secret-1');
my $policy = $registry->file('policy.yaml', $policy_text->('deny', 'destroy'));
my $frame = sub { my ($extra) = @_; return <<"CONF" };
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiPlugin @{[ out('plugins/scanner_secrets.so') ]}
UapiServer s
UapiEngine on
<Location "/mcp">
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
<Location "/process">
    UapiAuditDurability process
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
$extra
CONF
my $httpd;
sub ask { my ($path, %arguments) = @_; return mcp_call($httpd->url($path), $registry->token, 'tools/call', { name => delete $arguments{tool} // 't', arguments => \%arguments }, timeout => 20) }
sub good { my ($answer) = @_; return $answer->{status} == 200 && $answer->{complete} && $answer->{result} && $answer->{result}{length} > 10 && $answer->{result}{key} eq 'processes-S-1' }
sub verified { my ($what, $of) = @_; my ($status, $output) = ($of // $registry)->uapictl('audit', 'verify'); is $status, 0, "$what: the chain verifies" or diag $output; return }

# Callers in processes of their own, each with a number of calls; how many were answered well.
sub load {
    my ($path, $callers, $calls) = @_;
    return map {
        pipe my $read, my $write or die;
        my $pid = fork // die;
        if (!$pid) {
            close $read;
            my $count = grep { good(eval { ask($path) } || { status => 0 }) } 1 .. $calls;
            print {$write} "$count\n";
            close $write;
            require POSIX;
            POSIX::_exit(0);
        }
        close $write;
        [$pid, $read];
    } 1 .. $callers;
}
# A server that is stopped under load may leave records in the ring; the next one says that it added them.
sub started { my $server = httpd(@_); $server->allow_log(qr/UAPI0007/); return $server }
sub answered { my $sum = 0; for (@_) { my ($pid, $read) = @$_; $sum += <$read> // 0; waitpid $pid, 0 } return $sum }

# ---- each MPM: calls, children that end after a few connections, a restart, and a stop in the middle of it all
for my $mpm (qw(event worker prefork)) {
    $httpd = started($frame->('MaxConnectionsPerChild 25'), mpm => $mpm, children => 3);
    $httpd->allow_log(qr/AH00288|AH00484|AH00485|AH00161|AH10159|AH00286|AH00287|AH03490/);
    ok good(ask('/mcp')), "$mpm: a call";
    is ask('/mcp', tool => 'destroy')->{error}{data}{reason}, 'policy.denied', "$mpm: a refusal";
    is answered(load('/mcp', 4, 60)), 240, "$mpm: every call is answered while children are replaced";
    verified($mpm);
    my @load = load('/mcp', 3, 40);
    sleep 0.3;
    $httpd->graceful;
    is answered(@load), 120, "$mpm: and over a graceful restart";
    my $before = () = $registry->audit_records;
    @load = load('/process', 3, 100);
    sleep 0.5;
    $httpd->stop;
    answered(@load);
    verified("$mpm: stopped under load");
    cmp_ok scalar(() = $registry->audit_records), '>', $before, "$mpm: with records of it";
}

# ---- many starts and stops, the stop before the children are ready
for my $mpm (qw(event prefork)) {
    for (1 .. 6) {
        $httpd = started($frame->(''), mpm => $mpm, children => 4);
        sleep 0.02 * $_;
        $httpd->graceful if $_ % 2;
        $httpd->stop;
    }
    ok 1, "$mpm: started and stopped";
}

# ---- an upstream that closes kept connections: a POST that crosses its close cannot be repeated, so the close is waited for
sub ask_and_wait { my $answer = ask(@_); sleep 0.1; return $answer }
$httpd = started($frame->(''), children => 1, threads => 4);
my @answers = map { ask_and_wait('/mcp', close => 1) } 1 .. 20;
is scalar(grep { good($_) } @answers), 20, 'an upstream that closes after each answer, though it said it would not';
$httpd->allow_log(qr/AH01102|AH01106|AH00992|AH01110|UAPI0101/);
is scalar(grep { good(ask_and_wait('/mcp', $_ % 3 ? () : (close => 1))) } 1 .. 20), 20, 'now and then';
$upstream->stop;
$upstream->resume;
ok wait_for(5, sub { good(ask('/mcp')) }), 'an upstream that was restarted';

# ---- a graceful restart while a stream runs
{
    my $c = connect_to($httpd->port);
    my $body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":{"stream":1}}}';
    $c->send("POST /mcp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer @{[ $registry->token ]}\r\nContent-Type: application/json\r\nContent-Length: " . length($body) . "\r\n\r\n$body");
    sleep 0.7;
    $httpd->graceful;
    my $answer = $c->response;
    is scalar(sse_events($answer->{body})), 10, 'a stream outlives a graceful restart';
    ok $answer->{complete}, 'to its end';
    my $id = $answer->{headers}{'uapi-call-id'};
    is scalar(grep { $_->{call} eq $id && ($_->{result} // '') eq 'ok' } $registry->audit_records), 1, 'and its outcome is recorded';
    ok good(ask('/mcp')), 'and new calls are served meanwhile';
}
$httpd->stop;
verified('restarts');

# ---- several gateways in one server
{
    my $other = make_registry(tenant => 'other');
    $other->credential_set('key', 'another-secret-2');
    my $strict = $other->file('policy.yaml', $policy_text->('deny', 't'));
    my $many = join '', map { "Listen 127.0.0.1:\@PORT$_\@\n<VirtualHost 127.0.0.1:\@PORT$_\@>\nServerName v$_\n</VirtualHost>\n" } 3 .. 30;
    $httpd = started($frame->(<<"CONF"), children => 2);
Listen 127.0.0.1:\@PORT2\@
<VirtualHost 127.0.0.1:\@PORT2\@>
    ServerName localhost
    UapiRegistry "@{[ $other->registry ]}"
    UapiAudit "@{[ $other->audit ]}"
    UapiKeyFile "@{[ $other->key_file ]}"
    UapiPolicy "$strict"
</VirtualHost>
$many
<Location "/mcp">
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
CONF
    my $on = sub { my ($index, $token, $tool) = @_; return mcp_call($httpd->url('/mcp', $index), $token, 'tools/call', { name => $tool, arguments => {} }) };
    is $on->(1, $registry->token, 't')->{status}, 200, 'the first gateway knows its token';
    is $on->(1, $other->token, 't')->{status}, 401, "and not the other's";
    is $on->(2, $registry->token, 'x')->{status}, 401, 'the second knows not the first one';
    is $on->(2, $other->token, 't')->{error}{data}{reason}, 'policy.denied', 'has a policy of its own';
    my $answer = $on->(2, $other->token, 'x');
    SKIP: {
        skip 'proxies are not inherited', 1 if $answer->{status} == 404;
        is $answer->{result}{key}, 'another-S-2', 'and credentials of its own';
    }
    for my $index (3, 17, 30) {
        isnt $on->($index, undef, 't')->{status}, 200, "virtual host $index: nobody without a token";
        isnt $on->($index, $registry->token, 't')->{status}, 401, 'and the inherited gateway knows its token';
    }
    is scalar(grep { $_->{tenant} ne 'other' } $other->audit_records), 0, 'two audit files, each with its own records';
    is scalar(grep { $_->{tenant} ne $registry->tenant } $registry->audit_records), 0, 'and nothing else';
    verified('the first gateway');
    verified('the second gateway', $other);
    $httpd->stop;
}
done_testing;
