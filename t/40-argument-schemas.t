# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# arguments: {schema: enforce}: what does not match the pinned tool's inputSchema is refused before the server sees it.
use lib 't/lib';
use Uapi::Test;
use File::Temp ();
use JSON::PP ();

my %schemas = (
    pay => { type => 'object', properties => { amount => { type => 'integer', minimum => 1, maximum => 5000 }, currency => { enum => ['EUR', 'USD'] },
        to => { '$ref' => '#/$defs/account' } }, required => ['amount'], additionalProperties => JSON::PP::false(),
        '$defs' => { account => { type => 'object', properties => { 'a/b' => { type => 'string', maxLength => 3 } } } } },
    any => {},
    regex => { type => 'object', properties => { x => { type => 'string', pattern => '^a+$' } } },
    foreign => { type => 'object', properties => { x => { type => 'string', pattern => '^a++$' } } },
    remote => { '$ref' => 'https://example.com/schema.json' },
    bare => undef,
);
my $maximum = File::Temp->new;
print $maximum 5000;
$maximum->flush;
my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    my $message = $request->json;
    return $reply->json([map { { jsonrpc => '2.0', id => $_->{id}, result => {} } } @$message]) if ref $message eq 'ARRAY';
    my $result = { content => [{ type => 'text', text => 'done' }] };
    local $schemas{pay}{properties}{amount}{maximum} = 0 + slurp("$maximum");
    $result = { tools => [map { { name => $_, ($schemas{$_} ? (inputSchema => $schemas{$_}) : ()) } } sort keys %schemas] } if $message->{method} eq 'tools/list';
    return $reply->json({ jsonrpc => '2.0', id => $message->{id}, result => $result });
});
my $registry = make_registry;
my $policy = $registry->file('policy.yaml', <<'YAML');
apiVersion: uapi/v1
kind: Policy
metadata: {name: all}
spec:
  rules:
    - {id: all, effect: allow, server: "*"}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: strict}
spec: {pinning: first_use, arguments: {schema: enforce}}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: pinned}
spec: {pinning: first_use, arguments: {schema: disabled}}
YAML
my $httpd = httpd(join "\n", $registry->config, "UapiPolicy \"$policy\"", 'UapiEngine on', map { <<"CONF" } qw(strict pinned shadow));
<Location "/$_">
    UapiServer @{[ $_ eq 'shadow' ? 'strict' : $_ ]}
    UapiEngine @{[ $_ eq 'shadow' ? 'shadow' : 'on' ]}
    ProxyPass @{[ $upstream->url("/$_") ]}
</Location>
CONF

sub ask { my ($path, $method, $params, %option) = @_; return mcp_call($httpd->url("/$path"), $registry->token, $method, $params, %option) }
sub call { my ($tool, $arguments, %option) = @_;
    return ask($option{path} // 'strict', 'tools/call', { name => $tool, (defined $arguments ? (arguments => $arguments) : ()) }, %option) }
sub refused {
    my ($tool, $arguments, $reason, $pointer, $keyword, $name) = @_;
    my $seen = () = $upstream->requests;
    my $answer = call($tool, $arguments);
    is_deeply [@{ $answer->{error}{data} }{qw(reason pointer keyword)}], [$reason, $pointer, $keyword], $name or diag explain $answer->{error};
    is $answer->{status}, 200, '  as the message\'s error';
    is scalar(() = $upstream->requests), $seen, '  before the server sees it';
    return $answer;
}

is call('pay', { amount => 1 })->{error}{data}{reason}, 'tool.unpinned', 'a schema that is not known: refused';
ask($_, 'tools/list', {}) for qw(strict pinned);
ok call('pay', { amount => 7, currency => 'EUR', to => { 'a/b' => 'abc' } })->{result}, 'what matches passes';
ok call('any', $_)->{result}, 'so does anything where the schema asks nothing' for { x => [1] }, undef;
refused('pay', { amount => 0 }, 'arguments.invalid', '/amount', 'minimum', 'too small');
refused('pay', { amount => 1.5 }, 'arguments.invalid', '/amount', 'type', 'no integer');
refused('pay', { amount => '1' }, 'arguments.invalid', '/amount', 'type', 'no number');
refused('pay', {}, 'arguments.invalid', '', 'required', 'one is missing');
refused('pay', undef, 'arguments.invalid', '', 'required', 'all are missing');
refused('pay', { amount => 1, Amount => 2 }, 'arguments.invalid', '/Amount', 'additionalProperties', 'one too many');
refused('pay', { amount => 1, currency => 'GBP' }, 'arguments.invalid', '/currency', 'enum', 'none of these');
my $answer = refused('pay', { amount => 1, to => { 'a/b' => 'secret-value' } }, 'arguments.invalid', '/to/a~1b', 'maxLength', 'deep within');
unlike $answer->{body} . $httpd->error_log, qr/secret-value/, '  the value stands neither in the answer nor in the log';
is $answer->{error}{code}, -32016, '  its code';
ok call('regex', { x => 'aa' })->{result}, 'a pattern that matches';
refused('regex', { x => 'ab' }, 'arguments.invalid', '/x', 'pattern', 'one that does not');
refused('foreign', { x => 'aa' }, 'arguments.schema', undef, undef, 'a regular expression that is none of ECMA-262');
refused('remote', {}, 'arguments.schema', undef, undef, 'a remote $ref');
refused('bare', {}, 'arguments.schema', undef, undef, 'a tool without a schema');
like $httpd->error_log, qr/arguments\.schema: "pattern" has a possessive quantifier/, 'the log says which';

ok call('pay', { amount => 0 }, path => 'pinned')->{result}, 'not asked for: passes';
ok call('pay', { amount => 0 }, path => 'shadow')->{result}, 'shadow: passes';
is((grep { ($_->{shadow} // '') eq 'arguments.invalid' } $registry->audit_records), 1, '  and is recorded');

# ---- a batch: one refused member refuses only itself
my $batch = to_json([map { { jsonrpc => '2.0', id => $_, method => 'tools/call', params => { name => 'pay', arguments => { amount => $_ } } } } 0, 1]);
my %by_id = map { $_->{id} => $_ } @{ from_json(ask('strict', 'tools/call', {}, version => '2025-03-26', body => $batch)->{body}) };
is $by_id{0}{error}{data}{reason}, 'arguments.invalid', 'a member of a batch';
ok $by_id{1}{result}, '  and its neighbour';

# ---- the schema is the pinned one's, until another is approved
ok call('pay', { amount => 5000 })->{result}, 'the bound of the pinned schema';
truncate $maximum, 0;
seek $maximum, 0, 0;
print $maximum 10;
$maximum->flush;
ask('strict', 'tools/list', {});
is call('pay', { amount => 5000 })->{error}{data}{reason}, 'tool.changed', 'the server changes it';
$registry->must('pin', 'approve', 'strict', 'pay', '--tenant', 'acme');
refused('pay', { amount => 5000 }, 'arguments.invalid', '/amount', 'maximum', 'approved: the new bound holds');
ok call('pay', { amount => 10 })->{result}, '  from the next call on';

my ($status, $output) = config_test($registry->config . "\nUapiPolicy \"" . $registry->file('unpinned.yaml',
    "apiVersion: uapi/v1\nkind: Server\nmetadata: {name: s}\nspec:\n  arguments: {schema: enforce}\n") . '"');
isnt $status, 0, 'without pinning it cannot be asked for';
like $output, qr/unpinned\.yaml:5:\d+: error: .*"arguments" needs "pinning"/, '  and configtest says where';
($status, $output) = config_test($registry->config . "\nUapiPolicy \"" . $registry->file('rest.yaml',
    "apiVersion: uapi/v1\nkind: Server\nmetadata: {name: s}\nspec:\n  protocol: rest\n  pinning: reviewed\n") . '"');
isnt $status, 0, 'a REST service has no tools to pin';
like $output, qr/rest\.yaml:6:12: error: "pinning" is for tools/, '  and configtest says where';
done_testing;
