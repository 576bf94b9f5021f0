internal import Glibc
internal import MailModel
internal import SystemPackage

/// The new content of a file, complete and durable beside it, before it has the file's name.
///
/// While it is guarded, whoever opens it waits: so nobody can read the new content, and base a change
/// on it, in the moment in which it may still have to be taken back.
struct Draft: ~Copyable {
    let name: String
    let file: OpenFile
    /// Whether the kernel granted the lease that makes others wait.
    let isGuarded: Bool
}

extension FilePlace {
    /// Writes a draft with all the metadata that the file must have.
    func writeDraft(
        _ bytes: [UInt8], _ metadata: FileMetadata, _ time: ModificationTime
    ) throws(Failure) -> Draft {
        let name = LeftoverName.draft()
        let file = try step { () throws(Errno) in
            try OpenFile(name, in: directory, O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
        }
        do throws(Failure) {
            let isCarried = try step { () throws(Errno) in
                try file.write(bytes)
                try file.apply(metadata, time)
                try file.synchronize()
                return try file.carries(metadata)
            }
            guard isCarried else {
                throw refusal(
                    "the file system does not keep its owner, mode, ACL or other attributes",
                    "Compare with `getfacl \(path)` and `getfattr -d -m - \(path)`.")
            }
        } catch {
            unlink(name)
            throw error
        }
        let isGuarded = file.takeLease(F_WRLCK) == .granted
        return Draft(name: name, file: file, isGuarded: isGuarded)
    }
}

extension OpenFile {
    /// What the kernel says to the wish for a lease (fcntl(2), "Leases").
    enum LeaseAnswer: Equatable {
        case granted
        /// Somebody has the file open in a way that the lease would be told of.
        case conflict
        /// The file system has no leases, or the right to take one is missing (CAP_LEASE).
        case unavailable
    }

    /// Asks to be told, and others to wait, when somebody opens the file.
    /// - Parameter kind: `F_RDLCK`: opens it for writing; `F_WRLCK`: opens it at all.
    func takeLease(_ kind: Int32) -> LeaseAnswer {
        let setSignal: Int32 = 10
        let setLease: Int32 = 1024
        // The usual signal would end the process; this one is ignored by default.
        guard fcntl(descriptor.rawValue, setSignal, SIGURG) == 0 else { return .unavailable }
        guard fcntl(descriptor.rawValue, setLease, kind) != 0 else { return .granted }
        return errno == EAGAIN ? .conflict : .unavailable
    }

    /// Whether a process has this file, which is open here for reading only, open for writing.
    func isBeingWritten() -> Bool {
        let answer = takeLease(F_RDLCK)
        if answer == .granted { _ = takeLease(F_UNLCK) }
        return answer == .conflict
    }

    /// Makes these bytes the whole content, in place.
    func overwrite(_ bytes: [UInt8]) throws(Errno) {
        try retrying { ftruncate(descriptor.rawValue, 0) }
        try retrying { lseek(descriptor.rawValue, 0, SEEK_SET) }
        try write(bytes)
    }
}
