# Licensed under the Apache License, Version 2.0; see LICENSE.
# The scanner of docs/plugin-abi.md compiles as it stands there and works; the header compiles alone, as C11 and as C++.
use lib 't/lib';
use Uapi::Test;
use Uapi::Uapictl;

my $folder = workspace();
my $compiler = $ENV{CC} || 'cc';
my @strict = qw(-Wall -Wextra -Werror -pedantic -Imod_uapi/include);

sub compiles {
    my ($name, $text, @command) = @_;
    my $file = spew("$folder/$name", $text);
    return system(@command, @strict, '-c', '-o', "$folder/object.o", $file) == 0;
}

ok compiles('c11.c', "#include \"uapi_plugin.h\"\nint unused;\n", $compiler, '-std=c11'), 'the header alone is C11';
SKIP: {
    skip 'no C++ compiler', 1 if system('c++ --version >/dev/null 2>&1');
    ok compiles('cpp.cc', "#include \"uapi_plugin.h\"\nint unused;\n", 'c++', '-std=c++11'), '  and C++11';
}
my @includes = slurp('mod_uapi/include/uapi_plugin.h') =~ /^#include (.*)$/mg;
is_deeply \@includes, ['<stddef.h>', '<stdint.h>'], 'it includes what it promises';

my ($source) = slurp('docs/plugin-abi.md') =~ /^```c\n(.*?)^```$/ms or BAIL_OUT('no example');
spew("$folder/orders.c", $source);
is system($compiler, '-std=c11', '-fPIC', '-fvisibility=hidden', @strict, '-shared', '-o', "$folder/orders.so", "$folder/orders.c"), 0,
    'the example compiles';
chmod 0755, "$folder/orders.so";
my $answer = uapictl('scan', '--jsonl', '--plugin', "$folder/orders.so",
    { stdin => to_json({ text => 'ORD-12345672 fine' }) . "\n" . to_json({ text => 'fine: ORD-12345678, not: ORD-00000012' }) . "\n" });
is $answer->{status}, 0, '  and loads';
my ($first, $second) = map { from_json($_)->{findings} } split /\n/, $answer->{output};
is scalar @$first, 0, '  and judges';
is_deeply [map { @$_{qw(rule start end severity)} } @$second], ['orders.order', 10, 18, 'medium'], '  and narrows' or diag $answer->{output};
done_testing;
