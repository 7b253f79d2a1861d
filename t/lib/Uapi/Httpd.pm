# Licensed under the Apache License, Version 2.0; see LICENSE.
package Uapi::Httpd;

# A real httpd on loopback, owned by the test that made it. It is stopped when the object goes, and fails the test
# if it logged a warning that the test did not announce, died, crashed a child, had to be killed, or left a process behind.

use strict;
use warnings;
use File::Path qw(remove_tree);
use File::Spec;
use File::Temp ();
use IO::Socket::INET;
use Scalar::Util qw(weaken);
use Test::Builder;
use Time::HiRes qw(sleep time);
use Uapi::Ports;
use Uapi::Process qw(spawn reap wait_for session_members kill_session run_captured unprivileged_user);

use constant { READY_SECONDS => 30, STOP_SECONDS => 20 };

my %alive;    # address => object, weak: what the end of the test stops
my %tool;

my @usual_modules = qw(authn_core authz_core authz_user authz_host proxy proxy_http headers setenvif alias env);

# httpd(CONFIGURATION, mpm => 'event', modules => [...], uapi => 1, log_level => 'info', env => {}).
# In the configuration @ROOT@ is the server root, @PORT@ its port, @PORT2@, @PORT3@ ... further free ports, @OUT@ what was built.
sub start {
    my ($class, $configuration, %option) = @_;
    my $self = $class->_prepare($configuration, %option);
    $self->{pid} = spawn([tool('HTTPD'), '-f', $self->conf_file, '-DFOREGROUND'], $self->{console}, %{ $option{env} || {} });
    $alive{$self} = $self;
    weaken $alive{$self};
    $self->_await_readiness;
    return $self;
}

# `httpd -t` over the same configuration: (exit status, output). Nothing is started.
sub config_test {
    my ($class, $configuration, %option) = @_;
    my $self = $class->_prepare($configuration, %option);
    my ($status, @output) = run_captured([tool('HTTPD'), '-t', '-f', $self->conf_file], environment => $option{env});
    return ($status, join '', @output, _slurp($self->error_log_file));
}

sub port { my ($self, $index) = @_; return $self->{ports}[($index // 1) - 1] //= Uapi::Ports::free_port() }
sub url { my ($self, $path, $index) = @_; return 'http://127.0.0.1:' . $self->port($index) . ($path // '') }
sub root { return $_[0]{root} }
sub pid { return $_[0]{pid} }
sub conf_file { return "$_[0]{root}/httpd.conf" }
sub error_log_file { return "$_[0]{root}/error.log" }
sub error_log { return _slurp($_[0]->error_log_file) }
sub access_log { return _slurp("$_[0]{root}/access.log") }

# The process ids of the children that serve requests.
sub children {
    my ($self) = @_;
    return map { $_->[0] } grep { $_->[1] == $self->{pid} } session_members($self->{pid});
}

# This line must be logged at some time until the end, or the test fails.
sub expect_log { my ($self, @patterns) = @_; push @{ $self->{expected} }, @patterns; return $self }

# This line may be logged.
sub allow_log { my ($self, @patterns) = @_; push @{ $self->{allowed} }, @patterns; return $self }

# Waits until the pattern is in the error log; true if it came.
sub wait_log {
    my ($self, $pattern, $seconds) = @_;
    return wait_for($seconds // 10, sub { $self->error_log =~ $pattern });
}

sub graceful { return $_[0]->_signal_restart('USR1') }
sub restart { return $_[0]->_signal_restart('HUP') }

# Writes a new configuration, to be taken up by the next restart.
sub configure {
    my ($self, $configuration) = @_;
    _spew($self->conf_file, $self->_whole_configuration($configuration));
    return $self;
}

sub stop {
    my ($self, $signal) = @_;
    return $self if $self->{stopped}++ || $self->{owner} != $$;
    delete $alive{$self};
    my @problems = $self->{dead} ? () : $self->_end($signal // 'TERM');
    push @problems, $self->_log_problems;
    $self->_report(@problems) if @problems;
    remove_tree($self->{root}, { error => \my $ignored }) unless $ENV{UAPI_TEST_KEEP};
    return $self;
}

sub stop_all {
    $_ && $_->stop for values %alive;
    return;
}

sub DESTROY {
    my ($self) = @_;
    local ($@, $?, $!);
    $self->stop if $self->{pid};
    remove_tree($self->{root}, { error => \my $ignored }) if $self->{root} && $self->{owner} == $$ && !$ENV{UAPI_TEST_KEEP};
    return;
}

# ---------------------------------------------------------------------------------------------- configuration

sub _prepare {
    my ($class, $configuration, %option) = @_;
    my $root = File::Temp::tempdir('uapi-httpd-XXXXXX', TMPDIR => 1);
    my $self = bless {
        root => $root, console => "$root/console", owner => $$, ports => [], expected => [], allowed => [],
        option => \%option,
    }, $class;
    chmod 0755, $root;
    mkdir "$root/$_", 0755 for qw(htdocs run);
    # Made now and kept by root: httpd opens it before it gives up root, and a test may read it before it is there.
    _spew("$root/error.log", '');
    if (my @user = unprivileged_user()) {
        chown $user[2], $user[3], "$root/run", "$root/htdocs";
    }
    _spew($self->conf_file, $self->_whole_configuration($configuration));
    return $self;
}

sub _whole_configuration {
    my ($self, $configuration) = @_;
    my $option = $self->{option};
    my $mpm = $option->{mpm} // 'event';
    my @user = unprivileged_user();
    my $text = join "\n", "ServerRoot \"$self->{root}\"", 'ServerName localhost', 'Listen 127.0.0.1:@PORT@',
        'PidFile "@ROOT@/httpd.pid"', 'DefaultRuntimeDir "@ROOT@/run"', 'DocumentRoot "@ROOT@/htdocs"',
        'ErrorLog "@ROOT@/error.log"', 'LogLevel ' . ($option->{log_level} // 'info'),
        (map { _load($_) } "mpm_$mpm", qw(unixd log_config), @usual_modules, @{ $option->{modules} || [] }),
        'CustomLog "@ROOT@/access.log" "%a \"%r\" %>s %B %{ms}T"',
        ($option->{uapi} // 1 ? 'LoadModule uapi_module "' . out('mod_uapi.so') . '"' : ()),
        (@user ? ("User $user[0]", "Group $user[1]") : ()),
        'Timeout 20', 'KeepAliveTimeout 2', 'GracefulShutdownTimeout 5', _mpm_limits($mpm, $option), $configuration, '';
    $text =~ s/\@ROOT\@/$self->{root}/g;
    $text =~ s/\@OUT\@/out()/ge;
    $text =~ s/\@PORT(\d*)\@/$self->port($1 || 1)/ge;
    return $text;
}

# Two children at least, so that what works only within one process fails.
sub _mpm_limits {
    my ($mpm, $option) = @_;
    my $children = $option->{children} // 2;
    return ("StartServers $children", "MinSpareServers $children", 'MaxSpareServers 10', 'MaxRequestWorkers 20')
        if $mpm eq 'prefork';
    my $threads = $option->{threads} // 8;
    my $limit = 2 * $children;
    return ("ServerLimit $limit", "StartServers $children", "ThreadsPerChild $threads", "ThreadLimit $threads",
        'MinSpareThreads ' . $children * $threads, 'MaxSpareThreads ' . $limit * $threads,
        'MaxRequestWorkers ' . $limit * $threads);
}

sub _load {
    my ($name) = @_;
    my $static = $tool{static} //= do {
        my (undef, $listing) = run_captured([tool('HTTPD'), '-l']);
        +{ map { $_ => 1 } $listing =~ /^\s+(?:mod_)?(\w+)\.c$/mg };
    };
    return if $static->{$name};
    my $file = tool('LIBEXECDIR') . "/mod_$name.so";
    die "there is no module $name: $file\n" unless -e $file;
    return "LoadModule ${name}_module \"$file\"";
}

# What the build knows, such as where httpd lies.
sub tool {
    my ($name) = @_;
    return $tool{$name} //= do {
        my ($status, $answer) = run_captured(['make', '-s', '-f', 'apxs.mk', 'print', "NAME=$name"]);
        chomp $answer;
        die "apxs.mk does not know $name (run tests from the root of the repository)\n" if $status || $answer eq '';
        $answer;
    };
}

# An absolute path among what was built.
sub out {
    my ($name) = @_;
    return File::Spec->rel2abs(($ENV{UAPI_OUT} || 'build/out') . (defined $name ? "/$name" : ''));
}

# --------------------------------------------------------------------------------------------- life and death

sub _await_readiness {
    my ($self) = @_;
    my $started = _count($self->error_log, qr/resuming normal operations/);
    my $ready = wait_for(READY_SECONDS, sub {
        my $status = reap($self->{pid}, 0);
        $self->{dead} = 1, return 'died' if defined $status;
        return $self->error_log =~ /resuming normal operations/ && _answers($self->port);
    });
    return if $ready && $ready ne 'died';
    my $what = $ready ? 'httpd did not start' : 'httpd was not ready after ' . READY_SECONDS . ' s';
    my $log = _slurp($self->{console}) . $self->error_log;
    $self->_end('KILL') unless $self->{dead};
    $self->{stopped} = 1;
    delete $alive{$self};
    die "$what:\n$log\n";
}

sub _answers {
    my ($port) = @_;
    return scalar IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Proto => 'tcp', Timeout => 1);
}

sub _signal_restart {
    my ($self, $signal) = @_;
    my $before = _count($self->error_log, qr/resuming normal operations/);
    kill $signal, $self->{pid};
    my $done = wait_for(READY_SECONDS, sub { _count($self->error_log, qr/resuming normal operations/) > $before });
    $self->_report("httpd did not come back after SIG$signal") unless $done;
    return $done ? 1 : 0;
}

# mod_mpm_event, when it is told to stop, closes the sockets of its workers, also one whose worker is just giving it back, and
# then may crash (2.4.71). So it is told when no thread of a child has been running for a moment.
sub _await_rest {
    my ($self) = @_;
    my $quiet = 0;
    wait_for(1, sub {
        my $running = grep { /\) [RD] / } map { _slurp($_) } map { glob "/proc/$_/task/*/stat" } $self->children;
        $quiet = $running ? 0 : $quiet + 1;
        return $quiet >= 3;
    });
    return;
}

# Ends the server; what was wrong about how it went.
sub _end {
    my ($self, $signal) = @_;
    my @problems;
    $self->_await_rest;
    kill $signal, $self->{pid};
    my $status = reap($self->{pid}, STOP_SECONDS);
    if (!defined $status) {
        push @problems, 'httpd did not stop within ' . STOP_SECONDS . ' s';
        kill 'KILL', $self->{pid};
        waitpid $self->{pid}, 0;
    }
    elsif ($status != 0 && $signal ne 'KILL') {
        push @problems, 'httpd ended with ' . ($status & 127 ? 'signal ' . ($status & 127) : 'status ' . ($status >> 8));
    }
    my @left;
    wait_for(3, sub { !(@left = session_members($self->{pid})) });
    if (@left) {
        push @problems, 'left behind: ' . join ', ', map { "$_->[2] ($_->[0])" } @left if $signal ne 'KILL';
        kill_session($self->{pid});
    }
    return @problems;
}

# ------------------------------------------------------------------------------------------------ the error log

# A line of the log proper; everything else in the file was written to standard error by something that broke.
my $line_form = qr/^\[[^\]]+\] \[(\w*):(\w+)\] \[pid \d+/;
my %quiet = map { $_ => 1 } qw(notice info debug), map { "trace$_" } 1 .. 8;

sub _log_problems {
    my ($self) = @_;
    my @expected = map { +{ pattern => $_, seen => 0 } } @{ $self->{expected} };
    my @problems;
    for my $line (split /\n/, $self->error_log . _slurp($self->{console})) {
        my $announced = grep { $line =~ $_->{pattern} && ++$_->{seen} } @expected;
        $announced ||= grep { $line =~ $_ } @{ $self->{allowed} };
        next if $announced || $line =~ /^\s*$/;
        push @problems, "logged: $line" if _is_trouble($line);
    }
    push @problems, map { "never logged: $_->{pattern}" } grep { !$_->{seen} } @expected;
    return @problems;
}

sub _is_trouble {
    my ($line) = @_;
    return 1 if $line =~ /AH00051|AH00052|exit signal/;
    return 1 unless $line =~ $line_form;
    return !$quiet{$2};
}

sub _report {
    my ($self, @problems) = @_;
    my $builder = Test::Builder->new;
    $builder->ok(0, 'httpd behaved');
    my $more = @problems > 20 ? @problems - 20 : 0;
    splice @problems, 20 if $more;
    $builder->diag($_) for @problems;
    $builder->diag("... and $more more") if $more;
    $builder->diag("server root: $self->{root}") if $ENV{UAPI_TEST_KEEP};
    return;
}

sub _count { my ($text, $pattern) = @_; my @hits = $text =~ /$pattern/g; return scalar @hits }

sub _slurp {
    my ($file) = @_;
    open my $handle, '<', $file or return '';
    local $/ = undef;
    return scalar(<$handle>) // '';
}

sub _spew {
    my ($file, $text) = @_;
    open my $handle, '>', $file or die "$file: $!\n";
    print $handle $text;
    close $handle or die "$file: $!\n";
    return;
}

1;
