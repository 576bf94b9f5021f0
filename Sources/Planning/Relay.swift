import MailModel
import RelayAnalysis

/// What the configuration does with strangers, and the edits that make it refuse them.
struct RelayJudgement {
    var finding: Finding
    var before: RelayVerdict?
    var after: RelayVerdict?
    var edits: [FileEdit] = []
}

/// Whether the MTA's own configuration, whatever Plesk says, refuses strangers on every listener.
func judgeRelay(state: HostState, trusted: [IPNetwork]) -> RelayJudgement {
    var finding = Finding(
        id: .relay, status: .unknown, wanted: "strangers are refused on every port", actual: "not seen",
        why: "What Postfix itself reads decides who may relay; a setting that looks right does not.")
    guard let configuration = state.postfix.value else {
        finding.notes.append(state.postfix.reason ?? "the configuration of the MTA was not seen")
        return RelayJudgement(finding: finding)
    }
    let report = explainRelay(configuration, trusted: trusted)
    finding.actual = sentence(for: report.verdict)
    finding.evidence = evidence(report.causes)
    finding.notes = openings(report.causes)
    var judgement = RelayJudgement(finding: finding, before: report.verdict, after: report.verdict)
    switch report.verdict {
    case .closed:
        judgement.finding.status = .ok
        judgement.finding.notes = []
    case .unknown:
        judgement.finding.notes = report.causes.map { "\($0.parameter) on port \($0.listener): \($0.remedy)" }
    case .open, .partial, .broken:
        judgement.finding.status = .drift
        let repair = repairRelay(configuration, trusted: trusted)
        judgement.edits = repair.edits.filter { $0.before != $0.after }
        judgement.after = repair.after.verdict
        judgement.finding.notes += repair.notes
        if judgement.edits.isEmpty {
            judgement.finding.notes += report.causes.map { "port \($0.listener): \($0.remedy)" }
        }
    }
    return judgement
}

private func sentence(for verdict: RelayVerdict) -> String {
    switch verdict {
    case .open: "open: any stranger can relay"
    case .partial: "partial: certain strangers can relay"
    case .closed: "closed: strangers are refused"
    case .broken: "broken: the MTA would not start, or refuses everyone"
    case .unknown: "unknown: it depends on something that cannot be read"
    }
}

/// What opens which ports to whom, each said once.
private func openings(_ causes: [RelayCause]) -> [String] {
    var portsByOpening: [(opening: String, ports: [Int])] = []
    for cause in causes {
        let opening = "\(cause.parameter) opens it to \(cause.opens)"
        if let index = portsByOpening.firstIndex(where: { $0.opening == opening }) {
            if !portsByOpening[index].ports.contains(cause.listener) {
                portsByOpening[index].ports.append(cause.listener)
            }
        } else {
            portsByOpening.append((opening, [cause.listener]))
        }
    }
    return portsByOpening.map { entry in
        let ports = entry.ports.map(String.init).joined(separator: ", ")
        return "port\(entry.ports.count == 1 ? "" : "s") \(ports): \(entry.opening)"
    }
}

/// One entry for each line, however many listeners it opens.
private func evidence(_ causes: [RelayCause]) -> [Evidence] {
    var seen: [Evidence] = []
    for cause in causes {
        let item = Evidence(file: cause.file, line: cause.line, text: cause.text)
        if !seen.contains(item) { seen.append(item) }
    }
    return seen
}
