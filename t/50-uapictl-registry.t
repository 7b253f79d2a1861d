# Licensed under the Apache License, Version 2.0; see LICENSE.
# init, tenants, tokens and credentials: what they make, what they refuse, and that a secret is never shown twice.
use lib 't/lib';
use Uapi::Test;
use Uapi::Uapictl;
use POSIX ();

my $folder = workspace();
my $store = "$folder/d";
my $secret = 'sk-live-4d8e1b7fa20c93';

sub mode_of { return sprintf '%04o', (stat $_[0])[2] & 07777 }

subtest 'init' => sub {
    my $made = json_of('init');
    is_deeply [sort keys %$made], [qw(audit key_file key_id registry)], 'says what it made';
    is mode_of($store), '0700', 'the folder is private';
    is mode_of("$store/$_"), '0600', "so is $_" for qw(registry.db registry.db-generation audit.db audit.db-ring key);
    my %before = map { $_ => slurp($_) } glob "$store/*";
    refused(uapictl('init'), qr/exists; nothing is overwritten/, 'not twice');
    refused_json(['init'], 'exists', '  as JSON');
    for my $name (qw(registry.db audit.db key)) {
        my $place = "$folder/only-$name";
        mkdir $place or die;
        spew("$place/$name", 'mine');
        refused(uapictl('init', map { ("--$_->[0]" => "$place/$_->[1]") } ['registry', 'registry.db'], ['audit', 'audit.db'],
            ['key-file', 'key']), qr/\Q$place\/$name\E exists/, "not over $name");
        is_deeply [glob "$place/*"], ["$place/$name"], '  and nothing else is made';
        is slurp("$place/$name"), 'mine', '  nor changed';
    }
    is_deeply {map { $_ => slurp($_) } glob "$store/*"}, \%before, 'the first files are as they were';
};

subtest 'init leaves nothing behind when it fails' => sub {
    my $place = "$folder/half";
    refused(uapictl('init', '--registry', "$place/r.db", '--key-file', "$place/key", '--audit', '/proc/no/audit.db'),
        qr{/proc/no}, 'no place for the audit file');
    ok !-e $place, 'no key, no registry, no folder';
    spew("$folder/link-target", '');
    symlink "$folder/nowhere", "$folder/link" or die;
    refused(uapictl('init', '--key-file', "$folder/link", '--registry', "$place/r.db", '--audit', "$place/a.db"), qr/exists/,
        'a dangling link is in the way too');
    my $ring = "$folder/old-audit.db";
    spew("$ring-ring", 'records');
    refused(uapictl('init', '--audit', $ring, '--registry', "$place/r.db", '--key-file', "$place/key"), qr/-ring exists/,
        'so is a ring of an earlier audit file');
};

subtest 'init --owner' => sub {
    plan skip_all => 'only root can give files away' if $> != 0;
    my $place = "$folder/owned";
    done(uapictl('init', '--owner', 'nobody:daemon', map { ("--$_->[0]" => "$place/$_->[1]") } ['registry', 'r.db'], ['audit', 'a.db'],
        ['key-file', 'key']), 'init');
    my ($user, $group) = ((getpwnam 'nobody')[2], (getgrnam 'daemon')[2]);
    for my $path ($place, grep { !/key$/ } glob "$place/*") {
        is_deeply [(stat $path)[4, 5]], [$user, $group], "$path is theirs";
    }
    is +(stat "$place/key")[4], 0, 'the key stays root\'s';
    is mode_of("$place/key"), '0600', '  and private';
};

subtest 'tenants' => sub {
    is uapictl('tenant', 'list')->{output}, "no tenants\n", 'none at first';
    is_deeply json_of('tenant', 'list'), [], '  as JSON';
    is_deeply json_of('tenant', 'create', 'acme'), { tenant => 'acme' }, 'create';
    done(uapictl('tenant', 'create', 'globex'), 'another');
    refused(uapictl('tenant', 'create', 'acme'), qr/is a tenant acme already/, 'not twice');
    refused_json(['tenant', 'create', 'acme'], 'exists', '  as JSON');
    my $list = json_of('tenant', 'list');
    is_deeply [map { $_->{tenant} } @$list], [qw(acme globex)], 'list';
    like $list->[0]{created}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'with its time';
    like uapictl('tenant', 'list')->{output}, qr/\ATENANT +CREATED\nacme +\d{4}-\S+Z\nglobex +\S+\n\z/, 'for people';
};

subtest 'tokens' => sub {
    refused(uapictl(qw(token create --tenant initech --principal bot)), qr/no tenant initech/, 'no such tenant');
    refused_json([qw(token create --tenant initech --principal bot)], 'tenant.unknown', '  as JSON');
    my $made = json_of(qw(token create --tenant acme --principal bot --role support --role ops --label), 'Bob\'s "bot"',
        '--expires', '30d');
    like $made->{token}, qr/\Auapi_ut_[0-9A-Za-z]{49}\z/, 'create shows it';
    my ($token, $id) = @$made{qw(token id)};
    is_deeply [@$made{qw(tenant principal type label)}], ['acme', 'bot', 'agent', 'Bob\'s "bot"'], '  with what was asked for';
    is_deeply $made->{roles}, [qw(support ops)], '  its roles';
    like $made->{expires}, qr/^20\d\d-/, '  and its end';
    my $plain = uapictl(qw(token create --tenant globex --principal bot2 --type service --expires 2999-01-01T00:00:00+01:00));
    like $plain->{output}, qr/\Auapi_ut_\w{49}\n\n.*shown this once.*\n.*service bot2.*expires 2998-12-31T23:00:00Z/,
        'for people, with a warning';
    my ($token2, $id2) = $plain->{output} =~ /\A(\S+)\n.*^id (\w+),/ms;
    is json_of(qw(token create --tenant acme --principal bot))->{expires}, undef, 'one without an end';
    refused(uapictl(qw(token create --tenant acme --principal bot --type human)), qr/bot/, 'another type for a principal');

    my $list = json_of('token', 'list');
    is scalar @$list, 3, 'list shows all tenants\'';
    is_deeply [sort keys %{ $list->[0] }], [qw(created expires id label principal revoked roles state tenant type)], '  its members';
    is scalar @{ json_of(qw(token list --tenant globex)) }, 1, '  or one tenant\'s';
    refused_json([qw(token list --tenant initech)], 'tenant.unknown', '  of which there must be one');
    my $table = uapictl('token', 'list')->{output};
    like $table, qr/^\Q$id\E +acme +agent +bot +support ops +active /m, '  for people';

    is_deeply json_of('token', 'revoke', $id), { id => $id, tenant => 'acme', state => 'revoked' }, 'revoke';
    is +(grep { $_->{id} eq $id } @{ json_of('token', 'list') })[0]{state}, 'revoked', '  is listed';
    done(uapictl('token', 'revoke', $id), '  twice is no error');
    refused(uapictl('token', 'revoke', $id2, '--tenant', 'acme'), qr/no token/, 'not by another tenant');
    refused_json(['token', 'revoke', 'nosuchtoken1'], 'token.unknown', 'an unknown one');
    for my $text ($token, $token2) {
        my $bytes = all_bytes($store) . $table . uapictl('token', 'list', '--json')->{output};
        is index($bytes, $text), -1, 'a token is stored nowhere';
    }
};

subtest 'a token that could not be shown is revoked' => sub {
    my ($status, undef, $errors) = run(['sh', '-c', 'exec "$0" token create --tenant acme --principal lost >/dev/full', out('uapictl')]);
    is $status, 1, 'status';
    like $errors, qr/could not be shown, so \w+ is revoked/, 'said';
    is_deeply [map { $_->{state} } grep { $_->{principal} eq 'lost' } @{ json_of('token', 'list') }], ['revoked'], 'and so it is';
};

subtest 'credentials' => sub {
    refused(uapictl(qw(credential set key --tenant initech), { stdin => $secret }), qr/no tenant initech/, 'no such tenant');
    is_deeply json_of(qw(credential set key --tenant acme), { stdin => "$secret\n" }),
        { credential => 'key', tenant => 'acme', version => 1 }, 'set';
    is json_of(qw(credential set key --tenant acme), { stdin => $secret })->{version}, 2, 'set again: a new version';
    done(uapictl(qw(credential set key --tenant globex), { stdin => 'x' x 8192 }), 'the longest value');
    my %wrong = (
        'nothing' => ['', qr/is empty/], 'a newline' => ["\n", qr/is empty/], 'two newlines' => ["$secret\n\n", qr/printable/],
        'a CR LF' => ["$secret\r\n", qr/printable/], 'a NUL' => ["a\0b", qr/printable/], 'a tab' => ["a\tb", qr/printable/],
        'a DEL' => ["a\x7f", qr/printable/], 'other bytes' => ["a\xc3\xa9", qr/printable/], 'a space before' => [' a', qr/space/],
        'a space behind' => ["a \n", qr/space/], 'too much' => ['x' x 8193, qr/longer than 8192/],
        'far too much' => ['x' x 100_000, qr/longer than 8192/],
    );
    for my $name (sort keys %wrong) {
        refused(uapictl(qw(credential set other --tenant acme), { stdin => $wrong{$name}[0] }), $wrong{$name}[1], $name);
    }
    is_deeply [map { "$_->{tenant}/$_->{credential}/$_->{version}" } @{ json_of('credential', 'list') }],
        ['acme/key/2', 'globex/key/1'], 'list';
    like uapictl(qw(credential list --tenant acme))->{output}, qr/\ACREDENTIAL .*\nkey +acme +2 +\S+Z\n\z/, '  for people';

    my $key = slurp("$store/key");
    spew("$store/key", 'uapi-key-v1:' . 'A' x 43 . "=\n");
    refused(uapictl(qw(credential set key --tenant acme), { stdin => $secret }), qr/is this the registry's key file/, 'another key');
    chmod 0644, "$store/key";
    refused(uapictl(qw(credential set key --tenant acme), { stdin => $secret }), qr/chmod 600/, 'a key file that others can read');
    chmod 0600, "$store/key";
    spew("$store/key", $key);

    is_deeply json_of(qw(credential delete key --tenant globex)), { credential => 'key', tenant => 'globex', deleted => JSON::PP::true() },
        'delete';
    refused_json([qw(credential delete key --tenant globex)], 'credential.missing', '  twice');
    is index(all_bytes($store), $secret), -1, 'the value stands in no file';
    my @answers = (['credential', 'list'], ['token', 'list'], ['tenant', 'list'], ['doctor'], ['audit', 'show'],
        [qw(credential set key --tenant acme), { stdin => $secret }], [qw(credential set k --tenant acme), { stdin => "$secret\0" }]);
    is index(join('', map { my $answer = uapictl(@$_); $answer->{output} . $answer->{errors} } @answers), $secret), -1,
        'and no command prints it';
};

# A terminal for the child: the numbers are Linux's TIOCSPTLCK and TIOCGPTN.
sub at_terminal {
    my ($typed, @words) = @_;
    open my $terminal, '+<', '/dev/ptmx' or return;
    my ($number, $unlocked) = (pack('i', 0), pack('i', 0));
    ioctl $terminal, 0x40045431, $unlocked or return;
    ioctl $terminal, 0x80045430, $number or return;
    my $pid = fork // die;
    if (!$pid) {
        POSIX::setsid();
        open STDIN, '+<', '/dev/pts/' . unpack('i', $number) or POSIX::_exit(99);
        open STDOUT, '>&', \*STDIN;
        open STDERR, '>&', \*STDIN;
        exec { $words[0] } @words or POSIX::_exit(98);
    }
    my $shown = '';
    while (sysread $terminal, my $piece, 4096) {
        $shown .= $piece;
        syswrite $terminal, $typed if $shown =~ /Value/ && length $typed;
        $typed = '' if $shown =~ /Value/;
    }
    waitpid $pid, 0;
    return ($?, $shown);
}

subtest 'a value that is typed' => sub {
    my ($status, $shown) = at_terminal("$secret\n", out('uapictl'), qw(credential set typed --tenant acme));
    plan skip_all => 'no terminal to be had here' if !defined $status;
    is $status >> 8, 0, 'is taken';
    like $shown, qr/Value \(not shown\): /, 'after a prompt';
    is index($shown, $secret), -1, 'without an echo' or diag $shown;
    ($status, $shown) = at_terminal("half\x03", out('uapictl'), qw(credential set typed2 --tenant acme));
    is $status & 127, 2, 'Ctrl-C ends it';
    is_deeply [grep { /typed/ } map { $_->{credential} } @{ json_of('credential', 'list') }], ['typed'], 'with nothing stored';
};

subtest 'a registry in trouble' => sub {
    my $copy = "$folder/copy.db";
    spew($copy, 'this is no database' x 100);
    chmod 0600, $copy;
    refused(uapictl('tenant', 'list', '--registry', $copy), qr/\Q$copy\E/, 'no database');
    spew($copy, '');
    refused(uapictl('tenant', 'list', '--registry', $copy), qr/\Q$copy\E/, 'an empty file');
    refused(uapictl('tenant', 'list', '--registry', $folder), qr/\Q$folder\E/, 'a folder');
    refused(uapictl('tenant', 'list', '--registry', "$store/audit.db"), qr/audit\.db/, 'the audit file');
};
done_testing;
