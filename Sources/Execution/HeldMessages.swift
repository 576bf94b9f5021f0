package import MailModel
package import Recording

extension Store {
    /// What a change set held and is on hold still.
    /// - Parameters:
    ///   - change: `nil` for the last one of which something is.
    ///   - queue: Where a message is at this moment.
    /// - Throws: ``Failure`` when there is nothing.
    package func heldMessages(
        by change: Int?, _ queue: (MessageID) -> PostfixQueue?
    ) throws(Failure) -> (changeSet: Int, messages: [MessageID]) {
        for row in try changeSets() where change.map({ $0 == row.id }) ?? true {
            let steps = try steps(of: row.id).map { row throws(Failure) in try RecordedStep(row) }
            let messages = try steps.messagesHeld(in: self).filter { queue($0) == .hold }
            if !messages.isEmpty { return (row.id, messages) }
        }
        throw Failure(
            .failed, change.map { "nothing that change \($0) held is on hold" } ?? "nothing is held by agent",
            remedy: "`agent history` lists what there is; `postsuper -H ID` releases what others have held.")
    }
    /// Forgets old change sets as the policy says, and none that held messages which are on hold still: without it, they
    /// could not be released.
    /// - Parameter queue: Where a message is at this moment.
    package func pruneWhatHoldsNothing(
        _ policy: Policy.Backups, at now: Timestamp, isDry: Bool = false,
        _ queue: (MessageID) -> PostfixQueue?
    ) throws(Failure) -> Pruning {
        let going = try prune(policy, at: now, isDry: true)
        var holding: Set<Int> = []
        for id in going.changeSets {
            let steps = try steps(of: id).filter { $0.kind == .queue }
                .map { row throws(Failure) in try RecordedStep(row) }
            let isHolding = try steps.messagesHeld(in: self).contains { queue($0) == .hold }
            if isHolding { holding.insert(id) }
        }
        if isDry, holding.isEmpty { return going }
        return try prune(policy, at: now, isDry: isDry, keeping: holding)
    }
}

extension [RecordedStep] {
    fileprivate func messagesHeld(in store: Store) throws(Failure) -> [MessageID] {
        try reversedQueueSteps(in: store).filter { $0.action == .release }.flatMap(\.messages)
    }
}
