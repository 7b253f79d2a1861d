# Licensed under the Apache License, Version 2.0; see LICENSE.
# build/scanner-figures: a table from labelled texts, which docs/scanners.md has for every scanner that is shipped.
use lib 't/lib';
use Uapi::Test;
use Uapi::Uapictl;

my $folder = workspace();
sub row { my ($text, $label, $kind, %more) = @_; return to_json({ text => $text, label => $label, kind => $kind, %more }) . "\n" }
my $file = spew("$folder/a.jsonl", row('card 4532 0151 1283 0366', 'positive', 'pii:card', class => 'checksum')
    . row('no card', 'positive', 'pii:card', class => 'checksum') . row('card 4532 0151 1283 0367', 'negative', 'pii-negative:card', class => 'checksum')
    . row('nothing', 'negative', 'benign:talk', neg_for => ['pii']));
my ($status, $table, $errors) = run(['build/scanner-figures', $file]);
is "$status $errors", '0 ', 'it runs';
is $table, <<'END', 'a row for what belongs together';
| scanner | texts | to be found | recall | of those found plain | harmless | false positives |
|---|---|---|---|---|---|---|
| pii | checksum | 2 | 0.500 |  | 1 | 0.00% |
| pii | ordinary texts |  |  |  | 1 | 0.00% |
END
($status, undef, $errors) = run(['build/scanner-figures', "$folder/none.jsonl"]);
isnt $status, 0, 'a file that is not there';
like $errors, qr/none\.jsonl/, '  is named';
($status) = run(['build/scanner-figures']);
is $status >> ($status > 255 ? 8 : 0), 2, 'usage';
like slurp('docs/scanners.md'), qr/<!-- figures: build\/scanner-figures -->\n\| scanner .*<!-- end -->/s, 'docs/scanners.md has the table';
my ($written) = slurp('docs/scanners.md') =~ /<!-- figures: build\/scanner-figures -->\n(.*?)<!-- end -->/s;
for my $scanner (map { m{scanner_(\w+)$} } glob 'plugins/scanner_*[a-z]') {
    like $written, qr/^\| \Q$scanner\E \|/m, "  and figures of $scanner in it";
}
done_testing;
