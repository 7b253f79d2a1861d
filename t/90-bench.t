# Licensed under the Apache License, Version 2.0; see LICENSE.
# The benchmark of the scanners runs and tells everything that docs/benchmarks.md speaks of. How fast is no test.
use lib 't/lib';
use Uapi::Test timeout => 120;
use JSON::PP ();

my ($status, $output, $errors) = run(['build/bench', 'scanners', '--json', '--rounds', 1, '--milliseconds', 1], seconds => 100);
is $status, 0, 'it runs' or diag $errors;
my $report = eval { JSON::PP::decode_json($output) } // {};
my %case = map { $_->{name} => $_ } @{ $report->{cases} // [] }, @{ $report->{patterns} // [] };
for my $name (qw(secrets pii merged 100 merged+1000)) {
    ok $case{$name}, "a case $name" or next;
    cmp_ok $case{$name}{texts}{$_}{views}{mb_per_s}, '>', 0, "$name: the speed over $_" for qw(ordinary mixed dense);
    is $case{$name}{texts}{ordinary}{raw}{findings}, $case{$name}{texts}{ordinary}{views}{findings}, "$name: the same findings in what is written plainly";
}
is $case{merged}{patterns} + 1000, $case{'merged+1000'}{patterns}, 'packs are merged with the plugins';
cmp_ok $case{merged}{latency_us}{mixed}{p50}, '>', 0, 'what a piece takes';
cmp_ok $report->{ratio}{'merged+100/merged+1000'}, '>', 0, 'what patterns cost';

my @refused = run(['build/bench', 'scanners', '--no-such-option']);
is $refused[0], 2, 'an unknown option is refused';
like $refused[2], qr/usage: build\/bench scanners/, 'with the usage';

done_testing;
