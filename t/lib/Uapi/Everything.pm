# Licensed under the Apache License, Version 2.0; see LICENSE.
package Uapi::Everything;

# The reference server of the MCP project (npm, @modelcontextprotocol/server-everything) in one of its HTTP modes, `sse` or
# `streamableHttp`, for as long as the object lives.

use strict;
use warnings;
use IO::Socket::INET;
use Uapi::Httpd;
use Uapi::Ports;
use Uapi::Process qw(spawn reap wait_for kill_session);

sub start {
    my ($class, $mode) = @_;
    system('build/node') == 0 or die "build/node failed\n";
    my $port = Uapi::Ports::free_port();
    my $node = Uapi::Httpd::out('node/bin/node');
    my $script = 't/node/node_modules/@modelcontextprotocol/server-everything/dist/index.js';
    my $pid = spawn(['env', '-i', "PATH=$ENV{PATH}", "PORT=$port", $node, '--import', './t/node/loopback.mjs', $script, $mode],
        '/dev/null');
    my $self = bless { port => $port, pid => $pid, owner => $$ }, $class;
    wait_for(30, sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) })
        or die "the server does not listen\n";
    return $self;
}

sub url { my ($self, $path) = @_; return "http://127.0.0.1:$self->{port}" . ($path // '') }

sub stop {
    my ($self) = @_;
    my $pid = delete $self->{pid} or return;
    return if $self->{owner} != $$;
    kill 'TERM', $pid;
    reap($pid, 3);
    kill_session($pid);
    return;
}

sub DESTROY {
    my ($self) = @_;
    local ($@, $?, $!);
    $self->stop;
    return;
}

1;
