# Licensed under the Apache License, Version 2.0; see LICENSE.
# What a reader of the sources may rely on: the layers, the format, the size of files and functions.
use lib 't/lib';
use Uapi::Test timeout => 300;
use Uapi::Httpd;
use Uapi::Sources qw(sources lines_matching);

my @c = sources(qr{^(?:mod_uapi|plugins|t)/.*\.[ch]$});
my @code = sources(qr{\.(?:c|h|t|pm|pl|sh|mk|mjs|lua|py)$|^build/[^./]+$|^\.ci/|^build/lib/});
cmp_ok scalar @c, '>', 20, 'the sources were found';

# Names a list of offenders, so that one run shows them all.
sub none {
    my ($what, @offenders) = @_;
    ok !@offenders, $what or diag join "\n", splice @offenders, 0, 40;
    return;
}

# ------------------------------------------------------------------------------------------------------ layers
# For each folder, what its files may include with quotes (paths as seen from mod_uapi/), and whether httpd's headers.
my %layer = (
    'mod_uapi/core' => { own => qr{^(?:core|store|include)/}, httpd => 0 },
    'mod_uapi/store' => { own => qr{^(?:store|core|include)/}, httpd => 0 },
    'mod_uapi/cli' => { own => qr{^(?:cli|core|store|include)/}, httpd => 0 },
    'mod_uapi/check' => { own => qr{^(?:check|core|include)/}, httpd => 0 },
    'mod_uapi/host' => { own => qr{^(?:host|core|include)/}, httpd => 0 },
    'mod_uapi/httpd' => { own => qr{^(?:httpd|core|include)/}, httpd => 1 },
    'mod_uapi/include' => { own => qr{^include/}, httpd => 0 },
    'mod_uapi' => { own => qr{^(?:httpd|core|include)/}, httpd => 1 },
);

# The store uses from core what says how a thing failed and what shape it has, and none of its doings.
my $core_for_store = qr{^core/(?:result|principal|audit|keyring|secret)\.h$};

sub includes {
    my ($file) = @_;
    return map { /^\s*#\s*include\s*([<"])([^>"]+)[>"]/ ? [$1, $2] : () } split /\n/, slurp($file);
}

sub resolved {    # path below mod_uapi/, of an include in that file
    my ($file, $name) = @_;
    my ($folder) = $file =~ m{^(.*)/[^/]+$};
    my @parts;
    for my $part (split m{/}, -e "$folder/$name" ? "$folder/$name" : "mod_uapi/$name") {
        $part eq '..' ? pop @parts : push @parts, $part;
    }
    shift @parts if $parts[0] eq 'mod_uapi';
    return join '/', @parts;
}

sub layer_faults {
    my ($file) = @_;
    my ($folder) = $file =~ m{^(.*)/[^/]+$};
    my $rule = $layer{$folder} or return "$file: a folder that has no rule";
    my @faults;
    for (includes($file)) {
        my ($quote, $name) = @$_;
        my $system = $quote eq '<' || !-e "$folder/$name" && !-e "mod_uapi/$name";
        if ($system) {
            push @faults, "$file includes httpd's $name" if !$rule->{httpd} && -e Uapi::Httpd::tool('HTTPD_INCLUDES') . "/$name";
            push @faults, "$file: $name is nowhere" if $quote eq '"' && !-e Uapi::Httpd::tool('HTTPD_INCLUDES') . "/$name";
            next;
        }
        my $path = resolved($file, $name);
        push @faults, "$file includes $path" unless $path =~ $rule->{own};
        push @faults, "$file includes $path, a doing of core"
            if $folder eq 'mod_uapi/store' && $path =~ m{^core/} && $path !~ $core_for_store;
    }
    return @faults;
}

subtest 'the arrows of the architecture' => sub {
    none 'mod_uapi/: each layer includes only the ones below', map { layer_faults($_) } grep { m{^mod_uapi/} } @c;
    my @plugins = grep { m{^(?:plugins|t/plugins)/} } @c;
    my %shared = map { m{^plugins/([^/]+\.h)$} ? ("../$1" => 1) : () } @plugins;
    none 'a plugin includes uapi_plugin.h, the system, its own files and what plugins share', map {
        my $file = $_;
        my ($folder) = $file =~ m{^(.*)/[^/]+$};
        map { "$file includes $_->[1]" }
            grep { $_->[1] ne 'uapi_plugin.h' && !$shared{$_->[1]} && ($_->[1] =~ m{\.\./|^apr|^httpd} || $_->[0] eq '"' && !-e "$folder/$_->[1]") }
            includes($file);
    } @plugins;
    none 'uapi_plugin.h needs the language only',
        grep { !/^std(?:int|def)\.h$/ } map { $_->[1] } includes('mod_uapi/include/uapi_plugin.h');
};

subtest 'uapi_plugin.h stands alone' => sub {
    for (['gcc', '-std=c11', 'c'], ['clang', '-std=c11', 'c'], ['clang', '-std=c++11', 'c++']) {
        my ($compiler, $standard, $language) = @$_;
        my ($status, @output) = run([$compiler, $standard, '-Wall', '-Wextra', '-Wpedantic', '-Werror', '-fsyntax-only', '-x', $language,
            '-I', 'mod_uapi/include', '-'], stdin => "#include <uapi_plugin.h>\nint main(void) { return 0; }\n");
        is $status, 0, "$compiler $standard" or diag @output;
    }
};

# -------------------------------------------------------------------------------------------------------- form
# A function is what lies between a brace in the first column and its end.
sub functions {
    my ($file) = @_;
    my (@functions, $from);
    my $number = 0;
    for (split /\n/, slurp($file)) {
        $number++;
        $from = $number if /^\{/;
        push @functions, [$from, $number - $from], undef $from if /^\}/ && defined $from;
    }
    return grep { defined } @functions;
}

subtest 'sizes' => sub {
    none 'no file of 800 lines or more', grep { (() = slurp($_) =~ /\n/g) >= 800 } @c, grep { /\.(?:t|pm|pl)$/ } @code;
    none 'no function of 150 lines or more', map { my $file = $_; map { "$file:$_->[0]: $_->[1] lines" } grep { $_->[1] >= 150 } functions($file) } @c;
    my @lengths = sort { $a <=> $b } map { map { $_->[1] - 1 } functions($_) } grep { /\.c$/ } @c;
    cmp_ok $lengths[$#lengths / 2], '<=', 20, "the median function has $lengths[$#lengths / 2] lines";
};

subtest 'every file' => sub {
    none 'says its licence in its first lines',
        grep { join('', (split /\n/, slurp($_), 4)[0 .. 2]) !~ /Licensed under the Apache License, Version 2\.0/ } @code;
    my @text = sources(qr{.}, -T => 1);
    none 'has no note to finish it later', lines_matching(qr/\b(?:TO[D]O|FIX[M]E|X[X]X)\b/, grep { !m{^t/fuzz/corpus/|package-lock} } @text);
    none 'has no trailing space or tab indent', grep { !/\.md:/ } lines_matching(qr/[ \t]$|^ *\t/,
        grep { !m{^t/fuzz/corpus/|\.mk$|^LICENSE$|\.json$|\.patch$} } @text);
    my $here = quotemeta File::Spec->rel2abs('.');
    none 'knows nothing of the machine it was written on', lines_matching(qr{$here(?:/|\b)|/[r]oot/|/[h]ome/\w|"[r]esolved": *"}, @text);
};

subtest 'clang-format' => sub {
    my ($status, $output, $errors) = run(['clang-format', '--dry-run', '--Werror', @c], seconds => 120);
    my %offenders = map { $_ => 1 } "$output$errors" =~ /^([^\s:]+\.[ch]):/mg;
    is $status, 0, 'nothing to change' or diag "clang-format -i ", join ' ', sort keys %offenders;
};

subtest 'scripts' => sub {
    for my $file (grep { /\.(?:t|pm|pl)$/ || slurp($_) =~ /\A#!.*\bperl/ } @code) {
        my ($status, undef, $errors) = run([$^X, '-It/lib', '-c', $file]);
        is $status, 0, "perl -c $file" or diag $errors;
    }
    for my $file (grep { slurp($_) =~ m{\A#!/bin/(?:ba)?sh} } @code) {
        my ($shell) = slurp($file) =~ m{\A#!(/bin/\w+)};
        my ($status, undef, $errors) = run([$shell, '-n', $file]);
        is $status, 0, "$shell -n $file" or diag $errors;
    }
};

done_testing;
