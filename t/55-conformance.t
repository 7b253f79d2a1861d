#!/usr/bin/env perl
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# The official conformance suite ends check by check as it does without the gateway (docs/conformance.md).
use lib 't/lib';
use Uapi::Test timeout => 600;

# The scored checks of 2025-11-25 pass on the server itself; fewer would mean that the comparison compares little.
my %least = ('2025-11-25' => 84, '2026-07-28' => 150);

my $text = `build/conformance --json`;
my $status = $? >> 8;
my $report = from_json($text);
for my $revision (sort keys %least) {
    my $of = $report->{$revision};
    cmp_ok($of->{totals}{direct}{passed}, '>=', $least{$revision}, "$revision: the server passes directly");
    my $better = grep { $_->{better} && $_->{route} eq 'gateway' } @{ $of->{differences} };
    my %expected = (passed => $of->{totals}{direct}{passed} + $better, failed => $of->{totals}{direct}{failed} - $better);
    is_deeply($of->{totals}{gateway}, \%expected, "$revision: as many checks through the gateway, and those that it owes");
    is($better, $revision eq '2026-07-28' ? 4 : 0, "$revision: which are Mcp-Param-* against the arguments");
    my @unexpected = grep { !$_->{forgiven} && !$_->{better} } @{ $of->{differences} };
    is_deeply(\@unexpected, [], "$revision: each check ends as it does directly");
    my @host = grep { $_->{forgiven} } @{ $of->{differences} };
    is(scalar @host, 1, "$revision: where httpd rewrites Host, one check about Host ends otherwise, and no other");
}
is($status, 0, 'exit status');

my $document = slurp('docs/conformance.md');
for my $revision (sort keys %least) {
    my $passed = $report->{$revision}{totals}{gateway}{passed};
    my ($section) = $document =~ /^### \Q$revision\E\n(.*?)(?=^###|<!-- end)/ms;
    like($section // '', qr/\*\*all\*\* \|.*\*\*$passed passed/,
        "$revision: docs/conformance.md has these results (build/conformance --write)");
}

done_testing();
