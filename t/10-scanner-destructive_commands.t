# Licensed under the Apache License, Version 2.0; see LICENSE.
# docs/scanners/destructive_commands.md lists exactly the rules that the scanner has, with their severities.
use lib 't/lib';
use Uapi::Test;

my %letter = (LOW => 'l', MEDIUM => 'm', HIGH => 'h', CRITICAL => 'c');
my $page = slurp('docs/scanners/destructive_commands.md');
my ($document) = $page =~ /^## Rules$(.*?)^## /ms or BAIL_OUT('no list of rules');
my %documented = $document =~ /`([a-z0-9_]+)` ([lmhc])\b/g;
my %written;
for my $file (glob 'plugins/scanner_destructive_commands/rules_*.c') {
    my $source = slurp($file);
    $written{$1} //= $letter{$2} while $source =~
        /\b(?:COMMAND|COMMAND_SMALL|RULE|ARGUMENT|STATEMENT|INJECTION|SIGN|SHORT|FIELD|FIELD_OR_TEXT|PROGRAM)\(\s*"([a-z0-9_]+)",\s*([A-Z]+)/g;
}
cmp_ok scalar keys %written, '>=', 35, 'the rules are found in the sources';
is_deeply \%documented, \%written, 'documented and written';
like $page, qr/by @{[scalar keys %written]} rules/, 'their number';

my ($cases) = slurp('t/unit/scanner_destructive_commands.c') =~ /positive\[\] = \{(.*?)^\};/ms;
my %tested = map { $_ => 1 } $cases =~ /^\s*\{\s*"([a-z0-9_]+)",/mg;
is_deeply [grep { !$tested{$_} } sort keys %written], [], 'a positive case for each';
done_testing;
