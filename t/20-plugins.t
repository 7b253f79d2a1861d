# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Plugins that must not be loaded, through the configtest of a real httpd: it says what it found and what it needed, and lives
# on where the plugin crashed. (Every fault that the loader knows: t/unit/plugin.c.)
use lib 't/lib';
use Uapi::Test;

my $faulty = out('t/plugins/faulty.so');
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n    - {id: all, effect: allow, server: s}\n");
my $frame = "@{[ $registry->config ]}UapiPolicy \"$policy\"\n<Location /x>\nUapiEngine on\nUapiServer s\n</Location>\n";
sub tested {
    my ($fault, $plugin) = @_;
    return config_test("${frame}UapiPlugin " . ($plugin // $faulty) . "\n", env => { UAPI_TEST_FAULT => $fault });
}
my ($status, $output) = tested('none');
is $status, 0, 'a plugin in order' or diag $output;

my @faults = (
    [magic => qr/magic 0xdeadbeef, expected 0x55415049/, 'another magic'],
    ['httpd-magic' => qr/LoadModule/, "httpd's own magic"],
    ['newer-minor' => qr/made for plugin ABI 1\.\d+, this host has 1\.\d+.*update mod_uapi/, 'a newer minor version'],
    [major => qr/update mod_uapi/, 'a newer major version'],
    [crash => qr/crashed in create with SIGSEGV/, 'a crash in create'],
    [abort => qr/crashed in create with SIGABRT/, 'an abort in create'],
    [exit => qr/ended the process from within create/, 'an exit in create'],
    [refuse => qr/refused to be created: no licence/, 'a plugin that refuses'],
    ['no-regex' => qr/has no regex/, 'a pattern without a regex'],
);
for (@faults) {
    my ($fault, $says, $what) = @$_;
    ($status, $output) = tested($fault);
    isnt $status, 0, "$what: refused";
    is $status & 127, 0, "$what: httpd itself goes on" if $status > 255;
    like $output, qr/httpd\.conf:\d+: UapiPlugin \Q$faulty\E: .*$says/s, "$what: names the line, the file and the fault";
}
($status, $output) = tested('none', "$faulty sha256:" . '0' x 64);
isnt $status, 0, 'a wrong digest: refused';
my ($digest) = (run(['sha256sum', $faulty]))[1] =~ /^(\w+)/;
like $output, qr/\Q$digest\E/, 'and the right one named';
($status, $output) = tested('none', "$faulty sha256:$digest");
is $status, 0, 'the right digest' or diag $output;
my $copy = $registry->folder . '/open.so';
run(['cp', $faulty, $copy]);
chmod 0777, $copy;
($status, $output) = tested('none', $copy);
isnt $status, 0, 'world-writable: refused';
like $output, qr/lets everyone write/, 'and said';

# A running server keeps what it has when a restart would load a plugin that fails.
my $upstream = upstream();
my $good = $frame . "<Location /mcp>\nUapiEngine on\nUapiServer s\nProxyPass @{[ $upstream->url('/mcp') ]}\n</Location>\n";
my $httpd = httpd("${good}UapiPlugin $faulty\n");
is mcp_call($httpd->url('/mcp'), $registry->token, 'ping', undef)->{status}, 200, 'a server with a plugin';

# A plugin that starts in no child: nothing is served unjudged.
$httpd->stop;
$httpd = httpd("${good}UapiPlugin $faulty\n", env => { UAPI_TEST_FAULT => 'start' });
$httpd->expect_log(qr/UAPI0006/);
$httpd->allow_log(qr/UAPI0101/);
my $answer = mcp_call($httpd->url('/mcp'), $registry->token, 'ping', undef);
is $answer->{status}, 500, 'a plugin that does not start: every call is refused';
is $answer->{error}{data}{reason}, 'config.invalid', 'with a reason';
done_testing;
