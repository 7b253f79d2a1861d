# Licensed under the Apache License, Version 2.0; see LICENSE.
package Uapi::ClientTest;

# What t/55-clients-*.t have in common: a guarded route before an official server, and what each official client, driven
# through it, has to see.

use strict;
use warnings;
use Exporter 'import';
use Test::More;
use Uapi::Client;
use Uapi::Httpd;
use Uapi::Registry;

our @EXPORT = qw(guarded_route use_everything);

my $policy = <<'YAML';
apiVersion: uapi/v1
kind: Policy
metadata: {name: clients}
spec:
  rules:
    - {id: everything, effect: allow, server: official}
    - {id: no-images, effect: deny, server: official, tools: [test_image_content]}
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
    return { registry => $registry, server => $server, httpd => $httpd, url => $httpd->url('/mcp') };
}

# Lists, calls, reads, gets a prompt, follows progress, cancels, is denied, gets a redacted answer, and goes on with another token
# of the same principal when its own has been revoked.
sub use_everything {
    my ($route, $kind, $era, $revision) = @_;
    my $registry = $route->{registry};
    my $client = Uapi::Client->connected($kind, $route->{url}, $registry->token, $era);
    is $client->hello->{revision}, $revision, "connects with $revision" or diag explain $client->hello;
    is $client->hello->{server}, 'uapi-conformance', 'to the server behind the gateway' if !$era || $era !~ /^\d/; # else it does not ask

    _lists($client);
    _calls($client);
    _is_denied($client);
    _cancels($client, $route->{server});
    _goes_on($client, $registry);
    is_deeply $client->order('close'), {}, 'says goodbye';
    $client->stop;
    is $client->errors, '', 'and complains of nothing';
    return;
}

sub _lists {
    my ($client) = @_;
    my $lists = $client->order('list');
    my %tools = map { $_ => 1 } @{ $lists->{tools} || [] };
    ok $tools{test_simple_text} && $tools{tell_secret}, 'lists tools' or diag explain $lists;
    ok !$tools{test_image_content}, 'but not the one that is denied';
    ok((grep { $_ eq 'test://static-text' } @{ $lists->{resources} || [] }), 'lists resources');
    is_deeply $lists->{templates}, ['test://template/{id}/data'], 'lists templates';
    ok((grep { $_ eq 'test_prompt_with_arguments' } @{ $lists->{prompts} || [] }), 'lists prompts');
    return;
}

sub _calls {
    my ($client) = @_;
    is_deeply $client->order('call', tool => 'test_simple_text'),
        { text => 'This is a simple text response for testing.', isError => JSON::PP::false }, 'calls a tool';
    is $client->order('call', tool => 'test_error_handling')->{isError}, JSON::PP::true, "a tool's own error";
    is $client->order('read', uri => 'test://static-text')->{text}, 'This is the content of the static text resource.',
        'reads a resource';
    is $client->order('prompt', name => 'test_prompt_with_arguments', arguments => { arg1 => 'a', arg2 => 'b' })->{text},
        "Prompt with arguments: arg1='a', arg2='b'", 'gets a prompt';
    my $answer = $client->order('progress', tool => 'test_tool_with_progress');
    is_deeply [@$answer{qw(text progress)}], ['Reported progress.', [0, 50, 100]], 'follows the progress of a call';
    like $client->order('call', tool => 'tell_secret')->{text}, qr/^The key is \[REDACTED[^\]]*\], keep it\.$/,
        'gets a redacted result';
    return;
}

sub _is_denied {
    my ($client) = @_;
    my $error = $client->order('call', tool => 'test_image_content')->{error};
    is $error->{code}, -32010, 'a denied call is an error with its code' or diag explain $error;
    like $error->{message}, qr/A policy rule forbids this call\./, 'its message';
    is_deeply [@{ $error->{data} }{qw(reason rule)}], ['policy.denied', 'no-images'], 'and its data';
    like $error->{data}{call}, qr/^[0-9a-f]{32}$/, 'with the call id';
    my $key = join '', 'AK', 'IA', 'QYLPMN5HFIQR7BBB';
    is $client->order('call', tool => 'test_simple_text', arguments => { key => $key })->{error}{code}, -32012,
        'so is a blocked one';
    return;
}

sub _cancels {
    my ($client, $server) = @_;
    ok $client->order('cancel', tool => 'wait_for_cancel')->{error}, 'gives up a call';
    ok $server->wait_log(qr/^cancelled$/m), 'of which the server hears';
    is $client->order('call', tool => 'test_simple_text')->{isError}, JSON::PP::false, 'and goes on';
    return;
}

sub _goes_on {
    my ($client, $registry) = @_;
    my $next = $registry->token_create();
    $client->order('token', token => $next->{token});
    is $client->order('call', tool => 'test_simple_text')->{isError}, JSON::PP::false, 'goes on with another token';
    $registry->token_revoke;
    is $client->order('call', tool => 'test_simple_text')->{isError}, JSON::PP::false, 'of the same principal, the first revoked';
    $registry->token_revoke($next->{id});
    ok $client->order('call', tool => 'test_simple_text')->{error}, 'and not with a revoked one';
    $client->order('token', token => $registry->token_create()->{token});
    is $client->order('call', tool => 'test_simple_text')->{isError}, JSON::PP::false, 'the session outlives that too';
    return;
}

1;
