# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# The official TypeScript client, first generation, through a guarded route: sessions, a stream of its own.
use lib 't/lib';
use Uapi::Test;
use Uapi::ClientTest;

my $route = guarded_route('legacy');
use_everything($route, 'v1', undef, '2025-11-25');
is scalar(grep { $_->{action} eq 'mcp.session.open' && $_->{kind} eq 'decision' } $route->{registry}->audit_records), 1,
    'all of it in one session';
$route->{server}->stop; # its streams would hold httpd
done_testing;
