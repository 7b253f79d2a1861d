# Licensed under the Apache License, Version 2.0; see LICENSE.
# What new-plugin writes, on a machine that has only what `make install` installs: it builds, its tests pass, uapi-plugin-check finds no
# fault, and a real httpd loads it and blocks with it.
use lib 't/lib';
use Uapi::Test timeout => 240;
use Uapi::Uapictl;
use Digest::SHA qw(sha256_hex);

my $folder = workspace();
my $dest = "$folder/dest";
my ($status, $output, $errors) = run(['make', '-f', 'apxs.mk', 'install', "DESTDIR=$dest"], seconds => 200);
is $status, 0, 'installed' or do { diag "$output$errors"; done_testing; exit 1 };

# The build of a stranger: of ours it sees the installed files, under the places where the package puts them.
my %alone = (PATH => "$dest/usr/bin:/usr/bin:/bin", PKG_CONFIG_PATH => "$dest/usr/share/pkgconfig", PKG_CONFIG_SYSROOT_DIR => $dest);
my $new = "$dest/usr/share/uapi/new-plugin";
($status, $output, $errors) = run(['env', '-C', $folder, $new, 'parcels'], environment => \%alone);
is $status, 0, 'new-plugin' or diag $errors;
is_deeply [sort map { m{([^/]+)$} } glob "$folder/parcels/*"], [sort qw(Makefile README.md parcels.c test_parcels.c)], 'writes a project';
($status, $output, $errors) = run(['make', '-C', "$folder/parcels", 'CFLAGS=-O2 -Werror', 'check'], environment => \%alone, seconds => 100);
is $status, 0, 'make check' or diag "$output$errors";
like $output, qr/^ok \d+ - a customer$/m, '  runs its unit test';
unlike $output, qr/^not ok/m, '  which passes';
like $output, qr/^ok +hostile .*^no fault found$/ms, '  and uapi-plugin-check, which finds nothing';
($status) = run(['make', '-C', "$folder/parcels", "DESTDIR=$folder/placed", 'PLUGINDIR=/plugins', 'install'], environment => \%alone);
is $status, 0, 'make install';
my $plugin = "$folder/placed/plugins/parcels.so";
ok -f $plugin, '  puts it there';
for my $standard (qw(c11 c17)) {
    is +(run(['gcc', "-std=$standard", qw(-Wall -Wextra -Werror -pedantic -fsyntax-only), "-I$dest/usr/include/uapi", "$folder/parcels/parcels.c"]))[0], 0,
        "its source is $standard";
}

# ------------------------------------------------------------------------------------------------ what it refuses
for ([], ['A'], ['a', 'b', 'c'], ['1a']) {
    is +(run([$new, @$_]))[0] >> 8 || (run([$new, @$_]))[0], 2, "usage: @$_";
}
isnt +(run([$new, 'a-b', "$folder/x"]))[0], 0, 'a name with other characters';
isnt +(run([$new, 'parcels', "$folder/parcels"]))[0], 0, 'a folder that is there';
ok !-e "$folder/x", '  nothing is written';

# ------------------------------------------------------------------------------------------------ in a server
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n    - {id: all, effect: allow, server: s}\n");
my $upstream = upstream(sub { $_[1]->json({ jsonrpc => '2.0', id => 1, result => { content => [{ type => 'text', text => 'for CUST-12345678 alone' }] } }) });
my $httpd = httpd($registry->config . "UapiPolicy \"$policy\"\nUapiPlugin $plugin sha256:" . sha256_hex(slurp($plugin)) . "\n"
    . "<Location /mcp>\nUapiEngine on\nUapiServer s\nProxyPass @{[ $upstream->url('/mcp') ]}\n</Location>\n");
my $call = sub { return mcp_call($httpd->url('/mcp'), $registry->token, 'tools/call', { name => 't', arguments => { text => $_[0] } }) };
my $blocked = $call->('Customer no. 12345678');
is $blocked->{error}{code}, -32012, 'it fires in httpd' or diag to_json($blocked->{json});
is $blocked->{error}{data}{rule}, 'parcels.customer', '  by its rule';
my $answer = $call->('Customer no. 12345670, and CUST-00000000 of a test');
is $answer->{result}{content}[0]{text}, 'for CUST-[REDACTED:parcels.customer] alone', '  and redacts the answer; what is none, or only logged, passes'
    or diag to_json($answer->{json});
done_testing;
