# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# A missing, older or unknown MCP-Protocol-Version never skips a check (CVE-2026-11719): the same forbidden calls under every header that a
# client can send have the same verdict, and allowed ones pass under every revision.
use lib 't/lib';
use Uapi::Test;
use Digest::SHA 'sha256_hex';

my $upstream = upstream(sub { my ($request, $reply) = @_; return $reply->json({ jsonrpc => '2.0', id => 1, result => {} }) });
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', <<'YAML');
apiVersion: uapi/v1
kind: Policy
metadata: {name: p}
spec:
  rules:
    - {id: tools, effect: allow, server: s, tools: ["get_*"]}
    - {id: never, effect: deny, server: s, tools: ["get_secret*"]}
    - {id: no-ping, effect: deny, server: s, methods: [ping, "response/*"]}
---
apiVersion: uapi/v1
kind: Firewall
metadata: {name: f}
spec:
  scanners: {secrets: {request: block}}
YAML
my $plugin = out('plugins/scanner_secrets.so');
my $httpd = httpd(<<"CONF");
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiPlugin $plugin sha256:@{[ sha256_hex(slurp($plugin)) ]}
UapiServer s
UapiEngine on
ProxyPass /mcp @{[ $upstream->url('/mcp') ]}
CONF

my $key = join '', 'AK', 'IA', map { ('A' .. 'Z', 2 .. 7)[rand 32] } 1 .. 16;
my $meta = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}';

# [what, method, params, name, the reason]
my @forbidden = (
    ['a tool that no rule allows', 'tools/call', '"name":"drop"', 'drop', 'policy.default_deny'],
    ['a tool that a rule denies', 'tools/call', '"name":"get_secret_key"', 'get_secret_key', 'policy.denied'],
    ['the same, escaped', 'tools/call', '"n\u0061me":"get\u005fsecret_key"', 'get_secret_key', 'policy.denied'],
    ['a tool under another method\'s name', 'tools/Call', '"name":"get_a"', undef, 'policy.default_deny'],
    ['a method that a rule denies', 'ping', '', undef, 'policy.denied'],
    ['a resource', 'resources/read', '"uri":"file:///a"', 'file:///a', 'policy.default_deny'],
    ['a subscription', 'resources/subscribe', '"uri":"file:///a"', undef, 'policy.default_deny'],
    ['a subscription in a filter', 'subscriptions/listen', '"notifications":{"resourceSubscriptions":["file:///a"]}', undef, 'policy.default_deny'],
    ['a prompt', 'prompts/get', '"name":"p"', 'p', 'policy.default_deny'],
    ['a completion', 'completion/complete', '"ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"a","value":"b"}', undef, 'policy.default_deny'],
    ['a task', 'tasks/get', '"taskId":"k"', 'k', 'policy.default_deny'],
    ['a task\'s result', 'tasks/result', '"taskId":"k"', 'k', 'policy.default_deny'],
    ['an answer in a retry', 'tools/call', '"name":"get_a","inputResponses":{"a":{}}', 'get_a', 'policy.denied'],
    ['an unknown method', 'made/up', '', undef, 'policy.default_deny'],
    ['a request that looks like a GET', 'http/GET', '', undef, 'policy.default_deny'],
    ['content', 'tools/call', qq("name":"get_a","arguments":{"k":"$key"}), 'get_a', 'firewall.blocked'],
    ['content, escaped', 'tools/call', '"name":"get_a","arguments":{"k":"' . join('', map { sprintf '\u%04x', ord } split //, $key) . '"}', 'get_a', 'firewall.blocked'],
    ['a disguised name', 'tools/call', '"name":"get_a","Name":"drop"', 'get_a', 'rpc.key_case'],
    ['a name twice', 'tools/call', '"name":"get_a","name":"drop"', 'get_a', 'json.duplicate_key'],
    ['a tool that is no string', 'tools/call', '"name":["get_a"]', undef, 'rpc.invalid'],
);

# [the header, or undef; under which the call is judged; else what it is refused with]
my @known = (undef, '2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25', '2026-07-28');
my @unknown = ('', ' ', '2026-07-29', '2025-11-25, 2025-11-25', 'x' x 300, '1.0', 'latest', '2025-11-25;q=1', '"2025-11-25"', '2026-07-28 ', "2025-11-25\t2024-11-05");

sub send_call {
    my ($version, $method, $params, $name, %option) = @_;
    my $modern = defined $version && $version eq '2026-07-28';
    $params .= ($params eq '' ? '' : ',') . $meta if $modern && $params !~ /_meta/;
    my @headers = defined $name && $modern ? ('Mcp-Name' => $name) : ();
    push @headers, 'Mcp-Method' => $method if $modern;
    return mcp_call($httpd->url('/mcp'), $registry->token, 'x', {}, body => qq({"jsonrpc":"2.0","id":1,"method":"$method","params":{$params}}),
        headers => ['MCP-Protocol-Version' => $version, @headers, @{ $option{headers} // [] }]);
}

for my $version (@known) {
    my $shown = $version // 'no header';
    subtest $shown => sub {
        $upstream->forget;
        is send_call($version, 'tools/call', '"name":"get_a"', 'get_a')->{error}, undef, 'an allowed call passes';
        is scalar(my @seen = $upstream->requests), 1, 'to the upstream';
        $upstream->forget;
        for my $call (@forbidden) {
            my ($what, $method, $params, $name, $reason) = @$call;
            is send_call($version, $method, $params, $name)->{error}{data}{reason}, $reason, "$what: $reason";
        }
        is_deeply [$upstream->requests], [], 'the upstream saw none of it';
    };
}
subtest 'unknown, empty and doubled' => sub {
    $upstream->forget;
    for my $version (@unknown) {
        my $trimmed = $version =~ s/^\s+|\s+$//gr;
        next if grep { defined && $_ eq $trimmed } @known;
        for my $call ($forbidden[0], ['an allowed one', 'tools/call', '"name":"get_a"', 'get_a']) {
            my $answer = send_call($version, @$call[1 .. 3]);
            is $answer->{status}, 400, "$call->[0] under '" . substr($version, 0, 30) . "': 400";
            is $answer->{error}{data}{reason}, 'mcp.version', 'mcp.version';
            is $answer->{error}{code}, -32022, '-32022';
        }
    }
    for my $second (@known[1 .. $#known]) {
        my $answer = send_call('2025-11-25', @{ $forbidden[0] }[1 .. 3], headers => ['Mcp-Protocol-Version' => $second]);
        is $answer->{error}{data}{reason}, 'mcp.version', "two headers, 2025-11-25 and $second";
    }
    is_deeply [$upstream->requests], [], 'the upstream saw none of it';
};
is_deeply [sort { $a cmp $b } @{ send_call('1999-01-01', 'ping', '')->{error}{data}{supported} }], ['2026-07-28'], 'the error names what is spoken here';

# The version in the body, against a header that is older, absent or lies.
$upstream->forget;
for my $header (undef, '2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25') {
    my $answer = send_call($header, 'tools/call', qq("name":"get_a",$meta), 'get_a');
    is $answer->{error}{data}{reason}, 'mcp.header_mismatch', 'a 2026-07-28 body under ' . ($header // 'no header');
}
my $answer = send_call('2026-07-28', 'tools/call', '"name":"get_a","_meta":{"io.modelcontextprotocol/protocolVersion":"2025-11-25"}', 'get_a');
is $answer->{status}, 400, 'an older body under 2026-07-28';
is_deeply [$upstream->requests], [], 'the upstream saw none of it';
done_testing;
