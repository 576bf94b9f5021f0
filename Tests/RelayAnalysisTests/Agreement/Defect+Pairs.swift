/// What two tables have to say together, and tables that are not there.
extension Defect {
    static let pairs: [Defect] = doubles + absences

    // MARK: one stranger whom the tables of both lists have to let in

    private static let doubles: [Defect] = [
        ("check_sender_access", "/^sales/ OK\n", "/@partner\\.test$/ OK\n"),
        ("check_sender_access", "/^a.*z@/ OK\n", "/^.bcd/ OK\n"),
        ("check_sender_access", "/^a.*z@/ OK\n", "/^b/ OK\n"),
        ("check_sender_access", "/^[^@]{3,7}@/ OK\n", "/^[^@]{7}@/ OK\n"),
        ("check_sender_access", "/^[^@]{3}@/ OK\n", "/^[^@]{4,}@/ OK\n"),
        ("check_sender_access", "/^sales@/ REJECT\n/sales/ OK\n", "/@news\\./ OK\n"),
        ("check_sender_access", "/sales/ OK\n", "!/@news\\.test$/ REJECT\n/./ OK\n"),
        ("check_sender_access", "if /@news\\.test$/\n/^sales/ OK\nendif\n", "/^[^@]*\\d@/ OK\n"),
        ("check_sender_access", "/^(?!sales)[a-s]*@/ OK\n", "/^s[^@]*s@/ OK\n"),
        ("check_sender_access", "/^x/ permit_auth_destination\n/^y/ OK\n", "/y@|x@/ OK\n"),
        ("check_helo_access", "/^mail/ OK\n", "/partner\\.test$/ OK\n"),
        ("check_helo_access", "/^[^.]+$/ OK\n", "/^l.*t$/ OK\n"),
        ("check_helo_access", "/^\\[1/ OK\n", "/9\\]$/ OK\n"),
        ("check_client_access", "/^mail\\./ OK\n", "/\\.partner\\.test$/ OK\n"),
        ("check_client_access", "/^198\\.51\\./ OK\n", "/\\.77$/ OK\n"),
        ("check_client_access", "/^dsl/ REJECT\n/isp/ OK\n", "/^(mail|dsl)/ OK\n"),
        ("check_recipient_access", "/^abuse@/ OK\n", "/@partner\\.test$/ OK\n"),
    ].map { check, first, second in
        Defect("\(check) in both lists: \(first) and \(second)") {
            let tables = [$0.table("first.pcre", first), $0.table("second.pcre", second)]
            $0.insert("\(check) \(tables[0])")
            $0.set(
                "smtpd_recipient_restrictions",
                "permit_mynetworks, permit_sasl_authenticated, \(check) \(tables[1]), reject_unauth_destination"
            )
        }
    }

    // MARK: tables that are not there

    private static let gone = "hash:/etc/postfix/maps/gone.hash"

    private static let absences: [Defect] =
        [
            "recipient_canonical_maps", "canonical_maps", "sender_canonical_maps", "virtual_alias_maps",
            "transport_maps", "relocated_maps", "alias_maps", "local_recipient_maps", "recipient_bcc_maps",
            "virtual_mailbox_domains", "relay_domains", "virtual_alias_domains", "virtual_mailbox_maps",
            "sender_dependent_relayhost_maps", "smtpd_sender_login_maps", "smtpd_sasl_exceptions_networks",
            "smtpd_discard_ehlo_keyword_address_maps", "header_checks",
        ].flatMap { name in
            [
                Defect("\(name) is not there") { $0.set(name, gone) },
                Defect("\(name) behind a table for alice is not there") {
                    $0.set(
                        name, "\($0.table("alice.hash", "alice@example.net alice@example.net\n")), \(gone)")
                },
            ]
        }
        + [
            "alias_maps", "local_recipient_maps", "virtual_mailbox_domains", "relay_domains",
            "virtual_alias_domains",
            "virtual_mailbox_maps", "sender_dependent_relayhost_maps",
            "sender_dependent_default_transport_maps",
            "smtpd_sender_login_maps",
        ].map { name in
            Defect("\(name) behind a table for nobody is not there, and everybody may send") {
                $0.set(name, "\($0.table("nobody.hash", "nobody@third.test x\n")), \(gone)")
                $0.set("mynetworks", "0.0.0.0/0 [::]/0")
            }
        } + [
            Defect("alias_maps is not there, and all mail is thrown away") {
                $0.set("alias_maps", gone)
                $0.set("smtpd_sender_restrictions", "check_sender_access static:DISCARD")
            },
            Defect("alias_maps is not there, and all mail is put on hold") {
                $0.set("alias_maps", gone)
                $0.set("smtpd_sender_restrictions", "check_sender_access static:HOLD")
            },
            Defect("mydestination goes on in a table that is not there") { $0.append("mydestination", gone) },
            Defect("mydestination is a table that is not there") { $0.set("mydestination", gone) },
        ]
}
