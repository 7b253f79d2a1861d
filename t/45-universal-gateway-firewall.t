# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Firewall rules behind one endpoint over several servers: they name the server that a call is for, and the tool by that server's own name.
use lib 't/lib';
use Uapi::Test;

sub server {
    my ($name) = @_;
    return upstream(sub {
        my ($request, $reply) = @_;
        return $reply->status(405) if $request->{method} eq 'GET';
        return $reply->status(204) if $request->{method} eq 'DELETE';
        my $message = $request->json;
        return $reply->status(202) unless defined $message->{id} && defined $message->{method};
        my $result = $message->{method} eq 'initialize'
            ? { protocolVersion => $message->{params}{protocolVersion}, capabilities => { tools => {} }, serverInfo => { name => $name, version => 1 } }
            : { content => [{ type => 'text', text => $message->{params}{arguments}{say} ? 'N-1234' : 'nothing' }] };
        return $reply->respond(200, ['Content-Type' => 'application/json', ($message->{method} eq 'initialize' ? ('Mcp-Session-Id' => "s-$name") : ())],
            to_json({ jsonrpc => '2.0', id => $message->{id}, result => $result }));
    });
}
my %server = map { $_ => server($_) } qw(alpha beta);
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', join "---\n", <<'YAML', map { "apiVersion: uapi/v1\nkind: Server\nmetadata: {name: $_}\nspec: {url: \"@{[ $server{$_}->url('/mcp') ]}\"}\n" } sort keys %server);
apiVersion: uapi/v1
kind: PatternPack
metadata: {name: k}
spec:
  rules: [{id: number, regex: 'N-[0-9]{4}', action: log}]
---
apiVersion: uapi/v1
kind: Policy
metadata: {name: everyone}
spec:
  rules:
    - {id: all, effect: allow, server: "*"}
---
apiVersion: uapi/v1
kind: Firewall
metadata: {name: f}
spec:
  rules:
    - {id: approve, server: beta, tools: [pay], scanners: [k], action: require_approval}
    - {id: blank, server: beta, tools: [ask], scanners: [k], direction: response, action: redact}
YAML
my $httpd = httpd($registry->config . <<"CONF");
UapiPolicy "$policy"
<Location "/all">
    UapiEngine on
    UapiServers *
    SetHandler uapi-gateway
</Location>
CONF
my $token = $registry->token;
my $session = mcp_initialize($httpd->url('/all'), $token)->{headers}{'mcp-session-id'};
ok defined $session, 'a session';
sub call {
    my ($tool, %arguments) = @_;
    return mcp_call($httpd->url('/all'), $token, 'tools/call', { name => $tool, arguments => \%arguments }, headers => ['Mcp-Session-Id' => $session]);
}
ok exists call('alpha__pay', text => 'N-1234')->{result}, 'a tool of that name at another server';
my $answer = call('beta__pay', text => 'N-1234');
is $answer->{error}{data}{reason}, 'approval.required', 'the tool at the server that the rule names';
is $answer->{error}{code}, -32011, 'with the code for approvals';
is call('beta__ask', say => 1)->{result}{content}[0]{text}, '[REDACTED:k.number]', 'an answer of its tool';
is call('beta__tell', say => 1)->{result}{content}[0]{text}, 'N-1234', 'of another tool';
is call('alpha__ask', say => 1)->{result}{content}[0]{text}, 'N-1234', 'of another server';
done_testing;
