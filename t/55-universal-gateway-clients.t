# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Official clients at one endpoint over official servers of both eras, two of them the same program, and one that is down.
use lib 't/lib';
use Uapi::Test;
use Uapi::Process qw(spawn kill_session);
use Cwd qw(getcwd);
use File::Temp ();
use IO::Socket::INET;

is system('build/node'), 0, 'the packages are there' or exit 1;
my $node = out('node/bin/node');
my $folder = File::Temp->newdir('uapi-t-gateway-XXXXXX', TMPDIR => 1);
my %port = map { $_ => free_port() } qw(everything second legacy modern down);
my $modules = getcwd() . '/t/node';
my @everything = ('--import', "$modules/loopback.mjs", "$modules/node_modules/\@modelcontextprotocol/server-everything/dist/index.js", 'streamableHttp');
my @pids = (
    spawn([$node, @everything], "$folder/everything", PORT => $port{everything}),
    spawn([$node, @everything], "$folder/second", PORT => $port{second}),
    spawn([$node, "$modules/conformance-server.mjs", $port{legacy}], "$folder/legacy"),
    spawn([$node, "$modules/conformance-stateless.mjs", $port{modern}], "$folder/modern"),
);
END { kill_session($_) for @pids }
for my $name (qw(everything second legacy modern)) {
    ok wait_for(30, sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port{$name}) }), "$name listens" or diag slurp("$folder/$name");
}

my $registry = make_registry();
my $policy = $registry->file('policy.yaml', join "---\n", <<'YAML', map { "apiVersion: uapi/v1\nkind: Server\nmetadata: {name: $_}\nspec:\n  url: http://127.0.0.1:$port{$_}/mcp\n" } sort keys %port);
apiVersion: uapi/v1
kind: Policy
metadata: {name: clients}
spec:
  rules:
    - {id: all, effect: allow}
    - {id: no-environment, effect: deny, tools: [get-env]}
    - {id: sums-only, effect: deny, server: second, tools: [echo]}
YAML
my $httpd = httpd(<<"CONF");
@{[ $registry->config ]}
UapiPolicy "$policy"
<Location "/mcp">
    UapiEngine on
    UapiServers *
    AuthType uapi
    Require valid-user
    SetHandler uapi-gateway
</Location>
CONF
$httpd->allow_log(qr/UAPI0122.*server down/);

sub client {
    my ($generation, $mode, @orders) = @_;
    my ($status, $output, $errors) = run([$node, "$modules/gateway-client.mjs", $generation, $httpd->url('/mcp'), $mode // ()], stdin => join('', map { to_json($_) . "\n" } @orders),
        environment => { UAPI_TOKEN => $registry->token });
    is $status, 0, 'the client ends well' or diag $errors;
    my ($first, @rest) = map { from_json($_) } split /\n/, $output;
    return ($first, @rest);
}
sub text { return $_[0]{content} ? $_[0]{content}[0]{text} : to_json($_[0]) }

for my $case (['v1', undef, '2025-11-25'], ['v2', 'legacy', '2025-11-25'], ['v2', 'auto', '2026-07-28'], ['v2', '2026-07-28', '2026-07-28']) {
    my ($generation, $mode, $revision) = @$case;
    subtest join(' ', $generation, $mode // ()) => sub {
        my ($negotiated, $tools, $prompts, $resources, $templates, @results) = client($generation, $mode, ['listTools'], ['listPrompts'], ['listResources'], ['listResourceTemplates'],
            ['callTool', { name => 'everything__echo', arguments => { message => 'hello' } }],
            ['callTool', { name => 'second__get-sum', arguments => { a => 1, b => 2 } }],
            ['callTool', { name => 'modern__test_simple_text', arguments => {} }],
            ['callTool', { name => 'second__echo', arguments => { message => 'hello' } }],
            ['callTool', { name => 'everything__get-env', arguments => {} }],
            ['callTool', { name => 'nobody__echo', arguments => {} }],
            ['callTool', { name => 'down__echo', arguments => {} }],
            ['getPrompt', { name => 'everything__simple-prompt' }]);
        is $negotiated->{revision}, $revision, 'the revision';
        is !!$negotiated->{session}, !!($revision lt '2026'), 'a session where the revision has them';
        my @names = map { $_->{name} } @{ $tools->{tools} };
        for my $server (qw(everything second legacy modern)) {
            ok scalar(grep { /^${server}__/ } @names), "tools of $server";
        }
        is_deeply [map { /^(.*?)__/ } @names], [sort map { /^(.*?)__/ } @names], 'in the order of servers';
        is scalar(grep { /get-env|second__echo/ } @names), 0, 'without those that policy denies';
        ok scalar(grep { $_->{name} eq 'everything__simple-prompt' } @{ $prompts->{prompts} }), 'prompts';
        ok scalar(grep { /^uapi:second:demo:/ } map { $_->{uri} } @{ $resources->{resources} }), 'resources';
        ok scalar(grep { /^uapi:second:demo:.*\{/ } map { $_->{uriTemplate} } @{ $templates->{resourceTemplates} }), 'templates';
        like text($results[0]), qr/hello/, 'a call of an older server';
        like text($results[1]), qr/3/, 'and of another';
        like text($results[2]), qr/simple text/, 'a call of a server of 2026-07-28';
        is $results[3]{error}{data}{reason}, 'policy.denied', 'a tool that is denied at one server only';
        is $results[4]{error}{data}{rule}, 'no-environment', 'and one that is at all';
        is $results[5]{error}{data}{reason}, 'policy.default_deny', 'no such server';
        ok $results[6]{error}, 'a server that is down';
        is $results[7]{messages}[0]{role}, 'user', 'a prompt';
        my ($uri) = map { $_->{uri} } @{ $resources->{resources} };
        my (undef, $read, $filled) = client($generation, $mode, ['readResource', { uri => $uri }], ['readResource', { uri => 'uapi:second:demo://resource/dynamic/text/7' }]);
        is $read->{contents}[0]{uri}, $uri, 'a resource by the URI that the list gave';
        like $filled->{contents}[0]{text} // to_json($filled), qr/7/, 'and one by a template';
    };
}
$httpd->allow_log(qr/UAPI0101.*upstream\.(?:failed|unreachable)/);

subtest 'what servers ask of clients' => sub {
    my (undef, $tools, $sampled, $elicited) = client('v1', undef, ['listTools'], ['callTool', { name => 'everything__trigger-sampling-request', arguments => { prompt => 'x', maxTokens => 10 } }],
        ['callTool', { name => 'everything__trigger-elicitation-request', arguments => {} }]);
    like to_json($sampled), qr/sampled here/, 'sampling';
    like to_json($elicited), qr/elicited here/, 'elicitation';
    my (undef, @results) = client('v1', undef, ['callTool', { name => 'legacy__test_reconnection', arguments => {} }], ['callTool', { name => 'legacy__test_simple_text', arguments => {} }]);
    ok $results[0]{content}[0]{text}, 'a server that breaks its stream off to answer on a resumed one' or diag explain \@results;
    ok $results[1]{content}[0]{text}, 'and goes on';
};
done_testing;
