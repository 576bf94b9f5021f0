import Fixtures
import MailModel
import Postfix
import Testing

@testable import RelayAnalysis

/// Lookup tables whose rows stay, all but the guilty ones.
@Suite struct RowRepairTests {
    @Test(arguments: [
        ("mynetworks", "127.0.0.0/8 cidr:/c"),
        (
            "smtpd_relay_restrictions",
            "permit_mynetworks, permit_sasl_authenticated, check_client_access cidr:/c, reject_unauth_destination"
        ),
    ])
    func `Of a table with vouched rows only the guilty row goes`(parameter: String, value: String) {
        let rows = "# offices\n203.0.113.0/28 OK\n198.51.0.0/16\n   OK\n\n203.0.113.64/28 OK\n"
        let host = SampleHost().setting(parameter, value).table("cidr:/c", rows)
        let vouched = ["203.0.113.0/28", "203.0.113.64/28"].compactMap { IPNetwork($0) }
        let repair = repairRelay(host.configuration, trusted: SampleHost.trusted + vouched)
        #expect(repair.after.verdict == .closed)
        #expect(repair.edits.map(\.path) == ["/c"])
        #expect(
            repair.edits.first?.after.text
                == "# offices\n203.0.113.0/28 OK\n\n203.0.113.64/28 OK\n")
        #expect(repair.edits.first?.touches == ["198.51.0.0/16"])
        #expect(repair.notes.contains { $0.contains("198.51.0.0/16") && $0.contains("vouch") })
        // Nobody vouched for any row: the table is not asked any more.
        #expect(host.repair.edits.map(\.path) == ["/etc/postfix/main.cf"])
    }

    @Test(arguments: [
        (
            "198.51.100.7 \t OK \n198.51.100.0/24 REJECT spam\n203.0.113.0/28 OK\n",
            "198.51.100.7 \t permit_auth_destination \n198.51.100.0/24 REJECT spam\n203.0.113.0/28 OK\n"
        ),
        (
            "203.0.113.0/28 OK\n198.51.100.7\n   RELAY\n0.0.0.0/0 554 no\n",
            "203.0.113.0/28 OK\n198.51.100.7\n   permit_auth_destination\n0.0.0.0/0 554 no\n"
        ),
    ])
    func `A row before a refusal still lets in mail for this host`(before: String, after: String) throws {
        let host = SampleHost().setting(
            "smtpd_relay_restrictions",
            "permit_mynetworks, permit_sasl_authenticated, check_client_access cidr:/c, reject_unauth_destination"
        ).table("cidr:/c", before)
        let vouched = SampleHost.trusted + ["203.0.113.0/28"].compactMap { IPNetwork($0) }
        let repair = repairRelay(host.configuration, trusted: vouched)
        #expect(repair.after.verdict == .closed)
        #expect(repair.edits.map(\.path) == ["/c"])
        #expect(repair.edits.first?.after.text == after)
        // The planned bytes take hosted mail from the address, and nothing else.
        let planned = host.repaired(repair)
        let server = SMTPServer(Host(planned.configuration, trusted: vouched), service: 0)
        let address = try #require(IPAddress("198.51.100.7"))
        var session = Stranger.session(from: address, usingTLS: false)
        guard case .refused(.relay, .destination) = server.judge(session) else {
            Issue.record("a foreign recipient is not refused")
            return
        }
        session.recipient = "postmaster@hosted.example"
        if case .refused = server.judge(session) { Issue.record("mail for this host is refused") }
    }

    private static let compiledRows = "# offices\n203.0.113.64 OK\n198.51 OK\n192.0.2 RELAY\n"

    private func hostWithCompiledRows() -> SampleHost {
        SampleHost().setting(
            "smtpd_relay_restrictions",
            "permit_mynetworks, permit_sasl_authenticated, check_client_access hash:/c, reject_unauth_destination"
        ).table("hash:/c", Self.compiledRows)
    }

    private static let vouched =
        SampleHost.trusted + ["203.0.113.64/28", "192.0.2.0/24"].compactMap { IPNetwork($0) }

    @Test
    func `Of a compiled table with vouched rows the guilty row goes from its text, which is compiled anew`()
        throws
    {
        var configuration = hostWithCompiledRows().configuration
        let compiled = CompiledTable(type: "hash", name: "/c", path: "/c.db")
        configuration.tableTexts["/c"] = FileContent(path: "/c", bytes: Array(Self.compiledRows.utf8))
        configuration.compiledTables["/c"] = compiled
        let repair = repairRelay(configuration, trusted: Self.vouched)
        let edit = try #require(repair.edits.first)
        #expect(repair.after.verdict == .closed && repair.edits.count == 1)
        #expect(edit.path == "/c" && edit.compiled == compiled)
        #expect(edit.after.text == "# offices\n203.0.113.64 OK\n192.0.2 RELAY\n")
        #expect(repair.notes.contains { $0.contains("198.51.0.0/16") && $0.contains("vouch") })
    }

    @Test(arguments: [
        ("smtpd_relay_restrictions", ""), ("smtpd_recipient_restrictions", "reject_unknown_sender_domain, "),
    ])
    func `Of a compiled table without its text the vouched rows stay, in place of the lookup`(
        list: String, before: String
    ) {
        let lookup = "check_client_access hash:/c"
        var host = hostWithCompiledRows()
        if list != "smtpd_relay_restrictions" { host = host.setting("smtpd_relay_restrictions", "") }
        host = host.setting(
            list,
            "permit_mynetworks, permit_sasl_authenticated, \(before)\(lookup), reject_unauth_destination")
        let repair = repairRelay(host.configuration, trusted: Self.vouched)
        #expect(repair.after.verdict == .closed)
        let after = MainCF(Array(host.repaired(repair).main.utf8)).definition(of: list)?.value.text ?? ""
        let kept = "check_client_access inline:{203.0.113.64=OK, 192.0.2=OK}, "
        let tail = before.isEmpty ? "" : "reject_unauth_destination, \(lookup), "
        #expect(
            after
                == "permit_mynetworks, permit_sasl_authenticated, \(before)\(kept)\(tail)reject_unauth_destination"
        )
    }
}
