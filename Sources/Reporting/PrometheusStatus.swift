internal import MailModel

/// The status in Prometheus' text format, for the textfile collector of node_exporter: without timestamps,
/// which it refuses (prometheus.io, "Exposition formats"; node_exporter, "Textfile Collector").
package func renderPrometheusStatus(_ status: HostStatus, _ judgement: StatusJudgement) -> String {
    let journal = status.journal
    let host = status.plan.host
    var families = [
        Family(
            "info", "The program, and what it looks after.",
            [
                Sample(
                    1, ("version", status.plan.agentVersion), ("plesk", host.plesk ?? ""),
                    ("mta", host.mta?.rawValue ?? ""))
            ]),
        Family(
            "level", "How much a person is needed: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.",
            [Sample(judgement.level.rawValue)]),
        Family(
            "relay_verdict",
            "Whether strangers can relay, by the configuration: 1 for the verdict that holds.",
            RelayVerdict.allCases.map { verdict in
                Sample(
                    (status.plan.relayBefore ?? .unknown) == verdict ? 1 : 0, ("verdict", verdict.rawValue))
            }),
        Family(
            "finding", "What each rule of the policy found: 1 for the status that holds.",
            status.plan.findings.flatMap { finding in
                Finding.Status.allCases.map { word in
                    Sample(
                        finding.status == word ? 1 : 0, ("finding", finding.id.rawValue),
                        ("status", word.rawValue))
                }
            }),
    ]
    if journal.unread == nil {
        families += [
            Family(
                "interrupted_changes", "Change sets that were cut off and wait for agent recover.",
                [Sample(journal.interrupted.count)]),
            Family(
                "undone_changes", "How often changes of the last day were undone.", [Sample(journal.undone)]),
            Family(
                "store_size_bytes", "The store with its backups, on disk.",
                [Sample(journal.storeSizeInBytes)]),
        ]
    }
    if let queue = status.queue {
        let samples = queue.messagesByQueue.sorted { $0.key < $1.key }.map {
            Sample($0.value, ("queue", $0.key))
        }
        families.append(Family("queue_messages", "Messages that wait, by queue.", samples))
    }
    if let probe = journal.lastProbe {
        families.append(
            Family(
                "last_probe_timestamp_seconds", "When the host was last asked from outside.",
                [Sample(probe.when.secondsSinceEpoch)]))
        families.append(
            Family(
                "last_probe_open", "Whether that probe saw an open relay.",
                [Sample(probe.verdict == .open ? 1 : 0)]))
    }
    if let deadline = journal.windowDeadline {
        families.append(
            Family(
                "window_deadline_timestamp_seconds", "When the open confirm window goes back by itself.",
                [Sample(deadline.secondsSinceEpoch)]))
    }
    return families.map(\.text).joined()
}

/// A gauge with its samples.
private struct Family {
    let name: String
    let help: String
    let samples: [Sample]

    init(_ name: String, _ help: String, _ samples: [Sample]) {
        self.name = "relay_agent_" + name
        self.help = help
        self.samples = samples
    }

    var text: String {
        "# HELP \(name) \(help)\n# TYPE \(name) gauge\n"
            + samples.map { "\(name)\($0.labelText) \($0.value)\n" }.joined()
    }
}

private struct Sample {
    let value: Int
    let labels: [(name: String, value: String)]

    init(_ value: Int, _ labels: (String, String)...) {
        self.value = value
        self.labels = labels
    }

    var labelText: String {
        guard !labels.isEmpty else { return "" }
        let pairs = labels.map { label in
            let escaped = label.value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
                .replacing("\n", with: "\\n")
            return "\(label.name)=\"\(escaped)\""
        }
        return "{" + pairs.joined(separator: ",") + "}"
    }
}

extension Timestamp {
    fileprivate var secondsSinceEpoch: Int { Int(microseconds / 1_000_000) }
}
