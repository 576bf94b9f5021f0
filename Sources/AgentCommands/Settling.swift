import Execution
import HostIO
import MailModel
import Observation
import Planning
import Qmail

extension Host {
    /// What makes the managed MTA follow its files; nothing while it does not run.
    func usualReload(_ state: HostState) -> [ServiceChange] {
        guard let mta = state.managedMTA.value?.mta else { return [.reloadPostfix] }
        let serving = (state.listeners.value ?? []).filter { $0.mta == mta }
        guard let first = serving.first else { return [] }
        guard mta == .qmail else { return [.reloadPostfix] }
        // tcpserver has nothing to read again: its rules are looked up for each client.
        let isSuperserver = first.executable?.hasSuffix("inetd") == true
        return (isSuperserver ? [.reloadSuperserver(superserverReload(of: .qmail, in: state))] : [])
            + [.restartQmail(qmailRestart(state))]
    }

    /// Asks from outside on every port that is served at this moment.
    ///
    /// Where another program than the MTA answered before the change, its answer is part of the verdict, but
    /// whether it goes on answering is no promise of the MTA's.
    func look(
        _ state: HostState, also restored: Set<Int> = [], from vantage: VantageAddress, depth: ProbeDepth
    ) async throws(Failure) -> ProbeReport {
        var now = state
        let ports = restored.union(policy.probe.ports).union((state.listeners.value ?? []).map(\.port))
        now.listeners = observeListeners(on: ports, liveInstruments(terminal)).map { listeners in
            // A port of mail that fell silent is asked as well, so that it is seen to be down.
            listeners
                + (state.listeners.value ?? []).filter { old in
                    old.origin == nil && old.mta == state.managedMTA.value?.mta
                        && policy.probe.ports.contains(old.port)
                        && !listeners.contains { $0.port == old.port }
                }
        }
        if state.managedMTA.value?.mta == .msmtp,
            now.listeners.value?.allSatisfy(\.address.isLoopback) == true
        {
            // Where no mail is to come in, nobody there is what a closed host looks like.
            return ProbeReport(
                target: state.name, from: ProbeOrigin(kind: vantage.text, address: nil), verdict: .closed,
                endpoints: [], hosted: nil,
                hostedReason: "nobody is to listen on a mail port here, and nobody does")
        }
        var report = try await probe(now, from: vantage, depth: depth)
        try requireStranger(report)
        let foreign = (state.listeners.value ?? []).filter { $0.origin != nil }
        if depth == .essential {
            let own = Set((interfaceNetworks() ?? []).map(\.address.description))
            report.endpoints.removeAll { endpoint in
                foreign.contains { listener in
                    listener.port == endpoint.port
                        // Behind NAT the host is asked at an address that no listener has.
                        && (listener.address.isUnspecified || !own.contains(endpoint.address)
                            || listener.address.description == endpoint.address)
                }
            }
        }
        return report
    }

    /// A vantage that the policy lets relay says nothing about strangers when it may.
    private func requireStranger(_ report: ProbeReport) throws(Failure) {
        guard report.verdict == .open, let address = report.from.address.flatMap({ IPAddress($0) }),
            let network = policy.whiteList.allowed(on: currentTime().day).first(where: {
                $0.contains(address)
            })
        else { return }
        throw Failure(
            .cannotTell,
            "the vantage \(address) is in \(network), which the policy's white list lets relay: it is no stranger",
            remedy: "Vouch for a smaller network, or probe from another machine.")
    }

    /// Returns when what was done to a service is seen in effect.
    /// - Parameters:
    ///   - begun: When it was begun, as time since the boot.
    ///   - state: The host before.
    func awaitEffect(
        of change: ServiceChange, since begun: Duration, as state: HostState
    ) async throws(Failure) {
        let instruments = liveInstruments(terminal)
        switch change {
        case .reloadPostfix, .enable, .disable, .resume: return
        case .retire(let manager, _):
            // svc(8) does not wait.
            guard case .supervised(let directory) = manager else { return }
            try await wait(for: "\(directory.path) does not stop") {
                supervisedService(directory.path, instruments)?.processID == nil
            }
        case .restartQmail(let command):
            if command.isUnitRestart {
                try await wait(for: "qmail does not answer on port 25") {
                    await answersWithBanner(.qmail, instruments)
                }
            }
            // The end of qmail-send takes no port with it.
            guard command.isSupervisedRestart, let directory = command.last else { return }
            try await awaitRestart(of: directory, since: begun, as: state)
        case .withdraw(let mta, let manager):
            switch manager {
            case .systemd, .supervised: break
            case .script, .upstart, .xinetd, .inetd: return
            }
            // The unit of Postfix is a wrapper: systemctl does not wait for what is behind it.
            try await wait(for: "\(mta.rawValue) does not stop") {
                observeListeners(on: [25], instruments).value?.contains { $0.mta == mta } == false
            }
        case .reloadSuperserver:
            try await wait(for: "xinetd serves other ports than its files say") {
                superserverFollowsItsFiles(instruments)
            }
        case .restore(let manager, let ports):
            guard manager.isStartedAgain else { return }
            let wanted = Set(ports ?? [25])
            let list = wanted.sorted().map(String.init).joined(separator: " and ")
            try await wait(for: "\(manager.name) runs, and nobody listens on port \(list) again") {
                wanted.isSubset(of: (observeListeners(on: wanted, instruments).value ?? []).map(\.port))
            }
        case .end(let process, _):
            if await holds(within: .seconds(10), { !isProcessAlive(process, instruments) }) { return }
            // It had its time to end in order, and the user asked for its end.
            _ = try await instruments.run(
                ProgramCall(
                    executable: "/bin/kill", arguments: ["-KILL", String(process)], deadline: .seconds(10)))
            try await wait(for: "the program with pid \(process) does not end") {
                !isProcessAlive(process, instruments)
            }
        case .start(let mta, _):
            try await wait(for: "\(mta.rawValue) does not answer on port 25") {
                await answersWithBanner(mta, instruments)
            }
        }
    }

    /// Who has the ports: once that is who is wanted, and after ten seconds whoever it is.
    func holders(of ports: Set<Int>, onceAs wanted: [PortHolder]?) async -> [PortHolder] {
        let instruments = liveInstruments(terminal)
        let start = ContinuousClock.now
        while true {
            let now = await observePrograms(on: ports, instruments).map(PortHolder.init)
            guard let wanted, Set(now) != Set(wanted), start.duration(to: .now) < .seconds(10) else {
                return now
            }
            // Cancellation only ends the pause.
            try? await Task.sleep(for: .milliseconds(200))
        }
    }

    /// svc(8) does not wait, and supervise(8) lets a second pass between two starts: what it runs must be younger
    /// than the command, and serve its port.
    private func awaitRestart(
        of directory: String, since begun: Duration, as state: HostState
    ) async throws(Failure) {
        let instruments = liveInstruments(terminal)
        let ports = Set([state.qmail.value?.port(ofSupervised: directory)].compactMap(\.self))
        try await wait(for: "\(directory) does not start again") {
            guard let service = supervisedService(directory, instruments) else { return true }
            guard let process = service.processID, let start = startOfProcess(process, instruments),
                // proc(5) rounds the start down to a tick.
                start + .milliseconds(10) > begun
            else { return false }
            return ports.isSubset(of: (observeListeners(on: ports, instruments).value ?? []).map(\.port))
        }
    }

    private func wait(for complaint: String, _ condition: () async -> Bool) async throws(Failure) {
        guard await !holds(within: .seconds(30), condition) else { return }
        throw Failure(.failed, complaint, remedy: "Look at the mail log and at `ss -ltnp 'sport = :25'`.")
    }

    private func holds(
        within time: Duration, _ condition: () async -> Bool
    ) async -> Bool {
        let start = ContinuousClock.now
        while !(await condition()) {
            guard start.duration(to: .now) < time else { return false }
            // Cancellation only ends the pause.
            try? await Task.sleep(for: .milliseconds(50))
        }
        return true
    }

    /// Returns when Postfix is seen to work by the configuration that it was told to read: every port is
    /// served again, and no idle server process from before the reload is left.
    ///
    /// A process that talks to a client when Postfix reloads goes on until that session ends (master(8)); it
    /// is named rather than ended.
    func settle(since reload: Duration, as state: HostState) async throws(Failure) {
        let instruments = liveInstruments(terminal)
        let served = Set((state.listeners.value ?? []).map(\.port))
        let start = ContinuousClock.now
        while true {
            let listening = Set((observeListeners(on: served, instruments).value ?? []).map(\.port))
            let old = smtpServers(startedBefore: reload, instruments)
            if listening == served, old.isEmpty { return }
            if listening == served, start.duration(to: .now) > .seconds(3) {
                terminal.say(
                    "  \(old.count) SMTP sessions from before the reload go on under the old configuration "
                        + "until they end (pid \(old.map(String.init).joined(separator: ", ")))")
                return
            }
            guard start.duration(to: .now) < .seconds(15) else {
                let missing = served.subtracting(listening).sorted().map(String.init)
                throw Failure(
                    .failed, "after the reload nobody listens on port \(missing.joined(separator: ", "))",
                    remedy: "Look at the mail log for what stopped Postfix.")
            }
            // Cancellation only ends the pause.
            try? await Task.sleep(for: .milliseconds(50))
        }
    }
}
