# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# UapiMaxStream and UapiMaxStreamRate: a stream that carries too much, or too fast, ends with its reason and an outcome; what came
# before it is there, what is within the limits passes, other routes are not concerned.
use lib 't/lib';
use Uapi::Test;

my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    my $arguments = $request->json->{params}{arguments} || {};
    $reply->start(200, 'Content-Type' => 'text/event-stream');
    my $text = 'x' x ($arguments->{size} // 1);
    for my $n (1 .. $arguments->{count} // 1) {
        $reply->event({ jsonrpc => '2.0', method => 'notifications/n', params => { n => $n, text => $text } });
        $reply->sleep($arguments->{pause}) if $arguments->{pause};
    }
    return $reply->event({ jsonrpc => '2.0', id => 1, result => { last => JSON::PP::true() } })->finish;
});
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n    - {id: all, effect: allow, server: s}\n");
my %limits = (all => 'UapiMaxStream 4K', events => 'UapiMaxStreamRate 2/s', bytes => 'UapiMaxStreamRate 1000/s 1K/s', off => "UapiMaxStream off\nUapiMaxStreamRate off",
    inherited => '');
my $httpd = httpd(<<"CONF");
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiServer s
UapiEngine on
UapiMaxStream 64K
@{[ map { "<Location /$_>\n$limits{$_}\nProxyPass @{[ $upstream->url('/mcp') ]}\n</Location>\n" } sort keys %limits ]}
CONF
$httpd->expect_log(qr/UAPI0101: call \w+ refused: response\.too_large: the stream carries more than UapiMaxStream/);
$httpd->expect_log(qr/UAPI0101: call \w+ refused: response\.rate: more events than UapiMaxStreamRate/);
$httpd->expect_log(qr/UAPI0101: call \w+ refused: response\.rate: more bytes than UapiMaxStreamRate/);
$httpd->allow_log(qr/AH01102|AH00992|AH01110|AH10154/);

sub ask {
    my ($route, %arguments) = @_;
    return mcp_call($httpd->url("/$route"), $registry->token, 'tools/call', { name => 't', arguments => \%arguments }, timeout => 30);
}
sub outcome {
    my ($answer) = @_;
    my $found;
    wait_for(3, sub { ($found) = grep { $_->{call} eq $answer->{headers}{'uapi-call-id'} && $_->{kind} eq 'outcome' } $registry->audit_records });
    return $found;
}
sub passes {
    my ($answer, $count, $name) = @_;
    is scalar(() = $answer->{body} =~ /notifications\/n/g), $count, "$name: all events";
    like $answer->{body}, qr/"last":true/, '  and the answer';
    is outcome($answer)->{result}, 'ok', '  recorded as good';
}
sub ends {
    my ($answer, $reason, $least, $most, $name) = @_;
    my $came = () = $answer->{body} =~ /notifications\/n/g;
    ok $came >= $least && $came <= $most, "$name: what came before it is there" or diag $came;
    unlike $answer->{body}, qr/"last":true/, '  not the answer';
    my ($error) = map { from_json($_) } $answer->{body} =~ /^data: (\{.*"error".*\})$/mg;
    is_deeply [$error->{id}, $error->{error}{data}{reason}], [1, $reason], '  but its reason' or diag $answer->{body};
    is outcome($answer)->{result}, $reason, '  recorded';
}

passes(ask('all', count => 10, size => 100), 10, 'less than UapiMaxStream');
ends(ask('all', count => 100, size => 100), 'response.too_large', 20, 30, 'more than it');
ends(ask('all', count => 1, size => 5000), 'response.too_large', 0, 0, 'more than it in one event');
passes(ask('events', count => 19), 19, 'ten seconds\' worth of events at once');
ends(ask('events', count => 100), 'response.rate', 20, 24, 'more of them');
passes(ask('bytes', count => 5, size => 1000), 5, 'ten seconds\' worth of bytes');
ends(ask('bytes', count => 50, size => 1000), 'response.rate', 8, 10, 'more of them');
passes(ask('off', count => 200, size => 1000), 200, 'off');
ends(ask('inherited', count => 200, size => 1000), 'response.too_large', 55, 64, 'what the server says holds inside');
is ask('inherited')->{status}, 200, 'and the server goes on';
done_testing;
