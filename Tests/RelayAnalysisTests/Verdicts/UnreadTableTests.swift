import MailModel
import RelayAnalysis
import Testing

/// Tables whose answers are out of reach: those that a copy does not hold, and those that a server answers for.
@Suite struct UnreadTableTests {
    private static let why = "it is not in the copy"
    private let host = SampleHost()

    private func report(_ settings: [String: String], _ tables: [String: TableContent] = [:]) -> RelayReport {
        var configuration = settings.reduce(SampleHost()) { $0.setting($1.key, $1.value) }.configuration
        for name in ["hash:/gone", "regexp:/gone", "mysql:/gone"] {
            configuration.tables[name] = .unreadable(Self.why)
        }
        configuration.tables.merge(tables) { $1 }
        return explainRelay(configuration, trusted: SampleHost.trusted)
    }

    private func risk(_ report: RelayReport, _ table: String) -> RelayRisk? {
        report.risks.first { $0.kind == "unread-table" && $0.why.contains(table) }
    }

    @Test(arguments: [
        "virtual_alias_maps", "canonical_maps", "recipient_canonical_maps", "sender_canonical_maps",
        "transport_maps", "alias_maps", "local_recipient_maps", "virtual_mailbox_maps", "recipient_bcc_maps",
        "sender_bcc_maps", "relocated_maps", "sender_dependent_relayhost_maps", "header_checks",
        "mailbox_transport_maps", "mydestination", "virtual_mailbox_domains",
    ])
    func `Rows that lead where their author wrote let no stranger choose, and are a risk`(name: String) {
        let report = report([name: "hash:/gone"])
        #expect(report.verdict == .closed)
        let risk = risk(report, "hash:/gone")
        #expect(risk?.parameter == name && risk?.file == "main.cf")
        #expect(
            risk?.why
                == "hash:/gone cannot be read here (it is not in the copy): what it answers is not judged.")
    }

    @Test func `A table that somebody wrote into a list is not blamed on a default that repeats it`() {
        let report = report(["virtual_alias_maps": "hash:/gone, mysql:/gone"])
        #expect(risk(report, "hash:/gone")?.parameter == "virtual_alias_maps")
        #expect(
            risk(report, "mysql:/gone")?.why
                == "hash:/gone, mysql:/gone cannot be read here (it is not in the copy): what they answer is not judged."
        )
        let other = self.report([
            "virtual_alias_maps": "hash:/gone", "virtual_alias_domains": "$virtual_alias_maps",
        ])
        #expect(risk(other, "hash:/gone")?.parameter == "virtual_alias_maps")
        let both = self.report([
            "virtual_alias_maps": "hash:/gone", "virtual_mailbox_domains": "hash:/gone-too",
        ])
        #expect(risk(both, "hash:/gone")?.parameter == "virtual_alias_maps")
    }

    @Test(arguments: ["virtual_alias_maps", "canonical_maps", "recipient_canonical_maps"])
    func `Patterns may take the domain from the recipient, so that it cannot be told`(name: String) {
        let report = report([name: "hash:/gone, regexp:/gone"])
        #expect(report.verdict == .unknown)
        #expect(report.causes.map(\.kind) == ["unreadable-table"])
        #expect(report.causes.first?.culprit == "regexp:/gone")
        #expect(
            report.causes.first?.opens
                == "anyone, to recipients whom regexp:/gone leads elsewhere, which cannot be read here (\(Self.why))"
        )
        // Named once.
        #expect(risk(report, "regexp:/gone") == nil && risk(report, "hash:/gone") != nil)
        #expect(self.report([name: "regexp:/gone", "mynetworks": "0.0.0.0/0"]).verdict == .open)
    }

    @Test func `Addresses of the header alone are nobody's way out`() {
        let classes = ["canonical_classes": "header_recipient", "canonical_maps": "regexp:/gone"]
        #expect(report(classes).verdict == .closed)
    }

    @Test(arguments: ["transport_maps", "mailbox_transport_maps", "fallback_transport_maps"])
    func `Where mail for every domain is taken, its route may lead out`(name: String) {
        #expect(report(["mydestination": "static:all"]).verdict == .closed)
        #expect(report(["mydestination": "static:all", name: "hash:/gone"]).verdict == .unknown)
    }

    @Test func `Who its own recipients are is not said where the lists of domains were not read`() {
        let refused = { (report: RelayReport) in report.risks.contains { $0.kind == "inbound-refused" } }
        #expect(!refused(report(["mydestination": "hash:/gone"])))
        #expect(refused(report(["mydestination": ""])))
    }

    @Test func `A file that a list includes and that is out of reach is a risk as well`() {
        var configuration = SampleHost().setting("mydestination", "$myhostname /etc/domains").configuration
        configuration.unreadableFiles["/etc/domains"] = Self.why
        let report = explainRelay(configuration, trusted: SampleHost.trusted)
        #expect(report.verdict == .closed)
        #expect(risk(report, "/etc/domains")?.parameter == "mydestination")
    }

    @Test func `A rule of a map that is not understood may lead out`() {
        let map = "/^(\\p{L}+)#(.*)@mail[.]hosted[.]example$/ $1@$2\n"
        let host = SampleHost().setting("virtual_alias_maps", "pcre:/v").table("pcre:/v", map)
        #expect(host.report.verdict == .unknown)
        #expect(host.report.causes.first?.opens.contains("which is not understood here") == true)
        let fixed = SampleHost().setting("virtual_alias_maps", "pcre:/v").table(
            "pcre:/v", map.replacing("$1@$2", with: "postmaster"))
        #expect(fixed.report.verdict == .closed)
    }

    // MARK: tables that were changed and not compiled

    @Test
    func
        `A text that was not compiled again is a risk, and what to look at where its table lets strangers in`()
    {
        let row = TableEntry(key: "198.51.100.7", value: "OK", line: nil)
        var configuration = SampleHost().setting(
            "smtpd_relay_restrictions", "check_client_access hash:/etc/postfix/c, reject_unauth_destination"
        ).setting("alias_maps", "hash:/etc/aliases").configuration
        configuration.tables["hash:/etc/postfix/c"] = .entries([row], source: "/etc/postfix/c.db")
        for (name, path) in [
            ("hash:/etc/postfix/c", "/etc/postfix/c"), ("hash:/etc/aliases", "/etc/aliases"),
        ] {
            configuration.staleTables[name] = CompiledTable(type: "hash", name: path, path: "\(path).db")
        }
        let report = explainRelay(configuration, trusted: SampleHost.trusted)
        #expect(report.verdict == .partial)
        #expect(report.causes.first?.file == "c.db")
        #expect(
            report.causes.first?.remedy.hasPrefix(
                "/etc/postfix/c says something else than c.db, which Postfix reads: run postmap hash:/etc/postfix/c if it "
                    + "is right. Else: In smtpd_relay_restrictions, put") == true)
        #expect(report.risks.filter { $0.kind == "stale-table" }.map(\.file) == ["c"])
    }

    // MARK: tables that were asked

    private static let asked = "it does not list its answers"

    private func report(_ name: String, answering answers: [String: String]) -> RelayReport {
        report(
            [name: "mysql:/rows"].mapValues {
                name == "relay_domains" || name == "mynetworks"
                    ? "127.0.0.0/8 \($0)" : "check_client_access \($0), reject_unauth_destination"
            }, ["mysql:/rows": .asked(answers, why: Self.asked)])
    }

    @Test func `A server that lets in the ordinary stranger opens the host`() {
        let everybody = Dictionary(uniqueKeysWithValues: strangersKeys.map { ($0, "OK") })
        for name in ["smtpd_relay_restrictions", "mynetworks", "relay_domains"] {
            let report = report(name, answering: everybody)
            #expect(report.verdict == .open, "\(name)")
            #expect(report.causes.first?.opens == "every client", "\(name)")
            #expect(report.causes.first?.culprit?.contains("mysql:/rows") == true, "\(name)")
        }
    }

    @Test func `One that lets in some of those it was asked for is partial, and names them`() {
        let report = report("smtpd_relay_restrictions", answering: ["185.77": "OK"])
        #expect(report.verdict == .partial)
        #expect(report.causes.first?.opens == "clients in 185.77.0.0/16")
    }

    @Test func `One that lets in none of them may let in others`() {
        for answers in [[:], ["185.77": "REJECT"]] {
            let report = report("smtpd_relay_restrictions", answering: answers)
            #expect(report.verdict == .unknown)
            #expect(
                report.causes.first?.opens
                    == "whom mysql:/rows lists, which cannot be read here (\(Self.asked))")
            #expect(report.causes.first?.remedy.contains("postmap -q") == true)
        }
    }

    @Test func `What strangers are looked up by has no key twice and fits into lines`() {
        #expect(Set(strangersKeys).count == strangersKeys.count)
        #expect(strangersKeys.allSatisfy { !$0.isEmpty && !$0.contains { $0.isWhitespace } })
        for key in ["185.77.12.201", "185.77", "coop", ".coop", "info@relaycheck.net", "<>"] {
            #expect(strangersKeys.contains(key))
        }
    }

    @Test(arguments: [
        ("/etc/postfix/not-in-the-copy", RelayVerdict.unknown), ("mysql:/etc/postfix/hosts.cf", .unknown),
        ("127.0.0.1, !/etc/postfix/not-in-the-copy", .closed),
    ])
    func `A list that cannot be read may let anybody say another address`(
        hosts: String, verdict: RelayVerdict
    ) {
        let report = host.setting("smtpd_authorized_xclient_hosts", hosts).report
        #expect(report.verdict == verdict)
        #expect(report.causes.allSatisfy { $0.parameter == "smtpd_authorized_xclient_hosts" })
        // What may be said by XFORWARD and VERP moves no mail.
        for name in ["smtpd_authorized_xforward_hosts", "smtpd_authorized_verp_clients"] {
            let other = host.setting(name, hosts).report
            #expect(other.verdict == .closed)
            #expect(!other.risks.contains { $0.kind == "xforward" })
        }
    }

    @Test(arguments: [
        ("relay_domains", "", "pcre:/t", RelayVerdict.unknown),
        ("mynetworks", "127.0.0.0/8 ", "pcre:/t", .unknown),
        ("mynetworks", "127.0.0.0/8 ", "unionmap:{pcre:/t, static:x}", .open),
        ("mynetworks", "127.0.0.0/8 ", "unionmap:{mysql:/m, cidr:/c}", .unknown),
        ("mydestination", "localhost ", "pcre:/t", .closed),
    ])
    func `A list that names what is not understood cannot be told`(
        list: String, before: String, table: String, verdict: RelayVerdict
    ) {
        let host = host.table("pcre:/t", "/(?|a|b)+++x/ OK\n").table("cidr:/c", "127.0.0.1 OK\n")
        #expect(host.setting(list, before + table).report.verdict == verdict)
    }

    @Test func `A member of a union that cannot be read cannot be told`() {
        let union = "unionmap:{mysql:/etc/postfix/ok.cf, static:DUNNO}"
        let list = "permit_mynetworks, check_client_access \(union), reject_unauth_destination"
        #expect(host.setting("smtpd_relay_restrictions", list).report.verdict == .unknown)
    }

    @Test(arguments: [
        "pcre:/p": "/^a(?=.*@example\\.net$).*$/ OK", "regexp:/p": "/@example\\.net$/x OK",
    ])
    func `A pattern that lets somebody in, and nobody knows whom, is unknown`(name: String, rows: String) {
        let host = SampleHost().setting(
            "smtpd_relay_restrictions",
            "permit_mynetworks, check_sender_access \(name), reject_unauth_destination"
        ).table(name, rows)
        #expect(host.report.verdict == .unknown)
        #expect(host.table(name, rows.replacing("OK", with: "REJECT")).report.verdict == .closed)
    }
}
