internal import Glibc
internal import SystemPackage

/// An open descriptor, closed when it goes out of use and never inherited by a program.
struct OpenFile: ~Copyable {
    let descriptor: FileDescriptor

    init(_ descriptor: FileDescriptor) { self.descriptor = descriptor }

    deinit { try? descriptor.close() }

    /// A handle on a directory for walking and looking, which needs no right to list it (open(2) O_PATH).
    static let forWalking: Int32 = 0x20_0000

    /// Opens a name inside a directory; a symbolic link as the last part is refused.
    init(
        _ name: String, in directory: borrowing OpenFile, _ flags: Int32, mode: mode_t = 0
    ) throws(Errno) {
        let number = try waitingForLease {
            openat(directory.descriptor.rawValue, name, flags | O_CLOEXEC | O_NOFOLLOW, mode)
        }
        self.init(FileDescriptor(rawValue: number))
    }

    /// Opens a path as open(2) does, following symbolic links.
    init(path: String, _ flags: Int32, mode: mode_t = 0) throws(Errno) {
        let number = try waitingForLease { open(path, flags | O_CLOEXEC, mode) }
        self.init(FileDescriptor(rawValue: number))
    }

    func status() throws(Errno) -> stat {
        var status = stat()
        try check(Int(fstat(descriptor.rawValue, &status)))
        return status
    }

    /// Reads from the beginning to the end.
    /// - Returns: `nil` when there is more than `limit` bytes.
    func contents(limit: Int) throws(Errno) -> [UInt8]? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let offset = off_t(bytes.count)
            let count = try retrying {
                chunk.withUnsafeMutableBytes { pread(descriptor.rawValue, $0.baseAddress, $0.count, offset) }
            }
            guard count > 0 else { return bytes }
            bytes.append(contentsOf: chunk.prefix(count))
            guard bytes.count <= limit else { return nil }
        }
    }

    /// Writes everything at the current position.
    func write(_ bytes: [UInt8]) throws(Errno) {
        var done = 0
        while done < bytes.count {
            done += try retrying {
                bytes.withUnsafeBytes {
                    Glibc.write(descriptor.rawValue, $0.baseAddress?.advanced(by: done), $0.count - done)
                }
            }
        }
    }

    /// Waits until the disk has it (fsync(2)).
    func synchronize() throws(Errno) {
        try retrying { fsync(descriptor.rawValue) }
    }
}

/// Calls again when a signal came in between.
@discardableResult
func retrying<Number: SignedInteger>(_ call: () -> Number) throws(Errno) -> Number {
    while true {
        let result = call()
        guard result < 0 else { return result }
        let problem = Errno(rawValue: errno)
        guard problem == .interrupted else { throw problem }
    }
}

/// Opens again when another run of this program is in the middle of an exchange; see ``Draft``.
private func waitingForLease(_ open: () -> Int32) throws(Errno) -> Int32 {
    for _ in 0..<50 {
        do throws(Errno) {
            return try retrying(open)
        } catch {
            guard error == .wouldBlock else { throw error }
            usleep(2000)
        }
    }
    return try retrying(open)
}

/// Looks at a name inside a directory without following a symbolic link.
/// - Returns: `nil` when there is no such name.
func status(of name: String, in directory: borrowing OpenFile) throws(Errno) -> stat? {
    var status = stat()
    do throws(Errno) {
        try check(Int(fstatat(directory.descriptor.rawValue, name, &status, AT_SYMLINK_NOFOLLOW)))
    } catch {
        guard error == .noSuchFileOrDirectory else { throw error }
        return nil
    }
    return status
}

extension stat {
    var kind: mode_t { st_mode & S_IFMT }
    var permissions: UInt16 { UInt16(st_mode & 0o7777) }

    func isSameFile(as other: stat) -> Bool { st_dev == other.st_dev && st_ino == other.st_ino }

    /// Whether nobody wrote to the file or changed its metadata since, as far as its times tell.
    func isUnchanged(in later: stat) -> Bool {
        isSameFile(as: later) && st_size == later.st_size && st_mtim.tv_sec == later.st_mtim.tv_sec
            && st_mtim.tv_nsec == later.st_mtim.tv_nsec && st_ctim.tv_sec == later.st_ctim.tv_sec
            && st_ctim.tv_nsec == later.st_ctim.tv_nsec
    }
}
