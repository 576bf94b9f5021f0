internal import Content
package import MailModel

/// One line of `agent history`.
package struct ChangeSummary: Sendable, Equatable {
    package var id: Int
    /// `apply` or `rollback`.
    package var kind: String
    package var created: Timestamp
    package var finished: Timestamp?
    /// `nil` while it is under way, or after a crash.
    package var outcome: String?
    /// Until when it must be confirmed; `nil` when no confirm window is open.
    package var confirmUntil: Timestamp?
    /// The change set that this one takes back.
    package var reverts: Int?
    package var relayBefore: RelayVerdict?
    package var message: String

    package init(
        id: Int, kind: String, created: Timestamp, finished: Timestamp?, outcome: String?,
        confirmUntil: Timestamp? = nil, reverts: Int?, relayBefore: RelayVerdict?, message: String
    ) {
        self.id = id
        self.kind = kind
        self.created = created
        self.finished = finished
        self.outcome = outcome
        self.confirmUntil = confirmUntil
        self.reverts = reverts
        self.relayBefore = relayBefore
        self.message = message
    }
}

extension ChangeSummary {
    fileprivate var outcomeText: String { outcome ?? (confirmUntil == nil ? "interrupted" : "to confirm") }
}

/// One change set as `agent show` prints it.
package struct ChangeDetails: Sendable, Equatable {
    package struct Step: Sendable, Equatable {
        package var number: Int
        package var kind: String
        package var state: String
        package var summary: String
        package var command: [String]?
        package var path: String?
        package var diff: String?
        package var note: String?

        package init(
            number: Int, kind: String, state: String, summary: String, command: [String]?, path: String?,
            diff: String?, note: String?
        ) {
            self.number = number
            self.kind = kind
            self.state = state
            self.summary = summary
            self.command = command
            self.path = path
            self.diff = diff
            self.note = note
        }
    }

    package var summary: ChangeSummary
    package var agentVersion: String
    package var policyPath: String
    package var steps: [Step]
    package var probe: ProbeReport?

    package init(
        summary: ChangeSummary, agentVersion: String, policyPath: String, steps: [Step], probe: ProbeReport?
    ) {
        self.summary = summary
        self.agentVersion = agentVersion
        self.policyPath = policyPath
        self.steps = steps
        self.probe = probe
    }
}

/// The change sets, newest first.
package func renderHistory(_ changes: [ChangeSummary], style: TerminalStyle) -> String {
    guard !changes.isEmpty else { return "No change has been made.\n" }
    let head = "change  when                  what      outcome      before   \n"
    return style.bold(head.trimmedEnd) + "\n"
        + changes.map { change in
            var line = String(change.id).padded(to: 8) + change.created.rfc3339.padded(to: 22)
            line += change.kind.padded(to: 10) + change.outcomeText.padded(to: 13)
            line += (change.relayBefore?.rawValue ?? "-").padded(to: 9)
            if let reverts = change.reverts { line += "takes back \(reverts) " }
            return (line + printableText(change.message.utf8)).trimmedEnd + "\n"
        }.joined()
}

/// One change set: what was done, step by step, and what the probe saw.
package func renderChange(_ change: ChangeDetails, style: TerminalStyle) -> String {
    let summary = change.summary
    var lines = [
        style.bold("Change \(summary.id)") + ": \(summary.kind), \(summary.outcomeText)",
        "  begun \(summary.created.rfc3339), ended \(summary.finished?.rfc3339 ?? "never")",
        "  policy \(printableText(change.policyPath.utf8)), agent \(change.agentVersion)",
    ]
    if let reverts = summary.reverts { lines.append("  takes back change \(reverts)") }
    if let until = summary.confirmUntil { lines.append("  to be confirmed until \(until.rfc3339)") }
    if !summary.message.isEmpty { lines.append("  " + printableText(summary.message.utf8)) }
    lines.append("")
    for step in change.steps {
        let number = String(step.number).padded(to: 3)
        lines.append("  \(number) \(step.state.padded(to: 9)) \(printableText(step.summary.utf8))")
        if let command = step.command { lines.append("        $ " + shellText(command)) }
        if let diff = step.diff, !diff.isEmpty { lines.append(style.diff(diff, indent: "        ")) }
        if let note = step.note { lines.append("        " + printableText(note.utf8)) }
    }
    let evidence = change.probe.map { "\n" + renderProbe($0, style: style) } ?? ""
    return lines.joined(separator: "\n") + "\n" + evidence
}

/// What an apply or a rollback came to.
package func renderResult(_ result: ChangeResult, verb: String, style: TerminalStyle) -> String {
    let change = result.changeSet.map { " (change \($0))" } ?? ""
    let line =
        switch result.outcome {
        case .confirmed:
            style.green("✓ \(verb)") + change + ", and seen from outside: \(seen(result))."
        case .unconfirmed where result.confirmUntil != nil:
            style.yellow("? \(verb)") + change
                + ", and undone at \(result.confirmUntil?.rfc3339 ?? "-") unless you run: "
                + "agent confirm \(result.changeSet ?? 0)"
        case .unconfirmed: style.yellow("? \(verb)") + change + ", but not confirmed from outside."
        case .incomplete:
            style.red("✗ \(verb)") + change + ", and others than before have the mail ports: look at them."
        case .stillOpen: style.red("✗ \(verb)") + change + ", and it still relays."
        case .rolledBack: style.yellow("✗ Rolled back") + change + ": the host is as it was before."
        case .harboured:
            style.yellow("! In the safe harbour") + change
                + ": strangers are refused, and what is refused by mistake is retried by its senders.\n"
                + "  Once the cause is mended, `agent apply --leave-harbour` leads out of it."
        case .noChange: style.green("✓ Nothing to change.")
        case .failed: style.red("✗ Failed") + change + "."
        }
    let reasons = result.reasons.map { "  " + printableText($0.utf8) }
    let probe = result.probe.map { "\n" + renderProbe($0, style: style) } ?? ""
    return ([line] + reasons).joined(separator: "\n") + "\n" + probe
}

private func seen(_ result: ChangeResult) -> String {
    switch result.probe?.verdict {
    case .open: "strangers can relay again"
    case .closed: "strangers are refused"
    case .inconclusive, .unreachable, nil: "whether strangers can relay cannot be told"
    }
}

/// `agent.apply/1`: the plan's members, then what came of it.
package func applyDocument(_ plan: Plan, _ result: ChangeResult) -> JSONValue {
    .object([.init("format", .string("agent.apply/1"))] + planMembers(plan) + resultMembers(result))
}

/// `agent.rollback/1`.
package func rollbackDocument(_ result: ChangeResult, reverts: Int) -> JSONValue {
    .object(
        [.init("format", .string("agent.rollback/1")), .init("reverts", .string(String(reverts)))]
            + resultMembers(result))
}

/// In which state an interrupted change set left the host, and why.
package func renderRecovery(_ result: ChangeResult) -> String {
    if let until = result.confirmUntil {
        return "Change \(result.changeSet ?? 0) waits to be confirmed, until \(until.rfc3339)."
    }
    let change = "Change \(result.changeSet ?? 0) was interrupted: "
    let reasons = result.reasons.map { printableText($0.utf8) }.joined(separator: "; ")
    let why = reasons.isEmpty ? "" : " (\(reasons))"
    switch result.outcome.state {
    case .before: return change + "the host was brought back to the state before it\(why)."
    case .after: return change + "the host is in the state after it, \(result.outcome.rawValue)\(why)."
    case .harbour:
        return change
            + "the host is in the safe harbour\(why); `agent apply --leave-harbour` leads out of it."
    }
}

/// `agent.recover/1`.
package func recoverDocument(_ results: [ChangeResult]) -> JSONValue {
    let takenBack = results.filter { $0.outcome.state == .before }.compactMap(\.changeSet)
    return .object([
        .init("format", .string("agent.recover/1")),
        .init("taken-back", .array(takenBack.map { .string(String($0)) })),
        .init(
            "changes",
            .array(
                results.map { result in
                    .object(
                        resultMembers(result) + [.init("state", .string(result.outcome.state.rawValue))])
                })),
    ])
}

private func resultMembers(_ result: ChangeResult) -> [JSONValue.Member] {
    [
        .init("change", .optional(result.changeSet.map(String.init))),
        .init("outcome", .string(result.outcome.rawValue)),
        .init("reasons", .strings(result.reasons)),
        .init("probe", result.probe.map(probeDocument) ?? .null),
        .init("confirm-until", .optional(result.confirmUntil?.rfc3339)),
    ]
}

/// `agent.confirm/1` and `agent.cancel/1`.
package func windowDocument(_ verb: String, _ result: ChangeResult) -> JSONValue {
    .object([.init("format", .string("agent.\(verb)/1"))] + resultMembers(result))
}

/// `agent.extend/1`.
package func extendDocument(_ change: Int, until: Timestamp) -> JSONValue {
    .object([
        .init("format", .string("agent.extend/1")), .init("change", .string(String(change))),
        .init("confirm-until", .string(until.rfc3339)),
    ])
}

/// `agent.history/1`.
package func historyDocument(_ changes: [ChangeSummary]) -> JSONValue {
    .object([
        .init("format", .string("agent.history/1")),
        .init("changes", .array(changes.map { .object(members(of: $0)) })),
    ])
}

/// `agent.show/1`.
package func changeDocument(_ change: ChangeDetails) -> JSONValue {
    let steps = change.steps.map { step in
        JSONValue.object([
            .init("number", .int(step.number)), .init("kind", .string(step.kind)),
            .init("state", .string(step.state)), .init("summary", .string(step.summary)),
            .init("command", step.command.map(JSONValue.strings) ?? .null),
            .init("path", .optional(step.path)), .init("diff", .optional(step.diff)),
            .init("note", .optional(step.note)),
        ])
    }
    return .object(
        [.init("format", .string("agent.show/1"))] + members(of: change.summary) + [
            .init("agent-version", .string(change.agentVersion)),
            .init("policy", .string(change.policyPath)), .init("steps", .array(steps)),
            .init("probe", change.probe.map(probeDocument) ?? .null),
        ])
}

private func members(of change: ChangeSummary) -> [JSONValue.Member] {
    [
        .init("change", .string(String(change.id))), .init("kind", .string(change.kind)),
        .init("created", .string(change.created.rfc3339)),
        .init("finished", .optional(change.finished?.rfc3339)),
        .init("outcome", .optional(change.outcome)),
        .init("confirm-until", .optional(change.confirmUntil?.rfc3339)),
        .init("reverts", .optional(change.reverts.map(String.init))),
        .init("relay-before", .optional(change.relayBefore?.rawValue)),
        .init("message", .string(change.message)),
    ]
}

extension String {
    var trimmedEnd: String { String(self.reversed().drop { $0 == " " || $0 == "\n" }.reversed()) }
}
