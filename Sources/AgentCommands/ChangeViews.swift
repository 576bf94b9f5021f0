import Content
import Execution
import HostIO
import MailModel
import Recording
import Reporting

extension ChangeSummary {
    init(_ row: ChangeSetRow) {
        let isWindowOpen = row.phase == .window && row.finished == nil
        self.init(
            id: row.id, kind: row.kind.rawValue, created: row.created, finished: row.finished,
            outcome: row.outcome, confirmUntil: isWindowOpen ? row.window?.deadline.wall : nil,
            reverts: row.reverts, relayBefore: row.relayBefore, message: row.message)
    }
}

/// The store for reading; `nil` when none has been made yet.
func readStore(_ named: String?) throws(Failure) -> Store? {
    let path = storePath(named)
    guard try isThere(path) else {
        guard named == nil else {
            throw Failure(
                .failed, "there is no store \(path)", remedy: "Name the file that `agent apply` wrote.")
        }
        return nil
    }
    return try Store(path: path, access: .readOnly)
}

/// Everything that the journal has of a change set.
func changeDetails(_ row: ChangeSetRow, in store: Store) throws(Failure) -> ChangeDetails {
    var steps: [ChangeDetails.Step] = []
    var lastSeen: [String: String] = [:]
    for step in try store.steps(of: row.id) {
        var diff: String?
        if let path = step.path, let seen = step.beforeDigest {
            // A file that is kept a second time shows what Plesk wrote on our behalf.
            let before = step.kind == .backup ? lastSeen[path] ?? seen : seen
            let after = step.afterDigest ?? seen
            diff = unifiedDiff(path: path, before: try store.content(before), after: try store.content(after))
            lastSeen[path] = after
        }
        steps.append(
            ChangeDetails.Step(
                number: step.number, kind: step.kind.rawValue, state: step.state.rawValue,
                summary: step.summary, command: try recordedCommand(step), path: step.path, diff: diff,
                note: step.note))
    }
    let probe = try row.probeDigest.map { digest throws(Failure) in
        try recordedProbe(store.content(digest))
    }
    return ChangeDetails(
        summary: ChangeSummary(row), agentVersion: row.agentVersion, policyPath: row.policyPath, steps: steps,
        probe: probe)
}
