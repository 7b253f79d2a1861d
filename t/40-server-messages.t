# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# What servers say of their own accord: requests to the client are judged by policy and recorded; messages that could be read in two
# ways do not pass.
use lib 't/lib';
use Uapi::Test;

my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    return $reply->status(202) if $request->{body} !~ /"method":/;
    my $arguments = $request->json->{params}{arguments};
    return $reply->respond(200, ['Content-Type' => $arguments->{type} // 'application/json'], $arguments->{raw}) if $arguments->{raw};
    return $reply->start(200, 'Content-Type' => 'text/event-stream')->chunk($arguments->{stream})->finish;
});
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', <<'YAML');
apiVersion: uapi/v1
kind: Policy
metadata: {name: p}
spec:
  rules:
    - {id: tools, effect: allow, server: s, tools: ["*"]}
    - {id: roots, effect: allow, server: s, methods: [roots/list]}
    - {id: no-sampling, effect: deny, server: s, methods: ["sampling/*"]}
YAML
my $httpd = httpd(<<"CONF");
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiServer s
UapiEngine on
ProxyPass /mcp @{[ $upstream->url('/mcp') ]}
<Location "/mcp/shadow">
    UapiEngine shadow
</Location>
CONF
$httpd->expect_log(qr/UAPI0101: call \w+ refused: response\.invalid/);
sub ask { return mcp_call($httpd->url('/mcp'), $registry->token, 'tools/call', { name => 't', arguments => {@_} }) }
sub event { return "data: $_[0]\n\n" }

my $result = event('{"jsonrpc":"2.0","id":1,"result":{}}');
my $sampling = event('{"jsonrpc":"2.0","id":"s1","method":"sampling/createMessage","params":{"messages":[]}}');
my $roots = event('{"jsonrpc":"2.0","id":"s2","method":"roots/list"}');
my $elicit = event('{"jsonrpc":"2.0","id":"s3","method":"elicitation/create","params":{}}');
my $disguised = event('{"jsonrpc":"2.0","id":"s4","method":"tools/call","params":{"name":"t"}}');
my $progress = event('{"jsonrpc":"2.0","method":"notifications/progress","params":{}}');
my $answer = ask(stream => "$sampling$roots$elicit$disguised$progress$result");
is index($answer->{body}, 'sampling/createMessage'), -1, 'a request that a rule denies does not reach the client';
is index($answer->{body}, 'elicitation/create'), -1, 'nor one that no rule allows';
is index($answer->{body}, '"tools/call"'), -1, 'nor one that looks like a call';
like $answer->{body}, qr/^data: \{"jsonrpc":"2\.0","id":"s2\.s[\w-]{20}","method":"roots\/list"\}$/m, 'one that is allowed does, with a mark at its id and else byte for byte';
cmp_ok index($answer->{body}, $progress . $result), '>=', 0, 'notifications and the answer follow';
my @records = grep { $_->{action} eq 'mcp.server.request' && $_->{call} eq $answer->{headers}{'uapi-call-id'} } $registry->audit_records;
is_deeply [map { "$_->{method} $_->{decision} " . ($_->{reason} // '-') } @records],
    ['sampling/createMessage deny policy.denied', 'roots/list allow -', 'elicitation/create deny policy.default_deny', 'tools/call deny policy.default_deny'],
    'each is recorded';

for my $case (['{"jsonrpc":"2.0","id":1,"result":{},"Result":{"tools":[{"name":"x"}]}}', 'a disguised result'],
    ['{"jsonrpc":"2.0","id":1,"result":{"Tools":[{"name":"x"}]}}', 'a disguised list'],
    ["{\"id\":1,\"result\":{\"tool\xc5\xbf\":[{\"name\":\"x\"}]}}", 'a list disguised by a letter that folds']) {
    my ($raw, $what) = @$case;
    is ask(raw => $raw)->{error}{data}{reason}, 'response.invalid', "$what: refused";
    is index(ask(stream => event($raw) . $result)->{body}, $raw), -1, "$what: withheld from a stream";
}
is ask(raw => '{"busy":true}')->{body}, '{"busy":true}', 'JSON that is no message passes';
# Some clients look for a type anywhere in the field.
my $asks = '{"jsonrpc":"2.0","id":"s1","method":"sampling/createMessage","params":{}}';
for my $type ('application/json', 'application/json, text/plain', 'x-application/json', 'application/jsonp', 'text/plain; x=application/json', 'APPLICATION/JSON;v=1') {
    is ask(raw => $asks, type => $type)->{error}{data}{reason}, 'policy.denied', "$type: judged as JSON";
    is ask(raw => '<html>', type => $type)->{error}{data}{reason}, 'response.invalid', "$type: and must be JSON";
}
for my $type ('text/event-stream, text/plain', 'x-text/event-stream', 'text/event-streams', 'text/plain; a=text/event-stream', 'Text/Event-Stream+x') {
    is ask(raw => event($asks), type => $type)->{error}{data}{reason}, 'response.invalid', "$type: no event stream, and nothing that may pass for one";
}
is ask(raw => 'hello', type => 'text/plain')->{body}, 'hello', 'other text passes';

$answer = mcp_call($httpd->url('/mcp/shadow'), $registry->token, 'tools/call', { name => 't', arguments => { stream => "$sampling$result" } });
is $answer->{body}, "$sampling$result", 'shadow withholds nothing';
my ($record) = grep { $_->{action} eq 'mcp.server.request' && $_->{call} eq $answer->{headers}{'uapi-call-id'} } $registry->audit_records;
is $record->{shadow}, 'policy.denied', 'but records what would have been';
done_testing;
