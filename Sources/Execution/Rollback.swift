internal import Content
internal import HostIO
package import MailModel
package import Recording

/// Restores exactly what a change set replaced: Plesk's settings, then the bytes and metadata of each file,
/// then a reload. It is a change set itself, probed and undoable.
///
/// - Parameters:
///   - change: The change set to take back.
///   - plan: What the host looks like now, for the record.
/// What somebody else changed in a file since is kept; only the change set's own part is taken out of it.
/// - Throws: ``Failure`` before the first write when that cannot be told apart, or a setting was changed
///   since; otherwise as ``apply(_:planDocument:policy:watchedPaths:using:)``.
package func rollBack(
    _ change: Int, plan: Plan, planDocument: String, using instruments: Instruments
) async throws(Failure) -> ChangeResult {
    let original = try instruments.store.steps(of: change).map { row throws(Failure) in try RecordedStep(row)
    }
    let paths = original.firstImages.compactMap(\.row.path)
    try makeReady(paths)
    // It takes a while, in which others may write; so it comes before the looks on which the first write relies.
    let before = await firstProbe(instruments)
    let files = try snapshots(of: paths)
    var changed = try changedSince(original, of: change, files, using: instruments)
    var settings: [(PleskChange, summary: String)] = []
    for step in original.reversed() where step.mayHaveHappened && !step.row.isCompensation {
        guard case .plesk(let plesk) = step.action else { continue }
        if try await isStillSet(plesk, by: change, using: instruments) {
            settings.append((plesk, summary: step.row.summary))
        }
    }
    let rights = try original.rightsOfOthers()
    let beside = try original.changedBesidePlesk(in: instruments.store)
    try original.checkContents(in: instruments.store)
    let journal = try Journal.begin(
        .rollback, plan: plan, planDocument: planDocument, reverting: change, before: before, keeping: files,
        using: instruments)
    for file in files { instruments.report(.backedUp(path: file.path)) }
    let engine = Engine(instruments: instruments, journal: journal)
    let queue: [QueueOutcome]
    do throws(Failure) {
        changed.formUnion(
            try await engine.reverse(original, files, settings: settings, changed: changed, rights: rights))
        queue = try await engine.takeBackQueue(original, role: .change)
        try engine.stopIfInterrupted()
        let services = original.reversedServices
        try await engine.takeEffect(
            services.isEmpty ? instruments.usualReload : services, skippingIdle: true)
    } catch {
        throw await engine.abandon(after: error)
    }
    return try await engine.judgeRollback(
        before: before, queue: queue,
        kept: keptSentences(edited: changed.sorted(), beside: beside, rights: rights))
}

/// The ports of the programs that a change set stopped, and that taking it back starts again.
package func retiredPorts(by change: Int, in store: Store) throws(Failure) -> Set<Int> {
    var ports: Set<Int> = []
    for row in try store.steps(of: change) {
        guard case .service(.retire(_, let own)) = try RecordedStep(row).action else { continue }
        ports.formUnion(own ?? [])
    }
    return ports
}

/// Bytes are restored where a file still holds what the change set left in it. What somebody else changed
/// since is kept, and the change set's own part taken out of it, where the two can be told apart.
/// - Returns: The files that somebody else changed since.
private func changedSince(
    _ original: [RecordedStep], of change: Int, _ files: [FileSnapshot], using instruments: Instruments
) throws(Failure) -> Set<String> {
    var changed: Set<String> = []
    for image in original.firstImages {
        guard let path = image.row.path else { continue }
        let lastDigest = original.lastDigest(of: path)
        guard let current = files.first(where: { $0.path == path }) else {
            guard lastDigest != nil else { continue }
            throw Failure(
                .failed, "\(path) is not there any more, so change \(change) cannot be taken back",
                remedy: "Put the file back, then run again.")
        }
        guard let leftDigest = lastDigest, sha256(current.bytes) != leftDigest else {
            continue
        }
        // Of a file that the change set made, nothing but its own part is left by removing it.
        let old = try original.imageToReturnTo(image, now: current.bytes, in: instruments.store).bytes
        let left = try instruments.store.content(leftDigest)
        guard threeWayMerge(base: left, ours: old, theirs: current.bytes) != nil else {
            throw Failure(
                .failed,
                "\(path) was changed since change \(change), in the same lines, and is left as it is",
                detail: "Nothing was taken back.\n"
                    + bothDiffs(path, old: old, left: left, now: current.bytes),
                remedy: "Take later change sets back first, or edit by hand.")
        }
        changed.insert(path)
    }
    return changed
}

/// Settings are taken back where they are still as the change set left them.
/// - Returns: Whether there is something to take back.
/// - Throws: When somebody set it to something else again.
private func isStillSet(
    _ plesk: PleskChange, by change: Int, using instruments: Instruments
) async throws(Failure) -> Bool {
    guard await instruments.holds(plesk.setting) == .seen(false) else { return true }
    if await instruments.holds(plesk.undoSetting) == .seen(true) { return false }
    throw Failure(
        .failed, "a setting of Plesk was changed since change \(change), and is left as it is",
        detail: "Nothing was taken back. The change had run: \(plesk.command.joined(separator: " "))",
        remedy: "Take later change sets back first, or change the setting in the panel.")
}

extension Engine {
    /// - Returns: The files in which something changed while Plesk was at work, and was kept.
    fileprivate func reverse(
        _ original: [RecordedStep], _ files: [FileSnapshot], settings: [(PleskChange, summary: String)],
        changed: Set<String>, rights: [String: FileMetadata]
    ) async throws(Failure) -> Set<String> {
        for (change, summary) in settings {
            try stopIfInterrupted()
            try await carryOut(change.reversed, summary: takeBackSummary(summary))
        }
        let found =
            settings.isEmpty
            ? (files: files, doubtful: []) : try lookAfterPlesk(original.firstImages.compactMap(\.row.path))
        for image in original.firstImages {
            guard let path = image.row.path else { continue }
            try stopIfInterrupted()
            let current = try snapshotFile(path)
            // What Plesk's commands made of it is in the store; what anybody else did meanwhile is not ours to take.
            guard current?.bytes == found.files.first(where: { $0.path == path })?.bytes else {
                throw Failure(
                    .stale, "\(path) changed while it was being taken back",
                    remedy: "Run `agent rollback` again.")
            }
            let old = try original.imageToReturnTo(image, now: current?.bytes, in: journal.store).bytes
            if let current, changed.contains(path) || found.doubtful.contains(path) {
                try await takeOut(of: current, old: old, steps: original, role: .change)
                continue
            }
            try await restore(
                image, to: old, at: path, from: current, rights: rights[path], role: .change)
        }
        return found.doubtful
    }

    /// A rollback is kept whatever the probe says of relaying: the old state was asked for. What is not as
    /// it should be is said.
    /// - Parameters:
    ///   - queue: What became of messages that the change set had held or released.
    ///   - kept: What of others' was left alone.
    func judgeRollback(
        before: ProbeReport?, queue: [QueueOutcome] = [], kept others: [String] = []
    ) async throws(Failure) -> ChangeResult {
        let ports = try await portsAfterRollback()
        let kept = ports.notes + others
        let left = ports.lost + queue.filter { $0.failed > 0 }.map(\.sentence)
        instruments.report(.probing(.after))
        let after: ProbeReport
        do throws(Failure) {
            after = try await instruments.probe(.essential)
        } catch {
            return try close(
                ports.lost.isEmpty ? .unconfirmed : .incomplete, reasons: left + [error.summary] + kept,
                probe: nil)
        }
        instruments.report(.probed(after.verdict))
        guard ports.lost.isEmpty else { return try close(.incomplete, reasons: left + kept, probe: after) }
        if let now = after.hosted, !now.accepted, before?.hosted?.accepted ?? true {
            let reason = "mail for \(now.recipient), which is hosted here, is not accepted"
            return try close(.unconfirmed, reasons: left + [reason] + kept, probe: after)
        }
        guard left.isEmpty else { return try close(.unconfirmed, reasons: left + kept, probe: after) }
        return try close(
            .confirmed, reasons: (after.verdict == .open ? ["it relayed for strangers again"] : []) + kept,
            probe: after)
    }
}
