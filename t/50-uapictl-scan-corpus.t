# Licensed under the Apache License, Version 2.0; see LICENSE.
# scan --corpus: which scanner answers for a row, recall, precision and false positives, disguises against their seeds, and files that
# are not what they should be.
use lib 't/lib';
use Uapi::Test;
use Uapi::Uapictl;
use IO::Compress::Gzip ();

my $folder = workspace();
my $secret = 'ghp_' . 'Ab3dE6gH9j' x 3 . 'kLmNoP';
my $card = 'card number 4532 0151 1283 0366';
$secret = (grep { @{ json_of('scan', { stdin => $_ })->{findings} } } $secret, 'AKIAQYLPMN5HHHFPZAM2')[0] or BAIL_OUT('nothing to scan for');

sub row { my ($text, $label, $kind, %more) = @_; return to_json({ text => $text, label => $label, kind => $kind, %more }) . "\n" }

sub gzip {
    my ($path, $text) = @_;
    IO::Compress::Gzip::gzip(\$text => $path) or die "$IO::Compress::Gzip::GzipError\n";
    return $path;
}

sub measured { return json_of('scan', '--corpus', @_) }
sub scanner { my ($report, $name) = @_; return (grep { $_->{scanner} eq $name } @{ $report->{scanners} })[0] }
sub counts { my ($entry) = @_; return join ' ', map { $entry->{$_} // 'null' } qw(positives found negatives false_positives) }

my $rows = join '', row("a $secret b", 'positive', 'secret:github', class => 'structured'),
    row('no token at all', 'positive', 'secret:github', class => 'structured'),
    row("c $secret", 'negative', 'secret-negative:github', class => 'structured'), row('clean', 'negative', 'secret-negative:github', class => 'structured'),
    row("clean, but $card", 'negative', 'benign:talk', neg_for => ['secrets', 'pii']), row('clean', 'negative', 'benign:talk', neg_for => ['pii']);

subtest 'counting' => sub {
    for my $file (gzip("$folder/a.jsonl.gz", $rows), spew("$folder/b.jsonl", $rows), spew("$folder/c.jsonl", $rows =~ s/\n\z//r)) {
        my $report = measured($file);
        is $report->{rows}, 6, substr($file, -10) . ': all rows';
        is counts(scanner($report, 'secrets')), '2 1 3 1', 'secrets';
        is scanner($report, 'secrets')->{recall}, 0.5, '  recall';
        is scanner($report, 'secrets')->{precision}, 0.5, '  precision';
        is counts(scanner($report, 'pii')), '0 0 2 1', 'pii, for which neg_for names the row';
        is scanner($report, 'pii')->{recall}, undef, '  of nothing there is no recall';
        is scanner($report, 'prompt_injection'), undef, 'a scanner that no row is about is not measured';
        is_deeply [map { "$_->{scanner} $_->{class}: " . counts($_) } @{ $report->{classes} }],
            ['pii benign: 0 0 2 1', 'secrets benign: 0 0 1 0', 'secrets structured: 2 1 2 1'], 'by class';
        my @kinds = map { "$_->{scanner} $_->{kind} $_->{corpus}" } @{ $report->{kinds} };
        my ($name) = $file =~ m{([^/]+)\z};
        is_deeply \@kinds, ["pii benign:talk $name", "secrets benign:talk $name", "secrets secret-negative:github $name",
            "secrets secret:github $name"], 'by kind and file';
    }
    my $both = measured("$folder/a.jsonl.gz", "$folder/b.jsonl");
    is counts(scanner($both, 'secrets')), '4 2 6 2', 'two files are added up';
    is scalar @{ from_json(uapictl('scan', '--corpus', '--json', { stdin => $rows })->{output})->{errors} }, 0, 'standard input';
};

subtest 'in words' => sub {
    my $answer = uapictl('scan', '--corpus', "$folder/a.jsonl.gz");
    done($answer, 'without --json');
    like $answer->{output}, qr/^secrets +structured +secret:github +positive +2 +1 +50\.00%/m, 'a line a kind and label';
    like $answer->{output}, qr/^secrets +2 +1 +50\.00% +3 +1 +33\.33% +50\.00%$/m, 'a line a scanner';
    unlike $answer->{output}, qr/\Q$secret\E|\Q$card\E/, 'no text of a row';
    $answer = uapictl('scan', '--corpus', '--explain', "$folder/a.jsonl.gz");
    like $answer->{output}, qr/a\.jsonl\.gz:2: secrets: nothing found in secret:github$/m, '--explain names what was missed';
    like $answer->{output}, qr/a\.jsonl\.gz:3: secrets: false positive in secret-negative:github: secrets\.\w+$/m, '  and what was wrong';
    is scalar(() = $answer->{output} =~ /^\S+:\d+: /mg), 3, '  and nothing else';
    is_deeply [map { "$_->{line} $_->{label}" } @{ measured('--explain', "$folder/a.jsonl.gz")->{wrong} }],
        ['2 positive', '3 negative', '5 negative'], '  as JSON';
};

subtest 'disguises' => sub {
    my $file = spew("$folder/evasion.jsonl", join '', row("x $secret", 'positive', 'evasion:secrets:plain', seed => $secret),
        row(scalar reverse($secret), 'positive', 'evasion:secrets:reversed', seed => $secret),
        row('nothing', 'positive', 'evasion:secrets:unknown', seed => 'a secret that nobody finds'),
        row("y $secret", 'positive', 'evasion:secrets:split', seed => $secret, chunks => ["y ", $secret]),
        row('clean', 'negative', 'benign:control'));
    my $entry = scanner(measured($file), 'secrets');
    is "$entry->{seeds_found} $entry->{found_of_seeds_found}", '3 2', 'measured against the seeds that are found plain';
    is counts($entry), '4 2 1 0', 'a control is for every scanner';
    is counts(scanner(measured($file), 'prompt_injection')), '0 0 1 0', '  also for those of which no positive speaks';
};

subtest 'in parts' => sub {
    my $deltas = join '', map { qq(data: {"choices":[{"delta":{"content":"$_"}}]}\n\n) } 'so ', unpack('(a3)*', $secret), ' and';
    my $others = join '', map { qq(data: {"choices":[{"index":$_,"delta":{"content":"@{[ substr $secret, 20 * $_, 20 ]}"}}]}\n\n) } 0, 1;
    my $report = measured(spew("$folder/parts.jsonl", join '', row($deltas, 'positive', 'evasion:secrets:deltas', seed => $secret),
        row("y $secret", 'positive', 'evasion:secrets:chunks', chunks => ['y ', unpack '(a3)*', $secret]),
        row("y $secret", 'positive', 'evasion:secrets:chunks', chunks => ['y ', substr($secret, 0, 12), ' ', substr($secret, 12)]),
        row($others, 'negative', 'benign:control')));
    is counts(scanner($report, 'secrets')), '3 2 1 0', 'rows are judged as they travel: in chunks, as events';
    is $report->{rows_in_parts}, 4, '  which is said';
};

subtest 'which scanner, which way' => sub {
    my $file = spew("$folder/pii_some.jsonl", row("clean but $secret", 'negative', 'benign:x') . row($card, 'positive', 'pii:card'));
    is counts(scanner(measured($file), 'pii')), '1 1 1 0', 'a benign row that does not say is for the topic of the file\'s name';
    is scanner(measured($file), 'secrets'), undef, '  and no other';
    my $unknown = measured(spew("$folder/other.jsonl", row('x', 'positive', 'toolabuse:x')), '--plugin', out('plugins/scanner_secrets.so'));
    is "$unknown->{unanswered} " . scalar @{ $unknown->{scanners} }, '1 0', 'a scanner that is not loaded is not held to have missed';
    my $policy = spew("$folder/f.yaml", "apiVersion: uapi/v1\nkind: Firewall\nmetadata: {name: f}\nspec: {scanners: {secrets: {request: allow, response: log}}}\n");
    is scanner(measured("$folder/a.jsonl.gz", '--policy', $policy), 'secrets')->{found}, 1, 'found either way';
    is scanner(measured("$folder/a.jsonl.gz", '--policy', $policy, '--direction', 'request'), 'secrets')->{found}, 0, '  but not on requests';
    is measured("$folder/a.jsonl.gz", '--direction', 'request')->{direction}, 'request', 'which is said';
};

subtest 'what is no corpus' => sub {
    my $good = row("a $secret", 'positive', 'secret:x');
    my @bad = ("nope\n", "[]\n", row('x', 'perhaps', 'secret:x'), "{\"text\":\"x\",\"label\":\"positive\"}\n", "{\"label\":\"positive\",\"kind\":\"secret:x\"}\n",
        row('x', 'positive', 'weather:x'), "{\"text\":\"a\",\"text\":\"b\",\"label\":\"positive\",\"kind\":\"pii\"}\n");
    my $answer = uapictl('scan', '--corpus', '--json', spew("$folder/bad.jsonl", join '', map { $_, $good } @bad));
    is $answer->{status}, 1, 'rows that are none: status 1';
    my $report = from_json($answer->{output});
    is_deeply [map { $_->{line} } @{ $report->{errors} }], [map { 2 * $_ + 1 } 0 .. $#bad], '  each is told with its line';
    is scanner($report, 'secrets')->{found}, scalar @bad, '  and the others are measured';
    my $whole = slurp("$folder/a.jsonl.gz");
    for my $case (['cut short', substr $whole, 0, 60], ['damaged', substr($whole, 0, 30) . 'x' x 20 . substr($whole, 50)]) {
        $answer = uapictl('scan', '--corpus', spew("$folder/torn.jsonl.gz", $case->[1]));
        is $answer->{status}, 1, "$case->[0]: status 1";
        like $answer->{errors}, qr/torn\.jsonl\.gz:\d+: /, '  and told';
    }
    $answer = uapictl('scan', '--corpus', "$folder/missing.jsonl", "$folder/b.jsonl");
    is $answer->{status}, 1, 'a file that is not there';
    like $answer->{errors}, qr/missing\.jsonl:0: No such file/, '  is told';
    like $answer->{output}, qr/^6 rows/m, '  and the other is measured';
    misused(uapictl('scan', '--corpus', '--jsonl', "$folder/b.jsonl"), qr/do not go together/, '--jsonl and --corpus');
};
done_testing;
