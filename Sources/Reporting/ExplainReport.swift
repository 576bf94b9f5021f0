internal import Content
package import MailModel

/// What the configuration says about relaying, with the guilty lines quoted and marked.
package func renderExplanation(_ report: RelayReport, style: TerminalStyle) -> String {
    var lines = [verdictLine(report, style)]
    if !report.listeners.isEmpty { lines.append("") }
    for listener in report.listeners {
        let place = "\(bracketed(listener.address)):\(listener.port)".padded(to: 24)
        lines.append("  \(place) \(listener.verdict.rawValue.padded(to: 8)) \(listener.service)")
    }
    for cause in report.causes { lines += render(cause, report.verdict, style) }
    if !report.risks.isEmpty { lines += ["", style.bold("Risks that do not relay:")] }
    for risk in report.risks { lines += render(risk, style) }
    return lines.joined(separator: "\n") + "\n"
}

func bracketed(_ address: String) -> String { address.contains(":") ? "[\(address)]" : address }

private func verdictLine(_ report: RelayReport, _ style: TerminalStyle) -> String {
    switch report.verdict {
    case .open: style.red("✗ open") + ": any stranger can relay through this configuration."
    case .partial: style.red("✗ partial") + ": certain strangers can relay through this configuration."
    case .closed where report.keepsStrangersMail:
        style.yellow("! closed") + ": strangers' mail is taken and kept; it leaves once somebody lets it go."
    case .closed where report.mta == .msmtp:
        style.green("✓ closed") + ": this host takes no mail in, so there is nothing to relay through."
    case .closed: style.green("✓ closed") + ": no stranger can relay through this configuration."
    case .broken:
        style.yellow("! broken") + ": with this configuration the MTA would not start, or refuses everyone."
    case .unknown: style.yellow("? unknown") + ": it depends on something that cannot be read here."
    }
}

private func render(_ cause: RelayCause, _ verdict: RelayVerdict, _ style: TerminalStyle) -> [String] {
    let place = cause.line.map { "\(cause.file):\($0)" } ?? cause.file
    let text = shownText(cause.text)
    var lines = [
        "", "  " + style.bold(printableText(place.utf8)) + "  (\(listener(of: cause)))", "    " + text,
    ]
    if let culprit = cause.culprit.map({ printableText($0.utf8) }), !culprit.isEmpty,
        let range = range(of: culprit, in: text)
    {
        let indent = text[..<range.lowerBound].map { $0 == "\t" ? "\t" : " " }.joined()
        lines.append("    " + indent + style.red(String(repeating: "^", count: culprit.count)))
    }
    // What is broken opens nothing, and nothing has to be closed.
    let isBroken = cause.kind == "broken"
    let opening = verdict == .unknown ? "may open it to" : isBroken ? "lets in" : "opens it to"
    lines.append("    \(opening): \(printableText(cause.opens.utf8))")
    lines.append("    \(isBroken ? "to mend it" : "to close it"): \(printableText(cause.remedy.utf8))")
    return lines
}

private func listener(of cause: RelayCause) -> String {
    "port \(cause.listener)" + (cause.address.map { " of \(printableText($0.utf8))" } ?? "")
}

/// Where a culprit stands by itself, rather than inside a longer word.
private func range(of culprit: String, in text: String) -> Range<String.Index>? {
    let ranges = text.ranges(of: culprit)
    let isPart = { (character: Character) in
        character.isLetter || character.isNumber || "._-/:".contains(character)
    }
    return ranges.first { range in
        let before = range.lowerBound > text.startIndex ? text[text.index(before: range.lowerBound)] : " "
        let after = range.upperBound < text.endIndex ? text[range.upperBound] : " "
        return !isPart(before) && !isPart(after)
    } ?? ranges.first
}

private func render(_ risk: RelayRisk, _ style: TerminalStyle) -> [String] {
    var place = ""
    if let file = risk.file {
        place = printableText(file.utf8) + (risk.line.map { ":\($0)" } ?? "") + ": "
    }
    var lines = ["  " + style.yellow("! ") + style.faint(place) + printableText(risk.why.utf8)]
    if let text = risk.text { lines.append("      " + shownText(text)) }
    return lines
}

/// `agent.explain/1`.
package func explanationDocument(_ report: RelayReport) -> JSONValue {
    .object([
        .init("format", .string("agent.explain/1")),
        .init("mta", .string(report.mta.rawValue)),
        .init("verdict", .string(report.verdict.rawValue)),
        .init("listeners", .array(report.listeners.map(json))),
        .init("causes", .array(report.causes.map(json))),
        .init("risks", .array(report.risks.map(json))),
    ])
}

private func json(_ listener: ListenerVerdict) -> JSONValue {
    .object([
        .init("address", .string(listener.address)), .init("port", .int(listener.port)),
        .init("service", .string(listener.service)), .init("verdict", .string(listener.verdict.rawValue)),
    ])
}

private func json(_ cause: RelayCause) -> JSONValue {
    let text = withoutSecrets(cause.text)
    return .object([
        .init("kind", .string(cause.kind)), .init("parameter", .string(cause.parameter)),
        .init("file", .string(cause.file)), .init("line", .optional(cause.line)),
        .init("text", .string(text)),
        // By itself it may look like a login that it is not where it stands.
        .init("culprit", .optional(cause.culprit.map { text.contains($0) ? $0 : withoutSecrets($0) })),
        .init("opens", .string(cause.opens)), .init("listener", .int(cause.listener)),
        .init("address", .optional(cause.address)),
        .init("remedy", .string(cause.remedy)),
    ])
}

private func json(_ risk: RelayRisk) -> JSONValue {
    .object([
        .init("kind", .string(risk.kind)), .init("parameter", .optional(risk.parameter)),
        .init("file", .optional(risk.file)), .init("line", .optional(risk.line)),
        .init("text", .optional(risk.text.map { withoutSecrets($0) })), .init("why", .string(risk.why)),
    ])
}
