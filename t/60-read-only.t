# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# A registry that can only be read: the server never writes to it, so known and unknown tokens go on being told apart. (An audit
# file that becomes read-only: t/unit/audit_faults.c.)
use lib 't/lib';
use Uapi::Test;
use Uapi::Process qw(unprivileged_user);

my $upstream = upstream();
my $registry = make_registry();
my $policy = $registry->file('policy.yaml', "apiVersion: uapi/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n    - {id: all, effect: allow, server: s}\n");
my $unknown = make_registry(tenant => 'other')->token;
my $httpd;
sub frame { my ($registry_file, $audit) = @_; return <<"CONF" }
UapiRegistry "$registry_file"
UapiAudit "$audit"
UapiKeyFile "@{[ $registry->key_file ]}"
UapiPolicy "$policy"
UapiServer s
UapiEngine on
<Location "/mcp">
    ProxyPass @{[ $upstream->url('/mcp') ]}
</Location>
CONF
sub ask { return mcp_call($httpd->url('/mcp'), $_[0], 'ping', undef) }
sub told_apart {
    my ($what) = @_;
    is ask($registry->token)->{status}, 200, "$what: a known token";
    is ask($unknown)->{error}{data}{reason}, 'token.unknown', "$what: an unknown one";
    is ask(undef)->{error}{data}{reason}, 'token.missing', "$what: none";
    return;
}

# ---- no right to write, neither to the file nor to its folder
my @user = unprivileged_user();
my $closed = $registry->folder . '/closed';
mkdir $closed;
run(['cp', $registry->registry, "$closed/registry.db"]);
run(['sh', '-c', "cp @{[ $registry->registry ]}* $closed/"]);
chown $user[2], $user[3], $closed, glob "$closed/*" if @user;
chmod 0400, glob "$closed/*";
chmod 0500, $closed;
$httpd = httpd(frame("$closed/registry.db", $registry->audit));
told_apart('no right to write');
$httpd->stop;

# ---- a file system that is mounted read-only
SKIP: {
    my $mount = $registry->folder . '/mounted';
    mkdir $mount;
    skip 'no right to mount', 4 if $> != 0 || (run(['mount', '-t', 'tmpfs', '-o', 'size=24m', 'uapi-read-only', $mount]))[0];
    my $end = Guard->new(sub { run(['umount', '-l', $mount]) });
    chmod 0755, $mount;
    mkdir "$mount/uapi";
    run(['sh', '-c', "cp -p @{[ $registry->registry ]}* $mount/uapi/"]);
    chown $user[2], $user[3], "$mount/uapi", glob "$mount/uapi/*" if @user;
    is((run(['mount', '-o', 'remount,ro', $mount]))[0], 0, 'mounted read-only');
    $httpd = httpd(frame("$mount/uapi/registry.db", $registry->audit));
    told_apart('mounted read-only');
    $httpd->stop;
}
done_testing;

package Guard;
sub new { my ($class, $sub) = @_; return bless { sub => $sub }, $class }
sub DESTROY { $_[0]{sub}->() }
