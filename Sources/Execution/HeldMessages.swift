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
            let messages = try steps.reversedQueueSteps(in: self).filter { $0.action == .release }
                .flatMap(\.messages).filter { queue($0) == .hold }
            if !messages.isEmpty { return (row.id, messages) }
        }
        throw Failure(
            .failed, change.map { "nothing that change \($0) held is on hold" } ?? "nothing is held by agent",
            remedy: "`agent history` lists what there is; `postsuper -H ID` releases what others have held.")
    }
}
