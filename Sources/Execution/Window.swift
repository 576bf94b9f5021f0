internal import HostIO
package import MailModel
package import Recording

/// Keeps what an open window holds; one that has ended already is carried out instead.
/// - Returns: The outcome that the probe had led to, or that of the end of the window. Where a file was changed since,
///   the probe says nothing of what is there now, and the outcome is ``Outcome/unconfirmed``.
/// - Throws: ``ExitStatus/failed`` when that could not be written down: the window stays open.
package func confirmWindow(
    _ row: ChangeSetRow, policy: Policy, using instruments: Instruments
) async throws(Failure) -> ChangeResult {
    let engine = try Engine(resuming: row, using: instruments)
    guard row.remaining(at: instruments.moment()) > .zero else {
        return try await engine.comingBackAfterFailure(row) { () async throws(Failure) in
            try await engine.endWindow(row, policy: policy, because: "it was confirmed too late")
        }
    }
    // Nobody can say more than the probe did: what it could not tell stays unconfirmed.
    var outcome = row.decided.flatMap(Outcome.init) ?? .unconfirmed
    var reasons = row.message.isEmpty ? [] : [row.message]
    let changed = try engine.journal.steps().changedSince()
    if outcome == .confirmed, !changed.isEmpty {
        outcome = .unconfirmed
        reasons.append(
            "\(changed.joined(separator: " and ")) changed after the probe that saw strangers refused: `agent probe` says "
                + "what is so now")
    }
    let probe = try row.probeDigest.map { digest throws(Failure) in
        try recordedProbe(instruments.store.content(digest))
    }
    do throws(Failure) {
        try engine.journal.close(
            outcome, message: reasons.joined(separator: "; "), probe: probe.map(encode))
    } catch {
        throw Failure(
            .failed, "the word could not be written down, so the window stays open: \(error.summary)",
            detail: error.detail,
            remedy: "Mend that, then run `agent confirm \(row.id)` again, before "
                + (row.window?.deadline.wall.rfc3339 ?? "the window ends") + ".")
    }
    await instruments.disarm(row.id)
    return ChangeResult(changeSet: row.id, outcome: outcome, reasons: reasons, probe: probe)
}

/// Undoes what an open window holds, as its end would.
/// - Parameter exactly: Whether the old state is wanted even if it relays for strangers.
package func cancelWindow(
    _ row: ChangeSetRow, exactly: Bool, policy: Policy, using instruments: Instruments
) async throws(Failure) -> ChangeResult {
    let engine = try Engine(resuming: row, using: instruments)
    do throws(Failure) {
        return try await engine.comingBackAfterFailure(row) { () async throws(Failure) in
            try await engine.endWindow(row, exactly: exactly, policy: policy, because: "it was cancelled")
        }
    } catch {
        // Where not even the beginning could be written down, nobody but this person knows of it.
        guard try instruments.store.changeSet(row.id)?.phase == .window else { throw error }
        var failure = error
        failure.remedy = "Mend what stands in the way, then run `agent cancel \(row.id)` again."
        throw failure
    }
}

/// Moves the deadline of an open window to that long from now.
/// - Throws: ``ExitStatus/failed`` when it has ended already.
package func extendWindow(
    _ row: ChangeSetRow, to length: Duration, using instruments: Instruments
) async throws(Failure) -> ConfirmWindow {
    guard let old = row.window, row.remaining(at: instruments.moment()) > .zero else {
        throw Failure(
            .failed, "the confirm window of change \(row.id) has ended already",
            remedy: "`agent recover` carries its end out.")
    }
    let window = ConfirmWindow(length: length, from: instruments.moment())
    // A timer that comes early finds the new deadline and is set again; one that comes late would leave the old one.
    try instruments.store.move(window, of: row.id)
    do throws(Failure) {
        try await instruments.arm(row.id, length)
    } catch {
        try? instruments.store.move(old, of: row.id)
        throw error
    }
    return window
}

extension ChangeSetRow {
    /// How much of the confirm window is left; nothing where there is none.
    package func remaining(at moment: Moment) -> Duration { window?.remaining(at: moment) ?? .zero }
}

extension Engine {
    /// Has somebody come back to a change set with a window when what was to end it fails: what stood in the way, a
    /// database or a disk, may be gone then.
    func comingBackAfterFailure<Value>(
        _ row: ChangeSetRow, _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        do throws(Failure) {
            return try await body()
        } catch {
            if let window = row.window {
                // Soon at first; what only a person can mend is not tried all the time.
                let late = .zero - window.remaining(at: instruments.moment())
                try? await instruments.arm(row.id, min(max(late, .seconds(30)), .seconds(3600)))
            }
            throw error
        }
    }

    init(resuming row: ChangeSetRow, using instruments: Instruments) throws(Failure) {
        // What it lacks would not be taken back, and nobody would hear of it.
        try instruments.store.requireSeal(of: row.id)
        let journal = Journal(store: instruments.store, changeSet: row.id, now: instruments.now)
        try makeReady(journal.steps().firstImages.compactMap(\.row.path))
        self.init(instruments: instruments, journal: journal)
    }

    /// What a good or undecided verdict leads to: the change is kept, or the window opens for a person's word.
    func keep(
        _ outcome: Outcome, reasons: [String] = [], probe: ProbeReport?, window length: Duration?
    ) async throws(Failure) -> ChangeResult {
        guard let length else { return try close(outcome, reasons: reasons, probe: probe) }
        let window = ConfirmWindow(length: length, from: instruments.moment())
        do throws(Failure) {
            try await instruments.arm(journal.changeSet, length)
            try journal.enter(.window, decided: outcome, reasons: reasons, probe: probe, window: window)
        } catch {
            // The timer that was set before the first write is still there, and has the change judged again.
            throw Failure(
                .personMustAct, "the change is on the host, and its confirm window could not be opened",
                detail: [error.summary, error.detail].compactMap { $0 }.joined(separator: "\n"),
                remedy: "Mend that, then run `agent recover`: it judges the change again.")
        }
        return ChangeResult(
            changeSet: journal.changeSet, outcome: .unconfirmed, reasons: reasons, probe: probe,
            confirmUntil: window.deadline.wall)
    }

    /// Nobody confirmed. The old state comes back, or where that relays for strangers the harbour, unless
    /// the policy says otherwise for mail that is broken or the old state is asked for all the same.
    func endWindow(
        _ row: ChangeSetRow, exactly: Bool = false, policy: Policy, because reason: String
    ) async throws(Failure) -> ChangeResult {
        let reasons = [reason] + (row.message.isEmpty ? [] : [row.message])
        let isForHarbour =
            switch policy.afterApply.mailBroken {
            case .harbour: true
            case .rollBack: false
            // A window that keeps what nobody confirmed would be none.
            case .automatic, .keep: relayedBefore(row, in: journal.store)
            }
        let result =
            exactly || !isForHarbour
            ? try await goBack(reasons) : try await enterHarbour(reasons, probe: nil)
        await instruments.disarm(row.id)
        return result
    }
}
