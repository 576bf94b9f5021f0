import Content
import HostIO
import MailModel
import Recording

extension Engine {
    /// Brings the host back to what it was before this change set: Plesk's settings in reverse order, then
    /// the bytes and metadata of every file that was kept, then a reload.
    ///
    /// It may be run again after a crash in it. A file that somebody else changed meanwhile is left alone.
    /// - Throws: ``Failure`` with `.personMustAct` that names everything that could not be taken back.
    func takeBack(because reason: String) async throws(Failure) {
        instruments.report(.goingBack(reason))
        let steps = try journal.steps()
        var problems: [String] = []
        for step in steps.reversed() where !step.row.isCompensation && step.mayHaveHappened {
            guard case .plesk(let change) = step.action else { continue }
            do throws(Failure) {
                try await takeBack(change, step: step)
            } catch {
                problems.append(error.summary)
            }
        }
        var isReloadNeeded = steps.contains { $0.action.kind != .backup && $0.mayHaveHappened }
        for image in steps.firstImages {
            do throws(Failure) {
                if try await restore(image, of: steps) { isReloadNeeded = true }
            } catch {
                problems.append([error.summary, error.detail].compactMap { $0 }.joined(separator: "\n"))
            }
        }
        if isReloadNeeded {
            do throws(Failure) {
                try await reload(role: .compensation)
            } catch {
                problems.append(error.summary)
            }
        }
        guard problems.isEmpty else {
            throw Failure(
                .personMustAct, "going back did not succeed in everything",
                detail: problems.joined(separator: "\n"),
                remedy: "`agent show \(journal.changeSet)` says what was there before, and "
                    + "`agent backups export DIR` writes the old files out.")
        }
    }

    private func takeBack(_ change: PleskChange, step: RecordedStep) async throws(Failure) {
        // A command that was cut off may not have done anything: then there is nothing to take back.
        let isOld = await instruments.holds(change.undoSetting)
        let isNew = await instruments.holds(change.setting)
        if isOld != .seen(true) || isNew != .seen(false) {
            try await carryOut(
                change.reversed, summary: "Take back: \(step.row.summary)", role: .compensation)
        }
        // Where it cannot be written, the next run finds the setting as it was.
        try? journal.mark(.undone, step.row.number)
    }

    /// - Returns: Whether the file had to be written.
    private func restore(_ image: RecordedStep, of steps: [RecordedStep]) async throws(Failure) -> Bool {
        guard let path = image.row.path, let digest = image.row.beforeDigest, let metadata = image.metadata
        else { return false }
        let old = try journal.store.content(digest)
        guard let current = try snapshotFile(path) else {
            throw Failure(.failed, "\(path) is not there any more")
        }
        if current.bytes == old, current.metadata == metadata { return false }
        let isOurs = steps.knownDigests(of: path).contains(sha256(current.bytes))
        let mayBePlesk = steps.contains { $0.action.kind == .plesk && $0.row.state != .intended }
        guard isOurs || mayBePlesk else {
            throw Failure(
                .failed, "\(path) was changed by somebody else meanwhile and is left as it is",
                detail: unifiedDiff(path: path, before: current.bytes, after: old))
        }
        // Bytes that only Plesk's cut-off command can have left are in no backup yet.
        if !isOurs { try journal.backUp(current) }
        try await replace(
            current, with: old, restoring: metadata, summary: "Restore \(path)", role: .compensation)
        return true
    }

    /// Takes everything back after a failed step, and says in one failure what came of it.
    func abandon(after cause: Failure) async -> Failure {
        // Where there is no room for the decision, the files tell the next run.
        try? journal.enter(.goingBack, decided: .failed, reasons: [cause.summary])
        do throws(Failure) {
            try await takeBack(because: cause.summary)
        } catch {
            // The change set stays open, so that `agent recover` goes on from here.
            return Failure(
                .personMustAct, cause.summary,
                detail: [cause.detail, error.summary, error.detail].compactMap { $0 }
                    .joined(separator: "\n"),
                remedy: error.remedy)
        }
        var failure = cause
        if failure.status != .interrupted, failure.status != .stale { failure.status = .failed }
        var end = "Everything was taken back: the host is as it was before."
        do throws(Failure) {
            try journal.close(.failed, message: cause.summary, probe: nil)
        } catch {
            end += " The journal could not be closed (\(error.summary)); `agent recover` does it."
        }
        failure.detail = [cause.detail, end].compactMap { $0 }.joined(separator: "\n")
        return failure
    }
}
