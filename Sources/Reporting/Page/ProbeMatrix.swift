internal import MailModel

/// What was asked from outside: the verdict of each address, port and TLS state, and every test of each.
func probeSection(_ seen: HostReport.SeenFromOutside?) -> HTML {
    guard let seen else {
        return section(
            "probe", "What was seen from outside",
            [.tag("p", "This host has not been asked from outside yet: the next apply does it.")])
    }
    let report = seen.report
    let vantage = [report.from.kind, report.from.address, report.from.note].compactMap(\.self).joined(
        separator: ", ")
    return section(
        "probe", "What was seen from outside",
        [
            .tag(
                "p", HTML("Asked from \(vantage) on \(seen.when.rfc3339): "),
                marked(report.verdict.mark, report.verdict.rawValue)),
            endpointTable(report), hostedAnswer(report.hosted), deciding(report), matrix(report),
        ])
}

private func hostedAnswer(_ hosted: HostedAnswer?) -> HTML {
    guard let hosted else { return .nothing }
    let (mark, word): (Mark, String) =
        hosted.accepted
        ? (.good, "accepted") : hosted.deferred ? (.unsure, "deferred") : (.bad, "not accepted")
    return .tag("p", HTML("Mail for \(hosted.recipient), which is hosted here: "), marked(mark, word))
}

private func endpointTable(_ report: ProbeReport) -> HTML {
    wideTable(
        "Verdict by address, port and TLS",
        [
            .tag("thead", .tag("tr", all: heads(["Server", "Verdict", "Greeting", "Remark"]))),
            .tag(
                "tbody",
                all: report.endpoints.map { endpoint in
                    .tag(
                        "tr", .tag("th", ["scope": "row"], HTML(endpoint.place)),
                        .tag("td", marked(endpoint.verdict.mark, endpoint.verdict.rawValue)),
                        .tag("td", .tag("code", HTML(endpoint.banner ?? "none"))),
                        .tag("td", HTML(endpoint.reason ?? "")))
                }),
        ])
}

private func heads(_ names: [String]) -> [HTML] { names.map { .tag("th", ["scope": "col"], HTML($0)) } }

/// The dialogue that shows the verdict best, of those that were kept.
private func deciding(_ report: ProbeReport) -> HTML {
    guard let endpoint = decidingEndpoint(of: report),
        let test = [decidingTest(of: endpoint)].compactMap(\.self).first(where: { !$0.dialogue.isEmpty })
            ?? endpoint.tests.first(where: { !$0.dialogue.isEmpty })
    else { return .nothing }
    let name = "Dialogue with \(endpoint.place), test \(test.id)"
    return .tag(
        "figure", .tag("figcaption", HTML(name)),
        .tag(
            "div", ["class": "code wide", "tabindex": "0", "role": "group", "aria-label": name],
            all: test.dialogue.map { .tag("div", .tag("code", HTML($0))) }))
}

private func matrix(_ report: ProbeReport) -> HTML {
    var tests: [String] = []
    var known: Set<String> = []
    for endpoint in report.endpoints {
        for test in endpoint.tests where known.insert(test.id).inserted { tests.append(test.id) }
    }
    guard !tests.isEmpty else { return .nothing }
    let answers: [[String: ProbeTest.Verdict]] = report.endpoints.map { endpoint in
        Dictionary(endpoint.tests.map { ($0.id, $0.verdict) }) { first, _ in first }
    }
    let columns = [HTML.tag("th", ["scope": "col"], "Test")] + report.endpoints.map(columnHead)
    let rows = tests.map { id -> HTML in
        let head = HTML.tag("th", ["scope": "row"], HTML(id))
        return .tag("tr", all: [head] + answers.map { cell($0[id]) })
    }
    return wideTable(
        "Every test: ✓ refused, ✗ accepted or delivered, ? deferred or failed, · not asked",
        [.tag("thead", .tag("tr", all: columns)), .tag("tbody", all: rows)], classes: "matrix")
}

private func columnHead(_ endpoint: ProbeEndpoint) -> HTML {
    .tag("th", ["scope": "col"], HTML(endpoint.place))
}

private func cell(_ verdict: ProbeTest.Verdict?) -> HTML {
    let mark: Mark =
        switch verdict {
        case .refused: .good
        case .accepted, .delivered: .bad
        case .deferred, .error: .unsure
        case nil: .none
        }
    return .tag(
        "td", ["class": mark.rawValue], .tag("span", ["aria-hidden": "true"], HTML(mark.glyph)),
        .tag("span", ["class": "spoken"], HTML(verdict?.rawValue ?? "not asked")))
}

extension ProbeVerdict {
    var mark: Mark {
        switch self {
        case .closed: .good
        case .open: .bad
        case .inconclusive, .unreachable: .unsure
        }
    }
}
