import MailModel
import Testing

@testable import Reporting

@Suite("Probe report")
struct ProbeReportTests {
    private func endpoint(_ port: Int, _ tests: [(String, ProbeTest.Verdict)]) -> ProbeEndpoint {
        ProbeEndpoint(
            address: "203.0.113.10", port: port, tls: .none, verdict: tests.isEmpty ? .unreachable : .open,
            banner: nil, offersLogin: nil, reason: tests.isEmpty ? "connection refused" : nil,
            tests: tests.map { id, verdict in
                ProbeTest(
                    id: id, mailFrom: "<>", rcptTo: "<x@example.org>", reply: "250 2.1.5 Ok",
                    verdict: verdict,
                    dialogue: ["> RCPT TO:<x@example.org>", "< 250 2.1.5 \u{1b}[31mOk"])
            })
    }

    private var report: ProbeReport {
        ProbeReport(
            target: "mail.hosted.example",
            from: ProbeOrigin(kind: "netns", address: "198.51.100.7", note: "also from 10.1.2.3"),
            verdict: .open,
            endpoints: [
                endpoint(
                    25,
                    [
                        ("plain", .delivered), ("null-sender", .delivered), ("local-user", .accepted),
                        ("bang", .refused), ("equals", .refused),
                    ]),
                endpoint(465, []),
                endpoint(
                    587,
                    [
                        ("plain", .refused), ("null-sender", .refused), ("local-user", .deferred),
                        ("certificate-self-signed", .error), ("bang", .refused), ("equals", .refused),
                    ]),
            ], hosted: HostedAnswer(recipient: "info@hosted.example", reply: "250 Ok", accepted: true))
    }

    @Test("Of a closed endpoint a refusal is shown, not a yes that proves nothing")
    func refusalShown() {
        var closed = report
        closed.verdict = .closed
        closed.endpoints = [endpoint(25, [("percent-local", .accepted), ("plain", .refused)])]
        closed.endpoints[0].verdict = .closed
        #expect(renderProbe(closed, style: .plain).contains("port 25, test plain:"))
    }

    @Test("A broken port stands next to the verdict that it has no part in")
    func broken() {
        var closed = report
        closed.verdict = .closed
        closed.endpoints = [25, 2525, 2525].map { endpoint($0, [("plain", .refused)]) }
        closed.endpoints[0].verdict = .closed
        for index in [1, 2] {
            closed.endpoints[index].verdict = .inconclusive
            closed.endpoints[index].isBroken = true
        }
        let lines = renderProbe(closed, style: .plain).split(separator: "\n")
        #expect(lines[0] == "✓ closed: mail.hosted.example refuses to relay for strangers.")
        #expect(lines.count { $0.hasPrefix("! port 2525 is broken: it greets nobody") } == 1)
        #expect(probeDocument(closed).document.contains(#""broken": true"#))
    }

    @Test("The matrix has a column for each port that answers, and a row for each way of answering")
    func matrix() {
        let lines = renderProbe(report, detail: .everyTest, style: .plain).split(
            separator: "\n", omittingEmptySubsequences: false
        ).map(String.init)
        #expect(
            lines == [
                "✗ open: mail.hosted.example relays for strangers.",
                "  asked from netns 198.51.100.7 (also from 10.1.2.3)", "",
                "  1  203.0.113.10 port 25                        ✗ open          2 refused, 1 accepted, 2 delivered",
                "  2  203.0.113.10 port 465                       ? unreachable",
                "      connection refused",
                "  3  203.0.113.10 port 587                       ✗ open          4 refused, 1 deferred, 1 error",
                "", "  1 3", "  ✗ ·  plain, null-sender", "  + ~  local-user",
                "    ?  certificate-self-signed", "  · ·  bang, equals",
                "  ✗ delivered  + accepted, which proves nothing by itself  · refused  ~ deferred  ? not decided",
                "", "  203.0.113.10 port 25, test plain:", "    > RCPT TO:<x@example.org>",
                "    < 250 2.1.5 \\x1b[31mOk", "",
                "  mail for info@hosted.example, which is hosted here: ✓ accepted", "    < 250 Ok", "",
            ])
    }

    @Test("Beside a change the verdicts and the deciding dialogue are enough")
    func verdicts() {
        let text = renderProbe(report, style: .plain)
        #expect(!text.contains("null-sender"))
        #expect(text.contains("test plain:\n    > RCPT TO:<x@example.org>"))
    }
}
