# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# One endpoint over several servers: names lead to servers, each server's calls are judged as on a route of its own, lists are merged.
use lib 't/lib';
use Uapi::Test;

# A server that says which one it is, keeps sessions, and has lists of two pages.
sub server {
    my ($name, %option) = @_;
    return upstream(sub {
        my ($request, $reply) = @_;
        return $reply->status(405) if $request->{method} eq 'GET';
        return $reply->status(204) if $request->{method} eq 'DELETE';
        my $message = $request->json;
        return $reply->status(202) unless defined $message->{id} && defined $message->{method};
        my ($method, $params) = @$message{qw(method params)};
        my $result = { name => $name, method => $method, params => $params };
        my @head;
        if ($method eq 'initialize') {
            $result = { protocolVersion => $option{revision} // $params->{protocolVersion}, capabilities => { tools => {} }, serverInfo => { name => $name, version => 1 } };
            @head = ('Mcp-Session-Id' => "session-of-$name");
        }
        return $reply->status(404) if !@head && ($request->header('mcp-session-id') // '') ne "session-of-$name";
        if ($method eq 'tools/list') {
            $result = ($params->{cursor} // '') eq 'two' ? { tools => [{ name => 'delete', inputSchema => {} }] }
                : { tools => [map { { name => $_, description => "$_ of $name", inputSchema => { type => 'object' } } } qw(zeta echo)], nextCursor => 'two' };
        } elsif ($method eq 'resources/list') {
            $result = { resources => [{ uri => "file:///$name/a", name => 'a' }] };
        } elsif ($method eq 'resources/read') {
            $result = { contents => [{ uri => $params->{uri}, text => "text of $params->{uri}" }] };
        } elsif ($method eq 'prompts/list') {
            return $reply->json({ jsonrpc => '2.0', id => $message->{id}, error => { code => -32601, message => 'Method not found' } });
        } elsif ($method eq 'tools/call') {
            $result = { content => [{ type => 'text', text => to_json({ server => $name, tool => $params->{name}, arguments => $params->{arguments} }) },
                { type => 'resource_link', uri => 'file:///linked', name => 'l' }], authorization => $request->header('authorization') };
        }
        my $answer = { jsonrpc => '2.0', id => $message->{id}, result => $result };
        return $option{sse} ? $reply->sse([$answer]) : $reply->respond(200, ['Content-Type' => 'application/json', @head], to_json($answer));
    });
}
my %server = (alpha => server('alpha'), beta => server('beta', revision => '2025-06-18'), gone => server('gone'), secret => server('secret'));
$server{gone}->stop;

my $registry = make_registry(roles => ['support']);
$registry->credential_set('beta-key', 'beta-secret-0123456789');
my $policy = $registry->file('policy.yaml', join "---\n", <<"YAML", map { "apiVersion: uapi/v1\nkind: Server\nmetadata: {name: $_}\nspec:\n  url: @{[ $server{$_}->url('/mcp') ]}\n  timeout: 2s\n" . ($_ eq 'beta' ? "  credential: {name: beta-key, inject: {header: Authorization, value: \"Bearer {secret}\"}}\n" : '') } sort keys %server);
apiVersion: uapi/v1
kind: Policy
metadata: {name: support}
spec:
  subjects: [{type: agent, roles: [support]}]
  rules:
    - {id: reading, effect: allow, server: [alpha, beta, gone], tools: [echo, zeta]}
    - {id: resources, effect: allow, server: [alpha], methods: ["resources/*"]}
    - {id: no-zeta, effect: deny, server: beta, tools: [zeta]}
    - {id: never, effect: deny, server: secret, tools: [echo]}
YAML
my $httpd = httpd(<<"CONF");
@{[ $registry->config ]}
UapiPolicy "$policy"
<Location "/all">
    UapiEngine on
    UapiServers *
    SetHandler uapi-gateway
</Location>
<Location "/two">
    UapiEngine on
    UapiServers separator=. alpha beta
    UapiListPage 2
    SetHandler uapi-gateway
</Location>
CONF
$httpd->allow_log(qr/UAPI0122/);
$httpd->allow_log(qr/UAPI0101.*upstream\.(?:failed|unreachable)/);
my $token = $registry->token;
my $initialize = { protocolVersion => '2025-11-25', capabilities => {}, clientInfo => { name => 'c', version => '1' } };
my %session;
sub ask {
    my ($method, $params, %option) = @_;
    my $path = $option{path} // '/all';
    return mcp_call($httpd->url($path), $option{token} // $token, $method, $params, headers => [$session{$path} ? ('Mcp-Session-Id' => $session{$path}) : ()], %option);
}
sub names { my ($answer, $key, $name) = @_; return join ' ', map { $_->{$name} } @{ $answer->{result}{$key} || ['none'] } }

# ---- the session
my $opened = ask('initialize', $initialize);
is $opened->{result}{protocolVersion}, '2025-11-25', 'the revision that was asked for';
is $opened->{result}{serverInfo}{name}, 'mod_uapi', 'it is the gateway that answers';
$session{'/all'} = $opened->{headers}{'mcp-session-id'};
like $session{'/all'}, qr/^[!-~]+$/, 'a session id of visible ASCII';
unlike $session{'/all'}, qr/session-of/, 'that shows no session of a server';
is ask('notifications/initialized', undef, id => undef)->{status}, 202, 'initialized';
is_deeply ask('ping', undef)->{result}, {}, 'ping';
is_deeply [map { $_->json->{method} } $server{alpha}->requests], ['initialize', 'notifications/initialized'], 'the handshake was made with a server';
is_deeply ask('logging/setLevel', { level => 'debug' })->{result}, {}, 'a level of the log';
is_deeply [map { $server{$_}->last_request->json->{params}{level} } qw(alpha beta)], ['debug', 'debug'], 'is set at each server';
my $cancelled = '{"jsonrpc":"2.0","method":"notifications/cancelled", "params":{"requestId":7}}';
is ask(undef, undef, id => undef, body => $cancelled)->{status}, 202, 'what the client cancels';
is_deeply [map { $server{$_}->last_request->{body} } qw(alpha beta)], [$cancelled, $cancelled], 'is told to each';
is $server{alpha}->last_request->header('mcp-session-id'), 'session-of-alpha', 'in its session';
is http('GET', $httpd->url('/all'), headers => [Authorization => "Bearer $token"])->{status}, 405, 'no stream without a session';
is_deeply [$server{secret}->requests], [], 'and not with one that the caller may not use';

# ---- lists
my $list = ask('tools/list', {});
is names($list, 'tools', 'name'), 'alpha__zeta alpha__echo beta__echo', 'all pages of all servers, by name of the server, in their own order, cut to what policy allows';
is $list->{result}{tools}[0]{description}, 'zeta of alpha', 'an entry is otherwise as it was';
is_deeply $list->{result}{_meta}{'uapi/unavailable'}, [{ server => 'gone', reason => 'upstream.failed' }], 'a server that is down costs its own tools, with a notice';
unlike $list->{body}, qr/secret/, 'a server that the caller may not use shows nothing';
is names(ask('resources/list', {}), 'resources', 'uri'), 'uapi:alpha:file:///alpha/a', 'resources by their URI, only where they may be read';
is names(ask('prompts/list', {}), 'prompts', 'name'), '', 'a server without prompts just has none';
$server{alpha}->forget;
ask('tools/list', {}) for 1 .. 12;
ok +(grep { $_->json->{method} eq 'tools/list' } $server{alpha}->requests) <= 2, 'each child keeps a list for a while';

# ---- calls
my $call = ask('tools/call', { name => 'alpha__echo', arguments => { text => 'alpha__echo' } });
is_deeply from_json($call->{result}{content}[0]{text}), { server => 'alpha', tool => 'echo', arguments => { text => 'alpha__echo' } }, 'a call reaches its server under the bare name, the arguments untouched';
is $call->{result}{content}[1]{uri}, 'uapi:alpha:file:///linked', 'a link can be followed';
is $server{alpha}->last_request->header('mcp-session-id'), 'session-of-alpha', 'in its own session';
is $server{alpha}->last_request->header('mcp-protocol-version'), '2025-11-25', 'with the revision of that';
is $server{alpha}->last_request->{target}, '/mcp', 'at its own URL';
is $server{alpha}->last_request->header('authorization'), undef, 'without the caller\'s token';
$call = ask('tools/call', { name => 'beta__echo', arguments => {} }, body => '{"jsonrpc":"2.0","id":"a/1","method":"tools/call","params":{"n\u0061me":"b\u0065ta_\u005fecho" , "arguments":{"x":1.50}}}');
is $call->{json}{id}, 'a/1', 'the id comes back';
like $call->{body}, qr/\[REDACTED/, 'a credential that the server echoes is cut out';
is $server{beta}->last_request->{body}, '{"jsonrpc":"2.0","id":"a/1","method":"tools/call","params":{"n\u0061me":"echo" , "arguments":{"x":1.50}}}', 'cut at its place, every other byte as it was';
is $server{beta}->last_request->header('authorization'), 'Bearer beta-secret-0123456789', 'the credential is that of the server';
is $server{beta}->last_request->header('mcp-protocol-version'), '2025-06-18', 'each server has the revision that it agreed to';
is $server{alpha}->requests + 0, scalar(grep { !defined $_->header('authorization') } $server{alpha}->requests), 'and no other server sees it';
my $read = ask('resources/read', { uri => 'uapi:alpha:file:///alpha/a' });
is $read->{result}{contents}[0]{text}, 'text of file:///alpha/a', 'a resource is read by its own URI';
is $read->{result}{contents}[0]{uri}, 'uapi:alpha:file:///alpha/a', 'and comes back by that of the endpoint';

# ---- refusals
my $unknown = ask('tools/call', { name => 'nobody__echo', arguments => {} });
is $unknown->{error}{data}{reason}, 'policy.default_deny', 'no such server';
$_->forget for grep { $_ } @server{qw(alpha beta secret)};
for my $name ('secret__echo', 'secret__other', 'echo', '__echo', 'alpha_echo', 'alpha', 'ALPHA__echo', 'uapi:alpha:echo') {
    my $refused = ask('tools/call', { name => $name, arguments => {} });
    delete $_->{data}{call} for $refused->{error}, $unknown->{error};
    is_deeply $refused->{error}, $unknown->{error}, "$name: as if there were no such server";
}
is ask('resources/read', { uri => 'file:///alpha/a' })->{error}{data}{reason}, 'policy.default_deny', 'a URI without a server';
is ask('resources/read', { uri => 'uapi:beta:file:///b' })->{error}{data}{reason}, 'policy.default_deny', 'a resource that no rule allows';
is ask('tools/call', { name => 'beta__zeta' })->{error}{data}{rule}, 'no-zeta', 'a server that the caller knows tells the rule';
is ask('tools/call', { name => 'alpha__delete' })->{error}{data}{reason}, 'policy.default_deny', 'a tool that no rule allows';
is ask('tasks/put', { taskId => 'alpha__x' })->{error}{code}, -32601, 'what it does not do it says';
is ask('tools/list', { cursor => 'AAAA' })->{error}{code}, -32602, 'a cursor that it never gave';
is_deeply ask('ping', undef, body => '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', version => '2025-03-26')->{json}, [{ jsonrpc => '2.0', id => 1, result => {} }], 'a batch';
is_deeply [map { $server{$_}->requests } qw(alpha beta secret)], [], 'none of these reached a server';
my $other = $registry->token_create(principal => 'other', roles => ['support'])->{token};
is ask('ping', undef, token => $other)->{status}, 404, "another principal's session is none";
{
    local $session{'/all'} = undef;
    is ask('tools/list', {}, token => $registry->token_create(principal => 'nobody')->{token})->{error}{data}{reason}, 'policy.default_deny', 'who may use no server gets no list';
    is names(ask('tools/list', {}), 'tools', 'name'), 'alpha__zeta alpha__echo beta__echo', 'without a session it works too';
}
is ask('tools/call', { name => 'gone__echo' })->{error}{data}{reason}, 'upstream.unreachable', 'a server that is down';
$server{gone}->resume;
like ask('tools/call', { name => 'gone__echo' })->{result}{content}[0]{text}, qr/"server":"gone"/, 'one that comes back gets its session when it is needed';

# ---- pages, and another separator
$session{'/two'} = ask('initialize', $initialize, path => '/two')->{headers}{'mcp-session-id'};
my $first = ask('tools/list', {}, path => '/two');
is names($first, 'tools', 'name'), 'alpha.zeta alpha.echo', 'a first page';
my $second = ask('tools/list', { cursor => $first->{result}{nextCursor} }, path => '/two');
is names($second, 'tools', 'name'), 'beta.echo', 'and the last';
is $second->{result}{nextCursor}, undef, 'no more';
is ask('resources/list', { cursor => $first->{result}{nextCursor} }, path => '/two')->{error}{data}{reason}, 'gateway.cursor', 'a cursor is for its own list';
is from_json(ask('tools/call', { name => 'alpha.echo' }, path => '/two')->{result}{content}[0]{text})->{tool}, 'echo', 'a name with that separator';
is ask('tools/call', { name => 'gone.echo' }, path => '/two')->{error}{data}{reason}, 'policy.default_deny', 'a server that this endpoint does not offer';
is http('DELETE', $httpd->url('/two'), headers => [Authorization => "Bearer $token", 'Mcp-Session-Id' => $session{'/two'}])->{status}, 200, 'DELETE';
is $server{alpha}->last_request->{method}, 'DELETE', 'ends the sessions at the servers';

# ---- the record
my @records = $registry->audit_records;
my %decision = map { ($_->{call} => $_) } grep { $_->{kind} eq 'decision' } @records;
my ($listed) = $decision{ $list->{headers}{'uapi-call-id'} };
is $listed->{action}, 'mcp.tools.list', 'the list is in the chain';
my @fetched = grep { ($_->{parent} // '') eq $listed->{call} } values %decision;
is_deeply [sort map { "$_->{server} $_->{method}" } @fetched], ['alpha tools/list', 'alpha tools/list', 'beta tools/list', 'beta tools/list', 'gone initialize'],
    'and so is each request that the gateway made for it' or diag explain \@fetched;
my ($called) = $decision{ $call->{headers}{'uapi-call-id'} };
is_deeply [@$called{qw(server target action rule)}], ['beta', 'echo', 'mcp.tool.call', 'reading'], 'a call is in the chain as one on a route of the server';
is scalar(grep { $_->{kind} eq 'outcome' && !$decision{ $_->{call} } } @records), 0, 'no outcome without a decision';
unlike to_json(\@records), qr/beta-secret|session-of/, 'no record has a secret or a session';
unlike $httpd->error_log, qr/beta-secret|session-of/, 'nor has the log';
done_testing;
