# Licensed under the Apache License, Version 2.0; see LICENSE.
# Lists that are kept in two places and must say the same.
use lib 't/lib';
use Uapi::Test;
use Uapi::Httpd;
use Uapi::Sources qw(sources words_matching);

# Two lists, as sets; says what is in one only.
sub same {
    my ($what, $one, $other) = @_;
    my %one = map { $_ => 1 } @$one;
    my %other = map { $_ => 1 } @$other;
    cmp_ok scalar keys %one, '>', 0, "$what: there are some";
    my @lacking = map { "only in the first: $_" } sort grep { !$other{$_} } keys %one;
    push @lacking, map { "only in the second: $_" } sort grep { !$one{$_} } keys %other;
    ok !@lacking, $what or diag join "\n", @lacking;
    return;
}

sub once {
    my ($what, @words) = @_;
    my %places;
    push @{ $places{ $_->[0] } }, $_->[1] for @words;
    my @twice = map { "$_: " . join ' ', @{ $places{$_} } } sort grep { @{ $places{$_} } > 1 } keys %places;
    ok !@twice, $what or diag join "\n", @twice;
    return;
}

sub first { return map { $_->[0] } @_ }

my @server = sources(qr{^mod_uapi/(?:[^/]+|httpd/.*)\.[ch]$});

subtest 'directives' => sub {
    my @table = words_matching(qr/^\s*(?:AP_INIT_\w+\()?"(Uapi\w+)", \w+, /, @server);
    my @documented = words_matching(qr/^## (Uapi\w+)/, 'docs/directives.md');
    once 'each is in the table once', @table;
    once 'and documented once', @documented;
    same 'the command table and docs/directives.md', [first @table], [first @documented];
    my @shipped = words_matching(qr/^\s*#?\s*(Uapi[A-Z]\w+)/, 'build/packaging/uapi.conf');
    my %known = map { $_ => 1 } first @table;
    is_deeply [grep { !$known{$_} } first @shipped], [], 'uapi.conf names no others';
};

subtest 'reasons' => sub {
    my @codes = words_matching(qr/^\s*(?:\[\w+\]\s*=)?\s*\{?\s*"([a-z]+\.[a-z0-9_]+)"/, 'mod_uapi/core/reason.c');
    my @documented = words_matching(qr/^\| `([a-z]+\.[a-z0-9_]+)` \|/, 'docs/reasons.md');
    once 'each code is in the table once', @codes;
    once 'and documented once', @documented;
    same 'core/reason.c and docs/reasons.md', [first @codes], [first @documented];
    my @enumerated = grep { $_ !~ /^UAPI_REASON_(?:NONE|COUNT)$/ }
        first words_matching(qr/^\s+(UAPI_REASON_\w+)(?:,| =)/, 'mod_uapi/core/result.h');
    my @rows = grep { $_ ne 'UAPI_REASON_NONE' } first words_matching(qr/\[(UAPI_REASON_\w+)\]/, 'mod_uapi/core/reason.c');
    same 'core/result.h and the rows of core/reason.c', \@enumerated, \@rows;
    is scalar @codes, scalar @rows, 'every row was read';
};

subtest 'log numbers' => sub {
    my @numbers = grep { $_->[0] =~ /^\d/ } words_matching(qr/UAPI_LOGNO\(\s*([^)]+?)\s*\)/, grep { !m{/log\.h$} } @server);
    cmp_ok scalar @numbers, '>', 0, 'there are some';
    once 'each number stands in one place', @numbers;
    is_deeply [grep { $_->[0] !~ /^\d{4}$/ } @numbers], [], 'each has four digits';
};

# Every warning and error of the server's code is found in a manual by its number.
subtest 'warnings and errors have numbers' => sub {
    my @bare;
    for my $file (@server) {
        my $text = slurp($file);
        while ($text =~ /\b(ap_log_\w+\s*\((?:[^()"]|"(?:[^"\\]|\\.)*"|\((?:[^()]|\([^()]*\))*\))*\)\s*;)/g) {
            my ($call, $line) = ($1, 1 + (substr($text, 0, $-[0]) =~ tr/\n//));
            push @bare, "$file:$line" if $call =~ /APLOG_(?:EMERG|ALERT|CRIT|ERR|WARNING)\b/ && $call !~ /UAPI_LOGNO/;
        }
    }
    is_deeply \@bare, [];
};

# A unit test may be another one's, over the same code compiled otherwise.
sub _with_included_c {
    my ($file) = @_;
    my $text = slurp($file);
    return join '', $text, map { slurp("t/unit/$_") } grep { -e "t/unit/$_" } $text =~ /^#include "([^"\/]+\.c)"/mg;
}

subtest 'tests' => sub {
    my @units = sources(qr{^t/unit/[^/]+\.c$});
    my @no_tap = grep { _with_included_c($_) !~ /cmocka_set_message_output\(CM_OUTPUT_TAP\)/ } @units;
    is_deeply \@no_tap, [], 'every unit test speaks TAP';
    my $out = Uapi::Httpd::out();
    my @built = map { m{/00-([^/]+)\.t$} } glob "$out/t/00-*.t";
    same 't/unit/*.c and what is built and run (make -f apxs.mk tests)', [map { m{([^/]+)\.c$} } @units], \@built;
    my @fuzzers = map { m{([^/]+)\.c$} } grep { $_ ne 't/fuzz/replay.c' } sources(qr{^t/fuzz/[^/]+\.c$});
    same 't/fuzz/*.c and the replays', \@fuzzers, [map { m{([^/]+)$} } grep { -f && -x } glob "$out/fuzz/*"];
    same 't/fuzz/*.c and the corpora', \@fuzzers, [map { m{^t/fuzz/corpus/([^/]+)/} } sources(qr{^t/fuzz/corpus/})];
    my @odd = grep { !m{^t/(?:00|10|[2-5][05]|60|80|90)-[a-z0-9_-]+\.t$} } sources(qr{^t/[^/]+\.t$});
    is_deeply \@odd, [], 'every test belongs to a family';
};

subtest 'plugins and policies' => sub {
    my $out = Uapi::Httpd::out();
    same 'plugins/*/ and what is built', [map { m{^plugins/([^/]+)/} } sources(qr{^plugins/[^/]+/.*\.c$})],
        [map { m{([^/]+)\.so$} } glob "$out/plugins/*.so"];
    my @schemas = sources(qr{^policies/schema/.*\.json$});
    for my $schema (@schemas) {
        ok eval { from_json(slurp($schema)) }, "$schema is JSON" or diag $@;
    }
};

done_testing;
