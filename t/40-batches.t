# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Batches (2025-03-26): one refused member refuses only itself. What is allowed goes upstream byte for byte, what the client gets is the
# upstream's answer with the errors of the refused members.
use lib 't/lib';
use Uapi::Test;
use Digest::SHA 'sha256_hex';

# A server that answers as the argument `how` of its batch's first member says; otherwise an array with a result for each request.
my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    my $batch = from_json($request->{body});
    my @calls = ref $batch eq 'ARRAY' ? @$batch : ($batch);
    my $how = $request->{headers}{'x-how'} // 'array';
    my @results = map { { jsonrpc => '2.0', id => $_->{id}, result => { said => $_->{params}{name} // '-' } } } grep { exists $_->{id} } @calls;
    my $text = join ",\n ", map { to_json($_) } @results;
    my %raw = (array => "[ $text ]\n", single => $text, empty => '[]', null => '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}',
        foreign => qq([$text,{"jsonrpc":"2.0","id":99,"result":{}},{"jsonrpc":"2.0","id":"bad","result":{"said":"yes"}}]),
        lonely => '{"jsonrpc":"2.0","id":"bad","result":{"said":"yes"}}', list => qq([{"jsonrpc":"2.0","id":"ok","result":{"Tools":[]}}]),
        half => qq([$text,{"jsonrpc":"2.0","id":1.5,"method":"sampling/createMessage","params":{}}]));
    return $reply->status(202) if $how eq 'accepted' || !@results && $how eq 'array';
    return $reply->status(204) if $how eq 'nothing';
    return $reply->respond(200, ['Content-Type' => 'text/plain'], 'thanks') if $how eq 'text';
    return $reply->respond(500, ['Content-Type' => 'application/json'], '{"oops":1}') if $how eq 'broken';
    if ($how =~ /^sse/) {
        my @events = map { 'data: ' . to_json($_) . "\n\n" } @results;
        push @events, "data: {\"jsonrpc\":\"2.0\",\"id\":\"bad\",\"result\":{\"said\":\"yes\"}}\n\n" if $how eq 'sse-foreign';
        unshift @events, "\xef\xbb\xbfid: 7\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{}}\n\n" if $how eq 'sse-bom';
        @events = () if $how eq 'sse-none';
        return $reply->start(200, 'Content-Type' => 'text/event-stream')->chunk(join '', @events)->finish;
    }
    return $reply->respond(200, ['Content-Type' => 'application/json', ETag => '"x"'], $raw{$how});
});
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', <<'YAML');
apiVersion: uapi/v1
kind: Policy
metadata: {name: p}
spec:
  rules:
    - {id: tools, effect: allow, server: s, tools: ["get_*"]}
    - {id: never, effect: deny, server: s, tools: ["drop_*"]}
    - {id: quiet, effect: deny, server: s, methods: [notifications/roots/list_changed]}
---
apiVersion: uapi/v1
kind: Firewall
metadata: {name: f}
spec:
  scanners: {secrets: {request: block, rules: {secrets.gitlab_token: {request: redact}}}}
YAML
my $plugin = out('plugins/scanner_secrets.so');
my $httpd = httpd(<<"CONF");
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiPlugin $plugin sha256:@{[ sha256_hex(slurp($plugin)) ]}
UapiServer s
UapiEngine on
ProxyPass /mcp @{[ $upstream->url('/mcp') ]}
<Location "/mcp/shadow">
    UapiEngine shadow
</Location>
CONF

sub send_batch {
    my ($body, %option) = @_;
    return mcp_call($httpd->url($option{path} // '/mcp'), $registry->token, 'x', {}, version => $option{version} // '2025-03-26', body => $body,
        headers => ['X-How' => $option{how} // 'array', @{ $option{headers} // [] }]);
}
sub call { my ($id, $tool, $more) = @_; return qq({"jsonrpc":"2.0","id":$id,"method":"tools/call","params":{"name":"$tool","arguments":{$more}}}) }
sub summary { return [map { my $m = $_; ($m->{id} // '') . ' ' . ($m->{error} ? $m->{error}{data}{reason} // 'error' : $m->{result}{said}) } @{ $_[0] }] }
sub records { my ($answer) = @_; return grep { $_->{call} eq $answer->{headers}{'uapi-call-id'} && $_->{kind} eq 'decision' } $registry->audit_records }

my $good = call('"ok"', 'get_a', '"n": 1.0,  "s":"\u00e9"');
my $other = call(2, 'get_b', '');
my $bad = call('"bad"', 'drop_all', '');
my $note = '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}';
my $secret_note = '{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}';
my $token = join '', 'glp', 'at-', map { ('A' .. 'Z', 'a' .. 'z', 0 .. 9)[rand 62] } 1 .. 20;
my $key = join '', 'AK', 'IA', map { ('A' .. 'Z', 2 .. 7)[rand 32] } 1 .. 16;

# [what, the batch, what goes upstream (undef: nothing), what the client gets]
my @cases = (
    ['the last', "[$good , $other ,\n $bad ]", "[$good , $other ]", ['ok get_a', '2 get_b', 'bad policy.denied']],
    ['the first', "[ $bad , $good, $other]", "[ $good, $other]", ['ok get_a', '2 get_b', 'bad policy.denied']],
    ['the middle', "[$good,$bad,$other]", "[$good,$other]", ['ok get_a', '2 get_b', 'bad policy.denied']],
    ['two at the start', '[' . call(7, 'x', '') . ",$bad, $good]", "[$good]", ['ok get_a', '7 policy.default_deny', 'bad policy.denied']],
    ['all but the middle', "[$bad,$good ," . call(7, 'x', '') . ']', "[$good]", ['ok get_a', 'bad policy.denied', '7 policy.default_deny']],
    ['none', "[$good,\t$other]\n", "[$good,\t$other]\n", ['ok get_a', '2 get_b']],
    ['all', "[$bad," . call(7, 'x', '') . ']', undef, ['bad policy.denied', '7 policy.default_deny']],
    ['the only request beside a notification', "[$note,$bad]", "[$note]", ['bad policy.denied']],
    ['a notification', "[$good,$secret_note]", "[$good]", ['ok get_a']],
    ['one for its content', "[$good," . call(3, 'get_c', qq("k":"aws_access_key_id=$key")) . ']', "[$good]", ['ok get_a', '3 firewall.blocked']],
    ['one for policy, one for its content', "[$bad," . call(3, 'get_c', qq("k":"$key")) . ",$good]", "[$good]", ['ok get_a', 'bad policy.denied', '3 firewall.blocked']],
);
for my $case (@cases) {
    my ($what, $batch, $forwarded, $expected) = @$case;
    $upstream->forget;
    my $answer = send_batch($batch);
    is $answer->{status}, 200, "refused, $what: 200";
    is_deeply summary($answer->{json}), $expected, "refused, $what: each is answered" or diag $answer->{body};
    my @seen = $upstream->requests;
    is @seen ? $seen[0]->{body} : undef, $forwarded, "refused, $what: the bytes that went upstream";
    my @records = records($answer);
    is scalar @records, scalar @{ from_json($batch) }, "refused, $what: a record for each member";
}

my $answer = send_batch("[$good,$bad," . call(3, 'get_c', qq("k":"$token")) . ',' . call(4, 'get_d', qq("k":"$key")) . ']');
is_deeply summary($answer->{json}), ['ok get_a', '3 get_c', 'bad policy.denied', '4 firewall.blocked'], 'a redacted member goes on';
is $upstream->last_request->{body}, "[$good," . call(3, 'get_c', '"k":"[REDACTED:secrets.gitlab_token]"') . ']', 'redacted, beside the untouched';
is_deeply [map { join ' ', $_->{decision}, $_->{target}, $_->{rule} // '-', $_->{reason} // '-', map { $_->{rule} } @{ $_->{findings} // [] } } records($answer)],
    ['allow get_a tools -', 'deny drop_all never policy.denied', 'allow get_c tools - secrets.gitlab_token', 'deny get_d tools firewall.blocked secrets.aws_access_key'],
    'each record has its own verdict, rule and findings';
like $answer->{body}, qr/"rule":"never"/, 'the client is told the rule';
is $answer->{headers}{etag}, undef, 'what described the upstream\'s bytes is gone';

# What upstreams make of the rest.
$answer = send_batch("[$good,$bad]", how => 'array');
like $answer->{body}, qr/^\[ \{"id":"ok".*\} ,\{"jsonrpc":"2\.0","id":"bad","error".*\}\]$/, 'an array: the errors follow, the rest is byte for byte';
my $errors = ['bad policy.denied'];
for my $case (['single', "[$good,$bad]", ['ok get_a', @$errors]], ['empty', "[$good,$bad]", $errors], ['nothing', "[$note,$bad]", $errors],
    ['accepted', "[$note,$bad]", $errors], ['text', "[$note,$bad]", $errors], ['null', "[$good,$bad]", [' error', @$errors]],
    ['foreign', "[$good,$bad]", ['ok get_a', @$errors]]) {
    my ($how, $batch, $expected) = @$case;

    $answer = send_batch($batch, how => $how);
    is_deeply [$answer->{status}, $answer->{headers}{'content-type'}], [200, 'application/json'], "upstream answers '$how': JSON";
    is_deeply summary($answer->{json}), $expected, "upstream answers '$how': every request has its answer" or diag $answer->{body};
}
is send_batch("[$note,$secret_note]", how => 'accepted')->{status}, 202, 'where no request was refused there is nothing to add';
is send_batch("[$note,$secret_note]", how => 'accepted')->{body}, '', 'at all';
is send_batch("[$good,$bad]", how => 'broken')->{body}, '{"oops":1}', 'an HTTP error is the answer to all';
$httpd->expect_log(qr/UAPI0101: call \w+ refused: response\.invalid/);
is_deeply summary(send_batch("[$good,$bad]", how => 'lonely')->{json}), ['ok response.invalid', 'bad policy.denied'], 'an answer to the refused member alone is none';
is_deeply summary(send_batch("[$good,$other]", how => 'list')->{json}), ['ok response.invalid', '2 response.invalid'], 'a disguised list in an array is found';
is_deeply summary(send_batch("[$good,$other]", how => 'half')->{json}), ['ok response.invalid', '2 response.invalid'], 'so is a request that is no message of the protocol';

for my $case (['sse', ['bad policy.denied', 'ok get_a']], ['sse-foreign', ['bad policy.denied', 'ok get_a']], ['sse-none', ['bad policy.denied']]) {
    my ($how, $expected) = @$case;
    $answer = send_batch("[$good,$bad]", how => $how);
    is_deeply summary($answer->{events}), $expected, "$how: one event for each answer" or diag $answer->{body};
}
$answer = send_batch("[$good,$bad]", how => 'sse-bom');
like $answer->{body}, qr/^data: \{"jsonrpc":"2\.0","id":"bad".*\n\nid: \S{30,}\n/, 'a byte order mark does not stand in the middle';

# What would make it unclear whom an answer is for, or cost too much.
my $long = '9007199254740993';
for my $case ([$good, $good], [call(1, 'get_a', ''), call(1, 'drop_x', '')], [call(1, 'get_a', ''), call('"1"', 'drop_x', '')], [call('"a"', 'get_a', ''), call('"\u0061"', 'drop_x', '')],
    [call(0, 'get_a', ''), call('-0', 'drop_x', '')], [call($long, 'get_a', ''), call('9007199254740992', 'drop_x', '')]) {
    is send_batch('[' . join(',', @$case) . ']')->{error}{data}{reason}, 'rpc.invalid', 'an id twice: ' . join ' and ', map { /"id":([^,]+)/ } @$case;
}
is send_batch("[$good,1]")->{status}, 400, 'a member that is no message';
is send_batch("[$good,{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":{}}]")->{error}{data}{reason}, 'rpc.invalid', 'calls and answers mixed';
is send_batch('[' . join(',', map { call($_, 'get_a', '') } 1 .. 101) . ']')->{error}{data}{reason}, 'rpc.batch', 'more than a hundred';
is scalar @{ send_batch('[' . join(',', map { call($_, $_ % 2 ? 'get_a' : 'no', '') } 1 .. 100) . ']')->{json} }, 100, 'a hundred is none too many';
is send_batch("[$good]", version => $_)->{error}{data}{reason}, 'rpc.batch', "$_ has no batches" for '2025-06-18', '2025-11-25';

$upstream->forget;
$answer = send_batch("[$good,$bad]", path => '/mcp/shadow');
is_deeply summary($answer->{json}), ['ok get_a', 'bad drop_all'], 'shadow refuses no member';
is_deeply [map { $_->{shadow} // '-' } records($answer)], ['-', 'policy.denied'], 'but records for which it would have';
done_testing;
