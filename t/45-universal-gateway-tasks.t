# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Tasks at a universal gateway, those of 2025-11-25 and of the extension to 2026-07-28: an id of a task leads back to its server, and
# eras are not mixed.
use lib 't/lib';
use Uapi::Test;

my $related = 'io.modelcontextprotocol/related-task';
# Both servers have a task of the same id.
sub server {
    my ($name, $modern) = @_;
    return upstream(sub {
        my ($request, $reply) = @_;
        return $reply->status(405) if $request->{method} eq 'GET';
        my $message = $request->json;
        return $reply->status(202) unless defined $message->{id} && defined $message->{method};
        my ($method, $params) = @$message{qw(method params)};
        my $task = { taskId => 'T-1', status => 'working', ttl => 1000, createdAt => 'now', statusMessage => $name };
        my $result = $method eq 'initialize' ? { protocolVersion => '2025-11-25', capabilities => {}, serverInfo => { name => $name, version => 1 } }
            : $method eq 'tools/call' ? ($modern ? { resultType => 'task', %$task } : $params->{task} ? { task => $task } : { content => [] })
            : $method eq 'tasks/list' ? { tasks => [$task] }
            : $method eq 'tasks/result' ? { content => [{ type => 'text', text => $params->{taskId} }], _meta => { $related => { taskId => $params->{taskId} } } }
            : { %$task, ($modern ? (resultType => 'complete') : ()), asked => $params->{taskId}, header => $request->header('mcp-name') };
        return $reply->respond(200, ['Content-Type' => 'application/json', $method eq 'initialize' ? ('Mcp-Session-Id' => "s-$name") : ()], to_json({ jsonrpc => '2.0', id => $message->{id}, result => $result }));
    });
}
my %server = (one => server('one'), two => server('two'), new => server('new', 1));
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', join "---\n", <<'YAML', map { "apiVersion: uapi/v1\nkind: Server\nmetadata: {name: $_}\nspec:\n  url: @{[ $server{$_}->url('/mcp') ]}\n  revision: @{[ $_ eq 'new' ? '2026-07-28' : '2025-11-25' ]}\n" } sort keys %server);
apiVersion: uapi/v1
kind: Policy
metadata: {name: p}
spec:
  rules:
    - {id: all, effect: allow, server: [one, two, new]}
    - {id: no-cancel, effect: deny, server: two, methods: [tasks/cancel]}
YAML
my $httpd = httpd(<<"CONF");
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiServers *
<Location "/mcp">
    UapiEngine on
    SetHandler uapi-gateway
</Location>
CONF
my $opened = mcp_initialize($httpd->url('/mcp'), $registry->token);
my $session = $opened->{headers}{'mcp-session-id'};
ok $opened->{result}{capabilities}{tasks}{requests}{tools}{call}, 'the endpoint has tasks';
sub ask { my ($method, $params) = @_; return mcp_call($httpd->url('/mcp'), $registry->token, $method, $params, headers => ['Mcp-Session-Id' => $session]) }

my $made = ask('tools/call', { name => 'two__work', arguments => {}, task => { ttl => 1000 } });
my $id = $made->{result}{task}{taskId};
is $id, 'uapi:two:T-1', 'a task says which server has it';
my $got = ask('tasks/get', { taskId => $id });
is_deeply [@{ $got->{result} }{qw(statusMessage asked taskId)}], ['two', 'T-1', $id], 'and is asked for there, by its own id';
is $server{two}->last_request->header('mcp-session-id'), 's-two', 'in its session';
is ask('tasks/get', { taskId => 'uapi:one:T-1' })->{result}{statusMessage}, 'one', 'the same id elsewhere is another task';
my $result = ask('tasks/result', { taskId => $id });
is_deeply [$result->{result}{content}[0]{text}, $result->{result}{_meta}{$related}{taskId}], ['T-1', $id], 'its result';
is ask('tasks/cancel', { taskId => $id })->{error}{data}{rule}, 'no-cancel', 'policy speaks of it as on a route';
is ask('tasks/cancel', { taskId => 'uapi:one:T-1' })->{result}{asked}, 'T-1', 'what it allows is done';
is_deeply [sort map { $_->{taskId} } @{ ask('tasks/list', {})->{result}{tasks} }], ['uapi:one:T-1', 'uapi:two:T-1'], 'the list is that of all servers that have one';
$server{one}->forget;
ask('tasks/list', {});
is scalar(grep { $_->json->{method} eq 'tasks/list' } $server{one}->requests), 1, 'and is never an old one';
is ask('tasks/get', { taskId => $_ })->{error}{data}{reason}, 'policy.default_deny', "no task of any server: $_" for 'T-1', 'uapi:nobody:T-1', 'two__T-1';

# ---- 2026-07-28
sub modern { my ($method, $params, @headers) = @_; return mcp_call($httpd->url('/mcp'), $registry->token, $method, { %$params, mcp_meta() }, version => '2026-07-28', headers => \@headers) }
ok modern('server/discover', {})->{result}{capabilities}{extensions}{'io.modelcontextprotocol/tasks'}, 'it has the extension, too';
is modern('tools/call', { name => 'new__work', arguments => {} }, 'Mcp-Name' => 'new__work')->{result}{taskId}, 'uapi:new:T-1', 'a call that became a task';
$got = modern('tasks/get', { taskId => 'uapi:new:T-1' });
is_deeply [@{ $got->{result} }{qw(statusMessage asked header)}], ['new', 'T-1', undef], 'is asked for at its server';
is modern('tasks/get', { taskId => 'uapi:new:T-1' }, 'Mcp-Name' => 'uapi:new:T-1')->{result}{header}, 'T-1', 'a header that names it has its own name there';
is modern('tasks/update', { taskId => 'uapi:new:T-1', inputResponses => {} })->{result}{asked}, 'T-1', 'what it waits for';
is modern('tasks/cancel', { taskId => 'uapi:new:T-1' })->{result}{asked}, 'T-1', 'its end';
is modern('tasks/list', {})->{error}{data}{reason}, 'gateway.unsupported', 'there is no list in this revision';
is modern('tasks/get', { taskId => $id })->{error}{data}{reason}, 'gateway.era', 'a task of an older server is not for such a client';
is ask('tasks/get', { taskId => 'uapi:new:T-1' })->{error}{data}{reason}, 'gateway.era', 'nor the reverse';
is ask('tools/call', { name => 'new__work', arguments => {}, task => {} })->{error}{data}{reason}, 'gateway.era', 'nor can one be made so';
done_testing;
