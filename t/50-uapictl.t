# Licensed under the Apache License, Version 2.0; see LICENSE.
# How uapictl speaks, whatever the command: help, usage errors, JSON errors, exit statuses, a closed pipe.
use lib 't/lib';
use Uapi::Test;
use Uapi::Uapictl;

my $folder = workspace();
my @commands = ('init', 'tenant create', 'tenant list', 'token create', 'token list', 'token revoke', 'credential set',
    'credential list', 'credential delete', 'policy lint', 'audit show', 'audit verify', 'scan', 'doctor');

subtest 'help' => sub {
    my $overview = uapictl('--help');
    done($overview, '--help');
    like $overview->{output}, qr/^  \Q$_\E\b/m, "the overview names $_" for @commands;
    is uapictl('-h')->{output}, $overview->{output}, '-h is the same';
    for my $command (@commands) {
        my $help = uapictl(split(' ', $command), '--help');
        done($help, "$command --help");
        like $help->{output}, qr/\Ausage: uapictl \Q$command\E/, 'says how it is used';
        like $help->{output}, qr/^  --json /m, 'and has --json';
    }
    for my $group (qw(tenant token credential policy audit)) {
        my $help = uapictl($group, '--help');
        done($help, "$group --help");
        like $help->{output}, qr/^  \Q$_\E/m, "has $_" for grep { /^$group / } @commands;
        unlike $help->{output}, qr/^  doctor/m, 'and nothing of others';
    }
    like uapictl('--version')->{output}, qr/\Auapictl \d+\.\d+\.\d+\n\z/, '--version';
};

subtest 'usage errors' => sub {
    my @cases = (
        [[], qr/a command is missing/],
        [['tokne'], qr/no command 'tokne'/],
        [['token'], qr/token: a command is missing/],
        [['token', 'creat'], qr/no command 'token creat'/],
        [['list'], qr/no command 'list'/],
        [['--frobnicate'], qr/--frobnicate is no option/],
        [['tenant', 'list', '--reg', 'x'], qr/--reg is no option/, 'no abbreviations'],
        [['-v'], qr/-v is no option/],
        [['tenant', 'list', '--json=yes'], qr/--json takes no value/],
        [['tenant', 'list', '--registry'], qr/--registry needs a value: PATH/],
        [['tenant', 'list', '--registry', '--follow'], qr/--registry needs a value: PATH/],
        [['tenant', 'list', '--registry='], qr/--registry has an empty value/],
        [['tenant', 'list', '--registry', 'a', '--registry', 'b'], qr/--registry is given twice/],
        [['tenant', 'list', '--follow'], qr/tenant list: takes no --follow/],
        [['tenant', 'create'], qr/tenant create: NAME is missing/],
        [['tenant', 'create', 'a', 'b'], qr/'b' is one argument too many/],
        [['init', 'here'], qr/'here' is one argument too many/],
        [['init', '--owner', 'no-such-user-here'], qr/no such user/],
        [['init', '--owner', 'root:no-such-group-here'], qr/no such group/],
        [['init', '--audit', 'same', '--registry', 'same'], qr/have the same path/],
        [['tenant', 'create', '-x'], qr/-x is no option/],
        [['tenant', 'create', '--', '-x'], qr/a name is/, '-- ends options'],
        [['tenant', 'create', 'a b'], qr/a name is/],
        [['tenant', 'create', ''], qr/a name is/],
        [['tenant', 'create', 'x' x 65], qr/a name is/],
        [['token', 'create', '--tenant', 'acme'], qr/--principal is missing/],
        [['token', 'create', '--principal', 'bot'], qr/--tenant is missing/],
        [['credential', 'set', 'key'], qr/--tenant is missing/],
        [['credential', 'set', '--tenant', 'acme'], qr/NAME is missing/],
        [['credential', 'delete', 'key'], qr/--tenant is missing/],
        [['policy', 'lint'], qr/PATH\.\.\. is missing/],
        [['audit', 'show', '--last', '0'], qr/--last takes a whole number from 1/],
        [['audit', 'show', '--from', '-1'], qr/--from takes a whole number/],
        [['audit', 'show', '--from', '1e3'], qr/--from takes a whole number/],
        [['audit', 'show', '--last', '99999999999999999999'], qr/--last takes a whole number/],
        [['audit', 'show', '--follow'], qr/--follow needs --tenant/],
        [['audit', 'show', '--tenant', '*'], qr/a name is/],
        [['scan', '--direction', 'up'], qr/request or response, not 'up'/],
        [['scan', '--jsonl', 'a', 'b'], qr/one FILE/],
        [['token', 'revoke', 'uapi_ut_x'], qr/not the token itself/],
    );
    for my $case (@cases) {
        my ($words, $why, $name) = @$case;
        $name //= "uapictl @$words";
        misused(uapictl(@$words), $why, $name);
        refused_json($words, 'usage', '  as JSON') unless grep { /^--json=|^--$/ } @$words;
    }
    my %token = (
        '--type' => ['robot', qr/human, agent, service or workflow/], '--role' => ['a role', qr/a name is/],
        '--expires' => ['tomorrow', qr/neither a span/], '--label' => ["a\nb", qr/without control characters/],
    );
    for my $option (sort keys %token) {
        my ($value, $why) = @{ $token{$option} };
        misused(uapictl(qw(token create --tenant acme --principal bot), $option, $value), $why, "$option $value");
    }
    misused(uapictl(qw(token create --tenant acme --principal bot --type anonymous)), qr/human, agent/, 'no anonymous token');
    misused(uapictl(qw(token create --tenant acme --principal anonymous)), qr/has no token/, 'and no principal of that name');
    misused(uapictl(qw(token create --tenant acme --principal bot --label), 'x' x 201), qr/at most 200/, 'a long label');
    misused(uapictl(qw(token create --tenant acme --principal bot --label), "\xff"), qr/UTF-8/, 'a label of other bytes');
};

subtest 'when a token may end' => sub {
    my @wrong = ('0s', '-1d', '1y', '1', 'd', '1.5h', '1d2h', '2020-01-01T00:00:00Z', '2999-02-29T00:00:00Z',
        '2999-13-01T00:00:00Z', '2999-01-01', '2999-01-01T24:00:00Z', '2999-01-01T00:00:00', '2999-01-01T00:00:00+25:00',
        '99999999999d', '4000000000w', '2999-01-01T00:00:00Zx');
    for my $when (@wrong) {
        misused(uapictl(qw(token create --tenant acme --principal bot --expires), $when), qr/--expires '\Q$when\E' is/, "--expires $when");
    }
};

subtest 'what is not there' => sub {
    for my $words (['tenant', 'list'], ['tenant', 'create', 'acme'], ['token', 'list'], ['token', 'revoke', 'abc'],
        [qw(token create --tenant acme --principal bot)], ['credential', 'list'], [qw(credential delete k --tenant acme)]) {
        refused(uapictl(@$words), qr/registry .*does not exist/, "@$words");
        refused_json($words, 'registry.unavailable', '  as JSON');
    }
    refused(uapictl(qw(credential set k --tenant acme), { stdin => 'x' }), qr/key file .* does not exist/, 'no key file');
    refused_json([qw(credential set k --tenant acme)], 'config.invalid', '  as JSON');
    refused_json(['audit', 'show'], 'audit.unavailable', 'no audit file to show');
    refused_json(['audit', 'verify', '--no-key'], 'audit.unavailable', 'nor to verify');
    refused(uapictl(qw(audit verify)), qr/key file .* does not exist/, 'a key file that was named must be there');
    refused(uapictl(qw(scan --plugin /no/such.so)), qr{/no/such\.so}, 'no plugin');
    refused_json([qw(scan --policy /no/such.yaml)], 'config.invalid', 'no policy');
};

subtest 'options may stand anywhere' => sub {
    my $other = "$folder/other.db";
    refused(uapictl('--registry', $other, 'tenant', 'list'), qr/\Q$other\E/, 'before the command');
    refused(uapictl('tenant', "--registry=$other", 'list'), qr/\Q$other\E/, 'within it');
    refused(uapictl('tenant', 'list', '--registry', $other), qr/\Q$other\E/, 'behind it');
    refused(uapictl(qw(tenant list --audit x --key-file y)), qr/registry/, 'paths that a command does not use are no error');
};

subtest 'output that cannot be written' => sub {
    my $program = out('uapictl');
    my ($status, $output, $errors) = run(['sh', '-c', 'exec "$0" --help >/dev/full', $program]);
    is $status, 1, 'a full device';
    like $errors, qr/standard output cannot be written: No space/, 'is said';
    ($status, $output, $errors) = run(['sh', '-c', '(sleep 0.3; exec "$0" --help) | true', $program]);
    is $errors, '', 'a closed pipe is no drama';
};
done_testing;
