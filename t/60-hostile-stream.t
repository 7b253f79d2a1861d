# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# GET streams of servers that behave badly, and clients that do not read: each ends with a reason, holds no more than an event, and does
# not hurt the next.
use lib 't/lib';
use Uapi::Test timeout => 180;
use File::Temp ();

my $written = File::Temp->new(TEMPLATE => 'uapi-written-XXXXXX', TMPDIR => 1);
my $head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
my $message = '{"jsonrpc":"2.0","method":"notifications/n"}';
my %streams = (
    good => sub { $_[0]->start(200, 'Content-Type' => 'text/event-stream')->chunk("data: $message\n\n")->finish },
    dies => sub { $_[0]->start(200, 'Content-Type' => 'text/event-stream')->chunk("data: $message\n\n")->chunk('data: {"half')->reset },
    'dies-at-once' => sub { $_[0]->reset },
    stalls => sub { $_[0]->start(200, 'Content-Type' => 'text/event-stream')->chunk("data: $message\n\n")->sleep(8) },
    'stalls-at-once' => sub { $_[0]->sleep(8) },
    html => sub { $_[0]->respond(200, ['Content-Type' => 'text/html'], '<p>Welcome</p>') },
    gzip => sub { $_[0]->gzip("data: $message\n\n", 'text/event-stream') },
    'no-content' => sub { $_[0]->raw("HTTP/1.1 204 No Content\r\n\r\n") },
    redirect => sub { $_[0]->respond(307, ['Location' => 'http://elsewhere.example/', 'Content-Type' => 'text/plain'], '') },
    'no-stream' => sub { $_[0]->status(405, Allow => 'POST') },
    'no-end' => sub { my $r = $_[0]->start(200, 'Content-Type' => 'text/event-stream'); eval { $r->chunk("data: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n" x 1000) for 1 .. 100 }; $r->finish },
    'one-line' => sub { $_[0]->start(200, 'Content-Type' => 'text/event-stream')->chunk("data: $message\n\ndata: " . 'x' x 900_000 . "\n\n")->finish },
    'too-long-a-line' => sub { my $r = $_[0]->start(200, 'Content-Type' => 'text/event-stream'); $r->chunk("data: $message\n\ndata: "); eval { $r->chunk('x' x 100_000) for 1 .. 30 }; $r->finish },
    'long-comment' => sub { my $r = $_[0]->start(200, 'Content-Type' => 'text/event-stream'); eval { $r->chunk(': ' . 'x' x 100_000 . "\n") for 1 .. 30 }; $r->finish },
    bytes => sub { my $r = $_[0]->start(200, 'Content-Type' => 'text/event-stream'); $r->chunk($_) for split //, "\xef\xbb\xbf: c\rid: 7\r\nretry: 5\revent: message\ndata: {\"jsonrpc\":\"2.0\",\r\ndata: \"method\":\"notifications/n\"}\r\n\r\n\rdata: $message\r\r"; $r->finish },
    'raw-nul' => sub { $_[0]->start(200, 'Content-Type' => 'text/event-stream')->chunk("data: {\"a\":\"\0\"}\n\ndata: $message\n\n")->finish },
    flood => sub {
        my $socket = $_[0]{socket};
        print $socket $head;
        my $event = "data: $message\n\n" x 100;
        local $SIG{ALRM} = sub { die "full\n" };
        my $sent = 0;
        while ($sent < 200_000_000) {
            alarm 2;
            my $count = eval { syswrite $socket, $event } // last;
            $sent += $count;
        }
        alarm 0;
        open my $log, '>', $written->filename;
        print $log $sent;
        close $log;
        $_[0]->close;
    },
);
my $upstream = upstream(sub { my ($request, $reply) = @_; my ($how) = $request->{target} =~ /\?(\S+)/; return $streams{$how}->($reply) });
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n    - {id: all, effect: allow, server: s}\n");
my $httpd = httpd(<<"CONF", children => 1);
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiServer s
UapiEngine on
UapiMaxResponse 1M
ProxyPass /mcp @{[ $upstream->url('/mcp') ]} timeout=2 retry=0
CONF
$httpd->allow_log(qr/AH01102|AH00898|AH01110|AH01097|AH10154|UAPI0101/);
my $token = $registry->token;
my %seen = (flood => 1);
sub expect {
    my ($how, $status, $outcome, $check) = @_;
    $seen{$how}++;
    my $answer = http('GET', $httpd->url("/mcp?$how"), headers => [Authorization => "Bearer $token", Accept => 'text/event-stream'], timeout => 20);
    subtest $how => sub {
        is $answer->{status}, $status, "status $status" or diag $answer->{body};
        my $found;
        wait_for(3, sub { ($found) = grep { $_->{call} eq $answer->{headers}{'uapi-call-id'} && $_->{kind} eq 'outcome' } $registry->audit_records });
        is $found->{result}, $outcome, "outcome $outcome";
        $check->($answer) if $check;
    };
    return;
}
sub has { my ($count) = @_; return sub { is scalar(() = $_[0]{body} =~ /notifications\/n/g), $count, "$count events" } }
expect('good', 200, 'ok', has(1));
expect('dies', 200, 'upstream.failed', sub { has(1)->(@_); unlike $_[0]{body}, qr/half/, 'and no half one'; ok !$_[0]{complete}, 'it does not look whole' });
expect('dies-at-once', 502, 'upstream.failed');
expect('stalls', 200, 'upstream.failed', sub { has(1)->(@_); ok !$_[0]{complete}, 'it does not look whole' });
expect('stalls-at-once', 502, 'upstream.failed');
expect('html', 200, 'ok', sub { is $_[0]{body}, '<p>Welcome</p>', 'as it is' });
expect('gzip', 502, 'response.content_encoding');
expect('no-content', 204, 'ok');
expect('redirect', 307, 'ok');
expect('no-stream', 405, 'ok');
expect('no-end', 200, 'response.too_large', sub { like $_[0]{body}, qr/response\.too_large/, 'a reason' });
expect('one-line', 200, 'ok', sub { has(1)->(@_); is $_[0]{body} =~ tr{x}{}, 900_000, 'a long line within the bound is whole' });
expect('too-long-a-line', 200, 'response.too_large', sub { has(1)->(@_); unlike $_[0]{body}, qr/x{1000}/, 'nothing of it leaves' });
expect('long-comment', 200, 'response.too_large', sub { unlike $_[0]{body}, qr/x{1000}/, 'nothing of it leaves' });
expect('bytes', 200, 'ok', has(2));
expect('raw-nul', 200, 'ok', sub { has(1)->(@_); unlike $_[0]{body}, qr/\0/, 'what is no JSON is withheld' });
is_deeply [sort grep { !$seen{$_} } keys %streams], [], 'every stream was tried';

# Back-pressure: a client that does not read stops the server, and nothing piles up in between.
my ($child) = sort { $a <=> $b } $httpd->children;
sub resident { my ($kib) = slurp("/proc/$child/status") =~ /^VmRSS:\s+(\d+)/m; return $kib }
my $before = resident();
my $c = connect_to($httpd->port);
$c->send("GET /mcp?flood HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer $token\r\nAccept: text/event-stream\r\n\r\n");
ok wait_for(20, sub { -s $written->filename }), 'a server that floods is stopped by a client that does not read';
cmp_ok slurp($written->filename), '<', 30_000_000, 'after what the sockets hold';
cmp_ok resident() - $before, '<', 4096, 'and httpd holds less than 4 MiB of it';
$c->close;
expect('good', 200, 'ok', has(1));
done_testing;
