internal import Content
internal import MailModel

/// Each rule of the policy, with the lines that break it marked where they stand.
func findings(of plan: Plan) -> HTML {
    let files = plan.changes.compactMap { change -> (name: String, bytes: [UInt8])? in
        guard case .edit(let edit) = change.action, let bytes = edit.before else { return nil }
        return (edit.path, bytes)
    }
    return section(
        "findings", "What was found",
        plan.findings.map { finding in
            .tag(
                "article", ["class": finding.mark.rawValue],
                all: [
                    .tag("h3", marked(finding.mark, finding.status.rawValue), " ", HTML(finding.id.rawValue)),
                    .tag("p", HTML(finding.actual)),
                ] + (finding.status == .drift ? [.tag("p", HTML("Wanted: " + finding.wanted))] : [])
                    + excerpts(of: finding, files)
                    + (finding.status == .ok ? [] : [.tag("p", ["class": "why"], HTML(finding.why))])
                    + finding.notes.map { .tag("p", ["class": "note"], HTML($0)) })
        })
}

extension Finding {
    fileprivate var mark: Mark {
        switch status {
        case .ok: .good
        case .drift: .bad
        case .unknown: .unsure
        }
    }
}

private func excerpts(of finding: Finding, _ files: [(name: String, bytes: [UInt8])]) -> [HTML] {
    let evidence = finding.evidence
    var order: [String] = []
    for each in evidence where !order.contains(each.file) { order.append(each.file) }
    return order.map { file in
        let named = evidence.filter { $0.file == file }
        let bytes = files.first { $0.name == file || $0.name.hasSuffix("/" + file) }?.bytes
        let rows =
            bytes.map { lines(of: $0, around: named) }
            ?? named.map { row($0.line, $0.text, isGuilty: finding.status == .drift) }
        return .tag(
            "figure", .tag("figcaption", HTML(file)),
            .tag(
                "div",
                ["class": "code wide", "tabindex": "0", "role": "group", "aria-label": "Lines of \(file)"],
                all: rows))
    }
}

/// The lines named, with two on either side of each.
private func lines(of bytes: [UInt8], around evidence: [Evidence]) -> [HTML] {
    let guilty = Dictionary(evidence.compactMap { each in each.line.map { ($0, each.text) } }) { first, _ in
        first
    }
    let all = withoutSecrets(bytes).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    var rows: [HTML] = []
    var last = 0
    for number in guilty.keys.sorted() {
        for shown in max(number - 2, last + 1)...max(number, min(number + 2, all.count)) {
            if last > 0, shown > last + 1 { rows.append(.tag("div", ["class": "gap"], "…")) }
            let isThere = all.indices.contains(shown - 1)
            let text = guilty[shown] ?? (isThere ? String(decoding: all[shown - 1], as: UTF8.self) : "")
            rows.append(row(shown, text, isGuilty: guilty[shown] != nil))
            last = shown
        }
    }
    // What has no line, such as a setting, stands by itself.
    return rows + evidence.filter { $0.line == nil }.map { row(nil, $0.text, isGuilty: true) }
}

private func row(_ number: Int?, _ text: String, isGuilty: Bool) -> HTML {
    let content = HTML(withoutSecrets(text))
    return .tag(
        "div", .tag("span", ["class": "number"], HTML(number.map(String.init) ?? "")),
        .tag("code", isGuilty ? .tag("mark", content) : content))
}
