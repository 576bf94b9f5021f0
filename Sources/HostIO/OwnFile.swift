internal import Glibc
package import MailModel
internal import SystemPackage

/// Makes a file that is written bit by bit, in place of an older one of its kind; others may not read it.
///
/// A symbolic link is followed where nobody else could have set it. The older file is not written to: its name is taken
/// away, and the new one is made.
/// - Parameter isOfItsKind: Whether what begins so is an older one, which goes.
/// - Returns: The descriptor, open for writing, which is the caller's to close.
/// - Throws: ``ExitStatus/failed`` where something else stands under that name, or it cannot be made;
///   ``ExitStatus/needsRoot``.
package func makeOwnFile(
    _ path: String, called kind: String, replacing isOfItsKind: (_ beginning: [UInt8]) -> Bool
) throws(Failure) -> Int32 {
    let place = try FilePlace.of(path)
    if let older = try place.target() {
        let (owner, beginning) = try attempt("\(path) cannot be read", at: place.path) { () throws(Errno) in
            (try older.status(), try older.beginning(4096))
        }
        guard !owner.belongsToOthers else {
            throw place.refusal("it belongs to another user", "Name another file.")
        }
        guard beginning.isEmpty || isOfItsKind(beginning) else {
            throw place.refusal("it is there already and is no \(kind)", "Name another file.")
        }
        place.unlink(place.name)
    }
    return try attempt("\(path) cannot be written", at: place.path) { () throws(Errno) in
        try retrying {
            openat(
                place.directory.descriptor.rawValue, place.name,
                O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        }
    }
}

extension OpenFile {
    fileprivate func beginning(_ limit: Int) throws(Errno) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = try retrying {
            bytes.withUnsafeMutableBytes { pread(descriptor.rawValue, $0.baseAddress, $0.count, 0) }
        }
        return Array(bytes.prefix(count))
    }
}
