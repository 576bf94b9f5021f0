import Content
import Execution
import HostIO
import MailModel
import Recording
import Reporting

extension ChangeSummary {
    init(_ row: ChangeSetRow) {
        let isWindowOpen = row.phase == .window && row.finished == nil
        self.init(
            id: row.id, kind: row.kind.rawValue, created: row.created, finished: row.finished,
            outcome: row.outcome, confirmUntil: isWindowOpen ? row.window?.deadline.wall : nil,
            reverts: row.reverts, relayBefore: row.relayBefore, message: row.message)
    }
}

/// The store for reading; `nil` when none has been made yet.
func readStore(_ named: String?) throws(Failure) -> Store? {
    let path = storePath(named)
    guard try isThere(path) else {
        guard named == nil else {
            throw Failure(
                .failed, "there is no store \(path)", remedy: "Name the file that `agent apply` wrote.")
        }
        return nil
    }
    return try Store(path: path, access: .readOnly)
}

/// Everything that the journal has of a change set.
func changeDetails(_ row: ChangeSetRow, in store: Store) throws(Failure) -> ChangeDetails {
    var steps: [ChangeDetails.Step] = []
    var lastSeen: [String: String] = [:]
    for step in try store.steps(of: row.id) {
        var diff: String?
        if let path = step.path, let seen = step.beforeDigest {
            // A file that is kept a second time shows what Plesk wrote on our behalf.
            let before = step.kind == .backup ? lastSeen[path] ?? seen : seen
            let after = step.afterDigest ?? seen
            diff = unifiedDiff(path: path, before: try store.content(before), after: try store.content(after))
            lastSeen[path] = after
        }
        steps.append(
            ChangeDetails.Step(
                number: step.number, kind: step.kind.rawValue, state: step.state.rawValue,
                summary: step.summary, command: try recordedCommand(step), path: step.path, diff: diff,
                note: step.note))
    }
    let probe = try row.probeDigest.map { digest throws(Failure) in
        try recordedProbe(store.content(digest))
    }
    return ChangeDetails(
        summary: ChangeSummary(row), agentVersion: row.agentVersion, policyPath: row.policyPath, steps: steps,
        probe: probe)
}

/// What the store tells monitoring. One that is damaged says nothing of the host, which may be an open relay all the same.
func statusJournal(of named: String?, undoing plan: Plan) throws(Failure) -> HostStatus.Journal {
    do throws(Failure) {
        return try statusJournal(try readStore(named), undoing: plan)
    } catch {
        guard error.status == .storeUnusable else { throw error }
        return HostStatus.Journal(unread: error.summary)
    }
}

/// The same of a store that is open; without one nothing was ever applied.
func statusJournal(_ store: Store?, undoing plan: Plan) throws(Failure) -> HostStatus.Journal {
    guard let store else { return HostStatus.Journal() }
    let window = try store.unfinishedChangeSets().first { $0.phase == .window }
    let interrupted = try interruptedChangeSets(store)
    return HostStatus.Journal(
        lastProbe: try lastProbe(in: store).map { .init(when: $0.when, verdict: $0.report.verdict) },
        lastChange: try store.changeSets(limit: 1).first.map(ChangeSummary.init),
        interrupted: interrupted,
        windowDeadline: window.flatMap { interrupted.contains($0.id) ? nil : $0.window?.deadline.wall },
        undone: try undoings(of: plan, in: store, at: plan.created).map(\.changeSets.count).reduce(0, +),
        storeSizeInBytes: try store.sizeInBytes())
}

/// The change sets that were cut off; one that a run is at just now is none.
func interruptedChangeSets(_ store: Store) throws(Failure) -> [Int] {
    // Asked before and after: what begins or ends meanwhile is no crash.
    let wasHeld = isRunLockHeld(at: runLock)
    let now = Moment(wall: currentTime(), sinceBoot: timeSinceBoot(), bootID: bootID())
    // Its timer ends a window within a second or two; one that is over for longer was in somebody's way.
    let unfinished = try store.unfinishedChangeSets()
        .filter { $0.phase != .window || $0.remaining(at: now) < .seconds(-15) }.map(\.id)
    return wasHeld || isRunLockHeld(at: runLock) ? [] : unfinished
}

/// The newest probe: that of `agent probe --keep`, or the one that a change set was closed with.
func lastProbe(in store: Store) throws(Failure) -> HostReport.SeenFromOutside? {
    let alone = try store.lastProbeOutsideOfChanges()
    if let row = try store.lastProbedChangeSet(), let digest = row.probeDigest, let when = row.finished,
        alone.map({ $0.finished.microseconds < when.microseconds }) ?? true
    {
        return HostReport.SeenFromOutside(when: when, report: try recordedProbe(store.content(digest)))
    }
    return try alone.map { alone throws(Failure) in
        HostReport.SeenFromOutside(when: alone.finished, report: try recordedProbe(alone.report))
    }
}

/// Keeps a probe of this host for monitoring. That it cannot be kept takes nothing away from the probe, and one
/// that could not tell does not stand for what an older one saw.
func keepProbe(_ report: ProbeReport, in named: String?, _ terminal: Terminal) {
    guard [.open, .closed].contains(report.verdict) else { return }
    do throws(Failure) {
        try record(report, in: openStore(storePath(named)))
    } catch {
        terminal.say("The probe could not be kept for `agent status`: \(error.summary)")
    }
}
