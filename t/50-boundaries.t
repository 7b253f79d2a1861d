# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Texts that come in parts: a match that is split over events is found before its last part leaves. Every split of several secrets in
# each shape that texts are streamed in; what waits, for how long, and what does not; the bounds that docs/scanners.md states.
use lib 't/lib';
use Uapi::Test;
use File::Temp ();

my @secrets = (
    ['secrets.github_token', 'ghp_' . '1B4a9c2D7e6F3g8H5i0JkLmNoPqRsT2QzkXp', 6],
    ['secrets.aws_access_key', 'AKIA' . 'QYLPMN5HHHFPZAM2', 3],
    ['pii.card', '4012 8888 ' . '8888 1881', 8],
    ['k.phrase', "cr\xc3\xa8me \"br\\ul\xc3\xa9e\" \xf0\x9f\x8d\xae 77", 24],
);
sub quoted { return '"' . $_[0] =~ s/(["\\])/\\$1/gr =~ s/\n/\\n/gr . '"' }
my %shapes = (
    'a log message' => sub { qq({"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":@{[ quoted($_[0]) ]}}}) },
    'a progress message' => sub { qq({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"p","progress":1,"message":@{[ quoted($_[0]) ]}}}) },
    'completions' => sub { qq({"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":@{[ quoted($_[0]) ]}}}]}) },
    'completions, a tool' => sub { qq({"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"function":{"arguments":@{[ quoted($_[0]) ]}}}]}}]}) },
    'messages' => sub { qq({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":@{[ quoted($_[0]) ]}}}) },
    'messages, a tool' => sub { qq({"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":@{[ quoted($_[0]) ]}}}) },
    'responses' => sub { qq({"type":"response.output_text.delta","item_id":"i","output_index":0,"content_index":0,"delta":@{[ quoted($_[0]) ]}}) },
    'responses, a tool' => sub { qq({"type":"response.function_call_arguments.delta","item_id":"i","output_index":0,"delta":@{[ quoted($_[0]) ]}}) },
    'contents' => sub { qq({"candidates":[{"content":{"parts":[{"text":@{[ quoted($_[0]) ]}}],"role":"model"},"index":0}]}) },
    'no JSON' => sub { $_[0] },
);
my @shapes = sort keys %shapes;
my $completion = $shapes{completions};
sub event { return "data: $_[0]\n\n" }

# Between characters only: a JSON string has no half ones.
sub cuts { my ($text) = @_; return grep { (ord(substr $text, $_, 1) & 0xc0) != 0x80 } 1 .. length($text) - 1 }

# ---- what the upstream says, known before it is started
my $unused;
my $flag = File::Temp->new;
my %says;
sub two { my ($secret) = @_; return map { ['so ' . substr($secret, 0, $_), substr($secret, $_) . " and|"] } cuts($secret) }
sub three {
    my ($secret) = @_;
    my @cuts = cuts($secret);
    return map { my $i = $_; my $from = $cuts[$i]; my $to = $cuts[ $i + 1 + $i % 5 ] // $cuts[-1];
        ['so ' . substr($secret, 0, $from), substr($secret, $from, $to - $from), substr($secret, $to) . " and|"] } 0 .. $#cuts - 1;
}
sub single { my ($secret) = @_; return [ split(//, 'so '), map({ substr $secret, $_->[0], $_->[1] - $_->[0] } pairs_of(0, cuts($secret), length $secret)), " and|" ] }
sub pairs_of { my @at = @_; return map { [$at[ $_ - 1 ], $at[$_]] } 1 .. $#at }
for my $s (0 .. $#secrets) {
    $says{"two $s"} = [two($secrets[$s][1])];
    $says{"three $s"} = [three($secrets[$s][1])];
    $says{"single $s"} = [single($secrets[$s][1])];
}

my $token = $secrets[0][1];
my $half = sub { ('so ' . substr($token, 0, 20), substr($token, 20) . ' and') };
my %scripts = (
    channels => sub {
        my ($reply) = @_;
        my @parts = unpack '(a5)*', $token;
        $reply->chunk(event(qq({"choices":[{"index":0,"delta":{"content":"$_"}}]})) . event(qq({"choices":[{"index":1,"delta":{"content":"$_"}}]}))) for @parts;
    },
    steps => sub { # each event only when the client has the one before
        my ($reply) = @_;
        my $n = 0;
        for my $part ('The ', 'quick brown', ' fox: 12 of ', 'them, "all" ', "of\nthem.", ' Done') {
            $reply->chunk(event($completion->($part)));
            my $mark = ++$n;
            wait_for(20, sub { (-s $flag->filename) >= $mark }) or return;
        }
        $reply->chunk("data: [DONE]\n\n");
    },
    stalls => sub {
        my ($reply) = @_;
        $reply->chunk(event($completion->(($half->())[0])));
        wait_for(20, sub { -s $flag->filename }) or return;
        $reply->chunk(event($completion->(($half->())[1])));
    },
    ends => sub { $_[0]->chunk(event($completion->(($half->())[0]))) },
    pings => sub {
        my ($reply) = @_;
        $reply->chunk(event($completion->(($half->())[0])) . ": ping\n\nid: 7\n\n" . event($completion->(($half->())[1])));
    },
    long => sub { # longer than what may wait
        my ($reply) = @_;
        $reply->chunk(event($completion->($_))) for 'so ', map({ substr $token, $_, 1 } 0 .. length($token) - 1), ' and';
    },
    blocked => sub { $_[0]->chunk(join '', map { event($completion->($_)) } 'before ', 'so BLO', 'CK-1', '23', ' after') },
    constants => sub { $_[0]->chunk(event('{"kind":"ghp_1B4a9c2D7e6F3g8H","n":1}')) for 1 .. 5 },
    endless => sub {
        my ($reply) = @_;
        for my $round (1 .. 100) {
            $reply->chunk(join '', map { event(qq({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"$round-$_","progress":1,"message":"@{[ 'word ' x 200 ]} ghp_1B4a9c"}})) } 1 .. 100);
        }
    },
    chunks => sub { # one JSON document, in chunks of HTTP
        my ($reply) = @_;
        my $body = qq({"said":"so $token and"});
        $reply->start(200, 'Content-Type' => 'application/json', 'Transfer-Encoding' => 'chunked');
        $reply->chunk($_) for unpack '(a3)*', $body;
    },
);
my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    my ($what, $shape) = ($request->{headers}{'x-say'} // '', $request->{headers}{'x-shape'} // '');
    if ($what eq 'chunks') {
        $scripts{chunks}->($reply);
        return $reply->finish;
    }
    $reply->start(200, 'Content-Type' => 'text/event-stream');
    if ($scripts{$what}) {
        $scripts{$what}->($reply);
    } else {
        $reply->chunk(join '', map { event($shapes{$shape}->($_)) } map { @$_ } @{ $says{$what} });
    }
    return $reply->finish;
});

# ---- the gateway
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', <<'YAML');
apiVersion: uapi/v1
kind: PatternPack
metadata: {name: k}
spec:
  rules:
    - {id: phrase, regex: '"br\\ul[^ ]{1,4}" [^ ]{1,4} 77', action: redact}
    - {id: block, regex: 'BLOCK-[0-9]{3}\b', action: block}
---
apiVersion: uapi/v1
kind: Policy
metadata: {name: p}
spec: {rules: [{id: all, effect: allow, server: s}]}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: s}
spec: {protocol: rest}
YAML
my %routes = ('/' => '', '/slow/' => 'UapiHoldBack 10000ms', '/short/' => 'UapiHoldBack 10000ms 1K', '/quick/' => 'UapiHoldBack 50ms', '/off/' => 'UapiHoldBack off');
my $httpd = httpd(<<"CONF", children => 1);
@{[ $registry->config ]}
UapiPolicy "$policy"
@{[ join "\n", map { "UapiPlugin " . out("plugins/scanner_$_.so") } qw(secrets pii) ]}
UapiServer s
UapiProtocol rest
UapiEngine on
@{[ join "\n", map { "<Location $_>\n$routes{$_}\n</Location>" } sort keys %routes ]}
ProxyPass / @{[ $upstream->url('/') ]}
CONF
sub ask {
    my ($path, $say, $shape) = @_;
    return http('GET', $httpd->url($path), timeout => 40, headers => [Authorization => 'Bearer ' . $registry->token, 'X-Say' => $say, 'X-Shape' => $shape // 'none']);
}
sub text_of { # of the shape with one text
    my ($data) = @_;
    my ($text) = $data =~ /^[^{]/ ? $data : $data =~ /"(?:content|text|data|message|arguments|partial_json|delta)":"((?:[^"\\]|\\.)*)"/;
    return defined $text ? $text =~ s/\\n/\n/gr =~ s/\\(.)/$1/gr : '';
}
sub said { my ($answer) = @_; return join '', map { text_of($_->{data}) } sse_events($answer->{body}) }

# What is left of a secret in a text: the beginning that tells nothing.
sub is_cut_out {
    my ($said, $s, $count, $name) = @_;
    my ($rule, $secret, $least) = @{ $secrets[$s] };
    my @lines = split /\|/, $said;
    my @bad = grep { !/^so (.*?)\[REDACTED:\Q$rule\E\] and$/ || index($secret, $1) != 0 || length $1 > $least } @lines;
    ok @lines == $count && !@bad, $name or diag "lines: @{[ scalar @lines ]} of $count, bad: ", join ' | ', @bad[0 .. ($#bad < 4 ? $#bad : 4)];
}
for my $s (0 .. $#secrets) {
    for my $shape (@shapes) {
        for my $how ('two', 'three', 'single') {
            my $answer = ask('/', "$how $s", $shape);
            is_cut_out(said($answer), $s, scalar @{ $says{"$how $s"} }, "$secrets[$s][0] in $how, $shape");
        }
    }
}

# ---- what waits, and what does not
is ask('/', 'channels')->{body} =~ s/\[REDACTED:secrets\.github_token\]/#/gr =~ tr/#//, 2, 'two texts that alternate are each put together';

# Reads the answer event by event; `seen` is told the text of each, and the upstream that it came.
sub follow {
    my ($path, $say, $seen) = @_;
    truncate $flag->filename, 0;
    my $c = connect_to($httpd->port);
    $c->send("GET $path HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer @{[ $registry->token ]}\r\nX-Say: $say\r\n\r\n");
    my ($body, $told, @texts) = ('', 0);
    while (defined(my $piece = $c->raw_piece(20))) {
        last if $piece eq '';
        $body .= $piece;
        @texts = map { text_of($_) } $body =~ /^data: (\{.*\})$/mg;
        next if @texts == $told;
        $told = @texts;
        open my $out, '>', $flag->filename or die;
        print $out '.' x $told;
        close $out or die;
    }
    return @texts;
}
is join('', follow('/slow/', 'steps')), 'The quick brown fox: 12 of them, "all" of' . "\n" . 'them. Done', 'ordinary text does not wait: each event comes before the next is sent';
my @texts = follow('/quick/', 'stalls');
is $texts[0], 'so ' . substr($token, 0, 20), 'an upstream that stalls: after UapiHoldBack the first part leaves, though nothing follows';
is $texts[1], '[REDACTED:secrets.github_token] and', 'and what completes the match is found all the same';
is said(ask('/slow/', 'ends')), 'so ' . substr($token, 0, 20), 'at the end of the stream all leaves that waited';
my $answer = ask('/slow/', 'pings');
is said($answer), 'so [REDACTED:secrets.github_token] and', 'comments and events without data let nothing out';
like $answer->{body}, qr/^: ping\n\nid: 7\n\n/m, 'and keep their place';
is said(ask('/short/', 'long')) =~ s/^so \w+//r, '[REDACTED:secrets.github_token] and', 'more than UapiHoldBack has bytes for: the first parts leave, the last is found';
like said(ask('/off/', 'long')), qr/^so \w{35,39}\[REDACTED:secrets.github_token\] and$/, 'off: nothing waits, the last part is found';
$answer = ask('/', 'blocked');
is said($answer), 'before  after', 'a rule that blocks withholds the events that it is spread over';
is scalar(() = $answer->{body} =~ /^: an event was withheld, firewall\.blocked, call \w+$/mg), 3, 'each replaced by a comment';
unlike ask('/', 'constants')->{body}, qr/REDACTED/, 'what repeats in events of unknown shape is no text in parts';
is ask('/', 'chunks')->{body}, '{"said":"so [REDACTED:secrets.github_token] and"}', 'chunks of HTTP are no boundaries';

# ---- memory
sub resident { my $kib = 0; for my $pid ($httpd->children) { $kib += $1 if slurp("/proc/$pid/status") =~ /VmRSS:\s+(\d+)/ } return $kib }
ask('/', 'endless');
my $before = resident();
my $bytes = ask('/', 'endless')->{body};
ok length $bytes > 9_000_000, 'ten thousand texts that all begin a match';
cmp_ok resident() - $before, '<', 8192, 'take no memory that grows (KiB)';
done_testing;
