internal import Glibc
package import MailModel
internal import SystemPackage

/// A file as it was at one moment: its bytes and what goes with them.
package struct FileSnapshot: Sendable, Hashable {
    /// As it was named.
    package var path: String
    /// Absolute, every symbolic link followed.
    package var resolvedPath: String
    package var bytes: [UInt8]
    package var metadata: FileMetadata

    package init(path: String, resolvedPath: String, bytes: [UInt8], metadata: FileMetadata) {
        self.path = path
        self.resolvedPath = resolvedPath
        self.bytes = bytes
        self.metadata = metadata
    }
}

/// Reads a regular file whole, following symbolic links.
/// - Parameter limit: The most bytes that are read; a longer file is refused.
/// - Throws: ``ExitStatus/failed`` when it is missing, not readable, not a regular file or too long.
package func readFile(_ path: String, limit: Int) throws(Failure) -> [UInt8] {
    let reading = try attempt("\(path) cannot be read", at: path) { () throws(Errno) -> Reading<[UInt8]> in
        // Without O_NONBLOCK a named pipe would hold this up for ever.
        let file = try OpenFile(path: path, O_RDONLY | O_NONBLOCK)
        guard try file.status().kind == S_IFREG else { return .notRegular }
        guard let bytes = try file.contents(limit: limit) else { return .tooLong }
        return .done(bytes)
    }
    return try reading.value(path, limit)
}

/// Reads a file together with its metadata, both of the same moment.
/// - Parameter limit: The most bytes that are read; a longer file is refused.
/// - Returns: `nil` when there is no such file.
/// - Throws: ``ExitStatus/failed`` when it cannot be read, is not a regular file, is too long, or is
///   written to all the time.
package func snapshotFile(_ path: String, limit: Int = 64 << 20) throws(Failure) -> FileSnapshot? {
    for _ in 0..<10 {
        let reading = try attempt("\(path) cannot be read", at: path) { () throws(Errno) in
            try settledSnapshot(path, limit: limit)
        }
        if case .changed = reading { continue }
        return try reading.value(path, limit)
    }
    throw Failure(
        .failed, "\(path) cannot be read: it changed each time while it was being read",
        remedy: "See who writes to it (`fuser -v \(path)`) and try again.")
}

private enum Reading<Value> {
    case done(Value)
    case changed, notRegular, tooLong

    func value(_ path: String, _ limit: Int) throws(Failure) -> Value {
        switch self {
        case .done(let value): return value
        case .notRegular:
            throw Failure(
                .failed, "\(path) cannot be read: it is not a regular file",
                remedy: "See what it is: `ls -ld \(path)`.")
        case .tooLong, .changed:
            throw Failure(.failed, "\(path) cannot be read: it is longer than \(limit) bytes")
        }
    }
}

private func settledSnapshot(_ path: String, limit: Int) throws(Errno) -> Reading<FileSnapshot?> {
    do throws(Errno) {
        let walk = try PathWalk.to(path)
        let file = try OpenFile(walk.name, in: walk.directory, O_RDONLY | O_NONBLOCK)
        let before = try file.status()
        guard before.kind == S_IFREG else { return .notRegular }
        let metadata = try file.metadata()
        guard let bytes = try file.contents(limit: limit) else { return .tooLong }
        let after = try file.status()
        guard let named = try status(of: walk.name, in: walk.directory), named.isSameFile(as: after),
            before.isUnchanged(in: after), bytes.count == after.st_size
        else { return .changed }
        return .done(
            FileSnapshot(path: path, resolvedPath: walk.path, bytes: bytes, metadata: metadata))
    } catch {
        switch error {
        case .noSuchFileOrDirectory: return .done(nil)
        case .isDirectory: return .notRegular
        default: throw error
        }
    }
}
