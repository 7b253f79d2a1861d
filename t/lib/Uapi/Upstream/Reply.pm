# Licensed under the Apache License, Version 2.0; see LICENSE.
package Uapi::Upstream::Reply;

# The ways in which an upstream may answer, well and badly. A handler calls one of the first group, or builds an answer
# from the second.

use strict;
use warnings;
use JSON::PP ();
use List::Util qw(pairs pairkeys);
use Socket qw(SOL_SOCKET SO_LINGER);
use Time::HiRes ();

my %phrase = (200 => 'OK', 202 => 'Accepted', 204 => 'No Content', 400 => 'Bad Request', 401 => 'Unauthorized',
    404 => 'Not Found', 405 => 'Method Not Allowed', 500 => 'Internal Server Error', 503 => 'Service Unavailable');

sub new {
    my ($class, $socket, $request) = @_;
    return bless { socket => $socket, request => $request }, $class;
}

# ----------------------------------------------------------------------------------------------- whole answers

# A reference is encoded; a string goes out as it is, valid JSON or not.
sub json {
    my ($self, $value, $status, @headers) = @_;
    my $body = ref $value ? JSON::PP->new->utf8->canonical->encode($value) : $value;
    return $self->respond($status // 200, [_typed('application/json', @headers)], $body);
}

# Content of any type: respond(200, ['Content-Type' => 'text/html'], $body).
sub respond {
    my ($self, $status, $headers, $body) = @_;
    my @length = $status == 204 ? () : ('Content-Length' => length $body);
    $self->raw(_head($status, @$headers, @length) . $body);
    $self->{answered} = 1;
    return $self;
}

# A status and nothing else.
sub status { my ($self, $status, @headers) = @_; return $self->respond($status, \@headers, '') }

# The body compressed, and said to be.
sub gzip {
    my ($self, $value, $type) = @_;
    require IO::Compress::Gzip;
    my $body = ref $value ? JSON::PP->new->utf8->canonical->encode($value) : $value;
    IO::Compress::Gzip::gzip(\$body => \my $packed) or die "gzip failed\n";
    return $self->respond(200, ['Content-Type' => $type // 'application/json', 'Content-Encoding' => 'gzip'], $packed);
}

# An event stream, one event a value (references are encoded as JSON), each in a chunk of its own, `delay` seconds apart.
sub sse {
    my ($self, $values, %option) = @_;
    $self->start(200, 'Content-Type' => 'text/event-stream', 'Cache-Control' => 'no-cache');
    my $waiting = 0;
    for my $value (@$values) {
        $self->sleep($option{delay}) if $option{delay} && $waiting++;
        $self->event($value);
    }
    return $self->finish;
}

# ---------------------------------------------------------------------------------------------- piece by piece

# Begins a chunked answer; go on with chunk or event, end with finish (or break it with reset or close).
sub start {
    my ($self, $status, @headers) = @_;
    $self->raw(_head($status, @headers, 'Transfer-Encoding' => 'chunked'));
    @$self{qw(answered chunked)} = (1, 1);
    return $self;
}

sub chunk {
    my ($self, $bytes) = @_;
    utf8::encode($bytes) if utf8::is_utf8($bytes);
    return $self->raw(sprintf "%x\r\n%s\r\n", length $bytes, $bytes);
}

sub event {
    my ($self, $value) = @_;
    my $data = ref $value ? JSON::PP->new->utf8->canonical->encode($value) : $value;
    return $self->chunk("event: message\ndata: $data\n\n");
}

sub sleep { my ($self, $seconds) = @_; Time::HiRes::sleep($seconds); return $self }

# Exactly these bytes on the connection, head and all. Call it as often as needed; then close, unless what was
# sent is a whole answer.
sub raw {
    my ($self, $bytes) = @_;
    utf8::encode($bytes) if utf8::is_utf8($bytes);
    my $written = 0;
    while ($written < length $bytes) {
        my $count = syswrite $self->{socket}, $bytes, 65_536, $written;
        last unless $count;
        $written += $count;
    }
    $self->{answered} = 1;
    return $self;
}

# Ends the chunked answer, if there is one. Called for every handler when it returns.
sub finish {
    my ($self) = @_;
    $self->raw("0\r\n\r\n") if delete $self->{chunked} && !$self->{closing};
    $self->respond(500, [], 'the handler gave no answer') unless $self->{answered} || $self->{closing};
    return $self;
}

# Closes the connection in good order, in the middle of an answer if need be.
sub close {
    my ($self) = @_;
    $self->{closing} = 1;
    CORE::close $self->{socket};
    return $self;
}

# Breaks the connection with a TCP reset.
sub reset {
    my ($self) = @_;
    setsockopt $self->{socket}, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
    return $self->close;
}

sub _typed {
    my ($type, @headers) = @_;
    return grep({ lc eq 'content-type' } pairkeys @headers) ? @headers : ('Content-Type' => $type, @headers);
}

sub _head {
    my ($status, @headers) = @_;
    my @lines = ("HTTP/1.1 $status " . ($phrase{$status} // 'Status'));
    push @lines, map { "$_->[0]: $_->[1]" } pairs @headers;
    return join "\r\n", @lines, '', '';
}

1;
