# Licensed under the Apache License, Version 2.0; see LICENSE.
package Uapi::Registry;

# A registry, an audit file and a key file in a folder of their own, made by uapictl as an operator would, with a tenant
# and a token. As root the folder is handed over to the user that httpd's children run as.

use strict;
use warnings;
use File::Path qw(remove_tree);
use File::Temp ();
use JSON::PP ();
use Uapi::Httpd;
use Uapi::Process qw(run_captured unprivileged_user);

# make_registry(tenant => 'acme', principal => 'agent-1', type => 'agent', roles => [...], expires => '1h').
sub make {
    my ($class, %option) = @_;
    my $folder = $option{folder} // File::Temp::tempdir('uapi-registry-XXXXXX', TMPDIR => 1);
    mkdir $folder;
    my $self = bless { folder => $folder, owner => $$, tenant => $option{tenant} // 'acme' }, $class;
    my @user = unprivileged_user();
    $self->must('init', @user ? ('--owner', $user[0]) : ());
    $self->_hand_over;
    $self->must('tenant', 'create', $self->{tenant});
    @$self{qw(token token_id)} = @{ $self->token_create(%option) }{qw(token id)};
    return $self;
}

sub folder { return $_[0]{folder} }
sub registry { return "$_[0]{folder}/registry.db" }
sub audit { return "$_[0]{folder}/audit.db" }
sub key_file { return "$_[0]{folder}/key" }
sub tenant { return $_[0]{tenant} }
sub token { return $_[0]{token} }
sub token_id { return $_[0]{token_id} }

# The directives that name the three files.
sub config {
    my ($self) = @_;
    return join "\n", 'UapiRegistry "' . $self->registry . '"', 'UapiAudit "' . $self->audit . '"',
        'UapiKeyFile "' . $self->key_file . '"', '';
}

# A file in the folder, readable for httpd; gives its path.
sub file {
    my ($self, $name, $text) = @_;
    my $path = "$self->{folder}/$name";
    open my $handle, '>', $path or die "$path: $!\n";
    print $handle $text;
    close $handle or die "$path: $!\n";
    chmod 0644, $path;
    $self->_hand_over;
    return $path;
}

# Another token: a hash with `token`, `id`.
sub token_create {
    my ($self, %option) = @_;
    my @arguments = ('--tenant', $option{tenant} // $self->{tenant}, '--principal', $option{principal} // 'agent-1');
    push @arguments, '--type', $option{type} if $option{type};
    push @arguments, '--expires', $option{expires} if $option{expires};
    push @arguments, map { ('--role', $_) } @{ $option{roles} || [] };
    return JSON::PP->new->utf8->decode($self->must('token', 'create', @arguments, '--json'));
}

sub token_revoke { my ($self, $id) = @_; return $self->must('token', 'revoke', $id // $self->{token_id}) }

# Stores a credential; the secret goes in by standard input.
sub credential_set {
    my ($self, $name, $secret, $tenant) = @_;
    return $self->must('credential', 'set', $name, '--tenant', $tenant // $self->{tenant}, { stdin => $secret });
}

# The tenant's audit records, decoded, in order.
sub audit_records {
    my ($self, $tenant) = @_;
    my $text = $self->must('audit', 'show', '--tenant', $tenant // $self->{tenant}, '--json');
    return map { $_->{record} } JSON::PP->new->utf8->incr_parse($text);
}

# Runs uapictl with the three files named: (exit status, standard output, standard error). The last argument may be a
# hash: stdin, seconds, environment.
sub uapictl {
    my ($self, @arguments) = @_;
    my $option = ref $arguments[-1] ? pop @arguments : {};
    my @files = ('--registry', $self->registry, '--audit', $self->audit, '--key-file', $self->key_file);
    my @answer = run_captured([Uapi::Httpd::out('uapictl'), @arguments, @files], %$option);
    $self->_hand_over;
    return @answer;
}

# The same, but anything else than success ends the test; gives the standard output.
sub must {
    my ($self, @arguments) = @_;
    my ($status, $output, $errors) = $self->uapictl(@arguments);
    die "uapictl @{[ grep { !ref } @arguments ]}: status $status\n$output$errors\n" if $status;
    return $output;
}

sub _hand_over {
    my ($self) = @_;
    my @user = unprivileged_user() or return;
    chown $user[2], $user[3], $self->{folder}; # the key file stays root's
    return;
}

sub DESTROY {
    my ($self) = @_;
    return if $self->{owner} != $$ || $ENV{UAPI_TEST_KEEP};
    remove_tree($self->{folder}, { error => \my $ignored });
    return;
}

1;
