import Foundation
import MailModel
import Reporting
import Testing

private let promtool = "/usr/bin/promtool"

private let directory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "integrations/prometheus")

/// What is published of a host that has everything to tell.
private func publishedMetrics() -> String {
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
    return renderPrometheusStatus(
        status, status.judged(by: StatusThresholds(queueWarning: ThresholdRange(upTo: 1))))
}

@Suite("What ships for Prometheus and Grafana")
struct PrometheusRulesTests {
    private static let isThere = ConditionTrait.enabled(
        if: FileManager.default.isExecutableFile(atPath: promtool),
        "promtool is not installed (Debian's package prometheus has it)")

    /// What promtool says, with its exit status.
    private func check(_ arguments: [String], input: URL? = nil) throws -> (status: Int32, said: String) {
        let checker = Process()
        checker.executableURL = URL(filePath: promtool)
        checker.arguments = ["check"] + arguments
        checker.standardInput = try input.map { try FileHandle(forReadingFrom: $0) } ?? FileHandle.nullDevice
        let pipe = Pipe()
        checker.standardOutput = pipe
        checker.standardError = pipe
        try checker.run()
        let said = try pipe.fileHandleForReading.readToEnd() ?? Data()
        checker.waitUntilExit()
        return (checker.terminationStatus, String(decoding: said, as: UTF8.self))
    }

    private func withFile<Result>(_ text: String, _ body: (URL) throws -> Result) throws -> Result {
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try Data(text.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try body(file)
    }

    @Test("Prometheus' own checker takes the alerts", isThere)
    func rules() throws {
        let checked = try check(["rules", directory.appending(path: "agent.rules.yml").path])
        #expect(checked.status == 0, "\(checked.said)")
    }

    @Test("Prometheus' own checker finds nothing to say about the metrics", isThere)
    func metrics() throws {
        let checked = try withFile(publishedMetrics()) { try check(["metrics"], input: $0) }
        #expect(checked.status == 0 && checked.said.isEmpty, "\(checked.said)")
    }

    @Test(
        "Alerts and dashboard name only metrics that are published, and the dashboard all that change",
        arguments: ["agent.rules.yml", "agent.dashboard.json"])
    func names(file: String) throws {
        let named = try String(contentsOf: directory.appending(path: file), encoding: .utf8)
            .matches(of: /relay_agent_[a-z_]+/).map { String($0.output) }
        let published = publishedMetrics().matches(of: /# TYPE (relay_agent_[a-z_]+) gauge\n/)
            .map { String($0.1) }
        #expect(!named.isEmpty)
        #expect(Set(named).subtracting(published) == [])
        if file.hasSuffix("json") { #expect(Set(published).subtracting(named) == []) }
    }

    @Test("Every expression of the dashboard is one that Prometheus reads", isThere)
    func expressions() throws {
        let bytes = try Data(contentsOf: directory.appending(path: "agent.dashboard.json"))
        let dashboard = try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
        let panels = try #require(dashboard["panels"] as? [[String: Any]])
        let expressions = panels.flatMap { $0["targets"] as? [[String: Any]] ?? [] }
            .compactMap { ($0["expr"] as? String)?.replacing("$instance", with: ".*") }
        #expect(
            expressions.count >= panels.count
                && Set(panels.compactMap { $0["id"] as? Int }).count == panels.count)
        let rules = expressions.enumerated().map { index, expression in
            ["record": "expression_\(index)", "expr": expression]
        }
        let file = try JSONSerialization.data(withJSONObject: ["groups": [["name": "all", "rules": rules]]])
        let checked = try withFile(String(decoding: file, as: UTF8.self)) { try check(["rules", $0.path]) }
        #expect(checked.status == 0, "\(checked.said)")
    }
}
