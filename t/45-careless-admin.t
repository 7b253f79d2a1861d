# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# A guarded route beside everything else that httpd can do: error documents, rewriting, redirects, subrequests, caches, other
# handlers, other authorization. Whatever way a request takes, it is judged once, or it goes nowhere.
use lib 't/lib';
use Uapi::Test timeout => 200;

my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    return $reply->respond(404, ['Content-Type' => 'text/plain'], 'not here') if $request->{target} =~ /missing/;
    return $reply->respond(200, ['Content-Type' => 'application/json', 'Cache-Control' => 'public, max-age=600', ETag => '"x"'], '{"cached":1}') if $request->{target} =~ /cacheable/;
    return $reply->json({ jsonrpc => '2.0', id => 1, result => { target => $request->{target}, length => length $request->{body} } });
});
my $registry = make_registry();
$registry->credential_set('key', 'careless-admin-secret-1');
my $policy = $registry->file('policy.yaml', <<'YAML');
apiVersion: uapi/v1
kind: Policy
metadata: {name: everyone}
spec:
  rules:
    - {id: all, effect: allow, server: s}
    - {id: no-destruction, effect: deny, tools: [destroy]}
---
apiVersion: uapi/v1
kind: Server
metadata: {name: s}
spec:
  credential: {name: key, inject: {header: X-Key, value: "{secret}"}}
YAML
my $to = $upstream->url;
my $port = $upstream->port;
my @schemes = map { [$_, $_] } qw(fcgi scgi ajp uwsgi ws h2c);
my $httpd = httpd(<<"CONF", children => 2, modules => [qw(rewrite dir mime negotiation include autoindex status proxy_balancer lbmethod_byrequests proxy_fcgi proxy_scgi proxy_ajp proxy_uwsgi proxy_wstunnel proxy_http2 http2 slotmem_shm cache cache_disk actions substitute filter authn_file auth_basic access_compat ratelimit)]);
TypesConfig /dev/null
AddType text/html .html
AddType text/html .shtml
AddOutputFilter INCLUDES .shtml
CacheRoot "\@ROOT\@/run"
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiServer s
<Directory "\@ROOT\@/htdocs">
    Options +Includes +Indexes +MultiViews
    Require all granted
</Directory>
<Location "/mcp">
    UapiEngine on
    ProxyPass $to/mcp
</Location>
<Location "/documents">
    UapiEngine on
    ErrorDocument 401 "come back with a token"
    ErrorDocument 403 /error.html
    ErrorDocument 404 /error.html
    ErrorDocument 413 /guarded/error.html
    ErrorDocument 503 http://elsewhere.example/sorry
    UapiMaxBody 100
    ProxyErrorOverride On
    ProxyPass $to/documents
</Location>
<Location "/down">
    UapiEngine on
    ErrorDocument 503 http://elsewhere.example/sorry
    ProxyPass http://127.0.0.1:@{[ free_port() ]}/ retry=0
</Location>
<Location "/down-text">
    UapiEngine on
    ErrorDocument 503 "sorry"
    ProxyPass http://127.0.0.1:@{[ free_port() ]}/ retry=0
</Location>
<Location "/down-page">
    UapiEngine on
    ErrorDocument 503 /error.html
    ProxyPass http://127.0.0.1:@{[ free_port() ]}/ retry=0
</Location>
<Location "/guarded">
    UapiEngine on
</Location>
<Location "/rewritten">
    UapiEngine on
    RewriteEngine on
    RewriteRule ^ $to/rewritten [P]
</Location>
<Location "/moved">
    UapiEngine on
    RewriteEngine on
    RewriteRule ^ /mcp [PT]
</Location>
<Location "/plain-to-mcp">
    RewriteEngine on
    RewriteRule ^ /mcp [PT]
</Location>
<Location "/to-plain">
    UapiEngine on
    RewriteEngine on
    RewriteRule ^ /page.html [PT]
</Location>
ProxyPassMatch "^/match/(.*)\$" "$to/match/\$1"
<Location "/match">
    UapiEngine on
</Location>
<Proxy "balancer://pool">
    BalancerMember http://127.0.0.1:@{[ free_port() ]} retry=0
    BalancerMember $to retry=0
    ProxySet lbmethod=byrequests
</Proxy>
<Location "/balanced">
    UapiEngine on
    ProxyPass balancer://pool/balanced
</Location>
<Location "/status">
    UapiEngine on
    SetHandler server-status
</Location>
CacheEnable disk /cached
<Location "/cached">
    UapiEngine on
    UapiAnonymous @{[ $registry->tenant ]}
    ProxyPass $to/cacheable
</Location>
<Location "/cached-too">
    UapiEngine on
    UapiAnonymous @{[ $registry->tenant ]}
    CacheEnable disk
    ProxyPass $to/cacheable
</Location>
<Location "/nobody">
    UapiEngine on
    AuthType uapi
    AuthName agents
    Require user somebody-else
    ProxyPass $to/mcp
</Location>
<Location "/elsewhere">
    UapiEngine on
    AuthType uapi
    AuthName agents
    Require ip 192.0.2.0/24
    ProxyPass $to/mcp
</Location>
<Location "/either">
    UapiEngine on
    AuthType uapi
    AuthName agents
    <RequireAny>
        Require ip 127.0.0.1
        Require valid-user
    </RequireAny>
    ProxyPass $to/mcp
</Location>
<Location "/satisfy">
    UapiEngine on
    AuthType uapi
    AuthName agents
    Satisfy Any
    Require valid-user
    Allow from all
    ProxyPass $to/mcp
</Location>
<Location "/granted">
    UapiEngine on
    Require all granted
    ProxyPass $to/mcp
</Location>
<Location "/substituted">
    UapiEngine on
    AddOutputFilterByType SUBSTITUTE application/json
    Substitute s/target/goal/
    ProxyPass $to/mcp
</Location>
@{[ join '', map { my ($name, $scheme) = @$_; "<Location /scheme-$name>\nUapiEngine on\nProxyPass $scheme://127.0.0.1:$port/scheme\n</Location>\n" } @schemes ]}
<Proxy "balancer://mixed">
    BalancerMember fcgi://127.0.0.1:$port
</Proxy>
<Location "/scheme-balancer">
    UapiEngine on
    ProxyPass balancer://mixed/scheme
</Location>
<Location "/scheme-rewritten">
    UapiEngine on
    RewriteEngine on
    RewriteRule ^ fcgi://127.0.0.1:$port/scheme [P]
</Location>
<Location "/env">
    UapiEngine on
</Location>
<Location "/off-with-authtype">
    AuthType uapi
    AuthName agents
    Require valid-user
    ProxyPass $to/mcp
</Location>
CONF
my $docs = $httpd->root . '/htdocs';
sub page { my ($name, $text) = @_; my $path = "$docs/$name"; open my $f, '>', $path or die "$path: $!"; print $f $text; close $f; chmod 0644, $path; return }
mkdir "$docs/$_", 0755 for qw(guarded guarded/dir env);
page('error.html', 'a friendly page');
page('page.html', 'an open page');
page('guarded/error.html', 'a guarded page');
page('guarded/dir/index.html', 'the index');
page('guarded/neg.html', 'negotiated');
page('guarded/inner.shtml', '[<!--#include virtual="/page.html" -->]');
page('outer.shtml', '[<!--#include virtual="/mcp" -->]');
page('guarded/outer.shtml', '[<!--#include virtual="/guarded/error.html" -->]');

my $token = $registry->token;
my @auth = (Authorization => "Bearer $token");
sub get { my ($path, @headers) = @_; return http('GET', $httpd->url($path), headers => [@auth, @headers]) }
sub post { my ($path, %option) = @_; return mcp_call($httpd->url($path), $option{token} // $token, 'tools/call', { name => $option{tool} // 'echo', arguments => $option{arguments} // {} }) }
sub bare { return http('GET', $httpd->url($_[0])) }
sub records { my ($answer) = @_; my $id = $answer->{headers}{'uapi-call-id'} // ''; my @found; wait_for(3, sub { @found = grep { $_->{call} eq $id } $registry->audit_records; @found > 1 }); return join ' ', map { $_->{kind} eq 'decision' ? $_->{decision} : $_->{result} } @found }
sub seen { my @seen = $upstream->requests; $upstream->forget; return scalar @seen }

# ---- error documents
my $answer = http('POST', $httpd->url('/documents'), headers => ['Content-Type' => 'application/json'], body => '{"jsonrpc":"2.0","id":1,"method":"ping"}');
is $answer->{status}, 401, 'a text as error document: the status stays';
ok $answer->{headers}{'www-authenticate'}, 'and the challenge';
is eval { from_json($answer->{body})->{error}{data}{reason} }, 'token.missing', 'and the reason';
$answer = http('POST', $httpd->url('/documents'), headers => [@auth, 'Content-Type' => 'application/json'], body => 'x' x 200);
is $answer->{status}, 413, 'a guarded page as error document: the status stays';
is eval { from_json($answer->{body})->{error}{data}{reason} }, 'request.too_large', 'and the reason';
$answer = get('/documents/missing');
is $answer->{status}, 404, 'ProxyErrorOverride';
is $answer->{body}, 'a friendly page', 'with the page that was wished for';
is records($answer), 'allow upstream.failed', 'and in the chain';
$answer = post('/documents', tool => 'destroy');
is $answer->{status}, 200, 'a message refusal is no error status';
is $answer->{error}{data}{reason}, 'policy.denied', 'and has its reason';
$answer = post('/down');
is $answer->{status}, 302, 'a URL as error document';
is records($answer), 'allow upstream.unreachable', 'in the chain as what it was';
$answer = post('/down-text');
is $answer->{status}, 503, 'down, text';
is $answer->{error}{data}{reason}, 'upstream.unreachable', 'reason';
is records($answer), 'allow upstream.unreachable', 'records';
$answer = post('/down-page');
is $answer->{status}, 503, 'down, page';
is $answer->{body}, 'a friendly page', 'with the page that was wished for';
is records($answer), 'allow upstream.unreachable', 'and in the chain as what it was';
seen();

# ---- rewriting
$answer = post('/rewritten');
is $answer->{status}, 200, 'RewriteRule [P] in a location';
is $answer->{result}{target}, '/rewritten', 'goes where it should';
ok $answer->{result}{length} > 10, 'with its body';
is records($answer), 'allow ok', 'judged once';
is post('/rewritten', tool => 'destroy')->{error}{data}{reason}, 'policy.denied', 'and can be denied';
is bare('/rewritten')->{status}, 401, 'and needs a token';
is seen(), 1, 'one request arrived';
for my $path ('/moved', '/plain-to-mcp') {
    $answer = post($path);
    is $answer->{status}, 200, "$path: RewriteRule [PT]" or diag $answer->{body};
    is $answer->{result}{target}, '/mcp', 'goes where it should';
    ok +($answer->{result}{length} // 0) > 10, 'with its body';
    is records($answer), 'allow ok', 'judged once';
    is post($path, tool => 'destroy')->{error}{data}{reason}, 'policy.denied', 'and can be denied';
    is bare($path)->{status}, 401, 'and needs a token';
    is seen(), 1, 'one request arrived';
}
$answer = get('/to-plain');
is $answer->{status}, 403, 'a rewrite from a guarded route to an open one would not be judged';
$answer = post('/match/a');
is $answer->{result}{target}, '/match/a', 'ProxyPassMatch';
is bare('/match/a')->{status}, 401, 'is guarded';
seen();

# ---- a balancer whose first member is down
for (1 .. 4) {
    $answer = post('/balanced');
    is $answer->{status}, 200, 'a balancer goes over to the next member';
    ok +($answer->{result}{length} // 0) > 10, 'with the body';
    is records($answer), 'allow ok', 'judged once';
}
my @balanced = $upstream->requests;
is scalar @balanced, 4, 'each call arrived once';
is_deeply [map { $_->header('x-key') } @balanced], [('careless-admin-secret-1') x 4], 'with one credential';
is_deeply [map { scalar grep { lc $_->[0] eq 'uapi-principal' } @{ $_->{header_list} } } @balanced], [1, 1, 1, 1], 'and one principal';
$upstream->forget;

# ---- other handlers
is bare($_)->{status}, 401, "$_ without a token" for '/guarded/error.html', '/guarded/dir/', '/guarded/neg', '/guarded/outer.shtml', '/guarded/inner.shtml', '/status', '/guarded/none', '/guarded/';
is get('/guarded/error.html')->{body}, 'a guarded page', 'a file behind the engine';
is records(get('/guarded/error.html')), 'allow ok', 'is recorded';
is get('/guarded/dir/')->{body}, 'the index', 'an index file';
is records(get('/guarded/dir/')), 'allow ok', 'is recorded once';
is get('/guarded/neg')->{body}, 'negotiated', 'a negotiated file';
is records(get('/guarded/neg')), 'allow ok', 'is recorded once';
is get('/guarded/dir')->{status}, 301, 'a directory without its slash';
like get('/guarded/')->{body}, qr/Index of/, 'a listing';
like get('/status')->{body}, qr/Server Status/, 'server-status';
is get('/guarded/none')->{status}, 404, 'a file that is not there';
is get('/guarded/inner.shtml')->{body}, '[an open page]', 'an open page included in a guarded one';
unlike get('/guarded/outer.shtml')->{body}, qr/a guarded page/, 'a guarded page is not included: it would not be judged';
unlike bare('/outer.shtml')->{body}, qr/target/, 'nor an upstream, least of all without a token';
is seen(), 0, 'which sees nothing of it';
is post('/guarded/error.html', tool => 'destroy')->{error}{data}{reason}, 'policy.denied', 'a POST to a file is judged';

# ---- caches
for my $path ('/cached', '/cached-too') {
    is records(bare($path)), 'allow ok', "$path: each answer is judged and recorded, none comes from the cache" for 1 .. 3;
    is seen(), 3, 'and each comes from the upstream';
}

# ---- upstreams of other schemes would get the caller's token, or nothing of ours
for my $name ((map { $_->[0] } @schemes), 'balancer', 'rewritten') {
    $answer = post("/scheme-$name");
    is $answer->{status}, 500, "$name: no call goes there";
    is $answer->{error}{data}{reason}, 'config.invalid', "$name: and the operator is told";
    is records($answer), 'allow config.invalid', "$name: as is the chain";
}
is seen(), 0, 'nothing was sent';
page('env/echo.shtml', '[<!--#echo var="HTTP_UAPI_PRINCIPAL" -->][<!--#echo var="HTTP_X_OTHER" -->]');
like get('/env/echo.shtml', 'Uapi-Principal' => 'root', UAPI_PRINCIPAL => 'root', 'X-Other' => 'kept')->{body}, qr/^\[\(none\)\]\[kept\]/, 'forged headers reach no other handler either';

# ---- other authorization
$answer = post('/nobody');
is $answer->{status}, 401, 'Require user: another user';
like $answer->{headers}{'www-authenticate'}, qr/^Bearer realm="agents", error="insufficient_scope"/, 'with a challenge';
is post('/elsewhere')->{status}, 403, 'Require ip: another address';
is post('/either')->{status}, 200, 'RequireAny: a token';
is bare($_)->{status}, 401, "$_: the engine still wants a token" for '/either', '/satisfy', '/granted';
is post($_)->{status}, 200, "$_: and takes one" for '/satisfy', '/granted';
is http('GET', $httpd->url('/either'), headers => [Authorization => 'Basic eDp5'])->{status}, 401, 'Basic is none';
$answer = post('/substituted');
ok exists $answer->{result}{goal}, 'filters after ours do their work';
is post('/off-with-authtype')->{status}, 500, 'AuthType uapi without the engine: nobody';
$httpd->allow_log(qr/UAPI0102|UAPI0104|unable to include|AH01631|UAPI0101|AH01114|AH00957|AH00959|AH01102|AH01630|AH01264|AH01276|AH00128|AH01215|AH01797|AH10275|AH01374|AH01617|AH01618/);
done_testing;
