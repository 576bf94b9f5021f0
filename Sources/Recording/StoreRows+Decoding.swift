import GRDB
import MailModel

extension ChangeSetRow {
    init(_ row: Row) throws {
        id = try row.decode(forColumn: "id")
        kind = try word(row.decode(forColumn: "kind"))
        host = try row.decode(forColumn: "host")
        agentVersion = try row.decode(forColumn: "agent_version")
        policyPath = try row.decode(forColumn: "policy_path")
        policySHA256 = try row.decode(forColumn: "policy_sha256")
        planDigest = try row.decode(forColumn: "plan_digest")
        relayBefore = try row.decode(String?.self, forColumn: "relay_before").map { try word($0) }
        reverts = try row.decode(forColumn: "reverts")
        created = Timestamp(microseconds: try row.decode(forColumn: "created"))
        finished = try row.moment("finished")
        phase = try word(row.decode(forColumn: "phase"))
        decided = try row.decode(forColumn: "decided")
        window = try ConfirmWindow(row)
        probeBeforeDigest = try row.decode(forColumn: "probe_before_digest")
        let marks: String = try row.decode(forColumn: "marks")
        self.marks = marks.split(separator: "\n").map(String.init)
        outcome = try row.decode(forColumn: "outcome")
        message = try row.decode(forColumn: "message")
        probeDigest = try row.decode(forColumn: "probe_digest")
    }
}

extension ConfirmWindow {
    /// - Returns: `nil` when there is none.
    fileprivate init?(_ row: Row) throws {
        guard let length = try row.decode(Int64?.self, forColumn: "window_seconds") else { return nil }
        self.init(
            length: .seconds(length),
            deadline: Moment(
                wall: Timestamp(microseconds: try row.decode(forColumn: "window_deadline")),
                sinceBoot: .microseconds(
                    try row.decode(Int64.self, forColumn: "window_deadline_since_boot")),
                bootID: try row.decode(forColumn: "window_boot")))
    }

    /// The columns in the order of the schema.
    var columns: [(any DatabaseValueConvertible)?] {
        let sinceBoot = deadline.sinceBoot.components
        return [
            length.components.seconds, deadline.wall.microseconds,
            sinceBoot.seconds * 1_000_000 + sinceBoot.attoseconds / 1_000_000_000_000, deadline.bootID,
        ]
    }
}

extension StepRow {
    init(_ row: Row) throws {
        changeSet = try row.decode(forColumn: "change_set")
        number = try row.decode(forColumn: "number")
        kind = try word(row.decode(forColumn: "kind"))
        state = try word(row.decode(forColumn: "state"))
        summary = try row.decode(forColumn: "summary")
        action = try row.decode(forColumn: "action")
        isCompensation = try row.decode(forColumn: "is_compensation")
        path = try row.decode(forColumn: "path")
        beforeDigest = try row.decode(forColumn: "before_digest")
        afterDigest = try row.decode(forColumn: "after_digest")
        metadata = try row.decode(forColumn: "metadata")
        started = try row.moment("started")
        finished = try row.moment("finished")
        note = try row.decode(forColumn: "note")
    }
}

extension Row {
    func moment(_ column: String) throws -> Timestamp? {
        try decode(Int64?.self, forColumn: column).map { Timestamp(microseconds: $0) }
    }
}

/// A word that is not known is damage: a newer version's words come with a newer version's store.
private func word<Word: RawRepresentable<String>>(_ text: String) throws -> Word {
    guard let word = Word(rawValue: text) else { throw UnknownWord() }
    return word
}
