/// White lists before the rejection, destinations, services, and what becomes of mail that was taken.
extension Defect {
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
            Defect("an open service for IPv6 that speaks only IPv4") {
                $0.service("2525 inet n - n - - smtpd\n  -o inet_protocols=ipv4\n  -o mynetworks=[::]/0")
            },
            screened("everybody is refused", "reject", "drop"),
            screened("one network is let in", "198.51.100.0/24 permit\n0.0.0.0/0 reject\n", "drop"),
            screened("a refusal that is ignored", "reject", "ignore"),
            Defect("a service line that is broken") { $0.service("2526 inet n - n smtpd") },
        ]

    /// postscreen on port 25, which lets nobody earn his way through unless he waits a second.
    private static func screened(_ name: String, _ list: String, _ action: String) -> Defect {
        Defect("\(name), behind postscreen") {
            $0.replaceInMaster(
                "smtp      inet  n - n - - smtpd\n",
                "smtp inet n - n - 1 postscreen\nsmtpd pass - - n - - smtpd\n"
                    + "dnsblog unix - - n - 0 dnsblog\ntlsproxy unix - - n - 0 tlsproxy\n")
            $0.set("postscreen_greet_wait", "1s")
            let isTable = list.contains("\n")
            $0.set("postscreen_access_list", isTable ? $0.table("screen.cidr", list) : list)
            $0.set("postscreen_denylist_action", action)
        }
    }

    // MARK: what becomes of the mail

    static let delivery: [Defect] =
        [
            ("default_transport", "discard:"), ("default_transport", "error:no mail outside"),
            ("smtpd_end_of_data_restrictions", "reject"),
            ("smtpd_data_restrictions", "reject"),
            ("sender_dependent_default_transport_maps", "static:discard:"),
            ("sender_dependent_default_transport_maps", "inline:{@attacker.test=discard:}"),
            ("relayhost", "[203.0.113.25]"), ("transport_maps", "inline:{*=discard:}"),
            ("transport_maps", "inline:{third.test=discard:}"),
            ("virtual_alias_maps", "static:alice@example.net"),
            ("smtpd_sender_restrictions", "check_sender_access static:DISCARD"),
            ("smtpd_client_restrictions", "check_client_access static:HOLD"),
            ("smtpd_recipient_restrictions", "check_client_access static:REJECT"),
            ("content_filter", "discard:x"), ("defer_transports", "smtp"),
            ("header_checks", "static:DISCARD"),
            ("smtpd_sender_restrictions", "check_sender_access static:REJECT"),
            ("default_transport", "smtp:[203.0.113.25]"),
            ("smtpd_helo_required", "yes"), ("disable_vrfy_command", "yes"), ("relay_transport", "error:no"),
            ("relayhost", "127.0.0.1"), ("relayhost", "info@third.test"), ("relayhost", "[203.0.113.25"),
            ("relayhost", "[127.0.0.1]:587"),
            ("content_filter", "smtp:[127.0.0.1]"),
            ("sender_dependent_relayhost_maps", "static:[127.0.0.1]"),
            ("sender_dependent_relayhost_maps", "inline:{@attacker.test=[127.0.0.1]}"),
            ("default_transport", "smtp:[127.0.0.1], [203.0.113.25]"),
            ("transport_maps", "inline:{*=smtp:[127.0.0.1]}"),
            ("smtpd_noop_commands", "RCPT"), ("smtpd_noop_commands", "HELO EHLO"),
            ("smtpd_noop_commands", "inline:{mail=x}"), ("smtpd_forbidden_commands", "RCPT"),
            ("smtpd_discard_ehlo_keywords", "starttls, auth"),
        ].map { name, value in
            Defect("everybody, and \(name) = \(value)") {
                $0.set("mynetworks", "0.0.0.0/0 [::]/0")
                $0.set(name, value)
            }
        }
        + [
            ("proxy_interfaces", "203.0.113.25", "[203.0.113.25]"),
            ("inet_interfaces", "127.0.0.1, 192.0.2.10", "[192.0.2.10]"),
        ].map { name, value, relayhost in
            Defect("everybody, relayhost = \(relayhost), and \(name) = \(value)") {
                $0.set("mynetworks", "0.0.0.0/0 [::]/0")
                $0.set("relayhost", relayhost)
                $0.set(name, value)
            }
        } + [
            Defect("everybody, and mail for elsewhere comes back on another port") {
                $0.set("mynetworks", "0.0.0.0/0 [::]/0")
                $0.set("relayhost", "[127.0.0.1]:10025")
                $0.service("10025 inet n - n - - smtpd")
            },
            Defect("everybody, and port 25 hears no recipients") {
                $0.set("mynetworks", "0.0.0.0/0 [::]/0")
                $0.replaceInMaster(
                    "smtp      inet  n - n - - smtpd\n",
                    "smtp inet n - n - - smtpd -o smtpd_noop_commands=RCPT\n")
            },
            Defect("XCLIENT for all, which does nothing") {
                $0.set("smtpd_authorized_xclient_hosts", "0.0.0.0/0")
                $0.set("smtpd_noop_commands", "XCLIENT")
            },
            Defect("XCLIENT for all, all mail is thrown away, and a relay domain is not") {
                $0.set("smtpd_authorized_xclient_hosts", "0.0.0.0/0")
                $0.set("relay_domains", "partner.test")
                $0.set("default_transport", "discard:")
            },
        ]
}
