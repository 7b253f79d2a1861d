# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# UapiNextCallWait: the thread that sent an answer waits a moment for the connection's next call. Nothing else may change by it.
use lib 't/lib';
use Uapi::Test;

my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    return $reply->respond(200, ['Content-Type' => 'text/plain'], "got $request->{body}");
});
my $registry = make_registry(roles => ['clerk']);
my $policy = $registry->file('policy.yaml', <<'YAML');
apiVersion: uapi/v1
kind: Policy
metadata: {name: clerks}
spec:
  subjects: [{type: agent, roles: [clerk]}]
  rules:
    - {id: posting, effect: allow, server: api, methods: [http/POST]}
YAML
my $httpd = httpd(<<"CONF", modules => ['status'], children => 1);
@{[ $registry->config ]}
UapiPolicy "$policy"
<Location "/">
    UapiEngine on
    UapiProtocol rest
    UapiServer api
    UapiNextCallWait 10ms
    ProxyPass @{[ $upstream->url('/') ]}
</Location>
<Location "/impatient">
    UapiNextCallWait off
</Location>
<Location "/status">
    UapiEngine off
    ProxyPass !
    SetHandler server-status
</Location>
CONF

sub request {
    my ($body, %option) = @_;
    my $path = $option{path} // '/';
    my $token = $option{token} // $registry->token;
    return join "\r\n", "POST $path HTTP/1.1", 'Host: localhost', "Authorization: Bearer $token", 'Content-Type: text/plain',
        ($option{close} ? 'Connection: close' : ()), 'Content-Length: ' . length $body, '', $body;
}

sub ask {
    my ($connection, @request) = @_;
    $connection->send(request(@request));
    return $connection->response(method => 'POST');
}

sub figure {
    my ($name) = @_;
    my $text = http('GET', $httpd->url('/status?auto'))->{body};
    return $text =~ /^Uapi0$name: (\d+)$/m ? $1 : die "no $name in the status: $text";
}

sub open_connection { return Uapi::Http->connect($httpd->port) }

# ---- off
my $connection = open_connection();
is ask($connection, "call $_", path => '/impatient')->{body}, "got call $_", "call $_ of a kept connection, without a wait" for 1 .. 3;
is figure('NextCallsAwaited') + figure('NextCallWaitsInVain'), 0, 'nothing waited where it is off';
$connection->close;

# ---- calls that follow one another
$connection = open_connection();
is ask($connection, "call $_")->{body}, "got call $_", "call $_ of a kept connection" for 1 .. 20;
cmp_ok figure('NextCallsAwaited'), '>', 0, 'calls came while a thread waited for them';
is ask($connection, 'stranger', token => 'uapi_ut_nobody')->{status}, 401, 'a call after others is judged like the first';
is ask($connection, 'last', close => 1)->{body}, 'got last', 'a last call';
ok $connection->closed(5), 'closes the connection, as it asks';

# ---- pipelined, with blank lines, in pieces
$connection = open_connection();
$connection->send(request('one') . request('two') . "\r\n" . request('three'));
is $connection->response(method => 'POST')->{body}, "got $_", "pipelined: $_" for qw(one two three);
my $whole = request('in pieces');
$connection->send(substr $whole, 0, 1);
select undef, undef, undef, 0.05;
$connection->send(substr $whole, 1);
is $connection->response(method => 'POST')->{body}, 'got in pieces', 'a request whose first byte comes alone';

# ---- a client that takes its time, and one that goes
for my $call (1 .. 6) {
    select undef, undef, undef, 0.03;
    is ask($connection, "slow $call")->{body}, "got slow $call", "a call after a pause: $call";
}
cmp_ok figure('NextCallWaitsInVain'), '>', 0, 'it was waited for in vain';
$connection->close;
is ask(open_connection(), 'another')->{body}, 'got another', 'a closed connection harms nobody';

# ---- more connections than may be waited for
my @connections = map { open_connection() } 1 .. 6;
for my $round (1 .. 3) {
    $_->send(request("round $round")) for @connections;
    my @bodies = map { $_->response(method => 'POST')->{body} } @connections;
    is_deeply \@bodies, [("got round $round") x @connections], "more connections than may be waited for, round $round";
}
done_testing;
