internal import Content
internal import MailModel

/// What would be done, as the plan has it.
func plannedChanges(_ plan: Plan) -> HTML {
    guard !plan.isEmpty else {
        return section(
            "plan", "What is to be done", [.tag("p", "Nothing: there is nothing that agent would change.")])
    }
    return section(
        "plan", "What is to be done",
        [
            .tag(
                "ol",
                all: plan.changes.map { change in
                    .tag("li", all: [.tag("p", HTML(change.summary))] + carryingOut(change.action))
                })
        ])
}

private func carryingOut(_ action: ChangeAction) -> [HTML] {
    switch action {
    case .plesk(let plesk): [command(plesk.command)]
    case .edit(let edit):
        difference(unifiedDiff(path: edit.path, before: edit.before ?? [], after: edit.after), of: edit.path)
    case .service(let service): service.commands.map(command)
    case .hold: [command(QueueAction.hold.command)]
    }
}

/// What was done, newest first.
func timeline(of report: HostReport) -> HTML {
    guard !report.changes.isEmpty else {
        return section("history", "What was changed", [.tag("p", "Nothing was changed on this host yet.")])
    }
    let older = report.olderChanges
    return section(
        "history", "What was changed",
        [.tag("ol", ["class": "timeline"], all: report.changes.map(entry))]
            + (older == 0
                ? [] : [.tag("p", HTML("\(older) older change\(older == 1 ? " is" : "s are") not shown."))]))
}

private func entry(_ change: ChangeDetails) -> HTML {
    let summary = change.summary
    let outcome = summary.outcome ?? (summary.confirmUntil == nil ? "interrupted" : "to be confirmed")
    let reverts = summary.reverts.map { ", takes back change \($0)" } ?? ""
    let relay = summary.relayBefore.map { " Before: \($0.rawValue)." } ?? ""
    let seen = change.probe.map { " Seen from outside afterwards: \($0.verdict.rawValue)." } ?? ""
    return .tag(
        "li",
        all: [
            .tag(
                "h3", HTML("Change \(summary.id): \(summary.kind)\(reverts), "),
                marked(Outcome(rawValue: outcome)?.mark ?? .unsure, outcome)),
            .tag(
                "p",
                .tag("time", ["datetime": summary.created.rfc3339], HTML(summary.created.rfc3339)),
                HTML(".\(relay)\(seen)")),
        ] + (summary.message.isEmpty ? [] : [.tag("p", ["class": "note"], HTML(summary.message))])
            + [.tag("ul", all: change.steps.map(stepEntry))])
}

private func stepEntry(_ step: ChangeDetails.Step) -> HTML {
    .tag(
        "li",
        all: [.tag("p", HTML("\(step.summary): \(step.state)"))] + (step.command.map { [command($0)] } ?? [])
            + (step.diff.map { difference($0, of: step.path ?? "") } ?? [])
            + (step.note.map { [.tag("p", ["class": "note"], HTML($0))] } ?? []))
}

extension Outcome {
    fileprivate var mark: Mark {
        switch self {
        case .confirmed, .noChange: .good
        case .stillOpen, .incomplete, .failed: .bad
        case .unconfirmed, .rolledBack, .harboured: .unsure
        }
    }
}

private func command(_ words: [String]) -> HTML {
    .tag("p", .tag("code", HTML("$ " + shellText(words))))
}

/// A unified diff in two columns; one that is only a sentence stays one.
private func difference(_ unified: String, of path: String) -> [HTML] {
    let hunks = sideBySide(unified)
    guard !hunks.isEmpty else { return unified.isEmpty ? [] : [.tag("p", HTML(unified.trimmedEnd))] }
    let head: HTML = .tag(
        "thead",
        .tag(
            "tr", .tag("th", ["scope": "col"], "Line"), .tag("th", ["scope": "col"], "Before"),
            .tag("th", ["scope": "col"], "Line"), .tag("th", ["scope": "col"], "After")))
    return [
        wideTable(
            path, [head] + hunks.map { .tag("tbody", all: $0.map(differenceRow)) }, classes: "difference")
    ]
}

private func differenceRow(_ row: SideBySideRow) -> HTML {
    .tag("tr", all: side(row.before, row.isChange, "del") + side(row.after, row.isChange, "ins"))
}

private func side(_ line: SideBySideRow.Line?, _ isChange: Bool, _ element: String) -> [HTML] {
    guard let line else { return [.tag("td", ["class": "number"]), .tag("td", ["class": "absent"])] }
    let text = HTML.tag("code", HTML(line.text))
    return [
        .tag("td", ["class": "number"], HTML(String(line.number))),
        .tag("td", isChange ? .tag(element, text) : text),
    ]
}
