# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# UapiServers and UapiListPage: what configtest refuses, and how they merge.
use lib 't/lib';
use Uapi::Test;

my $registry = make_registry();
my $one = upstream(tools => ['t']);
my $two = upstream(tools => ['t']);
sub policy {
    my (%servers) = @_;
    return $registry->file('policy-' . join('-', sort keys %servers) . '.yaml', join "---\n",
        "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n    - {id: all, effect: allow, server: [\"*\", mentioned]}\n",
        map { "apiVersion: uapi/v1\nkind: Server\nmetadata: {name: $_}\nspec:\n$servers{$_}" } sort keys %servers);
}
my %servers = (one => "  url: @{[ $one->url('/mcp') ]}\n", two => "  url: @{[ $two->url('/mcp') ]}\n", bare => "  protocol: mcp\n");
my $policy = policy(%servers);
sub directives { my ($file, $text) = @_; return $registry->config . "\nUapiPolicy \"$file\"\n<Location /x>\nUapiEngine on\nSetHandler uapi-gateway\n$text\n</Location>\n" }
sub refused {
    my ($text, $expected, $what, $file) = @_;
    my ($status, $output) = config_test(directives($file // $policy, $text));
    isnt $status, 0, "$what: refused";
    like $output, $expected, "$what: says why";
}
for my $good ('UapiServers *', 'UapiServers one', 'UapiServers one two', 'UapiServers separator=- one two', 'UapiServers SEPARATOR=. *', "UapiServers *\nUapiListPage 1") {
    my ($status, $output) = config_test(directives($policy, $good));
    is $status, 0, $good or diag $output;
}
refused('UapiServers', qr/takes the names of servers, or \*/, 'no server');
refused('UapiServers separator=__', qr/takes the names of servers, or \*/, 'a separator alone');
refused('UapiServers separator=: one', qr/a separator is 1 to 8 letters/, 'a colon as separator');
refused('UapiServers separator= one', qr/a separator is 1 to 8 letters/, 'no separator');
refused('UapiServers separator=123456789 one', qr/a separator is 1 to 8 letters/, 'a long separator');
refused('UapiServers "a b"', qr/'a b' is no name of a server/, 'a name with a space');
refused('UapiServers * one', qr/'\*' is no name of a server/, 'all and one');
refused('UapiServers unheard-of', qr/httpd\.conf:\d+: UapiServers names a server for which no policy file has a url: unheard-of/, 'an unknown server');
refused('UapiServers mentioned', qr/no policy file has a url: mentioned/, 'a server that is only mentioned');
refused('UapiServers bare', qr/no policy file has a url: bare/, 'a server without a url');
refused('UapiServers separator=ne one', qr/httpd\.conf:\d+: UapiServers: the names of its tools would be ambiguous.*: one/, 'a separator within a name');
refused('UapiServers *', qr/would be ambiguous.*: a__b/, 'two servers whose names could be taken for one another', policy('a' => $servers{one}, 'a__b' => $servers{two}));
refused('UapiServers *', qr/would be ambiguous.*: a_/, 'a name that ends as the separator begins', policy('a_' => $servers{one}));
refused('UapiServers *', qr/tls\.ca cannot be read: one/, 'authorities that cannot be read', policy(one => "$servers{one}  tls: {ca: /nonexistent.pem}\n"));
refused("UapiServers *\nUapiListPage 0", qr/UapiListPage takes a number from 1 to 10000, not '0'/, 'an empty page');
refused("UapiServers *\nUapiListPage many", qr/UapiListPage takes a number/, 'no number');
refused('UapiServers rest', qr/httpd\.conf:\d+: UapiServers names a server that speaks REST;.*: rest/, 'a REST server by its name', policy(one => $servers{one}, rest => "$servers{two}  protocol: rest\n"));
is +(config_test(directives(policy(one => $servers{one}, rest => "$servers{two}  protocol: rest\n"), 'UapiServers *')))[0], 0, 'all that speak MCP';

# ---- a balancer that sessions do not stick to
my @modules = qw(proxy_balancer lbmethod_byrequests slotmem_shm);
for my $case (['', ' route=a', ' route=b', 1, 'no stickysession'], [' stickysession=S', ' route=a', '', 1, 'a member without a route'], [' stickysession=S', ' route=a', ' route=b', 0, 'all that it needs'], ['', '', undef, 0, 'one member']) {
    my ($set, $first, $second, $warns, $what) = @$case;
    my $file = policy(pool => "  url: balancer://p/mcp\n");
    my ($status, $output) = config_test(directives($file, 'UapiServers pool') . "<Proxy \"balancer://p\">\nBalancerMember http://127.0.0.1:1$first\n" . (defined $second ? "BalancerMember http://127.0.0.1:2$second\n" : '')
        . ($set ? "ProxySet$set\n" : '') . "</Proxy>\n", modules => \@modules);
    is $status, 0, "a balancer with $what" or diag $output;
    is $output =~ /UAPI0126.*sessions with server pool cannot stay/ ? 1 : 0, $warns, $warns ? 'is warned of' : 'is well';
}

# ---- a route in another protocol, to a server whose tools are protected
sub route { my ($server, $protocol, $file) = @_; return $registry->config . "\nUapiPolicy \"$file\"\n<Location /y>\nUapiEngine on\nUapiServer $server\nUapiProtocol $protocol\n</Location>\n" }
my $pinned = policy(pinned => "  pinning: first_use\n", one => $servers{one});
my $ruled = $registry->file('ruled.yaml', "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n    - {id: all, effect: allow, server: one, methods: [\"*\"]}\n    - {id: never, effect: deny, server: one, tools: [drop]}\n---\napiVersion: uapi/v1\nkind: Server\nmetadata: {name: one}\nspec:\n$servers{one}");
for my $case (['pinned', 'jsonrpc', $pinned, qr/UapiServer names an MCP server.*: pinned, and its tools are pinned/], ['pinned', 'rest', $pinned, qr/its tools are pinned/], ['one', 'jsonrpc', $ruled, qr/: one, and policies have rules for its tools/], ['pinned', 'mcp', $pinned], ['one', 'jsonrpc', $pinned], ['one', 'auto', $ruled]) {
    my ($server, $protocol, $file, $expected) = @$case;
    my ($status, $output) = config_test(route($server, $protocol, $file));
    is $status == 0 ? 1 : 0, $expected ? 0 : 1, "$protocol to $server";
    like $output, $expected, 'says why' if $expected;
}
{
    my ($status, $output) = config_test("<Location /x>\nUapiServers *\n</Location>\n");
    isnt $status, 0, 'no policy: refused';
    like $output, qr/UapiServers needs policies/, 'no policy: says why';
}

my $httpd = httpd(<<"CONF");
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiEngine on
<Location "/a">
    UapiServers one two
    UapiListPage 1
    SetHandler uapi-gateway
</Location>
<Location "/a/b">
    UapiServers separator=- two
</Location>
<Location "/none">
    SetHandler uapi-gateway
</Location>
<Location "/rest">
    SetHandler uapi-gateway
    UapiServers *
    UapiProtocol rest
</Location>
<Location "/off">
    UapiEngine off
    SetHandler uapi-gateway
    UapiServers *
</Location>
CONF
sub tools { my ($path) = @_; return mcp_call($httpd->url($path), $registry->token, 'tools/list', {}) }
is_deeply [map { $_->{name} } @{ tools('/a')->{result}{tools} }], ['one__t'], 'an endpoint';
ok tools('/a')->{result}{nextCursor}, 'with its page';
is_deeply [map { $_->{name} } @{ tools('/a/b')->{result}{tools} }], ['two-t'], 'a nested location has its own servers, and the outer page';
$httpd->expect_log(qr/UAPI0101.*config\.invalid.*no UapiServers/);
is tools('/none')->{status}, 500, 'a handler without servers';
$httpd->expect_log(qr/UAPI0101.*config\.invalid.*speaks MCP/);
is tools('/rest')->{status}, 500, 'a protocol that it does not speak';
$httpd->expect_log(qr/UAPI0104.*uapi-gateway/);
is tools('/off')->{status}, 403, 'a handler without an engine';
done_testing;
