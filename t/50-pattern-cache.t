# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Compiled patterns are kept between starts of a real httpd, and a cache that does not work keeps nothing from starting. (Everything
# that can be wrong with a file: t/unit/pattern_cache.c.)
use lib 't/lib';
use Uapi::Test;
use Uapi::Uapictl;

my $upstream = upstream();
my $registry = make_registry();
my $folder = $registry->folder;
my $policy = $registry->file('policy.yaml', <<'YAML');
apiVersion: uapi/v1
kind: Policy
metadata: {name: p}
spec:
  rules: [{id: all, effect: allow, server: s, tools: ["*"]}]
---
apiVersion: uapi/v1
kind: PatternPack
metadata: {name: house}
spec:
  rules:
    - {id: badge, severity: low, regex: 'BADGE-[0-9]{4}', tests: {match: [BADGE-1234]}}
YAML
my $route = <<"CONF";
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiPlugin \@OUT\@/plugins/scanner_secrets.so
<Location /mcp>
    UapiEngine on
    UapiServer s
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
CONF

sub of_cache {
    my ($log) = @_;
    return join ' ', grep { defined } $log =~ /compiled patterns (read|stored) |UapiPatternCache: (not used)|(cannot be kept)/g;
}

sub judges {
    my ($httpd, $what) = @_;
    my ($passes, $blocked) = map { mcp_call($httpd->url('/mcp'), $registry->token, 'tools/call', { name => 'echo', arguments => { text => $_ } }) }
        'hello', 'BADGE-1234';
    ok $passes->{result}, "$what: a call passes" or diag explain $passes;
    is $blocked->{error}{data}{reason}, 'firewall.blocked', "$what: a finding does not" or diag explain $blocked;
}

subtest 'the usual place' => sub {
    my $httpd = httpd($route, log_level => 'debug');
    my $place = $httpd->root . '/run/uapi-patterns';
    is sprintf('%o', (stat $place)[2] & 07777), 700, 'beside the pid file, closed';
    my @files = glob "$place/*";
    is scalar @files, 2, 'the scanners together, and the pack as it is tried by itself';
    is of_cache($httpd->error_log), 'read read', 'the second of the two passes of a start reads what the first one made';
    judges($httpd, 'from a file');
    my $before = length $httpd->error_log;
    $httpd->graceful;
    is of_cache(substr $httpd->error_log, $before), 'read read', 'so does a restart';
    judges($httpd, 'after it');
};

my $place = "$folder/patterns";
subtest 'a place of its own, and what lies there' => sub {
    my $set = "UapiPatternCache $place\n$route";
    my ($status, $output) = config_test($set);
    is $status, 0, 'configtest' or diag $output;
    my @files = glob "$place/*";
    is scalar @files, 2, 'leaves what a start can use';
    for my $file (@files) {
        open my $handle, '+<', $file or die "$file: $!";
        seek $handle, 200, 0;
        print {$handle} 'x' x 8;
        close $handle;
    }
    my $httpd = httpd($set, log_level => 'debug');
    $httpd->expect_log(qr/UAPI0130.*patterns\/[0-9a-f]{64}\.hsdb: it is damaged/, qr/UAPI0130/);
    is of_cache($httpd->error_log), 'read read', 'damaged files are told and replaced';
    judges($httpd, 'beside damaged files');
    $httpd->stop;
    chmod 0777, $place;
    $httpd = httpd($set);
    $httpd->expect_log(map { (qr/UAPI0130.*\Q$place\E: others than its owner may write to it/, qr/UAPI0131.*\Q$place\E/) } 1 .. 4);
    judges($httpd, 'with a directory that is open to all');
    $httpd->stop;
    chmod 0700, $place;
};

subtest 'no place' => sub {
    my ($status, $output) = config_test("UapiPatternCache /nonexistent/patterns\n$route");
    is $status, 0, 'no error';
    like $output, qr{UAPI0131: UapiPatternCache: compiled patterns cannot be kept: /nonexistent/patterns: No such file}, 'but told';
    ($status, $output) = config_test("UapiPatternCache off\n$route");
    is $status, 0, 'off' or diag $output;
    is of_cache($output), '', 'tells nothing';
    ($status, $output) = config_test("<VirtualHost *:\@PORT2\@>\nUapiPatternCache /x\n</VirtualHost>\n");
    isnt $status, 0, 'a virtual host has none of its own';
};

subtest 'uapictl' => sub {
    local $ENV{UAPI_PATTERN_CACHE} = "$folder/ctl";
    my @scan = ('scan', '--plugin', out('plugins/scanner_secrets.so'), '--policy', $policy);
    like uapictl(@scan, { stdin => 'BADGE-1234' })->{output}, qr/house\.badge/, 'a finding' for 1 .. 2;
    is scalar(my @files = glob "$folder/ctl/*"), 2, 'with files that are kept';
    my $checks = join "\n", map { $_->{message} } @{ from_json(uapictl('doctor', '--json', '--plugin', out('plugins/scanner_secrets.so'), '--policy', $policy)->{output})->{checks} };
    like $checks, qr{compiled patterns read from \Q$folder\E/ctl/}, 'the doctor says so';
    chmod 0660, @files;
    my $answer = uapictl(@scan, { stdin => 'BADGE-1234' });
    like $answer->{output}, qr/house\.badge/, 'the same finding beside files of others';
    like $answer->{errors}, qr/compiled patterns are not used: .*others than its owner may write to it/, 'which are told';
    local $ENV{XDG_CACHE_HOME} = "$folder/xdg";
    delete local $ENV{UAPI_PATTERN_CACHE};
    mkdir $ENV{XDG_CACHE_HOME}, 0700;
    uapictl(@scan, { stdin => 'x' });
    ok -d "$folder/xdg/uapi-patterns", 'in the cache directory of whoever calls it, otherwise';
};

done_testing;
