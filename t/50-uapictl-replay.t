# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# replay: what another configuration would have done about the findings of a chain that a real server wrote; by server, tool,
# caller, role, direction; exceptions by value and without one; rules that nobody knows; what records do not hold; misuse.
use lib 't/lib';
use Uapi::Test;
use Uapi::Uapictl;

my ($secret) = map { join '', 'AK', 'IA', map { ('A' .. 'Z', 2 .. 7)[rand 32] } 1 .. 16 } 1;
my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    my $message = $request->json;
    my $arguments = $message->{params}{arguments} || {};
    return $reply->json({ jsonrpc => '2.0', id => $message->{id}, result => { said => join ' ', ($secret) x ($arguments->{say} || 0) } });
});
my $registry = make_registry();
my $temp = $registry->token_create(principal => 'temp', type => 'service', roles => ['contractor'])->{token};
my $head = <<'YAML';
apiVersion: uapi/v1
kind: Policy
metadata: {name: everyone}
spec: {rules: [{id: all, effect: allow, server: "*"}]}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: lab}
spec: {protocol: mcp}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: main}
spec: {protocol: mcp}
YAML
sub policy {
    my ($name, $firewall) = @_;
    return $registry->file("$name.yaml", $head . ($firewall ? "---\napiVersion: uapi/v1\nkind: Firewall\nmetadata: {name: main}\nspec:\n$firewall" : ''));
}
my $sample = "  allow:\n    - {id: sample, owner: qa, reason: no key, expires: 2099-12-31, scanners: [secrets], server: main, tools: [known], value: {exact: $secret}}\n";
my $before = policy('before', "  rules:\n    - {id: all, scanners: [secrets], action: log}\n    - {id: strict, tools: [strict], scanners: [secrets], action: block}\n$sample");
my $plugin = out('plugins/scanner_secrets.so');
my $httpd = httpd("UapiPlugin $plugin\n" . $registry->config . "\nUapiPolicy \"$before\"\n"
    . join '', map { "<Location /$_>\nUapiEngine on\nUapiServer $_\nProxyPass " . $upstream->url('/mcp') . "\n</Location>\n" } qw(main lab));

sub ask {
    my ($server, $tool, $arguments, $token) = @_;
    return mcp_call($httpd->url("/$server"), $token // $registry->token, 'tools/call', { name => $tool, arguments => $arguments });
}
ask('main', 'read', { text => $secret }) for 1 .. 3;
ask('lab', 'read', { text => $secret });
ask('lab', 'strict', { text => $secret });
ask('main', 'known', { text => $secret });
ask('main', 'ask', { say => 1 });
ask('main', 'ask', { say => 20 });
ask('main', 'read', { text => $secret }, $temp);
ask('main', 'read', { text => 'nothing' });
my $folder = workspace();
$httpd->stop;

sub replay {
    my ($policy, @options) = @_;
    my $answer = uapictl('replay', '--audit', $registry->audit, '--plugin', $plugin, $policy ? ('--policy', $policy) : (), '--json', @options);
    return wantarray ? (from_json($answer->{output}), $answer) : from_json($answer->{output});
}
# "request main read: log -> block x3"
sub changes {
    return [sort map { "$_->{direction} $_->{server} $_->{target}: $_->{before} -> $_->{after} x$_->{count}" } @{ $_[0]{changes} }];
}

my ($same, $answer) = replay($before);
is $answer->{status}, 0, 'the same configuration';
is_deeply [@$same{qw(changed refused_now refused_no_longer unknown)}, $same->{changes}], [0, 0, 0, 0, []], 'changes nothing'
    or diag explain $same;
ok $same->{findings} >= 9 && $same->{records} >= 18, 'and all was read' or diag explain $same;
is $same->{unrecorded}, 4, 'of twenty findings in one answer sixteen are in its record';
is replay($before, '--fail-on-change') && $same->{mode}, 'enforce', 'the mode is told';

my $strict = replay(policy('strict', "  rules:\n    - {id: main, server: main, scanners: [secrets], direction: request, action: block}\n    - {id: rest, scanners: [secrets], action: log, server: lab}\n    - {id: said, direction: response, scanners: [secrets], action: redact}\n$sample"));
is_deeply changes($strict), ['request lab strict: block -> log x1', 'request main read: log -> block x4', 'response main ask: log -> redact x17'],
    'by server, tool and direction, answers by the facts of their calls' or diag explain $strict;
is_deeply [@$strict{qw(changed refused_now refused_no_longer)}], [22, 4, 1], 'summed up, and which calls would end otherwise';
is_deeply [sort map { $_->{by} } @{ $strict->{changes} }], [qw(main/main main/rest main/said)], 'by which rule';

is_deeply changes(replay(policy('unsampled', "  rules:\n    - {id: all, scanners: [secrets], action: log}\n    - {id: strict, tools: [strict], scanners: [secrets], action: block}\n"))),
    ['request main known: allow -> log x1'], 'an exception for a value that is gone';
is_deeply changes(replay(policy('excepted', "  rules:\n    - {id: all, scanners: [secrets], action: log}\n    - {id: strict, tools: [strict], scanners: [secrets], action: block}\n${sample}    - {id: lab, owner: qa, reason: lab, expires: 2099-12-31, scanners: [secrets], server: lab}\n"))),
    ['request lab read: log -> allow x1', 'request lab strict: block -> allow x1'], 'an exception for a whole server';

my $service = "  rules:\n    - {id: all, scanners: [secrets], action: log}\n    - {id: strict, tools: [strict], scanners: [secrets], action: block}\n    - {id: services, subjects: [%s], scanners: [secrets], action: redact}\n$sample";
is_deeply changes(replay(policy('service', sprintf $service, '{type: service}'))), ['request main read: log -> redact x1'], 'by who called';
my $roles = policy('roles', sprintf $service, '{roles: [contractor]}');
is_deeply changes(replay($roles)), [], 'records do not tell roles';
is replay($roles, '--role', 'contractor')->{changed}, $same->{findings} - 2, '--role says what they would be'; # not the strict one and the sample

is_deeply [map { [@$_{qw(before after)}] } @{ replay(undef)->{changes} }[0]], [['log', 'block']], 'without policy: the defaults';
is replay(policy('shadow', "  mode: shadow\n  rules:\n    - {id: all, scanners: [secrets], action: block}\n"))->{mode}, 'shadow', 'a firewall in shadow mode is told';
my $unknown = from_json(uapictl('replay', '--audit', $registry->audit, '--plugin', out('plugins/scanner_pii.so'), '--json')->{output});
is_deeply [@$unknown{qw(changed unknown)}], [0, $same->{findings}], 'rules that no loaded scanner has change nothing and are counted';

subtest 'for people' => sub {
    $answer = uapictl('replay', '--audit', $registry->audit, '--plugin', $plugin, '--policy', policy('people', "  rules:\n    - {id: all, scanners: [secrets], action: block}\n"));
    like $answer->{output}, qr/^ +4  request   log +-> block +secrets\.\w+  at main read  by main\/all$/m, 'a line a change';
    like $answer->{output}, qr/^\d+ records, \d+ findings, \d+ with another action; firewall mode: enforce$/m, 'the sum';
    like $answer->{output}, qr/^8 calls or answers would be refused now$/m, 'what callers would notice';
    like $answer->{output}, qr/^4 findings were counted and not recorded one by one$/m, 'what is not known is said';
    is index($answer->{output}, $secret), -1, 'no matched text';
};
subtest 'status, parts of a chain, misuse' => sub {
    my $policy = policy('block', "  rules:\n    - {id: all, scanners: [secrets], action: block}\n");
    is +(replay($policy, '--fail-on-change'))[1]{status}, 1, '--fail-on-change';
    is +(replay($before, '--fail-on-change'))[1]{status}, 0, '  and nothing changed';
    is replay($policy, '--from', 100000)->{records}, 0, '--from';
    is replay($policy, '--tenant', 'nobody')->{records}, 0, '--tenant';
    misused(uapictl('replay', '--tenant', '../x'), qr/--tenant/, 'a tenant that is none');
    misused(uapictl('replay', 'x'), qr/argument/, 'arguments');
    refused_json(['replay', '--audit', "$folder/none.db", '--plugin', $plugin], 'audit.unavailable', 'no such file');
    refused_json(['replay', '--audit', $registry->audit, '--plugin', $plugin, '--policy', policy('bad', "  rules:\n    - {id: x, scanners: [nobody], action: block}\n")],
        'config.invalid', 'a policy that does not fit');
    chmod 0600, spew("$folder/no.db", 'no database at all ' x 100);
    refused_json(['replay', '--audit', "$folder/no.db", '--plugin', $plugin], 'audit.unavailable', 'a file that is none');
};
done_testing;
