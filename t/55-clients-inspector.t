# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# The MCP inspector's command line through a guarded route, in both eras: what it prints, and its exit status.
use lib 't/lib';
use Uapi::Test;
use Uapi::Client;
use Uapi::ClientTest;

my $inspector = out('clients/node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js');

my $home = File::Temp->newdir('uapi-inspector-XXXXXX', TMPDIR => 1);

# The exit status, what it printed (decoded) and what it complained of.
sub inspect {
    my ($route, $era, $method, @options) = @_;
    my ($status, $output, $errors) = run([Uapi::Client::node(), $inspector, '--cli', $route->{url}, '--transport', 'http',
        '--protocol-era', $era, '--format', 'json', '--stored-auth-only', '--quiet', '--method', $method, @options],
        environment => { HOME => "$home" });
    return ($status, scalar(eval { from_json($output) }), $errors);
}

for my $era (qw(legacy modern)) {
    my $route = guarded_route($era);
    my @auth = ('--header', 'Authorization: Bearer ' . $route->{registry}->token);
    my ($status, $answer, $errors) = inspect($route, $era, 'tools/list', @auth);
    is $status, 0, "$era: tools/list" or diag $errors;
    my %tools = map { $_->{name} => 1 } @{ $answer->{result}{tools} || [] };
    ok $tools{test_simple_text} && !$tools{test_image_content}, "$era: what policy allows, and not what it denies" or diag explain $answer;

    ($status, $answer, $errors) = inspect($route, $era, 'tools/call', '--tool-name', 'tell_secret', @auth);
    is $status, 0, "$era: tools/call" or diag $errors;
    like $answer->{result}{content}[0]{text}, qr/^The key is \[REDACTED/, "$era: redacted";

    ($status, $answer) = inspect($route, $era, 'resources/read', '--uri', 'test://static-text', @auth);
    like $answer->{result}{contents}[0]{text}, qr/static text resource/, "$era: resources/read";
    ($status, $answer) = inspect($route, $era, 'prompts/get', '--prompt-name', 'test_simple_prompt', @auth);
    like $answer->{result}{messages}[0]{content}{text}, qr/simple prompt/, "$era: prompts/get";

    ($status, $answer, $errors) = inspect($route, $era, 'tools/call', '--tool-name', 'test_simple_text', '--tool-arg',
        'key=' . join('', 'AK', 'IA', 'QYLPMN5HFIQR7BBB'), @auth);
    isnt $status, 0, "$era: a blocked call fails";
    like $errors, qr/The content of the call was found unsafe/, "$era: and says why";

    ($status, $answer, $errors) = inspect($route, $era, 'tools/list', '--header', 'Authorization: Bearer nonsense');
    isnt $status, 0, "$era: so does a wrong token";
    $route->{server}->stop;
}

my $gateway = universal_gateway();
my @auth = ('--header', 'Authorization: Bearer ' . $gateway->{registry}->token);
for my $era (qw(legacy modern)) {
    my $route = { url => $gateway->{httpd}->url('/mcp') };
    my ($status, $answer, $errors) = inspect($route, $era, 'tools/list', @auth);
    my %tools = map { $_->{name} => 1 } @{ $answer->{result}{tools} || [] };
    is_deeply [grep { $tools{$_} } map { ("legacy__$_", "modern__$_") } qw(test_simple_text test_image_content)], [qw(legacy__test_simple_text modern__test_simple_text)],
        "$era: the universal gateway's list" or diag $errors;
    ($status, $answer, $errors) = inspect($route, $era, 'tools/call', '--tool-name', "${_}__tell_secret", @auth),
        like $answer->{result}{content}[0]{text}, qr/^The key is \[REDACTED/, "$era: a call of a $_ server" or diag $errors for qw(legacy modern);
}
$_->stop for values %{ $gateway->{servers} };
done_testing;
