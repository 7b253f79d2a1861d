# Licensed under the Apache License, Version 2.0; see LICENSE.
# What the manuals list of the code's own words: members and actions of audit records, log numbers, figures, codes; and that their links lead somewhere.
use lib 't/lib';
use Uapi::Test;
use Uapi::Sources qw(sources words_matching);

sub same {
    my ($what, $code, $manual) = @_;
    my %code = map { $_ => 1 } @$code;
    my %manual = map { $_ => 1 } @$manual;
    cmp_ok scalar keys %code, '>', 0, "$what: there are some";
    is_deeply [grep { !$manual{$_} } sort keys %code], [], "$what: none is missing in the manual";
    is_deeply [grep { !$code{$_} } sort keys %manual], [], "$what: the manual has no others";
    return;
}

sub words { return map { $_->[0] } words_matching(@_) }

# What stands in code type in the first cell of the rows of tables.
sub first_cells {
    my ($text) = @_;
    return map { /`([^`]+)`/g } $text =~ /^\| (`[^|]*?) \|/mg;
}

my ($members, $actions) = slurp('docs/audit.md') =~ /^## Members of a record$(.*?)^(\| `action` \| of the method.*?)^## /ms
    or BAIL_OUT('docs/audit.md has another shape');
my @record = map { "mod_uapi/$_" } qw(httpd/record.c cli/pin.c cli/pin_file.c);
my %nested = map { $_ => 1 } qw(id token type severity allowed by);    # of principal and findings
same 'members of records',
    [grep { !$nested{$_} } words(qr/\b(?:member|uapi_jcs_key)\(&?w, "(\w+)"/, @record)], [first_cells($members)];
my %said = map { $_ => 1 } join('', map { slurp($_) } @record) =~ /"([a-z]+(?:_[a-z]+)+)"/g;
is_deeply [grep { !$said{$_} } $members =~ /`([a-z]+(?:_[a-z]+)+)`/g], [], 'audit.md speaks of no other members';
same 'actions', [words(qr/"(mcp\.[a-z.]+)"/, @record)], [grep { /^mcp\./ } first_cells($actions)];

my $operations = slurp('docs/operations.md');
same 'log numbers', [map {"UAPI$_"} words(qr/UAPI_LOGNO\((\d{4})\)/, sources(qr{^mod_uapi/httpd/.*\.c$}))],
    [$operations =~ /^\| `(UAPI\d{4})` \|/mg];
my ($figures) = $operations =~ /^## Figures in mod_status$(.*?)^## /ms;
same "figures of mod_status", [slurp("mod_uapi/httpd/status.c") =~ /\{\s*"(\w+)",\s*"[^"]+",/g], [first_cells($figures)];

my ($table) = $operations =~ /^## When calls are refused$(.*)/ms;
my @codes = slurp("mod_uapi/core/reason.c") =~ /"([a-z]+\.[a-z0-9_]+)",\s*\d/g;
my @advice = map { s/\*$/.*/r } first_cells($table);
for my $code (@codes) {
    ok scalar(grep { $code =~ /^$_$/ } @advice), "operations.md has advice for $code";
}

sub anchor {
    my ($heading) = @_;
    return lc($heading =~ s/[^\w\s-]//gr) =~ tr/ /-/r;
}

for my $file (grep { !m{^t/} } sources(qr{\.md$})) {
    my ($folder) = $file =~ m{^(.*/)};
    my $text = slurp($file) =~ s/^```.*?^```//msgr;
    for my $link ($text =~ /\]\(([^)\s]+)\)/g) {
        next if $link =~ m{^https?://};
        my ($path, $part) = split /#/, $link;
        my $target = length $path ? ($folder // '') . $path : $file;
        ok -e $target, "$file: $link" or next;
        next unless defined $part;
        ok scalar(grep { anchor($_) eq $part } slurp($target) =~ /^#+ (.*)$/mg), "$file: $link has its heading";
    }
}
done_testing;
