# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# The record: a decision before the upstream sees the call, an outcome before the caller has the last byte; one chain over threads,
# children, restarts and kills; nothing acknowledged is missing.
use lib 't/lib';
use Uapi::Test timeout => 300;

my $registry = make_registry();
my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    my $id = $request->header('uapi-call-id');
    # The upstream itself looks into the audit file: is the decision of this very call there?
    my $there = scalar grep { $_->{call} eq $id && $_->{kind} eq 'decision' } $registry->audit_records;
    return $reply->json({ jsonrpc => '2.0', id => 1, result => { there => $there } });
});
my $fast = upstream();
my $policy = $registry->file('policy.yaml', "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n    - {id: all, effect: allow, server: s}\n");
my $conf = <<"CONF";
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiServer s
UapiEngine on
<Location "/power">
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
<Location "/fast-power">
    ProxyPass @{[ $fast->url('/mcp') ]}
</Location>
<Location "/fast-process">
    UapiAuditDurability process
    ProxyPass @{[ $fast->url('/mcp') ]}
</Location>
CONF
my $httpd = httpd($conf, children => 3, threads => 8);
my $token = $registry->token;
sub ask { return mcp_call($httpd->url($_[0]), $token, 'tools/call', { name => 'echo', arguments => { text => 'x' } }) }
sub verify {
    my ($what) = @_;
    my ($status, $output) = $registry->uapictl('audit', 'verify', '--json');
    is $status, 0, "$what: the chain verifies" or diag $output;
}

my $answer = ask('/power');
is $answer->{result}{there}, 1, 'power: the upstream finds the decision committed when the call arrives';
my @records = grep { $_->{call} eq $answer->{headers}{'uapi-call-id'} } $registry->audit_records;
is_deeply [map { $_->{kind} } @records], ['decision', 'outcome'], 'power: the outcome is committed when the answer is here';
my ($decision, $outcome) = @records;
is $decision->{action}, 'mcp.tool.call', 'the action';
is $decision->{target}, 'echo', 'the tool' if exists $decision->{target};
is $decision->{method}, 'tools/call', 'the method';
is $decision->{server}, 's', 'the server';
is $decision->{principal}{id}, 'agent-1', 'the principal';
is $decision->{ip}, '127.0.0.1', 'the address';
like $decision->{at}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/, 'the time';
is $outcome->{status}, 200, 'the status';
like $outcome->{duration_us}, qr/^\d+$/, 'the duration';
verify('one call');

# ---- many callers, both durabilities, children killed under load
sub load {
    my ($path, $callers, $calls) = @_;
    my @readers;
    for my $caller (1 .. $callers) {
        pipe my $read, my $write or die;
        my $pid = fork // die;
        if (!$pid) {
            close $read;
            for (1 .. $calls) {
                my $got = eval { ask($path) } || {};
                print {$write} "$got->{headers}{'uapi-call-id'}\n" if ($got->{status} // 0) == 200 && !$got->{error} && $got->{complete};
            }
            close $write;
            require POSIX;
            POSIX::_exit(0);
        }
        close $write;
        push @readers, [$pid, $read];
    }
    return @readers;
}
sub acknowledged {
    my @ids;
    for (@_) {
        my ($pid, $read) = @$_;
        push @ids, map { chomp; $_ } <$read>;
        waitpid $pid, 0;
    }
    return @ids;
}
$httpd->allow_log(qr/AH00051|AH00052|AH00490|exit signal Killed|AH01102|AH10159|AH00484/);
for my $path ('/fast-power', '/fast-process') {
    my @load = load($path, 6, 60);
    for (1 .. 6) {
        sleep 0.25;
        my @children = $httpd->children;
        kill KILL => $children[rand @children] if @children;
    }
    my @ids = acknowledged(@load);
    cmp_ok scalar @ids, '>', 50, "$path: calls were answered while children were killed (" . @ids . ')';
    my %kinds;
    ok wait_for(5, sub {
        %kinds = ();
        push @{ $kinds{ $_->{call} } }, $_->{kind} for $registry->audit_records;
        return !grep { "@{ $kinds{$_} || [] }" ne 'decision outcome' } @ids;
    }), "$path: every acknowledged call has its decision and its outcome, once each, in order";
    verify($path);
}

# ---- graceful restart under load: no call lost, one chain
my @load = load('/fast-power', 4, 60);
sleep 0.3;
$httpd->graceful;
my @ids = acknowledged(@load);
is scalar @ids, 240, 'a graceful restart loses no call';
verify('a graceful restart');

# ---- the whole server killed: what was acknowledged is there after the next start
@load = load('/fast-process', 4, 100);
sleep 0.5;
kill KILL => $httpd->pid, $httpd->children;
my @survivors = acknowledged(@load);
$httpd->allow_log(qr/./);
eval { $httpd->stop(force => 1) };
my $again = httpd($conf, children => 2);
$again->allow_log(qr/UAPI0007: .*left in the ring/); # what the dead server had not committed yet
my %seen;
ok wait_for(5, sub {
    %seen = ();
    $seen{ $_->{call} }++ for grep { $_->{kind} eq 'outcome' } $registry->audit_records;
    return !grep { !$seen{$_} } @survivors;
}), 'kill -9 of all: every acknowledged outcome (' . @survivors . ') is there after a restart';
verify('kill -9 of all');

# ---- a changed file is noticed
$again->stop;
my $count = () = $registry->audit_records;
run(['sqlite3', $registry->audit, "DROP TRIGGER IF EXISTS batches_no_update"]);
my ($status, $triggers) = run(['sqlite3', $registry->audit, "SELECT name FROM sqlite_master WHERE type = 'trigger'"]);
run(['sqlite3', $registry->audit, "DROP TRIGGER \"$_\""]) for split /\n/, $triggers;
run(['sqlite3', $registry->audit, "UPDATE batches SET records = replace(records, 'mcp.tool.call', 'mcp.tool.cell') WHERE first = 1"]);
($status, my $output) = $registry->uapictl('audit', 'verify', '--json');
is $status, 1, 'an altered record: verify says no';
is from_json($output)->{tenants}[0]{bad} // from_json($output)->[0]{bad}, 1, 'and names it' or diag $output;
done_testing;
