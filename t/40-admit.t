# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# DNS rebinding: a browser that was tricked into calling names itself by Host and Origin. Both are judged by the names that the
# server is known to have, whatever the server behind it does, and before anybody is asked for a token.
use lib 't/lib';
use Uapi::Test;

my $upstream = upstream();
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n    - {id: all, effect: allow, server: s}\n");
my $route = "UapiServer s\n    UapiAnonymous @{[ $registry->tenant ]}\n    ProxyPass @{[ $upstream->url('/mcp') ]}";
my $httpd = httpd(<<"CONF", modules => ['http2', 'access_compat']);
Protocols h2c http/1.1
@{[ $registry->config ]}
UapiPolicy "$policy"
<VirtualHost 127.0.0.1:\@PORT\@>
ServerName gateway.example
ServerAlias agents.example *.agents.example
UapiEngine on
<Location "/mcp">
    $route
</Location>
<Location "/kept">
    ProxyPreserveHost On
    $route
</Location>
<Location "/allowed">
    UapiAllowedHosts inner.example *.inner.example
    UapiAllowedOrigins https://app.example https://*.pages.example http://localhost:*
    $route
</Location>
<Location "/allowed/none">
    UapiAllowedHosts none
    UapiAllowedOrigins none
    $route
</Location>
<Location "/any-host">
    UapiAllowedHosts any
    $route
</Location>
<Location "/any-origin">
    UapiAllowedOrigins any
    $route
</Location>
<Location "/shadow">
    UapiEngine shadow
    $route
</Location>
<Location "/rest">
    UapiProtocol rest
    $route
</Location>
<Location "/satisfy">
    Satisfy Any
    Require all granted
    $route
</Location>
<Location "/token">
    UapiServer s
    AuthType uapi
    Require valid-user
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
<Location "/open">
    UapiEngine off
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
</VirtualHost>
Listen 127.0.0.1:\@PORT2\@
<VirtualHost 127.0.0.1:\@PORT2\@>
    ServerName gateway.example
    HttpProtocolOptions Unsafe
    UapiEngine on
    ProxyPreserveHost On
    <Location "/mcp">
        $route
    </Location>
</VirtualHost>
CONF
our $port = $httpd->port;

# The status, and the reason where it was refused. Headers that are undef are left out.
sub ask {
    my ($path, $host, @origins) = @_;
    my $answer = mcp_call($httpd->url($path), undef, 'tools/call', { name => 't' },
        headers => [Host => $host, map { (Origin => $_) } @origins]);
    return join ' ', $answer->{status}, $answer->{json}{error}{data}{reason} // $answer->{json}{reason} // ();
}

subtest 'Host' => sub {
    my @good = ("127.0.0.1:$port", '10.1.2.3', '[::1]', '[::1]:80', 'localhost', "LocalHost:$port", 'gateway.example', 'GATEWAY.example.:8080',
        'agents.example', 'a.agents.example');
    is ask('/mcp', $_), '200', "$_ is a name of this server" for @good;
    is ask('/kept', $_), '200', "$_: also where it goes upstream" for $good[0], 'gateway.example';
    $upstream->forget;
    for my $evil ('evil.example', "evil.example:$port", 'gateway.example.evil.example', 'evilgateway.example', 'localhost.evil.example', '127.0.0.1.evil.example',
        '0x7f000001', 'xagents.example', '_default_') {
        is ask('/mcp', $evil), '403 host.denied', "$evil is none";
    }
    like ask('/mcp', $_), qr/^40[03]/, "$_ is none" for '127.1', '2130706433'; # httpd's own 400, where it looks
    is ask('/kept', 'evil.example'), '403 host.denied', 'nor where the server would see it';
    is ask('/shadow', 'evil.example'), '403 host.denied', 'nor in shadow, which judges policy and content only';
    is ask('/rest', 'evil.example'), '403 host.denied', 'nor on a REST route';
    is ask('/satisfy', 'evil.example'), '403 host.denied', 'nor where Satisfy Any would overrule a refusal';
    is ask('/token', 'evil.example'), '403 host.denied', 'and before anybody is asked for a token';
    is ask('/token', 'gateway.example'), '401 token.missing', 'which comes next';
    is_deeply [$upstream->requests], [], 'none of these reached the server';
    is ask('/open', 'evil.example'), '200', 'a route with the engine off is none of our business';
};

subtest 'Origin' => sub {
    is ask('/mcp', 'gateway.example', 'http://gateway.example'), '200', 'a page of its own';
    is ask('/mcp', "localhost:$port", "http://localhost:$port"), '200', 'of the machine itself';
    is ask('/mcp', 'GATEWAY.example:80', 'HTTP://gateway.EXAMPLE'), '200', 'in another spelling';
    is ask('/mcp', '[::1]:81', 'http://[0:0::1]:81'), '200', 'also of an address';
    is ask('/mcp', 'gateway.example', 'https://gateway.example'), '200', 'when TLS ends in front of httpd';
    $upstream->forget;
    for my $evil ('http://evil.example', 'null', 'NULL', '', 'http://gateway.example:81', 'ftp://gateway.example', 'http://gateway.example/', 'gateway.example',
        'http://gateway.example@evil.example', 'http://user@gateway.example', 'http://gateway.example, http://evil.example', 'http://gateway.example http://gateway.example',
        'http://gateway.example.evil.example', 'http://localhost', "http://127.0.0.1:$port", 'http://gateway.example:', 'file://', "http://gateway.example\t", '*') {
        is ask('/mcp', 'gateway.example', $evil), $evil =~ /\t$/ ? '200' : '403 origin.denied', "'$evil' " . ($evil =~ /\t$/ ? 'has optional white space' : 'may not call');
    }
    is ask('/mcp', 'gateway.example', 'http://gateway.example', 'http://evil.example'), '403 origin.denied', 'two, the first good';
    is ask('/mcp', 'gateway.example', 'http://evil.example', 'http://gateway.example'), '403 origin.denied', 'two, the second good';
    is ask('/mcp', 'evil.example', 'http://evil.example'), '403 host.denied', 'a rebound name is not same-origin';
    is ask('/token', 'gateway.example', 'http://evil.example'), '403 origin.denied', 'before anybody is asked for a token';
    my $status = http('GET', $httpd->url('/mcp'), headers => [Host => 'gateway.example', Origin => 'http://evil.example'])->{status};
    is $status, 403, 'GET';
    is http($_, $httpd->url('/mcp'), headers => [Host => 'gateway.example', Origin => 'http://evil.example'])->{status}, 403, $_ for qw(DELETE OPTIONS);
    is scalar(grep { defined $_->header('origin') && $_->header('origin') =~ /evil|null/ } $upstream->requests), 0, 'no such page reached the server';
};

subtest 'what is allowed besides' => sub {
    is ask('/allowed', $_), '200', "UapiAllowedHosts: $_" for 'inner.example:99', 'a.b.inner.example', 'gateway.example';
    is ask('/allowed', $_), '403 host.denied', "not $_" for 'evil.example', 'xinner.example';
    is ask('/allowed', 'inner.example', $_), '200', "UapiAllowedOrigins: $_"
        for 'https://app.example', 'https://app.example:443', 'https://x.pages.example', 'http://localhost:6274', 'http://localhost', 'http://inner.example';
    is ask('/allowed', 'inner.example', $_), '403 origin.denied', "not $_"
        for 'http://app.example', 'https://app.example:444', 'https://pages.example', 'https://localhost', 'null', 'https://app.example.evil.example';
    is ask('/allowed/none', 'inner.example'), '403 host.denied', 'none: nested, nothing is inherited';
    is ask('/allowed/none', 'gateway.example', 'https://app.example'), '403 origin.denied', 'none: of origins too';
    is ask('/any-host', 'evil.example'), '200', 'any host';
    is ask('/any-host', 'evil.example', 'http://evil.example'), '403 origin.denied', 'does not make a rebound page same-origin';
    is ask('/any-origin', 'gateway.example', 'http://evil.example'), '200', 'any origin';
    is ask('/any-origin', 'gateway.example', 'null'), '200', 'null among them';
    is ask('/any-origin', 'evil.example', 'http://evil.example'), '403 host.denied', 'and only then';
};

# Exact bytes: the answer's status.
sub raw {
    my ($target, @lines) = @_;
    my $connection = connect_to($port);
    $connection->send(join "\r\n", "GET $target", @lines, 'Connection: close', '', '');
    return $connection->response->{status};
}
subtest 'targets in absolute form' => sub {
    $upstream->forget;
    is raw('http://gateway.example/kept HTTP/1.1', 'Host: gateway.example'), 405, 'the same name twice';
    is raw('http://gateway.example/kept HTTP/1.1', 'Host: evil.example'), 405, "the target's counts, by RFC 9112";
    is_deeply [map { $_->header('host') } $upstream->requests], ['gateway.example', 'gateway.example'], 'and goes upstream';
    $upstream->forget;
    is raw('http://evil.example/mcp HTTP/1.1', 'Host: gateway.example'), 403, 'another name in the target';
    is raw('http://evil.example/kept HTTP/1.1', 'Host: gateway.example'), 403, 'and where Host goes upstream';
    for my $case (['http://gateway.example@evil.example/mcp', 'Host: gateway.example'], ['http://user@gateway.example/mcp', 'Host: gateway.example'],
        ['/mcp', 'Host: gateway.example', 'Host: evil.example'], ['/mcp', 'Host: evil.example', 'Host: gateway.example'], ['/mcp', 'Host: gateway.example, evil.example'],
        ['/mcp', 'Host: gateway.example/evil.example'], ['/mcp', 'Host: user@gateway.example'], ['/mcp', 'Host: gateway.example:80:80'],
        ['/mcp', 'Host: gateway.example:0'], ['/mcp', 'Host: gateway.example:x'], ['/mcp', 'Host:'], ['/mcp']) {
        my ($target, @lines) = @$case;
        like raw("$target HTTP/1.1", @lines), qr/^40[03]$/, join ', ', $target, @lines;
    }
    is_deeply [$upstream->requests], [], 'none of these reached the server';
    is raw('/mcp HTTP/1.0'), 405, 'no Host in HTTP/1.0: that is no browser';

    # HttpProtocolOptions Unsafe: httpd leaves the Host header as it came, and mod_proxy would send it upstream.
    local $port = $httpd->port(2);
    $upstream->forget;
    is raw('http://gateway.example/mcp HTTP/1.1', 'Host: gateway.example'), 405, 'unsafe: the same name twice';
    is scalar(@{ [$upstream->requests] }), 1, 'which reaches the server';
    is raw('http://gateway.example/mcp HTTP/1.1', "Host: $_"), 403, "unsafe: $_ in Host"
        for 'evil.example', '127.0.0.1', 'localhost', 'gateway.example:81', 'user@gateway.example';
    is raw('http://127.0.0.1/mcp HTTP/1.1', 'Host: gateway.example'), 403, 'unsafe: another name in the target';
    is raw('http://user@gateway.example/mcp HTTP/1.1', 'Host: gateway.example'), 403, 'unsafe: user information in the target';
    is scalar(@{ [$upstream->requests] }), 1, 'none of these reached the server';
};

subtest 'HTTP/2' => sub {
    my $status = sub {
        my ($authority, @more) = @_;
        my (undef, $output) = run(['curl', '-s', '--http2-prior-knowledge', '-o', '/dev/null', '-w', '%{http_version} %{http_code}', '-H', "Host: $authority", @more,
            "http://127.0.0.1:$port/mcp"]);
        return $output;
    };
    is $status->('gateway.example'), '2 405', ':authority of this server';
    is $status->('evil.example'), '2 403', 'another';
    is $status->('gateway.example', '-H', 'Origin: http://evil.example'), '2 403', 'an origin';
    is $status->('gateway.example', '-H', 'Origin: http://gateway.example'), '2 405', 'a page of its own';
};

subtest 'HTTP/2 with a Host besides :authority' => sub {
    $upstream->forget;
    for my $case (['gateway.example', 'evil.example'], ['evil.example', 'gateway.example'], ['gateway.example', 'gateway.example']) {
        run(['nghttp', '-v', '-n', '-H', ":authority: $case->[0]", '-H', "host: $case->[1]", "http://127.0.0.1:$port/kept"]);
    }
    my @hosts = map { $_->header('host') } $upstream->requests;
    cmp_ok scalar @hosts, '>=', 1, 'two good ones reach the server';
    is_deeply [grep { $_ ne 'gateway.example' } @hosts], [], 'and no other name does';
};

subtest 'configtest' => sub {
    for my $wrong ('UapiAllowedHosts a:80', 'UapiAllowedHosts http://a', 'UapiAllowedHosts *', 'UapiAllowedOrigins app.example', 'UapiAllowedOrigins https://app.example/', 'UapiAllowedOrigins null') {
        my ($status, $output) = config_test("$wrong\n");
        isnt $status, 0, $wrong;
        like $output, qr/takes .*, any or none; not '/, 'and says what it takes';
    }
};
like $httpd->error_log, qr/UAPI0101: call \w+ refused: host\.denied: .*ServerAlias/, 'the log tells what to do';
done_testing;
