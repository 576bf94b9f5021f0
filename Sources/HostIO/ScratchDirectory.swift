internal import Glibc
package import MailModel

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
