internal import Glibc
internal import MailModel
internal import SystemPackage

/// What goes in and what must come out when a draft and a file change names.
struct Exchange {
    let old: [UInt8]
    let oldMetadata: FileMetadata
    let new: [UInt8]
}

extension FilePlace {
    /// Gives the file's name to a new draft, where there is no such file.
    func create(from draft: consuming Draft) throws(Failure) {
        do throws(Errno) {
            try LinuxCalls.rename(draft.name, to: name, in: directory, .keepingTheOther)
        } catch {
            unlink(draft.name)
            guard error == .fileExists else { throw Failure("\(named) was not changed", error, at: path) }
            throw stale("somebody else has made such a file")
        }
    }

    /// Exchanges the draft and the file, and takes it back when the file was not what was expected.
    func carryOut(_ exchange: Exchange, _ draft: consuming Draft) throws(Failure) {
        let parked = LeftoverName.parked(name, new: exchange.new, old: exchange.old)
        var present = draft.name
        do throws(Errno) {
            // From here on the name tells a later run what it may find in it.
            try LinuxCalls.rename(present, to: parked, in: directory, .keepingTheOther)
            present = parked
            try LinuxCalls.rename(parked, to: name, in: directory, .exchange)
        } catch {
            unlink(present)
            throw couldNotExchange(error)
        }
        guard (try? holds(parked, exchange.old, exchange.oldMetadata)) == true else {
            throw takenBack(parked, draft)
        }
        unlink(parked)
    }

    private func couldNotExchange(_ error: Errno) -> Failure {
        switch error {
        case .noSuchFileOrDirectory: stale("it is not there any more")
        case .invalidArgument, .notSupported, .noFunction:
            refusal(
                "its file system cannot exchange two names in one step (renameat2)",
                "Keep it on ext4, XFS or btrfs: `findmnt -T \(path)`.")
        default: Failure("\(named) was not changed", error, at: path)
        }
    }

    /// Gives the name back to what somebody else put there after it was checked.
    private func takenBack(_ parked: String, _ draft: consuming Draft) -> Failure {
        let changed = stale("somebody else changed it at the same moment")
        do throws(Errno) {
            let own = try draft.file.status()
            var isOwn = try status(of: name, in: directory)?.isSameFile(as: own) == true
            // Else not even for a moment: what had the name in between may be read then, and written back.
            if isOwn {
                try LinuxCalls.rename(parked, to: name, in: directory, .exchange)
                isOwn = try status(of: parked, in: directory)?.isSameFile(as: own) == true
                if !isOwn { try LinuxCalls.rename(parked, to: name, in: directory, .exchange) }
            }
            guard isOwn else {
                // A third file: the newest keeps the name. Its writer cannot have read a guarded
                // draft, so it replaces what it would have replaced without us.
                guard draft.isGuarded else { return keptAside(parked) }
                unlink(parked)
                return changed
            }
            return try withdraw(draft, at: parked) ? changed : keptAside(parked)
        } catch {
            return keptAside(parked)
        }
    }

    /// Removes a draft that had the file's name for a moment, with care for those who opened it then:
    /// readers find the file's true content in it, and what writers add to that is not lost.
    /// - Returns: Whether nothing is left of it.
    private func withdraw(_ draft: consuming Draft, at parked: String) throws(Errno) -> Bool {
        let file = try OpenFile(name, in: directory, O_RDONLY | O_NONBLOCK)
        guard let truth = try file.contents(limit: .max) else { return false }
        try draft.file.overwrite(truth)
        end(draft)
        if try holds(parked, truth, nil) {
            unlink(parked)
            return true
        }
        try LinuxCalls.rename(parked, to: name, in: directory, .exchange)
        guard try holds(parked, truth, nil) else { return false }
        unlink(parked)
        return true
    }

    /// Closes the draft, which lets those go on who wait to open it.
    private func end(_ draft: consuming Draft) {}

    /// Whether a name holds exactly these bytes (and metadata, when given) and nobody is writing to it.
    func holds(_ name: String, _ bytes: [UInt8], _ metadata: FileMetadata?) throws(Errno) -> Bool {
        let file = try OpenFile(name, in: directory, O_RDONLY | O_NONBLOCK)
        guard !file.isBeingWritten(), try file.contents(limit: bytes.count) == bytes else { return false }
        guard let metadata else { return true }
        return try file.metadata().isSameExceptTime(as: metadata)
    }
}
