# Licensed under the Apache License, Version 2.0; see LICENSE.
package Uapi::Messages;

# A message of each kind of MCP, from t/messages.

use strict;
use warnings;
use Exporter 'import';
use JSON::PP ();

our @EXPORT_OK = qw(messages @REVISIONS);
our @REVISIONS = qw(2024-11-05 2025-03-26 2025-06-18 2025-11-25 2026-07-28);

my $meta = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"c","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}';

# Those that `client` or `server` sends: hashes with text (bytes), revisions (a list), method (undef for answers and batches), is_request,
# headers (a list: what a client sends with it under its last revision).
sub messages {
    my ($from) = @_;
    open my $handle, '<:raw', 't/messages' or die "t/messages: $!\n";
    return map { _read($_) } grep { /^$from / } <$handle>;
}

sub _read {
    my ($line) = @_;
    chomp $line;
    my (undef, $first, $last, $text) = split / /, $line, 4;
    $text =~ s/\@META\@/$meta/;
    my $message = JSON::PP->new->utf8->decode($text);
    my ($method, $params) = ref $message eq 'HASH' ? @$message{qw(method params)} : ();
    my @headers = ('MCP-Protocol-Version' => $last);
    push @headers, 'Mcp-Method' => $method if defined $method && $last eq '2026-07-28';
    my $name = ref $params eq 'HASH' ? $params->{name} // $params->{uri} : undef;
    push @headers, 'Mcp-Name' => $name if defined $name && $last eq '2026-07-28';
    return { text => $text, revisions => [grep { $_ ge $first && $_ le $last } @REVISIONS], method => $method, headers => \@headers,
        is_request => ref $message eq 'HASH' && defined $method && exists $message->{id} };
}

1;
