import Execution
import HostIO
import MailModel
import Observation
import Planning
import Probing
import Qmail
import Recording
import RelayAnalysis
import Vantages

/// The host that the program runs on, seen through one policy.
struct Host: Sendable {
    let policy: Policy
    let terminal: Terminal
    let options: CommonOptions
    /// What its plans do only because somebody asked for it.
    var consents: Set<Consent> = []
    /// What says whether the host is in the safe harbour; `nil` where nobody has to know.
    var journal: Store?
    var vantage = VantageInstruments.ofThisProgram
    /// The options that make a later run ask from the same place.
    var vantageWords: [String] = []
    /// Where changes of earlier runs are judged from; `nil` where the policy says.
    var recoveryVantage: VantageAddress?

    func observe() async -> HostState {
        var state = await observeHost(liveInstruments(terminal))
        // A store that is damaged says so to whoever needs more of it.
        state.harbour = try? journal.flatMap { store throws(Failure) in try safeHarbour(store) }
        return state
    }

    func knowing(_ journal: Store) -> Host {
        var host = self
        host.journal = journal
        return host
    }

    /// The host with what only some plans need: how much of a flood was relayed, where the policy has that held.
    func observeForPlan() async throws(Failure) -> HostState {
        var state = await observe()
        if policy.queue.flood == .hold, state.managedMTA.value?.mta == .postfix,
            let queue = state.queue.value, queue.waiting > policy.queue.warnAbove
        {
            state.relayedWaiting = try relayedMessages(state).count
        }
        return state
    }

    func plan(for state: HostState) -> Plan {
        makePlan(
            policy: policy, state: state, agentVersion: agentVersion, consents: consents)
    }

    /// The plan, with what an apply would refuse, and a note on what had been changed before and was undone since.
    func plan(for state: HostState, notedWith store: Store?) throws(Failure) -> Plan {
        let plan = plan(for: state).notingRefusals(of: watchedPaths(state)) { path in
            do throws(Failure) {
                try checkReplaceable(path)
                return nil
            } catch {
                return error.summary
            }
        }
        guard let store else { return plan }
        return plan.noting(try undoings(of: plan, in: store, at: currentTime()))
    }

    /// Has this host asked from outside on every address and port where it serves mail.
    func probe(
        _ state: HostState, from: VantageAddress, depth: ProbeDepth, knowing: ProbeKnowledge? = nil,
        transcript: TranscriptSink? = nil, progress: ProbeProgress? = nil
    ) async throws(Failure) -> ProbeReport {
        guard let listeners = state.listeners.value else {
            throw Failure(
                .cannotTell, "there is nothing to probe: the listeners cannot be seen",
                detail: state.listeners.reason, remedy: "Run as root, or name a host: `agent probe HOST`.")
        }
        let ports = Set(policy.probe.ports).union(listeners.map(\.port)).sorted()
        var endpoints = localEndpoints(
            listeners: listeners, ports: ports, interfaces: interfaceNetworks() ?? [])
        guard !endpoints.isEmpty else {
            throw Failure(
                .cannotTell, "there is nothing to probe: nobody outside can reach an SMTP port of this host",
                detail: "Looked for listeners on \(ports.map(String.init).joined(separator: ", ")).")
        }
        let own = endpoints
        var apart: String?
        if from.isElsewhere {
            (endpoints, apart) = endpointsFromElsewhere(endpoints, named: vantage.publicAddresses)
            guard !endpoints.isEmpty else {
                throw Failure(
                    .cannotTell, "\(from.text) cannot be sent to this host: it has private addresses only",
                    detail: "Whoever has such an address there is another machine, or nobody.",
                    remedy: "Name the address that it is reached by: --address ADDRESS.")
            }
        }
        let hosted = hostedRecipient(state)
        var request = ProbeRequest(
            target: state.name, endpoints: endpoints, hostedRecipient: hosted.value,
            origin: ProbeOrigin(kind: from.text, address: nil),
            tests: depth == .complete ? .all : .essential)
        request.limits.whole = ProbeLimits.time(for: endpoints.count)
        request.localSender = state.hosted.value?.sender
        request.relayDomain = state.hosted.value?.relayDomain
        request.foreignDomain = foreignDomain(state)
        request.trusted = policy.whiteList.allowed(on: currentTime().day)
        try knowing?.add(to: &request)
        var instruments = vantage
        try instruments.complete(for: from)
        var report = try await runProbe(
            from: from, request, instruments: instruments, transcript: transcript, progress: progress)
        if from == .networkNamespace {
            let seen = observeListeners(on: Set(ports), liveInstruments(terminal)).value
            report.tellWhatKeepsOut(listening: seen)
        }
        report.tellWhatWasNotAsked(of: endpoints, at: own)
        if let apart {
            report.from.note = report.from.note.map { "\($0); \(apart)" } ?? apart
        }
        report.hostedReason = report.hostedReason ?? hosted.reason
        return report
    }

    /// Of the domains that are nobody's, one that this host does not serve.
    private func foreignDomain(_ state: HostState) -> String? {
        let candidates = ProbeRequest.reservedDomains
        if state.managedMTA.value?.mta == .qmail {
            return state.qmail.value.flatMap { qmail in candidates.first { !takesMail(for: $0, qmail) } }
        }
        let trusted = policy.whiteList.allowed(on: state.observedAt.day)
        return state.postfix.value.flatMap {
            RelayAnalysis.foreignDomain(among: candidates, by: $0, trusted: trusted)
        }
    }

    /// The mailbox to ask for, to see that mail still arrives.
    private func hostedRecipient(_ state: HostState) -> Observed<String> {
        guard let hosted = state.hosted.value else { return .unseen(state.hosted.reason ?? "not seen") }
        guard let first = hosted.recipients.first else { return .unseen("no mailbox of this host is known") }
        guard state.managedMTA.value?.mta != .qmail, let postfix = state.postfix.value else {
            return .seen(first)
        }
        let trusted = policy.whiteList.allowed(on: state.observedAt.day)
        let served = servedRecipient(among: hosted.recipients, by: postfix, trusted: trusted)
        return served.map(Observed.seen)
            ?? .unseen("Postfix's own configuration serves no mailbox that is known, such as \(first)")
    }
}

/// The program runner, which `--verbose` lets the user watch.
func runner(_ terminal: Terminal) -> RunProgram {
    { call throws(Failure) in
        terminal.detail("+ " + ([call.executable] + call.arguments).joined(separator: " "))
        return try await runProgram(call)
    }
}

func liveInstruments(_ terminal: Terminal) -> Observation.Instruments {
    var instruments = Observation.Instruments.live(run: runner(terminal), now: currentTime)
    instruments.strangersKeys = { strangersKeys }
    return instruments
}
