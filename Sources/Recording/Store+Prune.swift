import GRDB
package import MailModel

/// What a pruning took away, or would take away.
package struct Pruning: Hashable, Sendable {
    /// Change sets, oldest first.
    package var changeSets: [Int]
    /// Contents that nothing needs any more.
    package var contents: Int
    package var contentBytes: Int
    /// Change sets that stay.
    package var kept: Int
}

extension Store {
    /// Forgets old change sets and the contents that only they needed.
    ///
    /// What stays: the last ones and those of the last days, as the policy says; whatever is not closed and
    /// what it takes back; the last one that was seen to be good; the last one that ended in the safe harbour; and what a change set that stays takes back.
    /// - Parameters:
    ///   - isDry: Whether only to say what would go.
    ///   - needed: Change sets that stay for another reason.
    package func prune(
        _ policy: Policy.Backups, at now: Timestamp, isDry: Bool = false, keeping needed: Set<Int> = []
    ) throws(Failure) -> Pruning {
        let oldest = now.advanced(bySeconds: -86_400 * Int64(policy.keepWithinDays))
        let pruning = try write { db in
            var pruning: Pruning?
            try db.inSavepoint {
                pruning = try prune(keepingLast: policy.keepLast, andSince: oldest, and: needed, db)
                return isDry ? .rollback : .commit
            }
            return pruning ?? Pruning(changeSets: [], contents: 0, contentBytes: 0, kept: 0)
        }
        if !isDry, !pruning.changeSets.isEmpty { shrink() }
        return pruning
    }

    private func prune(
        keepingLast count: Int, andSince oldest: Timestamp, and needed: Set<Int>, _ db: Database
    ) throws -> Pruning {
        let goes = try Int.fetchAll(
            db,
            sql: """
                WITH RECURSIVE kept (id) AS (
                    SELECT id FROM (SELECT id FROM change_set ORDER BY id DESC LIMIT ?)
                    UNION SELECT id FROM change_set WHERE created >= ? OR finished IS NULL
                    UNION SELECT value FROM json_each(?)
                    UNION SELECT max(id) FROM change_set WHERE outcome = 'confirmed' AND kind IN ('apply', 'rollback')
                    UNION SELECT max(id) FROM change_set WHERE outcome = 'harboured'
                    UNION SELECT reverts FROM change_set JOIN kept USING (id) WHERE reverts IS NOT NULL
                )
                SELECT id FROM change_set WHERE id NOT IN (SELECT id FROM kept WHERE id IS NOT NULL) ORDER BY id
                """, arguments: [count, oldest.microseconds, list(needed)])
        // One statement each: what takes back an older one that goes as well is looked at when all are gone.
        let list = list(goes)
        try db.execute(
            sql: "DELETE FROM step WHERE change_set IN (SELECT value FROM json_each(?))", arguments: [list])
        try db.execute(
            sql: "DELETE FROM change_set WHERE id IN (SELECT value FROM json_each(?))", arguments: [list])
        try db.execute(sql: "UPDATE tally SET change_sets = change_sets - ?", arguments: [goes.count])
        let unneeded = "FROM content WHERE digest NOT IN (SELECT digest FROM needed)"
        let sizes = try Row.fetchOne(
            db, sql: "WITH \(Self.references) SELECT count(*), coalesce(sum(size), 0) \(unneeded)")
        try db.execute(sql: "WITH \(Self.references) DELETE \(unneeded)")
        return Pruning(
            changeSets: goes, contents: try sizes?.decode(atIndex: 0) ?? 0,
            contentBytes: try sizes?.decode(atIndex: 1) ?? 0,
            kept: try Int.fetchOne(db, sql: "SELECT count(*) FROM change_set") ?? 0)
    }

    /// Gives the room back to the file system, and leaves nothing of what was forgotten in free pages. Where
    /// there is no room to do so, the free pages are used again.
    private func shrink() {
        try? queue.vacuum()
    }
}

/// For `json_each`.
private func list(_ ids: some Sequence<Int>) -> String {
    "[\(ids.map(String.init).joined(separator: ","))]"
}
