# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Ids of every JSON type, in requests under every revision and in the answers of servers, as JSON and in streams; a megabyte in one line.
use lib 't/lib';
use Uapi::Test timeout => 120;

my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    my $message = $request->json;
    my $how = $message->{params}{arguments}{how} // '';
    my $id = $message->{params}{arguments}{id};
    my ($own) = $request->{body} =~ /"id":("(?:[^"\\]|\\.)*"|[^,}\]]+)/;
    my $text = defined $id ? qq({"jsonrpc":"2.0","id":$id,"result":{"said":"something"}}) : qq({"jsonrpc":"2.0","id":$own,"result":{"said":"something"}});
    if ($how eq 'long') {
        my $said = 'x' x (1 << 20);
        return $reply->start(200, 'Content-Type' => 'text/event-stream')->chunk(qq(data: {"jsonrpc":"2.0","id":$own,"result":{"said":"$said"}}\n\n))->finish;
    }
    return $reply->start(200, 'Content-Type' => 'text/event-stream')->chunk("data: $text\n\n")->chunk(qq(data: {"jsonrpc":"2.0","id":$own,"result":{"said":"mine"}}\n\n))->finish if $how eq 'stream';
    return $reply->respond(200, ['Content-Type' => 'application/json'], $text);
});
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n    - {id: all, effect: allow, server: s}\n");
my $httpd = httpd(<<"CONF");
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiServer s
UapiEngine on
UapiMaxBody 4M
ProxyPass /mcp @{[ $upstream->url('/mcp') ]}
CONF
$httpd->allow_log(qr/UAPI0101/);
my $url = $httpd->url('/mcp');

sub request {
    my ($id, $revision, %arguments) = @_;
    my %params = (name => 't', arguments => \%arguments, $revision ge '2026-07-28' ? mcp_meta() : ());
    my $body = '{"jsonrpc":"2.0",' . (defined $id ? qq("id":$id,) : '') . '"method":"tools/call","params":' . to_json(\%params) . '}';
    return mcp_call($url, $registry->token, 'tools/call', \%params, body => $body, version => $revision, timeout => 20);
}
sub verdict { my ($answer) = @_; return $answer->{json}{error} ? $answer->{json}{error}{data}{reason} // 'error' : $answer->{status} == 200 ? 'passed' : $answer->{status} }

# ---- requests: strings and integers are ids (JSON-RPC 2.0, 4; MCP: never null)
my @ids = (['"a"', 'passed'], ['""', 'passed'], ['"1"', 'passed'], ['0', 'passed'], ['-7', 'passed'], ['9007199254740991', 'passed'],
    ['"\u00e9\ud83d\ude00"', 'passed'], ['"\"\\\\"', 'passed'], ['1.5', 'rpc.invalid'], ['1e3', 'rpc.invalid'], ['1.0', 'rpc.invalid'], ['null', 'rpc.invalid'],
    ['true', 'rpc.invalid'], ['[1]', 'rpc.invalid'], ['{}', 'rpc.invalid']);
for my $revision ('2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25', '2026-07-28') {
    my %got = map { $_->[0] => verdict(request($_->[0], $revision)) } @ids;
    is_deeply \%got, { map { @$_ } @ids }, "ids of every type, $revision" or diag explain \%got;
}
is request('"a\u0062"', '2025-11-25')->{json}{id}, 'ab', 'an id comes back as it was sent';

# ---- answers: of another id than the request's
my @foreign = ('2', '"1"', '"x"', '1.5', 'null', 'true', '[1]', '{}', '-1', '11', '1e0', '1.0');
for my $id (@foreign) {
    my $answer = request('1', '2025-11-25', id => $id);
    unlike $answer->{body}, qr/something/, "an answer with id $id does not come";
    is $answer->{json}{id}, 1, '  but an error for the request' or diag $answer->{body};
    $answer = request('1', '2025-11-25', id => $id, how => 'stream');
    unlike $answer->{body}, qr/something/, '  nor as an event';
    like $answer->{body}, qr/"said":"mine"/, '  and the stream goes on';
}
is request('1', '2025-11-25', id => '1')->{result}{said}, 'something', 'its own comes';

# ---- long lines
my $answer = request('1', '2025-11-25', how => 'long');
is length($answer->{rpc}{result}{said} // ''), 1 << 20, 'a megabyte in one line of a stream';
is verdict(request('1', '2025-11-25', text => 'x' x (1 << 20))), 'passed', 'and in one string of a request';
done_testing;
