# Licensed under the Apache License, Version 2.0; see LICENSE.
package Uapi::Process;

# Child processes that do not outlive their starter: each leads a session of its own, by which all its descendants are
# found again, and is told by the kernel when the starter dies, even if it was killed.
#
# The scripts in build/ use this too, and run before anything is installed: only modules of Debian's perl-base here.

use strict;
use warnings;
use Exporter 'import';
use POSIX ();

our @EXPORT_OK = qw(spawn reap wait_for session_members kill_session die_with_parent run_captured unprivileged_user);

my %prctl_number = (x86_64 => 157, aarch64 => 167);
use constant PR_SET_PDEATHSIG => 1;

# The caller's process gets SIGTERM when its parent ends.
sub die_with_parent {
    my $number = $prctl_number{ (POSIX::uname())[4] } or return;
    syscall $number, PR_SET_PDEATHSIG, POSIX::SIGTERM(), 0, 0, 0;
    return;
}

# Starts @$command with standard output and error in the file $output; gives its process id, which is also its session's.
sub spawn {
    my ($command, $output, %environment) = @_;
    my $pid = fork // die "fork: $!\n";
    return $pid if $pid;
    POSIX::setsid();
    die_with_parent();
    open STDIN, '<', '/dev/null';
    open STDOUT, '>>', $output or POSIX::_exit(127);
    open STDERR, '>&', \*STDOUT;
    @ENV{ keys %environment } = values %environment;
    exec { $command->[0] } @$command or POSIX::_exit(127);
}

# Waits up to $seconds for the child to end: its wait status, or undef if it still runs.
sub reap {
    my ($pid, $seconds) = @_;
    my $status;
    wait_for($seconds, sub { waitpid($pid, POSIX::WNOHANG()) == $pid ? ($status = $?, 1)[1] : 0 });
    return $status;
}

# Calls the function every 20 ms until it gives something true, which is returned, or the seconds are over.
sub wait_for {
    my ($seconds, $function) = @_;
    my $end = _now() + $seconds;
    while (1) {
        my $answer = $function->();
        return $answer if $answer;
        return if _now() > $end;
        select undef, undef, undef, 0.02;
    }
}

# Seconds, with a resolution of 10 ms, on a clock that nobody sets.
sub _now { return (POSIX::times())[0] / POSIX::sysconf(POSIX::_SC_CLK_TCK()) }

# The processes of a session that are alive: a list of [pid, parent's pid, command].
sub session_members {
    my ($session) = @_;
    my @members;
    for my $file (glob '/proc/[0-9]*/stat') {
        open my $handle, '<', $file or next;
        my $line = <$handle> // next;
        my ($pid, $command, $state, $parent, undef, $its_session) = $line =~ /^(\d+) \((.*)\) (\S) (-?\d+) (-?\d+) (-?\d+)/
            or next;
        push @members, [$pid, $parent, $command] if $its_session == $session && $state !~ /[ZX]/;
    }
    return @members;
}

sub kill_session {
    my ($session) = @_;
    kill 'KILL', map { $_->[0] } session_members($session);
    return;
}

# Runs a command to its end: (exit status or 128 + signal, standard output, standard error). `stdin` is text for it;
# `seconds` (60) ends it with status 124.
sub run_captured {
    my ($command, %option) = @_;
    my %handle;
    for my $name (qw(stdin stdout stderr)) {
        open $handle{$name}, '+>', undef or die "temporary file: $!\n";
    }
    print { $handle{stdin} } $option{stdin} // '';
    $handle{stdin}->flush;
    seek $handle{stdin}, 0, 0;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        die_with_parent();
        open STDIN, '<&', $handle{stdin};
        open STDOUT, '>&', $handle{stdout};
        open STDERR, '>&', $handle{stderr};
        my $environment = $option{environment} || {};
        @ENV{ keys %$environment } = values %$environment;
        exec { $command->[0] } @$command or do { print STDERR "$command->[0]: $!\n"; POSIX::_exit(127) };
    }
    my $status = reap($pid, $option{seconds} // 60);
    if (!defined $status) {
        kill 'KILL', $pid;
        waitpid $pid, 0;
        $status = 124 << 8;
    }
    my @output = map { my $from = $handle{$_}; seek $from, 0, 0; local $/ = undef; scalar(<$from>) // '' } qw(stdout stderr);
    return ($status & 127 ? 128 + ($status & 127) : $status >> 8, @output);
}

# Who httpd's children are when the test runs as root: (name, group, uid, gid), or nothing when it does not.
sub unprivileged_user {
    return if $> != 0;
    for my $name (qw(www-data apache daemon nobody)) {
        my @entry = getpwnam $name or next;
        return ($name, scalar(getgrgid $entry[3]), $entry[2], $entry[3]);
    }
    die "running as root, but there is no www-data, apache, daemon or nobody\n";
}

1;
