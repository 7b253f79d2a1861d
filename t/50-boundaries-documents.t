# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# A match that is split over the strings of one document, in requests and in answers: elements of arrays, blocks of a result, the same
# member of several objects, members of batches. What stands side by side without going on is let be.
use lib 't/lib';
use Uapi::Test;

my $secret = 'ghp_' . '1B4a9c2D7e6F3g8H5i0JkLmNoPqRsT2QzkXp';
my $mark = '[REDACTED:secrets.github_token]';
# What has parts A, B and C of the secret in it, and is a document or not.
my @documents = (
    ['elements of an array', '{"list":["so A","B","C and"]}'],
    ['elements, without words around them', '{"list":["A","B","C"]}'],
    ['members of an object', '{"x":"so A","y":"B","z":"C and"}'],
    ['blocks of a result', '{"content":[{"type":"text","text":"so A"},{"type":"text","text":"B"},{"type":"text","text":"C and"}]}'],
    ['a resource in parts', '{"contents":[{"uri":"a:1","text":"so A"},{"uri":"a:2","text":"B"},{"uri":"a:3","text":"C and"}]}'],
    ['messages of a prompt', '{"messages":[{"role":"user","content":{"type":"text","text":"A"}},{"role":"user","content":{"type":"text","text":"B"}},{"role":"user","content":{"type":"text","text":"C"}}]}'],
    ['escapes', '{"content":[{"type":"text","text":"\\u0073o\\n A"},{"type":"text","text":"B"},{"type":"text","text":"C\\u0020and"}]}'],
);
my @controls = (
    ['numbers that are none together', '{"content":[{"type":"text","text":"4012888888"},{"type":"text","text":"881881"}]}'],
    ['numbers of several records', '{"records":[{"text":"40128888"},{"text":"88881881"}]}'],
    ['a token and a word', '{"content":[{"type":"text","text":"ghp_1B4a9c2D7e6F3g8H5i0J"},{"type":"text","text":" kLmNoPqRsT2QzkXp"}]}'],
    ['other members between', '{"content":[{"type":"text","text":"ghp_1B4a9c2D7e6F3g8H5i0J"},{"type":"text","text":"and then"},{"type":"text","text":"kLmNoPqRsT2QzkXp"}]}'],
);
sub parts { return (A => substr($secret, 0, 14), B => substr($secret, 14, 12), C => substr($secret, 26)) }
sub with { my ($text, %part) = @_; return $text =~ s/\b([ABC])\b/$part{$1}/gr }

my $batch = '[{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"so A"}]}},{"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"text","text":"BC and"}]}}]';
my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    my $messages = $request->json;
    return $reply->json($messages) unless ref $messages;
    if (ref $messages eq 'ARRAY') {
        my $body = with($batch =~ s/BC/B/r, A => substr($secret, 0, 20), B => substr($secret, 20));
        return $reply->start(200, 'Content-Type' => 'application/json', 'Content-Length' => length $body)->chunk($body)->finish;
    }
    my $arguments = $messages->{params}{arguments} || {};
    my $document = defined $arguments->{n} ? with($documents[ $arguments->{n} ][1], parts()) : defined $arguments->{c} ? $controls[ $arguments->{c} ][1] : '{}';
    my $body = qq({"jsonrpc":"2.0","id":1,"result":$document});
    return $reply->start(200, 'Content-Type' => 'application/json', 'Content-Length' => length $body)->chunk($body)->finish;
});
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n    - {id: all, effect: allow, server: s}\n");
my $httpd = httpd(<<"CONF");
@{[ $registry->config ]}
UapiPolicy "$policy"
@{[ join "\n", map { "UapiPlugin " . out("plugins/scanner_$_.so") } qw(secrets pii) ]}
UapiServer s
UapiEngine on
ProxyPass /mcp @{[ $upstream->url('/mcp') ]}
CONF
my $url = $httpd->url('/mcp');
sub ask { my ($arguments, %option) = @_; return mcp_call($url, $registry->token, 'tools/call', { name => 't', arguments => $arguments }, %option) }

for my $n (0 .. $#documents) {
    my ($what, $document) = @{ $documents[$n] };
    is ask({ n => $n })->{body}, '{"jsonrpc":"2.0","id":1,"result":' . with($document, map { $_ => $mark } qw(A B C)) . '}', "an answer: $what";
    my $body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":' . with($document, parts()) . '}}';
    is ask({}, body => $body)->{error}{data}{rule}, 'secrets.github_token', "a request: $what";
}
for my $n (0 .. $#controls) {
    my ($what, $document) = @{ $controls[$n] };
    is ask({ c => $n })->{body}, qq({"jsonrpc":"2.0","id":1,"result":$document}), "an answer: $what";
    my $body = qq({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":$document}});
    ok ask({}, body => $body)->{result}, "a request: $what";
}
sub call { my ($id, $text) = @_; return { jsonrpc => '2.0', id => $id, method => 'tools/call', params => { name => 't', arguments => { text => $text } } } }
my $answer = ask({}, version => '2025-03-26', body => to_json([call(1, 'a'), call(2, 'b')]));
is $answer->{body}, with($batch =~ s/BC/B/r, A => $mark, B => $mark), 'members of a batch of answers';
$answer = ask({}, version => '2025-03-26', body => to_json([call(1, 'so ' . substr $secret, 0, 20), call(2, substr($secret, 20) . ' and'), call(3, 'none')]));
is join(' ', map { $_->{error} ? $_->{error}{data}{rule} : 'passed' } sort { $a->{id} <=> $b->{id} } grep { $_->{error} } @{ from_json($answer->{body}) }),
    'secrets.github_token secrets.github_token', 'members of a batch of requests: those that have part of it are refused';
done_testing;
