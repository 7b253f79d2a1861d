# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Sessions of the older revisions belong to the principal that opened them, at the server where it did; not to a token, nor to whoever
# learns the id.
use lib 't/lib';
use Uapi::Test;

my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    my $message = $request->{method} eq 'POST' ? $request->json : {};
    my $body = to_json({ jsonrpc => '2.0', id => 1, result => { session => $request->header('mcp-session-id') } });
    my @session = ($message->{method} // '') eq 'initialize' ? ('Mcp-Session-Id' => 'the-upstream-session') : ();
    return $reply->respond(200, ['Content-Type' => 'application/json', @session], $body);
});
my $registry = make_registry(principal => 'bot');
my $policy = $registry->file('policy.yaml', "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n    - {id: all, effect: allow, server: [one, two]}\n");
my $httpd = httpd(<<"CONF", children => 3);
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiEngine on
<Location "/one">
    UapiServer one
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
<Location "/two">
    UapiServer two
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
CONF
my $token = $registry->token;
my $initialize = { protocolVersion => '2025-11-25', capabilities => {}, clientInfo => { name => 'c', version => '1' } };
sub ask { my ($path, $with, $session) = @_; return mcp_call($httpd->url($path), $with, 'tools/call', { name => 't' }, headers => [defined $session ? ('Mcp-Session-Id' => $session) : ()]) }

my $session = mcp_call($httpd->url('/one'), $token, 'initialize', $initialize)->{headers}{'mcp-session-id'};
like $session, qr/^[!-~]+$/, 'initialize gives a session id of visible ASCII';
unlike $session, qr/the-upstream-session/, "that is not the server's";
is ask('/one', $token, $session)->{result}{session}, 'the-upstream-session', 'the server gets its own';
is scalar(grep { ask('/one', $token, $session)->{status} == 200 } 1 .. 12), 12, 'in whichever child';
is ask('/one', $token, undef)->{result}{session}, undef, 'no session, none';

my $renewed = $registry->token_create(principal => 'bot')->{token};
is ask('/one', $renewed, $session)->{status}, 200, 'another token of the same principal goes on with it';
my $other = $registry->token_create(principal => 'rival')->{token};
$upstream->forget;
for my $case ([$other, '/one', $session, "another principal's"], [$token, '/two', $session, "another server's"], [$token, '/one', 'the-upstream-session', "the server's own id"],
    [$token, '/one', 'AAAA', 'an invented one'], [$token, '/one', "$session, $session", 'two at once']) {
    my ($with, $path, $id, $what) = @$case;
    my $answer = ask($path, $with, $id);
    is $answer->{status}, 404, "$what: 404, so that the client begins anew";
    is $answer->{error}{data}{reason}, 'session.unknown', "$what: session.unknown";
    is $answer->{json}{id}, 1, "$what: in answer to the request";
}
my @auth = (Authorization => "Bearer $token");
is http('DELETE', $httpd->url('/one'), headers => [@auth, 'Mcp-Session-Id' => 'nonsense'])->{status}, 404, 'DELETE of an unknown one';
is_deeply [$upstream->requests], [], 'none of these reached the server';
is http('DELETE', $httpd->url('/one'), headers => [@auth, 'Mcp-Session-Id' => $session])->{status}, 200, 'DELETE of a good one';
is $upstream->last_request->header('mcp-session-id'), 'the-upstream-session', 'reaches the server';
$httpd->graceful;
is ask('/one', $token, $session)->{status}, 200, 'a restart ends no session';
done_testing;
