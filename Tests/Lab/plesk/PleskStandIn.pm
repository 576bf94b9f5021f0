# What the utilities of the stand-in share: switches, the psa database, and the way into Postfix's files.
package PleskStandIn;
use strict;
use warnings;
use Cwd 'realpath';
use Fcntl ':flock';
use Socket qw(AF_INET AF_INET6 inet_pton inet_ntop);

my $switches = '/etc/plesk-stand-in';
my $main_cf  = '/etc/postfix/main.cf';
my $maps     = '/var/spool/postfix/plesk';

# The value of a switch, or the empty string.
sub switched {
    my ($name) = @_;
    open my $file, '<', "$switches/$name" or return '';
    my $value = <$file> // '';
    chomp $value;
    return $value;
}

sub fail {
    print STDERR "$_[0]\n";
    exit 1;
}

# The start of a PHP program.
sub start {
    my $milliseconds = $ENV{PLESK_STAND_IN_START_TIME} // switched('start-time');
    select undef, undef, undef, $milliseconds / 1000 if $milliseconds =~ /^\d+$/ && $milliseconds > 0;
}

my $lock;

# One change at a time.
sub lock_settings {
    open $lock, '>', '/run/plesk-stand-in.lock' or fail("Unable to lock the settings: $!");
    flock $lock, LOCK_EX or fail("Unable to lock the settings: $!");
}

sub password {
    open my $file, '<', '/etc/psa/.psa.shadow' or fail("Unable to read the password of the database: $!");
    my $password = <$file>;
    chomp $password;
    return $password;
}

# The rows that a query gives, each a reference to its columns; NULL is the text NULL. Dies where it fails.
sub rows {
    my ($query) = @_;
    local $ENV{MYSQL_PWD} = password();
    open my $client, '-|', '/usr/bin/mariadb', '-uadmin', 'psa', '-B', '-N', '-e', $query
        or die "Unable to start the database client: $!\n";
    my @rows = map { chomp; [split /\t/, $_, -1] } <$client>;
    close $client or die "ERROR: PleskDBException: Unable to query the database\n";
    return @rows;
}

sub sql {
    my ($query) = @_;
    my @rows;
    eval { @rows = rows($query); 1 } or do { chomp(my $problem = $@); fail($problem) };
    return @rows;
}

sub is_qmail { return switched('mta') eq 'qmail' }

sub quoted {
    my ($text) = @_;
    $text =~ s/([\\'])/\\$1/g;
    return "'$text'";
}

sub old_layout { return !sql("SHOW TABLES LIKE 'ServiceNodeConfiguration'") }

# The settings of the mail server by name, from whichever layout the database has.
sub settings {
    my @rows = old_layout()
        ? sql('SELECT param, val FROM misc')
        : sql("SELECT name, value FROM ServiceNodeConfiguration WHERE serviceNodeId = 1 AND section = 'mailServer'");
    return map { $_->[0] => $_->[1] } @rows;
}

sub set {
    my (%new) = @_;
    my $old_layout = old_layout();
    my @statements;
    for my $name (sort keys %new) {
        my ($n, $v) = (quoted($name), quoted($new{$name}));
        push @statements, $old_layout
            ? "INSERT INTO misc VALUES ($n, $v) ON DUPLICATE KEY UPDATE val = $v"
            : "INSERT INTO ServiceNodeConfiguration VALUES (1, 'mailServer', $n, $v)"
            . " ON DUPLICATE KEY UPDATE value = $v";
    }
    sql(join '; ', @statements);
}

# The permanent rows of the white list as [address, prefix], in the order of the table.
sub white_list { return sql('SELECT ip_address, ip_mask FROM smtp_poplocks WHERE lock_time IS NULL') }

sub black_list {
    return map { $_->[0] } sql('SELECT domain FROM badmailfrom ORDER BY id');
}

# The address and the prefix of a white list argument, or nothing where it is not one.
sub address_and_prefix {
    my ($text) = @_;
    my ($address, $prefix) = $text =~ m{^([0-9A-Fa-f.:]+)(?:\s*/\s*(\d{1,3}))?$} or return;
    my $family = $address =~ /:/ ? AF_INET6 : AF_INET;
    my $packed = inet_pton($family, $address) or return;
    my $bits   = 8 * length $packed;
    $prefix //= $bits;
    return if $prefix > $bits;
    return (inet_ntop($family, $packed), $prefix + 0);
}

# A row as Postfix wants it in mynetworks: no host bits, IPv6 in brackets.
sub network {
    my ($address, $prefix) = @_;
    my $family = $address =~ /:/ ? AF_INET6 : AF_INET;
    my $bits   = unpack 'B*', inet_pton($family, $address);
    substr($bits, $prefix) = '0' x (length($bits) - $prefix);
    my $base = inet_ntop($family, pack 'B*', $bits);
    return $family == AF_INET6 ? "[$base]/$prefix" : "$base/$prefix";
}

sub mynetworks {
    my %settings = settings();
    my @networks = map { network(@$_) } white_list();
    push @networks, '0.0.0.0/0', '[::]/0'
        if $settings{relay} eq 'open' && switched('open-footprint') eq 'mynetworks';
    return (mynetworks => join ' ', @networks);
}

# The parameters that follow the relaying mode. Only mode auth with smtp was seen in the wild (and is
# the text of the shipped main.cf); all others are assumed.
sub relaying {
    my %settings = settings();
    my $open     = $settings{relay} eq 'open';
    my $auth     = $settings{relay} eq 'auth' || $open;
    my $smtp     = $auth && $settings{disable_smtp_auth} eq '0';
    my $pop      = $auth && $settings{disable_pop_auth} eq '0';
    my @permits  = 'permit_mynetworks';
    push @permits, 'permit_sasl_authenticated'                   if $smtp;
    push @permits, "check_client_access hash:$maps/poplock"      if $pop;
    push @permits, 'check_client_access static:OK' if $open && switched('open-footprint') ne 'mynetworks';
    return (
        smtpd_sasl_auth_enable       => $smtp ? 'yes' : 'no',
        smtpd_relay_restrictions     => join(' ', @permits, 'defer_unauth_destination'),
        smtpd_recipient_restrictions => join(', ', @permits, 'reject_unauth_destination'),
    );
}

# Gives parameters of main.cf new values. Where the effective value is that already, no byte changes;
# where the name is set more than once, the last one (which Postfix uses) is rewritten, with its
# continuation lines; comments, order and everything else stay.
sub edit_main {
    my (%new) = @_;
    my $before = slurp($main_cf);
    my @lines  = $before =~ /([^\n]*\n|[^\n]+\z)/g;
    for my $name (sort keys %new) {
        my ($first) = grep { $lines[$_] =~ /^\Q$name\E\s*=/ } reverse 0 .. $#lines;
        my $line = "$name = $new{$name}";
        $line =~ s/\s+$//;
        if (!defined $first) {
            $lines[-1] .= "\n" if @lines && $lines[-1] !~ /\n\z/;
            push @lines, "$line\n";
            next;
        }
        my ($value) = $lines[$first] =~ /=\s*(.*)/;
        my @continued;
        for my $index ($first + 1 .. $#lines) {
            next if $lines[$index] =~ /^\s*(#|$)/;
            last if $lines[$index] !~ /^\s/;
            push @continued, $index;
            $value .= ' ' . $lines[$index];
        }
        next if join(' ', split ' ', $value) eq $new{$name};
        $lines[$first] = "$line\n";
        $lines[$_] = '' for @continued;
        @lines = grep { $_ ne '' } @lines;
    }
    my $after = join '', @lines;
    replace($main_cf, $after) if $after ne $before;
}

sub slurp {
    my ($path) = @_;
    open my $file, '<:raw', $path or fail("Unable to open $path: $!");
    local $/;
    return <$file> // '';
}

# Replaces a file's bytes by a rename; owner, mode, ACL and extended attributes go with it.
sub replace {
    my ($path, $bytes) = @_;
    $path = realpath($path);
    my $new = "$path.plesk-stand-in";
    system('/bin/cp', '--preserve=all', '--', $path, $new) == 0 or fail("Unable to copy $path");
    open my $file, '>:raw', $new or fail("Unable to write $new: $!");
    print $file $bytes;
    close $file or fail("Unable to write $new: $!");
    rename $new, $path or fail("Unable to rename $new: $!");
}

# Makes a map of Postfix anew, where its text changed.
sub write_map {
    my ($name, $text) = @_;
    my $path = "$maps/$name";
    return if -e "$path.db" && -e $path && slurp($path) eq $text;
    open my $file, '>:raw', $path or fail("Unable to write $path: $!");
    print $file $text;
    close $file or fail("Unable to write $path: $!");
    system('/usr/sbin/postmap', "hash:$path") == 0 or fail("Unable to make the map $path");
}

# The black list, as the sender access map that main.cf names.
sub write_black_list {
    write_map('blacklists', join '', map { "$_ REJECT\n" } black_list());
}

# The clients that a POP3 login opened the relay for. That a wider mask covers a network is assumed.
sub write_pop_locks {
    my @rows = sql('SELECT ip_address, ip_mask FROM smtp_poplocks WHERE lock_time IS NOT NULL AND ip_mask >= 8');
    my $key  = sub { $_->[0] =~ /:/ ? $_->[0] : join '.', (split /\./, $_->[0])[0 .. $_->[1] / 8 - 1] };
    write_map('poplock', join '', map { $key->() . " OK\n" } @rows);
}

# Carries the settings of psa through to the MTA's files: relaying, white list, black list.
sub follow_relaying {
    if (is_qmail()) {
        PleskQmail::write_services();
    } else {
        my %settings = settings();
        write_pop_locks() if $settings{disable_pop_auth} eq '0';
        edit_main(relaying(), switched('open-footprint') eq 'mynetworks' ? mynetworks() : ());
    }
    reload();
}

sub follow_white_list {
    # relaylock looks into the table itself.
    return if is_qmail();
    edit_main(mynetworks());
    reload();
}

sub follow_black_list {
    if (is_qmail()) { PleskQmail::write_black_list() } else { write_black_list() }
    reload();
}

sub reload {
    return if $ENV{PLESK_STAND_IN_NO_RELOAD};
    if (is_qmail()) { PleskQmail::reload() } else { system '/usr/sbin/postfix reload >/dev/null 2>&1' }
}

require PleskQmail;

1;
