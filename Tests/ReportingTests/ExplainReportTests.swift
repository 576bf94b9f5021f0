import MailModel
import Testing

@testable import Reporting

@Suite struct ExplainReportTests {
    private func report(_ text: String, _ culprit: String, address: String? = nil) -> String {
        let cause = RelayCause(
            kind: "mynetworks", parameter: "mynetworks", file: "main.cf", line: 1, text: text,
            culprit: culprit,
            opens: "every client", listener: 25, address: address, remedy: "Remove it.")
        return renderExplanation(
            RelayReport(mta: .postfix, verdict: .open, listeners: [], causes: [cause], risks: []),
            style: .plain)
    }

    @Test(arguments: [
        ("networks = permitted, permit", "permit", 22),
        ("mynetworks = 110.0.0.0/8 10.0.0.0/8", "10.0.0.0/8", 25), ("a=b,permit,c", "permit", 4),
        ("onlyinside", "side", 6),
    ])
    func `The mark is under the culprit and not under a part of another word`(
        text: String, culprit: String, offset: Int
    ) {
        let mark = String(repeating: " ", count: offset) + String(repeating: "^", count: culprit.count)
        #expect(report(text, culprit).contains("    \(text)\n    \(mark)\n"))
    }

    @Test func `A cause names the address where the port alone does not tell`() {
        #expect(report("x", "x", address: "192.0.2.1").contains("(port 25 of 192.0.2.1)"))
        #expect(report("x", "x").contains("(port 25)"))
    }

    @Test func `The first line says that strangers' mail waits, where nothing else is in its way`() {
        func first(_ risks: [RelayRisk]) -> String? {
            let report = RelayReport(mta: .postfix, verdict: .closed, listeners: [], causes: [], risks: risks)
            return renderExplanation(report, style: .plain).split(separator: "\n").first.map(String.init)
        }
        #expect(first([]) == "✓ closed: no stranger can relay through this configuration.")
        #expect(
            first([RelayRisk(kind: RelayRisk.deferredRelay, why: "")])
                == "! closed: strangers' mail is taken and kept; it leaves once somebody lets it go.")
    }
}
