internal import Content
package import MailModel

/// A failure as the terminal shows it, without the secrets that a program's own words or a line of a policy may have: one sentence, each single thing that is wrong, why, and what to do.
package func renderFailure(_ failure: Failure, style: TerminalStyle) -> String {
    var lines = [style.red("error") + ": " + shownText(failure.summary)]
    for diagnostic in failure.diagnostics {
        let place = diagnostic.location.map { printableText($0.description.utf8) + ": " } ?? ""
        lines.append("  " + place + shownText(diagnostic.summary))
        if let remedy = diagnostic.remedy { lines.append("      " + shownText(remedy)) }
    }
    if let detail = failure.detail { lines.append("  " + indented(detail)) }
    if let remedy = failure.remedy { lines.append("  " + style.bold("To do: ") + indented(remedy)) }
    return lines.joined(separator: "\n") + "\n"
}

private func indented(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { shownText(String($0)) }
        .joined(separator: "\n  ")
}

/// `agent.error/1`: what stands on stdout instead of the verb's own document.
package func failureDocument(_ failure: Failure) -> JSONValue {
    .object([
        .init("format", .string("agent.error/1")),
        .init("exit", .int(Int(failure.status.rawValue))),
        .init("summary", .string(withoutSecrets(failure.summary))),
        .init("detail", .optional(failure.detail.map { withoutSecrets($0) })),
        .init("remedy", .optional(failure.remedy.map { withoutSecrets($0) })),
        .init(
            "diagnostics",
            .array(
                failure.diagnostics.map { diagnostic in
                    .object([
                        .init("file", .optional(diagnostic.location?.file)),
                        .init("line", .optional(diagnostic.location?.line)),
                        .init("column", .optional(diagnostic.location?.column)),
                        .init("summary", .string(withoutSecrets(diagnostic.summary))),
                        .init("remedy", .optional(diagnostic.remedy)),
                    ])
                })),
    ])
}
