# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# What servers tell agents about their use stands in the endpoint's own instructions: by server, bounded, inspected, for who may use them.
use lib 't/lib';
use Uapi::Test;

my $secret = 'ghp_' . '0123456789abcdefghijABCDEFGHIJ012345';
my %text = (old => qq(Say "please".\nThen wait.), new => 'Be brief. ' . $secret, long => "\x{e4}" x 3000, hidden => 'not for you', mute => undef);
sub server {
    my ($name) = @_;
    return upstream(sub {
        my ($request, $reply) = @_;
        my $message = $request->json;
        return $reply->status(202) unless defined $message->{id};
        my %own = defined $text{$name} ? (instructions => $text{$name}) : ();
        my $result = $message->{method} eq 'server/discover' ? { resultType => 'complete', supportedVersions => ['2026-07-28'], capabilities => {}, ttlMs => 0, cacheScope => 'private', %own }
            : { protocolVersion => '2025-11-25', capabilities => {}, serverInfo => { name => $name, version => 1 }, %own };
        return $reply->respond(200, ['Content-Type' => 'application/json', 'Mcp-Session-Id' => "s-$name"], to_json({ jsonrpc => '2.0', id => $message->{id}, result => $result }));
    });
}
my %server = map { $_ => server($_) } sort keys %text;
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', join "---\n", <<'YAML', map { "apiVersion: uapi/v1\nkind: Server\nmetadata: {name: $_}\nspec:\n  url: @{[ $server{$_}->url('/mcp') ]}\n  revision: @{[ $_ eq 'new' ? '2026-07-28' : '2025-11-25' ]}\n" } sort keys %server);
apiVersion: uapi/v1
kind: Policy
metadata: {name: p}
spec:
  rules: [{id: all, effect: allow, server: [old, new, long, mute]}]
---
apiVersion: uapi/v1
kind: Firewall
metadata: {name: f}
spec:
  scanners: {secrets: {response: redact}}
YAML
my $httpd = httpd(<<"CONF", children => 1);
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiPlugin @{[ out('plugins/scanner_secrets.so') ]}
UapiServers *
<Location "/mcp">
    UapiEngine on
    SetHandler uapi-gateway
</Location>
CONF
my $told = mcp_initialize($httpd->url('/mcp'), $registry->token)->{result}{instructions};
like $told, qr/Server old \(its names begin with old__\):\nSay "please"\.\nThen wait\./, 'each server has its say, under its name';
like $told, qr/Server new .*\nBe brief\. \[REDACTED/, 'also one of another era, inspected';
like $told, qr/Server long .*\n\x{e4}{1024}(?:\n|$)/, 'no longer than its share';
unlike $told, qr/not for you|Server (?:hidden|mute)/, 'none that the caller may not use, and none with nothing to say';
sub discover { return mcp_call($httpd->url('/mcp'), $registry->token, 'server/discover', { mcp_meta() }, version => '2026-07-28')->{result} }
is discover()->{instructions}, $told, 'the same where there is no initialize';
$_->forget for values %server;
is discover()->{instructions}, $told, 'and again,';
is_deeply [map { $_->requests } values %server], [], 'for which nobody is asked';
done_testing;
