package import MailModel
package import Recording

extension Store {
    /// What a change set held and nobody took back since.
    /// - Parameter change: `nil` for the last one that held something.
    /// - Throws: ``Failure`` when there is nothing that it held.
    package func heldMessages(by change: Int?) throws(Failure) -> (changeSet: Int, messages: [MessageID]) {
        let rows = try changeSets()
        let takenBack = Set(rows.filter { $0.outcome == Outcome.confirmed.rawValue }.compactMap(\.reverts))
        for row in rows where change.map({ $0 == row.id }) ?? !takenBack.contains(row.id) {
            let steps = try steps(of: row.id).map { row throws(Failure) in try RecordedStep(row) }
            let messages = try steps.reversedQueueSteps(in: self).filter { $0.action == .release }
                .flatMap(\.messages)
            if !messages.isEmpty { return (row.id, messages) }
        }
        throw Failure(
            .failed, change.map { "change \($0) held no messages" } ?? "nothing is held by agent",
            remedy: "`agent history` lists what there is; `postsuper -H ID` releases what others have held.")
    }
}
