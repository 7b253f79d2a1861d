# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Actions of the firewall by server, tool, caller, direction, severity; rules in shadow; exceptions and their end;
# approval.required, in every form in which a caller is answered. What was found is never said. The secrets are made at
# run time.
use lib 't/lib';
use Uapi::Test;
use Digest::SHA 'sha256_hex';

my ($secret, $other) = map { join '', 'AK', 'IA', map { ('A' .. 'Z', 2 .. 7)[rand 32] } 1 .. 16 } 1, 2;
my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    return $reply->json({}) if $request->{method} eq 'GET';
    return $reply->json({ answer => $secret }) if $request->{target} =~ m{^/rest};
    my $message = $request->json;
    return $reply->json({ jsonrpc => "2.0", id => 2, result => {} }) if ref $message eq "ARRAY";
    my $arguments = $message->{params}{arguments} || {};
    return $reply->start(200, 'Content-Type' => 'text/event-stream')->chunk($arguments->{raw})->finish if $arguments->{raw};
    return $reply->json({ jsonrpc => '2.0', id => 1, result => { said => $arguments->{say} ? $secret : 'nothing' } });
});
my $registry = make_registry();
my $contractor = $registry->token_create(principal => 'temp', type => 'agent', roles => ['contractor'])->{token};
my $policy = $registry->file('policy.yaml', <<"YAML");
apiVersion: uapi/v1
kind: Policy
metadata: {name: everyone}
spec:
  rules:
    - {id: all, effect: allow, server: "*"}
---
apiVersion: uapi/v1
kind: Firewall
metadata: {name: main}
spec:
  rules:
    - {id: watched, server: lab, scanners: [secrets], action: log}
    - {id: held, server: lab, tools: ["pay_*"], scanners: [secrets], direction: request, action: require_approval}
    - {id: held-answers, server: lab, tools: ["ask_*"], scanners: [secrets], direction: response, action: require_approval}
    - {id: contractors, server: lab, subjects: [{type: agent, roles: [contractor]}], scanners: ["sec*"], action: block}
    - {id: grave, server: grave, rules: ["secrets.*"], severity: low, action: redact}
    - {id: trial, server: lab, tools: [trial], scanners: [secrets], action: block, mode: shadow}
    - {id: svc, server: svc, scanners: [secrets], action: log}
    - {id: op, server: svc, tools: [pay], scanners: [secrets], action: require_approval}
    - {id: rest, server: shop, scanners: [secrets], action: require_approval}
  allow:
    - {id: sample, owner: qa, reason: a sample that is no key, expires: 2099-12-31, scanners: [secrets], server: main,
       value: {sha256: @{[ sha256_hex($secret) ]}}}
    - {id: old, owner: qa, reason: it was one once, expires: 2020-12-31, scanners: [secrets], server: main}
---
apiVersion: uapi/v1
kind: Firewall
metadata: {name: tomorrow}
spec:
  mode: shadow
  rules:
    - {id: strict, server: lab, tools: [plain], scanners: [secrets], action: require_approval}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: shop}
spec: {protocol: rest}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: svc}
spec: {protocol: rest, operations: {pay: {method: POST, path: /rest/pay}, ask: {method: POST, path: /rest/ask}}}
@{[ join "", map { "---\napiVersion: uapi/v1\nkind: Server\nmetadata: {name: $_}\nspec: {protocol: mcp}\n" } qw(main lab grave) ]}
YAML
my $plugin = out('plugins/scanner_secrets.so');
my $routes = join '', map { "<Location /$_>\nUapiEngine on\nUapiServer $_\nProxyPass " . $upstream->url('/mcp') . "\n</Location>\n" } qw(main lab grave);
my $httpd = httpd("UapiPlugin $plugin sha256:" . sha256_hex(slurp($plugin)) . "\n" . $registry->config . "\nUapiPolicy \"$policy\"\n$routes"
    . "<Location /shop>\nUapiEngine on\nUapiServer shop\nUapiProtocol rest\nProxyPass " . $upstream->url('/rest') . "\n</Location>\n"
    . "<Location /svc>\nUapiEngine on\nUapiServer svc\nUapiProtocol auto\nProxyPass " . $upstream->url('/rest') . "\n</Location>\n");
$httpd->expect_log(qr/UAPI0002: \S+policy\.yaml:\d+:\d+: warning: this entry has expired/);

sub ask {
    my ($server, $tool, $arguments, $token, %more) = @_;
    return mcp_call($httpd->url("/$server"), $token // $registry->token, 'tools/call', { name => $tool, arguments => $arguments }, %more);
}
sub record { my ($kind) = @_; my ($last) = reverse grep { $_->{kind} eq $kind } $registry->audit_records; return $last }
sub passes { my ($answer, $name) = @_; return ok exists $answer->{result}, $name || 'passes' }

# ---- by server, tool, caller
my $answer = ask('main', 't', { text => $other });
is $answer->{error}{data}{reason}, 'firewall.blocked', 'main: nothing speaks of it, so the default blocks';
passes(ask('lab', 't', { text => $secret }), 'lab: a rule for the server logs');
my $found = record('decision')->{findings}[0];
is $found->{action}, 'log', 'the record: the action';
is $found->{by}, 'main/watched', 'and the rule that says so';
is $found->{shadow}, undef, 'and nothing of shadow';
passes(ask('lab', 't', { say => 1 }), 'the same of answers');
is record('outcome')->{findings}[0]{by}, 'main/watched', 'with the rule in the record of the outcome';
$answer = ask('lab', 't', { text => $secret }, $contractor);
is $answer->{error}{data}{reason}, 'firewall.blocked', 'a caller with the role is blocked';
is record('decision')->{findings}[0]{by}, 'main/contractors', 'by its rule';
$upstream->forget;
passes(ask('grave', 't', { text => "a $secret b" }), 'grave: redacts');
like $upstream->last_request->{body}, qr/"a \[REDACTED:secrets\.\w+\] b"/, 'what goes upstream';

# ---- approval.required
$upstream->forget;
$answer = ask('lab', 'pay_out', { text => $secret });
is $answer->{status}, 200, 'held: the status is of the protocol\'s success';
is $answer->{error}{code}, -32011, 'and the error the one for approvals';
is $answer->{error}{data}{reason}, 'approval.required', 'approval.required';
like $answer->{error}{data}{rule}, qr/^secrets\.\w+$/, 'it names the scanner\'s rule';
unlike $answer->{body}, qr/$secret/, 'and not what was found';
is_deeply [$upstream->requests], [], 'nothing left';
my $record = record('decision');
is $record->{decision}, 'deny', 'the record: denied';
is $record->{reason}, 'approval.required', 'for want of approval';
is $record->{findings}[0]{by}, 'main/held', 'by the rule';
is $record->{findings}[0]{action}, 'require_approval', 'with its action';
passes(ask('lab', 'pay_out', { say => 1 }), 'answers of that tool are another matter');
$answer = ask('lab', 'ask_it', { say => 1 });
is $answer->{error}{data}{reason}, 'approval.required', 'held: a whole answer';
unlike $answer->{body}, qr/$secret/, 'without what was found';
is record('outcome')->{result}, 'approval.required', 'and the outcome says so';
my $event = "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"level\":\"info\",\"data\":\"ok\"}}\n\n";
$answer = ask('lab', 'ask_it', { raw => "$event" . "data: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"a\":\"$secret\"}}\n\n$event" });
like $answer->{body}, qr/approval\.required/, 'held: an event of a stream is replaced by the error';
like $answer->{body}, qr/"code":-32011/, 'with its code';
unlike $answer->{body}, qr/$secret/, 'without what was found';
is scalar(() = $answer->{body} =~ /"data":"ok"/g), 2, 'and the events around it arrive';
for my $case ([ POST => "{\"a\":\"$secret\"}", 'a request' ], [ POST => '{}', 'an answer' ]) {
    my $response = http($case->[0], $httpd->url('/shop/x'), body => $case->[1],
        headers => [Authorization => 'Bearer ' . $registry->token, 'Content-Type' => 'application/json']);
    is $response->{status}, 403, "REST, $case->[2]: 403";
    is from_json($response->{body})->{reason}, 'approval.required', 'with problem details';
    unlike $response->{body}, qr/$secret/, 'without what was found';
}

# ---- operations; what could be read as a message as well is the operation, too
for my $case ([pay => { text => $secret }, 403], [ask => { text => $secret }, 200],
    [pay => { jsonrpc => '2.0', id => 1, method => 'tools/call', params => { name => 't', arguments => { text => $secret } } }, 'refused']) {
    my ($operation, $body, $wanted) = @$case;
    my $response = http(POST => $httpd->url("/svc/$operation"), body => to_json($body), headers => [Authorization => 'Bearer ' . $registry->token,
        'Content-Type' => 'application/json', Accept => 'application/json, text/event-stream', $body->{method} ? ('MCP-Protocol-Version' => '2025-11-25') : ()]);
    is $response->{status}, $wanted, "operation $operation" if $wanted ne 'refused';
    like $response->{body}, qr/approval\.required/, "operation $operation is held" if $operation eq 'pay';
}

# ---- shadow
passes(ask('lab', 'trial', { text => $secret }), 'a rule in shadow lets pass');
$record = record('decision');
is $record->{shadow}, 'firewall.blocked', 'the record: what it would have been';
is_deeply [@{ $record->{findings}[0] }{qw(action shadow by)}], ['log', 'block', 'main/watched'], 'of the finding, too';
passes(ask('lab', 'plain', { text => $secret }), 'a document in shadow lets pass');
is record('decision')->{shadow}, 'approval.required', 'the record: what it would have been';

# ---- exceptions
passes(ask('main', 't', { text => $secret }), 'an exception for this value');
$record = record('decision');
is_deeply [@{ $record->{findings}[0] }{qw(action allowed)}], ['allow', 'main/sample'], 'is recorded with its entry';
passes(ask('main', 't', { say => 1 }), 'also in an answer');
is_deeply [@{ record('outcome')->{findings}[0] }{qw(action allowed)}], ['allow', 'main/sample'], 'and is recorded with it';
is ask('main', 't', { text => $other })->{error}{data}{reason}, 'firewall.blocked', 'another value is blocked: the entry for all has expired';
is ask('main', 't', { text => "$secret $other" })->{error}{data}{reason}, 'firewall.blocked', 'beside it as well';
is ask('shop', 't', { text => $secret })->{status}, 403, 'at another server it is none';

# ---- a batch: each message for itself, except that rules which name tools count for all
{
    my @calls = map { { jsonrpc => '2.0', id => $_, method => 'tools/call', params => { name => 'pay_out', arguments => $_ == 1 ? { text => $secret } : {} } } } 1, 2;
    my $response = mcp_call($httpd->url('/lab'), $registry->token, 'tools/call', {}, body => to_json(\@calls), version => '2025-03-26');
    like $response->{body}, qr/approval\.required/, 'batch: the message is refused';
    unlike $response->{body}, qr/$secret/, 'without what was found';
}
unlike join('', map { to_json($_) } $registry->audit_records), qr/$secret|$other/, 'no record has matched text';
done_testing;
