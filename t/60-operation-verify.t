# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# A module that has mod_proxy call another path than the one that was judged: the operation is looked at once more just before it is called.
use lib 't/lib';
use Uapi::Test;
use File::Temp ();

my $folder = File::Temp->newdir('uapi-t-detour-XXXXXX', TMPDIR => 1);
my $includes = join ' ', map { (run(['make', '-s', '-f', 'apxs.mk', 'print', "NAME=$_"]))[1] } qw(HTTPD_INCLUDES APR_CONFIG);
my ($httpd_folder, $apr) = split ' ', $includes;
my (undef, $flags) = run([$apr, '--cppflags', '--includes']);
my ($status, undef, $errors) = run(['gcc', '-fPIC', '-shared', "-I$httpd_folder", split(' ', $flags), '-o', "$folder/detour.so", 't/modules/detour.c']);
is $status, 0, 'the module is built' or do { diag $errors; done_testing; exit };

my $upstream = upstream(sub { my ($request, $reply) = @_; $reply->json({ target => $request->{target} }) });
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', <<'YAML');
apiVersion: uapi/v1
kind: Server
metadata: {name: billing}
spec:
  protocol: rest
  operations:
    look: {method: GET, path: /v1/look}
    admin: {method: GET, path: /v1/admin}
---
apiVersion: uapi/v1
kind: Policy
metadata: {name: p}
spec:
  rules: [{id: looking, effect: allow, server: billing, tools: [look]}]
YAML
my $httpd = httpd(<<"CONF");
LoadModule detour_module "$folder/detour.so"
@{[ $registry->config ]}
UapiPolicy "$policy"
UapiEngine on
UapiProtocol rest
UapiServer billing
ProxyPass "/b" "@{[ $upstream->url ]}"
CONF
sub look { my ($to) = @_; return http('GET', $httpd->url('/b/v1/look'), headers => [Authorization => 'Bearer ' . $registry->token, $to ? ('X-Detour' => $upstream->url($to)) : ()]) }
is look()->{status}, 200, 'what was judged is called';
is look('/v1/look')->{status}, 200, 'also by way of the other module';
for my $to ('/v1/admin', '/v1/look/', '/v1/look/../admin', '/V1/look', '/v1/loo%6b') {
    my $answer = look($to);
    is $answer->{status}, 400, "another path: $to";
    is from_json($answer->{body})->{reason} // from_json($answer->{body})->{data}{reason}, 'request.ambiguous', '  says why' or diag $answer->{body};
}
is_deeply [map { $_->{target} } $upstream->requests], ['/v1/look', '/v1/look'], 'and the service hears nothing of it';
done_testing;
