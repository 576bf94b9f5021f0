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
