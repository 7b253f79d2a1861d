# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Who may come in: tokens, their checksum, expiry and revocation, anonymous callers, and what a refused caller is told.
use lib 't/lib';
use Uapi::Test;

my $upstream = upstream();
my $registry = make_registry(roles => ['support']);
my $policy = $registry->file('policy.yaml', <<'YAML');
apiVersion: uapi/v1
kind: Policy
metadata: {name: everyone}
spec:
  rules:
    - {id: all, effect: allow, server: github}
YAML

my $httpd = httpd(<<"CONF", children => 3, threads => 16); # threads enough to keep all connections below open
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiServer github
UapiEngine on
<Location "/mcp">
    AuthType uapi
    AuthName "the \\"agents\\""
    Require valid-user
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
<Location "/bare">
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
<Location "/open">
    UapiAnonymous @{[ $registry->tenant ]}
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
<Location "/closed-again">
    UapiAnonymous off
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
CONF

my $url = $httpd->url('/mcp');
my @echo = ('tools/call', { name => 'echo', arguments => { text => 'hello' } });

sub refused {
    my ($answer, $reason, $what) = @_;
    subtest $what => sub {
        is $answer->{status}, 401, 'status 401';
        is $answer->{error}{data}{reason}, $reason, "reason $reason";
        is $answer->{headers}{'content-type'}, 'application/json', 'as JSON';
        is $answer->{json}{jsonrpc}, '2.0', 'a JSON-RPC error';
        like $answer->{headers}{'www-authenticate'}, qr/^Bearer realm="/, 'with a challenge';
        is $answer->{headers}{'uapi-call-id'}, $answer->{error}{data}{call}, 'the call id in header and body';
        if ($reason eq 'token.missing') {
            unlike $answer->{headers}{'www-authenticate'}, qr/error=/, 'RFC 6750: no error code when nothing was sent';
        } else {
            like $answer->{headers}{'www-authenticate'}, qr/error="invalid_token"/, 'RFC 6750: invalid_token';
        }
    };
}

my $answer = mcp_call($url, $registry->token, @echo);
is $answer->{status}, 200, 'a good token comes in';
is $answer->{result}{content}[0]{text}, 'hello', 'and the answer comes back';
is $upstream->last_request->header('authorization'), undef, 'the token stays here';

$upstream->forget;
refused(mcp_call($url, undef, @echo), 'token.missing', 'no token');
like mcp_call($url, undef, @echo)->{headers}{'www-authenticate'}, qr/realm="the \\"agents\\""/, 'the realm is AuthName, quoted';
refused(mcp_call($url, 'uapi_ut_short', @echo), 'token.malformed', 'a short token');
my $typo = $registry->token;
substr($typo, 20, 1) = substr($typo, 20, 1) eq 'a' ? 'b' : 'a';
refused(mcp_call($url, $typo, @echo), 'token.malformed', 'a typing error is seen offline, by the checksum');
refused(mcp_call($url, $registry->token . ', Bearer ' . $registry->token, @echo), 'token.malformed', 'two tokens');
refused(mcp_call($url, undef, @echo, headers => [Authorization => 'Basic dTpw']), 'token.malformed', 'another scheme');
refused(mcp_call($url, undef, @echo, headers => [Authorization => 'Bearer']), 'token.malformed', 'Bearer and nothing');
{
    my $other = make_registry(tenant => 'other');
    refused(mcp_call($url, $other->token, @echo), 'token.unknown', "another gateway's token");
}
my $brief = $registry->token_create(principal => 'brief', expires => '1s');
is mcp_call($url, $brief->{token}, @echo)->{status}, 200, 'a token before its expiry';
sleep 1.2;
refused(mcp_call($url, $brief->{token}, @echo), 'token.expired', 'after it');

# Revocation holds on the very next request in every child, whatever they have cached.
my $victim = $registry->token_create(principal => 'victim');
my @held = map { connect_to($httpd->port) } 1 .. 12;
my $body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"x"}}}';
my $request = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer $victim->{token}\r\nMCP-Protocol-Version: 2025-11-25\r\n"
    . "Accept: application/json, text/event-stream\r\nContent-Type: application/json\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
my $count = sub {
    my ($wanted) = @_;
    $_->send($request) for @held;
    return scalar grep { $_->response->{status} == $wanted } @held;
};
is $count->(200), 12, 'twelve connections over all children know the token';
is $count->(200), 12, 'and have it cached';
$registry->token_revoke($victim->{id});
is $count->(401), 12, 'revoked: the next request of each is refused';
refused(mcp_call($url, $victim->{token}, @echo), 'token.revoked', 'a revoked token');

is mcp_call($httpd->url('/bare'), undef, @echo)->{status}, 401, 'engine on without AuthType: still nobody without a token';
is mcp_call($httpd->url('/bare'), $registry->token, @echo)->{status}, 200, 'and a token suffices';
is mcp_call($httpd->url('/open'), undef, @echo)->{status}, 200, 'UapiAnonymous admits';
is $upstream->last_request->header('uapi-principal'), 'anonymous', 'as the anonymous principal';
is mcp_call($httpd->url('/open'), $typo, @echo)->{status}, 401, 'but not with a bad token';
is mcp_call($httpd->url('/closed-again'), undef, @echo)->{status}, 401, 'UapiAnonymous off';

for my $method (qw(GET HEAD OPTIONS DELETE PUT PATCH)) {
    is http($method, $url)->{status}, 401, "$method needs a token too";
}
unlike $httpd->error_log . $httpd->access_log, qr/\Q@{[ $registry->token ]}\E|\Q$victim->{token}\E/, 'no token in any log';
done_testing;
