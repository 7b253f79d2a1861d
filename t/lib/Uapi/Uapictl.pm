# Licensed under the Apache License, Version 2.0; see LICENSE.
package Uapi::Uapictl;

# Runs uapictl as a user at a shell does, and judges how it speaks: `use Uapi::Uapictl;` after Uapi::Test.
#
#   my $folder = workspace();            an empty folder; UAPI_REGISTRY, UAPI_AUDIT, UAPI_KEY_FILE name files in it
#   my $answer = uapictl(@words, {stdin => ...});     hash: status, output, errors
#   my $value = json_of(@words);         decoded standard output with --json; fails the test unless the status is 0
#   refused $answer, qr/why/, 'name';    status 1, the reason on standard error, nothing else
#   misused $answer, qr/why/, 'name';    the same with status 2
#   refused_json [@words], 'reason', 'name';          status 1 and an error object with that reason

use strict;
use warnings;
use Exporter 'import';
use File::Temp ();
use JSON::PP ();
use Test::More;
use Uapi::Httpd ();
use Uapi::Process ();

our @EXPORT = qw(workspace uapictl json_of done refused misused refused_json spew all_bytes);

my @folders;

sub workspace {
    my $folder = File::Temp->newdir('uapi-ctl-XXXXXX', TMPDIR => 1);
    push @folders, $folder;
    @ENV{qw(UAPI_REGISTRY UAPI_AUDIT UAPI_KEY_FILE)} = map { "$folder/d/$_" } qw(registry.db audit.db key);
    return "$folder";
}

sub uapictl {
    my (@words) = @_;
    my $option = ref $words[-1] ? pop @words : {};
    my %answer;
    @answer{qw(status output errors)} = Uapi::Process::run_captured([Uapi::Httpd::out('uapictl'), @words], %$option);
    return \%answer;
}

sub json_of {
    my (@words) = @_;
    my $option = ref $words[-1] ? pop @words : {};
    my $answer = uapictl(@words, '--json', $option);
    done($answer, "@words");
    return eval { JSON::PP->new->utf8->decode($answer->{output}) } // do { fail("@words: JSON"); diag $answer->{output}; {} };
}

sub done {
    my ($answer, $name) = @_;
    return ok($answer->{status} == 0 && $answer->{errors} eq '', $name) || diag explain $answer;
}

sub _failed {
    my ($answer, $status, $why, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 2;
    my $right = $answer->{status} == $status && $answer->{output} eq '' && $answer->{errors} =~ $why
        && $answer->{errors} =~ /\Auapictl: /;
    return ok($right, $name) || diag "expected $status, $why: ", explain $answer;
}

sub refused { my ($answer, $why, $name) = @_; return _failed($answer, 1, $why, $name) }
sub misused { my ($answer, $why, $name) = @_; return _failed($answer, 2, $why, $name) }

sub refused_json {
    my ($words, $reason, $name) = @_;
    my $answer = uapictl(@$words, '--json');
    my $value = eval { JSON::PP->new->utf8->decode($answer->{output}) };
    my $error = ref $value eq 'HASH' ? $value->{error} : {};
    my $right = $answer->{status} == ($reason eq 'usage' ? 2 : 1) && $answer->{errors} eq '' && $error->{reason} eq $reason
        && $error->{message} =~ /\S/;
    return ok($right, $name) || diag "expected $reason: ", explain $answer;
}

sub spew {
    my ($path, $text) = @_;
    open my $handle, '>:raw', $path or die "$path: $!\n";
    print $handle $text;
    close $handle or die "$path: $!\n";
    return $path;
}

# Everything that lies in a folder's files, to search it.
sub all_bytes {
    my ($folder) = @_;
    local $/ = undef;
    return join '', map { open my $handle, '<:raw', $_ or die "$_: $!\n"; scalar <$handle> } grep { -f } glob "$folder/*";
}

1;
