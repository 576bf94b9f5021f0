import Foundation
import MailModel
import Reporting
import Testing

private let promtool = "/usr/bin/promtool"

@Suite("Alerts that ship")
struct PrometheusRulesTests {
    private static let rules = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "integrations/prometheus/agent.rules.yml")

    @Test(
        "Prometheus' own checker takes them",
        .enabled(
            if: FileManager.default.isExecutableFile(atPath: promtool),
            "promtool is not installed (Debian's package prometheus has it)"))
    func checked() throws {
        let checker = Process()
        checker.executableURL = URL(filePath: promtool)
        checker.arguments = ["check", "rules", Self.rules.path]
        checker.standardOutput = FileHandle.nullDevice
        try checker.run()
        checker.waitUntilExit()
        #expect(checker.terminationStatus == 0)
    }

    @Test("They name only metrics that are published")
    func metrics() throws {
        let named = try String(contentsOf: Self.rules, encoding: .utf8).matches(of: /relay_agent_[a-z_]+/)
            .map { String($0.output) }
        #expect(!named.isEmpty)
        let status = HostStatus(
            plan: Plan(
                created: Timestamp(seconds: 0), agentVersion: "1",
                host: HostIdentity(name: "mx", machineID: nil, plesk: nil, mta: nil),
                policy: PolicyIdentity(path: "built in", sha256: ""), fingerprint: "", relayBefore: nil,
                relayAfter: nil,
                findings: [Finding(id: .queue, status: .ok, wanted: "", actual: "", why: "")], changes: []),
            queue: QueueCount(messagesByQueue: ["hold": 1]),
            journal: .init(
                lastProbe: .init(when: Timestamp(seconds: 0), verdict: .closed), lastChange: nil,
                interrupted: [], windowDeadline: Timestamp(seconds: 0), undone: 0, storeSizeInBytes: 0))
        let text = renderPrometheusStatus(
            status, status.judged(by: StatusThresholds(queueWarning: ThresholdRange(upTo: 1))))
        for name in named { #expect(text.contains("# TYPE \(name) gauge\n"), "\(name)") }
    }
}
