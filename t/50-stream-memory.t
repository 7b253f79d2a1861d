# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# What an idle stream holds with every scanner loaded: bounded, also after all streams had an event at the same moment and each thread
# scanned its own; and calls are answered beside them.
use lib 't/lib';
use Uapi::Test;
use Fcntl qw(:flock);
use File::Temp ();

use constant { STREAMS => 150, LIMIT => 128 }; # KiB

# Each stream gets an event at once and one more when this lock is released; then nothing until the test ends.
my $lock = File::Temp->new(TEMPLATE => 'uapi-event-XXXXXX', TMPDIR => 1);
my $end = File::Temp->new(TEMPLATE => 'uapi-end-XXXXXX', TMPDIR => 1);
flock $_, LOCK_EX for $lock, $end;
sub await_lock { open my $own, '<', $_[0]->filename or die; flock $own, LOCK_SH; return }
my $event = { jsonrpc => '2.0', method => 'notifications/progress', params => { progressToken => 1, progress => 1, message => 'read /etc/hosts, see https://example.com/a?b=c ' x 20 } };
my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    if ($request->{method} eq 'GET') {
        $reply->start(200, 'Content-Type' => 'text/event-stream')->event($event);
        await_lock($lock);
        $reply->event($event);
        await_lock($end);
        return $reply->finish;
    }
    my $message = $request->json;
    my $result = $message->{method} eq 'initialize' ? { protocolVersion => '2025-11-25', capabilities => {}, serverInfo => { name => 's', version => '1' } } : { content => [] };
    return $reply->json({ jsonrpc => '2.0', id => $message->{id}, result => $result });
});
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', <<"YAML");
apiVersion: uapi/v1
kind: Policy
metadata: {name: p}
spec:
  rules:
    - {id: all, effect: allow, server: s, methods: ["*"]}
    - {id: tools, effect: allow, server: s, tools: ["*"]}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: s}
spec:
  url: @{[ $upstream->url('/mcp') ]}
  revision: 2025-11-25
YAML
my @scanners = glob out('plugins/scanner_*.so');
cmp_ok scalar @scanners, '>', 1, 'scanners: ' . join ' ', map { m{scanner_(\w+)\.so} } @scanners;
my $httpd = httpd(<<"CONF", children => 1, threads => 2 * STREAMS + 20);
@{[ $registry->config ]}
UapiPolicy "$policy"
@{[ map { "UapiPlugin $_\n" } @scanners ]}
ThreadStackSize 262144
MaxMemFree 64
MinSpareThreads 1
ServerLimit 1
MaxRequestWorkers @{[ 2 * STREAMS + 20 ]}
UapiEngine on
<Location "/mcp">
    UapiServer s
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
<Location "/gateway">
    UapiServers s
    SetHandler uapi-gateway
</Location>
CONF
my $token = $registry->token;

sub resident {
    my $sum = 0;
    $sum += (slurp("/proc/$_/smaps_rollup") =~ /^Pss:\s+(\d+)/m)[0] for $httpd->children;
    return $sum;
}

sub open_stream {
    my ($path, $session) = @_;
    my $c = connect_to($httpd->port);
    $c->send("GET $path HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer $token\r\nAccept: text/event-stream\r\nMCP-Protocol-Version: 2025-11-25\r\n"
        . ($session ? "Mcp-Session-Id: $session\r\n" : '') . "\r\n");
    return $c;
}

# What had come before, of each stream, and how many have had this many events.
sub with_events {
    my ($streams, $texts, $wanted) = @_;
    for my $i (0 .. $#$streams) {
        $texts->[$i] .= $streams->[$i]->raw_piece(10) // last while (() = ($texts->[$i] // '') =~ m{notifications/progress}g) < $wanted;
    }
    return scalar grep { (() = ($_ // '') =~ m{notifications/progress}g) == $wanted } @$texts;
}

sub is_bounded {
    my ($before, $what) = @_;
    my $each;
    ok wait_for(5, sub { $each = (resident() - $before) / STREAMS; $each < LIMIT }), $what;
    return note sprintf '%.1f KiB', $each;
}

sub measure {
    my ($what, $path, $session) = @_;
    my (@warm, @streams, @texts);
    my $gone = grep { ($_->{result} // '') eq 'client.gone' } $registry->audit_records;
    @warm = map { open_stream($path, $session) } 1 .. 4;
    is with_events(\@warm, [], 1), 4, "$what: it is there";
    sleep 1;
    my $before = resident();
    push @streams, open_stream($path, $session) for 1 .. STREAMS;
    is with_events(\@streams, \@texts, 1), STREAMS, "$what: @{[ STREAMS ]} of them";
    is_bounded($before, "$what: what an idle one holds");
    is scalar(grep { (mcp_call($httpd->url($path), $token, 'tools/call', { name => $session ? 's__t' : 't' }, headers => ['Mcp-Session-Id' => $session])->{result} || {})->{content} } 1 .. 20), 20, "$what: calls are answered beside them";
    flock $lock, LOCK_UN;
    is with_events(\@streams, \@texts, 2), STREAMS, "$what: an event on all of them at once";
    is_bounded($before, "$what: what one holds when that is over");
    flock $lock, LOCK_EX;
    $_->close for @warm, @streams;
    ok wait_for(20, sub { (grep { $_->{kind} eq 'outcome' && ($_->{result} // '') eq 'client.gone' } $registry->audit_records) >= $gone + @streams + @warm }), "$what: and all are gone";
    return;
}

measure('a stream', '/mcp');
$httpd->restart; # what the first ones left does not count as there already
measure('a stream of a universal gateway', '/gateway', mcp_initialize($httpd->url('/gateway'), $token)->{headers}{'mcp-session-id'});
done_testing;
