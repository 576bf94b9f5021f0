import Content
import HostIO
import MailModel
import Recording

extension [RecordedStep] {
    /// The files that hold what neither this change set nor Plesk on its behalf can have left in them, and those that
    /// an earlier going back found so: what it refused to touch stays refused.
    /// - Parameter isPleskOthers: Whether somebody else gave Plesk's settings new values, so that what Plesk wrote is
    ///   theirs as well.
    func editedByOthers(in store: Store, isPleskOthers: Bool) throws(Failure) -> [FileSnapshot] {
        var edited: [FileSnapshot] = []
        for path in firstImages.compactMap(\.row.path) {
            guard let current = try snapshotFile(path), !isKnown(current) else { continue }
            if !isPleskOthers, !isMarked(path), pleskMayHaveWritten(path),
                try isPlesksWork(current, in: store)
            {
                continue
            }
            edited.append(current)
        }
        return edited
    }

    /// The contents that this program, or Plesk on its behalf, is known to have left in a file.
    func knownDigests(of path: String) -> Set<String> {
        let own = self.filter { $0.row.path == path }
        return Set(own.compactMap(\.row.beforeDigest) + own.compactMap(\.row.afterDigest))
    }

    /// What somebody else found in a file: what the change set left there, or was about to when it was cut off between
    /// the write and its record. Where the write never happened, no part of it is found, and none is taken out. A write
    /// that failed did not happen: most of all, it found that somebody else had written at the same moment.
    func digestLeft(in path: String) -> String? {
        let edit = last {
            $0.row.path == path && $0.action.kind == .edit && !$0.row.isCompensation
                && [.started, .done].contains($0.row.state)
        }
        return edit?.row.afterDigest ?? beforeGoingBack.lastDigest(of: path)
    }

    /// The steps of the change set itself, without what a going back looked at and did.
    var beforeGoingBack: [RecordedStep] { Array(prefix { !$0.row.isCompensation }) }

    /// Whether the file holds what this program, or Plesk on its behalf, is known to have left in it.
    func isKnown(_ file: FileSnapshot) -> Bool {
        // What a going back made of somebody else's edit is not ours to overwrite either.
        let steps = isMarked(file.path) ? beforeGoingBack : self
        return steps.knownDigests(of: file.path).contains(sha256(file.bytes))
    }

    /// Whether a going back has written down that somebody else had changed the file.
    func isMarked(_ path: String) -> Bool { contains { $0.isMark(of: path) } }

    /// Whether only Plesk can have made the file what it is of a content that is known.
    func isPlesksWork(_ file: FileSnapshot, in store: Store) throws(Failure) -> Bool {
        guard contains(where: { $0.action.kind == .plesk && $0.row.state != .intended }) else { return false }
        for digest in knownDigests(of: file.path) {
            if differByPleskAlone(file.path, try store.content(digest), file.bytes) { return true }
        }
        return false
    }

    /// Has what is needed to bring the files back read, and so checked, before anything is taken back.
    func checkContents(in store: Store) throws(Failure) {
        let isPleskAsked = contains { $0.action.kind == .plesk && $0.mayHaveHappened }
        for image in firstImages {
            guard let path = image.row.path, let digest = image.row.beforeDigest else { continue }
            let now = try snapshotFile(path)?.bytes
            // What is there already is needed only where Plesk may write it anew.
            if !isPleskAsked, now.map(sha256) == digest { continue }
            _ = try imageToReturnTo(image, now: now, in: store)
        }
    }

    /// The files of which more than the first image comes back: lines that came while Plesk was at work.
    func changedBesidePlesk(in store: Store) throws(Failure) -> [String] {
        var found: [String] = []
        for image in firstImages {
            guard let path = image.row.path, let now = try snapshotFile(path)?.bytes else { continue }
            if try imageToReturnTo(image, now: now, in: store).hasOthersLines { found.append(path) }
        }
        return found
    }

    /// The files that do not hold any more what the change set left in them.
    func changedSince() throws(Failure) -> [String] {
        var found: [String] = []
        for path in firstImages.compactMap(\.row.path) {
            if try snapshotFile(path).map({ sha256($0.bytes) }) != lastDigest(of: path) { found.append(path) }
        }
        return found
    }

    /// Owner, rights and attributes that somebody else gave to a file since, by path.
    func rightsOfOthers() throws(Failure) -> [String: FileMetadata] {
        var found: [String: FileMetadata] = [:]
        for image in firstImages {
            guard let path = image.row.path, let old = image.metadata,
                let now = try snapshotFile(path)?.metadata,
                let left = beforeGoingBack.last(where: { $0.row.path == path && $0.metadata != nil })?
                    .metadata,
                !now.isSameExceptTime(as: left), !now.isSameExceptTime(as: old),
                !(pleskMayHaveWritten(path) && now.canBeOfARewrite(of: left))
            else { continue }
            found[path] = now
        }
        return found
    }

    /// Whether a Plesk command may have run since the file was last looked at.
    private func pleskMayHaveWritten(_ path: String) -> Bool {
        let plesk = last { $0.action.kind == .plesk && $0.row.state != .intended }
        let look = last { $0.row.path == path && $0.row.beforeDigest != nil }
        guard let plesk else { return false }
        return plesk.row.number > look?.row.number ?? 0
    }
}

extension RecordedStep {
    /// Whether it keeps what somebody else had made of the file when a going back began.
    func isMark(of path: String) -> Bool {
        row.path == path && row.isCompensation && action.kind == .backup
    }
}

extension FileMetadata {
    /// Whether a program that writes a file anew, as root and without regard to what it was, can have left this.
    fileprivate func canBeOfARewrite(of old: FileMetadata) -> Bool {
        (owner == old.owner || owner == 0) && (group == old.group || group == 0)
            && (mode == old.mode || mode == 0o644)
            && attributes.allSatisfy { old.attributes[$0.key] == $0.value }
    }
}

/// What is said of others' work that a going back leaves alone.
/// - Parameters:
///   - edited: The files that somebody else changed.
///   - beside: Those that got lines beyond Plesk's own while Plesk was at work.
func keptSentences(edited: [String], beside: [String], rights: [String: FileMetadata]) -> [String] {
    edited.map { "what somebody else changed in \($0) is kept" }
        + beside.filter { !edited.contains($0) }.map {
            "the lines that were new in \($0) after Plesk had changed its settings, and are not of them, are kept"
        }
        + rights.keys.sorted().map {
            "the owner, rights and attributes that somebody else gave \($0) are kept"
        }
}

extension Engine {
    /// Whether somebody gave a setting of Plesk a value that is neither the old one nor the change's. Of a command
    /// that failed it can be half of its work.
    func isOthers(_ change: PleskChange, _ step: RecordedStep) async -> Bool {
        guard step.row.state != .failed, await instruments.holds(change.setting) == .seen(false) else {
            return false
        }
        return await instruments.holds(change.undoSetting) == .seen(false)
    }

    /// Writes down that somebody else changed a file, with what they made of it, for every later going back.
    func mark(_ file: FileSnapshot) throws(Failure) {
        _ = try inJournal(.compensation) { () throws(Failure) in try journal.markOthers(file) }
    }
}
