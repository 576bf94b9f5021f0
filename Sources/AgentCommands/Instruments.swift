import ArgumentParser
import Execution
import Foundation
import HostIO
import MailModel
import Observation
import Planning
import Qmail
import Recording
import RelayAnalysis
import Reporting

/// The options by which a person asks for what is not done unasked.
struct ConsentOptions: ParsableArguments {
    @Flag(help: "End a program on port 25 that nothing manages; without it, it is only reported.")
    var stopUnmanaged = false

    @Flag(help: "Leave the safe harbour: put back what the change before it had made, to be judged again.")
    var leaveHarbour = false

    var consents: Set<Consent> {
        Set((stopUnmanaged ? [.stopUnmanaged] : []) + (leaveHarbour ? [.leaveHarbour] : []))
    }
}

func requireRoot(for verb: String, because reason: String) throws(Failure) {
    guard effectiveUserID() == 0 else {
        throw Failure(
            .needsRoot, "`agent \(verb)` needs root", detail: reason,
            remedy: "Run it as root, for instance with sudo.")
    }
}

/// Why the verbs that write need root.
let changesHost = "It changes the mail server of this host."

/// One change at a time on a host, whatever store it is written to.
let runLock = "/run/agent.lock"

extension Host {
    /// The files that Plesk rewrites when one of its mail settings changes.
    func watchedPaths(_ state: HostState) -> [String] {
        if state.managedMTA.value?.mta == .qmail {
            let names = ["smtp_psa", "smtps_psa", "submission_psa"]
            return (state.qmail.value?.files ?? [:]).sorted { $0.key < $1.key }.compactMap { path, file in
                guard case .content(let content) = file, path.hasPrefix("/etc/xinetd.d/"),
                    names.contains(where: path.hasSuffix)
                else { return nil }
                return content.path
            }
        }
        guard let postfix = state.postfix.value else { return [] }
        return [postfix.mainCF.path, postfix.masterCF.path]
    }

    /// Everything that carrying out a change needs of this host.
    /// - Parameter restoring: The ports of programs that are started again, which are asked as well.
    func instruments(
        store: Store, state: HostState, vantage: VantageAddress?, isBeforeMail: Bool = false,
        restoring: Set<Int> = [],
        isInterrupted: @escaping @Sendable () -> Bool
    ) -> Execution.Instruments {
        let style = terminal.errorStyle
        let from = vantage ?? policy.probe.from
        let alarm = alarm
        return Execution.Instruments(
            store: store, run: runner(terminal),
            moment: { Moment(wall: currentTime(), sinceBoot: timeSinceBoot(), bootID: bootID()) },
            arm: { change, length async throws(Failure) in try await alarm.set(change, after: length) },
            disarm: { change in await alarm.clear(change) },
            waitForPrograms: { await waitForPrograms() }, isBeforeMail: isBeforeMail,
            holds: { setting in await holds(setting) },
            replan: { () async throws(Failure) in plan(for: await observe()) },
            settle: { begun async throws(Failure) in try await settle(since: begun, as: state) },
            probe: { depth async throws(Failure) in
                try await look(state, also: restoring, from: from, depth: depth)
            },
            harbour: { () async throws(Failure) in try await harbourEdits(state) },
            isInterrupted: isInterrupted,
            report: { terminal.say(progressLine($0, style: style)) },
            usualReload: usualReload(state),
            awaitEffect: { change, begun async throws(Failure) in
                try await awaitEffect(of: change, since: begun, as: state)
            },
            holders: { ports, wanted in await holders(of: ports, onceAs: wanted) },
            isFollowed: { change in isFollowed(change, liveInstruments(terminal)) },
            queue: placesInQueue(),
            relayedMessages: { () async throws(Failure) in try relayedMessages(state) })
    }

    /// Finishes what an earlier run left open, before anything new.
    /// - Parameter keepingOthersEdits: Whether a file in which somebody else changed the same lines stays theirs.
    /// - Returns: What became of each.
    @discardableResult
    func recoverFirst(
        store: Store, isBeforeMail: Bool = false, keepingOthersEdits: Bool = false
    ) async throws -> [ChangeResult] {
        let unfinished = try store.unfinishedChangeSets()
        await alarm.clearLeftovers(isWindowOpen: unfinished.contains { $0.window != nil })
        guard !unfinished.isEmpty else { return [] }
        let state = await observe()
        var instruments = instruments(
            store: store, state: state, vantage: recoveryVantage, isBeforeMail: isBeforeMail,
            isInterrupted: { false })
        instruments.keepsOthersEdits = keepingOthersEdits
        let results = try await withInterruption(terminal, afterwards: onToTheEnd) { [instruments] _ in
            try await recover(policy: policy, using: instruments)
        }
        for result in results { terminal.say(renderRecovery(result)) }
        return results
    }

    /// Plesk's commands have two minutes; what runs longer with our mark is taken for a daemon.
    private func waitForPrograms() async {
        let start = ContinuousClock.now
        var isSaid = false
        while case let left = startedPrograms(), !left.isEmpty, start.duration(to: .now) < .seconds(130) {
            if !isSaid {
                let numbers = left.map(String.init).joined(separator: ", ")
                terminal.say("Waiting for what the interrupted run had started (pid \(numbers)) …")
            }
            isSaid = true
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Nothing new is begun while a person's word on the last change is awaited.
    func refuseOpenWindow(_ store: Store) throws(Failure) {
        guard let open = try store.unfinishedChangeSets().first(where: { $0.phase == .window }) else {
            return
        }
        throw Failure(
            .cannotTell,
            "the confirm window of change \(open.id) is open until "
                + (open.window?.deadline.wall.rfc3339 ?? "its end"),
            remedy: "`agent confirm \(open.id)` keeps the change, `agent cancel \(open.id)` undoes it.")
    }

    /// Refuses a window that could not be opened, before anything is written down of the change.
    func requireRoomForWindow() throws(Failure) { try alarm.requireRoom() }

    /// The timer and the boot unit run this program with the same store, the vantage and the policy of this run:
    /// that of a saved plan, too.
    private var alarm: ConfirmAlarm {
        let store = URL(filePath: storePath(options.store)).path
        let path = policy.files.first?.path
        let policy = path.map { $0 == builtInPolicyPath ? [] : ["--policy", URL(filePath: $0).path] } ?? []
        return ConfirmAlarm(
            run: runner(terminal),
            recover: [executablePath() ?? "/usr/local/bin/agent", "recover", "--store", store] + policy
                + vantageWords,
            store: store)
    }

    private func holds(_ setting: PleskChange.Setting) async -> Observed<Bool> {
        let settings: PleskSettings
        switch await observePleskSettings(liveInstruments(terminal)) {
        case .seen(let seen): settings = seen
        case .unseen(let reason): return .unseen(reason)
        }
        switch setting {
        case .relaying(let mode, let logins):
            guard case .seen(let actual) = settings.relaying else {
                return .unseen(settings.relaying.reason ?? "")
            }
            // The kinds of login count only where a login is what lets a client relay.
            guard mode == .auth, actual == .auth, let seen = settings.logins.value else {
                return .seen(actual == mode)
            }
            return .seen(seen.smtp == logins.smtp && seen.pop == logins.pop)
        case .whiteListWith(let text):
            return settings.whiteList.map { list in list.contains { $0.text == text } }
        case .whiteListWithout(let text):
            return settings.whiteList.map { list in !list.contains { $0.text == text } }
        }
    }

    private func harbourEdits(_ state: HostState) async throws(Failure) -> [FileEdit] {
        if state.managedMTA.value?.mta == .qmail {
            let now = await observe()
            guard let configuration = now.qmail.value else {
                throw Failure(
                    .failed, "the configuration cannot be read for the safe harbour", detail: now.qmail.reason
                )
            }
            // Nobody is vouched for: Qmail has no softer refusal than the one that closes it.
            return repairRelay(configuration, trusted: []).repair.edits
        }
        switch await observePostfix(liveInstruments(terminal)) {
        case .seen(let configuration): return harbour(configuration)
        case .unseen(let reason):
            throw Failure(.failed, "the configuration cannot be read for the safe harbour", detail: reason)
        }
    }
}
