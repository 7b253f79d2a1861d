# Licensed under the Apache License, Version 2.0; see LICENSE.
package Uapi::Sources;

# The files of the project, for the tests that read them: what lies in the tree and is neither built nor installed.

use strict;
use warnings;
use Exporter 'import';
use File::Find ();

our @EXPORT_OK = qw(sources lines_matching words_matching);

my @all;

# Paths from the root of the repository that match, sorted. -T => 1: only those that hold text.
sub sources {
    my ($pattern, %option) = @_;
    @all = _walk() unless @all;
    my @found = grep { $_ =~ $pattern } @all;
    return $option{-T} ? grep { -T } @found : @found;
}

# "file:line: text" of each line that matches.
sub lines_matching {
    my ($pattern, @files) = @_;
    my @lines;
    for my $file (@files) {
        open my $handle, '<:raw', $file or die "$file: $!\n";
        while (my $line = <$handle>) {
            $line =~ s/\r?\n\z//;
            push @lines, "$file:$.: $line" if $line =~ $pattern;
        }
    }
    return @lines;
}

# What the pattern's first group matched, in all files, each with the place where: ([word, "file:line"], ...).
sub words_matching {
    my ($pattern, @files) = @_;
    my @words;
    for my $file (@files) {
        open my $handle, '<:raw', $file or die "$file: $!\n";
        while (my $line = <$handle>) {
            push @words, [$1, "$file:$."] while $line =~ /$pattern/g;
        }
    }
    return @words;
}

sub _walk {
    my @found;
    File::Find::find({
        no_chdir => 1,
        wanted => sub {
            my $path = $File::Find::name =~ s{^\./?}{}r;
            $File::Find::prune = 1, return if $path =~ m{^(?:\.git|build/out)$|(?:^|/)node_modules$};
            push @found, $path if -f $File::Find::name && !-l $File::Find::name;
        },
    }, '.');
    return sort grep { length } @found;
}

1;
