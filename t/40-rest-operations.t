# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Operations of a REST service: rules speak of them by name, and no spelling of a path or method makes one look like another.
use lib 't/lib';
use Uapi::Test;
use IO::Socket::UNIX;

my $upstream = upstream(sub { my ($request, $reply) = @_; $reply->json({ target => $request->{target}, method => $request->{method} }) });
my $registry = make_registry(roles => ['support']);
my $policy = $registry->file('policy.yaml', <<'YAML');
apiVersion: uapi/v1
kind: Server
metadata: {name: billing}
spec:
  protocol: rest
  operations:
    customer_list: {method: GET, path: /v1/customers}
    customer_get: {method: GET, path: "/v1/customers/{id}"}
    customer_all: {method: GET, path: /v1/customers/all}
    customer_delete: {method: DELETE, path: "/v1/customers/{id}"}
    refund_create: {method: POST, path: "/v1/customers/{id}/refunds"}
    order_cancel: {method: POST, path: "/v1/orders/{id}:cancel"}
    admin_get: {method: GET, path: /v1/admin}
---
apiVersion: uapi/v1
kind: Policy
metadata: {name: support}
spec:
  subjects: [{type: agent, roles: [support]}]
  rules:
    - {id: look, effect: allow, server: billing, tools: ["*_get", "*_list"]}
    - {id: refund, effect: allow, server: billing, tools: [refund_create]}
    - {id: cancel, effect: allow, server: billing, methods: [http/POST]}
    - {id: no-admin, effect: deny, server: billing, tools: ["admin_*"]}
    - {id: everything, effect: allow, server: open}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: open}
spec:
  operations:
    thing_get: {method: GET, path: "/v1/things/{id}"}
YAML

sub routes {
    my ($directives, $option, $base) = @_;
    return <<"CONF";
$directives
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiEngine on
UapiProtocol rest
ProxyPass "/billing" "@{[ $upstream->url($base // '') ]}" $option
ProxyPass "/open" "@{[ $upstream->url('') ]}" $option
<Location "/billing">
    UapiServer billing
</Location>
<Location "/open">
    UapiServer open
</Location>
CONF
}

my $httpd = httpd(routes('', ''), children => 1);
my @auth = (Authorization => 'Bearer ' . $registry->token);
sub call {
    my ($method, $path, %option) = @_;
    my $answer = http($method, $httpd->url("/billing$path"), headers => [@auth, @{ $option{headers} || [] }], defined $option{body} ? (body => $option{body}) : ());
    $answer->{problem} = eval { from_json($answer->{body}) } || {};
    return $answer;
}

# ---- rules speak of operations
my @cases = (
    ['GET', '/v1/customers', 200], ['GET', '/v1/customers?limit=3', 200], ['GET', '/v1/customers/5', 200],
    ['GET', '/v1/customers/a%20b', 200], ['GET', '/v1/customers/100%25', 200],
    ['GET', '/v1/customers/all', 'policy.default_deny'], ['GET', '/v1/customers/%61ll', 'policy.default_deny'],
    ['DELETE', '/v1/customers/5', 'policy.default_deny'], ['POST', '/v1/customers/5/refunds', 200],
    ['POST', '/v1/orders/7:cancel', 200], ['GET', '/v1/admin', 'policy.denied'],
    ['PUT', '/v1/customers/5', 'operation.unknown'], ['POST', '/v1/customers', 'operation.unknown'],
    ['GET', '/v1/customers/', 'operation.unknown'], ['GET', '/v1/customers/5/', 'operation.unknown'], ['GET', '/', 'operation.unknown'],
    ['GET', '/v2/customers', 'operation.unknown'], ['OPTIONS', '/v1/customers', 'operation.unknown'], ['get', '/v1/customers', 'operation.unknown'],
    ['PROPFIND', '/v1/customers', 'operation.unknown'],
);
for (@cases) {
    my ($method, $path, $expected) = @$_;
    my $answer = call($method, $path, $method eq 'POST' ? (headers => ['Content-Type' => 'application/json'], body => '{"amount":5}') : ());
    is $expected eq '200' ? $answer->{status} : $answer->{problem}{reason}, $expected, "$method $path: $expected" or diag $answer->{body};
}
is call('HEAD', '/v1/customers/5')->{status}, 200, 'HEAD is GET without a body';
is call('HEAD', '/v1/admin')->{status}, 403, 'and denied where GET is';
is http('GET', $httpd->url('/open/v1/things/1'), headers => \@auth)->{status}, 200, 'a rule for everything allows the operations';
is from_json(http('GET', $httpd->url('/open/v1/other'), headers => \@auth)->{body})->{reason}, 'operation.unknown', 'and nothing else';

# ---- the refusal, and the record
my $refused = call('DELETE', '/v1/customers/5');
is $refused->{status}, 403, 'a refusal has its status';
is $refused->{headers}{'content-type'}, 'application/problem+json', 'and is problem details';
is_deeply $refused->{problem}, {
    call => $refused->{headers}{'uapi-call-id'}, detail => 'No policy rule allows this call.', help => $refused->{problem}{help},
    instance => "urn:uapi:call:$refused->{headers}{'uapi-call-id'}", operation => 'customer_delete', reason => 'policy.default_deny', status => 403,
    title => 'Forbidden', type => 'about:blank',
}, 'complete';
is call('GET', '/v1/admin')->{problem}{rule}, 'no-admin', 'the rule that denied is named';
my ($record) = grep { $_->{kind} eq 'decision' && ($_->{operation} // '') eq 'refund_create' } $registry->audit_records;
is_deeply [@$record{qw(action decision method policy rule target)}], ['rest.request', 'allow', 'http/POST', 'support', 'cancel', '/billing/v1/customers/5/refunds'], 'the record names the operation';

# ---- overrides of the method
for my $query ('_method=DELETE', '_METHOD=DELETE', '%5fmethod=DELETE', 'a=b&_method', 'a=b;_method=PUT', 'X-HTTP-Method-Override=DELETE') {
    is call('GET', "/v1/customers/5?$query")->{problem}{reason}, 'request.ambiguous', "?$query";
}
$upstream->forget;
is call('GET', '/v1/customers/5', headers => ['X-HTTP-Method-Override' => 'DELETE', 'X-Original-URL' => '/v1/admin'])->{status}, 200, 'headers that override do no harm';
is_deeply [map { $_ => $upstream->last_request->{headers}{$_} } qw(x-http-method-override x-original-url)], ['x-http-method-override', undef, 'x-original-url', undef], 'and do not go upstream';
$httpd->stop;

# ---- every spelling, under every way to map it: what reaches the service is what was judged, never /v1/admin
my @paths = qw(/v1/admin /v1//admin //v1/admin /v1/./admin /v1/x/../admin /v1/customers/../admin /v1/customers/%2e%2e/admin /v1/customers/..%2fadmin
    /v1/customers%2f..%2fadmin /v1%2fadmin /v1/%61dmin /v1/%2561dmin /v1/customers/%252e%252e/admin /v1/customers/..;/admin /v1/customers;/5 /v1/customers/5;x=/../admin
    /v1/customers/5%3bx /v1/customers/%5c..%5cadmin /v1/customers/..%5cadmin /v1/customers/%c0%ae%c0%ae/admin /v1/customers/%c0%af /v1/customers/%00
    /v1/customers/%0d%0aX: /v1/customers/%3f/../admin /v1/customers/%23 /v1/customers/ALL /v1/Customers /V1/admin /v1/ADMIN /v1/customers/a%zz /v1/customers/%
    /v1/customers/%ef%bc%8f%ef%bc%8e /v1/admin/ /v1/admin/. /v1/admin/x/.. /v1/admin%20 /v1/customers/a|b /v1/customers/"x" /v1/customers/{x});
my %safe = map { $_ => 1 } qw(/v1/customers);
for (['as usual', '', ''], ['slashes not merged', 'MergeSlashes Off', ''], ['servlet', '', 'mapping=servlet'], ['encoded', '', 'mapping=encoded'],
    ['encoded, slashes as they come', "MergeSlashes Off\nAllowEncodedSlashes On", 'mapping=encoded'], ['nocanon', 'AllowEncodedSlashes NoDecode', 'nocanon'],
    ['encoded slashes decoded', 'AllowEncodedSlashes On', '']) {
    my ($what, $directives, $option) = @$_;
    my $one = httpd(routes($directives, $option), children => 1);
    $one->allow_log(qr/AH10244|AH00026|AH10411|AH01136|AH10508/);
    $upstream->forget;
    my %answers;
    for my $path (@paths) {
        my $c = connect_to($one->port);
        $c->send("GET /billing$path HTTP/1.1\r\nHost: localhost\r\n$auth[0]: $auth[1]\r\nConnection: close\r\n\r\n");
        my $answer = $c->response;
        $answers{$path} = $answer->{status};
        like $answer->{status}, qr/^(?:200|400|403|404)$/, "$what: $path";
    }
    my @wrong = grep { $_ !~ m{^/v1/customers(?:/(?:[\w.~|"\{\}-]|%20|%7C|%22|%7B|%7D)+)?$}i || m{/ALL$|Customers|/\.\.?(?:/|$)} } map { $_->{target} } $upstream->requests;
    is_deeply \@wrong, [], "$what: nothing but customers reached the service";
    is $answers{'/v1/admin'}, 403, "$what: the plain spelling is denied";
    is http('GET', $one->url('/billing/v1/customers/5'), headers => \@auth)->{status}, 200, "$what: what is allowed passes";
}

# ---- the path is the one behind ProxyPass, RewriteRule and a balancer
my $mapped = httpd(<<"CONF", modules => [qw(rewrite proxy_balancer slotmem_shm lbmethod_byrequests)], children => 1);
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiEngine on
UapiProtocol rest
UapiServer billing
RewriteEngine on
RewriteRule "^/old/(.*)" "@{[ $upstream->url('/v1') ]}/\$1" [P]
<Proxy "balancer://pool">
    BalancerMember "@{[ $upstream->url('/api') ]}"
</Proxy>
ProxyPass "/people" "@{[ $upstream->url('/v1/customers') ]}"
ProxyPass "/pool" "balancer://pool/v1"
ProxyPass "/wrong" "@{[ $upstream->url('/v9') ]}"
<Location "/mcp">
    UapiProtocol mcp
    ProxyPass "@{[ $upstream->url('/v1/customers') ]}"
</Location>
CONF
sub mapped { my ($path) = @_; my $answer = http('GET', $mapped->url($path), headers => \@auth); return $answer->{status} == 200 ? from_json($answer->{body})->{target} : eval { from_json($answer->{body})->{reason} } // $answer->{status} }
is mapped('/people/5'), '/v1/customers/5', 'ProxyPass puts the path before it';
is mapped('/people/all'), 'policy.default_deny', 'and the operation is that of the whole';
is mapped('/old/customers/5'), '/v1/customers/5', 'RewriteRule with [P]';
is mapped('/old/admin'), 'policy.denied', 'is judged by what it makes';
is mapped('/pool/customers/5'), '/api/v1/customers/5', "a balancer's member has a path of its own before it";
is mapped('/pool/admin'), 'policy.denied', 'which counts for nothing';
is mapped('/wrong/customers/5'), 'operation.unknown', 'another base is another path';
is mapped('/none/customers/5'), 'config.invalid', 'without an upstream there is no path to judge';
$mapped->expect_log(qr/names no upstream URL/, qr/does not say UapiProtocol rest/);
my $mcp = http('GET', $mapped->url('/mcp/5'), headers => \@auth);
is $mcp->{status}, 500, 'a service with operations is not reached through a route that takes it for an MCP server';

# ---- a service behind a socket file
my $socket = $registry->folder . '/service.socket';
my $listener = IO::Socket::UNIX->new(Local => $socket, Listen => 5) or die "$socket: $!";
chmod 0777, $socket;
my $server = fork // die "fork: $!";
if (!$server) {
    $SIG{TERM} = 'DEFAULT';
    while (my $connection = $listener->accept) {
        sysread $connection, my $request, 65_536;
        my $body = to_json({ target => (split ' ', $request)[1] });
        syswrite $connection, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
        close $connection;
    }
    require POSIX;
    POSIX::_exit(0);
}
my $local = httpd(<<"CONF", children => 1);
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiEngine on
UapiProtocol rest
UapiServer billing
ProxyPass "/v1" "unix:$socket|http://localhost/v1"
CONF
for (['/v1/customers/5', '/v1/customers/5'], ['/v1/customers/a%20b', '/v1/customers/a%20b'], ['/v1/customers/all', 'policy.default_deny'], ['/v1/admin', 'policy.denied'],
    ['/v1/customers/%2561', 'request.ambiguous']) {
    my $said = from_json(http('GET', $local->url($_->[0]), headers => \@auth)->{body});
    is $said->{target} // $said->{reason}, $_->[1], "behind a socket file: $_->[0]";
}
kill TERM => $server;
waitpid $server, 0;

# ---- shadow
my $shadow = httpd(routes('', '') . "UapiEngine shadow\n", children => 1);
$upstream->forget;
is http('PUT', $shadow->url('/billing/v1/customers/5'), headers => \@auth)->{status}, 200, 'shadow lets an unknown operation pass';
is http('GET', $shadow->url('/billing/v1/customers;x/5'), headers => \@auth)->{status}, 400, 'but nothing that has two readings';
my ($last) = grep { $_->{shadow} } reverse $registry->audit_records;
is $last->{shadow}, 'operation.unknown', 'and records why it would have been refused';

# ---- configtest
my $bad = $registry->file('bad.yaml', "apiVersion: uapi/v1\nkind: Server\nmetadata: {name: s}\nspec:\n  operations:\n    a: {method: GET, path: \"/x/{id}\"}\n    b: {method: GET, path: \"/x/{name}\"}\n");
my ($status, $output) = config_test($registry->config . "\nUapiPolicy \"$bad\"\n");
isnt $status, 0, 'configtest refuses two operations for one path';
like $output, qr{bad\.yaml:7:28: error: GET /x/\{name\} can match the same path as /x/\{id\} of operation "a" at \S*bad\.yaml:6:28}, 'and says where both stand';
done_testing;
