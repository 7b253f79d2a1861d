# Licensed under the Apache License, Version 2.0; see LICENSE.
# doctor: a healthy installation, each fault that it is to find, and that it changes nothing.
use lib 't/lib';
use Uapi::Test;
use Uapi::Uapictl;
use Digest::SHA ();

my $folder = workspace();
my $store = "$folder/d";
done(uapictl(@$_), "uapictl @$_") for ['init'], ['tenant', 'create', 'acme'];
done(uapictl(qw(credential set key --tenant acme), { stdin => 'value' }), 'credential set');
my $policy = spew("$folder/policy.yaml", "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n"
    . "    - {id: all, effect: allow, server: s}\n");

sub levels { # check name => the worst level, and all messages
    my ($answer) = @_;
    my (%level, $text);
    my %rank = (OK => 0, WARN => 1, FAIL => 2);
    for my $check (@{ from_json($answer->{output})->{checks} }) {
        my ($name, $found) = @$check{qw(check level)};
        $level{$name} = $found if !defined $level{$name} || $rank{$found} > $rank{ $level{$name} };
        $text .= "$name: $check->{message}\n";
    }
    return (\%level, $text);
}

# SQLite keeps its readers' marks in -shm; everything else must stay as it is.
sub content { return { map { $_ => Digest::SHA::sha256_hex(slurp($_)) } grep { !/-shm$/ } glob "$store/*" } }
sub snapshot { return { map { $_ => join ' ', (stat $_)[2, 4, 5, 7] } $store, glob "$store/*" } }

subtest 'healthy' => sub {
    my $before = snapshot();
    my $content = content();
    my $answer = uapictl('doctor', '--policy', $policy);
    done($answer, 'status 0') or return;
    my @lines = split /\n/, $answer->{output};
    is scalar(grep { !/^(OK|WARN) +[a-z]+ +\S/ } @lines), 0, 'a line each' or diag $answer->{output};
    my ($level, $text) = levels(uapictl('doctor', '--policy', $policy, '--json'));
    is_deeply [sort keys %$level], [qw(audit credentials firewall key libraries plugins policy registry)], 'everything is looked at';
    is_deeply [grep { $level->{$_} eq 'FAIL' } keys %$level], [], 'and well';
    like $text, qr/^libraries: OpenSSL 3\./m, 'versions';
    like $text, qr/^firewall: mode enforce, patterns [1-9]/m, 'patterns';
    like $text, qr/-ring: no server runs, and no record waits$/m, 'the ring';
    like $text, qr/^policy: policies 1, rules 1, /m, 'policy';
    is_deeply snapshot(), $before, 'nothing is made or given away';
    is_deeply content(), $content, 'nor written';
};

sub sick {
    my ($name, $check, $why, $do, $undo, @options) = @_;
    $do->();
    my $answer = uapictl('doctor', '--json', @options);
    my ($level, $text) = levels($answer);
    is $answer->{status}, 1, "$name: status 1";
    is from_json($answer->{output})->{ok}, JSON::PP::false(), '  not ok';
    is $level->{$check}, 'FAIL', "  $check fails" or diag $text;
    like $text, qr/^$check: .*$why/m, '  and says why';
    like uapictl('doctor', @options)->{output}, qr/^FAIL +$check +.*$why/m, '  for people';
    $undo->();
    return;
}

sub moved {
    my ($name) = @_;
    return (sub { rename "$store/$name", "$folder/aside" or die }, sub { rename "$folder/aside", "$store/$name" or die });
}

sub with_mode {
    my ($name, $mode) = @_;
    return (sub { chmod $mode, "$store/$name" or die }, sub { chmod 0600, "$store/$name" or die });
}

sub with_text {
    my ($path, $text) = @_;
    my $before = slurp($path);
    return (sub { spew($path, $text) }, sub { spew($path, $before) });
}

sick('no key', 'key', qr/does not exist/, moved('key'));
sick('a key that others can read', 'key', qr/chmod 600/, with_mode('key', 0640));
sick('another key', 'credentials', qr/does not open with key/, with_text("$store/key", 'uapi-key-v1:' . 'A' x 43 . "=\n"));
sick('no registry', 'registry', qr/No such file/, moved('registry.db'));
sick('a registry that others can read', 'registry', qr/0644 .*chmod 600/, with_mode('registry.db', 0644));
sick('what children saw, open to others', 'registry', qr/-observed has mode 0644 .*chmod 600/, sub { spew("$store/registry.db-observed", ''); chmod 0644, "$store/registry.db-observed" }, sub { unlink "$store/registry.db-observed" });
sick('what children saw, and is not readable', 'registry', qr/registry\.db-observed/, sub { spew("$store/registry.db-observed", 'x' x 5000); chmod 0600, "$store/registry.db-observed" }, sub { unlink "$store/registry.db-observed" });
sick('no audit file', 'audit', qr/No such file/, moved('audit.db'));
sick('an audit file that others can write', 'audit', qr/0666 .*chmod 600/, with_mode('audit.db', 0666));
sick('a ring that others can read', 'audit', qr/-ring has mode 0644/, with_mode('audit.db-ring', 0644));
sick('a ring that is none', 'audit', qr/is no ring/, with_text("$store/audit.db-ring", 'x' x 70000));
sick('a policy with an error', 'policy', qr/\S/, with_text($policy, "kind: Nothing\n"), '--policy', $policy);
my $plugin = spew("$folder/no-plugin.so", 'x');
sick('a plugin that is none', 'plugins', qr/no-plugin\.so/, sub { }, sub { }, '--plugin', $plugin);
is uapictl('doctor')->{status}, 0, 'and well again';
done_testing;
