import Foundation
import MailModel
import Testing

@testable import Qmail

/// Compares verdicts with what a real notqmail was measured to do, where such a collection is at hand.
///
/// The collection is no part of this repository: `AGENT_CORPUS` names it, or it stands beside the checkout.
@Suite struct CorpusTests {
    private struct Cases: Decodable {
        var cases: [Case]
    }

    private struct Case: Decodable {
        var id: String
        var control: [String: String]
        var rules: String?
        var environment: [String: String]
        var setup: String?
        var secondListener: [String]?
        var verdict: String

        private enum CodingKeys: String, CodingKey {
            case id, control, environment, setup, verdict
            case rules = "tcp-rules"
            case secondListener = "second-listener"
        }

        func configuration() -> QmailConfiguration {
            var files: [String: [UInt8]] = [:]
            for (name, text) in control { files["/var/qmail/control/\(name)"] = Array(text.utf8) }
            if setup?.hasSuffix("qmail-newmrh") == true, let more = control["morercpthosts"] {
                let records = ControlFile(Array(more.utf8)).entries.map {
                    ConstantDatabase.Record(key: Array($0.text.lowercased().utf8), data: [])
                }
                files["/var/qmail/control/morercpthosts.cdb"] = ConstantDatabase.bytes(records)
            }
            if let rules {
                files["/etc/tcp.smtp"] = Array(rules.utf8)
                files["/etc/tcp.smtp.cdb"] = TCPRules.compiled(source: Array(rules.utf8))
            }
            let exports = environment.map { "export \($0.key)=\"\($0.value)\"\n" }.joined()
            files["/service/smtpd/run"] = Array(
                "#!/bin/sh\n\(exports)exec tcpserver -x /etc/tcp.smtp.cdb 0 25 /var/qmail/bin/qmail-smtpd\n"
                    .utf8)
            if let second = secondListener {
                files["/service/second/run"] = Array("exec tcpserver 0 \(second[0]) \(second[1])\n".utf8)
            }
            return QmailConfiguration(
                files: files.reduce(into: [:]) {
                    $0[$1.key] = .content(FileContent(path: $1.key, bytes: $1.value))
                }, isCopy: false)
        }
    }

    private static var file: URL? {
        let named = ProcessInfo.processInfo.environment["AGENT_CORPUS"].map { URL(filePath: $0) }
        let beside = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared/corpus")
        let found = (named ?? beside).appending(path: "qmail/cases.json")
        return FileManager.default.fileExists(atPath: found.path()) ? found : nil
    }

    @Test(
        .enabled(if: file != nil, "no corpus beside the checkout or in AGENT_CORPUS, so nothing was compared")
    )
    func `Verdicts are as measured, and repairs close what relays`() throws {
        let bytes = try Data(contentsOf: try #require(Self.file))
        let cases = try JSONDecoder().decode(Cases.self, from: bytes).cases
        #expect(!cases.isEmpty)
        for expected in cases {
            let configuration = expected.configuration()
            let report = explainRelay(configuration, trusted: [])
            // Open or partial also depends on where one stands: the measuring host was one of the few in Q06.
            let relays = { (word: String) in word == "open" || word == "partial" ? "relays" : word }
            #expect(relays(report.verdict.rawValue) == relays(expected.verdict), "\(expected.id)")
            #expect(report.verdict == .closed || !report.causes.isEmpty, "\(expected.id)")
            let repair = repairRelay(configuration, trusted: []).repair
            let isLeft = repair.after.causes.allSatisfy { $0.kind == "qmqp" } && !repair.notes.isEmpty
            #expect(repair.after.verdict == .closed || isLeft, "\(expected.id)")
            #expect(report.verdict != .closed || repair.edits.isEmpty, "\(expected.id)")
        }
    }
}
