# Licensed under the Apache License, Version 2.0; see LICENSE.
package Uapi::Http;

# An HTTP/1.1 client that hides nothing: it sends exactly the bytes it is given and keeps the time at which each piece of the
# answer came. See Uapi::Test for how tests use it.

use strict;
use warnings;
use Exporter 'import';
use IO::Select;
use IO::Socket::INET;
use List::Util qw(pairs pairkeys);
use Socket qw(IPPROTO_TCP TCP_CORK TCP_NODELAY SHUT_WR);
use Time::HiRes qw(time);

our @EXPORT_OK = qw(http split_url);

sub split_url {
    my ($url) = @_;
    my ($host, $port, $path) = $url =~ m{^http://([^/:]+)(?::(\d+))?(/.*)?$} or die "not an http URL: $url\n";
    return ($host, $port // 80, $path // '/');
}

# One request on a connection of its own.
sub http {
    my ($method, $url, %option) = @_;
    my ($host, $port, $path) = split_url($url);
    my @headers = @{ $option{headers} || [] };
    my %given = map { lc, 1 } pairkeys @headers;
    my $body = $option{body};
    my @lines = ("$method $path HTTP/1.1");
    push @lines, "Host: $host:$port" unless $given{host};
    push @lines, "Connection: close" unless $given{connection};
    push @lines, 'Content-Length: ' . length $body
        if defined $body && !$given{'content-length'} && !$given{'transfer-encoding'};
    push @lines, map { "$_->[0]: $_->[1]" } pairs @headers;
    my $connection = Uapi::Http->connect($port, host => $host, timeout => $option{timeout});
    $connection->send(join("\r\n", @lines, '', '') . ($body // ''));
    return $connection->response(method => $method, %option);
}

sub connect {
    my ($class, $port, %option) = @_;
    my $host = $option{host} // '127.0.0.1';
    my $socket = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port, Proto => 'tcp', Timeout => 10)
        or die "connect to $host:$port: $@\n";
    setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
    binmode $socket;
    return bless {
        socket => $socket, select => IO::Select->new($socket), buffer => '', timeout => $option{timeout} // 30, sent => time,
    }, $class;
}

# Exactly these bytes. False if the server does not take them (it closed the connection); what it answered can still be read.
sub send {
    my ($self, $bytes) = @_;
    utf8::encode($bytes) if utf8::is_utf8($bytes);
    local $SIG{PIPE} = 'IGNORE';
    my $written = 0;
    while ($written < length $bytes) {
        my $count = syswrite $self->{socket}, $bytes, 65_536, $written;
        return 0 unless $count;
        $written += $count;
    }
    $self->{sent} = time;
    return 1;
}

# All that there is to send: its end arrives together with it.
sub send_last {
    my ($self, $bytes) = @_;
    setsockopt $self->{socket}, IPPROTO_TCP, TCP_CORK, 1;
    my $sent = $self->send($bytes);
    return $self->finish_sending && $sent;
}

sub finish_sending {
    my ($self) = @_;
    return shutdown $self->{socket}, SHUT_WR;
}

sub close {
    my ($self) = @_;
    return CORE::close $self->{socket};
}

# True if the server has closed its side and nothing is left to read.
sub closed {
    my ($self, $seconds) = @_;
    return 0 if length $self->{buffer};
    return 0 unless $self->{select}->can_read($seconds // 0);
    return !$self->_fill(1) && !length $self->{buffer};
}

# The next answer, whole. A hash: status, reason, version, headers (names in lower case; repeated ones joined by ", "),
# header_list ([name, value], as sent), informational (the 1xx answers before it), body, trailers, seconds (from the last
# send to the end), first (to the first byte of the head), pieces ([seconds since the last send, bytes] of the body, one a chunk or
# a read), complete (0 if the connection broke before the end), error (why).
sub response {
    my ($self, %option) = @_;
    my @informational;
    while (1) {
        my $response = $self->head or return $self->_broken({ status => 0, headers => {}, body => '' }, 'no answer');
        $response->{informational} = [@informational];
        if ($response->{status} >= 100 && $response->{status} < 200 && $response->{status} != 101) {
            push @informational, $response;
            next;
        }
        return $self->_body($response, $option{method} // 'GET', $option{on_piece});
    }
}

# The next status line and headers, without the body, or undef.
sub head {
    my ($self) = @_;
    my $head = $self->_until("\r\n\r\n") // return;
    my $first = time - $self->{sent};
    my ($line, @lines) = split /\r\n/, $head;
    my ($version, $status, $reason) = $line =~ m{^HTTP/(\d\.\d) (\d{3}) ?(.*)$} or return;
    return { status => $status, reason => $reason, version => $version, first => $first, _headers(@lines) };
}

# What comes next of a body that is read bit by bit after `head`: bytes as they arrive, '' at the end of the
# connection, undef when nothing came for that long. Chunk framing is left in.
sub raw_piece {
    my ($self, $seconds) = @_;
    return substr $self->{buffer}, 0, length $self->{buffer}, '' if length $self->{buffer};
    return unless $self->{select}->can_read($seconds // $self->{timeout});
    return '' unless $self->_fill(0);
    return substr $self->{buffer}, 0, length $self->{buffer}, '';
}

sub _headers {
    my (@lines) = @_;
    my (%headers, @list);
    for (@lines) {
        my ($name, $value) = /^([^:]+):\s*(.*?)\s*$/ or next;
        push @list, [$name, $value];
        $headers{ lc $name } = exists $headers{ lc $name } ? $headers{ lc $name } . ", $value" : $value;
    }
    return (headers => \%headers, header_list => \@list);
}

sub _body {
    my ($self, $response, $method, $on_piece) = @_;
    @$response{qw(body pieces complete)} = ('', [], 1);
    my $take = sub {
        my ($bytes) = @_;
        push @{ $response->{pieces} }, [time - $self->{sent}, $bytes];
        $response->{body} .= $bytes;
        $on_piece->($bytes, $response) if $on_piece;
    };
    my $headers = $response->{headers};
    if ($method eq 'HEAD' || $response->{status} =~ /^(?:1..|204|304)$/) {
        # No body.
    }
    elsif (($headers->{'transfer-encoding'} // '') =~ /chunked/i) {
        $self->_chunks($response, $take);
    }
    elsif (defined $headers->{'content-length'}) {
        $self->_counted($response, $headers->{'content-length'}, $take);
    }
    else {
        while (defined(my $bytes = $self->_some)) {
            last if $bytes eq '';
            $take->($bytes);
        }
    }
    $response->{seconds} = time - $self->{sent};
    return $response;
}

sub _counted {
    my ($self, $response, $left, $take) = @_;
    while ($left > 0) {
        my $bytes = $self->_some($left);
        return $self->_broken($response, 'body shorter than its Content-Length') if !defined $bytes || $bytes eq '';
        $left -= length $bytes;
        $take->($bytes);
    }
    return;
}

sub _chunks {
    my ($self, $response, $take) = @_;
    while (1) {
        my $line = $self->_until("\r\n") // return $self->_broken($response, 'ended between chunks');
        my ($size) = $line =~ /^([0-9A-Fa-f]+)/ or return $self->_broken($response, "no chunk size: $line");
        last if hex $size == 0;
        my $chunk = $self->_exactly(2 + hex $size) // return $self->_broken($response, 'ended inside a chunk');
        $take->(substr $chunk, 0, -2);
    }
    my @trailers;
    while (1) {
        my $line = $self->_until("\r\n") // return $self->_broken($response, 'ended inside the trailers');
        last if $line eq '';
        push @trailers, $line;
    }
    $response->{trailers} = { _headers(@trailers) }->{headers};
    return;
}

sub _broken {
    my ($self, $response, $why) = @_;
    $response->{complete} = 0;
    $response->{error} = $self->{problem} ? "$why ($self->{problem})" : $why;
    return $response;
}

# Reads once; the number of bytes, 0 at the end or on an error.
sub _fill {
    my ($self, $nowait) = @_;
    if (!$self->{select}->can_read($nowait ? 0 : $self->{timeout})) {
        $self->{problem} = "nothing came for $self->{timeout} s" unless $nowait;
        return 0;
    }
    my $count = sysread $self->{socket}, $self->{buffer}, 65_536, length $self->{buffer};
    $self->{problem} = "$!" unless defined $count;
    return $count // 0;
}

sub _some {
    my ($self, $most) = @_;
    $self->_fill(0) unless length $self->{buffer};
    $most = length $self->{buffer} if !defined $most || $most > length $self->{buffer};
    return substr $self->{buffer}, 0, $most, '';
}

sub _exactly {
    my ($self, $count) = @_;
    while (length $self->{buffer} < $count) {
        $self->_fill(0) or return;
    }
    return substr $self->{buffer}, 0, $count, '';
}

sub _until {
    my ($self, $mark) = @_;
    my $at;
    while (($at = index $self->{buffer}, $mark) < 0) {
        $self->_fill(0) or return;
    }
    my $text = substr $self->{buffer}, 0, $at, '';
    substr $self->{buffer}, 0, length $mark, '';
    return $text;
}

1;
