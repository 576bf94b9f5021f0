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

/// What an export came to.
package struct ExportResult: Sendable, Equatable {
    package var directory: String
    package var selected: Int
    package var written = 0
    package var gone = 0
    /// Files that are no whole queue files: no copy of them was written.
    package var unreadable = 0

    package init(directory: String, selected: Int) {
        self.directory = directory
        self.selected = selected
    }
}

package func renderExport(_ result: ExportResult, style: TerminalStyle) -> String {
    var text =
        "\(result.written) of \(result.selected) messages written to \(printableText(result.directory.utf8))"
    if result.gone > 0 { text += ", \(result.gone) had left" }
    if result.unreadable > 0 { text += ", \(result.unreadable) are no whole queue files" }
    return (result.unreadable > 0 ? style.yellow("! ") : style.green("✓ ")) + text + "\n"
}

/// `agent.queue-export/1`.
package func exportDocument(_ result: ExportResult) -> JSONValue {
    .object([
        .init("format", .string("agent.queue-export/1")), .init("directory", .string(result.directory)),
        .init("selected", .int(result.selected)), .init("written", .int(result.written)),
        .init("gone", .int(result.gone)), .init("unreadable", .int(result.unreadable)),
    ])
}

/// What the journal has of a deletion, beside the messages.
package func deletionDocument(_ directory: String, count: Int) -> JSONValue {
    .object([
        .init("format", .string("agent.queue-delete/1")), .init("directory", .string(directory)),
        .init("selected", .int(count)),
    ])
}
