internal import Content
internal import HostIO
package import MailModel
internal import Recording

/// Restores exactly what a change set replaced: Plesk's settings, then the bytes and metadata of each file,
/// then a reload. It is a change set itself, probed and undoable.
///
/// - Parameters:
///   - change: The change set to take back.
///   - plan: What the host looks like now, for the record.
/// - Throws: ``Failure`` before the first write when a file no longer holds what the change set left in
///   it; otherwise as ``apply(_:planDocument:policy:watchedPaths:using:)``.
package func rollBack(
    _ change: Int, plan: Plan, planDocument: String, using instruments: Instruments
) async throws(Failure) -> ChangeResult {
    let original = try instruments.store.steps(of: change).map { row throws(Failure) in try RecordedStep(row)
    }
    try makeReady(original.firstImages.compactMap(\.row.path))
    try refuseOthersEdits(since: original, of: change, using: instruments)
    let before = await firstProbe(instruments)
    let journal = try Journal.begin(
        .rollback, plan: plan, planDocument: planDocument, reverting: change, before: before,
        using: instruments)
    let engine = Engine(instruments: instruments, journal: journal)
    do throws(Failure) {
        try engine.backUp(original.firstImages.compactMap(\.row.path))
        try await engine.reverse(original)
        try await engine.takeEffect()
    } catch {
        throw await engine.abandon(after: error)
    }
    return try await engine.judgeRollback(before: before)
}

/// Bytes are restored only where the file still holds what the change set left in it.
private func refuseOthersEdits(
    since original: [RecordedStep], of change: Int, using instruments: Instruments
) throws(Failure) {
    for path in original.firstImages.compactMap(\.row.path) {
        guard let current = try snapshotFile(path) else {
            throw Failure(
                .failed, "\(path) is not there any more, so change \(change) cannot be taken back",
                remedy: "Put the file back, then run again.")
        }
        let left = original.lastDigest(of: path)
        guard sha256(current.bytes) == left else {
            let ours = try left.map { digest throws(Failure) in try instruments.store.content(digest) } ?? []
            throw Failure(
                .failed, "\(path) was changed since change \(change), and is left as it is",
                detail: "Nothing was taken back. What was changed since:\n"
                    + unifiedDiff(path: path, before: ours, after: current.bytes),
                remedy: "Look at `agent show \(change)`; take later change sets back first, or edit by hand.")
        }
    }
}

extension Engine {
    fileprivate func reverse(_ original: [RecordedStep]) async throws(Failure) {
        let paths = original.firstImages.compactMap(\.row.path)
        var isPleskDone = false
        for step in original.reversed() where step.mayHaveHappened && !step.row.isCompensation {
            guard case .plesk(let change) = step.action else { continue }
            try stopIfInterrupted()
            try await carryOut(change.reversed, summary: "Take back: \(step.row.summary)")
            isPleskDone = true
        }
        if isPleskDone { try backUp(paths) }
        for image in original.firstImages {
            guard let path = image.row.path, let digest = image.row.beforeDigest,
                let current = try snapshotFile(path)
            else { continue }
            try stopIfInterrupted()
            let old = try journal.store.content(digest)
            if current.bytes == old, current.metadata == image.metadata { continue }
            try await replace(
                current, with: old, restoring: image.metadata, summary: "Restore \(path)")
        }
    }

    /// A rollback is kept whatever the probe says of relaying: the old state was asked for. What is not as
    /// it should be is said.
    func judgeRollback(before: ProbeReport?) async throws(Failure) -> ChangeResult {
        instruments.report(.probing(.after))
        let after: ProbeReport
        do throws(Failure) {
            after = try await instruments.probe(.essential)
        } catch {
            return try close(.unconfirmed, reasons: [error.summary], probe: nil)
        }
        instruments.report(.probed(after.verdict))
        if let now = after.hosted, !now.accepted, before?.hosted?.accepted ?? true {
            let reason = "mail for \(now.recipient), which is hosted here, is not accepted"
            return try close(.unconfirmed, reasons: [reason], probe: after)
        }
        return try close(.confirmed, probe: after)
    }
}
