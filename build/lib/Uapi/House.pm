# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# What the quickstart, the benchmark and the conformance run share: a work directory, processes that end with the
# program however it ends, free loopback ports, and an httpd started from the text of its configuration.
#
# Only modules of Debian's perl-base are loaded at compile time: the quickstart runs before anything is installed.
package Uapi::House;
use strict;
use warnings;
use Cwd ();
use Exporter 'import';
use File::Basename ();
use File::Spec ();
use File::Temp ();
use IO::Socket::INET ();
use POSIX ();

our @EXPORT_OK = qw(root out free_port work_dir start_process stop_process stop_all wait_port wait_until run capture
    write_file read_file httpd_config start_httpd service_user owner_of_children http die_plainly);

my $root = Cwd::abs_path(File::Basename::dirname(__FILE__) . '/../../..');
my $owner = $$;
my @processes;    # {pid, name, log}, in the order of their start

# The repository, and where the build puts things.
sub root { return $root }
sub out { return "$root/build/out" }

sub die_plainly {
    my ($message) = @_;
    my $program = File::Basename::basename($0);
    print STDERR "$program: $message\n";
    exit 1;
}

sub write_file {
    my ($path, $text, $mode) = @_;
    open my $file, '>', $path or die "cannot write $path: $!\n";
    print {$file} $text;
    close $file or die "cannot write $path: $!\n";
    chmod $mode, $path if defined $mode;
    return $path;
}

sub read_file {
    my ($path) = @_;
    open my $file, '<', $path or die "cannot read $path: $!\n";
    local $/;
    my $text = <$file>;
    return defined $text ? $text : '';
}

# A fresh directory that httpd's children can reach, gone at exit; or the one that is named, which stays.
sub work_dir {
    my ($name, $given, $parent) = @_;
    my $path = $given;
    if (defined $path) {
        -d $path or mkdir $path or die "cannot make $path: $!\n";
        $path = Cwd::abs_path($path);
    } else {
        $path = File::Temp::tempdir("uapi-$name-XXXXXX", DIR => $parent || File::Spec->tmpdir, CLEANUP => 1);
    }
    chmod 0755, $path;
    return $path;
}

# Run a command; its output goes to the log if one is given, else to standard error: standard output is for results.
# Dies with the command's last words if it fails.
sub run {
    my ($log, @command) = @_;
    my $pid = fork;
    defined $pid or die "cannot fork: $!\n";
    if (!$pid) {
        if (defined $log) {
            open STDOUT, '>>', $log and open STDERR, '>&', \*STDOUT or POSIX::_exit(126);
        } else {
            open STDOUT, '>&', \*STDERR or POSIX::_exit(126);
        }
        exec { $command[0] } @command or POSIX::_exit(127);
    }
    waitpid $pid, 0;
    return if $? == 0;
    my $words = defined $log ? tail($log) : '';
    die "$command[0] failed (status " . ($? >> 8) . ")" . (length $words ? ":\n$words" : '') . "\n";
}

# The standard output of a command, and its exit status in list context. `input`, if defined, is its standard input.
sub capture {
    my ($input, @command) = @_;
    my $out = File::Temp->new;
    my $in = File::Temp->new;
    print {$in} $input if defined $input;
    close $in;
    my $pid = fork;
    defined $pid or die "cannot fork: $!\n";
    if (!$pid) {
        open STDIN, '<', "$in" and open STDOUT, '>', "$out" or POSIX::_exit(126);
        exec { $command[0] } @command or POSIX::_exit(127);
    }
    waitpid $pid, 0;
    my $status = $? >> 8;
    my $text = read_file("$out");
    return wantarray ? ($text, $status) : $text;
}

sub tail {
    my ($path, $count) = @_;
    my @lines = -e $path ? split /^/, read_file($path) : ();
    my $first = @lines - ($count || 12);
    return join '', map {"    $_"} @lines[($first > 0 ? $first : 0) .. $#lines];
}

sub pause {
    select undef, undef, undef, 0.05;
}

sub free_port {
    my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 1, ReuseAddr => 1)
        or die "no free port on 127.0.0.1: $!\n";
    return $socket->sockport;
}

# Start a process that ends with this program. Options: name, log (a file), command (array), env (hash).
sub start_process {
    my (%options) = @_;
    my $pid = fork;
    defined $pid or die "cannot fork: $!\n";
    if (!$pid) {
        # A group of its own: Ctrl-C reaches this program only, which then stops everything in order.
        setpgrp 0, 0;
        @ENV{ keys %{ $options{env} || {} } } = values %{ $options{env} || {} };
        open STDIN, '<', '/dev/null';
        open STDOUT, '>>', $options{log} and open STDERR, '>&', \*STDOUT or POSIX::_exit(126);
        exec { $options{command}[0] } @{ $options{command} } or POSIX::_exit(127);
    }
    my $process = { pid => $pid, name => $options{name}, log => $options{log} };
    push @processes, $process;
    return $process;
}

sub alive {
    my ($process) = @_;
    return $process->{pid} && waitpid($process->{pid}, POSIX::WNOHANG()) == 0;
}

sub stop_process {
    my ($process) = @_;
    my $pid = delete $process->{pid} or return;
    kill 'TERM', $pid;
    for (1 .. 100) {
        my $ended = waitpid $pid, POSIX::WNOHANG();
        if ($ended) {
            kill 'KILL', -$pid;    # a child that outlived its parent
            return;
        }
        pause();
    }
    kill 'KILL', -$pid;
    waitpid $pid, 0;
}

sub stop_all {
    my $status = $?;
    stop_process($_) for reverse @processes;
    @processes = ();
    $? = $status;
}

END { stop_all() if $$ == $owner }

# Until `check` returns true; 0 if it does not within that many seconds.
sub wait_until {
    my ($seconds, $check) = @_;
    my $end = time + $seconds;
    while (1) {
        my $result = $check->();
        return $result if $result;
        return 0 if time > $end;
        pause();
    }
}

# Until the process listens on 127.0.0.1:port. Dies with the last lines of its log if it ends, or takes too long.
sub wait_port {
    my ($process, $port, $seconds) = @_;
    my $ready = wait_until($seconds || 20, sub {
        return 1 if IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 1);
        alive($process) or die "$process->{name} did not start:\n" . tail($process->{log});
        return 0;
    });
    $ready or die "$process->{name} does not listen on port $port:\n" . tail($process->{log});
}

my %apxs;
sub apxs {
    my ($name) = @_;
    my $value = $apxs{$name} ||= capture(undef, 'apxs', '-q', $name);
    chomp $value;
    length $value or die "apxs -q $name says nothing: is apache2-dev installed?\n";
    return $value;
}

# httpd does not serve as root: whom its children run as then. Undefined if this is not root.
sub service_user {
    return if $> != 0;
    for my $name (qw(www-data apache nobody)) {
        my ($uid, $gid) = (getpwnam $name)[2, 3];
        return { name => $name, uid => $uid, group => scalar getgrgid($gid), gid => $gid } if defined $uid;
    }
    die "run this as an ordinary user, or make a user www-data: httpd does not serve as root\n";
}

# Hand a path to whom the children run as.
sub owner_of_children {
    my ($path) = @_;
    my $user = service_user() or return;
    chown $user->{uid}, $user->{gid}, $path or die "cannot chown $path: $!\n";
}

# The part of a configuration that every server here needs. Options: dir, port, modules (names without mod_), event
# (text).
sub httpd_config {
    my (%options) = @_;
    my $directory = apxs('LIBEXECDIR');
    my $user = service_user();
    my @modules = (qw(mpm_event authn_core authz_core authz_user), @{ $options{modules} || [] });
    unshift @modules, 'unixd' if -e "$directory/mod_unixd.so";    # Debian has it built in
    my $load = join '', map {"LoadModule ${_}_module $directory/mod_$_.so\n"} @modules;
    my $as = $user ? "User $user->{name}\nGroup $user->{group}\n" : '';
    return <<"END";
ServerRoot $options{dir}
ServerName localhost
Listen 127.0.0.1:$options{port}
PidFile $options{dir}/httpd-$options{port}.pid
DefaultRuntimeDir $options{dir}
ErrorLog $options{dir}/httpd-$options{port}.log
LogLevel warn
$load$as
END
}

# Check and start a server. Options: name, dir, port, config (the whole text).
sub start_httpd {
    my (%options) = @_;
    my $binary = apxs('SBINDIR') . '/' . apxs('PROGNAME');
    my $path = write_file("$options{dir}/httpd-$options{port}.conf", $options{config});
    my $log = "$options{dir}/httpd-$options{port}.out";
    run($log, $binary, '-t', '-f', $path);
    my $process = start_process(
        name => $options{name},
        log => $log,
        command => [$binary, '-DFOREGROUND', '-f', $path],
    );
    $process->{error_log} = "$options{dir}/httpd-$options{port}.log";
    wait_port($process, $options{port});
    return $process;
}

# One request to 127.0.0.1, whatever host the URL names; a hash with status, headers and content.
sub http {
    my ($method, $url, $headers, $content) = @_;
    require HTTP::Tiny;
    my $client = HTTP::Tiny->new(timeout => 20, keep_alive => 0,
        proxy => undef, http_proxy => undef, all_proxy => undef);
    return $client->request($method, $url,
        { peer => '127.0.0.1', headers => $headers || {}, defined $content ? (content => $content) : () });
}

1;
