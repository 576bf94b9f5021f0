import Foundation
import MailModel
import Testing

@testable import Reporting

@Suite("The queue in words")
struct QueueReportTests {
    private func report(
        _ kind: QueueCause.Kind?, who: String? = nil, total: Int = 2000, relay: RelayVerdict = .closed
    ) -> QueueReport {
        var report = QueueReport(
            mta: .postfix, observedAt: Timestamp(seconds: 0),
            count: QueueCount(messagesByQueue: ["deferred": total, "hold": 0]), warnAbove: 1000)
        var part = QueueReport.Part()
        part.messages = total / 2
        part.first = Timestamp(seconds: 0)
        part.last = Timestamp(seconds: 60)
        report.examined.messages = total
        report.relay = relay
        guard let kind else { return report }
        report.causes = [
            QueueCause(kind: kind, who: who, part: part, networks: 3, selection: ["login=\(who ?? "")"])
        ]
        if kind == .relayed { report.origins[.relayed] = part }
        return report
    }

    @Test("What is not a relay is said to be none, and names the real cause and what to do first")
    func stolenLogin() {
        let text = renderQueue(report(.login, who: "bob@second.example"), style: .plain)
        #expect(text.hasPrefix("2000 messages in the queue of postfix\n  deferred 2000\n"))
        #expect(text.contains("✗ a stolen login, not a relay: bob@second.example floods the queue."))
        #expect(text.contains("  1. login bob@second.example: 1000 messages (50 %)\n"))
        #expect(text.contains("change its password first"))
        #expect(text.contains("then: agent queue hold --matching login=bob@second.example\n"))
    }

    @Test("An open relay is to be closed before anything is held")
    func relayed() throws {
        let text = renderQueue(report(.relayed, relay: .open), style: .plain)
        #expect(text.contains("✗ relayed by strangers"))
        let close = try #require(text.range(of: "agent apply"))
        let hold = try #require(text.range(of: "agent queue hold --relayed"))
        #expect(close.lowerBound < hold.lowerBound)
        #expect(text.contains("from 1970-01-01T00:00:00Z to 1970-01-01T00:01:00Z; strangers can relay now"))
    }

    @Test("On Qmail, which cannot hold, nobody is told to; and what its files do not tell is said")
    func qmail() {
        var queue = report(.login, who: "unknown")
        queue.mta = .qmail
        let text = renderQueue(queue, style: .plain)
        #expect(text.contains("see the logins of the mail log") && !text.contains("agent queue hold"))
        queue = report(.relayed)
        queue.mta = .qmail
        #expect(renderQueue(queue, style: .plain).contains("some may have logged in"))
    }

    @Test("What strangers chose comes out harmless")
    func hostile() {
        var queue = report(.login, who: "\u{1b}[2Jx;rm\n")
        queue.tops = [
            .init(
                property: .subject, entries: [.init(value: "\u{1b}]0;x\u{7}", messages: 3)], messages: 3,
                isExact: false)
        ]
        let text = renderQueue(queue, style: .plain)
        #expect(!text.contains("\u{1b}") && text.contains("\\x1b]0;x\\x07"))
        #expect(text.contains("Subjects (at least)"))
        #expect(!queueDocument(queue).document.contains("\u{1b}"))
    }

    @Test("Below the policy's limit nobody is accused, and Qmail is counted in the words of qmail-qstat")
    func quiet() {
        #expect(renderQueue(report(.login, who: "bob", total: 1000), style: .plain).contains("✓ not flooded"))
        var qmail = report(nil)
        qmail.mta = .qmail
        qmail.count = QueueCount(messagesByQueue: ["preprocessed": 27_563, "todo": 82])
        let text = renderQueue(qmail, style: .plain)
        #expect(text.contains("messages in queue: 27645\n  messages in queue but not yet preprocessed: 82\n"))
        #expect(text.contains("? flooded, and no single source stands out."))
    }

    @Test("What became of the messages is said with what takes it back")
    func outcome() {
        var outcome = QueueOutcome(.hold, selected: 5)
        outcome.done = 3
        outcome.gone = 2
        #expect(
            renderQueueOutcome(outcome, changeSet: 7, style: .plain)
                == "✓ Held 3 of 5 messages, 2 had left (change 7). To take it back: agent queue release 7\n")
        outcome.isInterrupted = true
        #expect(renderQueueOutcome(outcome, changeSet: 7, style: .plain).hasPrefix("! Held 3 of 5"))
    }
}
