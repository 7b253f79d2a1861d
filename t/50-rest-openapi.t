# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# A REST service on node's http behind the gateway, its operations taken from its OpenAPI document.
use lib 't/lib';
use Uapi::Test;
use Uapi::Uapictl;
use File::Temp qw(tempdir);
use Uapi::Process qw(spawn);

# ---- what came of the example
my $folder = workspace();
my $listed = json_of('policy', 'operations', 'policies/examples/rest.yaml');
is_deeply [map { "$_->{server} $_->{operation} $_->{method} $_->{path}" } @$listed], [
    'billing customer_create POST /v1/customers', 'billing customer_delete DELETE /v1/customers/{customer}', 'billing customer_get GET /v1/customers/{customer}',
    'billing customer_list GET /v1/customers', 'billing customer_search GET /v1/customers/search', 'billing post_charges_charge_capture POST /v1/charges/{charge}:capture',
    'billing refund_create POST /v1/charges/{charge}/refunds', 'billing refund_list GET /v1/charges/{charge}/refunds', 'billing report_get GET /reports/{name}.csv',
], 'the operations of the example, as JSON';
like uapictl('policy', 'operations', 'policies/examples/rest.yaml')->{output}, qr/^SERVER +OPERATION +METHOD +PATH\nbilling +customer_create +POST +\/v1\/customers$/m, 'and as a table';
is uapictl('policy', 'operations', 'policies/examples/servers.yaml')->{output}, "no operations\n", 'none';

# ---- documents, and what is wrong with them
my $number = 0;
sub lint {
    my ($document, %option) = @_;
    my $name = 'd' . $number++ . ($option{suffix} // '.yml');
    spew("$folder/$name", $document) if defined $document;
    my $policy = spew("$folder/policy.yaml", "apiVersion: uapi/v1\nkind: Server\nmetadata: {name: s}\nspec:\n  openapi: " . ($option{file} // $name) . "\n" . ($option{more} // ''));
    my $answer = uapictl('policy', 'lint', $policy);
    $answer->{output} =~ s/^\Q$folder\E\/d\d+//mg;
    $answer->{output} =~ s/\Q$folder\E\///g;
    $answer->{output} =~ s/ at d\d+/ at /g;
    $answer->{output} =~ s/^\d.* warnings?\n\z//m;
    return $answer->{output};
}
sub paths { my ($text, $head) = @_; return "openapi: 3.0.3\n" . ($head // "\n") . "paths:\n$text" }
sub names { lint(@_); return [map { "$_->{operation} $_->{path}" } @{ json_of('policy', 'operations', "$folder/policy.yaml") }] }
is_deeply names(paths("  /a:\n    get: {responses: {200: {description: x}, default: {description: y}}}\n  x-more: 5\n")), ['get_a /a'], 'YAML with status codes as numbers';
is_deeply names(paths("  /a: {get: {}}\n", "servers: [{url: \"http://x/v1/\"}, {url: /v1}]\n")), ['get_a /v1/a'], 'servers that agree';
is_deeply names(paths("  /a: {get: {}}\n", "servers: [{url: \"https://{host}/v1\"}]\n")), ['get_a /v1/a'], 'a variable in the host';
is_deeply names(paths("  /a: {get: {}}\n", "servers: [{url: \"/{v}\"}]\n"), more => "  base_path: /v2/\n"), ['get_a /v2/a'], 'base_path says it';
is_deeply names(paths("  /a: {get: {}, trace: {}}\n"), more => "  base_path: /\n"), ['get_a /a'], 'base_path / is none; no trace';
is_deeply names(paths("  /a: {\$ref: \"#/paths/~1b\"}\n  /b: {get: {}}\n")), ['get_a /a', 'get_b /b'], 'a $ref to another path';
is_deeply names('{"openapi":"3.1.0","paths":{"/a":{"put":{"operationId":"x/y-z.1"}}}}', suffix => '.json'), ['x/y-z.1 /a'], 'JSON';
for (
    [paths("  /a: {get: {}}\n", "servers: [{url: /v1}, {url: /v2}]\n"), qr/^\.yml:2:23: error: the servers have different paths: write "base_path" beside "openapi"$/m],
    [paths("  /a: {get: {}}\n", "servers: [{url: \"/{v}\"}]\n"), qr/^\.yml:2:17: error: this server's path is not known/m],
    [paths("  /a: {get: {}}\n", "servers: [{}]\n"), qr/^\.yml:2:11: error: a server needs "url"/m],
    [paths("  /a: {\$ref: other.yaml}\n"), qr/^\.yml:4:14: error: only a \$ref into this document/m],
    [paths("  /a: {\$ref: \"https://x.example/a\"}\n"), qr/^\.yml:4:14: error: only a \$ref into this document/m],
    [paths("  /a: {\$ref: \"#/components/x\"}\n"), qr/^\.yml:4:14: error: this \$ref leads nowhere/m],
    [paths("  /a: {\$ref: \"#/paths/~1a\"}\n"), qr/^\.yml:4:14: error: too long a chain of \$ref/m],
    [paths("  /a: {\$ref: \"#/paths/~1b\", get: {}}\n  /b: {get: {}}\n"), qr/^\.yml:4:14: error: a path item has either \$ref or operations of its own/m],
    [paths("  /a: {get: {}, servers: []}\n"), qr/^\.yml:4:17: error: servers of single paths/m],
    [paths("  /a: {get: {servers: []}}\n"), qr/^\.yml:4:14: error: servers of single operations/m],
    [paths("  /a: {get: 5}\n"), qr/^\.yml:4:13: error: an operation must be a mapping/m],
    [paths("  /a: {get: {operationId: [x]}}\n"), qr/^\.yml:4:27: error: "operationId" must be a string/m],
    [paths("  /a: {get: {operationId: \"a b\"}}\n"), qr/^\.yml:4:27: error: operation "a b" is no name/m],
    [paths("  /a: {get: {operationId: x}}\n  /b: {get: {operationId: x}}\n"), qr/^\.yml:5:27: error: operation "x" is defined twice, first at \.yml:4:27$/m],
    [paths("  /a/{x}: {get: {}}\n  /{y}/b: {get: {}}\n"), qr/^\.yml:5:3: error: GET \/\{y\}\/b can match the same path as \/a\/\{x\} of operation "get_a_x" at \.yml:4:3,/m],
    [paths("  a: {get: {}}\n"), qr/^\.yml:4:3: error: a path must begin with a slash/m],
    [paths("  /a?b=c: {get: {}}\n"), qr/^\.yml:4:3: error: path "\/a\?b=c" has a character/m],
    [paths("  /a: {get: {}, get: {}}\n"), qr/^\.yml:4:17: error: duplicate key "get"/m],
    ["swagger: \"2.0\"\npaths: {}\n", qr/^\.yml:1:1: error: this is no OpenAPI document of version 3\.0 or 3\.1/m],
    ["openapi: 3.2.0\npaths: {}\n", qr/^\.yml:1:1: error: this is no OpenAPI document/m],
    ["openapi: 3.1.0\n", qr/^\.yml:1:1: error: the document has no "paths"/m],
    ["a: 1\n---\nb: 2\n", qr/^policy\.yaml:5:12: error: ".*" must hold one document/m],
    ['', qr/^policy\.yaml:5:12: error: ".*" must hold one document/m],
    [undef, qr/^policy\.yaml:5:12: error: ".*none\.yml" cannot be read: No such file/m, file => 'none.yml'],
    [undef, qr/^policy\.yaml:5:12: error: "\/dev\/zero" is no file/m, file => '/dev/zero'],
    [' ' x (4 * 1024 * 1024 + 1), qr/error: larger than 4 MiB/],
    [paths("  /a: {get: {}}\n"), qr/^policy\.yaml:6:14: error: "base_path" does not begin with a slash/m, more => "  base_path: v1\n"],
) {
    my ($document, $expected, %option) = @$_;
    like lint($document, %option), $expected, 'error: ' . substr $expected, 4, 90;
}

# ---- the service itself
is system('build/node'), 0, 'node is there' or exit 1;
my $port = free_port();
my $log = tempdir(CLEANUP => 1);
spew("$log/log", "");
my $service = spawn([out('node/bin/node'), 't/node/billing.mjs', $port], "$log/log");
END { kill TERM => $service if $service }
ok wait_for(10, sub { slurp("$log/log") =~ /ready/ }), 'the service is ready' or diag slurp("$log/log");
my $registry = make_registry(roles => ['support']);
my $httpd = httpd(<<"CONF", children => 1);
@{[ $registry->config ]}
UapiPolicy "@{[ $registry->file('rest.yaml', slurp('policies/examples/rest.yaml') =~ s/  credential:.*?(?=  openapi)//sr =~ s{billing\.openapi}{@{[ File::Spec->rel2abs('policies/examples') ]}/billing.openapi}r) ]}"
<Location "/billing">
    UapiEngine on
    UapiProtocol rest
    UapiServer billing
    ProxyPass "http://127.0.0.1:$port"
</Location>
CONF
sub call { my ($method, $path, $body) = @_; my $answer = http($method, $httpd->url("/billing$path"), headers => [Authorization => 'Bearer ' . $registry->token, defined $body ? ('Content-Type' => 'application/json') : ()], defined $body ? (body => $body) : ()); return ($answer->{status}, eval { from_json($answer->{body}) }) }
is_deeply [call('GET', '/v1/customers/cus_1')], [200, { id => 'cus_1', name => 'Ada' }], 'an operation that policy allows';
is_deeply [call('POST', '/v1/charges/ch_1/refunds', '{"amount":5}')], [201, { id => 're_1', charge => 'ch_1', amount => 5 }], 'one with a body';
is_deeply [call('GET', '/v1/charges/ch_1/refunds')], [200, { data => [{ id => 're_1', charge => 'ch_1', amount => 5 }] }], 'and what it did';
is((call('DELETE', '/v1/customers/cus_1'))[1]{reason}, 'policy.denied', 'one that policy denies');
is((call('POST', '/v1/customers', '{}'))[1]{reason}, 'policy.default_deny', 'one that it does not allow');
is((call('POST', '/v1/charges/ch_1:capture', '{}'))[1]{operation}, 'post_charges_charge_capture', 'one without an operationId');
is((call('PATCH', '/v1/customers/cus_1', '{}'))[1]{reason}, 'operation.unknown', 'what the document does not have');
is((call('GET', '/v1/customers/cus_9'))[0], 404, "the service's own 404");
is((call('GET', '/v1/customers/cus_1'))[0], 200, 'nobody deleted the customer');
done_testing;
