internal import Content
package import MailModel

/// How much of a probe a reader wants to see.
package enum ProbeDetail: Sendable {
    /// The verdicts, and the dialogue that decides.
    case verdicts
    /// Each test by port and TLS state, too.
    case everyTest
}

/// What was asked from outside and answered: a line for each address, port and TLS state, and the dialogue that
/// decides, quoted as in Plesk article 1394.
package func renderProbe(
    _ report: ProbeReport, detail: ProbeDetail = .verdicts, style: TerminalStyle
) -> String {
    var lines = [verdictLine(report, style), origin(report.from)] + brokenPorts(report, style) + [""]
    for (index, endpoint) in report.endpoints.enumerated() {
        lines += render(endpoint, number: detail == .everyTest ? index + 1 : nil, style)
    }
    if detail == .everyTest, case let matrix = probeMatrix(report, style: style), !matrix.isEmpty {
        lines += [""] + matrix
    }
    if let endpoint = decidingEndpoint(of: report), let test = decidingTest(of: endpoint) {
        lines += ["", "  \(endpoint.place), test \(test.id):"]
        lines += test.dialogue.map { "    " + printableText($0.utf8) }
    }
    if let hosted = report.hosted { lines += ["", render(hosted, style), "    " + reply(hosted.reply)] }
    if let reason = report.hostedReason {
        lines += ["", "  mail that is hosted here: not asked for (\(printableText(reason.utf8)))"]
    }
    return lines.joined(separator: "\n") + "\n"
}

private func render(_ hosted: HostedAnswer, _ style: TerminalStyle) -> String {
    let word =
        if hosted.accepted {
            style.green("✓ accepted")
        } else if hosted.deferred {
            style.yellow("? deferred")
        } else {
            style.red("✗ not accepted")
        }
    return "  mail for \(printableText(hosted.recipient.utf8)), which is hosted here: \(word)"
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

/// What a verdict on the host leaves out has to stand next to it.
private func brokenPorts(_ report: ProbeReport, _ style: TerminalStyle) -> [String] {
    let ports = report.endpoints.filter { $0.isBroken == true }.map(\.port)
    guard report.verdict == .closed, !ports.isEmpty else { return [] }
    return Set(ports).sorted().map { port in
        style.yellow("! port \(port) is broken")
            + ": it greets nobody, so it relays nothing and serves nobody either."
    }
}

private func origin(_ from: ProbeOrigin) -> String {
    let address = from.address.map { " \($0)" } ?? ""
    let note = from.note.map { " (\(printableText($0.utf8)))" } ?? ""
    return "  asked from \(from.kind)\(address)\(note)"
}

private func render(_ endpoint: ProbeEndpoint, number: Int?, _ style: TerminalStyle) -> [String] {
    let word = endpoint.verdict.rawValue.padded(to: 13)
    let verdict =
        switch endpoint.verdict {
        case .open: style.red("✗ \(word)")
        case .closed: style.green("✓ \(word)")
        case .inconclusive, .unreachable: style.yellow("? \(word)")
        }
    let counts = ProbeTest.Verdict.allCases.compactMap { verdict -> String? in
        let count = endpoint.tests.count { $0.verdict == verdict }
        return count == 0 ? nil : "\(count) \(verdict.rawValue)"
    }
    let place = (number.map { "\($0)".padded(to: 3) } ?? "") + endpoint.place
    let line = "  \(place.padded(to: 46)) \(verdict) \(counts.joined(separator: ", "))"
    return [line.trimmedEnd] + (endpoint.reason.map { ["      " + printableText($0.utf8)] } ?? [])
}

func decidingEndpoint(of report: ProbeReport) -> ProbeEndpoint? {
    report.endpoints.first { $0.verdict == report.verdict } ?? report.endpoints.first
}

/// The test that shows the worst, else the first that was answered.
func decidingTest(of endpoint: ProbeEndpoint) -> ProbeTest? {
    // Where it is closed, a yes has proved nothing.
    let order: [ProbeTest.Verdict] =
        endpoint.verdict == .closed
        ? [.refused, .accepted, .deferred, .error] : [.delivered, .accepted, .refused, .deferred, .error]
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
        .init("hosted-reason", .optional(report.hostedReason)),
    ]
}

/// `agent.probe/1`.
package func probeDocument(_ report: ProbeReport) -> JSONValue { .object(probeMembers(report)) }

/// `agent.probe/1` for one host; for several, `agent.probes/1` with the report of each.
package func probesDocument(_ reports: [ProbeReport]) -> JSONValue {
    guard reports.count != 1 else { return probeDocument(reports[0]) }
    return .object([
        .init("format", .string("agent.probes/1")), .init("reports", .array(reports.map(probeDocument))),
    ])
}

private func json(_ endpoint: ProbeEndpoint) -> JSONValue {
    .object([
        .init("address", .string(endpoint.address)), .init("port", .int(endpoint.port)),
        .init("tls", .string(endpoint.tls.rawValue)), .init("verdict", .string(endpoint.verdict.rawValue)),
        .init("banner", .optional(endpoint.banner)),
        .init("offers-login", endpoint.offersLogin.map(JSONValue.bool) ?? .null),
        .init("broken", .bool(endpoint.isBroken == true)),
        .init("reason", .optional(endpoint.reason)), .init("tests", .array(endpoint.tests.map(json))),
    ])
}

private func json(_ test: ProbeTest) -> JSONValue {
    .object([
        .init("id", .string(test.id)), .init("mail-from", .string(test.mailFrom)),
        .init("rcpt-to", .string(test.rcptTo)), .init("reply", .string(test.reply)),
        .init("verdict", .string(test.verdict.rawValue)), .init("fate", .optional(test.fate)),
    ])
}

private func json(_ answer: HostedAnswer) -> JSONValue {
    .object([
        .init("recipient", .string(answer.recipient)), .init("reply", .string(answer.reply)),
        .init("accepted", .bool(answer.accepted)),
    ])
}
