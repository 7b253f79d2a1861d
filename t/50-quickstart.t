#!/usr/bin/env perl
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# build/quickstart from beginning to end: three calls with the official client, their verdicts, the chain; that it
# stays up for a client, and that it leaves nothing behind.
use lib 't/lib';
use Uapi::Test timeout => 600;
use File::Temp ();
use POSIX ();

my $quickstart = 'build/quickstart';
my $dir = File::Temp->newdir('uapi-t-quickstart-XXXXXX', TMPDIR => 1);
chmod 0755, "$dir";

# Processes whose command line names the directory.
sub leftovers {
    my @found;
    for my $file (glob '/proc/[0-9]*/cmdline') {
        my $line = eval { slurp($file) } // '';
        push @found, $line =~ tr/\0/ /r if index($line, "$dir") >= 0 && $file !~ m{^/proc/$$/};
    }
    return @found;
}

sub shell {
    my ($command) = @_;
    my $text = `$command 2>&1`;
    return ($text, $? >> 8);
}

subtest 'usage' => sub {
    my ($text, $status) = shell("$quickstart --help");
    is($status, 0, '--help succeeds');
    like($text, qr/--once.*--port.*--dir/s, 'and names the options');
    for my $wrong ('--nonsense', '--port 0', '--port 70000', 'argument') {
        (undef, $status) = shell("$quickstart $wrong");
        is($status, 2, "$wrong is a usage error");
    }
};

subtest '--once' => sub {
    my ($text, $status) = shell("$quickstart --once --dir $dir/once");
    is($status, 0, 'each verdict was the expected one') or diag($text);
    like($text, qr/1\. echo .*?verdict\s+allowed\b.*?"kind":"decision".*?"kind":"outcome"/s,
        'the allowed call and its records');
    like($text, qr/2\. get-env .*?verdict\s+denied by policy.*?rule no-environment/s, 'the denied call and the rule');
    like($text, qr/3\. echo .*?\[REDACTED:secrets\.github_token\].*?verdict\s+allowed, with the secret cut/s,
        'the redacted call');
    like($text, qr/verify\s+holds/, 'the chain holds');
    unlike($text, qr/\e\[/, 'no colours where nobody looks');
    is_deeply([leftovers()], [], 'no process is left');
};

subtest 'stays up until Ctrl-C' => sub {
    my $port = free_port();
    my $log = "$dir/output";
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        open STDOUT, '>', $log or POSIX::_exit(126);
        open STDERR, '>&', \*STDOUT;
        exec $quickstart, '--port', $port, '--dir', "$dir/once" or POSIX::_exit(127);
    }
    my $up = wait_for(120, sub { -e $log && slurp($log) =~ /Running until/ });
    ok($up, 'it comes up, with the registry of the run before') or diag(slurp($log));
    my $text = slurp($log);
    my ($url) = $text =~ /^\s+url\s+(\S+)/m;
    my ($token) = $text =~ /^\s+token\s+(uapi_ut_\w+)/m;
    is($url, "http://127.0.0.1:$port/mcp", 'the URL has the port asked for');
    my ($client) = $text =~ /^(\{\n.*?^\})/ms;
    is(from_json($client)->{mcpServers}{everything}{headers}{Authorization}, "Bearer $token",
        'a client configuration to paste');
    my $hello = { protocolVersion => '2025-11-25', capabilities => {}, clientInfo => { name => 't', version => '0' } };
    is(mcp_call($url, undef, 'initialize', $hello)->{status}, 401, 'no token, no session');
    is(mcp_call($url, $token, 'initialize', $hello)->{result}{serverInfo}{name}, 'mcp-servers/everything',
        'a session with the token');
    my ($busy, $status) = shell("$quickstart --once --port $port --dir $dir/other");
    is($status, 1, 'a second one on the same port fails');
    like($busy, qr/port $port is in use/, 'and says why');
    kill 'INT', $pid;
    waitpid $pid, 0;
    is($?, 0, 'Ctrl-C ends it') or diag(slurp($log));
    is_deeply([leftovers()], [], 'no process is left');
};

done_testing();
