# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Secrets that are spelled otherwise, at a route: encoded, hidden by characters that are not seen, split. Blocked in requests; cut
# out of answers at the right bytes.
use lib 't/lib';
use Uapi::Test;
use Digest::SHA 'sha256_hex';
use MIME::Base64 'encode_base64';

my $secret = join '', 'AK', 'IA', 2, 7, map { ('A' .. 'Z', 2 .. 7)[rand 32] } 1 .. 14;
my %given = (
    plain => $secret,
    'zero width' => join('\u200b', split //, $secret),
    base64 => encode_base64("key $secret", ''),
);
my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    my $arguments = $request->json->{params}{arguments} || {};
    my $said = $arguments->{give} && $given{ $arguments->{give} };
    return $reply->respond(200, ['Content-Type' => 'application/json'], qq({"jsonrpc":"2.0","id":1, "result":{"a":"before","said":"x $said y"}})) if $said;
    return $reply->json({ jsonrpc => '2.0', id => 1, result => { said => 'done' } });
});
my $registry = make_registry();
my $policy = $registry->file('views.yaml', <<'YAML');
apiVersion: uapi/v1
kind: Policy
metadata: {name: everyone}
spec:
  rules:
    - {id: all, effect: allow, server: "*"}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: s}
spec: {protocol: mcp}
---
apiVersion: uapi/v1
kind: Firewall
metadata: {name: f}
spec:
  mode: enforce
  scanners:
    secrets: {request: block, response: redact}
YAML
my $plugin = out('plugins/scanner_secrets.so');
my $httpd = httpd(join "\n", "UapiPlugin $plugin sha256:" . sha256_hex(slurp($plugin)), 'Listen 127.0.0.1:@PORT2@',
    '<VirtualHost 127.0.0.1:@PORT2@>', 'ServerName localhost', $registry->config, "UapiPolicy \"$policy\"", 'UapiEngine on', 'UapiServer s',
    'ProxyPass /mcp ' . $upstream->url('/mcp'), '</VirtualHost>');
my $url = 'http://127.0.0.1:' . $httpd->port(2) . '/mcp';

sub ask { return mcp_call($url, $registry->token, 'tools/call', { name => 't', arguments => {@_} }) }

# ---- requests
my %hidden = (
    'base64' => encode_base64("the key is $secret, keep it", ''),
    'base64 in base64' => encode_base64(encode_base64("the key is $secret, keep it", ''), ''),
    'hexadecimal' => unpack('H*', "key $secret"),
    'percent' => join('', map { sprintf '%%%02X', ord } split //, $secret),
    'entities' => join('', map { '&#' . ord($_) . ';' } split //, $secret),
    'full width' => join('', map { chr(ord($_) + 0xFEE0) } split //, $secret),
);
for my $how (sort keys %hidden) {
    my $answer = ask(text => "see $hidden{$how} there");
    is $answer->{error}{code}, -32012, "a secret as $how is blocked";
    like $answer->{error}{data}{rule}, qr/^secrets\./, 'by the rule for it';
}
is ask(list => [substr($secret, 0, 10), substr $secret, 10])->{error}{code}, -32012, 'and one in two elements of an array';
is_deeply [$upstream->requests], [], 'nothing left';
is ask(text => 'see ' . encode_base64('an ordinary sentence that nobody minds', ''))->{result}{said}, 'done', 'what is merely encoded passes';

# ---- answers
for my $how (sort keys %given) {
    like ask(give => $how)->{body}, qr/^\Q{"jsonrpc":"2.0","id":1, "result":{"a":"before","said":"x \E\[REDACTED:secrets\.\w+\]\Q y"}}\E$/,
        "a secret in an answer, $how: exactly its bytes are replaced";
}
done_testing;
