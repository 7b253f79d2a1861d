# Licensed under the Apache License, Version 2.0; see LICENSE.
# Every unit test and every fuzz corpus again under valgrind: no invalid access, no value used before it is set, nothing
# lost. The sanitizers do not see the second.
use lib 't/lib';
use Uapi::Test timeout => 1500;
use Uapi::Httpd;
use File::Basename qw(basename);

my $out = Uapi::Httpd::out();
my @programs = grep { -f && -x } glob("$out/t/00-*.t"), glob("$out/fuzz/*");
cmp_ok scalar @programs, '>', 0, 'there are programs to run';

my %not_here = ('00-audit_ring.t' => 'steps through its producers with ptrace, which would step through valgrind itself');

# UAPI_SLOW tells a test that each step costs fifty times as much: fewer rounds will do.
my @valgrind = qw(valgrind --quiet --error-exitcode=99 --fair-sched=yes --leak-check=full --errors-for-leak-kinds=definite --num-callers=20);
push @valgrind, '--suppressions=t/valgrind.supp' if -e 't/valgrind.supp';

for my $program (@programs) {
    if (my $reason = $not_here{ basename($program) }) {
        SKIP: { skip $reason, 1 }
        next;
    }
    my ($status, $output, $errors) = run([@valgrind, $program], seconds => 600, environment => { UAPI_SLOW => 1 });
    is $status, 0, basename($program) or diag join "\n", grep { /^==\d+==|^not ok/ } split /\n/, "$output$errors";
}

done_testing;
