# Licensed under the Apache License, Version 2.0; see LICENSE.
package Uapi::ClientTest;

# What t/55-clients-*.t have in common: a guarded route before an official server, or a universal gateway over those of both
# eras, and what each official client, driven through it, has to see.

use strict;
use warnings;
use Exporter 'import';
use Test::More;
use Uapi::Client;
use Uapi::Httpd;
use Uapi::Process qw(wait_for);
use Uapi::Registry;

our @EXPORT = qw(guarded_route universal_gateway through use_everything);

system('build/clients') == 0 or die "build/clients could not fetch the clients\n";

my $policy = <<'YAML';
apiVersion: uapi/v1
kind: Policy
metadata: {name: clients}
spec:
  rules:
    - {id: everything, effect: allow, server: [official, legacy, modern]}
    - {id: no-images, effect: deny, tools: [test_image_content]}
---
apiVersion: uapi/v1
kind: Firewall
metadata: {name: clients}
spec:
  mode: enforce
  scanners:
    secrets: {request: block, response: redact}
YAML

# guarded_route(legacy | modern): {server, registry, httpd, url}. The client ends first, then the server, then httpd: keep the hash.
sub guarded_route {
    my ($era) = @_;
    my $registry = Uapi::Registry->make();
    my $server = Uapi::Client::Server->start($era);
    my $file = $registry->file('policy.yaml', $policy);
    my $httpd = Uapi::Httpd->start(<<"CONF");
@{[ $registry->config ]}
UapiPolicy "$file"
UapiPlugin @{[ Uapi::Httpd::out('plugins/scanner_secrets.so') ]}
<Location "/mcp">
    UapiEngine on
    UapiServer official
    AuthType uapi
    Require valid-user
    ProxyPass @{[ $server->url ]}
</Location>
CONF
    return { registry => $registry, server => $server, httpd => $httpd, url => $httpd->url('/mcp'), name => 'uapi-conformance',
        prefix => '', uri => '' };
}

# universal_gateway(): {servers => {legacy, modern}, registry, httpd}.
sub universal_gateway {
    my $registry = Uapi::Registry->make();
    my %servers = map { $_ => Uapi::Client::Server->start($_) } qw(legacy modern);
    my @documents = map { "---\napiVersion: uapi/v1\nkind: Server\nmetadata: {name: $_}\nspec: {url: \"@{[ $servers{$_}->url ]}\"}\n" } sort keys %servers;
    my $file = $registry->file('policy.yaml', join '', $policy, @documents);
    my $httpd = Uapi::Httpd->start(<<"CONF");
@{[ $registry->config ]}
UapiPolicy "$file"
UapiPlugin @{[ Uapi::Httpd::out('plugins/scanner_secrets.so') ]}
<Location "/mcp">
    UapiEngine on
    UapiServers legacy modern
    AuthType uapi
    Require valid-user
    SetHandler uapi-gateway
</Location>
CONF
    return { registry => $registry, servers => \%servers, httpd => $httpd };
}

# The route to one server by its prefix, for `use_everything`.
sub through {
    my ($gateway, $server) = @_;
    return { registry => $gateway->{registry}, server => $gateway->{servers}{$server}, url => $gateway->{httpd}->url('/mcp'),
        name => 'mod_uapi', prefix => "${server}__", uri => "uapi:$server:", era => $server };
}

# Lists, calls, reads, gets a prompt, follows progress, cancels, is denied, gets a redacted answer, and goes on with another token
# of the same principal when its own has been revoked.
sub use_everything {
    my ($route, $kind, $era, $revision) = @_;
    my $registry = $route->{registry};
    my $client = Uapi::Client->connected($kind, $route->{url}, $registry->token, $era);
    is $client->hello->{revision}, $revision, "connects with $revision" or diag explain $client->hello;
    is $client->hello->{server}, $route->{name}, 'to the server behind the gateway' if !$era || $era !~ /^\d/; # else it does not ask

    _lists($client, $route);
    _calls($client, $route);
    _is_denied($client, $route);
    _cancels($client, $route);
    _goes_on($client, $route);
    is_deeply $client->order('close'), {}, 'says goodbye';
    $client->stop;
    is $client->errors, '', 'and complains of nothing';
    return;
}

sub _lists {
    my ($client, $route) = @_;
    my ($prefix, $uri) = @$route{qw(prefix uri)};
    my $lists = $client->order('list');
    my %tools = map { $_ => 1 } @{ $lists->{tools} || [] };
    ok $tools{"${prefix}test_simple_text"} && $tools{"${prefix}tell_secret"}, 'lists tools' or diag explain $lists;
    ok !$tools{"${prefix}test_image_content"}, 'but not the one that is denied';
    ok((grep { $_ eq "${uri}test://static-text" } @{ $lists->{resources} || [] }), 'lists resources');
    ok((grep { $_ eq "${uri}test://template/{id}/data" } @{ $lists->{templates} || [] }), 'lists templates');
    ok((grep { $_ eq "${prefix}test_prompt_with_arguments" } @{ $lists->{prompts} || [] }), 'lists prompts');
    return;
}

sub _calls {
    my ($client, $route) = @_;
    my ($prefix, $uri) = @$route{qw(prefix uri)};
    is_deeply $client->order('call', tool => "${prefix}test_simple_text"),
        { text => 'This is a simple text response for testing.', isError => JSON::PP::false }, 'calls a tool';
    is $client->order('call', tool => "${prefix}test_error_handling")->{isError}, JSON::PP::true, "a tool's own error";
    is $client->order('read', uri => "${uri}test://static-text")->{text}, 'This is the content of the static text resource.',
        'reads a resource';
    is $client->order('prompt', name => "${prefix}test_prompt_with_arguments", arguments => { arg1 => 'a', arg2 => 'b' })->{text},
        "Prompt with arguments: arg1='a', arg2='b'", 'gets a prompt';
    my $answer = $client->order('progress', tool => "${prefix}test_tool_with_progress");
    is_deeply [@$answer{qw(text progress)}], ['Reported progress.', [0, 50, 100]], 'follows the progress of a call';
    like $client->order('call', tool => "${prefix}tell_secret")->{text}, qr/^The key is \[REDACTED[^\]]*\], keep it\.$/,
        'gets a redacted result';
    return;
}

sub _is_denied {
    my ($client, $route) = @_;
    my ($prefix, $uri) = @$route{qw(prefix uri)};
    my $error = $client->order('call', tool => "${prefix}test_image_content")->{error};
    is $error->{code}, -32010, 'a denied call is an error with its code' or diag explain $error;
    like $error->{message}, qr/A policy rule forbids this call\./, 'its message';
    is_deeply [@{ $error->{data} }{qw(reason rule)}], ['policy.denied', 'no-images'], 'and its data';
    like $error->{data}{call}, qr/^[0-9a-f]{32}$/, 'with the call id';
    my $key = join '', 'AK', 'IA', 'QYLPMN5HFIQR7BBB';
    is $client->order('call', tool => "${prefix}test_simple_text", arguments => { key => $key })->{error}{code}, -32012,
        'so is a blocked one';
    return;
}

sub _cancels {
    my ($client, $route) = @_;
    my ($prefix, $server) = @$route{qw(prefix server)};
    my $before = $server->count(qr/^cancelled$/m);
    ok $client->order('cancel', tool => "${prefix}wait_for_cancel")->{error}, 'gives up a call';
    ok wait_for(5, sub { $server->count(qr/^cancelled$/m) > $before }), 'of which the server hears';
    is $client->order('call', tool => "${prefix}test_simple_text")->{isError}, JSON::PP::false, 'and goes on';
    return;
}

sub _goes_on {
    my ($client, $route) = @_;
    my ($prefix, $registry) = @$route{qw(prefix registry)};
    my $next = $registry->token_create();
    $client->order('token', token => $next->{token});
    is $client->order('call', tool => "${prefix}test_simple_text")->{isError}, JSON::PP::false, 'goes on with another token';
    $registry->token_revoke;
    is $client->order('call', tool => "${prefix}test_simple_text")->{isError}, JSON::PP::false, 'of the same principal, the first revoked';
    $registry->token_revoke($next->{id});
    ok $client->order('call', tool => "${prefix}test_simple_text")->{error}, 'and not with a revoked one';
    $client->order('token', token => $registry->token_create()->{token});
    is $client->order('call', tool => "${prefix}test_simple_text")->{isError}, JSON::PP::false, 'the session outlives that too';
    return;
}

1;
