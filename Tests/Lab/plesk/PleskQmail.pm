# How the stand-in writes its settings into Qmail's files: xinetd's services from the relaying mode, the control
# files, the users and the .qmail files from the domains and mailboxes of psa.
package PleskQmail;
use strict;
use warnings;
use PleskStandIn;

my $root = '/var/qmail';
my $me   = 'mail.hosted.example';

# The services follow the relaying mode: relaylock reads the white list itself. The names of the variables are
# recalled; the flags of mailmng-server that set them are published (--relayclient, --smtpauth, --popauth).
sub write_services {
    my %settings = PleskStandIn::settings();
    my @environment;
    if ($settings{relay} ne 'closed') {
        push @environment, 'SMTPAUTH=1' if $settings{disable_smtp_auth} eq '0';
        push @environment, 'POPAUTH=1', "POPLOCK_TIME=$settings{poplock_time}" if $settings{disable_pop_auth} eq '0';
    }
    push @environment, 'RELAYCLIENT=' if $settings{relay} eq 'open';
    my $flags = PleskStandIn::old_layout() ? '' : "        flags           = IPv6\n";
    my %variables = (smtp => [], smtps => ['SMTPS=1'], submission => []);
    for my $service (sort keys %variables) {
        my @all = (@environment, @{ $variables{$service} });
        my $env = @all ? "        env             = @all\n" : '';
        write_new("/etc/xinetd.d/${service}_psa", <<"TEXT");
service $service
{
        socket_type     = stream
        protocol        = tcp
        wait            = no
        disable         = no
        user            = root
        instances       = UNLIMITED
${flags}${env}        server          = $root/bin/tcp-env
        server_args     = -Rt0 $root/bin/relaylock $root/bin/qmail-smtpd $root/bin/smtp_auth $root/bin/true $root/bin/cmd5checkpw $root/bin/true
}
TEXT
    }
}

sub write_black_list {
    write_new("$root/control/badmailfrom", join '', map { "\@$_\n" } PleskStandIn::black_list());
}

sub write_domains {
    my @domains = PleskStandIn::sql('SELECT id, name FROM domains ORDER BY name');
    my @aliases = PleskStandIn::sql("SELECT dom_id, name FROM domain_aliases WHERE mail = 'true' ORDER BY name");
    my @lines   = map { "$_->[1]:$_->[0]\n" } @domains, @aliases;
    write_new("$root/control/me", "$me\n");
    write_new("$root/control/databytes", "10240000\n");
    write_new("$root/control/queuelifetime", "345600\n");
    write_new("$root/control/locals", "localhost\nlocalhost.localdomain\n$me\n");
    write_new("$root/control/virtualdomains", join '', @lines);
    write_new("$root/control/rcpthosts", join '', map { "$_->[1]\n" } @domains, @aliases);
    my %names   = map { @$_ } @domains;
    my $assign  = '';
    for my $domain (@domains) {
        my ($id, $name) = @$domain;
        mkdir "$root/mailnames/$name";
        $assign .= "+$id-:popuser:30:31:$root/mailnames/$name:-::\n";
    }
    for my $mailbox (PleskStandIn::sql("SELECT dom_id, mail_name FROM mail WHERE postbox = 'true' ORDER BY id")) {
        my $home = "$root/mailnames/$names{$mailbox->[0]}/$mailbox->[1]";
        $assign .= "=$mailbox->[0]-$mailbox->[1]:popuser:30:31:${home}:::\n";
        write_new("$home/.qmail", "./Maildir/\n");
    }
    for my $alias (PleskStandIn::sql('SELECT dom_id, alias, mail_name FROM mail_aliases JOIN mail ON mail.id = mn_id')) {
        my $name = $names{ $alias->[0] };
        write_new("$root/mailnames/$name/.qmail-$alias->[1]", "&$alias->[2]\@$name\n");
    }
    write_new("$root/users/assign", "$assign.\n");
}

sub write_all {
    write_services();
    write_black_list();
    write_domains();
}

# Keeps a file as it is where nothing in it changes.
sub write_new {
    my ($path, $text) = @_;
    return if -e $path && PleskStandIn::slurp($path) eq $text;
    if (-e $path) { PleskStandIn::replace($path, $text); return }
    open my $file, '>:raw', $path or PleskStandIn::fail("Unable to write $path: $!");
    print $file $text;
    close $file or PleskStandIn::fail("Unable to write $path: $!");
}

sub reload {
    system '/bin/systemctl --quiet is-active xinetd.service && /bin/systemctl reload xinetd.service';
    # locals and virtualdomains are read again at a HUP.
    system '/bin/systemctl --quiet is-active qmail.service && /bin/systemctl kill --signal=HUP qmail.service';
}

1;
