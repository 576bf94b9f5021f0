import Content
import Foundation
import GRDB
package import MailModel

/// One thing that is wrong with a store.
package enum Damage: Hashable, Sendable {
    /// Content whose bytes are not what its digest says.
    case altered(digest: String)
    /// Content that is shorter than it was.
    case truncated(digest: String, isBytes: Int, wasBytes: Int)
    /// Content that a change set needs and that is not there.
    case missing(digest: String, changeSet: Int)
    /// Content that no change set needs.
    case extra(digest: String)
    /// Content that has the bytes of another one.
    case swapped(digest: String, holds: String)
    /// A change set or a step with a value that this version does not know.
    case unreadable(changeSet: Int)
    /// A change set that is not what was written of it: a value is another one, or a step is gone.
    case sealBroken(changeSet: Int)
    /// A change set that lacks a step.
    case stepMissing(changeSet: Int)
    /// Change sets that are not there any more, and were not forgotten.
    case changeSetsMissing(Int)
    /// What SQLite says of the file itself.
    case structure(String)

    /// For the reader, without a full stop.
    package var sentence: String {
        switch self {
        case .altered(let digest): "content \(digest) is not what it was"
        case .truncated(let digest, let length, let expected):
            "content \(digest) is cut off: \(length) of \(expected) bytes"
        case .missing(let digest, let changeSet):
            "content \(digest) is missing, and change \(changeSet) needs it"
        case .extra(let digest): "content \(digest) belongs to no change"
        case .swapped(let digest, let other): "content \(digest) has the bytes of content \(other)"
        case .unreadable(let changeSet): "change \(changeSet) has a value that is not of its kind"
        case .sealBroken(let changeSet): "change \(changeSet) is not what was written of it"
        case .stepMissing(let changeSet): "change \(changeSet) lacks a step"
        case .changeSetsMissing(let count):
            "\(count) change\(count == 1 ? " is" : "s are") not there any more; one that was open may still be on the host"
        case .structure(let text): "the file is damaged: \(text)"
        }
    }
}

extension Store {
    /// Reads everything that is in the store and compares it with its digest.
    ///
    /// Memory is bounded by the largest content.
    /// - Returns: Every damage found; empty for a sound store.
    /// - Throws: As every read does, when the file cannot be read at all.
    package func verify() throws(Failure) -> [Damage] {
        do {
            return try queue.read { db in
                let structure = try structureDamages(db)
                return try structure + contentDamages(db) + referenceDamages(db) + rowDamages(db)
            }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
            return [.structure("SQLite result code \(error.extendedResultCode.rawValue)")]
        } catch {
            throw storeFailure(error, path: path)
        }
    }

    private func structureDamages(_ db: Database) throws -> [Damage] {
        try String.fetchAll(db, sql: "PRAGMA integrity_check(100)").filter { $0 != "ok" }
            .map { .structure(printableText($0.utf8)) }
    }

    private func contentDamages(_ db: Database) throws -> [Damage] {
        let known = try Set(String.fetchAll(db, sql: "SELECT digest FROM content"))
        var damages: [Damage] = []
        let rows = try Row.fetchCursor(db, sql: "SELECT digest, size, bytes FROM content ORDER BY digest")
        while let row = try rows.next() {
            let digest: String = try row.decode(forColumn: "digest")
            let bytes: Data = try row.decode(forColumn: "bytes")
            let size: Int = try row.decode(forColumn: "size")
            let actual = sha256(bytes)
            if actual == digest, bytes.count == size { continue }
            if actual != digest, known.contains(actual) {
                damages.append(.swapped(digest: digest, holds: actual))
            } else if bytes.count < size {
                damages.append(.truncated(digest: digest, isBytes: bytes.count, wasBytes: size))
            } else {
                damages.append(.altered(digest: digest))
            }
        }
        return damages
    }

    private func referenceDamages(_ db: Database) throws -> [Damage] {
        let missing = try Row.fetchAll(
            db,
            sql: """
                WITH \(Self.references)
                SELECT digest, min(change_set) AS change_set FROM needed
                WHERE digest NOT IN (SELECT digest FROM content) GROUP BY digest ORDER BY digest
                """)
        let extra = try String.fetchAll(
            db,
            sql: """
                WITH \(Self.references)
                SELECT digest FROM content WHERE digest NOT IN (SELECT digest FROM needed) ORDER BY digest
                """)
        return try missing.map {
            .missing(
                digest: try $0.decode(forColumn: "digest"),
                changeSet: try $0.decode(forColumn: "change_set"))
        } + extra.map { .extra(digest: $0) }
    }

    private func rowDamages(_ db: Database) throws -> [Damage] {
        var unreadable: Set<Int> = []
        let changeSets = try Row.fetchCursor(db, sql: "SELECT * FROM change_set")
        while let row = try changeSets.next() {
            if (try? ChangeSetRow(row)) == nil { unreadable.insert((try? row.decode(forColumn: "id")) ?? 0) }
        }
        let steps = try Row.fetchCursor(db, sql: "SELECT * FROM step")
        while let row = try steps.next() {
            if (try? StepRow(row)) == nil {
                unreadable.insert((try? row.decode(forColumn: "change_set")) ?? 0)
            }
        }
        unreadable.formUnion(
            try Int.fetchAll(
                db,
                sql: """
                    SELECT change_set FROM step
                    WHERE NOT json_valid(action) OR metadata IS NOT NULL AND NOT json_valid(metadata)
                    """))
        let lacking = try Int.fetchAll(
            db, sql: "SELECT change_set FROM step GROUP BY change_set HAVING count(*) <> max(number)")
        let broken = try Set(brokenSeals(db)).subtracting(unreadable).subtracting(lacking)
        let counted = "SELECT change_sets - (SELECT count(*) FROM change_set) FROM tally"
        let missing = try Int.fetchOne(db, sql: counted) ?? 0
        return (missing > 0 ? [.changeSetsMissing(missing)] : [])
            + unreadable.sorted().map { .unreadable(changeSet: $0) }
            + lacking.map { .stepMissing(changeSet: $0) } + broken.sorted().map { .sealBroken(changeSet: $0) }
    }

    /// Every digest that the journal names, with the change set that names it.
    static let references = """
        needed (digest, change_set) AS (
            SELECT plan_digest, id FROM change_set
            UNION ALL SELECT probe_digest, id FROM change_set WHERE probe_digest IS NOT NULL
            UNION ALL SELECT probe_before_digest, id FROM change_set WHERE probe_before_digest IS NOT NULL
            UNION ALL SELECT before_digest, change_set FROM step WHERE before_digest IS NOT NULL
            UNION ALL SELECT after_digest, change_set FROM step WHERE after_digest IS NOT NULL
        )
        """
}
