# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Tool pins where the registry belongs to root, where nothing can be kept, and where the file is gone: nothing is shown that could not be kept.
use lib 't/lib';
use Uapi::Test;
use File::Temp ();
use Uapi::Process qw(unprivileged_user);

my $tools = File::Temp->new;
sub server_says { my @tools = map { { name => $_, inputSchema => {} } } @_; open my $out, '>', "$tools" or die; print $out to_json(\@tools); close $out; return }
my $upstream = upstream(sub {
    my ($request, $reply) = @_;
    my $message = $request->json;
    return $reply->json({ jsonrpc => '2.0', id => $message->{id}, result => $message->{method} eq 'tools/list' ? { tools => from_json(slurp("$tools")) } : { content => [] } });
});
my $registry = make_registry;
my $policy = $registry->file('policy.yaml', "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n    - {id: all, effect: allow, server: s}\n"
        . "---\napiVersion: uapi/v1\nkind: Server\nmetadata: {name: s}\nspec: {pinning: first_use}\n");
my @user = unprivileged_user();

# A folder of its own, which the children may read and not write, and in it the registry, root's.
my $closed = File::Temp->newdir('uapi-closed-XXXXXX', TMPDIR => 1);
my $file = "$closed/registry.db";
run(['sh', '-c', "cp @{[ $registry->registry ]}* $closed/"]);
chmod 0640, glob "$closed/*";
chown 0, $user[3], "$closed", glob "$closed/*" if @user;
chmod 0750, "$closed";

my $httpd = httpd(<<"CONF");
UapiRegistry "$file"
UapiAudit "@{[ $registry->audit ]}"
UapiKeyFile "@{[ $registry->key_file ]}"
UapiPolicy "$policy"
UapiServer s
UapiEngine on
<Location "/mcp">
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
CONF
sub ask { return mcp_call($httpd->url('/mcp'), $registry->token, @_) }
sub names { my $answer = ask('tools/list', {}); return $answer->{result} ? join ' ', map { $_->{name} } @{ $answer->{result}{tools} } : $answer->{error}{data}{reason} }
sub calls { my $answer = ask('tools/call', { name => $_[0], arguments => {} }); return $answer->{result} ? 'done' : $answer->{error}{data}{reason} }
sub may { my ($mode) = @_; chmod $mode, glob "$file-observed*"; return }

server_says('a');
is names(), 'a', 'children keep what they saw beside a registry that they cannot write';
is calls('a'), 'done', '  and it is pinned';
SKIP: {
    skip 'only root can give files away', 2 unless @user;
    is sprintf('%04o', (stat "$file-observed")[2] & 07777), '0600', 'the file is private';
    is +(stat "$file-observed")[4], $user[2], '  and httpd\'s user\'s';
}

$httpd->expect_log(qr/registry\.unavailable/);
may(0400);
server_says('a', 'b');
is names(), 'registry.unavailable', 'a list of which something cannot be kept is not shown';
is calls('b'), 'tool.unpinned', '  nor may it be called';
is calls('a'), 'done', '  what was pinned may';
server_says('a');
is names(), 'a', '  and is shown';
may(0600);
$httpd->restart; # SQLite keeps what it could only read open for reading
server_says('a', 'b');
is names(), 'a b', 'mended: shown';

my @files = glob "$file-observed*";
rename $_, "$_.away" for @files;
ok wait_for(10, sub { calls('a') eq 'registry.unavailable' }), 'the file is gone: soon no call passes';
rename "$_.away", $_ for @files;
ok wait_for(10, sub { calls('a') eq 'done' }), 'it is back';
is names(), 'a b', '  with all that was in it';
done_testing;
