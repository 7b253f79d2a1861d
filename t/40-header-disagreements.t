# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Headers that disagree with the body, each way under every revision and under none: 400 with -32020, and nothing goes upstream. Every case begins
# with a call that is as the revision wants it, which passes, and changes one thing. What a revision demands and another has not is in
# t/40-mirrored-headers.t; Mcp-Param-* where the tool's definition is known in t/40-mirrored-arguments.t.
use lib 't/lib';
use Uapi::Test timeout => 120;
use List::Util qw(pairs pairkeys);
use MIME::Base64 qw(encode_base64);
use Uapi::Messages qw(@REVISIONS);

my $upstream = upstream(sub { my ($request, $reply) = @_; return defined $request->json->{id} ? $reply->json({ jsonrpc => '2.0', id => 1, result => {} }) : $reply->status(202) });
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n    - {id: all, effect: allow, server: s}\n");
my $configuration = <<"CONF";
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiServer s
UapiEngine on
UapiAuditDurability process
<Location "/mcp">
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
CONF
my $httpd = httpd($configuration);

my $meta = '"_meta":{"io.modelcontextprotocol/protocolVersion":"%s","io.modelcontextprotocol/clientCapabilities":{}}';
my $arguments = '"region":"eu","n":1,"big":9007199254740993,"half":0.5,"yes":true,"nothing":null,"list":["in-list"],"deep":{"city":"x"},"empty":"","accent":"caf\u00e9","mark":"=?base64?YQ==?=","tab":"a\tb"';
my %call = (
    tool => ['tools/call', qq("name":"get_a","title":"other","arguments":{"name":"inner",$arguments}), 'get_a'],
    accent => ['tools/call', '"name":"caf\u00e9"', '=?base64?Y2Fmw6k=?='],
    spaced => ['tools/call', '"name":" a "', '=?base64?IGEg?='],
    marked => ['tools/call', '"name":"=?base64?YQ==?="', '=?base64?PT9iYXNlNjQ/WVE9PT89?='],
    resource => ['resources/read', '"uri":"file:///a","name":"other"', 'file:///a'],
    prompt => ['prompts/get', '"name":"p","arguments":{"name":"q"}', 'p'],
    list => ['tools/list', '"cursor":"c"'],
    unknown => ['made/up', '"name":"x","uri":"y"', 'x'],
    cancelled => ['notifications/cancelled', '"requestId":1'],
);
sub b64 { return '=?base64?' . encode_base64($_[0], '') . '?=' }
my @name = map { [tool => $_->[0], 'Mcp-Name' => $_->[1]] } (
    ['another name', 'get_b'], ['other case', 'GET_A'], ['a dot after it', 'get_a.'], ['another separator', 'get-a'], ['a part', 'get_'], ['more', 'get_a2'], ['nothing', ''], ['joined by a comma', 'get_a,get_a'],
    ['joined by a comma and a space', 'get_a, get_a'], ['a parameter', 'get_a;v=1'], ['quotes', '"get_a"'], ['single quotes', "'get_a'"], ['percent escapes', 'get%5fa'], ['escapes of JSON', 'get\u005fa'],
    ['an entity of HTML', 'get&#95;a'], ['a plus for a space', 'get_a+'], ['the title', 'other'], ['an argument that is called name', 'inner'], ['the method', 'tools/call'], ['full width letters', "\xef\xbd\x87et_a"],
    ['full width letters in base64', b64("\xef\xbd\x87et_a")], ['a soft hyphen in base64', b64("get\xc2\xad_a")], ['a no-break space', "get_a\xc2\xa0"], ['a space in base64', b64('get_a ')], ['a line feed in base64', b64("get_a\n")],
    ['a NUL in base64', b64("get_a\0")], ['a byte order mark in base64', b64("\xef\xbb\xbfget_a")], ['UTF-16 in base64', b64("g\0e\0t\0_\0a\0")], ['base64 of base64', b64(b64('get_a'))], ['another name in base64', b64('get_b')],
    ['base64 without its padding', '=?base64?Z2V0X2E?='], ['with too much', '=?base64?Z2V0X2E==?='], ['with padding in the middle', '=?base64?Z2U=dF9h?='], ['bits that count for nothing', '=?base64?Z2V0X2F=?='],
    ['a space within', '=?base64?Z2V0 X2E=?='], ['the alphabet of URLs', '=?base64?Z2V0X2E-?='], ['a mark in other case', '=?Base64?Z2V0X2E=?='], ['half a mark', '=?base64?Z2V0X2E='], ['the other half', 'Z2V0X2E=?='],
    ['bare base64', 'Z2V0X2E='], ['an empty mark', '=?base64??='], ['the encoding of mail', '=?utf-8?B?Z2V0X2E=?='], ['the quoted encoding of mail', '=?utf-8?Q?get=5Fa?='], ['base64 and more', b64('get_a') . 'x'],
    ['two marks', b64('get_a') . ', ' . b64('get_a')], ['a list of JSON', '["get_a"]'], ['a very long one', 'get_a' x 1500], ['null', 'null'],
);
my @method = map { [tool => $_->[0], 'Mcp-Method' => $_->[1]] } (
    ['another method', 'tools/list'], ['other case', 'Tools/Call'], ['nothing', ''], ['base64', b64('tools/call')], ['percent escapes', 'tools%2Fcall'], ['a slash after it', 'tools/call/'], ['a slash before it', '/tools/call'],
    ['two slashes', 'tools//call'], ['a backslash', 'tools\\call'], ['joined by a comma', 'tools/call,tools/call'], ['a parameter', 'tools/call;q=1'], ['quotes', '"tools/call"'], ['a space within', 'tools/ call'], ['the method of HTTP', 'POST'],
    ['the name', 'get_a'], ['a part', 'tools'], ['a pattern', 'tools/*'], ['full width letters', "\xef\xbd\x94ools/call"], ['escapes of JSON', 'tools\/call'], ['a very long one', 'tools/call' x 700],
);
my @param = map { [tool => $_->[0], $_->[2] // 'Mcp-Param-X' => $_->[1]] } (
    ['no argument\'s value', 'us'], ['the key of one', 'region'], ['in a list', 'in-list'], ['an object', '{"city":"x"}'], ['a list', '["in-list"]'], ['null', 'null'], ['another boolean', 'false'], ['a boolean in other case', 'True'],
    ['a boolean as a number', '0'], ['another number', '2'], ['a number in base64', b64('1')], ['a number with a sign', '+1.5'], ['a number in hexadecimal', '0x01'], ['a number with a unit', '1;'], ['a number and a space within', '1 0'],
    ['a number that a double takes for it', '9007199254740992'], ['a comma for the point', '0,5'], ['NaN', 'NaN'], ['infinity', 'Infinity'], ['other case', 'EU'], ['twice in one', 'eu, eu'], ['Latin-1', "caf\xe9"], ['UTF-8 as it is', "caf\xc3\xa9"],
    ['another composition', b64("cafe\xcc\x81")], ['a mark that is a value, as it is', '=?base64?YQ==?='], ['the name of the tool', 'get_a'], ['a name without an end', 'eu', 'Mcp-Param-'], ['an underscore', 'eu', 'Mcp_Param_Region'],
    ['one underscore', 'eu', 'Mcp-Param_Region'], ['quotes', '"eu"'], ['the path to it', '/region'],
);
# [which call, what is wrong, headers: undef removes one, a list is one for each]
my @cases = (@name, @method, @param,
    [tool => 'a name twice', 'Mcp-Name' => ['get_a', 'get_a']], [tool => 'two names', 'Mcp-Name' => ['get_a', 'get_b']], [tool => 'an empty one and the name', 'Mcp-Name' => ['', 'get_a']],
    [tool => 'a method twice', 'Mcp-Method' => ['tools/call', 'tools/call']], [tool => 'two methods', 'Mcp-Method' => ['tools/list', 'tools/call']], [tool => 'an argument twice', 'Mcp-Param-Region' => ['eu', 'eu']],
    [tool => 'names in two cases', 'Mcp-Name' => 'get_a', 'MCP-NAME' => 'get_b'], [tool => 'a second name with an underscore', 'Mcp-Name' => 'get_a', 'Mcp_Name' => 'get_b'],
    [tool => 'the same name with an underscore', 'Mcp_Name' => 'get_a'], [tool => 'a method with an underscore', 'Mcp_Method' => 'tools/call'], [tool => 'a version with underscores', 'MCP_Protocol_Version' => '2025-11-25'],
    [tool => 'a version with one underscore', 'MCP-Protocol_Version' => '2026-07-28'], [tool => 'a session with underscores', 'Mcp_Session_Id' => 'x'],
    [tool => 'a name that Connection takes away', 'Connection' => 'close, Mcp-Name', 'Mcp-Name' => 'get_a'], [tool => 'a method that Connection takes away', 'Connection' => "mcp-method,close", 'Mcp-Method' => 'tools/call'],
    [tool => 'a version that Connection takes away', 'Connection' => 'close, MCP-Protocol-Version'], [tool => 'an argument that Connection takes away', 'Connection' => 'close, Mcp-Param-Region', 'Mcp-Param-Region' => 'eu'],
    [tool => 'in two Connection headers', 'Connection' => ['close', 'Mcp-Name'], 'Mcp-Name' => 'get_a'],
    [accent => 'another composition of an accent', 'Mcp-Name' => b64("cafe\xcc\x81")], [accent => 'an accent as it is', 'Mcp-Name' => "caf\xc3\xa9"], [accent => 'in Latin-1', 'Mcp-Name' => "caf\xe9"], [accent => 'Latin-1 in base64', 'Mcp-Name' => b64("caf\xe9")],
    [accent => 'without the accent', 'Mcp-Name' => 'cafe'], [accent => 'in percent escapes', 'Mcp-Name' => 'caf%C3%A9'], [accent => 'in escapes of JSON', 'Mcp-Name' => 'caf\u00e9'], [spaced => 'without its spaces', 'Mcp-Name' => 'a'], [spaced => 'without them in base64', 'Mcp-Name' => b64('a')],
    [marked => 'a name that looks encoded, as it is', 'Mcp-Name' => '=?base64?YQ==?='], [marked => 'what it would decode to', 'Mcp-Name' => 'a'],
    [resource => 'another resource', 'Mcp-Name' => 'file:///b'], [resource => 'the same in another spelling', 'Mcp-Name' => 'file:///%61'], [resource => 'with an authority', 'Mcp-Name' => 'file://localhost/a'], [resource => 'a scheme in other case', 'Mcp-Name' => 'FILE:///a'],
    [resource => 'a fragment', 'Mcp-Name' => 'file:///a#x'], [resource => 'dots', 'Mcp-Name' => 'file:///./a'], [resource => 'a name beside the URI', 'Mcp-Name' => 'other'],
    [prompt => 'another prompt', 'Mcp-Name' => 'q'], [list => 'a name of what has none', 'Mcp-Name' => 'c'], [list => 'any name of what has none', 'Mcp-Name' => 'get_a'], [list => 'an argument of what has none', 'Mcp-Param-Cursor' => 'c'],
    [unknown => 'a name that no parameter of an unknown method has', 'Mcp-Name' => 'z'], [unknown => 'another unknown method', 'Mcp-Method' => 'made/down'],
    [cancelled => 'another notification', 'Mcp-Method' => 'notifications/progress'], [cancelled => 'a name of a notification', 'Mcp-Name' => '1'],
);
cmp_ok scalar(@cases), '>=', 40, scalar(@cases) . ' ways';

sub headers_for {
    my ($version, $method, $name) = @_;
    my @headers = defined $version ? ('MCP-Protocol-Version' => $version) : ();
    push @headers, 'Mcp-Method' => $method if ($version // '') eq '2026-07-28';
    push @headers, 'Mcp-Name' => $name if defined $name && ($version // '') eq '2026-07-28';
    return @headers;
}
sub body_for {
    my ($version, $method, $params, $said) = @_;
    my $id = $method =~ /^notifications/ ? '' : '"id":1,';
    $params = join ',', $params, defined $said ? sprintf $meta, $said : () if $method !~ /^notifications/;
    return qq({"jsonrpc":"2.0",$id"method":"$method","params":{$params}});
}
sub send_call {
    my ($version, $which, %more) = @_;
    my ($method, $params, $name) = @{ $call{$which} };
    my @changed = @{ $more{headers} || [] };
    my %replaced = map { lc, 1 } pairkeys @changed;
    my @headers = ((map { @$_ } grep { !$replaced{ lc $_->[0] } } pairs headers_for($version, $method, $name)),
        map { my ($key, $value) = @$_; map { ($key => $_) } ref $value ? @$value : $value } pairs @changed);
    my $modern = ($version // '') eq '2026-07-28';
    return http('POST', $httpd->url('/mcp'), body => $more{body} // body_for($version, $method, $params, exists $more{said} ? $more{said} : $modern ? '2026-07-28' : undef),
        headers => [Authorization => 'Bearer ' . $registry->token, 'Content-Type' => 'application/json', @headers]);
}
sub verdict { my ($answer) = @_; my $error = (eval { from_json($answer->{body}) } || {})->{error} || {}; return join ' ', $answer->{status}, $error->{code} // '-', $error->{data}{reason} // '-' }

my $refused = '400 -32020 mcp.header_mismatch';
for my $version (undef, @REVISIONS) {
    my $shown = $version // 'no version';
    subtest $shown => sub {
        is verdict(send_call($version, $_)), $_ eq 'cancelled' ? '202 - -' : '200 - -', "$_ as it should be" for sort keys %call;
        $upstream->forget;
        for my $case (@cases) {
            my ($which, $what, @headers) = @$case;
            is verdict(send_call($version, $which, headers => \@headers)), $refused, "$what ($headers[0])";
        }
        # the version itself, in _meta
        for my $said (grep { $_ ne ($version // '') } @REVISIONS) {
            is verdict(send_call($version, 'tool', said => $said)), $refused, "_meta says $said";
        }
        is verdict(send_call($version, 'tool', said => '2026-07-29')), defined $version ? $refused : '400 -32022 mcp.version', '_meta says an unknown one';
        is verdict(send_call($version, 'tool', said => '')), defined $version ? $refused : '400 -32022 mcp.version', '_meta says an empty one';
        (my $number = body_for($version, @{ $call{tool} }[0, 1], '0')) =~ s/"0"/20260728/;
        is verdict(send_call($version, 'tool', body => $number)), '400 -32600 rpc.invalid', '_meta says a number';
        is_deeply [$upstream->requests], [], 'nothing of it went upstream';
    };
}

# ---- what agrees in spite of its spelling
for my $version (undef, @REVISIONS) {
    my @agreeing = (['mcp-name' => 'get_a'], ['MCP-NAME' => b64('get_a')], ['Mcp-Name' => "  get_a\t "], ['mcp-METHOD' => 'tools/call'], ['Mcp-Param-Region' => 'eu'], ['Mcp-Param-N' => '1.0'], ['Mcp-Param-N' => '1e0'], ['Mcp-Param-Big' => '9007199254740993'],
        ['Mcp-Param-Half' => '5e-1'], ['Mcp-Param-Yes' => 'true'], ['Mcp-Param-Empty' => ''], ['Mcp-Param-Empty' => '=?base64??='], ['Mcp-Param-City' => 'x'], ['Mcp-Param-Accent' => b64("caf\xc3\xa9")], ['Mcp-Param-Mark' => b64('=?base64?YQ==?=')], ['Mcp-Param-Tab' => "a\tb"]);
    is join(' ', grep { $_ ne '200 - -' } map { verdict(send_call($version, 'tool', headers => $_)) } @agreeing), '', 'what agrees passes under ' . ($version // 'no version');
}

# ---- folded lines, trailers, other eras' headers
for my $version (undef, @REVISIONS) {
    my $shown = $version // 'no version';
    my ($method, $params, $name) = @{ $call{tool} };
    my %headers = headers_for($version, $method, $name);
    my $body = body_for($version, $method, $params, ($version // '') eq '2026-07-28' ? $version : undef);
    my $raw = sub {
        my ($head, $framed) = @_;
        my $c = connect_to($httpd->port);
        $c->send("POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer @{[ $registry->token ]}\r\nContent-Type: application/json\r\n" . join('', map { "$_: $headers{$_}\r\n" } grep { $head !~ /^\Q$_\E:/mi } sort keys %headers) . "$head\r\n$framed");
        return $c->response;
    };
    my $length = 'Content-Length: ' . length($body) . "\r\n";
    $upstream->forget;
    is $raw->("${length}Mcp-Name: get_a\r\n  b\r\n", $body)->{status}, 400, "$shown: a folded name";
    is $raw->("${length}Mcp-Name : get_a\r\n", $body)->{status}, 400, "$shown: a space before the colon";
    is $raw->("${length}Mcp-Name: get_a$_\r\n", $body)->{status}, 400, "$shown: a name with a control character" for "\0", "\x01", "\r", "\x7f";
    is_deeply [$upstream->requests], [], 'nothing of it went upstream';
    is $raw->("Transfer-Encoding: chunked\r\nTrailer: Mcp-Name\r\n", sprintf "%x\r\n%s\r\n0\r\nMcp-Name: get_b\r\nMcp-Method: tools/list\r\n\r\n", length $body, $body)->{status}, 200, "$shown: trailers";
    unlike $upstream->last_request->{raw_head}, qr/get_b|tools\/list/, '  do not count, and do not travel';
}
my $old = send_call('2026-07-28', 'tool', headers => ['Mcp-Session-Id' => 'some-session', 'Last-Event-ID' => '7']);
is verdict($old), '200 - -', '2026-07-28 ignores what it has not any more';
is_deeply [map { $upstream->last_request->header($_) } qw(mcp-session-id last-event-id)], [undef, undef], '  and no server goes by it';
is verdict(send_call('2025-11-25', 'tool', headers => ['Mcp-Session-Id' => 'some-session'])), '404 -32016 session.unknown', 'where there are sessions, an unknown one is refused';
is verdict(send_call('2025-11-25', 'tool', headers => ['Connection' => 'close, Content-Type'])), '415 -32016 request.content_type', 'a type that Connection takes away';

# ---- where httpd merges trailers with headers, there must be none
my $merging = httpd("MergeTrailers on\n$configuration");
my $body = body_for('2025-11-25', @{ $call{tool} }[0, 1]);
$upstream->forget;
for my $trailer ('Mcp-Name: get_b', 'Mcp-Method: tools/list', 'MCP-Protocol-Version: 2026-07-28', 'Content-Type: text/plain', 'Content-Encoding: gzip', 'Mcp-Session-Id: x', 'Connection: Mcp-Name', 'X-Other: x') {
    my $c = connect_to($merging->port);
    $c->send("POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer @{[ $registry->token ]}\r\nContent-Type: application/json\r\nMCP-Protocol-Version: 2025-11-25\r\nTransfer-Encoding: chunked\r\n\r\n"
        . sprintf("%x\r\n%s\r\n0\r\n%s\r\n\r\n", length $body, $body, $trailer));
    is verdict($c->response), '400 -32016 request.ambiguous', "a trailer that is merged: $trailer";
}
is_deeply [$upstream->requests], [], '  nothing of it goes upstream';
done_testing;
