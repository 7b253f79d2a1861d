# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# The official clients at one universal gateway over official servers of both eras: each client uses both servers, so that the
# gateway translates where the eras differ.
use lib 't/lib';
use Uapi::Test timeout => 240;
use Uapi::ClientTest;

my $gateway = universal_gateway();
my @clients = (['v1', undef, '2025-11-25'], ['v2', 'auto', '2026-07-28'], ['python', 'legacy', '2025-11-25'], ['python', 'auto', '2026-07-28']);
for my $client (@clients) {
    for my $server (qw(legacy modern)) {
        my ($kind, $era, $revision) = @$client;
        subtest join(' ', grep { defined } $kind, $era, 'uses the', $server, 'server') => sub {
            use_everything(through($gateway, $server), $kind, $era, $revision);
        };
        $gateway->{registry}{token} = $gateway->{registry}->token_create()->{token};
    }
}
$_->stop for values %{ $gateway->{servers} };
done_testing;
