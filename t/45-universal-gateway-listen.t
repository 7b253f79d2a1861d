# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# subscriptions/listen at a universal gateway: one subscription at all servers that have them.
use lib 't/lib';
use Uapi::Test;

sub server {
    my ($name, %option) = @_;
    return upstream(sub {
        my ($request, $reply) = @_;
        return $reply->status(405) if $request->{method} ne 'POST';
        my $message = $request->json;
        my $answer = { jsonrpc => '2.0', id => $message->{id} };
        return $reply->json({ %$answer, result => { supportedVersions => ['2026-07-28'], capabilities => {}, resultType => 'complete', ttlMs => 0, cacheScope => 'private' } }) if $message->{method} eq 'server/discover' && !$option{legacy};
        return $reply->json({ %$answer, result => { protocolVersion => '2025-06-18', capabilities => {}, serverInfo => { name => $name, version => 1 } } }) if $message->{method} eq 'initialize' && $option{legacy};
        return $reply->json({ %$answer, error => { code => -32601, message => 'Method not found' } }, 400) if $message->{method} ne 'subscriptions/listen' || $option{broken};
        my $notify = sub { my ($method, %params) = @_; return 'data: ' . to_json({ jsonrpc => '2.0', method => $method, params => { %params, _meta => { 'io.modelcontextprotocol/subscriptionId' => $message->{id} } } }) . "\n\n" };
        $reply->start(200, 'Content-Type' => 'text/event-stream')->chunk($notify->('notifications/subscriptions/acknowledged', notifications => $message->{params}{notifications}))->sleep(0.2);
        $reply->chunk(join '', map { $notify->('notifications/tasks', taskId => $_, status => 'working') } "$name-1", "$name-2");
        $reply->chunk($notify->('notifications/tools/list_changed') . $notify->('notifications/prompts/list_changed') . $notify->('notifications/resources/updated', uri => "file:///$name"))->sleep($option{last} ? 0.5 : 5);
        return $reply->chunk('data: ' . to_json({ %$answer, result => { resultType => 'complete' } }) . "\n\n");
    });
}
my %server = (one => server('one', last => 1), two => server('two'), old => server('old', legacy => 1), shut => server('shut'), broken => server('broken', broken => 1));
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', join "---\n", <<'YAML', map { "apiVersion: uapi/v1\nkind: Server\nmetadata: {name: $_}\nspec:\n  url: @{[ $server{$_}->url('/mcp') ]}\n" } sort keys %server);
apiVersion: uapi/v1
kind: Policy
metadata: {name: p}
spec:
  rules:
    - {id: all, effect: allow, server: [one, two, old, broken]}
    - {id: not-two, effect: deny, server: two, methods: [resources/subscribe]}
YAML
my $httpd = httpd(<<"CONF");
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiEngine on
<Location "/mcp">
    UapiServers one two old shut
    SetHandler uapi-gateway
</Location>
<Location "/old">
    UapiServers old
    SetHandler uapi-gateway
</Location>
<Location "/broken">
    UapiServers broken
    SetHandler uapi-gateway
</Location>
CONF
my %meta = ('io.modelcontextprotocol/protocolVersion' => '2026-07-28', 'io.modelcontextprotocol/clientInfo' => { name => 'c', version => '1' }, 'io.modelcontextprotocol/clientCapabilities' => {});
sub listen_to { my ($path, $filter) = @_; return mcp_call($httpd->url($path), $registry->token, 'subscriptions/listen', { _meta => \%meta, notifications => $filter }, version => '2026-07-28', id => 'my"id', timeout => 15) }

my $stream = listen_to('/mcp', { toolsListChanged => JSON::PP::true, promptsListChanged => JSON::PP::false, resourceSubscriptions => [map { "uapi:$_:file:///$_" } qw(one two old shut)] });
is $stream->{status}, 200, 'a subscription';
my @events = @{ $stream->{events} || [] };
is $events[0]{method}, 'notifications/subscriptions/acknowledged', 'is acknowledged first';
is $events[0]{params}{_meta}{'io.modelcontextprotocol/subscriptionId'}, 'my"id', "under the client's id";
is_deeply $events[0]{params}{notifications}, { toolsListChanged => JSON::PP::true, resourceSubscriptions => ['uapi:one:file:///one'] }, 'with what could be subscribed to: not where policy forbids it, nor at servers that have none';
is scalar(grep { ($_->{method} // '') =~ /acknowledged/ } @events), 1, 'once';
is scalar(grep { ($_->{method} // '') eq 'notifications/tools/list_changed' } @events), 2, 'changes at each server';
is scalar(grep { ($_->{method} // '') eq 'notifications/prompts/list_changed' } @events), 0, 'none that were not asked for';
is_deeply [sort map { $_->{params}{uri} } grep { ($_->{method} // '') eq 'notifications/resources/updated' } @events], ['uapi:one:file:///one'], 'resources by the URIs of the endpoint, and none that was not asked for' or diag explain \@events;
is scalar(grep { ($_->{params}{_meta}{'io.modelcontextprotocol/subscriptionId'} // $_->{id}) ne 'my"id' } @events), 0, "everything is under the client's id";
is $events[-1]{result}{resultType}, 'complete', 'it ends well when a server ends it';
my ($asked) = grep { $_->json->{method} eq 'subscriptions/listen' } $server{one}->requests;
is_deeply $asked->json->{params}{notifications}, { toolsListChanged => JSON::PP::true, resourceSubscriptions => ['file:///one'] }, 'a server is asked for what is its own';
is $asked->header('mcp-method'), 'subscriptions/listen', 'with its header';
($asked) = grep { $_->json->{method} eq 'subscriptions/listen' } $server{two}->requests;
is_deeply $asked->json->{params}{notifications}, { toolsListChanged => JSON::PP::true }, 'and not for what policy forbids';
is_deeply [$server{shut}->requests], [], 'a server that the caller may not use hears nothing';
# ---- tasks (SEP-2663)
$_->forget for values %server;
my $refused = listen_to('/mcp', { taskIds => ['uapi:one:one-1'] });
is_deeply [$refused->{error}{code}, $refused->{error}{data}{reason}], [-32021, 'client.capability'], 'tasks need the capability';
is scalar(grep { $_->json->{method} eq 'subscriptions/listen' } $server{one}->requests), 0, 'else nobody is asked';
$meta{'io.modelcontextprotocol/clientCapabilities'} = { extensions => { 'io.modelcontextprotocol/tasks' => {} } };
$stream = listen_to('/mcp', { taskIds => [map { "uapi:$_:$_-1" } qw(one two old shut)], toolsListChanged => JSON::PP::true });
@events = @{ $stream->{events} || [] };
is_deeply $events[0]{params}{notifications}, { toolsListChanged => JSON::PP::true, taskIds => ['uapi:one:one-1', 'uapi:two:two-1'] }, 'tasks of the servers that have subscriptions are acknowledged'
    or diag explain $events[0];
is_deeply [sort map { $_->{params}{taskId} } grep { ($_->{method} // '') eq 'notifications/tasks' } @events], ['uapi:one:one-1', 'uapi:two:two-1'],
    'their changes come under the ids of the endpoint, and no others';
($asked) = grep { $_->json->{method} eq 'subscriptions/listen' } $server{one}->requests;
is_deeply $asked->json->{params}{notifications}, { toolsListChanged => JSON::PP::true, taskIds => ['one-1'] }, 'a server is asked for its own, by its own ids';
is_deeply $asked->json->{params}{_meta}{'io.modelcontextprotocol/clientCapabilities'}, { extensions => { 'io.modelcontextprotocol/tasks' => {} } }, '  with the capability';
is listen_to('/mcp', { taskIds => [] })->{events}[0]{method}, 'notifications/subscriptions/acknowledged', 'an empty list is none';

is listen_to('/old', { toolsListChanged => JSON::PP::true })->{error}{data}{reason}, 'gateway.era', 'only servers of older revisions';
$httpd->allow_log(qr/UAPI0101.*upstream\.failed/);
is listen_to('/broken', { toolsListChanged => JSON::PP::true })->{error}{data}{reason}, 'upstream.failed', 'a server that opens no stream';
done_testing;
