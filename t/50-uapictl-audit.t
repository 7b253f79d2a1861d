# Licensed under the Apache License, Version 2.0; see LICENSE.
# audit show and audit verify over a chain that this test computes by itself, from the documents alone: SHA-256 over the previous
# hash and the record, HMAC-SHA-256 over that under a key derived from the key file (RFC 5869).
use lib 't/lib';
use Uapi::Test;
use Uapi::Uapictl;
use Digest::SHA qw(sha256 hmac_sha256);
use MIME::Base64 ();

my $folder = workspace();
my $file = "$folder/d/audit.db";
done(uapictl('init'), 'init');
is_deeply json_of('audit', 'verify'), { ok => JSON::PP::true(), seals_checked => JSON::PP::true(), tenants => [] }, 'an empty file verifies';
is uapictl('audit', 'verify')->{output}, "no records\n", '  for people';
is uapictl('audit', 'show')->{output}, "no records\n", 'and shows nothing';
is uapictl('audit', 'show', '--json')->{output}, '', '  as JSON';

my $key = MIME::Base64::decode_base64((slurp("$folder/d/key") =~ /^uapi-key-v1:(\S+)$/)[0]);
my $audit_key = hmac_sha256("uapi audit v1\x01", hmac_sha256($key, "\0" x 32));

sub sql {
    my ($text) = @_;
    my ($status, $output, $errors) = run(['sqlite3', '-bail', $file], stdin => $text);
    die "sqlite3: $output$errors" if $status;
    return $output;
}

my %head;
my %count;

sub add_batch {
    my ($tenant, @records) = @_;
    my $seals = '';
    my $first = ($count{$tenant} // 0) + 1;
    for my $record (@records) {
        my $hash = sha256(($head{$tenant} // "\0" x 32) . $record);
        $seals .= $hash . hmac_sha256($hash, $audit_key);
        $head{$tenant} = $hash;
        $count{$tenant}++;
    }
    my $text = '[' . join(',', @records) . ']';
    $text =~ s/'/''/g;
    sql(sprintf "INSERT INTO batches(tenant, first, count, records, seals) VALUES('%s', %d, %d, '%s', x'%s');\n", $tenant, $first,
        scalar @records, $text, unpack 'H*', $seals);
    return;
}

sub decision {
    my ($call, %more) = @_;
    return to_json({ action => 'mcp.tool.call', at => '2026-11-24T10:52:00.000001Z', call => $call, decision => 'allow', kind => 'decision',
        method => 'tools/call', principal => { id => 'bot', type => 'agent' }, server => 'github', target => 'get_issue', %more });
}

my $outcome = to_json({ action => 'mcp.tool.call', at => '2026-11-24T10:52:00.010001Z', call => 'c1', duration_us => 12345, kind => 'outcome',
    result => 'completed', status => 200, findings => [{ action => 'redact', rule => 'secrets.github_token', severity => 'high' }] });
my @acme = (decision('c1'), $outcome, decision('c2', decision => 'deny', reason => 'policy.denied', rule => 'no-deletes'));
add_batch('acme', @acme[0, 1]);
add_batch('acme', $acme[2]);
add_batch('globex', map { decision("g$_") } 1 .. 5);

subtest 'verify' => sub {
    my $verdict = json_of('audit', 'verify');
    is_deeply [map { "$_->{tenant} $_->{records} $_->{head}" } @{ $verdict->{tenants} }],
        ['acme 3 ' . unpack('H*', $head{acme}), 'globex 5 ' . unpack('H*', $head{globex})], 'both chains, as computed here';
    is_deeply [@{ $verdict->{tenants}[0] }{qw(ok bad fault)}], [JSON::PP::true(), undef, undef], 'and each holds';
    like uapictl('audit', 'verify')->{output}, qr/\AOK +acme: 3 records, head [0-9a-f]{64}\nOK +globex: 5 records, .*\n\z/, 'for people';
    my $hashes = uapictl('audit', 'verify', '--no-key');
    done($hashes, 'without a key');
    like $hashes->{output}, qr/hashes were checked, seals were not/, '  which is said';
    is json_of('audit', 'verify', '--no-key')->{seals_checked}, JSON::PP::false(), '  in JSON too';
    my $other = spew("$folder/other-key", 'uapi-key-v1:' . 'A' x 43 . "=\n");
    chmod 0600, $other;
    my $answer = uapictl('audit', 'verify', '--key-file', $other);
    is $answer->{status}, 1, 'with another key';
    like $answer->{output}, qr/\ABROKEN +acme: record 1: /, '  no seal fits';
};

sub lines_of { return map { from_json($_) } split /\n/, uapictl('audit', 'show', '--json', @_)->{output} }

subtest 'show as JSON' => sub {
    my $text = uapictl('audit', 'show', '--json')->{output};
    my @lines = split /\n/, $text;
    is scalar @lines, 8, 'a line each';
    like $lines[0], qr/\A\{"tenant":"acme","sequence":1,"record":\Q$acme[0]\E,"hash":"[0-9a-f]{64}","mac":"[0-9a-f]{64}"\}\z/,
        'the record byte by byte';
    is_deeply [map { "$_->{tenant} $_->{sequence}" } map { from_json($_) } @lines], [map({"acme $_"} 1 .. 3), map({"globex $_"} 1 .. 5)],
        'tenant by tenant, in order';
    is_deeply [map { $_->{record}{call} } lines_of('--tenant', 'globex', '--from', 4)], ['g4', 'g5'], '--from';
    is_deeply [map { "$_->{tenant} $_->{sequence}" } lines_of('--last', 2)], ['acme 2', 'acme 3', 'globex 4', 'globex 5'], '--last';
    is_deeply [map { "$_->{tenant} $_->{sequence}" } lines_of('--last', 100)], [map({"acme $_"} 1 .. 3), map({"globex $_"} 1 .. 5)], '  of more';
    is_deeply [map { $_->{sequence} } lines_of('--call', 'c1')], [1, 2], '--call: decision and outcome';
    is_deeply [map { $_->{sequence} } lines_of('--call', 'c1', '--last', 1)], [2], '  the last of them';
    is_deeply [lines_of('--call', 'bot')], [], '  and nothing that only holds the word';
    is_deeply [lines_of('--tenant', 'initech')], [], 'a tenant without records';
};

subtest 'show for people' => sub {
    my @lines = split /\n/, uapictl('audit', 'show', '--tenant', 'acme')->{output};
    is scalar @lines, 4, 'a heading and a line each';
    like $lines[0], qr/^ +SEQ +AT +TENANT +KIND +PRINCIPAL +SERVER +WHAT +VERDICT +CALL$/, 'the heading';
    like $lines[1], qr/^ +1 +2026-11-24T10:52:00.000001Z +acme +decision +bot +github +tools\/call get_issue +allow +c1$/, 'a decision';
    like $lines[2], qr/completed 200 12\.3 ms, redact secrets\.github_token +c1$/, 'an outcome';
    like $lines[3], qr/deny policy\.denied no-deletes +c2$/, 'a denial';
    add_batch('hostile', decision('h1', target => "x\x1b[2Jy\x{202e}z\nw"), '"no object"', '{"a":1}');
    my $shown = uapictl('audit', 'show', '--tenant', 'hostile');
    done($shown, 'records of others');
    unlike $shown->{output}, qr/\x1b|\xe2\x80\xae/, '  cannot move the cursor';
    like $shown->{output}, qr/x\\x1b\[2Jy\\xe2\\x80\\xaez\\x0aw/, '  but are seen';
    is scalar(split /\n/, $shown->{output}), 4, '  a line each';
    is scalar(lines_of('--tenant', 'hostile')), 3, '  as JSON too';
};

subtest 'follow' => sub {
    my $program = out('uapictl');
    my $pid = open my $reader, '-|', $program, qw(audit show --json --follow --tenant acme --last 1) or die;
    is from_json(scalar <$reader>)->{sequence}, 3, 'what is there';
    add_batch('globex', decision('g6'));
    add_batch('acme', decision('c3'), decision('c4'));
    is from_json(scalar <$reader>)->{record}{call}, 'c3', 'what comes, of this tenant';
    is from_json(scalar <$reader>)->{record}{call}, 'c4', 'and more of it';
    kill 'TERM', $pid;
    close $reader;
    my $start = time;
    run(['sh', '-c', '"$0" audit show --follow --tenant acme | head -n 1', $program], seconds => 20);
    ok time - $start < 5, 'it ends when nobody reads any more';
};

subtest 'many records, little memory' => sub {
    my @many = map { decision("m$_") } 1 .. 2000;
    add_batch('many', splice @many, 0, 400) while @many;
    is scalar(lines_of('--tenant', 'many')), 2000, 'all are shown';
    is_deeply [map { $_->{record}{call} } lines_of('--tenant', 'many', '--last', 3)], ['m1998', 'm1999', 'm2000'], '  or the last';
    my ($status, $output) = run(['sh', '-c', '"$0" audit show | head -n 2', out('uapictl')]);
    is scalar(split /\n/, $output), 2, '  or as many as are read';
};

subtest 'a broken chain' => sub {
    sql("DROP TRIGGER $_;") for split /\n/, sql(q{SELECT name FROM sqlite_master WHERE type = 'trigger'});
    my $before = slurp($file);
    my @cases = (
        ['an altered record', q{UPDATE batches SET records = replace(records, 'g3', 'gX') WHERE tenant = 'globex'}, 'globex', 3],
        ['a missing batch', q{DELETE FROM batches WHERE tenant = 'many' AND first = 401}, 'many', 401],
    );
    sql("PRAGMA wal_checkpoint(TRUNCATE);");
    my $copy = slurp($file);
    for my $case (@cases) {
        my ($name, $statement, $tenant, $bad) = @$case;
        sql("$statement;");
        my $answer = uapictl('audit', 'verify', '--json');
        is $answer->{status}, 1, "$name: status 1";
        my $verdict = from_json($answer->{output});
        is $verdict->{ok}, JSON::PP::false(), '  not ok';
        my ($broken) = grep { $_->{tenant} eq $tenant } @{ $verdict->{tenants} };
        is $broken->{bad}, $bad, '  the first bad record';
        like $broken->{fault}, qr/\w/, '  and its fault';
        is_deeply [map { $_->{tenant} } grep { $_->{ok} } @{ $verdict->{tenants} }], [grep { $_ ne $tenant } qw(acme globex hostile many)],
            '  the other chains hold';
        like uapictl('audit', 'verify')->{output}, qr/^BROKEN +$tenant: record $bad: \w/m, '  for people';
        is uapictl('audit', 'verify', '--no-key')->{status}, 1, '  without a key';
        unlink "$file-wal", "$file-shm";
        spew($file, $copy);
    }
};

subtest 'a file in trouble' => sub {
    my $copy = spew("$folder/copy.db", 'no database' x 1000);
    chmod 0600, $copy;
    for my $words (['show'], ['verify']) {
        my $answer = uapictl('audit', @$words, '--audit', $copy);
        refused($answer, qr/\Q$copy\E/, "@$words: no database");
        refused(uapictl('audit', @$words, '--audit', "$folder/d/registry.db"), qr/registry\.db/, "@$words: the registry");
    }
};
done_testing;
