# Licensed under the Apache License, Version 2.0; see LICENSE.
package Uapi::Test;

use strict;
use warnings;
use JSON::PP ();
use List::Util qw(pairs pairkeys);
use Test::More;
use Time::HiRes ();
use Uapi::Http ();
use Uapi::Httpd;
use Uapi::Ports;
use Uapi::Process ();
use Uapi::Registry;
use Uapi::Upstream;

my %own = (
    httpd => sub { return Uapi::Httpd->start(@_) },
    config_test => sub { return Uapi::Httpd->config_test(@_) },
    upstream => sub { return Uapi::Upstream->start(@_ % 2 ? @_ : (undef, @_)) },
    mcp_handler => \&Uapi::Upstream::mcp_handler,
    make_registry => sub { return Uapi::Registry->make(@_) },
    http => \&Uapi::Http::http,
    connect_to => sub { return Uapi::Http->connect(@_) },
    mcp_call => \&mcp_call,
    mcp_initialize => \&mcp_initialize,
    mcp_meta => \&mcp_meta,
    sse_events => \&sse_events,
    out => \&Uapi::Httpd::out,
    run => sub { my ($command, %option) = @_; return Uapi::Process::run_captured($command, %option) },
    wait_for => \&Uapi::Process::wait_for,
    free_port => \&Uapi::Ports::free_port,
    sleep => \&Time::HiRes::sleep,
    time => \&Time::HiRes::time,
    from_json => sub { return JSON::PP->new->utf8->allow_nonref->decode($_[0]) },
    to_json => sub { return JSON::PP->new->utf8->allow_nonref->canonical->encode($_[0]) },
    slurp => \&slurp,
);

my $main = $$;

sub import {
    my ($class, %option) = @_;
    my $caller = caller;
    strict->import;
    warnings->import;
    no strict 'refs';
    *{"${caller}::$_"} = $own{$_} for keys %own;
    *{"${caller}::$_"} = \&{"Test::More::$_"} for @Test::More::EXPORT;
    $ENV{UAPI_PATTERN_CACHE} //= '';    # uapictl keeps nothing in somebody's home
    my $seconds = $option{timeout} // 120;
    $SIG{ALRM} = sub { diag("the test took longer than $seconds s"); fail('in time'); exit 1 };
    $SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);
    alarm $seconds;
    return;
}

# Runs before Test::Builder's own, so that a server which misbehaved still makes the test fail.
END {
    if ($main == $$) {
        local $?;
        alarm 0;
        Uapi::Httpd::stop_all();
        Uapi::Upstream::stop_all();
    }
}

# A JSON-RPC call as an MCP client makes it. The response of `http`, and in it: json (the body, or the first event, decoded), events (all
# decoded events), rpc (the answer with our id), result, error.
sub mcp_call {
    my ($url, $token, $method, $params, %option) = @_;
    my $version = $option{version} // '2025-11-25';
    my $id = exists $option{id} ? $option{id} : 1;
    my $message = { jsonrpc => '2.0', method => $method, (defined $id ? (id => $id) : ()), (defined $params ? (params => $params) : ()) };
    my @headers = ('Content-Type' => 'application/json', Accept => 'application/json, text/event-stream',
        'MCP-Protocol-Version' => $version);
    push @headers, Authorization => "Bearer $token" if defined $token;
    push @headers, 'Mcp-Method' => $method if $version ge '2026-07-28';
    my $name = ref $params eq 'HASH' ? $params->{name} // $params->{uri} : undef;
    push @headers, 'Mcp-Name' => $name if $version ge '2026-07-28' && defined $name;
    my $response = Uapi::Http::http('POST', $url, body => $option{body} // $own{to_json}->($message),
        headers => [_replace(\@headers, $option{headers})], timeout => $option{timeout});
    return _read_rpc($response, $id);
}

# The first request of an older revision.
sub mcp_initialize {
    my ($url, $token, $revision, %option) = @_;
    my $params = { protocolVersion => $revision // '2025-11-25', capabilities => {}, clientInfo => { name => 'c', version => '1' } };
    return mcp_call($url, $token, 'initialize', $params, %option);
}

# What the params of each request of 2026-07-28 have besides.
sub mcp_meta {
    return (_meta => { 'io.modelcontextprotocol/protocolVersion' => '2026-07-28', 'io.modelcontextprotocol/clientInfo' => { name => 'c', version => '1' },
        'io.modelcontextprotocol/clientCapabilities' => {} });
}

# Headers of the caller take the place of those by the same name; undef removes one.
sub _replace {
    my ($headers, $others) = @_;
    my %replaced = map { lc, 1 } pairkeys @{ $others || [] };
    return ((map { @$_ } grep { !$replaced{ lc $_->[0] } } pairs @$headers),
        (map { @$_ } grep { defined $_->[1] } pairs @{ $others || [] }));
}

sub _read_rpc {
    my ($response, $id) = @_;
    my $is_stream = ($response->{headers}{'content-type'} // '') =~ m{^text/event-stream}i;
    my @values = $is_stream ? map { eval { $own{from_json}->($_->{data}) } } sse_events($response->{body})
        : grep { defined } eval { $own{from_json}->($response->{body}) };
    $response->{json} = $values[0];
    $response->{events} = \@values if $is_stream;
    my ($answer) = grep { ref eq 'HASH' && (exists $_->{result} || exists $_->{error})
        && (!defined $id || !defined $_->{id} || $_->{id} eq $id) } @values;
    @$response{qw(rpc result error)} = ($answer, $answer->{result}, $answer->{error}) if $answer;
    return $response;
}

# The events of a stream: hashes with event, data, id, and raw (the bytes).
sub sse_events {
    my ($body) = @_;
    my @events;
    for my $raw (split /(?<=\n\n)|(?<=\r\n\r\n)/, $body) {
        my %event = (raw => $raw);
        my @data;
        for (split /\r\n|\n|\r/, $raw) {
            next unless /^(\w+)(?:: ?(.*))?$/;
            $1 eq 'data' ? push @data, $2 // '' : ($event{$1} = $2);
        }
        next unless @data;
        push @events, { %event, data => join "\n", @data };
    }
    return @events;
}

sub slurp {
    my ($file) = @_;
    open my $handle, '<:raw', $file or die "$file: $!\n";
    local $/ = undef;
    return scalar(<$handle>) // '';
}

1;

__END__

=encoding utf8

=head1 NAME

Uapi::Test - the house that the tests of mod_uapi live in

=head1 SYNOPSIS

    use lib 't/lib';
    use Uapi::Test;                       # strict, warnings, Test::More, and what follows; timeout => 300 for a long one

    my $upstream = upstream();            # a small MCP server
    my $registry = make_registry(roles => ['support']);
    my $policy = $registry->file('policy.yaml', <<'YAML');
    ...
    YAML
    my $httpd = httpd(<<"CONF");
    @{[ $registry->config ]}
    UapiPolicy "$policy"
    <Location "/mcp">
        UapiEngine on
        UapiServer github
        AuthType uapi
        Require valid-user
        ProxyPass @{[ $upstream->url('/mcp') ]}
    </Location>
    CONF

    my $answer = mcp_call($httpd->url('/mcp'), $registry->token, 'tools/call',
        { name => 'echo', arguments => { text => 'hello' } });
    is $answer->{status}, 200;
    is $answer->{result}{content}[0]{text}, 'hello';
    is $upstream->last_request->header('authorization'), undef, 'the token stays here';
    done_testing;

Run it from the root of the repository with C<prove t/NN-topic.t>. One feature a file; families by number: 00 unit, 10 plugin, 20 policy,
30 store, 40 protocol, 50 end to end, 60 faults, 80 regressions, 90 upkeep. C<UAPI_OUT=dir> tests what was built elsewhere than in
F<build/out>; C<UAPI_TEST_KEEP=1> keeps the server roots.

=head1 httpd(CONFIGURATION, OPTIONS)

Starts httpd on a free port of 127.0.0.1 with the event MPM and two children of eight threads, waits until it is ready, and gives an object.
If it does not start, the test dies with its log. Base modules (authn_core, authz_core, authz_user, authz_host, proxy,
proxy_http, headers, setenvif, alias, env) and mod_uapi are loaded already. In the configuration, C<@ROOT@> is the server root, C<@PORT@> the port,
C<@PORT2@> and so on are further free ports (put a C<Listen> yourself), C<@OUT@> the folder of what was built.

Options: C<< mpm => 'prefork' >> or C<'worker'>; C<< modules => ['ssl', 'http2'] >> besides the base; C<< uapi => 0 >> leaves our module
out; C<children>, C<threads>; C<log_level> (info); C<< env => {} >> for its environment.

B<The guard.> When the object goes out of scope, is stopped, or the test ends, the test B<fails> if the error log has any line
at warn or above, any line that is not of the log's form (a sanitizer's report, glibc's last words), or an exit signal; if the exit status was
not 0; if it had to be killed; or if a process of it is left. Announce what you expect:

    $httpd->expect_log(qr/UAPI0012.*policy/);     # must come, or the test fails
    $httpd->allow_log(qr/AH01114/);               # may come

Methods: C<port(n)>, C<url(path)>, C<root>, C<pid>, C<children> (process ids), C<error_log>, C<access_log> (texts), C<wait_log(qr//, seconds)>,
C<graceful>, C<restart> (both wait until it is back), C<configure(text)> (for the next restart), C<stop>.

C<config_test(CONFIGURATION, OPTIONS)> runs C<httpd -t> on the same frame: C<my ($status, $output) = config_test(...)>.

=head1 http(METHOD, URL, OPTIONS), connect_to(PORT)

C<< http('POST', $url, headers => [Name => 'value', ...], body => $bytes, timeout => 30) >> gives a hash: C<status> (0 if no answer came),
C<reason>, C<headers> (lower-case names), C<header_list>, C<body>, C<informational> (1xx answers), C<trailers>, C<pieces> (C<[seconds, bytes]> a chunk: when each part of a stream
came), C<first>, C<seconds>, C<complete>, C<error>. Host, Connection: close and Content-Length are added unless given.

For exact bytes: C<< my $c = connect_to($httpd->port); $c->send("POST / HTTP/1.1\r\n..."); my $r = $c->response; >>. Also
C<head>, C<raw_piece(seconds)>, C<finish_sending>, C<send_last(bytes)> (both at once), C<close>, C<closed(seconds)>.

=head1 mcp_call(URL, TOKEN, METHOD, PARAMS, OPTIONS)

Sends one JSON-RPC message as an MCP client does. What C<http> gives, and C<json>, C<events> (decoded, of a stream), C<rpc> (the answer), C<result>, C<error>.
Options: C<version> (2025-11-25), C<id> (1; undef: a notification), C<headers> (replace those by the same name; undef removes one), C<body> (exact
bytes instead of the message), C<timeout>. Token undef: no Authorization.

C<mcp_initialize(URL, TOKEN, REVISION, OPTIONS)> opens a session (2025-11-25): the same answer. C<mcp_meta()> is what the params of each request of
2026-07-28 have besides: C<< mcp_call($url, $token, 'tools/list', { mcp_meta() }, version => '2026-07-28') >>.

=head1 upstream(HANDLER, OPTIONS)

A server that records what it gets. Without a handler it is a small MCP server; C<< upstream(sse => 1) >> answers as an event stream,
C<< tools => [...] >> names its tools, C<< result => sub { my ($message) = @_; {...} } >> makes every result. With a handler, C<sub { my ($request, $reply) = @_; ... }>,
it does anything (in a process of its own for each connection):

    $reply->json({...}, 200)   $reply->json('{"broken":')   $reply->status(503)   $reply->gzip({...})
    $reply->respond(200, ['Content-Type' => 'text/html'], $body)
    $reply->sse([{...}, {...}], delay => 1)
    $reply->start(200, 'Content-Type' => 'text/event-stream')->event({...})->sleep(1)->chunk("data: x\n\n")->reset
    $reply->raw($bytes)->close

A request is a hash: C<method>, C<target>, C<headers>, C<header_list>, C<body> (exact bytes), C<raw_head>; C<header(name)>, C<json>. The object: C<url(path)>, C<port>,
C<requests>, C<last_request>, C<wait_requests(n)>, C<forget>, C<stop> (connections are refused), C<resume>.

=head1 make_registry(OPTIONS)

Runs C<uapictl init>, C<tenant create>, C<token create> in a folder of its own. Options: C<tenant> (acme), C<principal> (agent-1), C<type>, C<roles>, C<expires>.
Methods: C<config> (the three directives), C<token>, C<token_id>, C<tenant>, C<registry>, C<audit>, C<key_file>, C<folder>, C<file(name, text)>,
C<token_create(options)> (C<{token, id}>), C<token_revoke(id)>, C<credential_set(name, secret)>, C<audit_records>,
C<uapictl(arguments..., {stdin => ...})> (status, output, errors) and C<must(arguments...)> (output; dies on failure).

=head1 Others

C<run(['command', ...], stdin =E<gt> ..., seconds =E<gt> 60)> gives status, output, errors; C<wait_for(seconds, sub)>; C<free_port>; C<out(name)>: an absolute path
among what was built; C<sse_events(body)>; C<from_json>, C<to_json>, C<slurp>; C<sleep> and C<time> with fractions.

=cut
