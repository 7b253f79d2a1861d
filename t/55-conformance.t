#!/usr/bin/env perl
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# The official conformance suite ends check by check as it does without the gateway (docs/conformance.md), and DNS rebinding fails
# even where the server behind the gateway checks nothing.
use lib 't/lib';
use Uapi::Test timeout => 600;

# The scored checks of 2025-11-25 pass on the server itself; fewer would mean that the comparison compares little. `better`: the checks
# of headers against the body that the gateway passes for a server that does not.
my %run = (
    '2025-11-25' => { least => 84, better => 0 },
    '2026-07-28' => { least => 150, better => 4 },
    '2025-11-25, --suite all' => { least => 90, better => 3 },
    '2026-07-28, --suite all' => { least => 130, better => 4, dns => '1 passed, 1 failed' }, # what is good is of the other era
);

my $text = `build/conformance --json`;
my $status = $? >> 8;
my $report = from_json($text);
my $document = slurp('docs/conformance.md');
for my $name (sort keys %run) {
    my ($of, $expected) = ($report->{$name}, $run{$name});
    cmp_ok($of->{totals}{direct}{passed}, '>=', $expected->{least}, "$name: the server passes directly");
    my @unexpected = grep { !$_->{better} } @{ $of->{differences} };
    is_deeply(\@unexpected, [], "$name: each check ends as it does directly");
    for my $route (grep { /^gateway/ } sort keys %{ $of->{totals} }) {
        my @better = grep { $_->{better} && $_->{route} eq $route } @{ $of->{differences} };
        is(scalar @better, $expected->{better}, "$name, $route: but for headers that disagree with the body");
    }
    my $careless = $of->{totals}{'gateway, careless server'}{passed};
    my ($section) = $document =~ /^### \Q$name\E\n(.*?)(?=^###|<!-- end)/ms;
    my $dns = $expected->{dns} // '2 passed';
    like($section // '', qr/^\| dns-rebinding-protection (?:\| \Q$dns\E )+\|$/m, "$name: DNS rebinding, also with a careless server");
    like($section // '', qr/\*\*all\*\* \|.*\*\*$careless passed[^|]*\|$/m,
        "$name: docs/conformance.md has these results (build/conformance --write)");
}
is($status, 0, 'exit status');

done_testing();
