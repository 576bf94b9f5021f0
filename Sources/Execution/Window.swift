internal import HostIO
package import MailModel
package import Recording

/// Keeps what an open window holds; one that has ended already is carried out instead.
/// - Returns: The outcome that the probe had led to, or that of the end of the window.
package func confirmWindow(
    _ row: ChangeSetRow, policy: Policy, using instruments: Instruments
) async throws(Failure) -> ChangeResult {
    let engine = try Engine(resuming: row, using: instruments)
    guard row.remaining(at: instruments.moment()) > .zero else {
        return try await engine.endWindow(row, policy: policy, because: "it was confirmed too late")
    }
    // Nobody can say more than the probe did: what it could not tell stays unconfirmed.
    let outcome = row.decided.flatMap(Outcome.init) ?? .unconfirmed
    let probe = try row.probeDigest.map { digest throws(Failure) in
        try recordedProbe(instruments.store.content(digest))
    }
    let result = try engine.close(outcome, reasons: row.message.isEmpty ? [] : [row.message], probe: probe)
    await instruments.disarm(row.id)
    return result
}

/// Undoes what an open window holds, as its end would.
/// - Parameter exactly: Whether the old state is wanted even if it relays for strangers.
package func cancelWindow(
    _ row: ChangeSetRow, exactly: Bool, policy: Policy, using instruments: Instruments
) async throws(Failure) -> ChangeResult {
    let engine = try Engine(resuming: row, using: instruments)
    return try await engine.endWindow(row, exactly: exactly, policy: policy, because: "it was cancelled")
}

/// Moves the deadline of an open window to that long from now.
/// - Throws: ``ExitStatus/failed`` when it has ended already.
package func extendWindow(
    _ row: ChangeSetRow, to length: Duration, using instruments: Instruments
) async throws(Failure) -> ConfirmWindow {
    guard row.remaining(at: instruments.moment()) > .zero else {
        throw Failure(
            .failed, "the confirm window of change \(row.id) has ended already",
            remedy: "`agent recover` carries its end out.")
    }
    let window = ConfirmWindow(length: length, from: instruments.moment())
    try await instruments.arm(row.id, length)
    try instruments.store.move(window, of: row.id)
    return window
}

extension ChangeSetRow {
    /// How much of the confirm window is left; nothing where there is none.
    package func remaining(at moment: Moment) -> Duration { window?.remaining(at: moment) ?? .zero }
}

extension Engine {
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
