# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# An isolated plugin that crashes, hangs and lies under load, at a real httpd: no call whose text it has not judged passes. Each such
# text also has a MARK, which the plugin finds wherever it lives long enough; between them are calls with nothing in them, which
# pass if there is a helper. UAPI_TEST_CRASHES=10000 makes it ten thousand faults.
use lib 't/lib';
use Uapi::Test timeout => 900;
use POSIX ();

my $faults = $ENV{UAPI_TEST_CRASHES} // 200;
my $callers = 6;
my @acts = ('ACT:crash;', 'IN SCAN:abort;', 'ACT:exit;', 'ACT:short_packet;', 'IN SCAN:unjudged;', 'ACT:stack;', 'IN SCAN:crash;', 'ACT:huge_packet;', 'ACT:spin;', 'IN SCAN:hang;');
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n    - {id: all, effect: allow, server: s}\n");
# Each request that gets through leaves a byte in one of two files.
my ($marked, $plain) = map { $registry->file($_, '') } qw(marked plain);
my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    open my $seen, '>>', $request->{body} =~ /MARK|ACT:|IN SCAN/ ? $marked : $plain or die;
    syswrite $seen, '.';
    close $seen;
    return $reply->json({ jsonrpc => '2.0', id => 1, result => { content => [{ type => 'text', text => 'fine' }] } });
});
my $httpd = httpd("@{[ $registry->config ]}ExtendedStatus on\nUapiPolicy \"$policy\"\nUapiAuditDurability process\n"
    . "UapiPlugin @{[ out('t/plugins/hostile.so') ]} isolation=process uapi_timeout=60ms\n"
    . "<Location /mcp>\nUapiEngine on\nUapiServer s\nProxyPass @{[ $upstream->url('/mcp') ]}\n</Location>\n"
    . "<Location /status>\nSetHandler server-status\n</Location>\n", modules => ['status'], children => 2);
$httpd->allow_log(qr/UAPI0013|UAPI0101/);

sub outcome {
    my ($text) = @_;
    my $answer = eval { mcp_call($httpd->url('/mcp'), $registry->token, 'tools/call', { name => 't', arguments => { text => $text } }, timeout => 30) };
    return !$answer ? 'no answer' : $answer->{error} && !ref $answer->{error} ? 'no answer' : $answer->{error} ? $answer->{error}{data}{reason} // 'error' : $answer->{result} ? 'passed' : "status $answer->{status}";
}

# A caller takes its share of the faults, with a harmless call after each; its outcomes come back in a pipe.
my @pipes = map {
    my $number = $_;
    pipe my $read, my $write or die;
    my $pid = fork // die;
    if (!$pid) {
        close $read;
        my %count;
        for (my $i = $number; $i < $faults; $i += $callers) {
            $count{'fault ' . outcome("MARK $acts[$i % @acts] MARK")}++;
            $count{'plain ' . outcome('nothing')}++;
        }
        print {$write} "$_=$count{$_}\n" for keys %count;
        close $write;
        POSIX::_exit(0);
    }
    close $write;
    [$pid, $read];
} 0 .. $callers - 1;
my %count;
for (@pipes) {
    my ($pid, $read) = @$_;
    while (<$read>) { $count{$1} += $2 if /^(.*)=(\d+)$/ }
    waitpid $pid, 0;
}
my $said = join ', ', map { "$_: $count{$_}" } sort keys %count;
is -s $marked, 0, "of $faults texts over which the plugin crashed, hung or lied, none passed" or diag $said;
is $count{'fault passed'} // 0, 0, '  nor was one answered as if it had' or diag $said;
my %good = map { ("fault $_" => 1) } qw(firewall.failed firewall.deadline);
is_deeply [grep { /^fault/ && !$good{$_} } keys %count], [], '  each was refused as one that was not judged' or diag $said;
cmp_ok $count{'plain passed'} // 0, '>', $faults / 2, 'most harmless calls between them passed' or diag $said;
# One whose answer is not judged went upstream, but its caller does not see the answer.
my ($seen, $passed) = (-s $plain, $count{'plain passed'} // 0);
ok $seen >= $passed && $seen <= $faults, '  and they went upstream' or diag "$seen; $said";
ok wait_for(10, sub { outcome('nothing') eq 'passed' }), 'afterwards all is well';
is outcome('a MARK'), 'firewall.blocked', '  and marks are found';
my $status = http(GET => $httpd->url('/status?auto'))->{body};
my ($deaths) = $status =~ /isolation_deaths_total: (\d+)/;
cmp_ok $deaths, '>=', $faults / 2, 'helpers died in number';
note "$said; $deaths helpers died";
done_testing;
