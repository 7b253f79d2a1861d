# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# What servers say before they answer the members of a batch (2025-03-26) at a universal gateway: judged, renamed, and sent on at once where
# the client takes event streams, the answers as its last event; where it does not, servers are told that nobody hears their requests.
use lib 't/lib';
use Uapi::Test;

my $secret = 'ghp_' . '0123456789abcdefghijABCDEFGHIJ012345';
my @said = (
    { jsonrpc => '2.0', method => 'notifications/progress', params => { progressToken => 7, progress => 1 } },
    { jsonrpc => '2.0', method => 'notifications/message', params => { level => 'info', data => "a $secret b" } },
    { jsonrpc => '2.0', id => 'ask', method => 'sampling/createMessage', params => { text => 'x' } },
    { jsonrpc => '2.0', id => 'no', method => 'roots/list' },
);
sub server {
    my ($name) = @_;
    return upstream(sub {
        my ($request, $reply) = @_;
        my $message = $request->json;
        return $reply->status(202) unless defined $message->{id} && defined $message->{method};
        my $answer = { jsonrpc => '2.0', id => $message->{id} };
        return $reply->respond(200, ['Content-Type' => 'application/json', 'Mcp-Session-Id' => "s-$name"],
            to_json({ %$answer, result => { protocolVersion => '2025-06-18', capabilities => {}, serverInfo => { name => $name, version => 1 } } })) if $message->{method} eq 'initialize';
        my $text = $message->{params}{arguments}{text} // '';
        my $result = { %$answer, result => { content => [], server => $name } };
        return $reply->json($result) if $text ne 'talk';
        $reply->start(200, 'Content-Type' => 'text/event-stream');
        $reply->event($_) for @said;
        return $reply->sleep(0.5)->event($result)->finish;
    });
}
my %server = map { $_ => server($_) } qw(quiet talks);
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', join "---\n", <<'YAML', map { "apiVersion: uapi/v1\nkind: Server\nmetadata: {name: $_}\nspec:\n  url: @{[ $server{$_}->url('/mcp') ]}\n  timeout: 5s\n" } sort keys %server);
apiVersion: uapi/v1
kind: Policy
metadata: {name: p}
spec:
  rules:
    - {id: all, effect: allow}
    - {id: no-roots, effect: deny, methods: [roots/list]}
---
apiVersion: uapi/v1
kind: Firewall
metadata: {name: f}
spec:
  scanners: {secrets: {response: redact}}
YAML
my $httpd = httpd(<<"CONF");
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiPlugin @{[ out('plugins/scanner_secrets.so') ]}
UapiServers *
<Location "/mcp">
    UapiEngine on
    SetHandler uapi-gateway
</Location>
CONF
my $session = mcp_initialize($httpd->url('/mcp'), $registry->token, '2025-03-26', version => undef)->{headers}{'mcp-session-id'};
sub post { my ($body, %option) = @_; return mcp_call($httpd->url('/mcp'), $registry->token, undef, undef, id => undef, version => '2025-03-26', body => $body, headers => ['Mcp-Session-Id' => $session, Accept => $option{accept}], timeout => 20) }
sub tool { my ($id, $name, $text) = @_; return qq({"jsonrpc":"2.0","id":$id,"method":"tools/call","params":{"name":"$name","arguments":{"text":"@{[ $text // '' ]}"}}}) }
sub refusals { my ($name) = @_; my @told; wait_for(3, sub { @told = grep { $_->{error} } map { eval { $_->json } || {} } $server{$name}->requests; scalar @told }); return [sort map { "$_->{id} $_->{error}{code}" } @told] }
my $both = '[' . tool(1, 'quiet__get') . ',' . tool(2, 'talks__get', 'talk') . ']';

$_->forget for values %server;
my $answer = post($both, accept => 'application/json, text/event-stream');
is $answer->{headers}{'content-type'}, 'text/event-stream', 'a client that takes streams gets one';
my @events = map { from_json($_->{data}) } sse_events($answer->{body});
my $last = pop @events;
is_deeply [map { "$_->{id} $_->{result}{server}" } ref $last eq 'ARRAY' ? @$last : ()], ['1 quiet', '2 talks'], 'its last event has all answers' or diag $answer->{body};
my %of = map { $_->{method} => $_ } @events;
is $of{'notifications/progress'}{params}{progress}, 1, 'progress comes before';
like $of{'notifications/message'}{params}{data}, qr/^a \[REDACTED\S* b$/, 'inspected like everything';
like $of{'sampling/createMessage'}{id}, qr/^uapi:talks:/, 'a request has an id that leads back';
is $of{'roots/list'}, undef, 'what policy denies does not come';
my ($progress) = grep { $_->[1] =~ /notifications\/progress/ } @{ $answer->{pieces} };
my ($ended) = grep { $_->[1] =~ /"server":"talks"/ } @{ $answer->{pieces} };
ok $ended->[0] - $progress->[0] > 0.3, 'at once, and not with the answers';
is_deeply refusals('talks'), ['no -32010'], 'and the server is told' or diag explain [map { $_->{body} } $server{talks}->requests];
my $given = post(to_json({ jsonrpc => '2.0', id => $of{'sampling/createMessage'}{id}, result => { said => 'y' } }), accept => 'application/json, text/event-stream');
is $given->{status}, 202, 'the client answers the request';
is_deeply [map { $_->{result}{said} } grep { ($_->{id} // '') eq 'ask' && $_->{result} } map { $_->json } $server{talks}->requests], ['y'], 'and the server gets it under its own id';

$_->forget for values %server;
$answer = post($both, accept => 'application/json');
is_deeply [map { "$_->{id} $_->{result}{server}" } @{ $answer->{json} }], ['1 quiet', '2 talks'], 'a client that takes none gets an array';
is_deeply [map { (split / /)[0] } @{ refusals('talks') }], ['ask', 'no'], 'and the server is told that nobody hears its requests' or diag explain refusals('talks');

$answer = post('[' . tool(1, 'quiet__get') . ',' . tool(2, 'quiet__get') . ']', accept => 'application/json, text/event-stream');
is $answer->{headers}{'content-type'}, 'application/json', 'where nobody says anything, there is no stream';
$httpd->stop;
my %outcomes = map { $_->{result} => 1 } grep { $_->{kind} eq 'outcome' } $registry->audit_records;
is_deeply [keys %outcomes], ['ok'], 'all of it ended well, in the chain too' or diag explain \%outcomes;
done_testing;
