import Content
import HostIO
package import MailModel
import Recording

/// Finishes what a crash interrupted, the newest change set first.
///
/// What was decided is carried out: a change set that was being taken back is taken back, one on its way
/// into the harbour gets there. One that had everything on the host goes on from there: the reload is seen
/// in effect, it is judged from outside as the run would have judged it, and kept or not. Only one that was
/// cut off before that is taken back. A confirm window that has ended is carried out, one that has not is left
/// open, and its timer set again. So an apply that closed a relay is never undone for want of a record.
/// - Parameter policy: Says what follows when mail is broken or nothing can be confirmed.
/// - Returns: What each change set came to; `failed` and `rolled-back` mean the state before it.
/// - Throws: ``Failure`` with `.personMustAct` when something could not be finished.
package func recover(policy: Policy, using instruments: Instruments) async throws(Failure) -> [ChangeResult] {
    var results: [ChangeResult] = []
    let unfinished = try instruments.store.unfinishedChangeSets()
    // A Plesk command outlives the run that was killed, and would do its work after it was taken back.
    if !unfinished.isEmpty { await instruments.waitForPrograms() }
    for row in unfinished.reversed() {
        let engine = try Engine(resuming: row, using: instruments)
        let result = try await engine.comingBackAfterFailure(row) { () async throws(Failure) in
            try await engine.finish(row, policy: policy)
        }
        if row.window != nil, result.confirmUntil == nil { await instruments.disarm(row.id) }
        results.append(result)
    }
    return results
}

/// What a change set that was cut off and taken back is closed with.
private let cutOff = "it was cut off before everything was in effect"

extension Engine {
    fileprivate func finish(_ row: ChangeSetRow, policy: Policy) async throws(Failure) -> ChangeResult {
        let reasons = row.message.isEmpty ? [cutOff] : [row.message]
        if row.kind.concernsTheQueueAlone { return try keepWhatWasDone() }
        switch row.phase {
        case .changing:
            return try await goBack([cutOff], as: .failed)
        case .goingBack:
            let outcome = row.decided.flatMap(Outcome.init) ?? .failed
            return try await finishGoingBack(reasons, probe: nil, as: outcome)
        case .harbour:
            return try await finishHarbour(reasons, probe: nil)
        case .written:
            return try await goOn(row, policy: policy)
        case .window:
            let left = row.remaining(at: instruments.moment())
            guard left > .zero else {
                return try await endWindow(row, policy: policy, because: "nobody confirmed it in time")
            }
            let moment = instruments.moment()
            if let window = row.window, window.deadline.bootID != moment.bootID {
                try instruments.store.move(window.carriedOver(to: moment), of: row.id)
            }
            try await instruments.arm(row.id, left)
            return ChangeResult(
                changeSet: row.id, outcome: .unconfirmed, reasons: reasons,
                confirmUntil: row.window?.deadline.wall)
        }
    }

    /// What was done to messages stays done: each of them is in the journal, and can be taken back.
    private func keepWhatWasDone() throws(Failure) -> ChangeResult {
        let steps = try journal.steps()
        var done = 0
        for step in steps {
            guard case .queue(let action) = step.action else { continue }
            done += try step.messages(in: journal.store).count { action.isDone(instruments.queue($0)) }
        }
        let reason = "interrupted; what was done to \(done) message\(done == 1 ? "" : "s") stays"
        return try close(done == 0 ? .noChange : .confirmed, reasons: [reason], probe: nil)
    }

    private func goOn(_ row: ChangeSetRow, policy: Policy) async throws(Failure) -> ChangeResult {
        let steps = try journal.steps()
        let isWhole = try steps.areStillThere { path, digest throws(Failure) in
            try snapshotFile(path).map { sha256($0.bytes) } == digest
        }
        // The store may have been full when going back was decided.
        guard isWhole else { return try await goBack([cutOff], as: .failed) }
        // It is judged when mail is served: soon after the start of the host.
        if instruments.isBeforeMail {
            try await instruments.arm(row.id, .seconds(30))
            return ChangeResult(
                changeSet: row.id, outcome: .unconfirmed, reasons: ["it is judged when mail is served"],
                confirmUntil: instruments.now().advanced(bySeconds: 30))
        }
        do throws(Failure) {
            try await carryOut(steps.servicesLeft, skippingIdle: row.kind == .rollback)
        } catch {
            return try await goBack([error.summary], as: .failed)
        }
        let before = try row.probeBefore(in: journal.store)
        switch row.kind {
        case .apply:
            return try await judge(
                before: before, policy: policy, relayedBefore: row.relayBefore,
                window: row.window?.length)
        case .rollback, .hold, .release, .delete:
            return try await judgeRollback(before: before)
        }
    }
}

extension ChangeSetKind {
    fileprivate var concernsTheQueueAlone: Bool {
        switch self {
        case .hold, .release, .delete: true
        case .apply, .rollback: false
        }
    }
}
