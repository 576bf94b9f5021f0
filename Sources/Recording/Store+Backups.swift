import GRDB
package import MailModel

/// A file that a change set kept before it, or Plesk on its behalf, wrote to it.
package struct Backup: Hashable, Sendable {
    package var changeSet: Int
    /// The first step that kept these bytes.
    package var step: Int
    /// Of the file on the host.
    package var path: String
    package var sizeInBytes: Int
    /// Of the bytes, as the store names them.
    package var digest: String
    /// Owner, mode, time and attributes, as JSON that the executing module reads and writes.
    package var metadata: String?
    package var kept: Timestamp
    /// Whether these are the bytes that the file had before the change set.
    package var isFirst: Bool
}

extension Store {
    /// Every file that is kept, newest change set first; the same bytes of a file count once a change set.
    package func backups() throws(Failure) -> [Backup] {
        let all = try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT step.change_set, min(step.number) AS number, step.path, step.before_digest,
                        step.metadata, coalesce(step.started, step.finished, change_set.created) AS kept,
                        coalesce(content.size, 0) AS size
                    FROM step JOIN change_set ON change_set.id = step.change_set
                        LEFT JOIN content ON content.digest = step.before_digest
                    WHERE step.path IS NOT NULL AND step.before_digest IS NOT NULL
                    GROUP BY step.change_set, step.path, step.before_digest
                    ORDER BY step.change_set DESC, number
                    """
            ).map { try Backup($0) }
        }
        return markFirst(all)
    }
}

private func markFirst(_ backups: [Backup]) -> [Backup] {
    var seen: Set<String> = []
    return backups.map { backup in
        var backup = backup
        backup.isFirst = seen.insert("\(backup.changeSet) \(backup.path)").inserted
        return backup
    }
}

extension Backup {
    fileprivate init(_ row: Row) throws {
        changeSet = try row.decode(forColumn: "change_set")
        step = try row.decode(forColumn: "number")
        path = try row.decode(forColumn: "path")
        sizeInBytes = try row.decode(forColumn: "size")
        digest = try row.decode(forColumn: "before_digest")
        metadata = try row.decode(forColumn: "metadata")
        kept = Timestamp(microseconds: try row.decode(forColumn: "kept"))
        isFirst = false
    }
}
