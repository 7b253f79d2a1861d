# Licensed under the Apache License, Version 2.0; see LICENSE.
# The manual page against the program: the same commands, the same options of each, and nothing else on either side.
use lib 't/lib';
use Uapi::Test;
use Uapi::Uapictl;

my $page = slurp('docs/man/uapictl.1');
my %common = map { $_ => 1 } qw(json registry audit key-file help version);
my @commands = map { /^  ([a-z]+(?: [a-z]+)?)(?= |$)/ ? $1 : () } split /\n/, uapictl('--help')->{output};
cmp_ok scalar @commands, '>=', 14, 'the program has commands';

my ($part) = $page =~ /^\.Sh COMMANDS\n(.*?)^\.Sh /ms;
my %section = $part =~ /^\.Ss ([^\n]+)\n(.*?)(?=^\.Ss |\z)/msg;
is_deeply [sort keys %section], [sort @commands], 'the page explains each command and no other';

my ($synopsis) = $page =~ /^\.Sh SYNOPSIS\n(.*?)^\.Sh /ms;
my %usage = map { /\A\n?\.Cm ([^\n]+)\n(.*)\z/s ? ($1 => $2) : () } split /^\.Nm\n/m, $synopsis;
is_deeply [sort keys %usage], [sort @commands], 'so does the synopsis';

sub options_in { return sort grep { !$common{$_} } $_[0] =~ /Fl -([a-z-]+)/g }
for my $command (@commands) {
    my $help = uapictl(split(' ', $command), '--help')->{output};
    my @options = sort grep { !$common{$_} } $help =~ /^  --([a-z-]+)/mg;
    is_deeply [options_in($usage{$command} // '')], \@options, "$command: the synopsis has its options";
    my %there = map { $_ => 1 } options_in($section{$command} // '');
    my @obvious = $command =~ /^(?:token (?:list|revoke)|credential )/ ? ('tenant') : ();
    delete @there{@obvious};
    my @explained = grep { my $name = $_; !grep { $_ eq $name } @obvious } @options;
    is_deeply [sort keys %there], \@explained, '  and its section explains them';
}
my ($every) = $page =~ /^\.Ss Options of every command\n(.*?)^\.Sh /ms;
my %every = map { $_ => 1 } $every =~ /Fl -([a-z-]+)/g;
is_deeply [sort keys %every], [sort keys %common], 'options of every command';
my $help = uapictl('init', '--help')->{output};
for my $default ($help =~ m{\(\$(\w+), else (/\S+)\)}g) {
    like $page, qr/^\.(?:Ev|Pa) \Q$default\E\b/m, "$default is the same in both";
}

SKIP: {
    my ($status, $output) = run(['sh', '-c', 'command -v mandoc >/dev/null || exit 77; mandoc -T lint -W warning docs/man/uapictl.1 | grep -v outdated']);
    skip 'no mandoc here', 1 if $status == 77;
    is $output, '', 'mandoc has nothing to say';
}
done_testing;
