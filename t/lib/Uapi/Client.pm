# Licensed under the Apache License, Version 2.0; see LICENSE.
package Uapi::Client;

# An official MCP client in a process of its own, which does one order after the other (see t/node/client.mjs), and the
# official servers that such clients are tried with.

use strict;
use warnings;
use Cwd ();
use File::Temp ();
use IPC::Open3 qw(open3);
use JSON::PP ();
use Uapi::Httpd;
use Uapi::Ports;
use Uapi::Process qw(spawn reap wait_for kill_session);

my %client = (
    'v1' => sub { return (node(), 't/node/client.mjs', 'v1', @_) },
    'v2' => sub { return (node(), 't/node/client.mjs', 'v2', @_) },
    'python' => sub { return (Uapi::Httpd::out('clients/python/bin/python'), 't/clients/client.py', @_) },
);

sub node { return Uapi::Httpd::out('node/bin/node') }

# Uapi::Client->start(v1 | v2 | python, url, token, era).
sub start {
    my ($class, $kind, $url, $token, $era) = @_;
    my $errors = File::Temp->new(TEMPLATE => 'uapi-client-XXXXXX', TMPDIR => 1);
    local $ENV{UAPI_TOKEN} = $token;
    my $pid = open3(my $in, my $out, '>&' . fileno $errors, $client{$kind}->($url, $era // ()));
    $in->autoflush(1);
    return bless { pid => $pid, in => $in, out => $out, errors => $errors }, $class;
}

# Uapi::Client->connected(...): the same, connected; the answer to `connect` is in `hello`.
sub connected {
    my ($class, @arguments) = @_;
    my $self = $class->start(@arguments);
    $self->{hello} = $self->order('connect');
    return $self;
}

sub hello { return $_[0]{hello} }

# Does one thing and gives its answer, a hash; one with `error` if the client raised an error.
sub order {
    my ($self, $what, %details) = @_;
    local $SIG{PIPE} = 'IGNORE';
    print { $self->{in} } JSON::PP->new->utf8->encode({ %details, do => $what }), "\n";
    my $line = readline $self->{out};
    return defined $line ? JSON::PP->new->utf8->decode($line)
        : { error => { kind => 'gone', message => $self->errors } };
}

sub errors {
    my ($self) = @_;
    open my $handle, '<', $self->{errors}->filename or return '';
    local $/ = undef;
    return scalar(<$handle>) // '';
}

sub stop {
    my ($self) = @_;
    my $pid = delete $self->{pid} or return;
    close $self->{in};
    return if defined reap($pid, 5);
    kill 'KILL', $pid;
    waitpid $pid, 0;
    return;
}

sub DESTROY {
    my ($self) = @_;
    local ($@, $?, $!);
    $self->stop;
    return;
}

# ------------------------------------------------------------------------------------------------ official servers
package Uapi::Client::Server;

my %script = (legacy => 'conformance-server.mjs', modern => 'conformance-stateless.mjs');

# The server of one era, on the official SDK of that era.
sub start {
    my ($class, $era) = @_;
    my $port = Uapi::Ports::free_port();
    my $log = File::Temp->new(TEMPLATE => 'uapi-server-XXXXXX', TMPDIR => 1);
    my $pid = Uapi::Process::spawn([Uapi::Client::node(), "t/node/$script{$era}", $port], $log->filename);
    my $self = bless { port => $port, log => $log, pid => $pid }, $class;
    Uapi::Process::wait_for(20, sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) })
        or die "$script{$era} did not start: " . $self->log;
    return $self;
}

sub url { return "http://127.0.0.1:$_[0]{port}/mcp" }

sub log {
    my ($self) = @_;
    open my $handle, '<', $self->{log}->filename or return '';
    local $/ = undef;
    return scalar(<$handle>) // '';
}

# How often the server has logged it.
sub count { my ($self, $pattern) = @_; my @all = $self->log =~ /$pattern/g; return scalar @all }

sub stop {
    my ($self) = @_;
    my $pid = delete $self->{pid} or return;
    kill 'TERM', $pid;
    Uapi::Process::reap($pid, 5);
    Uapi::Process::kill_session($pid);
    return;
}

sub DESTROY {
    my ($self) = @_;
    local ($@, $?, $!);
    $self->stop;
    return;
}

1;
