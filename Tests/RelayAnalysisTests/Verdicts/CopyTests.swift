import MailModel
import Testing

@testable import RelayAnalysis

/// Copies whose address a stranger writes into that of a recipient (measured on Postfix 3.7.11).
@Suite struct CopyTests {
    private let host = SampleHost().setting("recipient_delimiter", "+")

    private static let decoding = "/^info\\+(.+)=(.+)@hosted\\.example$/"

    @Test func `recipient_bcc_maps takes it from the recipient`() throws {
        let host = host.table("pcre:/b", "\(Self.decoding) $1@$2\n").setting("recipient_bcc_maps", "pcre:/b")
        let report = host.report
        #expect(report.verdict == .open)
        let cause = try #require(report.causes.first)
        #expect(cause.kind == "address-rewriting" && cause.parameter == "recipient_bcc_maps")
        #expect(cause.text == "\(Self.decoding) $1@$2" && cause.line == 1)
        #expect(host.repaired(host.repair).report.verdict == .closed)
    }

    @Test(arguments: [
        ("REDIRECT $1@$2", RelayVerdict.open), ("BCC $1@$2", .open), ("bcc $1@$2", .open),
        ("REDIRECT $1@partner.example", .closed), ("REDIRECT abuse@partner.example", .closed),
        ("PREPEND X-To: $1@$2", .closed), ("REJECT $1@$2", .closed),
    ])
    func `An access table takes it from the recipient`(result: String, verdict: RelayVerdict) {
        let table = host.table("pcre:/r", "\(Self.decoding) \(result)\n")
        let first = table.setting("smtpd_recipient_restrictions", "check_recipient_access pcre:/r")
        #expect(first.report.verdict == verdict)
        #expect(first.repaired(first.repair).report.verdict == .closed)
        let list = "permit_mynetworks, reject_unauth_destination, check_recipient_access pcre:/r"
        #expect(table.setting("smtpd_relay_restrictions", list).report.verdict == verdict)
    }

    @Test(arguments: [
        ("header_checks", "/^X-Send-To: *(.*)$/ REDIRECT $1\n", RelayVerdict.open),
        ("header_checks", "/send-to=(.*)$/ BCC $1\n", .open),
        ("header_checks", "/^X-Send-To: *(.*)$/ PREPEND X-To: $1\n", .closed),
        ("header_checks", "/^Subject: .*viagra/ REDIRECT abuse@partner.example\n", .closed),
        ("body_checks", "/^forward to <(.*)>/ REDIRECT $1\n", .open),
        ("sender_bcc_maps", "/^(.+)=(.+)@/ $1@$2\n", .open),
        ("sender_bcc_maps", "/^(.+)@/ $1@partner.example\n", .closed),
    ])
    func `The sender or the text of a message names who is meant`(
        name: String, rules: String, verdict: RelayVerdict
    ) {
        let host = SampleHost().setting(name, "pcre:/b").table(
            "pcre:/b", "/^Received: never/ IGNORE\n" + rules)
        #expect(host.report.verdict == verdict)
        guard verdict == .open else { return }
        #expect(host.report.causes.first?.parameter == name && host.report.causes.first?.line == 2)
        let repaired = host.repaired(host.repair)
        #expect(repaired.report.verdict == .closed)
        // What else the table says stays.
        #expect(repaired.tables["pcre:/b"] == "/^Received: never/ IGNORE\n" && repaired.main == host.main)
        let waived = host.setting("receive_override_options", "no_header_body_checks, no_address_mappings")
        #expect(waived.report.verdict == .closed)
    }

    @Test(arguments: [
        ("header_checks", "/^Subject: *(tok[0-9a-z]+)$/ REDIRECT relaytest@$1.com", RelayVerdict.partial),
        ("body_checks", "/^(tok[0-9a-z]+)$/ REDIRECT relaytest@$1.com", .partial),
        ("header_checks", "/^Subject: *(.+)$/ REDIRECT $1@partner.example", .closed),
        ("body_checks", "/^to (.+)$/ REDIRECT relaytest@$1.partner.example", .closed),
        ("recipient_bcc_maps", "/^(.+)@(.+)$/ $1@copies.$2", .closed),
    ])
    func `A domain is taken from the message for one user`(name: String, row: String, verdict: RelayVerdict) {
        let host = SampleHost().setting(name, "pcre:/b").table("pcre:/b", row + "\n")
        #expect(host.report.verdict == verdict)
        guard verdict == .partial else { return }
        #expect(host.report.causes.first?.text == row)
        #expect(host.repaired(host.repair).report.verdict == .closed)
    }

    @Test func `An access table takes it from the sender`() {
        let host = host.table("pcre:/s", "/^(.+)=(.+)@/ REDIRECT $1@$2\n")
            .setting("smtpd_sender_restrictions", "check_sender_access pcre:/s")
        #expect(host.report.verdict == .open)
        #expect(host.repaired(host.repair).report.verdict == .closed)
    }

    @Test func `An access table takes it from the greeting`() {
        let host = host.table("pcre:/h", "/^(.+)--(.+)$/ REDIRECT $1@$2\n")
            .setting("smtpd_helo_restrictions", "check_helo_access pcre:/h")
        #expect(host.report.verdict == .open)
        #expect(host.repaired(host.repair).report.verdict == .closed)
    }

    @Test func `A recipient who is refused gets no copies`() {
        let table = host.table("pcre:/b", "\(Self.decoding) $1@$2\n").setting("recipient_bcc_maps", "pcre:/b")
        let refused = table.table("pcre:/r", "/^info\\+/ REJECT\n")
            .setting("smtpd_recipient_restrictions", "check_recipient_access pcre:/r")
        #expect(refused.report.verdict == .closed)
        let unknown = host.table("pcre:/b", "/^(.+)=(.+)@hosted\\.example$/ $1@$2\n")
            .setting("recipient_bcc_maps", "pcre:/b")
        #expect(unknown.report.verdict == .closed)
        #expect(unknown.setting("local_recipient_maps", "").report.verdict == .open)
        #expect(
            host.setting("recipient_bcc_maps", "static:archive@partner.example").report.verdict == .closed)
    }
}
