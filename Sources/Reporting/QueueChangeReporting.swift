internal import Content
package import MailModel

/// Which messages are meant: how many, where they are, and some of them.
package func renderSelection(
    _ selected: SelectedMessages, _ selection: [String], style: TerminalStyle
) -> String {
    let what = selection.map { printableText($0.utf8) }.joined(separator: " and ")
    let places = PostfixQueue.allCases.compactMap { queue in
        selected.countByQueue[queue].map { "\($0) \(queue.rawValue)" }
    }
    let count = selected.ids.count
    let head = style.bold(count == 1 ? "1 message" : "\(count) messages") + " with \(what)"
    let lines = [head + (places.isEmpty ? "" : " (" + places.joined(separator: ", ") + ")")]
    return (lines + selected.samples.map(line)).joined(separator: "\n") + "\n"
}

private func line(_ sample: QueueSample) -> String {
    let arrived = Timestamp(microseconds: sample.message.arrived).rfc3339
    let source = [
        sample.login.map { "login \($0)" }, sample.user.map { "user \($0)" }, sample.script, sample.client,
    ].compactMap(\.self).joined(separator: ", ")
    let more = sample.recipients > 1 ? " and \(sample.recipients - 1) more" : ""
    let text =
        "  \(sample.message.id)  \(arrived)  \(source)\n"
        + "      \(sample.sender) to \(sample.recipient ?? "-")\(more): \(sample.subject ?? "")"
    return text.split(separator: "\n").map { printableText($0.utf8) }.joined(separator: "\n")
}

/// `agent.queue-hold/1` of a dry run.
package func selectionDocument(
    _ selected: SelectedMessages, _ selection: [String], withIDs: Bool = true
) -> JSONValue {
    .object([
        .init("format", .string("agent.queue-hold/1")), .init("dry-run", .bool(true)),
        .init("selection", .strings(selection)), .init("selected", .int(selected.ids.count)),
        .init("bytes", .int(selected.bytes)),
        .init(
            "queues",
            .object(
                selected.countByQueue.map { .init($0.key.rawValue, .int($0.value)) }
                    .sorted { $0.name < $1.name })),
        .init("samples", .array(selected.samples.map(json))),
        .init("ids", withIDs ? .strings(selected.ids.map(\.id)) : .null),
    ])
}

private func json(_ sample: QueueSample) -> JSONValue {
    .object([
        .init("id", .string(sample.message.id)),
        .init("arrived", .string(Timestamp(microseconds: sample.message.arrived).rfc3339)),
        .init("origin", .string(sample.origin.rawValue)), .init("client", .optional(sample.client)),
        .init("login", .optional(sample.login)), .init("user", .optional(sample.user)),
        .init("script", .optional(sample.script)), .init("sender", .string(sample.sender)),
        .init("recipient", .optional(sample.recipient)), .init("recipients", .int(sample.recipients)),
        .init("subject", .optional(sample.subject)),
    ])
}

/// What the journal has of a change that takes another one back.
package func reversalDocument(_ action: QueueAction, of change: Int) -> JSONValue {
    .object([
        .init("format", .string("agent.queue-\(action.rawValue)/1")),
        .init("reverts", .string(String(change))),
    ])
}

/// What became of the messages.
package func renderQueueOutcome(_ outcome: QueueOutcome, changeSet: Int?, style: TerminalStyle) -> String {
    guard let changeSet else { return style.green("✓ Nothing to \(outcome.action.rawValue).") + "\n" }
    let isWhole = outcome.failed == 0 && !outcome.isInterrupted
    let sentence = outcome.sentence.prefix(1).uppercased() + outcome.sentence.dropFirst()
    let mark = isWhole ? style.green("✓ \(sentence)") : style.yellow("! \(sentence)")
    guard let reversed = outcome.action.reversed, outcome.done > 0 else {
        return mark + " (change \(changeSet)).\n"
    }
    let undo = reversed == .release ? "agent queue release" : "agent rollback"
    return mark + " (change \(changeSet)). To take it back: \(undo) \(changeSet)\n"
}

/// `agent.queue-hold/1`, `agent.queue-release/1`, `agent.queue-delete/1`.
package func queueOutcomeDocument(_ outcome: QueueOutcome, changeSet: Int?, verb: String) -> JSONValue {
    .object([
        .init("format", .string("agent.queue-\(verb)/1")), .init("dry-run", .bool(false)),
        .init("change", .optional(changeSet.map(String.init))), .init("selected", .int(outcome.selected)),
        .init("done", .int(outcome.done)), .init("gone", .int(outcome.gone)),
        .init("failed", .int(outcome.failed)), .init("interrupted", .bool(outcome.isInterrupted)),
    ])
}
