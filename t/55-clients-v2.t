# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# The official TypeScript client, second generation, through a guarded route: it speaks both eras, and finds out by itself
# which one a server is of.
use lib 't/lib';
use Uapi::Test;
use Uapi::ClientTest;

my %expected = (legacy => '2025-11-25', modern => '2026-07-28');
for my $server (sort keys %expected) {
    my $route = guarded_route($server);
    for my $era ('auto', $server eq 'modern' ? $expected{modern} : 'legacy') {
        subtest "$server server, client's mode $era" => sub { use_everything($route, 'v2', $era, $expected{$server}) };
        $route->{registry}{token} = $route->{registry}->token_create()->{token};
    }
    $route->{server}->stop; # its streams would hold httpd
}
done_testing;
