# Licensed under the Apache License, Version 2.0; see LICENSE.
package Uapi::Ports;

# Ports for servers that tests and build scripts start, safe when several run at once: a port belongs to the process that holds the lock
# on its file, from the moment it is chosen until the process ends, however it ends. Binding to port 0 instead would leave a
# gap between closing the probe and the server's bind in which another test is given the same number. The range lies
# below the kernel's ephemeral ports, so no outgoing connection takes one.

use strict;
use warnings;
use Fcntl qw(:flock);
use IO::Socket::INET;
use Socket qw(SOL_SOCKET SO_REUSEADDR);

use constant { FIRST => 20_000, COUNT => 12_000 };

my %held;    # port => handle whose lock is the claim

sub free_port {
    my $folder = _folder();
    my $offset = int rand COUNT;
    for my $step (0 .. COUNT - 1) {
        my $port = FIRST + ($offset + $step) % COUNT;
        next if $held{$port};
        open my $lock, '>>', "$folder/$port" or next;
        next unless flock $lock, LOCK_EX | LOCK_NB;
        next unless _unused($port);
        $held{$port} = $lock;
        return $port;
    }
    die "no free port between @{[ FIRST ]} and @{[ FIRST + COUNT ]}\n";
}

sub _unused {
    my ($port) = @_;
    return scalar IO::Socket::INET->new(
        LocalAddr => '127.0.0.1', LocalPort => $port, Proto => 'tcp', Listen => 1, ReuseAddr => 1);
}

sub _folder {
    my $folder = "/tmp/uapi-ports-$>";    # not below TMPDIR: all tests of the machine must agree on it
    mkdir $folder, 0700;
    my @status = lstat $folder or die "$folder: $!\n";
    die "$folder belongs to someone else\n" unless -d _ && $status[4] == $>;
    return $folder;
}

1;
