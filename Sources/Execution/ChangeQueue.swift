package import MailModel
package import Recording

/// Holds, releases or deletes messages as a change set of its own.
///
/// No probe is made: nothing about relaying changes. What it did is read back from the queue.
/// - Parameters:
///   - messages: As they were selected; each is looked for again at its turn.
///   - plan: What the host looks like, for the record.
///   - document: What was selected and why, as JSON, for the journal.
///   - reverting: The change set that this one takes back.
/// - Throws: ``Failure`` when nothing could be done; what was done before a failure is in the journal and stays.
package func changeQueue(
    _ action: QueueAction, _ messages: [MessageID], plan: Plan, document: String, reverting: Int? = nil,
    using instruments: Instruments
) async throws(Failure) -> (changeSet: Int, outcome: QueueOutcome) {
    let journal = try Journal.begin(
        ChangeSetKind(action), plan: plan, planDocument: document, reverting: reverting, using: instruments)
    let engine = Engine(instruments: instruments, journal: journal)
    let outcome: QueueOutcome
    do throws(Failure) {
        outcome = try await engine.carryOut(action, messages)
    } catch {
        try? journal.close(.unconfirmed, message: error.summary, probe: nil)
        throw error
    }
    _ = try engine.close(
        outcome.done == 0 ? .noChange : .confirmed, reasons: [outcome.sentence], probe: nil)
    return (journal.changeSet, outcome)
}

/// Takes back what a change set did to the queue alone: what it held is released, what it released is held again.
package func rollBackQueue(
    _ change: Int, plan: Plan, document: String, using instruments: Instruments
) async throws(Failure) -> (changeSet: Int, outcome: QueueOutcome) {
    let steps = try instruments.store.steps(of: change).map { row throws(Failure) in try RecordedStep(row) }
    let reversed = try steps.reversedQueueSteps(in: instruments.store)
    guard let action = reversed.first?.action else {
        throw Failure(
            .failed, "change \(change) did nothing to the queue that can be taken back",
            remedy: "`agent show \(change)` says what it did.")
    }
    return try await changeQueue(
        action, reversed.filter { $0.action == action }.flatMap(\.messages), plan: plan, document: document,
        reverting: change, using: instruments)
}

/// Whether a change set did nothing but to the queue: then nothing is probed or reloaded to take it back.
package func concernsTheQueueAlone(_ change: Int, in store: Store) throws(Failure) -> Bool {
    try store.steps(of: change).allSatisfy { $0.kind == .queue }
}

extension ChangeSetKind {
    init(_ action: QueueAction) {
        switch action {
        case .hold: self = .hold
        case .release: self = .release
        case .delete: self = .delete
        }
    }
}
