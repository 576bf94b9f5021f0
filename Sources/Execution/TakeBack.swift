import Content
import HostIO
import MailModel
import Recording

/// What the change set did to a file, and what somebody else did since.
func bothDiffs(_ path: String, old: [UInt8], left: [UInt8], now: [UInt8]) -> String {
    "The change:\n" + unifiedDiff(path: path, before: old, after: left)
        + "What somebody else changed since:\n" + unifiedDiff(path: path, before: left, after: now)
}

/// What taking a step back is called; of one that took another back, that is the other one again.
func takeBackSummary(_ summary: String) -> String {
    let mark = "Take back: "
    return summary.hasPrefix(mark) ? String(summary.dropFirst(mark.count)) : mark + summary
}

/// What came of taking a change set back.
struct TakenBack {
    /// What of others' is kept, in sentences without full stops.
    var kept: [String]
    /// Whether nothing of the change set is left on the host.
    var isWhole = true
}

extension Engine {
    /// Brings the host back to what it was before this change set: Plesk's settings in reverse order, then
    /// the bytes and metadata of every file that was kept, then a reload.
    ///
    /// It may be run again after a crash in it. What somebody else changed meanwhile is left alone.
    /// - Throws: ``Failure`` with `.personMustAct` that names everything that could not be taken back.
    func takeBack(because reason: String) async throws(Failure) -> TakenBack {
        instruments.report(.goingBack(reason))
        let steps = try journal.steps()
        var settings: [(PleskChange, RecordedStep)] = []
        var kept: [String] = []
        for step in steps.reversed() where !step.row.isCompensation && step.mayHaveHappened {
            guard case .plesk(let change) = step.action else { continue }
            if await isOthers(change, step) {
                kept.append(
                    "a setting of Plesk that somebody else changed meanwhile is left as it is: \(step.row.summary)"
                )
            } else {
                settings.append((change, step))
            }
        }
        let edited = try steps.editedByOthers(in: journal.store, isPleskOthers: !kept.isEmpty)
        let rights = try steps.rightsOfOthers()
        try steps.checkContents(in: journal.store)
        for file in edited where !steps.isMarked(file.path) { try mark(file) }
        kept += keptSentences(
            edited: edited.map(\.path), beside: try steps.changedBesidePlesk(in: journal.store),
            rights: rights)
        var taken = TakenBack(kept: kept)
        var problems: [String] = []
        for (change, step) in settings {
            do throws(Failure) {
                try await takeBack(change, step: step)
            } catch {
                problems.append(error.summary)
            }
        }
        do throws(Failure) {
            _ = try await takeBackQueue(steps)
        } catch {
            problems.append(error.summary)
        }
        var services = steps.reversedServices
        var isReloadNeeded = steps.contains {
            ![.backup, .queue].contains($0.action.kind) && $0.mayHaveHappened
        }
        for image in steps.firstImages {
            do throws(Failure) {
                let isWritten = try await restore(
                    image, of: steps, edited: Set(edited.map(\.path)), rights: rights, taken: &taken)
                if isWritten { isReloadNeeded = true }
            } catch {
                problems.append([error.summary, error.detail].compactMap { $0 }.joined(separator: "\n"))
            }
        }
        if isReloadNeeded, services.isEmpty { services = instruments.usualReload }
        for service in services where instruments.isFollowed(service) {
            do throws(Failure) {
                try await carryOut(service, role: .compensation)
            } catch {
                problems.append([error.summary, error.detail].compactMap { $0 }.joined(separator: "\n"))
            }
        }
        if problems.isEmpty {
            let lost = try await portsNotTakenBack(steps)
            if steps.canStartAllAgain { problems = lost } else { taken.kept += lost }
        }
        guard problems.isEmpty else {
            throw Failure(
                .personMustAct, "going back did not succeed in everything",
                detail: problems.joined(separator: "\n"),
                remedy: "`agent show \(journal.changeSet)` says what was there before, and "
                    + "`agent backups export DIR` writes the old files out.")
        }
        return taken
    }

    private func takeBack(_ change: PleskChange, step: RecordedStep) async throws(Failure) {
        // A command that was cut off may not have done anything: then there is nothing to take back.
        let isOld = await instruments.holds(change.undoSetting)
        let isNew = await instruments.holds(change.setting)
        if isOld != .seen(true) || isNew != .seen(false) {
            try await carryOut(
                change.reversed, summary: takeBackSummary(step.row.summary), role: .compensation)
        }
        journal.mark(.undone, step.row.number)
    }

    /// - Parameters:
    ///   - edited: The files that somebody else had changed before the going back began.
    ///   - taken: Gets what is left to others.
    /// - Returns: Whether the file had to be written.
    private func restore(
        _ image: RecordedStep, of steps: [RecordedStep], edited: Set<String>, rights: [String: FileMetadata],
        taken: inout TakenBack
    ) async throws(Failure) -> Bool {
        guard let path = image.row.path else { return false }
        guard let current = try snapshotFile(path) else {
            // It was not there, or this change set has removed it; another's removal is not undone.
            guard let digest = image.row.beforeDigest else { return false }
            guard steps.lastDigest(of: path) != digest, steps.lastDigest(of: path) == nil else {
                throw Failure(.failed, "\(path) is not there any more")
            }
            return try await restore(
                image, to: journal.store.content(digest), at: path, from: nil, role: .compensation)
        }
        let isKnown = steps.isKnown(current)
        // Somebody may also have written while Plesk took its settings back.
        var isNew = false
        if !isKnown, !edited.contains(path) { isNew = try !steps.isPlesksWork(current, in: journal.store) }
        if isNew { try mark(current) }
        let target = try steps.imageToReturnTo(image, now: current.bytes, in: journal.store)
        if isNew || edited.contains(path) {
            do throws(Failure) {
                return try await takeOut(of: current, old: target.bytes, steps: steps)
            } catch {
                guard instruments.keepsOthersEdits else { throw error }
                taken.kept.append(
                    "\(path) stays as somebody else left it, with what this change did in it; everything else was taken back"
                )
                taken.isWhole = false
                return false
            }
        }
        // Bytes that only Plesk can have left are in no backup yet.
        if !isKnown { try journal.backUp([current]) }
        return try await restore(
            image, to: target.bytes, at: path, from: current, rights: rights[path], role: .compensation)
    }

    /// Brings a file to what it was: its bytes and metadata, or not being there.
    /// - Parameters:
    ///   - old: The bytes, as ``imageToReturnTo(_:now:in:)`` says.
    ///   - rights: What somebody else gave the file since, to be kept in place of the old ones.
    /// - Returns: Whether anything had to be written.
    @discardableResult
    func restore(
        _ image: RecordedStep, to old: [UInt8], at path: String, from current: FileSnapshot?,
        rights: FileMetadata? = nil, role: StepRole
    ) async throws(Failure) -> Bool {
        guard image.row.beforeDigest != nil, let metadata = image.metadata else {
            guard let current else { return false }
            try await remove(current, summary: "Remove \(path)", role: role)
            return true
        }
        guard let current else {
            try await create(path, old, metadata: metadata, summary: "Restore \(path)", role: role)
            return true
        }
        let isThere = rights.map(current.metadata.isSameExceptTime) ?? (current.metadata == metadata)
        if current.bytes == old, isThere { return false }
        try await replace(
            current, with: old, restoring: rights ?? metadata, summary: "Restore \(path)", role: role)
        return true
    }

    /// Takes what this change set did out of a file, and keeps what somebody else did to it since.
    @discardableResult
    func takeOut(
        of current: FileSnapshot, old: [UInt8], steps: [RecordedStep], role: StepRole = .compensation
    ) async throws(Failure) -> Bool {
        let left = try steps.digestLeft(in: current.path).map { digest throws(Failure) in
            try journal.store.content(digest)
        }
        guard let left, let merged = threeWayMerge(base: left, ours: old, theirs: current.bytes) else {
            throw Failure(
                .failed, "\(current.path) was changed by somebody else meanwhile and is left as it is",
                detail: bothDiffs(current.path, old: old, left: left ?? old, now: try theirs(current))
                    + "To finish: edit the lines as they should be and run `agent recover --keep-theirs`, which leaves "
                    + "the file as it is and closes the change set; or put back what this program had left in it "
                    + "and run `agent recover`, which takes the change back.")
        }
        if merged == current.bytes { return false }
        try journal.backUp([current])
        try await replace(
            current, with: merged, summary: "Take the change out of \(current.path)", role: role)
        return true
    }

    /// What somebody else made of a file, without what Plesk wrote in it since, as its settings were taken back.
    private func theirs(_ current: FileSnapshot) throws(Failure) -> [UInt8] {
        let steps = try journal.steps()
        guard current.path.hasSuffix("/main.cf"), steps.contains(where: { $0.action.kind == .plesk }),
            let marked = steps.first(where: { $0.isMark(of: current.path) })?.row.beforeDigest
        else { return current.bytes }
        return takeOverOthersLines(into: try journal.store.content(marked), from: current.bytes)
            ?? current.bytes
    }

    /// Takes everything back after a failed step, and says in one failure what came of it.
    func abandon(after cause: Failure) async -> Failure {
        journal.withdrawBegun()
        // Where there is no room for the decision, the files tell the next run.
        try? journal.enter(.goingBack, decided: .failed, reasons: [cause.summary])
        let kept: [String]
        do throws(Failure) {
            kept = try await takeBack(because: cause.summary).kept
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
        var end =
            kept.isEmpty
            ? "Everything was taken back: the host is as it was before."
            : "Everything of this change was taken back; " + kept.joined(separator: "; ") + "."
        do throws(Failure) {
            try journal.close(.failed, message: cause.summary, probe: nil)
        } catch {
            end += " The journal could not be closed (\(error.summary)); `agent recover` does it."
        }
        failure.detail = [cause.detail, end].compactMap { $0 }.joined(separator: "\n")
        return failure
    }
}
