# Licensed under the Apache License, Version 2.0; see LICENSE.
package Uapi::Upstream;

# A server behind the gateway that does what a test tells it to and remembers every byte it was sent. Each connection
# is a process of its own, so an answer may sleep or break off without holding up another one. What a handler changes
# in variables stays in that process; what the test wants to know it reads from `requests`.

use strict;
use warnings;
use Fcntl qw(:flock);
use File::Temp ();
use IO::Socket::INET;
use JSON::PP ();
use MIME::Base64 qw(encode_base64 decode_base64);
use POSIX ();
use Scalar::Util qw(weaken);
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Uapi::Ports;
use Uapi::Process qw(reap kill_session wait_for die_with_parent);
use Uapi::Upstream::Reply;

my %alive;

# upstream(sub { my ($request, $reply) = @_; ... }, port => N). Without a handler it is a small MCP server (see mcp_handler).
sub start {
    my ($class, $handler, %option) = @_;
    my $port = $option{port} // Uapi::Ports::free_port();
    my $journal = File::Temp->new(TEMPLATE => 'uapi-upstream-XXXXXX', TMPDIR => 1);
    my $self = bless { port => $port, journal => $journal, owner => $$, handler => $handler // mcp_handler(%option) }, $class;
    $self->resume;
    return $self;
}

sub port { return $_[0]{port} }
sub url { my ($self, $path) = @_; return "http://127.0.0.1:$self->{port}" . ($path // '') }

# All requests so far, in the order in which they were complete. Each is a hash: method, target, version, headers (names in
# lower case), header_list, body (exact bytes), raw_head.
sub requests {
    my ($self) = @_;
    open my $handle, '<', $self->{journal}->filename or die "journal: $!\n";
    return map { _decode($_) } <$handle>;
}

sub last_request { my @all = $_[0]->requests; return $all[-1] }

# Waits until that many requests have come; gives them.
sub wait_requests {
    my ($self, $count, $seconds) = @_;
    wait_for($seconds // 10, sub { $self->requests >= $count });
    return $self->requests;
}

sub forget {
    my ($self) = @_;
    truncate $self->{journal}->filename, 0;
    return $self;
}

# Stops listening (connections are refused from now on) until `resume`.
sub stop {
    my ($self) = @_;
    return $self if $self->{owner} != $$ || !$self->{pid};
    kill 'TERM', $self->{pid};
    reap($self->{pid}, 5);
    kill_session($self->{pid});
    delete $self->{pid};
    delete $alive{$self};
    return $self;
}

sub resume {
    my ($self) = @_;
    return $self if $self->{pid};
    my $listener = IO::Socket::INET->new(
        LocalAddr => '127.0.0.1', LocalPort => $self->{port}, Proto => 'tcp', Listen => 128, ReuseAddr => 1)
        or die "listen on $self->{port}: $@\n";
    $self->{pid} = fork // die "fork: $!\n";
    if (!$self->{pid}) {
        POSIX::setsid();
        die_with_parent();
        eval { $self->_serve($listener); 1 } or print STDERR "# upstream: $@";
        POSIX::_exit(0);
    }
    $alive{$self} = $self;
    weaken $alive{$self};
    return $self;
}

sub stop_all {
    $_ && $_->stop for values %alive;
    return;
}

sub DESTROY {
    my ($self) = @_;
    local ($@, $?, $!);
    $self->stop;
    return;
}

# ------------------------------------------------------------------------------------------------ in the server

sub _serve {
    my ($self, $listener) = @_;
    $SIG{$_} = 'DEFAULT' for qw(TERM INT ALRM);
    alarm 0;
    $SIG{CHLD} = 'IGNORE';
    while (1) {
        my $socket = $listener->accept or next;
        my $pid = fork;
        next if $pid;
        CORE::close $listener;
        $SIG{CHLD} = 'DEFAULT';
        $SIG{PIPE} = 'IGNORE';
        eval { $self->_converse($socket); 1 } or print STDERR "# upstream: $@";
        POSIX::_exit(0);
    }
}

sub _converse {
    my ($self, $socket) = @_;
    binmode $socket;
    setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
    my $connection = { socket => $socket, buffer => '' };
    while (my $request = _read_request($connection)) {
        $self->_record($request);
        my $reply = Uapi::Upstream::Reply->new($socket, $request);
        $self->{handler}->($request, $reply);
        $reply->finish;
        last if $reply->{closing} || lc($request->{headers}{connection} // '') eq 'close';
    }
    return;
}

sub _read_request {
    my ($connection) = @_;
    my $head = _until($connection, "\r\n\r\n") // return;
    my ($line, @lines) = split /\r\n/, $head;
    my ($method, $target, $version) = split / /, $line;
    my (%headers, @list);
    for (@lines) {
        my ($name, $value) = /^([^:]+):\s*(.*?)\s*$/ or next;
        push @list, [$name, $value];
        $headers{ lc $name } = exists $headers{ lc $name } ? $headers{ lc $name } . ", $value" : $value;
    }
    my $request = bless {
        method => $method, target => $target, version => $version, headers => \%headers, header_list => \@list,
        raw_head => $head,
    }, 'Uapi::Upstream::Request';
    syswrite $connection->{socket}, "HTTP/1.1 100 Continue\r\n\r\n" if lc($headers{expect} // '') eq '100-continue';
    $request->{body} = _read_body($connection, \%headers) // return;
    return $request;
}

sub _read_body {
    my ($connection, $headers) = @_;
    return _exactly($connection, $headers->{'content-length'} // 0)
        unless ($headers->{'transfer-encoding'} // '') =~ /chunked/i;
    my $body = '';
    while (1) {
        my $size = hex(_until($connection, "\r\n") // return);
        last if $size == 0;
        my $chunk = _exactly($connection, $size + 2) // return;
        $body .= substr $chunk, 0, -2;
    }
    while (1) {
        my $trailer = _until($connection, "\r\n") // return;
        return $body if $trailer eq '';
    }
}

sub _until {
    my ($connection, $mark) = @_;
    my $at;
    while (($at = index $connection->{buffer}, $mark) < 0) {
        sysread($connection->{socket}, $connection->{buffer}, 65_536, length $connection->{buffer}) or return;
    }
    my $text = substr $connection->{buffer}, 0, $at, '';
    substr $connection->{buffer}, 0, length $mark, '';
    return $text;
}

sub _exactly {
    my ($connection, $count) = @_;
    while (length $connection->{buffer} < $count) {
        sysread($connection->{socket}, $connection->{buffer}, 65_536, length $connection->{buffer}) or return;
    }
    return substr $connection->{buffer}, 0, $count, '';
}

# One line a request, written at once under a lock, because several processes write.
sub _record {
    my ($self, $request) = @_;
    my %copy = (%$request, body => encode_base64($request->{body}, ''), raw_head => encode_base64($request->{raw_head}, ''));
    open my $handle, '>>', $self->{journal}->filename or die "journal: $!\n";
    flock $handle, LOCK_EX;
    print $handle JSON::PP->new->latin1->encode(\%copy), "\n";
    CORE::close $handle;
    return;
}

sub _decode {
    my ($line) = @_;
    my $request = JSON::PP->new->latin1->decode($line);
    $request->{$_} = decode_base64($request->{$_}) for qw(body raw_head);
    return bless $request, 'Uapi::Upstream::Request';
}

# ------------------------------------------------------------------------------------------- the usual MCP server

# Answers initialize, server/discover, ping, tools/list and tools/call as an MCP server does. tools/call gives back the argument
# `text`, or 'ok'. Options: sse => 1 answers as an event stream; tools => [names] for the list; result => sub { my
# ($message) = @_; ... } makes the result of every other request.
sub mcp_handler {
    my (%option) = @_;
    return sub {
        my ($request, $reply) = @_;
        return $reply->status(405) if $request->{method} eq 'GET';
        return $reply->status(204) if $request->{method} eq 'DELETE';
        my $messages = eval { $request->json };
        return $reply->json({ jsonrpc => '2.0', id => undef, error => { code => -32700, message => 'Parse error' } }, 400)
            unless ref $messages;
        my @answers = map { _mcp_answer($_, \%option) } grep { defined $_->{id} } ref $messages eq 'ARRAY' ? @$messages : $messages;
        return $reply->status(202) unless @answers;
        return $reply->sse(\@answers) if $option{sse};
        return $reply->json(ref $messages eq 'ARRAY' ? \@answers : $answers[0]);
    };
}

my %mcp_result = (
    'initialize' => sub {
        my ($message) = @_;
        return { protocolVersion => $message->{params}{protocolVersion}, capabilities => { tools => {} },
            serverInfo => { name => 'test-upstream', version => '1' } };
    },
    'server/discover' => sub {
        return { supportedVersions => ['2026-07-28'], capabilities => { tools => {} }, resultType => 'complete',
            serverInfo => { name => 'test-upstream', version => '1' } };
    },
    'ping' => sub { return {} },
    'tools/list' => sub {
        my ($message, $option) = @_;
        return { tools => [map { { name => $_, inputSchema => { type => 'object' } } } @{ $option->{tools} || ['echo'] }] };
    },
    'tools/call' => sub {
        my ($message) = @_;
        return { content => [{ type => 'text', text => $message->{params}{arguments}{text} // 'ok' }] };
    },
);

sub _mcp_answer {
    my ($message, $option) = @_;
    my $make = $option->{result} || $mcp_result{ $message->{method} // '' };
    my $result = $make ? $make->($message, $option) : undef;
    return { jsonrpc => '2.0', id => $message->{id}, result => $result } if $result;
    return { jsonrpc => '2.0', id => $message->{id}, error => { code => -32601, message => 'Method not found' } };
}

package Uapi::Upstream::Request;

sub header { return $_[0]{headers}{ lc $_[1] } }
sub json { return JSON::PP->new->utf8->allow_nonref->decode($_[0]{body}) }

1;
