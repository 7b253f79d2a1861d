# Licensed under the Apache License, Version 2.0; see LICENSE.
# uapi-plugin-check: what is in order passes (all plugins that are shipped, too), and each fault of t/plugins/careless.c is told.
use lib 't/lib';
use Uapi::Test timeout => 240;
use File::Temp ();

my $program = out('uapi-plugin-check');
my $careless = out('t/plugins/careless.so');

sub checked {
    my ($plugin, @options) = @_;
    my ($status, $output, $errors) = run([$program, '--json', '--milliseconds', 50, @options, $plugin], seconds => 100);
    my $answer = eval { from_json($output) } || {};
    return ($status >> ($status > 255 ? 8 : 0), $answer, "$output$errors");
}
sub faults { my ($answer) = @_; return join ' ', map { "$_->{check}: $_->{message}" } grep { $_->{level} eq 'fault' } @{ $answer->{checks} } }

for my $plugin ((sort glob out('plugins/*.so')), out('t/plugins/witness.so'), $careless) {
    my ($status, $answer, $all) = checked($plugin);
    my ($name) = $plugin =~ m{([^/]+)$};
    is $status, 0, "$name: no fault" or diag $all;
    ok $answer->{sound}, '  and said';
    is_deeply [sort keys %{ { map { $_->{check} => 1 } @{ $answer->{checks} } } }], [sort qw(symbols contract process hostile streams threads leaks stop time)],
        '  after all checks';
    is_deeply [grep { /title/ } map { $_->{message} } @{ $answer->{checks} }], [], '  its rules have titles' if $plugin =~ m{/plugins/scanner_\w+\.so$};
    cmp_ok $answer->{figures}{ns_per_kib}, '>', 0, '  with its time';
}

for (
    [range => qr/^contract: verify returned a range that is none of the text/],
    [rule => qr/^contract: verify returned a rule that does not exist/],
    [answer => qr/^contract: verify returned an answer that is none of uapi_judgement/],
    [crash => qr/^contract: it crashed with signal 6/],
    [environment => qr/^process: it changed the environment/],
    [overread => qr/^hostile: it crashed with signal 11/],
    [quadratic => qr/^hostile: its time is not linear/],
    [race => qr/^threads: with 8 threads, \d+ texts had other findings/],
    ['leak-text' => qr/^leaks: each round over the same texts leaves \d+ bytes more/],
    ['leak-life' => qr/^leaks: each life from create to destroy leaves \d+ bytes more/],
    [file => qr/^stop: 1 file descriptors are open/],
    [thread => qr/^stop: it crashed|^stop: 1 of its threads/],
) {
    my ($fault, $says) = @$_;
    my ($check) = $says =~ /\^(\w+):/;
    my ($status, $answer, $all) = checked($careless, '--option', "fault=$fault", '--only', $check);
    # two threads must meet: on a machine that is busy with other things that may take more than one trial
    for (my $more = 0; $fault eq 'race' && $status == 0 && $more < 10; $more++) {
        ($status, $answer, $all) = checked($careless, '--option', "fault=$fault", '--only', $check, '--milliseconds', 500);
    }
    is $status, 1, "$fault: a fault";
    ok !$answer->{sound}, '  and said';
    like faults($answer), $says, '  by its name' or diag $all;
}
my ($status, $answer) = checked($careless, '--option', 'fault=joined');
is $status, 0, 'a thread that stop ends is none';
($status, $answer) = checked($careless, '--option', 'colour=red');
like faults($answer), qr/^contract: .*has no option called colour/, 'what configtest refuses is refused';
is_deeply [map { $_->{check} } @{ $answer->{checks} }], [qw(symbols contract)], '  and not tried further';

# ------------------------------------------------------------------------------------------------ the command line
($status, my $output) = run([$program, '--help']);
is $status, 0, '--help';
like $output, qr/^  hostile +\S/m, '  lists the checks';
my $page = slurp('docs/man/uapi-plugin-check.1');
is_deeply [sort $page =~ /^\.It Cm (\w+)$/mg], [sort map { /^  ([a-z]+) / ? $1 : () } split /\n/, ($output =~ /^checks:\n(.*)/ms)[0]], '  as the manual does';
is_deeply [sort $page =~ /^\.It Fl -(\w+)/mg], [sort grep { !/help|version/ } $output =~ /^  --(\w+)/mg], '  and the options';
($status, $output) = run([$program, '--version']);
like $output, qr/plugin ABI \d+\.\d+$/, '--version';
for ([], ['--only', 'magic', $careless], ['--threads', 0, $careless], ['--threads'], ['--colour', 'red', $careless], [$careless, $careless], ['/nonexistent.so']) {
    ($status, $output, my $errors) = run([$program, @$_]);
    is $status >> ($status > 255 ? 8 : 0), 2, "usage: @$_";
    like $errors, qr/^uapi-plugin-check: /, '  and why';
}

# ------------------------------------------------------------------------------------------------ as the manual says: ThreadSanitizer
SKIP: {
    my (undef, $runtime) = run(['gcc', '-print-file-name=libtsan.so']);
    chomp $runtime;
    skip 'no ThreadSanitizer here', 2 unless -e $runtime;
    my $folder = File::Temp->newdir;
    chmod 0755, "$folder";
    my @build = ('gcc', qw(-g -O1 -std=gnu11 -fsanitize=thread -fPIC -shared -Imod_uapi/include -o), "$folder/careless.so", 't/plugins/careless.c');
    is +(run(\@build))[0], 0, 'a build with ThreadSanitizer';
    chmod 0755, "$folder/careless.so";
    my ($ended, $said, $told) = run([$program, '--only', 'threads', '--milliseconds', 100, '--option', 'fault=race', "$folder/careless.so"],
        environment => { TSAN_OPTIONS => 'exitcode=66', LD_PRELOAD => $runtime }, seconds => 100);
    if ($told =~ /unexpected memory mapping/) {
        skip 'ThreadSanitizer does not run here', 1;
    }
    like "$said$told", qr/data race.*exit status 66|exit status 66.*data race/s, '  tells the race';
}
done_testing;
