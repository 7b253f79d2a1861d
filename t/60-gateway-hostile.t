# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Servers behind a universal gateway that answer its own questions badly, each in its way, all in one list with one that answers well.
use lib 't/lib';
use Uapi::Test;

my $secret = 'ghp_' . '0123456789abcdefghijABCDEFGHIJ012345';
my $list = sub { my ($name, @more) = @_; return { tools => [{ name => $name, inputSchema => {} }, @more] } };
my $elsewhere = upstream(tools => ['stolen']);
my $large = 'x' x 200_000;

# What each says to tools/list: a result, or a sub that answers itself; and the reason with which it is missing, or its tools.
my %behaviour = (
    good => [$list->('t'), ['t']],
    html => [sub { $_[0]->respond(200, ['Content-Type' => 'text/html'], '<html>no</html>') }, 'response.invalid'],
    error_page => [sub { $_[0]->respond(500, ['Content-Type' => 'text/html'], '<html>no</html>') }, 'upstream.failed'],
    redirect => [sub { $_[0]->respond(307, [Location => $elsewhere->url('/mcp')], '') }, 'upstream.failed'],
    gzip => [sub { $_[0]->gzip({ jsonrpc => '2.0', id => 1, result => $list->('t') }) }, 'response.invalid'],
    nothing => [sub { $_[0]->status(204) }, 'response.invalid'],
    broken => [sub { $_[0]->json('{"jsonrpc":"2.0","id":1,"result":{"tools":[') }, 'response.invalid'],
    twice => [sub { $_[0]->json('{"jsonrpc":"2.0","id":1,"result":{"tools":[]},"result":{"tools":[{"name":"t"}]}}') }, 'response.invalid'],
    disguised => [sub { $_[0]->json('{"jsonrpc":"2.0","id":1,"result":{"Tools":[{"name":"t"}]}}') }, 'response.invalid'],
    foreign => [sub { $_[0]->json({ jsonrpc => '2.0', id => 99, result => $list->('t') }) }, 'response.invalid'],
    batch => [sub { $_[0]->json([{ jsonrpc => '2.0', id => 1, result => $list->('t') }]) }, 'response.invalid'],
    large => [$list->($large), 'response.too_large'],
    large_event => [sub { $_[0]->sse([{ jsonrpc => '2.0', id => 1, result => $list->($large) }]) }, 'response.too_large'],
    endless => [sub { $_[0]->start(200, 'Content-Type' => 'text/event-stream')->chunk("data: {}\n\n") for 1; $_[0]->sleep(5) }, 'upstream.failed'],
    no_event => [sub { $_[0]->start(200, 'Content-Type' => 'text/event-stream')->chunk("data: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"tools\":[]}}\n") }, 'response.invalid'],
    stalled => [sub { $_[0]->sleep(5) }, 'upstream.failed'],
    dies => [sub { $_[0]->start(200, 'Content-Type' => 'application/json', 'Content-Length' => 1000)->chunk('{"jsonrpc"')->reset }, 'upstream.failed'],
    refuses => [sub { $_[0]->json({ jsonrpc => '2.0', id => 1, error => { code => -32603, message => 'no' } }) }, 'upstream.failed'],
    no_list => [{ tools => { name => 't' } }, 'response.invalid'],
    leaks => [$list->('t', { name => 'u', description => "use $secret" }), 'firewall.blocked'],
    talks => [sub { $_[0]->sse([{ jsonrpc => '2.0', method => 'notifications/message', params => {} }, { jsonrpc => '2.0', id => 1, method => 'roots/list' },
        { jsonrpc => '2.0', id => 1, result => $list->('t') }]) }, ['t']],
    names => [{ tools => [{ title => 'nameless' }, 'text', { name => 7 }, { name => 'a__b' }, { name => "q\"\\\x{e9}" }, { name => '' }] }, ['a__b', "q\"\\\x{e9}"]],
    loops => [{ %{ $list->('t') }, nextCursor => 'again' }, ['t']],
    echoes => [sub { my ($reply, $request) = @_; $reply->json({ jsonrpc => '2.0', id => 1, result => $list->('t', { name => 'u', description => $request->header('x-key') }) }) }, ['t', 'u']],
    unset => [$list->('t'), 'credential.missing'],
);
# These fail earlier, when their session is opened.
my %opening = (
    odd_session => ["Mcp-Session-Id: two words\r\n", '2025-11-25'],
    odd_revision => ['', '1999-01-01'],
);
my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    my ($name) = $request->{target} =~ m{/(\w+)$};
    my $message = $request->json;
    return $reply->status(202) unless defined $message->{id};
    my $answer = { jsonrpc => '2.0', id => $message->{id} };
    if ($message->{method} eq 'initialize') {
        my ($head, $revision) = @{ $opening{$name} || ['', '2025-06-18'] };
        my $body = to_json({ %$answer, result => { protocolVersion => $revision, capabilities => {}, serverInfo => { name => $name, version => 1 } } });
        return $reply->raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n${head}Content-Length: @{[ length $body ]}\r\n\r\n$body");
    }
    return $reply->json({ %$answer, error => { code => -32601, message => 'Method not found' } }, 400) if $message->{method} ne 'tools/list';
    my $what = $behaviour{$name}[0];
    return ref $what eq 'CODE' ? $what->($reply, $request) : $reply->json({ %$answer, result => $what });
});
my %credential = (echoes => "  credential: {name: key, inject: {header: X-Key, value: \"{secret}\"}}\n", unset => "  credential: {name: no-such, inject: {header: X-Key, value: \"{secret}\"}}\n");
my $registry = make_registry();
$registry->credential_set(key => 'a-secret-to-be-echoed');
my $policy = $registry->file('policy.yaml', join "---\n", <<'YAML', map { "apiVersion: uapi/v1\nkind: Server\nmetadata: {name: $_}\nspec:\n  url: @{[ $upstream->url(\"/$_\") ]}\n  timeout: 700ms\n" . ($credential{$_} // '') } sort keys %behaviour, keys %opening);
apiVersion: uapi/v1
kind: Policy
metadata: {name: all}
spec:
  rules:
    - {id: all, effect: allow}
---
apiVersion: uapi/v1
kind: Firewall
metadata: {name: all}
spec:
  scanners:
    secrets: {response: block}
YAML
my $httpd = httpd(<<"CONF");
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiPlugin @{[ out('plugins/scanner_secrets.so') ]}
<Location "/mcp">
    UapiEngine on
    UapiServers separator=. *
    UapiMaxResponse 64K
    SetHandler uapi-gateway
</Location>
CONF
$httpd->allow_log(qr/UAPI0122/);
my $answer = mcp_call($httpd->url('/mcp'), $registry->token, 'tools/list', {});
is $answer->{status}, 200, 'there is an answer';
my %missing = map { $_->{server} => $_->{reason} } @{ $answer->{result}{_meta}{'uapi/unavailable'} };
my %tools;
for (@{ $answer->{result}{tools} }) {
    my ($server, $name) = $_->{name} =~ /^(\w+)\.(.*)$/s;
    push @{ $tools{$server} }, $name;
}
for my $name (sort keys %behaviour) {
    my $expected = $behaviour{$name}[1];
    if (ref $expected) {
        is $missing{$name}, undef, "$name: not missing";
        my @unique = do { my %seen; grep { !$seen{$_}++ } @{ $tools{$name} || [] } };
        is_deeply \@unique, $expected, "$name: its tools";
    } else {
        is $missing{$name}, $expected, "$name: $expected";
        is $tools{$name}, undef, "$name: no tool";
    }
}
is $missing{$_}, 'upstream.failed', "$_: no session" for sort keys %opening;
cmp_ok scalar(@{ $tools{loops} }), '<=', 64, 'a list without end ends';
unlike $answer->{body}, qr/a-secret-to-be-echoed|\Q$secret\E/, 'no secret in the answer';
is_deeply [$elsewhere->requests], [], 'no redirect is followed';
my %of = map { ($_->{server} // '') => 1 } grep { $_->{kind} eq 'decision' && $_->{method} eq 'tools/list' && $_->{decision} eq 'allow' } $registry->audit_records;
is $of{unset}, undef, 'what is not sent is not recorded as allowed';
is_deeply [grep { $_->{target} eq '/unset' } $upstream->requests], [], 'and does not leave';
unlike $httpd->error_log, qr/a-secret-to-be-echoed|\Q$secret\E/, 'no secret in the log';
done_testing;
