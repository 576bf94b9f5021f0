import MailModel

extension Port25 {
    /// Plans the start of the managed MTA, and of what keeps its servers running.
    func start(isReachable: Bool, _ judgement: inout Port25Judgement) {
        guard let service = managed.service else {
            judgement.finding.notes.append(
                "what starts \(managed.mta.rawValue) was not seen: start it by hand")
            return
        }
        if isKeptToLoopback {
            judgement.finding.notes.append(loopbackNote)
            if !serving.isEmpty, judgement.steps.isEmpty { return }
        } else if let switching {
            judgement.edits += switching.edits
            judgement.finding.notes.append("\(switching.note): mail from outside cannot arrive")
            judgement.finding.notes += Set(foreign.map(\.programName)).sorted().map { name in
                "if \(name) only filters mail and hands it on to \(managed.mta.rawValue), do not apply this"
            }
        } else if !isReachable, foreign.isEmpty {
            judgement.finding.notes.append(
                listeners.isEmpty
                    ? "mail from outside cannot arrive"
                    : "\(managed.mta.rawValue) runs with other addresses than its configuration says now, and takes them up "
                        + "when it is restarted: mail from outside cannot arrive")
        }
        judgement.finding.notes += silentAfterwards.map { place in
            "nobody serves \(place) afterwards: the configuration of \(managed.mta.rawValue) does not have it"
        }
        judgement.startsMTA = true
        if managed.mta == .qmail, switching != nil, case .script = service {
            let reload = ["/etc/init.d/xinetd", "reload"]
            judgement.steps.append(
                Step(.port25, "Reload xinetd, with smtp_psa", .service(.reloadSuperserver(reload))))
        }
        // What is put down has the port only when it is started itself.
        judgement.steps += (switching?.servers ?? []).map(started)
        judgement.steps.append(
            Step(
                .port25, "Start \(managed.mta.rawValue), and wait for its banner",
                .service(.start(managed.mta, service))))
        judgement.steps += managed.servers.map(started)
        judgement.steps += managed.supervisors.filter(\.isGoneAfterBoot).map { supervisor in
            let change = ServiceChange.enable(managed.mta, supervisor)
            return Step(.port25, "Have \(supervisor.name) started at boot as well", .service(change))
        }
    }

    private func started(_ server: SupervisedDirectory) -> Step {
        Step(
            .port25, "Start \(server.path), and wait for its banner",
            .service(.start(managed.mta, .supervised(server))))
    }

    /// Places that other hosts reach the other programs at, and not the managed MTA.
    private var silentAfterwards: [String] {
        guard managed.mta == .postfix, configured != nil, !isKeptToLoopback else { return [] }
        let reached = foreign.filter { !$0.address.isLoopback && !isWanted($0) }
        return Set(reached.map(\.place)).sorted()
    }
}
