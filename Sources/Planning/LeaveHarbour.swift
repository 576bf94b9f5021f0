import MailModel
import RelayAnalysis

/// The host with the files as they are without the harbour.
func withoutHarbour(_ state: HostState) -> HostState {
    guard let files = state.harbour?.filesWithout else { return state }
    var state = state
    if case .seen(var postfix) = state.postfix {
        if let bytes = files[postfix.mainCF.path] { postfix.mainCF.bytes = bytes }
        if let bytes = files[postfix.masterCF.path] { postfix.masterCF.bytes = bytes }
        state.postfix = .seen(postfix)
    }
    if case .seen(var qmail) = state.qmail {
        // What is read by one path can be a link to the file that was edited.
        for (path, file) in qmail.files {
            guard case .content(var content) = file, let bytes = files[content.path] else { continue }
            content.bytes = bytes
            qmail.files[path] = .content(content)
        }
        state.qmail = .seen(qmail)
    }
    return state
}

/// What is said of the harbour; `nil` where the host is in none.
func judgeHarbour(_ state: HostState, isLeft: Bool) -> Finding? {
    guard let harbour = state.harbour else { return nil }
    if let postfix = state.postfix.value, state.managedMTA.value?.mta == .postfix,
        !RelayAnalysis.harbour(postfix).isEmpty
    {
        // Somebody has left it by hand.
        return nil
    }
    let change = harbour.changeSet
    var finding = Finding(
        id: .harbour, status: .drift, wanted: "what the policy says, and no more",
        actual: "in the safe harbour since change \(change)",
        why: "The harbour refuses strangers, and with them clients that the policy lets relay.")
    if !harbour.conflicts.isEmpty {
        let files = harbour.conflicts.joined(separator: " and ")
        finding.notes = [
            "\(files) was changed since, in the lines of the harbour: `agent show \(change)` shows them, to be edited by hand"
        ]
    } else if !isLeft {
        finding.notes = [
            "`agent show \(change)` says why it was entered; once that is mended, `agent apply --leave-harbour` "
                + "puts back what change \(change) had made, and has it judged from outside again"
        ]
    }
    return finding
}

extension RelayJudgement {
    /// The judgement of the host without the harbour, as the way to it from the harbour.
    func leavingHarbour(_ state: HostState, before: RelayVerdict?) -> RelayJudgement {
        guard let harbour = state.harbour else { return self }
        var judgement = self
        judgement.before = before
        let now = state.bytesByPath
        let repairs = judgement.edits
        judgement.edits = repairs.filter { harbour.filesWithout[$0.path] == nil }
        for (path, bytes) in harbour.filesWithout.sorted(by: { $0.key < $1.key }) {
            let repair = repairs.first { $0.path == path }
            judgement.edits.append(
                FileEdit(
                    path: path, before: now(path), after: repair?.after ?? bytes,
                    touches: ["what the harbour of change \(harbour.changeSet) set"]
                        + (repair?.touches ?? []),
                    compiled: repair?.compiled))
        }
        if judgement.services.isEmpty, state.managedMTA.value?.mta == .postfix {
            judgement.services = [Step(.harbour, "Reload Postfix", .service(.reloadPostfix))]
        }
        return judgement
    }
}

extension HostState {
    fileprivate var bytesByPath: (String) -> [UInt8]? {
        { path in
            if let main = postfix.value?.mainCF, main.path == path { return main.bytes }
            if let master = postfix.value?.masterCF, master.path == path { return master.bytes }
            return qmail.value?.files.values.lazy.compactMap { file in
                if case .content(let content) = file, content.path == path { content.bytes } else { nil }
            }.first
        }
    }
}
