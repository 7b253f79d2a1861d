# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Servers behind https: the gateway's own requests verify certificates against the authorities that the policy names, calls go through
# mod_proxy's TLS.
use lib 't/lib';
use Uapi::Test;

my $upstream = upstream(tools => ['echo']);
my $registry = make_registry();
my $folder = $registry->folder;
sub certificate {
    my ($name, $host) = @_;
    my ($status, undef, $errors) = run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', "/CN=$host", '-addext', "subjectAltName=DNS:$host",
        '-keyout', "$folder/$name.key", '-out', "$folder/$name.pem"]);
    is $status, 0, "a certificate for $host" or diag $errors;
}
certificate('good', 'localhost');
certificate('other', 'elsewhere.example');
my %port = map { $_ => free_port() } qw(good other);
my %server = (
    good => ['good', 'good'],        # its own certificate is trusted
    stranger => ['good', undef],     # only the system's authorities are
    misnamed => ['other', 'other'],  # trusted, but of another host
);
my $policy = $registry->file('policy.yaml', join "---\n", "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n    - {id: all, effect: allow}\n",
    map { "apiVersion: uapi/v1\nkind: Server\nmetadata: {name: $_}\nspec:\n  url: https://localhost:$port{ $server{$_}[0] }/mcp\n" . ($server{$_}[1] ? "  tls: {ca: $folder/$server{$_}[1].pem}\n" : '') } sort keys %server);
my $hosts = join '', map { <<"CONF" } sort keys %port;
Listen 127.0.0.1:$port{$_}
<VirtualHost 127.0.0.1:$port{$_}>
    ServerName localhost
    UapiEngine off
    SSLEngine on
    SSLCertificateFile "$folder/$_.pem"
    SSLCertificateKeyFile "$folder/$_.key"
    ProxyPass /mcp @{[ $upstream->url('/mcp') ]}
</VirtualHost>
CONF
my $httpd = httpd(<<"CONF", modules => ['ssl']);
@{[ $registry->config ]}
UapiPolicy "$policy"
SSLProxyEngine on
SSLProxyVerify require
SSLProxyCACertificateFile "$folder/good.pem"
<Location "/all">
    UapiEngine on
    UapiServers *
    SetHandler uapi-gateway
</Location>
$hosts
CONF
$httpd->allow_log(qr/UAPI0122|UAPI0101.*upstream\.(?:failed|unreachable)|ssl:(?:warn|error)|AH0\d+/);
my $answer = mcp_call($httpd->url('/all'), $registry->token, 'tools/list', {});
is_deeply [map { $_->{name} } @{ $answer->{result}{tools} }], ['good__echo'], 'a server whose certificate is trusted';
is_deeply $answer->{result}{_meta}{'uapi/unavailable'}, [map { { server => $_, reason => 'upstream.failed' } } qw(misnamed stranger)], 'not one that is a stranger\'s, or another host\'s';
is mcp_call($httpd->url('/all'), $registry->token, 'tools/call', { name => 'good__echo', arguments => { text => 'hello' } })->{result}{content}[0]{text}, 'hello', 'a call goes through mod_proxy\'s TLS';
is mcp_call($httpd->url('/all'), $registry->token, 'tools/call', { name => 'stranger__echo' })->{error}{data}{reason}, 'upstream.unreachable', 'a call to a stranger does not go';
is scalar(grep { $_->json->{method} eq 'tools/call' } $upstream->requests), 1, 'it never reached the server';
done_testing;
