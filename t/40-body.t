# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# How a request body is read: every framing comes through byte for byte, every bad one is refused, and the connection
# is as good afterwards as before.
use lib 't/lib';
use Uapi::Test;

my $upstream = upstream();
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', <<'YAML');
apiVersion: uapi/v1
kind: Policy
metadata: {name: everyone}
spec:
  rules:
    - {id: all, effect: allow, server: github}
YAML
my $httpd = httpd(<<"CONF", modules => ['http2']);
Protocols h2c http/1.1
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiServer github
UapiEngine on
<Location "/mcp">
    UapiMaxBody 20000
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
CONF

my $url = $httpd->url('/mcp');
my $token = $registry->token;
my @base = (Authorization => "Bearer $token", 'MCP-Protocol-Version' => '2025-11-25', Accept => 'application/json, text/event-stream');

sub post {
    my ($body, %options) = @_;
    return http('POST', $url, headers => [@base, 'Content-Type' => 'application/json', @{ $options{headers} || [] }], body => $body);
}
sub call_with { return '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":' . $_[0] . '}}}' }

# ---- what is good arrives unchanged
my $odd = " {\"jsonrpc\" :\t\"2.0\", \"id\":1 ,\r\n\"method\":\"tools\\/call\",\"params\":{\"name\":\"\\u0065cho\",\"arguments\":{\"text\":\"\xc3\xa9 \\ud83d\\ude00\",\"n\":1.50e+3}}}\n";
is post($odd)->{status}, 200, 'an oddly spelled message is accepted';
is $upstream->last_request->{body}, $odd, 'and forwarded byte for byte';
is $upstream->last_request->header('content-length'), length $odd, 'with its length';

sub raw {
    my ($head, @pieces) = @_;
    my $c = connect_to($httpd->port);
    $c->send("POST /mcp HTTP/1.1\r\nHost: localhost\r\n" . join('', map { $_ % 2 ? '' : "$base[$_]: $base[$_ + 1]\r\n" } 0 .. $#base)
        . "Content-Type: application/json\r\n$head\r\n");
    for (@pieces) { sleep 0.05; $c->send($_) }
    return $c;
}
my $message = call_with('"hello"');
my $chunked = join '', map { sprintf "%x\r\n%s\r\n", length, $_ } $message =~ /(.{1,7})/gs;
my $c = raw("Transfer-Encoding: chunked\r\n", map({ "$_" } $chunked =~ /(.{1,40})/gs), "0\r\nX-Trailer: forged\r\n\r\n");
is $c->response->{status}, 200, 'chunked, in pieces';
is $upstream->last_request->{body}, $message, 'arrives whole';
is $upstream->last_request->header('x-trailer'), undef, 'an uninspected trailer does not travel';
is $upstream->last_request->header('transfer-encoding'), undef, 'one length only';
$c->send("GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n");
is $c->response->{status}, 401, 'the connection goes on';

$c = raw("Expect: 100-continue\r\nContent-Length: " . length($message) . "\r\n");
like $c->raw_piece(2), qr{^HTTP/1.1 100 }, 'Expect: 100-continue is answered';
$c->send($message);
is $c->response->{status}, 200, 'and the body then taken';
is $upstream->last_request->{body}, $message, 'whole';

{
    my $file = $registry->file('message.json', $message);
    my ($status, $output) = run(['curl', '-s', '-m', '10', '--http2-prior-knowledge', '-H', "Authorization: Bearer $token", '-H',
        'MCP-Protocol-Version: 2025-11-25', '-H', 'Content-Type: application/json', '--data-binary', "\@$file", '-w', '%{http_version} %{http_code}', $url]);
    like $output, qr/2 200$/, 'HTTP/2';
    is $upstream->last_request->{body}, $message, 'arrives whole';
    ($status, $output) = run(['sh', '-c', "curl -s -m 10 --http2-prior-knowledge -H 'Authorization: Bearer $token' "
        . "-H 'MCP-Protocol-Version: 2025-11-25' -H 'Content-Type: application/json' -H 'Content-Length:' -T - -X POST -w '%{http_version} %{http_code}' $url <$file"]);
    like $output, qr/2 200$/, 'HTTP/2 without a declared length';
    is $upstream->last_request->{body}, $message, 'arrives whole';
}

# ---- what is bad does not
$upstream->forget;
my $deep = 200;
my @bad = (
    ['empty' => '', 400, 'json.syntax'],
    ['no JSON' => 'hello', 400, 'json.syntax'],
    ['cut short' => substr($message, 0, -2), 400, 'json.syntax'],
    ['trailing garbage' => "$message x", 400, 'json.trailing'],
    ['two messages' => "$message\n$message", 400, 'json.trailing'],
    ['a duplicate key' => '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","name":"delete"}}', 400, 'json.duplicate_key'],
    ['an escaped duplicate' => '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","n\u0061me":"delete"}}', 400, 'json.duplicate_key'],
    ['case-variant Method' => '{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}', 400, 'rpc.key_case'],
    ['case-variant Name' => '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","NAME":"delete"}}', 400, 'rpc.key_case'],
    ['a raw NUL' => call_with("\"a\0b\""), 400, 'json.nul'],
    ['an escaped NUL' => call_with('"a\u0000b"'), 400, 'json.nul'],
    ['invalid UTF-8' => call_with("\"\xff\""), 400, 'json.utf8'],
    ['overlong UTF-8' => call_with("\"\xc0\xaf\""), 400, 'json.utf8'],
    ['a lone surrogate' => call_with('"\ud800"'), 400, 'json.utf8'],
    ['a byte order mark' => "\xef\xbb\xbf$message", 400, undef],
    ['a depth bomb' => call_with('[' x $deep . ']' x $deep), 400, 'json.depth'],
    ['an array of depth' => '[' x 9000, 400, 'json.depth'],
    ['a scalar' => '42', 400, 'rpc.invalid'],
    ['no version' => '{"id":1,"method":"ping"}', 400, 'rpc.invalid'],
    ['a batch in 2025-11-25' => "[$message]", 400, 'rpc.batch'],
    ['too large' => call_with('"' . 'x' x 20000 . '"'), 413, 'request.too_large'],
);
for (@bad) {
    my ($name, $body, $status, $reason) = @$_;
    my $answer = post($body);
    my $json = eval { from_json($answer->{body}) } || {};
    is $answer->{status}, $status, "$name: $status";
    is $json->{error}{data}{reason}, $reason, "$name: $reason" if defined $reason;
}
is post($message, headers => ['Content-Encoding' => 'gzip'])->{status}, 415, 'a compressed body: 415';
for my $type ('text/plain', 'application/jsonx', 'application/json; charset=utf-16', 'application/json; x-charset=utf-8; charset=utf-7',
    'application/json; charset=utf-8; charset=utf-16', 'application/json; charset =utf-16', q(application/json; charset*=utf-16''x), 'application/json;charset="utf-8x"',
    'application/json, text/plain', 'text/plain; application/json', 'application/json; a="; charset=utf-8"; charset=utf-16', '', 'application/vnd.api+json', 'multipart/form-data') {
    is http('POST', $url, headers => [@base, 'Content-Type' => $type], body => $message)->{status}, 415, "$type: 415";
}
$c = raw("Content-Length: 10000000\r\n");
is $c->response->{status}, 413, 'a declared length beyond the limit is refused unread';
$c = raw("Transfer-Encoding: chunked\r\n", map { sprintf("%x\r\n%s\r\n", 8000, 'x' x 8000) } 1 .. 3);
is $c->response->{status}, 413, 'as is a chunked body once it is beyond';
$c = raw("Content-Length: " . (length($message) + 5) . "\r\n", $message);
$c->finish_sending;
is $c->response->{status}, 400, 'a body that ends early';
is http('PUT', $url, headers => [@base, 'Content-Type' => 'text/plain'], body => 'x')->{status}, 415, 'a body on another method is read too';
is_deeply [$upstream->requests], [], 'nothing of all that reached the upstream';

# ---- a refusal before the body was read leaves the connection in step
$c = connect_to($httpd->port);
for (1 .. 5) {
    $c->send("POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 35\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
    is $c->response->{status}, 401, "refusal $_ on one connection";
}
my $answer = mcp_call($url, $token, 'tools/call', { name => 'echo', arguments => { text => 'still' } });
is $answer->{result}{content}[0]{text}, 'still', 'the gateway is as good as before';
done_testing;
