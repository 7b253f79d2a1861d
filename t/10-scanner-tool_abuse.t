# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# docs/scanners/tool_abuse.md lists exactly the rules that the scanner has, with their severities; and the scanner in a server:
# arguments and commands in requests, commands and lists of tools in answers, and what passes as it is.
use lib 't/lib';
use Uapi::Test;
use Digest::SHA 'sha256_hex';

my %letter = (LOW => 'l', MEDIUM => 'm', HIGH => 'h', CRITICAL => 'c');
my $page = slurp('docs/scanners/tool_abuse.md');
my ($document) = $page =~ /^## Rules$(.*?)^## /ms or BAIL_OUT('no list of rules');
my %documented = $document =~ /`([a-z0-9_]+)` ([lmhc])\b/g;
my %written;
for my $file (glob 'plugins/scanner_tool_abuse/rules_*.c') {
    my $source = slurp($file);
    $written{$1} //= $letter{$2} while $source =~
        /\b(?:RULE|FILES|LOGGED|COMMAND|ADVISED|OPTION|ARGUMENT|TRAVERSAL|ANSWER|NOTED|CHAIN)\(\s*"([a-z0-9_]+)",\s*([A-Z]+)/g;
}
cmp_ok scalar keys %written, '>=', 30, 'the rules are found in the sources';
is_deeply \%documented, \%written, 'documented and written';
like $page, qr/by @{[scalar keys %written]} rules/, 'their number';

my ($cases) = slurp('t/unit/scanner_tool_abuse.c') =~ /positive\[\] = \{(.*)/s;
my %tested = map { $_ => 1 } $cases =~ /^\s*\{\s*"([a-z0-9_]+)",/mg;
is_deeply [grep { !$tested{$_} } sort keys %written], ['elevated_command'], 'a case for each that is on';

# ---------------------------------------------------------------- in a server
# What it says comes backwards in the request.
my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    return $reply->json({}) if $request->{method} eq 'GET';
    my $message = $request->json;
    return $reply->start(200, 'Content-Type' => 'text/event-stream')->chunk('data: ' . to_json({ jsonrpc => '2.0', id => 1,
        result => { content => [{ type => 'text', text => scalar reverse $message->{params}{arguments}{stream} }] } }) . "\n\n")->finish
        if $message->{params}{arguments}{stream};
    return $reply->json({ jsonrpc => '2.0', id => 1, result => { tools => [
        map { { name => $_, description => 'reads', inputSchema => { type => 'object' } } } 'read_fi1e', "list\x{200b}_all", 'get_url', 'get-URL' ] } })
        if $message->{method} eq 'tools/list';
    return $reply->json({ jsonrpc => '2.0', id => 1, result => { said => scalar reverse $message->{params}{arguments}{say} // 'nothing' } });
});
my $registry = make_registry();
my $rules = "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: everyone}\nspec:\n  rules:\n    - {id: all, effect: allow, server: \"*\"}\n"
    . join '', map { "---\napiVersion: uapi/v1\nkind: Server\nmetadata: {name: $_}\nspec: {protocol: mcp}\n" } qw(advised strict);
my $policy = $registry->file('policy.yaml', $rules . <<'YAML');
---
apiVersion: uapi/v1
kind: Firewall
metadata: {name: main}
spec:
  rules:
    - {id: raised, server: strict, rules: [tool_abuse.elevated_command], action: block}
YAML
my $plugin = out('plugins/scanner_tool_abuse.so');
my $httpd = httpd("UapiPlugin $plugin sha256:" . sha256_hex(slurp($plugin)) . "\n" . $registry->config . "\nUapiPolicy \"$policy\"\n"
    . join '', map { "<Location /$_>\nUapiEngine on\nUapiServer $_\nProxyPass " . $upstream->url('/mcp') . "\n</Location>\n" } qw(advised strict));

sub call {
    my ($arguments, $server) = @_;
    return mcp_call($httpd->url('/' . ($server // 'advised')), $registry->token, 'tools/call', { name => 't', arguments => $arguments });
}
sub refused { my ($answer) = @_; return from_json($answer->{body})->{error}{data}{rule} // 'passed' }

subtest 'requests' => sub {
    my @cases = (
        path_traversal => { path => '../../../../../srv/x' },
        encoded_traversal => { path => '%252e%252e%252f%252e%252e%252fx' },
        encoded_traversal => { path => '..%c0%af..%c0%afx' },
        secret_file => { path => '/etc/shadow' },
        root_shell => { command => 'ls; sudo su -' },
        root_shell => { command => q{s"u"do su -} },
        root_shell => { argv => ['sudo', '-s'] },
        container_escape => { cmd => 'docker', args => ['run', '--privileged', 'alpine'] },
        option_injection => { ref => '--upload-pack=touch x' },
        chained_command => { host => 'db.example; nmap 192.0.2.1' },
    );
    while (my ($rule, $arguments) = splice @cases, 0, 2) {
        is refused(call($arguments)), "tool_abuse.$rule", to_json($arguments);
    }
    for my $arguments ({ path => '../src/a.ts' }, { command => 'cd .. && sudo make install' }, { message => 'no more sudo su -' },
        { path => '/srv/app/.env' }, { content => "import a from '../../../../a';\n" x 3 }) {
        my $answer = call($arguments);
        is refused($answer), 'passed', to_json($arguments);
        is_deeply from_json($upstream->last_request->{body})->{params}{arguments}, $arguments, '  as it was sent';
    }
    is refused(call({ command => 'sudo make install' }, 'strict')), 'tool_abuse.elevated_command', 'a rule that a policy turned on';
    unlike call({ path => '/etc/shadow' })->{body}, qr/shadow/, 'the refusal does not say what was found';
};

subtest 'answers' => sub {
    is from_json(call({ say => scalar reverse 'sudo su -' })->{body})->{result}{said}, '[REDACTED:tool_abuse.root_shell]', 'a command';
    like call({ stream => scalar reverse 'chmod u+s /srv/x' })->{body}, qr/\[REDACTED:tool_abuse\.setuid_bit\]/, 'in a stream';
    is from_json(call({ say => scalar reverse '/etc/passwd' })->{body})->{result}{said}, '/etc/passwd', 'what is an abuse as an argument only';
    my $list = from_json(mcp_call($httpd->url('/advised'), $registry->token, 'tools/list')->{body});
    is_deeply [sort map { $_->{name} } @{ $list->{result}{tools} }],
        ['[REDACTED:tool_abuse.tool_hidden_name]', '[REDACTED:tool_abuse.tool_lookalike]', '[REDACTED:tool_abuse.tool_twin]', 'get_url'],
        'names that are not what they look like';
};
done_testing;
