internal import Content
package import MailModel

/// What was asked from outside and answered, with the deciding dialogue quoted as in Plesk article 1394.
package func renderProbe(_ report: ProbeReport, style: TerminalStyle) -> String {
    var lines = [verdictLine(report, style), origin(report.from)]
    for endpoint in report.endpoints { lines += render(endpoint, style) }
    if let hosted = report.hosted {
        let word = hosted.accepted ? style.green("✓ accepted") : style.red("✗ not accepted")
        lines += [
            "", "  control: mail for \(printableText(hosted.recipient.utf8)), which is hosted here: \(word)",
            "    " + reply(hosted.reply),
        ]
    }
    return lines.joined(separator: "\n") + "\n"
}

private func verdictLine(_ report: ProbeReport, _ style: TerminalStyle) -> String {
    let target = printableText(report.target.utf8)
    switch report.verdict {
    case .open: return style.red("✗ open") + ": \(target) relays for strangers."
    case .closed: return style.green("✓ closed") + ": \(target) refuses to relay for strangers."
    case .inconclusive: return style.yellow("? inconclusive") + ": \(target) gave no answer that decides."
    case .unreachable: return style.yellow("? unreachable") + ": \(target) could not be reached."
    }
}

private func origin(_ from: ProbeOrigin) -> String {
    let address = from.address.map { " \($0)" } ?? ""
    let note = from.note.map { " (\(printableText($0.utf8)))" } ?? ""
    return "  asked from \(from.kind)\(address)\(note)"
}

private func render(_ endpoint: ProbeEndpoint, _ style: TerminalStyle) -> [String] {
    let tls =
        switch endpoint.tls {
        case .none: ""
        case .starttls: ", after STARTTLS"
        case .implicit: ", TLS"
        }
    let verdict =
        switch endpoint.verdict {
        case .open: style.red("✗ open")
        case .closed: style.green("✓ closed")
        case .inconclusive: style.yellow("? inconclusive")
        case .unreachable: style.yellow("? unreachable")
        }
    var lines = ["", "  \(bracketed(endpoint.address)) port \(endpoint.port)\(tls): \(verdict)"]
    if let reason = endpoint.reason { lines.append("    \(printableText(reason.utf8))") }
    guard let deciding = decidingTest(of: endpoint) else { return lines }
    if let banner = endpoint.banner { lines.append("    220 < " + printableText(banner.utf8)) }
    lines.append("    > MAIL FROM:\(printableText(deciding.mailFrom.utf8))")
    lines.append("    > RCPT TO:\(printableText(deciding.rcptTo.utf8))")
    lines.append("    " + reply(deciding.reply))
    let counts = ProbeTest.Verdict.allCases.compactMap { verdict -> String? in
        let count = endpoint.tests.count { $0.verdict == verdict }
        return count == 0 ? nil : "\(count) \(verdict.rawValue)"
    }
    lines.append("    \(endpoint.tests.count) tests: \(counts.joined(separator: ", "))")
    return lines
}

/// The test that shows the worst, else the first that was answered.
private func decidingTest(of endpoint: ProbeEndpoint) -> ProbeTest? {
    let order: [ProbeTest.Verdict] = [.delivered, .accepted, .refused, .deferred, .error]
    return order.lazy.compactMap { verdict in endpoint.tests.first { $0.verdict == verdict } }.first
}

private func reply(_ text: String) -> String {
    text.split(separator: "\n").map { "< " + printableText($0.utf8) }.joined(separator: "\n    ")
}

/// The members of `agent.probe/1`, its format included.
func probeMembers(_ report: ProbeReport) -> [JSONValue.Member] {
    [
        .init("format", .string("agent.probe/1")),
        .init("target", .string(report.target)),
        .init(
            "from",
            .object([
                .init("kind", .string(report.from.kind)), .init("address", .optional(report.from.address)),
                .init("note", .optional(report.from.note)),
            ])),
        .init("verdict", .string(report.verdict.rawValue)),
        .init("endpoints", .array(report.endpoints.map(json))),
        .init("hosted", report.hosted.map(json) ?? .null),
    ]
}

/// `agent.probe/1`.
package func probeDocument(_ report: ProbeReport) -> JSONValue { .object(probeMembers(report)) }

private func json(_ endpoint: ProbeEndpoint) -> JSONValue {
    .object([
        .init("address", .string(endpoint.address)), .init("port", .int(endpoint.port)),
        .init("tls", .string(endpoint.tls.rawValue)), .init("verdict", .string(endpoint.verdict.rawValue)),
        .init("banner", .optional(endpoint.banner)),
        .init("offers-login", endpoint.offersLogin.map(JSONValue.bool) ?? .null),
        .init("reason", .optional(endpoint.reason)), .init("tests", .array(endpoint.tests.map(json))),
    ])
}

private func json(_ test: ProbeTest) -> JSONValue {
    .object([
        .init("id", .string(test.id)), .init("mail-from", .string(test.mailFrom)),
        .init("rcpt-to", .string(test.rcptTo)), .init("reply", .string(test.reply)),
        .init("verdict", .string(test.verdict.rawValue)),
    ])
}

private func json(_ answer: HostedAnswer) -> JSONValue {
    .object([
        .init("recipient", .string(answer.recipient)), .init("reply", .string(answer.reply)),
        .init("accepted", .bool(answer.accepted)),
    ])
}
