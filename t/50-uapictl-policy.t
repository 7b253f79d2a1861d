# Licensed under the Apache License, Version 2.0; see LICENSE.
# policy lint: errors where compilers put them, as JSON, a summary, and the exit status that a pipeline goes by.
use lib 't/lib';
use Uapi::Test;
use Uapi::Uapictl;

my $folder = workspace();
my $good = spew("$folder/good.yaml", <<'END');
apiVersion: uapi/v1
kind: Policy
metadata: {name: support-agents, tenant: acme}
spec:
  rules:
    - {id: read, effect: allow, server: github, tools: ["get_*"]}
    - {id: no-deletes, effect: deny, tools: ["*delete*"]}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: github}
spec: {}
END
my $bad = spew("$folder/bad.yaml", <<'END');
apiVersion: uapi/v1
kind: Policy
metadata: {name: other}
spec:
  rulez: []
  rules:
    - {id: read, effect: permit}
END

my $answer = uapictl('policy', 'lint', $good);
done($answer, 'a good file');
like $answer->{output}, qr/^1 policy, 2 rules, 1 server, 0 firewalls; 0 errors, \d+ warnings?\n\z/m, 'its summary';
is_deeply [grep { $_->{level} eq 'error' } @{ json_of('policy', 'lint', $good) }], [], 'as JSON';

$answer = uapictl('policy', 'lint', $good, $bad);
is $answer->{status}, 1, 'a bad file among others';
is $answer->{errors}, '', 'what was found is output';
like $answer->{output}, qr/^\Q$bad\E:5:3: error: .*rulez/m, 'file, line, column';
like $answer->{output}, qr/^\Q$bad\E:7:\d+: error: .*permit/m, 'and more than one';
like $answer->{output}, qr/^\d+ errors, \d+ warnings?\n\z/m, 'the sum';

$answer = uapictl('policy', 'lint', $bad, '--json');
is $answer->{status}, 1, 'as JSON: the status';
my $found = from_json($answer->{output});
is_deeply [sort keys %{ $found->[0] }], [qw(column file level line message)], 'what each has';
is_deeply [@{ $found->[0] }{qw(file line column level)}], [$bad, 5, 3, 'error'], 'the first';

$answer = uapictl('policy', 'lint', $folder);
is $answer->{status}, 1, 'a folder';
like $answer->{output}, qr/bad\.yaml:5:3: error/, 'names the file in it';
my $hostile = spew("$folder/hostile.yaml", "apiVersion: uapi/v1\nkind: \"Pol\\e[2Jicy\"\n");
unlike uapictl('policy', 'lint', $hostile)->{output}, qr/\x1b/, 'a file cannot move the cursor';
for my $path ("$folder/missing.yaml", '/dev/null/x') {
    $answer = uapictl('policy', 'lint', $path);
    is $answer->{status}, 1, "$path: status";
    like $answer->{output} . $answer->{errors}, qr/\Q$path\E/, '  named';
}
done_testing;
