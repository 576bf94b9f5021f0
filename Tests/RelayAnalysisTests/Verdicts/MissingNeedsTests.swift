import MailModel
import Testing

@testable import RelayAnalysis

/// What smtpd wants of the host and does not find there. The outcomes were measured on Postfix 3.7.11.
@Suite struct MissingNeedsTests {
    private func report(_ settings: [String: String], missing: [String: String] = [:]) -> RelayReport {
        var configuration = settings.reduce(SampleHost()) { $0.setting($1.key, $1.value) }.configuration
        configuration.missing = missing
        configuration.missingOutside = missing
        configuration.missingInJail = missing
        return explainRelay(configuration, trusted: SampleHost.trusted)
    }

    private static let milter = "inet:127.0.0.1:8891"
    private static let silent = [milter: "nothing listens at 127.0.0.1:8891"]

    @Test(arguments: [
        (["smtpd_milters": ", \(milter)"], RelayVerdict.broken),
        (["smtpd_milters": "inet:127.0.0.1:1, \(milter)", "milter_default_action": "reject"], .broken),
        (
            ["smtpd_milters": "{ \(milter), default_action=tempfail }", "milter_default_action": "accept"],
            .broken
        ),
        (["smtpd_milters": milter, "milter_default_action": "accept"], .closed),
        (["smtpd_milters": "{ \(milter), default_action=accept }"], .closed),
        (["smtpd_milters": milter, "milter_default_action": "quarantine"], .closed),
        (["smtpd_milters": milter, "smtpd_milter_maps": "cidr:/etc/postfix/milters"], .closed),
        (["smtpd_milters": "inet:127.0.0.1:1"], .closed), (["non_smtpd_milters": milter], .closed),
        (["smtpd_milters": milter, "mynetworks": "0.0.0.0/0"], .open),
    ])
    func `A milter that is not there has all mail refused, and closes no relay`(
        settings: [String: String], verdict: RelayVerdict
    ) {
        #expect(report(settings).verdict == (verdict == .open ? .open : .closed))
        let report = report(settings, missing: Self.silent)
        #expect(report.verdict == verdict)
        guard verdict == .broken else { return }
        let cause = report.causes.first
        #expect(cause?.parameter == "smtpd_milters" && cause?.culprit == Self.milter && cause?.line != nil)
        #expect(cause?.remedy == "Start what is to answer there, or correct the line.")
    }

    private static let dovecot = ["smtpd_sasl_type": "dovecot", "smtpd_sasl_path": "private/auth"]

    @Test(arguments: [
        ([:], RelayVerdict.broken), (["smtpd_tls_auth_only": "yes"], .closed),
        (["smtpd_tls_auth_only": "yes", "smtpd_tls_security_level": "encrypt"], .broken),
        (["smtpd_sasl_type": "cyrus"], .closed), (["smtpd_sasl_auth_enable": "no"], .closed),
        (["smtpd_sasl_auth_enable": "no", "smtpd_proxy_filter": "private/auth"], .broken),
        (["mynetworks": "0.0.0.0/0"], .open),
    ])
    func `Without whom smtpd asks for logins it stops, without its filter it takes nothing`(
        settings: [String: String], verdict: RelayVerdict
    ) {
        let all = Self.dovecot.merging(settings) { $1 }
        #expect(report(all).verdict == (verdict == .open ? .open : .closed))
        #expect(report(all, missing: ["private/auth": "private/auth is not there"]).verdict == verdict)
    }

    @Test func `A milter of one service breaks that one`() {
        var host = SampleHost()
        host.master = host.master.replacing(
            "submission inet n - y - - smtpd\n",
            with: "submission inet n - y - - smtpd\n  -o smtpd_milters=\(Self.milter)\n")
        var configuration = host.configuration
        configuration.missingInJail = Self.silent
        let report = explainRelay(configuration, trusted: SampleHost.trusted)
        #expect(report.verdict == .closed)
        #expect(report.listeners.filter { $0.verdict == .broken }.map(\.port) == [587, 587])
        #expect(report.risks.contains { $0.kind == "listener-broken" })
    }

    @Test(arguments: [
        ("inet:127.0.0.1:8891", true), ("inet:[::1]:8891", true), ("unix:/run/x", true),
        ("inet:filter.example:8891", false), ("inet:192.0.2.7:8891", false),
    ])
    func `Of milters that were not seen it is said that they may be missed`(endpoint: String, isLocal: Bool) {
        func said(_ interfaces: [IPNetwork]?, _ action: String) -> [RelayRisk] {
            var host = SampleHost().setting("smtpd_milters", endpoint).setting(
                "milter_default_action", action)
            host.interfaces = interfaces
            return host.report.risks.filter { $0.kind == "milter" }
        }
        #expect(said(nil, "tempfail").count == 1 && said(nil, "accept").isEmpty)
        #expect(said([], "tempfail").isEmpty == isLocal)
        #expect(said(nil, "reject").first?.why.contains(endpoint) == true)
    }

    private static let byCertificate = [
        "smtpd_tls_ask_ccert": "yes", "smtpd_tls_CApath": "/etc/ssl/clients",
        "smtpd_relay_restrictions": "permit_tls_all_clientcerts, reject_unauth_destination",
    ]

    @Test(arguments: [
        ([:], [], RelayVerdict.partial), ([:], ["/etc/ssl/clients"], .closed),
        (["smtpd_tls_CAfile": "/etc/ssl/ca.pem"], ["/etc/ssl/clients"], .partial),
        (["tls_append_default_CA": "yes"], ["/etc/ssl/clients"], .partial),
        ([:], ["/etc/ssl/mail.pem"], .closed),
        (["smtpd_tls_CAfile": "/etc/ssl/ca.pem"], ["/etc/ssl/ca.pem"], .closed),
        (["smtpd_tls_key_file": "/etc/ssl/key.pem"], ["/etc/ssl/key.pem"], .closed),
    ])
    func `Who has no authority, or no TLS, verifies no certificate`(
        settings: [String: String], missing: [String], verdict: RelayVerdict
    ) {
        let all = Self.byCertificate.merging(settings) { $1 }
        let reasons = missing.map { ($0, "\($0) is not there") }
        #expect(report(all, missing: Dictionary(uniqueKeysWithValues: reasons)).verdict == verdict)
    }

    @Test func `Where TLS is required and its file is not there, nothing is taken`() {
        let report = report(
            ["smtpd_tls_security_level": "encrypt"],
            missing: ["/etc/ssl/mail.pem": "/etc/ssl/mail.pem is not there"])
        #expect(report.verdict == .broken)
        #expect(report.causes.first?.text == "smtpd_tls_cert_file = /etc/ssl/mail.pem")
        #expect(
            report.causes.first?.opens == "nobody: /etc/ssl/mail.pem is not there, so that there is no TLS")
    }

    private static let policy = "check_policy_service unix:private/policy"

    @Test(arguments: [
        (["smtpd_recipient_restrictions": policy], RelayVerdict.broken),
        (["smtpd_client_restrictions": "check_policy_service { unix:private/policy, timeout=3s }"], .broken),
        (
            [
                "smtpd_recipient_restrictions":
                    "check_policy_service { unix:private/policy, default_action=DUNNO }"
            ], .closed
        ),
        (["smtpd_recipient_restrictions": policy, "smtpd_policy_service_default_action": "DUNNO"], .closed),
        (["smtpd_recipient_restrictions": "permit_auth_destination, \(policy)"], .closed),
        (
            [
                "mynetworks": "0.0.0.0/0",
                "smtpd_relay_restrictions": "\(policy), permit_mynetworks, reject_unauth_destination",
            ], .open
        ),
    ])
    func `A policy service that is not there has refused what it is asked about`(
        settings: [String: String], verdict: RelayVerdict
    ) {
        let report = report(settings, missing: ["unix:private/policy": "private/policy is not there"])
        #expect(report.verdict == verdict)
    }
}

/// Tables in which Postfix cannot look anything up. The outcomes were measured on Postfix 3.7.11.
@Suite struct FailingTableTests {
    private func report(_ settings: [String: String]) -> RelayReport {
        var configuration = settings.reduce(SampleHost()) { $0.setting($1.key, $1.value) }.configuration
        configuration.tables["hash:/etc/postfix/gone"] = .failing("/etc/postfix/gone.db is not there")
        configuration.tables["hash:/etc/postfix/here"] = .entries([], source: "/etc/postfix/here")
        let alice = TableEntry(key: "alice@hosted.example", value: "alice", line: 1)
        configuration.tables["hash:/etc/postfix/alice"] = .entries([alice], source: "/etc/postfix/alice")
        return explainRelay(configuration, trusted: SampleHost.trusted)
    }

    @Test(arguments: [
        "transport_maps", "virtual_alias_maps", "mydestination", "canonical_maps", "sender_canonical_maps",
        "recipient_canonical_maps", "relocated_maps", "header_checks", "body_checks", "sender_bcc_maps",
        "recipient_bcc_maps", "smtpd_command_filter", "alias_maps", "local_recipient_maps",
        "smtpd_sasl_exceptions_networks", "smtpd_discard_ehlo_keyword_address_maps",
    ])
    func `Where a table is asked about every message and is not there, all mail is refused`(name: String) {
        let report = report([name: "hash:/etc/postfix/gone"])
        #expect(report.verdict == .broken)
        #expect(report.causes.first?.culprit == "hash:/etc/postfix/gone")
        #expect(report.causes.first?.remedy.contains("compatibility_level") == false)
        #expect(self.report([name: "hash:/etc/postfix/here"]).verdict == .closed)
        #expect(self.report([name: "hash:/etc/postfix/gone", "mynetworks": "0.0.0.0/0"]).verdict != .closed)
    }

    @Test(arguments: [("DISCARD", RelayVerdict.closed), ("HOLD", .broken)])
    func `Of mail that is thrown away smtpd does not ask for whom it is`(
        action: String, verdict: RelayVerdict
    ) {
        let senders = ["smtpd_sender_restrictions": "check_sender_access static:\(action)"]
        let report = report(senders.merging(["alias_maps": "hash:/etc/postfix/gone"]) { $1 })
        #expect(report.verdict == verdict)
    }

    @Test(arguments: [
        ("virtual_alias_domains", ""), ("virtual_mailbox_domains", "a.example, "), ("relay_domains", ""),
        ("mydestination", "$myhostname, $mydomain, "), ("sender_dependent_relayhost_maps", ""),
        ("sender_dependent_default_transport_maps", ""), ("virtual_mailbox_maps", ""),
        ("smtpd_sender_login_maps", ""), ("relay_recipient_maps", ""),
    ])
    func `Where mail for this host needs no answer of it, it is still taken`(name: String, before: String) {
        let report = report([name: "\(before)hash:/etc/postfix/gone"])
        #expect(report.verdict == .closed)
        let risk = report.risks.first { $0.kind == "failing-table" && $0.parameter == name }
        #expect(risk?.why.hasPrefix("/etc/postfix/gone.db is not there") == true)
        #expect(
            self.report([name: "\(before)hash:/etc/postfix/here"]).risks.allSatisfy {
                $0.kind != "failing-table"
            })
    }

    @Test(arguments: ["virtual_mailbox_domains", "relay_domains", "sender_dependent_relayhost_maps"])
    func `Where strangers' domains need an answer of it, none of their mail is taken`(name: String) {
        let open = ["mynetworks": "0.0.0.0/0"].merging([name: "hash:/etc/postfix/gone"]) { $1 }
        #expect(report(open).verdict == .closed)
        #expect(report(open).risks.contains { $0.kind == "failing-table" })
    }

    @Test(arguments: [
        (
            "hash:/etc/postfix/gone", "Run postmap hash:/etc/postfix/gone, or correct the line.",
            "transport_maps"
        ),
        (
            "proxy:hash:/etc/postfix/gone", "Run postmap hash:/etc/postfix/gone, or correct the line.",
            "canonical_maps"
        ),
        (
            "hash:/etc/postfix/gone", "Run postalias hash:/etc/postfix/gone, or correct the line.",
            "alias_maps"
        ),
    ])
    func `A table that was not compiled is to be compiled`(table: String, remedy: String, name: String) {
        var configuration = SampleHost().setting(name, table).configuration
        configuration.tables[table] = .failing("/etc/postfix/gone.db is not there")
        #expect(
            explainRelay(configuration, trusted: []).causes.first?.remedy.hasPrefix("Put it where it belongs")
                == true)
        configuration.uncompiledTables[table] = CompiledTable(
            type: "hash", name: "/etc/postfix/gone", path: "/etc/postfix/gone.db")
        #expect(explainRelay(configuration, trusted: []).causes.first?.remedy == remedy)
    }

    @Test(arguments: [
        (
            "virtual_mailbox_domains", "a.example, hash:/etc/postfix/here, hash:/etc/postfix/gone",
            RelayVerdict.closed
        ),
        ("canonical_maps", "hash:/etc/postfix/here, hash:/etc/postfix/gone", .broken),
        ("virtual_alias_maps", "hash:/etc/postfix/here, hash:/etc/postfix/gone", .broken),
        ("recipient_canonical_maps", "hash:/etc/postfix/here, hash:/etc/postfix/gone", .broken),
        ("recipient_canonical_maps", "hash:/etc/postfix/alice, hash:/etc/postfix/gone", .closed),
        ("virtual_alias_maps", "hash:/etc/postfix/alice, hash:/etc/postfix/gone", .closed),
        ("canonical_maps", "hash:/etc/postfix/alice, hash:/etc/postfix/gone", .broken),
        ("recipient_bcc_maps", "hash:/etc/postfix/alice, hash:/etc/postfix/gone", .closed),
        ("sender_canonical_maps", "static:root, hash:/etc/postfix/gone", .closed),
        ("alias_maps", "hash:/etc/postfix/here, hash:/etc/postfix/gone", .broken),
        ("local_recipient_maps", "hash:/etc/postfix/alice, hash:/etc/postfix/gone", .closed),
        ("smtpd_sender_login_maps", "hash:/etc/postfix/gone", .closed),
    ])
    func `One of several tables is enough where all are asked`(
        name: String, value: String, verdict: RelayVerdict
    ) {
        #expect(report([name: value]).verdict == verdict)
    }
}
