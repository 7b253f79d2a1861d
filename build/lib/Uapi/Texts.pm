# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# What the benchmark of the scanners reads: texts such as agents send and get, made from a fixed seed, the same on every machine.
package Uapi::Texts;
use strict;
use warnings;
use Exporter 'import';
use MIME::Base64 ();

our @EXPORT_OK = qw(ordinary mixed dense pattern_pack);

my @words = qw(
    the of and to in a is for on that with as by it be from are this at or an was which not have has will can if more than when other
    about time order ticket report customer invoice server module request response build release change version branch review commit
    merge update delete create list search index table column record field value number string format error warning message event
    stream file folder path name type size date month week day hour minute second first last next previous open closed pending done
    user group role team member owner project issue label milestone comment description title summary detail status priority low high
    medium data query result page limit offset total count average sum maximum minimum price currency amount balance account payment
    delivery address city country street warehouse carrier battery lamp cable motor brush manual warranty discount freight tax
    please thank regards attached following regarding question answer meeting agenda room participant train hotel conference
    function method class object array loop condition return import export test fixture cache memory thread process queue worker
    network socket client proxy gateway router protocol header body payload token budget policy rule pattern scanner finding action
    temperature weather forecast rain wind cloud river mountain valley garden kitchen music book author chapter library school
    quickly slowly carefully usually often never always already still perhaps however therefore because although while until
);

# A generator of our own, because what rand gives is not the same everywhere.
my $seed;

sub pick {
    my ($below) = @_;
    $seed = ($seed * 1103515245 + 12345) & 0x7fffffff;
    return ($seed >> 8) % $below;
}

sub sentence {
    my $text = ucfirst join ' ', map { $words[pick(scalar @words)] } 1 .. 6 + pick(14);
    substr($text, index($text, ' ', 20), 1) = ', ' if index($text, ' ', 20) > 0 && pick(2);
    return $text . (qw(. . . ? :)[pick(5)]);
}

sub word { return $words[pick(scalar @words)] }

# Prose, records, logs, code and links, as they come in the arguments and results of tools.
my @kinds = (
    sub { return join ' ', map { sentence() } 1 .. 4 },
    sub { return join ' ', map { sentence() } 1 .. 4 },
    sub {
        return sprintf '{"id":%d,"%s":"%s","%s":%d.%02d,"created_at":"2026-0%d-%02dT%02d:%02d:00Z","tags":["%s","%s"],"open":%s}', pick(1e6),
            word(), sentence(), word(), pick(900), pick(100), 1 + pick(9), 1 + pick(28), pick(24), pick(60), word(), word(), qw(true false)[pick(2)];
    },
    sub { return sprintf '2026-11-%02d %02d:%02d:%02d.%03d INFO  [%s-%d] %s', 1 + pick(28), pick(24), pick(60), pick(60), pick(1000), word(), pick(16), sentence() },
    sub { return sprintf "    if (%s_%s > %d) {\n        %s(%s, &%s->%s);\n    }", word(), word(), pick(100), word(), word(), word(), word() },
    sub { return sprintf '| %s | %s | %d |', word(), sentence(), pick(5000) },
    sub { return sprintf 'See https://docs.example.com/%s/%s/%s.html#%s and pages %d to %d.', word(), word(), word(), word(), pick(90), 90 + pick(90) },
    sub { return sprintf 'git log --oneline -%d -- src/%s/%s.c && make -j%d %s', 1 + pick(30), word(), word(), 1 + pick(8), word() },
);

# What is spelled otherwise, as it is in ordinary documents: nothing of it is an attack.
my @spelled = (
    sub { return sprintf 'https://example.com/search?q=%s%%20%s%%2C%s&page=%d', word(), word(), word(), pick(90) },
    sub { return sprintf '<p class="%s">%s &amp; %s &lt;%s&gt; &#39;%s&#39;</p>', map { word() } 1 .. 5 },
    sub { return MIME::Base64::encode_base64(join(' ', map { sentence() } 1 .. 2), '') },
    sub { return MIME::Base64::encode_base64(join('', map { chr pick(256) } 1 .. 96), '') },
    sub { return "Gr\xc3\xb6\xc3\x9fe, na\xc3\xafve, \xe2\x80\x9c" . sentence() . "\xe2\x80\x9d \xe2\x80\x93 \xe2\x9c\x85" },
    sub { return sprintf 'printf "%%s\\n" "\\u0041\\u00e9 \\x41 %s\\t%s"', word(), word() },
    sub { return sprintf q(for f in '%s'/*; do echo "$f" | sed 's/%s/%s/' > "/srv/"'%s'; done), map { word() } 1 .. 4 },
    sub { return sprintf 'Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe_%s?= total =3D %d=20%s', word(), pick(900), word() },
    sub { return join '', map { sprintf '%02x', pick(256) } 1 .. 32 },
    sub { return sprintf '["%s","-%s","/%s/%s","--%s"]', map { word() } 1 .. 5 },
);

sub fill {
    my ($length, $every) = @_;
    my ($text, $line) = ('', 0);
    $seed = 20261124;
    while (length $text < $length) {
        my $kinds = $every && $line % $every == 0 ? \@spelled : \@kinds;
        $text .= $kinds->[pick(scalar @$kinds)]->() . "\n";
        $line++;
    }
    return substr $text, 0, $length;
}

# Nothing, or nearly nothing, in it can be read otherwise.
sub ordinary { return fill($_[0], 0) }
# About one place in each KiB can.
sub mixed { return fill($_[0], 8) }
# Every second line can.
sub dense { return fill($_[0], 2) }

# A PatternPack with that many patterns, each anchored on a literal of its own, as those of vendors' tokens are.
sub pattern_pack {
    my ($count) = @_;
    my @letters = ('a' .. 'z');
    my $rules = '';
    $seed = 4711;
    for my $number (1 .. $count) {
        my $literal = join '', map { $letters[pick(26)] } 1 .. 4 + pick(4);
        my $length = 20 + pick(20);
        $rules .= "    - {id: r$number, severity: high, regex: '\\b${literal}_[0-9A-Za-z]{$length}\\b'}\n";
    }
    return "apiVersion: uapi/v1\nkind: PatternPack\nmetadata: {name: generated}\nspec:\n  rules:\n$rules";
}

1;
