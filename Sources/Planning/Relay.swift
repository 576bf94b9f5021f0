package import MailModel
import Qmail
import RelayAnalysis

/// What the configuration does with strangers, and the edits that make it refuse them.
struct RelayJudgement {
    var finding: Finding
    var before: RelayVerdict?
    var after: RelayVerdict?
    /// Where the configuration has the MTA listen; `nil` where it was not seen.
    var listeners: [ListenerVerdict]?
    /// What does not relay but weakens the host.
    var risks: [RelayRisk] = []
    var edits: [FileEdit] = []
    /// What makes the edits count.
    var services: [Step] = []

    /// A program that has a mail port in the MTA's place is not in the MTA's configuration: where that refuses
    /// strangers, nothing is known yet.
    func beside(_ port25: Port25Judgement) -> RelayJudgement {
        var judgement = beside(unjudged: port25)
        for (program, report) in port25.relaying {
            judgement.before = worst(judgement.before, report.verdict)
            judgement.after = worst(judgement.after, report.verdict)
            judgement.finding.status = .drift
            let said = "; but through \(program): \(sentence(for: report.verdict))"
            if !judgement.finding.actual.contains(said) { judgement.finding.actual += said }
            judgement.finding.evidence += evidence(report.causes).filter(judgement.finding.evidence.isMissing)
            judgement.finding.notes +=
                (openings(report.causes, isBroken: false)
                + report.causes.map { "port \($0.listener): \($0.remedy)" })
                .filter(judgement.finding.notes.isMissing)
        }
        return judgement
    }

    private func beside(unjudged port25: Port25Judgement) -> RelayJudgement {
        guard !port25.unjudged.isEmpty else { return self }
        var judgement = self
        if before == .closed { judgement.before = .unknown }
        if after == .closed, !port25.leavesNoneUnjudged { judgement.after = .unknown }
        if finding.status == .ok {
            judgement.finding.status = .unknown
            let programs = port25.unjudged.joined(separator: " and ")
            judgement.finding.actual +=
                "; but \(programs) \(port25.unjudged.count == 1 ? "decides on its" : "decide on their") own"
        }
        return judgement
    }
}

/// Whether the MTA's own configuration, whatever Plesk says, refuses strangers on every listener.
func judgeRelay(state: HostState, trusted: [IPNetwork]) -> RelayJudgement {
    let isQmail = state.managedMTA.value?.mta == .qmail
    let name = isQmail ? "Qmail" : "Postfix"
    var finding = Finding(
        id: .relay, status: .unknown, wanted: "strangers are refused on every port", actual: "not seen",
        why: "What \(name) itself reads decides who may relay; a setting that looks right does not.")
    if state.managedMTA.value?.mta == .msmtp {
        finding.status = .ok
        finding.actual = "msmtp only sends: there is no MTA that takes mail in"
        return RelayJudgement(finding: finding, before: .closed, after: .closed)
    }
    if isQmail {
        guard let configuration = state.qmail.value else {
            finding.notes.append(state.qmail.reason ?? "the configuration of the MTA was not seen")
            return RelayJudgement(finding: finding)
        }
        return judge(configuration, state, finding, trusted: trusted)
    }
    guard let configuration = state.postfix.value else {
        finding.notes.append(state.postfix.reason ?? "the configuration of the MTA was not seen")
        return RelayJudgement(finding: finding)
    }
    // An emergency brake on outgoing mail does not make a relay closed: what was taken leaves when it is released.
    var judgement = judge(explainRelay(configuration, trusted: trusted, deferred: .leaves), finding) {
        repairRelay(configuration, trusted: trusted, deferred: .leaves)
    }
    if !judgement.edits.isEmpty {
        judgement.services = [Step(.relay, "Reload Postfix", .service(.reloadPostfix))]
    }
    return judgement
}

private func judge(
    _ configuration: QmailConfiguration, _ state: HostState, _ finding: Finding, trusted: [IPNetwork]
) -> RelayJudgement {
    // What Plesk's own commands take out of the white list is gone when the edits count.
    var followed = configuration
    if state.plesk.value?.commands.removeFromWhiteList != nil {
        followed.whiteList = configuration.whiteList?.filter { entry in
            trusted.contains { $0.contains(entry.network) }
        }
    }
    if state.plesk.value?.canSwitchPopOff == true { followed.popLocks = [] }
    let outcome = repairRelay(followed, trusted: trusted)
    var judgement = judge(explainRelay(configuration, trusted: trusted), finding) { outcome.repair }
    // Where strangers are refused, Plesk's gatekeeper may still be missing, and with it all that Plesk says.
    if judgement.finding.status == .ok, !outcome.repair.edits.isEmpty {
        judgement.finding.status = .drift
        judgement.finding.actual += ", but relaylock is missing: Plesk's settings do not count"
        judgement.edits = outcome.repair.edits
    }
    let restarts =
        outcome.restartsSuperserver || !outcome.restartedServices.isEmpty || !outcome.restartedUnits.isEmpty
        || outcome.reloadsUnits
    guard !judgement.edits.isEmpty || restarts && judgement.finding.status == .drift else { return judgement }
    var services: [ServiceChange] = []
    let reload = superserverReload(of: .qmail, in: state)
    if outcome.restartsSuperserver {
        services.append(.reloadSuperserver(reload.map { $0 == "reload" ? "restart" : $0 }))
    } else if outcome.reloadsSuperserver {
        services.append(.reloadSuperserver(reload))
    }
    if outcome.reloadsUnits { services.append(.reloadSuperserver(reloadUnits)) }
    services += outcome.restartedUnits.map {
        .restartQmail(["/bin/systemctl", "restart", "\($0).service"])
    }
    services += outcome.restartedServices.map { .restartQmail(superviseRestart($0, of: configuration)) }
    if outcome.restartsQmail { services.append(.restartQmail(qmailRestart(state))) }
    judgement.services = services.map { Step(.relay, $0.summary, .service($0)) }
    return judgement
}

private let reloadUnits = ["/bin/systemctl", "daemon-reload"]

/// What starts qmail-send again.
package func qmailRestart(_ state: HostState) -> [String] {
    if case .script(let path, _)? = state.managedMTA.value?.service { return [path, "restart"] }
    return ["/bin/systemctl", "restart", "qmail.service"]
}

/// By what supervises the directory; daemontools' `svc` where that was not seen.
private func superviseRestart(_ directory: String, of configuration: QmailConfiguration) -> [String] {
    let control =
        configuration.superviseControls[directory] ?? configuration.superviseControl ?? "/usr/bin/svc"
    return [control, control.hasSuffix("/sv") ? "term" : "-t", directory]
}

/// What makes the superserver that has an MTA's ports read its files again; xinetd's, where none was seen.
package func superserverReload(of mta: MailTransferAgent, in state: HostState) -> [String] {
    let serving = (state.listeners.value ?? []).filter { $0.mta == mta }
    let names = serving.compactMap { $0.executable?.split(separator: "/").last.map(String.init) }
    return names.compactMap { state.superserverReloads[$0] }.first ?? reloadXinetd
}

private func judge(
    _ report: RelayReport, _ empty: Finding, repair: () -> RelayRepair
) -> RelayJudgement {
    var finding = empty
    finding.actual =
        sentence(for: report.verdict)
        + (report.keepsStrangersMail ? ", once what keeps their mail in the queue is lifted" : "")
    finding.evidence = evidence(report.causes)
    finding.notes = openings(report.causes, isBroken: report.verdict == .broken)
    var judgement = RelayJudgement(
        finding: finding, before: report.verdict, after: report.verdict, listeners: report.listeners,
        risks: report.risks)
    switch report.verdict {
    case .closed:
        judgement.finding.status = .ok
        judgement.finding.notes = []
    case .unknown:
        judgement.finding.notes = report.causes.map { "\($0.parameter) on port \($0.listener): \($0.remedy)" }
    case .open, .partial, .broken:
        judgement.finding.status = .drift
        let repair = repair()
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

private func worst(_ first: RelayVerdict?, _ second: RelayVerdict) -> RelayVerdict {
    [.open, .partial, .unknown, .broken].first { $0 == first || $0 == second } ?? .closed
}

extension [Evidence] {
    fileprivate func isMissing(_ evidence: Evidence) -> Bool { !contains(evidence) }
}

extension [String] {
    fileprivate func isMissing(_ text: String) -> Bool { !contains(text) }
}

/// What opens which ports to whom, each said once.
private func openings(_ causes: [RelayCause], isBroken: Bool) -> [String] {
    var portsByOpening: [(opening: String, ports: [Int])] = []
    for cause in causes {
        let opening = "\(cause.parameter) \(isBroken ? "serves" : "opens it to") \(cause.opens)"
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
