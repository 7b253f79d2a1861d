# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# configtest finds every fault in the directives and in the files they name, and says what to do.
use lib 't/lib';
use Uapi::Test;

my $registry = make_registry();
my $policy = $registry->file('policy.yaml', "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n    - {id: all, effect: allow, server: s}\n");
my $plugin = out('plugins/scanner_secrets.so');
my @paths = (UapiRegistry => $registry->registry, UapiAudit => $registry->audit, UapiKeyFile => $registry->key_file, UapiPolicy => $policy);

sub directives {
    my %changed = @_;
    my %all = (@paths, %changed);
    return join '', map { defined $all{$_} ? "$_ $all{$_}\n" : '' } sort keys %all;
}
sub refused {
    my ($configuration, $expected, $what) = @_;
    my ($status, $output) = config_test($configuration);
    isnt $status, 0, "$what: refused";
    like $output, $expected, "$what: says why";
}
my $route = "<Location /x>\nUapiEngine on\nUapiServer s\n</Location>\n";

my ($status, $output) = config_test(directives() . "UapiPlugin $plugin\n$route");
is $status, 0, 'a good configuration' or diag $output;

# ---- the directives themselves
refused("UapiEngine maybe\n", qr/UapiEngine must be on, shadow or off, not 'maybe'/, 'a wrong engine');
refused("UapiServer \"a b\"\n", qr/UapiServer takes a name/, 'a server name with a space');
refused("UapiNextCallWait $_\n", qr/UapiNextCallWait takes a time from 1us to 10ms, or off/, "no wait: $_") for qw(1 0ms 11ms -1ms 1s soon);
refused("UapiHoldBack $_\n", qr/UapiHoldBack takes a time from 1ms to 10000ms, or off/, "no time: $_") for qw(1 0ms 10001ms -1ms 1s soon), 'off 16K';
refused("UapiHoldBack 1ms $_\n", qr/UapiHoldBack takes a size/, "no size: $_") for qw(1023 257K 0 -1 x);
refused("UapiMaxBody 0\n", qr/UapiMaxBody takes a size/, 'no body at all');
refused("UapiMaxBody 1G\n", qr/UapiMaxBody takes a size/, 'an unknown unit');
refused("UapiMaxBody 300M\n", qr/UapiMaxBody takes a size/, 'too much');
refused("UapiMaxBody -1\n", qr/UapiMaxBody takes a size/, 'less than nothing');
refused("UapiMaxRefusedRequests $_\n", qr/UapiMaxRefusedRequests takes a number from 1 to 10000/, "no such number: $_") for qw(x 0 -1 10001 off);
refused("UapiScanTime $_\n", qr/UapiScanTime takes a time from 1ms to 60000ms, or off/, "no time: $_") for qw(1 0ms 60001ms -1ms 1s x);
refused("UapiMaxStream $_\n", qr/UapiMaxStream takes a size/, "no size: $_") for qw(x 0 -1 1G);
refused("UapiMaxStreamRate $_\n", qr{UapiMaxStreamRate takes events a second, from 1/s to 1000000/s, or off}, "no rate: $_") for qw(10 0/s -1/s 1000001/s x 1/m), 'off 1K/s';
refused("UapiMaxStreamRate 10/s $_\n", qr/UapiMaxStreamRate takes a size/, "no size a second: $_") for qw(10 0/s K/s /s 10/m);
refused("UapiMaxResponse x\n", qr/UapiMaxResponse takes a size/, 'no number');
refused("UapiAuditDurability never\n", qr/must be power or process/, 'a wrong durability');
refused("UapiPlugin plugins/x.so\n", qr/absolute path/, 'a relative plugin');
refused("UapiPlugin $plugin md5:00\n", qr/sha256:/, 'a wrong kind of pin');
for my $directive ('UapiRegistry x', 'UapiAudit x', 'UapiKeyFile x', 'UapiPolicy x', 'UapiPlugin /x') {
    refused("<Location /x>\n$directive\n</Location>\n", qr/not allowed/, "$directive in a Location");
}

# ---- what the engine needs
for my $missing ('UapiRegistry', 'UapiAudit', 'UapiKeyFile', 'UapiPolicy') {
    refused(directives($missing => undef) . $route, qr/httpd\.conf:\d+: UapiEngine is switched on, but this server has no $missing/, "an engine without $missing");
}
refused(directives() . "<Location /x>\nUapiEngine on\nUapiServer unheard-of\n</Location>\n", qr/httpd\.conf:\d+: UapiServer names a server that no policy .*unheard-of/, 'an unknown server');
refused(directives() . "<Location /x>\nUapiAnonymous nobody\n</Location>\n", qr/httpd\.conf:\d+: UapiAnonymous: .*nobody/, 'an unknown tenant');

# ---- the key file
sub key_file { my ($name, $text, $mode) = @_; my $path = $registry->file($name, $text); chmod $mode, $path; return directives(UapiKeyFile => $path) . $route }
my $key = slurp($registry->key_file);
refused(directives(UapiKeyFile => '/nonexistent/key') . $route, qr{UapiKeyFile: .*/nonexistent/key}, 'a key file that is not there');
refused(key_file('open.key', $key, 0644), qr/UapiKeyFile: .*open\.key/, 'a key file that all can read');
refused(key_file('group.key', $key, 0640), qr/UapiKeyFile: .*group\.key/, 'a key file that the group can read');
refused(key_file('short.key', "uapi-key-v1:AAAA\n", 0600), qr/UapiKeyFile: .*short\.key/, 'a short key');
refused(key_file('empty.key', '', 0600), qr/UapiKeyFile: .*empty\.key/, 'an empty key file');
symlink $registry->key_file, $registry->folder . '/link.key';
refused(directives(UapiKeyFile => $registry->folder . '/link.key') . $route, qr/UapiKeyFile: .*link\.key/, 'a symbolic link');

# ---- registry and audit file
refused(directives(UapiRegistry => '/nonexistent/registry.db') . $route, qr{UapiRegistry: .*/nonexistent/registry\.db}, 'a registry that is not there');
refused(directives(UapiRegistry => $registry->file('junk.db', 'this is no database, however long one makes it' x 100)) . $route, qr/UapiRegistry: .*junk\.db/, 'a registry that is no database');
refused(directives(UapiAudit => '/nonexistent/audit.db') . $route, qr{UapiAudit: /nonexistent/audit\.db}, 'an audit file that cannot be made');
my $open = $registry->file('open-audit.db', '');
chmod 0644, $open;
refused(directives(UapiAudit => $open) . $route, qr/UapiAudit: .*open to group or others/, 'an audit file that all can read');

# ---- policies
sub policy { return directives(UapiPolicy => $registry->file('bad.yaml', $_[0])) . $route }
my $head = "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n";
refused(policy($head . "    - {id: a, effect: allow, server: s, tolls: [x]}\n"), qr/bad\.yaml:6:\d+: error: .*tolls/, 'an unknown field');
refused(policy($head . "    - {id: a, effect: allow, server: s}\n    - {id: a, effect: deny, server: s}\n"), qr/bad\.yaml:7:\d+: error: /, 'a duplicate rule id');
refused(policy("kind: Policy\nkind: Policy\n"), qr/bad\.yaml:2:\d+: error: .*kind/, 'a duplicate key');
refused(policy(join '', "a: &a [x,x,x,x,x,x,x,x,x]\n", map({ my $p = chr(ord('a') + $_ - 1); my $n = chr(ord('a') + $_); "$n: &$n [" . join(',', ("*$p") x 9) . "]\n" } 1 .. 9)),
    qr/bad\.yaml:\d+:\d+: error: /, 'an alias bomb');
refused(policy($head . "    - {id: a, effect: allow, server: s, when: [{arg: /x, equals: 1}]}\n"), qr/bad\.yaml:6:\d+: error: .*not yet supported/, 'a field of later releases');
refused(policy("a: [\n"), qr/bad\.yaml:\d+:\d+: error: /, 'no YAML');
refused(directives(UapiPolicy => '/nonexistent.yaml') . $route, qr{/nonexistent\.yaml}, 'a policy that is not there');
refused(policy("apiVersion: uapi/v1\nkind: Firewall\nmetadata: {name: f}\nspec:\n  scanners:\n    sercets: {request: block}\n"),
    qr/bad\.yaml:6:\d+.*sercets/, 'a scanner that is not loaded');

# ---- plugins
refused(directives() . "UapiPlugin /nonexistent.so\n", qr{httpd\.conf:\d+: UapiPlugin /nonexistent\.so: }, 'a plugin that is not there');
refused(directives() . "UapiPlugin $plugin sha256:" . '0' x 64 . "\n", qr/SHA-?256.*0000/i, 'a plugin with another digest');
{
    my $copy = $registry->folder . '/writable.so';
    run(['cp', $plugin, $copy]);
    chmod 0777, $copy;
    refused(directives() . "UapiPlugin $copy\n", qr/writable/, 'a plugin that all can write');
}

# ---- several faults are reported at once
($status, $output) = config_test(directives(UapiKeyFile => '/nonexistent/key', UapiRegistry => '/nonexistent/db') . "UapiPlugin /nonexistent.so\n$route");
like $output, qr/UapiKeyFile.*UapiRegistry.*UapiPlugin/s, 'several faults in one report';

# ---- merging: a virtual host and nested locations
my $upstream = upstream();
my $httpd = httpd(<<"CONF");
@{[ directives() ]}
UapiEngine on
UapiServer s
UapiMaxBody 100
Listen 127.0.0.1:\@PORT2\@
<VirtualHost 127.0.0.1:\@PORT2\@>
    ServerName localhost
    UapiMaxBody 2000
    ProxyPass / @{[ $upstream->url('/mcp') ]}
    <Location "/a">
        UapiMaxBody 1000
    </Location>
    <Location "/a/b">
        UapiAnonymous @{[ $registry->tenant ]}
    </Location>
    <Location "/off">
        UapiEngine off
    </Location>
</VirtualHost>
CONF
sub status_of {
    my ($path, $size, $token) = @_;
    return http('POST', "http://127.0.0.1:@{[ $httpd->port(2) ]}$path", headers => [defined $token ? (Authorization => "Bearer $token") : (),
        'Content-Type' => 'application/json'], body => '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":{"x":"' . 'x' x $size . '"}}}')->{status};
}
is status_of('/', 1500, $registry->token), 200, 'the virtual host overrides the server';
is status_of('/a', 1500, $registry->token), 413, 'a location overrides the virtual host';
is status_of('/a', 500, $registry->token), 200, 'within its bound';
is status_of('/a/b', 500), 200, 'a nested location adds to it';
is status_of('/a/b', 1500), 413, 'and inherits the rest';
is status_of('/a', 500), 401, 'but not the other way round';
is status_of('/off', 9000), 200, 'off is off';
done_testing;
