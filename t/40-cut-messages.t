# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Messages of each kind cut short, on their way to a server and back: nothing that is cut passes, whatever the
# revision. t/unit/mcp_cut.c cuts each at every byte under every revision.
use lib 't/lib';
use Uapi::Test timeout => 180;
use Uapi::Messages qw(messages @REVISIONS);

my @from_client = messages('client');
my @from_server = messages('server');
cmp_ok scalar @from_client, '>', 40, 'the messages of clients';
cmp_ok scalar @from_server, '>', 25, 'and of servers';

sub answer_well {
    my ($message, $reply) = @_;
    my @answers = map { { jsonrpc => '2.0', id => $_->{id}, result => {} } } grep { exists $_->{method} && exists $_->{id} } ref $message eq 'ARRAY' ? @$message : $message;
    return @answers ? $reply->json(ref $message eq 'ARRAY' ? \@answers : $answers[0]) : $reply->status(202);
}

# Answers with what the query asks for: message `m`, cut after `l` bytes, whole or as an event; or all of it, cut after each byte.
my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    my %query = $request->{target} =~ /[?&](\w)=(\w+)/g;
    return answer_well($request->json, $reply) unless defined $query{m};
    my $text = $from_server[$query{m}]{text};
    return $reply->respond(200, ['Content-Type' => 'application/json'], substr $text, 0, $query{l}) if $query{h} eq 'json';
    return $reply->start(200, 'Content-Type' => 'text/event-stream')->chunk(substr "\xef\xbb\xbfid: 7\r\nevent: message\r\ndata: $text\r\n\r\n", 0, $query{l})->finish if $query{h} eq 'stream';
    return $reply->start(200, 'Content-Type' => 'text/event-stream')->chunk(join '', map { 'data: ' . substr($text, 0, $_) . "\n\n" } 1 .. length($text) - 1)->finish;
});
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n    - {id: all, effect: allow, server: s}\n");
my $httpd = httpd(<<"CONF");
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiServer s
UapiEngine on
UapiAuditDurability process
ProxyPass /mcp @{[ $upstream->url('/mcp') ]}
CONF
$httpd->expect_log(qr/UAPI0101: call \w+ refused: response\.invalid/);

# httpd ends a connection after 400, so each has its own.
sub post {
    my ($target, $body, @headers) = @_;
    return http('POST', $httpd->url($target), body => $body, headers => [Authorization => 'Bearer ' . $registry->token, 'Content-Type' => 'application/json', @headers]);
}
sub verdict { my ($answer) = @_; my $json = eval { from_json($answer->{body}) } || {}; my $error = (ref $json eq 'ARRAY' ? $json->[0] : $json)->{error} || {}; return join ' ', $answer->{status}, $error->{code} // '-', $error->{data}{reason} // '-' }
sub tally { my %seen; $seen{$_}++ for @_; return join ', ', sort keys %seen }

# ---- from clients: each kind at every eleventh byte, beginning at another one each time, under the last revision that has it
my $offset = 0;
for my $message (@from_client) {
    my $text = $message->{text};
    my $whole = post('/mcp', $text, @{ $message->{headers} });
    my $passed = $message->{is_request} || $text =~ /^\[/ ? '200 - -' : '202 - -';
    my $expected = $text =~ /^\[?\{"jsonrpc":"2\.0","id":[^,]*,"(?:result|error)"/ ? '400 -32600 rpc.unasked' : $passed;
    is verdict($whole), $expected, 'the whole: ' . substr($text, 0, 80) or diag $whole->{body};
    my @at = map { 11 * $_ + $offset++ % 11 } 0 .. length($text) / 11 - 1;
    is tally(grep { !/^400 -32700 json\.utf8$/ } map { verdict(post('/mcp', substr($text, 0, $_), @{ $message->{headers} })) } @at), '400 -32700 json.syntax', '  and nothing less';
}

# ---- one at every byte, under every revision and none
my ($call) = grep { ($_->{method} // '') eq 'tools/call' } @from_client;
$upstream->forget;
for my $version (undef, @REVISIONS) {
    my @headers = defined $version ? ('MCP-Protocol-Version' => $version) : ();
    push @headers, 'Mcp-Method' => 'tools/call', 'Mcp-Name' => 'get_a' if ($version // '') eq '2026-07-28';
    is tally(map { verdict(post('/mcp', substr($call->{text}, 0, $_), @headers)) } 0 .. length($call->{text}) - 1), '400 -32700 json.syntax', 'cut at every byte under ' . ($version // 'none');
}
is_deeply [$upstream->requests], [], 'nothing of it went upstream';

# ---- from servers: as a whole answer, as events, as a stream that ends
$offset = 0;
for my $index (0 .. $#from_server) {
    my $text = $from_server[$index]{text};
    my $shown = substr $text, 0, 80;
    my @at = grep { $_ } map { 11 * $_ + $offset++ % 11 } 0 .. length($text) / 11 - 1;
    is tally(map { verdict(post("/mcp?m=$index&l=$_&h=json", $call->{text})) } @at), '502 -32016 response.invalid', "an answer that is cut: $shown";
    my $events = post("/mcp?m=$index&h=events", $call->{text});
    is scalar(() = $events->{body} =~ /^: an event was withheld/mg), length($text) - 1, '  each of its pieces as an event: withheld';
    unlike $events->{body}, qr/^data:/m, '  and nothing else comes';
}
my ($asks) = grep { ($from_server[$_]{method} // '') eq 'sampling/createMessage' } 0 .. $#from_server;
my $stream = "\xef\xbb\xbfid: 7\r\nevent: message\r\ndata: $from_server[$asks]{text}\r\n\r\n";
my @ends = map { post("/mcp?m=$asks&l=$_&h=stream", $call->{text}) } 1 .. length $stream;
is tally(map { $_->{status} } @ends), '200', 'a stream that ends after each of its bytes';
is scalar(grep { $_->{body} =~ /^data: .*sampling/m } @ends[0 .. $#ends - 5]), 0, '  shows nothing of data that is not whole';
like $ends[-1]{body}, qr/^data: .*sampling/m, '  and all of one that is';

is verdict(post('/mcp', $call->{text}, @{ $call->{headers} })), '200 - -', 'the gateway is as good as before';
done_testing;
