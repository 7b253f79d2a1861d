# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# What the host gives plugins, at a real httpd: options of UapiPlugin, figures in mod_status, the log, the clock, and what is
# known of the call that a text belongs to. The plugin is t/plugins/witness.c.
use lib 't/lib';
use Uapi::Test;

my $witness = out('t/plugins/witness.so');
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', <<'YAML');
apiVersion: uapi/v1
kind: Policy
metadata: {name: everyone}
spec:
  rules:
    - {id: all, effect: allow, server: s}
YAML
my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    return $reply->json({ jsonrpc => '2.0', id => 1, result => { content => [{ type => 'text', text => 'a witness, too' }] } }) if $request->{method} eq 'POST';
    return $reply->respond(200, ['Content-Type' => 'text/plain'], 'nothing');
});
my $frame = $registry->config . "UapiPolicy \"$policy\"\n<Location /mcp>\nUapiEngine on\nUapiServer s\nProxyPass @{[ $upstream->url('/mcp') ]}\n</Location>\n";

# ------------------------------------------------------------------------------------------------ configtest
for (
    ['greeting=hello' => undef],
    ['greeting=hello "level=info"' => undef],
    ['"greeting=with blanks"' => undef],
    ['greeting=' => undef],
    ['greting=hello' => qr/org\.example\.witness has no option called greting/],
    ['level=debug' => qr/refused to be created: level can be info only/],
    ['greeting=a greeting=b' => qr/'greeting' is given twice/],
    ['Greeting=a' => qr/'Greeting' is no key/],
    ['=a' => qr/'' is no key/],
    ['uapi_other=1' => qr/'uapi_other' is not for plugins/],
    ['isolation=thread' => qr/isolation is process or none/],
    ['greeting' => qr/expected key=value, or one pin/],
    ['sha256:00=' => qr/expected key=value, or one pin/],
) {
    my ($words, $says) = @$_;
    my ($status, $output) = config_test("${frame}UapiPlugin $witness $words\n");
    if ($says) {
        isnt $status, 0, "$words: refused";
        like $output, $says, '  and said';
    } else {
        is $status, 0, "$words: taken" or diag $output;
    }
}

# ------------------------------------------------------------------------------------------------ a running server
my $httpd = httpd("LogLevel uapi:info\nExtendedStatus on\n${frame}UapiPlugin $witness \"greeting=good morning\"\n"
    . "<Location /status>\nSetHandler server-status\n</Location>\n", modules => ["status"], children => 2);
my $answer = mcp_call($httpd->url('/mcp'), $registry->token, 'tools/call', { name => 'ask', arguments => { who => 'the witness' } });
is $answer->{status}, 200, 'a call';
my @lines = $httpd->error_log =~ /plugin org\.example\.witness: (good morning: .*)/g;
is scalar @lines, 2, 'is seen in both directions' or diag $httpd->error_log;
for my $direction ('request', 'response') {
    like shift @lines, qr{^good morning: $direction \w+ agent=\S+ roles \S+ at s: tools/call ask in mcp as JSON, id of 32, clock fine}, "  as $direction";
}
mcp_call($httpd->url('/mcp'), $registry->token, 'tools/list', {}) for 1 .. 3;
my $status = http(GET => $httpd->url('/status?auto'))->{body};
like $status, qr/^Uapi0\[org\.example\.witness\]texts_total: 5$/m, 'counted over all children';
like $status, qr/^Uapi0\[org\.example\.witness\]text_bytes_count: 5$/m, 'and measured';
my ($sum) = $status =~ /text_bytes_sum: (\d+)/;
cmp_ok $sum, '>', 5 * 40, '  in bytes';
$status = http(GET => $httpd->url('/status'))->{body};
like $status, qr{<dt title="Texts that were &lt;seen&gt;">org\.example\.witness texts_total: 5</dt>}, 'for people, too';
like $status, qr{text_bytes: 5, sum $sum, half below (?:64|128|256|512), 99 in 100 below (?:128|256|512)</dt>}, '  with its distribution';
done_testing;
