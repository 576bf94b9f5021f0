internal import Content
package import MailModel

/// The plan as an administrator reads it: what was found, what would be done, what that gives.
package func renderPlan(_ plan: Plan, style: TerminalStyle) -> String {
    var lines = [heading(plan, style), ""]
    for finding in plan.findings { lines += render(finding, style) }
    if !plan.changes.isEmpty {
        lines += ["", style.bold("agent would do the following:"), ""]
        for change in plan.changes { lines += render(change, style) }
    }
    lines += ["", summary(of: plan, style)]
    lines += plan.refusals.map {
        style.red("An apply would refuse, and change nothing: ") + printableText($0.utf8) + "."
    }
    return lines.joined(separator: "\n") + "\n"
}

private func heading(_ plan: Plan, _ style: TerminalStyle) -> String {
    let plesk = plan.host.plesk.map { "Plesk \($0)" } ?? "no Plesk seen"
    let mta = plan.host.mta?.rawValue ?? "unknown MTA"
    let host = printableText(plan.host.name.utf8)
    return style.bold(host) + " (\(plesk), \(mta)), policy \(printableText(name(of: plan.policy).utf8))"
}

/// The policy's file, and what the host adds to it.
func name(of policy: PolicyIdentity) -> String {
    policy.dropIns.isEmpty ? policy.path : policy.path + " with " + policy.dropIns.joined(separator: ", ")
}

private func render(_ finding: Finding, _ style: TerminalStyle) -> [String] {
    let name = finding.id.rawValue.padded(to: 11)
    let actual = printableText(finding.actual.utf8)
    switch finding.status {
    case .ok:
        return ["  " + style.green("✓ ok     ") + " \(name) \(actual)"] + notes(of: finding)
    case .drift:
        let evidence = finding.evidence.map {
            "             " + style.faint(place($0)) + shownText($0.text)
        }
        return [
            "  " + style.red("✗ drift  ") + " \(name) \(actual)",
            "             wanted: \(printableText(finding.wanted.utf8))",
        ] + evidence + ["             why: \(finding.why)"] + notes(of: finding)
    case .unknown:
        return ["  " + style.yellow("? unknown") + " \(name) \(actual)"] + notes(of: finding)
    }
}

private func place(_ evidence: Evidence) -> String {
    let file = printableText(evidence.file.utf8)
    return evidence.line.map { "\(file):\($0): " } ?? "\(file): "
}

private func notes(of finding: Finding) -> [String] {
    finding.notes.map { "             note: \(printableText($0.utf8))" }
}

private func render(_ change: Change, _ style: TerminalStyle) -> [String] {
    let title = "  \(change.number). " + style.yellow("~ ") + printableText(change.summary.utf8)
    switch change.action {
    case .plesk(let plesk):
        return [title, "       $ " + shellText(plesk.command)]
    case .edit(let edit):
        let text = unifiedDiff(path: edit.path, before: edit.before ?? [], after: edit.after)
        return [title, style.diff(text, indent: "       ")]
            + (edit.compiled.map { ["       $ " + shellText($0.command)] } ?? [])
    case .service(let service):
        return [title] + service.commands.map { "       $ " + shellText($0) }
    case .hold: return [title, "       $ " + shellText(QueueAction.hold.command)]
    }
}

private func summary(of plan: Plan, _ style: TerminalStyle) -> String {
    let drifts = plan.findings.count { $0.status == .drift }
    let unknowns = plan.findings.count { $0.status == .unknown }
    var relay = ""
    if let before = plan.relayBefore, let after = plan.relayAfter, !plan.isEmpty {
        relay = " Relay: \(before.rawValue) now, \(after.rawValue) after."
    }
    let counts =
        "Plan: \(plan.changes.count) to change, \(drifts) in drift, \(unknowns) unknown,"
        + " \(plan.findings.count - drifts - unknowns) ok."
    if plan.isEmpty, drifts + unknowns == 0 {
        return style.green("Nothing to do: the host complies with the policy.") + "\n" + counts
    }
    if plan.isEmpty {
        return style.yellow("Nothing that agent can change: see the notes above.") + "\n" + counts
    }
    return style.bold(counts) + relay
}

/// Arguments as they could be typed at a shell; only for reading.
package func shellText(_ arguments: [String]) -> String {
    let safe = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./-_")
    return arguments.map { word in
        if !word.isEmpty, word.allSatisfy(safe.contains) { return word }
        return "'" + printableText(word.utf8).replacing("'", with: "'\\''") + "'"
    }.joined(separator: " ")
}

extension String {
    func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}

/// The members of `agent.plan/1` (the command-line contract), without the format.
func planMembers(_ plan: Plan) -> [JSONValue.Member] {
    [
        .init("created", .string(plan.created.rfc3339)),
        .init("agent-version", .string(plan.agentVersion)),
        .init(
            "host",
            .object([
                .init("name", .string(plan.host.name)),
                .init("machine-id", .optional(plan.host.machineID)),
                .init("plesk", .optional(plan.host.plesk)),
                .init("mta", .optional(plan.host.mta?.rawValue)),
            ])),
        .init(
            "policy",
            .object([
                .init("path", .string(plan.policy.path)),
                .init("drop-ins", .array(plan.policy.dropIns.map { .string($0) })),
                .init("sha256", .string(plan.policy.sha256)),
            ])),
        .init("fingerprint", .string(plan.fingerprint)),
        .init(
            "relay",
            .object([
                .init("before", .optional(plan.relayBefore?.rawValue)),
                .init("after", .optional(plan.relayAfter?.rawValue)),
            ])),
        .init("findings", .array(plan.findings.map(json))),
        .init("changes", .array(plan.changes.map(json))),
        .init("consents", .strings(plan.consents.map(\.rawValue).sorted())),
        .init("refusals", .strings(plan.refusals)),
        .init(
            "listeners",
            .array(
                plan.holders.map { holder in
                    .object([
                        .init("address", .string(holder.address)), .init("port", .int(holder.port)),
                        .init("program", .string(holder.program)),
                    ])
                })),
    ]
}

/// `agent.plan/1`.
package func planDocument(_ plan: Plan) -> JSONValue {
    .object([.init("format", .string("agent.plan/1"))] + planMembers(plan))
}

private func json(_ finding: Finding) -> JSONValue {
    .object([
        .init("id", .string(finding.id.rawValue)),
        .init("status", .string(finding.status.rawValue)),
        .init("wanted", .string(finding.wanted)),
        .init("actual", .string(finding.actual)),
        .init("why", .string(finding.why)),
        .init("evidence", .array(finding.evidence.map(json))),
        .init("notes", .strings(finding.notes)),
    ])
}

private func json(_ evidence: Evidence) -> JSONValue {
    .object([
        .init("file", .string(evidence.file)), .init("line", .optional(evidence.line)),
        .init("text", .string(withoutSecrets(evidence.text))),
    ])
}

private func json(_ change: Change) -> JSONValue {
    var commandLine: JSONValue = .null
    var diff: JSONValue = .null
    switch change.action {
    case .plesk(let plesk): commandLine = .strings(plesk.command)
    case .edit(let edit):
        diff = .string(unifiedDiff(path: edit.path, before: edit.before ?? [], after: edit.after))
        if let table = edit.compiled { commandLine = .strings(table.command) }
    case .service(let service): commandLine = .strings(service.command)
    case .hold: commandLine = .strings(QueueAction.hold.command)
    }
    return .object([
        .init("number", .int(change.number)),
        .init("finding", .string(change.finding.rawValue)),
        .init("kind", .string(change.action.kind)),
        .init("summary", .string(change.summary)),
        .init("command", commandLine),
        .init("diff", diff),
    ])
}
