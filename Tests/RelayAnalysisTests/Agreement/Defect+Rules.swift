/// Rules that Postfix skips, results of patterns, tables in tables, and what only some releases or stages look at.
extension Defect {
    static let rules: [Defect] = patterns + results + tables + refusals + doors

    private static func access(_ check: String, _ name: String, _ text: String) -> Defect {
        Defect("\(check) \(name): \(text)") {
            let table = $0.table(name, text)
            $0.insert("\(check) \(table)")
        }
    }

    // MARK: patterns that are none, and some that look so

    private static let patterns: [Defect] =
        [
            "/(?i)attacker/ OK\n", "/attacker/g OK\n", "/attacker/s OK\n", "/\\d/ OK\n", "/[a-z-9]/ OK\n",
            "/[z-a]|attacker/ OK\n", "/attacker)?/ OK\n", "/^*attacker/ OK\n", "/[:alpha:]/ OK\n",
            "/attacker{,3}/ OK\n", "/attacker{x}/ OK\n", "/a\\1ttacker/ OK\n", "/(a)\\1?ttacker/ OK\n",
            "/ATTACKER/ OK\n", "/ATTACKER/i OK\n", "/[A-z]ttacker/ OK\n", "/[[:foo:]]|attacker/ OK\n",
            "if /(unclosed/\n/attacker/ OK\nendif\n", "if /isp/\nif /*/\nendif\n/attacker/ OK\nendif\n",
            "/*spam/ REJECT\n/attacker/ OK\n", "/attacker/!/client/ OK\n", "/attacker/!/dsl/ OK\n",
        ].map { access("check_client_access", "skipped.regexp", $0) }
        + [
            "/attacker/g OK\n", "/attacker/s OK\n", "/attacker)/ OK\n", "/attacker**/ OK\n",
            "/[:alpha:]/ OK\n",
            "/[a-z-9]/ OK\n", "/attacker{x}|isp/ OK\n", "/\\.test$\\b/ OK\n",
            "/(?:attacker|isp)\\.test/ OK\n",
            "/(attacker/ OK\n/isp/ OK\n", "if /(unclosed/\n/attacker/ OK\nendif\n",
            "if !/attacker/\n/./ OK\nendif\n", "!/attacker/ REJECT\n/./ OK\n",
        ].map { access("check_client_access", "skipped.pcre", $0) }
        + [
            ("rd.regexp", "/third/g x\n"), ("rd.regexp", "/(?:third)/ x\n"), ("rd.pcre", "/(third/ x\n"),
            ("rd.pcre", "/^(?!example).*\\.test$/ x\n"),
        ].map { name, text in
            Defect("relay_domains by \(name): \(text)") { $0.set("relay_domains", $0.table(name, text)) }
        }
        + ["/./g x\n", "/attacker|isp/ x\n", "/(?=198)/ x\n"].map { text in
            Defect("mynetworks by nets.regexp: \(text)") {
                $0.set("mynetworks", "127.0.0.0/8 " + $0.table("nets.regexp", text))
            }
        }

    // MARK: results that are made of groups

    private static let results: [Defect] =
        [
            "/^(p)robe/ ${1}ermit\n", "/^(p)robe/ $1ermit\n", "/^(p)robe/ $(1)ermit\n", "/^probe/ permit$1\n",
            "/^(p)robe/ permit$2\n", "!/^(x)/ permit$1\n", "/^(p)robe/ permit$$\n", "/^(.).*@(.)/ $1$2\n",
        ].map { access("check_sender_access", "results.pcre", $0) }
        + [
            ("decode.pcre", "/^(.+)=(.+)@example\\.net$/ $1@$2x\n"),
            ("decode.pcre", "/^(.+)=(.+)@example\\.net$/ ${1}@${2}\n"),
            ("decode.regexp", "/^(.+)=(.+)@example\\.net$/g $1@$2\n"),
            ("decode.regexp", "/^(?:.+)=(.+)@example\\.net$/ x@$1\n"),
            ("decode.pcre", "/^(?:.+)=(.+)@example\\.net$/ relaytest@$1\n"),
        ].map { name, text in
            Defect("virtual_alias_maps by \(name): \(text)") {
                $0.set("virtual_alias_maps", $0.table(name, text))
            }
        }

    // MARK: tables in tables, and tables in place

    private static let tables: [Defect] =
        [
            "check_client_access regexp:{{/attacker/ OK}}", "check_client_access regexp:{{/attacker/g OK}}",
            "check_client_access pcre:{{/isp/ REJECT},{/test$/ OK}}",
            "check_client_access cidr:{{198.51.100.0/24 OK}}",
            "check_client_access pipemap:{pcre:{{/attacker/ friend}},inline:{friend=OK}}",
            "check_client_access unionmap:{pcre:{{/attacker/ permit_auth_destination}},static:reject}",
            "check_client_access texthash:/etc/postfix/maps/none",
            "check_client_access inline:{attacker.test=OK}",
            "check_sender_mx_access static:OK", "check_helo_ns_access static:permit",
            "check_recipient_a_access static:OK", "check_client_a_access static:RELAY",
            "check_client_access static:{permit_auth_destination, reject}",
            "check_client_access static:warn_if_reject",
            "warn_if_reject check_client_access static:REJECT, check_sender_access static:OK",
            "reject_unauth_pipelining, check_helo_access pcre:{{/./ OK}}",
        ].map { text in Defect(text) { $0.insert(text) } }
        + [
            "{ static:OK, search_order = cert_fingerprint }", "{ static:OK { search_order = foo } }",
            "{ static:OK, { Search_order = PUBKEY_FINGERPRINT } }", "{ static:OK { search_order = } }",
            "{ static:OK { order = cert_fingerprint } }",
        ].map { argument in
            Defect("check_ccert_access \(argument)") {
                $0.set("smtpd_tls_ask_ccert", "yes")
                $0.insert("check_ccert_access \(argument)")
            }
        }
        + [
            ("RCPT TO:.*", "QUIT"), ("MAIL FROM:.*", "RSET"),
        ].map { command, other in
            Defect("everybody, and commands like \(command) become \(other)") {
                $0.set("mynetworks", "0.0.0.0/0 [::]/0")
                $0.set("smtpd_command_filter", $0.table("commands.pcre", "/^\(command)$/ \(other)\n"))
            }
        }
        + [
            "unionmap:{inline:{ATTACKER.TEST=x}}", "unionmap:{inline:{attacker.test=x}}",
            "pipemap:{inline:{ATTACKER.TEST=x},inline:{x=y}}",
            "pipemap:{inline:{attacker.test=X},inline:{X=y}}",
        ].map { table in
            Defect("networks by the names in \(table)") { $0.set("mynetworks", "127.0.0.0/8 \(table)") }
        }
        + [
            Defect("a table through proxymap") {
                $0.insert("check_client_access proxy:\($0.table("proxied.cidr", "198.51.100.0/24 OK\n"))")
            },
            Defect("every fingerprint by a pattern") {
                $0.set("smtpd_tls_ask_ccert", "yes")
                $0.set("smtpd_tls_fingerprint_digest", "sha256")
                $0.set("relay_clientcerts", $0.table("certs.regexp", "/^[0-9A-F:]+$/ x\n"))
                $0.insert("permit_tls_clientcerts")
            },
            Defect("recipients whose name ends at a dot") {
                $0.set("recipient_delimiter", ".")
                $0.insert("check_recipient_access \($0.table("names.hash", "relaytest@ OK\n"))")
            },
            Defect("parents of access keys, and none of networks") {
                $0.set("parent_domain_matches_subdomains", "smtpd_access_maps")
                $0.set("mynetworks", "127.0.0.0/8 attacker.test")
            },
            Defect("networks by the names of the host") {
                $0.set("mynetworks", "127.0.0.0/8, $mydestination")
            },
        ]

    // MARK: refusals that are skipped, or that stop every message

    private static let refusals: [Defect] =
        [
            ("header_checks", "stop.regexp", "/^Received:/ DISCARD\n"),
            ("header_checks", "stop.regexp", "/^Received:/g DISCARD\n"),
            ("header_checks", "stop.pcre", "/^Received:/ HOLD for MailScanner\n"),
            ("header_checks", "stop.pcre", "/(^Received:/ REJECT\n"),
            ("header_checks", "stop.pcre", "if /^Received:/\n/./ REJECT\nendif\n"),
        ].map { name, file, text in
            Defect("everybody, and \(name) by \(file): \(text)") {
                $0.set("mynetworks", "0.0.0.0/0 [::]/0")
                $0.set(name, $0.table(file, text))
            }
        }
        + ["/@/g REJECT\n", "/@(attacker|third|partner/ REJECT\n", "/./ REJECT$1\n", "/./ REJECT no\n"].map {
            text in
            Defect("everybody, and senders by refused.pcre: \(text)") {
                $0.set("mynetworks", "0.0.0.0/0 [::]/0")
                $0.set(
                    "smtpd_sender_restrictions", "check_sender_access \($0.table("refused.pcre", text))")
            }
        }
        + [
            Defect("one address before a refusal of all") {
                let table = $0.table("order.cidr", "198.51.100.7 OK\n192.0.2.0/24 OK\n0.0.0.0/0 REJECT\n")
                $0.insert("permit_auth_destination, check_client_access \(table)")
            },
            Defect("one name before a refusal of its network") {
                let table = $0.table("order.hash", "client.attacker.test OK\n198.51.100 REJECT\n127 OK\n")
                $0.insert("check_client_access \(table)")
            },
        ]

    // MARK: services that look guarded

    private static let doors: [Defect] =
        [
            "2525 inet n - n - - smtpd\n  -o smtpd_relay_restrictions=permit\n  -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject",
            "2525 inet n - n - - smtpd\n  -o smtpd_relay_restrictions=$no_such_parameter\n",
            "2525 inet n - n - - smtpd\n  -o smtpd_relay_restrictions=${no_such_parameter:permit_mynetworks,permit_sasl_authenticated},check_sender_access,static:OK,reject",
            "2525 inet n - n - - smtpd\n  -o smtpd_relay_restrictions=check_client_access,regexp:{{/attacker/g,OK}},reject",
            "2525 inet n - n - - smtpd\n  -o mynetworks=127.0.0.0/8,/etc/postfix/maps/none",
            "2525 inet n - n - - smtpd\n  -o { smtpd_client_restrictions = check_client_access static:OK }\n  -o smtpd_relay_restrictions=reject",
            "2525 inet n - n - - smtpd\n  -o smtpd_authorized_xclient_hosts=127.0.0.1,!198.51.100.0/24,198.51.100.7",
            "2525 inet n - n - - smtpd\n  -o smtpd_delay_reject=no\n  -o smtpd_client_restrictions=permit_auth_destination,permit\n  -o mynetworks=198.51.100.0/24",
        ].map { text in Defect(text) { $0.service(text) } }
}
