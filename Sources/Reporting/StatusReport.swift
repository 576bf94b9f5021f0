internal import Content
package import MailModel

/// One line for a person or a plugin: `RELAY CRITICAL: open relay: any stranger can relay`.
package func renderStatus(_ status: HostStatus, _ judgement: StatusJudgement) -> String {
    let text = judgement.reasons.isEmpty ? [status.goodNews] : judgement.reasons
    return "RELAY \(judgement.level.word): \(printableText(text.joined(separator: "; ").utf8))"
}

/// The line with performance data (Monitoring Plugins Development Guidelines, "Performance data").
package func renderNagiosStatus(
    _ status: HostStatus, _ judgement: StatusJudgement, thresholds: StatusThresholds
) -> String {
    let isOpen = status.plan.relayBefore == .open || status.plan.relayBefore == .partial
    var data = [performance("open", isOpen ? 1 : 0, critical: ThresholdRange(upTo: 0))]
    if let messages = status.queue?.total {
        data.append(
            performance(
                "queue", messages, warning: thresholds.queueWarning, critical: thresholds.queueCritical))
    }
    let drift = status.plan.findings.count { $0.status == .drift }
    let unknown = status.plan.findings.count { $0.status == .unknown }
    data.append(performance("drift", drift))
    data.append(performance("unknown", unknown))
    if let age = status.probeAgeInSeconds {
        data.append(
            performance(
                "probe_age", age, unit: "s", warning: thresholds.probeAgeWarning,
                critical: thresholds.probeAgeCritical))
    }
    if let deadline = status.journal.windowDeadline {
        let left = (deadline.microseconds - status.plan.created.microseconds) / 1_000_000
        data.append(performance("window", max(0, Int(left)), unit: "s"))
    }
    if status.journal.unread == nil {
        data.append(performance("undone", status.journal.undone))
        data.append(performance("store", status.journal.storeSizeInBytes, unit: "B"))
    }
    // The plugin's output ends at the first bar, and the performance data begins there.
    let line = renderStatus(status, judgement).replacing("|", with: "/")
    return line + " | " + data.joined(separator: " ") + "\n"
}

/// What a plugin prints when it could not look.
package func nagiosFailure(_ failure: Failure) -> String { nagiosFailure(failure.summary) }

package func nagiosFailure(_ reason: String) -> String {
    "RELAY UNKNOWN: \(printableText(reason.utf8).replacing("|", with: "/"))\n"
}

private func performance(
    _ label: String, _ value: Int, unit: String = "", warning: ThresholdRange? = nil,
    critical: ThresholdRange? = nil
) -> String {
    "'\(label)'=\(value)\(unit);\(warning?.text ?? "");\(critical?.text ?? "");0;"
}

/// `agent.status/1`.
package func statusDocument(_ status: HostStatus, _ judgement: StatusJudgement) -> JSONValue {
    let plan = status.plan
    let journal = status.journal
    let findings = plan.findings.map { finding in
        JSONValue.object([
            .init("id", .string(finding.id.rawValue)), .init("status", .string(finding.status.rawValue)),
            .init("actual", .string(finding.actual)),
        ])
    }
    let queue = status.queue.map { count in
        JSONValue.object([
            .init("messages", .int(count.total)),
            .init(
                "by-queue",
                .object(
                    count.messagesByQueue.sorted { $0.key < $1.key }.map { .init($0.key, .int($0.value)) })),
        ])
    }
    return .object([
        .init("format", .string("agent.status/1")),
        .init("created", .string(plan.created.rfc3339)),
        .init(
            "host",
            .object([
                .init("name", .string(plan.host.name)), .init("plesk", .optional(plan.host.plesk)),
                .init("mta", .optional(plan.host.mta?.rawValue)),
            ])),
        .init("level", .string(judgement.level.word.lowercased())),
        .init("reasons", .strings(judgement.reasons)),
        .init("complies", .bool(plan.findings.allSatisfy { $0.status == .ok })),
        .init("relay", .optional(plan.relayBefore?.rawValue)),
        .init("findings", .array(findings)),
        .init("queue", queue ?? .null),
        .init("last-probe", journal.lastProbe.map { json($0, age: status.probeAgeInSeconds) } ?? .null),
        .init("last-change", journal.lastChange.map(json) ?? .null),
        .init("interrupted", .strings(journal.interrupted.map(String.init))),
        .init("window-deadline", .optional(journal.windowDeadline?.rfc3339)),
        .init("undone", .int(journal.undone)),
        .init("store", .object([.init("bytes", .int(journal.storeSizeInBytes))])),
    ])
}

private func json(_ probe: HostStatus.LastProbe, age: Int?) -> JSONValue {
    .object([
        .init("when", .string(probe.when.rfc3339)), .init("verdict", .string(probe.verdict.rawValue)),
        .init("age", .optional(age)),
    ])
}

private func json(_ change: ChangeSummary) -> JSONValue {
    .object([
        .init("change", .string(String(change.id))), .init("kind", .string(change.kind)),
        .init("created", .string(change.created.rfc3339)), .init("outcome", .optional(change.outcome)),
    ])
}

extension HostStatus {
    /// What there is to say where nothing is wrong.
    fileprivate var goodNews: String {
        let messages = queue.map { "\($0.total) messages in the queue" }
        let probe = journal.lastProbe.map { "last probe \($0.verdict.rawValue) at \($0.when.rfc3339)" }
        let relay =
            plan.host.mta == .msmtp
            ? "msmtp only sends: this host takes no mail in" : "strangers are refused"
        return [relay, messages, probe].compactMap(\.self).joined(separator: ", ")
    }
}
