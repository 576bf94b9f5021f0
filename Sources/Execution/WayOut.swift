internal import Content
internal import HostIO
package import MailModel
package import Recording

/// What the steps begin with by which a host enters the safe harbour.
let harbourMark = "Harbour: edit "

/// The safe harbour that the host is in by its journal, with the way out of it.
/// - Returns: `nil` where the newest change that is in effect did not end there, or nothing of it is left on the host.
/// - Throws: ``ExitStatus/storeUnusable`` when what is needed of it is damaged.
package func safeHarbour(_ store: Store) throws(Failure) -> SafeHarbour? {
    try store.changeSetInHarbour().flatMap { row throws(Failure) in try safeHarbour(of: row, in: store) }
}

/// Whether the newest change that is in effect ended in the safe harbour, and nothing of that is left on the host: a change
/// that is not closed yet has led it out.
func hasLeftHarbour(_ store: Store) throws(Failure) -> Bool {
    guard let row = try store.changeSetInHarbour() else { return false }
    return try safeHarbour(of: row, in: store) == nil
}

private func safeHarbour(of row: ChangeSetRow, in store: Store) throws(Failure) -> SafeHarbour? {
    let steps = try store.steps(of: row.id).filter {
        $0.summary.hasPrefix(harbourMark) && $0.state == .done
    }
    var harbour = SafeHarbour(changeSet: row.id, filesWithout: [:], conflicts: [])
    for path in Set(steps.compactMap(\.path)).sorted() {
        let own = steps.filter { $0.path == path }
        guard let before = own.first?.beforeDigest, let after = own.last?.afterDigest,
            let now = try snapshotFile(path)?.bytes
        else { continue }
        let without = threeWayMerge(
            base: try store.content(after), ours: try store.content(before), theirs: now)
        if let without {
            if without != now { harbour.filesWithout[path] = without }
        } else {
            harbour.conflicts.append(path)
        }
    }
    return harbour.filesWithout.isEmpty && harbour.conflicts.isEmpty ? nil : harbour
}

extension Store {
    /// The newest apply that left something on the host and was not taken back since, where it ended in the harbour.
    fileprivate func changeSetInHarbour() throws(Failure) -> ChangeSetRow? {
        let newest = 20
        let rows = try changeSets(limit: newest)
        var found = rows.lastInEffect
        if found == nil, rows.count == newest { found = try changeSets().lastInEffect }
        return found.flatMap { $0.outcome == Outcome.harboured.rawValue ? $0 : nil }
    }
}

extension [ChangeSetRow] {
    /// Of change sets with the newest first.
    fileprivate var lastInEffect: ChangeSetRow? {
        var takenBack: Set<Int> = []
        for row in self {
            let isInEffect = row.outcome.flatMap(Outcome.init).map { $0.state != .before } ?? false
            guard isInEffect, !takenBack.contains(row.id) else { continue }
            if row.kind == .apply { return row }
            if row.kind == .rollback, let reverts = row.reverts { takenBack.insert(reverts) }
        }
        return nil
    }
}
