# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# An upstream that answers oddly, breaks off, lies about lengths, or tries to speak in the gateway's name.
use lib 't/lib';
use Uapi::Test timeout => 200;

my $secret = 'ghp_' . 'R3dt9QvLm2XcWz8KpYs5HnBf7TjGa40iiPlu';
my $utf16 = join '', map { "$_\0" } split //, '{"jsonrpc":"2.0","id":1,"result":{}}';
my %answers = (
    good => sub { $_[0]->json({ jsonrpc => '2.0', id => 1, result => { ok => 1 } }) },
    wordy => sub { $_[0]->json({ jsonrpc => '2.0', id => 1, result => { text => 'word ' x 500 } }) },
    interim => sub { $_[0]->raw("HTTP/1.1 103 Early Hints\r\nUapi-Call-Id: forged\r\nLink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n")->json({ jsonrpc => '2.0', id => 1, result => { ok => 1 } }) },
    interims => sub { $_[0]->raw("HTTP/1.1 102 Processing\r\n\r\n" x 50)->json({ jsonrpc => '2.0', id => 1, result => {} }) },
    continue => sub { $_[0]->raw("HTTP/1.1 100 Continue\r\n\r\n")->json({ jsonrpc => '2.0', id => 1, result => { ok => 1 } }) },
    'not-modified' => sub { $_[0]->raw("HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n") },
    'no-content' => sub { $_[0]->raw("HTTP/1.1 204 No Content\r\n\r\n") },
    accepted => sub { $_[0]->raw("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n") },
    trailers => sub { $_[0]->raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nTrailer: X-Secret\r\n\r\n2\r\n{}\r\n0\r\nX-Secret: $secret\r\nUapi-Call-Id: forged\r\n\r\n") },
    'trailers-stream' => sub { $_[0]->raw("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\nTrailer: X-Secret\r\n\r\n9\r\ndata: 1\n\n\r\n0\r\nX-Secret: $secret\r\n\r\n") },
    untyped => sub { $_[0]->respond(200, [], qq({"a":"$secret"})) },
    'no-type' => sub { $_[0]->respond(200, ['Content-Type' => ''], qq({"a":"$secret"})) },
    utf16 => sub { $_[0]->respond(200, ['Content-Type' => 'application/json;charset=utf-16'], $utf16) },
    'latin-text' => sub { $_[0]->respond(200, ['Content-Type' => 'text/html; charset=latin1'], "<b>\xe9 $secret</b>") },
    bom => sub { $_[0]->respond(200, ['Content-Type' => 'application/json'], "\xef\xbb\xbf{\"a\":\"$secret\"}") },
    deep => sub { $_[0]->respond(200, ['Content-Type' => 'application/json'], '[' x 100_000 . ']' x 100_000) },
    'deep-event' => sub { $_[0]->sse(['[' x 20_000 . ']' x 20_000]) },
    duplicate => sub { $_[0]->respond(200, ['Content-Type' => 'application/json'], '{"result":1,"result":2}') },
    'stream-error' => sub { $_[0]->respond(500, ['Content-Type' => 'text/event-stream'], qq(data: {"a":"$secret"}\n\n)) },
    'gzip-stream' => sub { $_[0]->gzip("data: {\"a\":\"$secret\"}\n\n", 'text/event-stream') },
    gzip => sub { $_[0]->gzip({ a => $secret }) },
    'json-as-stream' => sub { $_[0]->respond(200, ['Content-Type' => 'text/event-stream'], qq({"a":"$secret"})) },
    'stream-as-json' => sub { $_[0]->respond(200, ['Content-Type' => 'application/json'], "data: {}\n\n") },
    'long' => sub { $_[0]->raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}$secret")->close },
    'short' => sub { $_[0]->raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{}")->close },
    'short-stream' => sub { $_[0]->raw("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 99\r\n\r\ndata: {}\n\n")->close },
    'chunk-lie' => sub { $_[0]->raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{}\r\n0\r\n\r\n")->close },
    'chunk-junk' => sub { $_[0]->raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n")->close },
    'no-length' => sub { $_[0]->raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"a\":\"$secret\"}")->close },
    two => sub { $_[0]->raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged") },
    location => sub { $_[0]->respond(200, ['Content-Type' => 'application/json', Location => '/private'], '{}') },
    redirect => sub { $_[0]->respond(307, ['Content-Type' => 'application/json', Location => 'http://elsewhere.example/'], '{}') },
    forged => sub { $_[0]->respond(200, ['Content-Type' => 'application/json', 'Uapi-Call-Id' => 'forged', 'Uapi-Principal' => 'root', 'X-Kept' => 'yes'], '{}') },
    split => sub { $_[0]->raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-A: a\rb\r\nContent-Length: 2\r\n\r\n{}") },
    'header-bomb' => sub { $_[0]->raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-A: " . 'x' x 100_000 . "\r\nContent-Length: 2\r\n\r\n{}") },
    refused => sub { $_[0]->respond(401, ['Content-Type' => 'application/json', 'WWW-Authenticate' => 'Bearer realm="upstream"'], '{"e":1}') },
    'old-http' => sub { $_[0]->raw("{\"jsonrpc\":\"2.0\"}")->close },
    'switching' => sub { $_[0]->raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n$secret")->close },
    'echo-header' => sub { $_[0]->respond(200, ['Content-Type' => 'application/json', 'X-Echo' => $_[1]->header('x-key'), 'Set-Cookie' => 'k=' . $_[1]->header('x-key')], '{}') },
    'echo-reason' => sub { $_[0]->raw('HTTP/1.1 200 ' . $_[1]->header('x-key') . "\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}") },
    'echo-type' => sub { $_[0]->respond(200, ['Content-Type' => 'text/plain; k=' . $_[1]->header('x-key')], 'x') },
    nothing => sub { $_[0]->close },
    reset => sub { $_[0]->reset },
    ranged => sub { $_[0]->respond(206, ['Content-Type' => 'text/plain', 'Content-Range' => 'bytes 0-5/100'], "a $secret") },
    multipart => sub { $_[0]->respond(200, ['Content-Type' => 'multipart/mixed; boundary=x'], "--x\r\n\r\n$secret\r\n--x--") },
);
my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    my ($how) = $request->{target} =~ /\?(\S+)/;
    return $answers{ $how || 'good' }->($reply, $request);
});
my $registry = make_registry();
my $key = 'the-injected-credential-0001';
$registry->credential_set('key', $key);
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
---
apiVersion: uapi/v1
kind: Firewall
metadata: {name: f}
spec:
  mode: enforce
  scanners:
    secrets: {request: block, response: redact}
YAML
my $httpd = httpd(<<"CONF", children => 1, modules => ['deflate', 'filter', 'http2']);
Protocols h2c http/1.1
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiPlugin @{[ out('plugins/scanner_secrets.so') ]}
UapiServer s
UapiEngine on
UapiMaxResponse 1M
<Location "/mcp">
    ProxyPass @{[ $upstream->url('/mcp') ]} timeout=2 retry=0
</Location>
<Location "/deflated">
    SetOutputFilter DEFLATE
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
<Location "/header">
    Header always set X-Site yes
    Header always unset Uapi-Call-Id
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
CONF
$httpd->allow_log(qr/AH01102|AH01106|AH00992|AH01110|AH01114|AH00957|AH00959|AH10154|AH00898|AH01097|AH01107|AH02429|AH10124|AH02430|AH01070|AH00124|UAPI0101|AH01383|AH01384/);
sub ask { my ($how, %option) = @_; return mcp_call($httpd->url(($option{path} // '/mcp') . "?$how"), $registry->token, 'ping', undef, %option) }
sub outcome {
    my ($answer) = @_;
    my $found;
    wait_for(3, sub { ($found) = grep { $_->{call} eq $answer->{headers}{'uapi-call-id'} && $_->{kind} eq 'outcome' } $registry->audit_records });
    return $found->{result};
}
my %seen;
sub expect {
    my ($how, $status, $outcome, $what, %more) = @_;
    $seen{$how}++;
    my $answer = ask($how);
    subtest "$how: $what" => sub {
        like $answer->{status}, qr/^(?:$status)$/, "status $status" or diag to_json($answer->{headers}) . $answer->{body};
        is outcome($answer), $outcome, "outcome $outcome";
        my $all = join "\n", $answer->{body}, $answer->{reason} // '', (map { "@$_" } @{ $answer->{header_list} || [] }), to_json($answer->{trailers} || {}), to_json($answer->{informational} || []);
        unlike $all, qr/\Q$secret\E/, 'no secret anywhere';
        unlike $all, qr/\Q$key\E/, 'nor the credential';
        unlike $all, qr/forged/, 'nor what the upstream forged';
        ok $answer->{complete}, 'and it is whole' unless $more{broken};
        $more{check}->($answer) if $more{check};
    };
    return $answer;
}
my $good = sub { is $_[0]{result}{ok}, 1, 'the answer is here' };
expect('good', 200, 'ok', 'as it should be', check => $good);
expect('wordy', 200, 'ok', 'many words');
expect('interim', 200, 'ok', 'interim answers', check => $good);
expect('continue', 200, 'ok', '100 unasked', check => $good);
expect('interims', 502, 'upstream.failed', 'interim answers without end');
expect('not-modified', 304, 'ok', 'no body');
expect('no-content', 204, 'ok', 'no body');
expect('accepted', 202, 'ok', 'an empty body');
expect('trailers', 200, 'ok', 'trailers stay');
expect('trailers-stream', 200, 'ok', 'trailers of a stream stay');
expect($_, 200, 'ok', 'judged without a type') for qw(untyped no-type);
expect('utf16', 502, 'response.invalid', 'JSON in another encoding');
expect('latin-text', 200, 'ok', 'text in another encoding is searched');
expect('bom', 502, 'response.invalid', 'a byte order mark');
expect('deep', 502, 'response.invalid', 'a depth bomb');
expect('deep-event', 200, 'ok', 'a depth bomb in an event', check => sub { unlike $_[0]{body}, qr/\[{100}/, 'withheld' });
expect('duplicate', 502, 'response.invalid', 'a duplicate key');
expect('stream-error', 500, 'ok', 'an error as a stream is searched');
expect($_, 502, 'response.content_encoding', 'compressed though identity was asked for') for qw(gzip gzip-stream);
expect('json-as-stream', 200, 'ok', 'no events');
expect('stream-as-json', 502, 'response.invalid', 'no JSON');
expect('long', 200, 'ok', 'more than its length: the rest is dropped');
expect($_, 502, 'upstream.failed', 'breaks off') for qw(short chunk-lie chunk-junk nothing reset);
expect('short-stream', 200, 'upstream.failed', 'breaks off', broken => 1, check => sub { ok !$_[0]{complete}, 'and does not look whole' });
expect('no-length', 200, 'ok', 'ends with the connection');
expect('two', 200, 'ok', 'an answer nobody asked for', check => sub { is $_[0]{body}, '{}', 'the first one' });
expect('good', 200, 'ok', 'and the next call gets its own', check => $good) for 1 .. 3;
expect('location', 200, 'ok', 'a Location is no internal redirect', check => sub { is $_[0]{body}, '{}', 'the answer' });
expect('redirect', 307, 'ok', 'a redirect is not followed');
expect('forged', 200, 'ok', 'headers in our name', check => sub { is $_[0]{headers}{'x-kept'}, 'yes', 'others stay'; is $_[0]{headers}{'uapi-principal'}, undef, 'ours go' });
expect('split', 502, 'response.invalid', 'a bare CR in a header');
expect('header-bomb', 502, 'upstream.failed', 'a header of 100,000 bytes');
expect('refused', 401, 'ok', "the upstream's own 401");
expect('old-http', 502, 'upstream.failed', 'HTTP/0.9');
expect('switching', 502, 'upstream.failed', 'another protocol');
expect($_, 200, 'ok', 'the credential echoed in the head') for qw(echo-header echo-reason echo-type);
expect('ranged', 206, 'ok', 'a part');
expect('multipart', 200, 'ok', 'parts');
is_deeply [sort grep { !$seen{$_} } keys %answers], [], 'every answer was tried';

for my $how ('trailers', 'trailers-stream', 'interim') {
    my ($status, $output) = run(['curl', '-s', '-i', '-m', '10', '--http2-prior-knowledge', '-H', 'Authorization: Bearer ' . $registry->token, $httpd->url("/mcp?$how")]);
    like $output, qr{^HTTP/2 200}, "HTTP/2, $how";
    unlike $output, qr/x-secret|forged|\Q$secret\E/i, 'is no other way out';
}
my $c = connect_to($httpd->port);
$c->send("HEAD /mcp?$_ HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer @{[ $registry->token ]}\r\n\r\n"), is $c->response(method => 'HEAD')->{status}, 200, "HEAD $_" for qw(good);
is ask('wordy', path => '/deflated', headers => ['Accept-Encoding' => 'gzip'])->{headers}{'content-encoding'}, 'gzip', 'our own compression comes after';
my $answer = ask('gzip', path => '/header');
is $answer->{headers}{'x-site'}, 'yes', 'Header always reaches refusals';
is $answer->{headers}{'uapi-call-id'}, undef, 'and has the last word';
done_testing;
