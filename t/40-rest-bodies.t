# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Bodies of REST requests: a secret is found however the body is called and spelled, and what could be read otherwise is refused.
use lib 't/lib';
use Uapi::Test;

my $secret = join '', 'AK', 'IA', map { ('A' .. 'Z', 2 .. 7)[rand 32] } 1 .. 16;
my $hidden = join '', map { sprintf '%%%02X', ord } split //, $secret;
my $escaped = join '', map { sprintf '\\u%04x', ord } split //, $secret;
my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    return $reply->respond(200, ['Content-Type' => 'image/png'], "\x89PNG\0$secret\0") if $request->{target} =~ m{/png};
    return $reply->respond(200, ['Content-Type' => 'application/problem+json'], qq({"a":"$escaped"})) if $request->{target} =~ m{/problem};
    return $reply->respond(200, ['Content-Type' => 'text/plain'], "got $request->{body}");
});
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', <<'YAML');
apiVersion: uapi/v1
kind: Server
metadata: {name: strict}
spec:
  operations: {send: {method: POST, path: /x}, png: {method: GET, path: /png}, problem: {method: GET, path: /problem}}
  content_types: [image/png, "audio/*"]
---
apiVersion: uapi/v1
kind: Server
metadata: {name: loose}
spec: {protocol: rest}
---
apiVersion: uapi/v1
kind: Policy
metadata: {name: all}
spec:
  rules: [{id: all, effect: allow}]
YAML
my $httpd = httpd(<<"CONF", children => 1);
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiPlugin @{[ out('plugins/scanner_secrets.so') ]}
UapiEngine on
UapiProtocol rest
<Location "/strict">
    UapiServer strict
    ProxyPass @{[ $upstream->url('') ]}
</Location>
<Location "/loose">
    UapiServer loose
    ProxyPass @{[ $upstream->url('') ]}
</Location>
CONF
my @auth = (Authorization => 'Bearer ' . $registry->token);
sub post { my ($where, $type, $body) = @_; return http('POST', $httpd->url("/$where/x"), headers => [@auth, defined $type ? ('Content-Type' => $type) : ()], body => $body) }
sub reason { my ($answer) = @_; return $answer->{status} == 200 ? 200 : eval { from_json($answer->{body})->{reason} } // $answer->{status} }
my $form = 'application/x-www-form-urlencoded';
my $parts = sub { "--b\r\nContent-Disposition: form-data; name=\"$_[0]\"$_[1]\r\n\r\n$_[2]\r\n--b--\r\n" };
for (
    # type, body, with operations, without
    ['application/json', '{"a":"b"}', 200, 200], ['application/json', qq({"a":"$escaped"}), 'firewall.blocked', 'firewall.blocked'],
    ['application/vnd.api+json', '{"a":1,"a":2}', 'json.duplicate_key', 'json.duplicate_key'], ['application/vnd.api+json', qq({"a":"$escaped"}), 'firewall.blocked', 'firewall.blocked'],
    ['application/json; charset=utf-16', '{}', 'request.content_type', 'request.content_type'], ['application/json, text/plain', '{}', 'request.content_type', 'request.content_type'],
    ['text/plain', 'hello', 200, 200], ['text/plain', "x $secret", 'firewall.blocked', 'firewall.blocked'], ['text/plain', qq({"a":"$escaped"}), 'firewall.blocked', 'firewall.blocked'],
    ['text/plain', qq( \n{"a":"$escaped",}), 'json.syntax', 'json.syntax'], ['text/plain', qq({"a":1}\n{"a":"$escaped"}), 'json.trailing', 'json.trailing'],
    ['text/plain', qq(\xef\xbb\xbf{"a":"$escaped"}), 'json.utf8', 'json.utf8'], ['text/plain', '[INFO] a line', 200, 200], ['text/plain', '[1] a note', 200, 200],
    ['text/plain', '{"a":1,"a":2}', 'json.duplicate_key', 'json.duplicate_key'], ['text/plain; charset=utf-7', 'x', 'request.content_type', 'request.content_type'],
    [$form, 'a=1&b=%20+', 200, 200], [$form, "a=$secret", 'firewall.blocked', 'firewall.blocked'], [$form, "a=$hidden", 'firewall.blocked', 'firewall.blocked'],
    [$form, "a=%zz&b=%00&c=$hidden", 'firewall.blocked', 'firewall.blocked'], [$form, 'a=1&_method=DELETE', 'request.ambiguous', 200],
    ['multipart/form-data; boundary=b', $parts->('a', '', 'x'), 200, 200], ['multipart/form-data; boundary=b', $parts->('a', '; filename="f"', $secret), 'firewall.blocked', 'firewall.blocked'],
    ['multipart/form-data; boundary=b', $parts->('a', "\r\nContent-Transfer-Encoding: base64", 'eA=='), 'request.content_encoding', 'request.content_encoding'],
    ['multipart/form-data; boundary=b', 'x' . $parts->('a', '', 'x'), 'request.ambiguous', 'request.ambiguous'], ['multipart/form-data; boundary=b', $parts->('_method', '', 'PUT'), 'request.ambiguous', 200],
    ['multipart/form-data', $parts->('a', '', 'x'), 'request.content_type', 'request.content_type'], ['application/json', '{"_method":"DELETE"}', 'request.ambiguous', 200],
    ['image/png', "\x89PNG\0", 200, 200], ['image/png', "\x89PNG\0$secret ", 'firewall.blocked', 'firewall.blocked'], ['audio/ogg', 'x', 200, 200], ['image/gif', 'x', 'request.content_type', 200],
    ['application/xml', '<a/>', 'request.content_type', 200], ['application/octet-stream', "\0\1\xff", 'request.content_type', 200], [undef, 'x', 'request.content_type', 200], [undef, '', 200, 200],
    ['application/x-unknown', qq({"a":"$escaped"}), 'request.content_type', 'firewall.blocked'],
) {
    my ($type, $body, $strict, $loose) = @$_;
    my $what = ($type // 'no type') . ' ' . substr($body, 0, 30) =~ s/[^ -~]/./gr =~ s/\Q$secret\E|AKIA\w*/SECRET/gr;
    $upstream->forget;
    my $answer = post('strict', $type, $body);
    is reason($answer), $strict, "$what: $strict" or diag $answer->{body};
    is $answer->{body}, "got $body", "$what: byte for byte" if $strict eq '200';
    is scalar(my @seen = $upstream->requests), $strict eq '200' ? 1 : 0, "$what: reaches the service only then";
    is reason(post('loose', $type, $body)), $loose, "$what, without operations: $loose";
}

# ---- the query: one escape that means nothing does not hide the others
for my $query ("a=$secret", "a=$hidden", "a=$hidden&b=%zz", "b=%00&a=$hidden", "a=%zz-$hidden") {
    is reason(http('GET', $httpd->url("/loose/x?$query"), headers => \@auth)), 'firewall.blocked', 'a secret in the query: ' . substr($query, 0, 6);
}
unlike join('', map { to_json($_) } $registry->audit_records), qr/$secret|$hidden/, 'no record has it';

# ---- answers
my $png = http('GET', $httpd->url('/strict/png'), headers => \@auth);
like $png->{body}, qr/^\x89PNG\0\[REDACTED:secrets\.\w+\]\0\z/, 'a binary answer is scanned as its bytes';
like http('GET', $httpd->url('/strict/problem'), headers => \@auth)->{body}, qr/^\{"a":"\[REDACTED:secrets\.\w+\]"\}\z/, 'JSON of any name is unescaped';
done_testing;
