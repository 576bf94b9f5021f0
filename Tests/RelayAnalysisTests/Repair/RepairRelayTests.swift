import Fixtures
import MailModel
import Postfix
import Testing

@testable import RelayAnalysis

@Suite struct RepairRelayTests {
    private func lines(_ text: String) -> [Substring] {
        text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    @Test func `Hosted mail is taken as before where a plain rejection ends the list`() {
        let host = SampleHost().setting(
            "smtpd_relay_restrictions", "permit_mynetworks, check_sender_access static:RELAY, reject")
        let repaired = host.repaired(host.repair)
        #expect(repaired.report.verdict == .closed)
        #expect(!repaired.report.risks.contains { $0.kind == "inbound-refused" })
        #expect(repaired.main.contains("permit_auth_destination, "))
    }

    @Test func `An item that came from another parameter leaves the list and not that parameter`() {
        let host = SampleHost().setting("mynetworks_style", "host").setting("mynetworks", "$mynetworks_style")
        let repaired = host.repaired(host.repair)
        #expect(repaired.report.verdict == .closed)
        #expect(repaired.main.contains("mynetworks = 127.0.0.0/8 [::1]/128\n"))
        #expect(repaired.main.contains("mynetworks_style = host\n"))
    }

    @Test func `An item put together from parts leaves the list, and the parts stay as they are`() {
        for (value, lan) in [("127.0.0.0/8, ${lan}/24", "10.0.0.0"), ("127.0.0.0/8 10.${lan}.0.0/16", "9")] {
            let host = SampleHost().setting("lan", lan).setting("mynetworks", value)
            #expect(host.report.verdict == .partial)
            let repaired = host.repaired(host.repair)
            #expect(repaired.report.verdict == .closed)
            #expect(
                repaired.main.contains("lan = \(lan)\n")
                    && repaired.main.contains("mynetworks = 127.0.0.0/8\n"))
        }
    }

    @Test(arguments: ["check_client_access hash:/b", "reject_unknown_client_hostname"])
    func `A white list before a refusal goes behind the rejection and not away`(refusal: String) throws {
        let lookup = "check_client_access hash:/w"
        let start = "permit_mynetworks, permit_sasl_authenticated, "
        let host = SampleHost().setting(
            "smtpd_relay_restrictions", "\(start)\(lookup), \(refusal), reject_unauth_destination"
        ).table("hash:/w", "198.51.100.7 OK\n").table("hash:/b", "198.51.100 REJECT\n")
        let repair = host.repair
        #expect(repair.after.verdict == .closed)
        let planned = host.repaired(repair)
        #expect(
            planned.main.contains(
                "\(start)reject_unauth_destination, \(lookup), \(refusal), reject_unauth_destination\n"))
        let server = SMTPServer(Host(planned.configuration, trusted: SampleHost.trusted), service: 0)
        var session = Stranger.session(
            from: try #require(IPAddress("198.51.100.7")), usingTLS: false)
        session.client.name = "unknown"
        session.recipient = "postmaster@hosted.example"
        if case .refused = server.judge(session) { Issue.record("mail for this host is refused") }
    }

    @Test func `A closed configuration needs nothing`() {
        let repair = SampleHost().repair
        #expect(repair.edits.isEmpty)
        #expect(repair.notes.isEmpty)
        #expect(repair.after.verdict == .closed)
    }

    @Test(arguments: [
        ("mynetworks", "127.0.0.0/8, 10.9.9.9/1", "10.9.9.9/1"),
        (
            "smtpd_client_restrictions", "permit_mynetwork, reject_unknown_hostnames",
            "Did you mean permit_mynetworks?"
        ),
        (
            "smtpd_client_restrictions", "permit_naked_ip_address",
            "Postfix 3.9 does not know it. It went with 3.9 (RELEASE_NOTES-3.9, 20240218)."
        ),
    ])
    func `A server that runs and refuses everybody is its administrator's to correct`(
        name: String, value: String, said: String
    ) {
        var host = SampleHost().setting(name, value)
        if said.contains("3.9") { host.version = "3.9.0" }
        #expect(host.report.verdict == .broken)
        #expect(host.report.causes.contains { "\($0.text) \($0.remedy)".contains(said) })
        #expect(host.repair.edits.isEmpty)
    }

    @Test func `What cannot be read is not repaired`() {
        let host = SampleHost().setting("relay_domains", "mysql:/etc/postfix/rd.cf")
        #expect(host.report.verdict == .unknown)
        #expect(host.repair.edits.isEmpty)
    }

    @Test(arguments: [
        ("mynetworks", "0.0.0.0/0", "127.0.0.0/8 [::1]/128"),
        ("mynetworks", "127.0.0.0/8, 0.0.0.0/0", "127.0.0.0/8"),
        ("mynetworks", "127.0.0.0/8 10.0.0.0/8 [::1]/128", "127.0.0.0/8 [::1]/128"),
        ("relay_domains", "partner.example, com", "partner.example"),
        ("relay_domains", "inline:{partner.example=x,com=x}", "partner.example"),
        ("allow_untrusted_routing", "yes", "yes"),
        ("smtpd_authorized_xclient_hosts", "127.0.0.1, 10.0.0.0/8", "127.0.0.1"),
        (
            "smtpd_relay_restrictions",
            "permit_mynetworks, permit_sasl_authenticated, permit_mx_backup, reject_unauth_destination",
            "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination"
        ),
        (
            "smtpd_relay_restrictions", "permit",
            "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination"
        ),
        (
            "smtpd_relay_restrictions",
            "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destinatoin",
            "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination"
        ),
        (
            "smtpd_relay_restrictions",
            "permit_mynetworks, check_sender_access static:OK, reject_unauth_destination",
            "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination"
        ),
    ])
    func `Each mechanism has its remedy, in place`(name: String, value: String, expected: String) {
        let host = SampleHost().setting(name, value)
        let repair = host.repair
        #expect(repair.after.verdict == .closed)
        let after = MainCF(Array(host.repaired(repair).main.utf8))
        #expect(after.definition(of: name)?.value.text == expected)
        // Every other line is as it was.
        let before = lines(host.main).filter { !$0.hasPrefix(name) }
        #expect(lines(host.repaired(repair).main).filter { !$0.hasPrefix(name) } == before)
    }

    @Test(arguments: [
        ("127.0.0.0/8 192.0.2.0/24", "127.0.0.0/8 192.0.2.0/25"),
        ("192.0.2.0/24, [2001:db8::]/32", "192.0.2.0/25, [2001:db8:1::]/48"),
        ("0.0.0.0/0", "127.0.0.0/8 [::1]/128 192.0.2.0/25"),
        ("0.0.0.0/0 192.0.2.0/25", "127.0.0.0/8 192.0.2.0/25"),
        ("0.0.0.0/1 192.0.2.0/25 127.0.0.1", "192.0.2.0/25 127.0.0.1"),
        ("!192.0.2.1 192.0.2.0/24", "!192.0.2.1 192.0.2.0/25"),
    ])
    func `Of a wide network stays what somebody vouched for`(value: String, expected: String) {
        let host = SampleHost().setting("mynetworks", value)
        let trusted =
            SampleHost.trusted + ["192.0.2.0/25", "2001:db8:1::/48"].compactMap { IPNetwork($0) }
        let repair = repairRelay(host.configuration, trusted: trusted)
        #expect(repair.after.verdict == .closed)
        let after = MainCF(Array(host.repaired(repair).main.utf8))
        #expect(after.definition(of: "mynetworks")?.value.text == expected)
    }

    @Test(arguments: [
        (
            "hash:/c", "192.0.2 OK\n",
            "permit_mynetworks, check_client_access hash:/c, reject_unauth_destination"
        ),
        (
            "cidr:/c", "198.51.100.66 REJECT\n192.0.2.0/23 OK\n",
            "check_client_access cidr:/c, permit_mynetworks, reject"
        ),
    ])
    func `A vouched part of a network that a table let in is listed`(
        table: String, rows: String, list: String
    ) {
        let host = SampleHost().table(table, rows).setting("smtpd_relay_restrictions", list)
        let trusted = SampleHost.trusted + ["192.0.2.64/27"].compactMap { IPNetwork($0) }
        let repair = repairRelay(host.configuration, trusted: trusted)
        #expect(repair.after.verdict == .closed)
        #expect(host.repaired(repair).main.contains("mynetworks = 127.0.0.0/8 [::1]/128 192.0.2.64/27\n"))
        #expect(repair.notes.contains { $0.contains("192.0.2.64/27") })
        #expect(!host.repaired(host.repair).main.contains("192.0.2.64/27"))
    }

    @Test func `A vouched network that relayed as everybody did is not listed`() {
        let host = SampleHost().setting(
            "smtpd_relay_restrictions", "check_sender_access static:OK, reject_unauth_destination")
        let trusted = SampleHost.trusted + ["192.0.2.64/27"].compactMap { IPNetwork($0) }
        let repair = repairRelay(host.configuration, trusted: trusted)
        #expect(repair.after.verdict == .closed)
        #expect(!host.repaired(repair).main.contains("192.0.2.64"))
    }

    @Test func `A vouched one of those that the style trusts is listed`() {
        var host = SampleHost().setting("mynetworks_style", "subnet")
        host.main = host.main.replacing("mynetworks = 127.0.0.0/8 [::1]/128\n", with: "")
        host.interfaces = [IPNetwork("203.0.113.10/24")].compactMap { $0 }
        let trusted = SampleHost.trusted + ["203.0.113.77"].compactMap { IPNetwork($0) }
        let repair = repairRelay(host.configuration, trusted: trusted)
        #expect(repair.after.verdict == .closed)
        #expect(
            MainCF(Array(host.repaired(repair).main.utf8)).definition(of: "mynetworks")?.value.text
                == "127.0.0.0/8 [::1]/128 203.0.113.10/32 203.0.113.77/32")
    }

    @Test func `Of a table of domains the guilty row goes, and the others stay`() {
        let host = SampleHost().table("regexp:/rd", "/example\\.net/ OK\n/^partner\\.example$/ OK\n")
            .setting("relay_domains", "regexp:/rd")
        #expect(host.report.verdict == .partial)
        let repaired = host.repaired(host.repair)
        #expect(repaired.report.verdict == .closed && repaired.main == host.main)
        #expect(repaired.tables["regexp:/rd"] == "/^partner\\.example$/ OK\n")
    }

    @Test func `An included file loses the guilty line`() {
        var host = SampleHost().setting("mynetworks", "127.0.0.0/8 /etc/postfix/nets")
        host.files["/etc/postfix/nets"] = "# office\n127.0.0.2\n0.0.0.0/0\n"
        let repair = host.repair
        #expect(repair.after.verdict == .closed)
        #expect(repair.edits.map(\.path) == ["/etc/postfix/nets"])
        #expect(host.repaired(repair).files["/etc/postfix/nets"] == "# office\n127.0.0.2\n")
    }

    @Test func `A reference to another parameter goes, and the parameter stays`() {
        let host = SampleHost().setting("transport_maps", "regexp:/tr").setting(
            "relay_domains", "$transport_maps"
        )
        .table("regexp:/tr", "/.*/ smtp:[203.0.113.25]\n")
        let repaired = host.repaired(host.repair)
        #expect(repaired.report.verdict == .closed)
        #expect(repaired.main.contains("transport_maps = regexp:/tr\n"))
    }

    @Test func `A white list among spam checks keeps its place behind the rejection`() {
        let host = SampleHost().setting("smtpd_relay_restrictions", "")
            .setting(
                "smtpd_recipient_restrictions",
                "permit_mynetworks, check_client_access cidr:/c, reject_unauth_destination"
            )
            .table("cidr:/c", "203.0.113.0/24 OK\n")
        let repair = host.repair
        #expect(repair.after.verdict == .closed)
        #expect(
            host.repaired(repair).main.contains(
                "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination, check_client_access cidr:/c, reject_unauth_destination"
            ))
        #expect(repair.notes.contains { $0.contains("203.0.113.0/24") && $0.contains("vouch") })
    }

    @Test func `An override that opens a service goes, and its logins still relay`() {
        var host = SampleHost()
        host.master = host.master.replacing(
            "  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject\n",
            with: "  -o mynetworks=0.0.0.0/0\n  -o smtpd_relay_restrictions=permit_mynetworks,reject\n")
        let repair = host.repair
        #expect(repair.after.verdict == .closed)
        #expect(repair.edits.map(\.path) == ["/etc/postfix/master.cf"])
        #expect(repair.edits.first?.touches.contains("submission/inet mynetworks") == true)
        let master = host.repaired(repair).master
        #expect(!master.contains("mynetworks=0.0.0.0/0"))
        #expect(
            master.contains(
                "  -o smtpd_relay_restrictions=permit_mynetworks,permit_sasl_authenticated,reject\n"))
    }

    @Test func `Carriage returns and Latin-1 survive`() throws {
        var configuration = SampleHost().configuration
        let text =
            "# B\u{fc}ro\r\nmydestination = hosted.example\r\nmynetworks = 127.0.0.0/8,\r\n 0.0.0.0/0\r\n"
        configuration.mainCF.bytes =
            text.unicodeScalars.map { UInt8($0.value) } + configuration.mainCF.bytes.filter { _ in false }
        configuration.mainCF.bytes += Array(
            "smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination\r\n".utf8)
        let repair = repairRelay(configuration, trusted: SampleHost.trusted)
        let edit = try #require(repair.edits.first)
        #expect(repair.after.verdict == .closed)
        #expect(edit.after.starts(with: configuration.mainCF.bytes.prefix(12)))
        #expect(!edit.after.text.contains("0.0.0.0/0"))
        #expect(edit.after.text.contains("mynetworks = 127.0.0.0/8,\r\n"))
    }

    @Test(arguments: 0..<150)
    func `Random faults are closed, once, and only guilty lines change`(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let host = FaultMaker.host(&random)
        let before = host.report
        let repair = host.repair
        switch before.verdict {
        case .closed, .unknown: #expect(repair.edits.isEmpty)
        case .broken where repair.edits.isEmpty: break
        case .open, .partial, .broken:
            // Where port 25 served nobody before, that is left to its administrator.
            let isMute = before.listeners.contains { $0.port == 25 && $0.verdict == .broken }
            let wanted = isMute ? [RelayVerdict.closed, .broken] : [.closed]
            #expect(wanted.contains(repair.after.verdict), "\(host.main)\n\(host.master)")
            let repaired = host.repaired(repair)
            #expect(repaired.report.verdict == repair.after.verdict)
            #expect(repaired.repair.edits.isEmpty)
            #expect(repair.strayChanges.isEmpty, "\(host.main)\n\(host.master)")
        }
    }

    @Test func `A harbour is closed whatever was there`() {
        for seed in 0..<40 {
            var random = SeededGenerator(seed: UInt64(seed))
            var host = FaultMaker.host(&random)
            let edits = harbour(host.configuration)
            host = host.repaired(RelayRepair(edits: edits, notes: [], after: host.report))
            #expect([.closed, .unknown].contains(host.report.verdict), "\(host.main)")
            let main = MainCF(Array(host.main.utf8))
            #expect(main.definition(of: "soft_bounce")?.value.text == "yes")
            #expect(
                main.definition(of: "smtpd_relay_restrictions")?.value.text.hasSuffix(
                    "defer_unauth_destination") == true)
            #expect(harbour(host.configuration).isEmpty)
        }
    }
}
