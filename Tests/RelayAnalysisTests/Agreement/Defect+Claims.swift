/// Whom a stranger may pretend to be, lists that are asked early, and mail of this host's own that leaves it.
extension Defect {
    static let claims: [Defect] = pretences + earlyLists + departures + silences

    private static let tls = "smtpd_tls_cert_file"

    // MARK: XCLIENT and PROXY

    private static let pretences: [Defect] =
        [
            "check_client_access inline:{10.9.8.7=OK}", "check_client_access cidr:{{10.9.0.0/16 OK}}",
            "check_client_access inline:{mail.partner.test=OK}", "permit_inet_interfaces",
            "check_client_access inline:{127.0.0.1=REJECT}", "check_client_access static:DUNNO",
        ].flatMap { check -> [Defect] in
            [
                Defect("PROXY on port 26, and \(check)") {
                    $0.set("mynetworks", "")
                    $0.insert(check)
                    $0.service("26 inet n - n - - smtpd\n  -o smtpd_upstream_proxy_protocol=haproxy")
                },
                Defect("XCLIENT for all, and \(check)") {
                    $0.set("mynetworks", "")
                    $0.set("smtpd_authorized_xclient_hosts", "0.0.0.0/0")
                    $0.set(
                        "smtpd_relay_restrictions", "permit_mynetworks, \(check), reject_unauth_destination")
                },
            ]
        }

    // MARK: before anybody said anything

    private static let earlyLists: [Defect] = [
        ("smtpd_client_restrictions", "check_sender_access static:REJECT"),
        ("smtpd_client_restrictions", "check_helo_access static:REJECT"),
        ("smtpd_client_restrictions", "check_client_access static:DISCARD"),
        ("smtpd_client_restrictions", "check_client_access static:REJECT"),
        ("smtpd_helo_restrictions", "check_sender_access static:REJECT"),
        ("smtpd_helo_restrictions", "check_client_access static:HOLD"),
        ("smtpd_helo_restrictions", "check_client_access inline:{198.51.100.7=REJECT}"),
        ("smtpd_sender_restrictions", "check_sender_access static:DISCARD"),
        ("smtpd_sender_restrictions", "check_client_access static:permit_mynetworks"),
    ].map { name, value in
        Defect("everybody, judged at once, and \(name) = \(value)") {
            $0.set("mynetworks", "0.0.0.0/0 [::]/0")
            $0.set("smtpd_delay_reject", "no")
            $0.set(name, value)
        }
    }

    // MARK: mail of this host's own that leaves, and mail that does not

    private static let departures: [Defect] =
        [
            ("partner.test smtp:\n* discard:\n", "discard:"), (".partner.test smtp:\n", "error:no"),
            ("third.test smtp:\n", "error:no"), ("attacker.test discard:\n", "smtp:"),
        ].map { text, transport in
            Defect("everybody, default_transport = \(transport), and transport_maps: \(text)") {
                $0.set("mynetworks", "0.0.0.0/0 [::]/0")
                $0.set("default_transport", transport)
                $0.set("transport_maps", $0.table("routes.hash", text))
            }
        } + [
            Defect("every domain has mailboxes at another host") {
                $0.set("virtual_mailbox_domains", "static:all")
                $0.set("virtual_transport", "smtp:[203.0.113.25]")
            },
            Defect("every domain is ours, and unknown users go out") {
                $0.append("mydestination", "static:all")
                $0.set("local_recipient_maps", "")
                $0.set("fallback_transport", "smtp:")
            },
            Defect("every domain is ours, and mailboxes are elsewhere") {
                $0.append("mydestination", "static:all")
                $0.set("local_recipient_maps", "")
                $0.set("mailbox_transport", "relay:")
            },
            Defect("unknown users of ours are at another host") {
                $0.set("local_recipient_maps", "")
                $0.set("local_transport", "smtp:[203.0.113.25]")
            },
            Defect("the domain of a client is relayed for") {
                $0.set("relay_domains", "isp.test")
                $0.set("smtpd_relay_restrictions", "permit_mynetworks, check_relay_domains")
            },
            Defect("a domain is relayed for, and nobody's client is in it") {
                $0.set("relay_domains", "relay.example.net")
                $0.set("smtpd_relay_restrictions", "permit_mynetworks, check_relay_domains")
            },
            Defect("unknown users are sent where their address says") {
                $0.set("local_recipient_maps", "")
                $0.set("recipient_delimiter", "+")
                $0.set("luser_relay", "$user@$extension")
            },
            Defect("unknown users are sent to another host of ours") {
                $0.set("local_recipient_maps", "")
                $0.set("luser_relay", "$user@relay.example.net")
            },
            Defect("unknown users are sent where their address says, by an override") {
                $0.set("local_recipient_maps", "")
                $0.set("recipient_delimiter", "+")
                $0.replaceInMaster("n n - - local\n", "n n - - local -o luser_relay=$user@$extension\n")
            },
            Defect("every domain is ours, and one user's mailbox is elsewhere") {
                $0.append("mydestination", "static:all")
                $0.set("local_recipient_maps", "")
                $0.set("mailbox_transport_maps", "inline:{postmaster=relay:[203.0.113.25]}")
            },
            Defect("everybody, all mail is thrown away, and a relay domain is not") {
                $0.set("mynetworks", "0.0.0.0/0 [::]/0")
                $0.set("default_transport", "discard:")
                $0.set("relay_domains", "relay.example.net")
            },
            Defect("everybody, and nothing speaks to the outside") {
                $0.set("mynetworks", "0.0.0.0/0 [::]/0")
                $0.set("inet_protocols", "ipv4")
                $0.replaceInMaster("- n - - smtp\n", "- n - - smtp -o smtp_bind_address=127.0.0.1\n")
            },
            Defect("everybody, and no service sends") {
                $0.set("mynetworks", "0.0.0.0/0 [::]/0")
                $0.set("master_service_disable", "smtp/unix")
            },
            Defect("everybody, and header_checks send all to a sink") {
                $0.set("mynetworks", "0.0.0.0/0 [::]/0")
                $0.set("header_checks", $0.table("sink.pcre", "/^Received:/ FILTER discard:x\n"))
            },
            Defect("senders of one domain have a route, others have none") {
                $0.set("mynetworks", "0.0.0.0/0 [::]/0")
                $0.set("default_transport", "error:no")
                $0.set("sender_dependent_default_transport_maps", "inline:{@partner.test=smtp:}")
            },
        ]

    // MARK: services that are switched off, or say nothing

    private static let silences: [Defect] =
        ["inet", "smtp/inet", "2525.inet", "2525/inet", "!submission/inet, inet"].map { value in
            Defect("master_service_disable = \(value), and an open service") {
                $0.set("master_service_disable", value)
                $0.service("2525 inet n - n - - smtpd -o mynetworks=0.0.0.0/0")
            }
        }
        + ["encrypt", "may", "none"].map { level in
            Defect("everybody, no certificate, and smtpd_tls_security_level = \(level)") {
                $0.set("mynetworks", "0.0.0.0/0 [::]/0")
                $0.set(tls, "")
                $0.set("smtpd_tls_security_level", level)
            }
        }
        + [
            ("mynetworks", "0.0.0.0/0 hash:"), ("relay_domains", "static:"),
            ("smtpd_helo_restrictions", "hash:"),
            ("smtpd_client_restrictions", "check_client_access inline:{198.51.100.7=}"),
        ].map { name, value in
            Defect("everybody, and \(name) = \(value)") {
                $0.set("mynetworks", "0.0.0.0/0 [::]/0")
                $0.set(name, value)
            }
        }
        + ["$1$2", "$1", "${1}ermit", "OK$3"].map { result in
            Defect("senders say what becomes of them: \(result)") {
                let table = $0.table("said.pcre", "/^(.)[^@]*@(.)/ \(result)\n")
                $0.insert("check_sender_access \(table)")
            }
        }
}
