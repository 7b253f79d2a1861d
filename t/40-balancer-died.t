# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# A balancer's member that dies: a call of which nothing was sent goes to another member, one that was possibly sent goes nowhere else, and
# the client and the record are told which of the two it was.
use lib 't/lib';
use Uapi::Test timeout => 180;

# Each connection is a process, so what a variable says is of the connection.
sub member {
    my ($name) = @_;
    my $served = 0;
    return upstream(sub {
        my ($request, $reply) = @_;
        my $message = eval { $request->json } || {};
        my $how = $message->{params}{name} // '';
        return $reply->close if $how eq 'die' || $how eq 'die-if-kept' && $served++;
        return $reply->reset if $how eq 'reset';
        return $reply->chunk('x')->close if $how eq 'half';
        return $reply->json({ jsonrpc => '2.0', id => $message->{id}, result => { member => $name, served => $served++ } });
    });
}
my %member = map { $_ => member($_) } qw(a b);
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n    - {id: all, effect: allow, server: s, methods: [\"*\"]}\n    - {id: tools, effect: allow, server: s, tools: [\"*\"]}\n");
my $members = join '', map { "    BalancerMember \"@{[ $member{$_}->url('/mcp') ]}\" route=$_ retry=1\n" } qw(a b);
my $httpd = httpd(<<"CONF", children => 1, modules => [qw(proxy_balancer lbmethod_byrequests slotmem_shm)]);
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiEngine on
UapiServer s
<Proxy "balancer://pool">
$members</Proxy>
ProxyPass /mcp balancer://pool
ProxyPass /one @{[ $member{a}->url('/mcp') ]} retry=0
CONF
my $token = $registry->token;

sub post {
    my ($path, $how) = @_;
    my $body = to_json({ jsonrpc => '2.0', id => 1, method => 'tools/call', params => { name => $how } });
    return "POST $path HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer $token\r\nContent-Type: application/json\r\nAccept: application/json\r\nContent-Length: @{[ length $body ]}\r\n\r\n$body";
}
$httpd->allow_log(qr/AH|UAPI0101/);
for my $path ('/mcp', '/one') {
    for my $how (qw(die-if-kept die reset half)) {
        for my $kept (0, 1) {
            $_->forget for values %member;
            sleep 1.1;
            my $c = connect_to($httpd->port);
            my @r;
            for (1 .. 3) { $c->send(post($path, 'ok')); push @r, $c->response; $c = connect_to($httpd->port) if !$kept; }
            $c->send(post($path, $how));
            my $answer = $c->response;
            my @got = map { my $n = $_; map { $n } grep { $_->{body} =~ /"$how"/ } $member{$n}->requests } qw(a b);
            my $out;
            wait_for(2, sub { ($out) = grep { $_->{call} eq ($answer->{headers}{'uapi-call-id'}//'') && $_->{kind} eq 'outcome' } $registry->audit_records });
            diag "$path $how kept=$kept: $answer->{status} complete=$answer->{complete} body=" . ($answer->{body}//'') . " got=@got outcome=" . ($out ? "$out->{result} $out->{status}" : '-'), ' ', ($answer->{error}//'');
        }
    }
}
ok 1;
done_testing;
