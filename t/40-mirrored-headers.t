# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Headers that disagree with the body, in many ways: each is refused with 400 and -32020 (a revision that is not known, with -32022) and nothing
# goes upstream. Those that agree, in whatever spelling the specification allows, pass.
use lib 't/lib';
use Uapi::Test;

my $upstream = upstream(sub { my ($request, $reply) = @_; return $reply->json({ jsonrpc => '2.0', id => 1, result => {} }) });
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', <<'YAML');
apiVersion: uapi/v1
kind: Policy
metadata: {name: p}
spec:
  rules:
    - {id: all, effect: allow, server: s}
YAML
my $httpd = httpd(<<"CONF");
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiServer s
UapiEngine on
ProxyPass /mcp @{[ $upstream->url('/mcp') ]}
CONF

my $version = '"_meta":{"io.modelcontextprotocol/protocolVersion":"%s","io.modelcontextprotocol/clientCapabilities":{}}';
sub message { my ($method, $params, $meta) = @_; return qq({"jsonrpc":"2.0","id":1,"method":"$method","params":{) . join(',', grep { length } $params, sprintf($version, $meta // '2026-07-28')) . '}}' }
sub plain { my ($method, $params) = @_; return qq({"jsonrpc":"2.0","id":1,"method":"$method","params":{$params}}) }

my $call = message('tools/call', '"name":"get_a","arguments":{"region":"eu","n":7}');
my $read = message('resources/read', '"uri":"file:///a"');
my $prompt = message('prompts/get', '"name":"p"');
my $list = message('tools/list', '');
my $task = message('tasks/get', '"taskId":"k"');
my $odd = message('tools/call', '"name":"\u00e9 a"');
my @v = ('MCP-Protocol-Version' => '2026-07-28');
my @called = (@v, 'Mcp-Method' => 'tools/call');

# [body, headers, what is wrong]; without the last, nothing is
my @cases = (
    [$call, [@called, 'Mcp-Name' => 'get_a']],
    [$call, [@called, 'Mcp-Name' => '  get_a ']],
    [$call, [@called, 'Mcp-Name' => '=?base64?Z2V0X2E=?=']],
    [$call, ['mcp-protocol-version' => '2026-07-28', 'MCP-METHOD' => 'tools/call', 'mcp-name' => 'get_a', 'MCP-PARAM-REGION' => 'eu']],
    [$odd, [@called, 'Mcp-Name' => '=?base64?w6kgYQ==?=']],
    [$read, [@v, 'Mcp-Method' => 'resources/read', 'Mcp-Name' => 'file:///a']],
    [$list, [@v, 'Mcp-Method' => 'tools/list']],
    [plain('tools/call', '"name":"get_a"'), ['MCP-Protocol-Version' => '2025-11-25', 'Mcp-Method' => 'tools/call', 'Mcp-Name' => 'get_a']],
    [$call, [@called], 'no name'],
    [$call, [@v, 'Mcp-Name' => 'get_a'], 'no method'],
    [$call, [@v], 'neither'],
    [$call, ['Mcp-Method' => 'tools/call', 'Mcp-Name' => 'get_a'], 'no version'],
    [$call, [@called, 'Mcp-Name' => 'get_b'], 'another name'],
    [$call, [@called, 'Mcp-Name' => 'GET_A'], 'a name in other case'],
    [$call, [@called, 'Mcp-Name' => ''], 'an empty name'],
    [$call, [@called, 'Mcp-Name' => 'get_a', 'Mcp-Name' => 'get_a'], 'a name twice'],
    [$call, [@called, 'Mcp-Name' => 'get_a', 'Mcp-Name' => 'get_b'], 'two names'],
    [$call, [@called, 'Mcp-Name' => 'get_a,get_a'], 'two names in one'],
    [$call, [@called, 'Mcp-Name' => 'get_a;x'], 'a name with more'],
    [$call, [@called, 'Mcp-Name' => '"get_a"'], 'a name in quotes'],
    [$call, [@called, 'Mcp-Name' => 'get%5Fa'], 'a name in percent escapes'],
    [$call, [@called, 'Mcp-Name' => 'get\u005fa'], 'a name in escapes of JSON'],
    [$call, [@called, 'Mcp-Name' => '=?base64?Z2V0X2I=?='], 'another name in base64'],
    [$call, [@called, 'Mcp-Name' => '=?base64?Z2V0X2E?='], 'base64 without its padding'],
    [$call, [@called, 'Mcp-Name' => '=?base64?Z2V0X2F=?='], 'base64 with bits that count for nothing'],
    [$call, [@called, 'Mcp-Name' => '=?base64?Z2V0 X2E=?='], 'base64 with a space'],
    [$call, [@called, 'Mcp-Name' => '=?BASE64?Z2V0X2E=?='], 'the mark of base64 in other case'],
    [$call, [@called, 'Mcp-Name' => '=?utf-8?B?Z2V0X2E=?='], 'the encoding of mail'],
    [$call, [@called, 'Mcp-Name' => "=?base64?Z2V0X2E=?=, get_b"], 'base64 with more'],
    [$odd, [@called, 'Mcp-Name' => "\xc3\xa9 a"], 'a name that is not ASCII, as it is'],
    [$odd, [@called, 'Mcp-Name' => "\xe9 a"], 'in Latin-1'],
    [$call, [@v, 'Mcp-Method' => 'tools/list', 'Mcp-Name' => 'get_a'], 'another method'],
    [$call, [@v, 'Mcp-Method' => 'Tools/Call', 'Mcp-Name' => 'get_a'], 'a method in other case'],
    [$call, [@v, 'Mcp-Method' => '', 'Mcp-Name' => 'get_a'], 'an empty method'],
    [$call, [@v, 'Mcp-Method' => 'tools/call', 'Mcp-Method' => 'tools/call', 'Mcp-Name' => 'get_a'], 'a method twice'],
    [$call, [@v, 'Mcp-Method' => '=?base64?dG9vbHMvY2FsbA==?=', 'Mcp-Name' => 'get_a'], 'a method in base64, which only names may be in'],
    [$call, [@v, 'Mcp-Method' => 'tools%2Fcall', 'Mcp-Name' => 'get_a'], 'a method in percent escapes'],
    [$read, [@v, 'Mcp-Method' => 'resources/read', 'Mcp-Name' => 'file:///b'], 'another resource'],
    [$read, [@v, 'Mcp-Method' => 'resources/read', 'Mcp-Name' => 'file:///%61'], 'the same resource in another spelling'],
    [$read, [@v, 'Mcp-Method' => 'resources/read'], 'no resource'],
    [$prompt, [@v, 'Mcp-Method' => 'prompts/get', 'Mcp-Name' => 'q'], 'another prompt'],
    [$prompt, [@v, 'Mcp-Method' => 'prompts/get'], 'no prompt'],
    [$task, [@v, 'Mcp-Method' => 'tasks/get', 'Mcp-Name' => 'l'], 'another task'],
    [$list, [@v, 'Mcp-Method' => 'tools/list', 'Mcp-Name' => 'get_a'], 'a name where there is none'],
    [$list, [@v, 'Mcp-Method' => 'tools/list', 'Mcp-Param-Region' => 'eu'], 'an argument where there are none'],
    [$call, [@called, 'Mcp-Name' => 'get_a', 'Mcp-Param-Region' => 'us'], 'another argument'],
    [$call, [@called, 'Mcp-Name' => 'get_a', 'Mcp-Param-Region' => 'region'], 'the name of an argument'],
    [$call, [@called, 'Mcp-Name' => 'get_a', 'Mcp-Param-N' => '=?base64?Nw==?='], 'a number in base64'],
    [$call, [@called, 'Mcp-Name' => 'get_a', 'Mcp-Param-N' => '8'], 'another number'],
    [$call, [@called, 'Mcp-Name' => 'get_a', 'Mcp-Param-' => 'x'], 'an argument without a name'],
    [$call, [@called, 'Mcp-Name' => 'get_a', 'Mcp_Method' => 'tools/list'], 'a header with an underscore'],
    [$call, [@called, 'Mcp-Name' => 'get_a', 'MCP_PROTOCOL_VERSION' => '2026-07-28'], 'a version with underscores'],
    [message('tools/call', '"name":"get_a"', '2025-11-25'), [@called, 'Mcp-Name' => 'get_a'], 'another version in the body'],
    [message('tools/call', '"name":"get_a"', '2026-07-29'), [@called, 'Mcp-Name' => 'get_a'], 'an unknown version in the body'],
    [message('tools/call', '"name":"get_a"', ''), [@called, 'Mcp-Name' => 'get_a'], 'an empty version in the body'],
    [$call, ['MCP-Protocol-Version' => '2025-11-25', 'Mcp-Method' => 'tools/call', 'Mcp-Name' => 'get_a'], 'an older version in the header'],
    [plain('tools/call', '"name":"get_a"'), ['MCP-Protocol-Version' => '2025-11-25', 'Mcp-Method' => 'tools/list'], 'another method, where the revision has no such header'],
    [plain('tools/call', '"name":"get_a"'), ['MCP-Protocol-Version' => '2025-03-26', 'Mcp-Name' => 'get_b'], 'another name there'],
    [plain('tools/call', '"name":"get_a"'), ['Mcp-Name' => 'get_b'], 'another name without a version'],
    [plain('tools/call', '"name":"get_a","arguments":{"a":"x"}'), ['Mcp-Param-A' => 'y'], 'another argument without a version'],
    ['{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}', [@v, 'Mcp-Method' => 'notifications/progress'], 'another notification'],
    ['[' . plain('ping', '') . ',{"jsonrpc":"2.0","id":2,"method":"tools/list"}]', ['Mcp-Method' => 'ping'], 'the method of one of a batch'],
);
cmp_ok scalar(grep { defined $_->[2] } @cases), '>=', 40, 'forty ways and more';
for my $case (@cases) {
    my ($body, $headers, $wrong) = @$case;
    $upstream->forget;
    my $answer = http('POST', $httpd->url('/mcp'), body => $body, headers => [Authorization => 'Bearer ' . $registry->token, 'Content-Type' => 'application/json', @$headers]);
    my $error = (eval { from_json($answer->{body}) } || {})->{error};
    my $shown = $wrong // 'agreeing: ' . join ' ', @$headers;
    is $answer->{status}, defined $wrong ? 400 : 200, "$shown: the status";
    is_deeply [$error->{code}, $error->{data}{reason}], [-32020, 'mcp.header_mismatch'], "$shown: -32020" if defined $wrong;
    is scalar(my @seen = $upstream->requests), defined $wrong ? 0 : 1, "$shown: upstream";
}

# A message cut at every eleventh byte, and one split over two.
$upstream->forget;
my @headers = (Authorization => 'Bearer ' . $registry->token, 'Content-Type' => 'application/json', @called, 'Mcp-Name' => 'get_a');
my @passed = grep { http('POST', $httpd->url('/mcp'), body => substr($call, 0, $_), headers => \@headers)->{status} < 400 } map { 11 * $_ } 0 .. length($call) / 11 - 1;
is_deeply \@passed, [], 'no part of a message is one';
is http('POST', $httpd->url('/mcp'), body => $call . $_ . $call, headers => \@headers)->{status}, 400, 'nor are two, with ' . unpack('H*', $_) . ' between them' for '', ' ', "\n", ',', "\x1e", "\0";
is_deeply [$upstream->requests], [], 'nothing of it went upstream';
done_testing;
