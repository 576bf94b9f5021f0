import Glibc
import MailModel

/// Read-only sight of the host's files below a root directory.
///
/// Only regular files are read, so that a pipe in the place of a file cannot hold the program up.
struct HostFiles: Sendable {
    /// Without a slash at its end; empty for `/`.
    let prefix: String

    /// The largest configuration file that is read.
    static let configurationLimit = 64 << 20

    init(root: String) {
        var prefix = root
        while prefix.hasSuffix("/") { prefix.removeLast() }
        self.prefix = prefix
    }

    /// What reading a file came to.
    enum Reading: Equatable {
        case bytes([UInt8])
        case absent
        /// Why not, as a sentence without a full stop.
        case unreadable(String)
    }

    func read(_ path: String, limit: Int = configurationLimit) -> Reading {
        let descriptor = open(prefix + path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            let code = errno
            return isAbsent(code) ? .absent : .unreadable("\(path) cannot be read: \(errorText(code))")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            return .unreadable("\(path) cannot be read: \(errorText(errno))")
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            return .unreadable("\(path) is not a regular file")
        }
        return readAll(descriptor, path: path, expected: Int(status.st_size), limit: limit)
    }

    /// The text of a small file of the system, such as one of /proc; `nil` when it cannot be had.
    func text(_ path: String) -> String? {
        guard case .bytes(let bytes) = read(path) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func readAll(_ descriptor: Int32, path: String, expected: Int, limit: Int) -> Reading {
        var bytes: [UInt8] = []
        // Files of /proc say 0.
        var chunk = [UInt8](repeating: 0, count: min(max(expected + 1, 4096), 1 << 20))
        while true {
            let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                let code = errno
                return code == ESRCH ? .absent : .unreadable("\(path) cannot be read: \(errorText(code))")
            }
            guard count > 0 else { return .bytes(bytes) }
            bytes += chunk[..<count]
            guard bytes.count <= limit else { return .unreadable("\(path) is larger than \(limit) bytes") }
        }
    }

    func exists(_ path: String) -> Bool { problem(path) == nil }

    /// The error number that looking for a file came to; `nil` when it is there.
    func problem(_ path: String) -> Int32? { access(prefix + path, F_OK) == 0 ? nil : errno }

    func isExecutable(_ path: String) -> Bool {
        var status = stat()
        guard stat(prefix + path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
        return access(prefix + path, X_OK) == 0
    }

    /// Whether the path leads to a regular file, which may still not be readable.
    func isRegular(_ path: String) -> Bool {
        var status = stat()
        return stat(prefix + path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// The text of a symbolic link; `nil` when there is none or it may not be read.
    func link(_ path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { bytes in
            guard let start = bytes.assumingMemoryBound(to: CChar.self).baseAddress else { return 0 }
            return readlink(prefix + path, start, bytes.count)
        }
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }

    /// What tells a file from every other one, whatever its name (stat(2)); `nil` when it cannot be seen.
    func identity(_ path: String) -> [UInt64]? {
        var status = stat()
        return stat(prefix + path, &status) == 0 ? [UInt64(status.st_dev), UInt64(status.st_ino)] : nil
    }

    /// When the bytes of a file were last written to (stat(2)); `nil` when it cannot be seen.
    func changed(_ path: String) -> Timestamp? {
        var status = stat()
        guard stat(prefix + path, &status) == 0 else { return nil }
        let time = status.st_mtim
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    /// The path that `path` leads to after every link, as the host names it; `nil` when it leads nowhere.
    func resolved(_ path: String) -> String? {
        guard let pointer = realpath(prefix + path, nil) else { return nil }
        defer { free(pointer) }
        let real = String(cString: pointer)
        guard !prefix.isEmpty, let base = realpath(prefix, nil) else { return real }
        defer { free(base) }
        let realPrefix = String(cString: base)
        return real.hasPrefix(realPrefix + "/") ? String(real.dropFirst(realPrefix.utf8.count)) : real
    }

    /// One entry of a directory.
    struct DirectoryEntry {
        /// A file keeps it when it is moved within its file system.
        var inode: UInt64
        var isDirectory: Bool
        var name: String
    }

    /// Whether the names of entries are wanted: a queue has hundreds of thousands that nobody reads.
    enum Names {
        case all, ofDirectories
    }

    /// Calls `body` with every entry of a directory, in no order; a file that is removed meanwhile is no error.
    /// - Returns: 0, or the error number that opening or reading came to.
    func forEachEntry(of path: String, names: Names = .all, _ body: (DirectoryEntry) -> Void) -> Int32 {
        visitEntries(of: path, names: names) { entry in
            body(entry)
            return true
        }
    }

    /// The same, until `body` returns false.
    func visitEntries(of path: String, names: Names = .all, _ body: (DirectoryEntry) -> Bool) -> Int32 {
        guard let directory = opendir(prefix + path) else { return errno }
        defer { closedir(directory) }
        while true {
            errno = 0
            guard let entry = readdir(directory) else { return errno }
            let kind = Int32(entry.pointee.d_type)
            let inode = UInt64(entry.pointee.d_ino)
            if kind == regularKind, names == .ofDirectories {
                guard body(DirectoryEntry(inode: inode, isDirectory: false, name: "")) else { return 0 }
                continue
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            guard name != ".", name != ".." else { continue }
            let isDirectory =
                kind == unknownKind ? self.isDirectory("\(path)/\(name)") : kind == directoryKind
            guard body(DirectoryEntry(inode: inode, isDirectory: isDirectory, name: name)) else { return 0 }
        }
    }

    func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return lstat(prefix + path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}

/// `d_type` where the file system does not say, of a directory, and of a regular file (readdir(3)).
private let unknownKind: Int32 = 0
private let directoryKind: Int32 = 4
private let regularKind: Int32 = 8

/// Whether an error number says that there is no such file, or no longer such a process.
func isAbsent(_ code: Int32) -> Bool { code == ENOENT || code == ENOTDIR || code == ESRCH }

func errorText(_ code: Int32) -> String { String(cString: strerror(code)) }
