# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Clients' answers to what servers ask of them: only what this caller was sent, in this session, can be answered.
use lib 't/lib';
use Uapi::Test;

# Streams what the argument `stream` says, then the result; notes what is posted to it.
my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    return $reply->status(202) if $request->{body} !~ /"method"/;
    my $arguments = $request->json->{params}{arguments};
    my @session = $arguments->{session} ? ('Mcp-Session-Id' => $arguments->{session}) : ();
    return $reply->respond(200, ['Content-Type' => 'application/json'], $arguments->{whole}) if $arguments->{whole};
    return $reply->start(200, 'Content-Type' => 'text/event-stream', @session)
        ->chunk(join('', map { "data: $_\n\n" } @{ $arguments->{stream} || [] }, '{"jsonrpc":"2.0","id":1,"result":{}}'))->finish;
});
my $registry = make_registry(principal => 'one');
my $other = $registry->token_create(principal => 'two')->{token};
my $policy = $registry->file('policy.yaml', <<'YAML');
apiVersion: uapi/v1
kind: Policy
metadata: {name: p}
spec:
  rules:
    - {id: all, effect: allow, server: s, tools: ["*"]}
    - {id: too, effect: allow, server: t, tools: ["*"]}
    - {id: ask, effect: allow, server: "*", methods: [elicitation/create, roots/list]}
YAML
my $httpd = httpd(<<"CONF");
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiEngine on
@{[ map { qq(<Location "/$_">\nUapiServer $_\nProxyPass @{[ $upstream->url('/mcp') ]}\n</Location>\n) } qw(s t) ]}
<Location "/shadow">
    UapiEngine shadow
    UapiServer s
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
CONF

sub post {
    my ($body, %option) = @_;
    return mcp_call($httpd->url($option{path} // '/s'), $option{token} // $registry->token, 'x', {}, body => $body, version => $option{version} // '2025-03-26',
        headers => [$option{session} ? ('Mcp-Session-Id' => $option{session}) : ()]);
}
sub ask {
    my ($arguments, %option) = @_;
    return post(to_json({ jsonrpc => '2.0', id => 1, method => 'tools/call', params => { name => 't', arguments => $arguments } }), %option);
}
sub request { my ($id, $method) = @_; return qq({"jsonrpc":"2.0", "id":$id,"method":"@{[ $method // 'roots/list' ]}"}) }
sub marked { my ($answer) = @_; return $answer->{body} =~ /"id":("(?:[^"\\]|\\.)*"),"method"/ ? $1 : undef }
sub result { my ($id, $more) = @_; return qq({"jsonrpc":"2.0", "id": $id,"result":{"a":1.0@{[ $more // '' ]}}}) }
sub reason { my ($answer) = @_; return eval { $answer->{json}{error}{data}{reason} } // $answer->{status} }

# ---- there and back
for my $id ('7', '0', '-3', '9007199254740993', '"s1"', '""', '"a.s"', '"\u00e9 \"x\" \\\\"', '"7"', '"7.n"') {
    my $answer = ask({ stream => [request($id)] });
    my $mark = marked($answer);
    like $mark, qr/^".*\.[sn][\w-]{20}"$/, "$id: has a mark: $mark";
    is $answer->{body}, 'data: ' . request($mark) . qq(\n\ndata: {"jsonrpc":"2.0","id":1,"result":{}}\n\n), 'and nothing else is changed';
    $upstream->forget;
    is reason(post(result($mark))), 202, 'the answer passes';
    is $upstream->last_request->{body}, result($id), 'with the id that the server gave';
    is marked(ask({ stream => [request($id)] })), $mark, 'the mark is the same each time';
}
is marked(ask({ whole => request('5') })), marked(ask({ stream => [request('5')] })), 'in a whole answer too';
my $mark = marked(ask({ stream => [request('7')] }));
is reason(post(qq({"jsonrpc":"2.0","id":$mark,"error":{"code":-1,"message":"no"}}))), 202, 'an error is an answer';
is $upstream->last_request->{body}, '{"jsonrpc":"2.0","id":7,"error":{"code":-1,"message":"no"}}', 'to the same id';
is reason(post('{"jsonrpc":"2.0","id":null,"error":{"code":-1,"message":"no"}}')), 202, 'an error without an id answers nothing in particular';
like ask({ stream => ['{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}'] })->{body}, qr/"requestId":\Q$mark\E\}/, 'a server can cancel what it asked';

# ---- what was never asked
$upstream->forget;
(my $forged = $mark) =~ s/(.)"$/($1 eq 'A' ? 'B' : 'A') . '"'/e;
(my $renamed = $mark) =~ s/7/8/;
(my $retyped = $mark) =~ s/\.n/.s/;
(my $escaped = $mark) =~ s/\.n/.\\u006e/;
for my $id ('7', '"7"', '"s1"', '""', '1', '99', '"' . 'x' x 22 . '"', $forged, $renamed, $retyped, $escaped) {
    my $answer = post(result($id));
    is $answer->{status}, 400, "an answer to $id: 400";
    is reason($answer), 'rpc.unasked', 'rpc.unasked';
    is $answer->{json}{id}, undef, 'which answers no request of the client\'s';
}
is reason(post(result($mark), token => $other)), 'rpc.unasked', 'another principal';
is reason(post(result($mark), path => '/t')), 'rpc.unasked', 'at another server';
for my $version ('2025-06-18', '2025-11-25') {
    is reason(post(result('7'), version => $version)), 'rpc.unasked', "under $version";
}
is_deeply [$upstream->requests], [], 'none of it went upstream';
my $withheld = ask({ stream => [request('8', 'sampling/createMessage')] });
is marked($withheld), undef, 'what policy withheld has no mark that anybody sees';
my ($record) = grep { $_->{kind} eq 'decision' && ($_->{reason} // '') eq 'rpc.unasked' } $registry->audit_records;
is $record->{action}, 'mcp.response', 'and is in the chain';

# ---- sessions
my $opened = ask({ session => 'abc', stream => [request('7')] });
my ($session, $in_session) = ($opened->{headers}{'mcp-session-id'}, marked($opened));
isnt $in_session, $mark, 'the mark of a session is its own';
is reason(post(result($in_session), session => $session)), 202, 'in the session, the answer passes';
is reason(post(result($in_session))), 'rpc.unasked', 'outside of it, it does not';
my $second = ask({ session => 'def' })->{headers}{'mcp-session-id'};
is reason(post(result($in_session), session => $second)), 'rpc.unasked', 'nor in another';
is marked(ask({ stream => [request('7')] }, session => $session)), $in_session, 'it is the same on every stream of the session';

# ---- batches of answers
$upstream->forget;
is reason(post('[' . result($mark) . ', ' . result('8') . ',' . result('9') . ']')), 202, 'of a batch of answers, those that were asked pass';
is $upstream->last_request->{body}, '[' . result('7') . ']', 'and no others';
is reason(post('[' . result('8') . ',' . result('9') . ']')), 'rpc.unasked', 'if there are any';

# ---- shadow
my $shown = ask({ stream => [request('7')] }, path => '/shadow');
like $shown->{body}, qr/"id":7,"method"/, 'shadow marks nothing';
is reason(post(result('7'), path => '/shadow')), 202, 'and asks for no mark';
done_testing;
