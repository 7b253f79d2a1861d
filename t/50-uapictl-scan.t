# Licensed under the Apache License, Version 2.0; see LICENSE.
# scan: JSON lines and plain texts, byte offsets, directions, policies, plugins, bad input, and two programs that talk over pipes.
use lib 't/lib';
use Uapi::Test;
use Uapi::Uapictl;
use IPC::Open2 ();

my $folder = workspace();
my $plugin = out('plugins/scanner_secrets.so');
my $secret = 'ghp_' . 'Ab3dE6gH9j' x 3 . 'kLmNoP';

sub jsonl {
    my ($input, @options) = @_;
    my $answer = uapictl('scan', '--jsonl', @options, { stdin => $input });
    return ($answer->{status}, [map { from_json($_) } split /\n/, $answer->{output}], $answer);
}

# A secret that the plugin finds: its own choice of checks decides which forms pass.
sub finds { return scalar @{ (jsonl(to_json({ text => $_[0] }) . "\n"))[1][0]{findings} || [] } }
($secret) = grep { finds($_) } $secret, 'AKIAIOSFODNN7EXAMPLE', 'AKIAQYLPMN5HHHFPZAM2';
ok defined $secret, 'the shipped scanner is found beside the program and knows a secret' or BAIL_OUT('nothing to scan for');

subtest 'JSON lines' => sub {
    my ($status, $answers) = jsonl(join "\n", to_json({ text => "a $secret b" }), '{"id":7,"text":"nothing here","label":true}',
        "{\"text\":\"\\u00e9\\ud83d\\ude00 $secret\"}", '{"text":""}', to_json({ text => "$secret $secret" }));
    is $status, 0, 'findings are no failure';
    is scalar @$answers, 5, 'an answer a line, the last one without its newline too';
    my $found = $answers->[0]{findings}[0];
    is_deeply [sort keys %$found], [qw(end rule scanner severity start)], 'what a finding has';
    is_deeply [@$found{qw(scanner start end)}], ['secrets', 2, 2 + length $secret], 'bytes';
    like $found->{rule}, qr/^secrets\.[a-z0-9_]+$/, 'the rule';
    like $found->{severity}, qr/^(low|medium|high|critical)$/, 'the severity';
    is_deeply $answers->[1], { findings => [] }, 'other members are ignored, nothing is nothing';
    is $answers->[2]{findings}[0]{start}, 7, 'bytes of the unescaped text';
    is_deeply $answers->[3], { findings => [] }, 'an empty text';
    is_deeply [map { $_->{start} } @{ $answers->[4]{findings} }], [0, 1 + length $secret], 'two in one text, in order';
    is +(jsonl(to_json({ text => $secret }), '--fail-on-finding'))[0], 1, '--fail-on-finding';
    is +(jsonl(to_json({ text => 'clean' }), '--fail-on-finding'))[0], 0, '  and nothing found';
    is +(jsonl(''))[0], 0, 'no input';
    my $file = spew("$folder/lines.jsonl", to_json({ text => $secret }) . "\n");
    is scalar @{ from_json(uapictl('scan', '--jsonl', $file)->{output})->{findings} }, 1, 'from a file';
    is index(uapictl('scan', '--jsonl', $file)->{output}, $secret), -1, 'the matched text is not printed';
    (my $nul, $found) = jsonl('{"text":"a\u0000b ' . $secret . "\"}\n");
    is_deeply [$nul, $found->[0]{findings}[0]{start}], [0, 4], 'a NUL, which no call may hold, is text to be judged here';
};

subtest '--explain' => sub {
    my $pack = spew("$folder/pack.yaml", <<'YAML');
apiVersion: uapi/v1
kind: PatternPack
metadata: {name: house}
spec:
  rules: [{id: badge, title: "a \"badge\"", severity: high, regex: 'BADGE-[0-9]{4}'}]
---
apiVersion: uapi/v1
kind: Firewall
metadata: {name: main}
spec:
  rules: [{id: logged, scanners: [house], action: log}, {id: trial, scanners: [house], action: block, mode: shadow}]
  allow: [{id: visitor, owner: desk, reason: nobody, expires: 2099-12-31, scanners: [house], value: {exact: BADGE-0000}}]
YAML
    my @options = ('--policy', $pack, '--explain');
    my ($status, $answers) = jsonl(to_json({ text => 'BADGE-1234 BADGE-0000' }) . "\n", @options);
    my ($first, $second) = @{ $answers->[0]{findings} };
    is_deeply [@$first{qw(rule action title by shadow)}], ['house.badge', 'log', 'a "badge"', 'main/logged', 'block'], 'what it is, and what says so'
        or diag explain $answers;
    is_deeply [@$second{qw(action allowed)}, exists $second->{by}], ['allow', 'main/visitor', ''], 'the exception that lets it pass';
    my $text = uapictl('scan', @options, { stdin => 'BADGE-1234' })->{output};
    like $text, qr/house\.badge .*: log\n    what: a "badge"\n    action by: main\/logged\n    in shadow: block\n/, 'for people';
    my ($found) = @{ from_json(uapictl('scan', '--json', @options, { stdin => 'BADGE-1234' })->{output})->{findings} };
    is_deeply [@$found{qw(title by)}], ['a "badge"', 'main/logged'], 'and as JSON';
    like uapictl('scan', '--explain', { stdin => $secret })->{output}, qr/^    what: \S.*\n    why: \S/m, 'what a plugin has to say';
};

subtest 'lines that are none' => sub {
    my @bad = (['nope', 'json.syntax'], ['', 'json.syntax'], ['[]', 'input.invalid'], ['"text"', 'input.invalid'],
        ['{"x":"text"}', 'input.invalid'], ['{"text":1}', 'input.invalid'], ['{"text":null}', 'input.invalid'],
        ['{"text":"a","text":"b"}', 'json.duplicate_key'], ["{\"text\":\"\xff\"}", 'json.utf8'],
        ['{"text":"\ud800"}', 'json.utf8'], ['{"text":"a"} x', 'json.trailing'], ['{"text":"a","b":' . '[' x 100, 'json.depth']);
    my $good = to_json({ text => $secret });
    my ($status, $answers, $raw) = jsonl(join '', map { "$_->[0]\n$good\n" } @bad);
    is $status, 1, 'status 1 at the end';
    is $raw->{errors}, '', 'and nothing on standard error';
    is scalar @$answers, 2 * @bad, 'a line each';
    for my $i (0 .. $#bad) {
        my $error = $answers->[2 * $i]{error} || {};
        is_deeply [@$error{qw(reason line)}], [$bad[$i][1], 2 * $i + 1], substr("error: $bad[$i][0]", 0, 40);
        is scalar @{ $answers->[2 * $i + 1]{findings} || [] }, 1, '  the next line is scanned';
    }
    ($status, $answers) = jsonl('{"text":"' . 'x' x (65 * 1024 * 1024) . "\"}\n$good\n");
    like $answers->[0]{error}{message}, qr/longer than 64 MiB/, 'an endless line';
    is scalar @{ $answers->[1]{findings} }, 1, '  is passed over';
};

subtest 'many lines' => sub {
    my $lines = 50_000;
    my $file = spew("$folder/many.jsonl", join '', map { to_json({ text => $_ % 10 ? "line $_" : "line $_ $secret" }) . "\n" } 1 .. $lines);
    my @answers = split /\n/, uapictl('scan', '--jsonl', $file)->{output};
    is scalar @answers, $lines, 'an answer each';
    is_deeply [grep { ($answers[$_ - 1] =~ /scanner/ ? 1 : 0) != ($_ % 10 ? 0 : 1) } 1 .. $lines], [], 'each in its place';
    my ($status) = run(['sh', '-c', '"$0" scan --jsonl "$1" | head -n 1 >/dev/null', out('uapictl'), $file]);
    is $status, 0, 'a reader may leave early';
};

subtest 'line by line over two pipes' => sub {
    my $pid = IPC::Open2::open2(my $reader, my $writer, out('uapictl'), 'scan', '--jsonl');
    $writer->autoflush;
    for my $text ('clean', $secret) {
        print $writer to_json({ text => $text }), "\n";
        is scalar @{ from_json(scalar <$reader>)->{findings} }, $text eq $secret ? 1 : 0, 'an answer before the next question';
    }
    close $writer;
    waitpid $pid, 0;
    is $?, 0, 'the end';
};

subtest 'texts' => sub {
    my $one = spew("$folder/one.txt", "first\n  see  $secret\n\n$secret");
    my $two = spew("$folder/two.txt", 'clean');
    my $answer = uapictl('scan', $one, $two);
    done($answer, 'two files');
    like $answer->{output}, qr/\A\Q$one\E:2:8: \w+: secrets\.\w+ \(bytes 13 to \d+\): block\n\Q$one\E:4:1: .*\n2 findings\n\z/, 'where they are';
    is index($answer->{output}, $secret), -1, 'without the text';
    is uapictl('scan', $one, '--fail-on-finding')->{status}, 1, '--fail-on-finding';
    is uapictl('scan', $two, '--fail-on-finding')->{status}, 0, '  and nothing found';
    my $value = json_of('scan', $one);
    is_deeply [map { "$_->{line}:$_->{column} $_->{start} $_->{action}" } @{ $value->{findings} }],
        ['2:8 13 block', '4:1 ' . (15 + length $secret) . ' block'], 'as JSON';
    is json_of('scan', '--direction', 'response', $one)->{findings}[0]{action}, 'redact', 'the other way';
    is scalar @{ json_of('scan', { stdin => $secret })->{findings} }, 1, 'standard input';
    is scalar @{ json_of('scan', '-', { stdin => $secret })->{findings} }, 1, '  by its name';
    $answer = uapictl('scan', "$folder/missing", $one);
    is $answer->{status}, 1, 'a file that is not there';
    like $answer->{errors}, qr/\Auapictl: .*missing: No such file/, '  is told';
    like $answer->{output}, qr/2 findings/, '  and the others are scanned';
    $answer = uapictl('scan', "$folder/missing", $folder, $one, '--json');
    is $answer->{status}, 1, '  as JSON';
    is_deeply [map { $_->{reason} } @{ from_json($answer->{output})->{errors} }], ['system.error', 'system.error'], '  with an error each';
};

subtest 'a policy' => sub {
    my $policy = spew("$folder/firewall.yaml", "apiVersion: uapi/v1\nkind: Firewall\nmetadata: {name: f}\n"
        . "spec:\n  scanners:\n    secrets: {request: log, response: allow}\n");
    is json_of('scan', '--policy', $policy, { stdin => $secret })->{findings}[0]{action}, 'log', 'says what becomes of a finding';
    is_deeply json_of('scan', '--policy', $policy, '--direction', 'response', { stdin => $secret })->{findings}, [], '  and what is none';
    spew($policy, "apiVersion: uapi/v1\nkind: Firewall\nmetadata: {name: f}\nspec:\n  scanners:\n    secrts: {request: log}\n");
    refused(uapictl('scan', '--policy', $policy, { stdin => '' }), qr/\Q$policy\E:6:\d+.*secrts/, 'a scanner that is none');
    spew($policy, "apiVersion: uapi/v1\nkind: Firewal\n");
    refused(uapictl('scan', '--policy', $policy, { stdin => '' }), qr/\Q$policy\E:2:7/, 'an error in it');
};

subtest 'plugins' => sub {
    is scalar @{ json_of('scan', '--plugin', $plugin, { stdin => $secret })->{findings} }, 1, 'by path';
    my $relative = File::Spec->abs2rel($plugin);
    is scalar @{ json_of('scan', '--plugin', $relative, { stdin => $secret })->{findings} }, 1, 'by a relative path';
    my $file = spew("$folder/no-plugin.so", 'x' x 100);
    refused(uapictl('scan', '--plugin', $file, { stdin => '' }), qr/\Q$file\E/, 'what is none');
    chmod 0777, $file;
    refused(uapictl('scan', '--plugin', $file, { stdin => '' }), qr/chmod/, 'what others may write to');
    my $away = "$folder/bin";
    mkdir $away or die;
    run(['cp', out('uapictl'), "$away/uapictl"]);
    my ($status, $output, $errors) = run(["$away/uapictl", 'scan'], stdin => '');
    is $status, 1, 'a program without plugins beside it';
    like $errors, qr{no plugin in \Q$away\E/plugins,.*/lib/uapi/plugins}, '  says where it looked';
    run(['mkdir', '-p', "$folder/lib/uapi/plugins"]);
    run(['cp', $plugin, "$folder/lib/uapi/plugins/"]);
    ($status, $output) = run(["$away/uapictl", 'scan', '--json'], stdin => $secret);
    is scalar @{ from_json($output)->{findings} }, 1, '  and finds them where install puts them';
};
done_testing;
