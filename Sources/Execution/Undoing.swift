package import MailModel
package import Recording

/// Something that this program changed, and that was there again within a day.
package struct Undoing: Sendable, Equatable {
    package var finding: Finding.ID
    /// What was undone: the command, or the file and what was edited in it.
    package var what: String
    /// The change sets that had changed it, newest first.
    package var changeSets: [Int]
    package var last: Timestamp

    /// For the reader, without a full stop.
    package var sentence: String {
        let times = changeSets.count == 1 ? "once" : "\(changeSets.count) times"
        return "undone \(times) within a day, the last time since change \(changeSets[0]) of \(last.rfc3339) "
            + "(\(what)): something on this host writes it back, for instance Plesk's own repair or "
            + "configuration management"
    }
}

/// So often the same thing is changed within a day; then somebody has to find out who undoes it.
package let mostUndoings = 5

/// What of a plan had been changed by change sets of the last day, and was not taken back by a rollback.
package func undoings(of plan: Plan, in store: Store, at now: Timestamp) throws(Failure) -> [Undoing] {
    let rows = try store.changeSets(limit: 200)
    let rolledBack = Set(
        rows.filter { $0.kind == .rollback && $0.leftTheStateAfter }.compactMap(\.reverts))
    let recent = rows.filter {
        $0.kind == .apply && $0.leftTheStateAfter && !rolledBack.contains($0.id)
            && $0.created > now.advanced(bySeconds: -86_400)
    }
    return plan.marks.compactMap { finding, mark in
        let same = recent.filter { $0.marks.contains(mark) }
        guard let last = same.first else { return nil }
        return Undoing(finding: finding, what: mark, changeSets: same.map(\.id), last: last.created)
    }
}

extension Plan {
    /// What each change is about, in words that are the same whenever the same comes up again.
    var marks: [(finding: Finding.ID, mark: String)] {
        changes.flatMap { change -> [(finding: Finding.ID, mark: String)] in
            switch change.action {
            case .plesk(let plesk): [(change.finding, plesk.command.joined(separator: " "))]
            case .edit(let edit): edit.touches.map { (change.finding, "\(edit.path): \($0)") }
            case .service(let service): service.mark.map { [(change.finding, $0)] } ?? []
            case .hold: []
            }
        }
    }

    /// The plan with what an apply would refuse: a file with several names, an immutable one.
    /// - Parameters:
    ///   - paths: What ``apply(_:planDocument:policy:watchedPaths:confirmWindow:using:)`` watches.
    ///   - refusal: Why a file would be refused; `nil` for one that is fit to be replaced.
    package func notingRefusals(of paths: [String], _ refusal: (_ path: String) -> String?) -> Plan {
        guard !isEmpty else { return self }
        var plan = self
        plan.refusals += paths.including(edits.map(\.path)).compactMap(refusal)
        return plan
    }

    /// The plan with a note in each finding that was undone.
    package func noting(_ undoings: [Undoing]) -> Plan {
        var plan = self
        for undoing in undoings {
            guard let index = plan.findings.firstIndex(where: { $0.id == undoing.finding }) else { continue }
            plan.findings[index].notes.append(undoing.sentence)
        }
        return plan
    }
}

extension ServiceChange {
    /// `nil` for what only makes other changes count, or takes earlier ones back. A process id is another one each time.
    fileprivate var mark: String? {
        switch self {
        case .retire, .start, .enable: summary
        case .end(_, let command): "End \(command.first ?? "")"
        case .reloadPostfix, .reloadSuperserver, .restartQmail, .restore, .disable, .withdraw, .resume: nil
        }
    }
}

extension ChangeSetRow {
    fileprivate var leftTheStateAfter: Bool { outcome.flatMap(Outcome.init)?.state == .after }
}
