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
            "if 198.51.0.0/16\n!198.51.100.7 REJECT\n0.0.0.0/0 OK\nendif\n",
            "2001:db8::/32 OK\n", "192.0.2.0/24 OK\n", "127.0.0.0/8 OK\n", "203.0.113.9 OK\n",
        ].map { access("check_client_access", "clients.cidr", $0) }
        + [
            "/example\\.net/ OK\n", "/(^|\\.)example\\.net$/ OK\n", "/^198\\.51\\.100\\./ OK\n", "/./ OK\n",
            "/dsl|dial/ OK\n", "/isp\\.test$/i OK\n", "!/example\\.net$/ OK\n", "/^unknown$/ OK\n",
            "if /test$/\n/isp/ OK\nendif\n", "/^(.*)\\.isp\\.test$/ OK\n", "/example.net$/ OK\n",
            "/^mail/ OK\n", "/(unclosed/ OK\n/attacker/ OK\n",
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
            Defect("a canonical map decodes addresses of senders only") {
                $0.set("canonical_maps", $0.table("decode.pcre", "/^(.+)=(.+)@example\\.net$/ $1@$2\n"))
                $0.set("canonical_classes", "envelope_sender, header_sender")
            },
            Defect("recipients are decoded by cleanup's own map") {
                let table = $0.table("decode.pcre", "/^(.+)=(.+)@example\\.net$/ $1@$2\n")
                $0.replaceInMaster(" 0 cleanup\n", " 0 cleanup\n  -o virtual_alias_maps=\(table)\n")
            },
            Defect("recipients are decoded, except by cleanup") {
                $0.set(
                    "virtual_alias_maps", $0.table("decode.pcre", "/^(.+)=(.+)@example\\.net$/ $1@$2\n"))
                $0.replaceInMaster(" 0 cleanup\n", " 0 cleanup\n  -o virtual_alias_maps=\n")
            },
            Defect("recipients are decoded, and a copy is kept") {
                let value = "alice@example.net, $1@$2"
                $0.set(
                    "virtual_alias_maps", $0.table("decode.pcre", "/^(.+)=(.+)@example\\.net$/ \(value)\n"))
            },
            Defect("every domain is a relay domain of trivial-rewrite's") {
                let table = $0.table("all.regexp", "/./ x\n")
                $0.replaceInMaster("- trivial-rewrite\n", "- trivial-rewrite\n  -o relay_domains=\(table)\n")
            },
            Defect("every domain is a relay domain of smtpd's, which does not decide") {
                $0.replaceInMaster(
                    "- - smtpd\nsubmission ", "- - smtpd\n  -o relay_domains=static:all\nsubmission ")
            },
            Defect("every domain is relayed for recipients that a pattern lists") {
                $0.set("relay_domains", "static:all")
                $0.set("relay_recipient_maps", $0.table("known.regexp", "/^relaytest/ x\n"))
            },
            Defect("every domain is relayed for one recipient") {
                $0.set("relay_domains", "static:all")
                $0.set("relay_recipient_maps", "inline:{bob@relay.example.net=x}")
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
}
