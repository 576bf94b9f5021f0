import Content
import Foundation
import GRDB
package import MailModel

extension Store {
    /// Opens a change set.
    /// - Parameters:
    ///   - backups: What is kept with it at once; read back and compared when this returns.
    ///   - steps: What is done first, numbered after the backups; read back and compared as well.
    /// - Returns: Its id.
    package func begin(
        _ new: NewChangeSet, keeping backups: [NewStep] = [], starting steps: [NewStep] = []
    ) throws(Failure) -> Int {
        let id = try write { db in
            try keep(Array(new.planDocument.utf8), db)
            try new.probeBefore.map { try keep(Array($0.utf8), db) }
            try db.execute(
                sql: """
                    INSERT INTO change_set
                        (kind, host, agent_version, policy_path, policy_sha256, plan_digest, relay_before,
                         reverts, probe_before_digest, marks, created)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    new.kind.rawValue, new.host, new.agentVersion, new.policy.path, new.policy.sha256,
                    sha256(new.planDocument.utf8), new.relayBefore?.rawValue, new.reverts,
                    new.probeBefore.map { sha256($0.utf8) }, new.marks.joined(separator: "\n"),
                    new.created.microseconds,
                ])
            let id = Int(db.lastInsertedRowID)
            try db.execute(sql: "UPDATE tally SET change_sets = change_sets + 1")
            try new.window.map { try move($0, of: id, db) }
            for step in backups { _ = try keep(step, .done, new.created, in: id, db) }
            for step in steps { _ = try keep(step, .started, new.created, in: id, db) }
            try writeSeal(of: id, db)
            return id
        }
        try readBack(backups + steps)
        return id
    }

    /// Writes down a step before it begins. The bytes that it replaces are in the store, and were read
    /// back from it and compared, when this returns.
    /// - Returns: The step's number.
    package func record(_ step: NewStep, in changeSet: Int) throws(Failure) -> Int {
        try commit([.step(step, .intended, nil)], in: changeSet).first ?? 0
    }

    /// Moves a step on.
    package func mark(
        _ state: StepState, step number: Int, in changeSet: Int, at time: Timestamp, note: String? = nil
    ) throws(Failure) {
        _ = try commit([.mark(state, step: number, time, note: note)], in: changeSet)
    }

    /// Writes down several things in one transaction, which costs as much as one of them alone.
    ///
    /// The bytes that a step replaces are in the store, and were read back from it and compared, when this
    /// returns.
    /// - Returns: The numbers of the steps among them, in order.
    package func commit(_ entries: [JournalEntry], in changeSet: Int) throws(Failure) -> [Int] {
        let numbers = try write { db in
            let numbers = try keep(entries, in: changeSet, db)
            try writeSeal(of: changeSet, db)
            return numbers
        }
        try readBack(entries.compactMap { if case .step(let step, _, _) = $0 { step } else { nil } })
        return numbers
    }

    private func readBack(_ steps: [NewStep]) throws(Failure) {
        let kept = steps.compactMap(\.before)
        guard !kept.isEmpty else { return }
        // Else SQLite would answer from the pages that it has just written, not from the file.
        queue.releaseMemory()
        for bytes in kept {
            let digest = sha256(bytes)
            guard try content(digest) == bytes else { throw damaged(digest) }
        }
    }

    private func keep(_ entries: [JournalEntry], in changeSet: Int, _ db: Database) throws -> [Int] {
        var numbers: [Int] = []
        for entry in entries {
            switch entry {
            case .step(let step, let state, let time):
                numbers.append(try keep(step, state, time, in: changeSet, db))
            case .mark(let state, let number, let time, let note):
                let column = state == .started ? "started" : "finished"
                try db.execute(
                    sql: """
                        UPDATE step SET state = ?, \(column) = ?, note = coalesce(?, note)
                        WHERE change_set = ? AND number = ?
                        """,
                    arguments: [state.rawValue, time.microseconds, note, changeSet, number])
            case .phase(let phase):
                try db.execute(
                    sql: "UPDATE change_set SET phase = ? WHERE id = ?",
                    arguments: [phase.rawValue, changeSet])
            }
        }
        return numbers
    }

    private func keep(
        _ step: NewStep, _ state: StepState, _ time: Timestamp?, in changeSet: Int, _ db: Database
    ) throws -> Int {
        try step.before.map { try keep($0, db) }
        try step.after.map { try keep($0, db) }
        let last = try Int.fetchOne(
            db, sql: "SELECT max(number) FROM step WHERE change_set = ?", arguments: [changeSet])
        let number = (last ?? 0) + 1
        try db.execute(
            sql: """
                INSERT INTO step
                    (change_set, number, kind, state, summary, action, is_compensation, path,
                     before_digest, after_digest, metadata, started, finished)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                changeSet, number, step.kind.rawValue, state.rawValue, step.summary,
                step.action, step.isCompensation, step.path, step.before.map { sha256($0) },
                step.after.map { sha256($0) }, step.metadata, time?.microseconds,
                state == .done ? time?.microseconds : nil,
            ])
        return number
    }

    /// Writes down what is done next with a change set, before it is done.
    /// - Parameters:
    ///   - decided: The outcome that it leads to, when that is known already.
    ///   - message: Why, for the reader.
    ///   - probe: The document of what was seen from outside, which led to it.
    package func enter(
        _ phase: ChangeSetPhase, decided: String? = nil, message: String = "", probe: String? = nil,
        window: ConfirmWindow? = nil, after entries: [JournalEntry] = [], in changeSet: Int
    ) throws(Failure) {
        try write { db in
            _ = try keep(entries, in: changeSet, db)
            try window.map { try move($0, of: changeSet, db) }
            try probe.map { try keep(Array($0.utf8), db) }
            try db.execute(
                sql: """
                    UPDATE change_set SET phase = ?, decided = ?, message = ?,
                        probe_digest = coalesce(?, probe_digest)
                    WHERE id = ?
                    """,
                arguments: [phase.rawValue, decided, message, probe.map { sha256($0.utf8) }, changeSet])
            try writeSeal(of: changeSet, db)
        }
    }

    /// Gives a change set's confirm window another end.
    package func move(_ window: ConfirmWindow, of changeSet: Int) throws(Failure) {
        try write { db in
            try move(window, of: changeSet, db)
            try writeSeal(of: changeSet, db)
        }
    }

    private func move(_ window: ConfirmWindow, of changeSet: Int, _ db: Database) throws {
        try db.execute(
            sql: """
                UPDATE change_set SET window_seconds = ?, window_deadline = ?,
                    window_deadline_since_boot = ?, window_boot = ?
                WHERE id = ?
                """,
            arguments: StatementArguments(window.columns + [changeSet]))
    }

    /// Closes a change set.
    /// - Parameter probe: The last probe's document; `nil` leaves the one that led to the outcome.
    package func close(
        _ changeSet: Int, outcome: String, message: String, probe: String?,
        after entries: [JournalEntry] = [],
        at time: Timestamp
    ) throws(Failure) {
        try write { db in
            _ = try keep(entries, in: changeSet, db)
            try probe.map { try keep(Array($0.utf8), db) }
            try db.execute(
                sql: """
                    UPDATE change_set SET outcome = ?, message = ?,
                        probe_digest = coalesce(?, probe_digest), finished = ?
                    WHERE id = ?
                    """,
                arguments: [outcome, message, probe.map { sha256($0.utf8) }, time.microseconds, changeSet])
            try writeSeal(of: changeSet, db)
        }
    }

    /// Change sets, newest first.
    package func changeSets(limit: Int? = nil) throws(Failure) -> [ChangeSetRow] {
        try read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM change_set ORDER BY id DESC LIMIT ?", arguments: [limit ?? -1]
            ).map(ChangeSetRow.init)
        }
    }

    /// What the store takes on disk.
    package func sizeInBytes() throws(Failure) -> Int {
        try read { db in
            let sizes = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
            return try Int.fetchOne(db, sql: sizes) ?? 0
        }
    }

    /// The newest change set that was closed with what a probe saw.
    package func lastProbedChangeSet() throws(Failure) -> ChangeSetRow? {
        try read { db in
            try Row.fetchOne(
                db,
                sql: """
                    SELECT * FROM change_set WHERE probe_digest IS NOT NULL AND finished IS NOT NULL
                    ORDER BY id DESC LIMIT 1
                    """
            ).map(ChangeSetRow.init)
        }
    }

    /// Keeps what a probe saw that belongs to no change set, in place of an older one.
    /// - Parameter report: As a change set keeps it.
    package func record(probe report: [UInt8], at finished: Timestamp) throws(Failure) {
        try write { db in
            try db.execute(
                sql: "INSERT OR REPLACE INTO probe (id, finished, report) VALUES (1, ?, ?)",
                arguments: [finished.microseconds, Data(report)])
        }
    }

    /// The newest probe that belongs to no change set; `nil` when there was none.
    package func lastProbeOutsideOfChanges() throws(Failure) -> (report: [UInt8], finished: Timestamp)? {
        try read { db in
            try Row.fetchOne(db, sql: "SELECT finished, report FROM probe").map { row in
                let bytes: Data = try row.decode(forColumn: "report")
                return (Array(bytes), Timestamp(microseconds: try row.decode(forColumn: "finished")))
            }
        }
    }

    /// - Returns: `nil` when there is none of that id.
    package func changeSet(_ id: Int) throws(Failure) -> ChangeSetRow? {
        try read { db in
            try Row.fetchOne(db, sql: "SELECT * FROM change_set WHERE id = ?", arguments: [id])
                .map(ChangeSetRow.init)
        }
    }

    /// Change sets that were left open, oldest first.
    package func unfinishedChangeSets() throws(Failure) -> [ChangeSetRow] {
        try read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM change_set WHERE finished IS NULL ORDER BY id")
                .map(ChangeSetRow.init)
        }
    }

    /// The steps of a change set, in the order of the writing.
    package func steps(of changeSet: Int) throws(Failure) -> [StepRow] {
        try read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM step WHERE change_set = ? ORDER BY number", arguments: [changeSet]
            ).map(StepRow.init)
        }
    }

    /// Content by its digest, checked against it.
    /// - Throws: ``Failure`` with `.storeUnusable` when it is missing or is not what its digest says.
    package func content(_ digest: String) throws(Failure) -> [UInt8] {
        let bytes = try read { db in
            try Data.fetchOne(db, sql: "SELECT bytes FROM content WHERE digest = ?", arguments: [digest])
                .map { [UInt8]($0) }
        }
        guard let bytes, sha256(bytes) == digest else { throw damaged(digest) }
        return bytes
    }

    private func damaged(_ digest: String) -> Failure {
        Failure(
            .storeUnusable, "a backup in \(path) is missing or damaged", detail: "content \(digest)",
            remedy: "`agent backups verify` lists everything that is damaged.")
    }

    /// Keeps content once, whatever number of times it is needed.
    private func keep(_ bytes: [UInt8], _ db: Database) throws {
        try db.execute(
            sql: "INSERT INTO content (digest, size, bytes) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            arguments: [sha256(bytes), bytes.count, Data(bytes)])
    }
}
