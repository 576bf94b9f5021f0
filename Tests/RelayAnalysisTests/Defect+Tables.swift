/// White lists before the rejection, destinations, services, and what becomes of mail that was taken.
extension Defect {
    private static func access(_ check: String, _ name: String, _ text: String) -> Defect {
        Defect("\(check) \(name): \(text)") {
            let table = $0.table(name, text)
            $0.insert("\(check) \(table)")
        }
    }

    static let accessTables: [Defect] =
        [
            ("isp.test OK\n"), (".isp.test OK\n"), ("198.51.100 OK\n"), ("198.51.100.7 OK\n"), ("198 OK\n"),
            ("attacker.test RELAY\n"), ("client.attacker.test 1\n"), ("other.example.net OK\n"),
            ("example.net OK\n"),
            ("test OK\n"), ("198.51.100.7 REJECT\n198.51.100 OK\n"), ("198.51.100 550\n"),
            ("198.51.100 550 no\n"),
            ("198.51.100 DUNNO\n"), ("198.51.100 permit\n"),
            ("198.51.100 reject_unauth_destination, permit\n"),
            ("198.51.100 DISCARD\n"), ("198.51.100 HOLD\n"), ("198.51.100 FILTER smtp:[203.0.113.25]\n"),
            ("198.51.100 REDIRECT x@third.test\n"), ("198.51.100 PREPEND X: y\n"),
            ("198.51.100 OK and more\n"),
            ("198.51.100 ok\n"), ("198.51.100 OKAY\n"), ("198.51.100 permit_auth_destination\n"),
            ("2001:db8 OK\n"),
            ("2001:db8:0:1 OK\n"), ("2001:db8:ffff::7 OK\n"), ("198.51.100.0/24 OK\n"), ("198.51.100. OK\n"),
            ("ISP.test OK\n"), ("unknown OK\n"), ("localhost OK\n"), ("127.0.0.1 OK\n"),
            ("198.51.100 WARN x\n"),
            ("198.51.100 DEFER_IF_PERMIT\n"), ("198.51.100 BCC x@third.test\n"), ("198.51.100 INFO\n"),
        ].map { access("check_client_access", "clients.hash", $0) }
        + [
            "0.0.0.0/0 OK\n", "198.51.100.0/24 550\n", "198.51.100.0/24 550 no\n", "198.51.100.0/24 OK\n",
            "10.0.0.0/8 REJECT\n0.0.0.0/0 PERMIT\n", "198.51.100.0/24 DUNNO\n0.0.0.0/0 OK\n",
            "!198.51.100.0/24 OK\n",
            "0.0.0.0/0 REJECT\n198.51.100.0/24 OK\n", "::/0 OK\n", "198.51.100.7/24 OK\n",
            "198.51.100.0/24\n",
            "if !10.0.0.0/8\n0.0.0.0/0 OK\nendif\n", "198.51.100.7 OK\n", "128.0.0.0/1 OK\n",
            "2001:db8::/32 OK\n", "192.0.2.0/24 OK\n", "127.0.0.0/8 OK\n", "203.0.113.9 OK\n",
        ].map { access("check_client_access", "clients.cidr", $0) }
        + [
            "/example\\.net/ OK\n", "/(^|\\.)example\\.net$/ OK\n", "/^198\\.51\\.100\\./ OK\n", "/./ OK\n",
            "/dsl|dial/ OK\n", "/isp\\.test$/i OK\n", "!/example\\.net$/ OK\n", "/^unknown$/ OK\n",
            "if /test$/\n/isp/ OK\nendif\n", "/^(.*)\\.isp\\.test$/ OK\n", "/example.net$/ OK\n",
            "/^mail/ OK\n",
        ].map { access("check_client_access", "clients.pcre", $0) }
        + ["/example\\.net/ OK\n", "/^198\\.51/ OK\n", "/.*/ 1\n"].map {
            access("check_client_access", "clients.regexp", $0)
        }
        + ["example.net OK\n", "client.attacker.test OK\n", "198.51.100.7 OK\n", "mail.example.net DUNNO\n"]
        .map {
            access("check_reverse_client_hostname_access", "reverse.hash", $0)
        }
        + [
            "localhost OK\n", "mx.example.net OK\n", "example.net OK\n", "client.attacker.test OK\n",
            "partner.test OK\n", "[127.0.0.1] OK\n", "127.0.0.1 OK\n", "attacker.test OK\n",
        ].map { access("check_helo_access", "helo.hash", $0) }
        + ["/^localhost$/ OK\n", "/example/ OK\n", "/^[^.]+$/ OK\n", "/^\\[?127/ OK\n"].map {
            access("check_helo_access", "helo.pcre", $0)
        }
        + [
            "example.net OK\n", "alice@example.net OK\n", "alice@ OK\n", "<> OK\n", "partner.test OK\n",
            "friend@partner.test OK\n", "test OK\n", ".net OK\n", "net OK\n", "postmaster@ OK\n",
            "localhost OK\n",
            "example.net DUNNO\n", "alice@example.net permit_mynetworks\n", "probe@third.test OK\n",
        ].map { access("check_sender_access", "senders.hash", $0) }
        + [
            "/./ OK\n", "/@example\\.net$/ OK\n", "/example/ OK\n", "/^alice/ 1\n", "/^$/ OK\n",
            "/^<>$/ OK\n",
        ].map {
            access("check_sender_access", "senders.pcre", $0)
        }
        + [
            "postmaster@ OK\nabuse@ OK\n", "third.test OK\n", "example.net OK\n", "alice@example.net OK\n",
            "test OK\n",
            "postmaster@example.net OK\n", ".test OK\n", "example.net permit\n", "abuse@ permit_mynetworks\n",
        ].map { access("check_recipient_access", "recipients.hash", $0) }
        + [
            "/example\\.net/ OK\n", "/@example\\.net$/ OK\n", "/example\\.net$/ OK\n", "/^postmaster@/ OK\n",
            "/[@.]example\\.net$/ OK\n", "/^relaytest/ OK\n", "/.*@.*/ permit\n", "/@.*\\.test$/ OK\n",
        ].map { access("check_recipient_access", "recipients.pcre", $0) }
        + [
            Defect("a white list in the recipient list, behind the relay list") {
                let table = $0.table("senders.hash", "example.net OK\n")
                $0.set(
                    "smtpd_recipient_restrictions", "check_sender_access \(table), reject_unauth_destination")
            },
            Defect("a white list in the recipient list, behind the rejection") {
                $0.guardByRecipientListAlone()
                let table = $0.table("senders.hash", "example.net OK\n")
                $0.append("smtpd_recipient_restrictions", "check_sender_access \(table)")
            },
            Defect("a white list in the recipient list, which guards alone") {
                $0.guardByRecipientListAlone()
                let table = $0.table("senders.hash", "example.net OK\n")
                $0.insert("check_sender_access \(table)", into: "smtpd_recipient_restrictions")
            },
            Defect("parents of access keys only by dot, a bare domain") {
                $0.set("parent_domain_matches_subdomains", "")
                let table = $0.table("dotted.hash", "attacker.test OK\n")
                $0.insert("check_client_access \(table)")
            },
            Defect("parents of access keys only by dot, a dotted domain") {
                $0.set("parent_domain_matches_subdomains", "")
                let table = $0.table("dotted.hash", ".attacker.test OK\n")
                $0.insert("check_client_access \(table)")
            },
            Defect("another key for the null sender") {
                $0.set("smtpd_null_access_lookup_key", "nobody")
                let table = $0.table("null.hash", "nobody OK\n<> REJECT\n")
                $0.insert("check_sender_access \(table)")
            },
            Defect("a union of two tables that permits") {
                let first = $0.table("one.hash", "198.51.100.7 permit_mynetworks\n")
                let second = $0.table("two.hash", "198.51.100.7 permit\n")
                $0.insert("check_client_access unionmap:{\(first),\(second)}")
            },
            Defect("a warning before the table that permits") {
                let table = $0.table("warned.hash", "198.51.100.7 OK\n")
                $0.insert("warn_if_reject check_client_access \(table)")
            },
        ]

    // MARK: destinations

    static let destinations: [Defect] =
        [
            "static:all", "*", "test", "com", ".test", "co.uk", "relay.example.net", "$mydestination",
            "example.net",
            "inline:{test=x}", "inline:{partner.test=x}", "!third.test static:all",
            "partner.test, !partner.test", "TEST",
            "all", "# test", "unionmap:{static:x}",
        ].map { .setting("relay_domains", $0) }
        + [
            ("rd.regexp", "/./ OK\n"), ("rd.pcre", "/example\\.net/ OK\n"),
            ("rd.pcre", "/(^|\\.)example\\.net$/ OK\n"),
            ("rd.pcre", "/^example\\.net$/ x\n"), ("rd.pcre", "/\\.test$/ x\n"), ("rd.hash", "test x\n"),
            ("rd.hash", "* x\n"), ("rd.hash", "relay.example.net REJECT\n"), ("rd.pcre", "/third/ x\n"),
            ("rd.regexp", "!/example\\.net$/ x\n"), ("rd.pcre", "/example\\.net$/ x\n"),
            ("rd.cidr", "0.0.0.0/0 x\n"),
        ].map { name, text in
            Defect("relay_domains by \(name): \(text)") { $0.set("relay_domains", $0.table(name, text)) }
        } + [
            Defect("a bare name where only dots match") {
                $0.set("relay_domains", "test")
                $0.set("parent_domain_matches_subdomains", "")
            },
            Defect("a dotted name where only dots match") {
                $0.set("relay_domains", ".test")
                $0.set("parent_domain_matches_subdomains", "")
            },
            Defect("the routes of a catch-all are relay domains") {
                $0.set("transport_maps", $0.table("routes.regexp", "/.*/ smtp:[203.0.113.25]\n"))
                $0.set("relay_domains", "$transport_maps")
            },
            Defect("the routes of one domain are relay domains") {
                $0.set("transport_maps", $0.table("routes.hash", "relay.example.net smtp:[203.0.113.26]\n"))
                $0.set("relay_domains", "$transport_maps")
            },
            Defect("relay_domains not set at compatibility level 1") {
                $0.unset("relay_domains")
                $0.set("compatibility_level", "1")
            },
            Defect("untrusted routing without relay domains") { $0.set("allow_untrusted_routing", "yes") },
            Defect("untrusted routing with a relay domain") {
                $0.set("allow_untrusted_routing", "yes")
                $0.set("relay_domains", "relay.example.net")
            },
            Defect("untrusted routing and a white list of recipients") {
                $0.set("allow_untrusted_routing", "yes")
                let table = $0.table("own.hash", "example.net OK\n")
                $0.insert("check_recipient_access \(table)")
            },
            Defect("every domain is ours") {
                $0.set("mydestination", "static:all")
                $0.set("local_recipient_maps", "")
            },
            Defect("every domain is ours, and goes out") {
                $0.append("mydestination", "static:all")
                $0.set("local_recipient_maps", "")
                $0.set("local_transport", "smtp:")
            },
            Defect("every domain is aliased to itself") {
                $0.set("virtual_alias_domains", "static:all")
                $0.set("virtual_alias_maps", $0.table("self.regexp", "/^(.*)@(.*)$/ $1@$2\n"))
            },
            Defect("every domain is aliased to one user") {
                $0.set("virtual_alias_domains", "static:all")
                $0.set("virtual_alias_maps", "static:alice@example.net")
            },
            Defect("every domain has mailboxes here") {
                $0.set("virtual_mailbox_domains", "static:all")
                $0.set("virtual_mailbox_maps", "static:box")
                $0.set("virtual_mailbox_base", "/var/mail")
                $0.set("virtual_uid_maps", "static:60001")
                $0.set("virtual_gid_maps", "static:60001")
            },
            Defect("every domain has mailboxes, which are elsewhere") {
                $0.set("virtual_mailbox_domains", "static:all")
                $0.set("virtual_transport", "smtp:")
            },
            Defect("a foreign domain is ours") {
                $0.append("mydestination", "third.test")
                $0.set("local_recipient_maps", "")
            },
            Defect("unknown users are taken") { $0.set("local_recipient_maps", "") },
            Defect("no percent hack, no bang paths") {
                $0.set("allow_percent_hack", "no")
                $0.set("swap_bangpath", "no")
            },
            Defect("quotes stay closed, unknown users are taken") {
                $0.set("resolve_dequoted_address", "no")
                $0.set("local_recipient_maps", "")
            },
            Defect("null domains are ours") {
                $0.set("resolve_null_domain", "yes")
                $0.set("local_recipient_maps", "")
            },
            Defect("recipients are decoded by a canonical map") {
                $0.set(
                    "recipient_canonical_maps",
                    $0.table("decode.regexp", "/^([^=@]+)=([^=@]+)@example\\.net$/ $1@$2\n"))
            },
            Defect("recipients are decoded by an alias map") {
                $0.set(
                    "virtual_alias_maps",
                    $0.table("decode.pcre", "/^(.+)\\+([^+@]+)@example\\.net$/ $1@$2\n"))
            },
            Defect("recipients are decoded by a canonical map for both") {
                $0.set("canonical_maps", $0.table("decode.pcre", "/^(.+)=(.+)@example\\.net$/ $1@$2\n"))
            },
            Defect("users are renamed") {
                $0.set(
                    "virtual_alias_maps",
                    $0.table("rename.pcre", "/^(.+)@sub\\.example\\.net$/ $1@example.net\n"))
            },
            Defect("senders are rewritten") {
                $0.set(
                    "sender_canonical_maps", $0.table("sender.pcre", "/^(.+)=(.+)@example\\.net$/ $1@$2\n"))
            },
            Defect("one alias leads outside") {
                $0.set("virtual_alias_maps", $0.table("out.hash", "alice@example.net alice@third.test\n"))
            },
        ]

    // MARK: services

    static let services: [Defect] =
        [
            "10025 inet n - n - - smtpd\n  -o mynetworks=0.0.0.0/0\n  -o smtpd_relay_restrictions=permit_mynetworks,reject",
            "127.0.0.1:10025 inet n - n - - smtpd\n  -o mynetworks=0.0.0.0/0\n  -o smtpd_relay_restrictions=permit_mynetworks,reject",
            "localhost:10025 inet n - n - - smtpd\n  -o smtpd_relay_restrictions=check_client_access,static:OK,reject",
            "0.0.0.0:10025 inet n - n - - smtpd\n  -o smtpd_relay_restrictions=check_client_access,static:OK,reject",
            "192.0.2.10:10025 inet n - n - - smtpd -o smtpd_relay_restrictions=check_client_access,static:OK,reject",
            "[::1]:10025 inet n - n - - smtpd -o mynetworks=0.0.0.0/0,[::]/0",
            "[::]:10025 inet n - n - - smtpd -o mynetworks=0.0.0.0/0,[::]/0",
            "10025 inet n - n - - smtpd\n  -o mynetworks=127.0.0.0/8\n  -o smtpd_relay_restrictions=permit_mynetworks,reject",
            "2525 inet n - n - - smtpd\n  -o smtpd_relay_restrictions=\n  -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject",
            "2525 inet n - n - - smtpd\n  -o smtpd_relay_restrictions=\n  -o smtpd_recipient_restrictions=",
            "2525 inet n - n - - smtpd\n  -o smtpd_relay_restrictions=permit_mynetworks, reject",
            "2525 inet n - n - - smtpd\n  -o { smtpd_relay_restrictions = permit_mynetworks, check_client_access static:OK, reject }",
            "2525 inet n - n - - smtpd\n  -o smtpd_relay_restrictions=permit_mynetworks,permit,reject",
            "2525 inet n - n - - smtpd\n  -o smtpd_recipient_restrictions=permit_mynetworks,permit",
            "2525 inet n - n - - smtpd\n  -o relay_domains=static:all",
            "2525 inet n - n - - smtpd -v -o mynetworks_style=class",
            "2525 inet n - n - - smtpd\n  -o mynetworks=$mynetworks,198.51.100.0/24",
            "2525 inet n - n - - smtpd\n  -o smtpd_client_restrictions=permit_mynetworks,reject\n  -o mynetworks=198.51.100.0/24",
            "2525 inet n - n - - smtpd -o smtpd_delay_reject=no -o smtpd_client_restrictions=reject -o mynetworks=0.0.0.0/0",
            "2525 inet n - n - 0 smtpd -o smtpd_authorized_xclient_hosts=198.51.100.0/24",
            "26 inet n - n - - smtpd\n  -o smtpd_upstream_proxy_protocol=haproxy",
            "2525 inet n - n - - smtpd\n# -o mynetworks=127.0.0.0/8\n  -o mynetworks=0.0.0.0/0",
            "2525 inet n - n - - smtpd\n  -o mynetworks=0.0.0.0/0\n  -o mynetworks=127.0.0.0/8",
            "2525 inet n - n - - smtpd -o mynetworks=0.0.0.0/0\n2525 inet n - n - - smtpd",
            "2525 inet n - n - - smtpd -o content_filter=discard:x -o mynetworks=0.0.0.0/0",
            "#2525 inet n - n - - smtpd -o mynetworks=0.0.0.0/0",
            "2525 unix n - n - - smtpd -o mynetworks=0.0.0.0/0",
            "2525 inet n - n - - smtpd -o smtpd_tls_wrappermode=yes -o mynetworks=198.51.100.0/24",
        ].map { text in Defect(text) { $0.service(text) } } + [
            Defect("QMQP for all") {
                $0.service("628 inet n - n - - qmqpd")
                $0.set("qmqpd_authorized_clients", "static:all")
            },
            Defect("QMQP for a network of strangers") {
                $0.service("628 inet n - n - - qmqpd -o qmqpd_authorized_clients=198.51.100.0/24")
            },
            Defect("QMQP for the host itself") {
                $0.service("628 inet n - n - - qmqpd")
                $0.set("qmqpd_authorized_clients", "127.0.0.0/8")
            },
            Defect("QMQP for nobody") { $0.service("628 inet n - n - - qmqpd") },
            Defect("XCLIENT for all") { $0.set("smtpd_authorized_xclient_hosts", "0.0.0.0/0") },
            Defect("XCLIENT for the host itself") { $0.set("smtpd_authorized_xclient_hosts", "127.0.0.1") },
            Defect("XFORWARD for all") { $0.set("smtpd_authorized_xforward_hosts", "0.0.0.0/0") },
            Defect("PROXY on port 25") {
                $0.replaceInMaster(
                    "smtp      inet  n - n - - smtpd",
                    "smtp      inet  n - n - - smtpd -o smtpd_upstream_proxy_protocol=haproxy")
            },
            Defect("submission for wide networks") {
                $0.replaceInMaster(
                    "  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject\nsubmissions",
                    "  -o mynetworks=0.0.0.0/0\n  -o smtpd_relay_restrictions=permit_mynetworks,reject\nsubmissions"
                )
            },
            Defect("submission by the sender's address") {
                $0.set("smtpd_sender_login_maps", "inline:{alice@example.net=alice}")
                let table = $0.table("own.hash", "alice@example.net OK\n")
                $0.replaceInMaster(
                    "-o smtpd_relay_restrictions=permit_sasl_authenticated,reject\nsubmissions",
                    "-o smtpd_relay_restrictions=check_sender_access,\(table),reject\nsubmissions")
            },
            Defect("submission without restrictions of its own") {
                $0.replaceInMaster(
                    "  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject\nsubmissions",
                    "submissions")
            },
            Defect("submission by $mua_relay") {
                $0.set(
                    "mua_relay", "permit_mynetworks,permit_sasl_authenticated,check_sender_access,static:OK")
                $0.replaceInMaster(
                    "-o smtpd_relay_restrictions=permit_sasl_authenticated,reject\nsubmissions",
                    "-o smtpd_relay_restrictions=$mua_relay,reject\nsubmissions")
            },
            Defect("port 25 by address and family") {
                $0.replaceInMaster(
                    "smtp      inet  n - n - - smtpd\n",
                    "192.0.2.10:smtp inet n - n - - smtpd\n[2001:db8:0:1::10]:smtp inet n - n - - smtpd\n"
                        + "  -o mynetworks=[::]/0\n")
            },
            Defect("port 25 with an override") {
                $0.replaceInMaster(
                    "smtp      inet  n - n - - smtpd\n",
                    "smtp inet n - n - - smtpd -o mynetworks=127.0.0.0/8,198.51.100.0/24\n")
            },
            Defect("port 25 with stray words") {
                $0.replaceInMaster(
                    "smtp      inet  n - n - - smtpd\n",
                    "smtp inet n - n - - smtpd\n  -o smtpd_relay_restrictions=permit_mynetworks, reject_unauth_destination\n"
                )
            },
            Defect("only the loopback listens") { $0.set("inet_interfaces", "loopback-only") },
            Defect("only IPv4") { $0.set("inet_protocols", "ipv4") },
            Defect("IPv6 networks without IPv6") {
                $0.set("inet_protocols", "ipv4")
                $0.set("mynetworks", "127.0.0.0/8 [::]/0")
            },
            Defect("a service line that is broken") { $0.service("2526 inet n - n smtpd") },
        ]

    // MARK: what becomes of the mail

    static let delivery: [Defect] = [
        ("default_transport", "discard:"), ("default_transport", "error:no mail outside"),
        ("smtpd_end_of_data_restrictions", "reject"),
        ("smtpd_data_restrictions", "reject"),
        ("relayhost", "[203.0.113.25]"), ("transport_maps", "inline:{*=discard:}"),
        ("transport_maps", "inline:{third.test=discard:}"),
        ("virtual_alias_maps", "static:alice@example.net"),
        ("smtpd_sender_restrictions", "check_sender_access static:DISCARD"),
        ("smtpd_client_restrictions", "check_client_access static:HOLD"),
        ("smtpd_recipient_restrictions", "check_client_access static:REJECT"),
        ("content_filter", "discard:x"), ("defer_transports", "smtp"), ("header_checks", "static:DISCARD"),
        ("smtpd_sender_restrictions", "check_sender_access static:REJECT"),
        ("default_transport", "smtp:[203.0.113.25]"),
        ("smtpd_helo_required", "yes"), ("disable_vrfy_command", "yes"), ("relay_transport", "error:no"),
    ].map { name, value in
        Defect("everybody, and \(name) = \(value)") {
            $0.set("mynetworks", "0.0.0.0/0 [::]/0")
            $0.set(name, value)
        }
    }
}
