# Licensed under the Apache License, Version 2.0; see LICENSE.
# docs/scanners/prompt_injection.md lists exactly the rules that the scanner has; each of them has a positive case.
use lib 't/lib';
use Uapi::Test;

my %letter = (LOW => 'l', MEDIUM => 'm', HIGH => 'h', CRITICAL => 'c');
my $page = slurp('docs/scanners/prompt_injection.md');
my ($list) = $page =~ /^## Rules$(.*?)^## /ms or BAIL_OUT('no list of rules');
my %documented = $list =~ /`([a-z0-9_]+)` ([lmhc])\b/g;
my %written;
for my $file (glob 'plugins/scanner_prompt_injection/rules_*.c') {
    my $source = slurp($file);
    $written{$1} = $letter{$2} while $source =~ /\b(?:RULE|FRAMED|SCAFFOLD)\(\s*"([a-z0-9_]+)",\s*([A-Z]+)/g;
}
cmp_ok scalar keys %written, '>=', 50, 'the rules are found in the sources';
is_deeply \%documented, \%written, 'documented and written';
like $page, qr/^@{[scalar keys %written]} rules\b/m, 'their number';

my ($cases) = slurp('t/unit/scanner_prompt_injection.c') =~ /positive\[\] = \{(.*?)^\};/ms;
my %tested = map { $_ => 1 } $cases =~ /^\s*\{\s*"([a-z0-9_]+)",/mg;
is_deeply [grep { !$tested{$_} } sort keys %written], [], 'a positive case for each';
done_testing;
