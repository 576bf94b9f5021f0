internal import Glibc
package import MailModel
internal import SystemPackage

/// Runs work in an empty directory of our own, and takes the directory away with every file in it.
///
/// What a killed run left in it is taken away first, so only one run at a time may use a path.
/// - Throws: what the work throws; as ``makePrivateDirectory(_:existing:)`` does.
package func withScratchDirectory<Value>(
    _ path: String, _ work: () async throws(Failure) -> Value
) async throws(Failure) -> Value {
    try makePrivateDirectory(path, existing: .becomesPrivate)
    removeFiles(in: path)
    defer {
        removeFiles(in: path)
        rmdir(path)
    }
    return try await work()
}

/// Writes a new file that only its owner can read, into a directory as ``withScratchDirectory(_:_:)`` makes it.
/// - Throws: ``Failure`` when it is there already or cannot be written whole.
package func writeScratchFile(_ path: String, _ bytes: [UInt8]) throws(Failure) {
    try attempt("\(path) cannot be written", at: path) { () throws(Errno) in
        try OpenFile(path: path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600).write(bytes)
    }
}

private func removeFiles(in directory: String) {
    guard let stream = opendir(directory) else { return }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != ".", name != ".." { unlink("\(directory)/\(name)") }
    }
}
