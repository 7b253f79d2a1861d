# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Plugins in processes of their own, at a real httpd: the same binary finds the same, what it must not do it cannot, and when it
# crashes, hangs or lies, that call is refused, nothing else, and the next one finds a new helper. The plugin that tries all of
# it is t/plugins/hostile.c. (Under load, in great number: t/60-plugin-crashes.t.)
use lib 't/lib';
use Uapi::Test timeout => 200;

my $hostile = out('t/plugins/hostile.so');
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', <<'YAML');
apiVersion: uapi/v1
kind: Policy
metadata: {name: everyone}
spec:
  rules:
    - {id: all, effect: allow, server: s}
YAML
my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    return $reply->json({ jsonrpc => '2.0', id => 1, result => { content => [{ type => 'text', text => 'fine' }] } });
});
my $frame = $registry->config . "UapiPolicy \"$policy\"\n<Location /mcp>\nUapiEngine on\nUapiServer s\nProxyPass @{[ $upstream->url('/mcp') ]}\n</Location>\n"
    . "<Location /status>\nSetHandler server-status\n</Location>\n";

# ------------------------------------------------------------------------------------------------ configtest
my $secret = $registry->file('secret', "not for plugins\n");
for (
    ['isolation=process' => undef],
    ['isolation=none' => undef],
    ['isolation=process uapi_timeout=2s uapi_memory=64M' => undef],
    ["isolation=process in_create=read secret=$secret" => undef, 'held back from reading what is not its own'],
    (map { ["isolation=process in_create=$_" => undef, "in_create=$_: held back while it is created"] }
        qw(socket connect exec fork thread write peek kill environment root limits)),
    ['isolation=thread' => qr/isolation is process or none, once, not 'thread'/],
    ['isolation=process isolation=process' => qr/isolation is process or none, once/],
    ['uapi_memory=64M' => qr/are for isolation=process/],
    ['isolation=process uapi_memory=1M' => qr/uapi_memory is a size of 16M to 64G, once, not '1M'/],
    ['isolation=process uapi_timeout=0ms' => qr/uapi_timeout is a time of 1ms to 60s, once, not '0ms'/],
    ['isolation=process uapi_other=1' => qr/'uapi_other' is not for plugins/],
    ['isolation=process mispelt=1' => qr/org\.example\.hostile has no option called mispelt/],
    ['isolation=process in_create=crash' => qr/its helper process crashed with SIGSEGV, in create/],
    ['isolation=process in_create=exit' => qr/its helper process ended with exit status 3, in create/],
    ['isolation=process in_destroy=crash' => qr/its helper process crashed with SIGSEGV, in destroy/],
    ['isolation=process sha256:' . '0' x 64 => qr/SHA-256 is/],
) {
    my ($words, $says, $what) = @$_;
    $what //= $words;
    my ($status, $output) = config_test("${frame}UapiPlugin $hostile $words\n", modules => ['status']);
    if ($says) {
        isnt $status, 0, "$what: refused";
        like $output, $says, '  and said';
    } else {
        is $status, 0, "$what: taken" or diag $output;
    }
}

# ------------------------------------------------------------------------------------------------ a running server
my $httpd;
sub ask {
    my ($text, %other) = @_;
    return mcp_call($httpd->url('/mcp'), $registry->token, 'tools/call', { name => 't', arguments => { text => $text } }, timeout => 20, %other);
}
sub reason { my ($answer) = @_; return $answer->{error} ? $answer->{error}{data}{reason} : 'passed' }
sub seen { return scalar $upstream->requests }
sub started {
    my ($words, %other) = @_;
    $httpd->stop if $httpd;
    return $httpd = httpd("LogLevel uapi:info\nExtendedStatus on\n${frame}UapiPlugin $hostile isolation=process $words\n", modules => ['status'], children => 1, %other);
}
# The helpers of this server's that there are, by the process that started them; others may run the same program.
my (%children, %known);
sub helpers {
    my %of;
    $children{$_} = 1 for $httpd->children;
    for (split /\n/, (run(['ps', '-eo', 'pid,ppid,args']))[1]) {
        my ($pid, $parent) = /^\s*(\d+)\s+(\d+)\s+\S*uapi-plugin-host / or next;
        $of{$pid} = $parent if $children{$parent} || $known{$pid};
    }
    %known = (%known, %of);
    return \%of;
}

started("uapi_timeout=5s secret=$secret");
is reason(ask('nothing')), 'passed', 'a call';
my $answer = ask('please ACT:find;');
is reason($answer), 'firewall.blocked', 'a finding of the verifier';
is $answer->{error}{data}{rule}, 'hostile.found', '  under its rule' or diag explain $answer->{error};
is reason(ask('please ACT:not;')), 'passed', 'a candidate that it does not confirm';
is reason(ask('a MARK')), 'firewall.blocked', 'a finding of the scanner of whole texts';

for my $act (qw(socket connect exec fork thread write read peek kill inherited environment root limits bomb overwrite flood)) {
    $answer = ask("ACT:$act;");
    is reason($answer), 'passed', "$act: held back";
    my ($record) = grep { ($_->{event} // '') eq 'decision' || $_->{findings} } reverse $registry->audit_records;
    like JSON::PP::encode_json($record // {}), qr/hostile\.held/, '  and it went on';
}
$httpd->allow_log(qr/UAPI0004.*flood/);
is_deeply [sort values %{ helpers() }], [sort $httpd->children], 'one helper for each child';

# ------------------------------------------------------------------------------------------------ crashes, hangs, lies
for my $case (
    (map { ["ACT:$_;", qr/crashed with SIG(?:SEGV|ABRT)/] } qw(crash abort stack)),
    ['ACT:exit;', qr/ended with exit status 3/],
    ['ACT:close_control;', qr/./],
    (map { ["ACT:$_;", qr/answered with .* and was killed/] } qw(short_packet long_packet other_packet huge_packet)),
    ['IN SCAN:many_findings;', qr/answered with/],
    ['IN SCAN:unjudged;', qr/judgements on other candidates/],
) {
    my ($text, $says) = @$case;
    my $count = seen();
    $httpd->expect_log(qr/UAPI0013.*$says/);
    is reason(ask($text)), 'firewall.failed', "$text that call is refused";
    is seen(), $count, '  and did not go upstream';
    is reason(ask('nothing')), 'passed', '  the next one is not';
}
for my $text ('IN SCAN:no_rule;', 'IN SCAN:no_range;', 'IN SCAN:scribble;') {
    is reason(ask($text)), 'internal.error', "$text a report that breaks the contract refuses, as in the server";
    $httpd->allow_log(qr/UAPI0101/);
}
$httpd->allow_log(qr/UAPI0101|UAPI0013/);
is reason(ask('ACT:close_log;')), 'passed', 'a helper that closes its log';
ok wait_for(5, sub { reason(ask('nothing')) eq 'passed' }), '  is replaced';
my $status = http(GET => $httpd->url('/status?auto'))->{body};
my ($deaths) = $status =~ /^Uapi0\[org\.example\.hostile\]isolation_deaths_total: (\d+)$/m;
cmp_ok $deaths, '>=', 11, 'deaths are counted';
like $status, qr/^Uapi0\[org\.example\.hostile\]isolation_refusals_total: 11$/m, '  and what they cost' or diag $status;
like $status, qr/^Uapi0\[org\.example\.hostile\]marks_total: 1$/m, "the plugin's own figures go on over all of them" or diag $status;

started('uapi_timeout=150ms');
$httpd->expect_log(qr/UAPI0013.*did not answer within 150 ms and was killed/);
$httpd->allow_log(qr/UAPI0101/);
for my $act (qw(hang spin)) {
    is reason(ask("ACT:$act;")), 'firewall.failed', "$act: that call is refused";
    is reason(ask('nothing')), 'passed', '  the next one is not';
}

# In shadow mode findings pass, but nothing passes that was not judged: as with a scanner in the server that fails.
$httpd->stop;
$httpd = httpd(($frame =~ s/UapiEngine on/UapiEngine shadow/r) . "UapiPlugin $hostile isolation=process\n", modules => ['status'], children => 1);
$httpd->allow_log(qr/UAPI0013|UAPI0101/);
is reason(ask('a MARK')), 'passed', 'in shadow mode a finding is recorded only';
is reason(ask('ACT:crash;')), 'firewall.failed', '  and a text that was not judged is refused';

# ------------------------------------------------------------------------------------------------ how it begins and ends
started('in_start=refuse');
$httpd->expect_log(qr/UAPI0006.*org\.example\.hostile refused to start \(9\)/);
$httpd->allow_log(qr/UAPI0101/);
isnt reason(ask('nothing')), 'passed', 'a plugin that refuses to start: nothing is served';
started('in_start=crash');
$httpd->expect_log(qr/UAPI0013.*crashed with SIGSEGV, in start; tried again/);
$httpd->allow_log(qr/UAPI0101/);
is reason(ask('nothing')), 'firewall.failed', 'one that crashes at its start: no call passes';
for my $act (qw(crash hang exit)) {
    started("in_stop=$act");
    is reason(ask('nothing')), 'passed', "in_stop=$act: it serves";
    $httpd->stop;
    is_deeply helpers(), {}, '  and its end is the end of the helper';
}

started('', mpm => 'prefork');
$httpd->allow_log(qr/UAPI0013|UAPI0101/);
is reason(ask('ACT:crash;')), 'firewall.failed', 'processes without threads: a crash';
is reason(ask('a MARK')), 'firewall.blocked', '  and a finding';
$httpd->stop;
is_deeply helpers(), {}, '  nothing is left of them';
started('');
is reason(ask('nothing')), 'passed', 'before a graceful restart';
my @old = keys %{ helpers() };
$httpd->graceful;
is reason(ask('nothing')), 'passed', 'after it';
ok wait_for(10, sub { my $now = helpers(); !grep { $now->{$_} } @old }), 'the helpers of old children are gone';
ok wait_for(10, sub { join(' ', sort values %{ helpers() }) eq join ' ', sort $httpd->children }), '  there are those of the new ones';
my ($helper, $child) = %{ helpers() };
$httpd->allow_log(qr/AH00052|AH00051|AH00546/);
kill KILL => $child;
ok wait_for(10, sub { !helpers()->{$helper} }), 'a child that is killed takes its helper with it';
ok wait_for(10, sub { reason(ask('nothing')) eq 'passed' }), '  and the next one has its own';
($helper, $child) = %{ helpers() };
kill KILL => $helper;
$httpd->expect_log(qr/UAPI0013.*crashed with SIGKILL while it had nothing to do/);
ok wait_for(5, sub { my $now = helpers(); !$now->{$helper} && grep { $_ == $child } values %$now }), 'a helper that dies while idle is replaced';
is reason(ask('nothing')), 'passed', '  before anyone calls';
$httpd->stop;
is_deeply helpers(), {}, 'nothing is left';

# ------------------------------------------------------------------------------------------------ uapictl
my ($exit, $found, $errors) = run([out('uapictl'), 'scan', '--isolated', '--plugin', $hostile, '-'], stdin => 'a MARK, ACT:find; and ACT:socket;');
is $exit, 0, 'uapictl scan --isolated' or diag $errors;
like $found, qr/hostile\.marked.*hostile\.found.*hostile\.held/s, '  finds the same, confined';
($exit, $found, $errors) = run([out('uapictl'), 'scan', '--isolated', '--plugin', $hostile, '-'], stdin => 'ACT:crash;');
isnt $exit, 0, '  a crash is no clean text';
like $errors, qr/scanner hostile: its helper process died over the text/, '  and is told';
done_testing;
