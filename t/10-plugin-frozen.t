# Licensed under the Apache License, Version 2.0; see LICENSE.
# The ABI is frozen. The header as it was released, in t/abi/<version>/, is not touched; today's header has all that is in it, where it
# was; plugins that are built from it, as C and as C++, load, pass the check and find what they found. And the header of
# today compiles alone in every language that it promises.
use lib 't/lib';
use Uapi::Test timeout => 240;
use Uapi::Uapictl;
use Digest::SHA qw(sha256_hex);

my %released = ('1.0' => '506044f49237ff27623f8042c103daa5c31dc3c070e915d2e7d1bf70999e3131');

my $folder = workspace();
my @strict = qw(-Wall -Wextra -Werror -pedantic);
my $today = 'mod_uapi/include';
sub has { return system("$_[0] --version >/dev/null 2>&1") == 0 }

# ------------------------------------------------------------------------------------------------ languages
for my $compiler (grep { has($_) } qw(gcc clang)) {
    for (['c11', 'c'], ['c17', 'c'], ['c++11', 'c++'], ['c++20', 'c++']) {
        my ($standard, $language) = @$_;
        my ($status, @output) = run([$compiler, "-std=$standard", '-x', $language, @strict, '-I', $today, '-fsyntax-only', '-'],
            stdin => "#include \"uapi_plugin.h\"\n");
        is $status, 0, "$compiler -std=$standard" or diag @output;
    }
}

# ------------------------------------------------------------------------------------------------ types
sub built {
    my ($name, $source, $include) = @_;
    # by standard input, or the header beside the source would be found first
    my ($status, @output) = run(['gcc', qw(-std=c11 -g -O0 -fPIC -shared -x c), "-I$include", '-o', "$folder/$name.so", '-'], stdin => $source);
    BAIL_OUT("the types do not compile: @output") if $status;
    return "$folder/$name.so";
}

# What abidiff tells that a plugin of then would notice now. Records may grow at their ends, tables (uapi_..._1) may not.
sub incompatible {
    my ($then, $now) = @_;
    my $source = slurp("$then/surface.c");
    my ($status, $output) = run(['abidiff', '--harmless', built('then', $source, $then), built('now', $source, $now)]);
    BAIL_OUT("abidiff: $output") if $status & 3;
    my @faults = $output =~ /(offset changed from.*|from value '.*|enumerator deletion.*|type name changed.*|(?:parameter|return)(?!.*sub-type changes).*|.*data member deletion.*)/g;
    push @faults, "$1 has grown" while $output =~ /\[C\] '(uapi_\w+_1|uapi_string) keep_\w+' was changed[^\n]*\n\s+size of symbol changed/g;
    return @faults;
}

# ------------------------------------------------------------------------------------------------ each released version
is_deeply [sort keys %released], [sort map { m{([^/]+)/uapi_plugin\.h$} } glob 't/abi/*/uapi_plugin.h'], 'released versions';
for my $version (sort keys %released) {
    my $frozen = "t/abi/$version";
    is sha256_hex(slurp("$frozen/uapi_plugin.h")), $released{$version}, "$version: the header is as it was released";

    # What the preprocessor knows is nowhere in the debugging information.
    my $constants = sub { my ($text) = @_; return $text =~ /^#define (UAPI_\w+ .*)$/mg };
    my %now = map { s{\s*/\*.*}{}r => 1 } $constants->(slurp("$today/uapi_plugin.h"));
    is_deeply [grep { !$now{$_} && !/^UAPI_ABI_MINOR/ } map { s{\s*/\*.*}{}r } $constants->(slurp("$frozen/uapi_plugin.h"))], [],
        '  all its constants are there';

    SKIP: {
        skip 'no abidiff here', 2 unless has('abidiff');
        is_deeply [incompatible($frozen, $today)], [], '  nothing has moved, gone or changed its value';
        for (
            ['a field that grows' => qr/^    uint32_t rule;/m, '    uint64_t rule;'],
            ['a field in between' => qr/^    uint32_t pattern;/m, "    uint32_t more;\n    uint32_t pattern;"],
            ['a value that changes' => qr/UAPI_VIEW_SHELL = 8/, 'UAPI_VIEW_SHELL = 32'],
            ['a value that goes' => qr/UAPI_DEFAULT_BLOCK = 5/, 'UAPI_DEFAULT_STOP = 5'],
            ['a table that grows' => qr/^\} uapi_scanner_stream_1;/m, "    void (*more)(void);\n} uapi_scanner_stream_1;"],
            ['a function with another parameter' => qr/void \(\*close\)\(void \*instance, void \*state\)/, 'void (*close)(void *instance, int32_t state)'],
        ) {
            my ($what, $old, $new) = @$_;
            mkdir "$folder/other";
            my $text = slurp("$frozen/uapi_plugin.h");
            $text =~ s/$old/$new/ or fail("$what: not made");
            spew("$folder/other/uapi_plugin.h", $text);
            isnt scalar(incompatible($frozen, "$folder/other")), 0, "  $what would be seen";
        }
        my $grown = slurp("$frozen/uapi_plugin.h") =~ s/^(    const char \*why;)/$1\n    uint64_t more;/mr;
        spew("$folder/other/uapi_plugin.h", $grown);
        is_deeply [incompatible($frozen, "$folder/other")], [], '  a record may grow at its end';
    }

    for (['c', 'gcc', '-std=c11'], ['c++', 'g++', '-std=c++11']) {
        my ($language, $compiler, $standard) = @$_;
        SKIP: {
            skip "no $compiler", 5 unless has($compiler);
            my $plugin = "$folder/frozen-" . ($language eq 'c' ? 'c' : 'cpp') . '.so';
            my ($status, @output) = run([$compiler, $standard, '-x', $language, '-O2', @strict, '-fPIC', '-shared', '-fvisibility=hidden',
                "-I$frozen", '-o', $plugin, "$frozen/plugin.c"]);
            is $status, 0, "$version: a plugin in $language" or diag @output;
            chmod 0755, $plugin;
            my $answer = uapictl('scan', '--jsonl', '--plugin', $plugin, { stdin => join '', map { to_json({ text => $_ }) . "\n" }
                    'some marzipan here', 'NOUGAT-bar! and marzipans', 'marzipan marzipan marzipan', 'nothing' });
            is $answer->{status}, 0, '  loads' or diag $answer->{errors};
            is_deeply [map { join ' ', map { "$_->{rule}:$_->{start}-$_->{end}:$_->{severity}" } @{ from_json($_)->{findings} } } split /\n/, $answer->{output}],
                ['sweets.word:5-13:low', 'sweets.shouted:0-11:high',
                'sweets.many:0-26:critical sweets.word:0-8:low sweets.word:9-17:low sweets.word:18-26:low', ''], '  finds what it found'
                or diag $answer->{output};
            ($status, @output) = run([out('uapi-plugin-check'), '--milliseconds', 50, '--option', 'mark=#', $plugin], seconds => 100);
            is $status, 0, '  passes the check' or diag @output;
            like $output[0], qr/^ok +streams +\d+ texts in parts/m, '  streams and all';
        }
    }
}
done_testing;
