import MailModel
import Testing

@testable import RelayAnalysis

/// Tables with more rows than anybody reads.
@Suite struct LargeTableTests {
    private func host(_ check: String, _ table: String, _ rows: [String]) -> SampleHost {
        SampleHost().setting(
            "smtpd_relay_restrictions", "permit_mynetworks, \(check) \(table), reject_unauth_destination"
        ).table(table, rows.joined(separator: "\n") + "\n")
    }

    private func users(_ count: Int) -> [String] {
        let letters = Array("abcdefghijklmnopqrstuvwxyz")
        return (0..<count).map { "\(letters[$0 % letters.count])\($0)" }
    }

    @Test func `Patterns that only refuse are none to be tried`() {
        let rows = (0..<1500).map { "/^spam\($0)@bad\\.example$/ REJECT" }
        let host = host("check_sender_access", "pcre:/s", rows)
        #expect(host.report.verdict == .closed)
        #expect(
            host.table("pcre:/s", (rows + ["/^boss@good\\.example$/ OK\n"]).joined(separator: "\n"))
                .report.verdict == .partial)
    }

    @Test func `Some hundred patterns are all tried`() {
        let rows = users(500).map { "/^\($0)@hosted\\.example$/ DUNNO" }
        #expect(host("check_sender_access", "pcre:/s", rows).report.verdict == .closed)
    }

    @Test func `A table with more patterns than are tried is named`() throws {
        let rows = users(1001).map { "/^\($0)@hosted\\.example$/ DUNNO" }
        let report = host("check_sender_access", "pcre:/s", rows).report
        #expect(report.verdict == .unknown)
        let cause = try #require(report.causes.first)
        #expect(cause.text == "pcre:/s" && cause.file == "/s" && cause.remedy.contains("pcre:/s"))
    }

    @Test func `The rest of a large table is counted, not guessed`() throws {
        let rows = (0..<3000).map { "10.\($0 / 250).\($0 % 250).1 OK" } + ["10.99.0.1 REJECT"]
        let report = host("check_client_access", "hash:/c", rows).report
        #expect(report.causes.count == 21)
        let last = try #require(report.causes.last)
        #expect(last.opens.hasPrefix("2980 more entries of the same table with such a result, among them "))
    }
}
