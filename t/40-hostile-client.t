# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# A client that tries to get a request, a body or a header past the gateway unjudged: framings that two readers could take
# differently, methods and targets of all kinds, bodies that come late or not at all.
use lib 't/lib';
use Uapi::Test;

my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    return $reply->json({ jsonrpc => '2.0', id => 1, result => { body => $request->{body}, target => $request->{target} } });
});
my $registry = make_registry();
$registry->credential_set('key', 'hostile-client-secret-1');
my $policy = $registry->file('policy.yaml', <<'YAML');
apiVersion: uapi/v1
kind: Policy
metadata: {name: everyone}
spec:
  rules:
    - {id: all, effect: allow, server: s}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: s}
spec:
  credential: {name: key, inject: {header: X-Key, value: "{secret}"}}
YAML
my $httpd = httpd(<<"CONF", modules => ['http2', 'reqtimeout'], children => 1);
Protocols h2c http/1.1
AllowEncodedSlashes NoDecode
RequestReadTimeout header=5 body=2
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiServer s
<Location "/mcp">
    UapiEngine on
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
<Location "/encoded">
    UapiEngine on
    ProxyPass @{[ $upstream->url('/encoded') ]} nocanon
</Location>
CONF
my $token = $registry->token;
my $auth = "Authorization: Bearer $token\r\n";
my $message = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
my $json = "Content-Type: application/json\r\nMCP-Protocol-Version: 2025-11-25\r\n";
my $smuggled = "GET /mcp?smuggled HTTP/1.1\r\nHost: localhost\r\n$auth\r\n";

# Sends exactly these bytes, and gives all answers that come until the connection ends or is silent.
sub answers {
    my ($bytes, %option) = @_;
    my $c = connect_to($httpd->port, timeout => $option{timeout} // 4);
    $option{open} ? $c->send($bytes) : $c->send_last($bytes);
    my @got;
    while (1) {
        my $answer = $c->response(method => $option{method} // 'POST');
        last unless $answer->{status};
        push @got, $answer;
    }
    return @got;
}
sub statuses { return join ' ', map { $_->{status} } answers(@_) }
sub post { my ($head, $body) = @_; return "POST /mcp HTTP/1.1\r\nHost: localhost\r\n$auth$json$head\r\n$body" }
sub untouched { my ($what) = @_; is_deeply [map { $_->{raw_head} } $upstream->requests], [], "$what: nothing reached the upstream"; $upstream->forget; return }
sub bodies { my @all = map { $_->{body} } $upstream->requests; $upstream->forget; return @all }

# ---- framing: an answer for each request that was meant, and no other
my $length = length $message;
is statuses(post("Content-Length: $length\r\n", $message) . post("Content-Length: $length\r\n", $message)), '200 200', 'two requests in one packet';
is_deeply [bodies()], [$message, $message], 'arrive as two';
is statuses(post("Content-Length: $length\r\n", $message . $smuggled)), '200 200', 'what follows a body is a request';
is_deeply [bodies()], [$message, ''], 'which is judged as one';
for my $case (
    ['two different lengths', post("Content-Length: $length\r\nContent-Length: 5\r\n", $message . $smuggled)],
    ['a list of lengths', post("Content-Length: $length, 5\r\n", $message . $smuggled)],
    ['a signed length', post("Content-Length: +$length\r\n", $message . $smuggled)],
    ['a negative length', post("Content-Length: -1\r\n", $message . $smuggled)],
    ['an unknown transfer coding', post("Transfer-Encoding: gzip\r\n", $message . $smuggled)],
    ['chunked that is not the last coding', post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n$smuggled")],
    ['a vertical tab in a coding', post("Transfer-Encoding: \x0bchunked\r\n", "0\r\n\r\n$smuggled")],
    ['a space before a colon', post("Content-Length : $length\r\n", $message)],
    ['a bare CR in a header', post("X-A: b\rContent-Length: 3\r\nContent-Length: $length\r\n", $message)],
    ['a NUL in a header', post("X-A: b\0c\r\nContent-Length: $length\r\n", $message)],
    ['a chunk size that is none', post("Transfer-Encoding: chunked\r\n", "zz\r\n$message\r\n0\r\n\r\n$smuggled")],
    ['a chunk size beyond 64 bits', post("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n$message\r\n0\r\n\r\n$smuggled")],
    ['a negative chunk size', post("Transfer-Encoding: chunked\r\n", "-28\r\n$message\r\n0\r\n\r\n$smuggled")],
    ['a chunk larger than it says', post("Transfer-Encoding: chunked\r\n", "5\r\n$message\r\n0\r\n\r\n$smuggled")],
) {
    my ($what, $bytes) = @$case;
    like statuses($bytes), qr/^(?:400|413|501)?$/, "$what: refused, and the connection is over";
    untouched($what);
}
my @both = answers(post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", sprintf("%x\r\n%s\r\n0\r\n\r\n", $length, $message) . $smuggled));
is join(' ', map { $_->{status} } @both), '200', 'both framings: the chunked one counts, and the connection is over';
is_deeply [bodies()], [$message], 'one request arrived';
is statuses(post("Transfer-Encoding: chunked\r\n", sprintf("%x;ext=\"a;b\"\r\n%s\r\n0\r\n\r\n", $length, $message))), '200', 'a chunk extension';
is_deeply [bodies()], [$message], 'does not travel';
like statuses("POST /mcp HTTP/1.1\r\nHost: localhost\r\nX-Folded: a\r\n  b\r\n$auth${json}Content-Length: $length\r\n\r\n$message"), qr/^(?:200|400)$/, 'a folded header';
unlike join('', map { $_->{raw_head} } $upstream->requests), qr/\n[ \t]/, 'is not sent on folded';
$upstream->forget;
is statuses("POST /mcp HTTP/1.0\r\nHost: localhost\r\n$auth$json\r\n$message"), '400', 'HTTP/1.0 without a length: no body';
untouched('HTTP/1.0');
is statuses(post("Expect: 200-ok\r\nContent-Length: $length\r\n", $message)), '417', 'an unknown expectation';
untouched('an unknown expectation');

# ---- a GET, PUT or DELETE that brings a body: judged as any, or the body stays here
for my $method (qw(GET PUT PATCH DELETE OPTIONS QUERY)) {
    for my $framed (["Content-Length: $length\r\n", $message], ["Transfer-Encoding: chunked\r\n", sprintf "%x\r\n%s\r\n0\r\n\r\n", $length, $message]) {
        my ($head, $body) = @$framed;
        is statuses("$method /mcp HTTP/1.1\r\nHost: localhost\r\n$auth$head\r\n$body", method => $method), '415', "$method with a body of no type: refused";
        untouched("$method with a body of no type");
        is statuses("$method /mcp HTTP/1.1\r\nHost: localhost\r\n$auth$json$head\r\n$body", method => $method), '200', "$method with a JSON body";
        is_deeply [bodies()], [$message], 'arrives';
    }
}
{
    my $file = $registry->file('message.json', $message);
    my $bad = $registry->file('bad.json', '{"a":1,"a":2}');
    my $url = $httpd->url('/mcp');
    my $curl = sub {
        my ($body, @more) = @_;
        my ($status, $output) = run(['sh', '-c', 'body=$1; shift; exec curl -s -o /dev/null -m 10 --http2-prior-knowledge -w "%{http_version} %{http_code}" "$@" <"$body"', 'sh', $body,
            '-H', "Authorization: Bearer $token", '-H', 'MCP-Protocol-Version: 2025-11-25', @more, $url]);
        return $output;
    };
    for my $method (qw(POST PUT GET DELETE PATCH)) {
        my @without = ('-H', 'Content-Type: application/json', '-H', 'Content-Length:', '-X', $method, '-T', '-');
        is $curl->($file, @without), '2 200', "HTTP/2 $method without a length";
        is_deeply [bodies()], [$message], 'its body arrives';
        is $curl->($bad, @without), '2 400', 'a bad body';
        untouched("HTTP/2 $method with a bad body");
        is $curl->($bad, '-H', 'Content-Type: application/json', '-X', $method, '--data-binary', '@-'), '2 400', 'with a length';
        untouched("HTTP/2 $method with a bad body and a length");
        is $curl->($file, '-H', 'Content-Type: text/plain', '-H', 'Content-Length:', '-X', $method, '-T', '-'), '2 415', 'of another type';
        untouched("HTTP/2 $method of another type");
    }
    is $curl->('/dev/null', '-X', 'GET'), '2 200', 'HTTP/2 GET without a body';
    is_deeply [bodies()], [''], 'arrives as such';
}

# ---- bodies that do not come
{
    my $c = connect_to($httpd->port, timeout => 10);
    $c->send(post("Content-Length: $length\r\n", substr $message, 0, 10));
    my $answer = $c->response;
    like $answer->{status}, qr/^(?:400|408)$/, 'a body that stalls is given up';
    ok $answer->{seconds} < 8, 'in time';
    untouched('a body that stalls');
}
for my $fraction (0, 10) {
    my $c = connect_to($httpd->port);
    $c->send(post("Content-Length: $length\r\n", substr $message, 0, $fraction));
    $c->close;
}
is mcp_call($httpd->url('/mcp'), $token, 'ping', undef)->{status}, 200, 'a client that leaves within its body harms nobody';
$upstream->forget;

# ---- methods and targets
is statuses("CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n$auth\r\n", method => 'CONNECT'), '405', 'CONNECT';
is statuses("GET http://localhost/mcp HTTP/1.1\r\nHost: localhost\r\n\r\n", method => 'GET'), '401', 'an absolute target is judged as its path';
is statuses("GET http://elsewhere.example/mcp HTTP/1.1\r\nHost: localhost\r\n\r\n", method => 'GET'), '403', 'and as its name';
is statuses("TRACE /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n", method => 'TRACE'), '401', 'TRACE is judged';
{
    my ($answer) = answers("TRACE /mcp HTTP/1.1\r\nHost: localhost\r\nMax-Forwards: 0\r\n$auth\r\n", method => 'TRACE');
    unlike $answer->{body}, qr/hostile-client-secret/, 'TRACE shows no credential';
    $upstream->forget;
}
for my $path ('//mcp', '/%6dcp', '/x/../mcp', '/./mcp', '/mcp/', '/mcp//x', '/mcp/%2e%2e/mcp', '/mcp;a=b', '/MCP', '/mcp%2Fx', '/mcp%00', '/mcpx', '/encoded/a%2Fb', '/encoded%2f..%2fmcp') {
    like statuses("GET $path HTTP/1.1\r\nHost: localhost\r\n\r\n", method => 'GET'), qr/^(?:400|401|404)$/, "$path: nobody without a token";
}
untouched('no token');

# ---- headers
for my $twice ("${auth}Authorization: Bearer x\r\n", "Authorization: Bearer x\r\n$auth", $auth . $auth) {
    is statuses("GET /mcp HTTP/1.1\r\nHost: localhost\r\n$twice\r\n", method => 'GET'), '401', 'two Authorization headers';
}
untouched('two Authorization headers');
for my $name ("a\r\nX-Injected: b", "a\nb", "a b\x7f", "") {
    my ($status, $output, $errors) = $registry->uapictl('token', 'create', '--tenant', $registry->tenant, '--principal', $name, '--type', 'agent');
    isnt $status, 0, 'a principal with a control character is refused';
}
$httpd->allow_log(qr/AH00029|AH02964|AH00524|AH02429|AH01587|AH02420|AH10244|AH01151/);
done_testing;
