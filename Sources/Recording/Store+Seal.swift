import Content
import GRDB
package import MailModel

/// The seal of a change set is a digest of its row and of its steps, written in each transaction that writes to them, so
/// that what others make of them is seen: while it is open, what the host is brought back to depends on it.
extension Store {
    /// - Throws: ``ExitStatus/storeUnusable`` when the change set or one of its steps is not what was written of it. One
    ///   of a version that wrote no seals passes.
    package func requireSeal(of changeSet: Int) throws(Failure) {
        guard try isSealBroken(changeSet) else { return }
        throw Failure(
            .storeUnusable, "what the store \(path) has of change \(changeSet) is not what was written",
            remedy: "`agent backups verify` lists everything that is damaged, `agent backups export` writes "
                + "the kept files out.")
    }

    func isSealBroken(_ changeSet: Int) throws(Failure) -> Bool {
        try read { db in
            let kept = try String.fetchOne(
                db, sql: "SELECT seal FROM change_set WHERE id = ?", arguments: [changeSet])
            return try kept.map { try $0 != seal(of: changeSet, db) } ?? false
        }
    }

    /// How many closed change sets have no seal, as those of older versions.
    package func unsealedCount() throws(Failure) -> Int {
        try read { db in
            let unsealed = "SELECT count(*) FROM change_set WHERE finished IS NOT NULL AND seal IS NULL"
            return try Int.fetchOne(db, sql: unsealed) ?? 0
        }
    }

    func writeSeal(of changeSet: Int, _ db: Database) throws {
        try db.execute(
            sql: "UPDATE change_set SET seal = ? WHERE id = ?",
            arguments: [try seal(of: changeSet, db), changeSet])
    }

    /// The change sets whose seal is broken.
    func brokenSeals(_ db: Database) throws -> [Int] {
        try Row.fetchAll(db, sql: "SELECT id, seal FROM change_set WHERE seal IS NOT NULL ORDER BY id")
            .compactMap { row -> Int? in
                let id: Int = try row.decode(forColumn: "id")
                let kept: String = try row.decode(forColumn: "seal")
                return try kept == seal(of: id, db) ? nil : id
            }
    }

    private func seal(of changeSet: Int, _ db: Database) throws -> String {
        let lines = try [
            "SELECT \(sealedOfChangeSet) FROM change_set WHERE id = ?",
            "SELECT \(sealedOfStep) FROM step WHERE change_set = ? ORDER BY number",
        ].flatMap { try String.fetchAll(db.cachedStatement(sql: $0), arguments: [changeSet]) }
        return sha256(lines.joined(separator: "\n").utf8)
    }
}

/// As SQL literals, which tell a text from a number and nothing from an empty text. A column that is added later is
/// not among them: the old seals would be broken.
private let sealedOfChangeSet = literals([
    "id", "kind", "host", "agent_version", "policy_path", "policy_sha256", "plan_digest", "relay_before",
    "reverts", "created", "finished", "outcome", "message", "probe_digest", "phase", "decided",
    "probe_before_digest", "window_seconds", "window_deadline", "window_deadline_since_boot", "window_boot",
    "marks",
])

private let sealedOfStep = literals([
    "number", "kind", "state", "summary", "action", "is_compensation", "path", "before_digest",
    "after_digest", "metadata", "started", "finished", "note",
])

private func literals(_ columns: [String]) -> String {
    columns.map { "quote(\($0))" }.joined(separator: " || ',' || ")
}
