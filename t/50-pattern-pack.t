# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Pattern packs at a real server, without any plugin: what they find, in both directions and in streams; documents that
# name them; and that configtest and `uapictl policy lint` refuse a pack whose own test fails.
use lib 't/lib';
use Uapi::Test;

my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    my $arguments = $request->json->{params}{arguments} || {};
    return $reply->start(200, 'Content-Type' => 'text/event-stream')->chunk($arguments->{raw})->finish if $arguments->{raw};
    return $reply->json({ jsonrpc => '2.0', id => 1, result => { said => $arguments->{say} ? 'B-0005724' : 'nothing' } });
});
my $registry = make_registry();
my $pack = <<'YAML';
apiVersion: uapi/v1
kind: PatternPack
metadata: {name: staff}
spec:
  rules:
    - id: badge
      severity: high
      regex: '\bB-[0-9]{7}\b'
      checksum: damm
      allow: {exact: ["B-0000000"]}
      tests: {match: ["badge B-0005724"], no_match: ["badge B-0005723"]}
    - id: project
      regex: '\bproject (aurora|borealis)\b'
      caseless: true
      action: log
      keywords: {words: [secret], within: 20}
YAML
my $rest = <<'YAML';
---
apiVersion: uapi/v1
kind: Policy
metadata: {name: everyone}
spec:
  rules:
    - {id: all, effect: allow, server: "*"}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: open}
spec: {protocol: mcp}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: strict}
spec: {protocol: mcp}
---
apiVersion: uapi/v1
kind: Firewall
metadata: {name: f}
spec:
  rules:
    - {id: strict, server: strict, scanners: [staff], action: block}
    - {id: watch, server: open, direction: request, rules: [staff.badge], action: log}
YAML
my $policy = $registry->file('policy.yaml', $pack . $rest);
my $routes = join '', map { "<Location /$_>\nUapiEngine on\nUapiServer $_\nProxyPass " . $upstream->url('/mcp') . "\n</Location>\n" } qw(open strict);
my $httpd = httpd($registry->config . "\nUapiPolicy \"$policy\"\n$routes");

sub ask { my ($server, %arguments) = @_; return mcp_call($httpd->url("/$server"), $registry->token, 'tools/call', { name => 't', arguments => \%arguments }) }
sub record { my ($kind) = @_; my ($last) = reverse grep { $_->{kind} eq $kind } $registry->audit_records; return $last }

my $answer = ask('strict', text => 'my badge is B-0005724.');
is $answer->{error}{data}{reason}, 'firewall.blocked', 'a finding of a pack blocks';
is $answer->{error}{data}{rule}, 'staff.badge', 'and is named by pack and rule';
unlike $answer->{body}, qr/B-0005724/, 'and not told';
ok exists ask('strict', text => 'B-0005723')->{result}, 'wrong check digit: none';
ok exists ask('strict', text => 'B-0000000')->{result}, 'an exception: none';
ok exists ask('strict', text => 'project aurora')->{result}, 'without a keyword: none';
is ask('strict', text => 'the secret Project Aurora')->{error}{data}{rule}, 'staff.project', 'with one: found';
ok exists ask('open', text => 'B-0005724')->{result}, 'at another server it is logged';
is_deeply [@{ record('decision')->{findings}[0] }{qw(rule severity action by)}], ['staff.badge', 'high', 'log', 'f/watch'], 'and recorded';
ok exists ask('open', text => 'the secret project borealis')->{result}, 'what a rule does of itself: log';
is record('decision')->{findings}[0]{action}, 'log', 'and is recorded';
is ask('open', say => 1)->{result}{said}, '[REDACTED:staff.badge]', 'an answer is redacted';
is ask('strict', say => 1)->{error}{data}{reason}, 'firewall.blocked', 'or blocked';
$answer = ask('open', raw => "data: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"a\":\"B-\\u0030005724\"}}\n\n");
like $answer->{body}, qr/"a":"\[REDACTED:staff\.badge\]"/, 'an event, too, however it is spelled';

# ---- what does not load
(my $broken = $pack) =~ s/B-0005724"\]/B-0005721"]/;
my $file = $registry->file('broken.yaml', $broken . $rest);
my ($status, $output) = run([out('uapictl'), 'policy', 'lint', $file]);
is $status, 1, 'lint refuses a pack whose test fails';
like $output, qr/^\Q$file\E:11:23: error: rule staff\.badge does not find anything in this text$/m, 'and says where';
($status, my $said) = config_test($registry->config . "\nUapiPolicy \"$file\"\n$routes");
isnt $status, 0, 'configtest refuses it';
like $said, qr/broken\.yaml:11:23: error: rule staff\.badge/, 'and says where';
($status, $output) = run([out('uapictl'), 'policy', 'lint', $policy, 'policies/packs']);
is $status, 0, 'the shipped packs pass their tests';
like $output, qr/, 3 packs; 0 errors/, 'and are counted';
done_testing;
