# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# What the quickstart, the benchmark and the conformance run share: a work directory, processes that end with the
# program however it ends, free loopback ports, and an httpd started from the text of its configuration.
#
# Only modules of Debian's perl-base are loaded at compile time: the quickstart runs before anything is installed. What
# the tests' harness does with processes and ports is done by the same modules here.
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
use lib Cwd::abs_path(File::Basename::dirname(__FILE__) . '/../../../t/lib');
use Uapi::Ports ();
use Uapi::Process qw(kill_session reap run_captured spawn unprivileged_user wait_for);

our @EXPORT_OK = qw(root out free_port work_dir start_process stop_process stop_all wait_port wait_for run capture
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
    my ($status, $text, $errors) = run_captured(\@command, stdin => $input, seconds => 86_400);
    print STDERR $errors;
    return wantarray ? ($text, $status) : $text;
}

sub tail {
    my ($path, $count) = @_;
    my @lines = -e $path ? split /^/, read_file($path) : ();
    my $first = @lines - ($count || 12);
    return join '', map {"    $_"} @lines[($first > 0 ? $first : 0) .. $#lines];
}

sub free_port { return Uapi::Ports::free_port() }

# Start a process that ends with this program, and with all that it started. Options: name, log (a file), command
# (array), env (hash).
sub start_process {
    my (%options) = @_;
    my $pid = spawn($options{command}, $options{log}, %{ $options{env} || {} });
    my $process = { pid => $pid, name => $options{name}, log => $options{log} };
    push @processes, $process;
    return $process;
}

sub stop_process {
    my ($process) = @_;
    my $pid = delete $process->{pid} or return;
    kill 'TERM', $pid;
    if (!defined reap($pid, 5)) {
        kill 'KILL', $pid;
        waitpid $pid, 0;
    }
    kill_session($pid);
}

sub stop_all {
    my $status = $?;
    stop_process($_) for reverse @processes;
    @processes = ();
    $? = $status;
}

END { stop_all() if $$ == $owner }

# Until the process listens on 127.0.0.1:port. Dies with the last lines of its log if it ends, or takes too long.
sub wait_port {
    my ($process, $port, $seconds) = @_;
    my $ready = wait_for($seconds || 20, sub {
        return 1 if IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 1);
        return 0 unless defined reap($process->{pid}, 0);
        delete $process->{pid};
        die "$process->{name} did not start:\n" . tail($process->{log});
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
    my ($name, $group, $uid, $gid) = unprivileged_user() or return;
    return { name => $name, uid => $uid, group => $group, gid => $gid };
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
