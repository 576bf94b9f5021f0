internal import Content
package import MailModel

/// A failure as the terminal shows it: one sentence, each single thing that is wrong, why, and what to do.
package func renderFailure(_ failure: Failure, style: TerminalStyle) -> String {
    var lines = [style.red("error") + ": " + printableText(failure.summary.utf8)]
    for diagnostic in failure.diagnostics {
        let place = diagnostic.location.map { printableText($0.description.utf8) + ": " } ?? ""
        lines.append("  " + place + printableText(diagnostic.summary.utf8))
        if let remedy = diagnostic.remedy { lines.append("      " + printableText(remedy.utf8)) }
    }
    if let detail = failure.detail { lines.append("  " + indented(detail)) }
    if let remedy = failure.remedy { lines.append("  " + style.bold("To do: ") + indented(remedy)) }
    return lines.joined(separator: "\n") + "\n"
}

private func indented(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { printableText($0.utf8) }
        .joined(separator: "\n  ")
}

/// `agent.error/1`: what stands on stdout instead of the verb's own document.
package func failureDocument(_ failure: Failure) -> JSONValue {
    .object([
        .init("format", .string("agent.error/1")),
        .init("exit", .int(Int(failure.status.rawValue))),
        .init("summary", .string(failure.summary)),
        .init("detail", .optional(failure.detail)),
        .init("remedy", .optional(failure.remedy)),
        .init(
            "diagnostics",
            .array(
                failure.diagnostics.map { diagnostic in
                    .object([
                        .init("file", .optional(diagnostic.location?.file)),
                        .init("line", .optional(diagnostic.location?.line)),
                        .init("column", .optional(diagnostic.location?.column)),
                        .init("summary", .string(diagnostic.summary)),
                        .init("remedy", .optional(diagnostic.remedy)),
                    ])
                })),
    ])
}
