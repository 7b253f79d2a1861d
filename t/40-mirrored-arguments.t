# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Mcp-Param-* where the tool's definition is known, from pins or from the list that the universal gateway keeps: a header is missing, or mirrors
# another argument than the definition says. Where it is not known, any argument's value will do.
use lib 't/lib';
use Uapi::Test;

my %tools = (
    plain => { type => 'object', properties => { a => { type => 'string' } } },
    marked => { type => 'object', properties => {
        region => { type => 'string', 'x-mcp-header' => 'Region' }, n => { type => 'integer', 'x-mcp-header' => 'N' }, query => { type => 'string' },
        place => { type => 'object', properties => { city => { type => 'string', 'x-mcp-header' => 'City' } } } } },
    invalid => { type => 'object', properties => { a => { type => 'string', 'x-mcp-header' => 'A B' } } },
);
my $registry = make_registry();
my $ttl = $registry->file('ttl', '300000');
my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    my $message = $request->json;
    return $reply->status(202) unless ref $message eq 'ARRAY' || defined $message->{id};
    return $reply->json([map { { jsonrpc => '2.0', id => $_->{id}, result => {} } } @$message]) if ref $message eq 'ARRAY';
    my $result = { resultType => 'complete', content => [] };
    if ($message->{method} eq 'tools/list') {
        $result = { resultType => 'complete', ttlMs => 0 + slurp($ttl), cacheScope => 'public', tools => [map { { name => $_, inputSchema => $tools{$_} } } sort keys %tools] };
    }
    return $reply->json({ jsonrpc => '2.0', id => $message->{id}, result => $result });
});
my $policy = $registry->file('policy.yaml', <<"YAML");
apiVersion: uapi/v1
kind: Policy
metadata: {name: p}
spec:
  rules:
    - {id: all, effect: allow, server: "*"}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: pinned}
spec: {pinning: first_use, url: "@{[ $upstream->url('/pinned') ]}", revision: 2026-07-28}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: loose}
spec: {pinning: disabled}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: listed}
spec: {url: "@{[ $upstream->url('/listed') ]}", revision: 2026-07-28}
YAML
my $httpd = httpd(join("\n", $registry->config, "UapiPolicy \"$policy\"", 'UapiEngine on', (map { <<"CONF" } qw(pinned loose shadow)), <<'CONF'), children => 1);
<Location "/$_">
    UapiServer @{[ $_ eq 'shadow' ? 'pinned' : $_ ]}
    UapiEngine @{[ $_ eq 'shadow' ? 'shadow' : 'on' ]}
    ProxyPass @{[ $upstream->url("/$_") ]}
</Location>
CONF
<Location "/gateway">
    UapiServers pinned listed
    SetHandler uapi-gateway
</Location>
CONF

sub modern {
    my ($path, $method, $params, @headers) = @_;
    return mcp_call($httpd->url($path), $registry->token, $method, { %$params, mcp_meta() }, version => '2026-07-28', headers => \@headers);
}
sub call { my ($path, $tool, $arguments, @headers) = @_; return modern($path, 'tools/call', { name => $tool, arguments => $arguments }, @headers) }
sub refused {
    my ($name, $answer) = @_;
    is_deeply [$answer->{status}, @{ $answer->{error} }{qw(code)}, $answer->{error}{data}{reason}], [400, -32020, 'mcp.header_mismatch'], $name or diag explain $answer->{error};
    return is scalar(() = $upstream->requests), 0, '  and the server sees nothing of it';
}

# [what, arguments, headers, does it agree]
my @cases = (
    ['what is not there needs no header', { query => 'q' }, [], 1],
    ['nor what is null', { region => undef }, [], 1],
    ['all headers', { region => 'eu', n => 7, place => { city => 'x' }, query => 'q' }, ['Mcp-Param-Region' => 'eu', 'Mcp-Param-N' => '7', 'Mcp-Param-City' => 'x'], 1],
    ['a name in other case, a value in base64', { region => 'eu' }, ['MCP-PARAM-REGION' => '=?base64?ZXU=?='], 1],
    ['a number in another form', { n => 7 }, ['Mcp-Param-N' => '7.0'], 1],
    ['a header is missing', { region => 'eu' }, [], 0],
    ['one of two', { region => 'eu', n => 7 }, ['Mcp-Param-Region' => 'eu'], 0],
    ['one deep within', { place => { city => 'x' } }, [], 0],
    ['another argument\'s value', { region => 'eu', query => 'us' }, ['Mcp-Param-Region' => 'us'], 0],
    ['two that are exchanged', { region => 'a', place => { city => 'b' } }, ['Mcp-Param-Region' => 'b', 'Mcp-Param-City' => 'a'], 0],
    ['a header for what is not there', { query => 'us' }, ['Mcp-Param-Region' => 'us'], 0],
    ['a header for what is null', { region => undef, query => 'us' }, ['Mcp-Param-Region' => 'us'], 0],
    ['twice', { region => 'eu' }, ['Mcp-Param-Region' => 'eu', 'Mcp-Param-Region' => 'eu'], 0],
);
modern('/pinned', 'tools/list', {});
for my $at (['a pinned tool', '/pinned', 'marked'], ['the same at the universal gateway', '/gateway', 'pinned__marked'], ['one in the list that is kept', '/gateway', 'listed__marked']) {
    my ($where, $path, $tool) = @$at;
    subtest $where => sub {
        modern($path, 'tools/list', {});
        for my $case (@cases) {
            my ($what, $arguments, $headers, $agrees) = @$case;
            $upstream->forget;
            my $answer = call($path, $tool, $arguments, @$headers);
            $agrees ? is $answer->{status}, 200, $what : refused($what, $answer);
        }
        is call($path, $tool =~ s/marked/plain/r, { a => 'x' })->{status}, 200, 'a tool without marks';
        is call($path, $tool =~ s/marked/invalid/r, { a => 'x' })->{status}, 200, 'one whose marks are against the rules, which count for nothing';
    };
}
$upstream->forget;
is call('/loose', 'marked', { region => 'eu', query => 'us' }, @$_)->{status}, 200, 'a definition that is not known: ' . ($_->[1] // 'no header') for [], ['Mcp-Param-Region' => 'us'];
is call('/shadow', 'marked', { region => 'eu' })->{status}, 200, 'shadow';
is((grep { ($_->{shadow} // '') eq 'mcp.header_mismatch' } $registry->audit_records), 1, '  is recorded');

# ---- older revisions have no such headers: none is demanded, but one that is there must not lie
for my $version ('2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05', undef) {
    $upstream->forget;
    my $old = sub { my ($arguments, @headers) = @_;
        return mcp_call($httpd->url('/pinned'), $registry->token, 'tools/call', { name => 'marked', arguments => $arguments }, version => $version, headers => \@headers) };
    refused(($version // 'no version') . ': another argument', $old->({ region => 'eu', query => 'us' }, 'Mcp-Param-Region' => 'us'));
    is $old->({ region => 'eu' })->{status}, 200, '  none';
    is $old->({ region => 'eu' }, 'Mcp-Param-Region' => 'eu')->{status}, 200, '  the right one';
}
my @batch = map { { jsonrpc => '2.0', id => $_, method => 'tools/call', params => { name => 'marked', arguments => { region => $_ == 1 ? 'us' : 'eu', query => 'us' } } } } 1, 2;
my %by_id = map { $_->{id} => $_ } @{ from_json(mcp_call($httpd->url('/pinned'), $registry->token, 'x', {}, version => '2025-03-26', body => to_json(\@batch), headers => ['Mcp-Param-Region' => 'us'])->{body}) };
ok $by_id{1}{result}, 'a batch: the member that agrees';
is $by_id{2}{error}{data}{reason}, 'mcp.header_mismatch', '  and the one that does not';

# ---- an older client at the universal gateway: the headers are put there for it
my $session = mcp_initialize($httpd->url('/gateway'), $registry->token)->{headers}{'mcp-session-id'};
for my $tool ('pinned__marked', 'listed__marked') {
    my $answer = mcp_call($httpd->url('/gateway'), $registry->token, 'tools/call', { name => $tool, arguments => { region => " \x{fc}", n => 7, place => { city => 'x' }, query => 'q' } }, headers => ['Mcp-Session-Id' => $session]);
    is $answer->{status}, 200, "$tool for an older client";
    is_deeply [map { $upstream->last_request->header("mcp-param-$_") } qw(region n city query)], ['=?base64?IMO8?=', '7', 'x', undef], '  with the headers that its definition demands';
}

# ---- the kept list gives way to a newer one; what may not be kept is not known
sub calls { return join ' ', map { call('/gateway', $_, { region => 'eu' })->{status} } qw(pinned__marked listed__marked) }
is calls(), '400 400', 'both are known';
$registry->file('ttl', '0');
$httpd->graceful;    # nothing is remembered any more
is calls(), '400 200', 'pins are known without a list';
modern('/gateway', 'tools/list', {});
is calls(), '400 200', 'a list that may not be kept is not known';
$registry->file('ttl', '300000');
modern('/gateway', 'tools/list', {});
is calls(), '400 400', 'one that may be is';
done_testing;
