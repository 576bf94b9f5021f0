internal import Content
package import MailModel

/// The queue as an administrator reads it: how much, what floods it, what to do first, who else is in it.
package func renderQueue(_ report: QueueReport, style: TerminalStyle) -> String {
    var lines = countLines(report, style)
    lines += ["", verdictLine(report, style)] + relayLines(report)
    for (index, cause) in report.causes.prefix(10).enumerated() {
        lines += ["", "  \(index + 1). " + style.bold(title(cause)) + ": \(amount(cause.part, of: report))"]
        lines += advice(cause, report).map { "     \($0)" }
    }
    if !report.origins.isEmpty { lines += ["", style.bold("Where they came from")] }
    for origin in MessageOrigin.allCases {
        guard let part = report.origins[origin] else { continue }
        lines.append(
            "  \(origin.rawValue.padded(to: 10)) \(amount(part, of: report).padded(to: 24))"
                + " \(meaning(origin))")
    }
    for top in report.tops where top.messages > 0 { lines += render(top, style) }
    if let log = report.log { lines += render(log, style) }
    return lines.joined(separator: "\n") + "\n"
}

/// The count alone.
package func renderQueueCount(_ report: QueueReport, style: TerminalStyle) -> String {
    countLines(report, style).joined(separator: "\n") + "\n"
}

private func countLines(_ report: QueueReport, _ style: TerminalStyle) -> [String] {
    let count = report.count
    var head = style.bold(messages(count.total)) + " in the queue of \(report.mta.rawValue)"
    if let files = count.files {
        head += ", \(size(files.bytes))"
        if let oldest = files.oldest { head += ", the oldest since \(oldest.rfc3339)" }
    }
    if report.mta == .qmail {
        // The words of qmail-qstat(8), the command of Plesk article 1394.
        head += "\n  messages in queue: \(count.total)"
        head += "\n  messages in queue but not yet preprocessed: \(count.messagesByQueue["todo"] ?? 0)"
    }
    let parts = PostfixQueue.allCases.compactMap { queue in
        count.messagesByQueue[queue.rawValue].flatMap { $0 > 0 ? "\(queue.rawValue) \($0)" : nil }
    }
    if !parts.isEmpty { head += "\n  " + parts.joined(separator: ", ") }
    if report.examined.messages > 0 {
        let bands = report.ages.map { band in
            "\(band.hours.map { "under \($0) h" } ?? "longer"): \(band.messages)"
        }
        head += "\n  waiting " + bands.joined(separator: ", ")
    }
    if report.gone > 0 { head += "\n  \(messages(report.gone)) came or left while it was read" }
    if report.unreadable > 0 { head += "\n  \(report.unreadable) files are no whole queue files" }
    return [head]
}

private func verdictLine(_ report: QueueReport, _ style: TerminalStyle) -> String {
    let first = report.causes.first
    let who = first?.who.map { printableText($0.utf8) } ?? ""
    switch report.verdict {
    case .notFlooded:
        return style.green("✓ not flooded") + ": the policy warns above \(report.warnAbove) messages."
    case .relayed: return style.red("✗ relayed by strangers") + ": an open relay floods the queue."
    case .stolenLogin:
        return style.red("✗ a stolen login") + ", not a relay: \(who) floods the queue."
    case .script:
        return style.red("✗ a script or user of this host") + ", not a relay: \(who) floods the queue."
    case .bounceStorm:
        return style.red("✗ a bounce storm") + ", not a relay: mail that nobody could deliver goes back."
    case .nothingStandsOut:
        return style.yellow("? flooded") + ", and no single source stands out."
    }
}

private func relayLines(_ report: QueueReport) -> [String] {
    guard let relayed = report.origins[.relayed], relayed.messages > 0 else { return [] }
    var line = "  relayed messages came in from \(relayed.first?.rfc3339 ?? "-")"
    line += " to \(relayed.last?.rfc3339 ?? "-"); "
    if report.relay == .open || report.relay == .partial { return [line + "strangers can relay now"] }
    guard let closed = report.closedAt else { return [line + "strangers cannot relay now"] }
    return [line + "this program closed the relay at \(closed.rfc3339)"]
}

private func title(_ cause: QueueCause) -> String {
    let who = cause.who.map { " " + printableText($0.utf8) } ?? ""
    return switch cause.kind {
    case .relayed: "relayed for strangers"
    case .login: "login" + who
    case .local: "this host:" + who
    case .bounce: "bounces of this host"
    }
}

/// What to do about a source, in order: what stops it comes before what holds it.
func advice(_ cause: QueueCause, _ report: QueueReport) -> [String] {
    let selection = cause.kind == .relayed ? "--relayed" : matching(cause.selection)
    let networks = cause.networks == 1 ? "1 network" : "\(cause.networks) networks"
    var lines: [String]
    switch cause.kind {
    case .relayed:
        lines = ["from clients in \(networks), without a login"]
        if report.mta == .qmail {
            lines = [
                "from clients in \(networks); some may have logged in, which Qmail's files do not tell: see the",
                "logins of the mail log",
            ]
        }
        if report.relay == .open || report.relay == .partial {
            lines.append("close the relay first: agent apply")
        }
    case .login:
        lines = [
            "from clients in \(networks); is that how its owner writes mail?",
            "if not, change its password first, before the queue is touched",
        ]
        if cause.who == "unknown" {
            lines.insert("which login, its files do not tell: see the logins of the mail log", at: 0)
        }
    case .local: lines = ["find and stop what sends, first"]
    case .bounce: lines = ["refuse mail for mailboxes that do not exist, and stop what sends in their name"]
    }
    guard report.mta == .postfix else {
        return lines + [
            "then: Qmail cannot hold messages; `service qmail stop` keeps all of them from leaving"
        ]
    }
    return lines + ["then: agent queue hold " + selection]
}

private func matching(_ selection: [String]) -> String {
    selection.map { shellText(["--matching", $0]) }.joined(separator: " ")
}

private func meaning(_ origin: MessageOrigin) -> String {
    switch origin {
    case .bounce: "made here, of mail that could not be delivered"
    case .login: "from clients that had logged in"
    case .local: "from users and scripts of this host"
    case .trusted: "from this host and clients that the policy vouches for"
    case .incoming: "for domains that are served here"
    case .relayed: "from strangers, for domains that are not served here"
    case .forwarded: "sent on by aliases of this host"
    }
}

private func render(_ top: QueueReport.TopList, _ style: TerminalStyle) -> [String] {
    let note = top.isExact ? "" : " (at least)"
    return ["", style.bold(heading(top.property)) + note]
        + top.entries.map { entry in
            "  \(String(entry.messages).leftPadded(to: 8))  "
                + "\(share(entry.messages, of: top.messages).leftPadded(to: 5))  "
                + printableText(entry.value.utf8)
        }
}

private func heading(_ property: MessageProperty) -> String {
    switch property {
    case .client: "Clients"
    case .network: "Networks"
    case .login: "Logins"
    case .user: "Local users"
    case .script: "Scripts"
    case .sender: "Senders"
    case .senderDomain: "Domains of senders"
    case .recipientDomain: "Domains of recipients"
    case .subject: "Subjects"
    }
}

private func render(_ log: MailLogReport, _ style: TerminalStyle) -> [String] {
    let span =
        log.first.map { " from \(printableText($0.utf8)) to \(printableText((log.last ?? "").utf8))" } ?? ""
    let paths = [log.rotated, log.path].compactMap { $0.map { printableText($0.utf8) } }
    let head =
        style.bold("The mail log") + ", what has left included: \(paths.joined(separator: " and "))\(span)"
    let tops = log.tops.filter { $0.messages > 0 }
    return ["", head] + (tops.isEmpty ? ["  names nobody"] : tops.flatMap { render($0, style) })
}

private func amount(_ part: QueueReport.Part, of report: QueueReport) -> String {
    "\(messages(part.messages)) (\(share(part.messages, of: report.examined.messages)))"
}

private func messages(_ count: Int) -> String { count == 1 ? "1 message" : "\(count) messages" }

private func share(_ part: Int, of whole: Int) -> String {
    guard whole > 0 else { return "-" }
    let thousandths = part * 1000 / whole
    return thousandths < 10 && part > 0 ? "<1 %" : "\(thousandths / 10) %"
}

private func size(_ bytes: Int) -> String {
    switch bytes {
    case ..<10_240: "\(bytes) bytes"
    case ..<10_485_760: "\(bytes >> 10) KiB"
    default: "\(bytes >> 20) MiB"
    }
}

extension String {
    func leftPadded(to width: Int) -> String {
        String(repeating: " ", count: max(0, width - count)) + self
    }
}
