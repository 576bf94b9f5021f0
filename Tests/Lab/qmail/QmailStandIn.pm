# What the programs of the stand-in for Qmail share: control files, constant databases, the queue.
# The names of files and functions are qmail's own (qmail-control(5), cdb(5), INTERNALS in qmail's source).
package QmailStandIn;
use strict;
use warnings;
use Errno 'ENOENT';
use Fcntl;
use Socket;

our $root = '/var/qmail';

# The bytes of a file under the root, undef where it is not there. What is there and cannot be read is an error.
sub slurp {
    my ($name) = @_;
    my $bytes = '';
    sysopen my $file, "$root/$name", O_RDONLY or do {
        return undef if $! == ENOENT;
        die "controls\n";
    };
    while (1) {
        my $count = sysread $file, $bytes, 65536, length $bytes;
        die "controls\n" if !defined $count;
        return $bytes    if $count == 0;
    }
}

# control_readfile: a line each, blanks at the end taken off, neither empty lines nor comments.
sub control_lines {
    my $bytes = slurp("control/$_[0]") // return undef;
    my @lines = split /\n/, $bytes;
    s/[ \t]+\z// for @lines;
    return [grep { $_ ne '' && !/^#/ } @lines];
}

# control_readline: the first line.
sub control_line {
    my $bytes = slurp("control/$_[0]") // return undef;
    my ($line) = split /\n/, $bytes;
    $line //= '';
    $line =~ s/[ \t]+\z//;
    return $line;
}

sub me { return control_line('me') // die "controls\n" }

# The name, then each of its ends that begin with a dot.
sub suffixes {
    my ($domain) = @_;
    return ($domain, map { substr $domain, $_ } grep { $_ > 0 && substr($domain, $_, 1) eq '.' } 0 .. length($domain) - 1);
}

# cdb_seek: looks a key up by its hash, as every reader of a constant database does.
sub cdb_get {
    my ($bytes, $key) = @_;
    my $hash = 5381;
    $hash = (($hash * 33) & 0xffffffff) ^ $_ for unpack 'C*', $key;
    my ($position, $slots) = unpack 'V2', substr $bytes, 8 * ($hash & 255), 8;
    return undef if !$slots;
    for my $try (0 .. $slots - 1) {
        my $slot = $position + 8 * ((($hash >> 8) + $try) % $slots);
        my ($found, $record) = unpack 'V2', substr $bytes, $slot, 8;
        return undef if !$record;
        next if $found != $hash;
        my ($key_length, $data_length) = unpack 'V2', substr $bytes, $record, 8;
        next if substr($bytes, $record + 8, $key_length) ne $key;
        return substr $bytes, $record + 8 + $key_length, $data_length;
    }
    return undef;
}

# cdb_make: the constant database of [key, data] pairs.
sub cdb_make {
    my ($body, @tables) = ('', map { [] } 0 .. 255);
    for my $record (@_) {
        my ($key, $data) = @$record;
        my $hash = 5381;
        $hash = (($hash * 33) & 0xffffffff) ^ $_ for unpack 'C*', $key;
        push @{ $tables[$hash & 255] }, [$hash, 2048 + length $body];
        $body .= pack('V2', length $key, length $data) . $key . $data;
    }
    my $header = '';
    for my $entries (@tables) {
        $header .= pack 'V2', 2048 + length $body, 2 * @$entries;
        my @slots = map { [0, 0] } 1 .. 2 * @$entries;
        for my $entry (@$entries) {
            my $slot = ($entry->[0] >> 8) % @slots;
            $slot = ($slot + 1) % @slots while $slots[$slot][1];
            $slots[$slot] = $entry;
        }
        $body .= pack 'V2', @$_ for @slots;
    }
    return $header . $body;
}

my $sequence = 0;

# received.c of qmail-queue: who ran it. Plesk's xinetd runs qmail-smtpd as root.
our $invoked;

sub invocation {
    my %names = (qmaild => 'from network', alias => 'by alias', qmails => 'for bounce');
    return $invoked // $names{ getpwuid($<) // '' } // "by uid $<";
}

# qmail-queue: puts a message into the queue and wakes qmail-send.
sub enqueue {
    my ($message, $sender, @recipients) = @_;
    my $id;
    while (1) {
        $id = time % 1_000_000 * 100 + $$ % 100 + $sequence++;
        if (sysopen my $mess, path('mess', $id), O_WRONLY | O_CREAT | O_EXCL, 0644) {
            syswrite $mess, sprintf("Received: (qmail %d invoked %s); %s\n", $$, invocation(), date()) . $message;
            close $mess;
            last;
        }
        return undef if $! != Errno::EEXIST;
    }
    write_file("$root/queue/intd/$id", "u$>\0p$$\0F$sender\0" . join '', map { "T$_\0" } @recipients) or return undef;
    link "$root/queue/intd/$id", "$root/queue/todo/$id" or return undef;
    if (sysopen my $trigger, "$root/queue/lock/trigger", O_WRONLY | O_NONBLOCK) { syswrite $trigger, "\0" }
    return $id;
}

# Where a message has its file: `mess`, `info`, `local` and `remote` are split into 23 directories.
sub path {
    my ($kind, $id) = @_;
    return "$root/queue/$kind/" . $id % 23 . "/$id";
}

sub write_file {
    my ($path, $bytes) = @_;
    open my $file, '>:raw', $path or return 0;
    print $file $bytes;
    return close $file;
}

# date822fmt
sub date {
    my @now = gmtime(shift // time);
    my @months = qw(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec);
    return sprintf '%d %s %d %02d:%02d:%02d -0000', $now[3], $months[$now[4]], 1900 + $now[5], @now[2, 1, 0];
}

# syslog(3), facility mail, without the time that its module takes to load: one starts for each client.
sub say_to_log {
    my ($program, $text) = @_;
    socket my $log, AF_UNIX, SOCK_DGRAM, 0 or return;
    connect $log, pack_sockaddr_un('/dev/log') or return;
    send $log, "<22>$program\[$$]: $text", 0;
}

# An address of IPv4 that comes in IPv6's clothes is the address of IPv4.
sub plain_address {
    my ($address) = @_;
    $address =~ s/^::ffff:(?=\d+\.)//i;
    return $address;
}

1;
